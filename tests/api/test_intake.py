"""A paper's way into the base: whole or not at all, the same twice, linked in any order."""

from __future__ import annotations

import gzip
import io
import itertools
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.intake import take_in
from api.settings import Settings
from api.source import Source
from api.workspace import Workspace
from eval.benchmarks import HZZ4L
from ingest.inspire import InspireSource
from kb.errors import (
    CutbookError,
    IdentifierError,
    InputError,
    NoTextError,
    PaperNotFoundError,
    SourceError,
    UnreachableError,
)
from tests.ingest.sheets import Sheet, pdf_of
from tests.services import FAULTS, withdrawal

Light = Callable[[Settings], Workspace]
Hurry = Callable[[Workspace], Workspace]
NOTES = {"hzz4l": "main.tex", "hzz4l-leptons": "leptons.tex", "hzz4l-jets": "jets.tex"}
LATEX = r"""\documentclass{article}\title{%s}\begin{document}\maketitle
\section{Selection}
%s
\end{document}
"""
EMPTY_PAGE = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def content(workspace: Workspace) -> list[object]:
    """Return what the base says, times aside."""
    papers = [paper.model_dump(exclude={"ingested_at"}) for paper in workspace.store.papers()]
    return [papers, [record.model_dump() for record in workspace.store.cuts()]]


def note(name: str) -> Source:
    return Source(NOTES[name], HZZ4L / NOTES[name], name)


def latex(folder: Path, name: str, text: str, title: str = "A note") -> Source:
    path = folder / f"{name}.tex"
    path.write_text(LATEX % (title, text), encoding="utf-8")
    return Source(str(path), path)


def test_a_paper_twice_is_a_paper_once(workspace: Workspace) -> None:
    first = take_in(workspace, note("hzz4l"))
    once, passages = content(workspace), workspace.index.count()
    assert take_in(workspace, note("hzz4l")) == first
    assert content(workspace) == once
    assert workspace.index.count() == passages > 0


@pytest.mark.parametrize("order", list(itertools.permutations(NOTES)))
def test_what_a_paper_delegates_is_found_in_whatever_order_the_papers_come(
    light: Light, settings: Settings, tmp_path: Path, order: tuple[str, ...]
) -> None:
    contents = []
    for folder, names in (("a", tuple(NOTES)), ("b", order)):
        home = settings.model_copy(update={"home": tmp_path / folder})
        with light(home) as workspace:
            for name in names:
                take_in(workspace, note(name))
            contents.append(content(workspace))
            cuts = workspace.store.criteria("hzz4l").cuts
    assert contents[0] == contents[1]
    delegated = [cut for cut in cuts if any(e.kind == "delegated" for e in cut.evidence)]
    assert {e.arxiv_id for cut in delegated for e in cut.evidence} == set(NOTES)


def test_a_corrected_paper_takes_the_place_of_the_earlier_one(workspace: Workspace, tmp_path: Path) -> None:
    take_in(workspace, latex(tmp_path, "note", "Muons are required to have $p_T > 25$ GeV."))
    take_in(workspace, latex(tmp_path, "note", "Muons are required to have $p_T > 20$ GeV."))
    assert [cut.value for cut in workspace.store.criteria("note").cuts] == [20]
    assert len(workspace.store.papers()) == 1


