"""The eight queries of the IRIS-HEP benchmark of analysis languages, as criteria, against awkward written by hand.

github.com/iris-hep/adl-benchmarks-index states them; the file is made here, in the layout of CMS NanoAOD.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
import vector

from codegen.emit import emit
from codegen.plan import make_plan
from codegen.plan_model import Plan
from codegen.profile import Profile, load_profile
from eval.reference import reference_masks
from kb.ssc import Choice, Composite, ObjectDefinition, Observable, OverlapRemoval, SelectionCriteria, Subject, Variable
from tests.codegen.conftest import clause, criteria_of, cut, masks_of, when
from tests.codegen.formats import write_nanoaod_events

vector.register_awkward()
PT = Variable(id="pt")
MASS = Variable(id="mass")


def seen(name: str, what: str, high: float, *, low: float = 0.0, unit: str = "GeV", **more: Any) -> Observable:
    """Return an observable in 50 bins; `what` is object.variable."""
    thing, variable = what.split(".")
    subject = Subject(object=thing, definition=more.pop("definition", None), rank=more.pop("rank", None))
    return Observable(
        name=name, subject=subject, variable=Variable(id=variable), bins=50, low=low, high=high, unit=unit, **more
    )


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("cms-nanoaod")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_nanoaod_events(tmp_path_factory.mktemp("adl") / "nano.root", 4000)


@pytest.fixture(scope="module")
def events(file: Path) -> ak.Array:
    return uproot.open(file)["Events"].arrays()


def momenta(events: ak.Array, kind: str, *more: str) -> ak.Array:
    columns = {name: ak.values_astype(events[f"{kind}_{name}"], np.float64) for name in ("pt", "eta", "phi", "mass")}
    return ak.zip({**columns, **{name: events[f"{kind}_{name}"] for name in more}}, with_name="Momentum4D")


def met(events: ak.Array) -> Any:
    return ak.to_numpy(events["MET_pt"]).astype(np.float64)


def counts(values: Any, observable: Observable) -> list[int]:
    edges = np.linspace(observable.low, observable.high, observable.bins + 1)
    return np.histogram(ak.to_numpy(ak.drop_none(ak.flatten(values, axis=None))), edges)[0].tolist()


def undrawn(plan: Plan, criteria: SelectionCriteria) -> list[tuple[str, str]]:
    """Return the observables of the criteria that are not drawn, and why; a profile has histograms of its own."""
    asked = {observable.name for observable in criteria.observables}
    return [(name, why) for name, why in plan.not_drawn if name in asked]


def query_1() -> SelectionCriteria:
    return criteria_of(observables=(seen("met", "met.pt", 100),))


def query_2() -> SelectionCriteria:
    return criteria_of(observables=(seen("jet_pt", "jet.pt", 200),))


def query_3() -> SelectionCriteria:
    central = cut("central", "jet.abs_eta", "<", 1, scope="object")
    return criteria_of(central, observables=(seen("jet_pt", "jet.pt", 200),))


def query_4() -> SelectionCriteria:
    hard = when("with p_T > 40 GeV", clause("jet", "pt", 40.0, ">"))
    return criteria_of(cut("two", "jet.count", ">=", 2, when=hard), observables=(seen("met", "met.pt", 100),))


def query_5() -> SelectionCriteria:
    window = when(
        "of opposite charge, with a mass between 60 and 120 GeV",
        clause("muon_pair", "other", "opposite", name="charge"),
        clause("muon_pair", "mass", (60.0, 120.0), "in"),
    )
    return criteria_of(cut("pair", "muon_pair.count", ">=", 1, when=window), observables=(seen("met", "met.pt", 100),))


def query_6() -> SelectionCriteria:
    best = Choice(mode="closest", variable=MASS, target=172.5, unit="GeV")
    trijet = Composite(name="trijet", object="top", constituents=("jet",), count=3, choice=best)
    return criteria_of(
        cut("three", "jet.count", ">=", 3),
        composites=(trijet,),
        observables=(
            seen("trijet_pt", "top.pt", 300, definition="trijet"),
            seen("trijet_btag", "jet.btag", 1, unit="1", definition="trijet", take="largest"),
        ),
    )


def query_7() -> SelectionCriteria:
    near = cut("near", "jet_lepton.delta_r", "<", 0.4, scope="object", role="veto")
    removal = OverlapRemoval(removed="jet", kept="lepton", cut="near")
    return criteria_of(
        cut("hard", "jet.pt", ">", 30, "GeV", scope="object"),
        cut("lepton", "lepton.pt", ">", 10, "GeV", scope="object"),
        near,
        objects=(ObjectDefinition(name="clean jet", object="jet", overlap_removal=(removal,)),),
        observables=(seen("ht", "event.ht", 500),),
    )


def query_8() -> SelectionCriteria:
    z = Composite(
        name="Z candidate",
        object="lepton_pair",
        constituents=("lepton",),
        count=2,
        requires=("opposite_charge", "same_flavour"),
        choice=Choice(mode="closest", variable=MASS, target=91.2, unit="GeV"),
    )
    return criteria_of(
        cut("three", "lepton.count", ">=", 3),
        cut("pair", "lepton_pair.count", ">=", 1, definition="Z candidate"),
        composites=(z,),
        objects=(ObjectDefinition(name="other lepton", object="lepton", outside="Z candidate"),),
        observables=(seen("mt", "lepton.mt", 200, definition="other lepton", rank=1),),
    )


def hand_4(events: ak.Array) -> Any:
    return met(events)[ak.sum(events["Jet_pt"] > 40, axis=1) >= 2]


def hand_5(events: ak.Array) -> Any:
    one, other = ak.unzip(ak.combinations(momenta(events, "Muon", "charge"), 2))
    mass = (one + other).mass
    return met(events)[ak.any((one.charge != other.charge) & (mass >= 60) & (mass <= 120), axis=1)]


def hand_6(events: ak.Array) -> tuple[Any, Any]:
    jets = momenta(events, "Jet", "btagDeepFlavB")
    jets = jets[ak.num(jets) >= 3]
    a, b, c = ak.unzip(ak.combinations(jets, 3))
    system = a + b + c
    best = ak.argmin(abs(system.mass - 172.5), axis=1, keepdims=True)
    tags = [part[best].btagDeepFlavB[:, 0] for part in (a, b, c)]
    return system[best].pt[:, 0], np.maximum.reduce([ak.to_numpy(tag) for tag in tags])


def hand_7(events: ak.Array) -> Any:
    leptons = ak.concatenate([momenta(events, "Electron"), momenta(events, "Muon")], axis=1)
    leptons, jets = leptons[leptons.pt > 10], momenta(events, "Jet")
    jets = jets[jets.pt > 30]
    one, other = ak.unzip(ak.cartesian([jets, leptons], nested=True))
    return ak.sum(jets.pt[~ak.any(one.deltaR(other) < 0.4, axis=2)], axis=1)


def hand_8(events: ak.Array) -> Any:
    found = []
    kinds = [ak.with_field(momenta(events, kind, "charge"), kind == "Muon", "muon") for kind in ("Electron", "Muon")]
    leptons = ak.concatenate(kinds, axis=1)
    for row, missing, phi in zip(leptons, met(events), events["MET_phi"], strict=True):
        pairs = [
            (abs((row[i] + row[j]).mass - 91.2), i, j)
            for i in range(len(row))
            for j in range(i)
            if row[i].muon == row[j].muon and row[i].charge != row[j].charge
        ]
        if len(row) < 3 or not pairs:
            continue
        _, i, j = min(pairs)
        lead = max((row[k] for k in range(len(row)) if k not in (i, j)), key=lambda lepton: lepton.pt)
        found.append(np.sqrt(2 * lead.pt * missing * (1 - np.cos(lead.phi - phi))))
    return found


def jets(events: ak.Array) -> Any:
    return events["Jet_pt"]


def central_jets(events: ak.Array) -> Any:
    return events["Jet_pt"][abs(events["Jet_eta"]) < 1]


def pairs_as_users_write_them() -> SelectionCriteria:
    texts = ("jet_pair.mass=50,0,500", "muon_pair.delta_r=50,0,5", "jet_met.delta_phi=50,0,3.2")
    return criteria_of(observables=tuple(map(Observable.parse, texts)))


def pairs_by_hand(events: ak.Array) -> tuple[Any, ...]:
    """Return what is of the two leading objects, and what is of each jet."""
    found = []
    for kind, of in (("Jet", lambda one, other: (one + other).mass), ("Muon", lambda one, other: one.deltaR(other))):
        sorted_ = momenta(events, kind)
        sorted_ = sorted_[ak.argsort(sorted_.pt, ascending=False)]
        two = sorted_[ak.num(sorted_) >= 2]
        found.append(of(two[:, 0], two[:, 1]))
    turned = np.abs(events["Jet_phi"] - events["MET_phi"])
    return (*found, ak.where(turned > np.pi, 2 * np.pi - turned, turned))


QUERIES: tuple[tuple[Callable[[], SelectionCriteria], Callable[[ak.Array], Any]], ...] = (
    (query_1, met),
    (query_2, jets),
    (query_3, central_jets),
    (query_4, hand_4),
    (query_5, hand_5),
    (query_6, hand_6),
    (query_7, hand_7),
    (query_8, hand_8),
    (pairs_as_users_write_them, pairs_by_hand),
)


@pytest.mark.parametrize(("query", "by_hand"), QUERIES, ids=[query.__name__ for query, _ in QUERIES])
def test_a_query_fills_what_a_physicist_fills_by_hand(
    query: Callable[[], SelectionCriteria],
    by_hand: Callable[[ak.Array], Any],
    profile: Profile,
    file: Path,
    events: ak.Array,
) -> None:
    criteria = query()
    plan = make_plan(criteria, profile)
    assert (plan.not_applied, undrawn(plan, criteria)) == ((), [])
    namespace: dict[str, Any] = {"__name__": "emitted", "__doc__": ""}
    exec(compile(emit(plan), "analysis.py", "exec"), namespace)
    analysis = namespace["Analysis"](None, None)
    for piece in namespace["pieces"](str(file), analysis.branches):
        analysis.add(piece)
    filled = analysis.report()["histograms"]
    expected = by_hand(events)
    for values, observable in zip(
        expected if isinstance(expected, tuple) else (expected,), criteria.observables, strict=True
    ):
        wanted = counts(values, observable)
        assert sum(wanted) > 50, "the file has too few such events to show anything"
        assert filled[observable.name]["values"] == wanted
    assert reference_masks(criteria, profile, [file]).selected == masks_of(criteria, profile, file)["selected"]


def test_what_the_ntuple_lacks_is_not_drawn_and_told(profile: Profile) -> None:
    pairs = Subject(object="photon_met")
    observables = (
        seen("met", "met.pt", 100),
        Observable(name="angle", subject=pairs, variable=Variable(id="alpha_t"), bins=5, low=0, high=1),
    )
    criteria = criteria_of(observables=observables)
    plan = make_plan(criteria, profile)
    assert [drawn.axis.name for drawn in plan.histograms][:1] == ["met"]
    [(name, reason)] = undrawn(plan, criteria)
    assert name == "angle"
    assert "photon" in reason


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("lepton_pair.mass=50,0,200", "write @1 for the leading pair and @2 for the subleading pair"),
        ("lepton_pair.mass@1=50,0,200", None),
        ("lepton_pair.mass@2=50,0,200", None),
        ("electron_pair.mass=50,0,200", None),
        ("jet_pair.mass@1=50,0,200", "without @1 it is of the two leading ones"),
        ("jet_lepton.delta_r@1=50,0,5", "leave @1 away"),
        ("lepton_pair.count=5,0,5", "no lepton pairs"),
    ],
)
def test_pairs_are_named_by_their_rank_where_a_paper_chooses_two(written: str, reason: str | None) -> None:
    pairs = tuple(
        Composite(
            name=name,
            object="lepton_pair",
            rank=rank,
            constituents=("lepton", "lepton"),
            requires=("opposite_charge",),
            choice=Choice(mode="closest", variable=MASS, target=91.2, unit="GeV"),
        )
        for rank, name in ((1, "leading pair"), (2, "subleading pair"))
    )
    criteria = criteria_of(composites=pairs, observables=(Observable.parse(written),))
    told = [why for _, why in undrawn(make_plan(criteria, load_profile("atlas-2020")), criteria)]
    assert len(told) == (reason is not None)
    assert all(str(reason) in why for why in told)


def test_an_observable_takes_the_place_of_the_profiles_histogram_of_its_name() -> None:
    own = load_profile("atlas-2020")
    plan = make_plan(criteria_of(observables=(seen("met", "met.pt", 300),)), own)
    assert [drawn.axis.range for drawn in plan.histograms if drawn.axis.name == "met"] == [(0.0, 300.0)]


def test_the_lepton_beside_the_z_can_be_cut_on(profile: Profile, file: Path, events: ak.Array) -> None:
    base = query_8()
    third = cut("third", "lepton.pt", ">", 30, "GeV", definition="other lepton", rank=1)
    criteria = base.model_copy(update={"cuts": (*base.cuts, third)})
    assert make_plan(criteria, profile).not_applied == ()
    passed = masks_of(criteria, profile, file)["selected"]
    assert 20 < sum(passed) < sum(masks_of(base, profile, file)["selected"])
    assert reference_masks(criteria, profile, [file]).selected == passed
