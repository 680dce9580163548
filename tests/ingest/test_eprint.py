"""E-prints in every form arXiv hands them out, and those that must be refused."""

from __future__ import annotations

import gzip
import io
import tarfile
import unicodedata
from pathlib import Path

import pytest

from ingest.encoding import decode_latex
from ingest.eprint import open_eprint, open_local
from ingest.eprint_archive import ArchiveLimits
from ingest.latex import read_latex
from ingest.reader import read_source
from kb.errors import SourceError, UnsafeArchiveError

PAPER = b"\\documentclass{article}\n\\begin{document}\nMuons have p.\n\\end{document}\n"
PDF = b"%PDF-1.5\n%\xe2\xe3\n1 0 obj\n"


def tar_of(files: dict[str, bytes], *extra: tarfile.TarInfo) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in extra:
            archive.addfile(member)
    return stream.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def test_a_gzipped_tar_is_unpacked_and_its_main_file_found() -> None:
    eprint = open_eprint(gzip.compress(tar_of({"defs.tex": b"\\def\\x{1}", "paper.tex": PAPER, "fig.pdf": PDF})))
    assert (eprint.kind, eprint.main) == ("latex", "paper.tex")
    assert set(eprint.files) == {"defs.tex", "paper.tex"}


def test_a_plain_tar_named_gz_is_unpacked() -> None:
    assert open_eprint(tar_of({"./main.tex": PAPER}), "2203.01808.tar.gz").main == "main.tex"


def test_a_single_gzipped_file_and_a_bare_one_are_papers() -> None:
    assert open_eprint(gzip.compress(PAPER), "x.gz").files == {"x": PAPER}
    assert open_eprint(PAPER, "note.tex").main == "note.tex"


def test_an_archive_compressed_twice_is_unpacked() -> None:
    assert open_eprint(gzip.compress(gzip.compress(tar_of({"main.tex": PAPER}))), "x.tar.gz").main == "main.tex"


def test_a_pdf_alone_or_in_an_archive_is_a_pdf() -> None:
    assert open_eprint(PDF, "1234.pdf").kind == "pdf"
    assert open_eprint(gzip.compress(PDF), "1234.gz").files == {"1234": PDF}
    archived = open_eprint(tar_of({"paper.pdf": PDF, "anc/data.txt": b"1 2"}))
    assert (archived.kind, archived.main, dict(archived.files)) == ("pdf", "paper.pdf", {"paper.pdf": PDF})


def test_the_main_file_is_the_one_that_nobody_includes() -> None:
    main = PAPER.replace(b"Muons", b"\\subfile{intro} \\input supplement.tex ")
    files = {"intro.tex": PAPER * 3, "supplement.tex": PAPER * 3, "z.tex": main, "anc/extra.tex": PAPER * 9}
    assert open_eprint(tar_of(files)).main == "z.tex"


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("00README.XXX", b"b.tex toplevelfile\na.tex ignore\n"),
        ("00README", b"nostamp\nb.tex   toplevelfile"),
        ("00README.json", b'{"version": 1,\n\t"sources": [{"usage": "toplevel", "filename": "b.tex"}]}'),
        (
            "00README.yaml",
            b"spec_version: 1\nsources:\n- filename: a.tex\n  usage: ignore\n- filename: b.tex\n  usage: toplevel",
        ),
        ("00README.toml", b'[[sources]]\nfilename = "b.tex"\nusage = "toplevel"\n'),
    ],
)
def test_00readme_names_the_main_file(name: str, notes: bytes) -> None:
    files = {"a.tex": PAPER * 4, "b.tex": PAPER}
    assert open_eprint(tar_of(files)).main == "a.tex"
    assert open_eprint(tar_of(files | {name: notes})).main == "b.tex"


@pytest.mark.parametrize("notes", [b"{", b"sources: [", b"sources: 3", b'{"sources": ["b.tex"]}', b"\xff\xfe"])
def test_a_00readme_that_says_nothing_does_no_harm(notes: bytes) -> None:
    for name in ("00README.json", "00README.yaml", "00README.XXX"):
        assert open_eprint(tar_of({"a.tex": PAPER, name: notes})).main == "a.tex"


