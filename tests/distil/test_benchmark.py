"""The bundled H → ZZ* → 4ℓ notes give their 27 cuts and the signal region, nothing else, in the right structure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import eval.benchmarks
from ingest.reader import read_file
from kb.distil import distil, ground
from kb.document import Document
from kb.ssc import Cut, Piecewise, SelectionCriteria

FOLDER = Path(eval.benchmarks.__path__[0]) / "hzz4l"


@pytest.fixture(scope="module")
def notes() -> dict[str, Document]:
    names = {"main": "hzz4l", "leptons": "hzz4l-leptons", "jets": "hzz4l-jets"}
    return {key: read_file(FOLDER / f"{key}.tex", arxiv_id=name) for key, name in names.items()}


@pytest.fixture(scope="module")
def criteria(notes: dict[str, Document]) -> SelectionCriteria:
    return distil(notes["main"], cited={"leptonnote": notes["leptons"], "jetnote": notes["jets"]})


def stated(criteria: SelectionCriteria, **wanted: object) -> Cut:
    found = [
        cut
        for cut in criteria.cuts
        if all(
            value
            == {
                "object": cut.subject.object,
                "variable": cut.variable.id,
                "rank": cut.subject.rank,
                "component": cut.variable.component,
                "value": cut.value,
            }[name]
            for name, value in wanted.items()
        )
    ]
    assert len(found) == 1, f"{wanted}: {[cut.statement() for cut in found]}"
    return found[0]


def test_the_notes_state_27_cuts_and_the_signal_region(criteria: SelectionCriteria) -> None:
    assert len(criteria.cuts) == 28
    assert [cut.subject.object for cut in criteria.cuts if cut.regions] == ["fourlepton"]


def test_every_cut_is_grounded_in_the_notes(criteria: SelectionCriteria, notes: dict[str, Document]) -> None:
    documents = {document.document_hash: document for document in notes.values()}
    assert {cut.id: ground(cut, documents) for cut in criteria.cuts if ground(cut, documents)} == {}


def test_cuts_of_the_companions_cite_both_sentences(criteria: SelectionCriteria) -> None:
    delegated = [cut for cut in criteria.cuts if cut.evidence[0].kind == "delegated"]
    assert len(delegated) == 14
    assert all({e.arxiv_id for e in cut.evidence} > {"hzz4l"} for cut in delegated)


def test_without_the_companions_the_criteria_say_what_to_ingest(notes: dict[str, Document]) -> None:
    alone = distil(notes["main"])
    missing = [refused for refused in alone.unresolved if refused.code == "delegated"]
    assert len(alone.cuts) == 14
    assert sorted(r for refused in missing for r in refused.references) == ["HZZ4L-JETS", "HZZ4L-LEPTONS"]


def test_the_subleading_pair_has_a_sliding_threshold(criteria: SelectionCriteria) -> None:
    cut = stated(criteria, object="lepton_pair", variable="mass", rank=2)
    assert isinstance(cut.value, tuple)
    low, high = cut.value
    assert isinstance(low, Piecewise)
    assert low.points == ((140.0, 12.0), (190.0, 50.0))
    assert low.subject.object == "fourlepton"
    assert high == 115


def test_windows_in_signs_are_open(criteria: SelectionCriteria) -> None:
    windows = [cut for cut in criteria.cuts if isinstance(cut.value, tuple)]
    assert {(cut.subject.definition, cut.operator, cut.closed) for cut in windows} == {
        ("leading pair", "in", "neither"),
        ("subleading pair", "in", "neither"),
        ("quadruplet", "in", "neither"),
    }


def test_pairs_are_chosen_by_the_z_mass(criteria: SelectionCriteria) -> None:
    leading, subleading, quadruplet = (
        next(c for c in criteria.composites if c.name == name)
        for name in ("leading pair", "subleading pair", "quadruplet")
    )
    for pair in (leading, subleading):
        assert set(pair.requires) == {"same_flavour", "opposite_charge"}
        assert pair.choice is not None
        assert (pair.choice.mode, pair.choice.target) == ("closest", 91.1876)
    assert subleading.excludes == ("leading pair",)
    assert quadruplet.constituents == ("leading pair", "subleading pair")
    assert stated(criteria, object="fourlepton", variable="mass").subject.definition == "quadruplet"


def test_conditions_are_kept(criteria: SelectionCriteria) -> None:
    tagged = stated(criteria, object="muon", variable="pt", value=15.0).when
    assert tagged is not None
    assert [(c.variable.id, c.value) for c in tagged.clauses] == [("id", "calorimeter-tagged")]
    same, different = (stated(criteria, variable="delta_r", value=value).when for value in (0.1, 0.2))
    assert same is not None
    assert different is not None
    assert [c.value for c in (*same.clauses, *different.clauses)] == ["same", "different"]
    four_muons = stated(criteria, variable="chi2", value=6.0).when
    assert four_muons is not None
    assert four_muons.clauses[0].value == "4μ"


def test_isolation_tells_tracks_from_calorimeter(criteria: SelectionCriteria) -> None:
    assert stated(criteria, variable="iso_rel", component="track").value == 0.15
    assert stated(criteria, variable="iso_rel", component="calorimeter", object="electron").variable.cone == 0.2


def test_the_paper_is_described(criteria: SelectionCriteria) -> None:
    assert (criteria.paper.experiment, criteria.paper.sqrt_s, criteria.paper.luminosity) == ("ATLAS", 13.0, 36.1)


def test_ten_runs_are_byte_identical(notes: dict[str, Document]) -> None:
    cited = {"leptonnote": notes["leptons"], "jetnote": notes["jets"]}
    assert len({distil(notes["main"], cited=cited).to_json() for _ in range(10)}) == 1


def test_ids_survive_an_edit_elsewhere(notes: dict[str, Document]) -> None:
    before = {cut.statement(): cut.id for cut in distil(notes["main"]).cuts}
    main = notes["main"]
    shift = len("Written anew. ")
    intro = main.text.index("Few final states")
    moved = Document(
        arxiv_id=main.arxiv_id,
        source_format="latex",
        text=main.text[:intro] + "Written anew. " + main.text[intro:],
        blocks=tuple(_moved(block, intro, shift) for block in main.blocks),
        sections=tuple(_moved(section, intro, shift) for section in main.sections),
        citations=tuple(_moved(citation, intro, shift) for citation in main.citations),
        references=main.references,
    )
    assert {cut.statement(): cut.id for cut in distil(moved).cuts} == before


def _moved(span: Any, place: int, shift: int) -> Any:
    start, end = span.start, span.end
    return span.model_copy(update={"start": start + shift * (start > place), "end": end + shift * (end > place)})
