"""Turn the bounds and counts of a sentence into candidates: distribution, conditions, roles."""

from __future__ import annotations

import re

from kb.distil import conditions
from kb.distil.candidates import Candidate, Memory, joined_condition, operator_of
from kb.distil.distribution import distribute
from kb.distil.isolation import isolation, summed
from kb.distil.multiplicity import absent, multiplicity, present
from kb.distil.particles import Named
from kb.distil.qualifiers import pair_name
from kb.distil.quantities import Amount, Quantity, closed_at
from kb.distil.reading import Phrase, Reading
from kb.distil.roles import role
from kb.distil.subjects import About, is_cone, subjects, variables
from kb.distil.thresholds import Threshold, threshold
from kb.distil.vetoes import is_veto
from kb.distil.windows import closed_around, gaps, windows
from kb.ssc import Condition, Role, Scope, Variable

_EVENT_OBJECTS = {
    "event",
    "met",
    "lepton_pair",
    "electron_pair",
    "muon_pair",
    "jet_pair",
    "bjet_pair",
    "photon_pair",
    "lepton_met",
    "jet_met",
    "photon_met",
    "lepton_photon",
    "electron_muon",
    "trilepton",
    "fourlepton",
    "w",
    "z",
    "top",
    "higgs",
    "candidate",
    "hemisphere",
    "vertex",
}


_DIMENSIONED = {"pt", "energy", "mass", "mt", "mt2", "mct", "ht", "st", "lt", "meff", "mht", "mj", "mr"}
_OWN = {"pt", "abs_eta", "eta", "iso_rel", "iso_abs", "d0", "z0", "energy", "n_tracks"}


def candidates(
    reading: Reading, memory: Memory, *, scope: Scope | None = None, regions: tuple[str, ...] = ()
) -> list[Candidate]:
    """Return the candidates a sentence states."""
    _use_windows(reading)
    found: list[Candidate] = []
    _respectively(reading)
    placeholders(reading, memory)
    held = _held(reading, memory)
    spans = conditions.spans(reading)
    conditional = {id(q) for span in spans for q in span.quantities}
    outside = [q for q in reading.quantities if id(q) not in conditional]
    keeps = bool(reading.counts) or any(_states(reading, q) for q in outside)
    if not keeps and any(
        s.quantities and re.search(r"\bapplied\b", reading.words(max(0, s.start - 2), s.start)) for s in spans
    ):
        return found  # "a tagger is applied for jets with p_T < 60 GeV"
    if not keeps:  # "accepted if they have p_T > 7 GeV": the condition is the requirement
        spans = [s for s in spans if not s.quantities]
        conditional = set()
    done: list[tuple[Quantity, list[About]]] = []
    function = threshold(reading)
    if function:
        sliding, partners = _sliding(reading, function, memory, spans, scope, regions)
        found += sliding
        gone = set(range(function.start, function.end))
        reading.quantities = [
            q for q in reading.quantities if not gone & set(range(q.start, q.end)) and q not in partners
        ]
    for quantity in reading.quantities:
        if id(quantity) in conditional or not _states(reading, quantity):
            continue
        about = held.get(quantity.start) or summed(reading, quantity, variables(reading, quantity, memory, done))
        done.append((quantity, about))
        for one in about:
            found += _bound(reading, quantity, one, memory, spans, scope, regions)
    for count in reading.counts:
        if any(s.start < count.start < s.end and (s.leading or s.quantities) for s in spans):
            continue
        if reading.tokens[count.start - 1].word == "using" and count.start:
            continue
        found += multiplicity(reading, count, memory, spans, scope, regions)
    found += absent(reading, scope, regions)
    found += present(reading, memory, scope, regions)
    return found


def placeholders(reading: Reading, memory: Memory) -> None:
    """Remember `I_rel < I_1`: the bound's value is told later."""
    tokens = reading.tokens
    for match in re.finditer(r"vct(?!t*n)", reading.shape):
        operator, name = str(tokens[match.start() + 1].value), tokens[match.start() + 2].text
        if operator != "==" and re.fullmatch(r"[A-Za-z]{1,3}(?:_\{?\w+\}?|\d)(?:\^\{?\w+\}?)?", name):
            symbol = tokens[match.start()].value
            memory.placeholders[name] = (symbol.variable, symbol.name, operator)


def _held(reading: Reading, memory: Memory) -> dict[int, list[About]]:
    """Read `I_1 = 0.12 (0.16)` as the value of a bound told before."""
    tokens = reading.tokens
    held: dict[int, list[About]] = {}
    for quantity in reading.quantities:
        before = tokens[quantity.start - 1] if quantity.start else None
        known = memory.placeholders.get(before.text) if before is not None else None
        if known and quantity.operator == "==":
            quantity.operator, quantity.rule = known[2], "placeholder"
            held[quantity.start] = [About(known[0], None, known[1], index=quantity.start - 1)]
    return held


