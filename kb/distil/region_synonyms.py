"""Write a region by one name: its label where it has one; `the signal regions` are all that a paper names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from kb.distil.region_names import LABEL, Name, is_base, kind_of
from kb.ssc import RegionKind

_KINDS = re.compile(r"(?P<kind>signal|search|control|validation) regions?")
_BARE = re.compile(r"(?:SR|CR|VR)s?(?:\s\d+\w?)?$")  # "most SRs", "SR 3" beside "SR3"
_SHORT = re.compile(r"(?<![\w-])([SCV]R)s?(?![\w-])")
_STATE = re.compile(r"[0-4eμτℓγ_{}hadlep ]+ channel")
_NOUN = re.compile(r"\s+(?:region|categor(?:y|ies)|selection|topology|channel|sample|bin)s?$")
_LIKE = re.compile(
    r"\+\s*jets?|\bjets?\b|\bbackgrounds?\b|[- ]quarks?\b|[- ]enriched\b|\bregions?\b|\bsamples?\b|[\s_-]+"
)


@dataclass(slots=True)
class Synonyms:
    """What the regions of a paper are called besides their labels."""

    labels: dict[RegionKind, dict[str, None]] = field(default_factory=dict)
    """The labels of each kind, in the order in which they are first named."""
    tabled: set[str] = field(default_factory=set)
    """The names of regions in the heads of tables: `VBF`, where the text says `the VBF category`."""
    short: frozenset[str] = frozenset()
    """The abbreviations that the paper uses by themselves: `SR`."""
    told: dict[str, set[str]] = field(default_factory=dict)
    """The labels that a description was given, by its words."""

    channels: set[str] = field(default_factory=set)
    """The final states that the text calls channels, which heads of tables name alone: `eμ`."""

    spelt: dict[str, str] = field(default_factory=dict)
    """How regions are written, by their names in small letters."""

    def learn(self, found: Iterable[Name], own: tuple[str, ...] = ()) -> None:
        """Take in the names of a sentence; `own` are those that only this paper's words tell to be regions."""
        for name in found:
            if (re.fullmatch(LABEL, name.name) and not _BARE.search(name.name)) or (
                name.name in own and not is_base(name.name)
            ):
                self.labels.setdefault(kind_of(name.name), {}).setdefault(name.name)
            if _STATE.fullmatch(name.name):
                self.channels.add(name.name)
            if name.long:
                self.told.setdefault(_words(name.long), set()).add(name.name)

    def of(self, name: str) -> tuple[str, ...]:
        """Return the regions that a name means, by their labels where the paper has given them any.

        >>> known = Synonyms()
        >>> known.learn([Name("SR1", 0, 3, False, False), Name("CRW", 5, 8, False, False, "W+jets control region")])
        >>> known.of("signal region"), known.of("W control region"), known.of("control regions"), known.of("VBF")
        (('SR1',), ('CRW',), ('CRW',), ('VBF',))
        """
        generic = _KINDS.fullmatch(name)
        if generic is None:
            labels = self.told.get(_words(name), set())
            if not labels and not {name, f"{name} channel"}.isdisjoint(self.channels):
                return (f"{name.removesuffix(' channel')} channel",)
            bare = _NOUN.sub("", name)
            return tuple(labels) if len(labels) == 1 else (bare if bare in self.tabled else name,)
        kind = kind_of(name)
        labelled = tuple(self.labels.get(kind, ()))
        if labelled and (kind == "signal" or len(labelled) == 1 or name.endswith("s")):
            return labelled
        one = name.removesuffix("s")
        abbreviation = f"{kind[0].upper()}R"
        return (f"{one} ({abbreviation})" if abbreviation in self.short and one == f"{kind} region" else one,)

    def spell(self, name: str) -> None:
        """Take in how a region is written; where a sentence does not open with it is best: `dimuon sample`."""
        known = self.spelt.setdefault(name.lower(), name)
        if known[0].isupper() and name[0].islower():
            self.spelt[name.lower()] = name

    def all_of(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the regions that several names mean, each once."""
        meant = (region for name in names for region in self.of(name))
        return tuple(dict.fromkeys(self.spelt.get(region.lower(), region) for region in meant))


def abbreviations(text: str) -> frozenset[str]:
    """Return which abbreviations a paper uses for all its regions of a kind.

    >>> sorted(abbreviations("The signal region (SR) requires two jets. CR1 and VRs are defined."))
    ['SR', 'VR']
    """
    return frozenset(_SHORT.findall(text))


def _words(name: str) -> str:
    """Return what matters of a description: `W+jets control region` and `W control region` are one."""
    return " ".join(_LIKE.sub(" ", name.lower()).split())
