"""Read sums of momenta that a sentence does not name: `the scalar sum of the p_T of all leptons`.

The bound is on the sum, not on each momentum. Sums in a cone around an object are its isolation.
"""

from __future__ import annotations

import re

from kb.distil.entities import kinds, mention
from kb.distil.lexer import Token
from kb.distil.notation import Symbol
from kb.distil.particles import Named
from kb.distil.qualifiers import spoken
from kb.distil.quotients import up_to_verb

_MOMENTA = re.compile(r"moment|energ|[pPE]_?\{?T")
_SUMS = {"lt": {"lepton", "electron", "muon"}, "ht": {"jet", "bjet"}}
_TOTALS = {"ht", "st", "lt", "meff"}
_SUMMED = {"track", "vertex"}


def with_sums(tokens: list[Token]) -> list[Token]:
    """Return the tokens of a sentence in which the first sum of momenta is one variable."""
    tokens = _unexplained(tokens)
    for index, token in enumerate(tokens):
        if token.word != "sum":
            continue
        follows = kinds(tokens)[index + 1 : index + 2] == "O"
        if not follows and index > 1 and tokens[index - 1].kind == "v" and tokens[index - 2].word == "scalar":
            words = spoken(tokens[index - 2 : index + 1])  # "a scalar p_T sum above 150 GeV"
            variable = "ht" if _objects(tokens[:index]) - {"event"} <= {"jet", "bjet", "jet_pair"} else "other"
            symbol = Symbol(0, 0, variable, words, Named("event"), words)
            total = Token("v", words, tokens[index - 2].start, token.end, symbol)
            return [*tokens[: index - 2], total, *tokens[index + 1 :]]
        if not follows:
            continue
        end = up_to_verb(tokens, index)
        if end is None:
            return tokens
        start = index
        while start and (tokens[start - 1].word in {"scalar", "vector", "vectorial"} or tokens[start - 1].kind == "v"):
            start -= 1
        inside = tokens[start:end]
        words = spoken(inside)
        if not _MOMENTA.search(words) or re.search(r"\bcone\b", words):
            return tokens  # a cone says what is summed by itself
        return [
            *tokens[:start],
            Token("v", words, tokens[start].start, inside[-1].end, _sum(inside, words)),
            *tokens[end:],
        ]
    return tokens


def _unexplained(tokens: list[Token]) -> list[Token]:
    """`the scalar sum H_T of the p_T of the jets, the lepton and E_T^miss must …`: what is summed has no bound."""
    shape = kinds(tokens)
    for index, token in enumerate(tokens):
        if token.kind == "v" and token.value.variable in _TOTALS:
            of = re.match(r"O[^mkcnSWjfwBb]*(?=m)", shape[index + 1 :])
            if of and set(of.group()) & set("lav"):
                return [*tokens[: index + 1], *tokens[index + 1 + of.end() :]]
    return tokens


def _objects(tokens: list[Token]) -> set[str]:
    return {mention(tokens, i).object for i, t in enumerate(tokens) if t.kind == "o"}


def _sum(inside: list[Token], words: str) -> Symbol:
    objects = [mention(inside, i).object for i, t in enumerate(inside) if t.kind == "o"]
    objects += ["met" for t in inside if t.kind == "v" and t.value.about == Named("met")]
    near = any(t.kind == "i" or t.word in {"around", "near", "in"} for t in inside)
    if near and any(t.kind == "v" and t.value.variable == "delta_r" for t in inside):
        owner = next((o for o in reversed(objects) if o not in _SUMMED), None)
        return Symbol(0, 0, "iso_abs", words, Named(owner) if owner else None)
    kind = next((name for name, of in _SUMS.items() if objects and set(objects) <= of), None)
    if kind is None or "vector" in words:
        return Symbol(0, 0, "other", words, Named("event"), words)
    return Symbol(0, 0, kind, words, Named("event"))
