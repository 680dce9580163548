"""Which entry of the corpus is read wrong without a rule: the table `witnesses.json`, by file and rule.

    python -m tests.distil.witnesses [FILE...]     # or: make witnesses

looks for witnesses of new and changed rules, tries the known ones, drops those of rules that are gone, and tells
which rules have none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from kb.distil.lexer import plain
from tests.distil import corpus
from tests.distil.corpus import FOLDER, Entry, entries
from tests.distil.names import misread, unsearched
from tests.distil.rules import VOCABULARY, Distil, Rule, concerns, files, rules, without

TABLE = Path(__file__).with_name("witnesses.json")
ITSELF = "the distiller itself"  # it cannot even be made


def table() -> dict[str, dict[str, str]]:
    """Return the table: for every file and rule the name of an entry."""
    read: dict[str, dict[str, str]] = json.loads(TABLE.read_text(encoding="utf-8"))
    return read


@cache
def readable() -> Mapping[str, tuple[Entry, str]]:
    """Return the entries that are read right by name, the shortest first, with their texts as the rules see them."""
    known = [entry for file in sorted(FOLDER.glob("*.toml")) for entry in entries(file) if not entry.known_gap]
    texts = ((entry, plain(corpus.document(entry).text).text) for entry in known)
    return {entry.name: (entry, text) for entry, text in sorted(texts, key=lambda one: len(one[1]))}


def witness(rule: Rule, first: Iterable[str] = (), *, others: bool = True) -> str:
    """Return the name of an entry (or the term of `names.toml`) that is read wrong without a rule, or nothing.

    The entries named `first` are tried first, and where not `others`, alone.
    """
    known = readable()
    tried = [known[name][0] for name in first if name in known]
    if others:
        may_matter = concerns(rule)
        tried += [entry for name, (entry, text) in known.items() if may_matter(text) and name not in first]
    try:
        with without(rule) as distil:
            return _misnamed(rule) or next(_failing(distil, tried), "")
    except Exception:  # the modules cannot even be imported
        return ITSELF


def _misnamed(rule: Rule) -> str:
    """Return what is told of a term that has lost a name; empty where it is read by all of them."""
    if rule.file != VOCABULARY:
        return ""
    kind, term = map(str, rule.path[:2])
    return f"names of {term}" if misread(kind, term) else "names that are searched" if unsearched() else ""


def _failing(distil: Distil, tried: Iterable[Entry]) -> Iterator[str]:
    for entry in tried:
        try:
            exact = corpus.read(entry, distil).exact
        except Exception:  # what reads a text without the rule fails
            exact = False
        if not exact:
            yield entry.name


def look(file: str, known: Mapping[str, str]) -> dict[str, str]:
    """Return the witnesses of a file's rules; those that were `known` are tried first, then those of its others."""
    found: dict[str, str] = {}
    recent: list[str] = []
    for rule in rules(file):
        expected = known.get(rule.name, "")
        found[rule.name] = witness(rule, [expected], others=False) or witness(rule, recent)
        recent = [found[rule.name], *(name for name in recent if name != found[rule.name])][:8]
    return found


def main(names: list[str]) -> None:
    """Look for the witnesses of the rules of some files, or of all, and write them down."""
    known = table() if TABLE.exists() else {}
    known = {file: known.get(file, {}) for file in files()}
    for file in names or files():
        known[file] = look(file, known[file])
        for rule, name in known[file].items():
            if not name:
                sys.stderr.write(f"{file}: nothing depends on {rule}\n")
        TABLE.write_text(json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