def _respectively(reading: Reading) -> None:
    """Read `p_T = 60 GeV and p_T = 50 GeV, respectively` as one list."""
    if "y" not in reading.shape:
        return
    joined: list[Quantity] = []
    for quantity in reading.quantities:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.variable is not None
            and quantity.variable is not None
            and last.operator == quantity.operator
            and reading.tokens[last.variable].text == reading.tokens[quantity.variable].text
            and re.fullmatch(r"(?:l?a|l)v?", reading.shape[last.end : quantity.start])
        ):
            last.amounts = [*last.amounts, *quantity.amounts]
            last.end = quantity.end
        else:
            joined.append(quantity)
    reading.quantities = joined


def _sliding(
    reading: Reading,
    function: Threshold,
    memory: Memory,
    spans: list[conditions.Span],
    scope: Scope | None,
    regions: tuple[str, ...],
) -> tuple[list[Candidate], list[Quantity]]:
    """Read a bound that follows another quantity, with the fixed bound on its other side if there is one."""
    tokens = reading.tokens
    comparator = next(
        (
            i
            for i in range(function.start - 1, -1, -1)
            if tokens[i].kind == "c"
            and not tokens[i].word.startswith("threshold")
            and not any(q.covers(i) for q in reading.quantities)
        ),
        None,
    )
    operator = str(tokens[comparator].value) if comparator is not None else ">"
    if comparator is None and re.search(r"\b(?:upper|maximum|at most|below)\b", reading.words(0, function.start)):
        operator = "<"
    position = comparator if comparator is not None else function.start
    points = function.function.points
    quantity = Quantity(position, position + 1, operator, [Amount((points[0][1],), function.unit)])
    if position and tokens[position - 1].kind == "v":
        quantity.variable = position - 1
    about = variables(reading, quantity, memory, [])
    fixed = [
        q for q in reading.quantities if q.end <= function.start and len(q.amounts) == 1 and not q.amounts[0].upper
    ]
    if not about:
        return [], []
    who = subjects(reading, quantity, about[0], memory)
    if not who:
        return [], []
    base = _candidate(reading, quantity, about[0], who[0], quantity.amounts[0], 0, [], "select", memory, scope, regions)
    opposite = [
        q
        for q in fixed
        if q.operator[0] != operator[0] and q.operator[0] in "<>" and q.amounts[0].unit == function.unit
    ]
    if opposite:
        edge = opposite[-1].amounts[0].values[0]
        ends = [(function.function, operator), (edge, opposite[-1].operator)]
        (low, above), (high, below) = ends if operator[0] == ">" else reversed(ends)
        closed = closed_at(low="=" in above, high="=" in below)
        return [base.with_(operator="in", value=(low, high), closed=closed, rule="sliding-threshold")], [opposite[-1]]
    return [base.with_(value=function.function, rule="sliding-threshold")], []


def _use_windows(reading: Reading) -> None:
    for window in windows(reading.tokens, reading.shape, reading.text):
        reading.quantities = [q for q in reading.quantities if q.end <= window.start or q.start >= window.end]
        reading.quantities.append(window)
    reading.quantities.sort(key=lambda q: q.start)
    reading.quantities = gaps(reading.tokens, reading.quantities)


def _states(reading: Reading, quantity: Quantity) -> bool:
    """Say whether a bound can be a requirement at all (`R = 0.4` is none)."""
    if quantity.rule == "placeholder":
        return True
    if quantity.variable is not None and is_cone(reading, quantity.variable):
        return False
    if quantity.operator == "==":
        variable = quantity.variable
        if variable is None:
            counted = re.search(r"v[tO]?[trk]{0,2}o$", reading.shape[: quantity.start])
            return counted is not None and reading.tokens[counted.start()].value.variable == "count"
        symbol = reading.tokens[variable].value
        if symbol.variable in {"count", "charge"}:
            return True
        if (
            any(t.word.startswith("threshold") for t in reading.tokens[max(0, variable - 3) : variable])
            or quantity.rule == "respectively"
        ):
            quantity.operator = ">"
            return True
        return symbol.variable in {"delta_r", "delta_phi"} and any(
            t.kind == "i" for t in reading.tokens[max(0, variable - 4) : variable]
        )
    return True


def _when(
    reading: Reading, quantity: Quantity, spans: list[conditions.Span]
) -> tuple[list[Condition], list[conditions.Span]]:
    found: list[Condition] = []
    used = []
    for span in spans:
        nearest = quantity.end <= span.start and not any(
            quantity.end <= q.start
            and q.end <= span.start
            and id(q) not in {id(x) for s in spans for x in s.quantities}
            for q in reading.quantities
        )
        group = quantity.end <= span.start and not nearest and _same_group(reading, quantity, span)
        if (span.leading and span.end <= quantity.start) or nearest or group:
            condition = conditions.condition(reading, span)
            if condition:
                found.append(condition)
                used.append(span)
    channel = conditions.channel_after(reading, quantity.end)
    if channel and not found:
        found.append(channel)
    return found, used


def _same_group(reading: Reading, quantity: Quantity, span: conditions.Span) -> bool:
    """`X > 1 and Y < 2 if …`: a condition with a bound governs all bounds of its clause."""
    return bool(span.quantities) and not re.search(r"[SWmkjf]", reading.shape[quantity.end : span.start])


