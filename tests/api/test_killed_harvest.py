"""A harvest is killed at twenty random moments, and what it leaves in the end is what an undisturbed one leaves."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

ROOT = Path(__file__).parents[2]
MAIN = "1801.00000"
# A process that has imported everything forks for each command it reads, so that commands begin at once. The model's
# place is taken by a hash of the text, spun out in time as if batches were embedded.
FORKS = """
import hashlib, json, os, sys, time
import api.app, api.cli.main, api.durable, arxiv, httpx, ingest.arxiv, ingest.inspire, ingest.latex, ingest.reader
import kb.distil, kb.embedding, kb.index.edge, kb.retrieval, kb.store, qdrant_edge, rich.table, stamina

class Embedder:
    dimension = 384
    def embed(self, texts, progress=None):
        rows = []
        for done, text in enumerate(texts, 1):
            time.sleep(0.01)
            digest = hashlib.sha512(text.encode()).digest() * 6
            length = sum(x * x for x in digest) ** 0.5
            rows.append([x / length for x in digest])
            if progress:
                progress(done, len(texts))
        return rows

kb.embedding.Embedder = Embedder
polite = ingest.arxiv.ArxivSource.__init__
ingest.arxiv.ArxivSource.__init__ = lambda self, **given: polite(self, **given, delay=0.0)
paced = ingest.inspire.InspireSource.__init__
ingest.inspire.InspireSource.__init__ = lambda self, **given: paced(self, **given, requests=1000)
for line in sys.stdin:
    if (child := os.fork()) == 0:
        os.setsid()
        os.dup2(2, 1)
        settings, args = json.loads(line)
        os.environ.update(settings)
        api.cli.main.run(args)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
# Volatile columns, and those whose JSON holds times.
TIMES = {"papers": {"ingested_at"}, "criteria": {"saved_at"}}
TABLES = ("papers", "documents", "citations", "criteria", "cuts", "cut_regions", "unresolved")


class Forks:
    """Starts commands in processes of their own."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("w+")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._log}
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen([sys.executable, "-c", FORKS], env=environment, text=True, **pipes)

    def __enter__(self) -> Forks:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def start(self, base: Base, *args: str) -> int:
        """Start a command and return its process's number."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([base.settings, args]) + "\n")
        self._process.stdin.flush()
        return self._number()

    def status(self) -> int:
        """Wait for the command to end and return its exit status."""
        return self._number()

    def said(self) -> str:
        """Return what the commands have printed."""
        self._log.seek(0)
        return self._log.read()

    def _number(self) -> int:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self.said()
        return int(line)


class Base:
    """A home, with a database in it or on a server, and what is in it."""

    def __init__(self, home: Path, url: str | None) -> None:
        self.home = home
        self.settings = {"CUTBOOK_HOME": str(home), **({"CUTBOOK_DATABASE_URL": url} if url else {})}
        names = (home / "cutbook.sqlite", home / "jobs" / "dbos.sqlite")
        records, dbos = (url, url) if url else (f"sqlite:///{name}" for name in names)
        self._records, self._dbos = (
            create_engine(name.replace("postgresql:", "postgresql+psycopg:")) for name in (records, dbos)
        )
        self._outcomes = "dbos.operation_outputs" if url else "operation_outputs"

    def steps(self) -> int:
        """Return how many steps of workflows are done, by DBOS's own account."""
        if self._dbos.dialect.name == "sqlite" and not Path(self._dbos.url.database or "").exists():
            return 0
        try:
            with self._dbos.connect() as connection:
                return int(connection.execute(text(f"SELECT count(*) FROM {self._outcomes}")).scalar() or 0)
        except DBAPIError:
            # The tables are still to be made.
            return 0

    def job(self) -> tuple[str, str]:
        """Return id and state of the job that is no part of another one; nothing before it has been made."""
        try:
            with self._records.connect() as connection:
                found = connection.execute(text("SELECT id, state FROM jobs WHERE id NOT LIKE '%-%'")).first()
        except DBAPIError:
            found = None
        return (found[0], found[1]) if found else ("", "")

    def content(self) -> dict[str, list[Any]]:
        """Return everything that is kept, times aside."""
        found: dict[str, list[Any]] = {}
        with self._records.connect() as connection:
            for table in TABLES:
                columns = {column["name"] for column in inspect(self._records).get_columns(table)}
                names = ", ".join(sorted(columns - TIMES.get(table, set())))
                found[table] = sorted(map(repr, connection.execute(text(f"SELECT {names} FROM {table}"))))
            jobs = connection.execute(text("SELECT id, kind, state FROM jobs")).all()
        # The ids of jobs are random; parts are named after their papers.
        found["jobs"] = sorted((kind, state, name.partition("-")[2]) for name, kind, state in jobs)
        found["index"] = passages(self.home)
        return found

    def close(self) -> None:
        self._records.dispose()
        self._dbos.dispose()


