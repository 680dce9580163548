"""Tell what a clause throws away from what it keeps: the role of a bound or a count."""

from __future__ import annotations

import re

from kb.distil.amounts import Quantity
from kb.distil.counts import Count
from kb.distil.entities import is_passive
from kb.distil.lexer import Token
from kb.distil.reading import Reading
from kb.ssc import Role


def role(reading: Reading, quantity: Quantity | Count) -> Role:
    """Say whether the clause throws away what it describes."""
    tokens = reading.tokens
    start = max((i for i in range(quantity.start) if tokens[i].kind in "SWC"), default=-1)
    stop = next((i for i in range(quantity.end, len(tokens)) if tokens[i].kind in "SW"), len(tokens))
    for verb in range(start + 1, stop):
        token = tokens[verb]
        if token.kind != "j":
            continue
        passive = _passive(tokens, verb)
        if verb > quantity.start:
            if passive:
                return "veto"
            continue
        between = tokens[verb + 1 : quantity.start]
        if re.search(r"\bi\.? ?e\b", reading.words(verb, quantity.start)) or any(t.kind == "m" for t in between):
            continue  # "excluding the signal region, i.e. …"
        if passive:
            if any(t.kind == "f" for t in between):
                return "veto"  # "are removed if they …"
            continue
        if (
            verb
            and tokens[verb - 1].word == "to"
            and token.word in {"reject", "remove", "suppress", "veto", "exclude", "eliminate"}
            and not _asked(tokens, verb)
        ):
            continue  # a purpose: "to reject background, …"
        if token.word in {"excluding", "excludes", "removing"} and len(between) > 5:
            continue
        return "veto"
    return "select"


def _asked(tokens: list[Token], verb: int) -> bool:
    """`we require to veto …`, `is used to reject events with …`."""
    return any(t.kind == "o" and t.value.object == "event" for t in tokens[verb + 1 : verb + 3])


def _passive(tokens: list[Token], verb: int) -> bool:
    word = tokens[verb].word
    return not word.endswith("ing") and (word.startswith(("not ", "are not")) or is_passive(tokens, verb))