def _bound(
    reading: Reading,
    quantity: Quantity,
    about: About,
    memory: Memory,
    spans: list[conditions.Span],
    scope: Scope | None,
    regions: tuple[str, ...],
) -> list[Candidate]:
    when, _ = _when(reading, quantity, spans)
    who = subjects(reading, quantity, about, memory)
    if not who:
        return []
    if about.variable in _DIMENSIONED and quantity.amounts[0].unit == "1":
        return []  # a momentum without a unit is read from a table or a list, not from a requirement
    stated = role(reading, quantity)
    single = all(w.object not in _EVENT_OBJECTS and w.rank is None for w in who)
    # "events with a tau with p_T > 20 GeV are rejected" defines the tau and rejects the event
    defined = stated == "veto" and single and about.variable in _OWN and is_veto(reading)
    if defined:
        stated = "select"
    if quantity.rule == "bins" and quantity.note:
        regions = (quantity.note,)
    if quantity.rule == "direction":
        about.variable = quantity.note
    found = []
    for subject, amount, index, extra in distribute(reading, quantity, about, who, memory):
        one = _candidate(
            reading, quantity, about, subject, amount, index, [*when, *extra], stated, memory, scope, regions
        )
        if defined and one.definition is None:
            one = one.with_(definition=f"veto {one.object}")
        found.append(one)
    return found


def _candidate(
    reading: Reading,
    quantity: Quantity,
    about: About,
    subject: Phrase | Named,
    amount: Amount,
    index: int,
    when: list[Condition],
    role: Role,
    memory: Memory,
    scope: Scope | None,
    regions: tuple[str, ...],
) -> Candidate:
    object_id, rank = subject.object, subject.rank
    definition = None
    if isinstance(subject, Phrase):
        tagged = conditions.phrase_condition(subject)
        if tagged:
            when = [*when, tagged]
        if subject.requires and "_" in object_id:
            definition = pair_name(subject.requires, object_id)
        elif subject.definition and object_id == subject.object and scope != "trigger":
            definition = subject.definition
    if (
        definition is None
        and object_id in memory.vetoed
        and rank is None
        and scope is None
        and re.match(r"(?i)(?:for this purpose|the|such|these|in either case|they|a )", reading.text)
    ):
        definition = memory.vetoed[object_id]
    also = re.search(r"\b(?:also|additionally)\b", reading.text) or re.match(r"(?i)(?:they|these)\b", reading.text)
    if definition is None and object_id in memory.collection and also and scope is None:
        definition = memory.collection[object_id]
    if rank == -1:
        rank = memory.leptons if object_id in {"lepton", "electron", "muon"} and memory.leptons else None
    variable_id, unit = about.variable, amount.unit
    if variable_id == "isolation":
        variable_id = "iso_abs" if unit in {"GeV", "MeV", "TeV"} else "iso_rel"
    name = about.name
    if variable_id == "eta" and quantity.operator in {"<", "<="}:
        variable_id = "abs_eta"
    if variable_id in {"mt", "ht", "st", "meff", "mct", "mj", "mt2", "lt", "mht"}:
        object_id, rank = "event", None
    if variable_id in {"d0", "z0", "d0_sig", "z0_sintheta"} and object_id in {"vertex", "event"}:
        object_id = memory.subject or "lepton"
    value: float | tuple[float, float] = amount.values[0]
    operator, closed = quantity.operator, quantity.closed
    if amount.upper:
        value = (amount.values[0], amount.upper[0])
    if about.window and operator in {"<", "<=", ">", ">="} and not amount.upper:
        closed = closed_around(operator)
        value, operator = _around(about.window, amount), "in" if operator[0] == "<" else "not_in"
    if variable_id in {"delta_r", "delta_phi"} and operator == "==":
        operator = "<"
    if variable_id == "count" and operator == "<=" and value == 0:
        operator = "=="
    variable = Variable(
        id=variable_id,
        name=name if variable_id in {"other", "ratio"} else None,
        **isolation(reading, memory, variable_id, object_id, reading.tokens[quantity.start].start - reading.start),
    )
    event = object_id in _EVENT_OBJECTS or rank is not None or variable_id == "count"
    removal = variable_id == "delta_r" and role == "veto"
    return Candidate(
        object=object_id,
        variable=variable,
        operator=operator_of(operator),
        value=value,
        closed=closed,
        unit=unit,
        start=reading.start,
        end=reading.end,
        rule=quantity.rule,
        at=reading.tokens[quantity.start].start,
        rank=rank,
        definition=definition,
        when=joined_condition(when),
        role=role,
        regions=regions,
        scope=scope or ("region" if regions else "event" if event and not removal else "object"),
    )


def _around(window: str, amount: Amount) -> tuple[float, float]:
    from kb.distil.entities import mass_named
    from kb.vocabulary import unit_factor

    centre = mass_named(window)
    if centre is None:
        number = re.search(r"\d+(?:\.\d+)?", window)
        centre = float(number.group()) if number else 91.1876
    centre /= unit_factor(amount.unit)
    return (round(centre - amount.values[0], 6), round(centre + amount.values[0], 6))
