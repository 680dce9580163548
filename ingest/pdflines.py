"""Lines of a PDF page: the runs on a baseline with the scripts that hang on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field

from ingest.pdfnotation import SCRIPT_OF_SCRIPT, SHIFT, on_line, takes_limits, written
from ingest.pdfpage import Run

# What a raised or lowered run may be off its line, in ems of the line.
_LOWEST, _HIGHEST = -0.62, 0.85
# How far off its line the range of a sum may stand, in ems.
_FARTHEST = 1.5


@dataclass(slots=True)
class Line:
    """Runs on one baseline `y` with their scripts, left to right; `size` is that of the most text."""

    y: float
    size: float
    runs: list[Run] = field(default_factory=list)
    page: int = 0
    _texts: dict[Set[str], str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def x0(self) -> float:
        """Left end."""
        return min(run.x0 for run in self.runs)

    @property
    def x1(self) -> float:
        """Right end."""
        return max(run.x1 for run in self.runs)

    @property
    def top(self) -> float:
        """Upper edge, about the height of capitals and superscripts."""
        return max(run.y + 0.7 * run.size for run in self.runs)

    @property
    def bottom(self) -> float:
        """Lower edge, about the depth of descenders and subscripts."""
        return min(run.y - 0.22 * run.size for run in self.runs)

    def share(self, attribute: str) -> float:
        """Return the share of characters whose font is `bold`, `italic` or `mono`."""
        total = sum(len(run.text) for run in self.runs)
        return sum(len(run.text) for run in self.runs if getattr(run.font, attribute)) / max(total, 1)

    def text(self, marks: Set[str] = frozenset()) -> str:
        """Return the line as text; superscripts in `marks` that follow a word are footnote marks and left out."""
        if marks not in self._texts:
            self._texts[marks] = written(self.runs, self.y, self.size, marks)
        return self._texts[marks]

    def leading_mark(self) -> str:
        """Return the raised mark a line begins with (as footnotes do), or ""."""
        first = self.runs[0]
        if first.size < 0.85 * self.size and first.y > self.y + 0.12 * self.size and len(self.runs) > 1:
            return first.text
        return ""


def build_lines(runs: Iterable[Run]) -> list[Line]:
    """Return the lines that the runs of one column form, from top to bottom."""
    lines: list[Line] = []
    shelf: dict[int, list[Line]] = defaultdict(list)
    ordinary = [run for run in runs if not run.tall]
    tall = [run for run in runs if run.tall]
    usual = _usual_size(ordinary)
    late: list[list[Run]] = []
    for size_class in _size_classes(ordinary):
        if tall and size_class[0].size < 0.8 * usual:  # scripts hang on sums and brackets, too
            _settle_tall(tall, lines, shelf)
            tall = []
        late.append(_settle(size_class, lines, shelf))
    for waiting in late:  # scripts that follow smaller scripts: the slash and the pion of D_s^(*)+/π^+
        for run in _hung(waiting, shelf):
            _open_line(run, lines, shelf)
    _settle_tall(tall, lines, shelf)
    lines = _woven(sorted(lines, key=lambda line: (-line.y, line.x0)))
    for line in lines:
        line.runs.sort(key=lambda r: (r.x0, r.x1))
        _set_size(line)
    return sorted(lines, key=lambda line: (-line.y, line.x0))


def _size_classes(runs: Sequence[Run]) -> list[list[Run]]:
    """Group runs of about the same size, the largest first: a base is settled before what hangs on it."""
    classes: list[list[Run]] = []
    largest = 0.0
    for run in sorted(runs, key=lambda r: -r.size):
        if not classes or run.size < 0.88 * largest:
            classes.append([])
            largest = run.size
        classes[-1].append(run)
    for members in classes:
        members.sort(key=lambda r: (-r.y, r.x0))
    return classes


def _usual_size(runs: Sequence[Run]) -> float:
    weights: dict[float, int] = defaultdict(int)
    for run in runs:
        weights[round(run.size, 1)] += len(run.text)
    return max(weights, key=lambda size: (weights[size], size), default=10.0)


def _settle(runs: Sequence[Run], lines: list[Line], shelf: dict[int, list[Line]]) -> list[Run]:
    """Put runs of one size on lines; return those that look like scripts but have nothing to hang on yet."""
    waiting = _hung([run for run in runs if not _join(run, shelf, certain=True)], shelf)
    late: list[Run] = []
    for run in waiting:
        if _join(run, shelf, certain=False):
            continue
        if _amid_script(run, shelf):
            late.append(run)
        else:
            _open_line(run, lines, shelf)
    return late


def _hung(waiting: list[Run], shelf: dict[int, list[Line]]) -> list[Run]:
    """Join what hangs on the lines there are, and then what hangs on that; return the rest."""
    while True:  # scripts can hang on scripts of their own size
        rest = [run for run in waiting if not _join(run, shelf, certain=False)]
        if len(rest) == len(waiting):
            return rest
        waiting = rest


def _amid_script(run: Run, shelf: dict[int, list[Line]]) -> bool:
    """Say whether a run stands at a script's height within a larger line."""
    return any(
        run.size < 0.85 * line.size
        and _LOWEST * line.size <= run.y - line.y <= _HIGHEST * line.size
        and line.x0 < run.x0 < line.x1 + 4 * line.size
        for line in _near(run, shelf)
    )


