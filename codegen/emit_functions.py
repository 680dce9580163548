"""The functions of an emitted analysis: one per selected collection, composite and region, and one that calls them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from codegen.emit_branches import flag, stored
from codegen.emit_composites import Composites
from codegen.emit_momenta import merging, naming
from codegen.emit_source import (
    Code,
    call,
    chain,
    code,
    comment,
    definition,
    docstring,
    literal,
    number,
    parameters,
    statement,
)
from codegen.emit_terms import Writer
from codegen.emit_words import quotation
from codegen.plan_fields import used_collections
from codegen.plan_model import (
    Field,
    LeadingGroup,
    MergedPlan,
    ObjectPlan,
    Plan,
    RegionPlan,
    Step,
)
from codegen.plan_names import identifier
from codegen.plan_presence import settled, settled_quantity
from codegen.plan_stages import stages
from codegen.plan_terms import Attribute, Flagged, Missing, Objects, Remaining, Requirement, Term, walk
from codegen.profile import Flag, Isolation

_RESERVED = ("events", "met", "alive", "masks", "keep", "steps", "regions", "values", "objects")
_OF_SURVIVORS = "of the events that pass those before it"
_LONG = 60
"""Longest list of names on the left of an assignment, in characters."""


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
        left = frozenset(term.pair for term in self._terms() if isinstance(term, Remaining))
        self.composites = Composites(self._writer, left)
        self.shows_all = any(planned.without is not None for planned in plan.histograms)
        """Whether events that fail one requirement are looked at to the end."""
        self.stages = stages(plan, shows_all=self.shows_all)
        late = len(self.stages) > 1 and self.stages[1].sorts
        self.unordered = frozenset(known.name for known in plan.objects) if late else frozenset()
        """Collections that are sorted only in events with enough objects."""

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
        blocks += [self.composites.function(c) for c in self.plan.composites if not isinstance(c, LeadingGroup)]
        baseline: dict[str, list[str]] = {}
        for stage in self.stages:
            narrow = self._narrows and stage is self.stages[-1]
            about = f"Return the mask of each step, {_OF_SURVIVORS if narrow else 'by itself'}."
            text, baseline[stage.name] = self._steps(stage.name, about, stage.steps, stage.present, narrow=narrow)
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
        unordered = known.name in self.unordered
        order = "" if unordered else ", in the order of falling pT"
        lines = [*docstring([f"Return the {known.title}{order}."])]
        lines += [f"    {known.name} = ak.zip(", "        {"]
        lines += [f'            "{field.name}": {_column(field)},' for field in known.fields]
        if known.mass is not None:
            lines.append(f'            "mass": {number(known.mass)},')
        if known.pdg_id is not None:
            lines.append(f'            "pdg_id": {known.pdg_id},')
        lines += ["        },", *naming(_columns(known)), "    )"]
        if known.where is not None:
            lines += comment(known.note)
            lines += statement(f"{known.name} = ", call("picked", known.name, flag(known.where)))
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
        kept = call("picked", known.name, "keep") if known.filters else code(known.name)
        lines += ["", *statement("return ", kept if unordered else call("by_pt", kept))]
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

    # Steps ----------------------------------------------------------------------------------------------------------

    @property
    def _narrows(self) -> bool:
        """Whether each step of the last stage, and of a region, is asked only of the events that pass those before."""
        return len(self.stages) > 1 and not self.shows_all

    def _steps(
        self, name: str, about: str, steps: Sequence[Step], present: Mapping[str, int], *, narrow: bool
    ) -> tuple[str, list[str]]:
        writer = self._writer()
        written: list[list[str]] = []
        named: list[tuple[str, ...]] = []
        for step in steps:
            found = writer.mask(settled(step.requirement, present))
            cited = [*(self._quoted(step.cut_ids) or comment(step.label)), *comment(step.note)]
            written.append(["", *cited, *writer.lines, *statement("", call("masks.append", found))])
            writer.lines.clear()
            named.append(writer.names)
        lines: list[str] = []
        for place, own in enumerate(written):
            lines += own
            later = [line for following in written[place + 1 :] for line in following]
            known = dict.fromkeys(["events", *writer.inputs, *named[place]]) if narrow else ()
            lines += _passing([of for of in known if _mentions(later, of)])
        needs_events = any("events" in line for line in lines if not line.lstrip().startswith("#"))
        inputs = [*(["events"] if needs_events else []), *writer.inputs]
        opening = [*definition(name, parameters(inputs), "list[Any]"), *docstring([about]), "    masks: list[Any] = []"]
        return "\n".join([*opening, *lines, "", "    return masks"]), inputs

    def _region(self, region: RegionPlan) -> tuple[str, list[str]]:
        after = f"after those of {region.parent}" if region.parent else "after the baseline"
        about = f"Return the mask of each step of the {region.kind} region “{region.name}”, {after}"
        about += f"; each {_OF_SURVIVORS}." if self._narrows else "."
        name, present = self._region_function(region.name), self.stages[-1].present
        return self._steps(name, about, region.steps, present, narrow=self._narrows)

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
        built: list[str] = []
        for known in self.plan.objects:
            others = [name for f in known.filters for name in _others(f.requirement, known.name)]
            if known.name not in self.used:
                lines += comment(f"{_selector(known)} is not called: no requirement on events uses the {known.title}.")
                continue
            arguments = ", ".join(["events", *dict.fromkeys(others)])
            lines.append(f"    {known.name} = {_selector(known)}({arguments})")
            built.append(known.name)
            lines += self._merge(built)
        if self.plan.missing:
            lines.append("    met = missing_momentum(events)")
            built.append("met")
        needed = {name for stage in self.stages[1:] for name in steps[stage.name]}
        needed |= {name for inputs in regions.values() for name in inputs}
        needed |= set(self._values(early=True)[1])
        kept = [name for name in ("events", *built) if name in needed or name not in ("events", "met")]
        for number_, stage in enumerate(self.stages):
            if stage is self.stages[-1]:
                for composite in self.plan.composites:
                    lines += self.composites.call(composite)
            masks = call(stage.name, *steps[stage.name])
            if number_:
                spread = "spread_in_turn" if self._narrows and stage is self.stages[-1] else "spread"
                lines += statement("steps += ", call(spread, masks, "alive"))
            else:
                lines += statement("steps = ", masks)
            if stage is not self.stages[-1]:
                lines += self._thinned(kept, number_)
        early = len(self.stages) > 1
        if self.plan.regions:
            spread = "spread_in_turn" if self._narrows else "spread"
            lines.append("    regions = {")
            for region in self.plan.regions:
                masks = call(self._region_function(region.name), *regions[region.name])
                lines.append(f"        {literal(region.name)}: {call(spread, masks, 'alive') if early else masks},")
            lines.append("    }")
        else:
            lines.append("    regions: dict[str, list[Any]] = {}")
        lines += self._values(early=early, whole="met" not in kept)[0]
        head = "def select(events: ak.Array) -> tuple[list[Any], dict[str, list[Any]], dict[str, Any]]:"
        return "\n".join([head, *lines, "    return steps, regions, values"])

    def _thinned(self, names: Sequence[str], number_: int) -> list[str]:
        """Return the lines that leave all but the events that have come this far out of what comes next."""
        following = self.stages[number_ + 1]
        about = "events that have come this far" if following.builds else "events with enough objects"
        lines = ["", f"    # From here on only {about}."]
        few = [f"(ak.num({name}) >= {least})" for name, least in following.ensured.items() if name in names]
        survivors = chain("&", [call("all_but_one_of" if self.shows_all else "all_of", "steps"), *map(code, few)])
        if number_ == 0:
            lines += statement("alive = ", survivors)
            kept = "alive"
        else:
            lines += ["    before = alive", *statement("alive = ", chain("&", [survivors, code("before")]))]
            kept = "alive[before]"
        ordered = following.sorts and number_ == 0
        for name in names:
            thinned = f"{name}[{kept}]"
            lines.append(f"    {name} = {f'by_pt({thinned})' if ordered and name in self.unordered else thinned}")
        return lines

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

    def _values(self, *, early: bool, whole: bool = True) -> tuple[list[str], list[str]]:
        """Return the lines that name what histograms are filled with, and the inputs of what is known late.

        `whole`: the missing momentum is that of all events.
        """
        if not self.plan.histograms:
            return ["    values: dict[str, Any] = {}"], []
        writer, present = self._writer(), self.stages[-1].present
        at_once = self._writer()
        lines: list[str] = []
        for planned in self.plan.histograms:
            of_event = all(isinstance(term, Attribute | Missing) for term in walk(planned.quantity))
            if early and of_event and whole:
                value = at_once.quantity(planned.quantity)
            else:
                value = writer.quantity(settled_quantity(planned.quantity, present))
                value = call("scattered", value, "alive") if early else value
            lines.append(f"        {literal(planned.axis.name)}: {value},")
        return [*writer.lines, "    values = {", *lines, "    }"], list(writer.inputs)


def _passing(names: Sequence[str]) -> list[str]:
    """Return the lines that leave of arrays what passes the last step."""
    together = f"{', '.join(names)} = "
    if len(names) > 1 and len(together) < _LONG:
        return statement(together, call("passing", "masks[-1]", *names))
    return [f"    {name} = {name}[masks[-1]]" for name in names]


def _mentions(lines: Sequence[str], name: str) -> bool:
    """Say whether code uses a name."""
    return any(re.search(rf"\b{name}\b", line) for line in lines if not line.lstrip().startswith("#"))


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
