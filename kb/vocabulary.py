"""The words of the field: objects, variables and units, read from `vocabulary.toml`.

Another field of science brings its own file: `Vocabulary.load(path)`.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kb.errors import VocabularyError

_SHIPPED = Path(__file__).with_name("vocabulary.toml")


class Term(BaseModel):
    """An object or a variable: how it is called, written and measured.

    `aliases` are words and symbols in canonical text form (`p_T`, `transverse momentum`), matched without regard to
    case where they are words of more than two letters. An object that is a `kind_of` another is one of those too: what
    is required of them is required of it (`kb.inheritance`); `told_by` is the variable whose working points tell it
    from the others.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    symbol: str
    description: str
    unit: str = "1"
    aliases: tuple[str, ...] = ()
    kind_of: str | None = None
    told_by: str | None = None


class Unit(BaseModel):
    """A unit and its normal form: `value [unit] × factor = value [normal]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    normal: str
    factor: float = Field(gt=0)
    aliases: tuple[str, ...] = ()


class Vocabulary(BaseModel):
    """All terms by id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    objects: dict[str, Term]
    variables: dict[str, Term]
    units: dict[str, Unit]

    @classmethod
    def load(cls, path: Path = _SHIPPED) -> Vocabulary:
        """Read a vocabulary file; VocabularyError says where it breaks the rules."""
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            message = f"{path}: {error}"
            raise VocabularyError(message, hint="mend the TOML syntax at that line") from error
        try:
            for group in ("objects", "variables", "units"):
                raw[group] = {name: {"id": name, **entry} for name, entry in raw.get(group, {}).items()}
            words = cls.model_validate(raw)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            message = f"{path}: [{where}] {first['msg']}"
            raise VocabularyError(message, hint="compare with the entries around it", path=where) from error
        words._check_units(path)
        words._check_kinds(path)
        return words

    def _check_units(self, path: Path) -> None:
        for term in [*self.objects.values(), *self.variables.values()]:
            if term.unit not in self.units:
                message = f"{path}: [{term.id}] has the unknown unit '{term.unit}'"
                raise VocabularyError(message, hint=f"known units: {', '.join(self.units)}", path=term.id)

    def _check_kinds(self, path: Path) -> None:
        for term in self.objects.values():
            if term.kind_of is not None and (term.kind_of not in self.objects or self.objects[term.kind_of].kind_of):
                message = f"{path}: [{term.id}] is a kind of '{term.kind_of}', which is no object, or a kind of another"
                raise VocabularyError(message, hint=f"known objects: {', '.join(self.objects)}", path=term.id)
            if term.told_by is not None and term.told_by not in self.variables:
                message = f"{path}: [{term.id}] is told by the unknown variable '{term.told_by}'"
                raise VocabularyError(message, hint=f"known variables: {', '.join(self.variables)}", path=term.id)

    def unit(self, text: str) -> Unit | None:
        """Return the unit written `text`, by id or alias, or None."""
        if text in self.units:
            return self.units[text]
        return next((unit for unit in self.units.values() if text in unit.aliases), None)


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Return the shipped vocabulary."""
    return Vocabulary.load()


def normal_unit(text: str) -> str | None:
    """Return the normal form of a unit (`TeV` → `GeV`, `cm` → `mm`), or None for an unknown one.

    >>> normal_unit("TeV"), normal_unit("μm"), normal_unit("furlong")
    ('GeV', 'mm', None)
    """
    unit = vocabulary().unit(text)
    return unit.normal if unit else None


@lru_cache(maxsize=256)
def unit_factor(text: str) -> float:
    """Return what a number in this unit is multiplied with to be in the normal unit; 1 for an unknown unit.

    >>> unit_factor("TeV"), unit_factor("cm")
    (1000.0, 10.0)
    """
    unit = vocabulary().unit(text)
    return unit.factor if unit else 1.0
