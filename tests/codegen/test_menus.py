"""Trigger menus change with the years: each file is asked for the paths that it has, and what it lacks is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.analysis import analyse
from codegen.backend import writer
from codegen.branch import Trigger
from codegen.dataset import open_dataset
from codegen.emit import emit
from codegen.measured import Measured, merged
from codegen.plan import make_plan
from codegen.plan_menus import menus
from codegen.plan_model import Plan
from codegen.profile import Profile
from codegen.replay import replay
from codegen.result import BackendName
from codegen.runner import run_analysis
from codegen.sandbox import choose
from eval.probes.table import probe
from eval.reference import reference_masks
from kb.errors import DataError, SandboxError
from kb.ssc import SelectionCriteria
from tests.codegen.backends import BACKENDS, needs_root, ran, root_source
from tests.codegen.conftest import criteria_of, cut, run_script
from tests.codegen.formats import rows, write_nanoaod

SOURCES = [pytest.param(emit, id="awkward"), pytest.param(root_source, id="rdataframe", marks=needs_root)]
EARLY = {"HLT_IsoMu20": 0.6, "HLT_Mu50": 0.3}
LATE = {"HLT_IsoMu24": 0.5, "HLT_IsoMu27": 0.2}


def triggered(text: str = "HLT_IsoMu20 or HLT_IsoMu24") -> SelectionCriteria:
    return criteria_of(
        cut("trigger", "event.trigger", "is", text, scope="trigger"), cut("muons", "muon.count", ">=", 1)
    )


@pytest.fixture
def eras(tmp_path: Path) -> Path:
    """Return a folder of two eras, whose menus have no path in common."""
    folder = tmp_path / "eras"
    folder.mkdir()
    write_nanoaod(folder / "Run2015D.root", 300, paths=EARLY)
    write_nanoaod(folder / "Run2018A.root", 200, paths=LATE)
    return folder


@pytest.fixture
def sandboxed() -> None:
    try:
        choose()
    except SandboxError as error:
        pytest.skip(f"generated code cannot run here: {error}")


def by_hand(path: Path, *paths: str) -> list[bool]:
    """Say of each event whether it has a muon and one of the paths has fired."""
    return [any(row[p] for p in paths) and bool(row["Muon_pt"]) for row in rows(path, "Events", "Muon_pt", *paths)]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("text", "early", "late"),
    [
        ("HLT_IsoMu20 or HLT_IsoMu24", ["HLT_IsoMu20"], ["HLT_IsoMu24"]),
        ("single-muon triggers", ["HLT_IsoMu20", "HLT_Mu50"], ["HLT_IsoMu24", "HLT_IsoMu27"]),
    ],
)
def test_each_era_is_selected_by_the_paths_of_its_own_menu(
    source: Callable[[Plan], str], text: str, early: list[str], late: list[str], eras: Path
) -> None:
    criteria, files = triggered(text), [eras / "Run2015D.root", eras / "Run2018A.root"]
    profile = open_dataset(str(eras)).profile
    expected = by_hand(files[0], *early) + by_hand(files[1], *late)
    assert 50 < sum(expected) < 450
    assert ran(source(make_plan(criteria, profile)), files).masks()["selected"].tolist() == expected
    assert reference_masks(criteria, profile, files).selected == expected


def test_a_veto_on_triggers_removes_nothing_for_a_path_that_was_not_there(eras: Path) -> None:
    veto = criteria_of(
        cut("t", "event.trigger", "is", "HLT_IsoMu27 or HLT_IsoMu24 or HLT_Mu50", scope="trigger", role="veto")
    )
    profile, file = open_dataset(str(eras)).profile, eras / "Run2015D.root"
    expected = [not row["HLT_Mu50"] for row in rows(file, "Events", "HLT_Mu50")]
    assert ran(emit(make_plan(veto, profile)), [file]).masks()["selected"].tolist() == expected
    assert reference_masks(veto, profile, [file]).selected == expected


@pytest.mark.parametrize("source", SOURCES)
def test_a_file_without_any_path_of_the_menu_cannot_be_used(source: Callable[[Plan], str], eras: Path) -> None:
    other = write_nanoaod(eras / "Run2012B.root", 50, paths={"HLT_Mu17_Mu8": 0.5})
    profile = open_dataset(str(eras)).profile
    with pytest.raises(Exception, match=r"Run2012B\.root: it has none of the trigger's paths HLT_IsoMu20, HLT_IsoMu24"):
        ran(source(make_plan(triggered(), profile)), [other])
    with pytest.raises(DataError, match=r"Run2012B\.root: there is none of the trigger's paths"):
        reference_masks(triggered(), profile, [other])


def test_paths_of_alternative_cuts_are_one_menu_and_those_of_two_cuts_are_two(eras: Path) -> None:
    one, other = (
        cut(name, "event.trigger", "is", path, scope="trigger", any_of="or")
        for name, path in (("a", "HLT_IsoMu20"), ("b", "HLT_IsoMu24"))
    )
    profile = open_dataset(str(eras)).profile
    either = menus(make_plan(criteria_of(one, other), profile))
    assert either.alternatives == ((("HLT_IsoMu20",), ("HLT_IsoMu24",)),)
    assert either.unfired == {"HLT_IsoMu20": False, "HLT_IsoMu24": False}
    alone = [single.model_copy(update={"any_of": None}) for single in (one, other)]
    assert menus(make_plan(criteria_of(*alone), profile)).alternatives == (), "of a menu of one path, it is needed"
    more = criteria_of(*alone, cut("c", "event.trigger", "is", "HLT_IsoMu20 or HLT_Mu50", scope="trigger"))
    assert menus(make_plan(more, profile)).alternatives == (
        (("HLT_IsoMu20",),),
        (("HLT_IsoMu20",), ("HLT_Mu50",)),
    ), "also where another trigger can do without it"


def test_a_trigger_that_is_told_by_a_number_has_not_fired_by_a_number_either(profile: Profile) -> None:
    tests: list[dict[str, object]] = [{"branch": "prescale", "at_most": 0}, {"branch": "level", "bits": 6}]
    trigger = Trigger.model_validate({"words": ["lepton"], "any_of": tests})
    odd = profile.model_copy(update={"triggers": {"odd": trigger}})
    plan = make_plan(criteria_of(cut("t", "event.trigger", "is", "lepton triggers", scope="trigger")), odd)
    unfired = menus(plan).unfired
    assert unfired["prescale"] > 0
    assert unfired["level"] == 0


@pytest.fixture
def crossed(eras: Path) -> Profile:
    """Return the profile in which a trigger needs two paths at once, or another one."""
    tests = [{"all_of": [{"branch": "HLT_IsoMu20"}, {"branch": "HLT_Mu50"}]}, {"branch": "HLT_IsoMu24"}]
    trigger = Trigger.model_validate({"words": ["crossed"], "any_of": tests})
    return open_dataset(str(eras)).profile.model_copy(update={"triggers": {"crossed": trigger}})


CROSSED = criteria_of(cut("t", "event.trigger", "is", "crossed", scope="trigger"), cut("n", "muon.count", ">=", 1))


@pytest.mark.parametrize("source", SOURCES)
def test_a_trigger_of_two_decisions_at_once_has_not_fired_by_them_where_one_is_lacking(
    source: Callable[[Plan], str], crossed: Profile, eras: Path
) -> None:
    paths = {
        "both": {"HLT_IsoMu20": 0.7, "HLT_Mu50": 0.6},
        "one": {"HLT_IsoMu20": 0.7, "HLT_IsoMu24": 0.4},
        "all": {"HLT_IsoMu20": 0.7, "HLT_Mu50": 0.6, "HLT_IsoMu24": 0.1},
    }
    files = [write_nanoaod(eras / f"{name}.root", 100, paths=there) for name, there in paths.items()]
    expected: list[bool] = []
    for file, there in zip(files, paths.values(), strict=True):
        for row in rows(file, "Events", "Muon_pt", *there):
            fired = (row["HLT_IsoMu20"] and row.get("HLT_Mu50", False)) or row.get("HLT_IsoMu24", False)
            expected.append(bool(fired) and bool(row["Muon_pt"]))
    assert ran(source(make_plan(CROSSED, crossed)), files).masks()["selected"].tolist() == expected
    assert reference_masks(CROSSED, crossed, files).selected == expected


@pytest.mark.parametrize("source", SOURCES)
def test_half_of_what_a_trigger_needs_at_once_does_not_tell_whether_it_has_fired(
    source: Callable[[Plan], str], crossed: Profile, eras: Path
) -> None:
    half = write_nanoaod(eras / "half.root", 20, paths={"HLT_IsoMu20": 0.7})
    told = "none of the trigger's paths HLT_IsoMu20 and HLT_Mu50, HLT_IsoMu24"
    with pytest.raises(Exception, match=rf"half\.root: it has {told}"):
        ran(source(make_plan(CROSSED, crossed)), [half])
    with pytest.raises(DataError, match=r"half\.root: there is none of the trigger's paths HLT_IsoMu20 and HLT_Mu50"):
        reference_masks(CROSSED, crossed, [half])


def test_the_code_by_itself_says_what_a_file_lacks(eras: Path, tmp_path: Path) -> None:
    script = tmp_path / "analysis.py"
    script.write_text(emit(make_plan(triggered(), open_dataset(str(eras)).profile)), encoding="utf-8")
    done = run_script(script, eras / "Run2015D.root")
    assert done.returncode == 0
    assert "Run2015D.root lacks the trigger paths HLT_IsoMu24: they count as not fired" in done.stderr


@pytest.mark.usefixtures("sandboxed")
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_result_names_what_each_file_lacks_and_a_replay_finds_the_same(
    backend: BackendName, eras: Path, tmp_path: Path
) -> None:
    write_nanoaod(eras / "Run2012B.root", 50, paths={"HLT_Mu17_Mu8": 0.5})
    dataset, out = open_dataset(str(eras)), tmp_path / "out"
    result = analyse(triggered(), dataset, out, backend=backend, reference=reference_masks, prober=probe)
    lacking = {one.name: one.paths for one in result.absent}
    assert lacking == {"Run2015D.root": ("HLT_IsoMu24",), "Run2018A.root": ("HLT_IsoMu20",)}
    assert [one.name for one in result.unread] == ["Run2012B.root"]
    assert "none of the trigger's paths" in result.unread[0].reason
    expected = sum(by_hand(eras / "Run2015D.root", "HLT_IsoMu20") + by_hand(eras / "Run2018A.root", "HLT_IsoMu24"))
    assert sum(sample.selected for sample in result.samples.values()) == expected
    assert result.validation.status == "agrees"
    assert result.validation.probes is not None
    assert result.validation.probes.proven == 2
    again = replay(out / "bundle.zip", eras)
    assert again.agrees
    text = (out / "result.json").read_text(encoding="utf-8")
    assert str(eras) not in text


@pytest.mark.usefixtures("sandboxed")
def test_partitions_of_one_sample_tell_together_what_its_files_lack(eras: Path, tmp_path: Path) -> None:
    plan = make_plan(triggered(), open_dataset(str(eras)).profile)
    script, files = tmp_path / "analysis.py", [eras / "Run2015D.root", eras / "Run2018A.root"]
    script.write_text(writer("awkward")(plan, {}), encoding="utf-8")
    whole = run_analysis(script, {"all": files}, tmp_path / "whole", tree="Events").samples["all"].measured
    small = files[0].stat().st_size // 3
    cut_up = run_analysis(script, {"all": files}, tmp_path / "parts", tree="Events", largest=small).samples["all"]
    assert cut_up.measured == whole
    assert whole.absent == {str(files[0]): ["HLT_IsoMu24"], str(files[1]): ["HLT_IsoMu20"]}


def test_parts_that_lack_different_paths_add_up() -> None:
    def part(**absent: list[str]) -> Measured:
        return Measured(events=1, selected=1, weighted=1.0, cutflow=[], histograms={}, absent=absent)

    assert merged([part(a=["x"]), part(), part(b=["y"])]).absent == {"a": ["x"], "b": ["y"]}
