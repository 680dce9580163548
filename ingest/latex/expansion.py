r"""TeX's gullet: hands out tokens with the paper's own macros expanded, its conditionals decided, its files included.

Expansion is bounded twice, by the depth of macros within macros and by the number of tokens that all of them may
yield; past the bounds a macro stands for nothing, so that no source, however odd, keeps the reader busy for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ingest.eprint import Eprint
from ingest.latex.bundles import usual_macros
from ingest.latex.ignored import ignored_commands
from ingest.latex.macros import Definitions, Macro
from ingest.latex.stream import TokenStream
from ingest.latex.tokens import Token, plain, tokenise

MAX_DEPTH = 100
MAX_DECISIONS = 5
MAX_EXPANDED = 100_000
EXPANDED_PER_CHARACTER = 4
MAX_UNENDED = 20
MAX_INCLUSIONS = 500
_LONGEST_WORD = 200
_SHORT_REACH = 100


class Rules(Protocol):
    """The commands that an expander carries out instead of handing them on."""

    commands: Mapping[str, Callable[[Expander, Token], None]]

    def conditional(self, expander: Expander, name: str) -> Callable[[Expander], bool] | None:
        r"""Return how to decide `\name` if it is a conditional that ends with `\fi`."""

    def defines(self, macro: Macro) -> bool:
        """Say whether a macro, expanded, may define others."""


@dataclass
class Reading:
    """What all expanders of one paper share: its files, definitions and the budget of expansion."""

    eprint: Eprint
    rules: Rules
    definitions: Definitions = field(default_factory=Definitions)
    files: list[str] = field(default_factory=list)
    protected: frozenset[str] = frozenset()
    at_begin_document: list[Token] = field(default_factory=list)
    budget: int = MAX_EXPANDED
    unended: int = 0
    inclusions: int = 0
    begun: bool = False
    """Whether the paper's text has begun."""
    missing: dict[str, str] = field(default_factory=dict)
    """Files that its text includes and the source does not hold, each with the file that asks for it."""

    def tokens_of(self, name: str, *, at_letter: bool = False) -> list[Token]:
        """Tokenise a file of the e-print, its tokens marked as coming from it."""
        if name not in self.files:
            self.files.append(name)
        text = self.eprint.text(name)
        self.budget += EXPANDED_PER_CHARACTER * len(text)
        return tokenise(text, self.files.index(name), at_letter=at_letter)


