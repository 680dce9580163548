"""The REST server: what it answers, and that every failure is a problem document."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from api.workspace import Workspace
from kb.store.records import AnalysisRecord, JobRecord

PAPER = "hep-ex/0101001"
LATEX = rb"""\documentclass{article}\title{A short note}\begin{document}\maketitle
\section{Selection}
Muons are required to have $p_T > 25$ GeV and $|\eta| < 2.4$.
\end{document}
"""


@pytest.fixture
def client(filled: Workspace) -> Iterator[TestClient]:
    with TestClient(create_app(filled), raise_server_exceptions=False) as opened:
        yield opened


def wait_for(client: TestClient, address: str) -> dict[str, Any]:
    """Ask for a job until it has ended."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        job: dict[str, Any] = client.get(address).json()
        if job["state"] in {"done", "failed"}:
            return job
        time.sleep(0.02)
    pytest.fail(f"the job did not end: {job}")


def problem(reply: Any, status: int, code: str) -> dict[str, Any]:
    """Check that a reply is an RFC 9457 problem document, and return it."""
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = reply.json()
    assert body["status"] == status
    assert (body["type"], body["code"]) == (f"urn:cutbook:problem:{code}", code)
    assert body["title"]
    assert body["detail"]
    return body


def test_papers_are_listed_with_what_is_known_of_them(client: TestClient) -> None:
    [paper] = client.get("/v1/papers").json()
    assert (paper["arxiv_id"], paper["state"], paper["cuts"]) == (PAPER, "distilled", 3)


@pytest.mark.parametrize("name", [PAPER, PAPER.replace("/", "%2F")])
def test_old_style_ids_hold_a_slash(client: TestClient, name: str) -> None:
    assert client.get(f"/v1/papers/{name}").json()["title"] == "A search with two leptons"
    criteria = client.get(f"/v1/papers/{name}/cuts").json()
    assert [cut["variable"]["id"] for cut in criteria["cuts"]] == ["pt", "abs_eta", "pt"]


def test_every_cut_comes_with_its_sentence(client: TestClient) -> None:
    cuts = client.get("/v1/cuts").json()
    assert cuts["total"] == 3
    assert all(item["cut"]["evidence"][0]["quote"] for item in cuts["items"])


def test_cuts_are_filtered_and_paged(client: TestClient) -> None:
    def statements(**wanted: Any) -> list[str]:
        return [item["statement"] for item in client.get("/v1/cuts", params=wanted).json()["items"]]

    assert statements(object="electron", variable="pt") == ["e p_T > 7 GeV"]
    assert len(statements(q="tracker")) == 2
    assert len(statements(at_least=100)) == 1
    assert statements(limit=1, offset=1) == ["e |η| < 2.47"]
    assert client.get("/v1/cuts", params={"limit": 1}).json()["total"] == 3


def test_a_cut_is_found_by_its_id(client: TestClient) -> None:
    assert client.get("/v1/cuts/hep-ex.0101001-cccc3333").json()["cut"]["regions"] == ["SR"]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/v1/papers/2203.01808", "paper_not_found"),
        ("/v1/papers/2203.01808/cuts", "paper_not_found"),
        ("/v1/cuts/nothing", "cut_not_found"),
        ("/v1/analyses/nothing", "analysis_not_found"),
        ("/v1/jobs/nothing", "job_not_found"),
        ("/v1/nonsense", "not_found"),
        ("/nonsense", "not_found"),
    ],
)
def test_what_is_not_there_is_a_problem(client: TestClient, address: str, code: str) -> None:
    body = problem(client.get(address), 404, code)
    assert body["instance"] == address
    assert body["hint"]


@pytest.mark.parametrize(
    ("address", "where"),
    [("/v1/cuts?limit=many", "query.limit"), ("/v1/cuts?limit=0", "query.limit"), ("/v1/search", "query.q")],
)
def test_an_invalid_query_is_a_problem_that_names_the_parameter(client: TestClient, address: str, where: str) -> None:
    body = problem(client.get(address), 422, "input_invalid")
    assert [offence["path"] for offence in body["errors"]] == [where]


