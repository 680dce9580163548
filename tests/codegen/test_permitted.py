"""Code of a model has arrays and functions; what reaches for files or the system does not get into analysis.py."""

from __future__ import annotations

import pytest

from codegen.emit import emit
from codegen.engine_llm import UnusableCodeError, branches_of
from codegen.permitted import objections
from codegen.plan import make_plan
from codegen.profile import load_profile
from kb.ssc import SelectionCriteria


@pytest.mark.parametrize(
    "code",
    [
        "import os",
        "import os as np",
        "import numpy.f2py",
        "import awkward as ak, subprocess",
        "from os import system",
        "from . import analysis",
        "from numpy import f2py",
        "exec('1')",
        "eval('1')",
        "open('f', 'w')",
        "__import__('os')",
        "__builtins__['open']",
        "getattr(np, 'f2py')",
        "sys.modules['os']",
        "Path('f').write_text('')",
        "uproot.recreate('f')",
        "np.f2py.os.system('ls')",
        "np.save('f', [1])",
        "ak.to_parquet([1], 'f')",
        "x = np\nx.f2py",
        "().__class__.__subclasses__()",
        "def masks(events):\n    import socket",
    ],
)
def test_files_and_the_system_are_out_of_reach(code: str) -> None:
    assert list(objections(code))


@pytest.mark.parametrize(
    "code",
    [
        "from __future__ import annotations\nfrom typing import Any\nimport awkward as ak\nimport numpy as np",
        "x = np.linalg.norm([1.0])",
        "x = np.add.reduce([1]) + ak.sum(ak.Array([1]).real)",
        "x = ak.zip({'pt': events['lep_pt']}, with_name='Momentum4D').pt",
        "x = vector.zip({'pt': events['lep_pt']})",
    ],
)
def test_arrays_are_at_hand(code: str) -> None:
    assert list(objections(code)) == []


def test_what_the_compiler_writes_may_be_written_by_a_model(hzz4l: SelectionCriteria) -> None:
    plan = make_plan(hzz4l, load_profile("atlas-2020"))
    selection = emit(plan).split("REGIONS")[1].split("class UnreadableError")[0].split("\n", 1)[1]
    assert list(objections(selection[selection.index("def ") :])) == []


def test_the_model_is_told_what_it_may_not_use(hzz4l: SelectionCriteria) -> None:
    plan = make_plan(hzz4l, load_profile("atlas-2020"))
    code = "import os\n\ndef masks(events):\n    os.system('id')\n    return {'step_000': events['lep_pt'] > 0}"
    with pytest.raises(UnusableCodeError, match="line 1 imports os"):
        branches_of(code, plan)
