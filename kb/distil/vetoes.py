"""Read event vetoes: `events with a tau lepton are rejected`, `we veto events that contain a second lepton`."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.distil.amounts import Quantity
from kb.distil.entities import is_passive
from kb.distil.lexer import Token
from kb.distil.particles import PHYSICAL
from kb.distil.phrases import Phrase
from kb.distil.qualifiers import apart
from kb.distil.reading import Reading

_QUALITY = re.compile(
    r"\b(?:to satisfy|fail\w*|bad|noise|non-collision|halo|cosmic|mismeasured|poorly|quality"
    r"|instrumental|anomalous|originating|misidentified|inconsistent)\b",
    re.IGNORECASE,
)
_HAS = re.compile(
    r"(?:\bwith|\bcontain\w*|\bhaving|\bhave|\bif|\bwhere|\bwhen|\bin which|\bpresence of|\bthere (?:is|are)"
    r"|\bof|\ban?)\s*(?:at least)?$",
    re.IGNORECASE,
)
_AS_B = re.compile(r"\b(?:that|which) are (?:b tagged|(?:identified|tagged) as b)\b")
_SOME = re.compile(r"\b(?:identified|matched|overlap\w*|fail\w*|associated|which|that)\b")  # not the event
_PLACED_ON = re.compile(r"((?:is|are|was|were)(?: also| then)? (?:applied|imposed|placed|put|made)) (?:on|against)\b")
_APPLIED = re.compile(
    r"(?:is|are|was|were)\s+(?:\w+\s+)?(?:applied|imposed|required|used|retained|kept|maintained|enforced)|is part of",
    re.IGNORECASE,
)
_AIM = re.compile(r"\bto (?:further )?(?:suppress|reduce|remove|reject|avoid)(?: \w+)?$", re.IGNORECASE)
_JOINED = re.compile(r"(?:.{0,8}?)(?:l?a|l)[trehk]{0,4}")
_ORDINAL = re.compile(r"\b(?:second|third|fourth|fifth)\b", re.IGNORECASE)
_LEADS_TO = re.compile(r"\b(?:leads?|results?) (?:to|in) the (?:rejection|removal|exclusion|veto) of the event")
_PRESENT = re.compile(r"\bpresence of$")
_ANY_ONE = {"a", "an", "any", "another"}
_RELATIONS = {"delta_r", "delta_phi", "mass", "delta_eta"}


def collection_of(phrase: Phrase, object_id: str) -> str:
    """Return the collection that none is to be of: those besides the selected ones, or the paper's veto objects."""
    if apart(phrase.definition):
        return f"{str(phrase.definition).split()[0]} {object_id}"
    return f"{'additional' if _ORDINAL.search(phrase.words) else 'veto'} {object_id}"


def is_veto(reading: Reading) -> bool:
    """Say whether a sentence throws events away."""
    return _reach(reading) is not None


def is_apart(reading: Reading, position: int) -> bool:
    """Say whether what is denied before a token is only to be near: `no jet may lie within ΔR < 0.4 of the photon`."""
    return re.match(r"[tmk]{0,3}(?:i|w)?v?(?:c|i)n", reading.shape[position:]) is not None and any(
        reading.tokens[q.variable].value.variable == "delta_r" and q.start - position < 6
        for q in reading.quantities
        if q.variable is not None and q.start > position
    )


def _aimed_at(reading: Reading, event: int) -> bool:
    """`to suppress events with taus, …` tells why."""
    return _AIM.search(reading.words(max(0, event - 4), event)) is not None


