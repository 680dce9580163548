"""A requested analysis runs as a job; its numbers, its code and its plots can be fetched."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from rich.console import Console
from typer.testing import CliRunner

from api.analyses import analysis_id, request_analysis, run_analysis
from api.app import create_app
from api.cli.analyses import print_result, with_error
from api.cli.main import app
from api.intake import take_in
from api.source import Source
from api.workspace import Workspace
from codegen.analysis import analyse
from codegen.dataset import open_dataset
from codegen.result import BackendName, Result, StepResult
from codegen.sandbox import choose
from codegen.toys import write_toys
from kb.errors import DataError, DatasetNotFoundError, InputError, SandboxError
from kb.observable import Observable
from kb.store.records import AnalysisRecord
from tests.codegen.backends import BACKENDS
from tests.codegen.conftest import criteria_of, cut

LATEX = r"""\documentclass{article}\title{Four leptons}\begin{document}\maketitle
\section{Selection}
Events are required to contain at least four leptons. The three leading leptons must have $p_T > 30$, 20 and 10 GeV.
The vertex fit must have $\chi^2/\mathrm{ndof} < 6$.
\end{document}
"""


@pytest.fixture
def ready(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Return a workspace with a short paper and toy data."""
    try:
        choose()
    except SandboxError as error:
        pytest.skip(f"generated code cannot run here: {error}")
    path = tmp_path / "four.tex"
    path.write_text(LATEX, encoding="utf-8")
    take_in(workspace, Source(str(path), path))
    for name, file in write_toys(workspace.toys, events=40).items():
        # Every sample starts a sandbox; one of each kind is enough here.
        if name not in {"data_toy", "toy_ZZ4lep"}:
            file.unlink()
    return workspace


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_analysis_is_requested_followed_and_fetched(backend: BackendName, ready: Workspace) -> None:
    with TestClient(create_app(ready)) as client:
        assert [entry["name"] for entry in client.get("/v1/datasets").json()][-1:] == ["toys"]
        reply = client.post("/v1/analyses", json={"paper": "four", "dataset": "toys", "backend": backend})
        assert reply.status_code == 202
        job: dict[str, Any] = reply.json()
        queued = client.get(job["makes"]).json()
        assert queued["state"] in {"queued", "running"}
        until = time.monotonic() + 300
        while job["state"] in {"queued", "running"} and time.monotonic() < until:
            time.sleep(0.1)
            job = client.get(reply.headers["location"]).json()
        assert job["state"] == "done", job
        found = client.get(job["makes"]).json()
        code = client.get(f"{job['makes']}/files/analysis.py").text
        result = client.get(f"{job['makes']}/files/result.json").json()
        plot = client.get(f"{job['makes']}/files/plots/m4l.png" if "plots/m4l.png" in found["files"] else job["makes"])
    assert found["state"] == "done"
    assert found["result"] == result
    assert result["validation"]["status"] == "agrees"
    assert {"awkward": "import uproot", "rdataframe": "import ROOT"}[backend] in code
    assert result["validation"]["probes"]["wrong"] == 0
    assert result["validation"]["weights"]["agreeing"] == result["validation"]["weights"]["compared"] > 0
    assert plot.status_code == 200
    printed = io.StringIO()
    record = ready.store.analysis(found["id"])
    print_result(Console(file=printed, width=100), record, Result.model_validate(result))
    assert "Coverage: " in printed.getvalue()
    assert "Validation: agrees" in printed.getvalue()
    assert "±" in printed.getvalue()
    assert record.folder in printed.getvalue()
    for omission in result["not_applied"]:
        assert omission["cut_id"][-8:] in printed.getvalue()
    total = result["coverage"]["total"]
    assert result["coverage"]["unreviewed"] == total > 0
    waiting = f"{total} of {total} cuts were not reviewed yet (cutbook review walk four)"
    assert waiting in " ".join(printed.getvalue().split())


def test_what_a_person_could_settle_is_marked_and_what_was_judged_does_not_wait(tmp_path: Path) -> None:
    write_toys(tmp_path / "toys", seed=3, events=20)
    dataset = open_dataset(str(tmp_path / "toys"))
    judged = cut("judged", "lepton.count", ">=", 2, status="accepted")
    unclear = cut("unclear", "lepton.other", ">", 1, name="sphericity")
    result = analyse(criteria_of(judged, unclear), dataset, tmp_path / "out")
    record = AnalysisRecord(id="0", arxiv_id="note", version=1, dataset="toys", folder=str(tmp_path / "out"))
    printed = io.StringIO()
    settled = result.not_applied[0].model_copy(update={"review": True})
    print_result(Console(file=printed, width=200), record, result.model_copy(update={"not_applied": (settled,)}))
    assert "Review: 1 of 2 cuts were not reviewed yet" in printed.getvalue()
    assert f"{settled.reason}; please review" in printed.getvalue()


