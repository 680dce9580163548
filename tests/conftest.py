"""What all tests share: real papers and data beside the project, a PostgreSQL server, where there are such."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outside import Outside, watched
from tests.services import Services, serving

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real papers and data, or skip."""
    folder = Path(os.environ.get("CUTBOOK_SHARED", ROOT.parent / "shared"))
    if not (folder / "papers").is_dir():
        pytest.skip(f"no real papers and data at {folder}; set CUTBOOK_SHARED to run this test")
    return folder


@pytest.fixture
def services() -> Iterator[Services]:
    """Run arXiv, INSPIRE and GROBID on loopback; they know what the test tells them."""
    with serving(Services()) as played:
        yield played


@pytest.fixture(scope="session")
def _outside() -> Iterator[Outside]:
    with watched() as outside:
        yield outside


@pytest.fixture(autouse=True)
def outside(_outside: Outside, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    """Fail a test that tries to reach beyond loopback, whether or not the attempt was an error to anyone."""
    for name, value in _outside.settings().items():
        monkeypatch.setenv(name, value)
    yield _outside
    asked, _outside.asked[:] = list(_outside.asked), []
    assert asked == [], "this was asked for outside of loopback"


@pytest.fixture(autouse=True)
def _private_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test away from the user's own knowledge base and settings."""
    for name in [name for name in os.environ if name.startswith("CUTBOOK_") and name != "CUTBOOK_SHARED"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CUTBOOK_HOME", str(tmp_path / "home"))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their parameter: two processes that compress the same data a second apart call a test the same."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def _postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a PostgreSQL server of our own, on loopback."""
    pytest.importorskip("psycopg", reason="psycopg is not installed; PostgreSQL is optional")
    if (initdb := shutil.which("initdb") or next(Path("/usr/lib/postgresql").glob("*/bin/initdb"), None)) is None:
        pytest.skip("no PostgreSQL on this machine")
    programs = Path(initdb).resolve().parent
    folder = tmp_path_factory.mktemp("pg")
    data = folder / "data"
    user: dict[str, object] = {}
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        try:
            nobody = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user 'postgres'")
        data = Path(f"/tmp/cutbook-pg-{os.getpid()}")
        data.mkdir()
        os.chown(data, nobody.pw_uid, nobody.pw_gid)
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "cwd": "/"}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True, **user}
    subprocess.run([programs / "initdb", "-D", data, "-A", "trust", "-U", "cutbook", "-N", "-E", "UTF8"], **quiet)
    options = f"-p {port} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off"
    subprocess.run([programs / "pg_ctl", "-D", data, "-w", "-o", options, "start"], **quiet)
    try:
        yield f"postgresql://cutbook@127.0.0.1:{port}"
    finally:
        subprocess.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **quiet)
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture
def postgresql(_postgresql_server: str) -> str:
    """Return the URL of an empty database on a PostgreSQL server, or skip where none can be started."""
    from sqlalchemy import create_engine, text

    name = f"test_{uuid.uuid4().hex}"
    engine = create_engine(f"{_postgresql_server}/postgres".replace("postgresql", "postgresql+psycopg"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{_postgresql_server}/{name}"
