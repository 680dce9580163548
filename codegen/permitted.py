"""What code of a language model may use: arrays and functions, and neither files nor the system.

This is no sandbox, which such code runs in besides. It keeps what asks for more out of analysis.py, which its reader
may run without one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import ModuleType
from typing import Any

_IMPORTS = {"awkward": "ak", "numpy": "np"}
"""What may be imported once more, under the name that it has anyway."""
_NAMES_FROM = frozenset({"__future__", "typing"})
_ROOTS = frozenset({"ak", "np", "vector"})
_MODULES = frozenset({"awkward", "numpy", "numpy.linalg", "vector"})
_DRIVERS = frozenset({"Path", "argparse", "hist", "json", "sys", "uproot"})
"""Modules and classes that analysis.py imports for reading files and writing results."""
_BUILTINS = frozenset(
    {
        "breakpoint",
        "compile",
        "delattr",
        "dir",
        "eval",
        "exec",
        "exit",
        "getattr",
        "globals",
        "help",
        "input",
        "locals",
        "open",
        "quit",
        "setattr",
        "vars",
    }
)
_FILES = frozenset(
    {
        "DataSource",
        "dump",
        "fromfile",
        "from_avro_file",
        "from_feather",
        "from_json",
        "from_parquet",
        "fromregex",
        "genfromtxt",
        "load",
        "loadtxt",
        "memmap",
        "metadata_from_parquet",
        "open_memmap",
        "save",
        "savetxt",
        "savez",
        "savez_compressed",
        "to_dataframe",
        "to_feather",
        "to_json",
        "to_parquet",
        "to_parquet_dataset",
        "to_parquet_row_groups",
        "tofile",
    }
)
"""Attributes of arrays and of their libraries that read or write files."""


def objections(code: str) -> Iterator[str]:
    """Yield what code uses and may not, with its line; SyntaxError or ValueError for what is no Python.

    >>> list(objections("import os\\nos.system('ls')"))
    ['line 1 imports os']
    >>> list(objections("import numpy as np\\nx = np.lib.format.open_memmap('f')"))[0]
    'line 2 uses np.lib.format.open_memmap'
    """
    inner: set[ast.AST] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (f"line {node.lineno} imports {name}" for name in _imported(node))
        elif isinstance(node, ast.Attribute):
            inner.add(node.value)
            if reason := _reached(node):
                yield f"line {node.lineno} uses {reason}"
        elif isinstance(node, ast.Name):
            if node.id in _BUILTINS | _DRIVERS or node.id.startswith("__"):
                yield f"line {node.lineno} uses {node.id}"
            elif node.id in _ROOTS and node not in inner:
                yield f"line {node.lineno} hands on {node.id} itself"


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom):
        if node.level or node.module not in _NAMES_FROM:
            yield node.module or "from its own folder"
        return
    yield from (one.name for one in node.names if _IMPORTS.get(one.name, "") != one.asname)


def _reached(node: ast.Attribute) -> str:
    """Return an attribute that leads out of the arrays, as it is written; empty where it does not."""
    if node.attr.startswith("_") or node.attr in _FILES:
        return ast.unparse(node)
    chain: list[str] = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        chain.insert(0, inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name) or inner.id not in _ROOTS:
        return ""
    held: Any = _module(inner.id)
    for name in chain:
        held = getattr(held, name, None)
    outside = isinstance(held, ModuleType) and held.__name__ not in _MODULES
    return ast.unparse(node) if outside else ""


def _module(name: str) -> ModuleType:
    import awkward
    import numpy as np
    import vector

    known: dict[str, ModuleType] = {"ak": awkward, "np": np, "vector": vector}
    return known[name]