@pytest.mark.parametrize(
    ("files", "main"),
    [
        ({"part.tex": PAPER.replace(b"{article}", b"[../p.tex]{subfiles}") * 5, "p.tex": PAPER}, "p.tex"),
        ({"fig.tex": PAPER.replace(b"{article}", b"{standalone}") * 5, "p.tex": PAPER}, "p.tex"),
        ({"supplement.tex": PAPER * 5, "xyz.tex": PAPER}, "xyz.tex"),
        ({"cover_letter.tex": PAPER * 5, "xyz.tex": PAPER}, "xyz.tex"),
        ({"zz.tex": PAPER, "aa.tex": PAPER * 5, "zz.bbl": b""}, "zz.tex"),
        ({"anc/more.tex": PAPER * 5, "paper.TEX": PAPER}, "paper.TEX"),
        ({"old.ltx": PAPER.replace(b"class", b"style")}, "old.ltx"),
        ({"a/b/deep.tex": PAPER * 5, "flat.tex": PAPER}, "flat.tex"),
    ],
)
def test_the_main_file_is_the_paper_and_nothing_beside_it(files: dict[str, bytes], main: str) -> None:
    assert open_eprint(tar_of(files)).main == main


def test_ancillary_files_are_no_part_of_the_paper() -> None:
    eprint = open_eprint(tar_of({"paper.tex": PAPER, "anc/data.csv": b"1,2", "anc/notes.tex": PAPER, "fig.png": b"x"}))
    assert read_latex(eprint, arxiv_id="x").text == "Muons have p."
    assert set(eprint.files) == {"paper.tex", "anc/notes.tex"}


def test_a_commented_documentclass_makes_no_main_file() -> None:
    files = {"a.tex": b"% \\documentclass{article}\nno paper" * 50, "b.tex": PAPER}
    assert open_eprint(tar_of(files)).main == "b.tex"


def test_unicode_file_names_are_kept() -> None:
    eprint = open_eprint(tar_of({"Größe.tex": PAPER, "прибор.tex": b"x"}))
    assert "прибор.tex" in eprint.files
    assert eprint.main == "Größe.tex"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n\n", "white space"),
        (b"<!DOCTYPE html><html><body>reCAPTCHA</body></html>", "web page"),
        (b"%!PS-Adobe-2.0\n", "PostScript"),
        (b"\x89PNG\r\n\x00\x00\x00\rIHDR", "neither TeX nor PDF"),
        (b"\\input amstex\nplain TeX \\bye", "no \\documentclass"),
        (b"%auto-ignore\nThis paper has been withdrawn by the authors.", "withdrawn"),
        (gzip.compress(PAPER * 50)[:-30], "broken gzip"),
        (gzip.compress(tar_of({"a.tex": PAPER * 90}))[:-40], "broken"),
        (tar_of({"a.tex": PAPER * 90})[:1200], "broken archive"),
        (gzip.compress(b""), "empty"),
        (tar_of({"readme.txt": b"hello"}), "no .tex file"),
        (tar_of({"readme.txt": b"hello", "a.pdf": PDF, "b.pdf": PDF}), "no .tex file"),
        (tar_of({"main.tex": b"\\input amstex", "table.tex": b"%auto-ignore\n1 & 2"}), "no .tex file"),
        (tar_of({"paper.tex": b"%auto-ignore\nwithdrawn due to an error in Eq. 3"}), "withdrawn"),
    ],
)
def test_what_is_no_source_is_refused_with_a_hint(data: bytes, says: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_eprint(data, "the-paper")
    assert says in caught.value.message
    assert "the-paper" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "archive",
    [
        tar_of({"/etc/cron.d/x": b"x", "a.tex": PAPER}),
        tar_of({"../../x.tex": b"x", "a.tex": PAPER}),
        tar_of({"C:\\x.tex": b"x"}),
        tar_of({"a.tex": PAPER}, link("secret.tex", "/etc/passwd")),
        tar_of({"a.tex": PAPER}, link("secret.tex", "a.tex", tarfile.LNKTYPE)),
        tar_of({"a.tex": PAPER}, link("null", "", tarfile.CHRTYPE)),
        tar_of({"a.tex": PAPER}, link("pipe", "", tarfile.FIFOTYPE)),
    ],
)
def test_links_devices_and_paths_out_of_the_archive_are_refused(archive: bytes) -> None:
    for data in (archive, gzip.compress(archive)):
        with pytest.raises(UnsafeArchiveError):
            open_eprint(data)