def test_a_folder_without_data_fails_and_keeps_the_earlier_result(ready: Workspace, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError) as no_files:
        run_analysis(ready, "four", str(tmp_path / "empty"))
    with pytest.raises(DatasetNotFoundError) as unknown:
        run_analysis(ready, "four", "no such data")
    assert no_files.value.hint
    assert "toys" in unknown.value.hint
    assert ready.store.analyses() == []


def test_a_folder_that_cannot_be_written_to_is_refused_before_anything_runs(ready: Workspace, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (Path("/proc/foo"), tmp_path / "file" / "deeper", tmp_path / "file"):
        with pytest.raises(InputError, match="no files can be written there") as caught:
            request_analysis(ready, "four", "toys", output=place)
        assert caught.value.message.startswith(str(place))
        assert "--out" in caught.value.hint
    assert ready.store.analyses() == []


def test_a_truncated_file_is_named_and_the_rest_is_analysed(ready: Workspace) -> None:
    file = next(ready.toys.glob("MC/*.root"))
    file.write_bytes(file.read_bytes()[:4000])
    record, result = run_analysis(ready, "four", "toys")
    assert record.state == "done"
    assert [one.name for one in result.unread] == [file.name]
    ready.close()
    ran = CliRunner().invoke(app, ["analyse", "four", "--dataset", "toys"])
    assert ran.exit_code == 2
    assert f"{file.name} cannot be read" in " ".join(ran.stdout.split())
    (job,) = ready.store.jobs()
    told = CliRunner().invoke(app, ["jobs", "show", job.id]).stdout
    assert "done, not complete" in " ".join(told.split())
    assert job.result is not None
    assert [line.partition(" cannot")[0].endswith(file.name) for line in job.result["incomplete"]] == [True]


def test_where_no_file_can_be_read_there_is_no_analysis(ready: Workspace) -> None:
    files = sorted(ready.toys.rglob("*.root"))
    for file in files:
        file.write_bytes(file.read_bytes()[:4000])
    with pytest.raises(DataError, match=r"\.root"):
        run_analysis(ready, "four", "toys")
    assert ready.store.analyses() == []


def test_an_uncertainty_has_two_digits_and_its_value_as_many_decimals() -> None:
    def step(weighted: float, sumw2: float) -> StepResult:
        return StepResult(cut_ids=(), label="", raw=1, weighted=weighted, sumw2=sumw2)

    assert with_error([step(9.5763, 2.56)]) == "9.6 ± 1.6"
    assert with_error([step(0.01555, 2.8e-5)]) == "0.0155 ± 0.0053"
    assert with_error([step(100, 3), step(23, 1)]) == "123.0 ± 2.0"
    assert with_error([step(1234, 250000)]) == "1234 ± 500"
    assert with_error([]) == "0 ± 0"


def test_a_back_end_that_is_not_installed_is_refused_before_anything_is_queued(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codegen.backend.find_spec", lambda _name: None)
    with pytest.raises(InputError, match="ROOT, which is not installed") as refused:
        request_analysis(workspace, "four", "toys", backend="rdataframe")
    assert "cutbook[root]" in refused.value.hint
    with pytest.raises(InputError, match="'hybrid' writes for the back end 'awkward' only"):
        request_analysis(workspace, "four", "toys", backend="rdataframe", engine="hybrid")


def test_each_back_end_has_an_analysis_of_its_own(tmp_path: Path) -> None:
    names = {analysis_id("four", 1, tmp_path, backend=backend) for backend in ("awkward", "rdataframe")}
    assert len(names | {analysis_id("four", 1, tmp_path)}) == 2


def test_what_is_asked_to_be_drawn_and_cannot_be_is_refused_before_anything_runs(ready: Workspace) -> None:
    wanted = Observable.parse("track.pt@1=50,0,200"), Observable.parse("jet_pair.mass@1=50,0,500")
    for one, reason in zip(wanted, ("no track", "the paper ranks no jet pairs"), strict=True):
        with pytest.raises(InputError, match=reason):
            request_analysis(ready, "four", "toys", observables=[one])
    assert ready.store.analyses() == []
    assert "observables" in request_analysis(ready, "four", "toys", observables=[Observable.parse("met.pt=5,0,50")])


@pytest.mark.parametrize("engine", ["llm", "hybrid"])
def test_engines_with_a_model_say_so_where_none_is_configured(ready: Workspace, engine: str) -> None:
    ready.close()
    ran = CliRunner().invoke(app, ["analyse", "four", "--dataset", "toys", "--engine", engine])
    assert isinstance(ran.exception, InputError)
    assert "no language model is configured" in ran.exception.message
    assert "CUTBOOK_LLM_URL" in ran.exception.hint
    with TestClient(create_app(ready), raise_server_exceptions=False) as client:
        reply = client.post("/v1/analyses", json={"paper": "four", "dataset": "toys", "engine": engine})
        assert (reply.status_code, reply.json()["code"]) == (422, "input_invalid")
        assert client.get("/v1/jobs").json() == []
