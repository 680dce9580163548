"""What histograms are filled with, as the loop over events finds it: observables, and what single cuts look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from codegen.profile import HistogramAxis
from eval.company import MIXED, measure_of, meetings
from eval.composition import PAIRS, pair_measure, related
from eval.event import InexpressibleError
from eval.inequality import how_many, relations, unsigned_offset
from eval.interpretation import Interpretation
from eval.quantities import GROUPS, SUMS
from eval.scene import Scene
from eval.verdicts import Quantity
from kb.observable import Observable
from kb.ssc import Clause, Cut, PairRequirement, Piecewise, Subject, Variable

Values = Callable[[Scene], list[float]]
"""All that an event is filled in with; nothing where it lacks what is looked at."""


class Fillings:
    """Finds values, by histogram and by cut, of one reading of criteria."""

    def __init__(self, reading: Interpretation) -> None:
        self.reading = reading
        self.histograms: dict[str, Values] = {}
        """Of the observables of the criteria, and of the profile's histograms, by name."""
        self.cuts: dict[str, Values] = {}
        """What a cut on events compares, by its id."""
        for observable in reading.criteria.observables:
            if (found := self._known(lambda one=observable: self._observed(one))) is not None:  # type: ignore[misc]
                self.histograms[observable.name] = found
        named = {observable.name for observable in reading.criteria.observables}
        for axis in reading.ntuple.profile.histograms:
            quantity = filled(reading, axis)
            if quantity is not None and axis.name not in named:
                self.histograms[axis.name] = _single(quantity)
        for cut in reading.criteria.cuts:
            if (
                cut.id in reading.tests and (found := self._known(lambda one=cut: self._compared(one))) is not None  # type: ignore[misc]
            ):
                self.cuts[cut.id] = found
        baseline = frozenset(reading.baseline)
        self._scopes = {
            cut_id: [
                baseline | set(cuts) for cuts in ([()] if cut_id in baseline else reading.regional.values())
                if cut_id in baseline or cut_id in cuts
            ]
            for cut_id in self.cuts
        }  # fmt: skip

    def in_histograms(self, scene: Scene, *, selected: bool) -> Iterator[tuple[str, list[float]]]:
        """Yield what an event is filled in with, by histogram; nothing where it is not selected."""
        for name, values in self.histograms.items():
            yield name, values(scene) if selected else []

    def in_cuts(self, scene: Scene, flags: Mapping[str, bool]) -> Iterator[tuple[str, list[float]]]:
        """Yield what cuts compare, by cut; nothing where the event fails another one of the baseline or of a region."""
        failing = {cut_id for cut_id, passes in flags.items() if not passes}
        for cut_id, values in self.cuts.items():
            near = any(failing & scope <= {cut_id} for scope in self._scopes[cut_id])
            yield cut_id, values(scene) if near else []

    def _known(self, find: Callable[[], Values | None]) -> Values | None:
        try:
            return find()
        except InexpressibleError:
            return None

    # Observables ------------------------------------------------------------------------------------------------------

    def _observed(self, observable: Observable) -> Values:
        subject, variable = observable.subject, observable.variable
        ntuple = self.reading.ntuple
        self.reading.recipe.refuse_unknown(subject.definition)
        whole = self.reading.recipe.group(subject) is not None
        several = whole or subject.object in {*PAIRS, *MIXED, *GROUPS, "event", "met"}
        if several or subject.rank is not None or variable.id in {"mt", "count"}:
            return _single(self.reading.quantities.of(subject, variable))
        for kind in ntuple.kinds(subject.object):
            ntuple.looked_at(ntuple.probe(kind), variable)

        def values(scene: Scene) -> list[float]:
            found = scene.leading(subject.object, subject.definition) or []
            return [ntuple.looked_at(particle, variable) for particle in found]

        take = {"largest": max, "smallest": min}.get(observable.take)
        if observable.take == "sum":
            return lambda scene: [sum(values(scene))]
        if take is not None:
            return lambda scene: [take(found)] if (found := values(scene)) else []
        return values

    # Cuts -------------------------------------------------------------------------------------------------------------

    def _compared(self, cut: Cut) -> Values | None:
        """Return what a plain cut compares with its thresholds; None for conditions, flags and threshold functions."""
        bounds = cut.value if isinstance(cut.value, tuple) else (cut.value,)
        applies, within = self.reading.conditions(cut)
        if applies or any(isinstance(bound, str | Piecewise) for bound in bounds):
            return None
        name, definition, variable = cut.subject.object, cut.subject.definition, cut.variable
        if variable.id == "count":
            return self._counted(cut, within)
        if name in PAIRS:
            return self._of_pairs(cut, relations(within))
        if name in MIXED:
            measure = measure_of(name, variable)
            return lambda scene: [measure(pair) for pair in meetings(scene, cut.subject)]
        ntuple = self.reading.ntuple
        single = name in ntuple.profile.objects and name != "met" and variable.id not in {"mt", *SUMS}
        if single and cut.subject.rank is None:
            return lambda scene: [ntuple.measure(p, variable) for p in scene.leading(name, definition) or []]
        quantity = self.reading.quantities.of(cut.subject, variable)
        return lambda scene: [unsigned_offset(cut, v) for v in _single(quantity)(scene)]

    def _counted(self, cut: Cut, within: list[Clause]) -> Values | None:
        further = self.reading.surplus.definition(cut)
        if further is not None and cut.subject.object not in PAIRS:
            return _single(self.reading.surplus.number(cut, further, self.reading.filters))
        number = None if cut.subject.object in GROUPS else self.reading.number_of(cut, within)
        return None if number is None else _single(number)

    def _of_pairs(self, cut: Cut, told: tuple[PairRequirement, ...]) -> Values | None:
        measure, pairs = pair_measure(cut.variable), self.reading.pairs(cut.subject, how_many(cut))
        if measure is None:
            return None
        return lambda scene: [unsigned_offset(cut, measure(pair)) for pair in pairs(scene) or [] if related(pair, told)]


def filled(reading: Interpretation, axis: HistogramAxis) -> Quantity | None:
    """Return what a histogram of the profile is filled with; None where that is not known."""
    subject, variable = Subject(object=axis.object, rank=axis.rank), Variable(id=axis.variable)
    try:
        if variable.id == "count":
            reading.ntuple.kinds(axis.object)
            return lambda scene: float(len(scene.selected(axis.object, None)))
        return reading.quantities.of(subject, variable)
    except InexpressibleError:
        return None


def _single(quantity: Quantity) -> Values:
    def values(scene: Scene) -> list[float]:
        value = quantity(scene)
        return [] if value is None else [value]

    return values
