r"""What environments mean for the prose: displays, tables, floats, lists, drawings, the bibliography."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.latex.composition import BlockDraft, Run, plain_text
from ingest.latex.expansion import MAX_UNENDED, Expander
from ingest.latex.families import environment_arguments, environments
from ingest.latex.numbering import ItemLabels
from ingest.latex.tables import TableReader
from ingest.latex.tokens import Token, plain, source

if TYPE_CHECKING:
    from ingest.latex.prose import ProseReader


def begin_environment(reader: ProseReader, token: Token, expander: Expander) -> None:
    """Open an environment; those that hold no prose of their own are read to their end."""
    name = token.text
    base = name.removesuffix("*")
    if name == "document":
        reader.begun = reader.reading.begun = True
        waiting, reader.reading.at_begin_document = reader.reading.at_begin_document, []
        expander.push(waiting)
    elif name in environments("tabulars"):
        _table(reader, token, expander)
    elif base in environments("displays") or name == "math":
        _display(reader, token, expander)
    elif base in environments("pictures"):
        _skip(reader, name, expander)
    elif name in environments("bibliographies"):
        _bibliography(reader, name, expander)
    else:
        _open(reader, token, expander)


def _open(reader: ProseReader, token: Token, expander: Expander) -> None:
    name = token.text
    base = name.removesuffix("*")
    page = reader.page
    if base in environments("lists"):
        _open_list(reader, name, expander)
        return
    expander.skip_arguments(environment_arguments().get(base, ""))
    if base in environments("figures") | environments("tables") | environments("subfloats"):
        if not page.inline_depth:
            reader.floats.begin(name, "table" if base in environments("tables") else "figure")
    elif base == "subequations":
        reader.numbering.open_parts()
    elif name.lower() == "abstract":
        page.finish()
        page.kind = "abstract"
    elif name == "tabbing":
        page.finish()
        reader.tabbing = True
    elif name == "titlepage":
        page.finish()
        reader.on_title_page = True
    elif name == "appendices":
        page.finish()
        reader.numbering.appendix()
    elif base.lower() in environments("acknowledgements"):
        reader.heading("Acknowledgements", token)
    elif (title := reader.reading.definitions.theorems.get(name)) is not None:
        page.finish()
        note = plain(expander.optional() or [])
        number = reader.numbering.count("theorem").number
        page.add(Run(f"{title} {number}{f' ({note})' if note else ''}: ", token.file, token.pos))
    elif base not in environments("transparent"):
        page.finish()


def _open_list(reader: ProseReader, name: str, expander: Expander) -> None:
    """Open a list; one within the line, which enumitem marks with a star, labels its items where they stand."""
    base = name.removesuffix("*")
    inline = base in environments("inline_lists") or (name != base and base in environments("starred_inline_lists"))
    option = ""
    if environment_arguments().get(base, "o") == "o":
        option = source(expander.optional() or [])
    else:
        expander.skip_arguments(environment_arguments()[base])
    reader.lists.append(ItemLabels.read(base, option) if inline else None)
    if not inline:
        reader.page.finish()


def end_environment(reader: ProseReader, token: Token, expander: Expander) -> None:
    """Close an environment."""
    name = token.text
    stack = reader.floats.stack
    if name == "document":
        expander.end_file()
    elif stack and stack[-1].name == name and not reader.page.inline_depth:
        reader.floats.end()
    elif name == "subequations":
        reader.numbering.close_parts()
    elif name.removesuffix("*") not in environments("transparent"):
        if name.removesuffix("*") in environments("lists") and reader.lists and reader.lists.pop() is not None:
            return
        reader.page.finish()
        reader.page.next_kind = None
        reader.on_title_page = reader.on_title_page and name != "titlepage"
        reader.tabbing = reader.tabbing and name != "tabbing"
        if name.lower() == "abstract":
            reader.page.kind = "paragraph"


def _display(reader: ProseReader, token: Token, expander: Expander) -> None:
    if reader.unclosed > MAX_UNENDED:
        return
    name = token.text
    base = name.removesuffix("*")
    mark = expander.mark()
    expander.skip_arguments(environment_arguments().get(base, ""))
    numbered = name == base and name not in ("displaymath", "math")
    closed = reader.formula(
        expander,
        token,
        lambda end: end.kind == "end_env" and end.text == name,
        display=name != "math",
        numbered=numbered,
    )
    if not closed:
        reader.unclosed += 1
        expander.reset(mark)


def _table(reader: ProseReader, token: Token, expander: Expander) -> None:
    if reader.unclosed > MAX_UNENDED:
        return
    page = reader.page
    waiting, page.after = page.after, []
    draft = TableReader(reader, expander, token.text).read()
    notes, page.after = page.after, waiting
    reader.unclosed += draft is None
    if draft is not None and not page.inline_depth:
        reader.floats.give_caption(draft)
    if draft is None or draft.empty:
        page.after += notes
    elif page.inline_depth or reader.on_title_page or _lays_out_pictures(draft, reader):
        # A table within a cell, or one that lays out a title page or pictures: its cells, one after the other.
        for cell in (cell for row in draft.rows for cell in row if cell is not None):
            for item in cell.items:
                page.add(item)
            page.add(Run(" "))
        page.after += notes
    else:
        page.place(draft, notes)


def _lays_out_pictures(draft: BlockDraft, reader: ProseReader) -> bool:
    """Say whether this table in a figure holds nothing but the letters of its parts."""
    stack = reader.floats.stack
    if not stack or stack[-1].kind != "figure":
        return False
    texts = (plain_text(cell.items) for row in draft.rows for cell in row if cell is not None)
    return all(re.fullmatch(r"\(?\w?\)?", text) for text in texts)


def _skip(reader: ProseReader, name: str, expander: Expander) -> None:
    """Skip drawings, which hold no prose; one that never ends is read as text."""
    if reader.unclosed > MAX_UNENDED:
        return
    mark = expander.mark()
    level = 1
    while (token := expander.raw()) is not None:
        if token.kind == "macro" and token.text in ("begin", "end") and expander.word() == name:
            level += 1 if token.text == "begin" else -1
            if level == 0:
                return
    reader.unclosed += 1
    expander.reset(mark)


def _bibliography(reader: ProseReader, name: str, expander: Expander) -> None:
    """Keep the tokens of a bibliography for later."""
    reader.page.finish()
    reader.page.late = True
    expander.skip_arguments(environment_arguments().get(name, ""))
    mark = expander.mark()
    tokens: list[Token] = []
    while (token := expander.raw()) is not None:
        if token.kind == "macro" and token.text == "end":
            end = expander.mark()
            if expander.word() == name:
                reader.bibliography += tokens
                return
            expander.reset(end)
        tokens.append(token)
    expander.reset(mark)
