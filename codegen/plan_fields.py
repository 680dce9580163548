"""Which branches each selected collection needs, seen from everything that is computed with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from codegen.plan_columns import KINEMATIC, PDG_IDS, isolation_field, plural
from codegen.plan_model import ChosenPair, CompositePlan, Field, LeadingGroup, ObjectPlan, Plan, Quadruplet
from codegen.plan_objects import Selected
from codegen.plan_terms import (
    Attribute,
    Chosen,
    Distance,
    Flagged,
    Flavours,
    KindIs,
    Members,
    Missing,
    Near,
    Nth,
    Objects,
    OfKind,
    Pairs,
    Related,
    Remaining,
    Term,
    Total,
    TransverseMass,
    TransverseSum,
    walk,
)
from codegen.profile import Branch, Collection, Flag, Profile

_FOUR_VECTOR = ("pt", "eta", "phi", "four_vector")
_SINGLE = (Objects, OfKind, Members, Remaining, Nth)
_OF_DISTANCE = {"delta_r": ("eta", "phi"), "delta_phi": ("phi",), "delta_eta": ("eta",)}


class Needs:
    """What is needed of each selected collection: columns by name, `four_vector` and `pdg_id`."""

    def __init__(self, composites: Mapping[str, CompositePlan], merged: Mapping[str, tuple[str, ...]]) -> None:
        self.composites = composites
        self.merged = merged
        self.columns: dict[str, set[str]] = {}
        self.flags: dict[str, dict[str, Flag]] = {}
        self.missing: set[str] = set()

    def bases(self, term: object) -> set[str]:
        """Return the names of the selected collections that a term is computed from; parts for merged ones."""
        names: set[str] = set()
        for inner in walk(term):
            if isinstance(inner, Objects):
                names |= set(self.merged.get(inner.name, (inner.name,)))
            elif isinstance(inner, Members | Chosen | Remaining):
                named = {Members: "composite", Chosen: "name", Remaining: "pair"}[type(inner)]
                for composite in self.composites.values():
                    own = {composite.name}
                    if isinstance(composite, Quadruplet):
                        own |= {composite.first_name, composite.second_name}
                    if getattr(inner, named) in own:
                        names |= self.bases(composite.of)
                        if isinstance(composite, ChosenPair):
                            names |= self.bases(composite.other)
        return names

    def add(self, term: object, *columns: str) -> None:
        """Note that the collections of a term need these columns."""
        for name in self.bases(term):
            self.columns.setdefault(name, set()).update(columns)
        if any(isinstance(inner, Missing) for inner in walk(term)):
            # A vector in the plane has both coordinates, also where only its direction is asked for.
            self.missing |= {"pt", "phi"} if "phi" in columns else {"pt"} & set(columns)

    def read(self, terms: Iterable[Term]) -> None:
        """Note what terms need; each is looked at without the terms inside it."""
        for term in terms:
            match term:
                case Attribute():
                    self._attribute(term)
                case Total():
                    self.add(term.of, *_columns(term.variable))
                case Distance():
                    self.add((term.first, term.second or ()), *_OF_DISTANCE[term.kind])
                case Near():
                    self.add((term.of, term.other), *_OF_DISTANCE[term.kind])
                case TransverseMass() | TransverseSum():
                    self.add((term.first, term.second), "pt", "phi")
                case Pairs():
                    self._relations(term, term.related)
                case Related():
                    self._relations(term.of, (term.relation,))
                case KindIs() | OfKind() | Flavours():
                    self.add(term.of, "pdg_id")
                case Flagged() if term.of is not None:
                    for name in self.bases(term.of):
                        self.flags.setdefault(name, {})[term.field] = term.flag
                case Objects():
                    self.add(term)
                case _:
                    pass
        for composite in self.composites.values():
            self.add(composite.of)
            if isinstance(composite, LeadingGroup):
                continue
            of = (composite.of, composite.other) if isinstance(composite, ChosenPair) else composite.of
            for choice in (
                (composite.first, composite.second) if isinstance(composite, Quadruplet) else (composite.choice,)
            ):
                self._relations(of, choice.related)
                if choice.mode is not None:
                    self.add(of, *(("eta", "phi") if choice.variable == "delta_r" else _FOUR_VECTOR))

    def _attribute(self, term: Attribute) -> None:
        if isinstance(term.of, _SINGLE):
            self.add(term.of, *_columns(term.variable))
        elif isinstance(term.of, Missing):
            self.missing.add(term.variable)
        elif term.variable in {"charge", "charge_product"}:
            self.add(term.of, "charge")
        else:
            self.add(term.of, *_FOUR_VECTOR)

    def _relations(self, term: object, related: Iterable[str]) -> None:
        for relation in related:
            self.add(term, "charge" if relation.endswith("charge") else "pdg_id")


def _columns(variable: str) -> tuple[str, ...]:
    name, _, column = variable.partition(":")
    if column:
        return (column, "pt")
    if name in {"mass", "energy", "rapidity", "abs_rapidity"}:
        return _FOUR_VECTOR
    if name == "z0_sintheta":
        return ("z0_sintheta", "eta")
    return KINEMATIC.get(name, (name,))


def used_collections(plan: Plan) -> frozenset[str]:
    """Return the collections, also merged ones, that requirements on events, composites or histograms use.

    Others are selected by the criteria, and nothing is asked of them.
    """
    steps = [*plan.steps, *(step for region in plan.regions for step in region.steps)]
    roots: list[object] = [*(step.requirement for step in steps), *(known.quantity for known in plan.histograms)]
    roots += [(one.of, one.other if isinstance(one, ChosenPair) else ()) for one in plan.composites]
    needs = Needs({one.name: one for one in plan.composites}, {one.name: one.parts for one in plan.merged})
    names = needs.bases(tuple(roots))
    for known in reversed(plan.objects):  # what objects are kept away from comes before them
        if known.name in names:
            names |= needs.bases(tuple(selected.requirement for selected in known.filters))
            roots += [selected.requirement for selected in known.filters]
    return frozenset({*names, *(term.name for term in walk(tuple(roots)) if isinstance(term, Objects))})


def object_plan(selected: Selected, profile: Profile, columns: set[str], flags: Mapping[str, Flag]) -> ObjectPlan:
    """Finish a selected collection: name the branches behind its columns."""
    kind = profile.objects[selected.kind]
    collection = profile.collections[kind.collection or ""]
    wanted = {"pt"} | columns
    fields: list[Field] = []
    mass: float | None = None
    if "four_vector" in wanted:
        wanted |= {"eta", "phi"}
        known = next((name for name in ("energy", "mass") if name in collection.variables), None)
        mass = kind.mass if known is None else None
        if known:
            wanted.add(known)
    if "z0_sintheta" in wanted and "z0_sintheta" not in collection.variables:
        wanted = (wanted - {"z0_sintheta"}) | {"z0"}
    order = ["pt", "eta", "phi", "energy", "mass", "charge"]
    for name in [*(n for n in order if n in wanted), *sorted(wanted - {*order, "four_vector", "pdg_id"})]:
        source = column_source(collection, name)
        if source is not None:
            fields.append(Field(name, source))
    fields += [Field(name, flags[name]) for name in sorted(flags)]
    return ObjectPlan(
        name=selected.name,
        kind=selected.kind,
        title=_title(selected),
        definition=selected.definition,
        fields=tuple(fields),
        where=None if selected.bare else kind.where,
        mass=mass,
        pdg_id=PDG_IDS.get(selected.kind) if "pdg_id" in wanted else None,
        filters=tuple(selected.filters),
        note=selected.note,
    )


def column_source(collection: Collection, name: str) -> Branch | None:
    """Return the branch behind a column: a variable, or an isolation sum by its column's name."""
    if name in collection.variables:
        return collection.variables[name]
    for sum_ in collection.isolation:
        if isolation_field(sum_.component, sum_.cone) == name:
            return sum_
    return None


def _title(selected: Selected) -> str:
    if not selected.before and not selected.definition:
        return f"selected {selected.name.replace('_', ' ')}"
    objects = f"{selected.definition}s" if selected.definition else plural(selected.kind)
    return f"{objects}, of which later removals of overlaps may drop some" if selected.before else objects
