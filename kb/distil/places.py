"""Bounds told by places and presence: hits that are there or missing, positions, nearness, angles in azimuth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from kb.distil.amounts import Amount, Quantity, amounts
from kb.distil.entities import kinds
from kb.distil.lexer import Token
from kb.distil.particles import Named

_FROM_CENTRE = re.compile(
    r"from (?:the )?(?:nominal |centre of the |center of the )?(?:interaction|detector|beam|origin|centre|center)\b"
)
_OF_TRACKS = {"hits", "segments", "stations", "layers", "measurements", "chambers", "clusters", "matches", "holes"}
_OF_JETS = {"constituents", "candidates", "particles"}  # where a jet is said to consist of them
_ALONG = {
    "z0": re.compile(r"\b(?:along|longitudinal\w*|in z|z direction)\b"),
    "d0": re.compile(r"\b(?:transverse|radial\w*|perpendicular|(?:of|from) the (?:beam|interaction))\b"),
}


def with_numbers(tokens: list[Token]) -> list[Token]:
    """Return the tokens of a sentence with the numbers of what a track has as one: `the number of pixel hits`."""
    for match in reversed(list(re.finditer(r"v(?P<words>[toh]{1,5})", kinds(tokens)))):
        words = [t.word for t in tokens[match.start("words") : match.end()]]
        length = next((i + 1 for i, word in enumerate(words) if word in _OF_TRACKS | {"constituents"}), None)
        first = tokens[match.start()]
        if first.value.variable != "count" or not length:
            continue
        last = match.start("words") + length
        name = " ".join(words[:length]).replace(" - ", "-")
        symbol = replace(first.value, variable="other", name=name, end=tokens[last - 1].end)
        one = replace(first, text=f"{first.text} {name}", end=tokens[last - 1].end, value=symbol)
        tokens = [*tokens[: match.start()], one, *tokens[last:]]
    return tokens


def charged(tokens: list[Token]) -> None:
    """Read the charged multiplicity of a jet as no number of jets, in place."""
    for index, token in enumerate(tokens):
        if token.kind != "v" or token.word != "multiplicity" or token.value.variable != "count":
            continue
        before = " ".join(t.word for t in tokens[max(0, index - 2) : index])
        if re.search(r"\bcharged(?: - | )?(?:hadron|particle)?(?: fraction and)?$", before):
            token.value = replace(token.value, variable="other", name="charged multiplicity", about=Named("jet"))


def hits(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`at least nine hits in the silicon detectors`, `five or more pixel hits`, `of at least two particles`."""
    told = (0, "")
    for match in re.finditer(r"(?P<c>c?)(?P<n>n)(?P<words>a?[to]{1,4})", shape):
        words = [t.word for t in tokens[match.start("words") : match.end()]]
        counted = {"hit", "hits", "layers", "stations", "constituents"}
        consists = [t.word for t in tokens[max(0, match.start() - 2) : match.start()]]
        if consists[-1:] == ["of"] and consists[0] in {"consist", "consists", "consisting", "composed", "made"}:
            counted |= _OF_JETS
        length = next((i for i, word in enumerate(words) if word in counted), None)
        if length is None or {"of", "and", "with", "the"} & set(words[:length]):
            continue
        if words[0] == "or" and words[1] in {"more", "fewer"}:
            operator, kind = ">=" if words[1] == "more" else "<=", words[2:length]
        elif match.group("c") and words[0] != "or":
            operator, kind = str(tokens[match.start("c")].value), words[:length]
        elif told[0] and shape[told[0] : match.start()] == "a":  # "at least one pixel hit and six strip hits"
            operator, kind = told[1], words[:length]
        else:
            continue
        end = match.start("words") + length + 1
        name = " ".join([*kind, words[length].replace("hit", "hits").replace("hitss", "hits")])
        told = (end, operator)
        yield Quantity(match.start(), end, operator, amounts(tokens, *match.span("n")), rule="hits", along=name)


