"""Turn counts into candidates: how many objects an event must have, may have, or must not have."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.distil.candidates import Candidate, Setting, joined_condition, stated
from kb.distil.conditions import ConditionalSpan, condition, phrase_condition
from kb.distil.counts import Count
from kb.distil.memory import Memory
from kb.distil.particles import FLAVOURS
from kb.distil.phrases import Phrase
from kb.distil.qualifiers import apart, pair_name, tag_condition, tags
from kb.distil.reading import Reading
from kb.distil.roles import role
from kb.distil.vetoes import collection_of, denied, is_apart, is_veto, vetoed
from kb.ssc import Condition, Variable

_PRESENCE = re.compile(
    r"(?:presence of|requir\w+|select\w* (?:events )?(?:with|containing)|contain\w*|must (?:have|contain)|events with)"
    r"\s*(?:either\s+)?$",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"\b(?:must|required to|require|requiring|have to|(?<=there )(?:has|have) to)\s*(?:have|contain|possess|be)?\s*$"
)
_IF_ABSENT = re.compile(r"\b(?:that|of|if|where|case|presence or|ensure that|in which|whether)\s*$", re.IGNORECASE)
_ASKS_THAT = re.compile(r"\b(?:requir\w+|demand\w*|impl(?:y|ies)|ask\w*|impos\w+|request\w*) (?:also )?that\s*$")
_DENYING = re.compile(
    r"\b(?:requir\w*|contain\w*|with|have|select\w*|must|and|demand\w*|having|is|are|if|but|veto\w*|reject\w*)\b|,\s*$",
    re.IGNORECASE,
)
_ALLOWED = re.compile(
    r"\b(?:may|must|should|can|is|are) (?:be )?"
    r"(?:present|allowed|permitted|found|required|accepted|lie|appear|tolerated)\b"
)
_REQUIRED = re.compile(r"(?:\w+ ){0,3}?(?:is|are) (?:also |further )?(?:required|imposed|demanded|asked)\b")
_KEPT = re.compile(r"(?:are|is) (?:\w+ )?(?:selected|retained|kept|considered|used|accepted|required)\b")
_OF_A_KIND = re.compile(r"(?:in)?(?:compatible|consistent) with|originating|matched")
_NEEDED = re.compile(
    r"^(?!,? ?(?:which|where)\b)[^;]*?\b(?:is|are) (?:required|needed|demanded)\b(?! to)"
    r"|^[^;]*?\b(?:has|have|must|needs?) (?:to )?be (?:reconstructed|found|present|identified)\b"
)
_SOUGHT = re.compile(
    r"\b(?:requir\w+|ask\w* for|find\w*|demand\w*|identif\w+(?: of)?|presence of|look\w* for)\s*$", re.IGNORECASE
)
_SINGLE = {"electron", "muon", "lepton", "photon", "tau", "jet", "bjet"}
_HOLDS = re.compile(
    r"\b(?:events?|regions?|selections?|categor(?:y|ies)|channels?|samples?|\w*(?:sr|cr|vr)\w*)\b"
    r"(?:(?!\b(?:if|that|which)\b)(?:[^.;]|\.(?=\d)))*?"
    r"\b(?:contain|requires?|required to (?:have|contain)|must (?:have|contain))"
    r"(?P<rest>(?:(?!\b(?:of|between|from|where|which|that|if|must|is|are|to|for)\b)(?:[^.;:]|\.(?=\d)))*)$",
    re.IGNORECASE,
)
_FINITE = re.compile(r"\b(?:is|are|was|were|has|have|had|must|can|may|might|should|do|does|will|would|shows?)\b")
_ORDINALS = ("second", "third", "fourth", "fifth")
_ORDINAL = re.compile(rf"\b(?:{'|'.join(_ORDINALS)})\b", re.IGNORECASE)
_OF_LEPTONS = re.compile(rf"{_ORDINAL.pattern}|\b(?:baseline|additional|another|extra|further|other)\b", re.IGNORECASE)
_OF_ANOTHER_KIND = re.compile(r"\b(?:loose\w*|additional|extra|further|baseline|veto|other|soft\w*)\b", re.IGNORECASE)
_WANTED = re.compile(r"(?:is|are) (?:\w+ )?(?:required|requested|demanded|needed|asked for)(?! to)")
_TO_BE_TAGGED = re.compile(
    r"(?:with (?:(?!of which)[^;,])*? )?(?:must|(?:has|have|needs?|(?:is|are) required) to|should) be "
    r"(?:b tagged|(?:identified|tagged) as (?:an? )?(?:originating from (?:an? )?)?b)\b"
)
_MATCHED = re.compile(r"(?:\w+ ){1,3}?be (?:\w+ )?matched\b")  # a match is asked for, not a number
_TELLING = re.compile(r"\bremaining\b|\btypically\b|\busually\b|\bdecay\w*\b.{0,20}\b(?:in)?to$")
_DEMANDED = re.compile(
    r"^(?:[^,;]*\b)?(?:are|is) (?:\w+ )?(?:required|selected|chosen|demanded|requested|asked for|retained)(?! to)"
    r"|^(?:[^,;]*\b)?must be (?:found|present)\b"
)


def absent(reading: Reading, setting: Setting) -> list[Candidate]:
    """`events with a tau lepton are rejected`: no such object may be there."""
    objects = [(p.object, p) for p in (vetoed(reading) or denied(reading))]
    if {o for o, _ in objects} >= FLAVOURS and any(_OF_LEPTONS.search(p.words) for _, p in objects):
        first = next(p for o, p in objects if o in FLAVOURS)
        objects = [("lepton", first), *((o, p) for o, p in objects if o not in FLAVOURS)]
    found: list[Candidate] = []
    for name, phrase in objects:
        ordinal = None if reading.quantities else one_more(reading, phrase.start, phrase.index)
        if ordinal is not None:
            found.append(_counted(reading, phrase.index, name, "<", ordinal, "one-too-many", setting))
            continue
        none = _counted(reading, phrase.index, name, "==", 0.0, "event-veto", setting)
        own = reading.quantities or apart(phrase.definition) or _ORDINAL.search(phrase.words)
        found.append(none.with_(definition=collection_of(phrase, name) if own else None))
    return found


def one_more(reading: Reading, start: int, end: int) -> float | None:
    """Return the n of `a third lepton`, which is one too many; None where it is of another, looser kind.

    `a second lepton with p_T > 5 GeV` has requirements of its own: it is none of the selected ones.
    """
    words = reading.words(start, end)
    if _OF_ANOTHER_KIND.search(words) or reading.words(end + 1, end + 3).startswith(("passing loose", "with loose")):
        return None
    found = _ORDINAL.search(words)
    return float(_ORDINALS.index(found.group().lower()) + 2) if found else None


def present(reading: Reading, setting: Setting) -> list[Candidate]:
    """`requiring the presence of a muon`, `containing an electron instead of a photon`, `a pair of muons`."""
    found: list[Candidate] = []
    if is_veto(reading) or denied(reading):
        return []
    counted = {c.object for c in reading.counts}

    def there(phrase: Phrase, object_id: str, operator: str, number: float) -> None:
        found.append(_counted(reading, phrase.index, object_id, operator, number, "presence", setting))

    for phrase in reading.phrases:
        if phrase.index in counted:
            continue
        before = reading.words_before(phrase.start, 5)
        ordinal = _ORDINAL.search(phrase.words)
        if (
            ordinal
            and phrase.article in {"a", "an"}
            and phrase.start == 0
            and _WANTED.match(reading.words(phrase.index + 1, phrase.index + 4))
        ):
            there(phrase, phrase.object, "==", _ORDINALS.index(ordinal.group().lower()) + 2.0)
            continue
        kind, shape = phrase.object, reading.shape
        asked = _ASKED.search(before)
        alone = (
            shape[phrase.index + 1 : phrase.index + 2] != "h"
            and reading.words(phrase.index + 1, phrase.index + 2) != "fit"
        )
        needed = asked or _NEEDED.search(reading.words(phrase.end, len(reading.tokens)))
        held = kind in _SINGLE and phrase.rank is None and not ordinal and _is_held(reading, phrase, setting)
        if (
            held
            or (kind == "vertex" and phrase.article in {"a", "an"} and needed and alone)
            or (
                kind.endswith("_pair")
                and phrase.requires
                and asked
                and "m" not in shape[phrase.index : phrase.index + 8]
            )
        ):
            there(phrase, kind, ">=", 1.0)
        elif not _PRESENCE.search(before) or (phrase.plural and "pair" not in kind) or phrase.article == "the":
            continue
        elif kind in {"muon_pair", "electron_pair"} and re.search(r"\bpair", reading.tokens[phrase.index].text):
            for other in reading.phrases:
                between = shape[phrase.index + 1 : other.start + 1].rstrip("o")
                if other.index > phrase.index and re.fullmatch(r"(?:b[^bd]*d)?l?a[tr]{0,2}", between):
                    there(other, other.object, "==", 2.0)
            there(phrase, kind.removesuffix("_pair"), "==", 2.0)
        elif (
            phrase.article in {"a", "an"}
            and kind in _SINGLE
            and phrase.rank is None
            and ("presence of" in before or reading.words(phrase.index + 1, phrase.index + 3).startswith("instead of"))
        ):
            there(phrase, kind, ">=", _ORDINALS.index(ordinal.group().lower()) + 2.0 if ordinal else 1.0)
    return found


def _is_held(reading: Reading, phrase: Phrase, setting: Setting) -> bool:
    """`events must contain a muon and a b-tagged jet`: what an event is required to have."""
    if phrase.article not in {"a", "an"} or setting.scope == "trigger":
        return False
    told = _HOLDS.search(reading.words(0, phrase.start))
    behind = reading.tokens[phrase.index + 1] if phrase.index + 1 < len(reading.tokens) else None
    ends = behind is None or behind.kind in "lapbwS." or behind.word in {"with", "passing", "satisfying", "that", "of"}
    return told is not None and ends and (not told["rest"].strip() or told["rest"].split()[-1] in {",", "and"})


def _counted(
    reading: Reading,
    index: int,
    object_id: str,
    operator: str,
    value: float | tuple[float, float],
    rule: str,
    setting: Setting,
) -> Candidate:
    at = reading.tokens[index].end
    return stated(reading, setting, object_id, "count", operator, value, rule).with_(at=at)


def multiplicity(
    reading: Reading, count: Count, spans: list[ConditionalSpan], memory: Memory, setting: Setting
) -> list[Candidate]:
    """Return the candidates of a count; `spans` are the sentence's conditional phrases."""
    if count.rule == "of-which":
        found = stated(reading, setting, "bjet", "count", count.operator, count.value, count.rule)
        return [found.with_(at=reading.tokens[count.start].start)]
    phrase = reading.phrase_at(count.object)
    if phrase is None or not _is_asked(reading, count, phrase, setting):
        return []
    if (
        phrase.object == "jet"
        and count.explicit
        and _TO_BE_TAGGED.match(reading.words(phrase.index + 1, len(reading.tokens)))
    ):
        phrase = replace(phrase, object="bjet")
    owner = _owner_of_tracks(reading, count, phrase, memory)
    if owner is not None:
        tracks = _counted(reading, phrase.index, owner, count.operator, count.value, "tracks", setting)
        its_role = role(reading, count)
        return [tracks.with_(variable=Variable(id="n_tracks"), scope="object", role=its_role)]
    if "such" in phrase.words.split() and count.value != 0 and not _told(reading, phrase, memory):
        return []  # "at least one such jet": what kind of jet, earlier sentences say
    if count.rule == "no-objects" and is_apart(reading, count.end):
        return []  # "no jet within ΔR < 0.4 of the photon" asks for a distance
    opening = [s for s in spans if s.leading and s.end <= count.start]
    when = [*(condition(reading, s) for s in opening), _tagged(reading, phrase)]
    object_id = phrase.object
    if count.rule != "no-objects" and _joins_flavours(reading, phrase):
        object_id = "lepton"
    operator, value = count.operator, count.value
    ordinal = one_more(reading, count.start, count.object) if count.rule == "no-objects" else None
    bounded = any(q.start > count.object for q in reading.quantities)
    if ordinal is not None and not bounded:  # "no third lepton"
        operator, value = "<", ordinal
    elif value == 0 and operator == "==" and is_veto(reading):
        operator, value = ">=", 1.0  # "rejected if no jets are found"
    if not count.explicit and operator == "==" and ("_" in object_id or (object_id == "lepton" and value == 4)):
        operator = ">="  # a pair or a quadruplet is built of some of the objects
    if not count.explicit and operator == "==" and setting.scope == "trigger":
        operator = ">="  # a trigger on two muons takes events with three
    its_role = role(reading, count) if count.value else "select"
    vetoes = its_role == "veto"
    if its_role == "veto" and _OF_A_KIND.match(reading.words(count.end, count.end + 2)):
        return []  # "events with two muons compatible with a cosmic ray are rejected"
    opens = max((p.index for p in reading.phrases if p.object == "event" and p.index < count.start), default=0)
    starts = [c.start for c in reading.counts if c is not count]
    starts += [q.start for q in reading.quantities if q.end < count.start]
    alone = not any(start >= opens for start in starts)
    if its_role == "veto" and alone and (operator, value) in {(">=", 1.0), (">", 0.0)}:
        its_role, operator, value = "select", "==", 0.0  # "events with one or more b jets are vetoed"
    pairs = "_" in object_id and phrase.requires
    named = pair_name(phrase.requires, object_id) if pairs else None
    if value == 0 and apart(phrase.definition):
        named = collection_of(phrase, object_id)
    elif vetoes and bounded and object_id in _SINGLE and phrase.definition is None:
        named = collection_of(phrase, object_id)  # "events with two or more jets with p_T > 40 GeV are rejected"
    return [
        _counted(reading, count.object, object_id, operator, value, count.rule, setting).with_(
            definition=named,
            when=joined_condition([one for one in when if one]),
            role=its_role,
        )
    ]


