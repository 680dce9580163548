"""Which objects a sentence speaks of before and behind a bound."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.distil.amounts import Quantity
from kb.distil.bounded import Bounded
from kb.distil.particles import FLAVOURS, PAIRED, PHYSICAL, twice
from kb.distil.phrases import Phrase
from kb.distil.reading import Reading

_OF_WHAT_DECAYS = {"chi2", "decay_length", "mass", "lifetime"}
_DECAYING = {"candidate", "meson", "jpsi"}
_HAVING_CONES = {"electron", "muon", "lepton", "photon", "tau"}


def spoken_of(reading: Reading, quantity: Quantity, bounded: Bounded, anchor: int) -> list[Phrase]:
    """Return the phrases a bound is about: behind it, behind its variable, or before."""
    before = preceding(reading, quantity, anchor)
    group = trailing(reading, quantity)
    ranked = before[-1] if before and before[-1].rank else None
    if group and group[0].rank is None and ranked and ranked.object in {"lepton", group[0].object}:
        group = [replace(p, rank=ranked.rank) for p in group]
    group = group or objects_of(reading, quantity, anchor) or before or _inside(reading, quantity, anchor)
    group = [p for p in group if p.object != "event" and not _is_channel(reading, p)]
    if bounded.variable in {"pt", "abs_eta", "eta"}:
        group = [p for p in group if p.object != "vertex"]  # "within 1 mm of the primary vertex and within |η| < 2.4"
    if bounded.variable in _OF_WHAT_DECAYS and [p.object for p in group] == ["vertex"]:
        decayed = [p for p in reading.phrases if 0 < group[0].index - p.index <= 2 and p.object in _DECAYING]
        if decayed:
            return decayed  # "the D^0 decay vertex must be displaced by more than 3 mm"
    if bounded.variable == "chi2" and [p.object for p in group] == ["vertex"] and group[0].index + 3 >= anchor:
        group = [p for p in before_of(reading, group[0].start) if not p.oblique and p.object != "event"][-1:]
        group = [replace(p, object=twice(p.object)) if p.plural and p.object in PAIRED else p for p in group]
    if (
        bounded.variable in {"iso_rel", "iso_abs", "mini_iso"}
        and all(p.object == "track" for p in group)
        and re.search(r"\bsum\b", reading.text)
    ):
        others = [p for p in before_of(reading, anchor) if p.object not in {"track", "event", "vertex"}]
        others = others or [p for p in before_of(reading, quantity.start) if p.object in _HAVING_CONES]
        return others[-1:]  # what is summed is not what is isolated
    return group


def before_of(reading: Reading, index: int) -> list[Phrase]:
    """Return the noun phrases before a token."""
    return [p for p in reading.phrases if p.index < index]


def _inside(reading: Reading, quantity: Quantity, anchor: int) -> list[Phrase]:
    """`the likelihood used to identify tau leptons must exceed 0.6`."""
    return [p for p in reading.phrases if anchor < p.index < quantity.start][:1]


def _is_channel(reading: Reading, phrase: Phrase) -> bool:
    """Say whether an object only names a channel: `in the muon channel`."""
    return (
        re.match(
            r"(?:channel|final state|categor|decay mode|(?:control |validation |signal )?region|background)",
            reading.words(phrase.index + 1, phrase.index + 3),
        )
        is not None
    )


def trailing(reading: Reading, quantity: Quantity) -> list[Phrase]:
    """`… for both the electrons and muons`, `… for muons (electrons)`."""
    match = re.match(r"(?P<lead>l?yl?|l?)(?:f|t)[te]{0,3}", reading.shape[quantity.end :])
    if not match or reading.tokens[quantity.end + match.end("lead")].word not in {"for", "on"}:
        return []
    start = quantity.end + match.end()
    for phrase in reading.phrases:
        near = phrase.index >= start - 3 and phrase.start <= start and phrase.index - start <= 4
        if not near:  # but adjectives may stand between
            continue
        if any(q.covers(i) for q in reading.quantities for i in range(start, phrase.index)):
            return []
        return reading.joined_after(phrase)
    return []


def objects_of(reading: Reading, quantity: Quantity, anchor: int) -> list[Phrase]:
    """`the transverse momentum of the leading electron …`."""
    shape = reading.shape
    if reading.tokens[anchor].word in {"that", "those"}:
        anchor += 1  # "and of 17 GeV on that of the leading muon"
    match = re.match(r"v?(?:t{1,2}Ot)?(?:x|b[^bd]*d)?O", shape[anchor:])
    if not match and reading.tokens[anchor].word.endswith(" of"):
        match = re.match(r"v", shape[anchor:])  # "the number of b-tagged jets"
    if not match:
        return []
    start = anchor + match.end()
    if "hypothes" in reading.words(start, start + 8):
        return []  # "the difference in log-likelihood between the muon and pion hypotheses"
    for phrase in reading.phrases:
        near = phrase.start <= start <= phrase.index <= start + 6
        if near and phrase.index < max(quantity.start, start + 1) + 6:
            return reading.joined_after(phrase)
    return []


def preceding(reading: Reading, quantity: Quantity, anchor: int) -> list[Phrase]:
    """Return the nearest noun phrase before the variable that is not a mere `in the event`, with those joined to it."""
    limit = min(anchor, quantity.start)
    if re.search(r"[SW]", reading.shape[limit : quantity.start]):
        limit = quantity.start  # the variable is that of the clause before
    purpose = _purpose(reading, limit)
    before = [
        p for p in reading.phrases if purpose <= p.index < limit and p.object != "event" and not _is_channel(reading, p)
    ]
    if re.search(r"e[wO]?k?$", reading.shape[:limit]) and before and before[-1].plural:
        return before[-1:]  # "two muons, each with p_T > 5 GeV"
    if re.search(r"ow[tx]?$", reading.shape[:limit]) and before and reading.shape[before[-1].index + 1] == "w":
        return _closed(
            reading, reading.joined_before(before[-1], before[:-1])
        )  # "separated from any jet with p_T > 25 GeV"
    owners = _owners(reading, before, limit) or _first_subject(reading, before, limit)
    if owners:
        return owners
    boundary = max(
        (
            i
            for i, token in enumerate(reading.tokens[:limit])
            if token.kind == "S" or (token.kind == "W" and token.word in {"while", "whereas", "but"})
        ),
        default=-1,
    )
    clause = [p for p in before if p.index > boundary] or before
    heads = [p for p in clause if not p.oblique] or clause
    if len(heads) > 1 and heads[-1].object == "track" and heads[-2].object in PHYSICAL:
        counted = re.search(r"w[treacnh]*$", reading.shape[: heads[-1].index])
        if counted and "m" in reading.shape[heads[-1].index : limit]:
            heads = heads[:-1]  # "taus with one or three tracks are required to have …"
    if not heads:
        return []
    whose = reading.tokens[anchor - 1].word if 0 < anchor < len(reading.tokens) else ""
    if whose == "its" and not clause[0].plural:
        return clause[:1]  # "each candidate is built from three jets and its p_T must …"
    both = [p for p in clause if p.object in FLAVOURS and p.plural and not p.oblique]
    opens = max((i for i in range(anchor) if reading.shape[i] in "fmSW"), default=0)
    if "their" in reading.words(opens, anchor).split() and {p.object for p in both} == FLAVOURS:
        return both  # "electrons with … and muons with … are kept if their impact parameters …"
    relative = re.search(r"[en](w)[mkt]{0,4}$", reading.shape[:limit])
    if relative and reading.tokens[relative.start(1)].word == "of which":
        told = [p for p in clause if p.index < relative.start()]
        if told and told[-1].plural and reading.tokens[relative.start()].word in {"each", "all", "both"}:
            return told[-1:]  # "combined into candidates, each of which must have …"
    if any(c.rule == "of-which" and heads[-1].index < c.object < limit for c in reading.counts):
        return [replace(heads[-1], object="bjet", rank=None)]  # "two of which are b-tagged and have p_T > 40 GeV"
    if "each" in reading.words(heads[-1].index, limit).split():  # "one electron and one muon, each with p_T > 27 GeV"
        joined = [p for p in heads[:-1] if re.fullmatch("an", reading.shape[p.index + 1 : heads[-1].index])]
        return [*joined[-1:], heads[-1]]
    return _closed(reading, reading.joined_before(heads[-1], heads[:-1]))


def _closed(reading: Reading, group: list[Phrase]) -> list[Phrase]:
    """`leptons, photons with p_T > 15 GeV, or b jets with …`: the list goes on, so that the bound is the last one's."""
    if len(group) > 1 and "a" not in reading.shape[group[-2].index + 1 : group[-1].index]:
        return group[-1:]
    if len(group) > 1 and group[-1].article in {"a", "an"} and {p.object for p in group} != FLAVOURS:
        return group[-1:]  # "exactly one lepton and a jet of p_T > 35 GeV"
    return group


