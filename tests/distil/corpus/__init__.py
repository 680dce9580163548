"""Sentences of our own with the cuts they state, by topic.

One TOML file per topic, a list of `[[entry]]` tables:

    text     one or more paragraphs in canonical text, as `tests.distil.papers.paper` reads them
    latex    in place of text: the body of a LaTeX document, perhaps a whole paper
    section  the heading they stand under ("Event selection" unless said; none where empty)
    cuts     the exact cuts, one line each (see `expected`); empty for text that states none
    parents  `CR < SR except event.mt`: what holds in SR holds in CR, but for SR's cuts on event.mt
    overlaps   `jet near electron`: jets near electrons are removed
    conflicts  `A | B`: the cut A (as a statement) is shown to contradict B
    composites `zz: fourlepton opposite_charge`: a system of this name (any, where `*`) with these relations,
               words of its sentence or, behind `~`, of its choice
    cited      papers that are at hand, by the key that `[@key]` in the text names them with
    delegated  keys of papers that are not at hand and that requirements are left to, all of them
    experiment `CMS 13 TeV 35.9`: what is told of the data, with the luminosity in fb^-1
    refused    parts of the reasons for which something is no cut
    regions    all names of regions, each with its kind where that matters: `CR1: control`
    every_flag whether all flags are told: further ones count as invented
    known_gap  why the entry is not read right yet; it must then fail

`_heldout` files hold entries that were not looked at while the rules were written.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eval.score import Atom, claims
from ingest.reader import read_source
from kb.distil import distil
from kb.document import Document
from kb.ssc import Composite, Cut, SelectionCriteria
from kb.vocabulary import normal_unit, unit_factor
from tests.distil.papers import paper

FOLDER = Path(__file__).parent
_LINE = re.compile(
    r"(?P<object>\w+|\*)(?:#(?P<rank>\d))? (?P<variable>\w+) (?P<operator>not_in|in|is|[<>=!]=?)"
    r" (?P<value>\[.*?\]|[^ ;]+)(?P<unit>[^;]*)"
)
_SAME_UNIT = {"GeV^1/2": "1", "√GeV": "1"}

Key = tuple[Atom, str, int | None, str, str]


@dataclass(frozen=True)
class Entry:
    """A text, the cuts it states, and why it is not read right, if so."""

    topic: str
    number: int
    text: str
    latex: str
    section: str
    cuts: tuple[str, ...]
    known_gap: str
    parents: tuple[str, ...] = ()
    overlaps: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    composites: tuple[str, ...] = ()
    cited: tuple[tuple[str, str], ...] = ()
    delegated: tuple[str, ...] | None = None
    experiment: str = ""
    regions: tuple[str, ...] | None = None
    refused: tuple[str, ...] = ()
    every_flag: bool = False

    @property
    def name(self) -> str:
        """The file it stands in and its place there."""
        return f"{self.topic}-{self.number}"


@dataclass(frozen=True)
class Reading:
    """What was missed, invented, or misplaced (scope, region, condition, structure) of an entry."""

    expected: int
    found: int
    right: int
    missed: tuple[str, ...]
    invented: tuple[str, ...]
    misplaced: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether every cut was read and nothing else."""
        return not (self.missed or self.invented or self.misplaced)


def entries(file: Path) -> list[Entry]:
    """Return the entries of a corpus file."""
    raw = tomllib.loads(file.read_text(encoding="utf-8"))["entry"]
    return [
        Entry(
            topic=file.stem,
            number=number,
            text=entry.get("text", ""),
            latex=entry.get("latex", ""),
            section=entry.get("section", "Event selection"),
            cuts=tuple(entry.get("cuts", ())),
            known_gap=entry.get("known_gap", ""),
            parents=tuple(entry.get("parents", ())),
            overlaps=tuple(entry.get("overlaps", ())),
            conflicts=tuple(entry.get("conflicts", ())),
            composites=tuple(entry.get("composites", ())),
            cited=tuple(entry.get("cited", {}).items()),
            delegated=tuple(entry["delegated"]) if "delegated" in entry else None,
            experiment=entry.get("experiment", ""),
            regions=tuple(entry["regions"]) if "regions" in entry else None,
            refused=tuple(entry.get("refused", ())),
            every_flag=entry.get("every_flag", False),
        )
        for number, entry in enumerate(raw, 1)
    ]


