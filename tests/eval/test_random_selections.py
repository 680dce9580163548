"""Whatever is asked, code and independent reference apply the same cuts and pass the same events."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from codegen.emit import emit_with_distributions
from codegen.measured import Measured
from codegen.plan import make_plan
from codegen.profile import Profile, load_profile
from codegen.toys import write_toys
from codegen.validate import compare_masks
from codegen.validate_histograms import compare_histograms
from eval.reference import reference_masks
from kb.ssc import Clause, Composite, Cut, ObjectDefinition, Piecewise, Subject, Variable
from tests.codegen.backends import ran
from tests.codegen.conftest import clause, criteria_of, cut, quadruplet_of, when

OBJECTS = ("electron", "muon", "lepton", "jet")
PAIRS = ("lepton_pair", "electron_pair", "muon_pair", "jet_pair")
MEETINGS = ("jet_lepton", "jet_electron", "electron_muon", "lepton_met", "jet_met")
SYSTEMS: tuple[tuple[Composite, ...], ...] = (
    (),
    quadruplet_of(),
    quadruplet_of("largest"),
    quadruplet_of()[:2],
    quadruplet_of()[:1],
)
CURVE = Piecewise(
    subject=Subject(object="fourlepton"), variable=Variable(id="mass"), unit="GeV", points=((140, 12), (190, 50))
)


def on_objects(of: random.Random, label: str, role: dict[str, Any]) -> Cut:
    name, operator = of.choice(OBJECTS), of.choice("<>")
    kind = of.choice(("filter", "each", "ranked", "count", "mt"))
    if kind == "filter":
        return cut(label, f"{name}.pt", ">", of.choice([7, 15, 25]), "GeV", scope="object")
    if kind == "each":
        return cut(label, f"{name}.{of.choice(['pt', 'abs_eta'])}", operator, of.choice([1.5, 2.2, 10, 20]), **role)
    if kind == "ranked":
        return cut(label, f"{name}.pt", operator, of.choice([10, 20, 40]), "GeV", rank=of.randint(1, 4), **role)
    if kind == "count":
        return cut(label, f"{name}.count", of.choice([">=", "==", "<="]), of.choice([0, 1, 2, 4]), **role)
    rank = of.choice([None, 1, 2])
    return cut(label, f"{of.choice(['lepton', 'event', 'muon'])}.mt", operator, 50, "GeV", rank=rank, **role)


def on_pairs(of: random.Random, label: str, role: dict[str, Any]) -> Cut:
    name, operator = of.choice(PAIRS), of.choice("<>")
    definition = of.choice([None, None, "SFOS pair"])
    kind = of.choice(("number", "relation", "ranked", "count", "charges"))
    if kind == "number":
        label = f"{label} of {of.choice(['the two', 'both', 'each', 'all'])} lepton pairs"
        variable = of.choice(["mass", "delta_r", "pt", "delta_phi"])
        return cut(label, f"{name}.{variable}", operator, of.choice([0.5, 2, 12, 60]), definition=definition, **role)
    if kind == "relation":
        return cut(label, f"{name}.charge", "is", of.choice(["opposite charge", "same charge"]), **role)
    if kind == "charges":
        return cut(label, f"{name}.charge_product", operator, 0, **role)
    if kind == "ranked":
        value = of.choice([12, 60, 95, CURVE])
        return cut(label, "lepton_pair.mass", operator, value, "GeV", rank=of.choice([1, 2]), **role)
    return cut(label, f"{name}.count", of.choice([">=", "=="]), of.randint(0, 2), definition=definition, **role)


def on_meetings(of: random.Random, label: str, role: dict[str, Any]) -> Cut:
    name, operator = of.choice(MEETINGS), of.choice("<>")
    if name.endswith("met"):
        variable, rank = of.choice(["delta_phi", "mt", "pt"]), of.choice([None, 1, 3])
        return cut(label, f"{name}.{variable}", operator, of.choice([0.4, 1.5, 40]), rank=rank, **role)
    if of.random() < 0.3:
        return cut(label, f"{name}.charge", "is", of.choice(["opposite charge", "same charge"]), **role)
    return cut(label, f"{name}.{of.choice(['delta_r', 'mass', 'pt'])}", operator, of.choice([0.4, 1.5, 40]), **role)


def on_four(of: random.Random, label: str, role: dict[str, Any]) -> Cut:
    kind = of.choice(("number", "count", "flavour", "met"))
    if kind == "number":
        variable = of.choice(["mass", "pt", "charge"])
        return cut(label, f"fourlepton.{variable}", of.choice("<>"), of.choice([0, 1, 100, 150]), **role)
    if kind == "count":
        return cut(label, "fourlepton.count", of.choice([">=", "=="]), of.randint(0, 1), **role)
    if kind == "flavour":
        text = of.choice(["4e", "4μ", "2e2μ", "4e or 4μ"])
        return cut(label, "fourlepton.other", "is", text, name="flavour", **role)
    return cut(label, "met.pt", of.choice("<>"), 20, "GeV", **role)


def on_condition(of: random.Random, label: str, role: dict[str, Any]) -> Cut:
    name = of.choice(["lepton", "jet", "muon"])
    if of.random() < 0.5:
        channel = clause(
            of.choice(["fourlepton", "event"]), "other", of.choice(["4e", "4μ", "2e2μ"]), of.choice(["is", "!="])
        )
        return cut(
            label, f"{name}.pt", ">", 20, "GeV", rank=of.randint(1, 2), when=when("in a channel", channel), **role
        )
    about = {"subject": {"object": "fourlepton"}, "variable": {"id": of.choice(["mass", "pt"])}, "unit": "GeV"}
    heavy = Clause.model_validate({**about, "operator": of.choice("<>"), "value": of.choice([30, 120])})
    return cut(label, f"{name}_pair.mass", ">", 60, when=when("where it is heavy", heavy), **role)


def further(of: random.Random, label: str) -> tuple[list[Cut], list[ObjectDefinition]]:
    """Return a veto of further objects besides the selected ones, with what tells the two apart."""
    kind = of.choice(["lepton", "muon", "electron", "jet"])
    besides = of.choice([f"selected {kind}", kind])
    extra = f"additional {kind}"
    cuts = [cut(f"{label} count", f"{kind}.count", of.choice(["==", "<=", ">"]), of.choice([0, 1]), definition=extra)]
    objects = [ObjectDefinition(name=extra, object=kind, besides=besides)]
    if of.random() < 0.8:
        cuts.append(cut(f"{label} soft", f"{kind}.pt", ">", of.choice([7, 20]), scope="object", definition=extra))
    if besides.startswith("selected"):
        cuts.append(cut(f"{label} hard", f"{kind}.pt", ">", of.choice([10, 25]), scope="object", definition=besides))
        objects.append(ObjectDefinition(name=besides, object=kind))
    if of.random() < 0.7:
        asked = of.choice(["lepton", "muon", "electron", "jet", "muon_pair"])
        cuts.append(cut(f"{label} asked", f"{asked}.count", of.choice(["==", ">="]), of.choice([1, 2])))
    return cuts, objects


KINDS: tuple[Callable[[random.Random, str, dict[str, Any]], Cut], ...] = (
    on_objects,
    on_pairs,
    on_meetings,
    on_four,
    on_condition,
)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("atlas-2020")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("toys")
    written = write_toys(folder, seed=3, events=40)
    return [written["toy_Zjets"], written["toy_H125_ZZ4lep"], written["toy_ZZ4lep"]]


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(of=st.randoms(use_true_random=False))
def test_code_and_reference_agree_on_random_selections(of: random.Random, profile: Profile, files: list[Path]) -> None:
    cuts = []
    for number in range(of.randint(1, 4)):
        role = {"role": of.choice(["select", "select", "select", "veto"])}
        cuts.append(of.choice(KINDS)(of, f"c{number}", role))
    extra, objects = further(of, "further") if of.random() < 0.3 else ([], [])
    criteria = criteria_of(*cuts, *extra, composites=of.choice(SYSTEMS), objects=tuple(objects))
    plan = make_plan(criteria, profile)
    analysis = ran(emit_with_distributions(plan), files)
    reference = reference_masks(criteria, profile, files)
    compared = compare_masks(plan, {"toys": analysis.masks()}, {"toys": reference})
    assert (compared.only_code, compared.only_reference) == ((), ())
    assert compared.agreeing == compared.events == 120
    measured, ones = Measured.model_validate(analysis.report()), {"nominal": [1.0] * 120}
    contents = compare_histograms(plan, {"toys": measured}, {"toys": reference}, {"toys": ones})
    assert (contents.agreeing, contents.unchecked, contents.differences) == (contents.compared, (), ())
