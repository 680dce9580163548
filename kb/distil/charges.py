"""Read what charges must be: `of total charge zero`, `pairs of oppositely charged muons`, `the same charge as`."""

from __future__ import annotations

import re

from kb.bounds import ABSOLUTE_CHARGE
from kb.distil.candidates import Candidate, Setting, stated
from kb.distil.holders import holders
from kb.distil.memory import Memory
from kb.distil.particles import compose, leptons, of_any_flavour, twice
from kb.distil.qualifiers import pair_requirements
from kb.distil.reading import Reading
from kb.distil.vetoes import is_veto
from kb.ssc import PairRequirement, Variable

_TOTAL = re.compile(
    r"(?:(?:total|net|summed|overall|combined)\s+(?:electric\s+|lepton\s+)?charges?(?:\s+sum)?"
    r"(?:\s+of\s+(?:the\s+|all\s+|these\s+)*(?:[\w-]+\s+){0,2}?(?:leptons?|muons?|electrons?|quadruplets?|systems?|objects|candidates?))?"
    r"|sum\s+of\s+(?:the|their|all)?\s*(?:\w+\s+){0,2}charges?(?:\s+of\s+(?:the\s+)?(?:\w+\s+){0,3}\w+)?"
    r"|charges?\s+(?:of\s+(?:the\s+)?(?:\w+\s+){0,2}\w+\s+)?(?:must\s+|have\s+to\s+"
    r"|that\s+)?(?:sum|add)(?:s|ming|ding)?(?:\s+up)?)"
    r"\s*(?:that\s+)?(?:of|is|are|equal(?:s)?|to|must|be|has|have|equal|required|=|which"
    r"|vanish(?:es|ing)?|the|value|\s)*\s*(?P<value>zero|0(?![.\d])|vanish\w*)",
    re.IGNORECASE,
)
_NEUTRAL = re.compile(
    r"\b(?:zero|vanishing|no net|null)\s+(?:total\s+|net\s+)?(?:electric\s+)?charge\b"
    r"|\b(?:electrically\s+)?neutral\s+(?:combination|system|quadruplet|set)"
    r"|(?:total|net)\s+charge\s+(?:must\s+)?vanish",
    re.IGNORECASE,
)
_BUILT = re.compile(
    r"\b(?:form(?:ed|s)?|built|requir\w+|select\w+|combin\w+|reconstructed from|consist\w*|must"
    r"|have to|pairs? of|contain\w*)\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"(?P<r>opposite|same)(?:\s+electric)?[\s-]+(?:charges?|sign)"
    r"\s+(?:relative|compared|with respect|to that|as|than|to the)"
    r"|charges?[^.;]{0,60}?\b(?:must|required to|has to) be (?P<s>opposite|the same|equal)"
    r"|charges?\s+(?:opposite|equal|identical)\s+to\b",
    re.IGNORECASE,
)
_ASKED = re.compile(r"[^.;]*\b(?:is|are) (?:required|selected|demanded|requested)\b(?! to)")
_PAIRED = re.compile(r"\bpairs? of\b|\b(?:built|formed|reconstructed|constructed|made) from\b")
_ALIKE = re.compile(
    r"(?:must|required to|have to|has to|should|shall|need to)(?: all| both)? "
    r"(?:be of (?:the )?(?:same|different|opposite) flavour,? (?:and|but) )?"
    r"(?:have|carry|be|possess|bear|of)"
    r" (?:of )?(?:the )?(?:same flavou?rs? and (?:the )?)?"
    r"(?P<sign>opposite|unlike|same|equal|like|identical)(?:ly)?[\s-]+(?:electric(?:al)? )?"
    r"(?:charge|sign)",
    re.IGNORECASE,
)
_SAMPLED = re.compile(
    r"(?:\b(?:samples?|regions?|[SCV]R\S*|which|where)\b|^[\w-]+: )[^.;]*?\b(?:have|carry) (?:the )?"
    r"(?P<sign>opposite|unlike|same|equal|like|identical)[\s-]+(?:electric(?:al)? )?(?:charge|sign)s?",
    re.IGNORECASE,
)
_OF_SIGN = re.compile(
    r"\b(?:of|with|having|GeV and) (?:the )?(?P<sign>opposite|same|unlike|like|equal|identical)"
    r"[\s-]+(?:electric(?:al)? )?(?:charges?|signs?)\b",
    re.IGNORECASE,
)
_BOTH = re.compile(r"\b(?:two|both) (?:selected )?(?:objects|candidates|particles)\b", re.IGNORECASE)
_UNIT = re.compile(
    r"\bunit (?:electric )?charge\b|\bcharges?\b[^.;,]{0,50}?(?:±|\+/-|\+-)\s?1(?!\.?\d)"
    r"|\babsolute (?:electric )?charge (?:of|equal to) (?:one|unity|1)(?!\.?\d)",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"(?<!\w)(?P<w>positive|negative)(?:ly)?[\s-]+(?:electric(?:ally)?[\s-]+)?charged?(?! (?:particle|hadron))\b"
    r"|\b(?:electric )?charge (?:of|is|must be|has to be|equal to|=)?\s?(?P<n>[+-]\s?1(?!\.?\d)|positive|negative)\b",
    re.IGNORECASE,
)
_BOTH_SIGNS = re.compile(r"\bpositive\w*\b.*\bnegative|\bnegative\w*\b.*\bpositive", re.IGNORECASE)
_ASKED_OF = re.compile(
    r"\b(?:must|has to|have to|required to|should|requir\w+|with|having|whose|need\w*)\b[^.;]*$", re.IGNORECASE
)
_NEAR = 40  # how far in front of the charges the flavour may be told
_SUMMED = re.compile(r"\b(?:total|net|sum|summed|combined)\b", re.IGNORECASE)
_LEPTONS = {"lepton", "electron", "muon", "tau"}
_CHARGED = {"track", "lepton", "electron", "muon", "tau", "jet"}


