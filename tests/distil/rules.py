"""The distiller without one of its rules.

A rule is a word, pattern or table of the TOML files beside the distiller's modules, an alias of the vocabulary, or a
regular expression or table of words in a module.
"""

from __future__ import annotations

import ast
import importlib
import pickle
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

import kb.index.terms
import kb.vocabulary
from kb.distil import rulebook as rulebooks
from kb.document import Document
from kb.ssc import SelectionCriteria
from kb.vocabulary import Vocabulary, vocabulary

FOLDER = Path(rulebooks.__file__).parent
_read = rulebooks.rulebook
VOCABULARY = "vocabulary.toml"
Path_ = tuple[str | int, ...]
Distil = Callable[[Document], SelectionCriteria]

_NEVER = "(?!)"
_WORD = re.compile(r"[\w .'/+^-]+")
_PLURAL = re.compile(r"(?<=\w\w)(?:(?<=i)es|(?<!s)s)\b|(?<=\w\w)y\b")
_MATCHING = {"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
_COMPILING = {"pattern", "_pattern", "patterns"}


@dataclass(frozen=True)
class Rule:
    """What may be taken away: in which file, under what name, and where it stands there."""

    file: str
    name: str
    path: Path_
    said: Any = None  # what the file has there


def files() -> list[str]:
    """Return the names of all files that have rules."""
    code = (path.name for path in FOLDER.glob("*.py") if _places(path.name))
    return sorted([*(path.name for path in FOLDER.glob("*.toml")), VOCABULARY, *code])


def rules(file: str) -> list[Rule]:
    """Return every rule of a file.

    In TOML: a list's item, a table of an array, a value of its own. In code: a regular expression, a table of words.
    """
    if file.endswith(".py"):
        return [Rule(file, name, (index,)) for index, name in enumerate(_places(file))]
    if file == VOCABULARY:
        terms = ((g, term) for g in ("objects", "variables", "units") for term in getattr(vocabulary(), g).values())
        return [
            Rule(file, f"{group}.{term.id}: {alias}", (group, term.id, index), alias)
            for group, term in terms
            for index, alias in enumerate(term.aliases)
        ]
    leaves = _leaves(_data(file), ())
    return [Rule(file, f"{'.'.join(map(str, path[:-1]))}: {_told(said, path)}", path, said) for path, said in leaves]


def _told(said: Any, path: Path_) -> str:
    return str(said) if isinstance(path[-1], int) else f"{path[-1]} = {said}"


def _leaves(data: Any, path: Path_) -> Iterator[tuple[Path_, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield (*path, index), value
    else:
        yield path, data


def _data(file: str) -> dict[str, Any]:
    data: dict[str, Any] = pickle.loads(_pickled(file.removesuffix(".toml")))
    return data


@cache
def _pickled(name: str) -> bytes:
    return pickle.dumps(_read(name))


@cache
def _places(file: str) -> tuple[str, ...]:
    """Return the names of a module's rules, in their order."""
    names = [f"{scope}{said}" for scope, said, _ in _sites(ast.parse(FOLDER.joinpath(file).read_text("utf-8")), "")]
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(f"{name} [{seen[name]}]" if seen[name] > 1 else name)
    return tuple(numbered)


def _sites(node: ast.AST, scope: str) -> Iterator[tuple[str, str, Callable[[], None]]]:
    """Yield every rule under a node: the name it is assigned to or its function's, its text, how it is taken away."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        scope = f"{scope}.{node.name}" if scope else node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign) and not scope and node.value is not None:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        name = ast.unparse(target).strip("()")
        if _is_table(node.value) and name != "__all__":
            yield name, "", lambda: _empty(node)
        whole = isinstance(node.value, ast.Call) and _is_pattern(node.value)
        for _, said, take in _sites(node.value, name):
            yield name, "" if whole else said, take
        return
    if isinstance(node, ast.Call) and _is_pattern(node):
        yield scope, f": {_shortened(node.args[0])}", lambda: _disable(node)
    for child in ast.iter_child_nodes(node):
        yield from _sites(child, scope)


def _shortened(node: ast.expr) -> str:
    text = node.value if isinstance(node, ast.Constant) else ast.unparse(node)
    return text if len(text) <= 80 else f"{text[:60]} … {text[-17:]}"


def _is_pattern(node: ast.Call) -> bool:
    """Return whether a call compiles or applies a pattern written there; those that are data are rules elsewhere."""
    called = node.func
    if not node.args or not _is_written(node.args[0]):
        return False
    if isinstance(called, ast.Attribute):
        return isinstance(called.value, ast.Name) and called.value.id == "re" and called.attr in _MATCHING
    return isinstance(called, ast.Name) and called.id in _COMPILING


def _is_written(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.Constant) for part in node.values)
    return isinstance(node, ast.BinOp) and (_is_written(node.left) or _is_written(node.right))


def _disable(node: ast.Call) -> None:
    many = isinstance(node.func, ast.Name) and node.func.id == "patterns"
    new = ast.Tuple([], ast.Load()) if many else ast.Constant(_NEVER)
    node.args[0] = ast.copy_location(new, node.args[0])


def _is_table(node: ast.expr) -> bool:
    """Return whether a value is a set, dictionary or sequence with words written in it, and no patterns."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "frozenset" and node.args:
        node = node.args[0]
    if not isinstance(node, ast.Set | ast.Dict | ast.Tuple | ast.List):
        return False
    inside = list(ast.walk(node))
    return not any(isinstance(n, ast.Call) and _is_pattern(n) for n in inside) and any(
        isinstance(n, ast.Constant) and isinstance(n.value, str) for n in inside
    )


def _empty(node: ast.Assign | ast.AnnAssign) -> None:
    value = node.value
    assert value is not None
    kinds: dict[type, ast.expr] = {ast.Dict: ast.Dict([], []), ast.Tuple: ast.Tuple([], ast.Load())}
    new = kinds.get(type(value), ast.Call(ast.Name("frozenset", ast.Load()), [], []))
    node.value = ast.copy_location(new, value)


def concerns(rule: Rule) -> Callable[[str], bool]:
    """Return a test for texts that a rule may matter for: those that have its words, or what its pattern matches."""
    path, said = rule.path, rule.said
    if isinstance(said, int | float):
        said = path[-1]  # a table from words to numbers
    name = isinstance(path[-1], str) and re.fullmatch(r"[a-z_]+", str(said))  # what the text calls otherwise
    if not isinstance(said, str) or "<" in said or name:
        return lambda _: True
    if path[0] == "masses" or (_WORD.fullmatch(said) and said.strip(" .'")):
        wanted = _run_together(said)
        return lambda text: wanted in _run_together(text)
    if rule.file == VOCABULARY:
        return lambda _: True
    try:
        anywhere = re.compile(said.replace("(?:^|", "(?:|").removeprefix("^").removesuffix("$"), re.IGNORECASE)
    except re.error:
        return lambda _: True
    return lambda text: anywhere.search(text) is not None


@cache
def _run_together(text: str) -> str:
    """Return the letters of a text, plurals made singular and American spelling British."""
    text = _PLURAL.sub("", re.sub(r"[-/.']", " ", text.lower())).replace("vor", "vour")
    return re.sub(r"[\W_]+", "", text)


@contextmanager
def without(rule: Rule) -> Iterator[Distil]:
    """Import the distiller anew, less one rule, and give back the one that was there.

    Only what depends on the rule's file is imported anew, code and regular expressions are compiled once and for all:
    this is done thousands of times.
    """
    known = {name: module for name, module in sys.modules.items() if _is_distiller(name)}
    package = sys.modules["kb"]
    original = rulebooks.rulebook, kb.vocabulary.vocabulary, re.compile, SourceFileLoader.get_code
    less = _vocabulary_less(rule) if rule.file == VOCABULARY else None
    code = _code_less(rule) if rule.file.endswith(".py") else None
    name = _module(rule.file)

    def reduced(file: str) -> dict[str, Any]:
        return _less(_data(file), rule.path) if f"{file}.toml" == rule.file else _data(file)

    def get(loader: SourceFileLoader, fullname: str) -> CodeType | None:
        return code if code and fullname == name else _code(loader, fullname)

    try:
        for module in _depending_on(rule.file) - {rulebooks.__name__}:
            sys.modules.pop(module, None)
        rulebooks.rulebook = reduced
        re.compile, SourceFileLoader.get_code = _compiled, get  # type: ignore[assignment,method-assign]
        if less:
            kb.vocabulary.vocabulary = lambda: less  # type: ignore[assignment]
            importlib.reload(kb.index.terms)
        kb.vocabulary.unit_factor.cache_clear()
        try:
            distil = importlib.import_module("kb.distil").distil
        finally:
            re.compile, SourceFileLoader.get_code = original[2:]  # type: ignore[method-assign]
        yield distil
    finally:
        rulebooks.rulebook, kb.vocabulary.vocabulary = original[:2]
        if less:
            importlib.reload(kb.index.terms)
        kb.vocabulary.unit_factor.cache_clear()
        for module in [module for module in sys.modules if _is_distiller(module)]:
            del sys.modules[module]
        sys.modules.update(known)
        package.distil = known["kb.distil"]  # type: ignore[attr-defined]  # a package has its modules as attributes


_compiled = cache(re.compile)
_code = cache(SourceFileLoader.get_code)


def _module(file: str) -> str:
    return f"kb.distil.{file.removesuffix('.py')}".removesuffix(".__init__")


@cache
def _depending_on(file: str) -> frozenset[str]:
    """Return the modules that import a module or read a file of rules, directly or through others."""
    needed = {_module(path.name): _needed_by(path) for path in FOLDER.glob("*.py")}
    found, known = {_module(file) if file.endswith(".py") else file}, set[str]()
    while found != known:
        known = set(found)
        found |= {name for name, others in needed.items() if others & known}
    return frozenset(found)


def _needed_by(path: Path) -> set[str]:
    needed = set[str]()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            needed |= {str(node.module), *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "rulebook":
            needed |= {f"{name.value}.toml" for name in node.args if isinstance(name, ast.Constant)}
    return needed - {"kb.distil"} | ({VOCABULARY} if "kb.vocabulary" in needed else set())


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


def _vocabulary_less(rule: Rule) -> Vocabulary:
    group, term_id, index = rule.path
    terms = dict(getattr(vocabulary(), str(group)))
    term = terms[term_id]
    kept = tuple(alias for i, alias in enumerate(term.aliases) if i != index)
    terms[term_id] = term.model_copy(update={"aliases": kept})
    return vocabulary().model_copy(update={str(group): terms})


def _code_less(rule: Rule) -> CodeType:
    path = FOLDER / rule.file
    tree = ast.parse(path.read_text("utf-8"))
    take = [take for *_, take in _sites(tree, "")][int(rule.path[0])]
    take()
    return compile(ast.fix_missing_locations(tree), str(path), "exec")
