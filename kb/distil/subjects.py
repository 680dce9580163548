"""Find what a bound holds for: the object and rank, in the symbol, in the sentence or from the ones before."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.distil.amounts import Quantity
from kb.distil.bounded import Bounded
from kb.distil.discriminants import discriminant, owner
from kb.distil.distances import distant
from kb.distil.isolation import isolated
from kb.distil.members import member_of
from kb.distil.members import named as named_member
from kb.distil.memory import Memory
from kb.distil.notation import DISTANCES
from kb.distil.particles import FLAVOURS, PAIRED, PHYSICAL, Named, compose, twice
from kb.distil.particles import single as one
from kb.distil.phrases import Phrase
from kb.distil.reading import Reading
from kb.distil.spoken import following_objects, objects_of, preceding, spoken_of, trailing

_POINTING = {"this", "these", "that", "those", "such"}
_OF_TRACKS = {"chi2", "d0", "d0_sig", "z0", "z0_sintheta", "other", "isolation"}
_THE_TRACK = re.compile(r"the(?: (?:global|inner|tracker|reconstructed|combined|ID))*", re.IGNORECASE)
_TRACKED = {"electron", "muon", "lepton", "tau"}
_DEFINITE = {"the", "these", "those", "any", "each", "all"}
_ISOLATIONS = {"iso_rel", "iso_abs", "mini_iso", "isolation"}
_TRACK_TO_CLUSTER = re.compile(r"Δ\s?[ηφ]_\{?(?:in|seed|vtx)\}?(?:\(seed\))?")  # of an electron's track and its cluster
_FOR_BOTH = re.compile(r"(?:for|of) both(?: of them)?\b(?! \w+s\b)")
_BOTH_MUST = re.compile(
    r"\bboth (?:must|have to|need to|are required to|should|shall)(?: (?:satisfy|have|be|fulfil|pass))?$"
)
_ANEW = re.compile(r"[,;]? ?(?:and|while|but|whereas)? ?(?:that of|those of)? ?(?:the)?")
_MOST = 6
_UNRANKED = {"other", "ratio", "count"}
_OWN_OF_ONE = {"pt", "energy", "abs_eta", "eta", "ratio"}
_BOTH = re.compile(r"(?:for )?(?:both|each)\b(?: of (?:them|these))?(?! \w+s\b)|(?:they|these) both\b", re.IGNORECASE)
_ETA_PRODUCT = re.compile(r"η\S*\s?[·×*⋅∙]?\s?η")
_OTHERS = re.compile(
    r"(?!They|These|Those|Events|Requirements|Thresholds|Values|Cuts|Criteria|Both|Candidates|Its|This|Always|Objects|Ones)"
    r"[A-Z][a-z]+s (?:must|are|have|has|with)\b"
)
_PRONOUN = re.compile(r"(?:They|It|These|Those) (?:must|are|is|have|has|should)\b")
_JET_MASS = re.compile(r"\b(?:masses|a mass|(?:jet|the|its|whose) mass|jet)$")
_EACH_JET = re.compile(r"\b(?:[Bb]oth|[Ee]ach|[Aa]ll)\b(?! [\w ]*\bcombin)")
_CANDIDATES = re.compile(r"^(?:\w+ )?[Cc]andidates\b|\bcandidates (?:with|that|which|whose|having)\b")
_POINTS_BACK = re.compile(r"\b(?:angle|cosine)\b.*\bmomentum\b.*\bvert(?:ex|ices)\b")
_OF_CANDIDATE = re.compile(r"of (?:the|each|every|all|a) candidates?\b")
_GROOMED = re.compile(r"\b(?:soft[ -]?drop|groomed|trimmed|pruned|ungroomed)\b|m_\{?(?:SD|soft|PUPPI|trim|prun)", re.I)
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
    if bounded.variable in DISTANCES and _TRACK_TO_CLUSTER.fullmatch(symbol.strip("| ")):
        return [Named(memory.subject if memory.subject in {"electron", "photon"} else "electron")]
    if bounded.variable in DISTANCES and (named is None or "_" not in named.object):
        return distant(reading, quantity, anchor, memory) or ([named] if named is not None else [])
    if bounded.variable == "ratio" and (told := trailing(reading, quantity)):
        behind = _rank_behind(reading, quantity)
        return [replace(told[0], rank=behind)] if behind else list(told)
    if named is not None and (named.object not in {"meson", "candidate"} or bounded.variable == "mass"):
        if bounded.variable in DISTANCES and named.rank is None and (ranks := _each_behind(reading, quantity)):
            return [replace(named, rank=rank) for rank in ranks]
        return [_fuller(reading, quantity, bounded, named, anchor)]
    if bounded.variable == "discriminant" and symbol.startswith("D_"):
        return [Named("event")]  # of its decay and of what else is in it
    member = member_of(reading, quantity)
    if member is not None:
        return [named_member(member)]
    if gapped := _gapped(reading, quantity, bounded):
        return [gapped]
    if both := _of_both(reading, quantity, anchor):
        return list(both)
    another = _another(reading, quantity, anchor)
    if another is not None:
        return [another]
    if bounded.index is not None and _OF_CANDIDATE.match(reading.words(bounded.index + 1, bounded.index + 4)):
        return [Named("candidate")]
    beside = reading.phrase_at(anchor - 1) if quantity.symbolic and quantity.variable == anchor else None
    if beside is not None and beside.oblique and bounded.variable in _OWN_OF_ONE and "_" not in beside.object:
        return [beside]  # "jets within 0.4 of any lepton p_T > 20 GeV"
    group = spoken_of(reading, quantity, bounded, anchor)
    group = [_known(reading, p, bounded, memory) for p in group]
    if bounded.variable == "other" and {p.object for p in group} == {"vertex"} and _POINTS_BACK.search(reading.text):
        return [Named("candidate")]  # "the angle between its momentum and the vector to its decay vertex"
    if large := _large(reading, bounded, group, anchor, memory):
        return large
    if bounded.variable in _ISOLATIONS and (owner_of := isolated(reading, quantity, group, memory)):
        return [next((p for p in group if p.object == owner_of), Named(owner_of))]
    if len(group) == 1 and bounded.variable in _OWN_OF_ONE and _is_of_several(reading, group[0], anchor):
        return [Named(one(group[0].object))]
    behind = _rank_behind(reading, quantity)
    owned = group or (following_objects(reading, quantity) if behind is not None else [])
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
        and (rank := _at_least(reading, anchor))
    ):
        return [replace(group[0], rank=rank, plural=False)]
    if not group and named is not None:
        return [named]
    pronoun = _PRONOUN.match(reading.text) is not None and memory.subject is not None
    group = group or ([] if pronoun else following_objects(reading, quantity))
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
            built = memory.candidate if bare else None
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
        joined = re.search(r"(o)h(o)$", reading.shape[:anchor])
        if joined:  # "an electron–photon invariant mass"
            two = (reading.tokens[joined.start(side)].value.object for side in (1, 2))
            return [Named(compose(tuple(two)))]
        return [_groomed(reading, group[0], anchor) or _system(group)]
    if named is not None and not any(p.object == named.object for p in group):
        return [named]
    scored = bounded.variable == "discriminant" and _B_TAGGED.search(reading.text)
    others = any(c.rule == "of-which" for c in reading.counts)  # "at least one of them has to be b-tagged"
    if (scored or (_FOR_BTAGGING.search(reading.text) and not others)) and {p.object for p in group} == {"jet"}:
        return [Named("bjet")]
    return list(group)


def _of_both(reading: Reading, quantity: Quantity, anchor: int) -> list[Phrase]:
    """`electrons must have …, muons …, and both must satisfy …`, `… |z_0| < 0.5 mm for both`: each of the two."""
    if not _FOR_BOTH.match(reading.words(quantity.end, quantity.end + 3)) and not _BOTH_MUST.search(
        reading.words(max(0, anchor - 5), anchor)
    ):
        return []
    found = {p.object: p for p in reading.phrases if p.object in FLAVOURS and p.plural and p.index < quantity.start}
    return list(found.values()) if set(found) == FLAVOURS else []


def _gapped(reading: Reading, quantity: Quantity, bounded: Bounded) -> Phrase | None:
    """Return whose the variable of the bound before is now: `…, the subleading pair between 12 and 115 GeV`."""
    last = max((q.end for q in reading.quantities if q.end <= quantity.start), default=None)
    if last is None or bounded.index is None or bounded.index >= last:
        return None
    new = next((p for p in reading.phrases if last <= p.start and p.index < quantity.start), None)
    if new is None or not _ANEW.fullmatch(reading.words(last, new.start)):
        return None
    alike = bounded.variable in _OWN_OF_ONE | _ISOLATIONS | _OF_TRACKS or new.object.endswith("_pair")
    return new if alike and re.fullmatch(r"[tl]{0,2}", reading.shape[new.end : quantity.start]) else None


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


def _large(
    reading: Reading, bounded: Bounded, group: list[Phrase], anchor: int, memory: Memory
) -> list[Phrase | Named] | None:
    """`both jets must have masses above 50 GeV`: of a paper's jets, the large-radius ones have a mass or prongs."""
    kinds_of = {p.object for p in group} or {memory.subject or "jet"}
    if bounded.variable == "tau21" or (bounded.name or "").startswith(("τ_3", "τ32", "D_2", "C_2")):
        if kinds_of <= {"jet", "bjet", "fatjet"}:
            return [replace(p, object="fatjet") for p in group] or [Named("fatjet")]
        return None
    here = memory.large or any(p.object == "fatjet" for p in reading.phrases)
    if not here or not kinds_of <= {"jet", "fatjet"}:
        return None
    own = _JET_MASS.search(reading.words(max(0, anchor - 2), anchor + 1)) is not None
    each = _EACH_JET.search(reading.words(0, anchor)) or not any(p.plural for p in group)
    if bounded.variable == "mass" and group and own and each and "invariant" not in reading.words(0, anchor + 1):
        return [replace(p, object="fatjet") for p in group]
    return None