def tar(**files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


BROKEN: dict[str, tuple[str, bytes, type[CutbookError]]] = {
    "broken gzip": ("paper.tar.gz", b"\x1f\x8b\x08nonsense", SourceError),
    "truncated tar": ("paper.tar.gz", tar(**{"paper.tex": b"x" * 5000})[:60], SourceError),
    "empty file": ("paper.tex", b"", SourceError),
    "empty PDF": ("paper.pdf", b"", SourceError),
    "truncated PDF": ("paper.pdf", b"%PDF-1.4\n", SourceError),
    "PDF without text": ("paper.pdf", EMPTY_PAGE, NoTextError),
    "archive without LaTeX": ("paper.tar.gz", tar(figure=b"png"), SourceError),
    "not LaTeX": ("paper.tex", bytes(range(256)), SourceError),
    "gzipped nothing": ("paper.gz", gzip.compress(b""), SourceError),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_paper_leaves_the_base_unchanged(filled: Workspace, tmp_path: Path, name: str) -> None:
    before = content(filled)
    file, data, kind = BROKEN[name]
    path = tmp_path / file
    path.write_bytes(data)
    with pytest.raises(kind) as caught:
        take_in(filled, Source(str(path), path, "broken"))
    assert caught.value.hint
    assert caught.value.exit_status == 2
    assert file in caught.value.message
    assert content(filled) == before
    assert filled.index.count() == 0


def test_a_failure_between_the_writes_is_repaired_by_running_again(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = latex(tmp_path, "note", "Muons are required to have $p_T > 25$ GeV.")

    def fails(*_: object, **__: object) -> None:
        message = "disk full"
        raise OSError(message)

    with monkeypatch.context() as patch:
        patch.setattr(type(workspace.index), "replace", fails)
        with pytest.raises(OSError, match="disk full"):
            take_in(workspace, source)
    take_in(workspace, source)
    assert workspace.index.count() > 0
    assert [cut.value for cut in workspace.store.criteria("note").cuts] == [25]


def test_cp1251_latex_is_read(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "note.tex"
    text = LATEX.replace("{article}", "{article}\\usepackage[cp1251]{inputenc}") % (
        "Отбор событий",
        "Muons are required to have $p_T > 25$ GeV.",
    )
    path.write_bytes(text.encode("cp1251"))
    assert take_in(workspace, Source(str(path), path)).title == "Отбор событий"


class TestIdentifierOrFile:
    """What a user types is a file if there is one, else an identifier."""

    def test_a_file_wins(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        Path("2203.01808").write_text("x")
        assert Source.of("2203.01808").path == Path("2203.01808")
        assert Source.of("2203.01809").path is None

    @pytest.mark.parametrize("text", ["gone.tex", "gone.tar.gz", "/tmp/gone", "./gone", "~/gone"])
    def test_a_file_that_is_gone_is_told_as_such(self, text: str) -> None:
        with pytest.raises(SourceError, match="no file"):
            Source.of(text)

    def test_a_folder_is_told_as_such(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="is a folder"):
            Source.of(str(tmp_path))

    def test_anything_else_is_no_identifier(self) -> None:
        with pytest.raises(IdentifierError):
            Source.of("some words")

    def test_a_name_for_an_identifier_is_refused(self) -> None:
        with pytest.raises(InputError):
            Source.of("2203.01808", arxiv_id="mine")


def test_an_identifier_is_fetched_once(light: Light, arxiv: Any, hurry: Hurry) -> None:
    arxiv.has("2203.01808", "Muons are required to have $p_T > 25$ GeV.")
    with light(Settings.read()) as workspace:
        intake = take_in(hurry(workspace), Source.of("arXiv:2203.01808"))
        assert (intake.arxiv_id, intake.version, intake.cuts) == ("2203.01808", 2, 1)
        assert intake.title == "A paper from arXiv"
        asked = len(arxiv.asked)
        assert take_in(workspace, Source.of("2203.01808v2")) == intake
        assert len(arxiv.asked) == asked


FIGURES = tar(**{"fig1.pdf": b"%PDF-1.4", "fig2.pdf": b"%PDF-1.4", "readme.txt": b"two figures"})
UNREADABLE: dict[str, tuple[bytes, str]] = {
    "figures only": (FIGURES, "holds no .tex file"),
    "plain TeX": (gzip.compress(b"\\input amstex Muons. \\bye"), "has no \\documentclass"),
    "PostScript": (gzip.compress(b"%!PS-Adobe-2.0\n"), "PostScript"),
    "no prose": (gzip.compress(b"\\documentclass{article}\\begin{document}\\end{document}"), "holds no prose"),
    "unsafe": (tar(**{"../paper.tex": b"\\documentclass{article}"}), "'..'"),
    "no archive": (b"PK\x03\x04\x00\x00", "neither TeX nor PDF nor an archive"),
}


def printed() -> bytes:
    """Return a PDF with a cut in it."""
    sheet = Sheet()
    sheet.lines(72, 700, *["Muons are required to have a transverse momentum of more than 25 GeV each."] * 4)
    return pdf_of(sheet)


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_paper_whose_source_cannot_be_read_is_read_from_its_pdf_and_it_is_said_why(
    light: Light, arxiv: Any, hurry: Hurry, name: str
) -> None:
    source, why = UNREADABLE[name]
    arxiv.paper("2203.01808v2", source=source, pdf=printed(), title="A title of arXiv")
    with light(Settings.read()) as workspace:
        intake = take_in(hurry(workspace), Source.of("2203.01808"))
        (note,) = intake.notes
        assert note.startswith("it is read from its PDF: ")
        assert why in note
        assert "2203.01808v2" in note
        assert (intake.cuts, intake.title) == (1, "A title of arXiv")
        assert workspace.store.document("2203.01808").source_format == "pdf"
        asked = len(arxiv.asked)
        assert take_in(workspace, Source.of("2203.01808")) == intake
        assert len(arxiv.asked) == asked


def test_what_keeps_arxiv_from_handing_out_the_source_is_noted(light: Light, arxiv: Any, hurry: Hurry) -> None:
    arxiv.paper("2203.01808v2", source=gzip.compress(b"x"), pdf=printed())
    arxiv.breaks(arxiv.eprints, "forbidden")
    with light(Settings.read()) as workspace:
        (note,) = take_in(hurry(workspace), Source.of("2203.01808")).notes
    assert "arXiv answered 403" in note


def test_without_a_pdf_what_is_wrong_with_the_source_is_the_error(light: Light, arxiv: Any, hurry: Hurry) -> None:
    arxiv.paper("2203.01808v2", source=FIGURES)
    with light(Settings.read()) as workspace:
        with pytest.raises(SourceError, match=r"2203\.01808v2\S* holds no \.tex file"):
            take_in(hurry(workspace), Source.of("2203.01808"))
        arxiv.breaks(arxiv.pdfs, "busy")
        with pytest.raises(UnreachableError, match=r"holds no \.tex file.* its PDF is not to be had now: .*503"):
            take_in(workspace, Source.of("2203.01808"))
        assert workspace.store.papers() == []


def test_a_withdrawn_paper_is_not_read_from_a_pdf(light: Light, arxiv: Any, hurry: Hurry) -> None:
    arxiv.paper("2203.01808v2", source=withdrawal(), pdf=printed(), comment="Withdrawn: the background was wrong")
    with light(Settings.read()) as workspace:
        with pytest.raises(PaperNotFoundError, match="withdrawn from arXiv: Withdrawn: the background was wrong"):
            take_in(hurry(workspace), Source.of("2203.01808"))
        assert workspace.store.papers() == []


def hasty(workspace: Workspace) -> Workspace:
    """Take INSPIRE's patience out of a workspace."""
    url, cache = workspace.settings.inspire_url, workspace.folder("inspire")
    workspace.parts["inspire"] = InspireSource(base_url=url, cache=cache, retries=0, timeout=0.2)
    return workspace


# What INSPIRE does not know is nothing to note: new papers appear there after a day.
@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"miss", "withdrawn"}))
def test_without_inspire_references_are_read_from_the_paper_alone(
    light: Light, arxiv: Any, hurry: Hurry, fault: str
) -> None:
    arxiv.has("2203.01808", "Muons are required to have $p_T > 25$ GeV~\\cite{r0}.", cites=["1801.00001"])
    arxiv.breaks("/inspire/", fault)
    with light(Settings.read()) as workspace:
        intake = take_in(hasty(hurry(workspace)), Source.of("2203.01808"))
        (note,) = intake.notes
        assert note.startswith("references are read from the paper alone: ")
        assert intake.cuts == 1
        assert [one.arxiv_id for one in workspace.store.document("2203.01808").references] == ["1801.00001"]


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"withdrawn"}))
def test_a_name_that_only_inspire_knows_needs_inspire(light: Light, arxiv: Any, hurry: Hurry, fault: str) -> None:
    arxiv.has("2203.01808", "Muons are required to have $p_T > 25$ GeV.")
    arxiv.breaks("/inspire/", fault)
    with light(Settings.read()) as workspace:
        with pytest.raises(UnreachableError, match="INSPIRE") as caught:
            take_in(hasty(hurry(workspace)), Source.of("CMS-SUS-16-043"))
        assert caught.value.hint
        assert [target for target in arxiv.asked if target.startswith("/arxiv/")] == []


