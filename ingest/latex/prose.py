r"""The prose of a paper: tokens gathered into blocks — headings, paragraphs, items, equations, tables, footnotes.

Commands that only change how text looks are dropped and their arguments read on as text, and so are commands that
nobody defines: whatever a macro was meant to do, the words it was given are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ingest.latex.acronyms import glossary_term
from ingest.latex.citations import cite, cross_reference, worded_citation
from ingest.latex.composition import THIN_SPACE, BlockDraft, Item, Run, plain_text
from ingest.latex.environments import begin_environment, end_environment
from ingest.latex.equations import Equations
from ingest.latex.expansion import Expander, Reading
from ingest.latex.families import SECTIONS, commands, reference_styles
from ingest.latex.floats import Floats
from ingest.latex.ignored import is_unknown_word
from ingest.latex.markup import HANDLERS, footnote, section
from ingest.latex.mathematics import SPACES, MathReader, is_math_command
from ingest.latex.numbering import ItemLabels, Numbering
from ingest.latex.page import Page
from ingest.latex.siunitx import quantity
from ingest.latex.symbols import accented, symbol
from ingest.latex.tokens import Token

_MAX_NESTING = 30
_LIGATURE = re.compile(r"-{2,3}|``|''|`|,,")
_LIGATURES = {"--": "–", "---": "—", "``": "“", "''": "”", "`": "‘", ",,": "„"}

# What sets and reaches tabulators in `tabbing`; the first three are accents elsewhere.
TABS = frozenset(["=", "'", "`", ">", "<", "+", "-", "kill"])
PROTECTED = frozenset(
    [
        *HANDLERS,
        *commands("cites"),
        *commands("cites_in_a_row"),
        *reference_styles(),
        *SECTIONS,
        "begin",
        "end",
        "input",
        "include",
        "par",
    ]
)


class ProseReader:
    """Reads the document an expander yields into block drafts."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.page = Page()
        self.numbering = Numbering()
        self.equations = Equations(self.numbering)
        self.floats = Floats(self.page, self.numbering, self.inline)
        self.math = MathReader(self, self.equations)
        self.title: list[Item] = []
        self.authors: list[str] = []
        self.bibliography: list[Token] = []
        self.bibliographies: list[str] = []
        self.cited: dict[str, None] = {}
        self.acronyms_seen: set[str] = set()
        self.begun = False
        self.has_chapters = False
        self.on_title_page = False
        self.tabbing = False
        self._deferred: list[Item] = []
        self.unclosed = 0
        self.lists: list[ItemLabels | None] = []  # None for a list whose items are blocks

    @property
    def blocks(self) -> list[BlockDraft]:
        """The blocks read so far."""
        return self.page.blocks

    @property
    def in_preamble(self) -> bool:
        """Whether what comes is not printed yet; an abstract may stand there all the same."""
        return not self.begun and self.page.kind != "abstract"

    def read(self, expander: Expander) -> None:
        """Read everything the expander yields."""
        self._run(expander)
        self.floats.end_all()
        self.page.finish()
        self.page.flush()

    def _run(self, expander: Expander) -> None:
        page = self.page
        while True:
            if page.names_follow:
                self._skip_names(expander)
            token = expander.next()
            if token is None:
                return
            kind = token.kind
            if self.in_preamble and not page.inline_depth:
                self._preamble(token, expander)
            elif kind == "chars":
                self._characters(token)
            elif kind in ("space", "tie", "eof", "align"):
                page.add(Run(" ", token.file, token.pos))
            elif kind in ("macro", "frozen"):
                self._command(token, expander)
            elif kind == "par":
                page.finish()
            elif kind == "math":
                self.formula(expander, token, lambda end: end.kind == "math", display=token.text == "$$")
            elif kind == "begin_env":
                begin_environment(self, token, expander)
            elif kind == "end_env":
                end_environment(self, token, expander)
            elif kind in ("verb", "sub", "sup"):
                page.add(Run(token.text, token.file, token.pos))

    def _preamble(self, token: Token, expander: Expander) -> None:
        """Take from what stands before the document's beginning its title, authors and abstract."""
        name = token.text
        if token.kind == "begin_env" and name in ("document", "abstract"):
            begin_environment(self, token, expander)
        elif token.kind in ("macro", "frozen"):
            if name in commands("titles") | commands("abstracts") | commands("authors"):
                self._command(token, expander)
            elif name == "numberwithin":
                self.numbering.by_section = True

    def _characters(self, token: Token) -> None:
        text = token.text
        if "-" in text or "`" in text or "''" in text or ",," in text:
            text = _LIGATURE.sub(lambda match: _LIGATURES[match.group()], text)
        self.page.add(Run(text, token.file, token.pos))

    def _skip_names(self, expander: Expander) -> None:
        """Skip a collaboration's list of members: all up to the next section or the document's end."""
        self.page.names_follow = False
        while (token := expander.raw()) is not None:
            if token.kind == "macro" and (token.text in SECTIONS or token.text == "appendix"):
                expander.unread([token])
                return
            if token.kind == "macro" and token.text == "end":
                mark = expander.mark()
                if expander.word() == "document":
                    expander.end_file()
                    return
                expander.reset(mark)

    # What mathematics, tables, floats and siunitx ask for.

    def inline(self, tokens: Sequence[Token], around: Expander) -> list[Item]:
        """Read tokens as text within a line: paragraphs in it are joined."""
        page = self.page
        if page.inline_depth >= _MAX_NESTING:
            around.push(tokens)
            return []
        outer = page.current, page.after, page.next_kind
        page.current, page.after, page.next_kind = BlockDraft("paragraph"), [], None
        page.inline_depth += 1
        expander = around.child(tokens)
        expander.in_math = False
        try:
            self._run(expander)
            return page.current.items
        finally:
            page.inline_depth -= 1
            page.current, waiting, page.next_kind = outer
            page.after = [*waiting, *page.after]

    def inline_text(self, tokens: Sequence[Token], around: Expander) -> str:
        """Read tokens as text, with the spaces at its ends; citations in it follow the formula they stand in."""
        parts: list[str] = []
        for item in self.inline(tokens, around):
            if isinstance(item, Run):
                parts.append(" " if item.text == THIN_SPACE else item.text)
            else:
                self._deferred.append(item)
        return re.sub(r"\s+", " ", "".join(parts))

    def quantity(self, name: str, expander: Expander) -> str | None:
        r"""Read siunitx' `\name`, or return None."""
        return quantity(name, expander, self.inline_text)

    def reference(self, token: Token, expander: Expander) -> str | None:
        r"""Read a `\ref`, `\cite` or `\footnote` within a formula, which it then follows; None for other commands."""
        if token.text in reference_styles() or token.text in commands("cites") | commands("cites_in_a_row"):
            self._deferred += self.inline([token, *_arguments(expander)], expander)
        elif token.text in ("footnote", "footnotetext"):
            footnote(self, token, expander)
        else:
            return None
        return ""

    def label(self, name: str) -> None:
        r"""Note a `\label`; in an equation or float it waits for the number."""
        if not self.equations.label(name) and not self.floats.label(name):
            self.numbering.label(name)

    def add_deferred(self) -> None:
        """Add the citations that stood in a formula behind it."""
        deferred, self._deferred = self._deferred, []
        for item in deferred:
            self.page.add(item)

    def formula(
        self,
        expander: Expander,
        place: Token,
        closing: Callable[[Token], bool],
        *,
        display: bool,
        numbered: bool = False,
    ) -> bool:
        """Read a formula into the paragraph or a block of its own; False, with nothing taken, if it never ends."""
        self.equations.begin(display=display)
        text = self.math.formula(expander, closing)
        if text is None:
            self.equations.abandon(display=display)
            return False
        self.equations.end(display=display, numbered=numbered)
        run = Run(text, place.file, place.pos)
        if display and not self.page.inline_depth:
            self.page.finish()
            deferred, self._deferred = self._deferred, []
            self.page.blocks.append(BlockDraft("equation", [run, *deferred]))
        else:
            self.page.add(run)
            self.add_deferred()
        return True

    def caption(self, expander: Expander) -> BlockDraft | None:
        r"""Read a `\caption` that stands inside a table, as in longtable."""
        return self.floats.caption(expander)

    def heading(self, title: str, token: Token) -> None:
        """Put down a heading that the class prints by itself."""
        self.page.finish()
        self.page.late = True
        self.page.blocks.append(BlockDraft("heading", [Run(title, token.file, token.pos)], heading=(1, "")))

    # Commands.

    def _command(self, token: Token, expander: Expander) -> None:
        name = token.text
        add = self.page.add
        if self.tabbing and name in TABS:
            add(Run(" ", token.file, token.pos))
        elif (handler := HANDLERS.get(name)) is not None:
            handler(self, token, expander)
        elif (space := SPACES.get(name)) is not None:
            if space:
                add(Run(THIN_SPACE if space == "thin" else " ", token.file, token.pos))
        elif name in commands("cites") | commands("cites_in_a_row"):
            cite(self, token, expander)
        elif name in commands("worded_cites"):
            worded_citation(self, token, expander)
        elif name in reference_styles():
            cross_reference(self, token, expander)
        elif name in SECTIONS:
            section(self, token, expander)
        elif accented(name, "") is not None:
            letter = plain_text(self.inline(expander.argument(), expander))
            add(Run(accented(name, letter) or letter, token.file, token.pos))
        elif (text := self.quantity(name, expander)) is not None:
            if name in ("unit", "si") and self.page.ends_in_digit:
                add(Run(THIN_SPACE))
            add(Run(text, token.file, token.pos))
        elif name in commands("glossary"):
            glossary_term(self, token, expander)
        elif is_math_command(name):
            add(Run(self.math.command(token, expander), token.file, token.pos))
            self.add_deferred()
        elif (character := symbol(name)) is not None:
            add(Run(character, token.file, token.pos))
        elif not _drop_options(expander) and is_unknown_word(name):
            add(Run(name, token.file, token.pos))
            expander.push([Token("frozen", "xspace", token.file, token.pos)])


def _drop_options(expander: Expander) -> bool:
    """Drop the star and the bracket of a command nobody defines, and say whether it takes arguments.

    A bracket that no group follows is text and stays.
    """
    takes = expander.star()
    mark = expander.mark()
    option = expander.optional(spaces=False)
    token = expander.raw()
    if token is not None:
        expander.unread([token])
    takes_group = token is not None and token.kind == "open"
    if option is not None and not takes_group:
        expander.reset(mark)
    return takes or option is not None or takes_group


def _arguments(expander: Expander) -> list[Token]:
    """Take the arguments of a citation or reference, to be read elsewhere."""
    taken: list[Token] = []
    for _ in range(2):
        if (option := expander.optional()) is not None:
            taken += [Token("chars", "["), *option, Token("chars", "]")]
    return [*taken, Token("open", "{"), *expander.argument(), Token("close", "}")]
