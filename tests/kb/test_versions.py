"""A new version of a paper adds, removes and changes cuts; rewording is none of these."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.document import Document
from kb.errors import InputError
from kb.ssc import Condition, Cut, Origin, Paper, Region, SelectionCriteria, Subject, Variable
from kb.versions import compare

REGIONS = (Region(name="SR", kind="signal"), Region(name="CR", kind="control"))


def cut(number: int, **changes: Any) -> Cut:
    fields: dict[str, Any] = {
        "id": f"c{number}",
        "scope": "object",
        "subject": Subject(object="muon"),
        "variable": Variable(id="pt"),
        "operator": ">",
        "value": 20.0,
        "unit": "GeV",
        "origin": Origin(extractor="human"),
    }
    return Cut(**{**fields, **changes})


def criteria(*cuts: Cut, version: int = 1, arxiv_id: str = "2611.00001") -> SelectionCriteria:
    paper = Paper(arxiv_id=arxiv_id, version=version, document_hash="0" * 64)
    return SelectionCriteria(paper=paper, cuts=cuts, regions=REGIONS)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"value": 25.0}, ("value",)),
        ({"operator": ">="}, ("operator",)),
        ({"operator": "<", "value": 25.0}, ("operator", "value")),
        ({"operator": "in", "value": (20.0, 30.0)}, ("operator", "value")),
        ({"when": Condition(text="in the barrel")}, ("condition",)),
        ({"role": "veto"}, ("role",)),
        ({"scope": "event"}, ("scope",)),
    ],
    ids=str,
)
def test_the_same_variable_of_the_same_subject_has_changed(change: dict[str, Any], what: tuple[str, ...]) -> None:
    first, second = cut(1), cut(2, **change)
    made = compare(criteria(first), criteria(second, version=2))
    assert [(found.old, found.new, found.what) for found in made.changed] == [(first, second, what)]
    assert (made.added, made.removed, made.unchanged) == ((), (), 0)
    assert (made.old_version, made.new_version) == (1, 2)


@pytest.mark.parametrize(
    "change",
    [
        {"subject": Subject(object="electron")},
        {"subject": Subject(object="muon", rank=1)},
        {"variable": Variable(id="abs_eta"), "unit": "1"},
        {"regions": ("SR",)},
        {"when": Condition(text="in the barrel"), "value": 25.0},
    ],
    ids=str,
)
def test_a_cut_on_something_else_is_another_cut(change: dict[str, Any]) -> None:
    first, second = cut(1), cut(2, **change)
    made = compare(criteria(first), criteria(second))
    assert (made.removed, made.added, made.changed) == ((first,), (second,), ())


@pytest.mark.parametrize(
    "change", [{"value": 0.02, "unit": "TeV"}, {"note": "reworded"}, {"status": "accepted"}], ids=str
)
def test_another_way_to_say_it_is_no_change(change: dict[str, Any]) -> None:
    made = compare(criteria(cut(1)), criteria(cut(2, **change)))
    assert (made.added, made.removed, made.changed, made.unchanged) == ((), (), (), 1)


def test_names_of_working_points_are_compared_as_words() -> None:
    loose = {"variable": Variable(id="id"), "operator": "is", "unit": "1"}
    made = compare(criteria(cut(1, value="Very  loose", **loose)), criteria(cut(2, value="very loose", **loose)))
    assert made.unchanged == 1


def test_the_two_bounds_of_a_window_are_each_compared_with_their_own() -> None:
    low, high = cut(1, value=80.0), cut(2, value=100.0, operator="<")
    new_high, new_low = cut(3, value=110.0, operator="<="), cut(4, value=70.0)
    made = compare(criteria(low, high), criteria(new_high, new_low))
    assert {(found.old.id, found.new.id) for found in made.changed} == {("c1", "c4"), ("c2", "c3")}


def test_what_is_unchanged_is_not_taken_for_a_change_of_something_else() -> None:
    made = compare(criteria(cut(1, value=20.0), cut(2, value=30.0)), criteria(cut(3, value=30.0)))
    assert [found.id for found in made.removed] == ["c1"]
    assert (made.changed, made.unchanged) == ((), 1)


def test_rejected_cuts_do_not_count() -> None:
    made = compare(criteria(cut(1)), criteria(cut(1, status="rejected")))
    assert [found.id for found in made.removed] == ["c1"]


def test_a_reworded_paper_with_a_tighter_cut(papers: ModuleType, dimuon: Document) -> None:
    second = papers.document(
        ("title", "A search in events with two muons"),
        ("heading", "Event selection"),
        ("paragraph", "We keep events with exactly two muons, the leading one with p_T > 25 GeV."),
        ("heading", "Muons"),
        ("paragraph", "We require muons to have |η| < 2.7 and p_T > 5 GeV. The muons are isolated: I_rel < 0.1."),
        version=2,
    )
    sentence = "We require muons to have |η| < 2.7 and p_T > 5 GeV."
    cuts = (
        papers.cut(second, sentence, "muon", "pt", ">", 5, unit="GeV"),
        papers.cut(second, sentence, "muon", "abs_eta", "<", 2.7),
        papers.cut(second, "The muons are isolated: I_rel < 0.1.", "muon", "iso_rel", "<", 0.1),
        papers.cut(second, "exactly two muons", "muon", "count", "==", 2, scope="event"),
        papers.cut(
            second, "the leading one with p_T > 25 GeV", "muon", "pt", ">", 25, unit="GeV", rank=1, scope="event"
        ),
    )
    made = compare(papers.criteria(dimuon, *papers.dimuon_cuts(dimuon)), papers.criteria(second, *cuts))
    assert [found.statement() for found in made.added] == ["μ I/p_T < 0.1"]
    assert [found.variable.id for found in made.removed] == ["d0"]
    assert [(found.old.value, found.new.value, found.what) for found in made.changed] == [(0.02, 25, ("value",))]
    assert made.unchanged == 3


def test_two_papers_are_not_two_versions() -> None:
    with pytest.raises(InputError, match="two papers"):
        compare(criteria(cut(1)), criteria(cut(1), arxiv_id="2611.00002"))


cuts = st.builds(
    lambda value, operator, variable, regions, when: {
        "value": value,
        "operator": operator,
        "variable": Variable(id=variable),
        "regions": regions,
        "when": Condition(text=when) if when else None,
    },
    st.sampled_from([10.0, 20.0]),
    st.sampled_from([">", ">=", "<"]),
    st.sampled_from(["pt", "mass"]),
    st.sampled_from([(), ("SR",)]),
    st.sampled_from(["", "in the barrel"]),
)
versions = st.lists(cuts, max_size=6).map(
    lambda drawn: criteria(*(cut(number, **fields) for number, fields in enumerate(drawn)))
)


@given(versions, versions)
def test_every_cut_is_accounted_for_and_the_way_back_undoes_it(
    first: SelectionCriteria, second: SelectionCriteria
) -> None:
    there, back = compare(first, second), compare(second, first)
    assert len(there.removed) + len(there.changed) + there.unchanged == len(first.cuts)
    assert len(there.added) + len(there.changed) + there.unchanged == len(second.cuts)
    assert (there.added, there.removed, there.unchanged) == (back.removed, back.added, back.unchanged)
    assert {(one.old.id, one.new.id) for one in there.changed} == {(one.new.id, one.old.id) for one in back.changed}
    assert all(one.what for one in there.changed)


@given(versions)
def test_a_version_does_not_differ_from_itself(version: SelectionCriteria) -> None:
    made = compare(version, version)
    assert (made.added, made.removed, made.changed, made.unchanged) == ((), (), (), len(version.cuts))
