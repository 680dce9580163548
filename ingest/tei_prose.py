"""Running text of TEI: inline elements flattened, citations kept apart, references to floats noted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from ingest.tei_references import Bibliography, cited_numbers
from ingest.tei_symbols import readable

# A citation stands in running text as one character of this plane of private use until its place is known.
_FIRST_MARK = 0xF0000
_LAST_MARK = 0xFFFFD
_MARK = re.compile(f"[{chr(_FIRST_MARK)}-{chr(_LAST_MARK)}]")
_BETWEEN_CITATIONS = re.compile(r"[\s,;–—-]*")
_FLOAT_NUMBER = re.compile(r"(\d+|[IVX]+)\b")


@dataclass(slots=True)
class Segment:
    """A piece of running text with marks for citations, and the `coords` of where it stands."""

    raw: str
    coords: str = ""


@dataclass(frozen=True, slots=True)
class Cite:
    """What an in-text citation prints and means."""

    text: str
    keys: tuple[str, ...]


@dataclass(slots=True)
class Prose:
    """Flattens inline elements; `mentions` gathers the floats that were referred to since it was last emptied."""

    bibliography: Bibliography
    cites: list[Cite] = field(default_factory=list)
    mentions: set[str] = field(default_factory=set)

    def text(self, element: Element) -> str:
        """Return an element's text with marks for its citations."""
        return "".join(self._pieces(element.text, list(element)))

    def pieces(self, lead: str | None, children: Sequence[Element]) -> str:
        """Return the text of some of an element's children, after `lead`."""
        return "".join(self._pieces(lead, children))

    def _pieces(self, lead: str | None, children: Sequence[Element]) -> Iterator[str]:
        yield lead or ""
        index = 0
        while index < len(children):
            child = children[index]
            if child.tag == "ref":
                run = _run(children, index) if child.get("type") == "bibr" else [child]
                yield self._cite(run) if child.get("type") == "bibr" else self._mention(child)
                index += len(run)
                yield run[-1].tail or ""
                continue
            yield self.text(child)
            yield child.tail or ""
            index += 1

    def _cite(self, run: Sequence[Element]) -> str:
        printed = ["".join(ref.itertext()) for ref in run]
        numbers = [cited_numbers(text) for text in printed]
        targets = [ref.get("target", "") for ref in run]
        keys = [self.bibliography.cited(target, some) for target, some in zip(targets, numbers, strict=True)]
        apart = [
            ref.tail and ref.tail.strip() and text.rstrip().endswith("]")
            for ref, text in zip(run, printed, strict=True)
        ]
        if len(run) > 1 and all(numbers) and printed[0].lstrip().startswith("[") and not any(apart[:-1]):
            # One bracket in the paper; GROBID makes a reference of each number, also of those within a range.
            flat = list(dict.fromkeys(number for some in numbers for number in some))
            every = tuple(dict.fromkeys(key for some in keys for key in some))
            return self._mark(f"[{_ranges(flat)}]", every)
        parts = []
        for ref, text, meant in zip(run, printed, keys, strict=True):
            parts.append(self._mark(" ".join(text.split()), meant) if meant else text)
            parts.append("" if ref is run[-1] else ref.tail or "")
        return "".join(parts)

    def _mark(self, text: str, keys: tuple[str, ...]) -> str:
        if not keys or _FIRST_MARK + len(self.cites) > _LAST_MARK:
            return text
        self.cites.append(Cite(text, keys))
        return chr(_FIRST_MARK + len(self.cites) - 1)

    def _mention(self, ref: Element) -> str:
        text = self.text(ref)
        self.mentions.add(ref.get("target", "").removeprefix("#"))
        number = _FLOAT_NUMBER.search(text)
        if number and (kind := ref.get("type")) in {"figure", "table"}:
            self.mentions.add(f"{kind} {number[1]}")
        return text

    def written(self, raw: str) -> tuple[str, list[tuple[int, int, tuple[str, ...]]]]:
        """Return raw text as it is read, and where its citations stand in it with the keys they mean."""
        out: list[str] = []
        size = 0
        spans: list[tuple[int, int, tuple[str, ...]]] = []
        text = readable(raw)
        at = 0
        for match in _MARK.finditer(text):
            cite = self.cites[ord(match[0]) - _FIRST_MARK]
            before = text[at : match.start()]
            if cite.text.startswith("[") and re.search(r"[^\s(\[–—-]$", before):
                before += " "
            out += [before, cite.text]
            size += len(before)
            spans.append((size, size + len(cite.text), cite.keys))
            size += len(cite.text)
            at = match.end()
        out.append(text[at:])
        return "".join(out), spans

    def plain(self, element: Element | None) -> str:
        """Return an element's text as it is read, citations included."""
        return "" if element is None else self.written(self.text(element))[0]


def _run(children: Sequence[Element], index: int) -> list[Element]:
    """Return the citations that follow one another from `index` on."""
    run = [children[index]]
    for child in children[index + 1 :]:
        if (child.tag, child.get("type")) != ("ref", "bibr") or not _BETWEEN_CITATIONS.fullmatch(run[-1].tail or ""):
            break
        run.append(child)
    return run


def _ranges(numbers: Sequence[str]) -> str:
    """Write citation numbers, three or more in a row as a range: `1, 3–7`."""
    parts: list[str] = []
    index = 0
    while index < len(numbers):
        last = index
        while last + 1 < len(numbers) and int(numbers[last + 1]) == int(numbers[last]) + 1:
            last += 1
        row = numbers[index : last + 1]
        parts += [f"{row[0]}–{row[-1]}"] if len(row) > 2 else row
        index = last + 1
    return ", ".join(parts)
