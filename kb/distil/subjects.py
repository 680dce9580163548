"""Find what a bound holds for: the object and rank, in the symbol, in the sentence or from the ones before."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.distil.amounts import Quantity
from kb.distil.discriminants import discriminant, owner
from kb.distil.distances import distant
from kb.distil.isolation import isolated
from kb.distil.members import member_of
from kb.distil.members import named as named_member
from kb.distil.memory import Memory
from kb.distil.particles import FLAVOURS, PAIRED, PHYSICAL, Named, compose, twice
from kb.distil.particles import single as one
from kb.distil.phrases import Phrase
from kb.distil.reading import Reading
from kb.distil.variables import Bounded

_POINTING = {"this", "these", "that", "those", "such"}
_DEFINITE = {"the", "these", "those", "any", "each", "all"}
_ISOLATIONS = {"iso_rel", "iso_abs", "mini_iso", "isolation"}
_UNRANKED = {"other", "ratio", "count"}
_OWN_OF_ONE = {"pt", "energy", "abs_eta", "eta", "ratio"}
_THESE = re.compile(r"(?:both|the two|each|the|these)\b", re.IGNORECASE)
_BOTH = re.compile(r"(?:for )?(?:both|each)\b(?: of (?:them|these))?(?! \w+s\b)|(?:they|these) both\b", re.IGNORECASE)
_ETA_PRODUCT = re.compile(r"η\S*\s?[·×*⋅∙]?\s?η")
_OTHERS = re.compile(
    r"(?!They|These|Those|Events|Requirements|Thresholds|Values|Cuts|Criteria|Both|Candidates|Its|This|Always|Objects|Ones)"
    r"[A-Z][a-z]+s (?:must|are|have|has|with)\b"
)
_CANDIDATES = re.compile(r"^(?:\w+ )?[Cc]andidates\b|\bcandidates (?:with|that|which|whose|having)\b")
_POINTS_BACK = re.compile(r"\b(?:angle|cosine)\b.*\bmomentum\b.*\bvert(?:ex|ices)\b")
_OF_WHAT_DECAYS = {"chi2", "decay_length", "mass", "lifetime"}
_DECAYING = {"candidate", "meson", "jpsi"}
_HAVING_CONES = {"electron", "muon", "lepton", "photon", "tau"}
_OF_CANDIDATE = re.compile(r"of (?:the|each|every|all|a) candidates?\b")
_GROOMED = re.compile(r"\b(?:soft[ -]?drop|groomed|trimmed|pruned|ungroomed)\b|m_\{?(?:SD|soft|PUPPI|trim|prun)", re.I)
_DISTANCES = {"delta_r", "delta_phi", "delta_eta"}
_B_TAGGED = re.compile(r"\bb[ -]?tag|\bb[ -]?jets?\b|\b(?:CSV|DeepCSV|DeepJet|MV1|MV2|DL1)", re.IGNORECASE)
_FOR_BTAGGING = re.compile(
    r"\b(?:considered|used|eligible|candidates?) for b[ -]?tagging|\bto be b[ -]?tagged|^For b[ -]?tagging\b"
    r"|\b(?:are|is) (?:regarded|considered|identified|classified|defined|taken) (?:as|to be) b[ -]?(?:tagged|jets?)\b"
    r"|\b(?:labell?ed|called|termed|classified|regarded|counted) (?:as )?b[ -]?tagged\b"
    r"|\b(?:are|is) (?:labelled|tagged) as (?:an? )?b[ -]?jets?\b"
    r"|\bjets? containing b[ -]?(?:hadrons?|quarks?)|\blabels? (?:\w+ )?jets? [^;]*? as b[ -]?jets?",
    re.IGNORECASE,
)


def subjects(reading: Reading, quantity: Quantity, bounded: Bounded, memory: Memory) -> list[Phrase | Named]:
    """Return what a bound holds for; several where subjects are joined (`electrons and muons`)."""
    named = bounded.of
    anchor = bounded.index if bounded.index is not None else quantity.start
    symbol = reading.tokens[anchor].text if bounded.index is not None else ""
    if named == Named("met") and symbol.count("miss") > 1:
        return [named]  # that of tracks and that of everything
    if bounded.variable in _DISTANCES and (named is None or "_" not in named.object):
        return distant(reading, quantity, anchor, memory) or ([named] if named is not None else [])
    if bounded.variable == "ratio" and (told := _trailing(reading, quantity)):
        behind = _rank_behind(reading, quantity)
        return [replace(told[0], rank=behind)] if behind else list(told)
    if named is not None and (named.object not in {"meson", "candidate"} or bounded.variable == "mass"):
        return [_fuller(reading, quantity, bounded, named, anchor)]
    member = member_of(reading, quantity)
    if member is not None:
        return [named_member(member)]
    another = _another(reading, quantity, anchor)
    if another is not None:
        return [another]
    if bounded.index is not None and _OF_CANDIDATE.match(reading.words(bounded.index + 1, bounded.index + 4)):
        return [Named("candidate")]
    group = _spoken_of(reading, quantity, bounded, anchor)
    group = [_known(reading, p, bounded, memory) for p in group]
    if bounded.variable == "other" and {p.object for p in group} == {"vertex"} and _POINTS_BACK.search(reading.text):
        return [Named("candidate")]  # "the angle between its momentum and the vector to its decay vertex"
    if bounded.variable in _ISOLATIONS and (owner_of := isolated(reading, quantity, group, memory)):
        return [next((p for p in group if p.object == owner_of), Named(owner_of))]
    if len(group) == 1 and bounded.variable in _OWN_OF_ONE and _is_of_several(reading, group[0]):
        return [Named(one(group[0].object))]
    behind = _rank_behind(reading, quantity)
    owned = group or (_following(reading, quantity) if behind is not None else [])
    if behind is not None and (ranked := _bare_rank(reading, quantity)):
        owned = [ranked]
    if behind is not None and owned and bounded.variable in _OWN_OF_ONE:
        return [replace(owned[-1], rank=behind)]
    if len(group) == 1 and bounded.variable in {"abs_eta", "eta", "iso_rel"} and group[0].object.endswith("_pair"):
        single = [p for p in reading.phrases if p.object == one(group[0].object) and p.index < quantity.start]
        group = single[-1:] or group  # "dielectron candidates have two electrons, one of which …"
    spread = bounded.name is not None and bounded.name.endswith(("opening angle", "angle between"))
    if (
        group
        and bounded.name
        and bounded.name.endswith(("angle", "between"))
        and (spread or "between them" in reading.text)
    ):
        several = group[0].object in PAIRED and (group[0].plural or (group[0].number or 0) > 1)
        return [Named(twice(group[0].object))] if several else list(group)
    if group and bounded.name and _ETA_PRODUCT.match(bounded.name) and group[0].object in PAIRED:
        return [Named(twice(group[0].object))]
    if (
        len(group) == 1
        and bounded.variable == "pt"
        and quantity.operator[0] == ">"
        and _at_least_one_of(reading, anchor)
    ):
        return [replace(group[0], rank=1, plural=False)]
    if not group and named is not None:
        return [named]
    group = group or _following(reading, quantity)
    if not group:
        if bounded.variable == "chi2" and memory.fitted and re.search(r"\bfit\b", reading.text):
            return [Named("vertex")]
        if bounded.variable == "discriminant":
            of_candidates = "candidate" if _CANDIDATES.search(reading.text) else "event"
            return [Named(owner(discriminant(reading, bounded.index)) or of_candidates)]
        if bounded.variable in {"lifetime", "decay_length", "chi2"} and re.search(r"\bcandidates?\b", reading.text):
            return [Named("candidate")]
        if bounded.variable == "mass":
            if groomed := _groomed(reading, Named("fatjet"), anchor):
                return [groomed]
            bare = any(t.kind == "t" and t.word in {"candidate", "candidates"} for t in reading.tokens[:anchor])
            built = memory.candidate if bare and _THESE.match(reading.text) else None
            return [Named(built or ("candidate" if bare else memory.pair))]  # "candidates with a mass between …"
        told_of = memory.subject not in {None, "track", "vertex"}
        if not told_of and bounded.name and bounded.name.lower().startswith(("cos", "|cos", "angle")):
            pointing = re.search(r"\bcandidates?\b|\bpointing\b", reading.text)
            return [Named("candidate" if pointing else "event")]
        if bounded.name and bounded.name.endswith("probability"):
            return [Named("candidate")]
        if _OTHERS.match(reading.text) and reading.tokens[0].kind == "t":
            return []  # "Hadrons must have …": they are none of what was spoken of
        if bounded.variable in {"lifetime", "decay_length"}:
            return [Named("candidate")]
        if _BOTH.match(reading.text) and {memory.subject, memory.other} == FLAVOURS:
            return [Named("lepton")]
        return [Named(memory.subject)] if memory.subject else []
    if (
        memory.subject == "vertex"
        and {p.object for p in group} == {"track"}
        and re.search(r"\b(?:its|their)\b", reading.words_before(group[0].index, 2))
    ):
        return [Named("vertex")]  # "the invariant mass of its tracks"
    if bounded.variable == "mass" and bounded.index and reading.tokens[bounded.index - 1].word == "candidate":
        return [Named("candidate")]  # "in which the pion …, the candidate mass must …"
    if bounded.variable == "mass":
        return [_groomed(reading, group[0], anchor) or _system(group)]
    if named is not None and not any(p.object == named.object for p in group):
        return [named]
    scored = bounded.variable == "discriminant" and _B_TAGGED.search(reading.text)
    others = any(c.rule == "of-which" for c in reading.counts)  # "at least one of them has to be b-tagged"
    if (scored or (_FOR_BTAGGING.search(reading.text) and not others)) and {p.object for p in group} == {"jet"}:
        return [Named("bjet")]
    return list(group)


def each_of_first(reading: Reading, bounded: Bounded, who: list[Phrase | Named]) -> list[Phrase | Named]:
    """Name `the two leading jets` one by one; `the two leading jets with p_T > 30 GeV must …` says which ones count."""
    first = who[0] if len(who) == 1 else None
    if not isinstance(first, Phrase) or not first.first:
        return who
    if first.object not in PHYSICAL or bounded.variable in _UNRANKED:
        return who
    restricts = first.oblique or first.article in _DEFINITE
    if restricts and bounded.index is not None and re.match(r"w[tx]?$", reading.shape[first.end : bounded.index]):
        return who
    return [replace(first, rank=rank) for rank in range(1, first.first + 1)]


def _groomed(reading: Reading, of: Phrase | Named, anchor: int) -> Phrase | Named | None:
    """Return the large-radius jet that has a `soft-drop mass`, an `m_SD`; None where the mass may be of anything."""
    if of.object not in {"jet", "fatjet"} or not _GROOMED.search(reading.words(max(0, anchor - 3), anchor + 2)):
        return None
    return replace(of, object="fatjet")


def _at_least_one_of(reading: Reading, anchor: int) -> bool:
    """`at least one of the jets must have p_T > 60 GeV`: the leading one then has it."""
    if "j" in reading.shape:
        return False
    start = max((i for i in range(anchor) if reading.shape[i] in "SW"), default=-1) + 1
    found = re.search(r"c?n(?:O|w|m)[^vc]*$", reading.shape[start:anchor])
    if found is None:
        return False
    place = start + found.start()
    least = reading.tokens[place].value if reading.shape[place] == "c" else None
    number, behind = reading.tokens[place + (least is not None) :][:2]
    if least is None:  # "two b jets, one of which must have p_T > 45 GeV"
        return number.value == 1 and behind.word == "of which"
    return least == ">=" and number.value == 1 and (behind.kind == "m" or behind.word in {"of", "of which"})


def _is_of_several(reading: Reading, phrase: Phrase) -> bool:
    """`pairs of oppositely charged muons with p_T > 4 GeV`: the muons have it."""
    spelt = reading.tokens[phrase.index].text
    return re.match(r"pairs? of ", spelt, re.IGNORECASE) is not None and reading.shape[phrase.index + 1 :][:1] == "w"


def _known(reading: Reading, phrase: Phrase, bounded: Bounded, memory: Memory) -> Phrase:
    """Read `this jet` as the large-radius jet spoken of, and what the associated track has as its lepton's."""
    if phrase.object == "jet" and phrase.article in _POINTING and memory.subject in {"fatjet", "bjet"}:
        return replace(phrase, object=memory.subject)
    if phrase.object == "jet" and not phrase.plural and bounded.index == phrase.index + 1:  # "a jet mass"
        return next((replace(p, rank=None) for p in reading.phrases if p.object == "fatjet"), phrase)
    if (
        phrase.object == "track"
        and bounded.variable in {"d0", "d0_sig", "z0", "z0_sintheta", "other"}
        and (
            re.search(r"\b(?:associated|matched|corresponding)\b", phrase.words)
            or reading.tokens[phrase.start - 1].word in {"its", "their"}
            or (phrase.words.lower() == "the" and not phrase.plural)
        )
        and memory.subject in {"electron", "muon", "lepton", "tau"}
    ):
        return replace(phrase, object=memory.subject)
    return phrase


