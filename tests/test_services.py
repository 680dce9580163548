"""The servers that tests play answer as the real ones do."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.services import FAULTS, Services

RECORD = {
    "control_number": 1644367,
    "arxiv_eprints": [{"value": "1712.02304"}],
    "report_numbers": [{"value": "CERN-EP-2017-251"}],
    "titles": [{"title": "Four leptons"}],
    "references": [],
}


def test_inspire_is_asked_by_record_by_arxiv_id_and_by_query(services: Services) -> None:
    services.record(RECORD)
    for path in ("literature/1644367", "arxiv/1712.02304"):
        record = httpx.get(f"{services.inspire_url}/{path}", params={"fields": "titles.title,references"}).json()
        assert record == {"id": "1644367", "metadata": {"titles": RECORD["titles"], "references": []}}
    for query in ("recid:1644367", "arxiv:1712.02304", 'report_numbers.value:"CERN-EP-2017-251"'):
        found = httpx.get(f"{services.inspire_url}/literature", params={"q": query}).json()["hits"]
        assert (found["total"], found["hits"][0]["id"]) == (1, "1644367")
    assert httpx.get(f"{services.inspire_url}/literature/1").status_code == 404
    assert httpx.get(f"{services.inspire_url}/literature", params={"q": "arxiv:1"}).json()["hits"]["total"] == 0


def test_real_records_are_served(services: Services, shared: Path) -> None:
    services.recorded(shared)
    record = httpx.get(f"{services.inspire_url}/arxiv/2103.06995").json()
    assert record["id"] == "1851403"
    assert record["metadata"]["references"]


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_befalls_only_the_paths_it_is_put_on(services: Services, fault: str) -> None:
    services.paper("1712.02304v1", source=b"source " * 100)
    services.breaks(services.eprints, fault, times=1)

    def ask() -> object:
        try:
            reply = httpx.get(f"{services.address}{services.eprints}1712.02304v1", timeout=0.1)
        except httpx.HTTPError as error:
            return error
        return (reply.status_code, reply.content)

    healthy = (200, b"source " * 100)
    assert httpx.get(f"{services.grobid_url}/api/isalive").text == "true"
    assert ask() != healthy
    assert ask() == healthy
