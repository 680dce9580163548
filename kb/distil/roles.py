"""Tell what a clause throws away from what it keeps: the role of a bound or a count."""

from __future__ import annotations

import re

from kb.distil.amounts import Quantity
from kb.distil.counts import Count
from kb.distil.entities import is_passive, kinds
from kb.distil.lexer import Token
from kb.distil.reading import Reading
from kb.distil.vetoes import is_apart, is_veto
from kb.ssc import Role

_NEW = {"the", "events", "those", "any", "all", "candidates"}  # what another subject starts with
_AS_ARE = re.compile(r"\b(?:as|so) (?:are|were|is) (?:those|events|the ones|ones|any)\b")
_LEADS_TO = re.compile(r"^[^,;]{0,40}\b(?:leads?|results?) (?:to|in) the (?:rejection|removal|exclusion|veto)\b")


def role(reading: Reading, quantity: Quantity | Count) -> Role:
    """Say whether the clause throws away what it describes."""
    tokens = reading.tokens
    if isinstance(quantity, Quantity) and "∉" in tokens[quantity.start].text:
        return "select"  # "the J/ψ is vetoed: m ∉ [3.0, 3.2] GeV"
    for count in reading.counts:
        near = count.rule == "no-objects" and 0 <= quantity.start - count.end < 6 and isinstance(quantity, Quantity)
        if near and is_apart(reading, count.end):
            return "veto"
    if _LEADS_TO.search(reading.words(quantity.end, len(tokens))):
        return "veto"
    if (_AS_ARE.search(reading.words(0, quantity.start))) and any(t.kind == "j" for t in tokens[: quantity.start]):
        return "veto"  # "events with b jets are discarded, as are those in which …"
    if isinstance(quantity, Quantity) and (_is_lacking(reading, quantity) or _says_veto(reading, quantity)):
        return "select"
    start = max((i for i in range(quantity.start) if tokens[i].kind in "SWC"), default=-1)
    stop = next((i for i in range(quantity.end, len(tokens)) if tokens[i].kind in "SW"), len(tokens))
    for verb in range(start + 1, stop):
        token = tokens[verb]
        if token.kind != "j" or (token.word in {"veto", "vetoes"} and tokens[verb - 1].word in {"for", "as", "the"}):
            continue  # "used for vetoes"
        if token.word in {"veto", "vetoes"} and verb and tokens[verb - 1].kind in "oh":
            continue  # "the jet veto is applied and …"
        if token.word == "veto" and tokens[verb - 1].word == "a" and tokens[verb + 1].kind in "al":
            continue  # "is replaced by a veto and 30 < m_T < 90 GeV is required"
        if token.word == "veto" and _names_collection(tokens, verb):
            continue
        if verb > quantity.start and (
            _of_others(tokens, start, quantity, verb) or _is_conditional(tokens, quantity, verb)
        ):
            continue
        passive = _passive(tokens, verb)
        if verb > quantity.start:
            if passive or _is_left_out(tokens, quantity, verb):
                return "veto"
            continue
        between = tokens[verb + 1 : quantity.start]
        if re.search(r"\bi ?\.? ?e\b", reading.words(verb, quantity.start)) or any(t.kind == "m" for t in between):
            continue  # "excluding the signal region, i.e. …"
        if verb and tokens[verb - 1].word in {"that", "which"} and any(t.kind == "j" for t in between):
            continue  # "criteria that reject noise are removed, and a vertex with five tracks is demanded"
        if passive:
            if any(t.kind == "f" for t in between):
                return "veto"  # "are removed if they …"
            continue
        if token.word == "excluded" and any(t.kind == "w" for t in tokens[max(0, verb - 8) : verb]):
            continue  # "with 1.37 < |η| < 1.52 excluded because of the material, and E_T > 40 GeV"
        if any(t.kind == "j" and _passive(tokens, verb + 1 + i) for i, t in enumerate(between)):
            continue  # "jets that fail the criteria that reject noise are removed, and at least one vertex is …"
        if (
            verb
            and tokens[verb - 1].word == "to"
            and token.word in {"reject", "remove", "suppress", "veto", "exclude", "eliminate", "discard"}
            and (not _asked(tokens, verb) or (verb == start + 2 and any(t.kind == "l" for t in between)))
        ):
            continue  # a purpose: "to reject background, …"
        if token.word in {"excluding", "excludes", "removing"} and _begins_anew(reading, quantity, verb):
            continue
        if token.word in {"excluding", "excludes", "removing"} and len(between) > 5:
            if _same_variable(reading, quantity, verb):
                return "veto"  # "excluding m < 4, 8.5 < m < 11 or 75 < m < 105 GeV"
            continue
        return "veto"
    return "select"


def _is_lacking(reading: Reading, quantity: Quantity) -> bool:
    """`events with no vertex within 24 cm of the centre are rejected`: such a vertex is asked for."""
    return is_veto(reading) and any(
        t.word in {"no", "without"} and reading.phrase_at(i + 2 if reading.shape[i + 1] == "t" else i + 1)
        for i, t in enumerate(reading.tokens[: quantity.start])
        if i + 2 < len(reading.tokens)
    )


