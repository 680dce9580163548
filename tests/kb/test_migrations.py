"""Models and migrations say the same, on SQLite and, where a server can be started, on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from importlib import resources
from pathlib import Path
from types import ModuleType

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text

from kb.document import Document
from kb.errors import EvidenceError, InputError, UnreachableError
from kb.store import AnalysisRecord, CutFilter, Store
from kb.store.database import open_database
from kb.tables import REVISION, Base


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(resources.files("kb") / "migrations"))
    return ScriptDirectory.from_config(config)


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))


def test_the_marker_is_the_newest_migration() -> None:
    assert scripts().get_heads() == [REVISION]


def test_migrations_make_the_tables_of_the_models(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/a.db")
    assert differences(engine) == []
    engine.dispose()


def test_a_difference_would_be_seen(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/a.db")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE papers ADD COLUMN colour VARCHAR"))
    assert len(differences(engine)) == 1
    engine.dispose()


def test_a_base_of_a_newer_cutbook_is_refused_and_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    Store(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InputError, match="does not know"):
        Store(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
    engine.dispose()


def test_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    script = f"from kb.store import Store; Store('sqlite:///{tmp_path}/a.db').papers()"
    started = [subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) for _ in range(3)]
    assert [(process.communicate()[1], process.returncode) for process in started] == [(b"", 0)] * 3


def test_a_server_that_does_not_answer_is_unreachable() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed; PostgreSQL is optional")
    with pytest.raises(UnreachableError) as caught:
        Store("postgresql://someone:secret@127.0.0.1:1/none")
    assert "secret" not in caught.value.message


def test_postgresql_keeps_the_same(postgresql: str, papers: ModuleType, dimuon: Document) -> None:
    with Store(postgresql, ground=lambda *_: ()) as store:
        wanted = papers.criteria(dimuon, *papers.dimuon_cuts(dimuon))
        store.save_document(dimuon, sha256="0" * 64)
        assert store.save_criteria(wanted).cuts == 5
        assert store.criteria("2611.00001").to_json() == wanted.to_json()
        assert store.document("2611.00001") == dimuon
        assert store.count_cuts(CutFilter(text="IMPACT parameter", experiment="atlas")) == 1
        assert [record.low for record in store.cuts(CutFilter(variable="pt"))] == [5, 20]
        analysis = AnalysisRecord(id="a1", arxiv_id="2611.00001", dataset="toys")
        store.save_analysis(analysis)
        assert store.analysis("a1") == analysis
        wrong = (
            wanted.cuts[0].evidence[0].model_copy(update={"start": 1, "end": 1 + len(wanted.cuts[0].evidence[0].quote)})
        )
        with pytest.raises(EvidenceError):
            store.save_criteria(papers.criteria(dimuon, wanted.cuts[0].model_copy(update={"evidence": (wrong,)})))
        assert len(store.cuts()) == 5
    engine = open_database(postgresql)
    assert differences(engine) == []
    engine.dispose()
