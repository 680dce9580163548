"""Emitted code is what the criteria say, reads well, and runs by itself."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codegen.dataset import Sample
from codegen.emit import emit
from codegen.emit_source import Code, call, chain, compared, inverted, literal, number, statement
from codegen.plan import make_plan
from codegen.profile import Profile
from codegen.toys import write_toys
from kb.bounds import ABSOLUTE_CHARGE
from kb.ssc import Composite, ObjectDefinition, OverlapRemoval, Region, SelectionCriteria
from tests.codegen.conftest import (
    clause,
    criteria_of,
    cut,
    event,
    masks_of,
    quadruplet_of,
    run_script,
    when,
    write_events,
)

E, MU = 11, 13
Select = Callable[..., list[bool]]
Write = Callable[..., Path]

PAIRS = cut("pairs", "lepton_pair.count", ">=", 2, definition="SFOS pair")
ALLOWED = {"__future__", "argparse", "json", "sys", "collections.abc", "pathlib", "typing"}
ALLOWED |= {"awkward", "hist", "numpy", "uproot", "vector"}


# What the code looks like --------------------------------------------------------------------------------------------


@pytest.fixture
def source(hzz4l: SelectionCriteria, profile: Profile) -> str:
    return emit(make_plan(hzz4l, profile))


def test_it_imports_nothing_but_the_tools_of_the_field(source: str) -> None:
    tree = ast.parse(source)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= ALLOWED


def test_every_applied_cut_stands_there_with_its_id_and_its_sentence(
    hzz4l: SelectionCriteria, profile: Profile, source: str
) -> None:
    for cut_id in make_plan(hzz4l, profile).applied:
        assert f"# {cut_id}: " in source
        assert f"# note: “the sentence that states {cut_id}”" in source


def test_a_delegated_cut_quotes_the_note_that_states_it(profile: Profile) -> None:
    stated = cut("x", "met.pt", ">", 10, "GeV")
    words = "see Ref. [3]"
    citing = stated.evidence[0].model_copy(update={"arxiv_id": "citing", "quote": words, "end": len(words)})
    delegated = stated.model_copy(update={"evidence": (*stated.evidence, citing)})
    assert "# note: “the sentence that states x”" in emit(make_plan(criteria_of(delegated), profile))


def test_what_is_not_applied_is_in_the_docstring(source: str) -> None:
    about = " ".join((ast.get_docstring(ast.parse(source)) or "").split())
    assert "24 of 28 cuts" in about
    assert "tagged: μ N ≤ 1 (tagged or alone) – the ntuple has no flag 'calorimeter-tagged'" in about


def test_the_docstring_says_how_many_cuts_nobody_has_reviewed(profile: Profile) -> None:
    def told(*status: str) -> str:
        cuts = [cut(f"c{i}", "lepton.count", ">=", i, status=one) for i, one in enumerate(status, 1)]
        source = emit(make_plan(criteria_of(*cuts), profile))
        return " ".join((ast.get_docstring(ast.parse(source)) or "").split())

    assert "Not reviewed: 2 of 3 cuts" in told("proposed", "accepted", "proposed")
    assert "(cutbook review walk note)" in told("proposed")
    assert "eviewed" not in told("accepted", "edited")


def test_objects_and_regions_have_functions_of_their_own(source: str) -> None:
    functions = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    assert {"select_electrons", "select_muons", "select_jets", "build_quadruplet", "region_signal"} <= functions


def test_momenta_are_vectors_of_what_is_known(profile: Profile) -> None:
    asked = {
        "jet.count": (),
        "jet_met.delta_phi": ("Momentum2D", "Momentum2D"),
        "jet_pair.delta_r": ("Momentum3D",),
        "jet_pair.mass": ("Momentum4D",),
    }
    for what, kinds in asked.items():
        text = emit(make_plan(criteria_of(cut("x", what, ">", 1)), profile.model_copy(update={"histograms": ()})))
        assert tuple(re.findall(r'with_name="(\w+)"', text)) == kinds, what
        assert ("import vector" in text) == bool(kinds), "what is not used takes time to start"


def test_only_branches_that_are_needed_are_read(profile: Profile) -> None:
    apart = criteria_of(cut("x", "jet_met.delta_phi", ">", 1))
    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(emit(make_plan(apart, profile.model_copy(update={"histograms": ()}))), namespace)
    assert namespace["BRANCHES"] == ("jet_phi", "jet_pt", "met_et", "met_phi")


def test_objects_that_nothing_is_asked_of_are_not_read(profile: Profile) -> None:
    selection = criteria_of(
        cut("photon-pt", "photon.pt", ">", 20, "GeV", scope="object"),
        cut("apart", "jet.delta_r", ">", 0.4, scope="object", reference=("photon",)),
        cut("met", "met.pt", ">", 10, "GeV"),
    )
    text = emit(make_plan(selection, profile.model_copy(update={"histograms": ()})))
    assert "def select_photons(" in text, "it is written all the same"
    assert "# select_photons is not called: no requirement on events uses the selected photons." in text
    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(text, namespace)
    assert namespace["BRANCHES"] == ("met_et",)
    asked = criteria_of(*selection.cuts, cut("jets", "jet.count", ">=", 1))
    text = emit(make_plan(asked, profile.model_copy(update={"histograms": ()})))
    assert "is not called" not in text, "jets are kept away from photons"


LONG = (
    cut("dphi", "electron_muon.delta_phi", ">", 0.123456789, role="veto"),
    cut("m", "electron_muon.mass", "in", (12.3456789, 98.7654321), "GeV"),
    cut("pt", "electron_muon.pt", ">", 12.3456789, "GeV"),
)
"""Cuts on systems with long names."""


@pytest.mark.parametrize("selection", ["hzz4l", "loose", "pt", "long", "unasked"])
def test_it_is_formatted_and_clean(
    selection: str,
    hzz4l: SelectionCriteria,
    notebook: dict[str, SelectionCriteria],
    profile: Profile,
    tmp_path: Path,
) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    path = tmp_path / "analysis.py"
    known = {"hzz4l": hzz4l, **notebook, "long": criteria_of(PAIRS, *LONG, composites=quadruplet_of())}
    known["unasked"] = criteria_of(cut("x", "photon.pt", ">", 20, "GeV", scope="object"), cut("y", "met.pt", ">", 1))
    path.write_text(emit(make_plan(known[selection], profile)), encoding="utf-8")
    for command in (["format", "--diff"], ["check", "--select", "E,F,I,B,UP,SIM"]):
        done = subprocess.run(
            [ruff, *command, "--isolated", "--line-length", "120", path], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_the_same_plan_gives_the_same_bytes(hzz4l: SelectionCriteria, profile: Profile, source: str) -> None:
    again = SelectionCriteria.from_json(hzz4l.to_json())
    assert all(emit(make_plan(again, profile)) == source for _ in range(10))


def test_a_hostile_quote_stays_a_comment(profile: Profile) -> None:
    stated = cut("x", "met.pt", ">", 10, "GeV")
    words = 'harmless\nimport os\u2028os.abort()\r"""\\'
    evidence = stated.evidence[0].model_copy(update={"quote": words, "end": len(words)})
    criteria = criteria_of(stated.model_copy(update={"evidence": (evidence,)}))
    paper = criteria.paper.model_copy(update={"title": words})
    tree = ast.parse(emit(make_plan(criteria.model_copy(update={"paper": paper}), profile)))
    assert not any(alias.name == "os" for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names)


