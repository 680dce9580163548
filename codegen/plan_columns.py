"""What can be said of single objects: variables from branches, working points, conditions, and inequalities."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from codegen.plan_flavours import relation
from codegen.plan_model import UnplannableError
from codegen.plan_names import identifier
from codegen.plan_terms import (
    All,
    Any,
    Attribute,
    Collection,
    Compare,
    Comparison,
    DistanceKind,
    Flagged,
    KindIs,
    Near,
    Not,
    Offset,
    Quantity,
    Relation,
    Requirement,
    System,
    Within,
)
from codegen.profile import Profile
from kb.bounds import ABSOLUTE_CHARGE
from kb.inheritance import general
from kb.ssc import Bound, Clause, Closed, Cut, Piecewise, Value, Variable
from kb.vocabulary import unit_factor, vocabulary

TAGGER = "btag"
"""The discriminant of a b tagger, which can be looked at; its scale is that of one tagger."""
M_Z = 91.1876
"""Mass of the Z boson in GeV, PDG 2024."""

PLURALS = {"electron": "electrons", "muon": "muons", "lepton": "leptons", "tau": "taus", "photon": "photons",
           "jet": "jets", "bjet": "bjets", "fatjet": "fatjets", "track": "tracks", "vertex": "vertices",
           "met": "missing momentum", "other": "other objects"}  # fmt: skip
PDG_IDS = {"electron": 11, "muon": 13, "tau": 15, "photon": 22}
DISTANCES: tuple[DistanceKind, ...] = ("delta_r", "delta_phi", "delta_eta")
# Variables of one object that follow from its momentum, with what they are computed from.
KINEMATIC = {"pt": ("pt",), "eta": ("eta",), "abs_eta": ("eta",), "phi": ("phi",), "energy": ("pt", "eta", "phi"),
             "mass": ("pt", "eta", "phi"), "rapidity": ("pt", "eta", "phi"),
             "abs_rapidity": ("pt", "eta", "phi"), "abs_charge": ("charge",)}  # fmt: skip


_BUILT = frozenset({"w", "z", "top", "higgs", "jpsi", "meson", "candidate", "hemisphere"})


def lacking(kind: str, variable: Variable) -> UnplannableError:
    """Return the error that says what the ntuple does not hold."""
    term = vocabulary().variables[variable.id]
    what = variable.name or term.description
    if kind in _BUILT:
        message = f"the criteria do not say which objects the {vocabulary().objects[kind].description} is built from"
        return UnplannableError(message, review=True)
    if variable.id in {"other", "ratio"} and not variable.name:
        return UnplannableError("the criteria do not name the quantity", review=True)
    if variable.id == "count":
        return UnplannableError(f"the ntuple has no {plural(kind)}")
    if variable.id in {"iso_rel", "iso_abs"}:
        what = f"{variable.component or ''} {term.description}".strip()
        if variable.cone is not None:
            what += f" in a cone of ΔR = {variable.cone:g}"
        if variable.cone_rule is not None:
            what += f" ({variable.cone_rule})"
    return UnplannableError(f"the ntuple has no {what} of {plural(kind)}")


def plural(kind: str) -> str:
    """Return the plural of a vocabulary object, in words."""
    return PLURALS.get(kind, f"{kind.replace('_', ' ')}s" if not kind.endswith("s") else kind)


def constrain(quantity: Quantity, cut: Cut, value: Value | None = None) -> Requirement:
    """Write operator and value of a cut as a requirement on a quantity; numbers in normal units."""
    value = cut.normal_value if value is None else value
    about_z = re.search(r"\bm_?\{?Z\}?\b", f"{cut.note} {cut.variable.name or ''}")
    if about_z and cut.variable.id == "mass" and cut.operator in {">", ">=", "<", "<="}:
        quantity = Offset(quantity, M_Z)
    return compare(quantity, cut.operator, value, cut.closed)


def compare(quantity: Quantity, operator: str, value: Value, closed: Closed = "both") -> Requirement:
    """Write an inequality; UnplannableError for a threshold function, which only event requirements can have."""
    if isinstance(value, tuple):
        low, high = (_plain(bound) for bound in value)
        return Within(quantity, low, high, outside=operator == "not_in", closed=closed)
    if isinstance(value, str):
        message = f"'{value}' is no number"
        raise UnplannableError(message, review=True)
    return Compare(quantity, comparison(operator), _plain(value))


def near_to(of: Collection, other: Collection, kind: DistanceKind, cut: Cut, *, every: bool) -> Near:
    """Write how far each object of a list is from `every` object of another one (else: from at least one)."""
    value = cut.normal_value
    if isinstance(value, tuple):
        low, high = (float(_plain(bound)) for bound in value)
        return Near(of, other, kind, "in" if cut.operator == "in" else "not_in", (low, high), every, cut.closed)
    if isinstance(value, str):
        message = f"'{value}' is no distance"
        raise UnplannableError(message, review=True)
    return Near(of, other, kind, comparison(cut.operator), float(_plain(value)), every)


def scaled(clause: Clause) -> Value:
    """Return the number(s) of a clause in GeV, mm or 1."""
    factor, value = unit_factor(clause.unit), clause.value
    if isinstance(value, tuple):
        low, high = (_plain(bound) * factor for bound in value)
        return low, high
    return value if isinstance(value, str) else _plain(value) * factor


def comparison(operator: str) -> Comparison:
    """Return the operator of a plain comparison."""
    known: dict[str, Comparison] = {">": ">", ">=": ">=", "<": "<", "<=": "<=", "==": "==", "!=": "!="}
    return known[operator]


def _plain(bound: Bound) -> float:
    if isinstance(bound, Piecewise):
        message = "a threshold that follows another quantity is not known for single objects"
        raise UnplannableError(message)
    return bound


def either(parts: Sequence[Requirement]) -> Requirement:
    """Return a requirement that holds if one of `parts` does."""
    return parts[0] if len(parts) == 1 else Any(tuple(parts))


def both(parts: Sequence[Requirement]) -> Requirement:
    """Return a requirement that holds if all of `parts` do."""
    return parts[0] if len(parts) == 1 else All(tuple(parts))


class Columns:
    """The objects of a profile and what is known of each; UnplannableError says what is not."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def parts(self, kind: str) -> tuple[str, ...]:
        """Return the kinds with branches that an object stands for; UnplannableError if there are none."""
        parts = self.profile.parts(kind)
        if not parts and kind == "lepton":
            parts = tuple(part for part in ("electron", "muon") if part in self.profile.objects)
        parts = tuple(part for part in parts if self.profile.branch(part, "pt") is not None)
        if not parts:
            message = f"the ntuple has no {plural(kind)}"
            raise UnplannableError(message)
        return parts

    def clause(self, of: Collection | System, kind: str, clause: Clause) -> Requirement:
        """Write a condition on the object itself; UnplannableError if it is about something else."""
        subject = clause.subject.object
        if kind not in self.profile.parts(subject) and subject not in {"lepton", kind, general(kind)}:
            if kind in {"electron", "muon"} and subject in {"electron", "muon"}:
                return KindIs(of, subject)
            message = f"it holds only for a condition on {plural(subject)}"
            raise UnplannableError(message, review=True)
        if isinstance(clause.value, str):
            if clause.variable.name == "flavour" and clause.value in PDG_IDS:
                return KindIs(of, clause.value)
            found = self.named(of, kind, clause.variable, clause.value)
            return Not(found) if clause.operator == "!=" else found
        factor = unit_factor(clause.unit)
        value: Value
        if isinstance(clause.value, tuple):
            value = (clause.value[0] * factor, clause.value[1] * factor)
        else:
            value = clause.value * factor
        return compare(self.quantity(of, kind, clause.variable), clause.operator, value, clause.closed)

    def tells(self, kind: str, clause: Clause) -> bool:
        """Say whether a condition is a working point that stands in place of the profile's own."""
        return clause.operator == "is" and clause.variable.id == self.profile.default_point(kind)

    def named(self, of: Collection | System, kind: str, variable: Variable, point: str) -> Requirement:
        """Write a working point or flag; UnplannableError if the ntuple has none of this name."""
        if variable.id == "charge" and relation(point) is not None:
            message = "a charge relation is about two objects"
            raise UnplannableError(message, review=True)
        flag = self.profile.flag(kind, variable.id, point)
        if flag is None:
            what = variable.name or vocabulary().variables[variable.id].symbol
            message = f"the ntuple has no flag '{point}' ({what}) of {plural(kind)}"
            if self.profile.default_point(kind) == variable.id:
                message += f"; the profile's own working point is taken instead: {self.profile.objects[kind].where}"
                raise UnplannableError(message, review=True)
            raise UnplannableError(message)
        return Flagged(flag, of, f"{variable.id}_{identifier(point)}")

    def quantity(self, of: Collection | System, kind: str, variable: Variable) -> Quantity:
        """Write a variable of one object (or of each of a list); UnplannableError if the ntuple does not hold it."""
        if variable.id in {"iso_rel", "iso_abs"}:
            found = self.profile.isolation(kind, variable)
            if found is None:
                raise lacking(kind, variable)
            return Attribute(of, f"{variable.id}:{isolation_field(found.component, found.cone)}")
        if variable.id == "met_sig" and variable.name:
            raise lacking(kind, variable)  # a quotient, which is none of the ntuple's significances
        if variable.id == "z0_sintheta":
            if self.profile.branch(kind, "z0_sintheta") or self.profile.branch(kind, "z0"):
                return Attribute(of, "z0_sintheta")
            raise lacking(kind, variable)
        if variable.id == TAGGER:
            message = "a threshold of a b-tagging discriminant holds for the tagger of the paper, not for another"
            raise UnplannableError(message, review=True)
        if self.profile.branch(kind, variable.id) is not None:
            return Attribute(of, "abs_charge" if variable.name == ABSOLUTE_CHARGE else variable.id)
        needed = KINEMATIC.get(variable.id)
        if needed is None or any(self.profile.branch(kind, part) is None for part in needed):
            raise lacking(kind, variable)
        four_vector = variable.id in {"mass", "energy", "rapidity", "abs_rapidity"}
        if four_vector and not self.has_energy(kind):
            raise lacking(kind, variable)
        return Attribute(of, variable.id)

    def charged(self, kind: str) -> None:
        """Refuse what is asked of a charge that the ntuple does not hold."""
        for part in self.parts(kind):
            if self.profile.branch(part, "charge") is None:
                raise lacking(part, Variable(id="charge"))

    def relatable(self, kind: str, relations: Iterable[Relation]) -> None:
        """Refuse relations of two objects that cannot be told: of charges that are not there, of flavours of jets."""
        for relation_ in relations:
            if relation_.endswith("charge"):
                self.charged(kind)
            elif any(part not in PDG_IDS for part in self.parts(kind)):
                message = f"{plural(kind)} have no flavour that could be compared"
                raise UnplannableError(message, review=True)

    def has_energy(self, kind: str) -> bool:
        """Say whether four-momenta are known: by energies, or by a mass."""
        known = self.profile.objects[kind].mass is not None
        return known or any(self.profile.branch(kind, name) is not None for name in ("energy", "mass"))


def isolation_field(component: str, cone: float | None) -> str:
    """Name the column of an isolation sum.

    >>> isolation_field("track", 0.3), isolation_field("combined", None)
    ('track_isolation_30', 'combined_isolation')
    """
    return f"{component}_isolation" + ("" if cone is None else f"_{round(100 * cone)}")