def test_the_licence_of_a_sentence_is_shown_with_it(light: Light, arxiv: Any, hurry: Hurry) -> None:
    arxiv.has("2203.01808", "Muons are required to have $p_T > 25$ GeV~\\cite{r0}.", cites=["1801.00001"])
    terms = [{"material": "preprint", "url": "http://creativecommons.org/licenses/by/4.0/"}]
    arxiv.record({"control_number": 1, "arxiv_eprints": [{"value": "2203.01808"}], "license": terms})
    with light(Settings.read()) as workspace:
        take_in(hurry(workspace), Source.of("2203.01808"))
        (cut,) = workspace.store.criteria("2203.01808").cuts
    shown = CliRunner().invoke(app, ["show", cut.id])
    assert "CC BY 4.0" in shown.stdout


def test_an_unknown_identifier_leaves_the_base_unchanged(light: Light, arxiv: Any, hurry: Hurry) -> None:
    with light(Settings.read()) as workspace:
        before = content(workspace)
        with pytest.raises(PaperNotFoundError) as caught:
            take_in(hurry(workspace), Source.of("9912.99999"))
        assert caught.value.hint
        assert content(workspace) == before


def test_an_arxiv_that_does_not_answer_is_told_as_such(
    light: Light, hurry: Hurry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTBOOK_ARXIV_API_URL", "http://127.0.0.1:9/api")
    with light(Settings.read()) as workspace:
        with pytest.raises(UnreachableError) as caught:
            take_in(hurry(workspace), Source.of("2203.01808"))
        assert caught.value.exit_status == 4
        assert caught.value.hint
        assert workspace.store.papers() == []
