"""A language model writes code: what breaks or differs goes back to it, and nothing of it is taken on trust."""

from __future__ import annotations

import ast
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from codegen import emit_driver
from codegen.dataset import Dataset, open_dataset
from codegen.emit import emit, emit_with_distributions
from codegen.engine_hybrid import analyse_with_model
from codegen.engine_llm import analyse_by_model, keys, messages
from codegen.plan import make_plan
from codegen.plan_model import Plan
from codegen.sandbox import choose
from codegen.toys import write_toys
from eval.reference import reference_masks
from kb.errors import AnswerError, SandboxError
from kb.ledger import Call, key_of
from kb.model import Message
from kb.ssc import SelectionCriteria


class Scripted:
    """A model that answers what it is told to, one after the other, the last one for ever."""

    name = "scripted"

    def __init__(self, *answers: dict[str, Any] | Callable[[str], dict[str, Any]]) -> None:
        self._answers = answers
        self.heard: list[Sequence[Message]] = []
        self.calls: list[Call] = []
        self.forgotten = False

    @property
    def asked(self) -> int:
        """How often it was asked."""
        return len(self.heard)

    def forget(self) -> None:
        """Remember that its answers were of no use."""
        self.forgotten = True

    def answer(self, messages: Sequence[Message], *, schema: dict[str, Any], tokens: int = 0) -> Any:
        """Answer, and remember what was asked."""
        self.heard.append(messages)
        chosen = self._answers[min(len(self.heard), len(self._answers)) - 1]
        said = chosen(messages[-1].text) if callable(chosen) else chosen
        question = {"messages": [message.model_dump() for message in messages], "schema": schema}
        self.calls.append(Call(key=key_of(question), question=question, answer=json.dumps(said)))
        return said


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    try:
        choose()
    except SandboxError as error:
        pytest.skip(f"generated code cannot run here: {error}")
    folder = tmp_path_factory.mktemp("data") / "toys"
    write_toys(folder, seed=4, events=80)
    dataset = open_dataset(str(folder))
    name = next(iter(dataset.samples))
    return Dataset(dataset.name, folder, dataset.profile, {name: dataset.samples[name]})


@pytest.fixture(scope="module")
def plan(toys: Dataset, hzz4l: SelectionCriteria) -> Plan:
    return make_plan(hzz4l, toys.profile)


@pytest.fixture(scope="module")
def good(plan: Plan) -> str:
    """Return what a model would write that is as good as the compiler: its code, with masks() around it."""
    tree = ast.parse(emit(plan))
    names = {"column", "by_pt", "passes", "nth", "leading", "pairs"}
    own = [
        ast.unparse(node)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name not in {*names, *(vars(emit_driver).keys() - {"select"})}
    ]
    baseline = [key for key, region, _ in keys(plan) if not region]
    body = "\n\n".join(own).replace("def select(", "def everything(")
    lines = [
        "def masks(events):",
        "    steps, regions, _ = everything(events)",
        f"    found = dict(zip({baseline!r}, steps))",
    ]
    for place, region in enumerate(plan.regions):
        lines.append(f"    for number, mask in enumerate(regions[{region.name!r}]):")
        lines.append(f"        found[f'region_{place:03d}_step_{{number:03d}}'] = mask")
    return body + "\n\n" + "\n".join([*lines, "    return found"])


