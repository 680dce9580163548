"""The search for probe events: for each cut, events on both sides of each of its ends, all other cuts satisfied."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from codegen.profile import Profile
from eval.interpretation import Interpretation
from eval.probes.approach import Approach
from eval.probes.choices import Choices
from eval.probes.crowds import Crowds
from eval.probes.facets import Facet, is_whole, numeric, one_matched, regions_of, states, taking_over, without_effect
from eval.probes.gauge import Gauge, edges
from eval.probes.handles import Handle, direct, general, missing
from eval.probes.hunt import Hunter, showing
from eval.probes.lines import Line
from eval.probes.neighbours import Neighbours
from eval.probes.nudges import Nudges
from eval.probes.omissions import Omissions
from eval.probes.probe import Found, Probe
from eval.probes.reach import Reach, Reaches
from eval.probes.relevance import EVENTS, Open, asking_more, makes_no_difference
from eval.probes.seams import Seams
from eval.probes.seeds import Seeds
from eval.probes.specimen import GROUPS, Anatomy, Row
from eval.probes.starts import Starts
from eval.probes.trial import Trial
from eval.scene import Scene
from kb.ssc import Cut, Piecewise, SelectionCriteria, Variable

_APART = 3  # steps of the baseline without which a cut is shown
_EACH = 2  # probes of a facet
_REGIONS = 4  # in which a cut is shown, if it is stated for more
_TRIES = 14  # events led to a threshold
_PER_CUT = 5000
_ALL = 120_000
"""How many events may be judged in search of probes: for one cut and for all."""


class Search:
    """Finds probe events for the cuts that the reference applies, along the steps of some code."""

    def __init__(
        self,
        criteria: SelectionCriteria,
        profile: Profile,
        lines: Sequence[Line],
        *,
        drawn: Collection[str] | None = None,
        seed: int = 1,
    ) -> None:
        self.reading = Interpretation(criteria, profile)
        self.anatomy = Anatomy(profile, self.reading.ntuple.paths, self.reading.recipe.systems)
        self.trial = Trial(self.reading, drawn=drawn)
        self.seed = seed
        self.rng = random.Random(seed)
        self.nudges = Nudges(self.anatomy, self.reading.filters, self.rng)
        self.seeds = Seeds(self.anatomy, self.nudges, self.rng)
        self.gauge = Gauge(self.anatomy, lambda row: Scene(self.reading.filters, self.reading.recipe, row))
        self.hunter = Hunter(self.trial, self.gauge)
        self.by_bins = Hunter(self.trial, self.gauge, by_bins=True)
        self.approach = Approach(self.trial, self.gauge, self.nudges, self.rng)
        self.starts = Starts(self.trial, self.nudges, self.rng)
        self.neighbours = Neighbours(self.trial, self.nudges, self.rng)
        self.crowds = Crowds(self.trial, self.anatomy, self.nudges, self.starts)
        self.omissions = Omissions(self.trial, self.gauge, self.nudges, self.approach, limit=_ALL)
        self.choices = Choices(self.trial, self.nudges, limit=_ALL)
        self.seams = Seams(self.trial, self.gauge, self.nudges, self.approach, limit=_ALL)
        self.lines = {line.region: line for line in lines}
        self.found = Found()
        self.reaches = Reaches(self.trial, self.seeds)
        self._reaches: dict[str | None, Reach] = {}
        self._limit = 0
        self._open: list[Open] = []

    def run(self) -> Found:
        """Search for all cuts."""
        baseline = self._reaches[None] = self.reaches.of(self.lines[None])
        for region, line in self.lines.items():
            if region is not None and baseline.whole:
                self._reaches[region] = self.reaches.of(line, baseline.rows)
        for cut in self.trial.cuts.values():
            for region in regions_of(cut, self.reading)[:_REGIONS]:
                self._show(cut, region)
        for number, one in enumerate(self._open):
            # What is left to be judged is shared, so that no cut that cannot be shown takes it from the others.
            left = max(_ALL - self.trial.spent.events, 0)
            self._search_on(one, min(left // (len(self._open) - number), _PER_CUT))
        self.found.judged = self.trial.spent.events
        return self.found

    # One cut ----------------------------------------------------------------------------------------------------------

    def _show(self, cut: Cut, region: str | None) -> None:
        reach = self._reach(cut, region)
        if reach is None:
            return
        # By itself, so that what is found for one cut does not hang on another.
        self.rng.seed(f"{self.seed} {cut.id} {region}")
        spent = self.trial.spent.events
        self._limit = min(spent + _PER_CUT, _ALL)
        every = list(self._facets(cut, region))
        wanted = [facet for facet in every if not without_effect(facet, cut, self._beside(cut))]
        shown: dict[Facet, int] = dict.fromkeys(wanted, 0)
        if self.trial.is_filter(cut) and makes_no_difference(self.trial, self.nudges, cut, reach.rows, self.rng):
            self.found.absent.setdefault(cut.id, []).extend(Open(cut, region, reach, shown, 0).left)
            told = f"nothing that is asked of events or drawn depends on it, in {EVENTS} of them"
            self.found.because.setdefault(cut.id, told)
            return
        self._collect(cut, reach, wanted, shown)
        left = [facet for facet, number in shown.items() if facet.needed and not number]
        place = reach.line.place(cut.id)
        if left and not reach.free and not self.trial.is_filter(cut) and place is not None:
            # What later cuts are about may be gone with this one; its mask shows without them.
            self._limit = min(self.trial.spent.events + _PER_CUT, _ALL)
            self._collect(cut, replace(reach, steps=place), left, shown)
        self.found.probes += self.seams.closed(cut, reach, [facet for facet in every if facet not in wanted])
        self.found.probes += self.omissions.left_out(cut, reach)
        self.found.probes += self.omissions.lacking(cut, reach)
        self.found.probes += self.choices.decided(cut, reach)
        one = Open(cut, region, reach, shown, self.trial.spent.events - spent)
        if one.left:
            self._open.append(one)

    def _search_on(self, one: Open, share: int) -> None:
        """Search elsewhere for what is not shown of a cut; note what then is left."""
        cut, begun = one.cut, self.trial.spent.events
        self.rng.seed(f"{self.seed} {cut.id} {one.region} elsewhere")
        more = asking_more(cut, self.reading.filters) if self.trial.is_filter(cut) else []
        for other in self._elsewhere(cut, one.reach) if not more else ():
            self._limit = min(self.trial.spent.events + _PER_CUT // 2, begun + share)
            self._collect(cut, other, one.left, one.shown)
            if other.free:
                self.found.excluded.setdefault(cut.id, "it asks no more than other cuts, or the opposite of them")
            if not one.left or self.trial.spent.events >= begun + share:
                break
        if one.left:
            self.found.absent.setdefault(cut.id, []).extend(one.left)
            tried = one.tried + self.trial.spent.events - begun
            because = f"no event among {tried} showed it with all other cuts satisfied"
            because += f"; more is asked by {' and '.join(f'“{c.statement()}”' for c in more)}" if more else ""
            self.found.because.setdefault(cut.id, because)

    def _elsewhere(self, cut: Cut, reach: Reach) -> Iterator[Reach]:
        """Yield events that pass something else, if those that pass all else do not show a cut."""
        place, baseline = reach.line.place(cut.id), self._reaches[None]
        if place is not None:
            # What the baseline asks already can fail with it only: that shows in the mask of the step by itself. And
            # where the baseline cannot be passed, each step that it is passed without may show another end.
            yield from islice(self.reaches.apart(reach.line, place, baseline, about=cut), _APART)
            yield from islice(self.reaches.apart(reach.line, place, baseline), _APART if reach.free else 0)
        if self.trial.is_filter(cut):
            # Of objects that the baseline does not look at, regions may ask something.
            regions = [known for name, known in self._reaches.items() if name is not None and known.whole]
            yield from regions[:_REGIONS]

    def _beside(self, cut: Cut) -> list[Cut]:
        """Return the alternatives of a cut."""
        return [other for other in self.trial.alternatives(cut) if other.id != cut.id]

    def _collect(self, cut: Cut, reach: Reach, wanted: Sequence[Facet], shown: dict[Facet, int]) -> None:
        for probe in self._probes(cut, reach, wanted):
            facet = probe.facet
            if shown.setdefault(facet, 0) < _EACH:
                shown[facet] += 1
                self.found.probes.append(self.crowds.disordered(self.crowds.crowded(probe, cut, reach), reach))
            if all(shown[facet] >= _EACH for facet in wanted) or self.trial.spent.events > self._limit:
                break

    def _reach(self, cut: Cut, region: str | None) -> Reach | None:
        """Return events that pass what comes before a cut, and all else if possible; note why if there are none."""
        line = self.lines.get(region)
        if line is None or line.place(cut.id) is None:
            line = next((known for known in self.lines.values() if known.place(cut.id) is not None), None)
        if line is None:
            self.found.because[cut.id] = "no step of the code applies it"
            return None
        reach = self._reaches.get(line.region) or self._reaches[None]
        place = line.place(cut.id) or 1
        if place <= reach.steps and reach.rows:
            return reach
        stopped = " and ".join(f"“{self.trial.cuts[c].statement()}”" for c in reach.stopped_by if c in self.trial.cuts)
        others = " and ".join(f"“{self.trial.cuts[c].statement()}”" for c in reach.excluded_by)
        why = f"no event passes {stopped or 'the cuts before it'} with all cuts before it"
        why += f"; {others} excludes it" if others else ""
        apart = next(self.reaches.apart(line, place, self._reaches[None]), None)
        if apart is not None:
            self.found.excluded[cut.id] = why
            return apart
        self.found.because.setdefault(cut.id, why if cut.id in reach.stopped_by else f"no event comes so far: {why}")
        self.found.absent.setdefault(cut.id, [])
        return None

    def _facets(self, cut: Cut, region: str | None) -> Iterator[Facet]:
        if cut.variable.id == "count" or cut.operator == "is" or is_whole(cut):
            named = list(states(cut))
            if named:
                for name, _, needed in named:
                    yield Facet(name, region, needed=needed)
            elif self._single(cut) and not one_matched(cut):
                for kind in self._kinds(cut):
                    yield Facet("set", region, kind)
                for kind in taking_over(cut, self.reading) if self.trial.is_filter(cut) else ():
                    yield Facet("set", region, kind, needed=False)
            else:
                yield Facet("holds or not", region)
        else:
            yield from numeric(cut, self.reading, region, is_filter=self.trial.is_filter(cut))
        if cut.when is not None:
            yield Facet("condition", region)

    def _single(self, cut: Cut) -> bool:
        return cut.subject.object in self.reading.ntuple.profile.objects and cut.subject.object != "met"

    def _kinds(self, cut: Cut) -> tuple[str, ...]:
        parts = self.reading.ntuple.profile.parts
        return parts(self.reading.filters.filtered(cut) if self.trial.is_filter(cut) else cut.subject.object)

    def _probes(self, cut: Cut, reach: Reach, wanted: Sequence[Facet]) -> Iterator[Probe]:
        if one_matched(cut) and not self.trial.is_filter(cut):
            for facet in wanted:
                yield from self._either(cut, reach, facet)
        elif cut.scope in {"trigger", "cleaning"} or cut.variable.id in {"trigger", "cleaning"}:
            yield from self._decisions(cut, reach)
        elif cut.variable.id == "count" or (cut.subject.object in GROUPS and cut.operator == "is"):
            yield from self._states(cut, reach, wanted)
        elif cut.operator == "is" or is_whole(cut):
            yield from self._toggles(cut, reach, wanted)
        elif self.trial.is_filter(cut) or (self._single(cut) and cut.variable.id != "mt"):
            yield from self._objects(cut, reach, wanted)
            yield from self._turned(cut, reach, wanted)
        else:
            yield from self._turned(cut, reach, wanted)
        if any(facet.name == "condition" for facet in wanted):
            if self.trial.is_filter(cut) and cut.operator == "is":
                yield from self._bordering(cut, reach, wanted)
            yield from self._unconditional(cut, reach, wanted)

    def _decisions(self, cut: Cut, reach: Reach) -> Iterator[Probe]:
        """Every combination of one trigger alone, and none."""
        facet = Facet("holds or not", reach.line.region)
        for row in reach.rows[:_EACH]:
            rows = [row, *self.starts.decided(row)]
            failing = [changed for changed in rows if self.trial.failing(changed, reach.scope)]
            # Of several triggers one is enough: what one of them does shows where it alone has fired.
            fired = [changed for changed in rows if changed not in failing]
            if any(self.hunter.caused(cut, reach.scope, one, other) for one in fired for other in failing):
                yield Probe(cut.id, self._place(facet, cut), tuple(rows))

    def _place(self, facet: Facet, cut: Cut) -> Facet:
        """Return the facet as it is asked for: for a cut without regions, in none."""
        regions = regions_of(cut, self.reading)
        return facet if facet.region in regions else Facet(facet.name, regions[0], facet.kind, facet.segment)

    def _states(self, cut: Cut, reach: Reach, wanted: Sequence[Facet]) -> Iterator[Probe]:
        """Events that have a certain number of objects, or certain flavours."""
        named = {name: reading or cut for name, reading, _ in states(cut)}
        for facet in wanted:
            if facet.name == "condition":
                continue
            if facet.name not in named:
                yield from self._either(cut, reach, facet)
                continue
            trial = self.trial.instead(cut, named[facet.name], alone=True)
            for _ in range(_EACH):
                row = self.seeds.walk(trial, reach.scope, reach.rows, 300, also=named[facet.name]).row
                if row is None:
                    break
                if self._alone(cut, reach, row):
                    yield Probe(cut.id, facet, (row,))

    def _alone(self, cut: Cut, reach: Reach, row: Row) -> bool:
        """Say whether a cut's outcome matters in an event: alternatives of it do not hold."""
        others = len(self.trial.alternatives(cut)) > 1
        return not others or bool(self.trial.fixed(cut, holds=False).failing(row, reach.scope))

    def _either(self, cut: Cut, reach: Reach, facet: Facet) -> Iterator[Probe]:
        """Events that pass, and events that fail this cut alone."""
        opposite = cut.model_copy(update={"role": "select" if cut.role == "veto" else "veto"})
        for number in range(_EACH + 1):
            row = self.seeds.walk(self.trial.instead(cut, opposite), reach.scope, reach.rows, 150, also=opposite).row
            if row is None:
                return
            yield Probe(cut.id, facet, (reach.rows[number % len(reach.rows)], row))

    def _toggles(self, cut: Cut, reach: Reach, wanted: Sequence[Facet]) -> Iterator[Probe]:
        """Flags set and not, charges and kinds changed, of one object at a time."""
        for hunter in (self.hunter, self.by_bins):
            for facet in [facet for facet in wanted if facet.name != "condition"]:
                for row in self.starts.concerned(cut, reach, facet.kind):
                    for changed in self.starts.toggled(row, cut, facet.kind):
                        if hunter.caused(cut, reach.scope, row, changed):
                            one, other = self.trial.failing(row, reach.scope), self.trial.failing(changed, reach.scope)
                            yield Probe(cut.id, facet, (row, changed), hidden=one == other)
                            break
            if not self.trial.is_filter(cut) or not reach.whole:
                return
        if not self._single(cut):
            for facet in wanted:
                yield from self._either(cut, reach, facet)

    def _objects(self, cut: Cut, reach: Reach, wanted: Sequence[Facet]) -> Iterator[Probe]:
        """A variable of one object moved across the threshold."""
        left = dict.fromkeys((facet for facet in wanted if facet.name != "condition"), _EACH)
        for hunter in (self.hunter, self.by_bins):
            for facet in [facet for facet, number in left.items() if number > 0]:
                for probe in self._moved(cut, reach, facet, hunter):
                    left[facet] -= probe.facet == facet
                    yield probe
                    if left[facet] <= 0:
                        break
            if not self.trial.is_filter(cut) or not reach.whole:
                return

    def _moved(self, cut: Cut, reach: Reach, facet: Facet, hunter: Hunter) -> Iterator[Probe]:
        bound = next(edge.bound for edge in edges(cut) if edge.name == facet.name)
        if isinstance(bound, Piecewise):
            return
        for row in chain(self.starts.of(cut, reach, facet.kind), self.neighbours.dropping(reach, facet.kind)):
            kinds = (facet.kind,) if facet.kind else self._kinds(cut)
            for place, kind in [(place, part) for part in kinds for place in self.anatomy.places(row, part)]:
                amount = -bound if facet.negative else bound
                if cut.variable.id == "z0_sintheta":  # at θ = 90° the threshold can be met exactly
                    central = self.nudges.set_to(row, place, kind, Variable(id="eta"), 0.0) or row
                    row = central if self.trial.passes(central, reach.scope) else row
                if cut.variable.id == "iso_rel":
                    even = self.nudges.evened(row, place, kind, cut.variable, amount)
                    row = even if even is not None and self.trial.passes(even, reach.scope) else row
                handle = direct(self.nudges, row, place, kind, cut.variable, amount)
                if handle is None:
                    continue
                for flip in hunter.flips(handle, reach.scope, cut):
                    yield from showing(cut, flip, facet, of=kind)
                    break
                if self.trial.spent.events > self._limit:
                    return

    def _turned(self, cut: Cut, reach: Reach, wanted: Sequence[Facet]) -> Iterator[Probe]:
        """Momenta and angles changed until what the cut measures passes its threshold."""
        if cut.subject.object == "met":
            for row in reach.rows:
                for edge in edges(cut):
                    if isinstance(edge.bound, Piecewise):
                        continue
                    handle = missing(self.anatomy, row, edge.bound)
                    if handle is not None:
                        yield from self._along(handle, cut, reach, wanted)
        left = set(wanted)
        rows: Iterable[Row] = reach.rows
        for handle in self.neighbours.leaving(cut, reach):
            yield from self._along(handle, cut, reach, wanted)
        for facet in [None, *wanted]:
            if facet is not None:
                if facet not in left or facet.name == "condition":
                    continue
                rows = self.approach.rows(cut, facet, reach.rows, reach.scope, _TRIES)
            for row in rows:
                for handle in general(self.nudges, row, cut):
                    for probe in self._along(handle, cut, reach, wanted):
                        left.discard(probe.facet)
                        yield probe
                    if self.trial.spent.events > self._limit:
                        return
                if facet is not None and facet not in left:
                    break

    def _along(self, handle: Handle, cut: Cut, reach: Reach, wanted: Sequence[Facet]) -> Iterator[Probe]:
        for flip in self.hunter.flips(handle, reach.scope, cut):
            for facet in wanted:
                yield from showing(cut, flip, facet)

    def _unconditional(self, cut: Cut, reach: Reach, wanted: Sequence[Facet]) -> Iterator[Probe]:
        """Events in which the condition does not hold and the rest of the cut neither: the cut must let them pass."""
        facet = next(facet for facet in wanted if facet.name == "condition")
        bare = cut.model_copy(update={"when": None})
        if self.trial.is_filter(cut):
            without = self.trial.instead(cut, bare)
            for row in (row for kind in self._kinds(cut) for row in self.starts.exempt(cut, reach, kind)):
                if self.trial.passes(row, reach.scope) and not without.passes(row, reach.scope):
                    yield Probe(cut.id, facet, (row,))
            return
        trial = self.trial.unconditional(cut)
        for row in self.approach.past(cut, reach.rows, reach.scope, _TRIES):
            if trial.passes(row, reach.scope):
                yield Probe(cut.id, facet, (row,))
        for _ in range(_EACH):
            found = self.seeds.walk(trial, reach.scope, reach.rows, 120, also=bare).row
            if found is not None:
                yield Probe(cut.id, facet, (found,))

    def _bordering(self, cut: Cut, reach: Reach, wanted: Sequence[Facet]) -> Iterator[Probe]:
        """Events in which an object that violates a filter is moved across an end of the filter's condition."""
        facet = next(facet for facet in wanted if facet.name == "condition")
        for kind in self._kinds(cut):
            for handle in self.starts.bordering(cut, reach, kind):
                for flip in self.hunter.flips(handle, reach.scope, cut):
                    yield from showing(cut, flip, facet, of=kind)
