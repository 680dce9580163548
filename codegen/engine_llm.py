"""Analyses that a language model writes: plan, generate, execute, validate, and repair with what went wrong.

The model writes one function of the module, `masks`; the rest is the compiler's. What it wrote runs in the same sandbox
and is compared with the same reference as compiled code. It is never trusted further than that.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from codegen import emit_parts
from codegen.analysis import analyse
from codegen.dataset import Dataset, Sample
from codegen.emit import module
from codegen.emit_source import literal
from codegen.permitted import objections
from codegen.plan_model import Plan, Step
from codegen.result import Result, Validation
from kb.errors import AnalysisError, AnswerError
from kb.model import Message, Model
from kb.ssc import SelectionCriteria

ROUNDS = 3
"""How often the model may repair its code."""

TOKENS = 6000
"""How long its code may be."""

_TOLD = 5
"""How many objections to its code it is told at once."""

_SCHEMA = {
    "type": "object",
    "properties": {"code": {"type": "string", "description": "Python source that defines masks(events)"}},
    "required": ["code"],
    "additionalProperties": False,
}
_TASK = """\
You write the event selection of a particle-physics paper as Python, with awkward arrays. Answer with JSON: {"code": …}.
The code defines one function, and functions that it calls:

    def masks(events: ak.Array) -> dict[str, Any]:

It returns, for every key that is listed, a boolean array with one entry per event: whether the event meets the
requirements of that key by itself. Requirements on objects select the objects that later requirements are about. What
an event lacks does not pass: use passes(mask) where a mask may hold None. Branches are read as events["name"], one
entry per event or one list per event; convert them to GeV and mm as the profile says. `ak`, `np` and the functions
listed are at hand; import nothing else. Do not reorder or drop events.\
"""


class UnusableCodeError(Exception):
    """What the model wrote is not worth running."""


@dataclass(frozen=True)
class Feedback:
    """Code that was no good, and why."""

    code: str
    reason: str


def analyse_by_model(
    criteria: SelectionCriteria,
    dataset: Dataset,
    output: Path,
    model: Model,
    *,
    rounds: int = ROUNDS,
    **given: Any,
) -> Result:
    """Let a model write the analysis; `given` are the other arguments of `codegen.analysis.analyse`.

    Code that breaks, or that differs from the reference, goes back to the model with the reason, at most `rounds`
    times, and not once more if the same comes back. The result of the last attempt is returned, whose validation says
    how good it is. AnswerError if no code of the model ran. Answers that led to nothing are not kept for the next time.
    """
    feedback: Feedback | None = None
    result: Result | None = None
    attempt, asked_before = 0, model.asked
    while attempt <= rounds:
        attempt += 1
        written = Written(model, feedback)
        try:
            result = analyse(criteria, dataset, output, write=written, engine="llm", model=model, **given)
        except (AnalysisError, UnusableCodeError, AnswerError) as error:
            if isinstance(error, AnswerError) and not written.asked:
                raise
            result, reason = None, str(error)
        else:
            if result.validation.status != "disagrees":
                return result
            reason = _difference(result.validation)
        told, feedback = feedback, Feedback(written.code, reason)
        if feedback == told:
            break
    model.forget()
    if result is not None:
        return result
    asked = model.asked - asked_before
    earlier = "" if asked == attempt else f" ({asked} of them asked now, the others answered from the ledger)"
    message = f"{model.name} wrote no code that runs, in {attempt} attempts{earlier}; the last one: {reason}"
    raise AnswerError(message, hint="analyse it with --engine compiled, or take another model")


class Written:
    """Makes the source of an analysis by asking a model; `code` is what it answered."""

    def __init__(self, model: Model, feedback: Feedback | None = None) -> None:
        self._model = model
        self._feedback = feedback
        self.code = feedback.code if feedback else ""
        self.asked = False

    def __call__(self, plan: Plan, samples: Mapping[str, Sample]) -> str:
        """Return the module; UnusableCodeError where the answer does not define what it should."""
        # Histograms are what the compiler knows of; the model is asked for masks alone.
        plan = replace(plan, histograms=())
        self.asked = True
        answer = self._model.answer(list(messages(plan, self._feedback)), schema=_SCHEMA, tokens=TOKENS)
        self.code = str(answer.get("code", "")) if isinstance(answer, dict) else ""
        branches = branches_of(self.code, plan)
        author = f"The function masks and what it calls were written by {self._model.name}, not by the compiler."
        return module(plan, samples, f"{self.code.strip()}\n\n\n{_select(plan)}", branches, author=author)


def messages(plan: Plan, feedback: Feedback | None = None) -> Iterator[Message]:
    """Yield what the model is told: the task, the data, the requirements with their sentences, and what went wrong."""
    yield Message(role="system", text=_TASK)
    yield Message(role="user", text="\n\n".join([told_of_data(plan), told_of_functions(), _requirements(plan)]))
    if feedback is not None:
        yield Message(role="assistant", text=json.dumps({"code": feedback.code}, ensure_ascii=False))
        yield Message(role="user", text=f"That is not right yet: {feedback.reason}\nAnswer with the whole code again.")


def keys(plan: Plan) -> Iterator[tuple[str, str, Step]]:
    """Yield the key, the region (empty: the baseline) and the step of every mask."""
    for number, step in enumerate(plan.steps):
        yield f"step_{number:03d}", "", step
    for place, region in enumerate(plan.regions):
        for number, step in enumerate(region.steps):
            yield f"region_{place:03d}_step_{number:03d}", region.name, step


def told_of_data(plan: Plan) -> str:
    """Return the profile, which says what the branches mean, for a model to read."""
    profile = plan.profile.model_dump(mode="json", exclude_defaults=True)
    unused = {"histograms", "weight", "samples", "luminosity", "identifiers"}
    told = {name: value for name, value in profile.items() if name not in unused}
    return f"The profile of the data, which says what the branches mean:\n{json.dumps(told, ensure_ascii=False)}"


def told_of_functions() -> str:
    """Return which functions are at hand."""
    lines = ["Functions at hand:"]
    for name, function in inspect.getmembers(emit_parts, inspect.isfunction):
        about = (function.__doc__ or "").splitlines()[0]
        lines.append(f"  {name}{inspect.signature(function)}: {about}".replace("'", ""))
    return "\n".join(lines)


def _requirements(plan: Plan) -> str:
    lines = ["The requirements, by key:"]
    for key, region, step in keys(plan):
        lines.append(f"{key}{f' (in region {region})' if region else ''}: {step.label}")
        for cut_id in step.all_cut_ids:
            cut = plan.cuts[cut_id]
            about = "objects" if cut_id in step.object_cut_ids else "event"
            quote = " ".join(cut.evidence[0].quote.split()) if cut.evidence else "stated by a person"
            where = f", for: {cut.when.text}" if cut.when else ""
            lines.append(f"  on {about}: {cut.statement()}{where} — “{quote}”")
    return "\n".join(lines)


def _select(plan: Plan) -> str:
    """Return the function that hands the model's masks to the driver."""
    steps = ", ".join(str(literal(key)) for key, region, _ in keys(plan) if not region)
    lines = [
        "def select(events: ak.Array) -> tuple[list[Any], dict[str, list[Any]], dict[str, Any]]:",
        '    """Return the masks of the steps and of the regions."""',
        "    found = masks(events)",
        f"    steps = [found[key] for key in [{steps}]]",
        "    regions: dict[str, list[Any]] = {}",
    ]
    for region in plan.regions:
        own = ", ".join(str(literal(key)) for key, name, _ in keys(plan) if name == region.name)
        lines.append(f"    regions[{literal(region.name)}] = [found[key] for key in [{own}]]")
    return "\n".join([*lines, "    return steps, regions, {}"])