def _told(reading: Reading, phrase: Phrase, memory: Memory) -> bool:
    """Say whether `such jets` are those spoken of last."""
    return phrase.object in {memory.subject, "vertex"} or any(
        p.object == phrase.object and p.index < phrase.index for p in reading.phrases
    )


def _is_asked(reading: Reading, count: Count, phrase: Phrase, setting: Setting) -> bool:
    """Say whether a number of objects is required and not merely told."""
    if count.rule == "no-objects":
        return _is_denied(reading, count)
    if (
        phrase.object == "track"
        and reading.words_before(count.start, 1) == "to"
        and not {"m", "j"} & set(reading.shape)
    ):
        return False  # "photons are reconstructed from clusters matched to one or two tracks"
    if count.explicit:
        return _MATCHED.match(reading.words(count.end, count.end + 8)) is None
    sought = _SOUGHT.search(reading.words_before(count.start, 3)) is not None
    return (sought if setting.scope == "trigger" else _is_governed(reading, count)) and (
        phrase.object not in {"w", "z", "top", "higgs"} or "jet" in reading.tokens[phrase.index].word
    )


def _owner_of_tracks(reading: Reading, count: Count, phrase: Phrase, memory: Memory) -> str | None:
    """Return what must have so many tracks: `a vertex with at least two associated tracks`."""
    least = count.value[0] if isinstance(count.value, tuple) else count.value
    if phrase.object != "track" or least < 1:
        return None
    heads = [p.object for p in reading.phrases if p.index < phrase.index and not p.oblique and p.object != "track"]
    if heads[-1:] == ["tau"] or (memory.subject == "tau" and not heads):
        return "tau"
    if memory.subject == "vertex" and re.match(r"(?:it|they|each)\b", reading.text, re.IGNORECASE):
        return "vertex"
    if not re.search(r"\bassociated|\bvert(?:ex|ices)\b", reading.text, re.IGNORECASE):
        return None
    told = next((p.object for p in reading.phrases if p.object in {"vertex", "jet", "tau"}), None)
    carried = memory.subject == "vertex" or re.match(r"it\b", reading.text, re.IGNORECASE)
    return told or ("vertex" if carried else None)


