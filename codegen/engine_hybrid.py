"""Compiled analyses with functions of a language model for cuts that the compiler cannot express, one for each.

What the compiler expresses stays as it is, and is validated as ever. The cuts of the model stand apart, in a region of
their own after the baseline: no reference knows them, so that nobody should take them for validated.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from codegen.analysis import analyse
from codegen.dataset import Dataset, Sample
from codegen.emit import emit, module
from codegen.emit_functions import Functions
from codegen.emit_source import literal
from codegen.engine_llm import ROUNDS, TOKENS, UnusableCodeError, branches_of, told_of_data, told_of_functions
from codegen.plan_distributions import with_distributions
from codegen.plan_model import NotApplied, Plan, RegionPlan, Step
from codegen.plan_terms import Always
from codegen.result import Result
from kb.errors import AnalysisError, AnswerError
from kb.model import Message, Model
from kb.ssc import SelectionCriteria

_SCHEMA = {
    "type": "object",
    "properties": {
        "possible": {"type": "boolean", "description": "whether the branches hold what the requirement needs"},
        "code": {"type": "string", "description": "Python source of the function, empty if it is not possible"},
    },
    "required": ["possible", "code"],
    "additionalProperties": False,
}
_TASK = """\
You write one requirement of a particle-physics paper as Python, with awkward arrays, for data of which you get the
profile. Answer with JSON: {"possible": …, "code": …}. If the branches do not hold what it needs, it is not possible:
say so, do not put something else in its place. Else the code defines one function of the name that is given:

    def NAME(events: ak.Array) -> Any:

It returns a boolean array with one entry per event: whether the event meets the requirement. What an event lacks does
not pass. Branches are read as events["name"], one entry per event or one list per event; convert them to GeV and mm as
the profile says. `ak`, `np` and the functions listed are at hand; import nothing else.\
"""


def analyse_with_model(
    criteria: SelectionCriteria, dataset: Dataset, output: Path, model: Model, *, rounds: int = ROUNDS, **given: Any
) -> Result:
    """Compile the analysis and let a model write what is missing; `given` are arguments of `codegen.analysis.analyse`.

    Functions that break the run go back to the model with the reason, at most `rounds` times; after that the compiled
    analysis stands alone.
    """
    reason = ""
    for _ in range(rounds + 1):
        try:
            return analyse(
                criteria, dataset, output, write=Extended(model, reason), engine="hybrid", model=model, **given
            )
        except AnalysisError as error:
            reason = error.message
    return analyse(criteria, dataset, output, **given)


class Extended:
    """Makes the compiled source of an analysis, with functions of a model for what is not applied."""

    def __init__(self, model: Model, reason: str = "") -> None:
        self._model = model
        self._reason = reason

    def __call__(self, plan: Plan, samples: Mapping[str, Sample]) -> str:
        """Return the module; without any function of the model it is the compiled one."""
        plan = with_distributions(plan)
        written = {one.cut_id: code for one in plan.not_applied if not one.already and (code := self._ask(plan, one))}
        if not written:
            return emit(plan, samples)
        functions = Functions(plan)
        steps = tuple(
            Step(label=plan.cuts[cut_id].statement(), requirement=Always(), cut_ids=(cut_id,)) for cut_id in written
        )
        name = f"cuts by {self._model.name}, not validated"
        extended = replace(plan, regions=(*plan.regions, RegionPlan(name, "validation", None, steps)))
        body = functions.source().replace("def select(", "def compiled(", 1)
        calls = ", ".join(f"{_name(cut_id)}(events)" for cut_id in written)
        select = (
            "def select(events: ak.Array) -> tuple[list[Any], dict[str, list[Any]], dict[str, Any]]:\n"
            '    """Return the compiled masks, and those of the cuts that a model wrote."""\n'
            "    steps, regions, values = compiled(events)\n"
            f"    regions[{literal(name)}] = [passes(mask) for mask in [{calls}]]\n"
            "    return steps, regions, values"
        )
        own = [branch for cut_id, code in written.items() for branch in branches_of(code, plan, _name(cut_id))]
        branches = tuple(dict.fromkeys((*functions.branches(), *own)))
        author = f"Functions whose names begin with cut_ were written by {self._model.name} and are not validated."
        return module(extended, samples, "\n\n\n".join([body, *written.values(), select]), branches, author=author)

    def _ask(self, plan: Plan, missing: NotApplied) -> str:
        """Return a function for a cut; empty where there is none, or none of use."""
        cut = plan.cuts[missing.cut_id]
        quote = " ".join(cut.evidence[0].quote.split()) if cut.evidence else "stated by a person"
        where = f", for: {cut.when.text}" if cut.when else ""
        asked = (
            f"The function is {_name(cut.id)}. The requirement: {cut.statement()}{where} — “{quote}”. "
            f"The compiler could not express it, because: {missing.reason}."
        )
        told = [told_of_data(plan), told_of_functions(), asked]
        if self._reason:
            told.append(f"An earlier answer broke the run: {self._reason}")
        messages = [Message(role="system", text=_TASK), Message(role="user", text="\n\n".join(told))]
        try:
            answer = self._model.answer(messages, schema=_SCHEMA, tokens=TOKENS)
        except AnswerError:
            return ""
        code = str(answer.get("code", "")).strip() if isinstance(answer, dict) and answer.get("possible") else ""
        return code if code and _is_usable(code, _name(cut.id), plan) else ""


def _name(cut_id: str) -> str:
    return "cut_" + re.sub(r"\W", "_", cut_id)


def _is_usable(code: str, name: str, plan: Plan) -> bool:
    try:
        branches_of(code, plan, name)
    except UnusableCodeError:
        return False
    kinds = (ast.FunctionDef, ast.Expr, ast.Assign, ast.AnnAssign)
    return all(isinstance(node, kinds) for node in ast.parse(code).body)
