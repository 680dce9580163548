"""Sentences made from the notation are read back; text about something else gives no cuts and never an error."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kb.distil import distil
from tests.distil.papers import paper

OBJECTS = {
    "electron": ["Electrons", "electrons"],
    "muon": ["Muons", "muons"],
    "jet": ["Jets", "jets"],
    "photon": ["Photons", "photons"],
    "tau": ["Tau leptons", "tau leptons"],
}  # fmt: skip
ABOVE = [">", "≥", "greater than", "above", "larger than", "of at least", "in excess of", "exceeding"]
BELOW = ["<", "≤", "less than", "below", "smaller than", "of at most"]
REQUIRE = [
    "must have",
    "are required to have",
    "have to have",
    "are selected with",
    "should have",
    "are accepted if they have",
]

SIGNS = "abc xyz 0123456789.,;:()[]<>≤≥=|_^{}ημp_TGeVℓΔRφ-–%±√/√ \n"
numbers = st.one_of(st.integers(2, 900).map(float), st.floats(2.5, 99.5).map(lambda x: round(x, 1)))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(OBJECTS)),
    st.sampled_from(REQUIRE),
    st.sampled_from(["p_T", "E_T", "transverse momentum", "pT"]),
    st.sampled_from(ABOVE),
    numbers,
    st.sampled_from(["GeV", "MeV", "TeV"]),
)
def test_lower_bounds_are_read_back(thing: str, verb: str, symbol: str, bound: str, number: float, unit: str) -> None:
    text = f"{OBJECTS[thing][0]} {verb} {symbol} {bound} {number:g} {unit}."
    (cut,) = distil(paper(f"# Event selection\n\n{text}")).cuts
    assert (cut.subject.object, cut.variable.id, cut.operator[0], cut.value, cut.unit) == (
        thing,
        "pt",
        ">",
        number,
        unit,
    )


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(sorted(OBJECTS)),
    st.sampled_from(sorted(OBJECTS)),
    numbers,
    numbers,
    st.sampled_from(BELOW),
    st.floats(0.5, 4.9),
)
def test_distribution_is_read_back(one: str, other: str, first: float, second: float, bound: str, edge: float) -> None:
    if one == other:
        return
    eta = round(edge, 2)
    text = (
        f"{OBJECTS[one][0]} ({OBJECTS[other][1]}) must have p_T > {first:g} ({second:g}) GeV and |η| {bound} {eta:g}."
    )
    found = {(c.subject.object, c.variable.id, c.value) for c in distil(paper(f"# Selection\n\n{text}")).cuts}
    assert {(one, "pt", first), (other, "pt", second)} <= found
    assert any(variable == "abs_eta" and value == eta for _, variable, value in found)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(5, 200), min_size=2, max_size=4, unique=True))
def test_lists_are_read_back_with_ranks(thresholds: list[int]) -> None:
    falling = sorted(thresholds, reverse=True)
    words = {2: "two", 3: "three", 4: "four"}[len(falling)]
    listed = ", ".join(str(t) for t in falling[:-1]) + f" and {falling[-1]} GeV"
    criteria = distil(paper(f"# Selection\n\nThe {words} leading jets must have p_T > {listed}, respectively."))
    assert [(c.subject.rank, c.value) for c in criteria.cuts] == [(i + 1, float(t)) for i, t in enumerate(falling)]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from(SIGNS), max_size=300))
def test_noise_never_breaks_the_distiller(text: str) -> None:
    distil(paper(f"# Event selection\n\nx {text}"))


PROSE = """
The committee met at least three times in the course of the year and selected two of the candidates, who were
required to be under 35 years of age. Fewer than 20% of the applications were rejected.

Patients older than 18 years with a body mass index greater than 25 were included if they had no history of
heart disease. The dose was increased to 50 mg after two weeks and samples were kept below 4 degrees.

The soil contained less than 5% clay. We selected ten plots of 4 m by 4 m and removed all plants within 30 cm
of the border. At least two observers counted the birds, and no nests were disturbed.

The bank must hold capital of at least 8% of its assets, and loans exceeding 10 million euros require
approval.
"""


def test_text_about_something_else_states_no_cuts() -> None:
    for heading in ("Selection", "Methods", "Event selection"):
        assert [c.statement() for c in distil(paper(f"# {heading}\n\n{PROSE}")).cuts] == []
