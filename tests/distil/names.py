"""What terms of the vocabulary are called: `names.toml`, by kind and term."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from types import ModuleType

import kb.distil.entities
import kb.distil.lexer
import kb.index.terms
import kb.vocabulary

NAMES = tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))
SEARCHED: dict[str, str] = NAMES.pop("searched")


def misread(kind: str, term: str) -> list[str]:
    """Return the names of a term that are read as something else, by the distiller as it is imported now."""
    known = NAMES.get(kind, {}).get(term, {})
    alone = [name for name in known.get("names", ()) if _read(kind, name) != term]
    return alone + [name for name in known.get("in_brackets", ()) if _read(kind, name, "E_T (", ")") != term]


def unsearched() -> list[str]:
    """Return the symbols that search does not know the words of."""
    return [name for name, word in SEARCHED.items() if word not in kb.index.terms.terms(name)]


def _read(kind: str, name: str, before: str = "", after: str = "") -> str | None:
    """Return the object, variable or unit that a name is read as, where it is read as one thing."""
    before = "2.5 " if kind == "units" else before
    flat = _now(kb.distil.lexer).plain(f"{before}{name}{after}")
    found = _now(kb.distil.entities).tokens_of(flat)
    tokens = [t for t in found if len(before) <= t.start < len(before) + len(name)]
    if len(tokens) != 1:
        return None
    value = tokens[0].value
    if kind == "units" and kb.vocabulary.vocabulary().unit(name) != value:
        return None  # a person may enter it, too
    field = {"objects": "object", "variables": "variable", "units": "id"}[kind]
    return getattr(value, field, None) if value is not None and tokens[0].kind == kind[0] else None


def _now(module: ModuleType) -> ModuleType:
    return sys.modules[module.__name__]
