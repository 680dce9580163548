"""Every rule of the distiller is needed: without it, a named entry of the corpus is read wrong.

A rule is a word, pattern or table of the TOML files, an alias of the vocabulary, a regular expression or a table of
words in a module. `witnesses.json` names the entry for each; here each rule is taken away in turn and its entry read.
A rule that is new, or whose entry moved, is tried on the whole corpus; `make witnesses` writes the table anew.
"""

from __future__ import annotations

import pytest

from tests.distil import rules
from tests.distil.corpus import Entry, read
from tests.distil.witnesses import table, witness

KNOWN = table()


@pytest.mark.parametrize("file", rules.files())
def test_every_rule_is_needed(file: str) -> None:
    known = KNOWN.get(file, {})
    unneeded = [rule.name for rule in rules.rules(file) if not _is_needed(rule, known.get(rule.name))]
    assert not unneeded, f"{len(unneeded)} rules of {file} that nothing depends on:\n" + "\n".join(unneeded)


def _is_needed(rule: rules.Rule, expected: str | None) -> bool:
    return bool(expected and witness(rule, [expected], others=False)) or bool(witness(rule))


def test_a_rule_is_taken_away_and_given_back() -> None:
    entry = Entry("", 0, "Muons must be above 25 GeV.", "", "Event selection", ("muon pt > 25 GeV",), "")
    rule = next(rule for rule in rules.rules("lexicon.toml") if rule.name == "comparators.>: above")
    with rules.without(rule) as distil:
        assert not read(entry, distil).exact
    assert read(entry).exact
