"""Selection criteria can say what papers say: each notation that the schema promises, as one test."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kb.document import Document
from kb.errors import CriteriaError
from kb.ssc import (
    Choice,
    Clause,
    Composite,
    Condition,
    Cut,
    ObjectDefinition,
    Origin,
    OverlapRemoval,
    Piecewise,
    Region,
    SelectionCriteria,
    Subject,
    Variable,
    cut_id,
)

HUMAN = Origin(extractor="human")
M4L = {"subject": Subject(object="fourlepton"), "variable": Variable(id="mass"), "unit": "GeV"}


def own(object: str, variable: str, operator: str, value: Any, **fields: Any) -> Cut:
    """State a cut without a sentence, as a person may."""
    subject = Subject(object=object, rank=fields.pop("rank", None), definition=fields.pop("definition", None))
    measured = variable if isinstance(variable, Variable) else Variable(id=variable)
    given = {"scope": "object", "origin": HUMAN, **fields}
    return Cut(
        id=cut_id("x", subject, measured, operator, value, given.get("when"), given.get("regions")),
        subject=subject,
        variable=measured,
        operator=operator,
        value=value,
        **given,
    )


def kept(papers: ModuleType, paper: Document, *cuts: Cut, **fields: Any) -> SelectionCriteria:
    """Collect the cuts, and make sure that JSON keeps all of them."""
    made = papers.criteria(paper, *cuts, **fields)
    again = SelectionCriteria.from_json(made.to_json())
    assert again == made
    assert again.to_json() == made.to_json()
    return made


# ── what it must express ──────────────────────────────────────────────────────────────────────────────────────────


def test_parenthesised_values_are_four_cuts_with_one_sentence(papers: ModuleType) -> None:
    sentence = "electrons (muons) with p_T > 30 (25) GeV and |η| < 1.44 (2.1)"
    paper = papers.document(("paragraph", sentence))
    cuts = [
        papers.cut(paper, sentence, "electron", "pt", ">", 30, unit="GeV"),
        papers.cut(paper, sentence, "muon", "pt", ">", 25, unit="GeV"),
        papers.cut(paper, sentence, "electron", "abs_eta", "<", 1.44),
        papers.cut(paper, sentence, "muon", "abs_eta", "<", 2.1),
    ]
    made = kept(papers, paper, *cuts)
    assert [cut.statement() for cut in made.cuts] == ["e p_T > 30 GeV", "μ p_T > 25 GeV", "e |η| < 1.44", "μ |η| < 2.1"]
    assert {cut.evidence[0].quote for cut in made.cuts} == {sentence}


def test_three_leading_leptons_are_three_cuts_with_ranks(papers: ModuleType, dimuon: Document) -> None:
    cuts = [
        own("lepton", "pt", ">", pt, unit="GeV", rank=rank, scope="event") for rank, pt in ((1, 20), (2, 15), (3, 10))
    ]
    made = kept(papers, dimuon, *cuts)
    assert [cut.statement() for cut in made.cuts] == [
        "leading ℓ p_T > 20 GeV",
        "subleading ℓ p_T > 15 GeV",
        "third ℓ p_T > 10 GeV",
    ]


def test_a_mass_window_is_one_cut(papers: ModuleType, dimuon: Document) -> None:
    window = own("bjet_pair", "mass", "in", (90, 150), unit="GeV", scope="event")
    (cut,) = kept(papers, dimuon, window).cuts
    assert cut.statement() == "bb m in 90 to 150 GeV"
    assert cut.normal_value == (90, 150)


@pytest.mark.parametrize(
    ("operator", "closed", "statement"),
    [
        ("in", "both", "bb m in 90 to 150 GeV"),
        ("in", "left", "bb 90 ≤ m < 150 GeV"),
        ("in", "right", "bb 90 < m ≤ 150 GeV"),
        ("in", "neither", "bb 90 < m < 150 GeV"),
        ("not_in", "both", "bb m not in 90 to 150 GeV"),
        ("not_in", "left", "bb m < 90 or ≥ 150 GeV"),
        ("not_in", "right", "bb m ≤ 90 or > 150 GeV"),
        ("not_in", "neither", "bb m ≤ 90 or ≥ 150 GeV"),
    ],
)
def test_a_range_says_which_of_its_ends_belong_to_it(
    papers: ModuleType, dimuon: Document, operator: str, closed: str, statement: str
) -> None:
    (cut,) = kept(papers, dimuon, own("bjet_pair", "mass", operator, (90, 150), unit="GeV", closed=closed)).cuts
    assert cut.closed == closed
    assert cut.statement() == statement


def test_a_range_with_both_ends_need_not_say_so() -> None:
    window = own("bjet_pair", "mass", "in", (90, 150), unit="GeV")
    assert window.closed == "both"
    assert "closed" not in json.loads(window.model_dump_json())


ENDS = st.sampled_from(["both", "left", "right", "neither"])
RANGES = st.tuples(st.sampled_from(["in", "not_in"]), st.tuples(st.floats(0, 50), st.floats(50, 500)), ENDS)


@given(RANGES, RANGES)
def test_the_ends_of_ranges_survive_json(
    asked: tuple[str, tuple[float, float], str], told: tuple[str, tuple[float, float], str]
) -> None:
    fields: dict[str, Any] = {"subject": Subject(object="muon"), "variable": Variable(id="pt"), "unit": "GeV"}
    clause = Clause(**fields, operator=told[0], value=told[1], closed=told[2])
    when = Condition(text="for muons of medium momentum", clauses=(clause,))
    cut = own("muon", "iso_abs", asked[0], asked[1], unit="GeV", closed=asked[2], when=when)
    again = Cut.model_validate_json(cut.model_dump_json())
    assert again == cut
    assert again.model_dump_json() == cut.model_dump_json()


def test_a_veto_window_around_the_z_boson(papers: ModuleType, dimuon: Document) -> None:
    # |m_ll − m_Z| > 10 GeV, kept as the paper writes it: a distance from a named mass.
    distance = Variable(id="mass", name="|m_ℓℓ − m_Z|", reference=("z",))
    (cut,) = kept(papers, dimuon, own("lepton_pair", distance, ">", 10, unit="GeV", scope="event")).cuts
    assert cut.statement() == "ℓℓ |m_ℓℓ − m_Z| > 10 GeV"
    assert cut.variable.reference == ("z",)


def test_exactly_two_jets_above_a_threshold(papers: ModuleType, dimuon: Document) -> None:
    threshold = own("jet", "pt", ">", 30, unit="GeV", definition="counted jet")
    number = own("jet", "count", "==", 2, scope="event", definition="counted jet")
    counted = ObjectDefinition(name="counted jet", object="jet", cuts=(threshold.id,))
    made = kept(papers, dimuon, threshold, number, objects=(counted,))
    assert made.cut(number.id) == number
    assert made.objects[0].cuts == (threshold.id,)


def test_no_further_lepton(papers: ModuleType, dimuon: Document) -> None:
    soft = own("lepton", "pt", ">", 5, unit="GeV", definition="further lepton")
    none = own("lepton", "count", "==", 0, scope="event", definition="further lepton", role="select")
    further = ObjectDefinition(name="further lepton", object="lepton", cuts=(soft.id,))
    made = kept(papers, dimuon, soft, none, objects=(further,))
    assert [cut.statement() for cut in made.cuts] == ["further lepton p_T > 5 GeV", "further lepton N = 0"]


def test_a_veto_is_told_from_a_requirement(papers: ModuleType, dimuon: Document) -> None:
    (cut,) = kept(papers, dimuon, own("event", "cleaning", "is", "bad jets", scope="cleaning", role="veto")).cuts
    assert cut.statement().startswith("veto: ")


def test_isolation_has_cone_normalisation_and_alternatives(papers: ModuleType, dimuon: Document) -> None:
    low = Clause(subject=Subject(object="muon"), variable=Variable(id="pt"), operator="<", value=50, unit="GeV")
    wide = Variable(id="iso_rel", component="track", cone=0.3)
    shrinking = Variable(id="iso_rel", component="track", cone=0.2, cone_rule="min(0.2, 10 GeV/p_T)")
    cuts = [
        own("muon", wide, "<", 0.15, when=Condition(text="for p_T < 50 GeV", clauses=(low,))),
        own("muon", shrinking, "<", 0.15, when=Condition(text="otherwise")),
        own("electron", Variable(id="iso_abs", component="calorimeter", cone=0.4), "<", 4, unit="GeV"),
    ]
    made = kept(papers, dimuon, *cuts)
    assert [cut.variable.cone for cut in made.cuts] == [0.3, 0.2, 0.4]
    assert made.cuts[0].when.clauses[0].value == 50
    assert "track" in made.cuts[0].statement()
    assert made.cuts[2].normal_unit == "GeV"


def test_impact_parameters_absolute_and_as_significance(papers: ModuleType, dimuon: Document) -> None:
    cuts = [
        own("electron", "d0_sig", "<", 5),
        own("muon", "d0_sig", "<", 3),
        own("muon", "d0", "<", 0.1, unit="cm"),
        own("lepton", "z0_sintheta", "<", 500, unit="μm"),
    ]
    made = kept(papers, dimuon, *cuts)
    assert [(cut.normal_value, cut.normal_unit) for cut in made.cuts] == [(5, "1"), (3, "1"), (1, "mm"), (0.5, "mm")]


def test_leading_and_subleading_pair(papers: ModuleType, dimuon: Document) -> None:
    nearest = Choice(mode="closest", variable=Variable(id="mass"), target=91.1876, unit="GeV", text="closest to m_Z")
    pair: dict[str, Any] = {
        "object": "lepton_pair",
        "constituents": ("lepton",),
        "count": 2,
        "requires": ("same_flavour", "opposite_charge"),
        "choice": nearest,
    }
    systems = (
        Composite(name="leading pair", rank=1, **pair),
        Composite(name="subleading pair", rank=2, excludes=("leading pair",), **pair),
        Composite(name="quadruplet", object="fourlepton", constituents=("leading pair", "subleading pair")),
    )
    made = kept(
        papers,
        dimuon,
        own("lepton_pair", "mass", "in", (50, 106), unit="GeV", rank=1, definition="leading pair"),
        composites=systems,
    )
    assert made.composites[1].excludes == ("leading pair",)
    assert made.composites[0].choice.target == pytest.approx(91.1876)


def test_distances_differ_for_same_and_different_flavour(papers: ModuleType, dimuon: Document) -> None:
    pairs = [Condition(text=f"for {kind}-flavour pairs") for kind in ("same", "different")]
    cuts = [own("lepton_pair", "delta_r", ">", dr, when=when) for dr, when in zip((0.1, 0.2), pairs, strict=True)]
    made = kept(papers, dimuon, *cuts, own("lepton_pair", "mass", ">", 5, unit="GeV", definition="any SFOS pair"))
    assert [cut.statement() for cut in made.cuts][:2] == [
        "ℓℓ ΔR > 0.1 (for same-flavour pairs)",
        "ℓℓ ΔR > 0.2 (for different-flavour pairs)",
    ]
    assert len({cut.id for cut in made.cuts}) == 3


def test_a_threshold_follows_another_quantity(papers: ModuleType, dimuon: Document) -> None:
    rising = Piecewise(**M4L, points=((140, 12), (190, 50)))
    (cut,) = kept(papers, dimuon, own("lepton_pair", "mass", "in", (rising, 115), unit="GeV", rank=2)).cuts
    assert [cut.value[0].at(x) for x in (80, 140, 165, 190, 400)] == [12, 12, 31, 50, 50]
    assert "f(fourlepton mass: 12 at 140 GeV, 50 at 190 GeV)" in cut.statement()


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)), min_size=1, max_size=5), st.floats(-100, 700))
def test_a_threshold_function_stays_within_its_points(points: list[tuple[float, float]], x: float) -> None:
    line = Piecewise(**M4L, points=tuple(sorted(points)))
    values = [y for _, y in points]
    assert min(values) - 1e-6 <= line.at(x) <= max(values) + 1e-6


def test_both_numbers_of_a_threshold_function_are_converted() -> None:
    line = Piecewise(
        subject=M4L["subject"], variable=M4L["variable"], unit="TeV", points=((0.14, 12000), (0.19, 50000))
    )
    normal = own("lepton_pair", "mass", ">", line, unit="MeV").normal_value
    assert (normal.points, normal.unit) == (((140, 12), (190, 50)), "GeV")


def test_a_region_table_has_one_requirement_per_cell(papers: ModuleType) -> None:
    paper = papers.document(
        ("caption", "Regions."), ("table", " | SR | CR\nE_T^miss [GeV] | > 250 | –\nN_jet | ≥ 2 | ≥ 3")
    )
    parts = {"evidence": lambda cell: (papers.evidence(paper, cell, kind="table"),)}
    cells = [("> 250", "met", "pt", ">", 250, "GeV", "SR"), ("≥ 2", "jet", "count", ">=", 2, "1", "SR")]
    cells.append(("≥ 3", "jet", "count", ">=", 3, "1", "CR"))
    cuts = [
        own(
            what,
            variable,
            operator,
            value,
            unit=unit,
            scope="region",
            regions=(region,),
            evidence=parts["evidence"](cell),
        )
        for cell, what, variable, operator, value, unit, region in cells
    ]
    regions = (
        Region(name="preselection", kind="preselection"),
        Region(name="SR", kind="signal", parent="preselection", cuts=tuple(cut.id for cut in cuts[:2])),
        Region(name="CR", kind="control", parent="preselection", cuts=(cuts[2].id,)),
    )
    made = kept(papers, paper, *cuts, regions=regions)
    assert [cut.evidence[0].kind for cut in made.cuts] == ["table"] * 3
    assert {region.parent for region in made.regions[1:]} == {"preselection"}


def test_one_of_two_requirements(papers: ModuleType, dimuon: Document) -> None:
    cuts = [
        own("event", "ht", ">", 500, unit="GeV", any_of="hard"),
        own("met", "pt", ">", 200, unit="GeV", any_of="hard"),
    ]
    made = kept(papers, dimuon, *cuts)
    assert {cut.any_of for cut in made.cuts} == {"hard"}
    assert made.cuts[0].flat()["note"] == "any of: hard"


def test_overlapping_objects_are_removed(papers: ModuleType, dimuon: Document) -> None:
    near = own("jet_lepton", "delta_r", "<", 0.4, role="veto")
    removal = OverlapRemoval(removed="jet", kept="lepton", cut=near.id)
    clean = ObjectDefinition(name="clean jet", object="jet", cuts=(near.id,), overlap_removal=(removal,))
    made = kept(papers, dimuon, near, objects=(clean,))
    assert made.objects[0].overlap_removal[0].cut == made.cuts[0].id


def test_a_delegated_cut_quotes_both_papers(papers: ModuleType) -> None:
    citing = papers.document(("paragraph", "Muons are selected as described in Ref. [3]."))
    cited = papers.document(("paragraph", "Muons have p_T > 5 GeV."), arxiv_id="1603.05598")
    both = (
        papers.evidence(citing, "selected as described in Ref. [3]", kind="delegated"),
        papers.evidence(cited, "p_T > 5 GeV", kind="delegated"),
    )
    made = kept(papers, citing, own("muon", "pt", ">", 5, unit="GeV", evidence=both))
    assert [evidence.arxiv_id for evidence in made.cuts[0].evidence] == ["2611.00001", "1603.05598"]


# ── what it must refuse ───────────────────────────────────────────────────────────────────────────────────────────


def test_only_a_person_may_leave_the_evidence_out() -> None:
    assert own("muon", "pt", ">", 5, unit="GeV").evidence == ()
    with pytest.raises(ValidationError, match="needs evidence"):
        own("muon", "pt", ">", 5, unit="GeV", origin=Origin(extractor="llm"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (("muon", "pt", "is", 5), "takes a string"),
        (("muon", "pt", "in", 5), "takes a range"),
        (("muon", "pt", ">", (5, 6)), "takes one number"),
        (("muon", "pt", ">", "tight"), "takes one number"),
        (("muon", "momentum", ">", 5), "no variable of the vocabulary"),
        (("mu", "pt", ">", 5), "no object of the vocabulary"),
    ],
)
def test_a_cut_that_makes_no_sense_is_refused(fields: tuple[str, str, str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        own(*fields)


@pytest.mark.parametrize(
    ("operator", "value", "closed", "message"),
    [
        (">", 5, "left", "no range whose ends"),
        ("is", "tight", "neither", "no range whose ends"),
        ("in", 5, "both", "takes a range"),
        ("not_in", "4μ", "both", "takes a range"),
        ("<", (5, 6), "both", "takes one number"),
    ],
)
def test_only_a_range_has_ends(operator: str, value: Any, closed: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        own("muon", "pt", operator, value, closed=closed)
    with pytest.raises(ValidationError, match=message):
        Clause.model_validate(
            {"subject": {"object": "muon"}, "variable": {"id": "pt"}, "operator": operator, "value": value}
            | {"closed": closed}
        )


def test_a_unit_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(ValidationError, match="no unit of the vocabulary"):
        own("muon", "pt", ">", 5, unit="furlong")


def test_a_quote_is_as_long_as_its_span(papers: ModuleType, dimuon: Document) -> None:
    with pytest.raises(ValidationError, match="its span"):
        papers.evidence(dimuon, "exactly two muons", end=200)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"regions": (Region(name="SR", kind="signal", cuts=("nothing",)),)}, "cuts that do not exist"),
        ({"objects": (ObjectDefinition(name="loose", object="muon", cuts=("nothing",)),)}, "cuts that do not exist"),
    ],
)
def test_names_must_resolve(papers: ModuleType, dimuon: Document, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        papers.criteria(dimuon, **fields)


def test_a_cut_does_not_hold_in_a_region_that_nobody_defined(papers: ModuleType, dimuon: Document) -> None:
    with pytest.raises(ValidationError, match="regions that do not exist"):
        papers.criteria(dimuon, own("muon", "pt", ">", 5, unit="GeV", regions=("SR",)))


def test_two_cuts_do_not_share_an_id(papers: ModuleType, dimuon: Document) -> None:
    cut = own("muon", "pt", ">", 5, unit="GeV")
    with pytest.raises(ValidationError, match="share an id"):
        papers.criteria(dimuon, cut, cut)


def test_broken_json_is_told_with_its_path() -> None:
    with pytest.raises(CriteriaError, match=r"at \$"):
        SelectionCriteria.from_json("{")


# ── ids and flat records ──────────────────────────────────────────────────────────────────────────────────────────


def test_ids_follow_the_statement_and_not_its_place() -> None:
    assert cut_id("2611.00001", "muon", "pt > 5") == cut_id("2611.00001", " muon", "pt  >\n5")
    assert cut_id("2611.00001", "muon", "pt > 5") != cut_id("2611.00001", "muon", "pt > 6")
    assert cut_id("hep-ex/0611001", "x").startswith("hep-ex.0611001-")


def test_a_flat_record_has_the_keys_of_annotations(papers: ModuleType, dimuon: Document) -> None:
    record = papers.dimuon_cuts(dimuon)[4].flat()
    keys = "id object variable operator value unit rank role scope region quote note status evidence"
    assert list(record) == keys.split()
    assert (record["value"], record["unit"], record["rank"]) == (0.02, "TeV", 1)
    assert json.loads(json.dumps(record)) == record


def test_a_flat_record_spells_regions_in_latin_letters_too(papers: ModuleType, dimuon: Document) -> None:
    cut = papers.dimuon_cuts(dimuon)[4].model_copy(update={"regions": ("eμ channel", "SR1"), "scope": "region"})
    assert cut.flat()["region"] == "eμ channel (emu channel), SR1"
