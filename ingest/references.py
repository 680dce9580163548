"""A paper's own bibliography and INSPIRE's list of it, made one.

The paper is believed: INSPIRE fills what it leaves out, and what the two tell differently is noted, not changed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingest.inspire_records import Entry, collaboration_in
from kb.document import Citation, Document, Reference

_UNLIKE = 0.5
_LABELS_AGREE = 0.9
_WITNESSES = 3
_TITLE_WORDS = 3
_HEAD = 160
_SHARED = ("arxiv_id", "doi", "report_numbers", "title", "collaboration", "record_id", "journal", "volume", "page")


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that a paper and INSPIRE tell differently of a reference."""

    key: str
    label: str
    what: str
    own: str
    other: str

    def __str__(self) -> str:
        told = f"the paper has '{self.own}', INSPIRE '{self.other}'"
        return f"[{self.label or self.key}] {self.what}: {told}; kept as in the paper"


@dataclass(frozen=True, slots=True)
class Merged:
    """A document with completed references; `unmatched` is what INSPIRE lists and the paper does not seem to."""

    document: Document
    conflicts: tuple[Conflict, ...] = ()
    unmatched: tuple[Entry, ...] = ()


def merge(document: Document, entries: Sequence[Entry] = ()) -> Merged:
    """Complete a document's references from INSPIRE's list of them.

    A reference and an entry are the same by arXiv id, DOI, report number, title, or place in a journal; by their
    number in the list only where the lists are numbered alike and nothing speaks against it. Where a numbered
    reference names several papers, those after the first become references of their own (`31#2`), which the same
    citations cite.
    """
    own = tuple(_with_collaboration(reference) for reference in document.references)
    entries = _agreed(entries)
    matched = _Match(own, entries).made()
    conflicts: list[Conflict] = []
    references: list[Reference] = []
    further: dict[str, tuple[str, ...]] = {}
    for reference in own:
        found = matched.get(reference.key, [])
        if not found:
            references.append(reference)
            continue
        conflicts += _conflicts(reference, found[0])
        references.append(_completed(reference, found[0]))
        more = [_further(reference, count, entry) for count, entry in enumerate(found[1:], start=2)]
        references += more
        further[reference.key] = tuple(other.key for other in more)
    used = {id(entry) for found in matched.values() for entry in found}
    return Merged(
        document.model_copy(
            update={
                "references": tuple(references),
                "citations": tuple(_citing(citation, further) for citation in document.citations),
            }
        ),
        tuple(conflicts),
        tuple(entry for entry in entries if id(entry) not in used),
    )


