"""DBOS, set up for one home: what it remembers lies beside the records, as JSON, and nothing of it is on the network.

Embedded it keeps a SQLite file in the home, else the schema `dbos` of the PostgreSQL database of the records.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from dbos import DBOS, DBOSConfig, Serializer
from sqlalchemy.exc import DBAPIError

from api import workflows
from api.seat import Seat
from api.workflows import Bench
from kb.errors import CutbookError, FaultError, InputError
from kb.store.records import JobRecord

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "1"
"""What DBOS takes for the version of the application. It goes on with jobs of its own version only, so this one stays;
what a job needs to know of a change in the code is told by `workflows.STEPS`."""

SERVED, RESUMED = "served", "resumed"
"""The queue of jobs that wait for a server's worker, and that of workflows with which any process goes on."""

_LOOK = 0.5
"""How often a queue is looked at [s]: each time costs about 3 ms of processor time, also where nothing waits."""

_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_BATCH = 500
_ERROR = "cutbook error"


class Durable:
    """DBOS in this process, where there can be one; its executor is named after the process's seat in the home."""

    def __init__(self, bench: Bench, seat: Seat, *, executor: str, workers: int | None) -> None:
        """Start it; `workers` jobs of the queue run at a time, or, with None, those only that are started here."""
        self._bench = bench
        self._seat = seat
        self._workers = workers
        workflows.set_up(bench)
        _be_quiet()
        try:
            DBOS(config=_config(bench, executor, serving=workers is not None))
            DBOS.listen_queues([RESUMED] if workers is None else [SERVED, RESUMED])
            DBOS.launch()
            self._forget()
            DBOS.register_queue(RESUMED, polling_interval_sec=_LOOK)
            if workers is not None:
                DBOS.register_queue(SERVED, worker_concurrency=workers, polling_interval_sec=_LOOK)
        except BaseException as error:
            self._destroy()
            if not isinstance(error, DBAPIError | sqlite3.Error):
                raise
            message = f"what DBOS remembers of jobs, jobs/dbos.sqlite of the home, cannot be used: {error}"
            hint = "move that file away; jobs that were under way are then begun anew"
            raise InputError(message, hint=hint) from error

    def start(self, job: JobRecord) -> None:
        """See to it that the present attempt at a job is made, here or, if there are workers, when one is free."""
        if self._workers is None:
            workflows.start(job)
        else:
            workflows.enqueue(job, SERVED)

    def go_on(self, job: JobRecord) -> None:
        """Go on with a job that has not ended, unless another process is at it."""
        with self._bench.workspace.store.turn("recovery"):
            self._resume(
                DBOS.list_workflows(workflow_id_prefix=job.id, status=["PENDING", "ENQUEUED"], load_input=False)
            )
            status = DBOS.get_workflow_status(workflows.name_of(job))
            if status is not None and status.status not in {"PENDING", "ENQUEUED", "DELAYED"}:
                job = workflows.anew(self._bench, job.id, only=job.attempt)
            if status is None or status.status not in {"PENDING", "ENQUEUED", "DELAYED"}:
                self.start(job)

    def recover(self) -> int:
        """Go on with everything that killed processes of this home left; return how many jobs have not ended."""
        store = self._bench.workspace.store
        left = store.jobs(unfinished=True)
        names = {job.id for job in left}
        for job in sorted(left, key=lambda job: job.created_at):
            # Parts are seen to by the job they are a part of.
            if job.whole not in names:
                self.go_on(job)
        with store.turn("recovery"):
            # What is left now are ends that a killed process noted in the store but did not tell DBOS.
            self._resume(DBOS.list_workflows(status="PENDING", load_input=False))
        return len(left)

    def stop(self, seconds: float) -> bool:
        """Let what runs come to a point where it can be left, for some time; say whether all of it has."""
        bench = self._bench
        bench.stopping.set()
        until = time.monotonic() + seconds
        with bench.news:
            bench.news.notify_all()
            while bench.at_work and (left := until - time.monotonic()) > 0:
                bench.news.wait(min(left, 0.2))
        self._destroy()
        return not bench.at_work

    def _destroy(self) -> None:
        DBOS.destroy()
        workflows.clear()

    def _forget(self) -> None:
        """Let DBOS forget the workflows of jobs that have ended: what became of them is in the records.

        Those of an unfinished job stay, its parts' too, which it would otherwise make again.
        """
        store = self._bench.workspace.store
        with store.turn("recovery"):
            kept = {name for job in store.jobs(unfinished=True) for name in (job.id, job.whole)}
            over = [
                found.workflow_id
                for found in DBOS.list_workflows(status=[*_ENDED, "PENDING"], load_input=False, load_output=False)
                # Their process may have been killed before it told DBOS what it had noted in the record.
                if found.status != "PENDING" or self._seat.is_free(found.executor_id or "")
                for job in [found.workflow_id.rpartition("#")[0]]
                if not kept & {job, job.partition("-")[0]}
            ]
            for first in range(0, len(over), _BATCH):
                DBOS.delete_workflows(over[first : first + _BATCH])

    def _resume(self, found: Sequence[Any]) -> None:
        for workflow in found:
            whole = "-" not in workflow.workflow_id
            if workflow.status == "ENQUEUED" and (workflow.queue_name != SERVED or self._workers is not None):
                continue
            if workflow.status == "PENDING" and not self._seat.is_free(workflow.executor_id or ""):
                continue
            queue = SERVED if whole and self._workers is not None else RESUMED
            DBOS.resume_workflow(workflow.workflow_id, queue_name=queue)


class _Json(Serializer):
    """Keeps what steps return as JSON, which other versions of the code can read, and errors by their code."""

    def name(self) -> str:
        return "cutbook_json"

    def serialize(self, data: Any) -> str:
        return json.dumps(data, ensure_ascii=False, default=_plain)

    def deserialize(cls, serialized_data: str) -> Any:
        data = json.loads(serialized_data)
        if isinstance(data, dict) and _ERROR in data:
            return CutbookError.of(data[_ERROR], data["message"], hint=data["hint"])
        return data


def _plain(value: object) -> dict[str, str]:
    if isinstance(value, CutbookError):
        return {_ERROR: value.code, "message": value.message, "hint": value.hint}
    if isinstance(value, BaseException):
        return {_ERROR: FaultError.code, "message": f"{type(value).__name__}: {value}", "hint": ""}
    message = f"a step returned {type(value).__name__}, which is not JSON"
    raise TypeError(message)


def _config(bench: Bench, executor: str, *, serving: bool) -> DBOSConfig:
    workspace = bench.workspace
    url = workspace.settings.database
    if not url.startswith("postgresql"):
        url = _sqlite(workspace.folder("jobs") / "dbos.sqlite")
    return {
        "name": "cutbook",
        "system_database_url": url,
        "sys_db_pool_size": 10,
        "application_version": VERSION,
        "executor_id": executor,
        "serializer": _Json(),
        # Work runs in this process's threads and is seen through the records: no console, no traces, no server.
        "enable_otlp": False,
        "log_level": "WARNING" if serving else "ERROR",
        # No workflow waits for notifications, but the end of the process for the thread that does.
        "notification_listener_polling_interval_sec": 0.2,
    }


def _sqlite(path: Path) -> str:
    # A write-ahead log, like that of the records; the file remembers it.
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    return f"sqlite:///{path}"


def _be_quiet() -> None:
    """Keep DBOS from writing to the terminal in a form of its own; its warnings go where all others go."""
    logger = logging.getLogger("dbos")
    if not logger.handlers and logging.lastResort is not None:
        logger.addHandler(logging.lastResort)
