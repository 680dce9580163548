"""Selection criteria as text of the Analysis Description Language (ADL), which a physicist can read and run elsewhere.

Blocks and operators are those of ADL (arXiv:2101.09031): `object`, `composite`, `region`, `select`, `reject`; `[]` is
inside a range, ends included; thresholds are in GeV and mm. Any other range is written as two comparisons: of `][`,
versions of the language's interpreter make the inside without the ends, or the outside with them. A function that ADL
does not define itself is called by its vocabulary id (`iso_rel`, `d0_sig`). Every requirement carries its cut id and
its sentence as a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from codegen.adl_members import member_block, members_of_systems, of_members
from codegen.adl_names import adl_name, plural
from kb.bins import binned, bins, regions_of
from kb.bounds import comparisons
from kb.existence import counted, with_collections
from kb.identity import is_arxiv_id
from kb.inheritance import general, stands_in
from kb.ssc import (
    Bound,
    Clause,
    Closed,
    Composite,
    Cut,
    ObjectDefinition,
    Operator,
    Piecewise,
    Region,
    SelectionCriteria,
    Subject,
    Variable,
)

_OBJECTS = {"electron": "Electron", "muon": "Muon", "tau": "Tau", "photon": "Photon", "jet": "Jet",
            "fatjet": "FatJet", "track": "Track", "met": "MET"}  # fmt: skip
# What a paper bounds by its size: |d_0| < 1 mm. The absolute pseudorapidity has a function of its own.
_MAGNITUDES = {"d0", "d0_sig", "z0", "z0_sintheta", "delta_eta", "delta_phi"}
_FUNCTIONS = {"pt": "pT", "energy": "E", "eta": "Eta", "abs_eta": "AbsEta", "rapidity": "Rapidity", "phi": "Phi",
              "mass": "m", "mt": "mT", "charge": "q", "count": "Size", "delta_r": "dR", "delta_phi": "dPhi",
              "delta_eta": "dEta", "btag": "BTag", "id": "ID"}  # fmt: skip
_KINDS = {"signal": "SR", "control": "CR", "validation": "VR"}
_NAMED = {"other", "ratio", "discriminant", "met_sig"}
_EVENT_WIDE = {"ht": "HT", "st": "ST", "lt": "LT", "meff": "Meff", "mht": "MHT", "met_sig": "METsig"}
_WIDTH = 72
"""Column at which the comment of a requirement begins."""
_Collection = tuple[str, str, str | None, list[Cut]]
"""Name, kind, parent and cuts of a block of objects."""


def to_adl(criteria: SelectionCriteria) -> str:
    """Write criteria as ADL text without rejected cuts; what ADL has no words for stands as a comment in its place.

    Bins are alternatives (`kb.bins`), b jets take jets (`kb.inheritance`), and a region of which no cut is left is
    named in a comment.
    """
    stated = {
        region.name for region in criteria.regions if any(region.name in regions_of(c, criteria) for c in criteria.cuts)
    }
    criteria = binned(criteria, bins(criteria))
    criteria = criteria.model_copy(update={"cuts": tuple(c for c in criteria.cuts if c.status != "rejected")})
    criteria = with_collections(criteria)
    said = frozenset(one for alike in counted(criteria).values() for one in alike)
    paper = criteria.paper
    named = f'arXiv "{paper.arxiv_id}v{paper.version}"' if is_arxiv_id(paper.arxiv_id) else f'id "{paper.arxiv_id}"'
    lines = ["info analysis", f'  title "{paper.title}"', f"  {named}"]
    if paper.experiment:
        lines.append(f'  experiment "{paper.experiment}"')
    if paper.sqrt_s:
        lines.append(f"  sqrtS {paper.sqrt_s:g}")
    if paper.luminosity:
        lines.append(f"  lumi {paper.luminosity:g}")
    lines.append("")
    apart = [_apart(cut, criteria) for cut in criteria.cuts]
    # What is asked of systems of objects, and of a distance between kinds of which none is removed, is of events.
    on_objects = [c for c in apart if c.scope == "object" and c.subject.rank is None and not _is_system(c.subject)]
    collections = list(_collections(criteria, on_objects))
    meant = _meant(criteria, collections)
    if "lepton" in meant and not any(kind == "lepton" for _, kind, _, _ in collections):
        collections.append((meant["lepton"], "lepton", None, []))
    besides = {known.name: known.besides for known in criteria.objects if known.besides}
    distances = {removal.cut: removal.kept for known in criteria.objects for removal in known.overlap_removal}
    blocks: dict[str, list[str]] = {}
    for collection in sorted(collections, key=_late):
        name, kind, _, cuts = collection
        source, more = _taken(collection, collections, meant, distances)
        each = adl_name(name) if kind == "lepton" else _OBJECTS.get(general(kind) or kind, adl_name(kind))
        block = [f"  take {source}", *(_requirement(_away(cut, meant), each) for cut in (*more, *cuts))]
        if name in besides:
            block.append(f"  # and is none of the objects of {adl_name(meant.get(besides[name], besides[name]))}")
        blocks[adl_name(name)] = block
    for word in _in_order(blocks):
        lines += [f"object {word}", *blocks[word], ""]
    for composite in criteria.composites:
        lines += [*_composite(composite, meant), ""]
    taken = {cut.id for cut in on_objects}
    rest = [cut for cut in criteria.cuts if cut.id not in taken]
    members = members_of_systems(criteria, rest)
    for kind, (name, systems) in members.items():
        lines += [*member_block(kind, name, systems), ""]
    rest = [_with_names(of_members(cut, members), meant) for cut in rest]
    baseline = [cut for cut in rest if not regions_of(cut, criteria)]
    known_as = {region.name: _region_word(region) for region in criteria.regions}
    lines += ["region baseline", *(_requirements(baseline, said) if baseline else ["  select ALL"]), ""]
    for region in criteria.regions:
        if region.name in stated and not any(region.name in regions_of(cut, criteria) for cut in rest):
            lines += [f"# region {_region_word(region)} is left out: its cuts were all rejected in review", ""]
        else:
            lines += [*_region(region, rest, known_as, said), ""]
    return "\n".join(lines).rstrip() + "\n"


def _in_order(blocks: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names of blocks so that each comes after those it speaks of, unless they speak of each other."""
    speaks_of = {
        word: {other for line in lines for other in re.findall(r"\w+", line.partition("  #")[0])}
        & blocks.keys() - {word}
        for word, lines in blocks.items()
    }
    left, ordered = list(blocks), list[str]()
    while left:
        passed: set[str] = set()
        at = left[0]
        # What is passed again speaks, in the end, of itself: somewhere that has to begin.
        while at not in passed and not speaks_of[at] <= set(ordered):
            passed.add(at)
            at = next(word for word in left if word in speaks_of[at])
        left.remove(at)
        ordered.append(at)
    return ordered


