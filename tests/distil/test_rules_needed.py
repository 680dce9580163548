"""Every rule of the distiller that is data is needed: without it, some text of the corpus is read wrong.

It takes minutes, so it is not part of the usual run:

    python -m pytest -m rules tests/distil              # all files; -k lexicon for one of them
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from kb.distil.lexer import plain
from tests.distil import corpus, rules
from tests.distil.corpus import FOLDER, Entry, entries


@cache
def readable() -> tuple[tuple[Entry, str], ...]:
    """Return the entries that are read right, with their texts as the rules see them."""
    known = [entry for file in sorted(FOLDER.glob("*.toml")) for entry in entries(file) if not entry.known_gap]
    return tuple((entry, plain(corpus.document(entry).text).text) for entry in known)


def dependent(file: str, path: rules.Path_, rule: Any) -> str:
    """Return the first entry that is read wrong without a rule; empty where there is none."""
    may_matter = rules.concerns(rule)
    concerned = [entry for entry, text in readable() if may_matter(text)]
    if not concerned:
        return ""
    try:
        with rules.without(file, path) as distil:
            broken = (entry for entry in concerned if not corpus.read(entry, distil).exact)
            first = next(broken, None)
    except Exception as error:  # a distiller that cannot even be made needs the rule
        return f"the distiller itself: {type(error).__name__}"
    return f"{first.topic}-{first.number}" if first else ""


@pytest.mark.rules
@pytest.mark.parametrize("file", rules.files())
def test_every_rule_is_needed(file: str) -> None:
    unneeded = [
        f"{'.'.join(map(str, path))}: {rule}" for path, rule in rules.rules(file) if not dependent(file, path, rule)
    ]
    assert not unneeded, f"{len(unneeded)} rules of {file}.toml that nothing depends on:\n" + "\n".join(unneeded)
