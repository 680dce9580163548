"""Read quotients of two quantities: `p_T^γγ/m_γγ`, `the ratio of the energy in the HCAL to that in the ECAL`.

A bound on a quotient is on neither of the two: `less than 30% of H_T`, `> 0.4 m_γγ`, `1.5 times that of the photon`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.distil.amounts import Quantity
from kb.distil.entities import kinds, mention
from kb.distil.lexer import Token
from kb.distil.notation import Symbol
from kb.distil.particles import Named
from kb.distil.qualifiers import spoken

_VERB = re.compile(r"(?:is|are|was|must|has|have|should|may|exceeds?|to|be)$")
_RATIO = re.compile(r"(?:ratio|fraction|quotient)s?$")
_UNCERTAINTY = re.compile(r"(?:its|their|the) (?:\w+ )?(?:uncertaint|error|resolution)")
_HADRONIC = re.compile(r"hadronic|HCAL")
_ELECTROMAGNETIC = re.compile(r"electromagnetic|ECAL")
_ROOT = re.compile(r"√|\bsquare root\b")
_LEPTONS = {"lepton", "electron", "muon", "tau"}
_SUMS = {"iso_abs", "isolation", "mini_iso"}
_SIGNIFICANCES = {"d0": "d0_sig"}


def with_quotients(tokens: list[Token]) -> list[Token]:
    """Return the tokens of a sentence in which every quotient is one variable."""
    for reader in (_of_named, _slashed, _added, _worded, _divided):
        tokens = reader(tokens)
    return tokens


_MASSES_AND_MOMENTA = {"pt", "mass", "mt", "ht", "st", "lt", "meff", "energy"}


def _of_named(tokens: list[Token]) -> list[Token]:
    """`the relative uncertainty in its p_T`: the p_T itself has no bound."""
    for match in re.finditer(r"v[Ot]t{0,2}(?P<of>v)", kinds(tokens)):
        head, of = tokens[match.start()], match.start("of")
        linked = tokens[match.start() + 1].word in {"in", "on", "of", "of the"}
        if head.value.name and head.value.variable == "ratio" and linked:
            return [*tokens[:of], *_of_named(tokens[of + 1 :])]
    return tokens


def _slashed(tokens: list[Token]) -> list[Token]:
    """`p_T^ℓℓ/p_T^γγ`."""
    shape = kinds(tokens)
    for match in reversed(list(re.finditer(r"vsv(?!s)", shape))):
        first, second = tokens[match.start()], tokens[match.end() - 1]
        above = first.value.about if first.value.variable in {"pt", "energy", "mass"} else None
        event = above is None or above.object == "met"
        quotient = _quotient(tokens, match.start(), match.end(), "", Named("event") if event else above)
        if {first.value.variable, second.value.variable} <= {"d0", "z0", "eta", "abs_eta", "phi"}:
            continue
        quotient.text = quotient.value.text
        tokens = [*tokens[: match.start()], quotient, *tokens[match.end() :]]
    return tokens


def _added(tokens: list[Token]) -> list[Token]:
    """`m_ℓℓ + m_ℓℓγ`."""
    for match in reversed(list(re.finditer(r"vpv", kinds(tokens)))):
        first, last = match.start(), match.end()
        kinds_of = {tokens[first].value.variable, tokens[last - 1].value.variable}
        if tokens[first + 1].text in {"+", "-"} and (len(kinds_of) == 1 or kinds_of <= _MASSES_AND_MOMENTA):
            of = tokens[last - 1].value.about if len(kinds_of) == 1 else Named("event")
            total = _quotient(tokens, first, last, "other", of)
            tokens = [*tokens[:first], total, *tokens[last:]]
    return tokens


def _worded(tokens: list[Token]) -> list[Token]:
    """`the ratio of … to …`, up to the verb."""
    for start, token in enumerate(tokens):
        if token.kind != "t" or not _RATIO.match(token.word) or kinds(tokens)[start + 1 : start + 2] != "O":
            continue
        end = up_to_verb(tokens, start)
        if end is None:
            continue
        inside = tokens[start:end]
        if not any(t.kind in "gasv" for t in inside) or not any(t.kind in "vo" for t in inside):
            continue
        words = spoken(inside)
        if any(t.word.startswith("log") for t in tokens[max(0, start - 3) : start]):
            quotient = _quotient(tokens, start, end, "other", None)  # "the logarithm of the ratio of …"
        elif re.search(r"\bcone\b", words) and re.search(r"\bsum\b|energ", words):
            quotient = _quotient(tokens, start, end, "iso_rel", None)
        elif _HADRONIC.search(words) and _ELECTROMAGNETIC.search(words):
            quotient = _quotient(tokens, start, end, "h_over_e", None)
        elif _ROOT.search(words) and any(_is_missing(t) for t in inside):
            quotient = _quotient(tokens, start, end, "met_sig", Named("met"))
        elif "impact parameter" in words and (over := _over_uncertainty(tokens, start, end)):
            end = over
            quotient = _quotient(tokens, start, end, "d0_sig", None)
        else:
            of = next((mention(inside, i).object for i, t in enumerate(inside) if t.kind == "o"), None)
            of = of or next((t.value.about.object for t in inside if t.kind == "v" and t.value.about), None)
            if of in _LEPTONS and any(t.kind == "v" and t.value.about == Named("met") for t in inside):
                of = "lepton_met"
            quotient = _quotient(tokens, start, end, "", Named("event" if of in {None, "met", "event"} else str(of)))
        return [*tokens[:start], quotient, *tokens[end:]]
    return tokens


def _over_uncertainty(tokens: list[Token], start: int, end: int) -> int | None:
    """Return where `the ratio of the impact parameter, computed …, and its uncertainty` ends."""
    last = next((i for i in range(start, len(tokens)) if re.match(r"uncertaint|error", tokens[i].word)), None)
    return max(end, last + 1) if last is not None else None


def up_to_verb(tokens: list[Token], start: int) -> int | None:
    """Return where a noun phrase with its `of …` ends; None where no verb or comparator follows it."""
    for end in range(start + 2, min(len(tokens), start + 30)):
        kind = tokens[end].kind
        if kind in "mkjlSwf" or (kind == "c" and tokens[end - 1].kind != "v"):
            return end
        if kind == "c" and not (tokens[end - 1].value.variable == "delta_r" and end - start > 3):
            return end
        if kind == "t" and end > start + 3 and _VERB.match(tokens[end].word):
            return end
    return None


def _divided(tokens: list[Token]) -> list[Token]:
    """`the decay length divided by its uncertainty`."""
    for index in range(1, len(tokens) - 3):
        if tokens[index].word != "divided" or tokens[index + 1].word != "by":
            continue
        head = next((i for i in _before(tokens, index) if tokens[i].kind == "v"), None)
        if head is None:
            if flown := _flown(tokens, index):
                return flown
            continue
        behind = spoken(tokens[index + 2 : index + 6])
        if _UNCERTAINTY.match(behind):
            end = (
                next(i for i in range(index + 2, index + 7) if re.match(r"uncertaint|error|resol", tokens[i].word)) + 1
            )
            variable = _SIGNIFICANCES.get(tokens[head].value.variable, "other")
        else:
            end = next((i + 1 for i in range(index + 2, min(len(tokens), index + 7)) if tokens[i].kind == "v"), 0)
            root = _is_missing(tokens[head]) and _ROOT.search(spoken(tokens[index + 2 : end]))
            variable = "met_sig" if root else ""
            if tokens[head].value.variable == "chi2" and (freedom := _freedom(tokens, index)):
                end, variable = freedom, "chi2"
            if end and tokens[head].value.variable in _SUMS and tokens[end - 1].value.variable == "pt":
                variable = "iso_rel"
        if not end:
            continue
        summed = next((i for i in range(index) if tokens[i].word == "sum"), None)
        if not variable and summed is not None and re.search(r"\bcone\b", spoken(tokens[summed:index])):
            variable, head = "iso_rel", next(i for i in range(summed, head + 1) if tokens[i].kind == "v")
        of = tokens[head].value.about
        if of is None and variable == "iso_rel":  # "…, divided by the muon p_T"
            of = next((Named(t.value.object) for t in tokens[index:end] if t.kind == "o"), None)
        quotient = _quotient(tokens, head, end, variable, of)
        kept = [tokens[i] for i in reversed(list(_before(tokens, index))) if i > head and tokens[i].kind != "v"]
        return [*tokens[:head], quotient, *kept, *tokens[end:]]
    return tokens


def _before(tokens: list[Token], index: int) -> Iterator[int]:
    """Yield the six tokens before one, from right to left; what stands in brackets is none of them."""
    depth = passed = 0
    for at in range(index - 1, -1, -1):
        depth += {"d": 1, "b": -1}.get(tokens[at].kind, 0)
        if depth == 0 and tokens[at].kind not in "bl":
            yield at
            passed += 1
        if passed == 6:
            return


def _freedom(tokens: list[Token], index: int) -> int | None:
    """Return where `divided by the number of degrees of freedom` ends."""
    near = range(index + 2, min(len(tokens), index + 9))
    return next((i + 1 for i in near if tokens[i].word in {"freedom", "ndf", "ndof"}), None)


def _is_missing(token: Token) -> bool:
    return token.kind == "v" and token.value.about == Named("met")


def _flown(tokens: list[Token], index: int) -> list[Token] | None:
    """`the distance between the B and the primary vertex divided by its uncertainty`: how significant a flight is."""
    start = next((i for i in range(index - 1, max(-1, index - 16), -1) if tokens[i].word == "distance"), None)
    inside = tokens[start or 0 : index]
    vertices = [t for t in inside if t.kind == "o" and t.value.object == "vertex"]
    known = _UNCERTAINTY.match(spoken(tokens[index + 2 : index + 6]))
    if start is None or not known or len(vertices) < 2 or not re.match("between|from", tokens[start + 1].word):
        return None
    end = next(i for i in range(index + 2, index + 7) if re.match(r"uncertaint|error|resol", tokens[i].word)) + 1
    of = "candidate"
    return [*tokens[:start], _quotient(tokens, start, end, "other", Named(of)), *tokens[end:]]


def _quotient(tokens: list[Token], start: int, end: int, variable: str, of: Named | None) -> Token:
    body = " ".join(t.text for t in tokens[start:end]).replace(" / ", "/")
    symbol = Symbol(0, 0, variable or "ratio", body, of, body if variable in {"", "other"} else None)
    return Token("v", body, tokens[start].start, tokens[end - 1].end, symbol)


def compared(tokens: list[Token], quantity: Quantity) -> str:
    """Return the quantity that a bound is a multiple of: `> 0.4 m_γγ`, `30% of H_T`; empty where it is a number."""
    shape = kinds(tokens)
    if any(a.unit != "1" for a in quantity.amounts):
        return ""
    behind = shape[quantity.end :]
    if direct := re.match(r"p?v(?![cO])", behind):
        if tokens[quantity.end].kind == "p" and tokens[quantity.end].text not in "×·*⋅":
            return ""
        return tokens[quantity.end + direct.end() - 1].text
    percent = tokens[quantity.end - 1].text in {"%", "percent", "per cent"} and behind[:1] == "O"
    times = tokens[quantity.end].word == "times" if behind else False
    if not (percent or times):
        return ""
    stop = re.search(r"[clSmkfw.]", behind)
    words = tokens[quantity.end + 1 : quantity.end + (stop.start() if stop else len(behind))]
    if any(t.kind == "v" or (times and t.word == "that") for t in words):
        return spoken(words).strip(" .")
    return ""
