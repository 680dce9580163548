"""Code for RDataFrame applies a plan as code for awkward arrays does: the same events, the same numbers."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import uproot
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from codegen.dataset import open_dataset
from codegen.emit import emit
from codegen.plan import make_plan
from codegen.plan_distributions import distributions
from codegen.plan_terms import Attribute, Compare, Missing, Whole
from codegen.profile import Profile, load_profile
from codegen.rdf_emit import emit_rdataframe
from codegen.rdf_source import parts
from codegen.rdf_terms import Writer
from codegen.toys import write_toys
from kb.errors import FaultError
from kb.ssc import SelectionCriteria
from tests.codegen.backends import assert_same, needs_root
from tests.codegen.conftest import clause, criteria_of, cut, run_script, when
from tests.codegen.formats import write_atlas_2025, write_nanoaod, write_nanoaod_events, write_physlite
from tests.codegen.test_adl_queries import QUERIES
from tests.codegen.test_formats import pair_of
from tests.eval.test_random_selections import KINDS, SYSTEMS, further

SAMPLES = {"pattern": "(?P<name>.*)", "data": ".*"}


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toys")
    write_toys(folder, seed=3, events=120)
    return folder


@pytest.fixture(scope="module")
def nanoaod(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_nanoaod_events(tmp_path_factory.mktemp("adl") / "nano.root", 1000)


@needs_root
def test_four_leptons_with_what_each_requirement_cuts_away(hzz4l: SelectionCriteria, toys: Path) -> None:
    dataset = open_dataset(str(toys))
    plan = make_plan(hzz4l, dataset.profile)
    plan = replace(plan, histograms=(*plan.histograms, *distributions(plan)))
    name, sample = next((name, one) for name, one in dataset.samples.items() if one.kind == "mc" and one.normalised)
    report = assert_same(plan, *sample.files, samples=dataset.samples, sample=name)
    assert report["selected"] > 0
    assert report["weighted"] != report["selected"]


@needs_root
def test_published_selections_on_real_data_and_simulation(notebook: dict[str, SelectionCriteria], shared: Path) -> None:
    dataset = open_dataset(str(shared / "data" / "atlas_2020_4lep"))
    for criteria in notebook.values():
        plan = make_plan(criteria, dataset.profile)
        files = [file for sample in dataset.samples.values() if sample.kind == "data" for file in sample.files]
        assert assert_same(plan, *files)["selected"] > 0
        for name in ("Zmumu", "ttbar_lep"):
            assert_same(plan, *dataset.samples[name].files, samples=dataset.samples, sample=name)


@needs_root
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(of=st.randoms(use_true_random=False))
def test_random_selections(of: random.Random, profile: Profile, toys: Path) -> None:
    cuts = []
    for number in range(of.randint(3, 6)):
        role = {"role": of.choice(["select", "select", "select", "veto"])}
        cuts.append(of.choice(KINDS)(of, f"c{number}", role))
    extra, objects = further(of, "further") if of.random() < 0.3 else ([], [])
    criteria = criteria_of(*cuts, *extra, composites=of.choice(SYSTEMS), objects=tuple(objects))
    assert_same(make_plan(criteria, profile), *sorted(toys.rglob("*4lep*.root"))[:2])


@needs_root
@pytest.mark.parametrize("query", [query for query, _ in QUERIES], ids=[query.__name__ for query, _ in QUERIES])
def test_benchmark_queries_of_analysis_languages(query: Callable[[], SelectionCriteria], nanoaod: Path) -> None:
    report = assert_same(make_plan(query(), load_profile("cms-nanoaod")), nanoaod)
    assert any(sum(histogram["values"]) > 10 for histogram in report["histograms"].values())


@needs_root
@pytest.mark.parametrize("write", [write_nanoaod, write_physlite, write_atlas_2025])
def test_every_format_is_read(write: Callable[[Path], Path], tmp_path: Path) -> None:
    path = write(tmp_path / "data_1.root")
    plan = make_plan(pair_of("muon"), open_dataset(str(path)).profile)
    assert 0 < assert_same(plan, path)["selected"] < uproot.open(path)[plan.profile.tree].num_entries


@needs_root
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cms_nanoaod/coffea_nano_dy.root", "muon"),
        ("atlas_physlite/coffea_PHYSLITE_example.root", "electron"),
        ("atlas_2025_exactly4lep", "muon"),
    ],
)
def test_real_files_of_every_format_are_read(name: str, kind: str, shared: Path) -> None:
    path = shared / "data" / name
    path = next(path.glob("*.root")) if path.is_dir() else path
    assert assert_same(make_plan(pair_of(kind), open_dataset(str(path)).profile), path)["selected"] > 0


@needs_root
def test_flags_bits_levels_and_triggers(tmp_path: Path) -> None:
    nano, physlite = write_nanoaod(tmp_path / "nano.root"), write_physlite(tmp_path / "physlite.root")
    tight = criteria_of(
        cut("trigger", "event.trigger", "is", "single-muon triggers", scope="trigger"),
        cut("id", "muon.id", "is", "tight", scope="object"),
        cut("iso", "muon.isolation", "is", "medium", scope="object"),
        cut("e-id", "electron.id", "is", "loose", scope="object"),
        cut("muons", "muon.count", ">=", 1),
        cut("electrons", "electron.count", ">=", 1, role="veto"),
    )
    report = assert_same(make_plan(tight, open_dataset(str(nano)).profile), nano)
    assert report["events"] > report["cutflow"][0]["raw"] > 0
    medium = criteria_of(cut("id", "muon.id", "is", "medium", scope="object"), cut("muons", "muon.count", ">=", 1))
    assert assert_same(make_plan(medium, open_dataset(str(physlite)).profile), physlite)["selected"] > 0


@needs_root
def test_a_number_that_single_precision_rounds_is_compared_in_the_precision_of_its_branch(tmp_path: Path) -> None:
    path = tmp_path / "scores.root"
    scores = np.array([0.1, np.nextafter(np.float32(0.1), np.float32(1)), 0.0999], dtype="f4")
    with uproot.recreate(path) as file:
        file.mktree("t", {"score": "f4", "precise": "f8", "pt": "f4"})
        file["t"].extend({"score": scores, "precise": scores.astype("f8"), "pt": np.ones(3, dtype="f4")})
    base = {"name": "scores", "title": "Scores", "experiment": "CMS", "tree": "t", "sqrt_s": 13.0, "samples": SAMPLES}
    for branch, passed in (("score", [False, True, False]), ("precise", [True, True, False])):
        profile = Profile.model_validate(
            {
                **base,
                "collections": {"met": {"scalar": True, "variables": {"pt": {"branch": "pt", "unit": "GeV"}}}},
                "objects": {"met": {"collection": "met"}},
                "triggers": {"score": {"branch": branch, "above": 0.1, "words": ["score"]}},
            }
        )
        criteria = criteria_of(cut("score", "event.trigger", "is", "score", scope="trigger"))
        report = assert_same(make_plan(criteria, profile), path)
        assert report["selected"] == sum(passed)


@needs_root
def test_the_script_writes_the_bytes_that_the_awkward_one_writes(
    hzz4l: SelectionCriteria, profile: Profile, toys: Path, tmp_path: Path
) -> None:
    plan = make_plan(hzz4l, profile)
    files = sorted(toys.rglob("*.root"))[:2]
    for name, source in (("with_awkward", emit(plan)), ("with_root", emit_rdataframe(plan))):
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        done = run_script(tmp_path / f"{name}.py", *files, "--json", tmp_path / f"{name}.json")
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "with_root.json").read_bytes() == (tmp_path / "with_awkward.json").read_bytes()


@needs_root
def test_a_range_of_entries_is_counted_as_such(
    notebook: dict[str, SelectionCriteria], profile: Profile, toys: Path, tmp_path: Path
) -> None:
    script, file = tmp_path / "analysis.py", next(iter(sorted(toys.rglob("*4lep*.root"))))
    script.write_text(emit_rdataframe(make_plan(notebook["loose"], profile)), encoding="utf-8")
    total = uproot.open(file)["mini"].num_entries
    counts = []
    for start, stop in ((0, total), (0, 50), (50, total)):
        done = run_script(script, file, "--json", tmp_path / "out.json", "--entries", str(start), str(stop))
        assert done.returncode == 0, done.stderr
        report: dict[str, Any] = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
        counts.append((report["events"], report["selected"]))
    whole, first, second = counts
    assert whole == (total, first[1] + second[1])
    assert first[0] == 50


@needs_root
@pytest.mark.parametrize(("content", "reason"), [(b"no ROOT file", ""), (None, "no branch")])
def test_a_file_that_cannot_be_read_is_named(
    content: bytes | None, reason: str, notebook: dict[str, SelectionCriteria], profile: Profile, tmp_path: Path
) -> None:
    script, file = tmp_path / "analysis.py", tmp_path / "bad.root"
    script.write_text(emit_rdataframe(make_plan(notebook["loose"], profile)), encoding="utf-8")
    if content is not None:
        file.write_bytes(content)
    else:
        with uproot.recreate(file) as made:
            made.mktree("mini", {"other": "i8"})
    done: subprocess.CompletedProcess[str] = run_script(script, file)
    assert done.returncode == 3, done.stderr
    line = next(line for line in done.stderr.splitlines() if line.startswith("data_unreadable: "))
    assert str(file) in line
    assert reason in line


def test_every_cut_stands_with_its_id_and_sentence(hzz4l: SelectionCriteria, profile: Profile) -> None:
    plan = make_plan(hzz4l, profile)
    source = emit_rdataframe(plan)
    assert source == emit_rdataframe(plan)
    for cut_id in plan.applied:
        assert f"{cut_id}: {plan.cuts[cut_id].statement()}" in source
        assert f"“the sentence that states {cut_id}”" in source
    for missing in plan.not_applied:
        assert missing.reason.split()[-1] in source
    assert all(len(line) <= 120 for line in source.splitlines())


def test_words_of_a_paper_cannot_leave_their_comment(profile: Profile) -> None:
    evil = 'a """ quote \\'
    criteria = criteria_of(cut(evil, "lepton.pt", ">", 20, "GeV", rank=1))
    source = emit_rdataframe(make_plan(criteria, profile))
    compile(source, "analysis.py", "exec")
    _, code = source.split('r"""')
    assert not any(line.endswith("\\") for line in code.splitlines())


