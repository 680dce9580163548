"""How predicted cuts are scored against gold ones.

Both sides are broken into atoms: a range gives two, one requirement stated for several regions counts once with all
of them, a one-sided veto counts as the selection it amounts to. Numbers are brought to GeV and mm. Atoms are matched
one to one, each gold atom taking the free prediction that agrees with it best.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

Record = Mapping[str, Any]
AtomKind = Literal["number", "flag"]

# Variables that annotators cannot be expected to tell apart from the wording of a paper.
_FAMILY = {
    "abs_eta": "eta",
    "abs_rapidity": "rapidity",
    "energy": "pt",
    "iso_abs": "iso",
    "iso_rel": "iso",
    "mini_iso": "iso",
    "isolation": "iso",
    "met_sig": "ratio",
}
_INVERSE = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "in": "not_in", "not_in": "in"}
_SCALES = {
    "TeV": ("GeV", 1e3),
    "GeV": ("GeV", 1.0),
    "MeV": ("GeV", 1e-3),
    "m": ("mm", 1e3),
    "cm": ("mm", 10.0),
    "mm": ("mm", 1.0),
    "um": ("mm", 1e-3),
    "rad": ("1", 1.0),
    "": ("1", 1.0),
    None: ("1", 1.0),
}
_Z_MASS = 91.1876  # GeV, PDG 2018
_WORD = re.compile(r"[a-z0-9.]+")
_SPEAKS_OF_Z_MASS = re.compile(r"m\W?_?\{?Z\b|Z[- ]?(?:boson)?[- ]?mass|mass of the Z")


@dataclass(frozen=True)
class Atom:
    """The smallest thing two annotators can agree on: a variable, a direction and a number (or a word)."""

    kind: AtomKind
    variable: str
    direction: str
    value: float | str
    unit: str


@dataclass
class Claim:
    """An atom with the record it comes from; `region` and `quote` gather those of equal requirements."""

    atom: Atom
    record: Record
    regions: list[str] = field(default_factory=list)
    quotes: list[str] = field(default_factory=list)

    @cached_property
    def region_words(self) -> frozenset[str]:
        """The words of all regions it holds in; empty means everywhere."""
        return words(", ".join(self.regions))

    @cached_property
    def quote_words(self) -> frozenset[str]:
        """The words of all quotes that state it."""
        return words(" ".join(self.quotes))

    @property
    def regional(self) -> bool:
        """Whether it names a region."""
        return bool(self.regions)


@dataclass(frozen=True)
class Score:
    """Counts of a comparison; recalls are over gold atoms, precisions over predicted ones."""

    gold_numbers: int = 0
    predicted_numbers: int = 0
    numeric: int = 0
    full: int = 0
    gold_regional: int = 0
    region: int = 0
    gold_flags: int = 0
    predicted_flags: int = 0
    flag: int = 0
    matched: int = 0
    cited: int = 0
    not_in_text: int = 0
    missed: tuple[Record, ...] = ()
    different: tuple[Record, ...] = ()
    """Gold records found as numbers, but with another object, rank or role."""
    extra: tuple[Record, ...] = ()

    @property
    def numeric_recall(self) -> float | None:
        """Share of gold numbers found with variable and direction right."""
        return _share(self.numeric, self.gold_numbers)

    @property
    def numeric_precision(self) -> float | None:
        """Share of predicted numbers that are in the gold file."""
        return _share(self.numeric, self.predicted_numbers)

    @property
    def full_recall(self) -> float | None:
        """As `numeric_recall`, with object, rank and role right too."""
        return _share(self.full, self.gold_numbers)

    @property
    def full_precision(self) -> float | None:
        """As `numeric_precision`, with object, rank and role right too."""
        return _share(self.full, self.predicted_numbers)

    @property
    def region_recall(self) -> float | None:
        """Share of gold numbers of named regions that are fully right and in a region of that name."""
        return _share(self.region, self.gold_regional)

    @property
    def flag_recall(self) -> float | None:
        """Share of gold flags (`is`) found."""
        return _share(self.flag, self.gold_flags)

    @property
    def flag_precision(self) -> float | None:
        """Share of predicted flags that are in the gold file."""
        return _share(self.flag, self.predicted_flags)

    @property
    def cited_share(self) -> float | None:
        """Share of matched predictions whose quote overlaps the annotator's."""
        return _share(self.cited, self.matched)


def score(gold: Iterable[Record], predicted: Iterable[Record], text: str | None = None) -> Score:
    """Score flat predicted records against gold ones; with `text`, count quotes that do not occur in it."""
    predicted = list(predicted)
    wanted, offered = claims(gold), claims(predicted)
    pairs = match(wanted, offered)
    numbers = [(g, p) for g, p in pairs if g.atom.kind == "number"]
    body = squeeze(text) if text is not None else None
    gold_numbers = sum(claim.atom.kind == "number" for claim in wanted)
    predicted_numbers = sum(claim.atom.kind == "number" for claim in offered)
    found, used = {id(g) for g, _ in pairs}, {id(p) for _, p in pairs}
    return Score(
        gold_numbers=gold_numbers,
        predicted_numbers=predicted_numbers,
        numeric=len(numbers),
        full=sum(_agree_fully(g, p) for g, p in numbers),
        gold_regional=sum(claim.atom.kind == "number" and claim.regional for claim in wanted),
        region=sum(g.regional and _agree_fully(g, p) and _share_region(g, p) for g, p in numbers),
        gold_flags=len(wanted) - gold_numbers,
        predicted_flags=len(offered) - predicted_numbers,
        flag=len(pairs) - len(numbers),
        matched=len(pairs),
        cited=sum(overlaps(g.quote_words, p.quote_words) for g, p in pairs),
        not_in_text=0 if body is None else sum(squeeze(r.get("quote") or "") not in body for r in predicted),
        missed=tuple(claim.record for claim in wanted if id(claim) not in found),
        different=tuple(g.record for g, p in numbers if not _agree_fully(g, p)),
        extra=tuple(claim.record for claim in offered if id(claim) not in used),
    )


