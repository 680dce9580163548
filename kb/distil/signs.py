"""Read signs told in words as bounds: `the decay length must be positive`, `with a negative decay length`."""

from __future__ import annotations

from dataclasses import replace

from kb.distil.lexer import Token

_SIGNS = {"positive": ">", "negative": "<"}
_SIGNED = {"decay_length", "discriminant", "lifetime"}
_COSINE = ("cos", "|cos", "DIRA", "cosine")


def with_signs(tokens: list[Token]) -> list[Token]:
    """Return the tokens of a sentence in which a sign that is asked of a variable is a bound."""
    out = list(tokens)
    for index, token in enumerate(tokens):
        operator = _SIGNS.get(token.word)
        if operator is None or not index:
            continue
        comparator = replace(token, kind="c", value=operator)
        zero = replace(token, kind="n", text="0", value=0.0)
        behind = tokens[index + 1] if index + 1 < len(tokens) else None
        if behind is not None and _has_sign(behind):
            at = len(out) - (len(tokens) - index)
            out[at : at + 2] = [behind, comparator, zero]
        elif tokens[index - 1].word in {"be", "is", "are"} and _has_sign(_last_variable(tokens[:index])):
            at = len(out) - (len(tokens) - index)
            out[at - 1 : at + 1] = [replace(tokens[index - 1], kind="c", value=operator), zero]
    return out


def _last_variable(tokens: list[Token]) -> Token | None:
    return next((t for t in reversed(tokens) if t.kind == "v"), None)


def _has_sign(token: Token | None) -> bool:
    """Say whether a token is a variable of which a sign is asked: a cosine, but no vector sum."""
    if token is None or token.kind != "v":
        return False
    return token.value.variable in _SIGNED or token.text.startswith(_COSINE)
