r"""The bibliography of a LaTeX paper as references: from `thebibliography`, biblatex' `.bbl` or `.bib`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.bibliography import arxiv_id_in, doi_in
from ingest.latex.tokens import Token, source, tokenise
from ingest.reports import report_number_in
from kb.document import Reference

Render = Callable[[Sequence[Token]], str]

_NAMED_AUTHORS = 3
_BIB_SPACING = re.compile(r"\\bib(?:namedelim|initdelim|initperiod|inithyphendelim)[a-z]?(?![a-zA-Z])")
_QUOTED = re.compile(r"[“\"]([^”\"]{8,}?),?[”\"]")


@dataclass
class _Entry:
    """An entry as found: its key, the raw source for identifiers, its tokens, and fields where it has them."""

    key: str
    raw: str
    tokens: Sequence[Token] = ()
    fields: dict[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()


def references_of_items(tokens: Sequence[Token], render: Render) -> tuple[Reference, ...]:
    r"""Read the `\bibitem`s of a `thebibliography`; `render` writes tokens as plain text."""
    return tuple(_reference(entry, render) for entry in _bibitems(tokens))


def references_of_biblatex(text: str, render: Render) -> tuple[Reference, ...]:
    """Read the `.bbl` that biber writes for biblatex, in the order of its first list."""
    return tuple(_reference(entry, render) for entry in _biblatex_entries(text))


def references_of_bib(text: str, keys: Iterable[str], render: Render) -> tuple[Reference, ...]:
    """Read those entries of a `.bib` file that are cited, in the order of citation."""
    entries = {entry.key: entry for entry in _bib_entries(text)}
    return tuple(_reference(entries[key], render) for key in keys if key in entries)


def is_biblatex(text: str) -> bool:
    """Say whether a `.bbl` was written for biblatex."""
    return re.search(r"^\s*\\entry\{", text, re.MULTILINE) is not None


def _bibitems(tokens: Sequence[Token]) -> Iterator[_Entry]:
    current: list[Token] | None = None
    found: list[list[Token]] = []
    level = 0
    for token in tokens:
        level += {"open": 1, "close": -1}.get(token.kind, 0)
        if token.kind == "macro" and token.text == "bibitem" and level == 0:
            current = []
            found.append(current)
        elif current is not None:
            current.append(token)
    for item in found:
        key, body = _key_and_body(item)
        if key:
            yield _Entry(key, source(body), body)


def _key_and_body(tokens: Sequence[Token]) -> tuple[str, Sequence[Token]]:
    """Split a `\\bibitem`: an optional label in brackets, the key, the text."""
    level = 0
    label = False
    for index, token in enumerate(tokens):
        if level == 0 and token.kind == "chars":
            if token.text.startswith("["):
                label = True
            if token.text.endswith("]"):
                label = False
        if token.kind == "open":
            if level == 0 and not label:
                end = next((i for i in range(index, len(tokens)) if tokens[i].kind == "close"), len(tokens))
                return source(tokens[index + 1 : end]).strip(), tokens[end + 1 :]
            level += 1
        elif token.kind == "close":
            level -= 1
    return "", tokens


def _reference(entry: _Entry, render: Render) -> Reference:
    fields = entry.fields
    if fields:
        title = render(tokenise(fields.get("title", ""))).strip(" .")
        text = _formatted(entry, title, render)
    else:
        text = render([t for t in entry.tokens if not (t.kind == "macro" and t.text == "newblock")]).strip()
        title = _title_of_item(entry, text, render)
    eprint = fields.get("eprint", "")
    is_arxiv = fields.get("eprinttype", fields.get("archiveprefix", "arXiv")).lower() == "arxiv"
    arxiv_id = (arxiv_id_in(f"arXiv:{eprint}") if eprint and is_arxiv else None) or arxiv_id_in(entry.raw)
    return Reference(
        key=entry.key,
        text=text,
        title=title,
        arxiv_id=arxiv_id or arxiv_id_in(text),
        doi=doi_in(fields.get("doi", "")) or doi_in(entry.raw),
        report_number=report_number_in(fields.get("number", "") or fields.get("reportnumber", ""))
        or report_number_in(text)
        or report_number_in(entry.raw),
    )


def _title_of_item(entry: _Entry, text: str, render: Render) -> str:
    r"""Find the title in a formatted entry: `\bibinfo{title}`, quotation marks, or what is set in italics."""
    for pattern in (r"\\bibinfo\s*\{title\}", r"\\(?:emph|textit|textsl)\s*(?=\{)", r"\{\s*\\(?:em|it|sl)\b"):
        for match in re.finditer(pattern, entry.raw):
            opening = match.start() if entry.raw[match.start()] == "{" else match.end()
            title = render(tokenise(_group(entry.raw, opening))).strip(' ,.“”"')
            if len(title) > 12 and " " in title and not re.match(r"et\s+al", title):
                return title
        if (quoted := _QUOTED.search(text)) is not None:
            return quoted.group(1).strip()
    return ""


def _formatted(entry: _Entry, title: str, render: Render) -> str:
    fields = entry.fields
    names = [render(tokenise(name)).strip() for name in entry.names]
    if len(names) > _NAMED_AUTHORS or names[-1:] == ["others"]:
        author = f"{names[0]} et al."
    else:
        author = " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
    journal = " ".join(filter(None, (fields.get("journaltitle") or fields.get("journal"), fields.get("volume"))))
    year = fields.get("year") or fields.get("date", "")[:4]
    place = " ".join(filter(None, (journal, f"({year})" if year else "", fields.get("pages", ""))))
    eprint = f"arXiv:{fields['eprint']}" if fields.get("eprint") else ""
    rest = (
        place,
        fields.get("number", "") if not journal else "",
        eprint,
        fields.get("url", "") if not journal else "",
    )
    parts = [author, title, *(render(tokenise(part)).strip() for part in rest)]
    return ", ".join(part for part in parts if part)


def _biblatex_entries(text: str) -> Iterator[_Entry]:
    seen: set[str] = set()
    for match in re.finditer(r"\\entry\{([^{}]*)\}\{[^{}]*\}(.*?)\\endentry", text, re.DOTALL):
        key, body = match.group(1), match.group(2)
        if key in seen:
            continue
        seen.add(key)
        fields: dict[str, str] = {}
        for entry in re.finditer(r"\\(?:field|strng)\{(\w+)\}(?=\{)", body):
            fields[entry.group(1)] = re.sub(r"\\bibrangedash\s*", "–", _group(body, entry.end()))
        for entry in re.finditer(r"\\verb\{(\w+)\}\s*\\verb ([^\n]*)\n\s*\\endverb", body):
            fields[entry.group(1)] = entry.group(2).strip()
        for entry in re.finditer(r"\\list\{(\w+)\}\{\d+\}(?=\{)", body):
            fields.setdefault(entry.group(1), _group(body, entry.end()).strip().strip("{}%"))
        names: list[str] = []
        if (authors := re.search(r"\\name\{author\}\{\d+\}\{[^{}]*\}(?=\{)", body)) is not None:
            names = [_biblatex_name(name) for name in _group(body, authors.end()).split("{{hash=")[1:]]
        if r"\true{moreauthor}" in body:
            names.append("others")
        yield _Entry(key, body, fields=fields, names=tuple(name for name in names if name))


def _biblatex_name(text: str) -> str:
    parts = {}
    for match in re.finditer(r"\b(family|giveni|given|prefix)=(?=\{)", text):
        parts[match.group(1)] = " ".join(_BIB_SPACING.sub(" ", _group(text, match.end())).split())
    initials = " ".join(f"{letter}." for letter in re.findall(r"[^\W\d_]+", parts.get("giveni", "")))
    return " ".join(filter(None, (initials, parts.get("prefix", ""), parts.get("family", ""))))


def _bib_entries(text: str) -> Iterator[_Entry]:
    strings: dict[str, str] = {}
    for match in re.finditer(r"@(\w+)\s*[{(]", text):
        kind = match.group(1).lower()
        body = _group(text, match.end() - 1)
        if kind == "string":
            strings |= {name.lower(): value for name, value in _bib_fields(body, strings)}
        elif kind not in ("comment", "preamble"):
            key, _, rest = body.partition(",")
            fields = {name.lower(): value for name, value in _bib_fields(rest, strings)}
            names = [_bib_name(name) for name in re.split(r"\s+and\s+", fields.get("author", "")) if name.strip()]
            if "collaboration" in fields and not any("ollaboration" in name for name in names):
                names.insert(0, f"{fields['collaboration']} Collaboration")
            yield _Entry(key.strip(), body, fields=fields or {"title": ""}, names=tuple(names))


def _bib_name(name: str) -> str:
    family, comma, given = name.partition(",")
    return f"{given.strip()} {family.strip()}" if comma else name.strip()


def _bib_fields(body: str, strings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    pos = 0
    pattern = re.compile(r"\s*,?\s*([\w:-]+)\s*=\s*")
    while (match := pattern.search(body, pos)) is not None:
        pos = match.end()
        parts: list[str] = []
        while pos < len(body):
            if body[pos] == "{":
                part = _group(body, pos)
                pos += len(part) + 2
            elif body[pos] == '"':
                end = _closing_quote(body, pos + 1)
                part, pos = body[pos + 1 : end], end + 1
            else:
                word = re.compile(r"[^\s,#{}\"]*").match(body, pos)
                bare = word.group() if word else ""
                part = strings.get(bare.lower(), bare)
                pos += max(1, len(bare))
            parts.append(part)
            joint = re.compile(r"\s*#\s*").match(body, pos)
            if joint is None:
                break
            pos = joint.end()
        yield match.group(1), re.sub(r"\s+", " ", "".join(parts))


def _closing_quote(body: str, pos: int) -> int:
    level = 0
    for index in range(pos, len(body)):
        level += {"{": 1, "}": -1}.get(body[index], 0)
        if body[index] == '"' and level <= 0:
            return index
    return len(body)


def _group(text: str, opening: int) -> str:
    """Return what stands between the brace (or parenthesis) at `opening` and its partner."""
    if opening >= len(text):
        return ""
    open_, close = ("(", ")") if text[opening] == "(" else ("{", "}")
    level = 0
    index = opening
    while index < len(text):
        char = text[index]
        if char == "\\":
            index += 1
        elif char == open_:
            level += 1
        elif char == close:
            level -= 1
            if level == 0:
                return text[opening + 1 : index]
        index += 1
    return text[opening + 1 :]
