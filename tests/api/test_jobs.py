"""Jobs outlive the process that took them, can be cancelled and retried, and one that fails hurts no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api import workflows
from api.intake import Desk
from api.jobs import Jobs, cancel
from api.settings import Settings
from api.source import Source
from api.workspace import Workspace
from kb.errors import CutbookError, JobNotFoundError, RefusedError, UnreachableError
from kb.store.records import JobRecord, JobState, now

Light = Callable[[Settings], Workspace]
LATEX = r"\documentclass{article}\begin{document}Muons are required to have $p_T > %d$ GeV.\end{document}"


@pytest.fixture
def workspace(light: Light, database: str) -> Any:
    """Return an empty workspace, on SQLite and on PostgreSQL."""
    with light(Settings.read()) as opened:
        yield opened


def wait(workspace: Workspace, job_id: str, *states: JobState) -> JobRecord:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        job = workspace.store.job(job_id)
        if job.state in (states or ("done", "failed", "cancelled")):
            return job
        time.sleep(0.01)
    pytest.fail(f"the job did not get there: {job}")


def note(folder: Path, name: str, gev: int = 25) -> dict[str, Any]:
    path = folder / f"{name}.tex"
    path.write_text(LATEX % gev, encoding="utf-8")
    return Source(str(path), path).request()


def cuts(workspace: Workspace) -> dict[str, list[Any]]:
    distilled = [paper.arxiv_id for paper in workspace.store.papers() if paper.state == "distilled"]
    return {name: [cut.value for cut in workspace.store.criteria(name).cuts] for name in distilled}


class Door:
    """Holds workflows up in a stage of the intake."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self.passed: list[str] = []
        original = getattr(Desk, stage)

        def held(desk: Desk, *args: Any) -> Any:
            self.passed.append(desk._source.name)
            self.reached.set()
            while not self.opened.wait(0.02):
                desk._tell(stage, 0, 1)
            return original(desk, *args)

        monkeypatch.setattr(Desk, stage, held)


def test_a_job_is_done_and_says_stage_by_stage_how_far_it_came(workspace: Workspace, tmp_path: Path) -> None:
    told: list[JobRecord] = []
    with Jobs(workspace) as jobs:
        job = jobs.follow(jobs.submit("ingest", note(tmp_path, "a")), lambda job, _parts: told.append(job))
    assert job.state == "done"
    assert job.result is not None
    assert (job.result["arxiv_id"], job.result["cuts"]) == ("a", 1)
    assert [stage.name for stage in job.stages] == ["fetch", "parse", "chunk", "embed", "index", "distil", "link"]
    assert all(stage.done == stage.total for stage in job.stages)
    assert [job.revision for job in told] == sorted(job.revision for job in told)
    assert told[-1] == job