def test_archive_bombs_are_refused() -> None:
    limits = ArchiveLimits(members=50, unpacked=1 << 20, kept=1 << 18)
    bombs = [
        gzip.compress(tar_of({"a.tex": PAPER, "fig.eps": bytes(1 << 21)})),
        gzip.compress(tar_of({f"{index}.tex": b"x" for index in range(60)})),
        gzip.compress(tar_of({"a.tex": b"x" * (1 << 19)})),
        gzip.compress(b"\\documentclass{article}" + b" " * (1 << 20)),
    ]
    for bomb in bombs:
        assert len(bomb) < 1 << 14
        with pytest.raises(UnsafeArchiveError):
            open_eprint(bomb, limits=limits)


def test_a_header_of_many_megabytes_is_refused_before_it_is_read() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("x" * (3 << 20)))
    for data in (stream.getvalue(), gzip.compress(stream.getvalue())):
        with pytest.raises(UnsafeArchiveError, match="3 MB"):
            open_eprint(data)


@pytest.mark.parametrize("name", ["a/../../x.tex", "..\\x.tex", "a/./../../x.tex", "//x.tex", "c:x.tex"])
def test_names_that_lead_out_of_the_archive_are_refused(name: str) -> None:
    with pytest.raises(UnsafeArchiveError):
        open_eprint(tar_of({"a.tex": PAPER, name: b"x"}))


def test_a_bare_file_brings_what_it_refers_to_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "note"
    (folder / "parts").mkdir(parents=True)
    main = (
        b"\\documentclass{ours}\n\\usepackage{macros,amsmath}\n\\begin{document}\\input{parts/one}"
        b"\\include{../outside}%\\input{commented}\n\\bibliography{refs}\\end{document}"
    )
    for name, content in {
        "note.tex": main,
        "note.bbl": b"bbl",
        "parts/one.tex": b"\\input{two} \\input{note}",
        "parts/two.tex": b"2",
        "macros.sty": b"",
        "ours.cls": b"",
        "refs.bib": b"@article{a,}",
        "commented.tex": b"no",
        "other.tex": PAPER,
    }.items():
        (folder / name).write_bytes(content)
    (tmp_path / "outside.tex").write_bytes(b"secret")
    eprint = open_local(folder / "note.tex")
    assert set(eprint.files) == {
        *("note.tex", "note.bbl", "parts/one.tex", "parts/two.tex", "macros.sty", "ours.cls", "refs.bib"),
    }


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.tex").write_bytes(b"secret")
    folder = tmp_path / "note"
    folder.mkdir()
    (folder / "note.tex").write_bytes(PAPER.replace(b"Muons", b"\\input{inside}"))
    (folder / "inside.tex").symlink_to(tmp_path / "secret.tex")
    assert set(open_local(folder / "note.tex").files) == {"note.tex"}


def test_local_archives_pdfs_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "a.tgz").write_bytes(gzip.compress(tar_of({"a.tex": PAPER})))
    (tmp_path / "a.pdf").write_bytes(PDF)
    assert open_local(tmp_path / "a.tgz").main == "a.tex"
    assert open_local(tmp_path / "a.pdf").kind == "pdf"
    for missing in (tmp_path / "none.tex", tmp_path):
        with pytest.raises(SourceError) as caught:
            open_local(missing)
        assert caught.value.hint


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Größe η".encode(), "Größe η"),
        (b"\xef\xbb\xbfplain", "plain"),
        ("Größe".encode("latin-1"), "Größe"),
        ("“naïve”".encode("cp1252"), "“naïve”"),
        ("\\usepackage[cp1251]{inputenc} Сечение".encode("cp1251"), "\\usepackage[cp1251]{inputenc} Сечение"),
        ("\\usepackage[koi8-r]{inputenc} Сечение".encode("koi8-r"), "\\usepackage[koi8-r]{inputenc} Сечение"),
        ("\\usepackage[russian]{babel} мюоны".encode("cp1251"), "\\usepackage[russian]{babel} мюоны"),
        (("Импульс мюонов больше семи " * 4).encode("cp1251"), "Импульс мюонов больше семи " * 4),
        ("\\usepackage[latin1]{inputenc} Größe".encode(), "\\usepackage[latin1]{inputenc} Größe"),
        ("% -*- coding: koi8-r -*-\nСечение".encode("koi8-r"), "% -*- coding: koi8-r -*-\nСечение"),
        ("%!TEX encoding = MacOSRoman\nGröße".encode("mac-roman"), "%!TEX encoding = MacOSRoman\nGröße"),
        ("\\usepackage[applemac]{inputenc} Größe".encode("mac-roman"), "\\usepackage[applemac]{inputenc} Größe"),
        ("\\usepackage[nonsense]{inputenc} Größe".encode("latin-1"), "\\usepackage[nonsense]{inputenc} Größe"),
    ],
)
def test_encodings_are_declared_or_recognised(data: bytes, text: str) -> None:
    assert decode_latex(data) == text