def _at_least(reading: Reading, anchor: int) -> int | None:
    """`at least two of the jets must have p_T > 60 GeV`: the second one then has it; return how many must."""
    if "j" in reading.shape:
        return None
    start = max((i for i in range(anchor) if reading.shape[i] in "SW"), default=-1) + 1
    found = re.search(r"c?n(?:O|w|m)[^vc]*$", reading.shape[start:anchor])
    if found is None:
        return None
    place = start + found.start()
    least = reading.tokens[place].value if reading.shape[place] == "c" else None
    number, behind = reading.tokens[place + (least is not None) :][:2]
    if least is None and re.match(r"of the (?:two|three|four|five)\b", reading.text, re.IGNORECASE):
        told = behind.kind == "m"  # "of the two jets, one must have …"
    elif least is None and behind.word == "of" and re.search(r"\bone of .*\bthe other\b", reading.text):
        told = True  # "with one of the leptons having p_T > 25 GeV and the other …"
    elif least is None:  # "two b jets, one of which must have p_T > 45 GeV"
        told = behind.word == "of which"
    else:
        told = least == ">=" and (behind.word in {"of", "of which"} or (behind.kind == "m" and number.value == 1))
    told = told and (number.value == 1 or not _B_TAGGED.search(reading.text))  # the b jets are fewer than the jets
    return int(number.value) if told and 1 <= number.value <= _MOST else None


