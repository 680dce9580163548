"""One event with its selected objects and the systems chosen from them."""

from __future__ import annotations

from eval.composition import PAIRS, Pair, Recipe
from eval.event import Particle, Row
from eval.filters import LEPTONS, Filters


class Scene:
    """What is selected and built in one event; made when asked for."""

    def __init__(self, filters: Filters, recipe: Recipe, row: Row) -> None:
        self.filters = filters
        self.recipe = recipe
        self.row = row
        self._selected: dict[tuple[str, str | None, int | None, bool], list[Particle]] = {}
        self._chosen: list[tuple[Pair, ...] | None] = []
        self._quadruplet: list[list[Particle] | None] = []
        self._gathered: dict[str, list[Particle] | None] = {}

    def selected(
        self, name: str, definition: str | None, *, before: int | None = None, bare: bool = False
    ) -> list[Particle]:
        """Return the selected objects of a name, pT descending; `before` one removal of overlaps if that is asked.

        `bare` ones meet no working point but those that the criteria state.
        """
        key = (name, definition, before, bare)
        if key not in self._selected:
            self._selected[key] = self.filters.select(self.row, name, definition, self.selected, before, bare=bare)
        return self._selected[key]

    @property
    def chosen(self) -> tuple[Pair, ...] | None:
        """The chosen pairs, leading first, or None."""
        if not self._chosen:
            pairs = self.recipe.pairs
            of = PAIRS[pairs[0].object] if pairs else "lepton"
            named = next((n for pair in pairs for n in pair.constituents if n in self.filters.definitions), None)
            self._chosen.append(self.recipe.choose(self.selected(of, named)))
        return self._chosen[0]

    def group(self, count: int) -> list[Particle] | None:
        """Return the members of the quadruplet, or the `count` leading leptons; None where there are too few."""
        if self.recipe.quadruplet and count == 4:
            if not self._quadruplet:
                members = [particle for pair in self.chosen or () for particle in pair]
                ordered = sorted(members, key=lambda particle: (-particle.pt, particle.place))
                self._quadruplet.append(ordered or None)
            return self._quadruplet[0]
        leptons = self.selected("lepton", None)
        return leptons[:count] if len(leptons) >= count else None

    def gathered(self, system: str) -> list[Particle] | None:
        """Return the objects of a system of three or more that a choice prefers, pT descending, or None."""
        if system not in self._gathered:
            self._gathered[system] = self.recipe.gathered(system, self.selected(*self.recipe.made_of[system]))
        return self._gathered[system]

    def leading(self, name: str, definition: str | None) -> list[Particle] | None:
        """Return the objects that ranks count: of a chosen system, the four leptons if there are any, or all."""
        if definition is not None and definition in self.recipe.groups:
            return self.gathered(definition)
        named = definition in self.filters.definitions
        outside = self.filters.definitions[definition].outside if definition and named else None
        if outside is not None:
            pair = self.chosen[0] if self.chosen else None
            return None if pair is None else [p for p in self.selected(name, None) if p not in pair]
        if name in LEPTONS and not named and self.recipe.has_four:
            members = self.group(4)
            parts = self.filters.ntuple.profile.parts(name)
            return None if members is None else [p for p in members if p.kind in parts]
        return self.selected(name, definition)