def expected(line: str) -> dict[str, Any]:
    """Return the record of a line `OBJECT[#RANK] VARIABLE OPERATOR VALUE [UNIT] [; OPTION]…`.

    Options are `veto`, `any` (one of several alternatives), `only` (there is no other flag on the same), `always` (it
    has no condition and no alternative), `everywhere` (it is for no regions alone, but may be `restated=…` in some),
    `scope=…`, `region=…` (with others, or `exactly=…`), `of=…` (the named collection or pair), `name=…`,
    `component=…`, `cone=…` (of the variable), `when=…` (a part of the condition, or the `whole=…`), `clause=…` (what
    it bounds), `why=…` (a part of the rationale) and `quote=…` (a part of the evidence); `*` is any object.
    What a line does not say is not compared, except rank and role.
    """
    head, *options = (part.strip() for part in line.split(";"))
    match = _LINE.fullmatch(head)
    if match is None:
        message = f"not a cut: {line}"
        raise ValueError(message)
    value: Any = match["value"] if match["operator"] == "is" else _value(match["value"])
    if match["operator"] == "is":
        value += match["unit"]
    record: dict[str, Any] = {
        "object": match["object"],
        "rank": int(match["rank"]) if match["rank"] else None,
        "variable": match["variable"],
        "operator": match["operator"],
        "value": value,
        "unit": "1" if match["operator"] == "is" else match["unit"].strip() or "1",
        "role": "select",
    }
    for option in options:
        name, _, said = option.partition("=")
        record[name if said or name in {"any", "only", "always", "everywhere"} else "role"] = said or name
    return record


def _value(text: str) -> float | list[float]:
    if text.startswith("["):
        return [float(edge) for edge in text.strip("[]").split(",")]
    return float(text)


def _normal(record: dict[str, Any]) -> dict[str, Any]:
    unit, value = record["unit"] or "1", record["value"]
    if record["operator"] == "is" or isinstance(value, str):
        return {**record, "unit": "1"}
    record = {
        **record,
        "quote": "",
        "note": "",
    }  # a quote that speaks of m_Z does not turn a mass into a distance to it
    factor = unit_factor(unit)
    number = [edge * factor for edge in value] if isinstance(value, list) else value * factor
    return {**record, "unit": _SAME_UNIT.get(unit, normal_unit(unit) or unit), "value": number}


def _keys(record: dict[str, Any]) -> list[Key]:
    return [
        (
            claim.atom,
            claim.record["object"],
            claim.record.get("rank"),
            claim.record.get("role", "select"),
            claim.record["variable"],  # the atom has no sign: |η| is η there
        )
        for claim in claims([_normal(record)])
    ]


def _agree(wanted: Key, offered: Key) -> bool:
    (atom, of, rank, role, variable), (other, its, its_rank, its_role, its_variable) = wanted, offered
    if (rank, role) != (its_rank, its_role) or of not in {"*", its}:
        return False
    if atom.kind == "flag":
        return other.kind == "flag" and atom.variable == other.variable and _share_word(atom, other)
    return atom == other and _absolute(variable) == _absolute(its_variable)


def _absolute(variable: str) -> bool:
    return variable.startswith("abs_")


def _share_word(one: Atom, other: Atom) -> bool:
    return bool(set(re.findall(r"\w+", str(one.value))) & set(re.findall(r"\w+", str(other.value))))


@cache
def document(entry: Entry) -> Document:
    """Return the document that an entry's text makes."""
    if not entry.latex:
        return paper(f"# {entry.section}\n\n{entry.text}" if entry.section else entry.text)
    opening = "" if "\\section" in entry.latex else f"\\section{{{entry.section}}}\n"
    source = f"\\documentclass{{article}}\n\\begin{{document}}\n{opening}{entry.latex}\n\\end{{document}}\n"
    return read_source(source.encode(), "entry.tex", arxiv_id="test")


