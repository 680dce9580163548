"""ADL text says what the criteria say, in the blocks and operators of the language."""

from __future__ import annotations

from typing import Any

import pytest

from codegen.export_adl import to_adl
from kb.ssc import (
    Choice,
    Clause,
    Composite,
    Condition,
    Cut,
    ObjectDefinition,
    Origin,
    Paper,
    Piecewise,
    Region,
    SelectionCriteria,
    Subject,
    Variable,
)

HUMAN = Origin(extractor="human")
PAPER = Paper(arxiv_id="hzz", title="Four leptons", experiment="ATLAS", document_hash="0" * 64)


def text_of(*cuts: Cut, regions: tuple[Region, ...] = (), composites: tuple[Composite, ...] = ()) -> list[str]:
    criteria = SelectionCriteria(paper=PAPER, cuts=cuts, regions=regions, composites=composites)
    return [line.split("#")[0].rstrip() for line in to_adl(criteria).splitlines()]


def test_object_cuts_define_a_collection_in_gev_and_mm() -> None:
    lines = text_of(
        Cut(
            id="a",
            scope="object",
            subject=Subject(object="muon"),
            variable=Variable(id="pt"),
            operator=">",
            value=0.005,
            unit="TeV",
            origin=HUMAN,
        ),
        Cut(
            id="b",
            scope="object",
            subject=Subject(object="muon"),
            variable=Variable(id="abs_eta"),
            operator="<",
            value=2.7,
            origin=HUMAN,
        ),
    )
    start = lines.index("object muons")
    assert lines[start : start + 4] == [
        "object muons",
        "  take Muon",
        "  select pT(Muon) > 5",
        "  select AbsEta(Muon) < 2.7",
    ]


def test_a_veto_is_a_rejection_and_a_rank_an_index() -> None:
    lines = text_of(
        Cut(
            id="a",
            scope="event",
            subject=Subject(object="bjet"),
            variable=Variable(id="count"),
            operator=">=",
            value=1,
            role="veto",
            origin=HUMAN,
        ),
        Cut(
            id="b",
            scope="event",
            subject=Subject(object="lepton", rank=2),
            variable=Variable(id="pt"),
            operator=">",
            value=15,
            unit="GeV",
            origin=HUMAN,
        ),
    )
    assert "  reject Size(bjets) >= 1" in lines
    assert "  select pT(leptons[1]) > 15" in lines


@pytest.mark.parametrize(
    ("operator", "closed", "text"),
    [
        ("in", "both", "m(fourleptons) [] 115 130"),
        ("in", "left", "(m(fourleptons) >= 115) and (m(fourleptons) < 130)"),
        ("in", "right", "(m(fourleptons) > 115) and (m(fourleptons) <= 130)"),
        ("in", "neither", "(m(fourleptons) > 115) and (m(fourleptons) < 130)"),
        ("not_in", "both", "(m(fourleptons) < 115) or (m(fourleptons) > 130)"),
        ("not_in", "left", "(m(fourleptons) < 115) or (m(fourleptons) >= 130)"),
        ("not_in", "right", "(m(fourleptons) <= 115) or (m(fourleptons) > 130)"),
        ("not_in", "neither", "(m(fourleptons) <= 115) or (m(fourleptons) >= 130)"),
    ],
)
def test_only_a_range_with_both_ends_has_a_sign_of_its_own(operator: str, closed: str, text: str) -> None:
    window: dict[str, Any] = {
        "subject": Subject(object="fourlepton"),
        "variable": Variable(id="mass"),
        "operator": operator,
        "value": (115, 130),
        "unit": "GeV",
        "closed": closed,
    }
    for role, word in (("select", "select"), ("veto", "reject")):
        assert f"  {word} {text}" in text_of(Cut(id="a", scope="event", role=role, origin=HUMAN, **window))
    guard = Condition(text="near the Higgs boson", clauses=(Clause(**window),))
    guarded = Cut(
        id="a",
        scope="event",
        subject=Subject(object="met"),
        variable=Variable(id="pt"),
        operator="<",
        value=50,
        unit="GeV",
        when=guard,
        origin=HUMAN,
    )
    assert f"  select ({text}) ? MET < 50 : ALL" in text_of(guarded)


def test_a_region_stands_on_its_parent() -> None:
    cut = Cut(
        id="a",
        scope="region",
        subject=Subject(object="fourlepton"),
        variable=Variable(id="mass"),
        operator="in",
        value=(115, 130),
        unit="GeV",
        regions=("SR 1",),
        origin=HUMAN,
    )
    lines = text_of(
        cut, regions=(Region(name="SR 1", kind="signal"), Region(name="SR 2", kind="signal", parent="SR 1"))
    )
    start = lines.index("region SR_1")
    assert lines[start + 1 : start + 3] == ["  baseline", "  select m(fourleptons) [] 115 130"]
    assert lines[lines.index("region SR_2") + 1] == "  SR_1"


