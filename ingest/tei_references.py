"""The bibliography of TEI, numbered as the paper prints it, and what its in-text citations mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element

from ingest.bibliography import arxiv_id_in, doi_in
from ingest.reports import report_number_in
from ingest.tei_symbols import readable
from kb.document import Reference

_NUMBERS = re.compile(r"\s*[\[(]?\s*(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\s*[,;–-]?\s*[\])]?\s*")
_LONGEST_RANGE = 60
_NAMED_AUTHORS = 3


def cited_numbers(text: str) -> list[str]:
    """Return the numbers a citation prints, ranges written out; none where it prints names.

    >>> cited_numbers("[4, 7–9]"), cited_numbers("[12,"), cited_numbers("(Etzioni, 2011)")
    (['4', '7', '8', '9'], ['12'], [])
    """
    match = _NUMBERS.fullmatch(text)
    found: list[str] = []
    for part in re.split(r"[,;]", match[1]) if match else []:
        ends = [int(number) for number in re.findall(r"\d+", part)]
        if len(ends) == 2 and ends[0] < ends[1] <= ends[0] + _LONGEST_RANGE:
            found += [str(number) for number in range(ends[0], ends[1] + 1)]
        else:
            found += [str(number) for number in ends]
    return found


class Bibliography:
    """The references of a paper; GROBID's halves of a reference that it cut in two are joined again."""

    def __init__(self, root: Element) -> None:
        entries = [entry for listing in root.iter("listBibl") for entry in listing.iter("biblStruct")]
        keys = [entry.get("id") or f"b{index}" for index, entry in enumerate(entries)]
        printed = _printed(root)
        # GROBID takes the members of a collaboration, listed right behind its references, for more of them.
        last = max((index for index, key in enumerate(keys) if key in printed), default=len(keys))
        real = [index for index, entry in enumerate(entries) if index <= last or _is_published(entry)]
        entries, keys = [entries[index] for index in real], [keys[index] for index in real]
        labels = _labels(keys, printed)
        groups: list[list[Element]] = []
        self._key_of: dict[str, str] = {}
        names: list[tuple[str, str]] = []
        for key, entry, label in zip(keys, entries, labels, strict=True):
            if label is None:
                groups[-1].append(entry)
            else:
                groups.append([entry])
                names.append((key, label))
            self._key_of[key] = names[-1][0]
        self.references = tuple(
            _reference(group, key, label) for group, (key, label) in zip(groups, names, strict=True)
        )
        self.keys = {reference.label: reference.key for reference in reversed(self.references) if reference.label}

    def cited(self, target: str, numbers: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the keys a citation means: those of the numbers it prints, else that of its `target`."""
        found = [self.keys[number] for number in numbers if number in self.keys]
        if not found and (key := self._key_of.get(target.removeprefix("#"))) is not None:
            found = [key]
        return tuple(dict.fromkeys(found))


def _printed(root: Element) -> dict[str, str]:
    """Return the number by which the text cites each target, where it does so consistently."""
    votes: dict[str, Counter[str]] = {}
    for ref in root.iter("ref"):
        numbers = cited_numbers("".join(ref.itertext()))
        if ref.get("type") == "bibr" and len(numbers) == 1 and ref.get("target", "").startswith("#"):
            votes.setdefault(ref.get("target", "")[1:], Counter())[numbers[0]] += 1
    return {key: count.most_common(1)[0][0] for key, count in votes.items()}


def _labels(keys: Sequence[str], printed: dict[str, str]) -> list[str | None]:
    """Number the entries; None marks an entry that continues the one before, "" one whose number is unknown.

    Entries that the text cites by number are fixed points. Between two of them, as many entries as numbers are counted
    through; where the numbers leave no room for an entry, it is a piece of the one before it.
    """
    if not printed:
        return ["" for _ in keys]
    points = [(-1, 0)]
    for index, key in enumerate(keys):
        number = int(printed.get(key, 0))
        if number > points[-1][1]:
            points.append((index, number))
    labels: list[str | None] = ["" for _ in keys]
    for (first, low), (last, high) in zip(points, [*points[1:], (len(keys), None)], strict=True):
        if first >= 0:
            labels[first] = str(low)
        between = range(first + 1, last)
        if high is None or len(between) == high - low - 1:
            for index in between:
                labels[index] = str(low + index - first)
        elif high == low + 1 and first >= 0:
            for index in between:
                labels[index] = None
    return labels


def _is_published(entry: Element) -> bool:
    """Say whether an entry tells when or under which name something was published."""
    if any(_text(name) for name in entry.iter("idno")) or any(entry.iter("ptr")):
        return True
    return bool(_title(entry)) and any(re.match(r"\d{4}", date.get("when", "")) for date in entry.iter("date"))


def _reference(parts: Sequence[Element], key: str, label: str) -> Reference:
    names = " ".join(_text(name) for part in parts for name in part.iter("idno"))
    links = " ".join(pointer.get("target", "") for part in parts for pointer in part.iter("ptr"))
    series = " ".join(_text(t) for part in parts for t in part.iter("title") if t.get("level") in {"j", "s"})
    raw = " ".join(_text(note) for part in parts for note in part.iter("note"))
    text = " ".join(filter(None, (_printed_form(part) or _formatted(part) for part in parts)))
    arxiv = re.sub(r"(?i)^arxiv:\s*", "", _identifier(parts, "arXiv"))
    # A public analysis of CMS is cited as "CMS Physics Analysis Summary CMS-PAS", its number as "LUM-19-001".
    reports = re.sub(r"\b(CMS-PAS)\W+(?=[A-Z0-9]{3}-\d\d)", r"\1-", f"{series} {names} {text} {raw}")
    return Reference(
        key=key,
        label=label,
        text=readable(text),
        title=readable(" ".join(filter(None, map(_title, parts)))),
        arxiv_id=arxiv_id_in(f"arXiv:{arxiv}") or arxiv_id_in(f"{names} {links} {raw}"),
        doi=doi_in(_identifier(parts, "DOI")) or doi_in(f"{names} {links}") or doi_in(raw),
        report_number=report_number_in(reports),
    )


def _identifier(parts: Sequence[Element], kind: str) -> str:
    return next((_text(name) for part in parts for name in part.iter("idno") if name.get("type") == kind), "")


def _text(element: Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


def _printed_form(entry: Element) -> str:
    """Return the reference as the paper prints it, where GROBID was asked for that."""
    return next((_text(note) for note in entry.iter("note") if note.get("type") == "raw_reference"), "")


def _title(entry: Element) -> str:
    titles = [(title.get("level", ""), _text(title)) for title in entry.iter("title")]
    return next((text for level in "am" for kind, text in titles if kind == level and text), "")


def _formatted(entry: Element) -> str:
    """Write a reference from its fields: authors, title, journal, volume, year, page, identifiers."""
    names = list(_names(entry.iter("author")))
    author = (
        f"{names[0]} et al."
        if len(names) > _NAMED_AUTHORS
        else " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
    )
    title = _title(entry)
    journal = next((_text(t) for t in entry.iter("title") if t.get("level") == "j"), "")
    scope = {s.get("unit", ""): _text(s) or s.get("from", "") for s in entry.iter("biblScope")}
    date = next((when.get("when", "")[:4] for when in entry.iter("date")), "")
    place = " ".join(
        filter(None, (journal, scope.get("volume", ""), f"({date})" if date else "", scope.get("page", "")))
    )
    identifiers = [_text(name) for name in entry.iter("idno")]
    return ", ".join(filter(None, (author, title, place, *identifiers)))


def _names(authors: Iterable[Element]) -> Iterable[str]:
    for author in authors:
        if name := person(author):
            yield name


def person(author: Element) -> str:
    """Write an author's name, initials with dots; empty where there is none.

    A collaboration is an author whose name is that of an organisation.
    """
    for organisation in author.iter("orgName"):
        name = _text(organisation)
        if organisation.get("type") == "collaboration" or re.search(r"\bCollaboration\b", name):
            return re.sub(r"^The ", "", name)
    given = [f"{part}." if len(part) == 1 else part for part in map(_text, author.iter("forename")) if part]
    family = " ".join(filter(None, map(_text, author.iter("surname"))))
    return " ".join(filter(None, (*given, family))) if family else ""
