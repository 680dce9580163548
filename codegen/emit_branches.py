"""Branches in emitted code: numbers, lists of the branches of single objects, and flags."""

from __future__ import annotations

from codegen.emit_source import AND, Code, call, chain, code, compared, literal, number
from codegen.profile import Branch, Flag


def stored(of: Branch | Flag) -> Code:
    """Write the numbers of a branch, or of the branches of single objects as lists."""
    if of.each:
        return call("columns", "events", *map(literal, of.each))
    return call("column", "events", literal(of.branch))


def flag(of: Flag) -> Code:
    """Write a flag as a mask."""
    if not of.branch:
        return chain("|" if of.any_of else "&", [flag(part) for part in of.any_of or of.all_of])
    held = stored(of) if of.each else Code(f"events[{literal(of.branch)}]")
    if of.each and of.comparison is None and of.bits is None:
        return compared(held, "!=", code("0"))
    if of.bits is not None:
        held = call("ak.values_astype", held, "np.int64") if of.each else held
        held = Code(f"{held} & {of.bits}", AND)
    if of.comparison is None:
        return held if of.bits is None else compared(held, "!=", code("0"))
    operator, value = of.comparison
    return compared(held, operator, code(str(of.equals)) if of.equals is not None else number(value))
