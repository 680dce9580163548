"""What earlier sentences leave behind for the pronouns and bare nouns of later ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb.distil.candidates import Candidate


@dataclass(slots=True)
class Memory:
    """What was spoken of last, and what it was said to be."""

    subject: str | None = None
    """The object of the last sentence that had one."""
    group: tuple[str, ...] = ()
    """All objects it was about, in the order of the text."""
    other: str | None = None
    """The object spoken of before it, which `both` means too."""
    collection: str | None = None
    """The collection it was said to be: `high-purity electron`."""
    large: bool = False
    """Whether large-radius jets were spoken of, so that a jet with a mass or prongs is one."""
    variable: str | None = None
    pair: str = "lepton_pair"
    """What a bare `pair` is a pair of."""
    system: str | None = None
    """All leptons of the event together."""
    leptons: int | None = None
    """How many leptons the event was last said to have."""
    listing: bool = False
    """Whether the items that follow are requirements."""
    asked: bool = False
    """Whether the words before them say that they are."""
    told: int | None = None
    """Where the last sentence starts, if it stated a requirement."""
    placeholders: dict[str, tuple[str, str | None, str]] = field(default_factory=dict)
    """Symbols that stand for a bound: variable, its name, operator."""
    vetoed: dict[str, str] = field(default_factory=dict)
    """Objects whose presence rejects an event, with the collection they are."""
    tagging: bool = False
    """Whether the last sentence told of b tagging."""
    component: str | None = None
    """Which part of the detector an isolation sum is over."""
    alternatives: tuple[str, str] | None = None
    """The objects that two numbers, one in brackets, were last said to be for: `in the muon (electron) channel`."""
    fitted: bool = False
    """Whether vertices were spoken of, so that a bare `fit` is theirs."""
    candidate: str | None = None
    """What the last particles built in the analysis are; a bare `candidates` means them."""
    isolable: str | None = None
    """The last object spoken of that can be isolated."""
    quotient: str | None = None
    """What the significance of the missing momentum was said to be: `E_T^miss/√H_T`."""
    cones: dict[str, float] = field(default_factory=dict)
    """The sizes of isolation cones, by object; "" where none is said."""
    transition: Candidate | None = None
    """The requirement that told between which |η| the transition region of the calorimeters is."""