def test_expressions_get_the_parentheses_they_need() -> None:
    x, y = Code("x"), Code("y")
    assert str(chain("&", [compared(x, ">", number(1)), chain("|", [x, y])])) == "(x > 1.0) & (x | y)"
    assert str(inverted(compared(x, "==", y))) == "~(x == y)"
    assert str(chain("|", [chain("&", [x, y]), x])) == "x & y | x"
    assert str(literal('the "tight" one')) == "'the \"tight\" one'"


def test_long_statements_break_like_the_formatter_does() -> None:
    long = [compared(Code(f"a_rather_long_name_{i}"), ">", number(i)) for i in range(6)]
    assert statement("keep = ", chain("&", long))[0] == "    keep = ("
    assert statement("", call("masks.append", chain("&", long)))[1].startswith("        (a_rather_long_name_0")


# What it does --------------------------------------------------------------------------------------------------------


def test_object_cuts_select_objects_and_counts_count_them(selected: Select) -> None:
    events = [
        event([(MU, 1, 30, 0, 0), (MU, -1, 4, 0, 1)]),
        event([(MU, 1, 30, 0, 0), (MU, -1, 6, 0, 1)]),
        event([(MU, 1, 30, 2.6, 0), (MU, -1, 6, 0, 1)]),
    ]
    cuts = (
        cut("pt", "muon.pt", ">", 5, "GeV", scope="object"),
        cut("eta", "muon.abs_eta", "<", 2.5, scope="object"),
        cut("n", "muon.count", ">=", 2),
    )
    assert selected(events, *cuts) == [False, True, False]


