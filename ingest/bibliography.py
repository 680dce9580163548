"""What identifies the entries of a bibliography, in whatever form it is written: arXiv ids, DOIs, report numbers."""

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
_REPORT = re.compile(
    r"\b(CMS-(?:PAS-|NOTE-|DP-)?[A-Z0-9]{3,4}-\d{2,4}-\d{3}|CMS-(?:NOTE|DP|CR|IN|AN)-\d{4}[-/]\d{3}"
    r"|ATLAS-CONF-\d{4}-\d{3}|ATL-[A-Z]+(?:-[A-Z]+)*-\d{4}-\d{3}|ATLAS-TDR-\d+(?:-\d+)?"
    r"|LHCb-(?:PAPER|CONF|PUB)-\d{4}-\d{3}"
    r"|(?:CERN|FERMILAB|SLAC|DESY|BNL|KEK|MPP|IPPP|LPSC|MCNET|LU[- ]TP|CP3|TTP|SFB|LAPTH|DCPT|CAVENDISH-HEP|NIKHEF)"
    r"-[A-Z0-9/-]*\d[\w/-]*)"
)
# Any series of reports or notes, where the reference says that it is one, or by its form: capitals and digits in parts.
_NOTE = re.compile(
    r"\b(?:[Rr]eport|[Nn]ote)\s+(?:[Nn]o\.?\s+)?([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)\b"
    r"|(?<![\w./-])(?=[A-Z-]*\d)([A-Z][A-Z0-9]+(?:-[A-Z0-9]{2,})+)(?![\w/-])"
)


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


def report_number_in(text: str) -> str | None:
    """Return the report number of a collaboration or laboratory that a reference names, or None."""
    plain = text.replace("--", "-")
    match = _REPORT.search(plain) or _NOTE.search(plain)
    found = next((group for group in match.groups() if group), None) if match else None
    return found.rstrip("-/") if found else None


def numbered(references: Sequence[Reference], cited: Iterable[str]) -> tuple[Reference, ...]:
    """Give references the numbers they are printed with; keys that are cited but not listed follow as bare entries."""
    known = dict.fromkeys(reference.key for reference in references)
    first = {reference.key: reference for reference in reversed(references)}
    every = [first[key] for key in known]
    every += [Reference(key=key) for key in dict.fromkeys(cited) if key not in known]
    return tuple(reference.model_copy(update={"label": str(count)}) for count, reference in enumerate(every, start=1))
