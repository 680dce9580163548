"""What the glyphs of a PDF's fonts mean: encodings without a Unicode map, look-alikes, bold and italic by font name.

The tables are in `glyphs.toml`, so that a new font family is a matter of data.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources

_SUBSET = re.compile(r"^[A-Z]{6}\+")
_BOLD = re.compile(r"(?i)bold|medi(?!um)|black|heavy|^cmb|^lmb|cmssbx|sfbx|-b$|-bd|\bbd\b|^r?txb|^r?pxb|demi")
_ITALIC = re.compile(r"(?i)ital|obli|slant|^cmti|^cmsl|^cmmi|^cmitt|mi[0-9]*$|-it$|kursiv")
_MONO = re.compile(r"(?i)mono|courier|^cmtt|tt[0-9]*$|nimbusmon|typewriter|consol")
# Vertical extent is not measured from the line: brackets, radicals and sums that grow with their content.
_TALL = re.compile(r"(?i)^(?!cmss|cmtex).*ex(?:a|b|s|as|mods)?[0-9]*$|esint|math-?ext")

ACCENTS = {
    "´": "\u0301",
    "`": "\u0300",
    "ˆ": "\u0302",
    "^": "\u0302",
    "˜": "\u0303",
    "~": "\u0303",
    "¨": "\u0308",
    "¯": "\u0304",
    "ˉ": "\u0304",
    "ˇ": "\u030c",
    "˘": "\u0306",
    "˙": "\u0307",
    "˚": "\u030a",
    "¸": "\u0327",
    "˛": "\u0328",
    "˝": "\u030b",
}


@dataclass(frozen=True, slots=True)
class Font:
    """A font as far as reading needs it; `tables` name the encodings of `glyphs.toml` that fit its name."""

    name: str
    bold: bool
    italic: bool
    mono: bool
    tall: bool
    tables: tuple[str, ...]

    def text(self, code: int, *, mapped: bool) -> str:
        """Return the text of a glyph: `code` is Unicode where `mapped`, else the font's own code; "" for none."""
        if not mapped or code == 0:  # PDFium takes no offence at a first glyph without a map
            for table in self.tables:
                found = _encodings()[table][1].get(code)
                if found is not None:
                    return found
        if 0xF000 <= code <= 0xF0FF:
            found = _encodings()["symbol"][1].get(code - 0xF000)
            return found if found is not None else _same(chr(code - 0xF000))
        if code == 0x02:  # PDFium's mark for a hyphen that ends a line
            return "-"
        if code < 0x20 or 0xE000 <= code <= 0xF8FF or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            return ""
        return _same(chr(code))


@cache
def font_named(base_name: str) -> Font:
    """Return the font with this PostScript name, e.g. `ABCDEF+CMMI10`."""
    name = _SUBSET.sub("", base_name)
    tables = tuple(key for key, (fonts, _) in _encodings().items() if fonts.search(name))
    return Font(
        name=name,
        bold=bool(_BOLD.search(name)),
        italic=bool(_ITALIC.search(name)),
        mono=bool(_MONO.search(name)),
        tall=bool(_TALL.search(name)),
        tables=tables,
    )


@cache
def _data() -> dict[str, dict[str, object]]:
    return tomllib.loads(resources.files(__package__).joinpath("glyphs.toml").read_text(encoding="utf-8"))


@cache
def _encodings() -> dict[str, tuple[re.Pattern[str], dict[int, str]]]:
    tables: dict[str, tuple[re.Pattern[str], dict[int, str]]] = {}
    for key, table in _data().items():
        if key == "same":
            continue
        codes = table["codes"]
        if not isinstance(codes, dict):
            msg = f"glyphs.toml: [{key}.codes] is not a table"
            raise TypeError(msg)
        tables[key] = (re.compile(str(table["fonts"])), {int(code, 16): str(text) for code, text in codes.items()})
    return tables


def without_look_alikes(text: str) -> str:
    """Write characters that look alike as one, ligatures and mathematical letters as letters: `µ` as `μ`, `ﬁ` as `fi`.

    Characters of private use, which only the PDF's font explains, are left out.
    """
    text = unicodedata.normalize("NFC", text)
    return "".join(_same(c) for c in text if not "\ue000" <= c <= "\uf8ff" and (c >= " " or c.isspace()))


@cache
def _same(character: str) -> str:
    preferred = {key: str(value) for key, value in _data()["same"].items()}
    character = unicodedata.normalize("NFC", character)
    if "\ufe00" <= character <= "\ufe0f":  # a mark of which form of a glyph is meant
        return ""
    if character in preferred:
        return preferred[character]
    # Mathematical and script letters, ligatures (U+FB00 …) and full-width forms are letters in another dress.
    if (
        "\U0001d400" <= character <= "\U0001d7ff"
        or ("\u2102" <= character <= "\u2134" and character.isalpha() and character not in "ℏℓ")
        or "\ufb00" <= character <= "\ufb06"
        or character in "Ĳĳ"
        or "\uff01" <= character <= "\uff5e"
    ):
        character = unicodedata.normalize("NFKC", character)
        return "".join(preferred.get(c, c) for c in character)
    return " " if character.isspace() else character