@pytest.mark.parametrize(
    ("address", "where", "meant"),
    [
        ("/v1/cuts?objekt=muon", "query.objekt", "object"),
        ("/v1/cuts?variables=pt&limit=1", "query.variables", "variable"),
        ("/v1/papers?limit=3", "query.limit", None),
        ("/v1/papers/hep-ex/0101001/cuts?versoin=1", "query.versoin", "version"),
        ("/v1/search?q=muon&papers=x", "query.papers", "paper"),
        ("/v1/jobs?status=done", "query.status", "state"),
        ("/v1/health?verbose=1", "query.verbose", None),
    ],
)
def test_a_query_parameter_that_is_not_there_is_named_with_the_nearest_one(
    client: TestClient, address: str, where: str, meant: str | None
) -> None:
    body = problem(client.get(address), 422, "input_invalid")
    assert [offence["path"] for offence in body["errors"]] == [where]
    assert (f"perhaps '{meant}' is meant" in body["detail"]) == (meant is not None)


def test_every_route_refuses_what_it_does_not_ask_for(client: TestClient) -> None:
    addresses = client.get("/openapi.json").json()["paths"]
    refused = [
        client.get(f"{address}?nonsense=1").status_code for address, methods in addresses.items() if "get" in methods
    ]
    assert refused == [422] * len(refused)
    assert len(refused) > 12


def test_a_version_may_stand_in_the_address(client: TestClient) -> None:
    for address in (f"/v1/papers/{PAPER}v1", f"/v1/papers/{PAPER}v1/cuts", f"/v1/papers/{PAPER}v1/versions"):
        assert client.get(address).status_code == 200
    assert client.get(f"/v1/cuts?paper={PAPER}v1").json()["total"] == 3
    assert client.get(f"/v1/papers/{PAPER}v1?version=1").status_code == 200
    problem(client.get(f"/v1/papers/{PAPER}v1?version=2"), 422, "input_invalid")
    problem(client.get(f"/v1/papers/{PAPER}v2"), 404, "paper_not_found")


def test_the_documentation_takes_any_parameter(client: TestClient) -> None:
    assert client.get("/docs?theme=dark").status_code == 200


def test_a_part_of_a_form_that_is_not_there_is_a_problem(client: TestClient) -> None:
    reply = client.post("/v1/papers", files={"file": ("note.tex", LATEX)}, data={"name": "short"})
    assert problem(reply, 422, "input_invalid")["path"] == "body.name"
    assert client.get("/v1/jobs").json() == []


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/v1/cuts?object=muonn", 422, "input_invalid"),
        ("/v1/cuts?variable=momentum", 422, "input_invalid"),
        ("/v1/cuts?paper=nothing", 404, "paper_not_found"),
        ("/v1/search?q=muon&paper=nothing", 404, "paper_not_found"),
        ("/v1/reviews?paper=nothing", 404, "paper_not_found"),
        ("/v1/analyses?paper=nothing", 404, "paper_not_found"),
    ],
)
def test_a_filter_that_nothing_can_meet_is_a_problem(client: TestClient, address: str, status: int, code: str) -> None:
    problem(client.get(address), status, code)


def test_a_method_that_is_not_possible_is_a_problem(client: TestClient) -> None:
    problem(client.delete("/v1/papers"), 405, "method_not_allowed")


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "input_invalid"), (b'{"name": 1}', "input_invalid"), (b'{"id": "no id at all"}', "identifier_invalid")],
)
def test_an_invalid_paper_is_a_problem(client: TestClient, body: bytes, code: str) -> None:
    reply = client.post("/v1/papers", content=body, headers={"content-type": "application/json"})
    problem(reply, 422, code)
    assert client.get("/v1/jobs").json() == []


def test_a_body_that_is_neither_json_nor_form_is_a_problem(client: TestClient) -> None:
    problem(
        client.post("/v1/papers", content=LATEX, headers={"content-type": "text/plain"}), 415, "unsupported_media_type"
    )


def test_an_uploaded_paper_is_ingested(client: TestClient) -> None:
    reply = client.post("/v1/papers", files={"file": ("note.tex", LATEX)}, data={"id": "short"})
    assert reply.status_code == 202
    assert reply.headers["location"] == f"/v1/jobs/{reply.json()['id']}"
    job = wait_for(client, reply.headers["location"])
    assert job["state"] == "done", job
    assert job["makes"] == "/v1/papers/short"
    criteria = client.get(job["makes"] + "/cuts").json()
    assert {cut["value"] for cut in criteria["cuts"]} == {25, 2.4}
    found = client.get("/v1/search", params={"q": "Muons", "paper": "short", "kind": "cut"}).json()
    assert {hit["statement"] for hit in found} == {"μ p_T > 25 GeV", "μ |η| < 2.4"}
    assert all("Muons" in hit["text"] for hit in found)


