"""Recognise the symbols of variables, with what they are taken of: `p_T^ℓ`, `m_4ℓ`, `|η|`, `Δφ(jet, E_T^miss)`.

Canonical text writes subscripts and superscripts with `_` and `^`; text from PDF often lacks them (`pT`, `Emiss T`,
`mℓℓ`, `Njets`), so both are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.distil.particles import Named, compose, named
from kb.distil.rulebook import rulebook

_SUB = r"(?:_\{(?:[^{}]|\{[^{}]*\})*\}|_\((?:[^()]*)\)|_(?:[A-Za-z0-9α-ωΑ-Ωℓ]|J/ψ)+(?:[\^_][A-Za-z0-9+*±-]+)?[+*±]*)"
_SUP = r"(?:\^\{(?:[^{}]|\{[^{}]*\})*\}|\^\((?:[^()]*)\)|\^[A-Za-z0-9α-ωΑ-Ωℓ*+±-]+)"
_DECOR = rf"(?:{_SUB}|{_SUP})*"
_ARGS = r"(?:\s?\((?P<args>(?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\))"
_L = r"(?:(?<![A-Za-zα-ωΑ-Ωℓ0-9_^\\])|(?<=\.\d)|(?<=\.\d\d)|(?<=\.\d\d\d))"  # `0.05E_T` is a product
_T = r"_?\{?T\}?"
_MISS = (
    r"(?:[EpP]\s?[_^]?\{?miss\}?[ _^,]*\{?T(?![A-Za-z])\}?|[EpP]_\{T,\s?\w+\}\^\{?miss\}?"
    r"|[EpP]_?\{?T[\s,_^]{0,2}\{?(?:miss|inv)\}?|MET(?![A-Za-z])"
    r"|/E_?T|E̸_?T)"
)
_CONST = r"[mM](?:_?\{?(?:Z|W|H|h|t|top|φ|J/ψ)\}?|_\{[ZWHht]\}|\([ZWHt]\)|_PDG)(?:\^PDG)?(?![A-Za-z0-9ℓ(])"
_GLUED = r"(?:4ℓ|4l|3ℓ|2ℓ|ℓℓγ|ℓγ|ℓ+|llγ|ll|ee|μ+|eμ|μe|eγ|μγ|bb|jjj|jj|γγ|12|34|ℓj|bℓ|ℓb|ττ)"


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
    told: tuple[int, int] | None = None  # where in the document the paper explains it


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
_RULES: dict[str, str] = {
    kind: re.sub(r"<([A-Z_]+)>", lambda piece: _PIECES[piece.group(1)], rule)
    for kind, rule in rulebook("notation").items()
}
_EACH = {kind: re.compile(rule) for kind, rule in _RULES.items()}
_NAMELESS = {kind: re.sub(r"\?P<\w+>", "?:", rule) for kind, rule in _RULES.items()}
_ANY = re.compile(f"{_L}(?:{'|'.join(f'(?P<{kind}>{rule})' for kind, rule in _NAMELESS.items())})")
_GATE = re.compile(
    r"[pPEqQ]|n_|"
    r"[DC]_?\{?[12VWZb]|BDT|η|[mM]|Δ|χ|DLL|ProbNN|σ|d_?0|dPV|d_?\{?xy|z_?0|z|[NHSLIRατ]|cos|\|y|y_?\^?\*|c ?τ"
)
DISTANCES = frozenset({"delta_r", "delta_phi", "delta_eta"})
"""Of two objects from each other."""
OF_THE_EVENT = frozenset(
    {"ht", "st", "lt", "meff", "mt", "mt2", "mct", "mj", "mr", "r2", "alpha_t", "mht", "aplanarity", "sphericity"}
)
"""Variables of the event as a whole, whatever they are computed from."""
_FREEDOM = re.compile(r"n_\{?(?:dof|ndf|df)\}?", re.IGNORECASE)  # degrees of freedom
_GROOMED = re.compile(r"SD|[Ss]oft|PUPPI|[Pp]rune|[Tt]rim|[Gg]room|calo|comb|vis|reco|inv")  # ways to measure a mass
_OF_ANYTHING = {"mt", "meff", "mt2", "chi2", "mct", "ht", "st"}  # whatever stands in brackets is their argument


def _of_pair(body: str) -> Named | None:
    """`η_j1 · η_j2` is of two jets."""
    of = [one for index in re.findall(r"η[_^]?[{(]?(\w+)", body) if (one := named(index))]
    return Named(compose(tuple(one.object for one in of))) if len(of) == 2 else None


def symbols(text: str) -> Iterator[Symbol]:
    """Yield the symbols of a plain text, from left to right, longest first.

    >>> [(s.variable, s.about and s.about.object) for s in symbols("m_4ℓ > 5, p_T(j_1), Emiss T and |mℓℓ - mZ|")]
    [('mass', 'fourlepton'), ('pt', 'jet'), ('pt', 'met'), ('mass', 'lepton_pair')]
    """
    if not _GATE.search(text):
        return
    for found in _ANY.finditer(text):
        kind = found.lastgroup or ""
        match = _EACH[kind].match(text, found.start())
        symbol = _symbol(kind, match) if match else None
        if symbol:
            yield symbol


def _symbol(kind: str, match: re.Match[str]) -> Symbol | None:
    start, body = match.start(), match.group()
    args = match.groupdict().get("args")
    if args is not None and named(args) is None and kind not in _OF_ANYTHING:
        # the bracket belongs to the sentence ("p_T (electrons)"), not to the symbol
        cut = body.rfind("(" + args)
        if cut > 0:
            body = body[:cut].rstrip()
            if kind == "mass" and len(body) <= 1:
                return None

    def made(variable: str, about: Named | None, name: str | None = None, window: str | None = None) -> Symbol:
        return Symbol(start, start + len(body), variable, body, about, name, window)

    match kind:
        case "window" | "window2":
            inner, reference = match.group("inner", "ref") if kind == "window" else match.group("inner2", "ref2")
            inside = next(iter(symbols(inner)), None)
            return made("mass", inside.about if inside else None, window=reference)
        case "named":
            return made("other", Named("jet_pair") if "*" in body else None, body)
        case "eta_centred":
            return made("other", _about(match, body.split("-")[0]), body)
        case "eta_product":
            return made("other", _of_pair(body), body)
        case "charge_product":
            of = [one for group in re.findall(r"[qQ](?:_\{?|\()(\w+(?:_\{\w+\})?)", body) if (one := named(group))]
            return made(kind, Named(compose(tuple(one.object for one in of))) if len(of) == 2 else Named("lepton_pair"))
        case "met":
            return made("pt", Named("met"))
        case "met_rel":
            return made("other", Named("met"), body)  # times the sine of the angle to what is nearest
        case "met_sig":
            return made("met_sig", Named("met"))
        case "vector_sum":
            return made("pt", Named("lepton_met"), "vector sum")
        case "met_ratio":
            return made("ratio", Named("event"), body)
        case "pt_over_mass":
            return made("ratio", _about(match, body[: body.index("/")]), body)
        case "pt_ratio" | "pt_fraction" | "pt_error" | "r9":
            return made("ratio", _about(match, body), body)
        case "pt_rel" | "sigma_iphiiphi":
            return made("other", None, body)
        case "cos":
            return made("other", _about(match, body), body)
        case "discriminant" if re.match(r"\|?\s?f?JV|DLL|ProbNN|D_?\{?(?:[12]jet|[VWZ]H)", body):
            return made("discriminant", None)  # of a track that may be either of them, or of the event
        case "z0_sig":
            return made("other", _about(match, body), "z0 significance")
        case "iso":
            return made("iso_rel" if match.group("over") else "iso_abs", None)
        case "count":
            if _FREEDOM.fullmatch(body):
                return made("other", None, body)
            about = _about(match, body) or (Named("jet") if match.group("n5") else None)
            return made("count", about) if about else None
        case "d0_sig2":
            return made("d0_sig", _about(match, body))
        case _ if kind in OF_THE_EVENT:
            return made(kind, Named("event"))
    about = _about(match, body if kind != "z0" else "z")  # the Z of d_Z is no boson
    if kind == "mass" and about is None and not _GROOMED.search(body):
        return None
    return made(kind, about)


def _about(match: re.Match[str], body: str) -> Named | None:
    """Return what a symbol is of: its arguments, else its indices."""
    groups = match.groupdict()
    for key in ("args", "mid", "comma", "n1", "n2", "n3", "n4"):
        found = named(groups[key]) if groups.get(key) else None
        if found:
            return found
    index = re.sub(r"^\|?\s?(?:min\s?)?\|?Δ?\s?[A-Za-zηφχσ]", "", body).strip("| ")
    for piece in re.findall(r"[_^]\{((?:[^{}]|\{[^{}]*\})*)\}|[_^]([^_^{}()|\s]+)", index):
        mark = (piece[0] or piece[1]).removeprefix("T").strip(",^_{} ")
        found = named(mark) if "Δ" not in body or not mark.isdigit() else None  # of the first two, whatever they are
        if found:
            return found
    bare = re.match(rf"_?({_GLUED})", index)
    return named(bare.group(1)) if bare and not ("Δ" in body and bare.group(1).isdigit()) else None
