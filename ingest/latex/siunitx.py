r"""siunitx: `\SI{13}{\TeV}` is `13 TeV`, `\SIrange{12}{50}{\GeV}` is `12–50 GeV`, `\si{\per\femto\barn}` is `fb^-1`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ingest.latex.expansion import Expander
from ingest.latex.ignored import ignored_commands
from ingest.latex.tokens import Token, plain

Render = Callable[[Sequence[Token], Expander], str]

_PREFIXES = {
    "yocto": "y", "zepto": "z", "atto": "a", "femto": "f", "pico": "p", "nano": "n", "micro": "μ", "milli": "m",
    "centi": "c", "deci": "d", "deca": "da", "hecto": "h", "kilo": "k", "mega": "M", "giga": "G", "tera": "T",
    "peta": "P", "exa": "E",
}  # fmt: skip
_UNITS = {
    "electronvolt": "eV", "eV": "eV", "keV": "keV", "MeV": "MeV", "GeV": "GeV", "TeV": "TeV", "meV": "meV",
    "metre": "m", "meter": "m", "m": "m", "km": "km", "dm": "dm", "cm": "cm", "mm": "mm", "um": "μm", "micron": "μm",
    "nm": "nm", "pm": "pm", "fm": "fm", "angstrom": "Å", "second": "s", "s": "s", "ms": "ms", "us": "μs", "ns": "ns",
    "ps": "ps", "fs": "fs", "minute": "min", "hour": "h", "day": "d", "barn": "b", "tesla": "T", "T": "T", "gram": "g",
    "kilogram": "kg", "kg": "kg", "g": "g", "hertz": "Hz", "Hz": "Hz", "kHz": "kHz", "MHz": "MHz", "GHz": "GHz",
    "joule": "J", "watt": "W", "newton": "N", "pascal": "Pa", "bar": "bar", "kelvin": "K", "ampere": "A", "volt": "V",
    "coulomb": "C", "ohm": "Ω", "degree": "°", "degreeCelsius": "°C", "celsius": "°C", "percent": "%", "radian": "rad",
    "rad": "rad", "mrad": "mrad", "steradian": "sr", "clight": "c", "lightspeed": "c", "byte": "B", "bit": "bit",
    "mole": "mol", "litre": "L", "liter": "L", "arcminute": "′", "arcsecond": "″", "speedoflight": "c",
    "eVperc": "eV/c", "keVperc": "keV/c", "MeVperc": "MeV/c", "GeVperc": "GeV/c", "TeVperc": "TeV/c", "MeVc": "MeV/c",
    "GeVc": "GeV/c", "TeVc": "TeV/c", "fb": "fb", "pb": "pb", "nb": "nb", "mb": "mb", "ifb": "fb^-1", "ipb": "pb^-1",
    "inb": "nb^-1", "invfb": "fb^-1", "invpb": "pb^-1", "fbinv": "fb^-1", "pbinv": "pb^-1",
}  # fmt: skip
_MAX_NESTING = 8
_POWERS = {"squared": "2", "cubed": "3"}
_BEFORE = {"square": "2", "cubic": "3"}


def quantity(name: str, expander: Expander, render: Render) -> str | None:
    r"""Read the arguments of siunitx' `\name` and return the text, or None if it is no command of siunitx."""
    reader = _COMMANDS.get(name)
    return None if reader is None else reader(expander, render)


def number(text: str) -> str:
    """Write a number as siunitx prints it: `1e34` is `1 × 10^34`, `+-` is ±."""
    text = re.sub(r"\s+", "", text.strip())
    text = re.sub(r"\+-|\\pm|±", " ± ", text)
    text = re.sub(r"^<=", "≤ ", text)
    text = re.sub(r"^>=", "≥ ", text)
    text = re.sub(r"^([<>~])(?=[\d.+-])", r"\1 ", text)
    text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    text = re.sub(r"(?<=\d)x(?=\d)", " × ", text)
    text = re.sub(r"^[eE]([+-]?\d+)$", lambda m: f"10^{_exponent(m.group(1))}", text)
    return re.sub(r"[eE]([+-]?\d+)$", lambda m: f" × 10^{_exponent(m.group(1))}", text)


def unit(tokens: Sequence[Token], expander: Expander, render: Render, depth: int = 0) -> str:
    r"""Write a unit: `\per\femto\barn` is `fb^-1`, `\GeV\per\clight` is `GeV/c`, literal text stays."""
    return _Unit(expander.child(tokens), render, depth).text() if depth < _MAX_NESTING else plain(tokens)


