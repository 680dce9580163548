"""Every rule of the distiller that is data is needed: without it, some text of the corpus is read wrong.

The usual run looks whether there is a text with its words at all. To take every rule away in turn takes minutes:

    python -m pytest -m rules tests/distil              # all files; -k lexicon for one of them

The entry that broke without a rule is remembered in pytest's cache and tried first the next time.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from kb.distil.lexer import plain
from tests.distil import corpus, rules
from tests.distil.corpus import FOLDER, Entry, entries

REMEMBERED = "distil/entries-that-need-a-rule"


@cache
def readable() -> tuple[tuple[Entry, str], ...]:
    """Return the entries that are read right, the shortest first, with their texts as the rules see them."""
    known = [entry for file in sorted(FOLDER.glob("*.toml")) for entry in entries(file) if not entry.known_gap]
    texts = ((entry, plain(corpus.document(entry).text).text) for entry in known)
    return tuple(sorted(texts, key=lambda one: len(one[1])))


def dependent(file: str, path: rules.Path_, rule: Any, expected: str) -> str:
    """Return an entry that is read wrong without a rule; empty where there is none. `expected` is tried first."""
    may_matter = rules.concerns(path, rule)
    concerned = [entry for entry, text in readable() if may_matter(text)]
    if not concerned:
        return ""
    try:
        with rules.without(file, path) as distil:
            concerned.sort(key=lambda entry: entry.name != expected)
            return next((entry.name for entry in concerned if not corpus.read(entry, distil).exact), "")
    except Exception as error:  # a distiller that cannot even be made needs the rule
        return f"the distiller itself: {type(error).__name__}"


@pytest.mark.parametrize("file", rules.files())
def test_every_rule_has_a_text_that_it_may_matter_for(file: str) -> None:
    idle = [
        f"{'.'.join(map(str, path[:-1]))}: {rule}"
        for path, rule in rules.rules(file)
        if not any(map(rules.concerns(path, rule), (text for _, text in readable())))
    ]
    assert not idle, "no entry of the corpus has the words of:\n" + "\n".join(idle)


@pytest.mark.rules
@pytest.mark.parametrize("file", rules.files())
def test_every_rule_is_needed(file: str, pytestconfig: pytest.Config) -> None:
    remembered: dict[str, str] = pytestconfig.cache.get(f"{REMEMBERED}/{file}", {}) if pytestconfig.cache else {}
    needed = {f"{'.'.join(map(str, path[:-1]))}: {rule}": (path, rule) for path, rule in rules.rules(file)}
    found = {name: dependent(file, *where, remembered.get(name, "")) for name, where in needed.items()}
    if pytestconfig.cache:
        pytestconfig.cache.set(f"{REMEMBERED}/{file}", found)
    unneeded = [name for name, entry in found.items() if not entry]
    assert not unneeded, f"{len(unneeded)} rules of {file}.toml that nothing depends on:\n" + "\n".join(unneeded)
