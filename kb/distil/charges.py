"""Read what charges must be: `of total charge zero`, `pairs of oppositely charged muons`, `the same charge as`."""

from __future__ import annotations

import re

from kb.distil.candidates import Candidate, Setting, stated
from kb.distil.memory import Memory
from kb.distil.particles import leptons
from kb.distil.qualifiers import pair_requirements
from kb.distil.reading import Reading
from kb.ssc import Variable

_TOTAL = re.compile(
    r"(?:(?:total|net|summed|overall|combined)\s+(?:electric\s+|lepton\s+)?charges?(?:\s+sum)?"
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
    r"|charges?[^.;]{0,60}?\b(?:must|required to|has to) be (?P<s>opposite|the same|equal)",
    re.IGNORECASE,
)
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
    return memory.system or leptons(memory.leptons or 4) or "fourlepton"


def relative_charges(reading: Reading, setting: Setting) -> list[Candidate]:
    """Read `pairs of oppositely charged muons`, `opposite charge relative to the selected lepton`."""
    compared = _RELATIVE.search(reading.text)
    if compared:
        found = _compared(reading, compared, setting)
        if found:
            return [found]
    counted = {c.object for c in reading.counts if c.explicit}
    bounded = any(q.amounts and q.amounts[0].unit in {"GeV", "MeV", "TeV"} for q in reading.quantities)
    for phrase in reading.phrases:
        pair = phrase.object
        if not pair.endswith("_pair") or phrase.index in counted:
            continue
        if not _BUILT.search(reading.words(0, phrase.index + 1)):
            continue
        if bounded and "m" in reading.shape[phrase.index + 1 : phrase.index + 8]:
            continue  # "oppositely charged pairs must have m > 12 GeV"
        requires = pair_requirements(reading.words(phrase.start, phrase.index + 8)) or phrase.requires
        if not {"opposite_charge", "same_charge"} & set(requires):
            continue
        sign = -1.0 if "opposite_charge" in requires else 1.0
        charges = stated(reading, setting, pair, "charge_product", "==", sign, "charges")
        if "same_flavour" not in requires:
            return [charges]
        flavour = stated(reading, setting, pair, "other", "is", "same flavour", "pair-flavour")
        return [charges, flavour.with_(variable=Variable(id="other", name="flavour"))]
    return []


def _compared(reading: Reading, compared: re.Match[str], setting: Setting) -> Candidate | None:
    """Return the charge of what is compared: the last one named before, else the first after."""
    same = re.search(r"same|equal", compared.group(), re.IGNORECASE)
    at = reading.start + compared.start()
    place = next((i for i, t in enumerate(reading.tokens) if t.start >= at), len(reading.tokens))
    before = [p for p in reading.phrases if p.index < place and p.object in _CHARGED and not p.oblique]
    after = [p for p in reading.phrases if p.index >= place and p.object in _CHARGED - {"tau", "jet"}]
    owner = before[-1] if before else after[0] if after else None
    if owner is None:
        return None
    found = stated(reading, setting, owner.object, "charge_product", "==", 1.0 if same else -1.0, "charges")
    return found.with_(scope=setting.scope or "object", definition=owner.definition)
