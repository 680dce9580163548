"""Turn counts into candidates: how many objects an event must have, may have, or must not have."""

from __future__ import annotations

import re

from kb.distil import conditions
from kb.distil.candidates import Candidate, Memory, joined_condition, operator_of
from kb.distil.counts import Count
from kb.distil.qualifiers import pair_name, tag_condition, tags
from kb.distil.reading import Phrase, Reading
from kb.distil.roles import role
from kb.distil.vetoes import is_veto, vetoed
from kb.ssc import Condition, Scope, Variable


def absent(reading: Reading, scope: Scope | None, regions: tuple[str, ...]) -> list[Candidate]:
    """`events with a tau lepton are rejected`: no such object may be there."""
    objects = [(p.object, p) for p in vetoed(reading)]
    if {o for o, _ in objects} == {"electron", "muon"}:
        objects = [("lepton", objects[0][1])]
    bounded = bool(reading.quantities)
    return [
        _counted(reading, phrase, name, "==", 0.0, "event-veto", scope, regions).with_(
            definition=f"veto {name}" if bounded else None
        )
        for name, phrase in objects
    ]


_PRESENCE = re.compile(
    (
        r"(?:presence of|requir\w+|select\w* (?:events )?(?:with|containing)|contain\w*|must (?:have"
        r"|contain)|events with)\s*(?:either\s+)?$"
    ),
    re.IGNORECASE,
)


def present(reading: Reading, memory: Memory, scope: Scope | None, regions: tuple[str, ...]) -> list[Candidate]:
    """`requiring the presence of a muon`, `containing an electron instead of a photon`, `a pair of muons`."""
    found: list[Candidate] = []
    if is_veto(reading):
        return []
    counted = {c.object for c in reading.counts}
    for phrase in reading.phrases:
        before = reading.words(max(0, phrase.start - 5), phrase.start)
        asked = re.search(r"\b(?:must|required to|require|requiring|have to)\s*(?:have|contain|possess)?\s*$", before)
        if phrase.object == "vertex" and phrase.article in {"a", "an"} and asked and phrase.index not in counted:
            found.append(_counted(reading, phrase, "vertex", ">=", 1.0, "presence", scope, regions))
            continue
        if (
            phrase.object.endswith("_pair")
            and phrase.requires
            and phrase.index not in counted
            and asked
            and "m" not in reading.shape[phrase.index : phrase.index + 8]
        ):
            found.append(_counted(reading, phrase, phrase.object, ">=", 1.0, "presence", scope, regions))
            continue
        if phrase.index in counted or not _PRESENCE.search(before) or (phrase.plural and "pair" not in phrase.object):
            continue
        if phrase.object in {"muon_pair", "electron_pair"} and re.search(r"\bpair", reading.tokens[phrase.index].text):
            singles = [phrase.object.removesuffix("_pair")]
            for other in reading.phrases:
                if other.index > phrase.index and re.fullmatch(
                    r"(?:b[^bd]*d)?l?a[tr]{0,2}", reading.shape[phrase.index + 1 : other.start + 1].rstrip("o")
                ):
                    singles.append(other.object)
                    found.append(_counted(reading, other, other.object, "==", 2.0, "presence", scope, regions))
            found.append(_counted(reading, phrase, singles[0], "==", 2.0, "presence", scope, regions))
        elif (
            phrase.article in {"a", "an"}
            and phrase.object in {"electron", "muon", "lepton", "photon", "tau", "jet", "bjet"}
            and phrase.rank is None
        ):
            substitute = re.match(r"\s*instead of", reading.words(phrase.index + 1, phrase.index + 3))
            if "presence of" in before or substitute:
                found.append(_counted(reading, phrase, phrase.object, ">=", 1.0, "presence", scope, regions))
    return found


def _counted(
    reading: Reading,
    phrase: Phrase,
    object_id: str,
    operator: str,
    value: float | tuple[float, float],
    rule: str,
    scope: Scope | None,
    regions: tuple[str, ...],
) -> Candidate:
    return Candidate(
        object=object_id,
        variable=Variable(id="count"),
        operator=operator_of(operator),
        value=value,
        unit="1",
        start=reading.start,
        end=reading.end,
        rule=rule,
        at=reading.tokens[phrase.index].end,
        regions=regions,
        scope=scope or ("region" if regions else "event"),
    )


