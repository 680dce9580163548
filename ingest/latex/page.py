"""The blocks of a document while it is read: the paragraph being gathered, and what waits for its end."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from ingest.latex.composition import BlockDraft, Item, Run, plain_text
from kb.document import BlockKind

_COLLABORATION = re.compile(r"(?:The\s+)?[\w*-]+(?: and [\w*-]+)? Collaborations?\W*", re.IGNORECASE)


class Aside(NamedTuple):
    """What was being gathered when something was set apart: a float, an abstract."""

    blocks: list[BlockDraft]
    current: BlockDraft | None
    after: list[BlockDraft]


@dataclass
class Page:
    """Gathers items into blocks; footnotes and floats follow the paragraph in which they stand."""

    blocks: list[BlockDraft] = field(default_factory=list)
    current: BlockDraft | None = None
    after: list[BlockDraft] = field(default_factory=list)
    kind: BlockKind = "paragraph"
    next_kind: BlockKind | None = None
    inline_depth: int = 0
    late: bool = False  # behind the body of the paper, where collaborations list their members
    names_follow: bool = False

    def add(self, item: Item) -> None:
        """Add to the paragraph, opening one where there is none."""
        if self.current is None:
            if isinstance(item, Run) and not item.text.strip():
                return
            self.flush()
            self.current = BlockDraft(self.next_kind or self.kind)
            self.next_kind = None
        self.current.items.append(item)

    @property
    def ends_in_digit(self) -> bool:
        """Whether the paragraph so far ends in a digit."""
        last = self.current.items[-1] if self.current is not None and self.current.items else None
        return isinstance(last, Run) and last.text[-1:].isdigit()

    def finish(self) -> None:
        """End the paragraph; what waited for its end follows it. Within a line, that is a space."""
        if self.inline_depth:
            self.add(Run(" "))
            return
        draft, self.current = self.current, None
        if draft is not None and not draft.empty:
            if draft.kind == "paragraph" and self.announces_names(plain_text(draft.items)):
                self.names_follow = True
            else:
                self.blocks.append(draft)
        self.flush()

    def flush(self) -> None:
        """Put down what waited for the end of a paragraph, if none is open."""
        if self.after and self.current is None:
            self.blocks += self.after
            self.after = []

    def place(self, draft: BlockDraft, notes: list[BlockDraft]) -> None:
        """Put down a block of its own, and its notes behind it."""
        if self.inline_depth:
            self.after.append(draft)
        else:
            self.finish()
            self.blocks.append(draft)
        self.after += notes

    def announces_names(self, text: str) -> bool:
        """Say whether this line stands above a collaboration's list of members."""
        return self.late and _COLLABORATION.fullmatch(text) is not None

    def set_apart(self) -> Aside:
        """Gather blocks elsewhere until `rejoin`."""
        aside = Aside(self.blocks, self.current, self.after)
        self.blocks, self.current, self.after = [], None, []
        return aside

    def rejoin(self, aside: Aside) -> list[BlockDraft]:
        """Go on where `set_apart` was called; return the blocks gathered since."""
        self.finish()
        self.flush()
        blocks = self.blocks
        self.blocks, self.current, self.after = aside
        return blocks
