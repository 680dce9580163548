"""Find which variable a bound is on: by its symbol or word in the sentence, or from the sentences before."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.distil.amounts import Quantity
from kb.distil.bounded import Bounded, fits, is_cone, named_at
from kb.distil.memory import Memory
from kb.distil.notation import DISTANCES
from kb.distil.particles import PHYSICAL, Named
from kb.distil.quotients import compared
from kb.distil.reading import Reading
from kb.vocabulary import normal_unit

# "less than 5% of the energy deposited in the ECAL", said of the energy in the HCAL
_HADRONIC = re.compile(r"(?:HCAL|\bhadronic\b)[^.]*?(?:less|smaller|below|lower)[^.]*?(?:ECAL|electromagnetic)")
_GOES_ON = re.compile(
    r"^(?i:they|these|it|both|the latter|this|those|such|in addition|each of these|all of these"
    r"|the former|furthermore|moreover|additionally|finally|here|its)\b"
    r"|\b(?:requirements?|thresholds?|cuts?|criteri\w+|bound)\b"
)


_SYMBOL = re.compile(r"[_^]|[α-ωΑ-Ω]|^[A-Z][A-Za-z]?\d*$|^[b-z]\d*$|[a-z][A-Z]|^[A-Z]{2,}\d*$")
_OF_EVENTS = re.compile(
    r"\b(?:[Ee]vents|they) (?:must|are required to|have to|should) (?:have|satisfy|fulfil|pass)$|\b[Ww]e require$"
)
_BOTH_DIRECTIONS = re.compile(
    r"in both (?:the )?(?:transverse|longitudinal) and (?:the )?(?:transverse|longitudinal) direction"
)
_NEVER_SHARES = {
    "eta",
    "abs_eta",
    "phi",
    "delta_r",
    "delta_phi",
    "delta_eta",
    "count",
    "charge",
    "rapidity",
    "d0",
    "z0",
}
_ISOLATIONS = {"iso_rel", "iso_abs", "mini_iso", "isolation"}
_JOINED = re.compile(r"[tfh]{0,7}(?:l?[aW]|l)[tN]{0,2}")  # "at most 800 GeV in CR1 and at most 500 GeV"
_OVER = re.compile(r"above|below|over")
_FORMER = re.compile(r"\b(?:former|latter)\b")
_IN_AZIMUTH = re.compile(r"(?:in|of) (?:the )?(?:azimuth\w*|φ)|azimuthally")
_EFFICIENCY = re.compile(r"\befficienc(?:y|ies)\b")
_APART = re.compile(r"\b(?:separated|apart|separation|differ\w*)\b")


def variables(
    reading: Reading, quantity: Quantity, memory: Memory, done: list[tuple[Quantity, list[Bounded]]]
) -> list[Bounded]:
    """Return the variable(s) of a bound; several where they share it (`both m_T and E_T^miss below 20 GeV`).

    `done` are the bounds to the left with theirs.
    """
    of_another = compared(reading.tokens, quantity)
    unit = "GeV" if of_another else quantity.amounts[0].unit
    tokens, shape = reading.tokens, reading.shape
    if quantity.rule in {"azimuth", "near"}:
        return [Bounded(quantity.along)]
    if quantity.rule in {"direction", "position"}:
        nearest = shape.rfind("v", 0, quantity.start)
        return [Bounded(quantity.along, index=nearest if nearest >= 0 else None)]
    if _BOTH_DIRECTIONS.match(reading.words(quantity.end, quantity.end + 9)):
        return [Bounded("d0"), Bounded("z0")]  # "less than 0.5 cm in both the transverse and longitudinal directions"
    if quantity.rule == "repeated" and done:
        return done[-1][1]
    if quantity.rule == "of-another" and done:
        that = next(
            i
            for i in (*range(quantity.end, quantity.end + 3), *range(quantity.start - 1, -1, -1))
            if _is_that(reading, i)
        )
        return [replace(bounded, of=None, index=that) for bounded in done[-1][1]]
    told = _FORMER.search(reading.words(max((q.end for q, _ in done), default=0), quantity.start))
    if told and len(done) > 1:
        return done[-2 if told.group() == "former" else -1][1]
    if quantity.rule == "hits":
        return [Bounded("other", name=quantity.along)]
    if (whole := _transverse_mass(reading, quantity)) is not None:
        return [named_at(reading, whole)]
    if quantity.variable is not None:
        return _shared(reading, quantity, quantity.variable)
    if quantity.symbolic and _is_unknown(reading, quantity):
        return _unknown(reading, quantity)
    if tokens[quantity.end - 1].text == "%" and _EFFICIENCY.search(reading.words(0, quantity.start)):
        return []  # "for an efficiency of at least 90% …, and at least 99% …"
    if (
        quantity.amounts[0].values[0] < 1
        and _HADRONIC.search(reading.text)
        and re.match(r"[Ot]", shape[quantity.end :])
    ):
        return [Bounded("h_over_e")]
    if quantity.spelt:  # "less than three" can only count, or be a significance
        behind = tokens[quantity.end] if quantity.end < len(tokens) else None
        if behind is not None and behind.kind == "o" and behind.value.object == "event":
            return []  # "bins with fewer than five events"
        named = [i for i in range(quantity.start - 1, -1, -1) if tokens[i].kind == "v"]
        for index in named:
            if tokens[index].value.variable in {"count", "n_tracks", "charge"}:
                return [named_at(reading, index)]
        if named and tokens[named[0]].value.variable in {"d0_sig", "met_sig", "chi2"}:
            return [named_at(reading, named[0])]
        return []
    if of_another and _is_subject(reading, quantity):
        return [Bounded("ratio", name=f"fraction of {of_another}")]
    if unit in {"GeV", "TeV"} and quantity.start and _OVER.match(tokens[quantity.start].word):
        before_it = tokens[quantity.start - 1]
        phrase = reading.phrase_at(quantity.start - 1)
        spoken_of = phrase is not None and not phrase.oblique and before_it.value.object in PHYSICAL
        if spoken_of and not quantity.amounts[0].upper:
            return [Bounded("pt", index=quantity.start)]  # "no more than one jet above 30 GeV"
    if (
        unit in {"1", "rad", "deg"}
        and _IN_AZIMUTH.match(reading.words(quantity.end, quantity.end + 4))
        and (_APART.search(reading.words(0, quantity.start)))
    ):
        return [Bounded("delta_phi")]  # "separated by more than 2.1 in azimuth"
    if tokens[quantity.start].word.startswith("in the mass"):  # "a same-flavour pair in the mass range 86–96 GeV"
        of = next((p for p in reversed(reading.phrases) if p.index == quantity.start - 1), None)
        if of and of.object != "event":
            return [Bounded("mass", Named(of.object), index=quantity.start)]
    implied = _implied(reading, quantity, unit)
    if implied is not None:
        return [implied]
    after = _after(reading, quantity, unit)
    if after is not None:
        return [after]
    apart = _between(reading, quantity, unit)
    if apart is not None:
        return [apart]
    before = _before(reading, quantity, unit, done)
    if before is not None:
        return before
    if normal_unit(unit) == "mm" and re.search(r"\bdisplaced\b", reading.words(0, quantity.start)):
        return [Bounded("decay_length")]
    if quantity.operator[0] == ">" and unit == "GeV" and re.search(r"\btriggers?\b", reading.text) and reading.phrases:
        return [Bounded("pt")]  # "a trigger with a threshold of 26 GeV"
    threshold = tokens[quantity.start].word.startswith("threshold") or quantity.rule == "threshold"
    if unit in {"GeV", "TeV"} and threshold and any(p.object in PHYSICAL for p in reading.phrases):
        return [Bounded("pt")]  # "for the two leading leptons, thresholds of 20 and 15 GeV are applied"
    holder = re.search(r"o(?:m[tg]{0,3})?$", shape[: quantity.start])
    if (
        unit in {"GeV", "TeV"}
        and holder
        and tokens[holder.start()].value.object in PHYSICAL
        and quantity.operator[0] == ">"
    ):
        return [Bounded("pt")]  # "the first jet must exceed 95 GeV, the second jet 70 GeV"
    if memory.variable and fits(memory.variable, unit) and _GOES_ON.search(reading.text):
        return [Bounded(memory.variable, Named(memory.subject) if memory.subject else None)]
    return []


def _is_that(reading: Reading, index: int) -> bool:
    return index < len(reading.tokens) and reading.tokens[index].word in {"that", "those"}


def _unknown(reading: Reading, quantity: Quantity) -> list[Bounded]:
    """`events are required to have t_mod > 6.4`: what it is, the paper says elsewhere, but it is the event's."""
    index = quantity.start - 1
    asked = _OF_EVENTS.search(reading.words(0, index)) and "_" in reading.tokens[index].text
    return [Bounded("other", Named("event"), reading.tokens[index].text, index=index)] if asked else []


