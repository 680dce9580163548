"""Code that is wrong in one place: all ways in which simple changes of its syntax tree break an emitted selection."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeGuard

_NOT_SELECTION = frozenset(
    {"UnreadableError", "Cutflow", "Analysis", "nothing", "tally", "booked", "fill", "contents", "flat"}
    | {"shifted", "element", "normalisation"}
    | {"pieces", "require", "unfired", "table", "main"}
)
_OTHER = {
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq, ast.GtE),
    ast.NotEq: (ast.Eq,),
}
_SWAPPED_CALLS = {
    "all": "any",
    "any": "all",
    "argmin": "argmax",
    "opposite_charge": "same_charge",
    "same_flavour": "opposite_charge",
    "deltaR": "deltaphi",
}
_SWAPPED_ATTRIBUTES = {"first": "second", "mass": "pt", "pt": "energy", "eta": "phi", "charge": "pdg_id"}


@dataclass(frozen=True)
class Mutant:
    """Broken source, and what was done to which expression of which statement."""

    kind: str
    line: str
    statement: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every version of the module that differs from it in one place of its selection.

    What only fills histograms is left to `mutants_of_fillings`.
    """
    tree = ast.parse(source)
    for top, statement in enumerate(tree.body):
        if isinstance(statement, ast.FunctionDef) and statement.name not in _NOT_SELECTION:
            selecting = _selecting(statement)
            for path, node in _walk(statement):
                if path[0] == "body" and path[1] not in selecting:
                    continue
                for kind, changed in _changes(node, statement):
                    line = f"{statement.name}: {ast.unparse(node)}"
                    around = ast.unparse(statement.body[path[1]]) if path[0] == "body" else ""  # type: ignore[call-overload]
                    yield Mutant(kind, line, around, _with(tree, (top, *path), changed))
        elif isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == "REGIONS":
            for path, node in _walk(statement):
                if isinstance(node, ast.Dict) and any(_is(key, "parent") for key in node.keys):
                    number = next(n for n, key in enumerate(node.keys) if _is(key, "parent"))
                    if not _is(node.values[number], None):
                        changed = copy.deepcopy(node)
                        changed.values[number] = ast.Constant(None)
                        yield Mutant(
                            "region without parent", "REGIONS", ast.unparse(node), _with(tree, (top, *path), changed)
                        )


def mutants_of_fillings(source: str) -> Iterator[Mutant]:
    """Yield every version of the module that differs from it in one place of what histograms are filled with."""
    tree = ast.parse(source)
    for top, statement in enumerate(tree.body):
        if isinstance(statement, ast.FunctionDef) and statement.name == "select":
            for number, part in enumerate(statement.body):
                if _fills_histograms(part):
                    for path, node in _walk(part):
                        for kind, changed in _changes(node, statement):
                            broken = _with(tree, (top, "body", number, *path), changed)
                            yield Mutant(kind, f"values: {ast.unparse(node)}", ast.unparse(part), broken)


Path = tuple[object, ...]


def _walk(node: ast.AST, path: Path = ()) -> Iterator[tuple[Path, ast.AST]]:
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "args"} and isinstance(node, ast.FunctionDef | ast.arg | ast.AnnAssign):
            continue
        if isinstance(value, ast.AST):
            yield (*path, name), value
            yield from _walk(value, (*path, name))
        elif isinstance(value, list):
            for number, part in enumerate(value):
                if isinstance(part, ast.AST) and not _fills_histograms(part):
                    yield (*path, name, number), part
                    yield from _walk(part, (*path, name, number))


def _selecting(function: ast.FunctionDef) -> range:
    """Return the statements that select: what comes after the regions only serves histograms."""
    for place, statement in enumerate(function.body):
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        if target is not None and ast.unparse(target) == "regions":
            return range(place + 1)
    return range(len(function.body))


