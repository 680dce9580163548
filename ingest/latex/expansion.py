r"""TeX's gullet: hands out tokens with the paper's own macros expanded, its conditionals decided, its files included.

Expansion is bounded twice, by the depth of macros within macros and by the number of tokens that all of them may
yield; past the bounds a macro stands for nothing, so that no source, however odd, keeps the reader busy for ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ingest.eprint import Eprint
from ingest.latex.macros import NO_VALUE, STAR, Definitions, Macro, Parameter, ignored_commands, usual_macros
from ingest.latex.tokens import Token, plain, tokenise

MAX_DEPTH = 100
MAX_DECISIONS = 5
MAX_EXPANDED = 250_000
EXPANDED_PER_CHARACTER = 4
MAX_UNENDED = 20
MAX_INCLUSIONS = 500
_ARGUMENT_REACH = 20_000
_DIMENSION = re.compile(r"=?[-+]?\d*[.,]?\d*(?:(pt|pc|in|bp|cm|mm|dd|cc|sp|em|ex|mu|fill?l?)|(?=$))|=|plus|minus")


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

    def tokens_of(self, name: str, *, at_letter: bool = False) -> list[Token]:
        """Tokenise a file of the e-print, its tokens marked as coming from it."""
        if name not in self.files:
            self.files.append(name)
        text = self.eprint.text(name)
        self.budget += EXPANDED_PER_CHARACTER * len(text)
        return tokenise(text, self.files.index(name), at_letter=at_letter)


class _Frame:
    __slots__ = ("depth", "index", "is_file", "tokens")

    def __init__(self, tokens: Sequence[Token], depth: int, *, is_file: bool = False) -> None:
        self.tokens = tokens
        self.index = 0
        self.depth = depth
        self.is_file = is_file


class Mark(NamedTuple):
    """A place in a stream of tokens to come back to."""

    frames: list[tuple[Sequence[Token], int, int, bool]]
    conditionals: int


class Expander:
    """A stream of tokens: `next` expands, `raw` does not, `argument` and its like take what follows a macro."""

    def __init__(
        self, reading: Reading, tokens: Sequence[Token] = (), *, depth: int = 0, is_file: bool = False
    ) -> None:
        self.reading = reading
        self.in_math = False
        self.definitions_only = False
        self.options: list[str] = []
        self.option_prefix = ""
        self.conditionals = 0
        self._deciding = 0
        self.depth = depth
        self._frames = [_Frame(tokens, depth, is_file=is_file)] if tokens else []

    @property
    def definitions(self) -> Definitions:
        """The definitions of the paper so far."""
        return self.reading.definitions

    def child(self, tokens: Sequence[Token]) -> Expander:
        """Return an expander over some tokens alone."""
        other = Expander(self.reading, tokens, depth=self.depth)
        other.in_math = self.in_math
        return other

    def push(self, tokens: Sequence[Token], *, deeper: bool = False, is_file: bool = False) -> None:
        """Put tokens in front of what is still to come; `deeper` where a macro yielded them."""
        if tokens:
            self._frames.append(_Frame(tokens, self.depth + deeper, is_file=is_file))

    def raw(self) -> Token | None:
        """Return the next token as it stands, or None at the end."""
        frames = self._frames
        while frames:
            frame = frames[-1]
            if frame.index < len(frame.tokens):
                token = frame.tokens[frame.index]
                frame.index += 1
                self.depth = frame.depth
                return token
            frames.pop()
        return None

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

    def mark(self) -> Mark:
        """Remember the place in the stream, for `reset`."""
        frames = [(frame.tokens, frame.index, frame.depth, frame.is_file) for frame in self._frames]
        return Mark(frames, self.conditionals)

    def reset(self, mark: Mark) -> None:
        """Go back to a remembered place; definitions read since then stay."""
        self._frames = []
        for tokens, index, depth, is_file in mark.frames:
            frame = _Frame(tokens, depth, is_file=is_file)
            frame.index = index
            self._frames.append(frame)
        self.conditionals = mark.conditionals

    def unread(self, tokens: Iterable[Token]) -> None:
        """Give tokens back."""
        self.push(list(tokens))

    def expand(self, macro: Macro, place: Token) -> None:
        """Replace a macro, with the arguments that follow it, by its body."""
        reading = self.reading
        depth = self.depth
        if depth >= MAX_DEPTH or reading.budget <= 0:
            return
        if macro.prefix:
            self._take_until(macro.prefix)
        arguments = [self._take(parameter) for parameter in macro.parameters]
        body = macro.filled(arguments, place)
        reading.budget -= len(body) + 1
        self.depth = depth
        self.push(body, deeper=True)

    def argument(self) -> list[Token]:
        """Take what follows as an undelimited argument: a group without its braces, or one token."""
        token = self._after_space()
        if token is None:
            return []
        if token.kind == "open":
            return self.group()
        if token.kind in ("close", "par"):
            self.unread([token])
            return []
        if token.kind == "chars" and len(token.text) > 1:
            self.unread([token._replace(text=token.text[1:], pos=token.pos + 1)])
            return [token._replace(text=token.text[0])]
        return [token]

    def braced(self) -> list[Token] | None:
        """Take a group without its braces if one follows."""
        token = self._after_space()
        if token is not None and token.kind == "open":
            return self.group()
        if token is not None:
            self.unread([token])
        return None

    def optional(self, opening: str = "[", closing: str = "]", *, spaces: bool = True) -> list[Token] | None:
        """Take an optional argument without its brackets if one follows."""
        if opening == "{":
            return self.braced()
        skipped: list[Token] = []
        token = self.raw()
        while spaces and token is not None and token.kind == "space":
            skipped.append(token)
            token = self.raw()
        if token is None or token.kind != "chars" or not token.text.startswith(opening):
            self.unread([*skipped, token] if token is not None else skipped)
            return None
        seen = [*skipped, token]
        found: list[Token] = []
        level = 0
        rest: Token | None = token._replace(text=token.text[1:], pos=token.pos + 1)
        while rest is not None and len(seen) < _ARGUMENT_REACH:
            level += {"open": 1, "close": -1}.get(rest.kind, 0)
            if rest.kind == "par" and level == 0:
                break
            if level == 0 and rest.kind == "chars" and closing in rest.text:
                inside, after = rest.text.split(closing, 1)
                if inside:
                    found.append(rest._replace(text=inside))
                if after:
                    self.unread([rest._replace(text=after, pos=rest.pos + len(inside) + 1)])
                return found
            if rest.text or rest.kind != "chars":
                found.append(rest)
            rest = self.raw()
            if rest is not None:
                seen.append(rest)
        self.unread(seen)
        return None

    def star(self) -> bool:
        """Take a star if one follows."""
        token = self.raw()
        if token is not None and token.kind == "chars" and token.text.startswith("*"):
            if len(token.text) > 1:
                self.unread([token._replace(text=token.text[1:], pos=token.pos + 1)])
            return True
        if token is not None:
            self.unread([token])
        return False

    def name(self) -> str:
        r"""Take a control sequence, braced or not, `\csname` included, and return its name."""
        token = self._after_space()
        if token is not None and token.kind == "open":
            inside = self.child(self.group())
            token = inside._after_space()
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

    def skip_arguments(self, specification: str) -> None:
        """Take and forget arguments given as for xparse; `=` is a TeX dimension."""
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
                self._skip_dimension()

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
        end = self.skip_branch(stop_at_else=True)
        if end == "else":
            self.conditionals += 1
        elif not end:
            self.reset(mark)

    def skip_branch(self, *, stop_at_else: bool) -> str:
        r"""Skip to the `\else` or `\fi` that belongs here and return its name; nothing and no effect if none comes."""
        mark = self.mark()
        level = 0
        while (token := self.raw()) is not None:
            if token.kind != "macro":
                continue
            if token.text == "fi":
                if level == 0:
                    return "fi"
                level -= 1
            elif token.text == "else" and level == 0 and stop_at_else:
                return "else"
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

    def _after_space(self) -> Token | None:
        token = self.raw()
        while token is not None and token.kind in ("space", "eof"):
            token = self.raw()
        return token

    def group(self) -> list[Token]:
        """Take tokens up to the brace that closes a group just opened."""
        found: list[Token] = []
        level = 0
        while (token := self.raw()) is not None:
            if token.kind == "open":
                level += 1
            elif token.kind == "close":
                if level == 0:
                    return found
                level -= 1
            found.append(token)
        return found

    def _take(self, parameter: Parameter) -> Sequence[Token]:
        kind = parameter.kind
        if kind == "mandatory":
            return self.argument()
        if kind == "optional":
            found = self.optional(parameter.open, parameter.close)
            return found if found is not None else (parameter.default or ())
        if kind == "star":
            return [STAR] if self.star() else [NO_VALUE]
        if kind == "delimited":
            return self._take_until(parameter.until)
        token = self.raw()
        wanted = parameter.until[0] if parameter.until else NO_VALUE
        if token is not None and (token.kind, token.text) == (wanted.kind, wanted.text):
            return self.argument() if kind == "embellishment" else [STAR]
        if token is not None:
            self.unread([token])
        return [NO_VALUE]

    def _take_until(self, until: Sequence[Token]) -> list[Token]:
        r"""Take tokens up to a delimiter outside braces, as a `\def` with a pattern asks; nothing if it never comes."""
        wanted = [(token.kind, character) for token in until for character in _pieces(token)]
        found: list[Token] = []
        level = 0
        while (token := self.raw()) is not None and len(found) < _ARGUMENT_REACH:
            if token.kind == "chars" and len(token.text) > 1 and level == 0:
                self.unread([token._replace(text=token.text[1:], pos=token.pos + 1)])
                token = token._replace(text=token.text[0])
            found.append(token)
            level += {"open": 1, "close": -1}.get(token.kind, 0)
            tail = found[-len(wanted) :]
            if level == 0 and [(t.kind, t.text) for t in tail] == wanted:
                inside = found[: -len(wanted)]
                if len(inside) >= 2 and inside[0].kind == "open" and inside[-1].kind == "close" and _one_group(inside):
                    inside = inside[1:-1]
                return inside
        self.unread([*found, token] if token is not None else found)
        return []

    def _skip_dimension(self) -> None:
        """Skip `=`, a sign, a number, a unit, `plus` and `minus`, or a register."""
        for _ in range(3):
            token = self._after_space()
            if token is None:
                return
            if token.kind == "macro":
                if not _is_register(token.text):
                    self.unread([token])
                return
            match = _DIMENSION.match(token.text) if token.kind == "chars" else None
            if match is None or not match.group():
                self.unread([token])
                return
            if rest := token.text[match.end() :]:
                self.unread([token._replace(text=rest, pos=token.pos + match.end())])
                if not match.group().endswith("="):
                    return
            if match.group(1) and not self._continues():
                return

    def _continues(self) -> bool:
        token = self._after_space()
        if token is None:
            return False
        self.unread([token])
        return token.kind == "chars" and token.text in ("plus", "minus")


def _pieces(token: Token) -> Iterable[str]:
    return token.text if token.kind == "chars" else (token.text,)


def _one_group(tokens: Sequence[Token]) -> bool:
    level = 0
    for index, token in enumerate(tokens):
        level += {"open": 1, "close": -1}.get(token.kind, 0)
        if level == 0:
            return index == len(tokens) - 1
    return False


def _is_register(name: str) -> bool:
    return name.endswith(("skip", "width", "height", "depth", "dimen", "sep", "indent", "size")) or name in ("z@", "p@")