def _is_unknown(reading: Reading, quantity: Quantity) -> bool:
    """Say whether the symbol in front of a sign is none that is known: `√d_12 > 40 GeV`, `X_Wt > 1.5`."""
    before = reading.tokens[quantity.start - 1] if quantity.start else None
    return before is not None and before.kind == "t" and _SYMBOL.search(before.text) is not None


def _before(
    reading: Reading, quantity: Quantity, unit: str, done: list[tuple[Quantity, list[Bounded]]]
) -> list[Bounded] | None:
    """Return the nearest variable before a bound that it fits and that no other bound has; None where there is none."""
    tokens, shape = reading.tokens, reading.shape
    others = [q for q in reading.quantities if q is not quantity]
    share = tokens[quantity.end - 1].text in {"%", "percent", "per cent"}
    for index in range(quantity.start - 1, -1, -1):
        token = tokens[index]
        if (
            token.kind == "o"
            and token.value.object == "met"
            and unit in {"GeV", "TeV", "MeV"}
            and re.fullmatch(r"[tmgkN,bd]*|O", shape[index + 1 : quantity.start])
            and not re.search(r"vO?[tre]{0,2}(?:o[la]+)?t?$|vOt{1,3}[la]+t?$", shape[:index])
        ):
            return [Bounded("pt", Named("met"), index=index)]
        if (
            token.kind == "v"
            and token.value.about == Named("met")
            and (re.search(r"v[Oq][tren]{0,3}o[lah]+t?$", shape[:index]))
        ):
            continue  # "the transverse mass of the muon and p_T^miss must be …"
        if token.kind == "v" and token.value.variable in _ISOLATIONS and tokens[quantity.start].word.startswith("thr"):
            continue  # "with no isolation requirement, and a dielectron trigger with thresholds of 33 GeV"
        if share and token.kind == "v" and token.value.variable in _NEVER_SHARES and not is_cone(reading, index):
            return None
        if token.kind == "v" and fits(token.value.variable, unit) and not is_cone(reading, index):
            owner = next((q for q in others if q.variable == index or q.covers(index)), None)
            between = any(q.start > index and q.end <= quantity.start for q in others)
            if owner is not None or between:
                previous = next((found for q, found in reversed(done) if q.end <= quantity.start and found), None)
                if previous and fits(previous[0].variable, unit):
                    return previous
                if owner is not None:
                    continue
            return _shared(reading, quantity, index)
        if (
            token.kind == "S"
            and not any(t.kind == "c" for t in tokens[index : quantity.start])
            and not re.search(
                r"\b(?:it|they|this) (?:must|has to|have to|is|are|should)\b|\bthresholds? (?:was|were|is|are)\b",
                reading.words(index, quantity.start),
            )
        ):
            return None
    if done and done[-1][1] and _JOINED.fullmatch(shape[done[-1][0].end : quantity.start]):
        return done[-1][1] if fits(done[-1][1][0].variable, unit) else None
    return None