def _bare_rank(reading: Reading, quantity: Quantity) -> Phrase | None:
    """`28 GeV for the leading and p_T > 20 GeV for the subleading lepton`: whose rank the first is, comes last."""
    if not re.match(r"ft?ra", reading.shape[quantity.end :]):
        return None
    return next((p for p in reading.phrases if quantity.end < p.index < quantity.end + 14 and p.rank), None)


def _rank_behind(reading: Reading, quantity: Quantity) -> int | None:
    """`p_T > 25 GeV (leading)`, `25 GeV for the leading and 15 GeV for the subleading candidate`."""
    match = re.match(r"bt?(r)o?d|ft?(r)(?:[la.pW]|t(?!o))", reading.shape[quantity.end :])
    if match is None or len(quantity.amounts) > 1:
        return None
    rank = int(reading.tokens[quantity.end + match.start(match.lastindex or 0)].value)
    return rank if rank > 0 else None


def _fuller(reading: Reading, quantity: Quantity, bounded: Bounded, named: Named, anchor: int) -> Phrase | Named:
    """Return the phrase that says more of the object in a variable's symbol, if there is one."""
    if named.rank is not None:
        return named
    if (
        bounded.variable in {"pt", "abs_eta", "eta", "mass", "discriminant"}
        and "_" not in named.object
        and named.object not in {"met", "event"}
    ):
        ranked = [p for p in reading.phrases if p.object == named.object and p.rank and p.end <= anchor]
        if ranked:
            return ranked[-1]
    if named.object.endswith("_pair"):
        near = (*_trailing(reading, quantity), *reversed(_preceding(reading, quantity, anchor)))
        return next((p for p in near if p.object == named.object and p.requires), named)
    return named


