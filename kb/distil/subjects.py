"""Find what a bound is about: its variable, its object and rank, in the sentence or from the last ones."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from kb.distil.candidates import Memory
from kb.distil.notation import Symbol
from kb.distil.particles import Named, compose
from kb.distil.quantities import Quantity
from kb.distil.reading import Phrase, Reading

_ENERGIES = {
    "pt",
    "energy",
    "mass",
    "mt",
    "mt2",
    "mct",
    "mj",
    "mr",
    "ht",
    "st",
    "lt",
    "meff",
    "mht",
    "iso_abs",
    "other",
    "met_sig",
    "isolation",
    "ratio",
}
_LENGTHS = {"d0", "z0", "z0_sintheta", "decay_length", "other", "lifetime"}
_PAIRED = {"delta_r", "delta_phi", "delta_eta"}
_SYSTEMS = {"trilepton", "fourlepton", "candidate", "w", "z", "top", "higgs", "met"}
_TWO = {
    "lepton": "lepton_pair",
    "electron": "electron_pair",
    "muon": "muon_pair",
    "jet": "jet_pair",
    "bjet": "bjet_pair",
    "photon": "photon_pair",
    "tau": "lepton_pair",
    "track": "candidate",
}
# "less than 5% of the energy deposited in the ECAL", said of the energy in the HCAL
_HADRONIC = re.compile(r"(?:HCAL|\bhadronic\b)[^.]*?(?:less|smaller|below|lower)[^.]*?(?:ECAL|electromagnetic)")
_BACK = re.compile(
    (
        r"^(?:they|these|it|both|the latter|this|those|such|in addition|each of these|all of these"
        r"|the former|furthermore|moreover|additionally|finally|here|its)\b"
    ),
    re.I,
)


@dataclass(slots=True)
class About:
    """A variable with the token that names it (None where it is carried over)."""

    variable: str
    named: Named | None
    name: str | None = None
    window: str | None = None
    index: int | None = None
    component: str | None = None


def fits(variable: str, unit: str) -> bool:
    """Say whether a number in this unit can bound the variable."""
    if unit in {"GeV", "TeV", "MeV", "keV"}:
        return variable in _ENERGIES
    if unit in {"mm", "cm", "m", "um"}:
        return variable in _LENGTHS
    if unit in {"ns", "ps", "s"}:
        return variable in {"time", "lifetime", "other"}
    if unit == "rad":
        return variable in {"phi", "delta_phi", "other"}
    return variable not in {
        "time",
        "lifetime",
        "energy",
        "mt",
        "mt2",
        "mct",
        "ht",
        "st",
        "lt",
        "meff",
        "mht",
        "mj",
        "iso_abs",
    }


def variables(
    reading: Reading, quantity: Quantity, memory: Memory, done: list[tuple[Quantity, list[About]]]
) -> list[About]:
    """Return the variable(s) of a bound; several where they share it (`both m_T and E_T^miss below 20 GeV`)."""
    unit = quantity.amounts[0].unit
    if quantity.rule == "direction":
        return [About(quantity.note, None, index=_impact(reading, quantity))]
    if quantity.variable is not None:
        return _shared(reading, quantity, quantity.variable)
    tokens = reading.tokens
    if (
        quantity.amounts[0].values[0] < 1
        and _HADRONIC.search(reading.text)
        and re.match(r"[Ot]", reading.shape[quantity.end :])
    ):
        return [About("h_over_e", None)]
    if quantity.spelt:  # "less than three" can only count
        for index in range(quantity.start - 1, -1, -1):
            if tokens[index].kind == "v" and tokens[index].value.variable in {"count", "n_tracks", "charge"}:
                return [_about(tokens[index].value, index)]
        return []
    after = _after(reading, quantity, unit)
    if after is not None:
        return [after]
    others = [q for q in reading.quantities if q is not quantity]
    for index in range(quantity.start - 1, -1, -1):
        token = tokens[index]
        if (
            token.kind == "o"
            and token.value.object == "met"
            and unit in {"GeV", "TeV", "MeV"}
            and re.fullmatch(r"[tmgkN,bd]*", reading.shape[index + 1 : quantity.start])
            and not re.search(r"vO?[tre]{0,2}(?:o[la]+)?t?$", reading.shape[:index])
        ):
            return [About("pt", Named("met"), index=index)]
        if token.kind == "v" and (fits(token.value.variable, unit)) and not is_cone(reading, index):
            owner = next((q for q in others if q.variable == index or q.covers(index)), None)
            between = any(q.start > index and q.end <= quantity.start for q in others)
            if owner is not None or between:
                previous = next((about for q, about in reversed(done) if q.end <= quantity.start and about), None)
                if previous and fits(previous[0].variable, unit):
                    return previous
                if owner is not None:
                    continue
            return _shared(reading, quantity, index)
        if token.kind in "S" and not any(t.kind == "c" for t in tokens[index : quantity.start]):
            break
    if quantity.operator[0] == ">" and unit == "GeV" and re.search(r"\btriggers?\b", reading.text) and reading.phrases:
        return [About("pt", None)]  # "a trigger with a threshold of 26 GeV"
    if (
        memory.variable
        and fits(memory.variable, unit)
        and (
            _BACK.search(reading.text)
            or re.search(r"\b(?:requirements?|thresholds?|cuts?|criteri\w+|bound)\b", reading.text)
        )
    ):
        named = Named(memory.subject) if memory.subject else None
        return [About(memory.variable, named)]
    return []


def _impact(reading: Reading, quantity: Quantity) -> int | None:
    return next((i for i in range(quantity.start - 1, -1, -1) if reading.shape[i] == "v"), None)


def is_cone(reading: Reading, index: int) -> bool:
    """Say whether a ΔR is the size of a cone."""
    before = reading.words(max(0, index - 7), index).lower()
    return reading.tokens[index].value.variable == "delta_r" and bool(re.search(r"\b(?:cone|radius|size)\b", before))


def _about(symbol: Symbol, index: int) -> About:
    variable = symbol.variable
    return About(variable, symbol.about, symbol.name, symbol.window, index, symbol.component)


def _after(reading: Reading, quantity: Quantity, unit: str) -> About | None:
    """`larger than 30 GeV in p_T`, `within 0.4 in ΔR`."""
    match = re.match(r"(?:[Ot]t{0,2}|tt?|)(v)", reading.shape[quantity.end :])
    if not match:
        return None
    index = quantity.end + match.start(1)
    between = [t.word for t in reading.tokens[quantity.end : index]]
    if between and between[0] not in {"in", "of"} and between != []:
        return None
    if not between:
        return None
    if any(q.variable == index for q in reading.quantities) or not fits(reading.tokens[index].value.variable, unit):
        return None
    return _about(reading.tokens[index].value, index)


def _shared(reading: Reading, quantity: Quantity, index: int) -> list[About]:
    tokens = reading.tokens
    found = [_about(tokens[index].value, index)]
    position = index
    while True:
        match = re.search(r"(v)(?:bvd)?(?:l?a|l)[tx]{0,2}$", reading.shape[:position])
        if not match:
            break
        other = match.start(1)
        if any(q.variable == other or q.covers(other) for q in reading.quantities):
            break
        verb = re.search(r"[mkec]", reading.shape[index + 1 : quantity.start])
        both = any(t.word == "both" for t in tokens[max(0, other - 3) : other])
        if not (both or (verb and quantity.variable is None)) or (
            tokens[index].value.variable == tokens[other].value.variable == "pt" and not tokens[other].value.about
        ):
            break
        found.insert(0, _about(tokens[other].value, other))
        position = other
    # "the transverse mass, m_T, …": a word and its symbol are one variable
    if (
        len(found) > 1
        and len({(a.variable, a.named) for a in found if a.named}) < len(found)
        and len({a.variable for a in found}) < len(found)
    ):
        found = found[-1:]
    return found


def subjects(reading: Reading, quantity: Quantity, about: About, memory: Memory) -> list[Phrase | Named]:
    """Return what the bound holds for; several where subjects are joined (`electrons and muons`)."""
    named = about.named
    anchor = about.index if about.index is not None else quantity.start
    if about.variable in _PAIRED and (named is None or "_" not in named.object):
        return _distance(reading, quantity, anchor, memory, named)
    if named is not None and (named.object not in {"meson", "candidate"} or about.variable == "mass"):
        if (
            named.rank is None
            and about.variable in {"pt", "abs_eta", "eta"}
            and "_" not in named.object
            and named.object not in {"met", "event"}
        ):
            same = [p for p in reading.phrases if p.object == named.object and p.rank and p.end <= anchor]
            if same:
                return [same[-1]]
        if named.object.endswith("_pair") and named.rank is None:
            required = [
                p
                for p in (*_trailing(reading, quantity), *reversed(_preceding(reading, quantity, anchor)))
                if p.object == named.object and p.requires
            ]
            if required:
                return [required[0]]
        return [named]
    group = _trailing(reading, quantity)
    if group and group[0].rank is None:
        before = _preceding(reading, quantity, anchor)
        if before and before[-1].rank and before[-1].object in {"lepton", group[0].object}:
            group = [replace(p, rank=before[-1].rank) for p in group]
    if not group:
        other = re.search(r"(r)n[tmk]{0,4}$", reading.shape[: quantity.start])
        before = _preceding(reading, quantity, anchor) or _of(reading, quantity, anchor)
        if (
            other
            and before
            and reading.tokens[other.start() + 1].word in {"one", "ones"}
            and before[-1].index < other.start()
        ):
            return [replace(before[-1], rank=int(reading.tokens[other.start()].value))]
    group = group or _of(reading, quantity, anchor) or _preceding(reading, quantity, anchor)
    group = [p for p in group if p.object != "event"]
    if (
        about.variable in {"iso_rel", "iso_abs", "mini_iso"}
        and group
        and all(p.object == "track" for p in group)
        and re.search(r"\bsum\b", reading.text)
    ):
        group = []  # what is summed is not what is isolated
    if not group and named is not None:
        return [named]
    if not group and about.variable in {"charge"}:
        group = []
    if not group:
        follow = _following(reading, quantity)
        if follow:
            group = [follow]
    if not group and about.variable == "discriminant":
        return [Named("event")]
    if not group:
        if memory.subject and about.variable not in {"mass"}:
            return [Named(memory.subject)]
        return [named] if named else ([Named(memory.pair)] if about.variable == "mass" else [])
    if about.variable == "mass":
        return list(_systems(group, memory))
    if named is not None and not any(p.object == named.object for p in group):
        return [named]
    if re.search(
        r"\b(?:considered|used|eligible|candidates?) for b[ -]?tagging|\bto be b[ -]?tagged", reading.text
    ) and {p.object for p in group} == {"jet"}:
        return [Named("bjet")]
    return list(group)


def _systems(group: list[Phrase], memory: Memory) -> list[Phrase | Named]:
    """`the mass of the two b jets` is the mass of their pair."""
    if (
        {p.object for p in group} == {"electron", "muon"}
        and (group[0].number or 2) == 2
        and any(p.plural for p in group)
    ):
        return [Named("lepton_pair")]
    if len(group) > 1 and all("_" not in p.object for p in group):
        return [Named(compose(tuple(p.object for p in group for _ in range(p.number or 1))))]
    phrase = group[0]
    if phrase.object in _TWO and (phrase.plural or phrase.number):
        number = phrase.number or 2
        if number == 2:
            return [Named(_TWO[phrase.object])]
        return [Named(compose((phrase.object,) * number))]
    return [phrase]


def _trailing(reading: Reading, quantity: Quantity) -> list[Phrase]:
    """`… for both the electrons and muons`, `… for muons (electrons)`."""
    match = re.match(r"[l]?(?:f|t)[te]{0,3}", reading.shape[quantity.end :])
    if not match or reading.tokens[quantity.end + (match.group()[0] == "l")].word not in {"for", "on"}:
        return []
    start = quantity.end + match.end()
    # adjectives may stand between
    for phrase in reading.phrases:
        if phrase.index >= start - 3 and phrase.start <= start and phrase.index - start <= 4:
            if any(q.covers(i) for q in reading.quantities for i in range(start, phrase.index)):
                return []
            if re.match(r"[^.]{0,3}w", reading.shape[phrase.index + 1 :]) and _qualified(reading, phrase):
                return []
            return _joined(reading, phrase)
    return []


def _qualified(reading: Reading, phrase: Phrase) -> bool:
    return any(q.start - phrase.index <= 4 and q.start > phrase.index for q in reading.quantities)


def _joined(reading: Reading, first: Phrase) -> list[Phrase]:
    """Return a phrase and those joined to it by commas and `and`."""
    group = [first]
    for phrase in reading.phrases:
        if phrase.index <= group[-1].index:
            continue
        between = reading.shape[group[-1].index + 1 : phrase.index]
        if re.fullmatch(r"(?:x?l?a|l)[trehk]{0,3}", between) and reading.phrase_at(group[-1].index) is not None:
            group.append(phrase)
        else:
            break
    return group


def _of(reading: Reading, quantity: Quantity, anchor: int) -> list[Phrase]:
    """`the transverse momentum of the leading electron …`."""
    shape = reading.shape
    match = re.match(r"v?(?:t{1,2}Ot)?(?:x|b[^bd]*d)?O", shape[anchor:])
    if not match and reading.tokens[anchor].word.endswith(" of"):
        match = re.match(r"v", shape[anchor:])  # "the number of b-tagged jets"
    if not match:
        return []
    start = anchor + match.end()
    for phrase in reading.phrases:
        near = phrase.start <= start <= phrase.index <= start + 6
        if near and phrase.index < max(quantity.start, start + 1) + 6:
            return _joined(reading, phrase)
    return []


def _preceding(reading: Reading, quantity: Quantity, anchor: int) -> list[Phrase]:
    """Return the nearest noun phrase before the variable that is not a mere `in the event`."""
    limit = min(anchor, quantity.start)
    if re.search(r"[SW]", reading.shape[limit : quantity.start]):
        limit = quantity.start  # the variable is that of the clause before
    before = [p for p in reading.phrases if p.index < limit and p.object != "event"]
    boundary = max(
        (
            i
            for i in range(limit)
            if reading.tokens[i].kind == "S"
            or (reading.tokens[i].kind == "W" and reading.tokens[i].word in {"while", "whereas", "but"})
        ),
        default=-1,
    )
    clause = [p for p in before if p.index > boundary] or before
    heads = [p for p in clause if not p.oblique] or clause
    if not heads:
        return []
    last = heads[-1]
    group = [last]
    for phrase in reversed(heads[:-1]):
        between = reading.shape[phrase.index + 1 : group[0].index]
        if re.fullmatch(r"(?:x?l?a|l)[trehk]{0,3}", between):
            group.insert(0, phrase)
        else:
            break
    return group


def _following(reading: Reading, quantity: Quantity) -> Phrase | None:
    return next(
        (p for p in reading.phrases if p.index >= quantity.end and p.object != "event" and p.index - quantity.end < 8),
        None,
    )


def _distance(
    reading: Reading, quantity: Quantity, anchor: int, memory: Memory, named: Named | None = None
) -> list[Phrase | Named]:
    """Return the pair a distance is between."""
    if named is not None and "_" in named.object:
        return [named]
    things = [p for p in reading.phrases if p.object not in {"event", "vertex"}]
    after = [
        p
        for p in things
        if p.index >= quantity.end
        and p.index - quantity.end <= 10
        and not re.search(r"[SWl]", reading.shape[quantity.end : p.index])
    ]
    before = [p for p in things if p.index < anchor]
    between = _between(reading, things)
    if between:
        return [between]
    heads = [p for p in before if not p.oblique] or before
    head = heads[-1] if heads else None
    if head is not None and "_" in head.object:
        return [head]
    partner = None
    if after and re.match(r"[OtgaiNkwd]", reading.shape[quantity.end :]):
        partner = _both_flavours(_joined(reading, after[0]))
    if head is not None and partner is None:
        others = [
            p
            for p in before
            if p is not head and p.object != head.object and "_" not in p.object and p.object not in _SYSTEMS - {"met"}
        ]
        if others:
            partner = others[-1].object
    if head is not None and partner is not None and "_" not in partner:
        first = (
            _both_flavours([p for p in heads if p.object in {"electron", "muon"}])
            if head.object in {"electron", "muon"} and len(heads) > 1
            else head.object
        )
        return [Named(compose((first, partner)))]
    if head is not None and head.object in _TWO and (head.plural or (head.number or 0) > 1):
        return [Named(_TWO[head.object])]
    if memory.pair and "pair" in reading.text:
        return [Named(memory.pair)]
    if head is not None or memory.subject is not None:
        alone = head.object if head is not None else memory.subject
        return [Named(_TWO[alone])] if alone in _TWO and partner is None and head is None else []
    return []


def _between(reading: Reading, things: list[Phrase]) -> Named | None:
    """`the distance between the photon and the nearest jet`."""
    for index, token in enumerate(reading.tokens):
        apart = token.kind == "v" or (
            index
            and (
                reading.tokens[index - 1].kind == "v"
                or reading.tokens[index - 1].word in {"distance", "angle", "separation", "difference", "separated"}
            )
        )
        if re.search(r"\bbetween(?: the)?$", token.word) and apart:
            following = [p for p in things if p.index > index and p.index - index < 12]
            if len(following) >= 2 and re.search(r"a", reading.shape[following[0].index : following[1].index]):
                return Named(compose((following[0].object, following[1].object)))
            if following and following[0].plural and "_" not in following[0].object:
                return Named(_TWO.get(following[0].object, "candidate"))
    return None


def _both_flavours(group: list[Phrase]) -> str:
    """Electrons and muons together are leptons."""
    kinds = {p.object for p in group}
    return "lepton" if kinds == {"electron", "muon"} else group[0].object
