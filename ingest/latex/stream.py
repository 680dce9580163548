r"""A stream of tokens with what a macro takes from it: groups, arguments in braces or brackets, delimited ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ingest.latex.macros import NO_VALUE, STAR, Parameter
from ingest.latex.tokens import Token

_ARGUMENT_REACH = 20_000
_DIMENSION = re.compile(r"=?[-+]?\d*[.,]?\d*(?:(pt|pc|in|bp|cm|mm|dd|cc|sp|em|ex|mu|fill?l?)|(?=$))|=|plus|minus")


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


class TokenStream:
    """Hands out tokens as they stand; what is pushed comes first. `depth` counts the macros around the last one."""

    def __init__(self, tokens: Sequence[Token] = (), *, depth: int = 0, is_file: bool = False) -> None:
        self.conditionals = 0
        self.depth = depth
        self._frames = [_Frame(tokens, depth, is_file=is_file)] if tokens else []

    def push(self, tokens: Sequence[Token], *, deeper: bool = False, is_file: bool = False) -> None:
        """Put tokens in front of what is still to come; `deeper` where a macro yielded them."""
        if tokens:
            while self._frames and self._frames[-1].index >= len(self._frames[-1].tokens):
                self._frames.pop()
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

    def unread(self, tokens: Iterable[Token]) -> None:
        """Give tokens back."""
        self.push(list(tokens))

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

    def argument(self) -> list[Token]:
        """Take what follows as an undelimited argument: a group without its braces, or one token."""
        token = self.after_space()
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
        token = self.after_space()
        if token is not None and token.kind == "open":
            return self.group()
        if token is not None:
            self.unread([token])
        return None

    def optional(self, opening: str = "[", closing: str = "]", *, spaces: bool = True) -> list[Token] | None:
        """Take an optional argument without its brackets if one follows."""
        if opening == "{":
            return self.braced()
        mark = self.mark()
        token = self.raw()
        while spaces and token is not None and token.kind == "space":
            token = self.raw()
        if token is None or token.kind != "chars" or not token.text.startswith(opening):
            self.reset(mark)
            return None
        found: list[Token] = []
        level = seen = 0
        rest: Token | None = token._replace(text=token.text[1:], pos=token.pos + 1)
        while rest is not None and seen < self.reach:
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
            seen += 1
        self.reset(mark)
        self.runaway(seen)
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

    def after_space(self) -> Token | None:
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

    def parameter(self, parameter: Parameter) -> Sequence[Token]:
        kind = parameter.kind
        if kind == "mandatory":
            return self.argument()
        if kind == "optional":
            found = self.optional(parameter.open, parameter.close)
            return found if found is not None else (parameter.default or ())
        if kind == "star":
            return [STAR] if self.star() else [NO_VALUE]
        if kind == "delimited":
            return self.until(parameter.until, across=parameter.long)
        token = self.raw()
        wanted = parameter.until[0] if parameter.until else NO_VALUE
        if token is not None and (token.kind, token.text) == (wanted.kind, wanted.text):
            return self.argument() if kind == "embellishment" else [STAR]
        if token is not None:
            self.unread([token])
        return [NO_VALUE]

    def until(self, until: Sequence[Token], *, across: bool = False) -> list[Token]:
        r"""Take tokens up to a delimiter outside braces, as a `\def` with a pattern asks; nothing if it never comes.

        A blank line ends the search, as in TeX, unless it goes `across` paragraphs.
        """
        wanted = [(token.kind, character) for token in until for character in _pieces(token)]
        # Tokens given back one by one would forget how deep in macros they stood.
        mark = self.mark()
        found: list[Token] = []
        level = 0
        while (token := self.raw()) is not None and len(found) < self.reach:
            if token.kind == "chars" and len(token.text) > 1 and level == 0:
                self.unread([token._replace(text=token.text[1:], pos=token.pos + 1)])
                token = token._replace(text=token.text[0])
            if token.kind == "par" and not across:
                break
            found.append(token)
            level += {"open": 1, "close": -1}.get(token.kind, 0)
            if level or (token.kind, token.text) != wanted[-1]:
                continue
            if [(t.kind, t.text) for t in found[-len(wanted) :]] == wanted:
                inside = found[: -len(wanted)]
                if len(inside) >= 2 and inside[0].kind == "open" and inside[-1].kind == "close" and _one_group(inside):
                    inside = inside[1:-1]
                return inside
        self.reset(mark)
        self.runaway(len(found))
        return []

    def skip(self, prefix: Sequence[Token]) -> None:
        r"""Skip the tokens that must follow a macro, as in `\def\RCS$#1${…}`, as far as they do."""
        for kind, text in [(token.kind, character) for token in prefix for character in _pieces(token)]:
            token = self.raw()
            if token is not None and token.kind == "chars" and kind == "chars" and len(token.text) > 1:
                self.unread([token._replace(text=token.text[1:], pos=token.pos + 1)])
                token = token._replace(text=token.text[0])
            if token is None or (token.kind, token.text) != (kind, text):
                if token is not None:
                    self.unread([token])
                return

    @property
    def reach(self) -> int:
        """How many tokens an argument may have."""
        return _ARGUMENT_REACH

    def runaway(self, tokens: int) -> None:
        """Note an argument whose end was looked for in so many tokens."""

    def skip_formula(self) -> None:
        """Skip what stands between two dollar signs, if they follow within a paragraph."""
        mark = self.mark()
        token = self.after_space()
        if token is not None and token.kind == "math":
            while (token := self.raw()) is not None and token.kind != "par":
                if token.kind == "math":
                    return
        self.reset(mark)

    def skip_dimension(self) -> None:
        """Skip `=`, a sign, a number, a unit, `plus` and `minus`, or a register."""
        for _ in range(3):
            token = self.after_space()
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
        token = self.after_space()
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
