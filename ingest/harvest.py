"""What to fetch along with a paper: the papers that define parts of its selection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ingest.identifiers import parse_identifier
from ingest.purposes import SAYS, Purpose, Reason, of_collaboration, reasons
from kb.distil.experiment import experiment
from kb.distil.sentences import sentences
from kb.document import Document, Reference, Span
from kb.errors import IdentifierError, InputError

Mode = Literal["none", "selection", "all"]
State = Literal["fetch", "there", "left out", "unavailable"]
MODES: tuple[Mode, ...] = ("none", "selection", "all")
DEFAULT_MAXIMUM = 20

# What shows best, of several sentences, why a paper is needed; an earlier analysis comes after what defines objects.
_RANK: Mapping[Purpose, int] = {"pointed": 0, "requirement": 1, "definition": 2, "object": 3, "earlier analysis": 4}


@dataclass(frozen=True, slots=True)
class Pick:
    """A cited paper of a plan: why it is in it, and what is to be done about it.

    `span` is the sentence that selected it (in mode `all`, the first that cites it; None where no sentence does),
    `why` says in words what that sentence or the state is about.
    """

    reference: Reference
    state: State
    why: str
    purpose: Purpose | None = None
    span: Span | None = None
    quote: str = ""
    section: tuple[str, ...] = ()
    same_collaboration: bool = False

    @property
    def arxiv_id(self) -> str | None:
        """The cited paper's arXiv id, without version, where there is one that can be right."""
        try:
            return parse_identifier(self.reference.arxiv_id or "").arxiv_id
        except IdentifierError:
            return None


@dataclass(frozen=True, slots=True)
class HarvestPlan:
    """The cited papers to bring in with one paper, in the order in which they are to be fetched."""

    arxiv_id: str
    mode: Mode
    picks: tuple[Pick, ...] = ()

    @property
    def to_fetch(self) -> tuple[Pick, ...]:
        """Papers to be fetched, the most wanted first."""
        return self._in("fetch")

    @property
    def there(self) -> tuple[Pick, ...]:
        """Papers that are in the base, to be linked."""
        return self._in("there")

    @property
    def left_out(self) -> tuple[Pick, ...]:
        """Papers beyond the maximum."""
        return self._in("left out")

    @property
    def unavailable(self) -> tuple[Pick, ...]:
        """Papers that cannot be fetched, each with the reason."""
        return self._in("unavailable")

    def _in(self, state: State) -> tuple[Pick, ...]:
        return tuple(pick for pick in self.picks if pick.state == state)


def plan(
    document: Document,
    *,
    known: Callable[[str], bool],
    mode: Mode = "selection",
    maximum: int = DEFAULT_MAXIMUM,
) -> HarvestPlan:
    """Choose which of the papers that `document` cites are to be fetched; one level, their own citations not.

    `known` says of an arXiv id or a report number whether the base has that paper; such a paper is linked and does
    not count towards `maximum`. Papers with a reason to be there come first, of them those of the document's own
    collaboration, then what defines objects before earlier analyses, then the order of the text. Pass the document
    through `references.merge` first: that names collaborations and, with INSPIRE's list, the arXiv ids that the paper
    leaves out.

    Raises InputError for an unknown mode or a negative maximum.
    """
    if mode not in MODES:
        message = f"'{mode}' is no way to choose references"
        raise InputError(message, hint=f"choose one of {', '.join(MODES)}")
    if maximum < 0:
        message = f"the maximum of references cannot be {maximum}"
        raise InputError(message, hint="0 or more; 0 fetches none, and links those that are in the base")
    if mode == "none":
        return HarvestPlan(document.arxiv_id, mode)
    own = experiment(document).name or ""
    chosen = _chosen(document) if mode == "selection" else _all(document)
    picks = [_pick(document, reference, reason, span, own) for reference, reason, span in chosen]
    picks.sort(key=lambda pick: (pick.purpose is None, not pick.same_collaboration, pick.purpose == "earlier analysis"))
    return HarvestPlan(document.arxiv_id, mode, tuple(_decided(document, picks, known, maximum)))


