r"""What arXiv hands out as a paper's source, opened safely: archives, single files, PDFs, in any encoding.

An e-print is a tar archive (gzipped or, in spite of its name, plain), one gzipped or bare TeX file, or a PDF. Only
the files that carry text are kept; figures stay in the archive. Nothing is ever written to disk.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import tomllib
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Literal

import yaml

from ingest.encoding import declared_encoding, decode_latex
from ingest.eprint_archive import ArchiveLimits, is_tar, read_archive, relative_name
from kb.errors import SourceError, UnsafeArchiveError

TEXT_SUFFIXES = frozenset(
    {".tex", ".ltx", ".latex", ".sty", ".cls", ".bbl", ".bib", ".def", ".cfg", ".clo", ".txt", ""}
)
_TEX_SUFFIXES = (".tex", ".ltx", ".latex", ".txt", "")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")
_DOCUMENT_CLASS = re.compile(r"\\document(?:class|style)\b")
_INPUT = re.compile(r"\\(?:input|include|subfile|subfileinclude|InputIfFileExists)\s*(?:\{([^{}]*)\}|([^\s{}\\]+))")
_IMPORT = re.compile(r"\\(?:sub)?(?:import|includefrom|inputfrom)\*?\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_PACKAGE = re.compile(r"\\(?:usepackage|RequirePackage)\s*(?:\[[^\]]*\])?\s*\{([^{}]*)\}")
_CLASS = re.compile(r"\\(?:documentclass|LoadClass)\s*(?:\[[^\]]*\])?\s*\{([^{}]*)\}")
_BIBLIOGRAPHY = re.compile(r"\\(?:bibliography|addbibresource)\s*(?:\[[^\]]*\])?\s*\{([^{}]*)\}")
_LONGEST_NOTE = 5_000
_WITHDRAWN = re.compile(r"%\s*auto-ignore|\bwithdrawn\b", re.IGNORECASE)
_SAYS_WITHDRAWN = re.compile(r"\bwithdrawn\b", re.IGNORECASE)
_TOP_LEVEL = re.compile(r"^\s*(\S+)\s+toplevelfile\b", re.MULTILINE)
_PART = re.compile(r"\\documentclass\s*(?:\[[^\]]*\])?\s*\{\s*(?:subfiles|standalone|beamer)\s*\}")
_BESIDE = re.compile(r"suppl|auxiliary|cover|letter|response|reply|referee|highlights", re.IGNORECASE)
_NEIGHBOUR_LIMIT = 500
_GZIP = b"\x1f\x8b"


class _WithdrawnError(SourceError):
    """A note that the paper was withdrawn stands where its source would."""


@dataclass(frozen=True)
class Eprint:
    """The text-bearing files of a paper's source by relative POSIX name, and which of them to read first."""

    files: Mapping[str, bytes]
    kind: Literal["latex", "pdf"]
    main: str

    @cached_property
    def encoding(self) -> str | None:
        """The Python codec the main file declares, which holds for the files it includes."""
        return declared_encoding(self.files[self.main])

    def text(self, name: str) -> str:
        """Decode a file; offsets into the result are the offsets of a document's source map."""
        return decode_latex(self.files[name], self.encoding)

    def find(self, reference: str, suffixes: Iterable[str] = ("",), *, beside: str = "") -> str | None:
        """Return the file that `reference` means when written in the file `beside`, or None.

        The folders of the main file, of `beside` and the top one are tried, then a file of that name anywhere, since
        authors move files around after writing paths; in capitals or not, and with accents however they are encoded,
        since their machines mind neither.
        """
        wanted = reference.strip().strip('"')
        names = [wanted + suffix for suffix in suffixes] if wanted else []
        folders = dict.fromkeys((_folder(self.main), _folder(beside), ""))
        for name in names:
            for folder in folders:
                candidate = relative_name(f"{folder}/{name}")
                if candidate in self.files:
                    return candidate
        for name in names:
            alike = self._by_base_name.get(_folded(name), [])
            matches = [match for match in alike if PurePosixPath(match).name == PurePosixPath(name).name] or alike
            if len(matches) == 1:
                return matches[0]
        return None

    @cached_property
    def _by_base_name(self) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for name in self.files:
            names.setdefault(_folded(name), []).append(name)
        return names


def open_eprint(data: bytes, name: str = "", *, limits: ArchiveLimits | None = None) -> Eprint:
    """Open the bytes of an e-print; `name` serves messages and names a file that comes without an archive.

    Raises SourceError for what is no readable e-print, UnsafeArchiveError for an archive that must not be unpacked.
    """
    label = name or "the e-print"
    limits = limits or ArchiveLimits()
    if not data:
        msg = f"{label} is empty"
        raise SourceError(msg, hint="Fetch it again; the download was cut off or the paper has no source.")
    if data[:2] == _GZIP:
        return _open_gzip(data, name, label, limits)
    if is_tar(data[:512]):
        return _open_tar(lambda: io.BytesIO(data), label, limits)
    return _open_single(data, name, label)


