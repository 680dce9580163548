"""Turn a bound into candidates: which of the sentence's conditions govern it, and what each of its numbers is for."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.distil.amounts import NEGATED, Amount, Quantity
from kb.distil.bounded import ENERGIES, Bounded, is_cone
from kb.distil.candidates import Candidate, Setting, joined_condition, operator_of
from kb.distil.conditions import ConditionalSpan, channel_after, condition, phrase_condition, place_after
from kb.distil.discriminants import discriminant, significance
from kb.distil.distribution import distribute
from kb.distil.entities import mass_named
from kb.distil.isolation import isolation
from kb.distil.lexer import Token
from kb.distil.memory import Memory
from kb.distil.notation import OF_THE_EVENT, Symbol
from kb.distil.particles import FLAVOURS, PHYSICAL, Named, single
from kb.distil.phrases import Phrase
from kb.distil.qualifiers import pair_name
from kb.distil.reading import Reading
from kb.distil.roles import role
from kb.distil.subjects import each_of_first, subjects
from kb.distil.vetoes import collection_of, denied, is_veto
from kb.distil.windows import closed_around
from kb.ssc import Condition, EvidenceKind, Role, Scope, Variable
from kb.vocabulary import normal_unit, unit_factor, vocabulary

# Of these an event may have several; the distance of two kinds of them takes one out, not the event.
_OBJECTS = PHYSICAL | {"jpsi", "meson", "other", "jet_lepton", "jet_photon", "jet_electron", "jet_muon"}
_ABSOLUTE = re.compile(r"\b(?:absolute(?: values?)?|magnitudes?|modulus)(?: of)?(?: the| its| their)?$")
_RANKED = {  # p_T^lead, p_T^{sublead}
    2: re.compile(r"[\^_{,](?:sub-?lead|trail)\w*\}?$"),
    1: re.compile(r"[\^_{,]lead\w*\}?$"),
}
_OWN = {"pt", "abs_eta", "eta", "iso_rel", "iso_abs", "d0", "z0", "energy", "n_tracks"}
_EFFICIENT = re.compile(r"\befficient (?:for|above|at|in|if|when|from)\b[^.;]*$", re.IGNORECASE)
_RANGING = re.compile(r"\bthresholds?(?: (?:that|which))?(?: (?:ranging|ranges?|varying|varied|var(?:y|ies)))?$")
_NOT_THIS = re.compile(r"\b(?:instead of|rather than|in place of|as opposed to)(?: the| an?)?$")
_OF_ANY_KIND = {"other", "ratio", "discriminant", "isolation", "met_sig", "lifetime", "decay_length", "chi2", "id"}
_ANY_ONE = re.compile(r"\b(?:an?|any)\b")
_VARIES = re.compile(r"^(?:the |its |their )?(?:\w+ ){1,4}var(?:y|ies|ied) (?:from|between)\b[^,]*$", re.IGNORECASE)
_CHANGED = re.compile(r"(?:tightened|relaxed|raised|increased|lowered|loosened) to")
_FROM_ABOVE = {  # what is bounded from above where only the number is changed
    "d0",
    "d0_sig",
    "z0",
    "z0_sintheta",
    "iso_rel",
    "iso_abs",
    "mini_iso",
    "chi2",
    "abs_eta",
    "h_over_e",
    "sigma_ietaieta",
}
_NOT_OVERLAPPING = re.compile(r"\bnot (?:\w+ )?overlap")
_FLIPS = {**NEGATED, "in": "not_in"}
_NAMED = {"other", "ratio", "discriminant", "met_sig"}
_IS_PLACED = re.compile(r"\bis required to (?:be|lie)\b")
_VERTEX_IS = re.compile(r"\bvert(?:ex|ices)\b.*\b(?:its|their|the) distance (?:from|to)\b", re.IGNORECASE)
_OF_A_TRACK = {"d0", "z0", "d0_sig", "z0_sintheta"}
# "Such leptons …", "For this purpose, a track …", "In both cases they …": the sentence goes on about what was vetoed
_GOES_ON = re.compile(r"(?:for this \w+|in (?:this|either|each|both) cases?|the|such|these|they|a )", re.IGNORECASE)


def is_requirement(reading: Reading, quantity: Quantity) -> bool:
    """Say whether a bound can be a requirement at all (`R = 0.4` is none)."""
    if quantity.rule in {"placeholder", "hits"}:
        return True
    tokens, variable = reading.tokens, quantity.variable
    if _NOT_THIS.search(reading.words_before(min(quantity.start, variable or quantity.start), 4)):
        return False  # "below 80 GeV instead of above 110 GeV"
    if _EFFICIENT.search(reading.words(0, quantity.start)):
        return False  # "a trigger that is 97% efficient for p_T > 200 GeV"
    if variable is not None and is_cone(reading, variable):
        return False
    clause = max((i for i in range(quantity.start) if reading.shape[i] in "SW"), default=-1) + 1
    if _VARIES.search(reading.words(clause, quantity.start)):
        return False
    if quantity.operator == "in" and _RANGING.search(reading.words_before(quantity.start, 3)):
        return False  # "thresholds between 24 and 26 GeV": each period had its own
    if quantity.operator != "==":
        return True
    if variable is None:
        counted = re.search(r"v[tO]?[trk]{0,2}o(?:t?m[gt]{0,2})?$", reading.shape[: quantity.start])
        return counted is not None and tokens[counted.start()].value.variable == "count"
    symbol = tokens[variable].value
    if symbol.variable in {"count", "charge"}:
        return True
    if any(t.word.startswith("threshold") for t in tokens[max(0, variable - 3) : variable]):
        quantity.operator = ">"
        return True
    compared = tokens[variable - 1] if variable else None  # "closer than ΔR = 0.4"
    if compared is not None and compared.kind == "c" and compared.value in {"<", "<=", ">", ">="}:
        denied_before = any(t.kind == "N" for t in tokens[max(0, variable - 4) : variable])
        quantity.operator = NEGATED[str(compared.value)] if denied_before else str(compared.value)
        return symbol.variable in {"delta_r", "delta_phi", "delta_eta"}
    within = any(t.kind == "i" for t in tokens[max(0, variable - 4) : variable])
    if symbol.variable in {"abs_eta", "eta"} and tokens[variable - 1].kind == "i":
        quantity.operator = "<"  # "lie within |η| = 2.4"
        return True
    if within and symbol.variable in {"delta_r", "delta_phi"} and _is_denied(tokens, variable):
        quantity.operator = ">"  # "must not be within ΔR = 0.4 of a jet"
    if within and "j" not in reading.shape and re.search(r"\b(?:isolat\w+|sums?)\b", reading.text):
        return False  # the cone of an isolation sum
    return within and symbol.variable in {"delta_r", "delta_phi"}


def _is_denied(tokens: list[Token], variable: int) -> bool:
    near = range(variable - 1, max(-1, variable - 11), -1)
    asked = next((i for i in near if tokens[i].kind == "m" or tokens[i].word in {"may", "cannot"}), None)
    return asked is not None and any(t.word in {"not", "cannot"} for t in tokens[asked:variable])


def bound(
    reading: Reading,
    quantity: Quantity,
    bounded: Bounded,
    spans: list[ConditionalSpan],
    memory: Memory,
    setting: Setting,
) -> list[Candidate]:
    """Return the candidates of a bound on a variable; `spans` are the sentence's conditional phrases."""
    who = subjects(reading, quantity, bounded, memory)
    if not who:
        return []
    if bounded.variable in _FROM_ABOVE and _CHANGED.match(reading.tokens[quantity.start].word):
        quantity = replace(quantity, operator="<")
    if bounded.variable in ENERGIES - {"iso_abs"} and quantity.amounts[0].unit == "1":
        return []  # a momentum without a unit is read from a table or a list, not from a requirement
    if bounded.variable in _OF_A_TRACK - {"d0_sig"} and quantity.amounts[0].unit == "1" and quantity.operator != "!=":
        return []  # nor is a length
    if not _is_of_kind(bounded.variable, quantity.amounts[0].unit):
        return []
    when = _when(reading, quantity, spans)
    stated = role(reading, quantity)
    if stated == "veto" and bounded.variable in _OWN and _are_neighbours(reading, who):
        return []  # "the muon is discarded if it is matched to a jet with p_T > 30 GeV": which jet
    if is_veto(reading) or denied(reading):  # "events with a fourth lepton": any one more
        who = [replace(w, rank=None) if isinstance(w, Phrase) and _ANY_ONE.search(w.words) else w for w in who]
    if len(quantity.amounts) == 1:
        who = each_of_first(reading, bounded, who)
    single = all(w.object in _OBJECTS and w.rank is None for w in who)
    # "events with a tau with p_T > 20 GeV are rejected" defines the tau and rejects the event
    refused = {p.index: replace(p, rank=None) if _ANY_ONE.search(p.words) else p for p in denied(reading)}
    who = [refused.get(w.index, w) if isinstance(w, Phrase) and w.rank is None else w for w in who]
    stands = stated == "veto" and (is_veto(reading) or bool(refused))
    named = bool(refused) and all(isinstance(w, Phrase) and w.index in refused for w in who)
    defines = single and bounded.variable in _OWN and (stands or named)
    if defines:
        stated = "select"
    if quantity.bin:
        setting = Setting(setting.scope, (quantity.bin,))
    if len(quantity.amounts) > 1 and (bounded.variable in OF_THE_EVENT or bounded.variable == "discriminant"):
        who = [Named("event")]  # of which there is no second one
    near = bounded.variable == "delta_r" and quantity.operator[0] == "<"
    apart = near and _NOT_OVERLAPPING.search(reading.words(0, quantity.start))
    if quantity.operator in _FLIPS and (apart or _none_may(reading, quantity)):
        quantity = replace(quantity, operator=_FLIPS[quantity.operator])
    found = []
    for share in distribute(reading, quantity, who, memory.alternatives, memory.group):
        subject, amount, extra = share.subject, share.amount, share.when
        if bounded.variable == "discriminant" and subject == Named("event", subject.rank):
            subject = Named("event")
        tagged = phrase_condition(subject) if isinstance(subject, Phrase) else None
        conditions = [*when, *extra, *([tagged] if tagged else [])]
        its_setting = Setting(setting.scope, share.regions) if share.regions else setting
        one = candidate(reading, quantity, bounded, subject, amount, stated, memory, its_setting)
        one = one.with_(when=joined_condition(conditions))
        if defines and (one.definition is None or one.definition.startswith("loose ")):
            told = collection_of(subject, one.object) if isinstance(subject, Phrase) else f"veto {one.object}"
            one = one.with_(definition=told)
        found.append(one)
    return found