def _late(collection: _Collection) -> int:
    """Return how late a block comes: unions after their parts, what is kept away from others, special kinds."""
    _, kind, _, cuts = collection
    if general(kind) is not None:
        return 3
    return 1 if kind == "lepton" else 2 if any(cut.variable.reference for cut in cuts) else 0


def _apart(cut: Cut, criteria: SelectionCriteria) -> Cut:
    """Return a removal of overlaps as a cut on the objects that are removed, and on their distance to those kept."""
    named = {known.name: known.object for known in criteria.objects}
    for removal in (removal for known in criteria.objects for removal in known.overlap_removal):
        if removal.cut == cut.id:
            subject = Subject(object=named.get(removal.removed, removal.removed))
            away = cut.variable.model_copy(update={"reference": (removal.kept,)})
            return cut.model_copy(update={"subject": subject, "variable": away})
    return cut


def _away(cut: Cut, meant: Mapping[str, str]) -> Cut:
    """Return a cut that names the blocks to which a distance is taken."""
    of = tuple(meant.get(name, name) for name in cut.variable.reference)
    return cut.model_copy(update={"variable": cut.variable.model_copy(update={"reference": of})}) if of else cut


def _collections(criteria: SelectionCriteria, cuts: list[Cut]) -> Iterator[_Collection]:
    """Yield name, kind, parent and cuts of what is cut on without a definition, then of every definition.

    The former holds for all objects of its kind, so that definitions without a parent take it.
    """
    placed: set[str] = set()
    found: list[_Collection] = []
    definitions: list[ObjectDefinition] = list(criteria.objects)
    for definition in definitions:
        ids = {*definition.cuts}
        ids |= {r.cut for r in definition.overlap_removal if r.removed in {definition.name, definition.object}}
        own = [cut for cut in cuts if cut.id in ids or cut.subject.definition == definition.name]
        own = [cut for cut in own if cut.id not in placed]
        placed |= {cut.id for cut in own}
        found.append((definition.name, definition.object, definition.parent, own))
    kinds = dict.fromkeys(cut.subject.object for cut in cuts if cut.id not in placed)
    names = {definition.name for definition in definitions}
    plain = {kind: f"selected {kind}" if kind in names else plural(kind) for kind in kinds}
    for kind, name in plain.items():
        yield name, kind, None, [cut for cut in cuts if cut.id not in placed and cut.subject.object == kind]
    for name, kind, parent, own in found:
        yield name, kind, parent or plain.get(kind), own


