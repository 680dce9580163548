"""The store keeps papers and cuts, refuses cuts without evidence, and never keeps half of anything."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

from kb.document import Document, Reference
from kb.errors import (
    AnalysisNotFoundError,
    CriteriaError,
    CutNotFoundError,
    EvidenceError,
    InputError,
    JobNotFoundError,
    NotFoundError,
    PaperNotFoundError,
)
from kb.ssc import Evidence, Origin, Piecewise, Refused, Region, SelectionCriteria, Subject, Variable
from kb.store import AnalysisRecord, CutFilter, JobRecord, Problem, Store

SOURCE = "0" * 64


def content(store: Store) -> list[str]:
    """Return everything an SQLite store holds, as SQL."""
    with sqlite3.connect(store.url.removeprefix("sqlite:///")) as connection:
        return list(connection.iterdump())


@pytest.fixture
def filled(store: Store, papers: ModuleType, dimuon: Document) -> Store:
    store.save_document(dimuon, sha256=SOURCE)
    store.save_criteria(papers.criteria(dimuon, *papers.dimuon_cuts(dimuon)))
    return store


# ── papers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_document_comes_back_as_it_went_in(store: Store, dimuon: Document) -> None:
    store.save_document(dimuon, sha256=SOURCE)
    assert store.document("2611.00001") == dimuon
    assert store.documents([dimuon.document_hash, "f" * 64]) == {dimuon.document_hash: dimuon}


def test_saving_the_same_document_again_changes_nothing(filled: Store, dimuon: Document) -> None:
    before = content(filled)
    filled.save_document(dimuon, sha256=SOURCE)
    assert content(filled) == before


def test_a_paper_is_listed_with_what_is_known_about_it(filled: Store, dimuon: Document) -> None:
    (record,) = filled.papers()
    assert record == filled.paper("2611.00001")
    assert (record.title, record.experiment, record.state) == (
        "A search in events with two muons",
        "ATLAS",
        "distilled",
    )
    assert (record.cuts, record.unresolved, record.document_hash) == (5, 0, dimuon.document_hash)
    assert record.ingested_at.utcoffset().total_seconds() == 0


def test_a_new_version_stands_beside_the_old_one(filled: Store, papers: ModuleType, dimuon: Document) -> None:
    second = papers.document(("paragraph", "Muons are required to have p_T > 6 GeV."), version=2)
    filled.save_document(second, sha256=SOURCE)
    assert filled.document("2611.00001") == second
    assert filled.document("2611.00001", version=1) == dimuon
    assert [paper.version for paper in filled.papers()] == [1, 2]
    assert [paper.version for paper in filled.papers(all_versions=False)] == [2]
    # Its cuts are looked for in the newest version that has been distilled.
    assert {record.version for record in filled.cuts()} == {1}
    sentence = "Muons are required to have p_T > 6 GeV."
    filled.save_criteria(papers.criteria(second, papers.cut(second, sentence, "muon", "pt", ">", 6, unit="GeV")))
    assert [record.statement for record in filled.cuts()] == ["μ p_T > 6 GeV"]
    assert filled.count_cuts(CutFilter(version=1)) == 5


def test_a_better_reading_of_the_same_version_takes_its_place(
    filled: Store, papers: ModuleType, dimuon: Document
) -> None:
    better = papers.document(("paragraph", "Muons have p_T > 5 GeV."))
    filled.save_document(better, sha256=SOURCE)
    assert filled.document("2611.00001") == better
    assert filled.paper("2611.00001").state == "read"
    assert set(filled.documents([dimuon.document_hash])) == {dimuon.document_hash}


def test_two_papers_with_the_same_text_stay_two_papers(store: Store, papers: ModuleType) -> None:
    for name in ("note-a", "note-b"):
        store.save_document(papers.dimuon_paper(arxiv_id=name), sha256=SOURCE)
    assert store.document("note-a").arxiv_id == "note-a"
    assert store.document("note-b").arxiv_id == "note-b"


def test_an_unknown_paper_is_an_error_that_says_how_to_get_it(filled: Store) -> None:
    with pytest.raises(PaperNotFoundError, match=r"9999\.00001 is not in the knowledge base") as caught:
        filled.document("9999.00001")
    assert "cutbook ingest 9999.00001" in caught.value.hint
    with pytest.raises(PaperNotFoundError) as caught:
        filled.criteria("2611.00001", version=3)
    assert "has version 1" in caught.value.hint


def test_a_paper_that_is_not_distilled_yet_has_no_criteria(store: Store, dimuon: Document) -> None:
    store.save_document(dimuon, sha256=SOURCE)
    with pytest.raises(PaperNotFoundError, match="its cuts are not"):
        store.criteria("2611.00001")


def test_a_deleted_paper_takes_its_cuts_with_it(filled: Store) -> None:
    filled.delete_paper("2611.00001", 1)
    assert filled.papers() == []
    assert filled.cuts() == []


# ── citations ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_cited_papers_are_found_by_arxiv_id_and_by_report_number(store: Store, papers: ModuleType) -> None:
    muons = papers.document(("paragraph", "Muons."), arxiv_id="1603.05598")
    jets = papers.document(("paragraph", "Jets."), arxiv_id="note-jets")
    references = (
        Reference(key="mu", arxiv_id="1603.05598v2"),
        Reference(key="jet", report_number="NOTE-JETS"),
        Reference(key="far", arxiv_id="1234.56789"),
        Reference(key="self", report_number="2611.00001"),
        Reference(key="book", title="A book"),
    )
    citing = papers.dimuon_paper(references=references)
    for paper in (muons, jets, citing):
        store.save_document(paper, sha256=SOURCE)
    assert store.cited_documents(citing) == {"mu": muons, "jet": jets}
    assert store.citing("1603.05598") == ["2611.00001"]
    assert store.citing("note-jets") == ["2611.00001"]
    assert store.citing("2611.00001") == []


# ── cuts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_criteria_come_back_as_they_went_in(store: Store, papers: ModuleType, dimuon: Document) -> None:
    quote = papers.evidence(dimuon, "exactly two muons")
    wanted = papers.criteria(
        dimuon,
        *papers.dimuon_cuts(dimuon),
        regions=(Region(name="SR", kind="signal", evidence=(quote,)),),
        unresolved=(Refused(code="unstructured", reason="no threshold", evidence=quote),),
    )
    store.save_document(dimuon, sha256=SOURCE)
    saved = store.save_criteria(wanted)
    assert store.criteria("2611.00001") == wanted
    assert store.criteria("2611.00001").to_json() == wanted.to_json()
    assert (saved.cuts, saved.unresolved, len(saved.added), saved.removed) == (5, 1, 5, ())


def test_saving_again_replaces_and_tells_the_difference(filled: Store, papers: ModuleType, dimuon: Document) -> None:
    first, *rest = papers.dimuon_cuts(dimuon)
    saved = filled.save_criteria(papers.criteria(dimuon, *rest))
    assert (saved.added, saved.removed) == ((), (first.id,))
    assert len(filled.cuts()) == 4


def test_a_cut_is_found_by_its_id_with_its_paper(filled: Store, dimuon: Document) -> None:
    wanted = filled.cuts()[4]
    found = filled.cut(wanted.cut.id)
    assert found == wanted
    assert (found.arxiv_id, found.title, found.document_hash) == ("2611.00001", dimuon.title, dimuon.document_hash)
    with pytest.raises(CutNotFoundError) as caught:
        filled.cut(wanted.cut.id[:-1])
    assert wanted.cut.id in caught.value.hint


def test_thresholds_are_kept_in_normal_units(filled: Store) -> None:
    bounds = [(record.statement, record.low, record.high, record.normal_unit) for record in filled.cuts()]
    assert bounds == [
        ("μ p_T > 5 GeV", 5, None, "GeV"),
        ("μ |η| < 2.7", None, 2.7, "1"),
        ("μ |d_0| < 1 mm", None, 1, "mm"),
        ("μ N = 2", 2, 2, "1"),
        ("leading μ p_T > 0.02 TeV", 20, None, "GeV"),
    ]


def test_a_threshold_function_is_kept_by_its_loosest_value(store: Store, papers: ModuleType) -> None:
    paper = papers.document(("paragraph", "The mass lies between a threshold of 12 GeV rising to 50 GeV, and 115 GeV."))
    rising = Piecewise(
        subject=Subject(object="fourlepton"), variable=Variable(id="mass"), unit="GeV", points=((140, 12), (190, 50))
    )
    window = papers.cut(paper, paper.text.strip(), "lepton_pair", "mass", "in", (rising, 115), unit="GeV")
    store.save_document(paper, sha256=SOURCE)
    store.save_criteria(papers.criteria(paper, window))
    (record,) = store.cuts()
    assert (record.low, record.high) == (12, 115)


@pytest.mark.parametrize(
    ("wanted", "statements"),
    [
        ({"object": "muon", "variable": "pt"}, ["μ p_T > 5 GeV", "leading μ p_T > 0.02 TeV"]),
        ({"variable": "pt", "at_least": 10}, ["leading μ p_T > 0.02 TeV"]),
        ({"variable": "pt", "at_most": 10}, ["μ p_T > 5 GeV"]),
        ({"scope": "event", "variable": "count"}, ["μ N = 2"]),
        ({"text": "transverse IMPACT parameter"}, ["μ |d_0| < 1 mm"]),
        ({"text": "exactly two"}, ["μ N = 2"]),
        ({"text": "100%"}, []),
        ({"experiment": "atlas", "variable": "count"}, ["μ N = 2"]),
        ({"experiment": "CMS"}, []),
        ({"region": "SR"}, ["μ |d_0| < 1 mm"]),
        ({"status": "accepted"}, []),
        ({"arxiv_id": "2611.00002"}, []),
    ],
    ids=str,
)
def test_cuts_are_looked_for_across_papers(
    store: Store, papers: ModuleType, dimuon: Document, wanted: dict[str, object], statements: list[str]
) -> None:
    cuts = list(papers.dimuon_cuts(dimuon))
    cuts[2] = cuts[2].model_copy(update={"regions": ("SR",)})
    store.save_document(dimuon, sha256=SOURCE)
    store.save_criteria(papers.criteria(dimuon, *cuts, regions=(Region(name="SR", kind="signal"),)))
    assert [record.statement for record in store.cuts(CutFilter(**wanted))] == statements
    assert store.count_cuts(CutFilter(**wanted)) == len(statements)


def test_pages_of_cuts_join_up(filled: Store) -> None:
    pages = [filled.cuts(limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [record for page in pages for record in page] == filled.cuts()


# ── evidence ──────────────────────────────────────────────────────────────────────────────────────────────────────


def misquoted(evidence: Evidence) -> Evidence:
    return evidence.model_copy(update={"quote": evidence.quote.replace("two", "one")})


def test_a_quote_that_is_not_in_the_text_is_refused_and_nothing_changes(
    filled: Store, papers: ModuleType, dimuon: Document
) -> None:
    before = content(filled)
    cuts = list(papers.dimuon_cuts(dimuon))
    cuts[3] = cuts[3].model_copy(update={"evidence": (misquoted(cuts[3].evidence[0]),)})
    with pytest.raises(EvidenceError, match="'exactly one muons' is not what stands at") as caught:
        filled.save_criteria(papers.criteria(dimuon, *cuts))
    assert caught.value.path == "$.cuts[3].evidence[0]"
    assert content(filled) == before


@pytest.mark.parametrize("place", ["rationale", "unresolved", "regions"])
def test_every_quote_must_stand_in_its_document(
    filled: Store, papers: ModuleType, dimuon: Document, place: str
) -> None:
    wrong = misquoted(papers.evidence(dimuon, "exactly two muons"))
    cuts = papers.dimuon_cuts(dimuon)
    changed: dict[str, SelectionCriteria] = {
        "rationale": papers.criteria(dimuon, cuts[0].model_copy(update={"rationale": wrong})),
        "unresolved": papers.criteria(dimuon, unresolved=(Refused(code="x", reason="y", evidence=wrong),)),
        "regions": papers.criteria(dimuon, regions=(Region(name="SR", kind="signal", evidence=(wrong,)),)),
    }
    with pytest.raises(EvidenceError, match=place):
        filled.save_criteria(changed[place])


def test_a_quote_of_a_paper_that_is_not_in_the_base_is_refused(
    filled: Store, papers: ModuleType, dimuon: Document
) -> None:
    elsewhere = papers.document(("paragraph", "Muons have p_T > 5 GeV."), arxiv_id="1603.05598")
    foreign = papers.cut(elsewhere, "p_T > 5 GeV", "muon", "pt", ">", 5, unit="GeV")
    with pytest.raises(EvidenceError, match=r"1603.05598v1 that is not in the base"):
        filled.save_criteria(papers.criteria(dimuon, foreign))
    filled.save_document(elsewhere, sha256=SOURCE)
    assert filled.save_criteria(papers.criteria(dimuon, foreign)).cuts == 1


def test_a_cut_that_is_not_grounded_is_refused_with_the_objections(
    tmp_path: Path, papers: ModuleType, dimuon: Document
) -> None:
    with Store(
        f"sqlite:///{tmp_path}/a.db", ground=lambda cut, _: ("no 5 in the quote",) if cut.value == 5 else ()
    ) as store:
        store.save_document(dimuon, sha256=SOURCE)
        before = content(store)
        with pytest.raises(EvidenceError, match=r"μ p_T > 5 GeV\) does not hold: no 5 in the quote"):
            store.save_criteria(papers.criteria(dimuon, *papers.dimuon_cuts(dimuon)))
        assert content(store) == before


def test_a_person_may_enter_a_cut_that_no_sentence_states(tmp_path: Path, papers: ModuleType, dimuon: Document) -> None:
    own = papers.dimuon_cuts(dimuon)[0].model_copy(update={"evidence": (), "origin": Origin(extractor="human")})
    with Store(f"sqlite:///{tmp_path}/a.db", ground=lambda *_: ("never",)) as store:
        store.save_document(dimuon, sha256=SOURCE)
        assert store.save_criteria(papers.criteria(dimuon, own)).cuts == 1


def test_criteria_of_another_text_are_refused(filled: Store, papers: ModuleType) -> None:
    other = papers.document(("paragraph", "Another text."))
    with pytest.raises(CriteriaError, match="another text"):
        filled.save_criteria(papers.criteria(other))


# ── transactions ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_error_undoes_every_save_of_a_transaction(filled: Store, papers: ModuleType) -> None:
    before = content(filled)
    other = papers.document(("paragraph", "Jets have p_T > 30 GeV."), arxiv_id="2611.00002")

    def save_and_fail() -> None:
        with filled.transaction():
            filled.save_document(other, sha256=SOURCE)
            filled.save_criteria(papers.criteria(other))
            assert filled.paper("2611.00002").state == "distilled"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_and_fail()
    assert content(filled) == before


def test_two_threads_write_one_after_the_other(store: Store, papers: ModuleType) -> None:
    def save(name: str) -> None:
        for version in range(1, 6):
            with store.transaction():
                store.save_document(papers.dimuon_paper(arxiv_id=name, version=version), sha256=SOURCE)

    threads = [threading.Thread(target=save, args=(f"note-{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.papers()) == 20


def test_a_killed_process_leaves_only_whole_saves(tmp_path: Path) -> None:
    script = f"""