def _are_neighbours(reading: Reading, who: list[Phrase | Named]) -> bool:
    """Say whether a bound is on what stands near an object that is thrown away, behind `is discarded if`."""
    verb = re.search(r"j[tl]{0,2}f", reading.shape)
    gone = [p for p in reading.phrases if verb and p.index < verb.start() and not p.oblique]
    if not verb or not gone or gone[0].object not in PHYSICAL:
        return False
    behind = all(isinstance(w, Phrase) and w.index > verb.start() and w.article in {"a", "an", "any"} for w in who)
    return behind and all(w.object != gone[0].object for w in who)


def _when(reading: Reading, quantity: Quantity, spans: list[ConditionalSpan]) -> list[Condition]:
    """Return the conditions that govern a bound: those that open the sentence, and the first behind it."""
    conditional = {id(q) for span in spans for q in span.quantities}
    outside = [q for q in reading.quantities if id(q) not in conditional]
    found: list[Condition] = []
    place = place_after(reading, quantity)
    for span in spans:
        opening = span.leading and span.end <= quantity.start
        if opening and place and span.firm and reading.words(span.start, span.start + 1) not in place.text:
            continue  # "< 0.05 in the barrel (|η| < 1.48) and < 0.10 in the endcaps"
        if opening and reading.tokens[span.start].kind == "w" and "W" in reading.shape[span.end : quantity.start]:
            continue  # "jets with |η| < 2.4 must …, whereas …"
        behind = quantity.end <= span.start and (not span.leading or span.start <= 1)
        nearest = behind and not any(quantity.end <= q.start and q.end <= span.start for q in outside)
        if opening or nearest or (behind and not span.firm and _same_clause(reading, quantity, span)):
            told = condition(reading, span)
            if told:
                found.append(told)
    channel = channel_after(reading, quantity.end) or place
    return found or ([channel] if channel else [])


