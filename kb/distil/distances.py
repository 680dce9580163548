"""Find the pair that a distance is between: `ΔR between the photon and the nearest jet`, `within 0.4 of a jet`."""

from __future__ import annotations

import re

from kb.distil.amounts import Quantity
from kb.distil.memory import Memory
from kb.distil.particles import FLAVOURS, PAIRED, PHYSICAL, Named, compose, of_any_flavour, twice
from kb.distil.phrases import Phrase
from kb.distil.reading import Reading

_BOTH = re.compile(r"(?:the )?(?:two|both) (?:selected )?(?:objects|candidates|particles)\b", re.IGNORECASE)
_PRONOUN = re.compile(r"(?:They|It|These|Those) (?:must|are|is|have|has|should)\b")
_TO_TRIGGER = re.compile(
    r"\bmatch\w*[^.;]{0,40}\b(?:trigger|HLT|L1|online)[- ](?:level )?(?:object|candidate|primitive|lepton|leg)s?\b",
    re.IGNORECASE,
)
_SYSTEMS = {"trilepton", "fourlepton", "candidate", "w", "z", "top", "higgs"}
_APART = {"distance", "angle", "separation", "difference", "separated"}


def distant(reading: Reading, quantity: Quantity, anchor: int, memory: Memory) -> list[Named | Phrase]:
    """Return the pair whose distance is bounded; `anchor` is the token of the distance, else of the bound."""
    if _TO_TRIGGER.search(reading.text):
        return [Named("other")]  # "must match the trigger objects within ΔR < 0.3": those are none of the event's
    things = [p for p in _with_met(reading) if p.object not in {"event", "vertex"}]
    if between := _between(reading, quantity, things, anchor):
        return between
    owner = _of_several(reading, anchor, things)
    if owner:
        return [owner]
    before = [p for p in things if p.index < anchor]
    if whose := _from(reading, anchor, things, before):
        return [whose]
    heads = [p for p in before if not p.oblique] or before
    head = heads[-1] if heads else None
    if head is not None and "_" in head.object:
        return [head]
    partner = _kept_apart(reading, anchor, before) or _after(reading, quantity, things)
    if head is not None and head.object == partner and len(heads) > 1 and partner == "met":
        head = heads[-2]  # "the second jet must be separated from E_T^miss by Δφ > 0.4"
    if head is not None:
        others = [p for p in before if p.object != head.object and "_" not in p.object and p.object not in _SYSTEMS]
        if partner is None and others:
            partner = others[-1].object
        if partner == head.object and memory.subject in PHYSICAL and _PRONOUN.match(reading.text) and len(heads) == 1:
            return [Named(compose((memory.subject, partner)))]  # "They must be separated from any lepton by ΔR > 1"
        if partner is not None and "_" not in partner:
            first = head.object
            if first in FLAVOURS and partner not in FLAVOURS and len(heads) > 1:
                first = both_flavours([p for p in heads if p.object in FLAVOURS])
            return [Named(compose((first, partner)), None if head.plural or first == partner else head.rank)]
        if head.object in {*PAIRED, "fatjet"} and (head.plural or (head.number or 0) > 1):
            return [Named(twice(head.object))]
    both = {partner, memory.subject}
    if head is None and both <= PHYSICAL - {"track"} and _PRONOUN.match(reading.text):
        return [Named(compose((str(memory.subject), str(partner))))]  # "They must have ΔR > 0.4 to any jet"
    if memory.pair and "pair" in reading.text:
        return [Named(memory.pair)]
    if not things and _BOTH.match(reading.text):
        return [Named(of_any_flavour(memory.pair))]
    if not things and re.search(r"\bmin|_\{?min", reading.words(anchor, anchor + 2)):
        return [Named("jet_met")]  # the smallest azimuthal angle, which analyses name without saying of what
    if not things and memory.subject in {*PAIRED, "fatjet"}:
        return [Named(twice(memory.subject))]
    return []


def _of_several(reading: Reading, anchor: int, things: list[Phrase]) -> Named | None:
    """`the pseudorapidity separation of the two leading jets` is one of two jets."""
    behind = [p for p in things if p.index > anchor]
    if not behind or behind[0].object not in PAIRED or not behind[0].plural:
        return None
    of = re.fullmatch(r"O[trhnkae]{0,5}", reading.shape[anchor + 1 : behind[0].index])
    return Named(twice(behind[0].object)) if of and reading.tokens[anchor + 1].word == "of" else None


def _from(reading: Reading, anchor: int, things: list[Phrase], before: list[Phrase]) -> Named | None:
    """`jets are discarded if their separation ΔR from an identified muon is …`: the jets' from the muon."""
    to = re.match(r"O[trek]{0,3}(o)", reading.shape[anchor + 1 :])
    if to is None or reading.tokens[anchor + 1].word != "from":
        return None
    other = next((p for p in things if p.index == anchor + 1 + to.start(1)), None)
    its = {"their", "its"} & set(reading.words(max(0, anchor - 3), anchor).split())
    heads = [p for p in before if not p.oblique]
    if other is None or not its or not heads or "_" in heads[0].object + other.object:
        return None
    return Named(compose((heads[0].object, other.object)))


