"""An independent reading of selection criteria: a plain loop over events, object by object.

It shares the meaning of the SSC with the compiler, but no code: no arrays, no plan, no emitted source. Agreement of the
two, event by event, is what validates an analysis. Numbers are in GeV, mm and 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codegen.profile import Profile
from eval.fillings import Fillings
from eval.interpretation import Interpretation
from eval.scene import Scene
from kb.ssc import SelectionCriteria


@dataclass
class ReferenceMasks:
    """Pass flags per event: by cut id, by region, and for the whole baseline.

    A cut on events has its own flag, all cuts on objects being applied; alternatives share one flag; a cut on objects
    removes no event by itself. `passes` has the ids of the applied cuts.
    """

    passes: dict[str, list[bool]] = field(default_factory=dict)
    selected: list[bool] = field(default_factory=list)
    regions: dict[str, list[bool]] = field(default_factory=dict)
    not_applied: dict[str, str] = field(default_factory=dict)
    fills: dict[str, list[list[float]]] = field(default_factory=dict)
    """What histograms are filled with, by name; nothing for events that are not selected."""
    compared: dict[str, list[list[float]]] = field(default_factory=dict)
    """What cuts compare, by id; nothing for events that fail another cut."""

    @property
    def applied(self) -> tuple[str, ...]:
        """Ids of the cuts that were applied, in the order of the criteria."""
        return tuple(self.passes)


def reference_masks(criteria: SelectionCriteria, profile: Profile, files: Sequence[Path]) -> ReferenceMasks:
    """Apply the criteria to every event of the files, in their order; DataError for a file that cannot be read.

    Nor can one be used that has none of the paths of a trigger; of several, those that it lacks have not fired.
    """
    reading = Interpretation(criteria, profile)
    masks = ReferenceMasks(not_applied=dict(reading.not_applied))
    masks.passes = {cut.id: [] for cut in criteria.cuts if cut.id not in reading.not_applied}
    masks.regions = {name: [] for name in reading.regional}
    fillings = Fillings(reading)
    masks.fills = {name: [] for name in fillings.histograms}
    masks.compared = {cut_id: [] for cut_id in fillings.cuts}
    for row in reading.ntuple.events(files, reading.menus):
        scene = Scene(reading.filters, reading.recipe, row)
        flags = {cut_id: (cut_id not in reading.tests or reading.tests[cut_id](scene)) for cut_id in masks.passes}
        for cut_id, flag in flags.items():
            masks.passes[cut_id].append(flag)
        baseline = all(flags[cut_id] for cut_id in reading.baseline)
        masks.selected.append(baseline)
        for name, cut_ids in reading.regional.items():
            masks.regions[name].append(baseline and all(flags[cut_id] for cut_id in cut_ids))
        for name, values in fillings.in_histograms(scene, selected=baseline):
            masks.fills[name].append(values)
        for cut_id, values in fillings.in_cuts(scene, flags):
            masks.compared[cut_id].append(values)
    return masks
