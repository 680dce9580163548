"""Which bytes mean which characters in a TeX file: UTF-8, else what it declares, else what its bytes look like."""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(rb"\\usepackage\s*\[\s*([\w-]+)[^\]]*\]\s*\{inputenc\}")
_MAGIC = re.compile(rb"^%+.*?(?:\bcoding\s*[:=]|!TEX\s+encoding\s*=)\s*([\w-]+)", re.MULTILINE | re.IGNORECASE)
_CYRILLIC_FONT = re.compile(rb"\\usepackage\s*\[[^\]]*\bT2[ABC]\b[^\]]*\]\s*\{fontenc\}|\{babel\}", re.DOTALL)
_RUSSIAN = re.compile(rb"\\usepackage\s*\[[^\]]*\b(?:russian|ukrainian|bulgarian)\b[^\]]*\]\s*\{babel\}")

# inputenc's names and Python's.
_CODECS = {
    "utf8": "utf-8",
    "utf8x": "utf-8",
    "latin1": "latin-1",
    "latin2": "iso8859-2",
    "latin3": "iso8859-3",
    "latin4": "iso8859-4",
    "latin5": "iso8859-9",
    "latin9": "iso8859-15",
    "latin10": "iso8859-16",
    "ansinew": "cp1252",
    "applemac": "mac-roman",
    "macce": "mac-latin2",
    "koi8-r": "koi8-r",
    "koi8-ru": "koi8-u",
    "cp866": "cp866",
    "ascii": "latin-1",
    "isolatin": "latin-1",
    "isolatin2": "iso8859-2",
    "macosroman": "mac-roman",
    "windowscyrillic": "cp1251",
}


def declared_encoding(data: bytes) -> str | None:
    """Return the Python codec that the file's `inputenc` line, or an editor's comment, asks for, or None."""
    declared = _DECLARED.search(data) or _MAGIC.search(data[:1000])
    if declared is None:
        return None
    name = declared.group(1).decode("ascii", "replace").lower()
    name = _CODECS.get(name, name)
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def decode_latex(data: bytes, fallback: str | None = None) -> str:
    """Decode a TeX file; never fails.

    UTF-8 wins where the bytes are valid UTF-8, whatever is declared, for arXiv recodes files without touching their
    `inputenc` line. `fallback` is the codec of the main file, which holds for files it includes. Line ends become
    `\\n` without moving any character, so that offsets into the result are offsets into the decoded file.
    """
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _unix_lines(data.decode("utf-16", "replace"))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        codec = declared_encoding(data) or fallback
        if codec in (None, "utf-8"):
            codec = _guess(data)
        text = data.decode(codec or "latin-1", "replace")
    return _unix_lines(text)


def _guess(data: bytes) -> str:
    """Tell cp1251 from western text: Cyrillic words are runs of high bytes, western accents stand alone."""
    runs = [len(run) for run in re.findall(rb"[\xc0-\xff]+", data)]
    long_runs = sum(length for length in runs if length >= 3)
    if _RUSSIAN.search(data) or (
        runs and long_runs > 0.5 * sum(runs) and (_CYRILLIC_FONT.search(data) or long_runs > 50)
    ):
        return "cp1251"
    return "cp1252" if not re.search(rb"[\x81\x8d\x8f\x90\x9d]", data) else "latin-1"


def _unix_lines(text: str) -> str:
    return text.replace("\r\n", " \n").replace("\r", "\n")
