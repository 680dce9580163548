"""A grammar of how selections are written: each sentence it makes comes with the cuts that it states."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from kb.ssc import Cut

Z_MASS = 91.1876
"""GeV; what 'the Z boson mass' is in criteria."""


@dataclass(frozen=True)
class Stated:
    """A cut as a sentence of the grammar states it; numbers in the unit the sentence gives."""

    object: str
    variable: str
    operator: str
    value: float | tuple[float, float]
    unit: str
    rank: int | None = None
    closed: str = "both"
    role: str = "select"
    regions: tuple[str, ...] = ()
    when: tuple[tuple[str, str, float | tuple[float, float]], ...] = ()


@dataclass(frozen=True)
class Quantity:
    """Something measured of an object: how it is named with and without its object, and what it is in criteria."""

    object: str
    variable: str
    symbol: str
    words: str
    unit: str


@dataclass(frozen=True)
class Bound:
    """A bound in words and signs; `after` follows 'a p_T of …' or a symbol, `be` follows 'is required to be'."""

    sign: str
    be: str
    operator: str
    value: float | tuple[float, float]
    closed: str = "both"


OBJECTS = {
    "electron": ("electron", "electrons"),
    "muon": ("muon", "muons"),
    "photon": ("photon", "photons"),
    "jet": ("jet", "jets"),
    "tau": ("tau lepton", "tau leptons"),
    "bjet": ("b jet", "b jets"),
    "fatjet": ("large-radius jet", "large-radius jets"),
}
RANKS = {
    1: ("leading", "highest-p_T"),
    2: ("subleading", "second-leading", "second-highest-p_T"),
    3: ("third-leading", "third"),
}
OF_OBJECTS = {
    "pt": (("p_T", "pT"), ("transverse momentum",), "GeV"),
    "abs_eta": (("|η|",), ("absolute pseudorapidity",), "1"),
    "d0": (("|d_0|",), ("transverse impact parameter",), "mm"),
    "z0": (("|z_0|",), ("longitudinal impact parameter",), "mm"),
    "iso_rel": (("I_rel",), ("relative isolation",), "1"),
}
OF_EVENTS = (
    Quantity("met", "pt", "E_T^miss", "the missing transverse momentum", "GeV"),
    Quantity("event", "ht", "H_T", "the scalar sum of the transverse momenta of the jets, H_T,", "GeV"),
    Quantity("lepton_pair", "mass", "m_ℓℓ", "the dilepton invariant mass", "GeV"),
    Quantity("jet_pair", "mass", "m_jj", "the dijet invariant mass", "GeV"),
    Quantity("photon_pair", "mass", "m_γγ", "the diphoton invariant mass", "GeV"),
    Quantity("lepton_pair", "pt", "p_T^ℓℓ", "the transverse momentum of the dilepton system", "GeV"),
    Quantity("jet_pair", "delta_eta", "|Δη_jj|", "the pseudorapidity separation of the two leading jets", "1"),
    Quantity("lepton_pair", "delta_r", "ΔR_ℓℓ", "the angular distance ΔR between the two leptons", "1"),
    Quantity("event", "mt", "m_T", "the transverse mass of the lepton and the missing transverse momentum", "GeV"),
    Quantity("event", "meff", "m_eff", "the effective mass m_eff", "GeV"),
)
NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def _text(number: float) -> str:
    return f"{number:g}"


@st.composite
def bounds(draw: st.DrawFn, unit: str) -> Bound:
    """Draw a lower bound, an upper bound, a range or what is outside of one, in signs and in words."""
    numbers = st.integers(2, 40).map(lambda n: n / 10) if unit == "1" else st.integers(4, 180).map(lambda n: 5.0 * n)
    x = draw(numbers)
    y = draw(numbers.filter(lambda n: n != x))
    low, high = sorted((x, y))
    u = "" if unit == "1" else f" {unit}"
    a, b = _text(low), _text(high)
    return draw(
        st.sampled_from(
            [
                Bound(f"> {a}{u}", f"greater than {a}{u}", ">", low),
                Bound(f"> {a}{u}", f"above {a}{u}", ">", low),
                Bound(f"> {a}{u}", f"larger than {a}{u}", ">", low),
                Bound(f"in excess of {a}{u}", f"in excess of {a}{u}", ">", low),
                Bound(f"exceeding {a}{u}", f"more than {a}{u}", ">", low),
                Bound(f"≥ {a}{u}", f"at least {a}{u}", ">=", low),
                Bound(f"of at least {a}{u}", f"not less than {a}{u}", ">=", low),
                Bound(f"≳ {a}{u}", f"higher than {a}{u}", ">", low),
                Bound(f"< {b}{u}", f"less than {b}{u}", "<", high),
                Bound(f"< {b}{u}", f"below {b}{u}", "<", high),
                Bound(f"smaller than {b}{u}", f"smaller than {b}{u}", "<", high),
                Bound(f"≤ {b}{u}", f"at most {b}{u}", "<=", high),
                Bound(f"of at most {b}{u}", f"not more than {b}{u}", "<=", high),
                Bound(f"between {a} and {b}{u}", f"between {a} and {b}{u}", "in", (low, high)),
                Bound(f"from {a} to {b}{u}", f"in the range {a}–{b}{u}", "in", (low, high)),
                Bound(f"in the range {a} to {b}{u}", f"in the interval [{a}, {b}]{u}", "in", (low, high)),
                Bound(f"outside the range {a}–{b}{u}", f"outside the range {a}–{b}{u}", "not_in", (low, high)),
            ]
        )
    )


@st.composite
def of_objects(draw: st.DrawFn) -> tuple[str, list[Stated]]:
    """Draw a sentence on one kind of object, or on one by its rank, with one to three requirements."""
    name = draw(st.sampled_from(sorted(OBJECTS)))
    one, many = OBJECTS[name]
    rank = draw(st.sampled_from([None, None, *RANKS]))
    subject = many if rank is None else f"the {draw(st.sampled_from(RANKS[rank]))} {one}"
    own = [v for v in OF_OBJECTS if v in {"pt", "abs_eta"} or name in {"electron", "muon"}]
    pieces, stated = [], []
    for variable in draw(st.permutations(own))[: draw(st.integers(1, 3))]:
        symbols, words, unit = OF_OBJECTS[variable]
        bound = draw(bounds(unit))
        if variable not in {"pt", "abs_eta"}:
            bound = draw(bounds(unit).filter(lambda b: b.operator in {"<", "<="}))
        in_words = draw(st.booleans())
        pieces.append((draw(st.sampled_from(words if in_words else symbols)), bound, in_words))
        stated.append(Stated(name, variable, bound.operator, bound.value, unit, rank, bound.closed))
    said = [f"{'an' if q[0] == 'a' else 'a'} {q} {b.sign}" if w else f"{q} {b.sign}" for q, b, w in pieces]
    have = " and ".join(filter(None, [", ".join(said[:-1]), said[-1]]))
    must, has = draw(
        st.sampled_from(
            [
                ("must have", "must have"),
                ("are required to have", "is required to have"),
                ("have to have", "has to have"),
                ("should have", "should have"),
            ]
        )
    )
    frames = [f"{subject} {must if rank is None else has} {have}."]
    if rank is None:
        frames += [f"{subject} with {have} are selected.", f"only {subject} with {have} are considered."]
    if len(pieces) == 1:
        quantity, bound, _ = pieces[0]
        frames += [
            f"the {quantity} of {subject} {'must' if draw(st.booleans()) else 'has to'} be {bound.be}.",
            f"{subject} {must if rank is None else has} {quantity} {bound.sign}.",
        ]
    return _sentence(draw(st.sampled_from(frames))), stated


@st.composite
def of_events(draw: st.DrawFn) -> tuple[str, list[Stated]]:
    """Draw a sentence on one or two quantities of an event, which selects or vetoes."""
    chosen = draw(st.lists(st.sampled_from(OF_EVENTS), min_size=1, max_size=2, unique_by=lambda q: q.variable))
    pairs = [(quantity, draw(bounds(quantity.unit))) for quantity in chosen]
    stated = [Stated(q.object, q.variable, b.operator, b.value, q.unit, None, b.closed) for q, b in pairs]
    signs = " and ".join(f"{q.symbol} {b.sign}" for q, b in pairs)
    words = " and ".join(f"{q.words} {'must' if n == 0 else 'has to'} be {b.be}" for n, (q, b) in enumerate(pairs))
    required = " and ".join(f"{q.words} to be {b.be}" for q, b in pairs)
    frames = [
        f"events must have {signs}.",
        f"events are required to satisfy {signs}.",
        f"events with {signs} are selected.",
        f"we require {signs}.",
        f"the selection requires {signs}.",
        f"{words}.",
        f"we require {required}.",
        f"{chosen[0].words} is required to be {pairs[0][1].be}.",
    ]
    frame = draw(st.integers(0, len(frames)))
    if frame == len(frames):
        verb = draw(st.sampled_from(["rejected", "vetoed", "removed", "discarded"]))
        return _sentence(f"events with {pairs[0][0].symbol} {pairs[0][1].sign} are {verb}."), [
            replace(stated[0], role="veto")
        ]
    return _sentence(frames[frame]), stated[:1] if frame == len(frames) - 1 else stated


@st.composite
def counts(draw: st.DrawFn) -> tuple[str, list[Stated]]:
    """Draw a sentence on how many objects an event must have."""
    name = draw(st.sampled_from(sorted(OBJECTS)))
    one, many = OBJECTS[name]
    n = draw(st.integers(1, 6))
    noun = one if n == 1 else many
    phrase, operator, value = draw(
        st.sampled_from(
            [
                (f"exactly {NUMBERS[n]} {noun}", "==", n),
                (f"at least {NUMBERS[n]} {noun}", ">=", n),
                (f"at most {NUMBERS[n]} {noun}", "<=", n),
                (f"no {many}", "==", 0),
                (f"{NUMBERS[n]} or more {many}", ">=", n),
                (f"no more than {NUMBERS[n]} {noun}", "<=", n),
                (f"more than {NUMBERS[n]} {noun}", ">", n),
                (f"fewer than {NUMBERS[n]} {noun}", "<", n),
            ]
        )
    )
    frame = draw(
        st.sampled_from(
            [
                "events must contain {}.",
                "events are required to have {}.",
                "events with {} are selected.",
                "we select events with {}.",
                "{} are required.",
                "the event must contain {}.",
            ]
        )
    )
    return _sentence(frame.format(phrase)), [Stated(name, "count", operator, float(value), "1")]


@st.composite
def windows(draw: st.DrawFn) -> tuple[str, list[Stated]]:
    """Draw a sentence on a mass near to that of the Z boson, or away from it."""
    width = draw(st.integers(3, 30))
    inside = (round(Z_MASS - width, 4), round(Z_MASS + width, 4))
    sentence, operator, closed = draw(
        st.sampled_from(
            [
                (f"the dilepton mass must be within {width} GeV of the Z boson mass.", "in", "both"),
                (f"events must have |m_ℓℓ − m_Z| < {width} GeV.", "in", "neither"),
                (f"we require |m_ℓℓ − m_Z| > {width} GeV.", "not_in", "both"),
                (f"the invariant mass of the lepton pair must lie within {width} GeV of m_Z.", "in", "both"),
                (f"the dilepton mass must differ by more than {width} GeV from the Z boson mass.", "not_in", "both"),
                (f"m_ℓℓ is required to be within ±{width} GeV of the nominal Z boson mass.", "in", "both"),
            ]
        )
    )
    return _sentence(sentence), [Stated("lepton_pair", "mass", operator, inside, "GeV", None, closed)]


@st.composite
def shared(draw: st.DrawFn) -> tuple[str, list[Stated]]:
    """Draw a sentence that gives two kinds of objects, or the first few of one kind, their numbers."""
    if draw(st.booleans()):
        one, other = draw(st.permutations(sorted(OBJECTS)))[:2]
        a, b = draw(st.lists(st.integers(5, 300), min_size=2, max_size=2, unique=True))
        first, second = OBJECTS[one][1], OBJECTS[other][1]
        sentence = draw(
            st.sampled_from(
                [
                    f"{first} ({second}) must have p_T > {a} ({b}) GeV.",
                    f"{first} and {second} must have p_T > {a} and {b} GeV, respectively.",
                    f"{first} are required to have p_T > {a} GeV and {second} p_T > {b} GeV.",
                    f"the transverse momentum must be greater than {a} GeV for {first} and {b} GeV for {second}.",
                ]
            )
        )
        return _sentence(sentence), [
            Stated(one, "pt", ">", float(a), "GeV"),
            Stated(other, "pt", ">", float(b), "GeV"),
        ]
    name = draw(st.sampled_from(["electron", "muon", "photon", "jet"]))
    a, b = sorted(draw(st.lists(st.integers(5, 300), min_size=2, max_size=2, unique=True)), reverse=True)
    one, many = OBJECTS[name]
    sentence = draw(
        st.sampled_from(
            [
                f"the leading (subleading) {one} must have p_T > {a} ({b}) GeV.",
                f"the two leading {many} must have p_T > {a} and {b} GeV, respectively.",
                f"the leading {one} must have p_T > {a} GeV and the subleading {one} p_T > {b} GeV.",
                f"the leading and subleading {many} are required to have p_T > {a} GeV and p_T > {b} GeV.",
            ]
        )
    )
    return _sentence(sentence), [
        Stated(name, "pt", ">", float(a), "GeV", 1),
        Stated(name, "pt", ">", float(b), "GeV", 2),
    ]


@st.composite
def in_regions(draw: st.DrawFn) -> tuple[str, list[Stated]]:
    """Draw a sentence on what one region requires, or on the different numbers of two."""
    quantity = draw(st.sampled_from(OF_EVENTS))
    bound = draw(bounds(quantity.unit))
    kind = draw(st.sampled_from(["SR", "CR", "VR"]))
    long = {"SR": "signal region", "CR": "control region", "VR": "validation region"}[kind]
    name = draw(st.sampled_from([f"{kind}1", f"{kind}2", f"{kind}-A", f"{kind}-high", f"{kind}_low", long]))
    the = f"the {name}" if name == long else f"{draw(st.sampled_from(['', f'the {long} ', 'region ']))}{name}"
    first = Stated(quantity.object, quantity.variable, bound.operator, bound.value, quantity.unit, None, bound.closed)
    frames = [
        f"in {the}, events must have {quantity.symbol} {bound.sign}.",
        f"in {the}, {quantity.words} must be {bound.be}.",
        f"{the} requires {quantity.symbol} {bound.sign}.",
        f"{quantity.words} is required to be {bound.be} in {the}.",
        f"for {the} we require {quantity.symbol} {bound.sign}.",
        f"events in {the} must satisfy {quantity.symbol} {bound.sign}.",
    ]
    other = f"{kind}3"
    other_bound = draw(bounds(quantity.unit).filter(lambda b: b.operator == bound.operator and b.value != bound.value))
    second = replace(first, value=other_bound.value, regions=(other,))
    both = [
        f"{quantity.words} must be {bound.be} in {name} and {other_bound.be} in {other}.",
        f"{the} requires {quantity.symbol} {bound.sign}, while {other} requires {quantity.symbol} {other_bound.sign}.",
    ]
    frame = draw(st.integers(0, len(frames) + (0 if name == long else len(both)) - 1))
    first = replace(first, regions=(name,))
    if frame < len(frames):
        return _sentence(frames[frame]), [first]
    return _sentence(both[frame - len(frames)]), [first, second]


@st.composite
def conditioned(draw: st.DrawFn) -> tuple[str, list[Stated]]:
    """Draw a sentence on an object's requirement that holds where another of its quantities is in a range."""
    name = draw(st.sampled_from(["electron", "muon", "photon", "jet"]))
    many = OBJECTS[name][1]
    variable, symbol, words, unit = draw(
        st.sampled_from([("pt", "p_T", "transverse momentum", "GeV"), ("iso_rel", "I_rel", "relative isolation", "1")])
    )
    bound = draw(bounds(unit).filter(lambda b: b.operator == (">" if variable == "pt" else "<")))
    edge = draw(st.sampled_from([0.8, 1.37, 1.5, 2.0]))
    low, high = draw(st.sampled_from([(0.8, 1.3), (1.5, 2.4), (1.6, 2.1)]))
    where, inside = draw(
        st.sampled_from(
            [
                (f"|η| < {edge:g}", ("abs_eta", "<", edge)),
                (f"|η| > {edge:g}", ("abs_eta", ">", edge)),
                (f"{low:g} < |η| < {high:g}", ("abs_eta", "in", (low, high))),
            ]
        )
    )
    sentence = draw(
        st.sampled_from(
            [
                f"{many} must have {symbol} {bound.sign} for {where}.",
                f"for {where}, {many} must have {symbol} {bound.sign}.",
                f"for {many} with {where}, the {words} must be {bound.be}.",
                f"the {words} of {many} must be {bound.be} for {where}.",
                *([f"{many} with {where} must have {symbol} {bound.sign}."] if inside[1] != "<" else []),
                f"{many} are required to have {symbol} {bound.sign} if {where}.",
            ]
        )
    )
    return _sentence(sentence), [Stated(name, variable, bound.operator, bound.value, unit, when=(inside,))]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


