"""Write a plan as a PyROOT module: a graph of RDataFrame, with the selection in small functions of C++.

The module needs ROOT, hist and numpy. It takes the same files and options as the awkward module of the same plan, and
gives the same numbers. The same plan gives the same bytes.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence

from codegen.dataset import Sample
from codegen.emit import about, any_branch, constants
from codegen.emit_functions import Functions, function_name
from codegen.emit_source import comment as python_comment
from codegen.emit_source import docstring, library, literal
from codegen.emit_words import quotation
from codegen.plan_distributions import with_distributions
from codegen.plan_model import ChosenGroup, ChosenPair, LeadingGroup, Plan, Quadruplet, Step
from codegen.plan_names import identifier
from codegen.plan_terms import is_list
from codegen.rdf_objects import ObjectFunctions
from codegen.rdf_parameters import MISSING_COLUMN, column
from codegen.rdf_source import (
    FALSE,
    TRUE,
    WIDTH,
    Cpp,
    call,
    comment,
    conjunction,
    definition,
    inverted,
    parts,
    statement,
)
from codegen.rdf_terms import Writer

NAMESPACE = "selection"
_NAME = "\0"
SPAN = 500_000
"""Events between two starts of ROOT's loop; what is kept of them is in memory."""
_COUNTING = (
    *("UnreadableError", "Cutflow", "Analysis", "nothing", "tally", "booked", "fill", "contents", "shifted"),
    *("normalisation", "unfired", "table", "main"),
)
_BOOKING = (
    *("Events", "select", "flat", "element", "elements", "define", "pieces", "reading", "require", "run"),
    *("masks_of", "numbers", "part"),
)
_IMPORTS = """\
from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hist
import numpy as np

os.environ.setdefault("EXTRA_CLING_ARGS", "-O2")  # read by ROOT: without it the loop takes twice as long
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ROOT's wheel warns that it is young
    import ROOT

Array = Any
Node = Any"""


_DECLARED = """\
if not ROOT.gInterpreter.Declare(CODE):
    message = "ROOT does not compile the selection"
    raise RuntimeError(message)"""


def emit_rdataframe_with_distributions(plan: Plan, samples: Mapping[str, Sample] | None = None) -> str:
    """Return the source of a module that also fills what each requirement cuts away (N − 1), which takes it longer."""
    return emit_rdataframe(with_distributions(plan), samples)


def emit_rdataframe(plan: Plan, samples: Mapping[str, Sample] | None = None) -> str:
    """Return the source of a PyROOT module that applies the plan; `samples` are built in."""
    functions = Functions(plan)
    branches = functions.branches() or any_branch(plan)
    source = _Module(plan, functions.used)
    body = source.body()
    counting = library("emit_driver.py", without=("select", "flat", "element", "pieces", "require"))
    booking = library("rdf_driver.py", without=("book", "UnreadableError", "unfired"))
    blocks = [
        "\n".join(docstring(about(plan, masses=False), indent=0)),
        _IMPORTS,
        "\n".join([*constants(plan, samples or {}, branches), *source.constants()]),
        f'CODE = r"""\n{source.cpp()}\n"""\n{_DECLARED}',
        f"\n{body}",
        *(f"\n{text}" for text in booking.copied(_BOOKING)),
        *(f"\n{text}" for text in counting.copied(_COUNTING)),
        '\nif __name__ == "__main__":\n    sys.exit(main())',
    ]
    return "\n\n".join(blocks) + "\n"