def _says_veto(reading: Reading, quantity: Quantity) -> bool:
    """`a veto on hadronic taus, m_T2 > 80 GeV, is applied`: what is kept stands between commas."""
    start = quantity.start if quantity.variable is None else min(quantity.start, quantity.variable)
    if not quantity.symbolic or reading.shape[start - 1 : start] != "l":
        return False
    placed = re.match(r"l?t{0,2}[mkt]", reading.shape[quantity.end :])
    return placed is not None and re.search(r"\bveto (?:on|of|against)\b[^,;]*,$", reading.words(0, start)) is not None


def _begins_anew(reading: Reading, quantity: Quantity | Count, verb: int) -> bool:
    """`electrons |η| < 2.47 excluding 1.37 < |η| < 1.52, and muons |η| < 2.5`: nothing of the muons is left out."""
    left_out = next((q for q in reading.quantities if q.start > verb), None)
    if left_out is None or left_out is quantity:
        return False
    return re.search(r"[la]t?r?o(?!.*[wf])", reading.shape[left_out.end : quantity.start]) is not None


def _same_variable(reading: Reading, quantity: Quantity | Count, verb: int) -> bool:
    """Say whether what is thrown away and a later bound are on the same variable."""
    first = next((q for q in reading.quantities if q.start > verb and q.variable is not None), None)
    if first is None or first.variable is None or not isinstance(quantity, Quantity) or quantity.variable is None:
        return False
    return reading.tokens[first.variable].text == reading.tokens[quantity.variable].text


def _names_collection(tokens: list[Token], verb: int) -> bool:
    """`veto leptons have p_T > 10 GeV` tells what a veto lepton is."""
    following = tokens[verb + 1] if verb + 1 < len(tokens) else None
    before = tokens[verb - 1] if verb else None
    object_follows = following is not None and following.kind == "o" and following.value.object != "event"
    return object_follows and (before is None or before.word not in {"we", "to", "and"})


def _of_others(tokens: list[Token], start: int, quantity: Quantity | Count, verb: int) -> bool:
    """`photons must have p_T > 25 GeV, and those in the gap are rejected`: the verb is about others."""
    asked = any(
        t.kind == "m" or t.word.startswith("must ") or t.word in {"condition", "conditions"}
        for t in tokens[start + 1 : quantity.end]
    )
    between = tokens[quantity.end : verb]
    if any(t.word == "which" and i and between[i - 1].word == "from" for i, t in enumerate(between)):
        return True  # "in |η| < 2.37, from which the region 1.37 < |η| < 1.52 is excluded"
    if asked and any(t.word == "where" and i and between[i - 1].kind == "l" for i, t in enumerate(between)):
        return True  # "must have |η| < 2.47, where candidates in 1.37 < |η| < 1.52 are excluded"
    if asked and any(t.word == "and" and between[i + 1].word in _NEW for i, t in enumerate(between[:-1])):
        return True  # "must exceed 20 GeV, and the region 76 < m < 106 GeV is excluded"
    later = kinds(between)
    if re.search(r"m[^a]*?l?ao", later) and _is_about_events(tokens, verb):
        return True  # "two taus are required, and events with electrons are discarded"
    others = (i for i, t in enumerate(between) if t.word in {"those", "others", "ones"} or t.kind == "o")
    first = next(others, None)
    return asked and first is not None and any(t.kind == "a" for t in between[:first])


def _is_left_out(tokens: list[Token], quantity: Quantity | Count, verb: int) -> bool:
    """`…, with the region 1.37 < |η| < 1.52 excluded`: a participle behind the bound says what becomes of it."""
    before = [t.word for t in tokens[max(0, quantity.start - 5) : quantity.start]]
    return verb <= quantity.end + 1 and tokens[verb].word.endswith("ed") and "with" in before


def _is_conditional(tokens: list[Token], quantity: Quantity | Count, verb: int) -> bool:
    """`jets must have p_T > 35 GeV and are rejected if they are near an electron`: only these are thrown away."""
    joined = any(t.kind == "a" for t in tokens[quantity.end : verb])
    asked = any(t.kind in "mk" for t in tokens[: quantity.start])
    return joined and asked and any(t.kind == "f" for t in tokens[verb + 1 : verb + 3])


def _is_about_events(tokens: list[Token], verb: int) -> bool:
    """Say whether the subject of a verb is the event, named after the last `and`."""
    start = max((i for i in range(verb) if tokens[i].kind == "a" and tokens[i].word == "and"), default=-1)
    return any(t.kind == "o" and t.value.object == "event" for t in tokens[start + 1 : start + 3])


def _asked(tokens: list[Token], verb: int) -> bool:
    """`we require to veto …`, `is used to reject events with …`."""
    return any(t.kind == "o" and t.value.object == "event" for t in tokens[verb + 1 : verb + 3])


def _passive(tokens: list[Token], verb: int) -> bool:
    word = tokens[verb].word
    if word.endswith("ing") or (verb and tokens[verb - 1].word == "to"):
        return False  # "a cut is used to reject events with …"
    return word.startswith(("not ", "are not")) or is_passive(tokens, verb)