ROWS = (
    Quantity("met", "pt", "E_T^miss", "Missing transverse momentum", "GeV"),
    Quantity("event", "ht", "H_T", "H_T", "GeV"),
    Quantity("event", "mt", "m_T", "Transverse mass m_T", "GeV"),
    Quantity("event", "meff", "m_eff", "Effective mass", "GeV"),
    Quantity("lepton_pair", "mass", "m_ℓℓ", "Dilepton mass", "GeV"),
    Quantity("jet_pair", "mass", "m_jj", "Dijet mass m_jj", "GeV"),
    Quantity("jet_pair", "delta_eta", "|Δη_jj|", "|Δη_jj|", "1"),
    Quantity("jet", "count", "N_jets", "Number of jets", "1"),
    Quantity("bjet", "count", "N_b-jets", "Number of b-tagged jets", "1"),
    Quantity("lepton", "count", "N_ℓ", "Number of leptons", "1"),
)
EMPTY = ("–", "—", "-", "...")


@st.composite
def _cells(
    draw: st.DrawFn, quantity: Quantity, unit: str, closed: bool
) -> tuple[str, str, float | tuple[float, float]] | None:
    """Draw the text of a cell with its operator and value; None where nothing is required."""
    if draw(st.integers(0, 4)) == 0:
        return None
    if quantity.variable == "count":
        n = draw(st.integers(0, 6))
        cells = [(f"{n}", "==", n), (f"= {n}", "==", n), (f"≥ {n + 1}", ">=", n + 1), (f"< {n + 1}", "<", n + 1)]
        return draw(st.sampled_from(cells))
    step, highest = (0.1, 50) if quantity.unit == "1" else (5.0, 200)
    low = round(step * draw(st.integers(2, highest)), 1)
    high = round(low + step * draw(st.integers(1, highest)), 1)
    a, b = _text(low), _text(high)
    return draw(
        st.sampled_from(
            [
                (f"≥ {a}{unit}", ">=", low) if closed else (f"> {a}{unit}", ">", low),
                (f"≤ {b}{unit}", "<=", high) if closed else (f"< {b}{unit}", "<", high),
                (f"{a}–{b}{unit}", "in", (low, high)),
                (f"[{a}, {b}]{unit}", "in", (low, high)),
                (f"∈ [{a}, {b}]{unit}", "in", (low, high)),
            ]
        )
    )


