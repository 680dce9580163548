"""An analysis as a PackedSelection of coffea."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot

from codegen.dataset import open_dataset
from codegen.emit import emit
from codegen.export_coffea import to_coffea
from codegen.plan import Plan, make_plan
from codegen.profile import Profile
from kb.ssc import Region
from tests.codegen.conftest import criteria_of, cut, event, write_events
from tests.codegen.formats import rows, write_nanoaod

MU = 13
Packing = Callable[[Path], tuple[Any, dict[str, list[str]]]]


class PackedSelection:
    """What the snippet needs of coffea's class."""

    def __init__(self) -> None:
        self.masks: dict[str, Any] = {}

    def add(self, name: str, mask: Any) -> None:
        assert name not in self.masks, "coffea refuses a name twice"
        assert isinstance(mask, np.ndarray)
        self.masks[name] = mask

    def all(self, *names: str) -> Any:
        return np.logical_and.reduce([self.masks[name] for name in names])


@pytest.fixture
def packing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Plan], Packing]:
    """Return what runs the snippet of a plan on the events of a file."""

    def prepare(plan: Plan) -> Packing:
        modules = {"analysis": types.ModuleType("analysis"), "coffea": types.ModuleType("coffea")}
        modules["coffea.analysis_tools"] = types.ModuleType("coffea.analysis_tools")
        vars(modules["coffea.analysis_tools"])["PackedSelection"] = PackedSelection
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, module)
        analysis, snippet = vars(modules["analysis"]), dict[str, Any]()
        exec(compile(emit(plan), "analysis.py", "exec"), analysis)
        exec(compile(to_coffea(plan), "coffea_selection.py", "exec"), snippet)

        def pack(file: Path) -> tuple[Any, dict[str, list[str]]]:
            with uproot.open(file) as root:
                tree = root[plan.profile.tree]
                events = tree.arrays([branch for branch in analysis["BRANCHES"] if branch in tree])
            return snippet["packed_selection"](events)

        return pack

    return prepare


def test_the_snippet_packs_every_step_under_its_label(
    profile: Profile, tmp_path: Path, packing: Callable[[Plan], Packing]
) -> None:
    pair = [(MU, 1, 50, 0, 0), (MU, -1, 40, 0, 2)]
    file = write_events(tmp_path / "events.root", event(pair, met=80), event(pair, met=30), event(pair[:1], met=90))
    cuts = (cut("two", "muon.count", "==", 2), cut("met", "met.pt", ">", 50, "GeV", regions=("high",)))
    plan = make_plan(criteria_of(*cuts, regions=(Region(name="high", kind="signal"),)), profile)
    packed, regions = packing(plan)(file)
    assert list(packed.masks) == ["μ N = 2", "high: E_T^miss p_T > 50 GeV"]
    assert packed.all("μ N = 2").tolist() == [True, True, False]
    assert packed.all("μ N = 2", *regions["high"]).tolist() == [True, False, False]


def test_a_trigger_path_that_the_events_lack_has_not_fired(tmp_path: Path, packing: Callable[[Plan], Packing]) -> None:
    early = write_nanoaod(tmp_path / "early.root", 50, paths={"HLT_IsoMu20": 0.5})
    late = write_nanoaod(tmp_path / "late.root", 50, paths={"HLT_IsoMu24": 0.5})
    other = write_nanoaod(tmp_path / "other.root", 50, paths={"HLT_Mu17_Mu8": 0.5})
    stated = cut("t", "event.trigger", "is", "HLT_IsoMu20 or HLT_IsoMu24", scope="trigger")
    pack = packing(make_plan(criteria_of(stated), open_dataset(str(tmp_path)).profile))
    for file, path in ((early, "HLT_IsoMu20"), (late, "HLT_IsoMu24")):
        packed, _ = pack(file)
        assert packed.all(*packed.masks).tolist() == [bool(row[path]) for row in rows(file, "Events", path)]
    with pytest.raises(Exception, match="none of the trigger's paths HLT_IsoMu20, HLT_IsoMu24"):
        pack(other)


@pytest.mark.skipif(find_spec("coffea") is None, reason="coffea is not installed (cutbook[bench])")
def test_the_snippet_is_one_of_the_real_coffea(
    profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_events(tmp_path / "events.root", event([(MU, 1, 50, 0, 0)]), event())
    plan = make_plan(criteria_of(cut("one", "muon.count", "==", 1)), profile)
    (tmp_path / "analysis.py").write_text(emit(plan), encoding="utf-8")
    (tmp_path / "coffea_selection.py").write_text(to_coffea(plan), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("analysis", "coffea_selection"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    packed, _ = import_module("coffea_selection").packed_selection(uproot.open(file)["mini"].arrays())
    assert packed.all(*packed.names).tolist() == [True, False]
