r"""Figures, tables and their parts: set behind the paragraph they interrupt, numbered by their captions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ingest.latex.composition import BlockDraft, Item, Run, Target
from ingest.latex.expansion import Expander
from ingest.latex.families import environments
from ingest.latex.numbering import Numbering
from ingest.latex.page import Aside, Page
from ingest.latex.tokens import Token

Inline = Callable[[Sequence[Token], Expander], list[Item]]

# Pushed behind the content of a \subfloat{…} to mark its end.
SUBFLOAT_END = "endsubfloat@"


@dataclass
class Float:
    """A float being read; labels that come before its number wait for it."""

    name: str
    kind: Literal["figure", "table"]
    aside: Aside
    target: Target | None = None
    labels: list[str] = field(default_factory=list)
    captions: list[BlockDraft] = field(default_factory=list)

    @property
    def is_part(self) -> bool:
        """Whether it is a part of another float."""
        return self.name.removesuffix("*") in environments("subfloats")


class Floats:
    """The floats open at a place of the document, innermost last."""

    def __init__(self, page: Page, numbering: Numbering, inline: Inline) -> None:
        self.page = page
        self.numbering = numbering
        self.inline = inline
        self.stack: list[Float] = []
        self.waiting: BlockDraft | None = None  # a caption outside of floats, for the next table

    def begin(self, name: str, kind: Literal["figure", "table"]) -> Float:
        """Open a float."""
        if self.stack and name.removesuffix("*") in environments("subfloats"):
            self.page.finish()
            kind = self.stack[-1].kind
        self.stack.append(Float(name, kind, self.page.set_apart()))
        return self.stack[-1]

    def end(self) -> None:
        """Close the innermost float; its blocks wait for the end of the paragraph around it."""
        inner = self.stack.pop()
        blocks = self.page.rejoin(inner.aside)
        self._give_captions(inner, blocks)
        if inner.labels:
            if inner.is_part:
                self._number_part(inner)
            for name in inner.labels:
                self.numbering.label(name)
        self.page.after += blocks
        if self.stack and inner.is_part and not any(block.rows for block in blocks):
            self.stack[-1].captions += inner.captions
        self.page.flush()

    def end_all(self) -> None:
        """Close every float, where a section or the document's end shows that they should have ended."""
        while self.stack:
            self.end()

    def label(self, name: str) -> bool:
        r"""Keep a `\label` for the number of its float; False where there is no float or it has its number."""
        if not self.stack or self.stack[-1].target is not None:
            return False
        self.stack[-1].labels.append(name)
        return True

    def caption(self, expander: Expander) -> BlockDraft | None:
        r"""Read what follows a `\caption` as a block of its own, after its number; None if it says nothing."""
        starred = expander.star()
        expander.optional()
        outer = self.stack[-1] if self.stack else None
        prefix = label = ""
        if outer is not None and outer.is_part:
            self._number_part(outer)
            prefix, label = self._letter(outer), _name(outer.kind, outer.target)
        elif not starred:
            kind = outer.kind if outer else "table"
            target = self.numbering.count(kind)
            label = _name(kind, target)
            prefix = f"{label}: "
            if outer is not None:
                self._settle(outer, target)
        return self._print(outer, prefix, label, expander.argument(), expander)

    def loose_caption(self, kind: Literal["figure", "table"], expander: Expander) -> None:
        r"""Read a `\captionof`, which belongs to the table right before or behind it."""
        known = [block for block in self.page.blocks[-1:] if block.rows and block.caption is None]
        self.begin("captionof", kind)
        caption = self.caption(expander)
        self.end()
        if kind == "table" and caption is not None:
            self.waiting = caption
            for table in known:
                self.give_caption(table)

    def give_caption(self, table: BlockDraft) -> None:
        """Give a table the caption that waits for one."""
        if self.waiting is not None and table.caption is None:
            table.caption, table.label = self.waiting, self.waiting.label
        self.waiting = None

    def subfloat(self, expander: Expander, *, boxed: bool = False) -> None:
        r"""Read `\subfloat[caption]{content}`, or `\subcaptionbox{caption}[width]{content}`.

        The content is left for the reader.
        """
        if boxed:
            expander.star()
            expander.optional()
        caption = expander.argument() if boxed else None
        first, second = expander.optional(), expander.optional()
        if not boxed:
            caption = second if second is not None else first
        if self.page.inline_depth:
            expander.push([*(caption or []), Token("space", " ")])
            return
        inner = self.begin("subfloat", "figure")
        expander.push([*(expander.braced() or []), Token("frozen", SUBFLOAT_END)])
        if caption is not None:
            self._number_part(inner)
            self._print(inner, self._letter(inner), _name(inner.kind, inner.target), caption, expander)

    def _print(
        self, outer: Float | None, prefix: str, label: str, tokens: Sequence[Token], expander: Expander
    ) -> BlockDraft | None:
        page = self.page
        waiting, page.after = page.after, []
        items = self.inline(tokens, expander)
        notes, page.after = page.after, waiting
        draft = BlockDraft("caption", [Run(prefix), *items], label=label)
        if BlockDraft("caption", items).empty:
            page.after += notes
            return None
        if outer is not None:
            outer.captions.append(draft)
        page.place(draft, notes)
        return draft

    def _number_part(self, part: Float) -> None:
        around = next((item for item in reversed(self.stack[:-1]) if not item.is_part), None)
        counted = around is not None and around.target is not None
        self._settle(part, self.numbering.part(part.kind, counted=counted))

    def _letter(self, part: Float) -> str:
        number = part.target.number if part.target else ""
        return f"{number[number.index('(') :]} " if "(" in number else ""

    def _settle(self, item: Float, target: Target) -> None:
        item.target = target
        for name in item.labels:
            self.numbering.label(name, target)
        item.labels = []

    def _give_captions(self, inner: Float, blocks: list[BlockDraft]) -> None:
        """Give the tables of a float their captions: one each, or all the same."""
        tables = [block for block in blocks if block.rows]
        captions = inner.captions
        for index, table in enumerate(tables):
            if table.caption is None and captions:
                one_each = len(captions) == len(tables)
                table.caption = captions[index] if one_each else captions[-1 if len(tables) == 1 else 0]
            if not table.label and table.caption is not None:
                table.label = table.caption.label


def _name(kind: str, target: Target | None) -> str:
    return f"{kind.capitalize()} {target.number}" if target is not None else ""
