"""Distil a paper into selection criteria by grammar: deterministic, without a model, every cut with its sentence.

A paper goes through these stages, in `paper` and `assemble`; each noun is a module:

    text      lexer → entities (notation, particles, lexicon) → sentences
    clause    asides (what only explains), ellipsis (what is left out), quotients, sums (what is one quantity)
    sentence  reading: phrases (qualifiers), counts, quantities (amounts, ranges, windows), conditions
    requires  clauses: bounds (variables, subjects, distances, distribution, roles, isolation), thresholds,
              placeholders, multiplicity (vetoes); charges, flavours, systems; flags (working points, triggers)
    table     tables → grid, cells
    paper     context, memory, regions (region names), placement, rationale, delegation, experiment
    result    merge → grounding → exclusion, conflicts, composites → criteria

The rules that are words or patterns of physics English are TOML files beside the modules, read by `rulebook`.
"""

from __future__ import annotations

from collections.abc import Mapping

from kb.distil.assemble import Step, criteria
from kb.distil.grounding import ground
from kb.document import Document
from kb.ssc import SelectionCriteria

DISTILLER_VERSION = "0.1.0"
Trace = tuple[Step, ...]

__all__ = ["DISTILLER_VERSION", "Step", "Trace", "distil", "distil_with_trace", "ground"]


def distil(document: Document, *, cited: Mapping[str, Document] = {}) -> SelectionCriteria:
    """Read the selection a paper states; pure, and byte for byte the same for the same input.

    `cited` maps bibliography keys of `document` to the cited papers that are at hand: requirements that the paper
    leaves to them become cuts with both sentences as evidence.
    """
    return distil_with_trace(document, cited=cited)[0]


def distil_with_trace(document: Document, *, cited: Mapping[str, Document] = {}) -> tuple[SelectionCriteria, Trace]:
    """Distil, and tell which rule read each cut and why each refused candidate was refused."""
    return criteria(document, cited, DISTILLER_VERSION)