@dataclass
class _Match:
    """The search for pairs, from the surest sign to the weakest."""

    references: Sequence[Reference]
    entries: Sequence[Entry]
    pairs: dict[str, int] = field(default_factory=dict)

    def made(self) -> dict[str, list[Entry]]:
        """Return the entries of each reference, by key; the first is the one that its fields are filled from."""
        self._by_identifier()
        self._by(_same_title)
        self._by(_same_place)
        made = {key: [self.entries[index]] for key, index in self.pairs.items()}
        if not self._numbered_alike():
            return made
        taken = set(self.pairs.values())
        groups: dict[str, list[int]] = defaultdict(list)
        for index, entry in enumerate(self.entries):
            if index not in taken and entry.label:
                groups[entry.label].append(index)
        for reference in self.references:
            if "#" in reference.key:
                continue
            rest = [self.entries[index] for index in groups.get(reference.label, ())]
            if reference.key not in made and rest and not _contradict(reference, rest[0]):
                made[reference.key] = [rest.pop(0)]
            if reference.key in made and made[reference.key][0].label == reference.label:
                made[reference.key] += _other_papers(made[reference.key][0], rest)
        return made

    def _by_identifier(self) -> None:
        known: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, entry in enumerate(self.entries):
            for name in _names_of_entry(entry):
                known[name].append(index)
        for reference in self.references:
            for name in _names(reference):
                if known.get(name):
                    same = [index for index in known[name] if self.entries[index].label == reference.label]
                    self.pairs[reference.key] = (same or known[name])[0]
                    break

    def _by(self, same: Callable[[Reference, Entry], bool]) -> None:
        """Pair what is the same and nothing else is: two searches may bear one title."""
        taken = set(self.pairs.values())
        open_ = [reference for reference in self.references if reference.key not in self.pairs]
        free = [index for index in range(len(self.entries)) if index not in taken]
        of_reference = {
            reference.key: [index for index in free if same(reference, self.entries[index])] for reference in open_
        }
        claims: dict[int, int] = defaultdict(int)
        for found in of_reference.values():
            for index in found:
                claims[index] += 1
        for reference in open_:
            found = of_reference[reference.key]
            if len(found) == 1 and claims[found[0]] == 1 and not _contradict(reference, self.entries[found[0]]):
                self.pairs[reference.key] = found[0]

    def _numbered_alike(self) -> bool:
        labels = {reference.key: reference.label for reference in self.references}
        told = [labels[key] == self.entries[index].label for key, index in self.pairs.items() if "#" not in key]
        if len(told) >= _WITNESSES:
            return sum(told) >= _LABELS_AGREE * len(told)
        return all(told) and {entry.label for entry in self.entries} == set(labels.values())


def _agreed(entries: Iterable[Entry]) -> list[Entry]:
    """Let the entries of one paper that is listed twice know the same of it."""
    known: dict[str, Entry] = {}
    agreed = list(entries)
    # Twice, for the first may link what the second alone names.
    for _ in range(2):
        for index, entry in enumerate(agreed):
            for name in filter(None, (entry.record_id, entry.arxiv_id)):
                entry = _filled(entry, known.get(name, entry))
                known[name] = entry
            agreed[index] = entry
    return agreed


def _filled(entry: Entry, twin: Entry) -> Entry:
    blank = {name: getattr(twin, name) for name in _SHARED if not getattr(entry, name)}
    return replace(entry, **blank)


def _with_collaboration(reference: Reference) -> Reference:
    if reference.collaboration:
        return reference
    # Authors come first; a title may name another collaboration.
    head = reference.text[:_HEAD].partition(reference.title or "“")[0]
    return reference.model_copy(update={"collaboration": collaboration_in(head)})


def _completed(reference: Reference, entry: Entry) -> Reference:
    return reference.model_copy(
        update={
            "arxiv_id": reference.arxiv_id or entry.arxiv_id,
            "doi": reference.doi or entry.doi,
            "report_number": reference.report_number or _telling_number(entry),
            "title": reference.title or entry.title,
            "collaboration": reference.collaboration or entry.collaboration,
            "inspire_id": reference.inspire_id or entry.record_id,
        }
    )


def _further(reference: Reference, count: int, entry: Entry) -> Reference:
    new = Reference(key=f"{reference.key}#{count}", label=reference.label)
    return _completed(new, entry)


def _citing(citation: Citation, further: Mapping[str, tuple[str, ...]]) -> Citation:
    keys = [name for key in citation.keys for name in (key, *further.get(key, ()))]
    return citation.model_copy(update={"keys": tuple(dict.fromkeys(keys))})


def _conflicts(reference: Reference, entry: Entry) -> list[Conflict]:
    pairs = [
        ("arXiv id", _arxiv(reference.arxiv_id), _arxiv(entry.arxiv_id)),
        ("DOI", reference.doi or "", entry.doi or ""),
    ]
    found = [(what, own, other) for what, own, other in pairs if own and other and own.casefold() != other.casefold()]
    numbers = {_squeezed(number) for number in entry.report_numbers}
    if reference.report_number and numbers and _squeezed(reference.report_number) not in numbers:
        found.append(("report number", reference.report_number, ", ".join(entry.report_numbers)))
    if reference.title and entry.title and _likeness(reference.title, entry.title) < _UNLIKE:
        found.append(("title", reference.title, entry.title))
    return [Conflict(reference.key, reference.label, *told) for told in found]


