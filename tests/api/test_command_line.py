"""The command line: what it prints, where, and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from api.cli import main
from api.cli.screen import excerpt
from codegen.analysis import analyse
from codegen.dataset import open_dataset
from kb.errors import CutbookError, FaultError, RefusedError, UnreachableError
from tests.api.conftest import ELECTRONS, REGION
from tests.codegen.conftest import criteria_of, cut, event, write_events

PAPER = "hep-ex/0101001"


class Ran:
    """What a run of the command left behind."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


class Run:
    """Runs the command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *args: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main.run(args)
        printed = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, printed.out, printed.err)


@pytest.fixture
def cutbook(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "120")
    return Run(capsys)


def test_without_arguments_it_explains_itself(cutbook: Run) -> None:
    ran = cutbook()
    assert ran.status == 0
    for command in ("ingest", "papers", "cuts", "show", "search", "analyse", "datasets", "serve", "doctor", "demo"):
        assert f"\n  {command} " in ran.out


@pytest.mark.parametrize("args", [["nonsense"], ["cuts", "--format", "xml"], ["ingest"], ["analyse", "x"]])
def test_wrong_usage_is_wrong_input(cutbook: Run, args: list[str]) -> None:
    ran = cutbook(*args)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error[input_invalid]: ")
    assert "\nhint: see `cutbook" in ran.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["analyze", "x"], "Did you mean 'analyse'"),
        (["review", "acept"], "Did you mean 'accept'"),
        (["ingest", "x.tex", "--id"], "hint: see `cutbook ingest --help`"),
        (["cuts", "--format", "xml"], ": 'xml' is not one of 'table'"),
    ],
)
def test_wrong_usage_is_told_with_what_is_near(cutbook: Run, args: list[str], words: str) -> None:
    assert words in cutbook(*args).err


def test_a_bundle_of_a_folder_that_has_no_name_here_asks_for_the_folder(
    cutbook: Run, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "mix").mkdir()
    write_events(tmp_path / "mix" / "data_A.root", event())
    criteria = criteria_of(cut("two", "lepton.count", ">=", 2))
    analyse(criteria, open_dataset(str(tmp_path / "mix")), tmp_path / "out")
    ran = cutbook("replay", str(tmp_path / "out" / "bundle.zip"))
    assert ran.status == 3
    assert "made with the data 'mix'" in ran.err
    assert "--dataset FOLDER" in ran.err
    assert cutbook("replay", str(tmp_path / "out" / "bundle.zip"), "--dataset", str(tmp_path / "mix")).status == 0


def test_a_region_that_the_paper_has_not_is_told_with_those_it_has(cutbook: Run, home: Path) -> None:
    ran = cutbook("cuts", PAPER, "--region", "SR9")
    assert (ran.status, "known: SR" in ran.err) == (2, True)
    assert cutbook("cuts", PAPER, "--region", "SR").status == 0


def test_cuts_are_shown_with_the_sentence_they_come_from(cutbook: Run, home: Path) -> None:
    ran = cutbook("cuts", PAPER)
    assert ran.status == 0
    assert "hep-ex.0101001-aaaa1111" in ran.out
    assert "p_T > 7 GeV" in ran.out
    assert "2 Selection" in ran.out
    assert "“Electrons are required" in ran.out
    assert "SR" in ran.out


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_the_table_of_cuts_fits_the_terminal(
    cutbook: Run, home: Path, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = cutbook("cuts", PAPER).out.splitlines()
    assert max(map(len, lines)) <= columns
    assert any("aaaa1111" in line for line in lines)


def test_sentences_are_shortened_between_words_and_whole_where_they_are_wanted(cutbook: Run, home: Path) -> None:
    words = set(f"{ELECTRONS} {REGION}".split())
    shown = [line.partition("“")[2] for line in cutbook("cuts", PAPER).out.splitlines() if "“" in line]
    assert shown
    assert all(word.strip("”…") in words | {""} for line in shown for word in line.split())
    whole = " ".join(cutbook("cuts", PAPER, "--full").out.split())
    assert "…" not in whole
    assert "tracker.”" in whole


@pytest.mark.parametrize("width", [6, 12, 20, 40])
def test_an_excerpt_never_breaks_a_word(width: int) -> None:
    quote = "Electrons must have electromagnetic-calorimeter energy above 7 GeV and be isolated."
    for around in ("", "7", "8"):
        shown = excerpt(quote, around, width).replace("…", "").split()
        assert shown
        assert set(shown) <= {word.strip(" ,;") for word in quote.split()}


def test_json_is_a_list_of_flat_records_and_nothing_else(cutbook: Run, home: Path) -> None:
    records = json.loads(cutbook("cuts", PAPER, "--format", "json").out)
    assert [(r["object"], r["variable"], r["operator"], r["value"], r["unit"]) for r in records] == [
        ("electron", "pt", ">", 7, "GeV"),
        ("electron", "abs_eta", "<", 2.47, "1"),
        ("met", "pt", ">", 150, "GeV"),
    ]
    assert records[2]["region"] == "SR"
    assert records[0]["evidence"][0]["quote"] == records[0]["quote"]


def test_yaml_says_the_same_as_json(cutbook: Run, home: Path) -> None:
    as_json = json.loads(cutbook("cuts", PAPER, "-f", "json").out)
    assert yaml.safe_load(cutbook("cuts", PAPER, "-f", "yaml").out) == as_json


def test_markdown_has_one_row_per_cut(cutbook: Run, home: Path) -> None:
    lines = cutbook("cuts", PAPER, "-f", "markdown").out.splitlines()
    assert len(lines) == 5
    assert all(line.replace("\\|", "").count("|") == 6 for line in lines)


def test_the_complete_criteria_read_back(cutbook: Run, home: Path) -> None:
    from kb.ssc import SelectionCriteria

    criteria = SelectionCriteria.from_json(cutbook("cuts", PAPER, "-f", "ssc").out)
    assert len(criteria.cuts) == 3
    assert [region.name for region in criteria.regions] == ["SR"]


def test_filters_choose_cuts(cutbook: Run, home: Path) -> None:
    records = json.loads(cutbook("cuts", PAPER, "-f", "json", "--object", "electron", "--variable", "pt").out)
    assert [r["id"] for r in records] == ["hep-ex.0101001-aaaa1111"]
    assert json.loads(cutbook("cuts", "-f", "json", "--text", "suppresses").out)[0]["object"] == "met"


def test_a_filter_that_the_vocabulary_does_not_know_is_refused(cutbook: Run, home: Path) -> None:
    ran = cutbook("cuts", PAPER, "--object", "elektron")
    assert ran.status == 2
    assert "electron" in ran.err


def test_show_marks_the_sentence_in_its_paragraph(cutbook: Run, home: Path) -> None:
    for name in ("hep-ex.0101001-cccc3333", "cccc3333"):
        ran = cutbook("show", name)
        assert ran.status == 0
        assert "»In the signal region" in ran.out
        assert "2 Selection" in ran.out
        assert "paper.tex at character 10" in ran.out


@pytest.mark.parametrize(
    "args", [["cuts", "2203.01808"], ["show", "nothing"], ["analyse", "2203.01808", "--dataset", "toys"]]
)
def test_what_is_not_there_exits_with_three(cutbook: Run, home: Path, args: list[str]) -> None:
    ran = cutbook(*args)
    assert (ran.status, ran.out) == (3, "")
    assert "_not_found]: " in ran.err
    assert "hint: " in ran.err


@pytest.mark.parametrize("name", ["missing.tex", "./paper", "/nowhere/paper.pdf", "not an id"])
def test_what_is_neither_file_nor_identifier_exits_with_two(cutbook: Run, name: str) -> None:
    ran = cutbook("ingest", name)
    assert (ran.status, ran.out) == (2, "")
    assert "hint: " in ran.err


def test_an_id_names_one_file_only(cutbook: Run) -> None:
    assert cutbook("ingest", "a.tex", "b.tex", "--id", "x").status == 2


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnreachableError("arXiv does not answer", hint="try later"), 4),
        (RefusedError("we will not", hint="do this"), 5),
        (FaultError("we broke it", hint="report"), 1),
    ],
)
def test_errors_are_told_on_stderr_with_code_and_hint(
    cutbook: Run, monkeypatch: pytest.MonkeyPatch, error: CutbookError, status: int
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr("api.workspace.Workspace.__enter__", fails)
    ran = cutbook("papers")
    assert (ran.status, ran.out) == (status, "")
    assert ran.err == f"error[{error.code}]: {error.message}\nhint: {error.hint}\n"


def test_an_unexpected_error_keeps_its_traceback_in_the_home(
    cutbook: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*_: object) -> None:
        message = "very odd"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("api.workspace.Workspace.__enter__", fails)
    ran = cutbook("papers")
    assert ran.status == 1
    assert "error[fault]: " in ran.err
    assert "Traceback" not in ran.err
    [log] = (tmp_path / "home" / "logs").iterdir()
    assert str(log) in ran.err
    assert "ZeroDivisionError: very odd" in log.read_text()
    ran = cutbook("papers", "--debug")
    assert "Traceback" in ran.err


def test_an_empty_base_says_what_to_do(cutbook: Run) -> None:
    ran = cutbook("papers")
    assert (ran.status, ran.out) == (0, "")
    assert "cutbook ingest" in ran.err


def test_serving_beyond_this_machine_needs_a_token(cutbook: Run) -> None:
    ran = cutbook("serve", "--host", "0.0.0.0")
    assert ran.status == 5
    assert "CUTBOOK_TOKEN" in ran.err


def test_a_port_that_is_taken_is_told(cutbook: Run) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = cutbook("serve", "--port", str(taken.getsockname()[1]))
    assert ran.status == 2
    assert "--port" in ran.err


def test_a_home_that_cannot_be_written_is_told(cutbook: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CUTBOOK_HOME", str(tmp_path / "file" / "home"))
    ran = cutbook("papers")
    assert ran.status == 2
    assert "CUTBOOK_HOME" in ran.err