def test_inequalities_are_strict_where_the_paper_is(selected: Select) -> None:
    events = [event([(E, 1, pt, 0, 0)]) for pt in (19.5, 20, 20.5)]
    assert selected(events, cut("x", "lepton.pt", ">", 20, "GeV", rank=1)) == [False, False, True]
    assert selected(events, cut("x", "lepton.pt", ">=", 20, "GeV", rank=1)) == [False, True, True]


def test_ranks_follow_pt_whatever_the_order_in_the_file(selected: Select) -> None:
    events = [event([(MU, 1, 10, 0, 0), (E, 1, 40, 0, 1)]), event([(MU, 1, 10, 0, 0)])]
    assert selected(events, cut("x", "lepton.pt", ">", 30, "GeV", rank=1)) == [True, False]
    assert selected(events, cut("x", "lepton.pt", ">", 5, "GeV", rank=2)) == [True, False]


def test_a_veto_rejects_what_it_states(selected: Select) -> None:
    events = [event([(MU, 1, 10, 0, 0)], met=50), event(met=10)]
    assert selected(events, cut("x", "muon.count", ">=", 1, role="veto")) == [False, True]
    assert selected(events, cut("x", "lepton.pt", ">", 5, "GeV", rank=1, role="veto")) == [False, True]
    assert selected(events, cut("x", "met.pt", "in", (20, 100), "GeV", role="veto")) == [False, True]


def test_an_object_veto_removes_objects(selected: Select) -> None:
    crack = cut("crack", "electron.abs_eta", "in", (1.37, 1.52), scope="object", role="veto")
    events = [event([(E, 1, 30, 1.45, 0)]), event([(E, 1, 30, -1.3, 0)])]
    assert selected(events, crack, cut("n", "electron.count", "==", 1)) == [False, True]


def test_a_condition_limits_a_cut_to_what_it_names(selected: Select) -> None:
    soft = when("for pT < 50 GeV", clause("muon", "pt", 50, "<"))
    isolated = cut("iso", "muon.iso_rel", "<", 0.1, component="track", scope="object", when=soft)
    events = [
        event([(MU, 1, 20, 0, 0)], ptcone30=[4000]),
        event([(MU, 1, 60, 0, 0)], ptcone30=[12000]),
        event([(MU, 1, 20, 0, 0)], ptcone30=[1000]),
    ]
    assert selected(events, isolated, cut("n", "muon.count", "==", 1)) == [False, True, True]


def test_flags_and_triggers(selected: Select) -> None:
    events = [event([(E, 1, 30, 0, 0)], tight=[1]), event([(E, 1, 30, 0, 0)], tight=[0])]
    tight = cut("id", "electron.id", "is", "Tight", scope="object")
    assert selected(events, tight, cut("n", "electron.count", "==", 1)) == [True, False]
    fired = [event(trigE=True, trigM=False), event(trigE=False, trigM=True), event(trigE=False, trigM=False)]
    single = cut("t", "event.trigger", "is", "single-lepton", scope="trigger")
    assert selected(fired, single) == [True, True, False]
    assert selected(fired, single.model_copy(update={"value": "muon triggers"})) == [False, True, False]


def test_impact_parameters_are_meant_without_sign(selected: Select) -> None:
    z0 = cut("z0", "muon.z0_sintheta", "<", 0.5, "mm", scope="object")
    d0 = cut("d0", "muon.d0", "<", 0.1, "cm", scope="object")
    count = cut("n", "muon.count", "==", 1)
    lepton = [(MU, 1, 30, 2.0, 0)]
    events = [event(lepton, z0=[-1.5]), event(lepton, z0=[-2.0]), event(lepton, trackd0pvunbiased=[-1.1])]
    assert selected(events, z0, count) == [True, False, True], "sin θ is 0.27 at η = 2"
    assert selected(events, d0, count) == [True, True, False]