def _same_clause(reading: Reading, quantity: Quantity, span: ConditionalSpan) -> bool:
    """`X > 1 and Y < 2 if …`: a condition with a bound governs all bounds of its clause."""
    return bool(span.quantities) and not re.search(r"[SWmkjf]", reading.shape[quantity.end : span.start])


def _is_absolute(reading: Reading, bounded: Bounded) -> bool:
    """`the absolute value of the pseudorapidity must be between 1.5 and 2.5`."""
    if bounded.index is None or bounded.variable not in {"eta", "rapidity"}:
        return False
    return _ABSOLUTE.search(reading.words_before(bounded.index, 4)) is not None


def candidate(
    reading: Reading,
    quantity: Quantity,
    bounded: Bounded,
    subject: Phrase | Named,
    amount: Amount,
    stated: Role,
    memory: Memory,
    setting: Setting,
) -> Candidate:
    """Return the candidate that one number of a bound makes for one subject."""
    object_id, rank = subject.object, subject.rank
    if rank is None and bounded.index is not None and bounded.variable in _OWN:
        rank = next((r for r, told in _RANKED.items() if told.search(reading.tokens[bounded.index].text)), None)
    if bounded.variable in _OWN and (setting.scope == "trigger" or (rank and len(quantity.amounts) > 1)):
        object_id = single(object_id)  # "a dimuon trigger with p_T thresholds of 18 and 8 GeV"
    definition = _definition(reading, subject, memory, setting)
    if rank == -1:  # the last of as many as the event has
        rank = memory.leptons if object_id in FLAVOURS | {"lepton"} and memory.leptons else None
    variable_id, operator, value, closed = bounded.variable, quantity.operator, amount.bounds(), quantity.closed
    if variable_id == "isolation":
        variable_id = "iso_abs" if amount.unit in {"GeV", "MeV", "TeV"} else "iso_rel"
    if (variable_id == "eta" and operator in {"<", "<="}) or _is_absolute(reading, bounded):
        variable_id = f"abs_{variable_id}"
    if variable_id in OF_THE_EVENT:
        object_id, rank = "event", None
    if variable_id in _OF_A_TRACK and object_id in {"vertex", "event"} and not _is_of_vertex(reading, quantity):
        object_id = memory.subject or "lepton"
    name, centre = bounded.name, _centre(bounded, amount.unit)
    if bounded.window and centre is None and bounded.index is not None:
        # "|m - m_PDG| < 30 MeV": which mass, is not said
        variable_id, name = "other", reading.tokens[bounded.index].text
    elif centre is not None and operator[0] in "<>" and not amount.upper:
        closed = closed_around(operator)
        value, operator = _around(centre, amount), "in" if operator[0] == "<" else "not_in"
    if variable_id == "charge_product" and value == 0:
        value, operator = -1.0 if operator == "<" else 1.0, "=="
    if variable_id in {"delta_r", "delta_phi"} and operator == "==":
        operator = "<"
    if variable_id == "count" and operator == "<=" and value == 0:
        operator = "=="
    place = reading.tokens[quantity.start].start
    if variable_id == "discriminant":
        name = discriminant(reading, bounded.index)
    elif variable_id == "met_sig":
        name = significance(reading, bounded.index, memory.quotient)
    variable = Variable(
        id=variable_id,
        name=name if variable_id in _NAMED else None,
        **isolation(reading, memory, variable_id, object_id, place - reading.start),
    )
    return Candidate(
        object=object_id,
        variable=variable,
        operator=operator_of(operator),
        value=value,
        closed=closed,
        unit=amount.unit,
        start=reading.start,
        end=reading.end,
        rule=quantity.rule,
        also=_told(reading, bounded),
        at=place,
        rank=rank,
        definition=definition,
        role=stated,
        regions=setting.regions,
        scope=_scope(object_id, rank, variable_id, stated, setting),
    )