class Expander(TokenStream):
    """A stream of tokens of which `next` expands the macros and `raw` does not."""

    def __init__(
        self, reading: Reading, tokens: Sequence[Token] = (), *, depth: int = 0, is_file: bool = False
    ) -> None:
        super().__init__(tokens, depth=depth, is_file=is_file)
        self.reading = reading
        self.in_math = False
        self.definitions_only = False
        self.options: list[str] = []
        self.option_prefix = ""
        self.long = False  # whether the next macro may take paragraphs
        self._deciding = 0

    @property
    def definitions(self) -> Definitions:
        """The definitions of the paper so far."""
        return self.reading.definitions

    def child(self, tokens: Sequence[Token]) -> Expander:
        """Return an expander over some tokens alone."""
        other = Expander(self.reading, tokens, depth=self.depth)
        other.in_math = self.in_math
        return other

    def next(self) -> Token | None:
        """Return the next token after expansion, or None at the end."""
        macros = self.definitions.macros
        rules = self.reading.rules
        while (token := self.raw()) is not None:
            if token.kind not in ("macro", "frozen"):
                return token
            name = token.text
            macro = macros.get(name) if token.kind == "macro" else None
            if macro is not None:
                if not self.definitions_only or rules.defines(macro):
                    self.expand(macro, token)
            elif (command := rules.commands.get(name)) is not None:
                command(self, token)
            elif (decide := rules.conditional(self, name)) is not None:
                self._branch(decide)
            elif (specification := ignored_commands().get(name)) is not None:
                self.skip_arguments(specification)
            elif (macro := usual_macros().get(name)) is not None and not self.definitions_only:
                self.expand(macro, token)
            else:
                return token
        return None

    def peek(self) -> Token | None:
        """Return what `next` will return."""
        token = self.next()
        if token is not None:
            self.push([token])
        return token

    def expand(self, macro: Macro, place: Token) -> None:
        """Replace a macro, with the arguments that follow it, by its body."""
        reading = self.reading
        depth = self.depth
        if depth >= MAX_DEPTH or reading.budget <= 0:
            return
        if macro.prefix:
            self.skip(macro.prefix)
        arguments = [self.parameter(parameter) for parameter in macro.parameters]
        body = macro.filled(arguments, place)
        reading.budget -= len(body) + 1
        self.depth = depth
        self.push(body, deeper=True)

    @property
    def reach(self) -> int:
        """How many tokens an argument may have; few, once the paper has had too many without an end."""
        return super().reach if self.reading.unended < MAX_UNENDED else _SHORT_REACH

    def runaway(self, tokens: int) -> None:
        """Note an argument whose end was looked for in so many tokens."""
        self.reading.unended += 1
        self.reading.budget -= tokens // 10

    def name(self) -> str:
        r"""Take a control sequence, braced or not, `\csname` included, and return its name."""
        token = self.after_space()
        if token is not None and token.kind == "open":
            inside = self.child(self.group())
            token = inside.after_space()
            if token is not None and token.text == "csname":
                return inside.csname()
        elif token is not None and token.kind in ("macro", "frozen") and token.text == "csname":
            return self.csname()
        if token is None or token.kind not in ("macro", "frozen"):
            if token is not None and token.kind != "open":
                self.unread([token])
            return ""
        return token.text

    def csname(self) -> str:
        r"""Take what stands up to `\endcsname` as the name of a control sequence."""
        parts: list[str] = []
        for _ in range(200):
            token = self.raw()
            if token is None or (token.kind == "macro" and token.text == "endcsname"):
                break
            if token.kind == "macro" and (macro := self.definitions.macros.get(token.text)) is not None:
                self.expand(macro, token)
            else:
                parts.append(token.text if token.kind != "macro" else "")
        return "".join(parts)

    def word(self) -> str:
        """Take an argument and return it as a plain word: a key, a file name, an environment."""
        return plain(self.argument())

    def expanded_word(self, tokens: Sequence[Token] | None = None) -> str:
        """Take an argument (or read the given tokens) as a plain word with its macros expanded."""
        inner = self.child(self.argument() if tokens is None else tokens)
        found: list[Token] = []
        while (token := inner.next()) is not None and len(found) < _LONGEST_WORD:
            found.append(token)
        return plain(found)

    def skip_arguments(self, specification: str) -> None:
        """Take and forget arguments given as for xparse; `=` is a TeX dimension, `$` a formula between dollar signs."""
        for letter in specification:
            if letter == "m":
                self.argument()
            elif letter == "o":
                self.optional()
            elif letter == "s":
                self.star()
            elif letter == "g":
                self.braced()
            elif letter == "n":
                self.name()
            elif letter == "=":
                self.skip_dimension()
            elif letter == "$":
                self.skip_formula()

    def _branch(self, decide: Callable[[Expander], bool]) -> None:
        r"""Go on behind an `\if`: with what follows, or behind its `\else` or `\fi`.

        An `\if` without an end, or within the tests of too many others, counts for nothing.
        """
        if self._deciding >= MAX_DECISIONS or self.reading.unended >= MAX_UNENDED:
            return
        mark = self.mark()
        self._deciding += 1
        true = decide(self)
        self._deciding -= 1
        if true:
            self.conditionals += 1
            return
        end = self.skip_branch("else")
        if end == "else":
            self.conditionals += 1
        elif not end:
            self.reset(mark)

    def skip_branch(self, *stops: str) -> str:
        r"""Skip to the `\fi` that belongs here, or a stop before it; return its name, nothing and no effect if none."""
        mark = self.mark()
        level = 0
        while (token := self.raw()) is not None:
            if token.kind != "macro":
                continue
            if token.text == "fi":
                if level == 0:
                    return "fi"
                level -= 1
            elif level == 0 and token.text in stops:
                return token.text
            elif token.text.startswith("if") and self.reading.rules.conditional(self, token.text) is not None:
                level += 1
        self.reading.unended += 1
        self.reset(mark)
        return ""

    def end_file(self) -> None:
        """Drop what is left of the file being read."""
        while self._frames:
            if self._frames.pop().is_file:
                return

    def include(self, name: str, *, at_letter: bool = False) -> None:
        """Go on with a file of the e-print, then come back."""
        self.reading.inclusions += 1
        if self.reading.inclusions > MAX_INCLUSIONS or sum(frame.is_file for frame in self._frames) > 30:
            return
        self.push([*self.reading.tokens_of(name, at_letter=at_letter), Token("eof", " ")], is_file=True)

    def current_file(self, place: Token) -> str:
        """Return the name of the file a token comes from."""
        return self.reading.files[place.file] if 0 <= place.file < len(self.reading.files) else ""
