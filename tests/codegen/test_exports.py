"""An analysis as a PackedSelection of coffea."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codegen.emit import emit
from codegen.export_coffea import to_coffea
from codegen.plan import make_plan
from codegen.profile import Profile
from kb.ssc import Region
from tests.codegen.conftest import criteria_of, cut, event, write_events

MU = 13


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


def test_the_snippet_packs_every_step_under_its_label(
    profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = [(MU, 1, 50, 0, 0), (MU, -1, 40, 0, 2)]
    file = write_events(tmp_path / "events.root", event(pair, met=80), event(pair, met=30), event(pair[:1], met=90))
    cuts = (cut("two", "muon.count", "==", 2), cut("met", "met.pt", ">", 50, "GeV", regions=("high",)))
    plan = make_plan(criteria_of(*cuts, regions=(Region(name="high", kind="signal"),)), profile)
    modules = {"analysis": types.ModuleType("analysis"), "coffea": types.ModuleType("coffea")}
    modules["coffea.analysis_tools"] = types.ModuleType("coffea.analysis_tools")
    vars(modules["coffea.analysis_tools"])["PackedSelection"] = PackedSelection
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    exec(compile(emit(plan), "analysis.py", "exec"), vars(modules["analysis"]))
    snippet: dict[str, Any] = {}
    exec(compile(to_coffea(plan), "coffea_selection.py", "exec"), snippet)
    [events] = vars(modules["analysis"])["pieces"](str(file), [*vars(modules["analysis"])["BRANCHES"]])
    packed, regions = snippet["packed_selection"](events)
    assert list(packed.masks) == ["μ N = 2", "high: E_T^miss p_T > 50 GeV"]
    assert packed.all("μ N = 2").tolist() == [True, True, False]
    assert packed.all("μ N = 2", *regions["high"]).tolist() == [True, False, False]
