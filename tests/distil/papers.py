"""Build small documents from plain text, as a reader of `ingest` would."""

from __future__ import annotations

import re

from kb.document import Block, BlockKind, Cell, Citation, Document, Reference, Section, Span, Table


def paper(text: str, *, arxiv_id: str = "test", title: str = "", references: dict[str, str] | None = None) -> Document:
    """Return a document: blocks are parted by blank lines, `# ` opens a section, `## ` a subsection, `- ` an item.

    `[@key]` is a citation of the bibliography entry `key`; it is printed `[n]`. A block of lines with `|` is a table
    whose first row is its header; a block `Table: …` or `Table 1. …` before it is its caption.
    """
    references = references or {}
    keys = list(dict.fromkeys(re.findall(r"\[@(\w+)\]", text)))
    numbers = {key: str(i + 1) for i, key in enumerate(keys)}
    out = ""
    blocks: list[Block] = []
    citations: list[Citation] = []
    heads: list[tuple[int, int, str]] = []
    tables: list[Table] = []
    caption: Span | None = None
    for raw in re.split(r"\n\s*\n", text.strip()):
        if out:
            out += "\n\n"
        body = raw.strip()
        kind: BlockKind = "paragraph"
        if match := re.match(r"(#+) (.*)", body):
            heads.append((len(match.group(1)), len(out), match.group(2)))
            body, kind = match.group(2), "heading"
        elif body.startswith("- "):
            body, kind = body[2:], "item"
        elif re.match(r"Tab(?:le|\.)(?: \d+[.:]|:)", body):
            kind = "caption"
        elif "|" in body and re.search(r" \| ", body):
            kind = "table"
        start = len(out)
        if kind == "table":
            cells = []
            for row, line in enumerate(body.split("\n")):
                if row:
                    out += "\n"
                for column, cell in enumerate(part.strip() for part in line.split(" | ")):
                    if column:
                        out += " | "
                    cells.append(
                        Cell(start=len(out), end=len(out) + len(cell), row=row, column=column, header=row == 0)
                    )
                    out += cell
            tables.append(Table(start=start, end=len(out), caption=caption, cells=tuple(cells)))
        else:
            for piece in re.split(r"(\[@\w+\])", re.sub(r"\s*\n\s*", " ", body)):
                if piece.startswith("[@"):
                    key = piece[2:-1]
                    mark = f"[{numbers[key]}]"
                    citations.append(Citation(start=len(out), end=len(out) + len(mark), keys=(key,)))
                    out += mark
                else:
                    out += piece
        blocks.append(Block(start=start, end=len(out), kind=kind))
        caption = Span(start=start, end=len(out)) if kind == "caption" else caption
    sections = []
    for index, (level, start, name) in enumerate(heads):
        end = next((s for lv, s, _ in heads[index + 1 :] if lv <= level), len(out))
        sections.append(Section(start=start, end=end, title=name, level=level))
    entries = tuple(Reference(key=k, label=numbers[k], arxiv_id=references.get(k)) for k in keys)
    return Document(
        arxiv_id=arxiv_id,
        title=title,
        source_format="latex",
        reader="tests",
        text=out,
        blocks=tuple(blocks),
        sections=tuple(sections),
        tables=tuple(tables),
        citations=tuple(citations),
        references=entries,
    )