def test_a_charge_of_either_sign_is_meant_without_it(selected: Select) -> None:
    either = cut("a", "muon.charge", "==", 1, scope="object", name=ABSOLUTE_CHARGE)
    positive = cut("b", "muon.charge", "==", 1, scope="object")
    count = cut("n", "muon.count", "==", 2)
    events = [event([(MU, 1, 40, 0, 0), (MU, -1, 30, 1, 1)]), event([(MU, 1, 40, 0, 0), (MU, 1, 30, 1, 1)])]
    assert selected(events, either, count) == [True, True]
    assert selected(events, positive, count) == [False, True]


def test_alternatives_need_one_of_them(selected: Select) -> None:
    events = [event(met=150), event(jets=[(200, 0, 0), (150, 1, 2)]), event()]
    cuts = (
        cut("met", "met.pt", ">", 100, "GeV", any_of="a"),
        cut("ht", "event.ht", ">", 300, "GeV", any_of="a"),
    )
    assert selected(events, *cuts) == [True, True, False]


def test_sums_and_transverse_masses(selected: Select) -> None:
    w = event([(MU, 1, 40, 0, 0)], met=40, met_phi=np.pi)
    beside = event([(MU, 1, 40, 0, 0)], met=40, met_phi=0.1)
    assert selected([w, beside], cut("mt", "lepton_met.mt", ">", 70, "GeV")) == [True, False]
    assert selected([w, beside], cut("mt", "event.mt", "in", (79.9, 80.1), "GeV")) == [True, False]
    assert selected([w, beside], cut("st", "event.st", ">", 79, "GeV")) == [True, True]
    assert selected([w, beside], cut("pt", "lepton_met.pt", "<", 1, "GeV")) == [True, False]


def test_distances_have_no_sign_and_go_around(selected: Select) -> None:
    ends = [(MU, 1, 45, -1.0, 3.0), (MU, -1, 44, 1.0, -3.0)]
    events = [event(ends), event([(*one[:2], 89 - one[2], *one[3:]) for one in ends])]
    for variable, low, high in (("delta_phi", 0.28, 0.29), ("delta_eta", 1.99, 2.01), ("delta_r", 2.01, 2.03)):
        assert selected(events, cut("x", f"muon_pair.{variable}", "in", (low, high))) == [True, True], variable


def test_collinear_particles_have_no_mass(selected: Select) -> None:
    """The energies are of single precision, so that the square of many a mass is negative."""
    draw = np.random.default_rng(3)
    directions = zip(draw.uniform(-2.5, 2.5, 50), draw.uniform(-3, 3, 50), strict=True)
    events = [event([(MU, 1, 45, eta, phi), (MU, -1, 31, eta, phi)]) for eta, phi in directions]
    for operator, value in (("in", (0, 1)), (">=", 0), ("<", 1)):
        assert all(selected(events, cut("m", "muon_pair.mass", operator, value, "GeV"))), operator
        assert all(selected(events, cut("m", "muon.mass", operator, value, "GeV", rank=1))), operator
    assert not any(selected(events, cut("m", "muon_pair.mass", "<", 0, "GeV")))


def test_rapidity_is_that_of_the_direction_for_light_particles(selected: Select) -> None:
    events = [event([(MU, 1, 30, eta, 0)]) for eta in (-1.6, 0.5, 1.4)]
    central = cut("y", "muon.abs_rapidity", "<", 1.5, scope="object")
    assert selected(events, central, cut("n", "muon.count", "==", 1)) == [False, True, True]


def test_energies_of_some_leptons_and_masses_of_others_make_one_system(write: Write, profile: Profile) -> None:
    lep = profile.collections["lep"]
    without = lep.model_copy(update={"variables": {k: v for k, v in lep.variables.items() if k != "energy"}})
    muon = profile.objects["muon"].model_copy(update={"collection": "mu"})
    collections, objects = {**profile.collections, "mu": without}, {**profile.objects, "muon": muon}
    mixed = profile.model_copy(update={"collections": collections, "objects": objects})
    four = [(MU, 1, 45.6, 0, 0), (MU, -1, 45.6, 0, np.pi), (E, 1, 20, 0, 1), (E, -1, 20, 0, 1 + np.pi)]
    m4l = cut("m4l", "fourlepton.mass", "in", (131, 131.5), "GeV")
    criteria = criteria_of(PAIRS, m4l, composites=quadruplet_of())
    for known in (profile, mixed):
        assert masks_of(criteria, known, write(event(four), event(four[:3])))["selected"] == [True, False]


