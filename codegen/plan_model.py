"""What a plan consists of: objects with filters, composites with choices, steps in order, and what is not applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codegen.plan_terms import Collection, Quantity, Relation, Requirement
from codegen.profile import Branch, Flag, HistogramAxis, Profile
from kb.ssc import Cut, Paper


class UnplannableError(Exception):
    """A cut that this ntuple, or the plan's language, cannot express; `review` if a person could settle it."""

    def __init__(self, reason: str, *, review: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.review = review


@dataclass(frozen=True)
class Filter:
    """A requirement on each object; the cuts it states (several where they are alternatives)."""

    cut_ids: tuple[str, ...]
    requirement: Requirement
    note: str = ""
    """What a filter is for that no cut states, or of which more general objects its cuts are stated."""


@dataclass(frozen=True)
class Field:
    """A column of an object: a branch in normal units, or a flag."""

    name: str
    source: Branch | Flag


@dataclass(frozen=True)
class ObjectPlan:
    """A selected collection: objects of one kind, read from the ntuple and filtered."""

    name: str
    kind: str
    title: str
    definition: str | None
    fields: tuple[Field, ...]
    where: Flag | None
    """Which part of the ntuple's collection; None also where a paper states the working point that tells it."""
    mass: float | None
    """GeV, where the ntuple has no energy; None if energies are read or not needed."""
    pdg_id: int | None
    filters: tuple[Filter, ...]
    note: str = ""
    """What is to be said of `where`."""


@dataclass(frozen=True)
class MergedPlan:
    """Several selected collections as one, pT descending."""

    name: str
    title: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class PairChoice:
    """Which pair is taken: closest to `target`, largest, smallest, or the first in the order of pT (`mode` None)."""

    related: tuple[Relation, ...] = ()
    mode: Literal["closest", "largest", "smallest"] | None = None
    variable: str = "mass"
    target: float = 0.0


@dataclass(frozen=True)
class LeadingGroup:
    """The `count` leading objects of a collection, for events that have as many."""

    name: str
    of: Collection
    count: int


@dataclass(frozen=True)
class ChosenPair:
    """One pair of a collection (or of two)."""

    name: str
    of: Collection
    other: Collection | None
    choice: PairChoice


@dataclass(frozen=True)
class Quadruplet:
    """Two disjoint pairs of a collection: the first, and the second from what remains."""

    name: str
    of: Collection
    first_name: str
    first: PairChoice
    second_name: str
    second: PairChoice


@dataclass(frozen=True)
class ChosenGroup:
    """The `size` objects of a collection whose sum the choice prefers; a list of objects, as a leading group is."""

    name: str
    of: Collection
    size: int
    choice: PairChoice


CompositePlan = LeadingGroup | ChosenPair | ChosenGroup | Quadruplet


@dataclass(frozen=True)
class Step:
    """One line of the cutflow.

    `cut_ids` are the requirements on the event, `object_cut_ids` those on the objects it is the first to use.
    """

    label: str
    requirement: Requirement
    cut_ids: tuple[str, ...] = ()
    object_cut_ids: tuple[str, ...] = ()
    note: str = ""
    """How its cuts are read together."""

    @property
    def all_cut_ids(self) -> tuple[str, ...]:
        """Every cut that this step applies for the first time, objects first."""
        return (*self.object_cut_ids, *self.cut_ids)


@dataclass(frozen=True)
class RegionPlan:
    """A region: its steps come after the baseline and its parent's."""

    name: str
    kind: str
    parent: str | None
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class NotApplied:
    """A cut that the code does not apply, and why."""

    cut_id: str
    statement: str
    reason: str
    review: bool = False
    already: bool = False
    """Whether the makers of the ntuple have applied it."""


@dataclass(frozen=True)
class Remark:
    """How something of the criteria is read that could be read in another way, or has no effect; `about` names it."""

    about: str
    text: str
    review: bool = False


@dataclass(frozen=True)
class HistogramPlan:
    """What is filled into a histogram of selected events.

    With `without`, events need not meet that step: of a region (None: the baseline), by its place. `thresholds` are
    what it compares with.
    """

    axis: HistogramAxis
    quantity: Quantity
    thresholds: tuple[float, ...] = ()
    without: tuple[str | None, int] | None = None


@dataclass(frozen=True)
class Plan:
    """Selection criteria, ready to be written as code for one kind of ntuple."""

    paper: Paper
    profile: Profile
    cuts: dict[str, Cut]
    objects: tuple[ObjectPlan, ...]
    merged: tuple[MergedPlan, ...]
    composites: tuple[CompositePlan, ...]
    steps: tuple[Step, ...]
    regions: tuple[RegionPlan, ...]
    histograms: tuple[HistogramPlan, ...]
    not_applied: tuple[NotApplied, ...]
    missing: tuple[Field, ...] = ()
    """Columns of the missing transverse momentum."""
    not_drawn: tuple[tuple[str, str], ...] = ()
    """Observables that the ntuple cannot fill: name and reason."""
    not_built: tuple[tuple[str, str], ...] = ()
    """Histograms of the profile that this selection has nothing for: name and reason."""
    left_out: tuple[tuple[str, str], ...] = ()
    """Regions that would select what their parents do: name and reason."""
    remarks: tuple[Remark, ...] = ()

    @property
    def applied(self) -> tuple[str, ...]:
        """Ids of the cuts that the code applies, in the order of the criteria."""
        steps = [*self.steps, *(step for region in self.regions for step in region.steps)]
        used = {cut_id for step in steps for cut_id in step.all_cut_ids}
        return tuple(cut_id for cut_id in self.cuts if cut_id in used)

    @property
    def names(self) -> tuple[str, ...]:
        """Names, in code, of all collections and systems."""
        found = [known.name for known in self.objects] + [known.name for known in self.merged]
        for composite in self.composites:
            found.append(composite.name)
            if isinstance(composite, Quadruplet):
                found += [composite.first_name, composite.second_name]
        return tuple(found)