def _transverse_mass(reading: Reading, quantity: Quantity) -> int | None:
    """`with a transverse mass of the muon and p_T^miss smaller than 160 GeV`: return where the mass stands."""
    index = quantity.variable
    if index is None or quantity.symbolic or reading.tokens[index].value.about != Named("met"):
        return None
    of = re.search(r"vO[tre]{0,3}oat?$", reading.shape[:index])
    return of.start() if of and reading.tokens[of.start()].value.variable == "mt" else None


def _implied(reading: Reading, quantity: Quantity, unit: str) -> Bounded | None:
    """`the jet must be above 150 GeV`, `a muon of at least 5 GeV`: p_T, or what is said behind the number."""
    head = re.search(r"o(?:(?:[wO]t?ro)?m[tg]{0,3}|O)$", reading.shape[: quantity.start])
    owner = reading.phrase_at(head.start()) if head and unit in {"GeV", "TeV"} else None
    if owner is None or owner.oblique or owner.object not in PHYSICAL or quantity.variable is not None:
        return None
    if quantity.operator[0] != ">" or quantity.amounts[0].upper:
        return None
    return _after(reading, quantity, unit) or Bounded("pt", index=quantity.start)


def _is_subject(reading: Reading, quantity: Quantity) -> bool:
    """`at least 50% of the energy must be …`: the share itself is what the verb is about."""
    ends = [i for i, t in enumerate(reading.tokens[: quantity.start]) if t.kind in "lSWC" or t.word == "that"]
    start = ends[-1] + 1 if ends else 0
    asked = "m" in reading.shape[quantity.end :][:30] or (start and reading.tokens[start - 1].word == "that")
    return bool(asked) and not re.search(r"[mkv]", reading.shape[start : quantity.start])


def respective(reading: Reading, quantity: Quantity, found: list[Bounded]) -> list[Bounded]:
    """`the sum, H_T, and the vector sum, H_T^miss, must exceed 300 and 250 GeV, respectively`: one bound for each."""
    many = len(quantity.amounts)
    if many == 2 and (unlike := _unlike(reading, quantity)):
        quantity.amounts[1].unit = "1"
        return unlike
    if many < 2 or len(found) != 1 or not re.match(r"l?y", reading.shape[quantity.end :]):
        return found
    start = max((q.end for q in reading.quantities if q.end <= quantity.start), default=0)
    named: dict[str, Bounded] = {}
    for index in range(start, quantity.start):
        if reading.tokens[index].kind == "v" and fits(reading.tokens[index].value.variable, quantity.amounts[0].unit):
            one = named_at(reading, index)
            if one.variable == "isolation":
                continue
            named.setdefault(f"{one.variable} {one.of and one.of.object}", one)
    same = {b.variable for b in named.values()} == {"pt"} and not all(b.of for b in named.values())
    return list(named.values()) if len(named) == many and not same else found