def _open_line(run: Run, lines: list[Line], shelf: dict[int, list[Line]]) -> None:
    line = Line(run.y, run.size, [run])
    lines.append(line)
    shelf[int(run.y // 12)].append(line)


def _near(run: Run, shelf: dict[int, list[Line]]) -> Iterable[Line]:
    bucket = int(run.y // 12)
    for key in (bucket, bucket - 1, bucket + 1, bucket - 2, bucket + 2):
        yield from shelf.get(key, ())


def _join(run: Run, shelf: dict[int, list[Line]], *, certain: bool) -> bool:
    best: tuple[float, Line] | None = None
    for line in _near(run, shelf):
        off = run.y - line.y
        if abs(off) <= 0.03 * line.size or (abs(off) <= 0.12 * line.size and run.size >= 0.85 * line.size):
            cost = abs(off)
        elif abs(off) <= SHIFT * line.size and run.size >= 0.85 * line.size:
            gap, _ = _beside(run, line)
            if gap > 0.6 * line.size:
                continue
            cost = 1 + gap + abs(off)
        elif run.size < 1.05 * line.size and abs(off) < _FARTHEST * line.size:
            hanging = _hanging(run, line, certain=certain)
            if hanging is None:
                continue
            cost = 1 + hanging
        else:
            continue
        if best is None or cost < best[0]:
            best = (cost, line)
    if best is None:
        return False
    best[1].runs.append(run)
    return True


def _beside(run: Run, line: Line) -> tuple[float, Run]:
    return min(
        ((max(other.x0 - run.x1, run.x0 - other.x1, 0.0), other) for other in line.runs), key=lambda pair: pair[0]
    )


def _hanging(run: Run, line: Line, *, certain: bool) -> float | None:
    """Return how far a run is from the run of a line that it hangs on as a script, or None where there is none."""
    best: float | None = None
    for holder in line.runs:
        rise = run.y - holder.y
        scale = max(holder.size, run.size)
        lowest, highest = (2.2 * _LOWEST, _HIGHEST) if holder.tall else (_LOWEST, _HIGHEST)
        if holder.size < 0.9 * run.size:  # the smaller script before it stands higher or lower than it itself
            lowest, highest = -_HIGHEST, _HIGHEST
        if run.size < 0.85 * line.size and takes_limits(holder) and run.x0 < holder.x1 and run.x1 > holder.x0:
            lowest, highest = -_FARTHEST, _FARTHEST if holder.tall else 0.0  # nothing stands above a minimum
        elif min(run.x1, holder.x1) - max(run.x0, holder.x0) > 0.3 * line.size:  # it stands over a word, not behind it
            continue
        if not lowest * scale <= rise <= highest * scale:
            continue
        gap = max(holder.x0 - run.x1, run.x0 - holder.x1, 0.0)
        # A footnote's mark may stand off its text.
        reach = 1.1 if run.x1 <= holder.x0 and rise > 0.2 * line.size else 0.45
        if gap > reach * line.size:
            continue
        if holder.size < 1.1 * run.size and (certain or not _is_script(holder, line)):
            continue
        distance = gap + 0.6 * abs(rise)
        if best is None or distance < best:
            best = distance
    return best


def _is_script(run: Run, line: Line) -> bool:
    """Say whether a run of a line is a script; one of a script may happen to stand on the line."""
    return abs(run.y - line.y) > SHIFT * line.size or (
        run.size < 0.85 * line.size
        and (abs(run.y - line.y) > 0.03 * line.size or run.size < SCRIPT_OF_SCRIPT * line.size)
    )


def _settle_tall(runs: list[Run], lines: list[Line], shelf: dict[int, list[Line]]) -> None:
    for run in runs:
        around = [
            (abs(line.y - run.y) + min(_beside(run, line)[0], 30.0), index, line)
            for index, line in enumerate(_near(run, shelf))
            if abs(line.y - run.y) < 1.6 * run.size
        ]
        if around:
            line = min(around, key=lambda item: item[:2])[2]
            run.y = line.y
            line.runs.append(run)
        else:
            _open_line(run, lines, shelf)


def _woven(lines: list[Line]) -> list[Line]:
    """Join lines a fraction of an em apart whose pieces continue one another: boxes shifted in a table's cell."""
    result: list[Line] = []
    for line in lines:
        upper = result[-1] if result else None
        # Lines of text stand an em apart at least; what is nearer is one line with boxes shifted up or down.
        if upper is not None and upper.y - line.y <= SHIFT * min(line.size, upper.size):
            less, more = sorted((upper, line), key=lambda one: sum(len(run.text) for run in one.runs))
            more.runs.extend(less.runs)
            result[-1] = more
            continue
        result.append(line)
    return result


def _set_size(line: Line) -> None:
    weights: dict[float, int] = defaultdict(int)
    for run in line.runs:
        if on_line(run, line.y, line.size):
            weights[round(run.size, 1)] += len(run.text)
    line.size = max(weights, key=lambda size: (weights[size], size))


def chunks(line: Line, gap: float, cuts: Sequence[float] = ()) -> list[Line]:
    """Split a line where words stand more than `gap` points apart or a vertical rule (at `cuts`) runs between."""
    parts: list[Line] = []
    end = 0.0
    for run in line.runs:
        if parts and run.x0 - end <= gap and not any(end - 1 <= cut <= run.x0 + 1 for cut in cuts):
            parts[-1].runs.append(run)
            end = max(end, run.x1)
        else:
            parts.append(Line(line.y, line.size, [run], line.page))
            end = run.x1
    return parts