def _is_denied(reading: Reading, count: Count) -> bool:
    """Say whether `no jets` is asked for and not merely told."""
    before = reading.words(0, count.start).lower()
    if re.match(r"(?:since|because|as)\b[^,]*$", before):
        return False  # "since the signal has no leptons, …"
    veto = is_veto(reading)
    if before.endswith(("provided that", "provided")):
        return True
    if _ASKS_THAT.search(before):
        return True
    behind = reading.words(count.end, len(reading.tokens))
    if _IF_ABSENT.search(before) and not veto and not _ALLOWED.match(behind):
        return False
    if not before and not _FINITE.search(behind):
        return True  # an item of a list: "no additional b jets;", "no muons with p_T > 10 GeV"
    word = reading.tokens[count.start].word
    if word.startswith("absence of") and _REQUIRED.match(behind):
        return True  # "the absence of muons is required"
    if word.startswith("cannot ") and before.endswith("event"):
        return True
    if word.startswith("without") and before.endswith(("event", "events")) and _KEPT.match(behind):
        return True  # "events without any taus are selected"
    if word in {"without", "absence of", "free of"} and "event" not in before:
        return False
    return veto or bool(_DENYING.search(before)) or (not before and bool(_ALLOWED.search(behind)))


def _is_governed(reading: Reading, count: Count) -> bool:
    """Say whether a bare number is asked for: `select events with two jets`, `two jets are required`."""
    before = reading.words(0, count.start)
    if _TELLING.search(before):
        return False
    if re.search(r"[mkjw]", reading.shape[: count.start]) or re.search(r"\b(?:presence|form|built|events)\b", before):
        return True
    behind = reading.words(count.end, count.end + 30)
    behind = re.sub(r"^ ?, (?:each|both|all) (?:with|having) [^,;]*,", "", behind)
    return bool(_DEMANDED.search(behind))


def _joins_flavours(reading: Reading, phrase: Phrase) -> bool:
    """`a second electron or muon`, `exactly one lepton (electron or muon)`."""
    following = reading.words(phrase.index + 1, phrase.index + 3)
    return phrase.object in FLAVOURS and bool(re.match(r"or (?:an? )?(?:electron|muon)", following))


def _tagged(reading: Reading, phrase: Phrase) -> Condition | None:
    """`at most one muon that is calorimeter-tagged or stand-alone`."""
    direct = phrase_condition(phrase)
    if direct:
        return direct
    tail = reading.words(phrase.index + 1, phrase.index + 12)
    match = re.match(r"(?:that|which) (?:is|are) (?:either )?(.*)", tail)
    if match:
        found = tags(match.group(1), phrase.object)
        if found:
            return tag_condition(match.group(1).strip(" ."), found, phrase.object)
    return None
