"""Small changes of made-up events towards what a cut asks for: how an event that satisfies everything is looked for."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from codegen.profile import Branch
from eval.company import MIXED
from eval.composition import PAIRS
from eval.filters import Filters
from eval.probes.gauge import SUMS, Body, edges, mass
from eval.probes.specimen import Anatomy, Place, Row, flag_value
from kb.ssc import Cut, Piecewise, Variable

_MOST = 12  # objects of a collection
_HARD = 1e4  # GeV, which nothing has more of: masses of what has are lost in rounding


class Nudges:
    """Changes events at random, with a cut in mind."""

    def __init__(self, anatomy: Anatomy, filters: Filters, rng: random.Random) -> None:
        self.anatomy = anatomy
        self.profile = anatomy.profile
        self.filters = filters
        self.rng = rng

    # Towards one cut --------------------------------------------------------------------------------------------------

    def towards(self, row: Row, cut: Cut) -> Row:
        """Return the event changed so that the cut, or what it is about, may come out differently."""
        name, variable = cut.subject.object, cut.variable
        if self.rng.random() < 0.15:
            return self.anywhere(row)
        if cut.scope in {"trigger", "cleaning"} or variable.id in {"trigger", "cleaning"}:
            return self._decision(row)
        constituents = self.constituents(name)
        if variable.id == "count":
            return self._number(row, cut, constituents)
        if name == "met" or (name == "event" and variable.id in {"met", "st", "meff"} and self.rng.random() < 0.3):
            return self._missing(row, self.aim(cut))
        if variable.id in SUMS or variable.id in {"mht", "mj"}:
            kind = self.rng.choice({"mht": ("jet",), "mj": ("fatjet",)}.get(variable.id) or SUMS[variable.id])
            if variable.id == "mj" and (heavier := self._with_mass(row, kind, self.aim(cut))) is not None:
                return heavier
            return self._scaled(row, kind) if self.rng.random() < 0.6 else self._number(row, cut, (kind,))
        places = [(p, kind) for kind in constituents for p in self.anatomy.places(row, kind)]
        systems = self.anatomy.systems
        need = 2 if name in PAIRS else systems[name][1] if name in systems else cut.subject.rank or 1
        if len(places) < need or self.rng.random() < 0.05:
            return self.added(row, self.rng.choice(constituents)) if constituents else self.anywhere(row)
        if name in MIXED or variable.id == "mt":
            return self._meeting(row, cut, places)
        if name in PAIRS or name in systems:
            return self._together(row, cut, places)
        place, kind = self.rng.choice(places)
        if cut.operator == "is":
            return self._flag(row, place, kind, cut)
        if cut.subject.rank is not None and variable.id == "pt" and self.rng.random() < 0.7:
            return self._ranked(row, cut, places)
        return self.set_to(row, place, kind, variable, self.aim(cut)) or self.anywhere(row)

    def aim(self, cut: Cut, *, holds: bool | None = None) -> float:
        """Return a number in normal units that the cut allows (or does not); at random if it is not said which."""
        ends = [edge.bound.points[0][1] if isinstance(edge.bound, Piecewise) else edge.bound for edge in edges(cut)]
        if not ends:
            return 1.0
        if len(ends) == 2:
            low, high = ends
            if holds is not False and self.rng.random() < 0.8:
                return self.rng.uniform(low, high)
            return self.rng.choice((low - abs(low) * 0.1 - 0.1, high + abs(high) * 0.1 + 0.1))
        above = cut.operator in {">", ">=", "!="}
        if cut.role == "veto":
            above = not above
        if holds is False or (holds is None and self.rng.random() < 0.1):
            above = not above
        if cut.operator == "==" and holds is not False:
            return ends[0]
        step = self.rng.expovariate(2) * max(abs(ends[0]), 0.25)
        return ends[0] + step if above else max(ends[0] - step, ends[0] * self.rng.uniform(0.05, 0.95))

    def constituents(self, name: str) -> tuple[str, ...]:
        of = PAIRS.get(name) or self.anatomy.systems.get(name, (None, 0))[0]
        if name in MIXED:
            return tuple(part for of in MIXED[name] if of != "met" for part in self.profile.parts(of))
        parts = self.profile.parts(of or name) or self.profile.parts("lepton" if name == "event" else "")
        return tuple(part for part in parts if part in self.anatomy.kinds)

    def _decision(self, row: Row) -> Row:
        if not self.anatomy.decisions:
            return row
        decision = self.rng.choice(self.anatomy.decisions)
        return self.anatomy.put_scalar(row, decision.branch, flag_value(decision, on=self.rng.random() < 0.7))

    def _missing(self, row: Row, amount: float) -> Row:
        branch = self.profile.branch("met", "pt")
        if branch is None:
            return row
        return self.anatomy.put_scalar(row, branch.branch, round(8 * amount) / 8 / branch.factor)

    def _number(self, row: Row, cut: Cut, kinds: Sequence[str]) -> Row:
        kinds = [kind for kind in kinds if kind in self.anatomy.kinds]
        if not kinds:
            return self.anywhere(row)
        kind = self.rng.choice(kinds)
        more = {">": 0.8, ">=": 0.8, "<": 0.2, "<=": 0.2}.get(cut.operator, 0.5)
        if cut.role == "veto":
            more = 1 - more
        wanted = next((e.bound for e in edges(cut) if not isinstance(e.bound, Piecewise)), None)
        if more == 0.5 and cut.variable.id == "count" and wanted is not None:
            number = sum(len(self.anatomy.places(row, one)) for one in kinds)
            more = 0.8 if number < wanted else 0.2 if number > wanted + 1 else 0.4
        places = self.anatomy.places(row, kind)
        if self.rng.random() < more or not places:
            return self.added(row, kind)
        if self.rng.random() < 0.8:
            return self.anatomy.without(row, self.rng.choice(places))
        return self._relabelled(row, self.rng.choice(places))

    def _scaled(self, row: Row, kind: str) -> Row:
        factor = self.rng.choice((0.5, 0.75, 1.25, 1.5, 2.0))
        for part in self.profile.parts(kind):
            for place in self.anatomy.places(row, part):
                pt = self.anatomy.momentum(row, place, part)[0]
                row = self.set_to(row, place, part, Variable(id="pt"), round(4 * min(pt * factor, _HARD)) / 4) or row
        return row

    def _with_mass(self, row: Row, kind: str, total: float) -> Row | None:
        """Give an object the mass with which all of its kind have so much together, where the ntuple holds masses."""
        places = self.anatomy.places(row, kind)
        if not places or self.profile.branch(kind, "mass") is None or self.rng.random() < 0.3:
            return None
        place = self.rng.choice(places)
        others = sum(self.anatomy.momentum(row, one, kind)[3] for one in places if one != place)
        return self.set_to(row, place, kind, Variable(id="mass"), round(8 * max(total - others, 1.0)) / 8)

    def _meeting(self, row: Row, cut: Cut, places: Sequence[tuple[Place, str]]) -> Row:
        """Turn or scale an object, or the missing momentum, against another."""
        place, kind = self.rng.choice(places)
        pt, _, phi, _ = self.anatomy.momentum(row, place, kind)
        target = self.aim(cut)
        met_pt, met_phi = self.profile.branch("met", "pt"), self.profile.branch("met", "phi")
        with_met = cut.variable.id == "mt" or MIXED.get(cut.subject.object, ("", ""))[1] == "met"
        if not with_met or met_pt is None or met_phi is None or self.rng.random() < 0.2:
            return self._together(row, cut, places) if len(places) > 1 else self.shifted(row, place, kind)
        if cut.variable.id == "delta_phi":
            return self._turned(row, met_phi, phi + self.rng.choice((-1, 1)) * target)
        if self.rng.random() < 0.3:
            return self._turned(row, met_phi, self.rng.uniform(-math.pi, math.pi))
        away = 1 - math.cos(phi - float(row[met_phi.branch]))
        if cut.variable.id == "mt" and away > 1e-3 and pt > 0:
            return self._missing(row, target**2 / (2 * pt * away))
        return self._missing(row, max(float(row[met_pt.branch]) * met_pt.factor, 1) * self.rng.uniform(0.3, 3))

    def _turned(self, row: Row, branch: Branch, angle: float) -> Row:
        return self.anatomy.put_scalar(row, branch.branch, round(64 * math.remainder(angle, math.tau)) / 64)

    def _together(self, row: Row, cut: Cut, places: Sequence[tuple[Place, str]]) -> Row:
        """Change two objects of a system: their mass, their distance, what they are."""
        if len(places) < 2:
            return self.anywhere(row)
        (one, kind), (other, its) = self.rng.sample(list(places), 2)
        variable = cut.variable.id
        if variable in {"charge", "charge_product"}:
            return self._flipped(row, one)
        if cut.operator == "is":
            return self._flipped(row, one) if self.rng.random() < 0.4 else self._relabelled(row, one)
        choice = self.rng.random()
        if choice < 0.15:
            return self._relabelled(row, one)
        if choice < 0.25:
            return self._flipped(row, one)
        target = self.aim(cut)
        if variable == "mass" and cut.subject.object in self.anatomy.systems and choice < 0.6:
            return self._heavier(row, places, target)
        if variable in {"delta_r", "delta_phi", "delta_eta"}:
            first = self.anatomy.momentum(row, other, its)
            angle = self.rng.uniform(-math.pi, math.pi)
            across, around = target * math.cos(angle), target * math.sin(angle)
            if variable == "delta_phi":
                across, around = self.rng.uniform(-1, 1), math.copysign(target, around)
            row = self.set_to(row, one, kind, Variable(id="eta"), first[1] + across) or row
            return self.set_to(row, one, kind, Variable(id="phi"), math.remainder(first[2] + around, math.tau)) or row
        if choice < 0.75:
            pt, eta, phi, _ = self.anatomy.momentum(row, one, kind)
            pt2, eta2, phi2, _ = self.anatomy.momentum(row, other, its)
            now = math.sqrt(max(2 * pt * pt2 * (math.cosh(eta - eta2) - math.cos(phi - phi2)), 1e-6))
            if variable == "pt":
                now = math.hypot(pt * math.cos(phi) + pt2 * math.cos(phi2), pt * math.sin(phi) + pt2 * math.sin(phi2))
            factor = min((target / max(now, 1e-3)) ** 2, 50.0)
            return self.set_to(row, one, kind, Variable(id="pt"), round(8 * max(pt * factor, 1)) / 8) or row
        return self.shifted(row, one, kind)

    def _heavier(self, row: Row, places: Sequence[tuple[Place, str]], target: float) -> Row:
        """Scale all objects so that together they have the mass aimed at."""
        now = mass([Body(*self.anatomy.momentum(row, *entry)) for entry in places])
        for place, kind in places:
            pt = self.anatomy.momentum(row, place, kind)[0] * target / max(now, 1.0)
            row = self.set_to(row, place, kind, Variable(id="pt"), round(64 * pt) / 64) or row
        return row

    def _ranked(self, row: Row, cut: Cut, places: Sequence[tuple[Place, str]]) -> Row:
        """Give the object of the cut's rank what it asks for, and those of higher and lower pT more and less."""
        target, rank = self.aim(cut), cut.subject.rank or 1
        ranked = sorted(places, key=lambda entry: -self.anatomy.momentum(row, *entry)[0])
        for number, (place, kind) in enumerate(ranked, start=1):
            pt = self.anatomy.momentum(row, place, kind)[0]
            new = target if number == rank else max(pt, 1.25 * target) if number < rank else min(pt, 0.95 * target)
            if new != pt:
                row = self.set_to(row, place, kind, cut.variable, round(64 * new) / 64) or row
        return row

    def _flag(self, row: Row, place: Place, kind: str, cut: Cut) -> Row:
        flag = self.profile.flag(kind, cut.variable.id, str(cut.value))
        if flag is None:
            return self.anywhere(row)
        return self.anatomy.set_flag(row, place, flag, on=self.rng.random() < (0.9 if cut.role == "select" else 0.1))

    def _flipped(self, row: Row, place: Place) -> Row:
        branch = self.profile.collections[place[0]].variables.get("charge")
        return row if branch is None else self.anatomy.put(row, place, branch.branch, -row[branch.branch][place[1]])

    def _relabelled(self, row: Row, place: Place) -> Row:
        """Make an object one of another kind of its collection."""
        kinds = [kind for kind in self.anatomy.kinds.values() if kind.collection == place[0] and kind.where]
        if not kinds:
            return row
        where = self.rng.choice(kinds).where
        assert where is not None
        return self.anatomy.set_flag(row, place, where, on=len(kinds) > 1 or self.rng.random() < 0.5)

    def regrouped(self, row: Row) -> Row:
        """Return the event in which two objects are of another kind or charge."""
        kinds = [
            kind for kind in self.anatomy.kinds if self.anatomy.kinds[kind].where and self.anatomy.places(row, kind)
        ]
        places = [place for kind in kinds for place in self.anatomy.places(row, kind)]
        if len(places) < 2:
            return row
        if self.rng.random() < 0.25:
            where = self.anatomy.kinds[self.rng.choice(kinds)].where
            for place in places:
                if where is not None and where.branch in self.anatomy.lists[place[0]]:
                    row = self.anatomy.set_flag(row, place, where, on=True)
            return row
        for place in self.rng.sample(places, 2):
            row = self._relabelled(row, place) if self.rng.random() < 0.8 else row
            row = self._flipped(row, place) if self.rng.random() < 0.4 else row
        return row

    def stirred(self, row: Row, cut: Cut) -> Row:
        """Return the event with the momentum of one object that the cut may be about changed a little or more."""
        choice = self.rng.random()
        met = self.profile.branch("met", "pt")
        if choice < 0.2 and met is not None:
            if choice < 0.1 and (phi := self.profile.branch("met", "phi")) is not None:
                return self._turned(row, phi, float(row[phi.branch]) + self.rng.gauss(0, 0.3))
            return self._missing(row, float(row[met.branch]) * met.factor * math.exp(self.rng.gauss(0, 0.2)))
        kinds = [kind for kind in self.constituents(cut.subject.object) if self.anatomy.places(row, kind)]
        kinds = (
            kinds
            if kinds and self.rng.random() < 0.9
            else [k for k in self.anatomy.kinds if self.anatomy.places(row, k)]
        )
        if not kinds:
            return row
        kind = self.rng.choice(kinds)
        place = self.rng.choice(self.anatomy.places(row, kind))
        pt, eta, phi_, _ = self.anatomy.momentum(row, place, kind)
        size = self.rng.choice((0.03, 0.1, 0.3, 0.8))
        part = self.rng.choice(("pt", "eta", "phi"))
        new = {
            "pt": max(0.5, round(16 * pt * math.exp(self.rng.gauss(0, size))) / 16),
            "eta": round(128 * max(-2.45, min(2.45, eta + self.rng.gauss(0, size)))) / 128,
            "phi": round(128 * math.remainder(phi_ + self.rng.gauss(0, 2 * size), math.tau)) / 128,
        }[part]
        return self.set_to(row, place, kind, Variable(id=part), new) or row

    # Anything ---------------------------------------------------------------------------------------------------------

    def anywhere(self, row: Row) -> Row:
        """Return the event changed at random."""
        kinds = [kind for kind in self.anatomy.kinds if self.anatomy.places(row, kind)]
        choice = self.rng.random()
        if choice < 0.15 or not kinds:
            return self.added(row, self.rng.choice(list(self.anatomy.kinds)))
        kind = self.rng.choice(kinds)
        place = self.rng.choice(self.anatomy.places(row, kind))
        if choice < 0.3:
            return self.anatomy.without(row, place)
        if choice < 0.4:
            return self._flipped(row, place)
        if choice < 0.5:
            return self._relabelled(row, place)
        if choice < 0.6:
            branch = self.profile.branch("met", "phi")
            return self._turned(row, branch, self.rng.uniform(-math.pi, math.pi)) if branch else row
        if choice < 0.65:
            return self._missing(row, self.rng.uniform(5, 300))
        return self.shifted(row, place, kind)

    def shifted(self, row: Row, place: Place, kind: str) -> Row:
        """Return the event with one object of another momentum."""
        pt, eta, phi, _ = self.anatomy.momentum(row, place, kind)
        part = self.rng.choice(("pt", "eta", "phi"))
        new = {
            "pt": max(1.0, round(4 * pt * self.rng.choice((0.5, 0.8, 1.25, 2.0))) / 4),
            "eta": round(64 * max(-2.4, min(2.4, eta + self.rng.gauss(0, 0.5)))) / 64,
            "phi": round(64 * math.remainder(phi + self.rng.gauss(0, 0.7), math.tau)) / 64,
        }[part]
        return self.set_to(row, place, kind, Variable(id=part), new) or row

    def added(self, row: Row, kind: str) -> Row:
        """Return the event with one object more, mostly one that its selection takes."""
        collection = self.anatomy.kinds[kind].collection or ""
        if (size := self.anatomy.number(row, collection)) >= _MOST:
            return self.anatomy.without(row, (collection, self.rng.randrange(size)))
        row = self.anatomy.among(row, collection, self.anatomy.newborn(kind, self.rng))
        place = (collection, self.anatomy.number(row, collection) - 1)
        return self.groomed(row, place, kind) if self.rng.random() < 0.85 else row

    def groomed(self, row: Row, place: Place, kind: str) -> Row:
        """Return the event with one object changed so that it passes the filters of its kind, or most of them."""
        for group in self.filters.groups:
            for cut in group[:1]:
                # What only some definitions ask, not every object of them need meet: a veto lepton is no signal lepton.
                if self.filters.owners(cut) and self.rng.random() < 0.4:
                    continue
                if kind not in self.filters.takers(cut):
                    continue
                if cut.operator == "is":
                    flag = self.profile.flag(kind, cut.variable.id, str(cut.value))
                    if flag is not None:
                        row = self.anatomy.set_flag(row, place, flag, on=cut.role == "select")
                elif not self._fits(row, place, kind, cut):
                    row = self.set_to(row, place, kind, cut.variable, self.aim(cut, holds=True)) or row
        return row

    def _fits(self, row: Row, place: Place, kind: str, cut: Cut) -> bool:
        values = {branch: row[branch][place[1]] for branch in self.anatomy.lists[place[0]]}
        particle = next((p for p in self.filters.ntuple.particles({b: [v] for b, v in values.items()}, kind)), None)
        if particle is None or cut.variable.id in {"delta_r", "delta_phi", "delta_eta"}:
            return True
        return self.filters.passes(cut, particle, lambda name, definition: [])

    def set_to(self, row: Row, place: Place, kind: str, variable: Variable, amount: float) -> Row | None:
        """Return the event in which a variable of one object is so many normal units, or None if it cannot be set."""
        found = self.handle(row, place, kind, variable)
        if found is None:
            return None
        part, branch, scale = found
        value = amount * scale
        return self.anatomy.move(row, place, part, value) if part else self.anatomy.put(row, place, branch, value)

    def evened(self, row: Row, place: Place, kind: str, variable: Variable, amount: float) -> Row | None:
        """Return the event with an object of such a pT that its relative isolation can be exactly so much."""
        isolation = self.profile.isolation(kind, variable)
        if isolation is None or isolation.relative:
            return None
        pt = self.anatomy.momentum(row, place, kind)[0]
        for step in (10.0, 5.0, 1.0):
            near = self.set_to(row, place, kind, Variable(id="pt"), step * max(1, math.ceil(pt / step)))
            reached = near and self.set_to(near, place, kind, variable, amount)
            if near and reached:
                sum_, own = (
                    self.anatomy.amount(reached, place, isolation),
                    self.anatomy.momentum(reached, place, kind)[0],
                )
                if sum_ / own == amount:
                    return near
        return None

    def handle(self, row: Row, place: Place, kind: str, variable: Variable) -> tuple[str, str, float] | None:
        """Return by which branch a variable is set: a part of the momentum or '', the branch, and units per amount."""
        name = variable.id
        raw = {"abs_eta": "eta", "z0_sintheta": "z0", "rapidity": "eta", "abs_rapidity": "eta"}.get(name, name)
        pt, eta, *_ = self.anatomy.momentum(row, place, kind)
        if name in {"iso_rel", "iso_abs"}:
            isolation = self.profile.isolation(kind, variable)
            if isolation is None:
                return None
            factor = (
                1.0 if (name == "iso_rel") == isolation.relative else pt if name == "iso_rel" else 1 / max(pt, 1e-6)
            )
            return "", isolation.branch, factor / isolation.factor
        branch = self.profile.branch(kind, raw)
        if branch is None:
            return None
        scale = 1 / branch.factor
        if branch.over:
            scale *= float(row[branch.over][place[1]])
        if name == "z0_sintheta":
            scale *= math.cosh(eta)
        return (raw if raw in {"pt", "eta", "phi"} else ""), branch.branch, scale