def test_a_condition_guards_and_a_threshold_function_interpolates() -> None:
    flavour = Clause(subject=Subject(object="electron"), variable=Variable(id="pt"), operator="<", value=50, unit="GeV")
    floor = Piecewise(
        subject=Subject(object="fourlepton"), variable=Variable(id="mass"), unit="GeV", points=((140, 12), (190, 50))
    )
    lines = text_of(
        Cut(
            id="a",
            scope="object",
            subject=Subject(object="electron"),
            variable=Variable(id="iso_rel"),
            operator="<",
            value=0.1,
            when=Condition(text="for pT < 50 GeV", clauses=(flavour,)),
            origin=HUMAN,
        ),
        Cut(
            id="b",
            scope="event",
            subject=Subject(object="lepton_pair", rank=2),
            variable=Variable(id="mass"),
            operator="in",
            value=(floor, 115),
            unit="GeV",
            origin=HUMAN,
        ),
    )
    assert "  select (pT(Electron) < 50) ? iso_rel(Electron) < 0.1 : ALL" in lines
    assert "  select m(lepton_pairs[1]) [] interpolate(m(fourleptons), 140, 12, 190, 50) 115" in lines


def test_alternatives_are_one_line() -> None:
    cuts = [
        Cut(
            id=name,
            scope="event",
            subject=Subject(object="met"),
            variable=Variable(id=variable),
            operator=">",
            value=5,
            unit="1" if variable == "met_sig" else "GeV",
            any_of="either",
            origin=HUMAN,
        )
        for name, variable in (("a", "pt"), ("b", "mass"))
    ]
    assert "  select (MET > 5) or (m(mets) > 5)" in text_of(*cuts)


def test_a_composite_says_what_its_members_are_to_each_other() -> None:
    pair = Composite(
        name="leading pair",
        object="lepton_pair",
        constituents=("lepton",),
        count=2,
        requires=("same_flavour", "opposite_charge"),
        choice=Choice(mode="closest", variable=Variable(id="mass"), target=91.1876, unit="GeV"),
    )
    lines = to_adl(SelectionCriteria(paper=PAPER, composites=(pair,))).splitlines()
    start = lines.index("composite leading_pair")
    assert lines[start + 1 : start + 4] == [
        "  take disjoint(leptons a, leptons b)",
        "  select flavor(a) == flavor(b)",
        "  select q(a) * q(b) < 0",
    ]
    assert "m closest to 91.1876 GeV" in lines[start + 4]


@pytest.mark.parametrize("variable", ["d0", "d0_sig", "z0", "z0_sintheta"])
def test_an_impact_parameter_is_bounded_by_its_size(variable: str) -> None:
    bound = Cut(
        id="a",
        scope="object",
        subject=Subject(object="muon"),
        variable=Variable(id=variable),
        operator="<",
        value=1,
        origin=HUMAN,
    )
    assert f"  select abs({variable}(Muon)) < 1" in text_of(bound)


def test_composites_and_regions_use_the_selected_objects() -> None:
    def bound(name: str, object_: str, variable: str, value: float, **subject: int) -> Cut:
        scope: Any = "event" if subject else "object"
        about = Subject(object=object_, **subject)
        of = Variable(id=variable)
        return Cut(id=name, scope=scope, subject=about, variable=of, operator=">", value=value, origin=HUMAN)

    pair = Composite(name="Z candidate", object="lepton_pair", constituents=("lepton",), count=2)
    cuts = (bound("a", "electron", "pt", 7), bound("b", "muon", "pt", 5), bound("c", "lepton", "pt", 20, rank=1))
    lines = text_of(*cuts, composites=(pair,))
    assert "  take disjoint(leptons a, leptons b)" in lines
    assert "  select pT(leptons[0]) > 20" in lines
    leptons = lines.index("object leptons")
    assert lines[leptons + 1] == "  take union(electrons, muons)"
    assert leptons > max(lines.index("object electrons"), lines.index("object muons")), "after its parts"
    alone = text_of(bound("c", "lepton", "pt", 20, rank=1))
    assert "  take union(Electron, Muon)" in alone


def test_ranks_count_the_leptons_of_the_quadruplet_where_there_is_one(hzz4l: SelectionCriteria) -> None:
    lines = to_adl(hzz4l).splitlines()
    block = lines.index("object leptons_of_quadruplet")
    members = "  take union(constituents(leading_pair), constituents(subleading_pair))"
    assert lines[block + 1] == members
    assert block > lines.index("composite quadruplet")
    ranked = [line for line in lines if line.startswith("  select pT(") and "[" in line]
    assert ranked
    assert all("pT(leptons_of_quadruplet[" in line for line in ranked)
    muon = Cut(
        id="m", scope="event", subject=Subject(object="muon", rank=1), variable=Variable(id="pt"), operator=">",
        value=9, unit="GeV", origin=HUMAN,
    )  # fmt: skip
    own = to_adl(hzz4l.model_copy(update={"cuts": (*hzz4l.cuts, muon)})).splitlines()
    block = own.index("object muons_of_quadruplet")
    assert own[block + 1 : block + 3] == [
        members,
        "  select flavor(muons_of_quadruplet) == muon",
    ]