@cache
def _cited(entry: Entry) -> dict[str, Document]:
    return {key: paper(f"# Object selection\n\n{text}", arxiv_id=key) for key, text in entry.cited}


def read(entry: Entry, distil: Callable[..., SelectionCriteria] = distil) -> Reading:
    """Distil an entry and compare. Numbers must agree exactly; flags must be there, further flags are not counted."""
    criteria = distil(document(entry), cited=_cited(entry))
    offers = [
        (key, _told(cut), cut.statement())
        for cut in criteria.cuts
        for key in _keys(cut.flat())
        if key[0].direction != "is" or entry.every_flag or any(" is " in line for line in entry.cuts)
    ]
    free = list(
        {(key, record["region"], record["scope"]): (key, record, said) for key, record, said in offers}.values()
    )
    missed, misplaced, right = [], [], 0
    wanted = [(line, record, key) for line in entry.cuts for record in [expected(line)] for key in _keys(record)]
    taken: set[int] = set()
    for line, record, key in wanted:
        fits = [i for i, offer in enumerate(free) if _agree(key, offer[0])]
        if not fits:
            missed.append(line)
            continue
        right += 1
        best = [i for i in fits if not _misplaced(record, free[i][1])]
        if not best:
            given = free[fits[0]][1]
            misplaced.append(f"{line} <- {given['scope']}, region {given['region']}, {given['note']}")
        # Copies of a requirement for other regions are one requirement.
        taken.update(i for i in fits if free[i][0] == free[(best or fits)[0]][0])
    alone = {(key[1], key[0].variable) for _, record, key in wanted if "only" in record}
    spare = [
        said
        for i, (key, _, said) in enumerate(free)
        if i not in taken and (entry.every_flag or key[0].kind == "number" or (key[1], key[0].variable) in alone)
    ]
    return Reading(
        expected=len(wanted),
        found=right + len(spare),
        right=right,
        missed=tuple(missed),
        invented=tuple(spare),
        misplaced=(*misplaced, *_unstructured(entry, criteria)),
    )


def _told(cut: Cut) -> dict[str, Any]:
    why = cut.rationale.quote if cut.rationale else ""
    more = {
        "any": cut.any_of,
        "when": cut.when,
        "of": cut.subject.definition,
        "regions": cut.regions,
        "region": ", ".join(cut.regions) or cut.model_copy(update={"restated": ()}).flat()["region"],
        "restated": ", ".join(cut.restated),
        "name": cut.variable.name,
        "component": cut.variable.component,
        "cone": str(cut.variable.cone),
        "clause": " ".join(c.variable.name or c.variable.id for c in cut.when.clauses) if cut.when else "",
        "quotes": " ".join(e.quote for e in cut.evidence),
    }
    return {**cut.flat(), "why": " ".join(why.split()), **more}