class _Unit:
    def __init__(self, expander: Expander, render: Render, depth: int) -> None:
        self.expander = expander
        self.render = render
        self.depth = depth + 1
        self.parts: list[tuple[str, str, bool]] = []  # symbol, power, stands below the line
        self.prefix = ""
        self.power = ""
        self.below = False
        self.glued = False

    def text(self) -> str:
        while (token := self.expander.raw()) is not None:
            self._read(token)
        over = [symbol + (f"^{power}" if power else "") for symbol, power, below in self.parts if not below]
        under = [(symbol, power) for symbol, power, below in self.parts if below]
        if over and len(under) == 1:
            symbol, power = under[0]
            return f"{' '.join(over)}/{symbol}{f'^{power}' if power else ''}"
        return " ".join([*over, *(f"{symbol}^-{power or '1'}" for symbol, power in under)])

    def _read(self, token: Token) -> None:
        name = token.text
        if token.kind in ("macro", "frozen"):
            if name in _PREFIXES:
                self.prefix = _PREFIXES[name]
            elif name == "per":
                self.below = True
            elif name in _BEFORE:
                self.power = _BEFORE[name]
            elif name in _POWERS:
                self._raise(_POWERS[name])
            elif name == "tothe":
                self._raise(self.expander.word())
            elif name == "raiseto":
                self.power = self.expander.word()
            elif name in ("of", "per@"):
                self._add(f"({self.expander.word()})")
            elif name in (",", "cdot", " ", "xspace"):
                pass
            elif (specification := ignored_commands().get(name)) is not None:
                # `Ge\kern -0.1em V` is one unit.
                self.expander.skip_arguments(specification)
                self.glued = name in ("kern", "mkern", "hspace") and bool(self.parts)
            else:
                self._named(token)
        elif token.kind == "sup":
            self._raise(plain(self.expander.argument()))
        elif token.kind == "open":
            inside = unit(self.expander.group(), self.expander, self.render, self.depth)
            self._add(inside)
        elif token.kind == "chars":
            for piece in re.split(r"[.\s]+", token.text):
                if piece == "/" or piece.startswith("/"):
                    self.below = True
                    piece = piece[1:]
                while piece:
                    head, slash, piece = piece.partition("/")
                    if head:
                        self._add(head)
                    if slash:
                        self.below = True
        elif token.kind not in ("space", "tie", "par", "eof", "close"):
            self._add(self.render([token], self.expander))

    def _named(self, token: Token) -> None:
        definitions = self.expander.definitions
        if (own := definitions.units.get(token.text)) is not None:
            self._add(unit(own, self.expander, self.render, self.depth))
        elif token.text in _UNITS:
            self._add(_UNITS[token.text])
        else:
            tokens = [token]
            if token.text in ("mathrm", "text", "textrm", "ensuremath", "mbox"):
                tokens += [Token("open", "{"), *self.expander.argument(), Token("close", "}")]
            self._add(self.render(tokens, self.expander).strip() or token.text)

    def _add(self, symbol: str) -> None:
        if symbol and self.glued:
            before, _, below = self.parts[-1]
            self.parts[-1] = (before + symbol, self.power, below)
            self.glued = False
        elif symbol:
            self.parts.append((self.prefix + symbol, self.power, self.below))
            self.prefix = self.power = ""
            self.below = False

    def _raise(self, power: str) -> None:
        if self.parts:
            symbol, _, below = self.parts[-1]
            self.parts[-1] = (symbol, power, below)


def _with_unit(value: str, unit_text: str) -> str:
    if not unit_text:
        return value
    return f"{value}{unit_text}" if unit_text in ("°", "%", "′", "″") else f"{value} {unit_text}"


def _number(expander: Expander, render: Render) -> str:
    expander.optional()
    return number(_digits(expander, render))


def _digits(expander: Expander, render: Render) -> str:
    tokens = expander.argument()
    if all(token.kind in ("chars", "space") for token in tokens):
        return plain(tokens)
    return render(tokens, expander)


def _unit_alone(expander: Expander, render: Render) -> str:
    """Read a unit, behind the number that the package units takes in brackets where siunitx has options."""
    option = expander.optional() or []
    unit_text = unit(expander.argument(), expander, render)
    value = "" if any("=" in token.text for token in option) else render(option, expander).strip()
    return _with_unit(number(value), unit_text) if value else unit_text


def _quantity(expander: Expander, render: Render) -> str:
    expander.optional()
    value = number(_digits(expander, render))
    before = expander.optional()
    unit_text = unit(expander.argument(), expander, render)
    if before:
        value = f"{unit(before, expander, render)}{value}"
    return _with_unit(value, unit_text)


def _range(*, has_unit: bool) -> Callable[[Expander, Render], str]:
    def read(expander: Expander, render: Render) -> str:
        expander.optional()
        low, high = number(_digits(expander, render)), number(_digits(expander, render))
        return _with_unit(f"{low}–{high}", unit(expander.argument(), expander, render) if has_unit else "")

    return read


def _list(*, has_unit: bool) -> Callable[[Expander, Render], str]:
    def read(expander: Expander, render: Render) -> str:
        expander.optional()
        values = [number(value) for value in _digits(expander, render).split(";") if value.strip()]
        text = " and ".join(filter(None, (", ".join(values[:-1]), values[-1] if values else "")))
        return _with_unit(text, unit(expander.argument(), expander, render) if has_unit else "")

    return read


def _angle(expander: Expander, render: Render) -> str:
    expander.optional()
    parts = _digits(expander, render).split(";")
    return "".join(f"{number(part)}{sign}" for part, sign in zip(parts, "°′″", strict=False) if part.strip())


def _exponent(text: str) -> str:
    return text.removeprefix("+")


_COMMANDS: dict[str, Callable[[Expander, Render], str]] = {
    "num": _number,
    **dict.fromkeys(("si", "unit"), _unit_alone),
    **dict.fromkeys(("SI", "qty"), _quantity),
    **dict.fromkeys(("SIrange", "qtyrange"), _range(has_unit=True)),
    "numrange": _range(has_unit=False),
    **dict.fromkeys(("SIlist", "qtylist", "SIproduct", "qtyproduct"), _list(has_unit=True)),
    **dict.fromkeys(("numlist", "numproduct"), _list(has_unit=False)),
    "ang": _angle,
}
SIUNITX = frozenset(_COMMANDS)