def total_charge(reading: Reading, memory: Memory, setting: Setting) -> list[Candidate]:
    """Read `of total charge zero`, `whose charges add up to zero`."""
    if not (_TOTAL.search(reading.text) or _NEUTRAL.search(reading.text)):
        return []
    return [stated(reading, setting, _of_what(reading, memory), "charge", "==", 0.0, "total-charge")]


def _of_what(reading: Reading, memory: Memory) -> str:
    systems = {"fourlepton", "trilepton", "lepton_pair", "electron_pair", "muon_pair"}
    for phrase in reading.phrases:
        if phrase.object in systems:
            return phrase.object
    for phrase in reading.phrases:
        together = leptons(phrase.number or 0)
        if together and phrase.object in {"lepton", "electron", "muon"}:
            return together
    of = [p for p in reading.phrases if p.object in _LEPTONS and not p.plural]
    if len(of) == 2 and re.search(r"\bcharges? of\b", reading.text):
        return compose(tuple(p.object for p in of))  # "the sum of the charges of the electron and the τ_h"
    return memory.system or leptons(memory.leptons or 4) or "fourlepton"


def unit_charge(reading: Reading, memory: Memory, setting: Setting) -> list[Candidate]:
    """Read `a charge of ±1`, `unit charge`: of each object, or of all together."""
    found = _UNIT.search(reading.text)
    if not found:
        return []
    place = _token_at(reading, found.end())
    if memory.subject == "tau" and all(p.object in {"track", "tau"} for p in reading.phrases):
        owner: str | None = "tau"  # "candidates must have one or three tracks with a total charge of ±1"
    elif _SUMMED.search(reading.text[: found.end()]):
        owner = _of_what(reading, memory)
    else:
        named = [p for p in reading.phrases if p.index < place and p.object in _CHARGED]
        heads = [p for p in named if not p.oblique] or named  # "the charge of the τ candidate must be ±1"
        owner = next((p.object for p in heads if p.object != "track"), None) or memory.subject
    if owner is None or owner.endswith("_pair"):
        return []
    charge = stated(reading, setting, owner, "charge", "==", 1.0, "unit-charge")
    charge = charge.with_(variable=Variable(id="charge", name=ABSOLUTE_CHARGE))
    return [charge if owner in {"trilepton", "fourlepton"} else charge.with_(scope=setting.scope or "object")]