def test_an_upload_cannot_choose_where_it_is_kept(client: TestClient, filled: Workspace) -> None:
    for name in ("../../../escaped.tex", "..\\..\\escaped.tex", "/etc/escaped.tex"):
        reply = client.post("/v1/papers", files={"file": (name, LATEX)}, data={"id": "safe"})
        assert wait_for(client, reply.headers["location"])["state"] == "done"
    kept = [path.relative_to(filled.home) for path in filled.home.rglob("*escaped*")]
    assert [path.parts[0] for path in kept] == ["uploads"]
    assert list(filled.home.parent.glob("escaped*")) == []


@pytest.mark.parametrize("name", ["../up", "a b", "", ".hidden", "x" * 200, "a/b/c"])
def test_an_upload_cannot_take_a_name_that_breaks_addresses(client: TestClient, name: str) -> None:
    reply = client.post("/v1/papers", files={"file": ("note.tex", LATEX)}, data={"id": name})
    if name:
        problem(reply, 422, "input_invalid")
    else:
        assert reply.status_code == 202


def test_a_broken_paper_fails_its_job_and_leaves_the_base_as_it_was(client: TestClient) -> None:
    before = client.get("/v1/papers").json()
    reply = client.post("/v1/papers", files={"file": ("broken.tar.gz", b"\x1f\x8bnonsense")}, data={"id": "broken"})
    job = wait_for(client, reply.headers["location"])
    assert job["state"] == "failed"
    assert job["problem"]["code"] == "source_unreadable"
    assert job["problem"]["hint"]
    assert client.get("/v1/papers").json() == before


def test_an_upload_that_is_too_large_is_refused(settings: Settings, filled: Workspace) -> None:
    filled.settings = settings.model_copy(update={"upload_mib": 1})
    with TestClient(create_app(filled)) as client:
        large = b"x" * (2 << 20)
        problem(client.post("/v1/papers", files={"file": ("a.tex", large)}), 413, "content_too_large")
        for address in ("/v1/papers", "/v1/analyses"):
            chunks = (large[:65536] for _ in range(32))
            reply = client.post(address, content=chunks, headers={"content-type": "application/json"})
            problem(reply, 413, "content_too_large")
        assert not list(filled.home.glob("uploads/*/*"))


def test_a_dataset_is_named_not_pointed_at(client: TestClient, tmp_path: Path) -> None:
    for name in ("/etc", str(tmp_path), "../data", "unknown"):
        reply = client.post("/v1/analyses", json={"paper": PAPER, "dataset": name})
        problem(reply, 404, "dataset_not_found")
    assert client.get("/v1/analyses").json() == []


def test_only_the_files_of_an_analysis_are_served(client: TestClient, filled: Workspace, tmp_path: Path) -> None:
    folder = filled.folder("analyses", "a1")
    (folder / "plots").mkdir()
    (folder / "analysis.py").write_text("print('mine')\n")
    (folder / "plots" / "m4l.png").write_bytes(b"png")
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    filled.store.save_analysis(
        AnalysisRecord(id="a1", arxiv_id=PAPER, dataset="toys", state="done", folder=str(folder))
    )
    assert client.get("/v1/analyses/a1").json()["files"] == ["analysis.py", "plots/m4l.png"]
    code = client.get("/v1/analyses/a1/files/analysis.py")
    assert (code.text, code.headers["content-type"]) == ("print('mine')\n", "text/x-python; charset=utf-8")
    assert client.get("/v1/analyses/a1/files/plots/m4l.png").content == b"png"
    for name in ("link", "..%2F..%2Fcutbook.sqlite", "%2E%2E/%2E%2E/cutbook.sqlite", "%2Fetc%2Fpasswd", "plots"):
        problem(client.get(f"/v1/analyses/a1/files/{name}"), 404, "analysis_not_found")