def multiplicity(
    reading: Reading,
    count: Count,
    memory: Memory,
    spans: list[conditions.Span],
    scope: Scope | None,
    regions: tuple[str, ...],
) -> list[Candidate]:
    if count.rule == "of-which":
        return [
            Candidate(
                object="bjet",
                variable=Variable(id="count"),
                operator=operator_of(count.operator),
                value=count.value,
                unit="1",
                start=reading.start,
                end=reading.end,
                rule="of-which",
                at=reading.tokens[count.start].start,
                regions=regions,
                scope=scope or ("region" if regions else "event"),
            )
        ]
    phrase = reading.phrase_at(count.object)
    if phrase is None:
        return []
    if not count.explicit and (
        not _governed(reading, count) or phrase.object in {"w", "z", "top", "higgs"} or scope == "trigger"
    ):
        return []
    if count.rule == "no-objects" and not _denied(reading, count):
        return []
    when: list[Condition] = []
    for span in spans:
        if span.leading and span.end <= count.start:
            condition = conditions.condition(reading, span)
            if condition:
                when.append(condition)
    tagged = _tagged(reading, phrase)
    if tagged:
        when.append(tagged)
    if (
        phrase.object == "track"
        and re.search(r"\bassociated|\bvert(?:ex|ices)\b", reading.text)
        and value_of(count) >= 1
    ):
        owner = next((p for p in reading.phrases if p.object in {"vertex", "jet", "tau"}), None)
        if owner is not None or memory.subject == "vertex" or re.match(r"(?i)it\b", reading.text):
            return [
                _counted(
                    reading,
                    phrase,
                    owner.object if owner else "vertex",
                    count.operator,
                    count.value,
                    "tracks",
                    scope,
                    regions,
                ).with_(variable=Variable(id="n_tracks"), scope="object")
            ]
    object_id = phrase.object
    if object_id in {"electron", "muon"} and count.rule != "no-objects" and _joined_flavours(reading, phrase):
        object_id = "lepton"
    definition = None
    if "_" in object_id and phrase.requires:
        definition = pair_name(phrase.requires, object_id)
    operator, rule, value = count.operator, count.rule, count.value
    if value == 0 and operator == "==" and is_veto(reading):
        operator, value = ">=", 1.0  # "rejected if no jets are found"
    if not count.explicit and operator == "==" and object_id == "lepton" and count.value == 4:
        operator = ">="
    if not count.explicit and "_" in object_id and operator == "==":
        operator = ">="
    return [
        Candidate(
            object=object_id,
            variable=Variable(id="count"),
            operator=operator_of(operator),
            value=value,
            unit="1",
            start=reading.start,
            end=reading.end,
            rule=rule,
            at=reading.tokens[count.object].end,
            definition=definition,
            when=joined_condition(when),
            role=role(reading, count) if count.value else "select",
            regions=regions,
            scope=scope or ("region" if regions else "event"),
        )
    ]


def _denied(reading: Reading, count: Count) -> bool:
    """Say whether `no jets` is asked for and not merely told."""
    before = reading.words(0, count.start)
    first = reading.tokens[count.start].word
    if re.search(
        r"\b(?:that|of|if|where|case|presence or|ensure that|in which|whether)\s*$", before, re.IGNORECASE
    ) and not is_veto(reading):
        return False
    if first in {"without", "absence of", "free of"} and "event" not in before:
        return False
    return bool(
        re.search(
            (
                r"\b(?:requir\w*|contain\w*|with|have|select\w*|must|and|demand\w*|having|is|are|if|but"
                r"|veto\w*|reject\w*)\b|,\s*$"
            ),
            before,
            re.IGNORECASE,
        )
    ) or is_veto(reading)


def value_of(count: Count) -> float:
    """Return the number of a count, the lower one of a range."""
    return count.value[0] if isinstance(count.value, tuple) else count.value


def _governed(reading: Reading, count: Count) -> bool:
    """Say whether a bare number is asked for: `select events with two jets`, `two jets are required`."""
    before = reading.shape[: count.start]
    if re.search(
        r"\bremaining\b|\btypically\b|\busually\b|\bdecay\w*\b.{0,20}\b(?:in)?to$", reading.words(0, count.start)
    ):
        return False
    if re.search(r"[mkjw]", before) or re.search(r"\b(?:presence|form|built|events)\b", reading.words(0, count.start)):
        return True
    behind = reading.words(count.end, min(count.end + 8, len(reading.tokens)))
    return bool(
        re.search(
            r"^(?:[^,;]*\b)?(?:are|is) (?:\w+ )?(?:required|selected|demanded|requested|asked for|retained)(?! to)",
            behind,
        )
    )


def _joined_flavours(reading: Reading, phrase: Phrase) -> bool:
    """`a second electron or muon`, `exactly one lepton (electron or muon)`."""
    following = reading.words(phrase.index + 1, min(phrase.index + 3, len(reading.tokens)))
    return phrase.object in {"electron", "muon"} and bool(re.match(r"or (?:an? )?(?:electron|muon)", following))


def _tagged(reading: Reading, phrase: Phrase) -> Condition | None:
    """`at most one muon that is calorimeter-tagged or stand-alone`."""
    direct = conditions.phrase_condition(phrase)
    if direct:
        return direct
    tail = reading.words(phrase.index + 1, min(phrase.index + 12, len(reading.tokens)))
    match = re.match(r"(?:that|which) (?:is|are) (?:either )?(.*)", tail)
    if match:
        found = tags(match.group(1), phrase.object)
        if found:
            return tag_condition(match.group(1).strip(" ."), found, phrase.object)
    return None
