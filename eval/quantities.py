"""Numbers of an event, by subject and variable: sums, n-th objects, pairs and groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eval.company import missing, transverse_mass
from eval.composition import PAIRS, Pair, Recipe, group_measure, pair_measure
from eval.event import InexpressibleError, Ntuple, Particle, transverse
from eval.scene import Scene
from eval.verdicts import Quantity
from kb.ssc import Subject, Variable

GROUPS = {"fourlepton": 4, "trilepton": 3}
SUMS = {"ht": ("jet",), "lt": ("lepton",), "st": ("jet", "lepton"), "meff": ("jet", "lepton")}


class Quantities:
    """Finds numbers in events of one kind of ntuple; `pairs` tells which pairs a subject is."""

    def __init__(
        self, ntuple: Ntuple, recipe: Recipe, pairs: Callable[[Subject], Callable[[Scene], list[Pair] | None]]
    ) -> None:
        self.ntuple = ntuple
        self.recipe = recipe
        self._pairs = pairs

    def of(self, subject: Subject, variable: Variable) -> Quantity:
        """Return a number of the event; None in events that lack what it is about."""
        name, rank = subject.object, subject.rank
        self.recipe.refuse_unknown(subject.definition)
        if (chosen := self.recipe.group(subject)) is not None:
            return self._of_chosen(chosen.name, variable)
        significance = variable.id == "met_sig" and not variable.name and self.ntuple.profile.branch("met", "met_sig")
        if name == "met" and (variable.id in {"pt", "phi"} or significance):
            self.ntuple.kinds("met")
            return lambda scene: self.ntuple.missing_momentum(scene.row, variable.id)
        if variable.id == "count" and name in {"lepton", *self.ntuple.profile.objects}:
            self.ntuple.kinds(name)
            return lambda scene: float(len(scene.selected(name, subject.definition)))
        if name in PAIRS:
            measure, pairs = pair_measure(variable), self._pairs(subject)
            if measure is None:
                message = f"{variable.id} of a pair is not known"
                raise InexpressibleError(message)
            self.ntuple.refuse_unknown(PAIRS[name], of_charges(variable))
            return lambda scene: next((measure(pair) for pair in pairs(scene) or ()), None)
        if name in GROUPS:
            self.ntuple.refuse_unknown("lepton", of_charges(variable))
            number = GROUPS[name]
            return _of_several(f"{number} leptons", variable, lambda scene: scene.group(number))
        if variable.id == "mt" and name in {"event", "lepton", "electron", "muon"}:
            who = "lepton" if name == "event" else name
            self.ntuple.kinds(who)
            self.ntuple.kinds("met")
            return lambda scene: _nth(
                [transverse_mass((p, missing(scene))) for p in scene.leading(who, subject.definition) or ()], rank or 1
            )
        if variable.id in SUMS:
            return self._sum(variable.id)
        if variable.id == "mht":
            self.ntuple.kinds("jet")
            return lambda scene: transverse(scene.selected("jet", None))
        if variable.id == "mj":
            self.ntuple.kinds("fatjet")
            own = Variable(id="mass")
            return lambda scene: sum(self.ntuple.measure(jet, own) for jet in scene.selected("fatjet", None))
        if name in self.ntuple.profile.objects and rank is not None:
            for kind in self.ntuple.kinds(name):
                self.ntuple.measure(self.ntuple.probe(kind), variable)
            return lambda scene: _nth(
                [self.ntuple.measure(p, variable) for p in scene.leading(name, subject.definition) or ()], rank
            )
        message = f"the ntuple has no {variable.name or variable.id} of {name.replace('_', ' ')}"
        raise InexpressibleError(message)

    def _of_chosen(self, name: str, variable: Variable) -> Quantity:
        """Return a number of a system of three or more objects that a choice prefers."""
        self.ntuple.refuse_unknown(self.recipe.made_of[name][0], of_charges(variable))
        return _of_several(f"the {name}", variable, lambda scene: scene.gathered(name))

    def _sum(self, name: str) -> Quantity:
        for part in SUMS[name]:
            self.ntuple.kinds(part)
        if name in {"st", "meff"}:
            self.ntuple.kinds("met")

        def total(scene: Scene) -> float:
            sum_ = sum(p.pt for part in SUMS[name] for p in scene.selected(part, None))
            return sum_ + (self.ntuple.missing_momentum(scene.row, "pt") if name in {"st", "meff"} else 0.0)

        return total


def of_charges(variable: Variable) -> tuple[str, ...]:
    """Return what a variable asks of the charges of objects."""
    return (variable.id,) if variable.id.startswith("charge") else ()


def _of_several(what: str, variable: Variable, members: Callable[[Scene], list[Particle] | None]) -> Quantity:
    measure = group_measure(variable)
    if measure is None:
        message = f"the ntuple has no {variable.name or variable.id} of {what}"
        raise InexpressibleError(message)

    def quantity(scene: Scene) -> float | None:
        found = members(scene)
        return None if found is None else measure(found)

    return quantity


def _nth(values: Sequence[float], rank: int) -> float | None:
    return values[rank - 1] if len(values) >= rank else None