def test_names_of_a_paper_do_not_take_those_of_the_code(profile: Profile) -> None:
    assert {"pairs", "leading", "chosen", "Object"} <= parts().names
    criteria = criteria_of(
        cut("pt", "lepton.pt", ">", 20, "GeV", scope="object", definition="double"),
        cut("n", "lepton.count", ">=", 1, definition="double", when=when("hard", clause("lepton", "pt", 30.0, ">"))),
    )
    compile(emit_rdataframe(make_plan(criteria, profile)), "analysis.py", "exec")


def test_what_cannot_be_written_is_refused_by_name(profile: Profile, hzz4l: SelectionCriteria) -> None:
    plan = make_plan(hzz4l, profile)
    term = Compare(Attribute(Whole(Missing()), "sphericity"), ">", 1.0)  # type: ignore[arg-type]
    with pytest.raises(FaultError, match="cannot write"):
        Writer(plan).mask(term)


@pytest.mark.parametrize(("asked", "level"), [({}, "-O2"), ({"EXTRA_CLING_ARGS": "-O0"}, "-O0")])
def test_cpp_is_compiled_for_speed_before_root_is_there_unless_its_user_says_otherwise(
    asked: dict[str, str], level: str, profile: Profile
) -> None:
    source = emit_rdataframe(make_plan(criteria_of(cut("pt", "lepton.pt", ">", 20, "GeV", rank=1)), profile))
    (line,) = (line for line in source.splitlines() if "EXTRA_CLING_ARGS" in line)
    assert source.index(line) < source.index("import ROOT")
    environment = dict(asked)
    exec(line, {"os": SimpleNamespace(environ=environment)})
    assert environment["EXTRA_CLING_ARGS"] == level
