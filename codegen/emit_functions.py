"""The functions of an emitted analysis: one per selected collection, composite and region, and one that calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codegen.emit_branches import flag, stored
from codegen.emit_momenta import distance, merging, naming, nonnegative, summed
from codegen.emit_source import (
    Code,
    call,
    chain,
    code,
    comment,
    definition,
    docstring,
    inverted,
    literal,
    member,
    number,
    statement,
)
from codegen.emit_terms import Writer, parameters
from codegen.emit_words import preference, quotation, spaced
from codegen.plan_fields import used_collections
from codegen.plan_model import (
    ChosenGroup,
    ChosenPair,
    Field,
    LeadingGroup,
    MergedPlan,
    ObjectPlan,
    PairChoice,
    Plan,
    Quadruplet,
    RegionPlan,
    Step,
)
from codegen.plan_names import identifier
from codegen.plan_terms import Flagged, Objects, Remaining, Requirement, Term, walk
from codegen.profile import Flag, Isolation

_RESERVED = ("events", "met", "alive", "masks", "keep", "steps", "regions", "values", "objects")
_BUILDERS = ("pairs", "meetings", "leading", "ak.combinations", "ak.cartesian")
"""What makes systems of objects."""


def function_name(region: str) -> str:
    """Return the name of a region's function.

    >>> function_name("signal region (4μ)")
    'region_signal_4mu'
    """
    words = identifier(region).split("_")
    return "_".join(["region", *(word for word in words if word != "region")]) or "region"


class Functions:
    """Writes the functions of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        columns = [field for known in plan.objects for field in known.fields]
        self.relative = frozenset(f.name for f in columns if isinstance(f.source, Isolation) and f.source.relative)
        self.stored = frozenset(field.name for field in columns)
        self.taken = frozenset({*_RESERVED, *plan.names})
        self.used = used_collections(plan)

    def branches(self) -> tuple[str, ...]:
        """Return the branches that the selection reads, sorted."""
        objects = [known for known in self.plan.objects if known.name in self.used]
        flags: list[Flag] = [known.where for known in objects if known.where]
        terms = [term for requirement in self._requirements() for term in walk(requirement)]
        flags += [term.flag for term in terms if isinstance(term, Flagged) and term.of is None]
        names = {branch for known in flags for branch in known.branches}
        for field in [*(f for known in objects for f in known.fields), *self.plan.missing]:
            names |= set(field.source.branches)
        return tuple(sorted(names))

    def _terms(self) -> list[Term]:
        """Return every term of the steps and of the histograms."""
        roots = (*self._requirements(), *(known.quantity for known in self.plan.histograms))
        return list(walk(roots))

    def _requirements(self) -> list[Requirement]:
        steps = [*self.plan.steps, *(step for region in self.plan.regions for step in region.steps)]
        return [step.requirement for step in steps]

    def source(self) -> str:
        """Return all functions, those that are called first."""
        blocks = [self._object(known) for known in self.plan.objects]
        if self.plan.missing:
            blocks.append(self._missing())
        blocks += [self._composite(c) for c in self.plan.composites if not isinstance(c, LeadingGroup)]
        baseline: dict[str, list[str]] = {}
        first, rest = self._split()
        for name, steps in (("preselection", first), ("baseline", rest)):
            if steps or name == "baseline":
                text, baseline[name] = self._steps(name, "Return the mask of each step, by itself.", steps)
                blocks.append(text)
        regions: dict[str, list[str]] = {}
        for region in self.plan.regions:
            text, regions[region.name] = self._region(region)
            blocks.append(text)
        blocks.append(self._select(baseline, regions))
        return "\n\n\n".join(blocks)

    def _writer(self) -> Writer:
        return Writer(relative=self.relative, stored=self.stored, taken=self.taken)

    # Objects --------------------------------------------------------------------------------------------------------

    def _object(self, known: ObjectPlan) -> str:
        lines = [*docstring([f"Return the {known.title}, in the order of falling pT."])]
        lines += [f"    {known.name} = ak.zip(", "        {"]
        lines += [f'            "{field.name}": {_column(field)},' for field in known.fields]
        if known.mass is not None:
            lines.append(f'            "mass": {number(known.mass)},')
        if known.pdg_id is not None:
            lines.append(f'            "pdg_id": {known.pdg_id},')
        lines += ["        },", *naming(_columns(known)), "    )"]
        if known.where is not None:
            lines += statement(f"{known.name} = ", code(f"{known.name}[{flag(known.where)}]"))
        others: dict[str, None] = {}
        for number_, selected in enumerate(known.filters):
            writer = self._writer()
            found = writer.requirement(selected.requirement)
            others |= {name: None for name in writer.inputs if name != known.name}
            lines += ["", *self._quoted(selected.cut_ids), *comment(selected.note), *writer.lines]
            if number_ == 0:
                lines += statement("keep = ", found)
            else:
                lines += statement("keep = ", chain("&", [code("keep"), found]))
        kept = f"{known.name}[keep]" if known.filters else known.name
        lines += ["", *statement("return ", call("by_pt", kept))]
        return "\n".join([*definition(_selector(known), parameters(["events", *others]), "ak.Array"), *lines])

    def _missing(self) -> str:
        lines = [*docstring(["Return the missing transverse momentum."]), "    return ak.zip(", "        {"]
        lines += [f'            "{field.name}": {_column(field)},' for field in self.plan.missing]
        named = naming([field.name for field in self.plan.missing])
        lines += ["        },", *named, "    )"] if named else ["        }", "    )"]
        return "\n".join(["def missing_momentum(events: ak.Array) -> ak.Array:", *lines])

    def _quoted(self, cut_ids: Sequence[str], indent: int = 4) -> list[str]:
        lines: list[str] = []
        for cut_id in cut_ids:
            cut = self.plan.cuts[cut_id]
            lines += comment(f"{cut_id}: {cut.statement()}", indent)
            lines += comment(quotation(cut), indent) if cut.evidence else []
        return lines

    # Composites -----------------------------------------------------------------------------------------------------

    def _composite(self, composite: ChosenPair | ChosenGroup | Quadruplet) -> str:
        writer = self._writer()
        of = writer.collection(composite.of)
        if isinstance(composite, ChosenGroup):
            head = definition(f"build_{composite.name}", parameters(writer.inputs), "ak.Array")
            about = (
                f"Return the {composite.size} objects of the {spaced(composite.name)}: "
                f"{preference(composite.choice, 'group')}; None without one."
            )
            lines = [*docstring([about]), *writer.lines]
            lines += statement("candidates = ", call("groups", of, str(composite.size)))
            best = _best("candidates", composite.choice, call("total", "candidates"))
            lines += statement("return ", call("listed", best))
            return "\n".join([*head, *lines])
        if isinstance(composite, ChosenPair):
            other = writer.collection(composite.other) if composite.other is not None else None
            head = definition(f"build_{composite.name}", parameters(writer.inputs), "ak.Array")
            about = f"Return the {spaced(composite.name)}: {preference(composite.choice)}; None without one."
            remaining = any(isinstance(term, Remaining) and term.pair == composite.name for term in self._terms())
            objects = call("numbered", of) if remaining else of
            found = call("pairs", objects) if other is None else call("meetings", of, other)
            lines = [*docstring([about]), *writer.lines, *statement("candidates = ", found)]
            lines += _related("candidates", composite.choice)
            lines += statement("return ", _best("candidates", composite.choice))
            return "\n".join([*head, *lines])
        first, second = composite.first_name, composite.second_name
        names = f"{first}, {second}, {composite.name}"
        returns = "tuple[ak.Array, ak.Array, ak.Array]"
        head = definition(f"build_{composite.name}", parameters(writer.inputs), returns)
        paragraphs = [
            f"Return {names}; None for events without two disjoint pairs.",
            f"The {spaced(first)} is {preference(composite.first)}, among those that leave another pair "
            f"over; the {spaced(second)} is {preference(composite.second)}, of what remains.",
        ]
        lines = [
            *docstring(paragraphs),
            *writer.lines,
            *statement("objects = ", call("numbered", of)),
            "    # Only events with enough objects go through the combinatorics.",
            "    objects = ak.mask(objects, ak.num(objects) >= 4)",
            "    candidates = pairs(objects)",
        ]
        if composite.first.related == composite.second.related:
            lines += _related("candidates", composite.first)
            lines.append("    firsts = leaving_another(candidates, candidates)")
            rest = "candidates"
        else:
            lines += ["    firsts = candidates", *_related("firsts", composite.first)]
            lines += ["    seconds = candidates", *_related("seconds", composite.second)]
            lines.append("    firsts = leaving_another(firsts, seconds)")
            rest = "seconds"
        lines += statement(f"{first} = ", _best("firsts", composite.first))
        lines += statement("rest = ", code(f"{rest}[disjoint({rest}, {first})]"))
        lines += statement(f"{second} = ", _best("rest", composite.second))
        lines += statement("return ", code(f"{first}, {second}, members(objects, {first}, {second})"))
        return "\n".join([*head, *lines])

    # Steps ----------------------------------------------------------------------------------------------------------

    def _steps(self, name: str, about: str, steps: Sequence[Step]) -> tuple[str, list[str]]:
        writer = self._writer()
        lines: list[str] = []
        for step in steps:
            found = writer.mask(step.requirement)
            cited = self._quoted(step.cut_ids) or comment(step.label)
            lines += ["", *cited, *writer.lines, *statement("", call("masks.append", found))]
            writer.lines.clear()
        needs_events = any("events" in line for line in lines if not line.lstrip().startswith("#"))
        inputs = [*(["events"] if needs_events else []), *writer.inputs]
        opening = [*definition(name, parameters(inputs), "list[Any]"), *docstring([about]), "    masks: list[Any] = []"]
        return "\n".join([*opening, *lines, "", "    return masks"]), inputs

    def _split(self) -> tuple[Sequence[Step], Sequence[Step]]:
        """Split the baseline before its first step that builds systems of objects; all of it, where nothing does."""
        steps = self.plan.steps
        cheap = next((place for place, step in enumerate(steps) if self._is_combinatorial(step)), len(steps))
        combinatorial = cheap < len(steps) or any(
            self._is_combinatorial(step) for region in self.plan.regions for step in region.steps
        )
        return (steps[:cheap], steps[cheap:]) if cheap and combinatorial else ((), steps)

    def _is_combinatorial(self, step: Step) -> bool:
        writer = self._writer()
        found = writer.mask(step.requirement)
        systems = {name for composite in self.plan.composites for name in _made(composite)}
        text = "\n".join([*writer.lines, str(found)])
        return bool(systems & set(writer.inputs)) or any(f"{builder}(" in text for builder in _BUILDERS)

    def _region(self, region: RegionPlan) -> tuple[str, list[str]]:
        after = f"after those of {region.parent}" if region.parent else "after the baseline"
        about = f"Return the mask of each step of the {region.kind} region “{region.name}”, {after}."
        return self._steps(self._region_function(region.name), about, region.steps)

    def _region_function(self, name: str) -> str:
        names: dict[str, str] = {}
        for region in self.plan.regions:
            wanted = function_name(region.name)
            while wanted in names.values():
                wanted += "_"
            names[region.name] = wanted
        return names[name]

    def _select(self, steps: Mapping[str, Sequence[str]], regions: Mapping[str, Sequence[str]]) -> str:
        about = (
            "Return the masks of the baseline's steps, of each region's steps, and what the histograms are filled with."
        )
        lines = docstring([about])
        made: list[str] = []
        for known in self.plan.objects:
            others = [name for f in known.filters for name in _others(f.requirement, known.name)]
            if known.name not in self.used:
                lines += comment(f"{_selector(known)} is not called: no requirement on events uses the {known.title}.")
                continue
            arguments = ", ".join(["events", *dict.fromkeys(others)])
            lines.append(f"    {known.name} = {_selector(known)}({arguments})")
            made.append(known.name)
            lines += self._merge(made)
        if self.plan.missing:
            lines.append("    met = missing_momentum(events)")
            made.append("met")
        early = "preselection" in steps
        if early:
            lines += statement("steps = ", call("preselection", *steps["preselection"]))
            later = {name for inputs in (steps["baseline"], *regions.values()) for name in inputs}
            lines += self._thinned([*(["events"] if "events" in later else []), *made])
        for composite in self.plan.composites:
            lines += self._build(composite)
        baseline = call("baseline", *steps["baseline"])
        lines += statement("steps += ", call("spread", baseline, "alive")) if early else statement("steps = ", baseline)
        if self.plan.regions:
            lines.append("    regions = {")
            for region in self.plan.regions:
                masks = call(self._region_function(region.name), *regions[region.name])
                lines.append(f"        {literal(region.name)}: {call('spread', masks, 'alive') if early else masks},")
            lines.append("    }")
        else:
            lines.append("    regions: dict[str, list[Any]] = {}")
        lines += self._values(early=early)
        head = "def select(events: ak.Array) -> tuple[list[Any], dict[str, list[Any]], dict[str, Any]]:"
        return "\n".join([head, *lines, "    return steps, regions, values"])

    def _thinned(self, names: Sequence[str]) -> list[str]:
        """Return the lines that leave all but the events that have come this far out of what comes next."""
        lines = ["", "    # What builds systems of objects does so only for events that have come this far."]
        everything = any(planned.without is not None for planned in self.plan.histograms)
        lines.append(f"    alive = {'all_but_one_of' if everything else 'all_of'}(steps)")
        return [*lines, *(f"    {name} = {name}[alive]" for name in names)]

    def _merge(self, made: list[str]) -> list[str]:
        lines: list[str] = []
        for merged in self.plan.merged:
            if merged.name in self.used and merged.name not in made and set(merged.parts) <= set(made):
                lines += statement(f"{merged.name} = ", self._merging(merged))
                made.append(merged.name)
        return lines

    def _merging(self, merged: MergedPlan) -> Code:
        columns = {known.name: _columns(known) for known in self.plan.objects}
        return merging(merged.parts, [columns[name] for name in merged.parts])

    def _build(self, composite: ChosenPair | ChosenGroup | Quadruplet | LeadingGroup) -> list[str]:
        writer = self._writer()
        of = writer.collection(composite.of)
        if isinstance(composite, LeadingGroup):
            return [*writer.lines, *statement(f"{composite.name} = ", call("leading", of, str(composite.count)))]
        if isinstance(composite, ChosenPair | ChosenGroup):
            if isinstance(composite, ChosenPair) and composite.other is not None:
                writer.collection(composite.other)
            return statement(f"{composite.name} = ", call(f"build_{composite.name}", *writer.inputs))
        names = f"{composite.first_name}, {composite.second_name}, {composite.name}"
        return statement(f"{names} = ", call(f"build_{composite.name}", *writer.inputs))

    def _values(self, *, early: bool) -> list[str]:
        if not self.plan.histograms:
            return ["    values: dict[str, Any] = {}"]
        writer = self._writer()
        entries = [(planned.axis.name, writer.quantity(planned.quantity)) for planned in self.plan.histograms]
        if early:
            entries = [(name, call("scattered", value, "alive")) for name, value in entries]
        lines = [*writer.lines, "    values = {"]
        return [*lines, *(f"        {literal(name)}: {value}," for name, value in entries), "    }"]