import os
from kb.store import JobRecord, Store
store = Store("sqlite:///{tmp_path}/a.db")
store.save_job(JobRecord(id="kept", kind="ingest"))
with store.transaction():
    store.save_job(JobRecord(id="lost", kind="ingest"))
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    with Store(f"sqlite:///{tmp_path}/a.db") as store:
        assert [job.id for job in store.jobs()] == ["kept"]


# ── analyses and jobs ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_analysis_is_kept_and_updated(store: Store) -> None:
    queued = AnalysisRecord(id="a1", arxiv_id="2611.00001", dataset="toys")
    store.save_analysis(queued)
    done = queued.model_copy(update={"state": "done", "result": {"coverage": {"applied": 22, "total": 27}}})
    store.save_analysis(done)
    assert store.analysis("a1") == done
    assert store.analyses(arxiv_id="2611.00001") == [done]
    assert store.analyses(arxiv_id="2611.00002") == []
    with pytest.raises(AnalysisNotFoundError):
        store.analysis("a2")


def test_a_job_is_kept_and_updated(store: Store) -> None:
    problem = Problem(code="source_unreachable", message="arXiv does not answer", hint="try again")
    store.save_job(JobRecord(id="j1", kind="ingest", request={"id": "2611.00001"}))
    failed = store.job("j1").model_copy(update={"state": "failed", "problem": problem})
    store.save_job(failed)
    assert store.jobs(state="failed") == [failed]
    assert store.jobs(state="queued") == []
    with pytest.raises(JobNotFoundError):
        store.job("j2")