def _meant(criteria: SelectionCriteria, collections: Sequence[_Collection]) -> dict[str, str]:
    """Return which block stands for each kind of object where a cut or a composite names none.

    It is the one that composites are built from, or the most refined one that no cut on events names. Leptons are the
    electrons and muons together where they have no cuts of their own.
    """
    named = {cut.subject.definition for cut in criteria.cuts if cut.scope != "object"}
    parents = {parent for _, _, parent, _ in collections}
    built = [name for composite in criteria.composites for name in composite.constituents]
    found: dict[str, str] = {}
    for name, kind, _, _ in collections:
        if name in built or (name not in named and name not in parents and found.get(kind) not in built):
            found[kind] = name
    spoken_of = {cut.subject.object for cut in criteria.cuts} | set(built)
    spoken_of |= {removal.kept for known in criteria.objects for removal in known.overlap_removal}
    if "lepton" in spoken_of and "lepton" not in found:
        found["lepton"] = "leptons"
    return found


def _taken(
    collection: _Collection, collections: Sequence[_Collection], meant: Mapping[str, str], distances: Mapping[str, str]
) -> tuple[str, list[Cut]]:
    """Return what a block takes, and what it requires of that besides its own cuts.

    It takes the block of its parent, or of what it is a kind of, unless own cuts stand in place of some of theirs.
    """
    blocks = {known[0]: known for known in collections}
    name, kind, parent, cuts = collection
    line: list[_Collection] = []
    at = parent or _general_block(name, kind, blocks, meant)
    while at in blocks and blocks[at] not in line:
        line.append(blocks[at])
        at = blocks[at][2] or _general_block(at, blocks[at][1], blocks, meant)
    if not line:
        return (adl_name(parent) if parent else _source(kind, meant)), []
    inherited = [cut for known in reversed(line) for cut in known[3]]
    left = [cut for cut in inherited if not any(stands_in(own, cut, distances) for own in cuts)]
    if len(left) == len(inherited):
        return adl_name(line[0][0]), []
    return _source(line[-1][1], meant), left


def _general_block(name: str, kind: str, blocks: Mapping[str, _Collection], meant: Mapping[str, str]) -> str | None:
    above = general(kind)
    if above is None:
        return None
    alike = name.replace(kind, above)
    return alike if alike != name and alike in blocks else meant.get(above)