def test_good_code_is_validated_like_compiled_code(
    toys: Dataset, hzz4l: SelectionCriteria, good: str, tmp_path: Path
) -> None:
    model = Scripted({"code": good})
    result = analyse_by_model(hzz4l, toys, tmp_path, model, reference=reference_masks)
    assert result.validation.status == "agrees"
    assert result.validation.event_by_event is not None
    assert result.validation.event_by_event.agreement == 1.0
    assert (result.engine.name, result.engine.model, len(result.engine.calls)) == ("llm", "scripted", 1)
    assert "written by scripted" in (tmp_path / "analysis.py").read_text(encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as bundle:
        [call] = json.loads(bundle.read("ledger.json"))
    assert call["key"] == result.engine.calls[0]


def test_code_that_breaks_or_differs_goes_back_with_the_reason(
    toys: Dataset, hzz4l: SelectionCriteria, good: str, tmp_path: Path
) -> None:
    wrong = good.replace("115.0", "125.0") if "115.0" in good else good.replace("<=", "<").replace(">=", ">")
    assert wrong != good
    model = Scripted(
        {"code": "def masks(events:"},
        {"code": "def masks(events):\n    return {'step_000': column(events, 'lep_pt')}"},
        {"code": wrong},
        {"code": good},
    )
    result = analyse_by_model(hzz4l, toys, tmp_path, model, reference=reference_masks)
    assert result.validation.status == "agrees"
    reasons = [heard[-1].text for heard in model.heard[1:]]
    assert "is no Python" in reasons[0]
    assert "KeyError" in reasons[1]
    assert "differs from an independent reading" in reasons[2]
    assert wrong.strip() in json.loads(model.heard[3][-2].text)["code"]


def test_a_model_that_never_learns_leaves_what_the_validation_says_of_it(
    toys: Dataset, hzz4l: SelectionCriteria, good: str, tmp_path: Path
) -> None:
    body, _, _ = good.rpartition("    return found")
    wrong = f"{body}    found['step_000'] = np.zeros(len(events), dtype=bool)\n    return found"
    result = analyse_by_model(hzz4l, toys, tmp_path, Scripted({"code": wrong}), rounds=1, reference=reference_masks)
    assert result.validation.status == "disagrees"
    with pytest.raises(AnswerError, match="2 attempts;") as caught:
        analyse_by_model(hzz4l, toys, tmp_path, Scripted({"code": "x = 1"}), rounds=1, reference=reference_masks)
    assert "--engine compiled" in caught.value.hint


def test_a_model_is_not_asked_once_more_what_it_has_answered(hzz4l: SelectionCriteria, tmp_path: Path) -> None:
    write_toys(tmp_path / "toys", seed=4, events=20)
    model = Scripted({"code": "import os\n\ndef masks(events):\n    return {}"})
    with pytest.raises(AnswerError, match=r"2 attempts; the last one: .* line 1 imports os"):
        analyse_by_model(hzz4l, open_dataset(str(tmp_path / "toys")), tmp_path / "out", model, rounds=3)
    assert model.forgotten
    assert "imports os" in model.heard[1][-1].text


def test_the_model_is_told_every_requirement_with_its_sentence(plan: Plan) -> None:
    text = "\n".join(message.text for message in messages(plan))
    for cut_id in plan.applied:
        cut = plan.cuts[cut_id]
        assert cut.statement() in text
        assert " ".join(cut.evidence[0].quote.split()) in text
    assert all(key in text for key, _, _ in keys(plan))
    assert "lep_pt" in text


def test_what_the_compiler_cannot_express_a_model_may_and_it_stands_apart(
    toys: Dataset, hzz4l: SelectionCriteria, plan: Plan, tmp_path: Path
) -> None:
    missing = [one.cut_id for one in plan.not_applied]
    first = f"cut_{missing[0].replace('-', '_')}"

    def said(asked: str) -> dict[str, Any]:
        if first not in asked:
            return {"possible": False, "code": ""}
        return {"possible": True, "code": f"def {first}(events):\n    return ak.num(column(events, 'lep_pt')) > 4"}

    model = Scripted(said)
    result = analyse_with_model(hzz4l, toys, tmp_path, model, reference=reference_masks)
    assert len(model.heard) == len(missing)
    assert result.validation.status == "agrees"
    assert result.coverage.applied == len(plan.applied)
    [sample] = result.samples.values()
    region = sample.regions["cuts by scripted, not validated"]
    assert [step.cut_ids for step in region.cutflow] == [(missing[0],)]
    assert region.selected <= sample.selected
    assert result.engine.name == "hybrid"


def test_functions_that_break_the_run_are_left_out_in_the_end(
    toys: Dataset, hzz4l: SelectionCriteria, plan: Plan, tmp_path: Path
) -> None:
    def said(asked: str) -> dict[str, Any]:
        name = asked.split("The function is ")[1].split(".")[0]
        return {"possible": True, "code": f"def {name}(events):\n    return column(events, 'lep_pt') / 0 + undefined"}

    model = Scripted(said)
    result = analyse_with_model(hzz4l, toys, tmp_path, model, rounds=1, reference=reference_masks)
    assert "undefined" in model.heard[-1][-1].text
    assert result.validation.status == "agrees"
    assert (tmp_path / "analysis.py").read_text(encoding="utf-8") == emit_with_distributions(plan, toys.samples)


def test_a_model_that_answers_nonsense_leaves_the_compiled_analysis(
    toys: Dataset, hzz4l: SelectionCriteria, plan: Plan, tmp_path: Path
) -> None:
    def nonsense(_asked: str) -> dict[str, Any]:
        message = "no JSON"
        raise AnswerError(message)

    analyse_with_model(hzz4l, toys, tmp_path, Scripted(nonsense), reference=reference_masks)
    assert (tmp_path / "analysis.py").read_text(encoding="utf-8") == emit_with_distributions(plan, toys.samples)