def _fills_histograms(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "values"


def _with(tree: ast.Module, path: Path, changed: ast.AST) -> str:
    """Return the source in which the node at a path is another one."""
    top, *rest = path
    copied = copy.copy(tree)
    copied.body = list(tree.body)
    statement = copy.deepcopy(tree.body[top])  # type: ignore[index]
    copied.body[top] = statement  # type: ignore[index]
    at: object = statement
    for step in rest[:-1]:
        at = at[step] if isinstance(step, int) else getattr(at, str(step))  # type: ignore[index]
    if isinstance(rest[-1], int):
        at[rest[-1]] = changed  # type: ignore[index]
    else:
        setattr(at, str(rest[-1]), changed)
    return ast.unparse(ast.fix_missing_locations(copied))


def _changes(node: ast.AST, function: ast.FunctionDef) -> Iterator[tuple[str, ast.AST]]:
    for change in _ALL:
        yield from change(node, function)


class _Rank(ast.Constant):
    """A whole number behind a colon: `[:, 0]`."""

    value: int


def _comparisons(node: ast.AST, _: ast.FunctionDef) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _OTHER:
        for other in _OTHER[type(node.ops[0])]:
            changed = copy.deepcopy(node)
            changed.ops = [other()]
            kind = "other end of the threshold" if {type(node.ops[0]), other} in _ENDS else "inequality flipped"
            yield kind, changed


_ENDS = ({ast.Gt, ast.GtE}, {ast.Lt, ast.LtE})


def _numbers(node: ast.AST, _: ast.FunctionDef) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Compare) and isinstance(number := node.comparators[0], ast.Constant):
        if isinstance(number.value, float) and number.value:
            for factor in (1.01, 0.99):
                changed = copy.deepcopy(node)
                changed.comparators[0] = ast.Constant(number.value * factor)
                yield "threshold off by 1 %", changed
        elif isinstance(number.value, int) and not isinstance(number.value, bool):
            for step in (1, -1):
                changed = copy.deepcopy(node)
                changed.comparators[0] = ast.Constant(number.value + step)
                yield "whole number off by one", changed
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _is(node.right, 1000.0):
        yield "wrong unit", node.left
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and isinstance(node.right, ast.Constant):  # noqa: SIM102
        if isinstance(node.right.value, float):
            yield "offset off by 1 %", ast.BinOp(node.left, ast.Sub(), ast.Constant(node.right.value * 1.01))
    if isinstance(node, ast.Call) and ast.unparse(node.func) in {"nth", "leading"}:
        for step in (1, -1):
            rank = node.args[1]
            assert isinstance(rank, ast.Constant)
            if rank.value + step > 0:
                yield "wrong rank", ast.Call(node.func, [node.args[0], ast.Constant(rank.value + step)], [])
    if isinstance(node, ast.Subscript) and isinstance(of := node.slice, ast.Tuple) and _is_rank(of.elts[-1]):
        for step in (1, -1):
            place = of.elts[-1].value + step
            if place >= 0:
                changed = copy.deepcopy(node)
                changed.slice = ast.Tuple([of.elts[0], ast.Constant(place)], ast.Load())
                yield "wrong rank", changed
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "threshold":
        for number_, point in enumerate(node.args[1:], start=1):
            assert isinstance(point, ast.Tuple)
            for place in (0, 1):
                changed_ = copy.deepcopy(node)
                value = ast.literal_eval(point.elts[place])
                changed_.args[number_].elts[place] = ast.Constant(value * 1.01)  # type: ignore[attr-defined]
                yield "threshold function off by 1 %", changed_


def _logic(node: ast.AST, _: ast.FunctionDef) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
        other = ast.BitOr() if isinstance(node.op, ast.BitAnd) else ast.BitAnd()
        yield "OR for AND", ast.BinOp(node.left, other, node.right)
        yield "part of a requirement missing", node.left
        yield "part of a requirement missing", node.right
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
        yield "NOT missing", node.operand