def _made(composite: ChosenPair | ChosenGroup | Quadruplet | LeadingGroup) -> tuple[str, ...]:
    """Return the names of what is built."""
    if isinstance(composite, Quadruplet):
        return composite.name, composite.first_name, composite.second_name
    return (composite.name,)


def _selector(known: ObjectPlan) -> str:
    return f"select_{known.name.removeprefix('selected_')}"


def _others(requirement: Requirement, name: str) -> list[str]:
    return [term.name for term in walk(requirement) if isinstance(term, Objects) and term.name != name]


def _columns(known: ObjectPlan) -> list[str]:
    """Return the names of a collection's columns."""
    made = [("mass", known.mass), ("pdg_id", known.pdg_id)]
    return [*(field.name for field in known.fields), *(name for name, value in made if value is not None)]


def _column(field: Field) -> Code:
    source = field.source
    if isinstance(source, Flag):
        return flag(source)
    value = stored(source)
    if source.factor < 1:
        # 1000 is a binary number and 0.001 is none, so MeV are divided.
        value = Code(f"{value} / {number(round(1 / source.factor, 9))}")
    elif source.factor > 1:
        value = Code(f"{value} * {number(source.factor)}")
    return Code(f"{value} / {call('column', 'events', literal(source.over))}") if source.over else value


def _related(name: str, choice: PairChoice) -> list[str]:
    if not choice.related:
        return []
    parts = []
    for relation in choice.related:
        found = call("same_flavour" if relation == "different_flavour" else relation, name)
        parts.append(inverted(found) if relation == "different_flavour" else found)
    return statement(f"{name} = ", code(f"{name}[{chain('&', parts)}]"))


def _best(name: str, choice: PairChoice, whole: Code | None = None) -> Code:
    """Write which candidate is taken; `whole` is the momentum of each, if it is not that of a pair."""
    if choice.mode is None:
        return call("ak.firsts", name)
    if choice.variable == "delta_r":
        value = distance("delta_r", member(name, "first"), member(name, "second"))
    else:
        value = member(whole or summed(name), choice.variable)
        if (choice.variable, choice.mode) == ("mass", "smallest"):
            value = nonnegative(value)
    if choice.mode == "closest":
        value = call("np.abs", Code(f"{value} - {number(choice.target)}"))
    elif choice.mode == "largest":
        value = Code(f"-{value}")
    return call("chosen", name, value)
