"""Tell conditions from requirements: `for p_T < 50 GeV`, `if they are of the same flavour`, `in the 4μ channel`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.distil.amounts import Quantity
from kb.distil.candidates import operator_of
from kb.distil.entities import is_passive, kinds
from kb.distil.lexer import Token
from kb.distil.lexicon import lexicon
from kb.distil.phrases import Phrase
from kb.distil.qualifiers import channel_condition, flavour_condition, pair_requirements, tag_condition
from kb.distil.reading import Reading
from kb.ssc import Clause, Condition, Subject, Variable

_CONTRAST = re.compile(r"\b(?:whereas|while)\b.*\b(?:forward|endcaps?|central|barrel)\b|\belsewhere\b|\botherwise\b")
_IN_PART = re.compile(
    r"(?:(?:is|are) (?:applied|required|used|imposed) )?(?P<part>"
    r"in (?:the )?(?:\w+ )?(?:barrel|endcaps?|central|forward|EB|EE)(?: region)?\b"
    r"(?! ?\( ?(?:barrel|endcaps?|central|forward|EE)\b)"
    r"|(?<=\()\s?(?:in the )?(?:barrel|endcaps?|EB|EE)(?=\s?\)))"
)
_IN_EVENTS = re.compile(r"(?:in|for) (?:the )?events? (?:with|having)\b")
_IN_REGION = re.compile(r"(?:[Ff]or|[Ii]n) (?:the |both |all )*[\w-]*(?:SR|CR|VR)[\w-]*(?: \w+)?,? (?=\S)")
_PLACED = re.compile(r"(?:channel|region|categor|state)\w*")
_IDENTIFIES = re.compile(r"\b(?:identification|ID|tagger|JVT|isolation|criteri\w+|discriminant|working point)\b")
_PILEUP = re.compile(r"\bpile-?up\b", re.IGNORECASE)
_CALLED = re.compile(r"\w*[SCV]R(?:[-_]?\w+)?")
_DEFINES = re.compile(  # "is tagged as a top quark if", "qualify if", "enters the sample when"
    r"\b(?:is|are) (?:tagged|identified|classified|labell?ed|called|regarded|counted|isolated|assigned)"
    r"(?: (?:as|to(?: be)?))?(?: (?:an?|the))?(?: [\w-]+){0,3}$"
    r"|\b(?:qualif(?:y|ies)|counts?|belongs?|enters?|forms?)(?: (?:as|in|to|the|an?|[\w-]+)){0,6}$"
    r"|\b(?:considered|accepted|selected|kept|retained|used|taken|treated) as(?: [\w-]+){1,3}$"
    r"|\bconsidered (?:to be )?[a-z]+$|\band (?:in)?to (?:the|an?)(?: [\w-]+){1,4}$"
)
_FOUND_IN = re.compile(
    r"\b(?:reconstructed|detected|found|located|contained|restricted|confined|limited|must be|candidates|photons"
    r"|electrons|muons|jets) (?:only )?(?:in|within|to) the(?: [\w-]+)?$"
)
_ENDCAPS = re.compile(r"\bend-?caps?\b|\bforward\b", re.IGNORECASE)
_OR_THAT = re.compile(r"\bor (?:the |an? )?[\w-]+(?: [\w-]+){0,3}$")
_IF = {"if", "when", "in case", "in case of", "provided that", "provided"}
_PARTS, _PLACES = lexicon().sets["parts"], {"cuts", "region", "regions"}


@dataclass(slots=True)
class ConditionalSpan:
    """A conditional phrase: tokens `[start, end)`; `leading` ones open the sentence and govern all of it.

    The bounds of `firm` ones are never requirements, even where the sentence has no other.
    """

    start: int
    end: int
    leading: bool
    quantities: list[Quantity]
    firm: bool = False


def conditional_spans(reading: Reading) -> list[ConditionalSpan]:
    """Return the conditional phrases of a sentence."""
    tokens, shape = reading.tokens, reading.shape
    found: list[ConditionalSpan] = []
    starts = [i for i, t in enumerate(tokens) if (t.kind == "f" and not _is_required(tokens, i)) or t.word == "unless"]
    asked = {q.start for q in reading.quantities if q.rule == "threshold"}
    starts = [i for i in starts if i + 1 not in asked]  # "the dimuon ones for 17 and 8 GeV"
    ranged = bool(tokens) and tokens[0].word == "in the region" and any(q.start <= 2 for q in reading.quantities)
    if ranged:
        starts.insert(0, 0)  # "in the region 15 < p_T < 25 GeV, electrons must …"
    if (
        tokens
        and tokens[0].word in {"in", "within"}
        and re.search(r"\bevents?\b|\bregions?\b|\bchannels?\b", reading.words(0, 8), re.I)
    ):
        starts.insert(0, 0)
    starts += [i for i in range(2, len(tokens)) if shape[i - 1] in "un" and _IN_EVENTS.match(reading.words(i, i + 4))]
    starts.sort()
    for start in starts:
        if found and start < found[-1].end:
            continue
        end = start + 1
        depth = 0
        repeated = {q.start for q in reading.quantities if q.rule == "repeated"}
        while end < len(tokens):
            kind = shape[end]
            if (
                start == 0
                and depth == 0
                and (_PLACED.fullmatch(tokens[end - 1].word) or _CALLED.fullmatch(tokens[end - 1].text))
                and _goes_on(reading, end)
            ):
                break  # "in the 1-lepton channel exactly one lepton is required"
            if start == 0 and tokens[0].word in {"in", "within"} and kind == "m":
                break  # "in every event there has to be a vertex"
            if kind in "alW" and repeated & set(range(end + 1, end + 4)):
                break
            if kind == "b":
                depth += 1
            elif kind == "d":
                if depth == 0:
                    break
                depth -= 1
            elif depth == 0 and (
                kind in "SWf"
                or tokens[end].word in {"former", "latter", "corresponding"}
                or (kind == "l" and not _continues(reading, start, end))
                or (re.match(r"a[tg]{0,2}(?:v[ctb]|c)", shape[end:]) and _ends(reading, start, end))
            ):
                break
            end += 1
        inside = [q for q in reading.quantities if start < q.start < end and _conditional(reading, start, q)]
        verb = shape.find("m", start, end)
        if inside and inside[-1].end <= verb:
            end = inside[-1].end  # "for jets with p_T < 50 GeV the fraction must …"
        elsewhere = any(not start < q.start < end for q in reading.quantities)
        firm = tokens[start].word == "unless" and elsewhere  # else "is discarded unless p_T > 20 GeV" asks for it
        firm = firm or (ranged and start == 0) or (elsewhere is False and _is_second_choice(reading, start))
        found.append(ConditionalSpan(start, end, start <= 1, inside, firm=firm))
    found = found or _universal(reading)
    for span in (*_softer(reading), *_parts(reading), *_imposed_on(reading), *_of_pileup(reading)):
        if not any(span.start < other.end and other.start < span.end for other in found):
            found.append(span)
    return sorted(found, key=lambda span: span.start)


def _is_required(tokens: list[Token], index: int) -> bool:
    """`are considered if they have p_T > 5 GeV`: the condition is the requirement."""
    before = tokens[index - 1] if index else None
    if before is None or not tokens[index].word.startswith(("if", "when", "provided")):
        return False
    if before.kind == "l" and tokens[index].word.startswith("provided") and index > 1:
        index, before = index - 1, tokens[index - 2]  # "are considered, provided that …"
    if before.kind == "a":  # "or when": as the one before
        return any(t.kind == "f" and _is_required(tokens, i) for i, t in enumerate(tokens[:index]))
    if before.kind == "j" and any(t.kind in "ci" for t in tokens[: index - 1]):
        # "muons within 0.4 of a jet are dropped if …": that they are is required already
        return _described(kinds(tokens[:index])) is not None
    if _DEFINES.search(" ".join(t.word for t in tokens[:index])):
        return True
    tagged = before.word in {"tagged", "defined", "called"}
    return (before.kind in "kj" or tagged) and is_passive(tokens, index - 1)


def _is_second_choice(reading: Reading, start: int) -> bool:
    """`pass the loose isolation, or the tight one if they have p_T > 200 GeV`: the bound tells which of the two."""
    return (
        re.search(r"a[tefrohn]{1,6}$", reading.shape[:start]) is not None
        and _OR_THAT.search(reading.words(0, start)) is not None
    )


def _goes_on(reading: Reading, index: int) -> bool:
    """Say whether the main clause starts at a token, and not what tells more of the words before."""
    return index < len(reading.tokens) and reading.shape[index] in "ctnzerov"


def _continues(reading: Reading, start: int, comma: int) -> bool:
    """Say whether a bound behind a comma still belongs to a conditional phrase: `in the endcaps, |η| > 1.5, …`."""
    behind = reading.shape[comma:]
    if not re.match(r"l[tr]?[nv][cu]", behind):
        return False
    listed = any(start < q.start < comma for q in reading.quantities)
    following = next((q for q in reading.quantities if q.start > comma), None)
    aside = following is not None and following.symbolic and re.match(r"l(?:nu?c)?vcnu?l", behind)
    variable = following.variable if following is not None else None
    along = variable is not None and reading.tokens[variable].value.variable in {"abs_eta", "eta"}
    named = any(t.kind == "o" for t in reading.tokens[start:comma])  # "for all pairs, p_T > 30 GeV and …"
    return (start > 0 and (along or not named)) or listed or bool(aside)


def _described(shape: str) -> re.Match[str] | None:
    """`those with p_T < 120 GeV and |η| < 2.4 are rejected`: find what tells which ones, before an `if`."""
    return re.search(r"(?:^|[lS])[ten]{0,3}(?P<who>[to])(?P<w>w)[vcnuaotw]*[nu][ot]{0,3}w?[to]{0,2}t{1,2}[jk]$", shape)


def _softer(reading: Reading) -> Iterator[ConditionalSpan]:
    """`jets with p_T < 60 GeV and |η| < 2.4 must …`: an upper bound on a momentum only tells which ones are meant."""
    match = re.search(r"(?:^|l)(?:t{0,2}vO)?[tenr]{0,4}ot{0,3}l?(?P<w>w)", reading.shape) or re.search(
        r"[lSa](?P<those>t)(?P<w>[wcO])", reading.shape
    )
    if match and match.groupdict().get("those") and reading.tokens[match.start("those")].word != "those":
        return
    for index in (i for i, t in enumerate(reading.tokens) if t.kind == "f" and t.word in _IF):
        told = _described(reading.shape[:index])
        who = reading.tokens[told.start("who")] if told else None
        if told and who and (who.word == "those" or (who.kind == "o" and who.value.object != "event")):
            inside = [q for q in reading.quantities if told.start("w") < q.start < index]
            if reading.tokens[index - 1].kind == "k" and all(
                q.operator != "<" for q in inside if _is_momentum(reading, q)
            ):
                return  # "muons with p_T > 5 GeV are kept if they are isolated" asks for both
            if inside:
                yield ConditionalSpan(told.start("w"), inside[-1].end, True, inside, firm=True)
            return
    verb = _verb(reading.shape, match.end()) if match else -1
    if match is None or verb < 0:
        return
    outer = _outer(reading, match.start("w"))
    if outer:
        yield ConditionalSpan(match.start("w"), outer[-1].end, True, outer, firm=True)
        return
    inside = [q for q in reading.quantities if match.start("w") <= q.start and q.end <= verb]
    momenta = [q for q in inside if _is_momentum(reading, q)]
    scored = any(t.kind == "v" and t.value.variable == "discriminant" for t in reading.tokens[verb:])
    contrasted = inside and _CONTRAST.search(reading.words(verb, len(reading.tokens)))
    named = match.groupdict().get("those") and inside and inside[-1].end >= verb - 1
    those = named and any(q.start >= verb for q in reading.quantities)  # "those beyond |η| = 3.0 must have …"
    if any(q.operator in {"<", "<=", "in"} for q in momenta) or (scored and inside) or contrasted or those:
        yield ConditionalSpan(match.start("w"), inside[-1].end, True, inside, firm=True)


def _is_momentum(reading: Reading, quantity: Quantity) -> bool:
    return quantity.variable is not None and reading.tokens[quantity.variable].value.variable == "pt"


def _outer(reading: Reading, start: int) -> list[Quantity]:
    """`jets with |η| > 2.4 must have …`: nobody selects only what is away from the middle of the detector."""
    verb = reading.shape.find("m", start)
    inside = [q for q in reading.quantities if start <= q.start and q.end <= verb]
    required = any(q.start >= verb for q in reading.quantities)
    return inside if required and all(_is_away(reading, q) for q in inside) else []


def _is_away(reading: Reading, quantity: Quantity) -> bool:
    variable = None if quantity.variable is None else reading.tokens[quantity.variable].value.variable
    from_zero = quantity.operator == "in" and not quantity.amounts[0].values[0] > 0
    return variable in {"eta", "abs_eta"} and quantity.operator in {">", ">=", "in"} and not from_zero


def _imposed_on(reading: Reading) -> Iterator[ConditionalSpan]:
    """`the tight identification is imposed on jets with p_T < 50 GeV`: which jets it is imposed on."""
    for match in re.finditer(r"t[mkt](?P<on>[tfg])[te]{0,2}o(?P<w>w)", reading.shape):
        verb, on = reading.tokens[match.start() + 1], reading.tokens[match.start("on")]
        if verb.word not in {"imposed", "applied", "required", "used"} or on.word not in {"on", "to", "for"}:
            continue
        inside = [q for q in reading.quantities if q.start > match.start("w")]
        on_what = {reading.tokens[q.variable].value.variable for q in inside if q.variable is not None}
        if on_what and on_what <= {"pt", "eta", "abs_eta"} and _IDENTIFIES.search(reading.words(0, match.start())):
            yield ConditionalSpan(match.start("w"), inside[-1].end, False, inside, firm=True)


def _of_pileup(reading: Reading) -> Iterator[ConditionalSpan]:
    """`an algorithm that matches jets with p_T < 60 GeV and |η| < 2.4 to tracks`: where pile-up is looked for."""
    if not _PILEUP.search(reading.text):
        return
    for match in re.finditer(r"ow(?P<b>[vcnu]+(?:a[vcnu]+)?)", reading.shape):
        inside = [q for q in reading.quantities if match.start("b") <= q.start < match.end()]
        soft = any(_is_momentum(reading, q) and q.operator in {"<", "<="} for q in inside)
        if soft and "m" not in reading.shape[match.end() :] and reading.tokens[match.start()].value.object == "jet":
            yield ConditionalSpan(match.start() + 1, inside[-1].end, False, inside, firm=True)


def _verb(shape: str, start: int) -> int:
    """Return the verb of requirement behind a bound: `must`, or `must exceed` in one."""
    found = re.compile(r"m|(?<=[nu])c").search(shape, start)
    return found.start() if found else -1


def _parts(reading: Reading) -> Iterator[ConditionalSpan]:
    """`in the barrel (|η| < 1.479)`: what a part of the detector is."""
    for match in re.finditer(r"[to](?:b(?:vcn|ncvcn)d|l(?:vcn|ncvcn)l(?=t?m))", reading.shape):
        predicate = re.search(r"mt$", reading.shape[: match.start()])  # "one of which must be central (|η| < 2.4)"
        # "the transition region (…) is excluded", "discarding the transition region (…)"
        left_out = re.match("t?j", reading.shape[match.end() :]) or re.search(
            r"j[tehr]{0,6}$", reading.shape[: match.start()]
        )
        part = reading.tokens[match.start() - (reading.tokens[match.start()].word in _PLACES)]  # "barrel cuts (…)"
        if part.word in _PARTS and not (predicate or left_out or _is_place(reading, match)):
            inside = [q for q in reading.quantities if match.start() < q.start < match.end()]
            yield ConditionalSpan(match.start(), match.end(), True, inside, firm=True)


def _is_place(reading: Reading, match: re.Match[str]) -> bool:
    """`photons reconstructed in the barrel (|η| < 1.44) are used`: where they must be, and no contrast to elsewhere."""
    later = any(q.start >= match.end() for q in reading.quantities) and "m" in reading.shape[match.end() :]
    if later or _ENDCAPS.search(reading.text):
        return False
    return _FOUND_IN.search(reading.words(0, match.start())) is not None


def _universal(reading: Reading) -> list[ConditionalSpan]:
    """`all jets with p_T > 100 GeV must fulfil …`: the bound on the jets is the condition of the requirement."""
    match = re.match(r".{0,40}?(?P<s>e[tr]{0,2}o)w", reading.shape)
    verb = reading.shape.find("m", match.end()) if match else -1
    if match is None or verb < 0 or "S" in reading.shape[:verb]:
        return []
    inside = [q for q in reading.quantities if match.end() <= q.start and q.end <= verb + 1]
    later = [q for q in reading.quantities if q.start > verb]
    start = match.start("s")
    return [ConditionalSpan(start, verb, True, inside)] if inside and later else []


def _ends(reading: Reading, start: int, end: int) -> bool:
    """Say whether `and` after a conditional phrase starts a new requirement.

    It does where the phrase has no bound, or where what follows has a condition of its own.
    """
    if not any(start < q.start < end for q in reading.quantities):
        return True
    following = next((q for q in reading.quantities if q.start > end), None)
    if following is None:
        return False
    otherwise = reading.words(following.end, following.end + 1) in {"otherwise", "elsewhere"}
    return otherwise or re.match(r"t{0,2}f", reading.shape[following.end :]) is not None


def _conditional(reading: Reading, start: int, quantity: Quantity) -> bool:
    if re.search(r"\bthresholds?\b", reading.words_before(start, 4)):
        return False
    if _IN_REGION.match(reading.words(start, start + 6)):
        return False  # "… while for the CRs H_T < 500 GeV"
    gap = reading.shape[
        start + 1 : quantity.start if quantity.variable is None else min(quantity.start, quantity.variable)
    ]
    return re.fullmatch(r"[tenrohvkOw,bax]*[wvk]?[tb]*(?:[vcnudla]*)", gap) is not None and "m" not in gap


def condition(reading: Reading, span: ConditionalSpan) -> Condition | None:
    """Return the condition a phrase states, or None where it states none."""
    text = reading.words(span.start, span.end).strip(" .,;")
    clauses = [clause for quantity in span.quantities if (clause := clause_of(reading, quantity))]
    if clauses:
        return Condition(text=text, clauses=tuple(clauses))
    if span.leading and reading.tokens[span.start].word in _IF and "o" in reading.shape[span.start : span.end]:
        told = channel_condition(text)
        return told or Condition(text=text)
    relations = [r for r in pair_requirements(text) if r.endswith("flavour")]
    if len(relations) == 1 and "pair" not in text:
        return flavour_condition(text, relations[0])
    return channel_condition(text)


def clause_of(reading: Reading, quantity: Quantity) -> Clause | None:
    index = quantity.variable
    if index is None:
        index = reading.shape.rfind("v", 0, quantity.start)
    if index < 0:
        return None
    symbol = reading.tokens[index].value
    object_id = symbol.about.object if symbol.about else None
    if object_id is None:
        near = [p for p in reading.phrases if p.index < index and p.object != "event"]
        object_id = near[-1].object if near else "event"
    amount = quantity.amounts[0]
    return Clause(
        subject=Subject(object=object_id, rank=symbol.about.rank if symbol.about else None),
        variable=Variable(id=symbol.variable, name=symbol.name),
        operator=operator_of(quantity.operator),
        value=amount.bounds(),
        closed=quantity.closed,
        unit=amount.unit,
    )


def channel_after(reading: Reading, position: int) -> Condition | None:
    """Read a channel right after a bound: `less than 6 in the 4μ channel`."""
    words = reading.words(position, position + 6)
    match = re.match(r"(?:in|for) (?:the |all )?(?:other |remaining )?[\w/]*\s?(?:channels?|final states?)", words)
    return channel_condition(match.group()) if match else None


def place_after(reading: Reading, quantity: Quantity) -> Condition | None:
    """Read what one of several thresholds is for: `0.011 in the barrel and 0.030 in the endcaps`."""
    words = reading.words(quantity.end, quantity.end + 8)
    part = _IN_PART.match(words, words.startswith("("))
    if part:
        return Condition(text=part["part"].strip())
    following = next((q for q in reading.quantities if q.start >= quantity.end), None)
    if quantity.rule != "repeated" and (following is None or following.rule != "repeated"):
        return None
    stop = re.search(r"[lSWBmkjc.]|a(?=t{0,2}n)", reading.shape[quantity.end :])
    end = quantity.end + (stop.start() if stop else len(reading.shape) - quantity.end)
    if any(quantity.end <= p.index < end for p in reading.phrases):
        return None  # an object, which is the subject
    text = reading.words(quantity.end, end).strip(" .")
    return Condition(text=text) if text else None


def phrase_condition(phrase: Phrase) -> Condition | None:
    """Return the condition set by the words before an object (`calorimeter-tagged muons`)."""
    if not phrase.tags:
        return None
    return tag_condition(phrase.words.strip() or phrase.tags[0], phrase.tags, phrase.object)