def _kept_apart(reading: Reading, anchor: int, before: list[Phrase]) -> str | None:
    """`separated from photons by ΔR > 0.4`."""
    if anchor < 2 or not before or reading.tokens[anchor - 1].word != "by" or before[-1].index != anchor - 2:
        return None
    start = before[-1].start
    return before[-1].object if "from" in reading.words(start - 1, start + 1).split() else None


def _with_met(reading: Reading) -> list[Phrase]:
    """Return the phrases of a sentence with its `E_T^miss`, which is an object for a distance and a variable else."""
    symbols = [
        Phrase(i, i, i + 1, "met", False, None, None, t.text, (), (), False, "")
        for i, t in enumerate(reading.tokens)
        if t.kind == "v" and (t.value.variable == "mht" or (t.value.variable == "pt" and t.value.about == Named("met")))
    ]
    return sorted([*reading.phrases, *symbols], key=lambda p: p.index) if symbols else reading.phrases


def _after(reading: Reading, quantity: Quantity, things: list[Phrase]) -> str | None:
    """Return what a distance is to, where that is told after the bound."""
    near = [
        p
        for p in things
        if p.index >= quantity.end
        and p.index - quantity.end <= 10
        and not re.search(r"[SWl]", reading.shape[quantity.end : p.index])
    ]
    if near and re.match(r"[OtgaiNkwd]", reading.shape[quantity.end :]):
        return both_flavours(reading.joined_after(near[0]))
    return None


def _between(reading: Reading, quantity: Quantity, things: list[Phrase], anchor: int) -> list[Named | Phrase]:
    """`the distance between the photon and the nearest jet`, `…, and that to the third jet`."""
    for index, token in enumerate(reading.tokens):
        if index > anchor and re.search(r"u?la|S|[mc].*[nu]a", reading.shape[anchor:index]):
            break  # "the jet must be separated from the lepton by ΔR > 1.2, and the angle between …"
        previous = reading.tokens[index - 1] if index else None
        apart = token.kind == "v" or (previous is not None and (previous.kind == "v" or previous.word in _APART))
        if apart and re.search(r"\bbetween(?: the)?$", token.word):
            following = [p for p in things if p.index > index and p.index - index < 12]
            join = reading.shape[following[0].index : following[1].index] if len(following) > 1 else ""
            if "a" in join and not re.search("[mc]", join):
                return _ranked(reading, following[0], _repeated(reading, quantity, things) or following[1])
            if following and following[0].plural and "_" not in following[0].object:
                return [Named(twice(following[0].object) if following[0].object in PAIRED else "candidate")]
    return []


def _repeated(reading: Reading, quantity: Quantity, things: list[Phrase]) -> Phrase | None:
    """`…, and that to the third jet larger than 0.3`: from the same as before."""
    last = max((q.end for q in reading.quantities if q.end <= quantity.start), default=None)
    if last is None or not re.search(r"\bthat (?:to|from|with)\b", reading.words(last, quantity.start)):
        return None
    return next((p for p in things if last <= p.index < quantity.start), None)


def _ranked(reading: Reading, one: Phrase, other: Phrase) -> list[Named | Phrase]:
    """Return the pair of two, with the rank of the one that is ranked: `E_T^miss and each of the two leading jets`."""
    pair = compose((one.object, other.object))
    ranks = [ranks for p in (one, other) if (ranks := _ranks(reading, p))]
    if len(ranks) != 1 or one.object == other.object:
        return [Named(pair)]
    return [Named(pair, rank) for rank in ranks[0]]


def _ranks(reading: Reading, phrase: Phrase) -> list[int]:
    """Return the ranks of a noun phrase, each one that is meant; `each of the four leading jets` is any of them."""
    if phrase.first == 2:
        each = re.search(r"\beach of(?: the)?$", reading.words(max(0, phrase.start - 3), phrase.start + 1))
        return list(range(1, phrase.first + 1)) if each or phrase.article == "each" else []
    if phrase.plural:
        listed = re.search(
            r"r(?:h?(?:l?a|l)t?r)+h?t{0,2}$", reading.shape[: phrase.index]
        )  # "third- and fourth-ranked"
        told = reading.tokens[listed.start() : phrase.index] if listed else []
        return [int(t.value) for t in told if t.kind == "r"]
    return [phrase.rank] if phrase.rank else []


def both_flavours(group: list[Phrase]) -> str:
    """Return the object of a group of phrases; electrons and muons together are leptons."""
    return "lepton" if {p.object for p in group} == FLAVOURS else group[0].object