def test_a_failure_is_kept_with_its_hint_and_the_next_job_runs(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(desk: Desk) -> Any:
        if desk._source.name.endswith("far.tex"):
            message = "arXiv does not answer"
            raise UnreachableError(message, hint="try later")
        if desk._source.name.endswith("odd.tex"):
            raise ZeroDivisionError
        return original(desk)

    original = Desk.fetch
    monkeypatch.setattr(Desk, "fetch", fetch)
    jobs = Jobs(workspace, serving=True)
    jobs.start()
    try:
        ids = [jobs.submit("ingest", note(tmp_path, name)).id for name in ("far", "odd", "good")]
        far, odd, good = (wait(workspace, name) for name in ids)
    finally:
        jobs.stop()
    assert far.problem is not None
    assert (far.state, far.problem.code, far.problem.hint) == ("failed", "source_unreachable", "try later")
    assert odd.problem is not None
    assert odd.problem.code == "fault"
    assert good.state == "done"
    assert list(cuts(workspace)) == ["good"]


def test_who_waits_for_a_job_gets_its_error(workspace: Workspace, tmp_path: Path, monkeypatch: Any) -> None:
    request = note(tmp_path, "a")
    Path(request["file"]).write_bytes(b"")
    with Jobs(workspace) as jobs:
        with pytest.raises(CutbookError) as caught:
            jobs.follow(jobs.submit("ingest", request))
        assert caught.value.code == "source_unreadable"
        monkeypatch.setattr(Desk, "fetch", lambda _desk: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            jobs.follow(jobs.submit("ingest", note(tmp_path, "b")))


def test_what_a_server_leaves_goes_on_in_the_next_after_the_last_step_that_was_done(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(monkeypatch, "embed")
    parsed: list[str] = []
    parse = Desk.parse
    monkeypatch.setattr(Desk, "parse", lambda desk, *args: parsed.append(desk._source.name) or parse(desk, *args))
    first = Jobs(workspace, serving=True)
    assert first.start() == 0
    running, queued = (first.submit("ingest", note(tmp_path, name)).id for name in ("a", "b"))
    assert door.reached.wait(60)
    assert first.stop(seconds=60)
    assert workspace.store.job(running).state == "running"
    assert workspace.store.job(queued).state == "queued"
    door.opened.set()
    second = Jobs(workspace, serving=True)
    assert second.start() == 2
    try:
        assert [wait(workspace, name).state for name in (running, queued)] == ["done", "done"]
    finally:
        second.stop()
    assert len(parsed) == 2
    assert len(door.passed) == 3


def test_a_command_goes_on_with_what_it_was_asked_for_and_leaves_other_jobs_alone(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(monkeypatch, "embed")
    left = []
    for name in ("a", "b"):
        door.reached.clear()
        jobs = Jobs(workspace)
        jobs.start()
        left.append(jobs.submit("ingest", note(tmp_path, name)))
        assert door.reached.wait(60)
        assert jobs.stop(seconds=60)
    door.opened.set()
    with Jobs(workspace) as jobs:
        again = jobs.submit("ingest", {**note(tmp_path, "a"), "name": "written otherwise"})
        assert again.id == left[0].id
        assert jobs.follow(again).state == "done"
        # Time enough for the other one to be taken, if it were.
        time.sleep(0.5)
        assert workspace.store.job(left[1].id).state == "running"
        assert jobs.follow(jobs.retry(left[1].id)).state == "done"
    assert cuts(workspace) == {"a": [25], "b": [25]}


def test_a_job_whose_process_died_before_it_could_start_it_is_started(workspace: Workspace, tmp_path: Path) -> None:
    requests = [note(tmp_path, name) for name in ("a", "b")]
    for name, request in zip("12", requests, strict=True):
        workspace.store.save_job(JobRecord(id=name, kind="ingest", request=request))
    with Jobs(workspace) as jobs:
        assert jobs.follow(jobs.submit("ingest", requests[0])).id == "1"
    jobs = Jobs(workspace, serving=True)
    assert jobs.start() == 1
    try:
        assert wait(workspace, "2").state == "done"
    finally:
        jobs.stop()


def test_a_cancelled_job_stops_and_can_be_tried_again(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(monkeypatch, "embed")
    jobs = Jobs(workspace, serving=True)
    jobs.start()
    try:
        running, queued = (jobs.submit("ingest", note(tmp_path, name)).id for name in ("a", "b"))
        assert door.reached.wait(60)
        with pytest.raises(RefusedError, match="is running"):
            jobs.retry(running)
        for name in (running, queued):
            assert cancel(workspace.store, name).state == "cancelled"
            with pytest.raises(RefusedError, match="ended already"):
                cancel(workspace.store, name)
        door.opened.set()
        third = jobs.submit("ingest", note(tmp_path, "c")).id
        assert wait(workspace, third).state == "done"
        assert [workspace.store.job(name).state for name in (running, queued)] == ["cancelled", "cancelled"]
        assert list(cuts(workspace)) == ["c"]
        assert jobs.retry(running).attempt == 2
        assert wait(workspace, running).state == "done"
        with pytest.raises(RefusedError, match="is done"):
            jobs.retry(running)
    finally:
        jobs.stop()
    with pytest.raises(JobNotFoundError):
        cancel(workspace.store, "none")


def test_a_job_that_was_begun_by_other_code_is_begun_anew(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(monkeypatch, "embed")
    first = Jobs(workspace, serving=True)
    first.start()
    job = first.submit("ingest", note(tmp_path, "a"))
    assert door.reached.wait(60)
    first.stop(seconds=60)
    door.opened.set()
    monkeypatch.setattr(workflows, "STEPS", workflows.STEPS + 1)
    # The new code does the same in other steps.
    monkeypatch.setattr(workflows, "_step", lambda name, work: workflows.DBOS.run_step({"name": f"new {name}"}, work))
    second = Jobs(workspace, serving=True)
    second.start()
    try:
        done = wait(workspace, job.id)
    finally:
        second.stop()
    assert (done.state, done.attempt) == ("done", 2), done.problem
    assert cuts(workspace) == {"a": [25]}


def test_two_homes_in_one_process_are_refused(light: Light, settings: Settings, tmp_path: Path) -> None:
    other = settings.model_copy(update={"home": tmp_path / "other"})
    with light(settings) as one, light(other) as two, Jobs(one):
        with pytest.raises(CutbookError, match="already"):
            Jobs(two).start()
        assert two.store.jobs() == []


class TestReferences:
    """A paper with the papers it cites."""

    CITED = ("1801.00001", "hep-ex/0101002", "1801.00003", "1801.00004")

    @pytest.fixture
    def library(self, arxiv: Any) -> Any:
        arxiv.has(
            "1801.00000",
            "Muons are defined in Ref.~\\cite{r0}. Events must have $E_T^{miss} > 100$ GeV.",
            cites=self.CITED,
        )
        for number, name in enumerate(self.CITED[:3]):
            arxiv.has(name, f"Muons are required to have $p_T > {10 + number}$ GeV.", title=f"Paper {number}")
        return arxiv

    @pytest.fixture
    def request_(self) -> dict[str, Any]:
        return {**Source("1801.00000").request(), "references": "all", "max_references": 20}

    def test_each_is_a_paper_of_its_own_and_one_that_fails_stops_no_other(
        self, library: Any, workspace: Workspace, request_: dict[str, Any], hurry: Any
    ) -> None:
        with Jobs(hurry(workspace)) as jobs:
            jobs.follow(jobs.submit("ingest", Source("1801.00003").request()))
            asked = len(library.asked)
            job = jobs.follow(jobs.submit("ingest", request_))
        assert job.result is not None
        told = {reference["id"]: reference for reference in job.result["references"]}
        assert list(told) == list(self.CITED)
        assert [told[name]["state"] for name in self.CITED] == ["done", "done", "linked", "failed"]
        assert told["1801.00004"]["problem"]["code"] == "paper_not_found"
        assert not [path for path in library.asked[asked:] if "1801.00003" in path]
        papers = {paper.arxiv_id: paper.state for paper in workspace.store.papers()}
        assert papers == dict.fromkeys(("1801.00000", *self.CITED[:3]), "distilled")
        [stage] = [stage for stage in job.stages if stage.name == "references"]
        assert (stage.done, stage.total) == (4, 4)
        # What the paper delegates was found once the cited paper was there.
        cited = {e.arxiv_id for cut in workspace.store.criteria("1801.00000").cuts for e in cut.evidence}
        assert cited == {"1801.00000", "1801.00001"}

    def test_no_more_than_wanted_are_fetched(
        self, library: Any, workspace: Workspace, request_: dict[str, Any], hurry: Any
    ) -> None:
        with Jobs(hurry(workspace)) as jobs:
            job = jobs.follow(jobs.submit("ingest", {**request_, "max_references": 1}))
        assert [part.request["id"] for part in workspace.store.parts(job.id)] == ["1801.00001"]

    def test_a_retry_does_only_what_failed(
        self, library: Any, workspace: Workspace, request_: dict[str, Any], hurry: Any
    ) -> None:
        with Jobs(hurry(workspace)) as jobs:
            job = jobs.follow(jobs.submit("ingest", request_))
            workspace.store.change_job(job.id, lambda job: job.model_copy(update={"state": "cancelled"}))
            library.has("1801.00004", "Jets are required to have $p_T > 30$ GeV.")
            before = {part.id: part for part in workspace.store.parts(job.id)}
            again = jobs.follow(jobs.retry(job.id))
        assert again.attempt == 2
        after = {part.id: part for part in workspace.store.parts(job.id)}
        assert [name for name in before if after[name] != before[name]] == [f"{job.id}-1801.00004"]
        assert {part.state for part in after.values()} == {"done"}

    def test_if_it_breaks_no_part_waits_for_ever(
        self, library: Any, workspace: Workspace, request_: dict[str, Any], hurry: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Jobs(hurry(workspace)) as jobs:
            with monkeypatch.context() as patch:
                patch.setattr(workflows, "_wait_for", lambda *_: 1 // 0)
                with pytest.raises(ZeroDivisionError):
                    jobs.follow(jobs.submit("ingest", request_))
            [job] = workspace.store.jobs(parts=False)
            ended = [wait(workspace, part.id).state for part in workspace.store.parts(job.id)]
            assert set(ended[:2]) <= {"done", "cancelled"}
            assert ended[2:] == ["cancelled", "cancelled"]
            assert jobs.follow(jobs.retry(job.id)).state == "done"
        assert [part.state for part in workspace.store.parts(job.id)] == ["done", "done", "done", "failed"]

    def test_cancelling_it_cancels_its_parts(
        self, library: Any, workspace: Workspace, request_: dict[str, Any], hurry: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        jobs = Jobs(hurry(workspace), serving=True)
        jobs.start()
        try:
            job = jobs.submit("ingest", {**request_, "max_references": 3})
            until = time.monotonic() + 60
            while not workspace.store.parts(job.id) and time.monotonic() < until:
                time.sleep(0.005)
            library.open.clear()
            cancel(workspace.store, job.id)
            library.open.set()
        finally:
            jobs.stop()
        assert workspace.store.job(job.id).state == "cancelled"
        states = [part.state for part in workspace.store.parts(job.id)]
        assert "cancelled" in states
        assert set(states) <= {"cancelled", "done"}


def test_papers_are_linked_once_what_they_cite_has_come(workspace: Workspace, tmp_path: Path) -> None:
    citing = tmp_path / "citing.tex"
    citing.write_text(
        "\\documentclass{article}\\begin{document}\\section{Selection}Muons are defined in Ref.~\\cite{r}.\n"
        "\\begin{thebibliography}{9}\\bibitem{r} Us, report NOTE-CITED.\\end{thebibliography}\\end{document}"
    )
    with Jobs(workspace) as jobs:
        jobs.follow(jobs.submit("ingest", Source(str(citing), citing).request()))
        began = now()
        job = jobs.follow(jobs.submit("ingest", note(tmp_path, "note-cited")))
        assert job.result is not None
        assert job.result["linked"] == ["citing"]
        again = jobs.follow(jobs.submit("ingest", note(tmp_path, "note-cited")))
        assert again.result is not None
        # Nothing new has come, so nothing is distilled again.
        assert again.result["linked"] == []
        assert again.created_at > began
    assert [cut.value for cut in workspace.store.criteria("citing").cuts] == [25]
