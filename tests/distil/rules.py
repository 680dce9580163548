"""The distiller without one of its rules: the TOML files beside its modules, less one word, pattern or table."""

from __future__ import annotations

import copy
import importlib
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from kb.distil import rulebook as rulebooks
from kb.document import Document
from kb.ssc import SelectionCriteria

FOLDER = Path(rulebooks.__file__).parent
Path_ = tuple[str | int, ...]
Distil = Callable[[Document], SelectionCriteria]

_NEVER = "(?!)"
_WORD = re.compile(r"[\w .'/+^-]+")
_PLURAL = re.compile(r"(?<=\w\w)(?:(?<=i)es|(?<!s)s)\b|(?<=\w\w)y\b")


def files() -> list[str]:
    """Return the names of all files of rules."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def rules(file: str) -> list[tuple[Path_, Any]]:
    """Return every rule of a file with where it stands: a list's item, a table of an array, a value of its own."""
    return list(_leaves(rulebooks.rulebook(file), ()))


def _leaves(data: Any, path: Path_) -> Iterator[tuple[Path_, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield (*path, index), value
    else:
        yield path, data


def concerns(path: Path_, rule: Any) -> Callable[[str], bool]:
    """Return a test for texts that a rule may matter for: those that have its words, or what its pattern matches."""
    if isinstance(rule, int | float):
        rule = path[-1]  # a table from words to numbers
    name = isinstance(path[-1], str) and re.fullmatch(r"[a-z_]+", str(rule))  # what the text calls otherwise
    if not isinstance(rule, str) or "<" in rule or name:
        return lambda _: True
    if path[0] == "masses" or (_WORD.fullmatch(rule) and rule.strip(" .'")):
        wanted = _run_together(rule)
        return lambda text: wanted in _run_together(text)
    try:
        anywhere = re.compile(rule.replace("(?:^|", "(?:|").removeprefix("^").removesuffix("$"), re.IGNORECASE)
    except re.error:
        return lambda _: True
    return lambda text: anywhere.search(text) is not None


@cache
def _run_together(text: str) -> str:
    """Return the letters of a text, plurals made singular and American spelling British."""
    text = _PLURAL.sub("", re.sub(r"[-/.']", " ", text.lower())).replace("vor", "vour")
    return re.sub(r"[\W_]+", "", text)


@contextmanager
def without(file: str, path: Path_) -> Iterator[Distil]:
    """Import the distiller anew, less one rule, and give back the one that was there.

    Code and regular expressions are compiled once and for all: it is made anew a thousand times.
    """
    known = {name: module for name, module in sys.modules.items() if _is_distiller(name)}
    package = sys.modules["kb"]
    original = rulebooks.rulebook
    compiling, loading = re.compile, SourceFileLoader.get_code

    def reduced(name: str) -> dict[str, Any]:
        data = original(name)
        return _less(copy.deepcopy(data), path) if name == file else data

    try:
        for name in known:
            if name != rulebooks.__name__:
                del sys.modules[name]
        rulebooks.rulebook = reduced
        re.compile, SourceFileLoader.get_code = _compiled, _code  # type: ignore[assignment]
        try:
            distil = importlib.import_module("kb.distil").distil
        finally:
            re.compile, SourceFileLoader.get_code = compiling, loading  # type: ignore[method-assign]
        yield distil
    finally:
        rulebooks.rulebook = original
        for name in [name for name in sys.modules if _is_distiller(name)]:
            del sys.modules[name]
        sys.modules.update(known)
        package.distil = known["kb.distil"]  # type: ignore[attr-defined]  # a package has its modules as attributes


_compiled = cache(re.compile)
_code = cache(SourceFileLoader.get_code)


def _is_distiller(name: str) -> bool:
    return name == "kb.distil" or name.startswith("kb.distil.")


def _less(data: dict[str, Any], path: Path_) -> dict[str, Any]:
    """Return the data without the rule at a path; a pattern of its own becomes one that matches nothing."""
    holder: Any = data
    for step in path[:-1]:
        holder = holder[step]
    last = path[-1]
    if isinstance(holder, list):
        del holder[last]  # type: ignore[arg-type]  # an index
        if not holder:
            holder.append(_NEVER)
    elif isinstance(holder[last], str) and not re.fullmatch(r"[\w -]+", holder[last]):
        holder[last] = _NEVER
    else:
        del holder[last]
    return data