_Chosen = tuple[Reference, Reason | None, Span | None]


def _chosen(document: Document) -> list[_Chosen]:
    """Return the references with a reason, each with its best, in the order of the text."""
    best: dict[str, Reason] = {}
    for reason in reasons(document):
        so_far = best.setdefault(reason.key, reason)
        if _RANK[reason.purpose] < _RANK[so_far.purpose]:
            best[reason.key] = reason
    references = {reference.key: reference for reference in document.references}
    return [(references[key], reason, Span(start=reason.start, end=reason.end)) for key, reason in best.items()]


def _all(document: Document) -> list[_Chosen]:
    """Return all references in the order of the bibliography, each with the best sentence that cites it."""
    reasoned = {reference.key: (reason, span) for reference, reason, span in _chosen(document)}
    wanted = {reference.key for reference in document.references} - reasoned.keys()
    first: dict[str, Span] = {}
    for citation in sorted(document.citations, key=lambda citation: citation.start):
        if new := [key for key in citation.keys if key in wanted and key not in first]:
            first |= dict.fromkeys(new, _sentence(document, citation.start))
    return [
        (reference, *reasoned.get(reference.key, (None, first.get(reference.key)))) for reference in document.references
    ]


def _sentence(document: Document, offset: int) -> Span:
    block = document.block_at(offset)
    if block is None:
        return Span(start=offset, end=offset)
    # A table or a caption has no sentences to speak of; there the block itself must do.
    found = (Span(start=one.start, end=one.end) for one in sentences(document, block) if one.start <= offset < one.end)
    return next(found, Span(start=block.start, end=block.end))


def _pick(document: Document, reference: Reference, reason: Reason | None, span: Span | None, own: str) -> Pick:
    return Pick(
        reference=reference,
        state="fetch",
        why=SAYS[reason.purpose] if reason else "the paper cites it" if span else "the paper lists it",
        purpose=reason.purpose if reason else None,
        span=span,
        quote=document.quote(span.start, span.end) if span else "",
        section=document.section_path(span.start) if span else (),
        same_collaboration=of_collaboration(reference, own),
    )


def _decided(document: Document, picks: Sequence[Pick], known: Callable[[str], bool], maximum: int) -> list[Pick]:
    """Say of each pick what is to be done: linked, fetched, left out, or given up for a reason."""
    decided: list[Pick] = []
    labels: dict[str, str] = {document.arxiv_id.casefold(): ""}
    left = maximum
    for pick in picks:
        reference = pick.reference
        names = [name for name in (pick.arxiv_id, reference.report_number) if name]
        seen = next((name for name in names if name.casefold() in labels), None)
        if seen is not None:
            label = labels[seen.casefold()]
            why = f"it is the same paper as [{label}]" if label else "it is this paper itself"
            decided.append(replace(pick, state="unavailable", why=why))
            continue
        labels |= dict.fromkeys((name.casefold() for name in names), reference.label or reference.key)
        if any(known(name) for name in names):
            decided.append(replace(pick, state="there"))
        elif pick.arxiv_id is None:
            decided.append(replace(pick, state="unavailable", why=_why_not(reference)))
        elif left == 0:
            decided.append(replace(pick, state="left out", why=f"{pick.why}, but {maximum} are fetched at most"))
        else:
            left -= 1
            decided.append(pick)
    return decided


def _why_not(reference: Reference) -> str:
    """Say why a paper cannot be fetched, by what is known of it."""
    if reference.arxiv_id:
        return f"'{reference.arxiv_id}', the arXiv id that the bibliography gives, cannot be one"
    if reference.report_number:
        return f"it has no arXiv id, only the report number {reference.report_number}: ingest its PDF from a file"
    if reference.doi:
        return f"it has no arXiv id, only the DOI {reference.doi}: ingest its PDF from a file"
    return "its entry in the bibliography names neither arXiv id, DOI nor report number"