def _another(reading: Reading, quantity: Quantity, anchor: int) -> Phrase | None:
    """`leptons with p_T > 20 GeV, the leading one > 30 GeV`."""
    if _trailing(reading, quantity):
        return None
    one = re.search(r"(r)n[tmkgwv]{0,5}$", reading.shape[: quantity.start])
    if one is None or reading.tokens[one.start() + 1].word not in {"one", "ones"}:
        return None
    before = _preceding(reading, quantity, anchor) or _of(reading, quantity, anchor)
    if not before or before[-1].index >= one.start():
        return None
    return replace(before[-1], rank=int(reading.tokens[one.start()].value))


def _spoken_of(reading: Reading, quantity: Quantity, bounded: Bounded, anchor: int) -> list[Phrase]:
    """Return the phrases a bound is about: behind it, behind its variable, or before."""
    before = _preceding(reading, quantity, anchor)
    group = _trailing(reading, quantity)
    ranked = before[-1] if before and before[-1].rank else None
    if group and group[0].rank is None and ranked and ranked.object in {"lepton", group[0].object}:
        group = [replace(p, rank=ranked.rank) for p in group]
    group = group or _of(reading, quantity, anchor) or before or _inside(reading, quantity, anchor)
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
        re.match(r"(?:channel|final state|categor|decay mode)", reading.words(phrase.index + 1, phrase.index + 3))
        is not None
    )