def test_jets_keep_away_from_missing_momentum(selected: Select) -> None:
    jets = [(50, 0, 0.0), (40, 0, 2.0)]
    events = [event(jets=jets, met=100, met_phi=3.0), event(jets=jets, met=100, met_phi=-2.0)]
    every = cut("dphi", "jet_met.delta_phi", ">", 1.5)
    assert selected(events, every) == [False, True]
    assert selected(events, every.model_copy(update={"subject": every.subject.model_copy(update={"rank": 1})})) == [
        True,
        True,
    ]


def test_a_pair_without_a_definition_is_of_the_two_leading(selected: Select) -> None:
    z = event([(MU, 1, 45.6, 0, 0), (MU, -1, 45.6, 0, np.pi), (MU, -1, 5, 0, 1)])
    window = cut("m", "muon_pair.mass", "in", (70, 110), "GeV")
    opposite = cut("q", "muon_pair.charge_product", "==", -1)
    events = [z, event([(MU, 1, 45, 0, 0), (MU, 1, 45, 0, np.pi)]), event([(MU, 1, 45, 0, 0)])]
    assert selected(events, window, opposite) == [True, False, False]


def test_the_distance_to_the_z_mass_may_be_cut_on(selected: Select) -> None:
    z = event([(E, 1, 45.6, 0, 0), (E, -1, 45.6, 0, np.pi)])
    low = event([(E, 1, 30, 0, 0), (E, -1, 30, 0, np.pi)])
    near = cut("m", "lepton_pair.mass", "<", 10, "GeV", note="distance from m_Z")
    assert selected([z, low], near) == [True, False]


def test_jets_near_a_lepton_are_removed(selected: Select) -> None:
    near = cut("near", "jet_electron.delta_r", "<", 0.2, scope="object", role="veto")
    removal = OverlapRemoval(removed="jet", kept="electron", cut="near")
    jets = ObjectDefinition(name="clean jet", object="jet", overlap_removal=(removal,))
    events = [
        event([(E, 1, 30, 0, 3.1)], jets=[(40, 0, -3.1)]),
        event([(E, 1, 30, 0, 3.1)], jets=[(40, 0, -2.0)]),
        event([(MU, 1, 30, 0, 3.1)], jets=[(40, 0, -3.1)]),
    ]
    assert selected(events, near, cut("n", "jet.count", "==", 1), objects=(jets,)) == [False, True, True]


def test_a_quadruplet_needs_two_disjoint_pairs(selected: Select) -> None:
    def four(*leptons: tuple[int, int]) -> dict[str, Any]:
        return event([(kind, charge, 40 - i, 0.1 * i, i) for i, (kind, charge) in enumerate(leptons)])

    events = [
        four((E, 1), (E, -1), (MU, 1), (MU, -1)),
        four((E, 1), (E, -1), (E, 1), (E, -1)),
        four((E, 1), (E, -1), (E, 1), (MU, -1)),
        four((E, 1), (E, -1), (MU, 1), (MU, 1)),
        four((E, 1), (E, -1), (MU, 1)),
    ]
    assert selected(events, PAIRS, composites=quadruplet_of()) == [True, True, False, False, False]


def test_the_leading_pair_is_the_closest_to_the_z_that_leaves_a_pair(selected: Select) -> None:
    # The muons make 91 GeV with each other; e+e- make 40 GeV. A fifth lepton must not take part.
    leptons = [(MU, 1, 45.6, 0, 0), (MU, -1, 45.6, 0, np.pi), (E, 1, 20, 0, 1), (E, -1, 20, 0, 1 + np.pi)]
    events = [event(leptons), event([*leptons, (E, 1, 7, 0, 2)])]
    m12 = cut("m12", "lepton_pair.mass", "in", (90, 92), "GeV", rank=1)
    m34 = cut("m34", "lepton_pair.mass", "in", (39, 41), "GeV", rank=2)
    m4l = cut("m4l", "fourlepton.mass", "in", (131, 132), "GeV")
    assert selected(events, PAIRS, m12, m34, m4l, composites=quadruplet_of()) == [True, True]