def _reach(reading: Reading) -> tuple[int, int] | None:
    """Return the tokens that describe the events thrown away."""
    tokens, shape = reading.tokens, reading.shape
    events = [
        i for i, t in enumerate(tokens) if t.kind == "o" and t.value.object == "event" and not _aimed_at(reading, i)
    ]
    verbs = [i for i, t in enumerate(tokens) if t.kind == "j" and (not t.word.startswith("not ") or events[:1] == [0])]
    for verb in verbs:
        doing = tokens[verb].word.endswith("ing")  # "is suppressed by vetoing events with …"
        passive = (is_passive(tokens, verb) and not doing) or tokens[verb].word.startswith("are not ")
        purpose = tokens[verb - 1].word == "to" if verb else False
        for event in events:
            if not passive and not purpose and event > verb and re.fullmatch(r"[tre]{0,3}", shape[verb + 1 : event]):
                return event + 1, len(tokens)
            if passive and event < verb and not any(_parts(t) for t in _without_asides(tokens[event:verb])):
                present = reading.words(verb + 1, verb + 5).startswith("in the presence of")
                if present or re.match(r"[tl]{0,3}f", shape[verb + 1 :]):
                    return verb + 1, len(tokens)
                also = re.match(r",? ?and so (?:is|are)\b", reading.words(verb + 1, verb + 5))
                return event + 1, len(tokens) if also else verb
    return None


def _without_asides(tokens: list[Token]) -> list[Token]:
    """Return tokens without a relative clause between commas: `, which here need only have p_T > 10 GeV,`."""
    start = next((i for i, t in enumerate(tokens[1:], 1) if t.word == "which" and tokens[i - 1].kind == "l"), None)
    if start is None or tokens[-1].word not in {"is", "are"}:
        return tokens
    commas = [i for i in range(start, len(tokens)) if tokens[i].kind == "l"]
    return [*tokens[: start - 1], *tokens[commas[-1] :]] if commas else tokens


def _parts(token: Token) -> bool:
    """Say whether what follows a token is another clause; a `looser requirement` is no verb."""
    return token.kind in "SW" or (token.kind == "m" and token.word not in {"requirement", "requirements"})


def denied(reading: Reading) -> list[Phrase]:
    """Return the objects that a region vetoes: `CRW vetoes b-jets`, `a veto on b-jets`, `a b-jet veto is applied`."""
    shape = reading.shape
    counted = {c.object for c in reading.counts}
    if led := _LEADS_TO.search(reading.words(0, len(reading.tokens))):
        there = [p for p in reading.phrases if p.index not in counted and p.object in PHYSICAL]
        first = next(
            (p for p in there if p.article in _ANY_ONE or _PRESENT.search(reading.words_before(p.start, 3))), None
        )
        if first is not None and first.index < len(led.string[: led.start()].split()) + 2:
            return _listed(reading, first)
    for verb, token in enumerate(reading.tokens):
        if not re.fullmatch(r"veto(?:es|ing|s|ed)?|(?:are )?not (?:allowed|permitted)", token.word) or (
            verb and reading.tokens[verb - 1].word == "for"
        ):
            continue  # "loose leptons are used for vetoing …"
        placed = _PLACED_ON.match(reading.words(verb + 1, verb + 6))  # "a veto is imposed on electrons"
        behind = verb + 1 + (len(placed.group(1).split()) if placed else 0)
        after = re.match(r"(?:t{0,2}[trekh]{0,3})o", shape[behind:])
        on = reading.words(behind, behind + 1) in {"on", "against", "of"}
        active = token.word in {"vetoes", "vetoing"} and token.kind == "j"
        if after and (on or active):
            first = next((p for p in reading.phrases if p.index == behind - 1 + after.end()), None)
            group = _listed(reading, first) if first is not None else []
        elif token.word == "vetoed" or token.word.endswith(("allowed", "permitted")):
            group = _objects_of(reading, verb)
        elif verb and shape[verb - 1] == "o" and _APPLIED.match(reading.words(verb + 1, verb + 6)):
            group = [p for p in reading.phrases if p.index == verb - 1]
        elif re.match(
            r"(?:the|an) event\b", reading.words(verb + 1, verb + 3)
        ):  # "jets with p_T > 35 GeV veto the event"
            group = [p for p in reading.phrases[:1] if p.index < verb]
        else:
            continue
        group = [p for p in group if p.object in PHYSICAL and p.index not in counted]
        if group:
            return group
    return []