def open_local(path: Path) -> Eprint:
    r"""Open a local file; a bare `.tex` brings along the files of its folder that it refers to.

    These are what `\input`, `\usepackage`, `\bibliography` and the like name, and its `.bbl`, as far as they lie in
    the file's own folder or below it.
    """
    if path.is_dir():
        msg = f"{path} is a folder"
        raise SourceError(msg, hint="Name the main .tex file in it, an e-print archive or a PDF.")
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}"
        raise SourceError(msg, hint="Check the path and the permissions of the file.") from error
    eprint = open_eprint(data, path.name)
    if eprint.kind == "pdf" or eprint.files.get(path.name) is not data:
        return eprint
    return Eprint(files=dict(_with_neighbours(path, data)), kind="latex", main=path.name)


def is_withdrawal(data: bytes) -> bool:
    """Say whether what arXiv hands out is a note that the paper was withdrawn: alone, gzipped, or in an archive."""
    try:
        open_eprint(data)
    except _WithdrawnError:
        return True
    except SourceError:
        return False
    return False


def without_comments(text: str) -> str:
    """Cut TeX comments out of source text, for a quick look at it; offsets do not survive."""
    return _COMMENT.sub(r"\1", text)


def _open_gzip(data: bytes, name: str, label: str, limits: ArchiveLimits, *, nested: bool = False) -> Eprint:
    def stream() -> io.BufferedIOBase:
        return gzip.GzipFile(fileobj=io.BytesIO(data))

    try:
        with stream() as unpacked:
            head = unpacked.read(512)
        if is_tar(head):
            return _open_tar(stream, label, limits)
        with stream() as unpacked:
            inner = unpacked.read(limits.kept + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        msg = f"{label} is a broken gzip file: {error}"
        raise SourceError(msg, hint="Fetch it again; it was probably cut off on the way.") from error
    if len(inner) > limits.kept:
        msg = f"{label} unpacks to more than {limits.kept >> 20} MB of text"
        raise UnsafeArchiveError(msg, hint="No paper is that long; if it is genuine, unpack it yourself.")
    if not inner:
        msg = f"{label} is empty once unpacked"
        raise SourceError(msg, hint="Fetch it again; the download was cut off or the paper has no source.")
    if inner[:2] == _GZIP and not nested:
        # A server that compresses what it sends does so with archives, too.
        return _open_gzip(inner, name, label, limits, nested=True)
    return _open_single(inner, name.removesuffix(".gz"), label)


def _open_single(data: bytes, name: str, label: str) -> Eprint:
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"%pdf-" in head:
        main = relative_name(name) or "paper.pdf"
        return Eprint(files={main: data}, kind="pdf", main=main)
    if head.startswith((b"<!doctype html", b"<html", b"<?xml")):
        msg = f"{label} is a web page, not a paper's source"
        raise SourceError(msg, hint="The server answered with a page (error, robot check); try again later.")
    if head.startswith(b"%!ps"):
        msg = f"{label} is PostScript, which is not read"
        raise SourceError(msg, hint="Convert it to PDF (ps2pdf) and ingest the PDF.")
    if not head:
        msg = f"{label} holds nothing but white space"
        raise SourceError(msg, hint="Fetch it again; the download was cut off or the paper has no source.")
    if b"\x00" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        msg = f"{label} is neither TeX nor PDF nor an archive"
        raise SourceError(msg, hint="Give an arXiv e-print (.tar.gz, .gz, .tex) or a PDF.")
    if not _DOCUMENT_CLASS.search(without_comments(decode_latex(data))):
        _refuse_withdrawn({name: data}, label)
        msg = rf"{label} has no \documentclass: it is no LaTeX paper"
        raise SourceError(msg, hint="Name the main file of the paper; a plain TeX paper can be ingested as its PDF.")
    main = relative_name(name) or "main.tex"
    return Eprint(files={main: data}, kind="latex", main=main)


def _open_tar(stream: Callable[[], io.BufferedIOBase], label: str, limits: ArchiveLimits) -> Eprint:
    files = read_archive(stream, label, _is_text, limits)
    main = _main_file(files)
    if main:
        return Eprint(files=files, kind="latex", main=main)
    pdfs = read_archive(stream, label, lambda name: name.lower().endswith(".pdf"), limits)
    papers = [name for name in pdfs if "/" not in name]
    if len(papers) == 1 and not any(name.endswith(".tex") for name in files):
        return Eprint(files={papers[0]: pdfs[papers[0]]}, kind="pdf", main=papers[0])
    _refuse_withdrawn(files, label)
    msg = rf"{label} holds no .tex file with a \documentclass"
    names = ", ".join(sorted(files)[:5])
    raise SourceError(msg, hint=f"Its text files are: {names or 'none'}. Try the paper's PDF instead.")


def _is_text(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in TEXT_SUFFIXES or path.name.startswith("00README")


def _refuse_withdrawn(files: Mapping[str, bytes], label: str) -> None:
    # Beside other files the mark for arXiv's TeX means no more than that it is to pass one over.
    told = _WITHDRAWN if len(files) == 1 else _SAYS_WITHDRAWN
    if any(len(data) < _LONGEST_NOTE and told.search(decode_latex(data)) for data in files.values()):
        msg = f"{label} has no source: the paper was withdrawn"
        hint = "Earlier versions may still be there: give the id with its version, like 1234.56789v1."
        raise _WithdrawnError(msg, hint=hint)


def _main_file(files: Mapping[str, bytes]) -> str | None:
    r"""Choose the file to start from: what 00README names, else the one with `\documentclass` nobody else includes."""
    candidates: dict[str, str] = {}
    included: set[str] = set()
    for name, data in files.items():
        if PurePosixPath(name).suffix.lower() not in _TEX_SUFFIXES or name.startswith("anc/"):
            continue
        text = without_comments(decode_latex(data))
        if name.endswith(".tex"):
            included |= {PurePosixPath(target).stem for target in _targets(text) if target}
        if _DOCUMENT_CLASS.search(text):
            candidates[name] = text
    for readme in sorted(name for name in files if PurePosixPath(name).name.startswith("00README")):
        for named in _top_level_files(readme, decode_latex(files[readme])):
            if named in candidates:
                return named

    def unlikeliness(name: str) -> tuple[bool, bool, bool, bool, bool, int, int, str]:
        path = PurePosixPath(name)
        return (
            path.suffix.lower() != ".tex",
            r"\begin{document}" not in candidates[name],
            _PART.search(candidates[name]) is not None or _BESIDE.search(path.stem) is not None,
            path.stem in included,
            path.stem.lower() not in ("main", "paper", "ms", "article", "manuscript")
            and path.with_suffix(".bbl").as_posix() not in files,
            len(path.parts),
            -len(files[name]),
            name,
        )

    return min(candidates, key=unlikeliness, default=None)


def _top_level_files(name: str, notes: str) -> Iterator[str]:
    """Yield the files that a 00README calls the top-level ones, in the old form or in JSON, YAML or TOML."""
    yield from (match[1] for match in _TOP_LEVEL.finditer(notes))
    suffix = PurePosixPath(name).suffix.lower()
    try:
        load = {".json": json.loads, ".toml": tomllib.loads}.get(suffix, yaml.safe_load)
        table: object = load(notes)
    except (ValueError, yaml.YAMLError):
        return
    sources = table.get("sources") if isinstance(table, dict) else None
    for source in sources if isinstance(sources, list) else ():
        if isinstance(source, dict) and str(source.get("usage", "")).lower() == "toplevel":
            yield str(source.get("filename", ""))


def _targets(text: str) -> Iterator[str]:
    r"""Yield the names that `\input` and its like give."""
    for match in _INPUT.finditer(text):
        yield (match.group(1) or match.group(2) or "").strip()
    for match in _IMPORT.finditer(text):
        yield f"{match.group(1).strip()}/{match.group(2).strip()}"


def _references(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every file a TeX source refers to, with the suffixes it may have."""
    for target in _targets(text):
        yield target, (".tex", "")
    for pattern, suffixes in ((_PACKAGE, (".sty",)), (_CLASS, (".cls",)), (_BIBLIOGRAPHY, (".bbl", ".bib", ""))):
        for match in pattern.finditer(text):
            for name in match.group(1).split(","):
                yield name.strip(), suffixes


def _with_neighbours(path: Path, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a local TeX file and, from its folder downwards, everything it leads to."""
    root = path.parent.resolve()
    encoding = declared_encoding(data)
    seen = {path.name}
    waiting = [(path.name, data)]
    if (bibliography := root / f"{path.stem}.bbl").is_file():
        seen.add(bibliography.name)
        waiting.append((bibliography.name, bibliography.read_bytes()))
    while waiting and len(seen) <= _NEIGHBOUR_LIMIT:
        name, content = waiting.pop(0)
        yield name, content
        if name.endswith((".bib", ".bbl")):
            continue
        for target, suffixes in _references(without_comments(decode_latex(content, encoding))):
            for suffix in suffixes:
                neighbour = next(
                    (
                        found
                        for base in dict.fromkeys(("", _folder(name)))
                        if (found := _below(root, f"{base}/{target}{suffix}"))
                    ),
                    None,
                )
                if neighbour and neighbour not in seen:
                    seen.add(neighbour)
                    waiting.append((neighbour, (root / neighbour).read_bytes()))


def _below(root: Path, name: str) -> str:
    """Return the relative name of an existing file inside `root`, or nothing."""
    relative = relative_name(name)
    if not relative or PurePosixPath(relative).suffix.lower() not in TEXT_SUFFIXES:
        return ""
    found = (root / relative).resolve()
    return relative if found.is_file() and found.is_relative_to(root) else ""


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", PurePosixPath(name).name).casefold()


def _folder(name: str) -> str:
    parent = PurePosixPath(name).parent.as_posix()
    return "" if parent == "." else parent