def claims(records: Iterable[Record]) -> list[Claim]:
    """Break records into atoms and merge equal requirements, in the order of the records."""
    merged: dict[tuple[Atom, Any, Any, Any], Claim] = {}
    for given in records:
        record = given
        if given.get("role") == "veto" and given["operator"] in _INVERSE:
            record = {**given, "role": "select", "operator": _INVERSE[given["operator"]]}
        for atom in atoms(record):
            key = (atom, record["object"], record.get("rank"), record.get("role", "select"))
            claim = merged.setdefault(key, Claim(atom, record))
            if record.get("region"):
                claim.regions.append(record["region"])
            claim.quotes.append(record.get("quote") or "")
    return list(merged.values())


def atoms(record: Record) -> list[Atom]:
    """Break one record into atoms.

    >>> [a.direction for a in atoms({"variable": "mass", "operator": "in", "value": [50, 106], "unit": "GeV"})]
    ['>', '<']
    >>> atoms({"variable": "mass", "operator": "in", "value": [76.1876, 106.1876], "unit": "GeV"})[0].value
    15.0
    """
    operator, value = record["operator"], record["value"]
    named = str(record["variable"])
    variable = _FAMILY.get(named, named)
    written = record.get("unit")
    unit, factor = _SCALES.get(written, (str(written), 1.0))
    if operator == "is" or isinstance(value, str):
        return [Atom("flag", variable, "is", str(value).lower(), unit)]

    def number(direction: str, amount: float, of: str = variable) -> Atom:
        return Atom("number", of, direction, amount, unit)

    if operator in {"in", "not_in"}:
        low, high = (round(float(edge) * factor, 6) for edge in value)
        inside = operator == "in"
        if variable == "mass" and unit == "GeV" and abs((low + high) / 2 - _Z_MASS) < 0.5:
            return [number("<" if inside else ">", round((high - low) / 2, 6), "mass-mZ")]
        if variable in {"eta", "rapidity"} and low == -high:
            return [number("<", high)]
        prefix = "" if inside else "!"
        return [number(f"{prefix}>", low), number(f"{prefix}<", high)]
    amount = round(float(value) * factor, 6)
    said = f"{record.get('quote', '')} {record.get('note', '')}"
    if variable == "mass" and operator in _INVERSE and amount <= 40 and _SPEAKS_OF_Z_MASS.search(said):
        return [number(operator[0], amount, "mass-mZ")]
    if variable == "count" and operator in {">", "<"}:  # of whole numbers
        return [number(operator, amount + 1 if operator == ">" else amount - 1)]
    return [number({"==": "=", "!=": "!="}.get(operator, operator[0]), amount)]


def match(gold: Sequence[Claim], predicted: Sequence[Claim]) -> list[tuple[Claim, Claim]]:
    """Pair each gold claim, in order, with the free prediction that agrees with it best."""
    free = list(predicted)
    pairs: list[tuple[Claim, Claim]] = []
    for wanted in gold:
        fits = [offer for offer in free if _same_atom(wanted, offer)]
        if fits:
            best = max(fits, key=lambda offer: _quality(wanted, offer))
            free = [offer for offer in free if offer is not best]
            pairs.append((wanted, best))
    return pairs


def words(text: str) -> frozenset[str]:
    """Return the words and numbers of a text, lower case, compatibility forms resolved."""
    return frozenset(_WORD.findall(unicodedata.normalize("NFKC", text).lower()))


def overlaps(one: frozenset[str], other: frozenset[str]) -> bool:
    """Say whether two quotes share half of the shorter one's words."""
    return bool(one and other) and 2 * len(one & other) >= min(len(one), len(other))


def squeeze(text: str) -> str:
    """Return the text without white space, compatibility forms resolved."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _same_atom(gold: Claim, offer: Claim) -> bool:
    if gold.atom.kind == "number":
        return gold.atom == offer.atom
    return (
        offer.atom.kind == "flag"
        and gold.record["object"] == offer.record["object"]
        and gold.atom.variable == offer.atom.variable
        and bool(words(str(gold.atom.value)) & words(str(offer.atom.value)))
    )


def _agree_fully(gold: Claim, offer: Claim) -> bool:
    one, other = gold.record, offer.record
    same_role = one.get("role", "select") == other.get("role", "select")
    return one["object"] == other["object"] and one.get("rank") == other.get("rank") and same_role


def _share_region(gold: Claim, offer: Claim) -> bool:
    return bool(gold.region_words & offer.region_words)


def _quality(gold: Claim, offer: Claim) -> tuple[bool, bool, bool]:
    place = _share_region(gold, offer) if gold.regional else not offer.regional
    return _agree_fully(gold, offer), place, overlaps(gold.quote_words, offer.quote_words)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