def no_hits(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`not a single missing inner hit`, `no missing outer hits`."""
    for match in re.finditer(r"(?:Nt(?P<n>n)|z(?P<m>n?))(?P<words>(?:ta?){1,5})", shape):
        words = [t.word for t in tokens[match.start("words") : match.end()]]
        length = next((i for i, word in enumerate(words) if word in {"hit", "hits"}), None)
        single = match.group("n") or match.group("m")
        if not length or {"of", "and", "with", "the"} & set(words[:length]):
            continue
        if single and tokens[match.start("words") - 1].word != "single":
            continue
        name = " ".join([*words[:length], "hits"])
        end = match.start("words") + length + 1
        yield Quantity(match.start(), end, "==", [Amount((0.0,), "1")], rule="hits", along=name)


def positions(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`within 24 cm of the detector centre along the beam and within 2 cm in the transverse plane`."""
    for match in re.finditer(r"i(?P<n>nu)(?P<words>[tO]{1,12})", shape):
        unit = tokens[match.end("n") - 1].value
        words = " ".join(t.word for t in tokens[match.start("words") : match.end()])
        along = next((variable for variable, place in _ALONG.items() if place.search(words)), "")
        before = " ".join(t.word for t in tokens[max(0, match.start() - 8) : match.start()])
        if not along or "position along" in before:  # "whose position along the beam line lies within 24 cm of …"
            told = before.rpartition("position")[2] if "position" in before else ""
            along = next((variable for variable, place in _ALONG.items() if place.search(told)), along)
        if unit is not None and unit.normal == "mm" and along:
            bound = amounts(tokens, *match.span("n"))
            yield Quantity(match.start(), match.end("n"), "<", bound, rule="position", along=along)
    centred = False  # whether the vertex was said to be near the centre
    for match in re.finditer(
        r"c(?P<n>nu)(?P<words>[tO]{1,8})", shape
    ):  # "at most 2 cm away from it in the transverse plane"
        unit = tokens[match.end("n") - 1].value
        words = " ".join(t.word for t in tokens[match.start("words") : match.end()])
        along = next((variable for variable, place in _ALONG.items() if place.search(words)), "")
        close = str(tokens[match.start()].value).startswith("<") and "vertex" in _objects(tokens)
        apart = close and _FROM_CENTRE.match(words)
        off = words.startswith("away from") or apart or (centred and words.startswith("in the"))
        if unit is not None and unit.normal == "mm" and along and off:
            bound, operator = amounts(tokens, *match.span("n")), str(tokens[match.start()].value)
            yield Quantity(match.start(), match.end("n"), operator, bound, rule="position", along=along)
            centred = True


def freedom(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`a fit with more than four degrees of freedom`."""
    for match in re.finditer(r"(?P<c>c)(?P<n>n)tOt", shape):
        if [t.word for t in tokens[match.end("n") : match.end()]] == ["degrees", "of", "freedom"]:
            bound, operator = amounts(tokens, *match.span("n")), str(tokens[match.start()].value)
            yield Quantity(match.start(), match.end(), operator, bound, rule="hits", along="degrees of freedom")


def near(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`electrons within 0.4 of any other jet`: a distance ΔR, which its size tells."""
    for match in re.finditer(r"i(?P<n>n)O[te]{0,3}r?o", shape):
        if tokens[match.start("n")].value < 2 and tokens[match.start()].word in {"within", "closer than"}:
            bound = amounts(tokens, *match.span("n"))
            yield Quantity(match.start(), match.end("n"), "<", bound, rule="near", along="delta_r")


def _objects(tokens: list[Token]) -> set[str]:
    return {t.value.object for t in tokens if t.kind == "o"}


def in_azimuth(tokens: list[Token], shape: str) -> Iterator[Quantity]:
    """`point within π/3 of E_T^miss in azimuth`, `agree to within 0.5 in azimuth`."""
    for match in re.finditer(r"i(?P<n>n)(?P<words>[tOv]{1,6})", shape):
        words = [t.word for t in tokens[match.start("words") : match.end()]]
        if any(word.startswith("azimuth") for word in words):
            yield Quantity(
                match.start(), match.end("n"), "<", amounts(tokens, *match.span("n")), rule="azimuth", along="delta_phi"
            )