class _Module:
    """Writes the graph in Python and gathers the functions in C++ that it calls."""

    def __init__(self, plan: Plan, used: frozenset[str]) -> None:
        self.plan = plan
        self.used = used
        self._objects = ObjectFunctions(plan)
        self._functions: dict[str, str] = {}
        """Texts of functions in C++, by name."""
        self.regions: dict[str, str] = {}
        """Names of functions in Python, by region."""
        for region in plan.regions:
            name = function_name(region.name)
            while name in self.regions.values():
                name += "_"
            self.regions[region.name] = name

    # C++ ------------------------------------------------------------------------------------------------------------

    def cpp(self) -> str:
        """Return all C++, what is used first."""
        code = "\n\n".join([*self._objects.quadruplets(), *self._functions.values()])
        used = f"{code} packed lengths joined" if self._lists() else f"{code} packed"
        arguments = " ".join(map(str, self._objects.calls.values())) + " ".join(self._conditions)
        includes, *blocks = parts().copied(f"{used} {arguments}", self._objects.struct())
        body = "\n\n".join([*blocks, code])
        return f"{includes}\n\nnamespace {NAMESPACE} {{\n\n{body}\n\n}}  // namespace {NAMESPACE}"

    def _lists(self) -> bool:
        return any(is_list(known.quantity) for known in self.plan.histograms)

    def _quoted(self, cut_ids: Sequence[str], indent: int) -> list[str]:
        lines: list[str] = []
        for cut_id in cut_ids:
            cut = self.plan.cuts[cut_id]
            lines += python_comment(f"{cut_id}: {cut.statement()}", indent)
            lines += python_comment(quotation(cut), indent) if cut.evidence else []
        return lines

    def _free(self, name: str, text: str) -> str:
        """Keep a function, whose text has a mark for its name, under a name of its own; one text has one name."""
        taken = {*parts().names, *self._objects.calls}
        while name in taken or self._functions.get(name, text.replace(_NAME, name)) != text.replace(_NAME, name):
            name += "_"
        self._functions[name] = text.replace(_NAME, name)
        return name

    # Python ---------------------------------------------------------------------------------------------------------

    def body(self) -> str:
        """Return the functions that book the graph."""
        self._conditions: list[str] = []
        defined = self._defined()
        blocks = [self._steps("baseline", "Define the mask of each step, by itself.", self.plan.steps)]
        booked = [*defined, "    events = baseline(events)"]
        for region in self.plan.regions:
            name = self.regions[region.name]
            after = f"after those of {region.parent}" if region.parent else "after the baseline"
            words = f"Define the mask of each step of the {region.kind} region “{region.name}”, {after}."
            blocks.append(self._steps(name, words, region.steps))
            booked.append(f"    events = {name}(events)")
        words = "Define objects, systems of them, the mask of each step, and what the histograms show."
        lines = [*docstring([words]), *booked, *self._shown(), "    return events"]
        return "\n\n\n".join([*blocks, "\n".join(["def book(events: Node) -> Node:", *lines])])

    def constants(self) -> list[str]:
        """Return what the driver is to know of the columns that are defined."""
        lists = [str(literal(known.axis.name)) for known in self.plan.histograms if is_list(known.quantity)]
        masks = [f"    {literal(region)}: {literal(name)}," for region, name in self.regions.items()]
        return [
            f"SPAN = {SPAN:_}  # events between two starts of ROOT's loop",
            "# What the masks of a region's steps are called, before their number.",
            *(["MASKS = {", *masks, "}"] if masks else ["MASKS: dict[str, str] = {}"]),
            f"LISTS: set[str] = {{{', '.join(lists)}}}" if lists else "LISTS: set[str] = set()",
        ]

    def _defined(self) -> list[str]:
        """Return the lines that define collections and systems; ROOT makes them where a step asks for them."""
        lines: list[str] = []
        made: set[str] = set()
        for known in self.plan.objects:
            quoted = [
                [*comment(self._quoted(f.cut_ids, 8)), *comment(python_comment(f.note, 8))] for f in known.filters
            ]
            text = self._objects.collection(known, quoted)
            self._functions[known.name] = text
            if known.name not in self.used:
                lines += python_comment(f"The {known.title} are selected by a function that no requirement calls.")
                continue
            lines += self._define(column(known.name), self._objects.calls[known.name])
            made.add(known.name)
            for merged in self.plan.merged:
                if merged.name in self.used and merged.name not in made and set(merged.parts) <= made:
                    lines += self._define(column(merged.name), call("merged", *map(column, merged.parts)))
                    made.add(merged.name)
        if self.plan.missing:
            self._functions[MISSING_COLUMN] = self._objects.missing()
            lines += self._define(MISSING_COLUMN, self._objects.calls[MISSING_COLUMN])
        for composite in self.plan.composites:
            if isinstance(composite, LeadingGroup):
                continue  # taken from its list where it is asked for
            assert isinstance(composite, ChosenPair | ChosenGroup | Quadruplet)
            self._functions[composite.name] = self._objects.system(composite)
            lines += self._define(column(composite.name), self._objects.calls[composite.name])
        return lines

    def _define(self, name: str, value: Cpp) -> list[str]:
        self._conditions.append(str(value))
        return _python("events = define", f'events, "{name}"', str(value))

    def _steps(self, name: str, words: str, steps: Sequence[Step]) -> str:
        lines = docstring([words])
        for place, step in enumerate(steps):
            cited = [*(self._quoted(step.cut_ids, 4) or python_comment(step.label)), *python_comment(step.note)]
            lines += ["", *cited, *self._define(f"{name}_{place}", self._mask(step))]
        return "\n".join([f"def {name}(events: Node) -> Node:", *lines, "", "    return events"])

    def _mask(self, step: Step) -> Cpp:
        """Return the call of the function that a step needs."""
        writer = Writer(self.plan)
        found = writer.mask(step.requirement)
        if found in (TRUE, FALSE):
            return found
        ids = step.cut_ids or step.object_cut_ids
        wanted = f"cut_{identifier(ids[0].rpartition('-')[2])}" if ids else "cut"
        cited = comment(python_comment(step.label, 0))
        head = definition("bool", _NAME, writer.parameters.declared, writer.parameters.template)
        text = "\n".join([*cited, *head, *statement("return ", found), "}"])
        return call(self._free(wanted, text), *writer.parameters.arguments)

    def _shown(self) -> list[str]:
        lines: list[str] = []
        for place, planned in enumerate(self.plan.histograms):
            writer = Writer(self.plan)
            kind, guards, value = writer.value(planned.quantity)
            condition = conjunction(guards)
            lacking = "{}" if kind.startswith("RVec") else "NAN"
            unless = [*statement("if (", inverted(condition), 4, ") {"), f"        return {lacking};", "    }"]
            words = comment(python_comment(f"Return what the histogram '{planned.axis.name}' shows.", 0))
            head = definition(kind, _NAME, writer.parameters.declared, writer.parameters.template)
            lines_ = [*(unless if condition != TRUE else []), *statement("return ", value), "}"]
            text = "\n".join([*words, *head, *lines_])
            name = self._free(f"value_{identifier(planned.axis.name)}", text)
            lines += self._define(f"shown_{place}", call(name, *writer.parameters.arguments))
        return lines


def _python(callee: str, first: str, expression: str) -> list[str]:
    """Write a call with a C++ expression as its last argument."""
    expression = re.sub(r"\b(\w+\()", rf"{NAMESPACE}::\1", expression)
    one = f'    {callee}({first}, "{expression}")'
    if len(one) <= WIDTH:
        return [one]
    pieces = textwrap.wrap(expression, WIDTH - 12, break_long_words=False, break_on_hyphens=False)
    quoted = [f'        "{piece} "' for piece in pieces[:-1]] + [f'        "{pieces[-1]}",']
    return [f"    {callee}(", *(f"        {one}," for one in first.split(", ")), *quoted, "    )"]