def passages(home: Path) -> list[Any]:
    from qdrant_edge import EdgeShard, ScrollRequest

    shard = EdgeShard.load(str(home / "index" / "shard"))
    try:
        points, _ = shard.scroll(ScrollRequest(limit=100_000, with_payload=True, with_vector=True))
        return sorted((str(p.id), repr(sorted(p.payload.items())), repr(sorted(p.vector.items()))) for p in points)
    finally:
        shard.close()


@pytest.fixture
def library(arxiv: Any) -> Any:
    """Return an arXiv with ten papers, of which the first defers to the others for what it needs."""
    objects = ["Muons", "Electrons", "Jets", "Photons", "Tau leptons", "Taus", "Leptons", "Large-radius jets", "Tracks"]
    cited = [f"1801.{number:05}" for number in range(1, 10)]
    deferred = " ".join(f"{name} are defined in Ref.~\\cite{{r{n}}}." for n, name in enumerate(objects))
    filler = "\n\n".join(f"The luminosity of run {n} was measured with {n + 3} detectors." for n in range(30))
    arxiv.has(MAIN, f"{deferred} Events must have $E_T^{{miss}} > 100$ GeV.\n\n{filler}", cites=cited)
    for n, (name, title) in enumerate(zip(cited, objects, strict=True)):
        cuts = f"{title} are required to have $p_T > {20 + n}$ GeV and $|\\eta| < 2.{n}$."
        # Each defers to the next one too, so that papers link to papers that come before and after them.
        further = f" {objects[(n + 1) % 9]} are defined in Ref.~\\cite{{r0}}."
        arxiv.has(name, f"{cuts}{further}\n\n{filler}", title=title, cites=[cited[(n + 1) % 9]])
    return arxiv


@pytest.fixture
def bases(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[list[Base]]:
    """Return two empty knowledge bases."""
    urls: list[str | None] = [None, None]
    if database == "postgresql":
        first = request.getfixturevalue("postgresql")
        urls = [first, _another(first)]
    made = [Base(tmp_path / name, url) for name, url in zip(("undisturbed", "killed"), urls, strict=True)]
    yield made
    for base in made:
        base.close()


# On the server fewer times, for it takes as long.
@pytest.mark.parametrize(("database", "times"), [("sqlite", 20), ("postgresql", 8)])
def test_killed_at_random_moments_it_leaves_what_it_leaves_undisturbed(
    library: Any, tmp_path: Path, bases: list[Base], database: str, times: int
) -> None:
    harvest = ("ingest", MAIN, "--references", "all")
    undisturbed, disturbed = bases
    with Forks(tmp_path / "log") as processes:
        # When which step was done, in a run that nothing disturbs.
        seconds: list[float] = []
        child = processes.start(undisturbed, *harvest)
        began = time.monotonic()
        while _lives(child):
            seconds += [time.monotonic() - began] * (undisturbed.steps() - len(seconds))
            time.sleep(0.005)
        assert processes.status() == 0, processes.said()

        # Spread over that run; the end is left out, where it is done and only says so.
        chance = random.Random(20)
        moments = sorted(chance.uniform(0, 0.95 * seconds[-1]) for _ in range(times))
        kills = 0
        for moment in [*moments, None]:
            job, state = disturbed.job()
            if state == "done":
                break
            # Both ways to go on, in turn.
            child = processes.start(disturbed, *(("jobs", "retry", job) if job and kills % 2 else harvest))
            if moment is not None:
                done = bisect_right(seconds, moment)
                while disturbed.steps() < done and _lives(child):
                    time.sleep(0.005)
                time.sleep(moment - (seconds[done - 1] if done else 0.0))
                if _lives(child):
                    os.kill(child, signal.SIGKILL)
            status = processes.status()
            assert status in {0, -signal.SIGKILL}, processes.said()
            kills += status == -signal.SIGKILL

    # Where this machine was quicker now than before, the last may have come too late.
    assert kills >= times - 2
    whole, killed = undisturbed.content(), disturbed.content()
    for name in whole:
        assert killed[name] == whole[name], name
    assert len(whole["papers"]) == 10
    assert len(whole["cuts"]) > 20
    assert {state for _, state, _ in whole["jobs"]} == {"done"}
    assert len(whole["jobs"]) == 10


def _lives(child: int) -> bool:
    """Say whether the child of another process runs; one that has ended is no zombie for long."""
    try:
        return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _another(url: str) -> str:
    """Make a second database on the same server."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {engine.url.database}_2"))
    engine.dispose()
    return f"{url}_2"
