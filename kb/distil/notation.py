"""Recognise the symbols of variables, with what they are taken of: `p_T^ℓ`, `m_4ℓ`, `|η|`, `Δφ(jet, E_T^miss)`.

Canonical text writes subscripts and superscripts with `_` and `^`; text from PDF often lacks them (`pT`, `Emiss T`,
`mℓℓ`, `Njets`), so both are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.distil.particles import Named, read
from kb.distil.rulebook import rulebook

_SUB = r"(?:_\{(?:[^{}]|\{[^{}]*\})*\}|_\((?:[^()]*)\)|_(?:[A-Za-z0-9α-ωΑ-Ωℓ]|J/ψ)+(?:[\^_][A-Za-z0-9+*±-]+)?[+*±]*)"
_SUP = r"(?:\^\{(?:[^{}]|\{[^{}]*\})*\}|\^\((?:[^()]*)\)|\^[A-Za-z0-9α-ωΑ-Ωℓ*+±-]+)"
_DECOR = rf"(?:{_SUB}|{_SUP})*"
_ARGS = r"(?:\s?\((?P<args>(?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\))"
_L = r"(?<![A-Za-zα-ωΑ-Ωℓ0-9_^\\])"
_T = r"_?\{?T\}?"
_MISS = (
    r"(?:[EpP]\s?[_^]?\{?miss\}?[ _^,]*\{?T(?![A-Za-z])\}?|[EpP]_?\{?T[\s,_^]{0,2}\{?(?:miss|inv)\}?|MET(?![A-Za-z])"
    r"|/E_?T|E̸_?T)"
)
_CONST = r"m(?:_?\{?(?:Z|W|H|h|t|top|φ|J/ψ)\}?|_\{[ZWHht]\}|\([ZWHt]\)|_PDG)(?:\^PDG)?(?![A-Za-z0-9ℓ(])"
_GLUED = r"(?:4ℓ|4l|3ℓ|2ℓ|ℓℓγ|ℓ+|llγ|ll|ee|μ+|eμ|μe|eγ|μγ|bb|jjj|jj|γγ|12|34|ℓj|bℓ|ℓb|ττ)"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A variable's symbol in a plain text: `[start, end)` there."""

    start: int
    end: int
    variable: str
    text: str
    about: Named | None = None
    name: str | None = None
    window: str | None = None  # the mass it is compared with: |m_ℓℓ - m_Z|


_PIECES = {
    "SUB": _SUB,
    "SUP": _SUP,
    "T": _T,
    "DECOR": _DECOR,
    "ARGS": _ARGS,
    "SOME_ARGS": _ARGS.replace("?P<args>", "?:"),
    "MISS": _MISS,
    "CONST": _CONST,
    "GLUED": _GLUED,
}


def _load() -> dict[str, str]:
    raw = rulebook("notation")
    return {name: re.sub(r"<([A-Z_]+)>", lambda m: _PIECES[m.group(1)], pattern) for name, pattern in raw.items()}


_PATTERNS = tuple(_load().items())
_MASTER = re.compile(
    _L
    + "(?:"
    + "|".join(
        f"(?P<k_{name}>{_unnamed})"
        for name, _unnamed in ((name, re.sub(r"\?P<\w+>", "?:", pattern)) for name, pattern in _PATTERNS)
    )
    + ")"
)
_EACH = {name: re.compile(pattern) for name, pattern in _PATTERNS}
_GATE = re.compile(r"[pPE]|η|[mM]|Δ|χ|σ|d_?0|dPV|d_?\{?xy|z_?0|z|[NHSLIRατ]|cos|\|y|c ?τ")
OF_THE_EVENT = frozenset(
    {"ht", "st", "lt", "meff", "mt", "mt2", "mct", "mj", "mr", "r2", "alpha_t", "mht", "aplanarity", "sphericity"}
)
"""Variables of the event as a whole, whatever they are computed from."""