def _source(kind: str, meant: Mapping[str, str]) -> str:
    """Return what a block of a kind takes."""
    if kind == "lepton":
        parts = (adl_name(meant[part]) if part in meant else _OBJECTS[part] for part in ("electron", "muon"))
        return f"union({', '.join(parts)})"
    return _OBJECTS.get(kind, adl_name(kind))


def _with_names(cut: Cut, meant: Mapping[str, str]) -> Cut:
    """Return a cut that names the blocks it is about."""

    def named(subject: Subject) -> Subject:
        name = meant.get(subject.object) if subject.definition is None else None
        return subject if name is None else subject.model_copy(update={"definition": name})

    clauses = tuple(c.model_copy(update={"subject": named(c.subject)}) for c in (cut.when.clauses if cut.when else ()))
    condition = cut.when.model_copy(update={"clauses": clauses}) if cut.when else None
    return cut.model_copy(update={"subject": named(cut.subject), "when": condition})


def _composite(composite: Composite, meant: Mapping[str, str]) -> Iterator[str]:
    count = composite.count or len(composite.constituents)
    kinds = composite.constituents if len(composite.constituents) == count else composite.constituents[:1] * count
    names = [chr(ord("a") + number) for number in range(len(kinds))]
    yield f"composite {adl_name(composite.name)}"
    blocks = [adl_name(meant[kind]) if kind in meant else _OBJECTS.get(kind, adl_name(kind)) for kind in kinds]
    members = ", ".join(f"{block} {name}" for block, name in zip(blocks, names, strict=True))
    yield f"  take disjoint({members})"
    pair = names[:2]
    for requirement in composite.requires:
        if len(pair) < 2:
            yield f"  # {requirement}"
            continue
        left, right = pair
        yield {
            "opposite_charge": f"  select q({left}) * q({right}) < 0",
            "same_charge": f"  select q({left}) * q({right}) > 0",
            "same_flavour": f"  select flavor({left}) == flavor({right})",
            "different_flavour": f"  select flavor({left}) != flavor({right})",
        }[requirement]
    if composite.choice:
        choice = composite.choice
        target = "" if choice.target is None else f" to {choice.target:g} {choice.unit}"
        name = _FUNCTIONS.get(choice.variable.id, choice.variable.id)
        yield f"  # of several, the one with {name} {choice.mode}{target}"
    if composite.excludes:
        yield f"  # of what is not in {', '.join(map(adl_name, composite.excludes))}"


def _region_word(region: Region) -> str:
    """Return a region's name; one that begins with a digit, which ADL's names do not, follows its kind."""
    word = adl_name(region.name)
    return f"{_KINDS.get(region.kind, region.kind)}{word}" if word.startswith("_") else word


def _region(region: Region, cuts: list[Cut], known_as: Mapping[str, str], said: frozenset[str]) -> Iterator[str]:
    yield f"region {known_as[region.name]}  # {region.kind}"
    parent = known_as.get(region.parent, adl_name(region.parent)) if region.parent else "baseline"
    yield f"  {parent}"
    yield from _requirements([cut for cut in cuts if region.name in cut.regions or cut.id in region.cuts], said)


def _requirements(cuts: list[Cut], said: frozenset[str]) -> Iterator[str]:
    """Yield one line per cut, and one for all that are alternatives of each other.

    What is `said` of the pairs that another cut counts is no requirement on every pair: it stands as a comment.
    """
    done: set[str] = set()
    for cut in cuts:
        if cut.id in said:
            yield f"  # of as many pairs as are counted: {_requirement(cut, None).strip()}"
        elif cut.any_of is None:
            yield _requirement(cut, None)
        elif cut.any_of not in done:
            done.add(cut.any_of)
            group = [other for other in cuts if other.any_of == cut.any_of]
            text = " or ".join(f"{'not ' if o.role == 'veto' else ''}({_condition(o, None)})" for o in group)
            yield f"  select {text}  # {', '.join(other.id for other in group)}"