def _unstructured(entry: Entry, criteria: SelectionCriteria) -> Iterator[str]:
    """Yield what an entry says of regions, overlaps and contradictions that the criteria do not."""
    for line in entry.parents:
        child, _, rest = line.partition(" < ")
        parent, _, excepted = rest.partition(" except ")
        held, above = _holding(criteria, child), _holding(criteria, parent)
        replaced = {c.id for c in above if f"{c.subject.object}.{c.variable.id}" in excepted.split(", ")}
        if not above or {c.id for c in held} & {c.id for c in above} != {c.id for c in above} - replaced:
            yield f"{line}: {child} has {[c.statement() for c in held]}, {parent} {[c.statement() for c in above]}"
    removals = {f"{o.removed} near {o.kept}" for d in criteria.objects for o in d.overlap_removal}
    yield from (f"{line} not in {removals}" for line in entry.overlaps if line not in removals)
    shown = [one for one in criteria.unresolved if one.code == "conflict"]
    for line in entry.conflicts:
        cut, _, other = line.partition(" | ")
        if not any(one.candidate == cut and f"'{other}'" in one.reason for one in shown):
            yield f"{line} not in {[(one.candidate, one.reason) for one in shown]}"
    if len(shown) > len(entry.conflicts):
        yield f"conflicts: {[(one.candidate, one.reason) for one in shown]}"
    built = [(k.name, {k.object, *k.requires, *_words_of(k)}) for k in criteria.composites]
    for line in entry.composites:
        name, _, said = line.partition(": ")
        if not any(name in {"*", its} and set(said.split()) <= has for its, has in built):
            yield f"{line} not in {built}"
    named = {region.name: region.kind for region in criteria.regions}
    wanted = dict(line.partition(": ")[::2] for line in entry.regions or ())
    if entry.regions is not None and (
        named.keys() != wanted.keys() or any(named[n] != k for n, k in wanted.items() if k)
    ):
        yield f"regions: {named}"
    left = {key for one in criteria.unresolved if one.code == "delegated" for key in one.references}
    if entry.delegated is not None and left != set(entry.delegated):
        yield f"delegated: {sorted(left)}"
    reasons = [one.reason for one in criteria.unresolved]
    yield from (f"{part} not in {reasons}" for part in entry.refused if not any(part in one for one in reasons))
    about = criteria.paper
    if entry.experiment not in {"", f"{about.experiment} {about.sqrt_s} TeV {about.luminosity}"}:
        yield f"experiment: {about}"


def _words_of(composite: Composite) -> set[str]:
    """Return the words that tell which system is chosen, each behind `~`, and those of the sentence that does."""
    chosen = composite.choice.text.split() if composite.choice else []
    return {*(f"~{word}" for word in chosen), *re.findall(r"\w+", " ".join(e.quote for e in composite.evidence))}


def _holding(criteria: SelectionCriteria, name: str) -> list[Cut]:
    """Return the cuts that hold in a region and not everywhere, its own and those of the regions it inherits from."""
    known = {region.name: region for region in criteria.regions}
    line: list[str] = []
    while name in known and name not in line:
        line.append(name)
        name = known[name].parent or ""
    listed = {cut_id for region in line for cut_id in known[region].cuts}
    return [cut for cut in criteria.cuts if cut.id in listed or set(cut.regions) & set(line)]


def _misplaced(wanted: dict[str, Any], record: dict[str, Any]) -> bool:
    region, when = wanted.get("region"), wanted.get("when")
    operators = {wanted["operator"], record["operator"]}
    return (
        (len(operators) > 1 and not operators & {"in", "not_in"})  # a range may be told as a window
        or wanted["variable"] != record["variable"]
        or wanted.get("scope") not in {None, record["scope"]}
        or (region is not None and not _names(region) <= _names(str(record["region"])))
        or not _names(wanted.get("restated", "")) <= _names(record["restated"])
        or ("exactly" in wanted and _names(wanted["exactly"]) != _names(record["region"] or ""))
        or (when is not None and when not in record["note"])
        or ("whole" in wanted and wanted["whole"] != record["note"])
        or wanted.get("why", "") not in record["why"]
        or wanted.get("of") not in {None, record["of"]}
        or any(wanted.get(said) not in {None, record[said]} for said in ("name", "component", "cone"))
        or wanted.get("clause", "") not in record["clause"]
        or wanted.get("quote", "") not in record["quotes"]
        or ("any" in wanted and record["any"] is None)
        or ("always" in wanted and (record["when"] is not None or record["any"] is not None))
        or ("everywhere" in wanted and record["regions"])
    )


def _names(regions: str) -> set[str]:
    return set(re.findall(r"[\w+ℓ-]+", regions.lower()))


def summary(readings: Iterable[Reading]) -> str:
    """Return recall, precision and the share of entries read exactly, as one line."""
    total: Counter[str] = Counter()
    for reading in readings:
        total.update(
            entries=1, exact=reading.exact, expected=reading.expected, found=reading.found, right=reading.right
        )
    recall, precision = (100 * total["right"] / max(1, total[of]) for of in ("expected", "found"))
    return f"recall {recall:.1f}, precision {precision:.1f}, exact {total['exact']} of {total['entries']} entries"
