"""Give back what a list leaves out: in `longitudinal and transverse impact parameters` the first is a parameter too."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.distil.lexer import Token
from kb.distil.lexicon import lexicon
from kb.distil.notation import Symbol
from kb.distil.qualifiers import spoken


def _unbracketed(tokens: list[Token], directions: dict[str, str]) -> list[Token]:
    """Read `the transverse (longitudinal) impact parameter` as `the transverse and longitudinal impact parameters`."""
    for index in range(len(tokens) - 4):
        one, opening, other, closing, head = tokens[index : index + 5]
        if (
            opening.kind == "b"
            and closing.kind == "d"
            and head.kind == "v"
            and {one.word, other.word} <= set(directions)
        ):
            joined = replace(opening, kind="a", text="and")
            second = replace(head, value=Symbol(0, 0, directions[other.word], other.text))
            return [*tokens[:index], one, joined, second, *tokens[index + 5 :]]
    return tokens


def completed(tokens: list[Token]) -> list[Token]:
    """Return the tokens of a sentence with every impact parameter of a list as a variable."""
    directions = {word: variable for variable, words in lexicon().directions.items() for word in words}
    tokens = _unbracketed(tokens, directions)
    out = list(tokens)
    if re.search(r"\btransverse plane\b", spoken(tokens)):
        for index, token in enumerate(tokens):
            if token.word in {"angle", "angle between"}:  # "the angle between … in the transverse plane"
                out[index] = replace(token, kind="v", value=Symbol(0, 0, "delta_phi", token.text))
    for index in range(len(tokens) - 2):
        head = tokens[index + 2]
        if tokens[index + 1].kind == "a" and head.kind == "v" and head.value.variable in {"d0", "z0"}:
            variable = directions.get(tokens[index].word)
            if variable and variable != head.value.variable:
                out[index] = replace(tokens[index], kind="v", value=Symbol(0, 0, variable, tokens[index].text))
    return out