def test_a_job_is_changed_by_one_at_a_time_and_counts_its_changes(store: Store) -> None:
    store.save_job(JobRecord(id="j1", kind="ingest"))

    def one_more(job: JobRecord) -> JobRecord:
        return job.model_copy(update={"attempt": job.attempt + 1})

    def often() -> None:
        for _ in range(10):
            store.change_job("j1", one_more)

    threads = [threading.Thread(target=often) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    job = store.job("j1")
    assert (job.attempt, job.revision) == (31, 30)
    assert store.change_job("j1", lambda job: job) == job
    with pytest.raises(JobNotFoundError):
        store.change_job("j2", one_more)


def test_parts_of_a_job_are_with_it_and_not_among_the_others(store: Store) -> None:
    for name in ("a1", "a1-1712.02304", "a1-hep-ex.0309045", "a10", "a10-1712.02304"):
        store.save_job(JobRecord(id=name, kind="ingest", state="done" if name == "a10" else "queued"))
    assert [job.id for job in store.parts("a1")] == ["a1-1712.02304", "a1-hep-ex.0309045"]
    assert {job.id for job in store.jobs(parts=False)} == {"a1", "a10"}
    assert [job.id for job in store.jobs(parts=False, unfinished=True)] == ["a1"]
    assert store.job("a1-hep-ex.0309045").whole == "a1"
    assert store.job("a1").whole is None


def test_a_job_that_was_kept_in_the_first_form_is_read() -> None:
    old = JobRecord.model_validate({"id": "j", "kind": "ingest", "stage": "embed", "done": 3, "total": 5})
    assert (old.stage.name, old.stage.done, old.stage.total) == ("embed", 3, 5)
    assert JobRecord.model_validate({"id": "j", "kind": "ingest", "stage": "", "done": 0, "total": 0}).stages == ()


# ── papers that come one after the other ──────────────────────────────────────────────────────────────────────────


def test_a_paper_is_outdated_once_the_text_of_one_that_it_cites_is_new(store: Store, papers: ModuleType) -> None:
    muons = (Reference(key="1", arxiv_id="2611.00002"),)
    citing = [papers.dimuon_paper(arxiv_id="2611.00001", version=version, references=muons) for version in (1, 2)]
    for document in citing:
        store.save_document(document, sha256=SOURCE)
        store.save_criteria(papers.criteria(document))
    assert store.outdated() == []
    cited = papers.dimuon_paper(arxiv_id="2611.00002")
    store.save_document(cited, sha256=SOURCE)
    # Only the newest version is what others are compared with.
    assert store.outdated() == [("2611.00001", 2)]
    store.save_criteria(papers.criteria(citing[1]))
    assert store.outdated() == []
    store.save_document(cited, sha256=SOURCE)
    assert store.outdated() == []


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_one_at_a_time_has_a_turn(tmp_path: Path, request: pytest.FixtureRequest, where: str) -> None:
    url = request.getfixturevalue("postgresql") if where == "postgresql" else f"sqlite:///{tmp_path}/a.db"
    with Store(url) as one, Store(url) as another:
        # Two stores stand for two processes, which share turns on a server only.
        stores = [one, another if where == "postgresql" else one]
        inside: list[int] = []
        most: list[int] = []

        def work(store: Store) -> None:
            for _ in range(5):
                with store.turn("base"):
                    inside.append(1)
                    most.append(len(inside))
                    time.sleep(0.002)
                    inside.pop()

        threads = [threading.Thread(target=work, args=(store,)) for store in stores]
        for thread in threads:
            thread.start()
        with one.turn("something else"), one.turn("and more"):
            pass
        for thread in threads:
            thread.join()
        assert (len(most), max(most)) == (10, 1)


# ── opening ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_base_that_is_not_there_is_not_made_where_it_must_not_be(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no knowledge base"):
        Store(f"sqlite:///{tmp_path}/none.db", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["mysql://host/name", "no url", "sqlite+nothing:///x"])
def test_a_url_of_no_known_database_is_an_input_error(url: str) -> None:
    with pytest.raises(InputError) as caught:
        Store(url)
    assert "sqlite:///FILE" in caught.value.hint


def test_a_file_that_is_no_database_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("not a database, but long enough to look at" * 50)
    with pytest.raises(InputError, match="cannot be used"):
        Store(f"sqlite:///{tmp_path}/a.db")


def test_reading_the_base_does_not_import_what_writing_needs(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    Store(url).close()
    script = f"import sys; from kb.store import Store; Store({url!r}).cuts(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    assert "sqlalchemy" in modules
    assert not {"alembic", "torch", "qdrant_edge", "llama_index", "kb.distil.grounding"} & set(modules)
