r"""TeX tokens with their place in the source: pylatexenc's lexer, with `@` names, verbatim text and balanced braces.

pylatexenc reads what is difficult (control sequences with the space they swallow); runs of plain characters are cut
here into words, so that a paper becomes some ten thousand tokens instead of one for each character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from pylatexenc.latexwalker import LatexWalker, LatexWalkerEndOfStream
from pylatexenc.macrospec import LatexContextDb

# Kinds of token: "chars" a run of plain characters, "space", "par" a blank line, "macro" a control sequence,
# "frozen" a control sequence that no definition of the paper may replace, "open" and "close" braces, "math" a dollar
# sign or two, "sup", "sub", "align", "tie", "param" an argument's place, "verb" verbatim text, "begin_env" and
# "end_env" the ends of an environment, "eof" the end of a file.
PLAIN = re.compile(r"[^\\%{}$\s~&#^_\x00-\x1f\x7f]+")
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]+")
_COMMENT = re.compile(r"%[^\n]*(\n?)[^\S\n]*")
_PARAMETER = re.compile(r"(#+)(\d)?")
_VERB = re.compile(r"\\(?:verb\*?|lstinline(?:\[[^\]\n]*\])?)([^\sA-Za-z*{\[])(.*?)\1")
_ENVIRONMENT = re.compile(r"\\begin\s*\{(verbatim\*?|Verbatim|lstlisting|minted|comment|filecontents\*?)\}")
_DROPPED = frozenset({"comment", "filecontents", "filecontents*"})
_SINGLE = {"{": "open", "}": "close", "^": "sup", "_": "sub", "&": "align", "~": "tie"}

# Stands for "@" while pylatexenc reads a control sequence of a style file: a letter no TeX file uses.
_AT_LETTER = "\u0298"


class Token(NamedTuple):
    """A piece of TeX source; `file` indexes the files read so far, `pos` counts characters from its start."""

    kind: str
    text: str
    file: int = -1
    pos: int = 0

    def at(self, place: Token) -> Token:
        """Return this token as coming from another place of the source."""
        return Token(self.kind, self.text, place.file, place.pos)


def tokenise(text: str, file: int = -1, *, at_letter: bool = False) -> list[Token]:
    r"""Cut TeX source into tokens; braces without a partner are dropped, so every list of tokens is balanced.

    `at_letter` says that `@` belongs to names, as in style files; `\makeatletter` switches it too.
    """
    return _balanced(_Lexer(text, file, at_letter=at_letter).run())


def plain(tokens: Iterable[Token]) -> str:
    """Write tokens as a plain word, without any commands in them."""
    parts = {"space": " ", "par": " ", "tie": " "}
    hidden = ("macro", "frozen", "open", "close", "novalue", "eof")
    return "".join("" if t.kind in hidden else parts.get(t.kind, t.text) for t in tokens).strip()


def source(tokens: Iterable[Token]) -> str:
    """Write tokens as TeX source again."""
    return "".join(f"\\{t.text} " if t.kind in ("macro", "frozen") else t.text for t in tokens)


def key_values(tokens: Iterable[Token]) -> dict[str, list[Token]]:
    """Read `key = value, key = {value}` outside braces; the braces around a value go."""
    values: dict[str, list[Token]] = {}
    current: list[Token] = []
    level = 0
    for token in tokens:
        level += {"open": 1, "close": -1}.get(token.kind, 0)
        if level or token.kind != "chars":
            current.append(token)
            continue
        for piece in re.split(r"(,|=)", token.text):
            if piece == "=":
                current = values.setdefault(plain(current), [])
            elif piece == ",":
                current = []
            elif piece:
                current.append(token._replace(text=piece))
    return {key: _unbraced(value) for key, value in values.items()}


def _unbraced(tokens: list[Token]) -> list[Token]:
    kinds = [token.kind for token in tokens]
    while kinds and kinds[0] == "space":
        tokens, kinds = tokens[1:], kinds[1:]
    while kinds and kinds[-1] == "space":
        tokens, kinds = tokens[:-1], kinds[:-1]
    return tokens[1:-1] if kinds[:1] == ["open"] and kinds[-1:] == ["close"] else tokens


class _Lexer:
    def __init__(self, text: str, file: int, *, at_letter: bool) -> None:
        self.text = text
        self.file = file
        self.at_letter = at_letter
        self.tokens: list[Token] = []
        self._walkers: dict[bool, LatexWalker] = {}

    def run(self) -> list[Token]:
        text, size, file = self.text, len(self.text), self.file
        add = self.tokens.append
        pos, line_start = 0, True
        while pos < size:
            char = text[pos]
            if (match := PLAIN.match(text, pos)) is not None:
                add(Token("chars", match.group(), file, pos))
                pos = match.end()
            elif char == "%":
                match = _COMMENT.match(text, pos)
                pos = match.end() if match else pos + 1
                line_start = True
                continue
            elif (match := _SPACE.match(text, pos)) is not None:
                newlines = match.group().count("\n")
                # After a comment that ended a line, one more line end is a blank line.
                blank = newlines >= 2 or (newlines == 1 and line_start)
                add(Token("par" if blank else "space", " ", file, pos))
                pos = match.end()
            elif char == "\\":
                pos = self._control(pos)
            elif char == "$":
                length = 2 if text.startswith("$$", pos) else 1
                add(Token("math", "$" * length, file, pos))
                pos += length
            elif char == "#":
                pos = self._parameter(pos)
            elif char == "^" and text.startswith("^^", pos):
                pos = min(pos + 3, size)  # TeX's notation for control characters
            else:
                add(Token(_SINGLE[char], char, file, pos))
                pos += 1
            line_start = False
        return self.tokens

    def _parameter(self, pos: int) -> int:
        match = _PARAMETER.match(self.text, pos)
        if match is None or match.group(2) is None:
            # "#{" in a \def's pattern and stray hashes mean nothing in prose.
            self.tokens.append(Token("param", "#", self.file, pos))
            return match.end() if match else pos + 1
        self.tokens.append(Token("param", match.group(), self.file, pos))
        return match.end()

    def _control(self, pos: int) -> int:
        text = self.text
        if (match := _VERB.match(text, pos)) is not None:
            self.tokens.append(Token("verb", match.group(2), self.file, match.start(2)))
            return match.end()
        if (match := _ENVIRONMENT.match(text, pos)) is not None:
            return self._raw_environment(match)
        try:
            token = self._walker().get_token(pos, environments=False, parsing_state=self._state)
        except LatexWalkerEndOfStream:
            return len(text)
        name = token.arg.replace(_AT_LETTER, "@")
        if token.tok in ("mathmode_inline", "mathmode_display"):
            self.tokens.append(Token("macro", name.removeprefix("\\"), self.file, pos))
            return pos + int(token.len)
        if name.isspace():
            name = " "
        self.tokens.append(Token("macro", name, self.file, pos))
        if name == "makeatletter":
            self.at_letter = True
        elif name == "makeatother":
            self.at_letter = False
        return pos + int(token.len)

    def _walker(self) -> LatexWalker:
        walker = self._walkers.get(self.at_letter)
        if walker is None:
            text = self.text.replace("@", _AT_LETTER) if self.at_letter else self.text
            walker = LatexWalker(text, latex_context=LatexContextDb())
            self._walkers[self.at_letter] = walker
            self._state = walker.make_parsing_state()
        return walker

    def _raw_environment(self, match: re.Match[str]) -> int:
        name = match.group(1)
        end = self.text.find(f"\\end{{{name}}}", match.end())
        stop = len(self.text) if end < 0 else end
        if name not in _DROPPED:
            self.tokens.append(Token("par", " ", self.file, match.start()))
            self.tokens.append(Token("verb", self.text[match.end() : stop], self.file, match.end()))
            self.tokens.append(Token("par", " ", self.file, stop))
        return stop if end < 0 else stop + len(name) + 6


def _balanced(tokens: list[Token]) -> list[Token]:
    """Drop the braces that have no partner."""
    opened: list[int] = []
    lonely: set[int] = set()
    for index, token in enumerate(tokens):
        if token.kind == "open":
            opened.append(index)
        elif token.kind == "close":
            if opened:
                opened.pop()
            else:
                lonely.add(index)
    lonely.update(opened)
    if not lonely:
        return tokens
    return [token for index, token in enumerate(tokens) if index not in lonely]