def _purpose(reading: Reading, limit: int) -> int:
    """Return where `In order to enrich the sample in Higgs boson decays, …` ends."""
    if not re.match(r"(?:in order )?to \w+", reading.text, re.IGNORECASE):
        return 0
    return max(0, reading.shape.find("l", 0, limit))


def _owners(reading: Reading, before: list[Phrase], limit: int) -> list[Phrase]:
    """`tau candidates must have one or three tracks, unit charge and p_T > 20 GeV`: p_T is not the tracks'."""
    listed = re.search(r"[la](t{0,3})$", reading.shape[:limit])
    if not listed or not before:
        return []
    if listed.group(1) and reading.tokens[listed.start(1)].word not in {"a", "an"}:
        return []
    verb = max(reading.shape.rfind("m", 0, limit), reading.shape.rfind("S", 0, limit))
    if before[-1].index < verb or re.search(r"[wSWf]", reading.shape[before[-1].index : limit]):
        return []
    if re.match(r"vc", reading.shape[before[-1].index + 1 :]) and re.search(
        r"[la]t?$", reading.shape[: before[-1].start]
    ):
        return []  # "muons must have p_T > 5 GeV, electrons p_T > 7 GeV and |η| < 2.5": without a verb of their own
    owners = [p for p in before if p.index < verb and not p.oblique]
    if not owners or "S" in reading.shape[owners[-1].index : limit]:
        return []
    return reading.joined_before(owners[-1], owners[:-1])


def _first_subject(reading: Reading, before: list[Phrase], limit: int) -> list[Phrase]:
    """`electrons are found by matching clusters to tracks, and are required to have …`: still the electrons."""
    again = re.search(r"S[tne]m[tgk]{0,3}[^SWmkoj]*$", reading.shape[:limit])
    if again and reading.tokens[again.start() + 1].word in {"both", "they", "these", "all"}:
        first = next((p for p in before if p.index < again.start() and not p.oblique and p.object in PHYSICAL), None)
        return reading.joined_after(first) if first is not None and first.plural else []
    return []


def following_objects(reading: Reading, quantity: Quantity) -> list[Phrase]:
    near = (
        p
        for p in reading.phrases
        if p.object != "event"
        and 0 <= p.index - quantity.end < 14
        and not _is_channel(reading, p)
        and "S" not in reading.shape[quantity.end : p.index]
    )
    return list(near)[:1]
