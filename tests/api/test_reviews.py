"""A person reviews: decisions are logged, held to the text, and outlive the next reading of the paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli.main import app
from api.intake import take_in
from api.reviews import add, correct, decide, search
from api.source import Source
from api.workspace import Workspace
from kb.errors import CriteriaError, EvidenceError, InputError, RefusedError
from kb.review import Edit
from kb.store.records import CutRecord
from tests.api.conftest import ELECTRONS

MUONS = "Muons are required to have $p_T > 25$ GeV and $|\\eta| < 2.4$."
REST = "The harder of the two jets, whose $p_T$ has to be beyond 50 GeV, sets the scale."
SAID = "whose p_T has to be beyond 50 GeV"


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.tex"
    write(path, f"{MUONS} {REST}")
    return path


def write(path: Path, text: str) -> None:
    path.write_text(f"\\documentclass{{article}}\\begin{{document}}\\section{{Selection}}\n{text}\n\\end{{document}}")


def read(workspace: Workspace, note: Path) -> None:
    take_in(workspace, Source(str(note), note))


def muon(workspace: Workspace, variable: str) -> CutRecord:
    [found] = [
        record
        for record in workspace.store.cuts()
        if record.cut.variable.id == variable and record.cut.subject.object == "muon"
    ]
    return found


def test_decisions_outlive_the_next_reading(workspace: Workspace, note: Path) -> None:
    read(workspace, note)
    decide(workspace, muon(workspace, "pt").cut.id, "accepted", reviewer="ada")
    decide(workspace, muon(workspace, "abs_eta").cut.id, "rejected", reviewer="ada", reason="coverage")
    read(workspace, note)
    assert (muon(workspace, "pt").cut.status, muon(workspace, "abs_eta").cut.status) == ("accepted", "rejected")
    assert [(entry.reviewer, entry.status, entry.reason) for entry in workspace.store.reviews()] == [
        ("ada", "accepted", ""),
        ("ada", "rejected", "coverage"),
    ]
    decide(workspace, muon(workspace, "abs_eta").cut.id, "proposed", reviewer="ada")
    read(workspace, note)
    assert muon(workspace, "abs_eta").cut.status == "proposed"


def test_a_correction_is_held_to_the_sentence(workspace: Workspace, note: Path) -> None:
    read(workspace, note)
    cut = muon(workspace, "pt").cut
    with pytest.raises(EvidenceError, match="35"):
        correct(workspace, cut.id, Edit(value=35), reviewer="ada")
    assert muon(workspace, "pt").cut == cut
    made = correct(workspace, cut.id, Edit(operator=">=", note="read from the plot"), reviewer="ada").cut
    assert (made.operator, made.value, made.status, made.id) == (">=", 25, "edited", cut.id)
    assert made.evidence == cut.evidence


def test_a_correction_and_its_acceptance_outlive_an_edit_elsewhere_in_the_text(
    workspace: Workspace, note: Path
) -> None:
    read(workspace, note)
    cut = muon(workspace, "pt").cut
    correct(workspace, cut.id, Edit(operator=">="), reviewer="ada")
    decide(workspace, cut.id, "accepted", reviewer="emmy")
    write(note, f"Events have a vertex. {MUONS}")
    read(workspace, note)
    after = muon(workspace, "pt").cut
    assert (after.operator, after.status) == (">=", "accepted")
    document = workspace.store.document("note")
    assert all(document.quote(quote.start, quote.end) == quote.quote for quote in after.evidence)
    decide(workspace, cut.id, "proposed", reviewer="ada")
    assert muon(workspace, "pt").cut.operator == ">"


def test_a_decision_is_taken_back_once(workspace: Workspace, note: Path) -> None:
    read(workspace, note)
    cut = muon(workspace, "pt").cut
    with pytest.raises(RefusedError, match="no decision"):
        decide(workspace, cut.id, "proposed", reviewer="ada")
    decide(workspace, cut.id, "accepted", reviewer="ada")
    decide(workspace, cut.id, "proposed", reviewer="ada")
    with pytest.raises(RefusedError, match="no decision"):
        decide(workspace, cut.id, "proposed", reviewer="ada")
    assert [entry.status for entry in workspace.store.reviews()] == ["accepted", "proposed"]


def test_a_number_with_a_unit_is_not_added_without_it(workspace: Workspace, note: Path) -> None:
    read(workspace, note)
    with pytest.raises(InputError, match=r"pt has a unit: 50\.0 of what"):
        add(workspace, "note", Edit(object="jet", variable="pt", operator=">", value=50), reviewer="ada")


def test_what_a_person_adds_stays_while_its_words_stand_in_the_text(workspace: Workspace, note: Path) -> None:
    read(workspace, note)
    said = Edit(object="jet", variable="pt", operator=">", value=50, unit="GeV", rank=1, quote=SAID)
    with pytest.raises(EvidenceError, match="variable pt"):
        # These words say neither what is bounded nor where.
        add(workspace, "note", said.model_copy(update={"quote": "sets the scale"}), reviewer="ada")
    made = add(workspace, "note", Edit(**{**said.model_dump(exclude_unset=True), "quote": SAID}), reviewer="ada").cut
    assert (made.origin.extractor, made.status, made.evidence[0].quote) == ("human", "accepted", SAID)
    with pytest.raises(RefusedError):
        add(workspace, "note", Edit(**{**said.model_dump(exclude_unset=True), "quote": SAID}), reviewer="ada")
    read(workspace, note)
    assert workspace.store.cut(made.id).cut == made
    write(note, MUONS)
    read(workspace, note)
    criteria = workspace.store.criteria("note")
    assert criteria.cut(made.id) is None
    [given_up] = [refused for refused in criteria.unresolved if refused.code == "review"]
    assert "ada accepted it" in given_up.reason


def test_a_cut_without_words_is_marked_as_a_persons(workspace: Workspace, note: Path) -> None:
    read(workspace, note)
    made = add(workspace, "note", Edit(object="met", variable="pt", operator=">", value=9, unit="GeV"), reviewer="ada")
    read(workspace, note)
    assert workspace.store.cut(made.cut.id).cut.evidence == ()
    assert workspace.store.cut(made.cut.id).cut.origin.extractor == "human"


@pytest.mark.parametrize(
    ("edit", "error", "words"),
    [
        ({"unit": "furlong"}, CriteriaError, "furlong"),
        ({"object": "unicorn"}, CriteriaError, "unicorn"),
        ({"operator": "in"}, CriteriaError, "range"),
        ({"regions": ("SR9",)}, CriteriaError, "it has SR"),
        ({"quote": "words that nobody wrote"}, EvidenceError, "does not stand in"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_changes_nothing(filled: Workspace, edit: dict[str, Any], error: type, words: str) -> None:
    before = filled.store.criteria("hep-ex/0101001")
    with pytest.raises(error) as caught:
        correct(filled, "hep-ex.0101001-aaaa1111", Edit(**edit), reviewer="ada")
    assert words in f"{caught.value} {caught.value.hint}"
    assert filled.store.criteria("hep-ex/0101001") == before
    assert filled.store.reviews() == []


def test_a_region_lists_the_cuts_that_a_person_puts_there(filled: Workspace) -> None:
    correct(filled, "hep-ex.0101001-aaaa1111", Edit(regions=("SR",)), reviewer="ada")
    [region] = filled.store.criteria("hep-ex/0101001").regions
    assert "hep-ex.0101001-aaaa1111" in region.cuts
    correct(filled, "hep-ex.0101001-aaaa1111", Edit(regions=()), reviewer="ada")
    [region] = filled.store.criteria("hep-ex/0101001").regions
    assert "hep-ex.0101001-aaaa1111" not in region.cuts


def test_search_finds_no_rejected_cut(workspace: Workspace, note: Path) -> None:
    read(workspace, note)
    decide(workspace, muon(workspace, "pt").cut.id, "rejected", reviewer="ada")
    found = search(workspace, "Muons", limit=10)
    assert {hit.cut_id for hit in found if hit.kind == "cut"} == {muon(workspace, "abs_eta").cut.id}
    correct(workspace, muon(workspace, "abs_eta").cut.id, Edit(operator="<="), reviewer="ada")
    assert {hit.passage.statement for hit in search(workspace, "Muons", limit=9) if hit.kind == "cut"} == {
        "μ |η| ≤ 2.4"
    }


class TestCommands:
    def run(self, *words: str, keys: str | None = None) -> Any:
        return CliRunner().invoke(app, ["review", *words], input=keys)

    def test_cuts_are_judged_by_their_ids_or_all_of_a_paper(self, home: Path) -> None:
        assert "Rejected: 1 cut" in self.run("reject", "aaaa1111", "--because", "coverage", "--reviewer", "ada").stdout
        assert "Accepted: 2 cuts" in self.run("accept", "--paper", "hep-ex/0101001", "--reviewer", "ada").stdout
        shown = self.run("log").stdout
        assert shown.count("ada") == 3
        assert "coverage" in shown
        assert "rejected by ada" in CliRunner().invoke(app, ["show", "aaaa1111"]).stdout
        assert "Taken back: 1 cut" in self.run("undo", "aaaa1111").stdout

    def test_walking_shows_each_sentence_and_asks(self, home: Path) -> None:
        ran = self.run("walk", "hep-ex/0101001", "--reviewer", "ada", keys="a\nx\nr\nno cut\nq\n")
        assert ran.exit_code == 0, ran.output
        assert ELECTRONS in " ".join(ran.stdout.replace("»", "").replace("«", "").split())
        assert "1 cut of hep-ex/0101001 wait" in ran.stdout
        assert [entry.status for entry in self.log(home)] == ["accepted", "rejected"]

    @pytest.mark.parametrize("keys", ["r\n\na\nq\n", "r\n  \na\nq\n"])
    def test_an_empty_reason_goes_back_to_the_question(self, home: Path, keys: str) -> None:
        ran = self.run("walk", "hep-ex/0101001", "--reviewer", "ada", keys=keys)
        assert ran.exit_code == 0, ran.output
        assert "empty to go back" in ran.stdout
        assert [(entry.status, entry.cut_id[-8:]) for entry in self.log(home)] == [("accepted", "aaaa1111")]

    def test_a_dash_rejects_without_a_reason(self, home: Path) -> None:
        self.run("walk", "hep-ex/0101001", "--reviewer", "ada", keys="r\n-\nq\n")
        assert [(entry.status, entry.reason) for entry in self.log(home)] == [("rejected", "")]

    @pytest.mark.parametrize(("keys", "kept"), [("", []), ("a\nr\n", ["accepted"]), ("a\ns\n", ["accepted"])])
    def test_the_end_of_input_goes_back_and_quits_and_loses_nothing(
        self, home: Path, keys: str, kept: list[str]
    ) -> None:
        ran = self.run("walk", "hep-ex/0101001", "--reviewer", "ada", keys=keys)
        assert ran.exit_code == 0, ran.output
        assert "wait for review" in ran.stdout
        assert [entry.status for entry in self.log(home)] == kept

    def log(self, home: Path) -> Any:
        from api.settings import Settings

        with Workspace(Settings.read(home=home)) as workspace:
            return workspace.store.reviews()

    @pytest.mark.parametrize(
        ("words", "error"),
        [
            (("accept",), InputError),
            (("accept", "aaaa1111", "--paper", "hep-ex/0101001"), InputError),
            (("edit", "aaaa1111"), InputError),
            (("edit", "aaaa1111", "--operator", "~"), InputError),
        ],
        ids=str,
    )
    def test_what_is_not_said_is_asked_for(self, home: Path, words: tuple[str, ...], error: type) -> None:
        assert isinstance(self.run(*words).exception, error)
        assert self.log(home) == []


class TestRest:
    @pytest.fixture
    def client(self, filled: Workspace) -> Iterator[TestClient]:
        with TestClient(create_app(filled), raise_server_exceptions=False) as opened:
            yield opened

    def test_a_cut_is_rejected_and_the_log_tells_by_whom(self, client: TestClient) -> None:
        body = {"verdict": "rejected", "reviewer": "ada", "reason": "detector coverage"}
        reply = client.post("/v1/cuts/hep-ex.0101001-bbbb2222/reviews", json=body)
        assert (reply.status_code, reply.json()["cut"]["status"]) == (200, "rejected")
        [entry] = client.get("/v1/reviews", params={"paper": "hep-ex/0101001"}).json()
        assert (entry["reviewer"], entry["reason"], entry["before"]["status"]) == (
            "ada",
            "detector coverage",
            "proposed",
        )

    def test_a_correction_without_words_for_it_is_a_problem(self, client: TestClient) -> None:
        body = {"edit": {"value": 8}, "reviewer": "ada"}
        reply = client.patch("/v1/cuts/hep-ex.0101001-aaaa1111", json=body)
        assert (reply.status_code, reply.json()["code"]) == (409, "evidence_missing")
        assert client.patch("/v1/cuts/hep-ex.0101001-aaaa1111", json={**body, "edit": {}}).status_code == 422
        assert client.patch("/v1/cuts/none", json=body).status_code == 404

    def test_a_cut_is_added_and_found_where_the_reply_says(self, client: TestClient) -> None:
        edit = {"object": "electron", "variable": "pt", "operator": "<", "value": 7, "unit": "GeV", "quote": ELECTRONS}
        reply = client.post("/v1/papers/hep-ex/0101001/cuts", json={"edit": edit, "reviewer": "ada"})
        assert reply.status_code == 201
        assert client.get(reply.headers["location"]).json()["cut"]["origin"]["extractor"] == "human"