def _contradict(reference: Reference, entry: Entry) -> bool:
    """Say whether two things with a weak sign of being the same have a strong one of not being it."""
    if reference.arxiv_id and entry.arxiv_id:
        return _arxiv(reference.arxiv_id) != entry.arxiv_id
    if reference.title and entry.title and _likeness(reference.title, entry.title) < _UNLIKE:
        return True
    collaborations = {reference.collaboration.casefold(), entry.collaboration.casefold()} - {""}
    return len(collaborations) > 1


def _other_papers(first: Entry, rest: Iterable[Entry]) -> list[Entry]:
    """Return the papers of one number after the first; an erratum is no other paper."""
    seen = {first.record_id, first.arxiv_id}
    found = []
    for entry in rest:
        names = {entry.record_id, entry.arxiv_id} - {None}
        if names and not names & seen:
            seen |= names
            found.append(entry)
    return found


def _names(reference: Reference) -> list[tuple[str, str]]:
    names = [
        ("arxiv", _arxiv(reference.arxiv_id)),
        ("record", reference.inspire_id or ""),
        ("doi", (reference.doi or "").casefold()),
        ("report", _squeezed(reference.report_number or "")),
    ]
    return [name for name in names if name[1]]


def _names_of_entry(entry: Entry) -> list[tuple[str, str]]:
    names = [("arxiv", entry.arxiv_id or ""), ("record", entry.record_id or ""), ("doi", (entry.doi or "").casefold())]
    names += [("report", _squeezed(number)) for number in entry.report_numbers]
    return [name for name in names if name[1]]


def _same_title(reference: Reference, entry: Entry) -> bool:
    """Say whether all words and numbers of two titles agree, but for short ones: 7 TeV and 8 TeV are two papers."""
    words = _telling_words(entry.title)
    if reference.title:
        return len(words) >= _TITLE_WORDS and set(words) == set(_telling_words(reference.title))
    return len(words) > _TITLE_WORDS and f" {' '.join(words)} " in f" {' '.join(_telling_words(reference.text))} "


def _same_place(reference: Reference, entry: Entry) -> bool:
    """Say whether a reference's text names the entry's journal, volume and page."""
    if not (entry.journal and entry.volume and entry.page):
        return False
    text = re.sub(r"\W", "", reference.text.casefold())
    words = _words(reference.text)
    volume, page = entry.volume.casefold(), entry.page.casefold()
    # Some journals' section is printed with the volume: Phys. Rev. D87.
    volumes = {volume, entry.journal[-1:].casefold() + volume}
    near = any(word in volumes and page in words[index + 1 : index + 6] for index, word in enumerate(words))
    return near and re.sub(r"\W", "", entry.journal.casefold()) in text


def _telling_number(entry: Entry) -> str | None:
    """Choose among report numbers that of the collaboration, which other papers cite."""
    name = entry.collaboration.casefold()
    own = [number for number in entry.report_numbers if name and number.casefold().startswith(name)]
    return next(iter((*own, *entry.report_numbers)), None)


def _arxiv(arxiv_id: str | None) -> str:
    return re.sub(r"v\d+$", "", arxiv_id or "")


def _squeezed(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", text.casefold())


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.findall(r"[^\W_]+", plain)


def _telling_words(title: str) -> list[str]:
    return [word for word in _words(title) if (len(word) > 3 and word != "sqrt") or word.isdecimal()]


def _likeness(first: str, second: str) -> float:
    """Return the share of words that two titles have in common (Dice's coefficient)."""
    one, other = Counter(_words(first)), Counter(_words(second))
    return 2 * (one & other).total() / max(1, one.total() + other.total())