def _unlike(reading: Reading, quantity: Quantity) -> list[Bounded]:
    """`m_jj and |Δη_jj| have to be larger than 500 GeV and 2.5`: the number without a unit is for what has none."""
    pair = re.search(r"(?P<a>v)l?a[te]{0,2}(?P<b>v)[tmgkN]{1,4}$", reading.shape[: quantity.start])
    first, second = quantity.amounts
    if pair is None or first.unit == "1" or reading.tokens[quantity.end - 1].kind != "n" or len(second.values) > 1:
        return []
    one, other = named_at(reading, pair.start("a")), named_at(reading, pair.start("b"))
    apart = fits(one.variable, first.unit) and not fits(other.variable, first.unit) and fits(other.variable, "1")
    return [one, other] if apart else []


def _between(reading: Reading, quantity: Quantity, unit: str) -> Bounded | None:
    """`Δφ between E_T^miss and any jet must exceed 0.5`: what the distance is between has no bound."""
    for index in range(quantity.start - 1, -1, -1):
        token = reading.tokens[index]
        inner = next((q for q in reading.quantities if q is not quantity and q.covers(index)), None)
        if inner is not None and not re.search(r"m[tg]{0,2}$", reading.shape[: inner.start]):
            continue  # "between E_T^miss and any jet with p_T > 30 GeV"
        if token.kind in "cSW":
            return None
        if token.kind == "v" and token.value.variable in DISTANCES and fits(token.value.variable, unit):
            following = reading.tokens[index + 1].word
            if token.word.endswith("between") or following.startswith(("between", "of the angle")):
                return named_at(reading, index)
            return None
    return None


def _after(reading: Reading, quantity: Quantity, unit: str) -> Bounded | None:
    """`larger than 30 GeV in p_T`, `within 0.4 in ΔR`."""
    away = re.match(r"tO[trek]{0,4}ot(v)", reading.shape[quantity.end :])
    if away and reading.words(quantity.end, quantity.end + 2) == "away from":  # "0.3 away from any jet in ΔR"
        return named_at(reading, quantity.end + away.start(1))
    match = re.match(r"(?:[Ot]t{0,2}|tt?|)(v)", reading.shape[quantity.end :])
    if not match:
        return None
    index = quantity.end + match.start(1)
    between = [t.word for t in reading.tokens[quantity.end : index]]
    if (
        reading.tokens[quantity.end - 1].text == "%"
        or not between
        or (between[0] not in {"in", "of", "on"} and between[:2] not in (["units", "in"], ["units", "of"]))
    ):
        return None
    if any(q.variable == index for q in reading.quantities) or not fits(reading.tokens[index].value.variable, unit):
        return None
    return named_at(reading, index)


def _shared(reading: Reading, quantity: Quantity, index: int) -> list[Bounded]:
    """Return the variable at a token with those that share its bound."""
    tokens = reading.tokens
    found = [named_at(reading, index)]
    position = index
    while True:
        match = re.search(r"(v)(?:bvd)?(?P<join>l?a|l)[tx]{0,2}$", reading.shape[:position])
        if not match:
            break
        if any(t.word in {"where", "for which"} for t in tokens[match.end(1) : position]):
            break  # "in bins of p_T and |η|, where the mass must …"
        if match["join"] == "l" and position == index and reading.shape[index + 1 : index + 2] == "l":
            break  # "the vector sum of …, H_T^miss, must …": the symbol of what is before it
        other = match.start(1)
        if any(q.variable == other or q.covers(other) for q in reading.quantities):
            break
        verb = re.search(r"[mkec]|\b(?:is|are)\b", reading.shape[index + 1 : quantity.start]) or (
            reading.words(index + 1, quantity.start) in {"is", "are"}
        )
        both = any(t.word == "both" for t in tokens[max(0, other - 3) : other])
        if not (both or (verb and quantity.variable is None)) or (
            tokens[index].value.variable == tokens[other].value.variable == "pt" and not tokens[other].value.about
        ):
            break
        found.insert(0, named_at(reading, other))
        position = other
    # "the transverse mass, m_T, …": a word and its symbol are one variable
    if (
        len(found) > 1
        and len({(b.variable, b.of) for b in found if b.of}) < len(found)
        and len({b.variable for b in found}) < len(found)
    ):
        found = found[-1:]
    return found