def signed_charge(reading: Reading, memory: Memory, setting: Setting) -> list[Candidate]:
    """Read `the muon must be negatively charged`, `a positive charge`: of each object spoken of."""
    signs = list(_SIGNED.finditer(reading.text))
    if len(signs) != 1 or _SUMMED.search(reading.text) or _BOTH_SIGNS.search(reading.text) or "j" in reading.shape:
        return []  # "a positive and a negative muon" are a pair
    found = signs[0]
    said = found["w"] or found["n"]
    negative = said[0] in "nN-"
    operator, value = ("==", -1.0 if negative else 1.0) if said[-1] == "1" else ("<" if negative else ">", 0.0)
    place = _token_at(reading, found.start())
    described = [p for p in reading.phrases if p.start <= place <= p.index and p.object in _CHARGED]
    owners = [p.object for p in described] or holders(reading, memory, found.start(), _CHARGED)
    if not described and not _ASKED_OF.search(reading.text[: found.end()]):
        return []
    charges = [stated(reading, setting, one, "charge", operator, value, "signed-charge") for one in owners]
    return [one.with_(scope=setting.scope or "object", at=reading.tokens[place].start) for one in charges]


def _token_at(reading: Reading, place: int) -> int:
    """Return the token at a position of the sentence's text."""
    at = reading.start + place
    return next((i for i, t in enumerate(reading.tokens) if t.start >= at), len(reading.tokens))


def _paired_charges(reading: Reading, memory: Memory, setting: Setting) -> list[Candidate]:
    """Read `two oppositely charged muons`, `the two leptons must have the same charge`."""
    if is_veto(reading):
        return []
    for phrase in reading.phrases:
        two = phrase.number == 2 or _PAIRED.search(reading.words_before(phrase.index, 6))
        group = reading.joined_before(phrase, [p for p in reading.phrases if p.index < phrase.index])
        one_each = len(group) == 2 and not two and all(p.object in _LEPTONS and not p.plural for p in group)
        if one_each and {"opposite_charge", "same_charge"} & set(phrase.requires):
            return _pair_charges(
                reading, setting, compose(tuple(p.object for p in group)), phrase.requires, phrase.index
            )
        each = re.search(r"\b(?:any|all|each|every|no)\b", reading.words_before(phrase.start, 4).lower())
        if each and "m" in reading.shape[phrase.index : phrase.index + 8]:
            continue  # "any pair of oppositely charged leptons must have m > 12 GeV"
        charged = len({"opposite_charge", "same_charge"} & set(phrase.requires)) == 1
        if phrase.object in _CHARGED and phrase.plural and two and charged:
            return _pair_charges(reading, setting, twice(phrase.object), phrase.requires, phrase.index)
    alike = _ALIKE.search(reading.text) or _OF_SIGN.search(reading.text) or in_sample(reading.text)
    if not alike:
        return []
    place = _token_at(reading, alike.start("sign"))
    before = [p for p in reading.phrases if p.index < place and p.object in _CHARGED and not p.oblique]
    if not before and memory.subject in _CHARGED and re.search(r"\b(?:two candidates|they|both)\b", reading.text, re.I):
        return _pair_charges(reading, setting, twice(memory.subject), _sign(alike), place)
    if not before and _BOTH.search(reading.text):
        return _pair_charges(reading, setting, of_any_flavour(memory.pair), _sign(alike), place)
    if not before:
        return []
    group = reading.joined_before(before[-1], before[:-1])
    if len(group) == 1:  # "one electron and one muon of opposite charge"
        joined = (p for p in before[:-1] if re.fullmatch("ac?n", reading.shape[p.index + 1 : before[-1].index]))
        group = [*joined, before[-1]]
    last = group[-1]
    alone = alike.re in {_ALIKE, _SAMPLED} or re.match(r" (?:are|is) required", reading.text[alike.end() :]) is not None
    paired = last.plural and (last.number == 2 or (alone and last.number is None))
    if len(group) == 1 and not paired:
        return []
    if alike.re is _OF_SIGN and len(group) > 1 and not all(p.number in {None, 1} and not p.plural for p in group):
        return []
    pair = compose(tuple(p.object for p in group)) if len(group) == 2 else twice(last.object)
    flavour = [r for r in pair_requirements(reading.text[max(0, alike.start() - _NEAR) :]) if r == "same_flavour"]
    return _pair_charges(reading, setting, pair, (*_sign(alike), *flavour), place)


