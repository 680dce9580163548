"""Distil a paper into selection criteria by grammar: deterministic, without a model, every cut with its sentence.

The stages, each a module: lexer → entities (notation, particles, qualifiers) → sentences → reading (quantities, counts,
windows, thresholds) → clauses (subjects, conditions), flags, systems, tables, in the light of context and
regions → delegation → grounding → merge → assemble.
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
