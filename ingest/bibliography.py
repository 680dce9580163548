"""What identifies the entries of a bibliography, in whatever form it is written: arXiv ids and DOIs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kb.document import Reference

_ARXIV_NEW = r"\d{4}\.\d{4,5}"
_ARXIV_OLD = (
    r"(?:astro-ph|cond-mat|gr-qc|hep-(?:ex|lat|ph|th)|math-ph|nucl-(?:ex|th)|physics|quant-ph|cs|math|nlin|q-bio)"
    r"(?:\.[A-Z]{2})?/\d{7}"
)
_ARXIV = re.compile(
    rf"(?:ar\s?xiv\s*[:.]\s*(?:abs/)?|arxiv\.org/(?:abs|pdf)/|\\(?:e[pP]rint|Eprint|archive|arxiv|arXiv)\s*"
    rf"(?:\[[^\]]*\])?\s*\{{\s*(?:arxiv:|https?://arxiv\.org/abs/)?|eprint\s*=\s*[{{\"]\s*)\s*({_ARXIV_NEW}|{_ARXIV_OLD})",
    re.IGNORECASE,
)
_ARXIV_BARE = re.compile(rf"(?<![\w./-])({_ARXIV_OLD})(?!\d)|[\[(]\s*({_ARXIV_NEW})(?:v\d+)?\s*[\])]")
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s{}\"<>|^`\\]+)")


def arxiv_id_in(text: str) -> str | None:
    """Return the arXiv id that a reference's source names, without version, or None."""
    match = _ARXIV.search(text) or _ARXIV_BARE.search(text)
    found = next((group for group in match.groups() if group), None) if match else None
    return None if found is None else re.sub(r"^([a-z-]+)\.[A-Z]{2}/", r"\1/", found)


def doi_in(text: str) -> str | None:
    """Return the DOI that a reference's source names, or None."""
    clean = re.sub(r"\\(?=[_%#&])", "", text).replace(r"\_ ", "_").replace("%2F", "/")
    match = _DOI.search(clean)
    if match is None:
        return None
    doi = match.group(1).rstrip(".,;:'’”")
    while doi.endswith((")", "]")) and doi.count("(") + doi.count("[") < doi.count(")") + doi.count("]"):
        doi = doi[:-1].rstrip(".,;")
    return doi


def numbered(references: Sequence[Reference], cited: Iterable[str]) -> tuple[Reference, ...]:
    """Give references the numbers they are printed with; keys that are cited but not listed follow as bare entries."""
    known = dict.fromkeys(reference.key for reference in references)
    first = {reference.key: reference for reference in reversed(references)}
    every = [first[key] for key in known]
    every += [Reference(key=key) for key in dict.fromkeys(cited) if key not in known]
    return tuple(reference.model_copy(update={"label": str(count)}) for count, reference in enumerate(every, start=1))