def branches_of(code: str, plan: Plan, function: str = "masks") -> Sequence[str]:
    """Return the branches that code reads; UnusableCodeError for code that is not what was asked for, or may not be."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError) as error:
        message = f"the code is no Python: {error}"
        raise UnusableCodeError(message) from error
    if refused := list(dict.fromkeys(objections(code))):
        message = f"the code may use arrays and the functions at hand, nothing else: {'; '.join(refused[:_TOLD])}"
        raise UnusableCodeError(message)
    if not any(isinstance(node, ast.FunctionDef) and node.name == function for node in tree.body):
        message = f"the code does not define {function}(events)"
        raise UnusableCodeError(message)
    known = set(_texts(plan.profile.model_dump(mode="json")))
    found = tuple(dict.fromkeys(name for name in _read(tree) if name in known))
    if not found:
        message = "the code reads no branch of the profile"
        raise UnusableCodeError(message)
    return found


def _read(tree: ast.AST) -> Iterator[str]:
    """Yield the names in `events["name"]` and `column(events, "name")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            named: Sequence[ast.expr] = (node.slice,)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "column":
            named = node.args
        else:
            continue
        yield from (one.value for one in named if isinstance(one, ast.Constant) and isinstance(one.value, str))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value


def _difference(validation: Validation) -> str:
    """Say in words where code and reference differ."""
    compared = validation.event_by_event
    lines = []
    if compared is not None and compared.agreeing < compared.events:
        lines.append(f"it differs from an independent reading in {compared.events - compared.agreeing} events.")
        for one in compared.disagreements[:5]:
            verb = "passes, and should not" if one.code_passes else "does not pass, and should"
            lines.append(f"Event {one.index} of {one.sample} {verb}: “{one.step}” ({', '.join(one.cut_ids)}).")
    lines += [
        f"The {one.quantity} yield of {one.sample} is {one.measured:g}, and should be {one.published:g}."
        for one in validation.yields
        if not one.agrees
    ]
    return "\n".join(lines) or "it does not agree with an independent reading."
