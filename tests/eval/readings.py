"""One selection read by all that read selections: both back ends, and the loop over events."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from codegen.emit import emit
from codegen.plan import make_plan
from codegen.profile import Profile
from eval.reference import reference_masks
from kb.ssc import SelectionCriteria
from tests.codegen.backends import root_source
from tests.codegen.conftest import Event, masks_of, write_events


def agreed(
    criteria: SelectionCriteria, profile: Profile, folder: Path, *events: Event, region: str | None = None
) -> list[bool]:
    """Return which events are selected, or are in a region: what the loop and the code of each back end agree on."""
    file = write_events(folder / "events.root", *events)
    reference = reference_masks(criteria, profile, [file])
    plan = make_plan(criteria, profile)
    assert set(plan.applied) == set(reference.applied)
    assert {known.name for known in plan.regions} == set(reference.regions)
    wanted = reference.selected if region is None else reference.regions[region]
    key = "selected"
    if region is not None:
        place, known = next((n, known) for n, known in enumerate(plan.regions) if known.name == region)
        key = f"region_{place:03d}_step_{len(known.steps) - 1:03d}"
    sources = [emit, *([root_source] if find_spec("ROOT") else [])]
    for source in sources:
        assert masks_of(criteria, profile, file, source=source)[key] == wanted, source
    return wanted