def _told(reading: Reading, bounded: Bounded) -> tuple[tuple[int, int, EvidenceKind], ...]:
    """Return where the paper explains the symbol of a bound, if it is no common one."""
    symbol = reading.tokens[bounded.index].value if bounded.index is not None else None
    told = symbol.told if isinstance(symbol, Symbol) else None
    return ((*told, "stated"),) if told and not reading.start <= told[0] < reading.end else ()


def _none_may(reading: Reading, quantity: Quantity) -> bool:
    """`no pair may have a mass within 10 GeV of m_Z`: the opposite is asked of every pair."""
    start = max((i for i in range(quantity.start) if reading.shape[i] in "SWl"), default=-1) + 1
    lead = re.match(r"z[tkrvhec]{0,6}?o", reading.shape[start : quantity.start])
    end = start + (lead.end() if lead else 0)
    return (
        lead is not None
        and re.match(r"(?:may|can|must|should) (?:have|lie)\b", reading.words(end, end + 3)) is not None
    )


def _is_of_vertex(reading: Reading, quantity: Quantity) -> bool:
    """`the vertex must have |z| < 300 mm`: a place, not an impact parameter."""
    if quantity.rule in {"position", "within"}:
        return True
    if quantity.rule == "direction" and _VERTEX_IS.search(reading.words(0, quantity.start)):
        return True
    heads = [p for p in reading.phrases if p.index < quantity.start and not p.oblique]
    if not heads or heads[-1].object != "vertex":
        return False
    placed = _IS_PLACED.search(reading.words(heads[-1].index + 1, quantity.start)) is not None
    return placed or reading.shape[heads[-1].index + 1 :][:1] in {"m", "w", "C"}