def test_ranks_count_within_the_quadruplet(selected: Select) -> None:
    four = [(MU, 1, 45, 0, 0), (MU, -1, 44, 0, np.pi), (E, 1, 20, 0, 1), (E, -1, 19, 0, 1 + np.pi)]
    lonely = event([*four, (MU, 1, 300, 1.0, 0.5)])
    found = selected([lonely], PAIRS, cut("x", "lepton.pt", ">", 100, "GeV", rank=1), composites=quadruplet_of())
    assert found == [False], "the muon of 300 GeV is in no pair close to the Z"


def test_flavours_of_the_four_leading_leptons(selected: Select) -> None:
    def four(*kinds: int) -> dict[str, Any]:
        return event([(kind, (-1) ** i, 40 - i, 0.1 * i, i) for i, kind in enumerate(kinds)])

    events = [four(E, E, E, E), four(E, MU, E, MU), four(E, E, E, MU), four(E, E, E, E, MU), four(E, E, MU)]
    stated = cut("f", "fourlepton.other", "is", "4e or 2e2μ", name="flavour")
    assert selected(events, stated) == [True, True, False, True, False]
    only = cut("f", "fourlepton.charge", "==", 0)
    assert selected(events, only) == [True, True, True, True, False]


def test_regions_inherit_and_come_after_the_baseline(masks: Callable[..., Any], write: Write) -> None:
    regions = (
        Region(name="preselection", kind="preselection", cuts=("met",)),
        Region(name="tail", kind="signal", parent="preselection", cuts=("ht",)),
    )
    cuts = (
        cut("n", "jet.count", ">=", 1),
        cut("met", "met.pt", ">", 50, "GeV", scope="region", regions=("preselection",)),
        cut("ht", "event.ht", ">", 100, "GeV", scope="region", regions=("tail",)),
    )
    jets = [(150, 0, 0)]
    found = masks(criteria_of(*cuts, regions=regions), write(event(jets=jets, met=60), event(jets=jets), event(met=60)))
    assert found["selected"] == [True, True, False]
    assert found["region_000_step_000"] == [True, False, False]
    assert found["region_001_step_000"] == [True, False, False]


def test_same_and_different_flavour_pairs_have_their_own_distances(selected: Select) -> None:
    same = cut("s", "lepton_pair.delta_r", ">", 0.1, when=when("same", clause("lepton_pair", "other", "same flavour")))
    four = [(MU, 1, 45, 0, 0), (MU, -1, 44, 0, 0.05), (E, 1, 20, 0, 1), (E, -1, 19, 0, 2)]
    near_other = [(MU, 1, 45, 0, 0), (MU, -1, 44, 0, 3), (E, 1, 20, 0, 0.05), (E, -1, 19, 0, 2)]
    assert selected([event(four), event(near_other)], PAIRS, same, composites=quadruplet_of()) == [False, True]


def test_one_chosen_pair_is_the_best_one(selected: Select) -> None:
    z = Composite.model_validate(quadruplet_of()[1].model_dump() | {"rank": None, "name": "Z candidate"})
    window = cut("m", "lepton_pair.mass", "in", (86, 96), "GeV", definition="Z candidate")
    leptons = [(E, 1, 60, 0, 0.5), (MU, 1, 45.6, 0, 0), (MU, -1, 45.6, 0, np.pi)]
    events = [event(leptons), event(leptons[:2]), event([(E, 1, 60, 0, 0), (E, -1, 60, 0, np.pi)])]
    assert selected(events, window, composites=(z,)) == [True, False, False]


def test_nothing_required_selects_everything(selected: Select) -> None:
    objects_only = cut("pt", "jet.pt", ">", 30, "GeV", scope="object")
    assert selected([event(), event(jets=[(40, 0, 0)])], objects_only) == [True, True]
    assert selected([event(), event()], cut("x", "track.pt", ">", 1, "GeV")) == [True, True]


# How it runs ---------------------------------------------------------------------------------------------------------