def test_a_condition_in_words_alone_makes_no_requirement_of_all_events() -> None:
    cut = requirement("c", "vertex", "chi2", 9, when=Condition(text="in the other channels"))
    lines = to_adl(SelectionCriteria(paper=PAPER, cuts=(cut,))).splitlines()
    assert not any(line.startswith("  select chi2") for line in lines)
    assert any(line.startswith("  # only in the other channels: select chi2(vertices) > 9") for line in lines)


def requirement(name: str, kind: str, variable: str, value: float | str, **more: Any) -> Cut:
    given: dict[str, Any] = {"scope": "event", "operator": "is" if isinstance(value, str) else ">", "origin": HUMAN}
    given |= {"subject": Subject(object=kind), "variable": Variable(id=variable), "value": value}
    return Cut(id=name, **{**given, **more})


@pytest.mark.parametrize(
    ("arxiv_id", "line"),
    [
        ("hzz4l", '  id "hzz4l"'),
        ("2203.01808", '  arXiv "2203.01808v2"'),
        ("hep-ex/0309045", '  arXiv "hep-ex/0309045v2"'),
    ],
)
def test_only_a_paper_of_arxiv_has_an_arxiv_id(arxiv_id: str, line: str) -> None:
    paper = PAPER.model_copy(update={"arxiv_id": arxiv_id, "version": 2})
    lines = to_adl(SelectionCriteria(paper=paper)).splitlines()
    assert line in lines
    assert sum("arXiv" in known for known in lines) == ("arXiv" in line)


def test_a_working_point_in_per_cent_is_a_number() -> None:
    lines = text_of(requirement("a", "bjet", "btag", "77", scope="object"), requirement("b", "jet", "id", "77 % wp"))
    assert "  select BTag(Jet) == 77" in lines
    assert "  select ID(jets) == id_77_wp" in lines


def test_a_region_whose_name_begins_with_a_digit_is_named_after_its_kind_too() -> None:
    regions = (Region(name="2j-loose", kind="signal"), Region(name="2j-tight", kind="signal", parent="2j-loose"))
    cuts = (requirement("a", "met", "pt", 200, unit="GeV", regions=("2j-loose", "2j-tight")),)
    lines = text_of(*cuts, regions=regions)
    assert "region SR_2j_loose" in lines
    start = lines.index("region SR_2j_tight")
    assert lines[start + 1] == "  SR_2j_loose"


def test_what_holds_for_all_photons_holds_for_the_selected_ones_and_these_are_used() -> None:
    cuts = (
        requirement("a", "photon", "pt", 25, unit="GeV", scope="object"),
        requirement("b", "photon", "id", "tight", scope="object"),
        requirement("c", "photon", "count", 1),
    )
    definition = ObjectDefinition(name="selected photon", object="photon", cuts=("a",))
    criteria = SelectionCriteria(paper=PAPER, cuts=cuts, objects=(definition,))
    lines = [line.split("#")[0].rstrip() for line in to_adl(criteria).splitlines()]
    assert lines.index("object photons") < lines.index("object selected_photon")
    assert lines[lines.index("object selected_photon") + 1] == "  take photons"
    assert "  select Size(selected_photon) > 1" in lines


def test_a_distance_of_which_nothing_is_removed_is_asked_of_events() -> None:
    lines = text_of(requirement("a", "jet_photon", "delta_r", 0.4, scope="object", operator="<", role="veto"))
    assert not any(line.startswith("object") for line in lines)
    start = lines.index("region baseline")
    assert lines[start + 1] == "  reject dR(jet_photons) < 0.4"


def test_a_block_comes_after_those_it_is_made_of_even_where_two_speak_of_each_other() -> None:
    apart: dict[str, Any] = {"scope": "object", "operator": "<", "role": "veto"}
    cuts = (
        requirement("a", "lepton", "pt", 25, unit="GeV", scope="object"),
        requirement("b", "electron", "delta_r", 0.4, **apart).model_copy(
            update={"variable": Variable(id="delta_r", reference=("jet",))}
        ),
        requirement("c", "jet", "delta_r", 0.2, **apart).model_copy(
            update={"variable": Variable(id="delta_r", reference=("electron",))}
        ),
    )
    blocks = [line for line in text_of(*cuts) if line.startswith(("object", "  take"))]
    assert blocks == [
        "object electrons",
        "  take Electron",
        "object leptons",
        "  take union(electrons, Muon)",
        "object jets",
        "  take Jet",
    ]
