"""Turn the bounds and counts of a sentence into candidates, in the light of its conditions."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from kb.distil.alternated import alternated
from kb.distil.amounts import Amount, Quantity
from kb.distil.bounded import Bounded
from kb.distil.bounds import bound, is_requirement
from kb.distil.candidates import Candidate, Setting
from kb.distil.conditioned import asks_for_points
from kb.distil.conditions import ConditionalSpan, conditional_spans
from kb.distil.differences import as_difference, as_multiple
from kb.distil.isolation import summed
from kb.distil.members import counted
from kb.distil.memory import Memory
from kb.distil.multiplicity import absent, multiplicity, present
from kb.distil.placeholders import resolved
from kb.distil.reading import Reading
from kb.distil.thresholds import sliding, threshold
from kb.distil.totals import of_others
from kb.distil.variables import respective, variables
from kb.distil.windows import gaps, windows

# "jets with |η| < 2.5 containing b hadrons are identified by …", "jets with p_T > 20 GeV are b tagged with …"
_ARE_TAGGED = re.compile(
    r"(?:the )?(?:\w+ )?jets? (?:(?!\b(?:are|is|must)\b)[^;])*?"
    r"(?:\b(?:contain(?:ing)?|originating from|arising from|initiated by) (?:the \w+ of )?(?:an? )?b[- ]\w+"
    r"[^;]*?\b(?:are|is) (?:\w+ )?(?:identified|tagged)\b"
    r"|\b(?:are|is) (?:\w+ )?(?:b[- ]tagged|(?:identified|tagged) as b)\b)",
    re.IGNORECASE,
)
_AVOIDS = re.compile(r"(?:in order )?to (?:avoid|prevent)\b", re.IGNORECASE)
_PILE_UP = re.compile(r"\bpile-?up\b|\bjet[ -]vertex\b|\bJV[TF]\b|\bprimary vertex\b", re.IGNORECASE)


def candidates(reading: Reading, memory: Memory, setting: Setting) -> list[Candidate]:
    """Return the candidates a sentence states by bounds and counts."""
    _use_windows(reading)
    _join_respective(reading)
    told_before = resolved(reading, memory)
    spans = conditional_spans(reading)
    spans = [s for s in spans if not _is_all(reading, s, spans)]
    turned = {id(q) for q in alternated(reading) or ()}
    spans = [s for s in spans if not turned & {id(q) for q in s.quantities}]
    conditional = turned | {id(q) for span in spans for q in span.quantities}
    outside = [q for q in reading.quantities if id(q) not in conditional]
    if not reading.counts and not any(is_requirement(reading, q) for q in outside):
        if any(s.quantities and _is_applied(reading, s) for s in spans):
            return []  # "a tagger is applied for jets with p_T < 60 GeV"
        if any(s.quantities for s in spans) and asks_for_points(reading):
            return []  # "must satisfy the tight identification for p_T < 50 GeV"
        # "accepted if they have p_T > 7 GeV": the condition is the requirement
        spans = [s for s in spans if s.firm or not s.quantities]
        conditional = turned | {id(q) for span in spans for q in span.quantities}
    found: list[Candidate] = []
    function = threshold(reading)
    if function:
        found += sliding(reading, function, memory, setting)
    done: list[tuple[Quantity, list[Bounded]]] = []
    for quantity in reading.quantities:
        if id(quantity) in conditional or not is_requirement(reading, quantity):
            continue
        on = told_before.get(quantity.start) or summed(reading, quantity, variables(reading, quantity, memory, done))
        on = of_others(reading, quantity, on)
        on = as_difference(reading, quantity, as_multiple(reading, quantity, on))
        on = respective(reading, quantity, on)
        done.append((quantity, on))
        if len(on) == 2 and len(quantity.amounts) == 1 and len(quantity.amounts[0].values) == 2:
            unit = quantity.amounts[0].unit  # "the transverse (longitudinal) impact parameter … 0.5 (1) mm"
            quantity.amounts = [Amount((value,), unit) for value in quantity.amounts[0].values]
        each = len(on) == len(quantity.amounts)  # "d_0 and z_0 must be less than 1 and 2 mm"
        for index, bounded in enumerate(on):
            own = replace(quantity, amounts=[quantity.amounts[index]]) if each else quantity
            found += bound(reading, own, bounded, spans, memory, setting)
    if _PILE_UP.search(reading.text) and found and all(_is_where(c) for c in found):
        found = []  # "the jet vertex tagger is used for jets with p_T < 60 GeV and |η| < 2.4"
    for count in reading.counts:
        if _AVOIDS.match(reading.text) and count.start < reading.shape.find("l"):
            continue
        if any(s.start < count.start < s.end and (s.leading or s.quantities or _is_if(reading, s)) for s in spans):
            continue
        if count.start and reading.tokens[count.start - 1].word == "using":
            continue
        found += multiplicity(reading, count, spans, memory, setting)
    found += counted(reading, setting)
    found += absent(reading, setting)
    found += present(reading, setting)
    return [_tagged(one) for one in found] if _ARE_TAGGED.match(reading.text) else found


def _tagged(one: Candidate) -> Candidate:
    """Give to b jets what is required of `jets with p_T > 20 GeV that contain b hadrons`."""
    return one.with_(object="bjet") if one.object == "jet" and one.rank is None else one


def _is_where(candidate: Candidate) -> bool:
    """Say whether a bound only tells which jets may come from pile-up: the soft and central ones."""
    below = candidate.variable.id == "pt" and candidate.operator in {"<", "<="} and candidate.role == "select"
    return candidate.object == "jet" and (below or candidate.variable.id in {"abs_eta", "eta"})


def _is_all(reading: Reading, span: ConditionalSpan, spans: list[ConditionalSpan]) -> bool:
    """Say whether a condition is all that its clause asks for, in a sentence of several: `…; it is kept if …`."""
    ends = [i for i, kind in enumerate(reading.shape) if kind == "S"]
    if not ends or span.firm or not span.quantities or not _is_if(reading, span):
        return False
    start = max((i for i in ends if i < span.start), default=-1)
    end = min((i for i in ends if i >= span.end), default=len(reading.shape))
    conditional = {id(q) for other in spans for q in other.quantities}
    others = [q for q in reading.quantities if start < q.start < end and id(q) not in conditional]
    counted = any(start < c.start < end for c in reading.counts)
    return not counted and not any(is_requirement(reading, q) for q in others)


def _is_applied(reading: Reading, span: ConditionalSpan) -> bool:
    before = reading.words(0, span.start)
    named = re.search(r"\b(?:identification|working point|tagger|criteria)\b", before)
    return bool(named) and re.search(r"\b(?:used|required|imposed)$", before) is not None


def _is_if(reading: Reading, span: ConditionalSpan) -> bool:
    excepted = span.start > 0 and reading.tokens[span.start - 1].word == "except"  # "except for events with two jets"
    return excepted or reading.tokens[span.start].word in {"if", "unless"}


def _use_windows(reading: Reading) -> None:
    _share_units(reading)
    for window in windows(reading.tokens, reading.shape):
        reading.quantities = [q for q in reading.quantities if q.end <= window.start or q.start >= window.end]
        reading.quantities.append(window)
    reading.quantities.sort(key=lambda q: q.start)
    reading.quantities = gaps(reading.tokens, reading.quantities)


def _share_units(reading: Reading) -> None:
    """`m < 70 or m > 110 GeV`: a bound without a unit has that of the next on the same variable."""
    for one, other in pairwise(reading.quantities):
        if one.variable is None or other.variable is None or reading.shape[one.end : other.variable] != "a":
            continue
        same = reading.tokens[one.variable].text == reading.tokens[other.variable].text
        if same and one.amounts[0].unit == "1" and len(one.amounts) == len(other.amounts) == 1:
            one.amounts = [replace(one.amounts[0], unit=other.amounts[0].unit)]


def _descend(reading: Reading, one: Quantity, other: Quantity) -> bool:
    """`two taus with p_T > 55 GeV and p_T > 40 GeV`: the first is for the leading one."""
    symbols = [reading.tokens[q.variable].value for q in (one, other) if q.variable is not None]
    if len(symbols) < 2 or any(s.variable != "pt" or s.about is not None for s in symbols):
        return False
    single = all(len(q.amounts) == 1 and len(q.amounts[0].values) == 1 and not q.amounts[0].upper for q in (one, other))
    falls = single and one.operator[0] == ">" and one.amounts[0].values > other.amounts[0].values
    owner = next((p for p in reversed(reading.phrases) if p.index < one.start), None)
    return falls and reading.shape[one.end : other.start] == "av" and owner is not None and owner.number == 2


def _join_respective(reading: Reading) -> None:
    """Read `p_T = 60 GeV and p_T = 50 GeV, respectively` as one list."""
    respectively = "y" in reading.shape
    joined: list[Quantity] = []
    for quantity in reading.quantities:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.variable is not None
            and last.operator == quantity.operator
            and (respectively or _descend(reading, last, quantity))
            and (
                re.match(r"ly|yp|ft?ra.*y", reading.shape[quantity.end :]) is not None
                if quantity.variable is None
                else reading.tokens[last.variable].text == reading.tokens[quantity.variable].text
            )
            and re.fullmatch(r"(?:l?a|l)v?", reading.shape[last.end : quantity.start])
        ):
            shared = quantity.amounts[0].unit
            own = [replace(one, unit=shared) if one.unit == "1" else one for one in last.amounts]
            last.amounts = [*own, *quantity.amounts]
            last.end = quantity.end
        else:
            joined.append(quantity)
    reading.quantities = joined
