"""Which objects of an ntuple its makers have already kept apart, by removing one of two that are close."""

from __future__ import annotations

from pydantic import Field

from codegen.branch import Strict


class Apart(Strict):
    """Two kinds of objects of which none are closer than `distance`, whichever of the two was removed."""

    objects: tuple[str, str]
    distance: float = Field(gt=0, description="ΔR")


class Overlap(Strict):
    """What was done about overlaps before the ntuple was written; without `apart`, nothing."""

    about: str = Field(min_length=1, description="what was done, or not done, as a sentence goes on after 'because'")
    apart: tuple[Apart, ...] = ()
