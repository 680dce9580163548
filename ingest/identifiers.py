"""The ways to write which paper is meant: arXiv identifiers, and the names that INSPIRE can lead to one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from ingest.reports import is_cms_analysis, is_report_number
from kb.errors import IdentifierError

FORMS = "1712.02304, 1712.02304v2, arXiv:1712.02304, hep-ex/0309045, https://arxiv.org/abs/1712.02304"
OTHER_FORMS = (
    "a DOI (10.1103/PhysRevLett.19.1264, doi:10.1103/…, https://doi.org/10.1103/…), an INSPIRE record "
    "(inspire:451647, https://inspirehep.net/literature/451647), a report number (CMS-SUS-16-043, ATLAS-CONF-2020-040)"
)
HandleKind = Literal["doi", "record", "report"]

# Numbers had four digits until the end of 2014 and have five since.
_NEW = r"(?:0\d|1[0-4])(?:0[1-9]|1[0-2])\.\d{4}|(?:1[5-9]|[2-9]\d)(?:0[1-9]|1[0-2])\.\d{5}"
# Archive, optional subject class, then year, month and number: math.GT/0309136, hep-ex/0309045.
_OLD = r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
_IDENTIFIER = re.compile(
    rf"""(?:arxiv(?:\s*:\s*|\s+)|(?:https?://)?(?:[a-z0-9-]+\.)*(?:arxiv|ar5iv)\.org/(?:abs|pdf|e-print|src|html|format)/
         |(?:https?://)?(?:www\.)?inspirehep\.net/(?:api/)?arxiv/
         |(?:https?://)?(?:dx\.)?doi\.org/10\.48550/arxiv\.|(?:doi\s*:\s*)?10\.48550/arxiv\.)?
        (?P<id>{_NEW}|{_OLD})(?:v(?P<version>[1-9]\d?))?(?:\.pdf)?/?""",
    re.VERBOSE | re.IGNORECASE,
)
_DOI = re.compile(r"(?:doi\s*:?\s*)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_DOI_IN_ADDRESS = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}/(?:\S*?/)?(10\.\d{4,9}/[^\s?#]+)", re.IGNORECASE)
# What publishers put behind a DOI in the address of an article.
_PAGE_OF_ARTICLE = re.compile(r"(?:/full(?:-?text)?|/meta|/pdf|\.pdf|\.full|/)+$")
_RECORD = re.compile(
    r"""(?:inspire(?:hep)?|recid)\s*:\s*(\d{1,9})
        |(?:https?://)?(?:[a-z]+\.)?inspirehep\.net/(?:api/)?(?:literature|record)/(\d{1,9})/?
        |(?:(?:https?://)?(?:www\.)?hepdata\.net/record/)?ins(\d{1,9})/?""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Identifier:
    """An arXiv id and, where one was asked for, a version."""

    arxiv_id: str
    version: int | None = None

    def __str__(self) -> str:
        return self.arxiv_id if self.version is None else f"{self.arxiv_id}v{self.version}"


@dataclass(frozen=True, slots=True)
class Handle:
    """A paper's name outside arXiv: a DOI, the number of an INSPIRE record, a report number."""

    kind: HandleKind
    value: str

    def __str__(self) -> str:
        return {"doi": "DOI ", "record": "INSPIRE record ", "report": "report "}[self.kind] + self.value


def parse_identifier(text: str) -> Identifier:
    """Read an arXiv identifier in any of its usual forms.

    Raises IdentifierError, whose hint lists the forms, for anything else.

    >>> str(parse_identifier("https://arxiv.org/pdf/1712.02304v2.pdf"))
    '1712.02304v2'
    >>> parse_identifier("arXiv:hep-ex/0309045").arxiv_id
    'hep-ex/0309045'
    """
    found = _identifier(text)
    if found is None:
        message = f"'{text}' is no arXiv identifier"
        raise IdentifierError(message, hint=f"forms that work: {FORMS}; or the path of a .tex, .tar.gz or .pdf file")
    return found


def parse_name(text: str) -> Identifier | Handle:
    """Read the name of a paper: an arXiv identifier, or a handle that INSPIRE resolves to one.

    Raises IdentifierError, whose hint lists the forms, for anything else; a bare number could be many things.

    >>> parse_name("https://doi.org/10.1103/PhysRevLett.19.1264")
    Handle(kind='doi', value='10.1103/PhysRevLett.19.1264')
    >>> parse_name("cms-sus-16-043"), parse_name("inspirehep.net/literature/451647").value
    (Handle(kind='report', value='CMS-SUS-16-043'), '451647')
    >>> str(parse_name("1712.02304"))
    '1712.02304'
    """
    found = _identifier(text) or _handle(_pasted(text))
    if found is None:
        message = f"'{text}' names no paper"
        hint = f"forms that work: {FORMS}; {OTHER_FORMS}; or the path of a .tex, .tar.gz or .pdf file"
        if re.fullmatch(r"\s*\d+\s*", text):
            hint = f"if it is an INSPIRE record, write inspire:{text.strip()}; {hint}"
        raise IdentifierError(message, hint=hint)
    return found


def _identifier(text: str) -> Identifier | None:
    address = re.split(r"[?#]", _pasted(text), maxsplit=1)[0]
    # What arXiv prints behind an id, its archive in brackets, is no part of it.
    found = _IDENTIFIER.fullmatch(re.sub(r"\s*\[[\w.-]+\]$", "", address))
    if found is None:
        return None
    version = found["version"]
    archive, slash, number = found["id"].rpartition("/")
    stem = f"{_archive(archive)}/{number}" if slash else number
    return Identifier(stem, int(version) if version else None)


def _handle(text: str) -> Handle | None:
    if found := _DOI.fullmatch(text):
        return _doi(found[1])
    if found := _RECORD.fullmatch(re.split(r"[?#]", text, maxsplit=1)[0]):
        number = next(group for group in found.groups() if group)
        return Handle("record", str(int(number)))
    if found := _DOI_IN_ADDRESS.fullmatch(re.split(r"[?#]", unquote(text), maxsplit=1)[0]):
        return _doi(_PAGE_OF_ARTICLE.sub("", found[1]))
    # Hyphens that do not break, en dashes from a PDF, and CERN-EP/2017-162 as it was once written.
    plain = re.sub(r"[‐‑–−/]", "-", text)
    if is_cms_analysis(plain):
        return Handle("report", f"CMS-{plain.upper()}")
    if is_report_number(plain):
        return Handle("report", re.sub(r"^LHCB(?=-)", "LHCb", plain.upper()))
    return None


def _doi(text: str) -> Handle | None:
    value = text.rstrip(".,;/")
    return Handle("doi", value) if re.fullmatch(r"10\.\d{4,9}/\S*\w\S*", value) else None


def _pasted(text: str) -> str:
    """Take off what comes along when a name is copied out of a sentence or an e-mail."""
    return text.strip().rstrip(".,;").strip("<>\"'“”‘’").rstrip(".,;").strip()


def _archive(name: str) -> str:
    """Write an old archive as arXiv does: `math.GT/…` is the paper `math/…`."""
    return name.split(".", maxsplit=1)[0].lower()
