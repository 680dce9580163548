"""What code does on probe events, set against the criteria: a table with a verdict for each cut."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from codegen.dataset import Dataset
from codegen.profile import Profile
from codegen.result import CutProbes, ProbePoint, Probes, rounded
from codegen.runner import Measured, run_analysis
from codegen.sandbox import Policy
from eval.probes.lines import Line, lines
from eval.probes.probe import Found, Probe
from eval.probes.search import Search
from eval.probes.specimen import Row, is_readable, write_rows
from eval.probes.trial import Bins, Trial
from kb.ssc import SelectionCriteria

Verdict = Literal["proven", "wrong", "not_provable"]
SAMPLE, BINS, ALONE = "probes", "bins", "_alone"
_CODED = 14
"""Events that share a file whose histograms are looked at: the n-th is repeated 2ⁿ times, so that sums can be read."""


def probe(
    criteria: SelectionCriteria,
    dataset: Dataset,
    script: Path,
    measured: Measured,
    *,
    policy: Policy | None = None,
    seed: int = 1,
) -> Probes:
    """Make events on both sides of every threshold, run the code on them, sandboxed, and judge it cut by cut.

    Nothing of the code is looked at but its masks, and its histograms for cuts that no mask depends on; `measured`, of
    any run of it, tells its steps. The same arguments give the same table.
    """
    table = Table.of(criteria, dataset.profile, measured, seed=seed)
    if not table.rows:
        return table.judged({})
    given = (path for sample in dataset.samples.values() for path in sample.files)
    template = next((path for path in given if is_readable(path, dataset.profile.tree)), None)
    with TemporaryDirectory(prefix="cutbook-probes-") as folder:
        files = table.write(Path(folder), template)
        workers = len(os.sched_getaffinity(0))
        run = run_analysis(script, files, Path(folder) / "runs", policy, alone=True, workers=workers)
        return table.judged(run.samples)


class Shown(Protocol):
    """What code did on one file of probe events."""

    @property
    def masks(self) -> Mapping[str, Any]:
        """Its masks by name."""
        ...

    @property
    def measured(self) -> Measured:
        """Its counts and histograms."""
        ...


@dataclass(frozen=True)
class _Miss:
    """The first mask on which code and criteria differ for an event."""

    line: str | None
    cut_ids: tuple[str, ...]
    passes: bool


@dataclass(frozen=True)
class _Wanted:
    """A mask by its key, and for each probe event what it must be."""

    region: str | None
    cut_ids: tuple[str, ...]
    key: str
    must: npt.NDArray[np.bool_]
    where: npt.NDArray[np.bool_] | None = None
    """The events for which it is known; None for all."""


class Table:
    """Probe events in one file, and those whose bins are looked at in others."""

    def __init__(self, search: Search, found: Found, *, cuts_away: bool = False) -> None:
        self.seed = search.seed
        self.trial: Trial = search.trial
        self.anatomy = search.anatomy
        self.lines: Sequence[Line] = list(search.lines.values())
        self.found = found
        self.cuts_away = cuts_away
        """Whether the code shows what each requirement cuts away, which takes the masks of steps by themselves."""
        self.rows: list[Row] = [row for probe in found.probes for row in probe.rows]
        self.coded = [row for probe in found.probes if probe.hidden for row in probe.rows[:2]]

    @classmethod
    def of(cls, criteria: SelectionCriteria, profile: Profile, measured: Measured, *, seed: int = 1) -> Table:
        """Search for probe events for code of which `measured` tells the steps."""
        search = Search(criteria, profile, lines(measured), drawn=measured.histograms, seed=seed)
        cuts_away = any(histogram.without is not None for histogram in measured.histograms.values())
        return cls(search, search.run(), cuts_away=cuts_away)

    def write(self, folder: Path, template: Path | None = None) -> dict[str, Sequence[Path]]:
        """Write the events into ROOT files, by sample; the types of branches are those of the template."""
        files: dict[str, Sequence[Path]] = {SAMPLE: [folder / f"{SAMPLE}.root"]}
        write_rows(folder / f"{SAMPLE}.root", self.anatomy, self.rows, template)
        for number, start in enumerate(range(0, len(self.coded), _CODED)):
            part = self.coded[start : start + _CODED]
            repeated = [row for power, row in enumerate(part) for _ in range(1 << power)]
            path = folder / f"{BINS}{number}.root"
            write_rows(path, self.anatomy, repeated, template)
            files[f"{BINS}{number}"] = [path]
        return files

    # Verdicts ---------------------------------------------------------------------------------------------------------

    def is_met(self, masks: Mapping[str, Any]) -> bool:
        """Say whether masks of code are what they must be for all events."""
        return not any(self._misses(masks))

    def judged(self, shown: Mapping[str, Shown]) -> Probes:
        """Set what the code did on the files, by sample, against what the criteria say."""
        misses = self._misses(shown[SAMPLE].masks) if shown else []
        bins = self._bins(shown)
        by_cut: dict[str, list[tuple[Probe, int, int | None]]] = {}
        row = coded = 0
        for one in self.found.probes:
            by_cut.setdefault(one.cut_id, []).append((one, row, coded if one.hidden else None))
            row += len(one.rows)
            coded += 2 if one.hidden else 0
        blamed = {
            cut_id
            for cut_id, probes in by_cut.items()
            for one, start, _ in probes
            for miss in misses[start : start + len(one.rows)]
            if miss and cut_id in miss.cut_ids and cut_id in self.trial.tests
        }
        sees_alone = bool(shown) and any(key.endswith(ALONE) for key in shown[SAMPLE].masks)
        entries = [
            self._entry(cut_id, by_cut.get(cut_id, []), misses, bins, blamed, sees_alone=sees_alone)
            for cut_id in self.trial.cuts
        ]
        verdicts = [entry.verdict for entry in entries]
        return Probes(
            events=len(self.rows),
            proven=verdicts.count("proven"),
            wrong=verdicts.count("wrong"),
            not_provable=verdicts.count("not_provable"),
            cuts=tuple(entries),
            seed=self.seed,
        )

    def _entry(
        self,
        cut_id: str,
        probes: Sequence[tuple[Probe, int, int | None]],
        misses: Sequence[_Miss | None],
        bins: Sequence[bool],
        blamed: set[str],
        *,
        sees_alone: bool,
    ) -> CutProbes:
        cut = self.trial.cuts[cut_id]
        verdict: Verdict = "proven"
        reason = ""
        for one, start, coded in probes:
            for number in range(len(one.rows)):
                miss = misses[start + number]
                if miss is None:
                    continue
                own = cut_id in miss.cut_ids or not (set(miss.cut_ids) & blamed)
                told = self._told(one, number, miss)
                if own and verdict != "wrong":
                    verdict, reason = "wrong", told
                elif verdict == "proven":
                    others = ", ".join(c for c in miss.cut_ids if c in blamed)
                    verdict, reason = "not_provable", f"the code is wrong at {others}, on which its events depend"
            if verdict == "proven" and coded is not None and not all(bins[coded : coded + 2]):
                verdict, reason = "wrong", f"{one.facet.told()}: a histogram is not filled as it must be"
        if verdict == "proven" and any(one.apart for one, *_ in probes):
            reason = self.found.excluded.get(cut_id, "")
            if not sees_alone:
                verdict = "not_provable"
        absent = self.found.absent.get(cut_id)
        if verdict == "proven" and (absent is not None or cut_id in self.found.because or not probes):
            verdict = "not_provable"
            named = "; ".join(dict.fromkeys(facet.told() for facet in absent or ()))
            because = self.found.because.get(cut_id, "no event was found")
            reason = f"{named}: {because}" if named else because
        return CutProbes(
            cut_id=cut_id,
            statement=cut.statement(),
            verdict=verdict,
            reason=reason,
            events=sum(len(one.rows) for one, *_ in probes),
            points=tuple(_point(one) for one, *_ in probes),
        )

    def _told(self, one: Probe, number: int, miss: _Miss) -> str:
        does, must = ("passes", "must not") if miss.passes else ("does not pass", "must")
        where = f" at {rounded((one.crossing.low, one.crossing.high)[number]):g}" if one.crossing and number < 2 else ""
        mask = f" (mask of {', '.join(miss.cut_ids) or 'the selection'})"
        return f"{one.facet.told()}{where}: the code {does} an event that {must} pass{mask}"

    # Comparison -------------------------------------------------------------------------------------------------------

    @cached_property
    def _wanted(self) -> list[_Wanted]:
        """The masks that are looked at, in the order of the selection, and what they must be."""
        reading = self.trial.reading
        failing = [self.trial.failing(row, self.trial.tests) for row in self.rows]
        baseline = set(reading.baseline)
        selected = np.array([not cuts & baseline for cuts in failing], dtype=bool)
        found: list[_Wanted] = []
        for line in self.lines:
            passed = np.ones(len(failing), dtype=bool)
            for number, (ids, key) in enumerate(zip(line.steps, line.keys, strict=True), start=1):
                passed = passed & np.array([not cuts & set(ids) for cuts in failing], dtype=bool)
                must = passed
                if line.region is not None and number == len(line.steps):
                    regional = set(reading.regional[line.region])
                    must = selected & np.array([not cuts & regional for cuts in failing], dtype=bool)
                if number > line.own or line.region is None:
                    found.append(self._alone(line, number, failing))
                    found.append(_Wanted(line.region, ids, key, must))
            if line.region is None:
                found.append(_Wanted(None, (), "selected", selected))
        return found

    def _alone(self, line: Line, number: int, failing: Sequence[frozenset[str]]) -> _Wanted:
        """Return the mask of a step by itself, which is known for events that fail one other step of the baseline."""
        ids = set(line.steps[number - 1])
        must = np.array([not cuts & ids for cuts in failing], dtype=bool)
        others = [set(step) for place, step in enumerate(line.steps[: line.common], start=1) if place != number]
        where = np.array([sum(bool(cuts & step) for step in others) <= 1 for cuts in failing], dtype=bool)
        if not self.cuts_away:
            # Nothing else comes of these masks: they are asked only where others could not show the cut.
            asked = [
                one.apart and (one.cut_id in ids or self.trial.is_filter(self.trial.cuts[one.cut_id]))
                for one in self.found.probes
                for _ in one.rows
            ]
            where = where & np.array(asked, dtype=bool)
        return _Wanted(line.region, line.steps[number - 1], f"{line.keys[number - 1]}{ALONE}", must, where)

    def _misses(self, masks: Mapping[str, Any]) -> list[_Miss | None]:
        """Return for each event the first mask that is not as it must be."""
        found: list[_Miss | None] = [None] * len(self.rows)
        for wanted in self._wanted:
            if wanted.where is not None and wanted.key not in masks:
                continue
            passes = np.asarray(masks[wanted.key], dtype=bool)
            differs = passes != wanted.must
            for index in np.flatnonzero(differs if wanted.where is None else differs & wanted.where).tolist():
                found[index] = found[index] or _Miss(wanted.region, wanted.cut_ids, bool(passes[index]))
        return found

    def _bins(self, shown: Mapping[str, Shown]) -> list[bool]:
        """Return for each event whose bins are looked at whether it fell into the right ones."""
        right: list[bool] = []
        for number, start in enumerate(range(0, len(self.coded), _CODED)):
            part = self._coded_bins[start : start + _CODED]
            histograms = shown[f"{BINS}{number}"].measured.histograms
            for power, bins in enumerate(part):
                pairs = zip(self.trial.axes, bins, part[power ^ 1], strict=True)
                looked = [(axis.name, bin_) for axis, bin_, other in pairs if bin_ != other]
                right.append(all(_falls(histograms, name, power) == bin_ for name, bin_ in looked))
        return right

    @cached_property
    def _coded_bins(self) -> list[Bins]:
        """The bins that the events must fall into whose bins are looked at."""
        return [self.trial.bins(row) for row in self.coded]


def _falls(histograms: Mapping[str, Any], name: str, power: int) -> int | None:
    """Return the bin that the event repeated 2^power times is in; None if it is in none."""
    if name not in histograms:
        return -1
    return next((b for b, value in enumerate(histograms[name].values) if round(value) >> power & 1), None)


def _point(one: Probe) -> ProbePoint:
    crossing = one.crossing
    where = one.facet.told() + (", in a histogram" if one.hidden else "") + (", by itself" if one.apart else "")
    if crossing is None:
        return ProbePoint(where=where)
    low, high = sorted((rounded(crossing.low), rounded(crossing.high)))
    return ProbePoint(where=where, threshold=rounded(crossing.threshold), below=low, above=high, exact=one.exact)
