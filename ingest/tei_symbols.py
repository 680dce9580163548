"""Symbols whose sub- and superscripts GROBID has flattened, written as they were where there is no doubt.

GROBID sets all scripts on the line: `p T`, `E miss T`, `10 −4`, `fb −1`. What can only be a script is raised or lowered
again, as the PDF reader writes it; what might be two words stays as it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ingest.pdffonts import without_look_alikes
from ingest.pdfnotation import spaced

_Replacement = str | Callable[[re.Match[str]], str]

# Not the end of a word, nor of a script; a number may stand right before a symbol: `2p T`.
_LONE = r"(?<![^\W\d])(?<![\^_.])"
# What stands raised above the T of p_T or E_T.
_RAISED = (
    r"miss|jets?\d?|lep|had|ISR|sum|rel|ratio|(?:var)?cone(?:20|30|40)?|topo|iso|trk|track|tag|probe"
    r"|[ℓlγτjVZWHeμ]\d?|ℓℓ|ll|γγ|jj|bb|b\d"
)
_PARTICLE = r"[ℓleμτγjbZWH]"
_CHARGE = r" ?[+\-±∓]"
_WORDS = (
    "is|be|of|to|in|at|or|and|for|with|the|are|was|has|had|if|as|by|on|we|no|not|its|per|than|that|this|when|where"
    "|then|but|from|into|GeV|TeV|MeV|mm|cm|fb|pb|ns|ps|rad|Hz|kHz|MHz"
)


def _daughters(match: re.Match[str]) -> str:
    script = re.sub(r" ?([+\-±∓])", r"^\1", match[2]).replace(" ", "")
    return f"{match[1]}_{{{script}}}" if "^" in script else f"{match[1]}_{script}"


_RULES: tuple[tuple[re.Pattern[str], _Replacement], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"√\s+(?=\S)", "√"),
        (r"√s ?NN(?!\w)", "√s_NN"),
        (rf"{_LONE}([pEHSL]⃗?) ({_RAISED}) T(?!\w)", r"\1_T^\2"),
        (rf"{_LONE}([pEH]⃗?) ?T ?miss(?!\w)", r"\1_T^miss"),
        (rf"{_LONE}([mM]) ?T ?2(?![\w.])", r"\1_T2"),
        # Not the initials of a person.
        (rf"{_LONE}([pEkHSLmM]) T(?!\w)(?! [A-Z][a-z])", r"\1_T"),
        (r"([Σ∑]) ?([pEH]) T(?!\w)", r"\1\2_T"),
        (rf"{_LONE}pT(?!\w)", "p_T"),
        (r"(?<=anti-)k ?([tT])(?!\w)", r"k_\1"),
        (rf"{_LONE}([dz]) 0(?![\w.])", r"\1_0"),
        (rf"{_LONE}([dz]) (PV|BL|BS) 0(?![\w.])", r"\1_0^\2"),
        (r"\((Δ\w)\) 2(?![\w.])", r"(\1)^2"),
        (rf"{_LONE}([dL]) xy(?!\w)", r"\1_xy"),
        (r"\|\s*d z\s*\|", "|d_z|"),
        (r"[Δ∆] ([Rηφy])(?![A-Za-z])", r"Δ\1"),
        (r"\|\s*(η|y|φ|z|Δη|Δφ|Δy|d_0|z_0|d_xy)\s*\|", r"|\1|"),
        (r"χ 2(?![\w.])", "χ^2"),
        (r"τ 21(?!\w)", "τ_21"),
        (r"α T(?!\w)", "α_T"),
        (rf"{_LONE}([mM]) (eff|CT)(?!\w)", r"\1_\2"),
        (rf"{_LONE}M J(?!\w|/)(?! [A-Z][a-z])", "M_J"),
        (rf"{_LONE}N (b[- ]jets)(?= ?[<>≤≥=]|$)", r"N_{\1}"),
        (rf"{_LONE}N (jets?|b|j|ℓ)(?!\w|[ -](?:jets|tags))", r"N_\1"),
        (rf"{_LONE}I (rel|mini)(?!\w)", r"I_\1"),
        (rf"(?<!\d ){_LONE}m ([ZWH])(?!\w)", r"m_\1"),
        (rf"{_LONE}([RTN]) (AA|pA|pPb)(?!\w)", r"\1_\2"),
        (r"σ (pp|AA)(?!\w)", r"σ_\1"),
        # All of the particles with their charges or none: in `m ℓℓ − m Z` the sign is a minus.
        (rf"{_LONE}([mM]) ({_PARTICLE}{_CHARGE} ?{_PARTICLE}{_CHARGE})(?! ?[\d(]| ?\w\b)", _daughters),
        (rf"{_LONE}([mM]) (4ℓ|4l|{_PARTICLE}(?: ?{_PARTICLE}){{1,3}})(?!\w)", _daughters),
        (rf"{_LONE}([eμτℓ]) ?\+ ?\1 ?-(?! ?[\d(]| ?\w\b)", r"\1^+\1^-"),
        (rf"{_LONE}([eμτℓ]) ?± ?([eμτℓ]) ?∓", r"\1^±\2^∓"),
        (rf"{_LONE}([WHπK]) ±(?= [A-Za-z]|[,.;)])", r"\1^±"),
        (rf"{_LONE}([afpnμm]b) ?-1(?![\d.])", r"\1^-1"),
        (r"(?<=[×·] )10 (-?\d{1,2})(?![\d.])", r"10^\1"),
        (rf"{_LONE}10 (\d\d) (?=cm)", r"10^\1 "),
        (r"(?<=\d )(cm|m|s) -([123])(?![\d.])", r"\1^-\2"),
        (r"(?<=m\^-2 )s -1(?![\d.])", "s^-1"),
        # One letter, then a short word, then a relation: only an index stands there.
        (
            rf"{_LONE}([B-HJ-Zb-zα-ω]) (?!(?:{_WORDS}) )([A-Za-zℓ][A-Za-z0-9ℓ]{{0,3}})(?= ?[<>≤≥=](?!=))",
            r"\1_\2",
        ),
        (rf"{_LONE}([jℓ]) ([1-9n])(?![\w.])", r"\1_\2"),
        # What a script has pushed apart: p_T -dependent, E_T^miss /√H_T, p_T (j_1 ).
        (r"([_^]\w+) -(?=[a-z]{3})", r"\1-"),
        (r"([_^]\w+) (?:/ ?(?=[√Σ∑]|[A-Za-z]+_)|/(?=[A-Za-z]))", r"\1/"),
        (r"([_^][\w{}]+) \|(?=\s*[<>≤≥=/,.;)]|$)", r"\1|"),
        (r"([_^]\w+) (?=\((?:[jℓlbγeμτ](?:_\w)?|N_j|incl\.?) ?\))", r"\1"),
    )
)


def readable(text: str) -> str:
    """Write text from GROBID as the other readers write it, on one line.

    >>> readable("muons with  p T >25GeV, | η | <2.4 and E miss T > 0.5 TeV in 36.1 fb −1")
    'muons with p_T > 25 GeV, |η| < 2.4 and E_T^miss > 0.5 TeV in 36.1 fb^-1'
    >>> readable("clustered by the anti-k T algorithm with R = 0.4; the range 80 < m ℓℓ < 100 GeV")
    'clustered by the anti-k_T algorithm with R = 0.4; the range 80 < m_ℓℓ < 100 GeV'
    """
    text = " ".join(without_look_alikes(text).split())
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return re.sub(r" +:(?= |$)", ":", spaced(text))