def in_sample(text: str) -> re.Match[str] | None:
    """`the sample in which the two leptons have the same charge`: what makes a sample is asked for."""
    return _SAMPLED.search(text)


def _sign(alike: re.Match[str]) -> tuple[PairRequirement, ...]:
    unlike = alike["sign"].lower() in {"opposite", "unlike"}
    denied = re.search(r"\bnot (?:\w+ )?(?:the )?$", alike.string[: alike.start("sign")]) is not None
    return ("opposite_charge",) if unlike != denied else ("same_charge",)


def _pair_charges(
    reading: Reading, setting: Setting, pair: str, requires: tuple[PairRequirement, ...], place: int
) -> list[Candidate]:
    at = reading.tokens[min(place, len(reading.tokens) - 1)].start
    product = -1.0 if "opposite_charge" in requires else 1.0
    charges = stated(reading, setting, pair, "charge_product", "==", product, "charges").with_(at=at)
    if "same_flavour" not in requires or of_any_flavour(pair) != "lepton_pair":
        return [charges]
    if "electron" in reading.text and "muon" in reading.text:
        pair = "lepton_pair"  # "a same-flavour pair of electrons or muons"
        charges = charges.with_(object=pair)
    flavour = stated(reading, setting, pair, "other", "is", "same flavour", "pair-flavour").with_(at=at)
    return [charges, flavour.with_(variable=Variable(id="other", name="flavour"))]


def relative_charges(reading: Reading, memory: Memory, setting: Setting) -> list[Candidate]:
    """Read `pairs of oppositely charged muons`, `opposite charge relative to the selected lepton`."""
    compared = _RELATIVE.search(reading.text)
    if compared:
        found = _compared(reading, compared, setting)
        if found:
            return [found]
    # "two pairs of opposite charge" build a system, "at least one pair" asks for its charges
    passed = {c.object for c in reading.counts if c.explicit and (c.value != 1 or is_veto(reading))}
    bounded = any(q.amounts and q.amounts[0].unit in {"GeV", "MeV", "TeV"} for q in reading.quantities)
    for phrase in reading.phrases:
        pair = phrase.object
        if not pair.endswith("_pair") or phrase.index in passed:
            continue
        asked = _ASKED.match(reading.words(phrase.index + 1, len(reading.tokens)))
        if not asked and not _BUILT.search(reading.words(0, phrase.index + 1)):
            continue
        if phrase.start and reading.shape[phrase.start - 1] == "z":
            continue
        if re.search(r"\bfor (?:all|any|each|every)?\b", reading.words_before(phrase.start + 1, 4)) and bounded:
            continue  # "m > 12 GeV for all pairs of opposite charge"
        if bounded and re.match("[^lw]{0,6}m", reading.shape[phrase.index + 1 :]):
            continue  # "oppositely charged pairs must have m > 12 GeV"
        listed = phrase.start > 1 and reading.shape[phrase.start - 1] == "l"  # "an opposite charge, same flavour pair"
        first = max(0, phrase.start - 4) if listed else phrase.start
        requires = pair_requirements(reading.words(first, phrase.index + 8)) or phrase.requires
        if not {"opposite_charge", "same_charge"} & set(requires):
            continue
        return _pair_charges(reading, setting, pair, requires, phrase.index)
    return _paired_charges(reading, memory, setting)


def _compared(reading: Reading, compared: re.Match[str], setting: Setting) -> Candidate | None:
    """Return the charge of what is compared: the last one named before, else the first after."""
    same = re.search(r"same|equal", compared.group(), re.IGNORECASE)
    at = reading.start + compared.start()
    place = next((i for i, t in enumerate(reading.tokens) if t.start >= at), len(reading.tokens))
    before = [p for p in reading.phrases if p.index < place and p.object in _CHARGED and not p.oblique]
    after = [p for p in reading.phrases if p.index >= place and p.object in _CHARGED - {"tau", "jet"}]
    if any(p.object == "tau" for p in before):
        before = [
            p for p in before if p.object != "track" or p.number is None
        ]  # its tracks have charges, but the tau's is compared
    owner = before[-1] if before else after[0] if after else None
    if owner is None:
        return None
    found = stated(reading, setting, owner.object, "charge_product", "==", 1.0 if same else -1.0, "charges")
    return found.with_(scope=setting.scope or "object", definition=owner.definition)