def _requirement(cut: Cut, each: str | None) -> str:
    word = "reject" if cut.role == "veto" else "select"
    text = _condition(cut, each)
    if cut.when and cut.when.clauses:
        joint = " and " if cut.when.combine == "all" else " or "
        held = joint.join(_clause(clause, each, cut.subject.object) for clause in cut.when.clauses)
        text = f"({held}) ? {text} : ALL"
    line = f"  {word} {text}"
    if cut.when and not cut.when.clauses:
        # As a requirement of all events it would say more than the paper.
        line = f"  # only {cut.when.text}: {word} {text}"
    quote = f": “{' '.join(cut.evidence[0].quote.split())}”" if cut.evidence else ""
    return f"{line:<{_WIDTH}}  # {cut.id}{quote}"


def _condition(cut: Cut, each: str | None) -> str:
    quantity = _quantity(cut.subject, cut.variable, each)
    value = cut.normal_value
    if isinstance(value, str):
        return f"{quantity} == {_point(value, cut.variable)}"
    if isinstance(value, tuple):
        return _range(quantity, cut.operator, value, cut.closed)
    return f"{quantity} {cut.operator} {_bound(value)}"


def _clause(clause: Clause, each: str | None, kind: str) -> str:
    quantity = _quantity(clause.subject, clause.variable, each if clause.subject.object == kind else None)
    if isinstance(clause.value, tuple):
        return _range(quantity, clause.operator, clause.value, clause.closed)
    value = _point(clause.value, clause.variable) if isinstance(clause.value, str) else f"{clause.value:g}"
    return f"{quantity} {'==' if clause.operator == 'is' else clause.operator} {value}"


def _range(quantity: str, operator: Operator, ends: tuple[Bound, Bound], closed: Closed) -> str:
    low, high = map(_bound, ends)
    if (operator, closed) == ("in", "both"):
        return f"{quantity} [] {low} {high}"
    above, below = comparisons(operator, closed)
    return f"({quantity} {above} {low}) {'and' if operator == 'in' else 'or'} ({quantity} {below} {high})"


def _quantity(subject: Subject, variable: Variable, each: str | None) -> str:
    name = variable.name if variable.name and variable.id in _NAMED else variable.id
    if subject.object == "met" and name == "pt":
        return "MET"
    if subject.object == "event":
        return _EVENT_WIDE.get(name, adl_name(name))
    whose = each or adl_name(subject.definition or plural(subject.object))
    # A system with a rank, "the subleading pair", is one already.
    if subject.rank is not None and (subject.definition is None or not _is_system(subject)):
        whose = f"{whose}[{subject.rank - 1}]"
    others = "".join(f", {adl_name(reference)}" for reference in variable.reference)
    called = f"{_FUNCTIONS.get(name, adl_name(name))}({whose}{others})"
    return f"abs({called})" if name in _MAGNITUDES else called


def _bound(bound: Bound) -> str:
    if not isinstance(bound, Piecewise):
        return f"{bound:g}"
    points = ", ".join(f"{x:g}, {y:g}" for x, y in bound.points)
    return f"interpolate({_quantity(bound.subject, bound.variable, None)}, {points})"


def _point(value: str, variable: Variable) -> str:
    """Return what a flag is compared with: a number as it is, words as a name.

    >>> _point("77", Variable(id="btag")), _point("4μ", Variable(id="other", name="flavour")), _point("very tight",
    ...     Variable(id="id"))
    ('77', 'flavour_4μ', 'very_tight')
    """
    if value.removesuffix("%").replace(".", "", 1).isdecimal():
        return value.removesuffix("%")
    word = adl_name(value)
    return f"{adl_name(variable.name or variable.id)}{word}" if word.startswith("_") else word


def _is_system(subject: Subject) -> bool:
    """Say whether a subject is made of several objects."""
    return "_" in subject.object or subject.object in {"trilepton", "fourlepton"}