@st.composite
def in_tables(draw: st.DrawFn) -> tuple[str, list[Stated]]:
    """Draw a table of requirements and regions, either way round, with the units in the heads or in the cells."""
    rows = draw(st.lists(st.sampled_from(ROWS), min_size=2, max_size=4, unique_by=lambda q: (q.object, q.variable)))
    names = draw(
        st.sampled_from(
            [
                ["SR1", "SR2"],
                ["SR-A", "SR-B", "SR-C"],
                ["SR", "CR", "VR"],
                ["SR2J", "SR4J", "SR6J"],
                ["SRlow", "SRhigh", "CRtop"],
                ["SR", "WCR", "TCR"],
                ["Signal region", "Control region"],
            ]
        )
    )
    brackets = draw(st.sampled_from([" [GeV]", " (GeV)", ""]))
    in_words, closed = draw(st.booleans()), draw(st.booleans())
    empty = draw(st.sampled_from(EMPTY))
    grid: list[list[str]] = []
    stated: list[Stated] = []
    for quantity in rows:
        unit = "" if quantity.unit == "1" or brackets else " GeV"
        head = (quantity.words if in_words else quantity.symbol) + (brackets if quantity.unit == "GeV" else "")
        line = [head]
        for name in names:
            cell = draw(_cells(quantity, unit, closed))
            line.append(cell[0] if cell else empty)
            if cell:
                value = cell[2] if isinstance(cell[2], tuple) else float(cell[2])
                stated.append(
                    Stated(quantity.object, quantity.variable, cell[1], value, quantity.unit, regions=(name,))
                )
        grid.append(line)
    corner = draw(st.sampled_from(["Requirement", "Variable", "Selection", "Region"]))
    table = [[corner, *names], *grid]
    if draw(st.booleans()):
        table = [list(column) for column in zip(*table, strict=True)]
    caption = draw(
        st.sampled_from(
            [
                "Table 1: Definition of the signal, control and validation regions.",
                "Table 1: Selection requirements of all regions.",
                "Table 1: Summary of the event selection in each region.",
            ]
        )
    )
    return f"{caption}\n\n" + "\n".join(" | ".join(row) for row in table), stated


KINDS: dict[str, st.SearchStrategy[tuple[str, list[Stated]]]] = {
    "of objects": of_objects(),
    "of events": of_events(),
    "of counts": counts(),
    "of windows": windows(),
    "of shared numbers": shared(),
    "of regions": in_regions(),
    "with conditions": conditioned(),
    "of tables": in_tables(),
}
"""The kinds of sentences."""


def stated(cut: Cut) -> list[Stated]:
    """Return what a distilled cut states, in the terms of the grammar; once for each of its regions."""
    one = Stated(
        cut.subject.object,
        cut.variable.id,
        cut.operator,
        _rounded(cut.value),
        cut.unit,
        cut.subject.rank,
        cut.closed,
        cut.role,
        (),
        tuple((c.variable.id, c.operator, _rounded(c.value)) for c in cut.when.clauses) if cut.when else (),
    )
    return [replace(one, regions=(region,)) for region in cut.regions] or [one]


def _rounded(value: object) -> Any:
    return tuple(round(float(x), 4) for x in value) if isinstance(value, tuple) else value