def test_the_id_of_a_job_leads_to_its_analysis_once_it_has_ended(client: TestClient, filled: Workspace) -> None:
    folder = filled.folder("analyses", "a1")
    (folder / "analysis.py").write_text("print('mine')\n")
    job = JobRecord(
        id="0123456789abcdef", kind="analyse", request={"paper": PAPER, "dataset": "toys", "analysis": "a1"}
    )
    filled.store.save_job(job)
    waiting = client.get(f"/v1/analyses/{job.id}")
    assert (waiting.status_code, waiting.json()["state"]) == (202, "queued")
    assert waiting.headers["location"] == f"/v1/jobs/{job.id}"
    assert waiting.headers["retry-after"] == "1"
    filled.store.save_analysis(
        AnalysisRecord(id="a1", arxiv_id=PAPER, dataset="toys", state="done", folder=str(folder))
    )
    filled.store.change_job(job.id, lambda job: job.model_copy(update={"state": "done"}))
    ended = client.get(f"/v1/analyses/{job.id}", follow_redirects=False)
    assert (ended.status_code, ended.headers["location"]) == (303, "/v1/analyses/a1")
    assert client.get(f"/v1/analyses/{job.id}").json()["id"] == "a1"
    assert client.get(f"/v1/analyses/{job.id}/files/analysis.py").text == "print('mine')\n"


def test_the_id_of_another_job_is_no_analysis(client: TestClient, filled: Workspace) -> None:
    filled.store.save_job(JobRecord(id="0123456789abcdef", kind="ingest", request={"id": "x"}))
    body = problem(client.get("/v1/analyses/0123456789abcdef"), 404, "analysis_not_found")
    assert "/v1/jobs/0123456789abcdef" in body["hint"]


def test_a_fault_is_a_problem_without_inner_details(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> None:
        message = "inner detail"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("kb.store.Store.papers", breaks)
    body = problem(client.get("/v1/papers"), 500, "fault")
    assert "inner detail" not in str(body)


class TestToken:
    """With a token set, nothing but health and documentation is open."""

    @pytest.fixture
    def client(self, filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
        monkeypatch.setenv("CUTBOOK_TOKEN", "a long secret")
        filled.settings = Settings.read()
        with TestClient(create_app(filled, local_only=False)) as opened:
            yield opened

    @pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic YTpi", "Bearer ä"])
    def test_without_the_token_nothing_is_told(self, client: TestClient, header: str | None) -> None:
        headers = {"authorization": header.encode()} if header else {}
        reply = client.get("/v1/papers", headers=headers)
        problem(reply, 401, "unauthorized")
        assert reply.headers["www-authenticate"] == "Bearer"

    def test_with_the_token_everything_is(self, client: TestClient) -> None:
        headers = {"authorization": "Bearer a long secret", "host": "cutbook.example.org"}
        assert client.get("/v1/papers", headers=headers).status_code == 200

    def test_health_and_documentation_are_open(self, client: TestClient) -> None:
        assert client.get("/v1/health").json()["status"] == "ok"
        assert client.get("/openapi.json").status_code == 200


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example.org"}, {"origin": "https://evil.example.org"}, {"origin": "null"}]
)
def test_without_a_token_pages_of_other_sites_get_nothing(client: TestClient, headers: dict[str, str]) -> None:
    problem(client.get("/v1/papers", headers=headers), 403, "forbidden")


def test_the_servers_own_pages_are_answered(client: TestClient) -> None:
    assert client.get("/v1/papers", headers={"origin": "http://testserver"}).status_code == 200


def test_the_documentation_needs_no_other_server(client: TestClient) -> None:
    page = client.get("/docs").text
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert assets
    for asset in assets:
        assert client.get(asset).status_code == 200, asset
    assert "https://" not in page


def test_the_api_description_covers_every_route_with_its_problems(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    operations = {(method, path): op for path, group in description["paths"].items() for method, op in group.items()}
    assert {
        ("post", "/v1/papers"),
        ("get", "/v1/papers/{paper_id}/cuts"),
        ("get", "/v1/cuts"),
        ("get", "/v1/cuts/{cut_id}"),
        ("post", "/v1/analyses"),
        ("get", "/v1/analyses/{analysis_id}"),
        ("get", "/v1/analyses/{analysis_id}/files/{name}"),
        ("get", "/v1/jobs/{job_id}"),
        ("get", "/v1/datasets"),
        ("get", "/v1/health"),
    } <= set(operations)
    for name, operation in operations.items():
        assert operation["tags"], name
        assert operation["summary"], name
    assert set(operations["post", "/v1/papers"]["requestBody"]["content"]) == {
        "application/json",
        "multipart/form-data",
    }
    assert "application/problem+json" in operations["get", "/v1/cuts"]["responses"]["422"]["content"]