def test_it_runs_by_itself_on_toys(hzz4l: SelectionCriteria, profile: Profile, tmp_path: Path) -> None:
    toys = write_toys(tmp_path / "toys", seed=3, events=300)
    name = next(name for name in toys if not name.startswith("data"))
    script = tmp_path / "analysis.py"
    script.write_text(emit(make_plan(hzz4l, profile)), encoding="utf-8")
    samples = next((tmp_path / "toys").rglob("samples.json"))
    out, masks = tmp_path / "out.json", tmp_path / "masks.npz"
    done = run_script(script, toys[name], "--json", out, "--masks", masks, "--sample", name, "--samples", samples)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    report = json.loads(out.read_text(encoding="utf-8"))
    counts = [report["events"], *(step["raw"] for step in report["cutflow"])]
    assert counts == sorted(counts, reverse=True)
    assert report["selected"] == counts[-1] > 0
    assert report["weighted"] == report["cutflow"][-1]["weighted"] != report["selected"]
    with np.load(masks) as found:
        assert int(found["selected"].sum()) == report["selected"]
        assert [int(found[f"step_{i:03d}"].sum()) for i in range(len(report["cutflow"]))] == counts[1:]
        assert len(found["run"]) == len(found["event"]) == report["events"]
    assert sum(report["histograms"]["m4l"]["values"]) == pytest.approx(report["weighted"], rel=0.5)


def test_numbers_of_samples_can_be_built_in(notebook: dict[str, SelectionCriteria], profile: Profile) -> None:
    sample = Sample("Zee", "mc", (), cross_section=1950.5, sum_of_weights=1.5e11, efficiency=1.0)
    source = emit(make_plan(notebook["loose"], profile), {"Zee": sample})
    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(source, "analysis.py", "exec"), namespace)
    assert namespace["normalisation"]("Zee", None) == pytest.approx(10_000 * 1950.5 / 1.5e11)
    assert namespace["normalisation"]("data_A", None) is None


def test_pieces_of_a_file_add_up(notebook: dict[str, SelectionCriteria], profile: Profile, tmp_path: Path) -> None:
    path = next(iter(write_toys(tmp_path, seed=5, events=200).values()))
    source = emit(make_plan(notebook["pt"], profile))
    reports = []
    for size in (7, 100_000):
        namespace: dict[str, Any] = {"__name__": "emitted"}
        exec(compile(source, "analysis.py", "exec"), namespace)
        namespace["CHUNK"] = size
        analysis = namespace["Analysis"](None, None)
        for piece in namespace["pieces"](str(path), analysis.branches):
            assert len(piece) <= size
            analysis.add(piece)
        reports.append(analysis.report())
    assert reports[0] == reports[1]


def test_a_sample_that_nobody_knows_is_said_to_be_unknown(profile: Profile, tmp_path: Path) -> None:
    file = write_events(tmp_path / "data_A.root", event())
    samples = {
        "data_A": Sample("data_A", "data", (file,)),
        "Zee": Sample("Zee", "mc", (file,), cross_section=1.0, sum_of_weights=2.0, efficiency=1.0),
    }
    script = tmp_path / "analysis.py"
    script.write_text(emit(make_plan(criteria_of(cut("x", "lepton.count", ">=", 2)), profile), samples))
    told = run_script(script, file, "--sample", "Nonsense")
    assert told.returncode == 0
    assert told.stderr == "No sample 'Nonsense' is known, so that every event counts as 1. Known: Zee, data_A\n"
    assert run_script(script, file, "--sample", "data_A").stderr == ""
    assert "name its sample by --sample: Zee\n" in run_script(script, file).stderr


def test_a_damaged_file_is_named(
    notebook: dict[str, SelectionCriteria], profile: Profile, write: Write, tmp_path: Path
) -> None:
    script = tmp_path / "analysis.py"
    script.write_text(emit(make_plan(notebook["loose"], profile)), encoding="utf-8")
    good = write(event())
    short = tmp_path / "short.root"
    short.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    done = run_script(script, short)
    assert done.returncode == 3
    assert done.stderr.startswith(f"data_unreadable: {short}: ")


PUBLISHED = {
    "loose": {"data_A": 27, "data_B": 86, "data_C": 146, "data_D": 248},
    "pt": {"data_A": 21, "data_B": 66, "data_C": 116, "data_D": 209},
}


@pytest.mark.parametrize("selection", ["loose", "pt"])
def test_published_counts_of_real_data(
    selection: str, notebook: dict[str, SelectionCriteria], shared: Path, masks: Callable[..., Any]
) -> None:
    folder = shared / "data" / "atlas_2020_4lep" / "Data"
    counts = {
        name: sum(masks(notebook[selection], folder / f"{name}.4lep.root")["selected"]) for name in PUBLISHED[selection]
    }
    assert counts == PUBLISHED[selection]