def _about(match: re.Match[str], body: str) -> Named | None:
    groups = match.groupdict()
    for key in ("args", "mid", "comma", "n1", "n2", "n3", "n4"):
        if groups.get(key):
            named = read(groups[key])
            if named:
                return named
    index = re.sub(r"^\|?\s?(?:min\s?)?\|?Δ?\s?[A-Za-zηφχσ]", "", body).strip("| ")
    index = re.sub(r"^_?\{?T\}?|^\^?2", "", index)
    for piece in re.findall(r"[_^]\{((?:[^{}]|\{[^{}]*\})*)\}|[_^]([^_^{}()|\s]+)", index):
        named = read((piece[0] or piece[1]).removeprefix("T").strip(",^_{} "))
        if named:
            return named
    bare = re.match(rf"_?({_GLUED})", index)
    return read(bare.group(1)) if bare else None


def symbols(text: str) -> Iterator[Symbol]:
    """Yield the symbols of a plain text, from left to right, longest first.

    >>> [(s.variable, s.about and s.about.object) for s in symbols("m_4ℓ > 5, p_T(j_1), Emiss T and |mℓℓ - mZ|")]
    [('mass', 'fourlepton'), ('pt', 'jet'), ('pt', 'met'), ('mass', 'lepton_pair')]
    """
    if not _GATE.search(text):
        return
    for found in _MASTER.finditer(text):
        kind = (found.lastgroup or "")[2:]
        match = _EACH[kind].match(text, found.start())
        if match is None:
            continue
        symbol = _symbol(kind, match)
        if symbol:
            yield symbol


def _symbol(kind: str, match: re.Match[str]) -> Symbol | None:
    body = match.group()
    start, end = match.span()
    args = match.groupdict().get("args")
    if args is not None and read(args) is None and kind not in {"mt", "meff", "mt2", "chi2", "mct", "ht", "st"}:
        # the bracket belongs to the sentence ("p_T (electrons)"), not to the symbol
        cut = match.group().rfind("(" + args)
        if cut > 0:
            body = body[:cut].rstrip()
            end = start + len(body)
            if kind == "mass" and len(body) <= 1:
                return None
    if kind in {"window", "window2"}:
        inner, ref = (
            match.group("inner" if kind == "window" else "inner2"),
            match.group("ref" if kind == "window" else "ref2"),
        )
        inside = next(iter(symbols(inner)), None)
        return Symbol(start, end, "mass", body, inside.about if inside else None, window=ref)
    if kind == "const":
        return Symbol(start, end, "const", body, name=body)
    if kind == "met":
        return Symbol(start, end, "pt", body, Named("met"))
    if kind == "vector_sum":
        return Symbol(start, end, "pt", body, Named("lepton_met"), name="vector sum")
    if kind == "met_sig":
        return Symbol(start, end, "met_sig", body, Named("met"))
    if kind == "met_ratio":
        return Symbol(start, end, "ratio", body, Named("event"), name=body)
    if kind == "pt_over_mass":
        over = body.index("/")
        return Symbol(start, end, "ratio", body, _about(match, body[:over]), name=body)
    if kind in {"pt_ratio", "pt_fraction"}:
        return Symbol(start, end, "ratio", body, _about(match, body), name=body)
    if kind == "pt_rel":
        return Symbol(start, end, "other", body, None, name=body)
    if kind == "iso":
        relative = bool(match.group("over"))
        return Symbol(start, end, "iso_rel" if relative else "iso_abs", body)
    if kind == "z0_sig":
        return Symbol(start, end, "other", body, _about(match, body), name="z0 significance")
    if kind == "cos":
        return Symbol(start, end, "other", body, _about(match, body), name=body)
    if kind == "count":
        about = _about(match, body)
        if match.group("n5") and about is None:
            about = Named("jet")
        return Symbol(start, end, "count", body, about) if about else None
    if kind in OF_THE_EVENT:
        return Symbol(start, end, kind, body, Named("event"))
    variable = "d0_sig" if kind == "d0_sig2" else kind
    about = _about(match, body)
    if kind == "mass" and about is None:
        return None
    if about is not None and about.object == "vertex":
        about = None  # the vertex is what d_0 is measured from
    return Symbol(start, end, variable, body, about)
