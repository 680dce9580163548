r"""TeX's, ifthen's, etoolbox's and xparse's conditionals, decided as far as a reader without TeX can.

What depends on typesetting (`\ifdim`, `\ifvmode`, driver tests) counts as false: it chooses layout, not words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from ingest.latex.bundles import usual_macros
from ingest.latex.expansion import Expander
from ingest.latex.tokens import Token, plain

_MAX_TERMS = 60

Decision = Callable[[Expander], bool]

# Conditionals whose test takes no argument and that a paper read for its words never fulfils.
_NEVER = frozenset(
    [
        "ifvmode",
        "ifhmode",
        "ifinner",
        "ifvoid",
        "ifhbox",
        "ifvbox",
        "ifeof",
        "ifodd",
        "ifpdf",
        "ifxetex",
        "ifluatex",
        "ifXeTeX",
        "ifLuaTeX",
        "iftutex",
    ]
)
_ALWAYS = frozenset(["iftrue", "ifpdftex", "ifPDFTeX", "ifpdfoutput"])


def conditional_of(expander: Expander, name: str) -> Decision | None:
    r"""Return how to decide `\name` if it is a conditional that ends with `\fi`."""
    if not name.startswith("if"):
        return None
    if (decision := _PRIMITIVE.get(name)) is not None:
        return decision
    if name[2:] in expander.definitions.switches:
        return lambda expander: expander.definitions.switches[name[2:]]
    if name in _NEVER or name == "iffalse" or name.startswith("if@"):
        return lambda expander: False
    if name in _ALWAYS:
        return lambda expander: True
    return None


def _ifx(expander: Expander) -> bool:
    first, second = expander.raw(), expander.raw()
    if first is None or second is None:
        return False
    if first.kind == "chars" and second.kind == "chars":
        return first.text[0] == second.text[0]
    return _meaning(expander, first) == _meaning(expander, second)


def _meaning(expander: Expander, token: Token) -> object:
    if token.kind not in ("macro", "frozen"):
        return token.kind, token.text
    macro = expander.definitions.macros.get(token.text) or usual_macros().get(token.text)
    if macro is None:
        return ("undefined", "" if not _exists(expander, token.text) else token.text)
    body = tuple((part.kind, part.text) for part in macro.body)
    return len(macro.parameters), body


def _if_character(expander: Expander) -> bool:
    tokens: list[Token] = []
    for _ in range(2):
        token = expander.next()
        if token is None:
            break
        if token.kind == "chars" and len(token.text) > 1:
            expander.unread([token._replace(text=token.text[1:], pos=token.pos + 1)])
            token = token._replace(text=token.text[0])
        tokens.append(token)
    return len(tokens) == 2 and tokens[0].text == tokens[1].text


def _ifnum(expander: Expander) -> bool:
    """Decide a comparison of two literal numbers; registers count as zero."""
    text = ""
    for _ in range(12):
        token = expander.next()
        if token is None:
            break
        if token.kind == "chars":
            text += token.text
        elif token.kind in ("macro", "frozen"):
            if token.text == "value":
                expander.argument()
            text += "0"
        elif token.kind in ("space", "eof"):
            text += " "
        else:
            expander.unread([token])
            break
        match = re.match(r"\s*([-+]?\d+)\s*([<>=])\s*([-+]?\d+)(?=\D)", text)
        if match or (token.kind != "chars" and re.match(r"\s*[-+]?\d+\s*[<>=]\s*[-+]?\d+", text)):
            break
    match = re.match(r"\s*([-+]?\d+)\s*([<>=])\s*([-+]?\d+)", text)
    if match is None:
        return False
    rest = text[match.end() :].lstrip()
    if rest:
        expander.push([Token("chars", rest)])
    left, right = int(match.group(1)), int(match.group(3))
    return {"<": left < right, ">": left > right, "=": left == right}[match.group(2)]


def _ifdim(expander: Expander) -> bool:
    for _ in range(6):
        token = expander.raw()
        if token is None or token.kind not in ("chars", "macro", "space"):
            if token is not None:
                expander.unread([token])
            break
        if token.kind == "chars" and re.search(r"[<>=].*\d", token.text):
            break
    return False


def _ifcase(expander: Expander) -> bool:
    r"""Go on behind the `\or` of the number that follows, its `\else` or its `\fi`."""
    text = ""
    for _ in range(12):
        token = expander.next()
        if token is None or token.kind not in ("chars", "space", "eof") or (token.kind != "chars" and text):
            if token is not None and token.kind in ("macro", "frozen") and not text:
                text = "0"
                if token.text == "value":
                    expander.argument()
            elif token is not None and token.kind != "space":
                expander.unread([token])
            break
        text += token.text.strip()
        if rest := text.lstrip("+-").lstrip("0123456789"):
            expander.unread([token._replace(text=rest, pos=token.pos + len(token.text) - len(rest))])
            text = text.removesuffix(rest)
            break
    wanted = int(text) if text.lstrip("+-").isdigit() else 0
    for _ in range(wanted if wanted > 0 else 0):
        end = expander.skip_branch("or", "else")
        if end != "or":
            if end == "fi":
                expander.unread([Token("macro", "fi")])
            return True
    return wanted >= 0


def _ifdefined(expander: Expander) -> bool:
    token = expander.raw()
    return token is not None and _exists(expander, token.text)


def _ifcsname(expander: Expander) -> bool:
    return _exists(expander, expander.csname())


def _exists(expander: Expander, name: str) -> bool:
    return (
        name in expander.definitions.macros
        or name in expander.reading.protected
        or name in expander.reading.rules.commands
    )


_PRIMITIVE: Mapping[str, Decision] = {
    "ifx": _ifx,
    "if": _if_character,
    "ifcat": _if_character,
    "ifnum": _ifnum,
    "ifdim": _ifdim,
    "ifcase": _ifcase,
    "ifdefined": _ifdefined,
    "ifcsname": _ifcsname,
    "ifmmode": lambda expander: expander.in_math,
}


def _either(expander: Expander, true: bool) -> None:
    yes, no = expander.argument(), expander.argument()
    expander.push(yes if true else no)


def _ifthenelse(expander: Expander, _: Token) -> None:
    _either(expander, _Test(expander, expander.argument()).value())


class _Test:
    r"""An ifthen test: `\boolean{x}`, `\equal{a}{b}`, `\isundefined`, numbers; with `\NOT`, `\AND`, `\OR`, `\(…\)`."""

    def __init__(self, expander: Expander, tokens: Sequence[Token]) -> None:
        self.tokens = expander.child(tokens)
        self.expander = expander
        self.depth = 0

    def value(self) -> bool:
        result = self._factor()
        while (token := self._token()) is not None and token.kind == "macro" and token.text.lower() in ("and", "or"):
            other = self._factor()
            result = (result and other) if token.text.lower() == "and" else (result or other)
        if token is not None:
            self.tokens.unread([token])
        return result

    def _token(self) -> Token | None:
        token = self.tokens.raw()
        while token is not None and token.kind == "space":
            token = self.tokens.raw()
        return token

    def _factor(self) -> bool:
        token = self._token()
        self.depth += 1
        if token is None or self.depth > _MAX_TERMS:
            return False
        name = token.text
        if token.kind == "macro":
            if name.lower() == "not":
                return not self._factor()
            if name == "(":
                result = self.value()
                self._token()
                return result
            if name in ("boolean", "bool", "toggle"):
                return self.expander.definitions.switches.get(self.tokens.word(), False)
            if name == "equal":
                first, second = self.tokens.argument(), self.tokens.argument()
                return self._words(first) == self._words(second)
            if name in ("isundefined", "undefined"):
                return not _exists(self.expander, self.tokens.name())
            if name in ("isodd", "lengthtest", "value"):
                self.tokens.argument()
        self.tokens.unread([token])
        return _ifnum(self.tokens)

    def _words(self, tokens: Sequence[Token]) -> str:
        return self.expander.expanded_word(tokens)


def _named_switch(expander: Expander, _: Token) -> None:
    _either(expander, expander.definitions.switches.get(expander.word(), False))


def _defined(*, by_word: bool, when: bool) -> Callable[[Expander, Token], None]:
    def command(expander: Expander, _: Token) -> None:
        name = expander.word() if by_word else expander.name()
        _either(expander, _exists(expander, name) is when)

    return command


def _value(*, when: bool) -> Callable[[Expander, Token], None]:
    """Decide by whether an optional argument (or star) of xparse is there; `None` drops a branch."""

    def command(expander: Expander, _: Token) -> None:
        given = not any(token.kind == "novalue" for token in expander.argument())
        _either(expander, given is when)

    return command


def _one_sided(test: Callable[[Expander], bool], *, when: bool) -> Callable[[Expander, Token], None]:
    def command(expander: Expander, _: Token) -> None:
        holds = test(expander) is when
        code = expander.argument()
        if holds:
            expander.push(code)

    return command


def _given(expander: Expander) -> bool:
    return not any(token.kind == "novalue" for token in expander.argument())


def _blank(expander: Expander, _: Token) -> None:
    content = expander.argument()
    _either(expander, all(token.kind in ("space", "par", "novalue") for token in content))


def _same(expander: Expander, _: Token) -> None:
    first, second = expander.argument(), expander.argument()
    _either(expander, plain(first) == plain(second))


def _loaded(expander: Expander, _: Token) -> None:
    _either(expander, expander.word() in expander.definitions.packages)


def _file_exists(expander: Expander, _: Token) -> None:
    _either(expander, expander.reading.eprint.find(expander.expanded_word(), (".tex", "")) is not None)


def _next_character(expander: Expander, _: Token) -> None:
    wanted = expander.argument()
    yes, no = expander.argument(), expander.argument()
    token = expander.raw()
    while token is not None and token.kind == "space":
        token = expander.raw()
    matches = (
        token is not None and bool(wanted) and token.text[:1] == wanted[0].text[:1] and token.kind == wanted[0].kind
    )
    if token is not None:
        expander.unread([token])
    expander.push(yes if matches else no)


def _star_follows(expander: Expander, _: Token) -> None:
    yes, no = expander.argument(), expander.argument()
    expander.push(yes if expander.star() else no)


def _never(arguments: int) -> Callable[[Expander, Token], None]:
    def command(expander: Expander, _: Token) -> None:
        for _argument in range(arguments):
            expander.argument()
        _either(expander, False)

    return command


def _else(expander: Expander, _: Token) -> None:
    if expander.conditionals:
        expander.conditionals -= 1
        expander.skip_branch()


def _fi(expander: Expander, _: Token) -> None:
    expander.conditionals = max(0, expander.conditionals - 1)


CONDITIONAL_COMMANDS: Mapping[str, Callable[[Expander, Token], None]] = {
    "else": _else,
    "or": _else,
    "fi": _fi,
    "ifthenelse": _ifthenelse,
    **dict.fromkeys(("ifbool", "iftoggle"), _named_switch),
    "@ifundefined": _defined(by_word=True, when=False),
    "ifcsdef": _defined(by_word=True, when=True),
    "ifcsundef": _defined(by_word=True, when=False),
    "ifdef": _defined(by_word=False, when=True),
    "ifundef": _defined(by_word=False, when=False),
    **dict.fromkeys(("IfNoValueTF",), _value(when=False)),
    **dict.fromkeys(("IfValueTF", "IfBooleanTF"), _value(when=True)),
    **dict.fromkeys(("IfValueT", "IfBooleanT"), _one_sided(_given, when=True)),
    **dict.fromkeys(("IfNoValueT", "IfBooleanF", "IfValueF"), _one_sided(_given, when=False)),
    "IfNoValueF": _one_sided(_given, when=True),
    **dict.fromkeys(("ifblank", "ifstrempty", "IfBlankTF", "ifempty"), _blank),
    **dict.fromkeys(("ifstrequal", "ifthenstrequal"), _same),
    **dict.fromkeys(("@ifpackageloaded", "@ifclassloaded", "IfPackageLoadedTF", "IfClassLoadedTF"), _loaded),
    **dict.fromkeys(("@ifpackagelater", "@ifpackagewith", "@ifclasswith", "@ifclasslater"), _never(2)),
    "iflanguage": _never(1),
    "IfFileExists": _file_exists,
    **dict.fromkeys(("@ifnextchar", "kernel@ifnextchar"), _next_character),
    "@ifstar": _star_follows,
}
