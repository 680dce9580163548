"""Read the words that narrow an object down: `calorimeter-tagged`, `same-flavour opposite-charge`, `high-purity`."""

from __future__ import annotations

import re
from typing import cast

from kb.distil.lexer import Token
from kb.distil.rulebook import pattern, rulebook
from kb.ssc import Clause, Condition, PairRequirement, Subject, Variable


def _any(words: list[str]) -> re.Pattern[str]:
    body = "|".join(
        re.escape(w).replace(r"\ ", r"[\s-]+(?:\([a-z]+\)\s+)?") for w in sorted(words, key=len, reverse=True)
    )
    return pattern(rf"(?<![\w-])(?:{body})s?(?![\w])")


_DATA = rulebook("qualifiers")
_PAIRS = {name: _any(words) for name, words in _DATA["pair"].items()}
_TAGS = {name: (_any(entry["words"]), str(entry["object"])) for name, entry in _DATA["when"].items()}
_DEFINITIONS = {name: _any(words) for name, words in _DATA["definition"].items()}


def spoken(tokens: list[Token]) -> str:
    """Write tokens as words with single spaces, hyphens dropped."""
    return " ".join(t.text for t in tokens if t.kind != "h").replace(" - ", " ").replace("flavor", "flavour")


def pair_requirements(text: str) -> tuple[PairRequirement, ...]:
    """Return what two objects must be to each other.

    >>> pair_requirements("same-flavour, opposite-charge pairs")
    ('opposite_charge', 'same_flavour')
    """
    text = text.replace("flavor", "flavour")
    found = tuple(sorted(name for name, words in _PAIRS.items() if words.search(text)))
    return cast("tuple[PairRequirement, ...]", found)


def pair_name(requires: tuple[PairRequirement, ...], object_id: str = "lepton_pair") -> str:
    """Return the name of the composite of pairs with these requirements."""
    words = [
        name.replace("_", "-")
        for name in ("same_flavour", "different_flavour", "opposite_charge", "same_charge")
        if name in requires
    ]
    return " ".join([*words, object_id.replace("_", " ")])


def tags(text: str, object_id: str) -> tuple[str, ...]:
    """Return the conditions that words before an object set: `calorimeter-tagged`."""
    return tuple(name for name, (words, about) in _TAGS.items() if about in {object_id, "*"} and words.search(text))


def definition(text: str, object_id: str) -> str | None:
    """Return the name of the collection that words before an object mean.

    >>> definition("High-purity", "muon"), definition("the two leading", "jet")
    ('high-purity muon', None)
    """
    found = next((name for name, words in _DEFINITIONS.items() if words.search(text)), None)
    return f"{found} {object_id}" if found else None


def apart(name: str | None) -> bool:
    """Say whether a collection is not the one that events are selected with: `veto lepton`, `additional lepton`."""
    return (name or "").startswith(("veto ", "additional ", "one "))


def tag_condition(text: str, found: tuple[str, ...], object_id: str) -> Condition:
    """Return the condition that an object is of the tagged kind(s)."""
    clauses = tuple(
        Clause(subject=Subject(object=object_id), variable=Variable(id="id"), operator="is", value=tag) for tag in found
    )
    return Condition(text=text, clauses=clauses, combine="any" if len(clauses) > 1 else "all")


def flavour_condition(text: str, relation: str) -> Condition:
    """Return the condition that a pair has same or different flavour, or charge."""
    name = "flavour" if relation.endswith("flavour") else "charge"
    clause = Clause(
        subject=Subject(object="lepton_pair"),
        variable=Variable(id="other", name=name),
        operator="is",
        value=relation.split("_")[0],
    )
    return Condition(text=text, clauses=(clause,))


_CHANNEL = re.compile(
    r"(?<![\w])((?:\d?[eμ]|\d?[τℓ]){1,4}|ee|μμ|eμ|electron|muon|other|remaining|dielectron"
    r"|dimuon)(?=[\s,]*(?:and \S+ )?channels?\b|[\s-]+(?:final state|mode)s?\b)"
)


def channel_condition(text: str) -> Condition | None:
    """Read `in the 4μ channel`, `in the other channels`.

    >>> channel_condition("in the 4μ channel").clauses[0].value
    '4μ'
    """
    match = _CHANNEL.search(text)
    if not match:
        return None
    channel = match.group(1)
    flavour = Variable(id="other", name="flavour")
    subject = Subject(object="fourlepton" if re.match(r"[1-4][eμℓ]", channel) else "event")
    if channel in {"other", "remaining"}:
        return Condition(text=text.strip(), clauses=())
    return Condition(
        text=text.strip(), clauses=(Clause(subject=subject, variable=flavour, operator="is", value=channel),)
    )
