"""Read event vetoes: `events with a tau lepton are rejected`, `we veto events that contain a second lepton`."""

from __future__ import annotations

import re

from kb.distil.reading import Phrase, Reading

_COUNTED = {"electron", "muon", "lepton", "tau", "photon", "jet", "bjet", "track", "fatjet"}
_QUALITY = re.compile(
    (
        r"\b(?:to satisfy|fail\w*|bad|noise|non-collision|halo|cosmic|mismeasured|poorly|quality"
        r"|instrumental|anomalous|originating|misidentified|possible contributions)\b"
    ),
    re.IGNORECASE,
)
_ACTIVE = re.compile(r"j[tr]{0,2}o")


def is_veto(reading: Reading) -> bool:
    """Say whether a sentence throws events away."""
    return _reach(reading) is not None


def _reach(reading: Reading) -> tuple[int, int] | None:
    """Return the tokens that describe the events thrown away."""
    tokens, shape = reading.tokens, reading.shape
    events = [i for i, t in enumerate(tokens) if t.kind == "o" and t.value.object == "event"]
    verbs = [i for i, t in enumerate(tokens) if t.kind == "j" and not t.word.startswith("not ")]
    for verb in verbs:
        passive = any(t.word in {"are", "is", "be", "were", "was", "been"} for t in tokens[max(0, verb - 3) : verb])
        purpose = tokens[verb - 1].word == "to" if verb else False
        for event in events:
            if not passive and not purpose and event > verb and re.fullmatch(r"[tre]{0,3}", shape[verb + 1 : event]):
                return event + 1, len(tokens)
            if passive and event < verb and not re.search(r"[SWm]", shape[event:verb]):
                condition = re.match(r"[tl]{0,3}f", shape[verb + 1 :])
                if condition:
                    return verb + 1, len(tokens)
                return event + 1, verb
    return None


def vetoed(reading: Reading) -> list[Phrase]:
    """Return the objects whose presence rejects an event."""
    reach = _reach(reading)
    if reach is None:
        return []
    counted = {c.object for c in reading.counts}
    about_pairs = {q.variable for q in reading.quantities if reach[0] <= q.start < reach[1]}
    found: list[Phrase] = []
    for phrase in reading.phrases:
        if not (reach[0] <= phrase.index < reach[1]) or phrase.object not in _COUNTED or phrase.index in counted:
            continue
        joined = (
            bool(found)
            and re.fullmatch(r"(?:.{0,8}?)(?:l?a|l)[trehk]{0,4}", reading.shape[found[-1].index + 1 : phrase.index])
            is not None
        )
        before = reading.words(max(0, phrase.start - 3), phrase.start)
        direct = (
            re.search(
                (
                    r"(?:\bwith|\bcontain\w*|\bhaving|\bhave|\bif|\bwhere|\bwhen|\bin which|\bpresence of|\bof"
                    r"|\ban?)\s*(?:at least)?$"
                ),
                before.strip(),
                re.IGNORECASE,
            )
            or phrase.start == reach[0]
        )
        relation = re.search(
            r"\b(?:relative to|of the|from|to the|between|around|near|by|that of|as)\s*$", before.strip()
        )
        behind = reading.words(phrase.index + 1, min(phrase.index + 12, len(reading.tokens)))
        if _QUALITY.search(re.split(r"[,;]|\bor\b|\band\b", behind)[0]) or _QUALITY.search(phrase.words):
            continue
        follows = reading.words(phrase.index + 1, min(phrase.index + 3, len(reading.tokens)))
        if relation or re.match(r"(?:and|or) (?:the )?E_?T|energy|momentum", follows):
            continue
        related = any(
            v is not None and reading.tokens[v].value.variable in {"delta_r", "delta_phi", "mass", "delta_eta"}
            for v in about_pairs
        )
        if related:
            continue
        if direct or joined:
            found.append(phrase)
    return found
