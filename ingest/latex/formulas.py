r"""How formulas print as plain text: pieces with classes, the spaces between them, scripts.

Scripts lose their braces where that is unambiguous (letters and digits only), subscripts stand before superscripts,
relations and sums have a space on both sides, a sign does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

RELATIONS = frozenset("<>=≤≥≠≈∼≃≅≡≐→←↔⇒⇐⇔↦∈∉∋∝≪≫≲≳⊂⊃⊆⊥∥")
OPERATORS = frozenset("+-±∓×·÷∪∩∧∨⊕⊗∘")
BIG = frozenset("∑∏∫∬∮⋃⋂⨁√")
OPENING = frozenset("([{⟨⌈⌊")
CLOSING = frozenset(")]}⟩⌉⌋")
UNITS = re.compile(r"(?:[kMGTP]?eV(?:/c(?:\^2)?)?|mrad|[mcμµnk]m|[mμµnp]s|[fpnμ]b(?:\^-1)?)$")
_PIECE = re.compile(
    r"(?P<num>\d{1,3}(?:,000)+(?!\d)|\d+\.\d+|\d+|\.\d+)|(?P<word>[^\W\d_]+)|(?P<rel>[<>=]=?|:=)"
    r"|(?P<prime>'+)|(?P<one>.)",
    re.DOTALL,
)
_LETTERS = r"(?:[^\W_]|[\u0300-\u036f*′†±∓+-])*"
_SIMPLE_SCRIPT = re.compile(rf"{_LETTERS}|\({_LETTERS}\){_LETTERS}|-?\d+\.\d+")

# Classes of atoms: "ord" letters and symbols, "num" numbers, "rel", "bin", "op" functions and sums, "open", "close",
# "bar" |, "punct", "space", "thin" \, "soft" the end of a macro (a space only between letters), "text" words,
# "sup" and "sub" scripts that found no base, "line" the end of a row, "negate" a stroke through what comes next,
# "infix" TeX's `\over` and its like.
_INFIX = {"over": "{}/{}", "above": "{}/{}", "choose": "({} choose {})", "atop": "{}; {}", "brack": "[{}; {}]"}


class Atom(NamedTuple):
    """A piece of a formula with its class, which decides the spaces around it."""

    kind: str
    text: str


def join(atoms: Sequence[Atom], *, tight: bool = False) -> str:
    """Write atoms as text; `tight`, as in scripts, without spaces around relations and sums."""
    out = ""
    previous = "open"
    bar_open = False
    whole = _with_scripts(atoms)
    for index, (kind, text, scripted) in enumerate(whole):
        following = whole[index + 1] if index + 1 < len(whole) else None
        if kind == "bar":
            bar_open = not bar_open
            kind = "open" if bar_open else "close"
            out += text
        elif kind == "rel":
            out = out.rstrip(" ")
            lead = not out.strip() or out[-1] == "\n"
            out += text if tight or lead or previous == "rel" else f" {text}"
            out += "" if tight or (lead and text == "∼") else " "
        elif kind == "bin":
            unary = (
                previous in ("open", "rel", "bin", "punct", "op")
                or following is None
                or following[0] in ("close", "punct")
            )
            # No sign, but the rest of a product that began in the prose: 5$\times10^3$.
            unary = unary and not (text == "×" and not out and following is not None)
            out += text if unary or tight else f" {text} "
            kind = "sign" if unary else kind
        elif kind == "punct":
            out = out.rstrip() + text + ("" if tight or following is None else " ")
        elif kind == "line":
            out = out.rstrip() + "\n"
            kind = "open"
        elif kind == "space":
            out += " "
            kind = previous
        elif kind == "thin":
            out += "" if _groups_digits(out, following) else " "
            kind = previous
        elif kind == "soft":
            if (
                following
                and _wordy(out[-1:])
                and _wordy(following[1][:1])
                and following[0] in ("ord", "num", "text", "op")
                and not (_is_letter(whole[index - 1][1]) and _is_letter(re.split(r"[_^]", following[1])[0]))
            ):
                out += " "
            kind = previous
        elif kind == "op":
            out += f" {text}" if _wordy(out[-1:]) else text
            if following and _stands_apart(text, following, scripted=scripted):
                out += " "
        else:
            if out and _needs_space(out, previous, kind, text):
                out += " "
            out += text
            if scripted and following and _wordy(out[-1:]) and _wordy(following[1][:1]):
                out += " "
        previous = kind
    lines = (_tidy(line) for line in out.split("\n"))
    return unicodedata.normalize("NFC", "\n".join(line for line in lines if line)) if "\n" in out else _edges(out)


def _is_letter(text: str) -> bool:
    """Say whether this is the name of a particle or quantity by one letter, which others may follow: `pp`, `tχ̃_1^0`."""
    decomposed = unicodedata.normalize("NFD", text)
    return decomposed[:1].isalpha() and all(unicodedata.combining(mark) for mark in decomposed[1:])


def _edges(text: str) -> str:
    """Tidy one line but keep a space at its ends, where an author put one."""
    tidy = _tidy(text)
    if not tidy:
        return " " if text else ""
    return unicodedata.normalize("NFC", f"{' ' * text.startswith(' ')}{tidy}{' ' * text.endswith(' ')}")


def _tidy(text: str) -> str:
    text = " ".join(text.split())
    if " " in text:
        text = re.sub(r"([(\[]) ", r"\1", text)
        text = re.sub(r" ([)\],;]|\.$)", r"\1", text)
    if "/" in text:
        if "_T" in text:
            text = _struck_out(text)
        # The slash would hide where the name of the J/ψ ends.
        text = re.sub(r"(?<=J/ψ)(?=[^\W_])", " ", text)
    return text.replace("<<", "≪").replace(">>", "≫")


def _struck_out(text: str) -> str:
    """Write E/_T, /E_T and E_T/, the old ways to strike out a letter, as what they mean."""
    text = re.sub(r"(?<!\w)([EpPH])/_T\b", r"\1_T^miss", text)
    # A formula that starts with /p_T more often divides by it: "10 GeV$/p_T$".
    text = re.sub(r"(^(?!/p)|[(\[,;<>=≤≥+] ?)/([EpPH])_T\b", r"\1\2_T^miss", text)
    return re.sub(r"(?<!\w)([EpPH])_T ?/(?=\s*(?:[<>=≤≥,;)\]]|$))", r"\1_T^miss", text)


def _with_scripts(atoms: Sequence[Atom]) -> list[tuple[str, str, bool]]:
    """Attach scripts to their bases, subscripts first; True marks an atom that has some."""
    result: list[tuple[str, str, bool]] = []
    index = 0
    negated = False
    while index < len(atoms):
        kind, text = atoms[index]
        if kind == "negate":
            negated = True
            index += 1
            continue
        if negated and text:
            text, negated = unicodedata.normalize("NFC", text[:1] + "\u0338") + text[1:], False
        if kind in ("sub", "sup"):
            kind, text = "ord", ""
        else:
            index += 1
        below: list[str] = []
        above: list[str] = []
        ahead = index
        while ahead < len(atoms) and atoms[ahead].kind in ("sub", "sup", "soft"):
            if atoms[ahead].kind != "soft":
                (below if atoms[ahead].kind == "sub" else above).append(atoms[ahead].text)
                index = ahead + 1
            ahead += 1
        if kind in ("rel", "bin", "punct", "open") and (below or above):
            result.append((kind, text, False))
            kind, text = "ord", ""
        result.append((kind, _scripted(text, "".join(below), "".join(above)), bool(below or above)))
    return result


def _scripted(base: str, below: str, above: str) -> str:
    below, above = below.strip(), above.strip()
    if not below and not above:
        return base
    if below == "T" and base.endswith("\u0338"):
        return f"{base[:-1]}_T^miss"
    if re.fullmatch(r"[+-]\s?[\d.]+", below) and re.fullmatch(r"[+-]\s?[\d.]+", above):
        return f"{base} ^{{{above}}}_{{{below}}}" if base else f"^{{{above}}}_{{{below}}}"
    text = base + (f"_{_braced(below)}" if below else "")
    if above in ("∘", "°", "o") and not below and (not base or base[-1].isdigit()):
        return base + "°"
    if above.strip("′") == "":
        return text + above
    if above[0] == "′":
        primes = len(above) - len(above.lstrip("′"))
        return f"{text}{above[:primes]}^{_braced(above[primes:])}"
    if above in ("th", "st", "nd", "rd") and not below:
        return base + above
    return f"{text}^{_braced(above)}"


def _braced(script: str) -> str:
    return (
        script
        if _SIMPLE_SCRIPT.fullmatch(unicodedata.normalize("NFD", script)) or _SIMPLE_SCRIPT.fullmatch(script)
        else f"{{{script}}}"
    )


def characters(text: str) -> list[Atom]:
    atoms: list[Atom] = []
    for match in _PIECE.finditer(text):
        kind = match.lastgroup
        piece = match.group()
        if kind == "num":
            atoms.append(Atom("num", piece))
        elif kind == "word":
            atoms.append(Atom("ord", piece))
        elif kind == "rel":
            atoms.append(Atom("rel", {">=": "≥", "<=": "≤"}.get(piece, piece)))
        elif kind == "prime":
            atoms.append(Atom("sup", "′" * len(piece)))
        else:
            atoms.append(Atom(kind_of(piece), {"−": "-", "∗": "*", "\u00a0": " "}.get(piece, piece)))
    return atoms


def kind_of(character: str) -> str:
    if character in RELATIONS or character == ":=":
        return "rel"
    if character in OPERATORS or character == "−":
        return "bin"
    if character in OPENING:
        return "open"
    if character in CLOSING:
        return "close"
    if character in BIG:
        return "op"
    if character in ("|", "‖"):
        return "bar"
    if character in (",", ";"):
        return "punct"
    return "ord"


def accented(atoms: list[Atom], mark: str) -> list[Atom]:
    """Put a combining character on a single letter; longer expressions stay as they are."""
    if not mark or not atoms:
        return atoms
    first, *rest = atoms
    if (
        len(first.text) != 1
        or not first.text.isalpha()
        or any(atom.kind not in ("sub", "sup", "soft") for atom in rest)
    ):
        return atoms
    return [Atom(first.kind, unicodedata.normalize("NFC", first.text + mark)), *rest]


def without_infix(atoms: list[Atom]) -> list[Atom]:
    r"""Write `a \over b` as a fraction; its parts reach as far as the group, or the parentheses, in which it stands."""
    for place, (kind, name) in enumerate(atoms):
        if kind == "infix":
            start, end = _innermost(atoms, place)
            below = without_infix(atoms[place + 1 : end])
            above = atoms[start:place]
            if name in ("over", "above"):
                text = f"{operand(above, below=False)}/{operand(below, below=True)}"
            else:
                text = _INFIX[name].format(join(above).strip(), join(below).strip())
            return without_infix([*atoms[:start], Atom("ord", text), *atoms[end:]])
    return atoms


def is_infix(name: str) -> bool:
    """Say whether a command stands between the parts of a fraction."""
    return name in _INFIX


def _innermost(atoms: Sequence[Atom], place: int) -> tuple[int, int]:
    """Return where the parentheses around a place begin and end."""
    start = end = place
    level = 0
    while start > 0 and level >= 0:
        level += {"close": 1, "open": -1}.get(atoms[start - 1].kind, 0)
        start -= level >= 0
    level = 0
    while end < len(atoms) and level >= 0:
        level += {"open": 1, "close": -1}.get(atoms[end].kind, 0)
        end += level >= 0
    return start, end


def operand(atoms: list[Atom], *, below: bool) -> str:
    """Write a part of a fraction, in parentheses where it needs them."""
    text = join(atoms).strip()
    bare = text
    for _ in range(5):
        bare = re.sub(r"\([^()]*\)|\{[^{}]*\}", "", bare)
    factors = sum(kind in ("ord", "num", "text") for kind, *_ in _with_scripts(atoms))
    compound = re.search(r"[\s/+×·-]", bare) or (below and factors > 1 and "(" not in text)
    whole = re.fullmatch(r"\([^()]*\)|[\d.]+|d[^\W\d_]", text)
    return f"({text})" if compound and not whole else text


def _needs_space(out: str, previous: str, kind: str, text: str) -> bool:
    if previous == "op" and kind == "text":
        return _wordy(out[-1:]) and _wordy(text[:1])
    return previous in ("num", "close") and out[-1:] != " " and UNITS.match(text) is not None


def _stands_apart(function: str, following: tuple[str, str, bool], *, scripted: bool) -> bool:
    """Say whether a function needs a space before its argument: `sinθ` does not, `ln tan(θ/2)` and `rank A` do."""
    kind, text, _ = following
    return (
        kind in ("op", "num")
        or function[-1] in BIG
        or (scripted and _wordy(text[:1]))
        or (kind == "ord" and text[:1].isascii() and text[:1].isalpha())
    )


def _groups_digits(out: str, following: tuple[str, str, bool] | None) -> bool:
    r"""Say whether a thin space groups the digits of one number: `36\,100`."""
    if following is None or following[0] != "num":
        return False
    return (
        re.search(r"(?<![\d.])\d{1,3}(?:\d{3})*$", out) is not None
        and re.fullmatch(r"\d{3}(?:\.\d+)?", following[1]) is not None
    )


def _wordy(character: str) -> bool:
    return character.isalnum() or character in ("′", "√", "…")
