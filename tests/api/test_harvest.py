"""Papers that define parts of a selection come in with it, as a physicist would fetch them, and it is told why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli.main import app
from api.intake import take_in
from api.jobs import Jobs
from api.references import wishes
from api.source import Source
from api.workspace import Workspace
from kb.errors import IdentifierError, PaperNotFoundError
from tests.ingest.sheets import Sheet, pdf_of

Hurry = Callable[[Workspace], Workspace]
MAIN = "1801.00000"
TEI = b"""<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title/></titleStmt></fileDesc>
</teiHeader><text><body><div><head n="1">Selection</head><p>Muons are required to have pT &gt; 17 GeV.</p></div></body>
</text></TEI>"""


@pytest.fixture
def library(arxiv: Any) -> Any:
    """Know a paper that cites one for its muons, one for theory and one that is only a note."""
    arxiv.has(
        MAIN,
        "Supersymmetry is a theory~\\cite{r1}. Muons are identified as described in Ref.~\\cite{r0}. "
        "Events must have $E_T^{miss} > 100$ GeV.",
        cites=["1801.00001", "1801.00002"],
    )
    arxiv.has("1801.00001", "Muons are required to have $p_T > 25$ GeV.", title="Muon identification")
    arxiv.has("1801.00002", "Nothing is required.", title="A theory")
    return arxiv


def ingested(workspace: Workspace, name: str, references: str, most: int = 20) -> Any:
    with Jobs(workspace) as jobs:
        return jobs.follow(jobs.submit("ingest", {**Source(name).request(), **wishes(references, most)}))


def test_cited_papers_that_define_the_selection_come_along(library: Any, workspace: Workspace, hurry: Hurry) -> None:
    job = ingested(hurry(workspace), MAIN, "selection")
    assert [(one.arxiv_id, one.state) for one in job.cited] == [("1801.00001", "fetch")]
    assert job.cited[0].quote == "Muons are identified as described in Ref. [1]."
    assert {paper.arxiv_id for paper in workspace.store.papers()} == {MAIN, "1801.00001"}
    delegated = [cut for cut in workspace.store.criteria(MAIN).cuts if len(cut.evidence) == 2]
    assert [(cut.subject.object, cut.value) for cut in delegated] == [("muon", 25.0)]


def test_the_plan_is_told_before_anything_of_it_is_fetched(library: Any, workspace: Workspace, hurry: Hurry) -> None:
    asked_when_told = []
    with Jobs(hurry(workspace)) as jobs:
        job = jobs.submit("ingest", {**Source(MAIN).request(), **wishes("selection", 0)})
        jobs.follow(job, lambda now, _: asked_when_told.append(bool(now.cited)))
    assert asked_when_told[-1]
    assert [one.state for one in workspace.store.job(job.id).cited] == ["left out"]
    assert not [path for path in library.asked if "1801.00001" in path]


def test_the_second_harvest_asks_for_nothing(library: Any, workspace: Workspace, hurry: Hurry) -> None:
    ingested(hurry(workspace), MAIN, "selection")
    asked = len(library.asked)
    again = ingested(workspace, MAIN, "selection")
    assert len(library.asked) == asked
    assert [one.state for one in again.cited] == ["there"]


@pytest.mark.parametrize("name", ["10.1007/JHEP01(2018)055", "inspire:1650000", "ATLAS-CONF-2017-999"])
def test_a_paper_may_be_named_as_inspire_knows_it(library: Any, workspace: Workspace, hurry: Hurry, name: str) -> None:
    library.record(
        {
            "control_number": 1650000,
            "titles": [{"title": "Muon identification"}],
            "arxiv_eprints": [{"value": "1801.00001"}],
            "dois": [{"value": "10.1007/JHEP01(2018)055"}],
            "report_numbers": [{"value": "ATLAS-CONF-2017-999"}],
        }
    )
    assert take_in(hurry(workspace), Source.of(name)).arxiv_id == "1801.00001"


def test_a_name_that_inspire_does_not_know_leaves_the_base_unchanged(
    library: Any, workspace: Workspace, hurry: Hurry
) -> None:
    with pytest.raises(PaperNotFoundError, match="INSPIRE knows no report CMS-SUS-99-999"):
        take_in(hurry(workspace), Source.of("CMS-SUS-99-999"))
    with pytest.raises(IdentifierError) as caught:
        Source.of("CMS")
    assert "10.1103" in caught.value.hint
    assert workspace.store.papers() == []


def test_inspire_fills_the_arxiv_id_that_a_bibliography_leaves_out(
    library: Any, workspace: Workspace, hurry: Hurry
) -> None:
    library.has("1801.00009", "Muons are identified as described in Ref.~\\cite{r0}.", cites=["1801.00001"])
    # The paper's own entry names only the report.
    source = (
        "\\documentclass{article}\\begin{document}\\section{Selection}"
        "Muons are identified as described in Ref.~\\cite{m}.\\begin{thebibliography}{9}"
        "\\bibitem{m} ATLAS Collaboration, ATLAS-CONF-2017-999.\\end{thebibliography}\\end{document}"
    )
    library.paper("1801.00008v1", source=source.encode())
    library.record(
        {
            "control_number": 1,
            "arxiv_eprints": [{"value": "1801.00008"}],
            "references": [
                {"reference": {"label": "1", "report_numbers": ["ATLAS-CONF-2017-999"], "arxiv_eprint": "1801.00001"}}
            ],
        }
    )
    job = ingested(hurry(workspace), "1801.00008", "selection")
    assert [(one.arxiv_id, one.state) for one in job.cited] == [("1801.00001", "fetch")]


def test_without_inspire_the_bibliography_serves_and_it_is_noted(
    library: Any, workspace: Workspace, hurry: Hurry, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.inspire import InspireSource

    hurry(workspace)
    workspace.parts["inspire"] = InspireSource(
        base_url="http://127.0.0.1:1/api", cache=workspace.folder("inspire"), retries=0
    )
    job = ingested(workspace, MAIN, "selection")
    assert job.result is not None
    assert [one.state for one in job.cited] == ["fetch"]
    assert any("references are read from the paper alone" in note for note in job.result["notes"])


class TestGrobid:
    @pytest.fixture
    def sheet(self, tmp_path: Path) -> Path:
        path = tmp_path / "paper.pdf"
        sheet = Sheet()
        sheet.lines(72, 700, "Muons are required to have p_T > 5 GeV.")
        path.write_bytes(pdf_of(sheet))
        return path

    def test_it_reads_pdf_files_where_the_settings_name_one(
        self, arxiv: Any, light: Any, sheet: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from api.settings import Settings

        arxiv.reads(TEI)
        monkeypatch.setenv("CUTBOOK_GROBID_URL", arxiv.grobid_url)
        with light(Settings.read()) as workspace:
            intake = take_in(workspace, Source(str(sheet), sheet))
            assert workspace.store.document("paper").source_format == "tei"
        assert intake.notes == ()

    def test_where_it_fails_the_embedded_reader_reads_and_it_is_noted(
        self, arxiv: Any, light: Any, sheet: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from api.settings import Settings

        monkeypatch.setenv("CUTBOOK_GROBID_URL", "http://127.0.0.1:1")
        with light(Settings.read()) as workspace:
            intake = take_in(workspace, Source(str(sheet), sheet))
            assert workspace.store.document("paper").source_format == "pdf"
        assert "embedded PDF reader" in intake.notes[0]


def test_the_command_line_shows_the_plan(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "150")
    # Not time.sleep, which all threads of the process wait by.
    monkeypatch.setattr("ingest.patience.Patience._one", lambda _, attempt: attempt())
    ran = CliRunner().invoke(app, ["ingest", MAIN])
    assert ran.exit_code == 0, ran.output
    assert "1801.00001" in ran.stderr
    assert "Muons are identified as described in Ref. [1]." in " ".join(ran.stderr.split())
    assert "Ingested with it: 1801.00001" in ran.stdout
    [job] = [line.split()[0] for line in CliRunner().invoke(app, ["jobs"]).stdout.splitlines() if MAIN in line]
    assert "as described in Ref. [1]." in " ".join(CliRunner().invoke(app, ["jobs", "show", job]).stdout.split())


class TestRest:
    @pytest.fixture
    def client(self, library: Any, workspace: Workspace, hurry: Hurry) -> Iterator[TestClient]:
        with TestClient(create_app(hurry(workspace)), raise_server_exceptions=False) as opened:
            yield opened

    def ended(self, client: TestClient, reply: Any) -> dict[str, Any]:
        assert reply.status_code == 202, reply.text
        address = reply.headers["location"]
        # The stream ends with the job.
        assert client.get(f"{address}/events").status_code == 200
        job: dict[str, Any] = client.get(address).json()
        return job

    def test_a_job_shows_its_plan_with_the_sentences(self, client: TestClient) -> None:
        job = self.ended(client, client.post("/v1/papers", json={"id": MAIN}))
        assert [(one["arxiv_id"], one["state"]) for one in job["cited"]] == [("1801.00001", "fetch")]
        assert job["cited"][0]["quote"] == "Muons are identified as described in Ref. [1]."

    @pytest.mark.parametrize(("fields", "papers"), [({}, 1), ({"references": "selection"}, 2)], ids=str)
    def test_an_upload_brings_what_it_cites_on_wish(
        self, client: TestClient, fields: dict[str, str], papers: int
    ) -> None:
        note = (
            "\\documentclass{article}\\begin{document}\\section{Selection}"
            "Muons are identified as described in Ref.~\\cite{m}.\\begin{thebibliography}{9}"
            "\\bibitem{m} ATLAS Collaboration, arXiv:1801.00001.\\end{thebibliography}\\end{document}"
        )
        sent = client.post("/v1/papers", files={"file": ("note.tex", note.encode())}, data=fields)
        assert self.ended(client, sent)["state"] == "done"
        assert len(client.get("/v1/papers").json()) == papers

    @pytest.mark.parametrize("fields", [{"references": "some"}, {"max_references": "-1"}, {"max_references": "x"}])
    def test_an_upload_that_wishes_the_impossible_is_refused(self, client: TestClient, fields: dict[str, str]) -> None:
        sent = client.post("/v1/papers", files={"file": ("note.tex", b"text")}, data=fields)
        assert (sent.status_code, sent.json()["code"]) == (422, "input_invalid")
        assert next(iter(fields)) in sent.text
