"""The ways to write an arXiv identifier, and what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb.errors import IdentifierError

FORMS = "1712.02304, 1712.02304v2, arXiv:1712.02304, hep-ex/0309045, https://arxiv.org/abs/1712.02304"
_NEW = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
# Archive, optional subject class, then year, month and number: math.GT/0309136, hep-ex/0309045.
_OLD = r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
_IDENTIFIER = re.compile(
    rf"""(?:arxiv\s*:\s*|(?:https?://)?(?:[a-z]+\.)?arxiv\.org/(?:abs|pdf|e-print|src|html|format)/
         |(?:https?://)?(?:dx\.)?doi\.org/10\.48550/arxiv\.|10\.48550/arxiv\.)?
        (?P<id>{_NEW}|{_OLD})(?:v(?P<version>[1-9]\d?))?(?:\.pdf)?/?""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Identifier:
    """An arXiv id and, where one was asked for, a version."""

    arxiv_id: str
    version: int | None = None

    def __str__(self) -> str:
        return self.arxiv_id if self.version is None else f"{self.arxiv_id}v{self.version}"


def parse_identifier(text: str) -> Identifier:
    """Read an arXiv identifier in any of its usual forms.

    Raises IdentifierError, whose hint lists the forms, for anything else.

    >>> str(parse_identifier("https://arxiv.org/pdf/1712.02304v2.pdf"))
    '1712.02304v2'
    >>> parse_identifier("arXiv:hep-ex/0309045").arxiv_id
    'hep-ex/0309045'
    """
    address = re.split(r"[?#]", text.strip(), maxsplit=1)[0]
    # What arXiv prints behind an id, its archive in brackets, is no part of it.
    found = _IDENTIFIER.fullmatch(re.sub(r"\s*\[[\w.-]+\]$", "", address))
    if found is None:
        message = f"'{text}' is no arXiv identifier"
        raise IdentifierError(message, hint=f"forms that work: {FORMS}; or the path of a .tex, .tar.gz or .pdf file")
    version = found["version"]
    archive, slash, number = found["id"].rpartition("/")
    stem = f"{_archive(archive)}/{number}" if slash else number
    return Identifier(stem, int(version) if version else None)


def _archive(name: str) -> str:
    """Write an old archive as arXiv does: `math.GT/…` is the paper `math/…`."""
    return name.split(".", maxsplit=1)[0].lower()