def test_line_ends_change_without_moving_a_character() -> None:
    assert decode_latex(b"a\r\nb\rc") == "a \nb\nc"


def test_an_included_file_has_the_encoding_of_the_main_one() -> None:
    main = PAPER.replace(b"\\begin", b"\\usepackage[cp1251]{inputenc}\\begin")
    eprint = open_eprint(tar_of({"main.tex": main, "part.tex": "для".encode("cp1251")}))
    assert eprint.text("part.tex") == "для"


def test_files_are_found_beside_the_one_that_names_them_or_anywhere_if_unique() -> None:
    files = {"main.tex": PAPER, "a/one.tex": b"", "a/two.tex": b"", "b/two.tex": b"", "c/only.tex": b""}
    eprint = open_eprint(tar_of(files))
    assert eprint.find("two", (".tex",), beside="b/x.tex") == "b/two.tex"
    assert eprint.find("only", (".tex",)) == "c/only.tex"
    assert eprint.find("two", (".tex",)) is None
    assert eprint.find("../../etc/passwd") is None


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (b"gr\xc3\xb6\xc3\x9fe", "größe.tex"),
        (b"gr\xc3\xb6\xc3\x9fe", unicodedata.normalize("NFD", "größe.tex")),
        (b"gro\xcc\x88\xc3\x9fe", "größe.tex"),
        (b"Muons", "MUONS.TEX"),
        (b"\xd0\xbc\xd1\x8e\xd0\xbe\xd0\xbd\xd1\x8b", "мюоны.tex"),
        (b"parts/one two", "one two.tex"),
    ],
)
def test_names_are_the_same_however_accents_and_capitals_are_written(asked: bytes, named: str) -> None:
    main = PAPER.replace(b"Muons", b"\\input{" + asked + b"}")
    assert read_latex(open_eprint(tar_of({"main.tex": main, named: b"Jets"})), arxiv_id="x").text == "Jets have p."


def test_a_name_that_is_not_in_utf8_is_found() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        for name, data in {"main.tex": PAPER.replace(b"Muons", b"\\input{gr\xf6\xdfe}"), "größe.tex": b"Jets"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    assert read_latex(open_eprint(stream.getvalue()), arxiv_id="x").text == "Jets have p."


def test_an_exact_name_comes_before_one_that_is_only_alike() -> None:
    files = {"main.tex": PAPER, "a/One.tex": b"", "b/one.tex": b""}
    eprint = open_eprint(tar_of(files))
    assert eprint.find("One", (".tex",)) == "a/One.tex"
    assert eprint.find("ONE", (".tex",)) is None


def test_a_part_that_the_source_does_not_hold_is_told() -> None:
    preamble = b"\\input{glyphtounicode}\\begin{document}"
    main = PAPER.replace(b"\\begin{document}", preamble).replace(b"Muons", b"\\input{part}\\input{fig.pstex_t}Muons")
    told: list[str] = []
    files = {"main.tex": main, "part.tex": b"\\include{gone}\\subfile{gone}"}
    read_source(tar_of(files), "x.tar", arxiv_id="x", warn=told.append)
    assert told == ["part.tex includes gone, which is not in the source: what stands there is missing"]


def test_a_real_eprint_opens(shared: Path) -> None:
    eprint = open_local(shared / "papers" / "eprint" / "2203.01808.tar.gz")
    assert eprint.kind == "latex"
    assert r"\begin{document}" in eprint.text(eprint.main)
    assert any(name.endswith(".bbl") for name in eprint.files)