def _system(group: list[Phrase]) -> Phrase | Named:
    """`the mass of the two b jets` is the mass of their pair."""
    first = group[0]
    if {p.object for p in group} == FLAVOURS and (first.number or 2) == 2 and any(p.plural for p in group):
        return Named("lepton_pair")
    if len(group) > 1 and all("_" not in p.object for p in group):
        return Named(compose(tuple(p.object for p in group for _ in range(p.number or 1))))
    if first.object in PAIRED and (first.plural or first.number):
        return Named(compose((first.object,) * (first.number or 2)))
    return first


def _trailing(reading: Reading, quantity: Quantity) -> list[Phrase]:
    """`… for both the electrons and muons`, `… for muons (electrons)`."""
    match = re.match(r"[l]?(?:f|t)[te]{0,3}", reading.shape[quantity.end :])
    if not match or reading.tokens[quantity.end + (match.group()[0] == "l")].word not in {"for", "on"}:
        return []
    start = quantity.end + match.end()
    for phrase in reading.phrases:
        near = phrase.index >= start - 3 and phrase.start <= start and phrase.index - start <= 4
        if not near:  # but adjectives may stand between
            continue
        if any(q.covers(i) for q in reading.quantities for i in range(start, phrase.index)):
            return []
        if re.match(r"[^.]{0,3}w", reading.shape[phrase.index + 1 :]) and _qualified(reading, phrase):
            return []
        return reading.joined_after(phrase)
    return []


def _qualified(reading: Reading, phrase: Phrase) -> bool:
    return any(q.start - phrase.index <= 4 and q.start > phrase.index for q in reading.quantities)


def _of(reading: Reading, quantity: Quantity, anchor: int) -> list[Phrase]:
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


def _preceding(reading: Reading, quantity: Quantity, anchor: int) -> list[Phrase]:
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
    listed = re.search(r"(o)w[tx]?(?:v?cnu?(?:bnu?d)?(?:l?a|l)[tx]?)+$", reading.shape[:limit])
    if listed and (holder := next((p for p in before if p.index == listed.start()), None)):
        return _closed(reading, reading.joined_before(holder, [p for p in before if p.index < holder.index]))
    owners = _owners(reading, before, limit)
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
    owners = [p for p in before if p.index < verb and not p.oblique]
    if not owners or "S" in reading.shape[owners[-1].index : limit]:
        return []
    return reading.joined_before(owners[-1], owners[:-1])


def _following(reading: Reading, quantity: Quantity) -> list[Phrase]:
    near = (
        p
        for p in reading.phrases
        if p.object != "event"
        and 0 <= p.index - quantity.end < 14
        and not _is_channel(reading, p)
        and "S" not in reading.shape[quantity.end : p.index]
    )
    return list(near)[:1]