def _is_of_several(reading: Reading, phrase: Phrase, anchor: int) -> bool:
    """`pairs of oppositely charged muons with p_T > 4 GeV`, `a pair of jets, each with …`: the single ones have it."""
    spelt = reading.tokens[phrase.index].text
    behind = reading.shape[phrase.index + 1 : anchor]
    if phrase.object.endswith("_pair") and re.search(r"^[tln]{0,5}e", behind):
        return True
    return re.match(r"pairs? of ", spelt, re.IGNORECASE) is not None and reading.shape[phrase.index + 1 :][:1] == "w"


def _known(reading: Reading, phrase: Phrase, bounded: Bounded, memory: Memory) -> Phrase:
    """Read `this jet` as the large-radius jet spoken of, and what the associated track has as its lepton's."""
    if phrase.object == "jet" and phrase.article in _POINTING and memory.subject in {"fatjet", "bjet"}:
        return replace(phrase, object=memory.subject)
    if phrase.object == "jet" and not phrase.plural and bounded.index == phrase.index + 1:  # "a jet mass"
        return next((replace(p, rank=None) for p in reading.phrases if p.object == "fatjet"), phrase)
    beside = (reading.phrase_at(phrase.index - back) for back in (1, 2)) if phrase.object == "track" else ()
    owners = (p for p in beside if p and (p.index == phrase.index - 1 or reading.tokens[p.index].text.endswith("'s")))
    qualifying = next(owners, None)  # "each lepton track", "the muon's inner track"
    if qualifying is not None and qualifying.object in _TRACKED and bounded.variable in _OF_TRACKS:
        return qualifying  # "each lepton track must have …"
    if (
        phrase.object == "track"
        and bounded.variable in _OF_TRACKS
        and (
            re.search(r"\b(?:associated|matched|corresponding)\b", phrase.words)
            or reading.tokens[phrase.start - 1].word in {"its", "their"}
            or (_THE_TRACK.fullmatch(phrase.words) and not phrase.plural)
        )
        and memory.subject in _TRACKED
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


def _each_behind(reading: Reading, quantity: Quantity) -> list[int]:
    """Return the ranks of `> 0.5 for the two leading jets`, `> 0.3 for the third and fourth`."""
    of = trailing(reading, quantity)
    if of and of[0].first:
        return list(range(1, of[0].first + 1))
    listed = re.match(r"ft?(?P<ranks>r(?:l?at?r)*)(?![^lS.]{0,2}o)", reading.shape[quantity.end :])
    tokens = reading.tokens[quantity.end : quantity.end + listed.end("ranks")] if listed else []
    return [int(t.value) for t in tokens if t.kind == "r" and t.value > 0]


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
        near = (*trailing(reading, quantity), *reversed(preceding(reading, quantity, anchor)))
        return next((p for p in near if p.object == named.object and p.requires), named)
    return named


def _another(reading: Reading, quantity: Quantity, anchor: int) -> Phrase | None:
    """`leptons with p_T > 20 GeV, the leading one > 30 GeV`."""
    if trailing(reading, quantity):
        return None
    one = re.search(r"(r)n[tmkgwv]{0,5}$", reading.shape[: quantity.start])
    if one is None or reading.tokens[one.start() + 1].word not in {"one", "ones"}:
        return None
    before = preceding(reading, quantity, anchor) or objects_of(reading, quantity, anchor)
    if not before or before[-1].index >= one.start():
        return None
    return replace(before[-1], rank=int(reading.tokens[one.start()].value))


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