def _definition(reading: Reading, subject: Phrase | Named, memory: Memory, setting: Setting) -> str | None:
    """Return the name of the collection or the pairs that a subject is."""
    if isinstance(subject, Phrase):
        if subject.requires and "_" in subject.object:
            return pair_name(subject.requires, subject.object)
        if subject.definition and setting.scope != "trigger":
            return subject.definition
    if setting.scope is None and subject.rank is None and _GOES_ON.match(reading.text):
        return memory.vetoed.get(subject.object)
    return None


def _scope(object_id: str, rank: int | None, variable: str, stated: Role, setting: Setting) -> Scope:
    if setting.scope or setting.regions:
        return setting.event_scope
    removal = variable == "delta_r" and stated == "veto"
    of_objects = object_id in _OBJECTS and rank is None and variable != "count"
    return "object" if of_objects or removal else "event"


def _is_of_kind(variable: str, unit: str) -> bool:
    """Say whether a variable can have a unit: no angle is in GeV."""
    own = vocabulary().variables[variable].unit
    return variable in _OF_ANY_KIND or unit == "1" or normal_unit(own or "1") == normal_unit(unit)


def _centre(bounded: Bounded, unit: str) -> float | None:
    """Return the mass [GeV] that a variable is compared with, if it is known; a bare number is in the bound's unit."""
    if bounded.window is None:
        return None
    number = re.fullmatch(r"(\d+(?:\.\d+)?)\s?([MG]eV)?(?:/c\^2)?", bounded.window)
    return mass_named(bounded.window) or (float(number[1]) * unit_factor(number[2] or unit) if number else None)


def _around(centre: float, amount: Amount) -> tuple[float, float]:
    """Return the edges of a window around a mass [GeV], in the amount's unit."""
    centre /= unit_factor(amount.unit)
    return (round(centre - amount.values[0], 6), round(centre + amount.values[0], 6))
