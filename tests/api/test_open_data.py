"""Open data come from the portal, whole or not at all; the portal is played on loopback."""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from api.open_data import OpenData, known_records, record_of, unpack, wanted
from codegen.dataset import open_dataset
from kb.errors import DataError, DatasetNotFoundError, InputError, UnreachableError
from tests.api.test_command_line import Run
from tests.codegen.formats import write_nanoaod

EOS = "root://eospublic.cern.ch//eos/opendata/here/"


@dataclass
class Portal:
    """A portal with one record; `ranges` are those that were asked for, `cuts` after how many bytes answers break."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    ranges: list[str | None] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    partial: bool = True
    busy: int = 0

    def record(self) -> dict[str, object]:
        files = [
            {
                "uri": EOS + name,
                "size": len(data),
                "checksum": self.checksums.get(name, f"adler32:{zlib.adler32(data):08x}"),
            }
            for name, data in self.files.items()
        ]
        return {"metadata": {"title": "Some data", "_files": files[:1], "_file_indices": [{"files": files[1:]}]}}

    def answer(self, path: str, asked: str | None) -> tuple[int, bytes, bytes]:
        """Return status, body and what of it is sent."""
        if self.busy:
            self.busy -= 1
            return 503, b"", b""
        if path == "/api/records/7":
            told = json.dumps(self.record()).encode()
            return 200, told, told
        data = self.files.get(path.removeprefix("/eos/opendata/here/"))
        if data is None:
            return 404, b"", b""
        self.ranges.append(asked)
        status = 200
        if asked and self.partial:
            data, status = data[int(re.findall(r"\d+", asked)[0]) :], 206
        return status, data, data[: self.cuts.pop(0)] if self.cuts else data


@pytest.fixture
def portal() -> Iterator[Portal]:
    played = Portal()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, sent = played.answer(self.path, self.headers["Range"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    played.address = f"http://127.0.0.1:{server.server_port}"
    yield played
    server.shutdown()
    thread.join()
    server.server_close()


DATA = bytes(range(256)) * 40


@pytest.fixture
def open_data(portal: Portal) -> OpenData:
    portal.files["data_A.root"] = DATA
    return OpenData(portal.address, retries=3, first=0.01)


def test_files_are_named_sized_and_checked_by_their_record(open_data: OpenData, portal: Portal, tmp_path: Path) -> None:
    portal.files |= {"mc_1.root": b"b", "readme.txt": b"c"}
    record = open_data.record(7)
    assert (record.title, [file.name for file in record.files]) == (
        "Some data",
        ["data_A.root", "mc_1.root", "readme.txt"],
    )
    assert record.files[0].url == f"{portal.address}/eos/opendata/here/data_A.root"
    assert [file.name for file in wanted(record, "*.root")] == ["data_A.root", "mc_1.root"]
    with pytest.raises(DataError, match="no file 'z") as caught:
        wanted(record, "z*")
    assert "it has 3 files: data_A.root" in caught.value.hint
    seen: list[tuple[str, int, int]] = []
    path = open_data.fetch(record.files[0], tmp_path / "new", lambda *told: seen.append(told))
    assert path.read_bytes() == DATA
    assert (seen[0], seen[-1]) == (("data_A.root", 0, len(DATA)), ("data_A.root", len(DATA), len(DATA)))
    assert [p.name for p in path.parent.iterdir()] == ["data_A.root"]
    open_data.fetch(record.files[0], path.parent)
    assert portal.ranges == [None], "what is there and whole is not fetched again"


def test_what_broke_off_is_gone_on_with(open_data: OpenData, portal: Portal, tmp_path: Path) -> None:
    [file] = open_data.record(7).files
    portal.cuts = [3000, 2000]
    portal.busy = 1
    assert open_data.fetch(file, tmp_path).read_bytes() == DATA
    assert portal.ranges == [None, "bytes=3000-", "bytes=5000-"]


def test_a_later_run_goes_on_where_an_earlier_one_ended(open_data: OpenData, portal: Portal, tmp_path: Path) -> None:
    [file] = open_data.record(7).files
    portal.cuts = [1000, 0, 0, 0]
    with pytest.raises(UnreachableError, match="could not be fetched") as caught:
        open_data.fetch(file, tmp_path)
    assert "gone on with" in caught.value.hint
    assert (tmp_path / "data_A.root.part").read_bytes() == DATA[:1000]
    assert not (tmp_path / "data_A.root").exists()
    assert open_data.fetch(file, tmp_path).read_bytes() == DATA
    assert portal.ranges[-1] == "bytes=1000-"
    assert not (tmp_path / "data_A.root.part").exists()


def test_a_server_that_begins_anew_is_followed(open_data: OpenData, portal: Portal, tmp_path: Path) -> None:
    portal.partial = False
    (tmp_path / "data_A.root.part").write_bytes(b"x" * 500)
    assert open_data.fetch(open_data.record(7).files[0], tmp_path).read_bytes() == DATA


@pytest.mark.parametrize("kind", ["adler32", "md5"])
def test_other_bytes_than_those_of_the_checksum_are_refused(
    open_data: OpenData, portal: Portal, tmp_path: Path, kind: str
) -> None:
    portal.checksums["data_A.root"] = f"{kind}:{'0' * 8}"
    [file] = open_data.record(7).files
    with pytest.raises(DataError, match=f"came with the checksum {kind}:"):
        open_data.fetch(file, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_part_with_wrong_bytes_is_not_kept_for_ever(open_data: OpenData, tmp_path: Path) -> None:
    (tmp_path / "data_A.root.part").write_bytes(b"x" * 500)
    [file] = open_data.record(7).files
    with pytest.raises(DataError):
        open_data.fetch(file, tmp_path)
    assert open_data.fetch(file, tmp_path).read_bytes() == DATA


@pytest.mark.parametrize("uri", [f"{EOS}../../.bashrc", f"{EOS}-rf;", "ftp://elsewhere/x.root", "http://elsewhere/x"])
def test_a_record_cannot_name_files_elsewhere(open_data: OpenData, portal: Portal, uri: str) -> None:
    portal.record = lambda: {  # type: ignore[method-assign]
        "metadata": {"files": [{"uri": uri, "size": 1, "checksum": "adler32:00000001"}]}
    }
    with pytest.raises(UnreachableError, match="does not describe a record"):
        open_data.record(7)


def test_unknown_records_and_addresses_without_encryption_are_refused(open_data: OpenData) -> None:
    with pytest.raises(DatasetNotFoundError, match="no record 8"):
        open_data.record(8)
    with pytest.raises(InputError, match="over HTTPS"):
        OpenData("http://opendata.cern.ch")
    with pytest.raises(UnreachableError, match="nothing listens there"):
        OpenData("http://127.0.0.1:1", retries=0).record(7)


def test_records_are_known_by_name_or_number() -> None:
    assert record_of("atlas-2020-4lep").record == 15005
    assert record_of("12341").name == "record-12341"
    assert {known.name for known in known_records().values()} == set(known_records())
    with pytest.raises(DatasetNotFoundError, match="no open data") as caught:
        record_of("atlas-1999")
    assert "atlas-2020-4lep" in caught.value.hint


def test_archives_give_their_root_files_and_nothing_else(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("4lep/Data/data_A.4lep.root", b"events")
        archive.writestr("../../evil.root", b"stays inside")
        archive.writestr("4lep/readme.txt", b"words")
    (tmp_path / "a.zip").write_bytes(packed.getvalue())
    (tmp_path / "here").mkdir()
    found = unpack([tmp_path / "a.zip"], tmp_path / "here")
    assert sorted(path.name for path in found) == ["data_A.4lep.root", "evil.root"]
    assert all(path.parent == tmp_path / "here" for path in found)
    (tmp_path / "b.zip").write_bytes(packed.getvalue()[:50])
    with pytest.raises(DataError, match="no whole zip archive"):
        unpack([tmp_path / "b.zip"], tmp_path / "here")


@pytest.fixture
def cutbook(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "120")
    return Run(capsys)


def test_fetched_data_are_a_dataset(
    cutbook: Run, portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.files["Run2016H.root"] = write_nanoaod(tmp_path / "x.root", 20).read_bytes()
    monkeypatch.setenv("CUTBOOK_OPENDATA_URL", portal.address)
    monkeypatch.setenv("CUTBOOK_HOME", str(tmp_path / "home"))
    ran = cutbook("datasets", "fetch", "7")
    assert (ran.status, "1 files, checked, in" in ran.out) == (0, True)
    assert "Some data: 1 file" in ran.err
    dataset = open_dataset("record-7", folders=[tmp_path / "home" / "open"])
    assert (dataset.profile.name, list(dataset.samples)) == ("cms-nanoaod", ["Run2016H"])
    ran = cutbook("datasets", "fetch", "nothing")
    assert (ran.status, ran.err.startswith("error[dataset_not_found]")) == (3, True)


def test_datasets_are_listed_shown_and_added(cutbook: Run, tmp_path: Path) -> None:
    listed = cutbook("datasets")
    assert listed.out == cutbook("datasets", "list").out
    for name in ("toys", "atlas-2020", "cms-nanoaod", "atlas-2020-4lep"):
        assert name in listed.out
    shown = cutbook("datasets", "show", "cms-nanoaod")
    assert shown.status == 0
    assert "Muon_pfIsoId >= 4" in shown.out
    (tmp_path / "mine").mkdir()
    write_nanoaod(tmp_path / "mine" / "a.root", 20)
    assert "Not in these files: " in cutbook("datasets", "show", str(tmp_path / "mine")).out
    added = cutbook("datasets", "add", str(tmp_path / "mine"))
    assert added.status == 0
    assert "Check every line" in added.err
    assert open_dataset(str(tmp_path / "mine")).profile.name == "mine"
    again = cutbook("datasets", "add", str(tmp_path / "mine"))
    assert (again.status, "is there already" in again.err) == (2, True)
    assert cutbook("datasets", "add", str(tmp_path / "mine"), "--force").status == 0
    assert cutbook("datasets", "add", str(tmp_path / "nowhere")).status != 0
