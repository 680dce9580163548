"""How the runs of a line are written: scripts, limits, roots and spaces by geometry.

`p` with a lowered `T` becomes `p_T`, `E` with `miss` above `T` becomes `E_T^miss` (subscript first), `fb` with a
raised `−1` becomes `fb^-1`. Scripts that would be ambiguous without them get braces: `N_{b jets}`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from ingest.pdfpage import Run

# Full-size text may be shifted this far (in ems) and still stand on the line: boxes in tables.
SHIFT = 0.2
# What is smaller than this, in sizes of its line, is the script of a script.
SCRIPT_OF_SCRIPT = 0.62
# Gap, in ems, from which two runs are two words: TeX's thin space is 0.167 em, kerns stay below 0.1 em.
_WORD_GAP = 0.125
# Between a letter of a formula and itself, where TeX adds the slant of the first: the protons of pp.
_SYMBOL_GAP = 0.3
# Between a script and what opens behind it: TeX sets half a point after scripts.
_ARGUMENT_GAP = 0.22
# Behind a comma and between numbers, as in 27 (20), where nothing else makes a gap; Times has the thinnest spaces.
_THIN_GAP = 0.09
# What stands above or below a sum or a minimum, and from what distance (in ems of the line) on.
_LIMITED = frozenset(("max", "min", "lim", "sup", "inf"))
_FAR = 0.8

# A script that needs no braces: a word or number, perhaps signed, starred or accented; signs alone; 1/2.
_MARKED = r"[^\W_](?:[^\W_]|[′'*†‡%\u0300-\u036f\u20d7])*"
_SIGNS = r"[+\-±∓*†‡′]+"
_HYPHENED = r"[^\W\d_]+(?:-[^\W\d_]{2,})+"
_PLAIN_SCRIPT = re.compile(
    rf"[+\-]?{_MARKED}|{_HYPHENED}|-?\d+\.\d+|{_SIGNS}|\((?:{_MARKED}|{_SIGNS})\)[+\-±0]*|[+\-]?\d+/\d+"
)
_MISSING = re.compile(r"([EHPp])\u0338_T(?:\^miss)?")
_UNCERTAINTY = re.compile(r"[+-]\s?[\d.]+")
_PLAIN_RADICAND = re.compile(r"[^\W\d_]*[\u0303\u0304]?(?:_\w+|_\{[^{}]*\})?|[\d.]+")
_THREE_DIGITS = re.compile(r"\d{3}(?!\d)")
_THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}(?:\d{3})*$")
# What ends a script that a letter behind it is not taken for a part of: e^+e^-.
_NO_PART_OF_A_WORD = ("}", "′", "+", "-", "±", "∓")
_RELATIONS = "<>≤≥=≠≈≃≅≡≪≫≲≳∈∉→⇒←↔×±"
_SPACED = re.compile(rf"(?<![\^_{_RELATIONS}])\s*([{_RELATIONS}]+)\s*")
_UNITS = "GeV|TeV|MeV|keV|fb|pb|nb|mm|cm|km|ns|ps|rad|mrad|kHz|MHz|Hz"
_GLUED_UNIT = re.compile(rf"(?<![\w^_./-])(\d+(?:\.\d+)?)({_UNITS})\b")


def written(runs: Sequence[Run], y: float, size: float, marks: Set[str] = frozenset()) -> str:
    """Return runs, from left to right, as text on the baseline `y`; raised `marks` behind words are left out."""
    return _MISSING.sub(r"\1_T^miss", spaced(_render(runs, y, size, marks)))


def takes_limits(run: Run) -> bool:
    """Say whether something can stand above or below a run, as the range of a sum does."""
    return run.tall or run.text in _LIMITED


def on_line(run: Run, y: float, size: float) -> bool:
    """Say whether a run stands on the baseline `y` rather than raised or lowered."""
    off = abs(run.y - y)
    return run.tall or off <= 0.03 * size or (off <= SHIFT * size and run.size >= 0.85 * size)


def _limits_behind(runs: Sequence[Run], y: float, size: float) -> list[Run]:
    """Return the runs with those above or below a sum, which may be wider than it, moved behind it."""
    ordered = list(runs)
    for sign in [run for run in runs if takes_limits(run) and on_line(run, y, size)]:
        centre = (sign.x0 + sign.x1) / 2
        for above in (True, False):
            far = [
                run
                for run in ordered
                if (run.y > y) == above and abs(run.y - y) > _FAR * size and not on_line(run, y, size)
            ]
            limits = _joined_around(centre, far)
            if limits and abs((limits[0].x0 + limits[-1].x1) / 2 - centre) < 0.35 * size:
                ordered = [run for run in ordered if run not in limits]
                ordered[ordered.index(sign) + 1 : ordered.index(sign) + 1] = limits
    return ordered


def _joined_around(centre: float, runs: Sequence[Run]) -> list[Run]:
    """Return the runs without a gap between them that stand over or under a place."""
    groups: list[list[Run]] = []
    for run in sorted(runs, key=lambda r: r.x0):
        if groups and run.x0 - groups[-1][-1].x1 < 0.5 * run.size:
            groups[-1].append(run)
        else:
            groups.append([run])
    return next((group for group in groups if group[0].x0 <= centre <= group[-1].x1), [])


def _render(runs: Sequence[Run], y: float, size: float, marks: Set[str]) -> str:
    runs = _limits_behind(runs, y, size)
    out: list[str] = []
    end: float | None = None
    after_script = False
    index = 0
    while index < len(runs):
        run = runs[index]
        if on_line(run, y, size):
            gap = _gap(runs[index - 1] if index else None, run, "".join(out[-3:]), after_script=after_script)
            apart = end is not None and run.x0 - end > gap * max(min(run.size, size), 6.0)
            # After a script without braces a letter would read as part of it.
            if apart or (after_script and run.text[0].isalnum()):
                out.append(" ")
            after_script = False
            out.append(run.text)
            end = run.x1 if end is None else max(end, run.x1)
            index += 1
            if run.reach > run.x1:
                stop = index
                while stop < len(runs) and (runs[stop].x0 + runs[stop].x1) / 2 < run.reach:
                    stop += 1
                radicand, behind = _render(runs[index:stop], y, size, frozenset()), ""
                if (
                    stop > index and runs[stop - 1].x1 > run.reach + 0.1 * size
                ):  # a comma set in one with the last letter
                    bare = radicand.rstrip(".,;:")
                    radicand, behind = bare, radicand[len(bare) :]
                out.append((radicand if _PLAIN_RADICAND.fullmatch(radicand) else f"({radicand})") + behind)
                end = max([end, *(r.x1 for r in runs[index:stop])])
                index = stop
            continue
        stop = index
        while stop < len(runs) and (not on_line(runs[stop], y, size) or _nested(runs[stop], runs[stop - 1], size)):
            stop += 1
        cluster = runs[index:stop]
        # Two scripts with a word's gap between them belong to different words only if a base lies between.
        script = _scripts(cluster, y, size, "".join(out), marks)
        if end is not None and cluster[0].x0 - end > 0.4 * size:
            out.append(" ")
        out.append(script)
        after_script = bool(script) and not script.endswith(_NO_PART_OF_A_WORD)
        end = max(r.x1 for r in cluster) if end is None else max(end, *(r.x1 for r in cluster))
        index = stop
    return "".join(out)


def _gap(before: Run | None, run: Run, text: str, *, after_script: bool) -> float:
    """Return from which gap on, in ems, a space parts a run from the one before it, whose `text` is written."""
    if before is None:
        return _WORD_GAP
    if _are_symbols(before, run):
        return _SYMBOL_GAP
    if _is_symbol(before) and _is_symbol(run):
        return _ARGUMENT_GAP
    if run.text[0] in "(|" and (after_script or _is_symbol(before)):
        return _ARGUMENT_GAP
    if _THREE_DIGITS.match(run.text) and _THOUSANDS.search(text):  # 10 000 is set with a thin space
        return _ARGUMENT_GAP
    thin = text.endswith(",") or (run.text[0] == "(" and text[-1:].isdigit())
    return _THIN_GAP if thin else _WORD_GAP


def _are_symbols(one: Run, other: Run) -> bool:
    return one.font is other.font and one.text == other.text and _is_symbol(one)


def _is_symbol(run: Run) -> bool:
    return run.font.italic and len(run.text) == 1 and run.text.isalpha()


def _nested(run: Run, before: Run, size: float) -> bool:
    """Say whether a run is the script of a script, although it happens to stand on the line."""
    return run.size < SCRIPT_OF_SCRIPT * size and run.x0 - before.x1 < 0.1 * size and not run.tall


def _scripts(cluster: Sequence[Run], y: float, size: float, before: str, marks: Set[str]) -> str:
    largest = max(run.size for run in cluster)
    anchors = [run for run in cluster if run.size >= 0.87 * largest]
    lower = [run for run in anchors if run.y < y]
    upper = [run for run in anchors if run.y >= y]
    for run in cluster:
        if run.size >= 0.87 * largest:
            continue
        gap_low, gap_up = (
            min((max(a.x0 - run.x1, run.x0 - a.x1, 0.0) for a in side), default=1e9) for side in (lower, upper)
        )
        near_low = min((abs(a.y - run.y) for a in lower), default=1e9) + 3 * gap_low
        near_up = min((abs(a.y - run.y) for a in upper), default=1e9) + 3 * gap_up
        (lower if near_low <= near_up else upper).append(run)
    parts: dict[str, str] = {}
    primes = ""
    for sign, side in (("_", lower), ("^", upper)):
        if not side:
            continue
        side.sort(key=lambda r: (r.x0, r.x1))
        ground = max(side, key=lambda r: (round(r.size, 1), len(r.text)))
        text = _render(side, ground.y, ground.size, frozenset()).strip()
        if not text:
            continue
        if sign == "^" and text in marks and re.search(r"[a-z]{3}$|[.,;:)\]”’]$", before):
            continue
        if not text.strip("′'"):
            primes = text
        else:
            parts[sign] = text
    if len(parts) == 2 and all(_UNCERTAINTY.fullmatch(text) for text in parts.values()):
        return f" ^{{{parts['^']}}}_{{{parts['_']}}}"
    if parts == {"^": "◦"} and before[-1:].isdigit():
        return "°"
    return "".join(sign + _braced(text) for sign, text in parts.items()) + primes


def _braced(text: str) -> str:
    return text if _PLAIN_SCRIPT.fullmatch(text) else "{" + text + "}"


def spaced(text: str) -> str:
    """Put one space around relations and before units, and none inside brackets; scripts in braces stay as they are.

    >>> spaced("pT >30GeV and |η|<2.47")
    'pT > 30 GeV and |η| < 2.47'
    """
    parts = re.split(r"(\{[^{}]*\})", text)
    for index in range(0, len(parts), 2):
        part = _SPACED.sub(r" \1 ", parts[index])
        part = _GLUED_UNIT.sub(r"\1 \2", part)
        part = re.sub(r"(?:(?<=[a-z]{2} )|(?<=^))([±∓]) (?=\d)", r"\1", part)  # an uncertainty of ±5%
        part = re.sub(r"([(\[⟨]) +", r"\1", part)
        part = re.sub(r"/ +√", "/√", part)
        part = re.sub(r"J/ψ(?=[^\W\d_])", "J/ψ ", part)  # a particle of its own in J/ψ π
        part = re.sub(r"∼ +(?=[\d.])", "∼", part)
        part = re.sub(r" +([)\]⟩,;.])(?!\d)", r"\1", part)
        parts[index] = re.sub(r" {2,}", " ", part)
    return "".join(parts).strip()