def _calls(node: ast.AST, function: ast.FunctionDef) -> Iterator[tuple[str, ast.AST]]:
    if not isinstance(node, ast.Call):
        return
    name = ast.unparse(node.func)
    if name == "np.abs":
        yield "abs missing", node.args[0]
    last = name.rpartition(".")[2]
    if last in _SWAPPED_CALLS and function.name != last:
        changed = copy.deepcopy(node)
        other = _SWAPPED_CALLS[last]
        if isinstance(changed.func, ast.Attribute):
            changed.func.attr = other
        else:
            changed.func = ast.Name(other, ast.Load())
        yield f"{other} for {last}", changed
    for number, keyword in enumerate(node.keywords):
        if keyword.arg == "ascending":
            changed = copy.deepcopy(node)
            changed.keywords[number].value = ast.Constant(True)
            yield "sorted the other way", changed
    if name == "by_pt" and function.name != "by_pt":
        yield "not sorted", node.args[0]
    if name == "ak.fill_none" and _is(node.args[1], False):
        changed = copy.deepcopy(node)
        changed.args[1] = ast.Constant(True)
        yield "what is undefined passes", changed
    if name == "masks.append":
        changed = copy.deepcopy(node)
        changed.args = [ast.BinOp(node.args[0], ast.BitOr(), ast.UnaryOp(ast.Invert(), node.args[0]))]
        yield "cut missing", changed
        changed = copy.deepcopy(node)
        changed.args = [ast.UnaryOp(ast.Invert(), node.args[0])]
        yield "cut inverted", changed


def _names(node: ast.AST, function: ast.FunctionDef) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in _BRANCHES:
        yield "wrong branch", ast.Constant(_BRANCHES[node.value])
    if isinstance(node, ast.Attribute) and node.attr in _SWAPPED_ATTRIBUTES:
        other = _SWAPPED_ATTRIBUTES[node.attr]
        yield f"{other} for {node.attr}", ast.Attribute(node.value, other, node.ctx)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in _COLLECTIONS:
        other = _COLLECTIONS[node.id]
        if any(
            isinstance(part, ast.Name | ast.arg) and getattr(part, "id", getattr(part, "arg", "")) == other
            for part in ast.walk(function)
        ):
            yield f"{other} for {node.id}", ast.Name(other, node.ctx)


_BRANCHES = {
    "trigE": "trigM",
    "trigM": "trigE",
    "lep_etcone20": "lep_ptcone30",
    "lep_ptcone30": "lep_etcone20",
    "lep_trackd0pvunbiased": "lep_z0",
    "lep_z0": "lep_trackd0pvunbiased",
    "lep_pt": "lep_E",
    "lep_eta": "lep_phi",
    "lep_charge": "lep_type",
    "jet_pt": "jet_E",
    "jet_eta": "jet_phi",
    "met_et": "met_phi",
}
_COLLECTIONS = {
    "electrons": "muons",
    "muons": "electrons",
    "leptons": "electrons",
    "jets": "bjets",
    "bjets": "jets",
    "met": "jets",
    "leading_pair": "subleading_pair",
    "subleading_pair": "leading_pair",
    "firsts": "candidates",
    "rest": "candidates",
    "quadruplet_pairs_sfos": "quadruplet_pairs",
    "quadruplet_pairs_same_flavour": "quadruplet_pairs",
    "quadruplet_pairs_different_flavour": "quadruplet_pairs",
}


def _is_rank(node: ast.AST) -> TypeGuard[_Rank]:
    return isinstance(node, ast.Constant) and type(node.value) is int


def _is(node: ast.AST | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value == value and type(node.value) is type(value)


_ALL: tuple[Callable[[ast.AST, ast.FunctionDef], Iterator[tuple[str, ast.AST]]], ...] = (
    _comparisons,
    _numbers,
    _logic,
    _calls,
    _names,
)
