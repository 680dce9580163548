"""Report numbers: who gives them, and what they look like."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

# Capitals, a year and a number, as most laboratories number what they print: IFT-UAM-CSIC-17-001, BONN-TH-2016/03.
_BY_FORM = re.compile(r"(?<![\w./-])(?:[A-Z]{2,}[-/]){1,4}(?:\d\d|(?:19|20)\d\d)[-/]\d{2,4}(?![\w/-])")
# Whatever else a reference says to be the number of a report or a note.
_SAID = re.compile(r"\b(?:[Rr]eport|[Nn]ote)\s+(?:[Nn]o\.?\s+)?([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)\b")
_HYPHENS = re.compile(r"-{2,3}|[‐‑‒–−]")
_BROKEN = re.compile(r"(?<=[A-Z0-9][-/])\s+(?=[A-Z0-9])")


class _Issuers(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    collaborations: tuple[str, ...]
    laboratories: tuple[str, ...]
    cms_groups: tuple[str, ...]


def report_number_in(text: str) -> str | None:
    """Return the report number of a collaboration or laboratory that a reference names, or None.

    What is hyphenated like one and is not, the name of a program or of a detector, is left alone.

    >>> report_number_in("CMS Physics Analysis Summary CMS-PAS-SUS-16-024"), report_number_in("see POWHEG-BOX-V2")
    ('CMS-PAS-SUS-16-024', None)
    """
    plain = _BROKEN.sub("", _HYPHENS.sub("-", text))
    found = next(_of_issuers(plain), None)
    if found is None and (match := _SAID.search(plain)):
        found = match[1]
    if found is None and (match := _BY_FORM.search(plain)):
        found = match[0]
    return found


def is_report_number(text: str) -> bool:
    """Say whether a text is a report number and nothing else; where it is known by its form only, in capitals."""
    capitals = text.upper()
    return next(_of_issuers(capitals), None) == capitals or _BY_FORM.fullmatch(text) is not None


def is_cms_analysis(text: str) -> bool:
    """Say whether a text is the number of an analysis as CMS says it, without its own name: SUS-16-043."""
    found = re.fullmatch(r"([A-Z][A-Z0-9]{2})-\d\d-\d{3}", text.upper())
    return found is not None and found[1] in _issuers().cms_groups


def _of_issuers(text: str) -> Iterator[str]:
    for match in _issued().finditer(text):
        parts = re.split(r"[-/.]", match["rest"].lstrip("-/."))
        # CMS-2 is no report, ATLAS-TDR-4 is one.
        if re.search(r"\d\d", match["rest"]) or (len(parts) > 1 and re.search(r"\d", match["rest"])):
            yield match[0]


@lru_cache(maxsize=1)
def _issuers() -> _Issuers:
    raw = tomllib.loads(Path(__file__).with_name("reports.toml").read_text(encoding="utf-8"))
    return _Issuers.model_validate(raw)


@lru_cache(maxsize=1)
def _issued() -> re.Pattern[str]:
    words = sorted({*_issuers().collaborations, *_issuers().laboratories}, key=len, reverse=True)
    begins = "|".join(re.escape(word).replace("LHCB", "LHC[Bb]") for word in words)
    return re.compile(rf"(?<![A-Za-z0-9-])(?:{begins})(?P<rest>(?:[-/][A-Z0-9]+|(?<=[A-Z])\.\d{{3,}})+)")