def _listed(reading: Reading, first: Phrase) -> list[Phrase]:
    """`electrons with p_T > 7 GeV and muons with p_T > 6 GeV`."""
    group = reading.joined_after(first)
    for phrase in reading.phrases:
        between = reading.shape[group[-1].index + 1 : phrase.start]
        if phrase.index > group[-1].index and re.fullmatch(r"w[vcnubdltO]*?(?:la|a|l)", between):
            group += reading.joined_after(phrase)
    return group


def _objects_of(reading: Reading, verb: int) -> list[Phrase]:
    """`jets with p_T > 30 GeV are vetoed`: the events with them are."""
    passive = is_passive(reading.tokens, verb) or reading.tokens[verb].word.startswith("are not")
    if not passive or reading.shape[verb + 1 : verb + 2] == "f":
        return []
    start = max((i for i in range(verb) if reading.shape[i] in "SWmE"), default=-1)
    opens = max((i for i in range(verb) if reading.shape[i] in "SE"), default=-1)
    if any(p.object == "event" and opens < p.index < verb for p in reading.phrases):
        return []
    heads = [p for p in reading.phrases if start < p.index < verb and not p.oblique and p.object in PHYSICAL]
    related = any(
        reading.tokens[q.variable].value.variable in _RELATIONS
        for q in reading.quantities
        if q.variable is not None and start < q.start < verb
    )
    bounds = [q for q in reading.quantities if start < q.start < verb]
    if bounds and all(_is_gap(reading, q) for q in bounds):
        return []  # "electrons with 1.37 < |η| < 1.52 are vetoed", not the events with them
    described = reading.words(heads[0].start, verb) if heads else ""
    if heads and heads[0].object == "jet" and _AS_B.search(described):
        return [replace(heads[0], object="bjet")]  # "jets with p_T > 20 GeV that are identified as b jets are vetoed"
    if not heads or related or heads[0].object == "track" or _QUALITY.search(described) or _SOME.search(described):
        return []
    group = _listed(reading, heads[0])
    if re.match(r",? ?as (?:are|is)\b", reading.words(verb + 1, verb + 4)):  # "…, as are taus with p_T > 20 GeV"
        also = [p for p in reading.phrases if p.index > verb and p.object in PHYSICAL]
        group += _listed(reading, also[0]) if also else []
    return group


def _is_gap(reading: Reading, quantity: Quantity) -> bool:
    variable = None if quantity.variable is None else reading.tokens[quantity.variable].value.variable
    return variable in {"eta", "abs_eta"} and quantity.operator == "in" and quantity.amounts[0].values[0] > 0


def vetoed(reading: Reading) -> list[Phrase]:
    """Return the objects whose presence rejects an event."""
    reach = _reach(reading)
    if reach is None:
        return []
    bounded = [
        reading.shape.rfind("v", reach[0], q.start) if q.variable is None else q.variable
        for q in reading.quantities
        if reach[0] <= q.start < reach[1]
    ]
    if any(v >= 0 and reading.tokens[v].value.variable in _RELATIONS for v in bounded):
        return []  # what two objects are to each other rejects the event, not that they are there
    counted = {c.object for c in reading.counts}
    found: list[Phrase] = []
    for phrase in reading.phrases:
        if not reach[0] <= phrase.index < reach[1] or phrase.object not in PHYSICAL or phrase.index in counted:
            continue
        if phrase.rank == 1 or phrase.first or (phrase.rank and phrase.article == "the"):
            continue  # "in which the leading jet has p_T below 80 GeV"
        before = reading.words_before(phrase.start, 3).strip().removesuffix(" veto")  # "containing a veto electron"
        behind = reading.words(phrase.index + 1, phrase.index + 12)
        if _QUALITY.search(behind) or _QUALITY.search(phrase.words):
            continue
        if phrase.words.startswith("such") and _QUALITY.search(reading.words(0, phrase.start)):
            continue  # "to identify jets arising from noise, and any event containing such a jet is removed"
        joined = found and _JOINED.fullmatch(reading.shape[found[-1].index + 1 : phrase.index])
        if joined or phrase.start == reach[0] or _HAS.search(before):
            found.append(phrase)
    return found
