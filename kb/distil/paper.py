"""Walk through a paper: sentence after sentence, with what earlier ones leave behind, and collect candidates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from kb.distil import charges, clauses, flags, lists, tables, triggers
from kb.distil.alternatives import alternatives, conjoined, lists_alternatives, mark
from kb.distil.candidates import Candidate, Setting, Turned
from kb.distil.context import DESCRIBES, NO_REQUIREMENT, SectionKind, objection, section_kind, titles_at
from kb.distil.declared import declared
from kb.distil.definitions import THEY, defines, of_those
from kb.distil.delegation import Delegation, delegation
from kb.distil.flavours import flavours, relative_flavour
from kb.distil.inheritance import Inheritance, excepts, parents
from kb.distil.lexer import plain
from kb.distil.memory import Memory
from kb.distil.named_collections import THE_SAME, collected
from kb.distil.overlaps import overlaps
from kb.distil.particles import FLAVOURS
from kb.distil.placeholders import remember_placeholders
from kb.distil.placement import called_by_label, in_turn, of_table, placed
from kb.distil.rationale import explained, explains, is_meant, purposes, without_purposes
from kb.distil.reading import Reading, read
from kb.distil.region_classes import attributive, classes
from kb.distil.region_index import own_names
from kb.distil.region_labels import label_of
from kb.distil.region_names import is_base, kind_of, makes_sample, names
from kb.distil.region_pairs import each_its_own
from kb.distil.region_synonyms import abbreviations
from kb.distil.region_titles import object_of, of_section
from kb.distil.regions import Regions
from kb.distil.remembered import remember
from kb.distil.sentences import is_figure, running, sentences
from kb.distil.systems import System, only_chooses, system
from kb.distil.telegrams import telegrams
from kb.distil.transition import transition
from kb.distil.working_points import ADJECTIVE
from kb.document import Block, Document, Table
from kb.ssc import Scope

_WORTH = re.compile(
    r"\d|\[|pair|Ref|\b(?i:one|two|three|four|five|six|no|trigger\w*|identif\w*|isolat\w*|tagg\w*|quality"
    r"|filters?|closest|charged?|veto\w*|zero|neutral|single|least|opposite\w*|without|noise|halo"
    r"|cleaning|cosmic|bad|consistent|compatible|incompatible|share|shares|instead|tagger|criteria|jvt"
    r"|point|loose|tight|medium|conversions?|global|flavou?rs?|invert\w*|revers\w*"
    r"|reinstat\w*|shower|any|absence|free|devoid|cannot|not have"
    r"|positive|negative|multivariate|discriminators?|active|operating|functioning|fail\w*|reject\w*|discard\w*|second|third|fourth|fifth|additional|stable|operational|hits?)\b"
)
_OF_REQUIREMENTS = re.compile(r"\b(?:[Ss]election|[Pp]reselection|[Rr]equirements?|[Cc]uts?|[Cc]riteria)\b")
_VARYING = re.compile(r"(?:[<>≤≥]|than|exceed|above|below)\s?(?:min|max)\s?[({[]")
_TAGS = re.compile(r"\b(?:identif(?:y|ied|ies|ication)|tagged|tagger|tagging)\b")
_TELEGRAM = re.compile(r"[tn]{0,2}oC(?!.*[kj])")
_OF_BOTH = re.compile(r"for (?:both|all|each)(?: of (?:them|these))?,", re.IGNORECASE)
_IDENTIFIES = {"identified-by", "identified-with"}  # how objects are identified needs no word of requirement
_LIKEWISE = re.compile(
    r"\b(?:with|has|have|uses?|shares?|by|applying)\s+(?:otherwise\s+)?(?:all\s+)?(?:of\s+)?the\s+same\s+"
    r"(?:event\s+)?(?:requirements?|selections?|criteria|cuts?)(?=,|;|\.|\s+(?:but|except|apart|with|and)\b)"
)
_READ = frozenset({"paragraph", "item", "footnote", "equation"})


@dataclass(slots=True)
class Findings:
    """What a walk through a paper yields."""

    candidates: list[Candidate] = field(default_factory=list)
    turned: list[Turned] = field(default_factory=list)
    systems: list[System] = field(default_factory=list)
    delegations: list[Delegation] = field(default_factory=list)
    inherits: list[Inheritance] = field(default_factory=list)
    quadruplet: tuple[int, int] | None = None


def walk(document: Document) -> Findings:
    """Read all blocks and tables of a paper."""
    steps = _Walk(document)
    findings = steps.blocks()
    for table in document.tables:
        found, turned = tables.read(document, table, steps.declared)
        found = of_table(document, table, found, findings.candidates)
        findings.candidates += found
        findings.turned += turned
        steps.rest_on_base(table, found)
        steps.caption(table, found)
    findings.candidates.sort(key=lambda c: (c.start, c.end))
    findings.candidates, findings.inherits = called_by_label(findings.candidates, findings.inherits, steps.regions)
    return findings


class _Walk:
    """One pass through the blocks of a paper."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings = Findings()
        self.memory = Memory()
        self.declared = declared(document)
        self.regions = Regions(own=own_names(document))
        self.regions.synonyms.short = abbreviations(document.text)
        self.last_objects: frozenset[str] = frozenset()
        self.bases: dict[tuple[str, ...], tuple[str, Reading]] = {}
        """The channel or preselection that the regions of a section are part of, and the sentence that tells of it."""
        self.alternatives: list[list[Candidate]] | None = None
        """What each item of a list of alternatives requires; None outside such a list."""
        self.selecting = False
        """Whether the section's title says that it is on a selection."""
        self.explaining = False
        """Whether the items that follow explain variables."""
        self.listed_of: str | None = None
        """What the items that follow are about, where the text in front of them says so."""
        self.of_list: tuple[str, ...] = ()
        """The regions that the text in front of a list is about."""
        self.triggering = False
        """Whether the sentence before, in the same paragraph, tells what the trigger requires."""

    def blocks(self) -> Findings:
        section: tuple[str, ...] = ()
        for block in running(self.document, _READ):
            path = titles_at(self.document, block.start)
            if path != section:
                section = path
                self.regions.current = self.regions.mentioned = self.of_list = ()
                self.regions.of_section = of_section(path)
                self.regions.base = next(filter(is_base, self.regions.of_section), None)
                self.regions.last = next(iter(self.regions.of_section), self.regions.last)
                self.memory.variable = None
                self.memory.subject = (object_of(path[-1]) if path else None) or self.memory.subject
                # A list right below "Event selection" is one of requirements.
                self.memory.listing = self.selecting = bool(path and _OF_REQUIREMENTS.search(path[-1]))
            kind = section_kind(path)
            kind = "selection" if kind == "front" and self._is_letter else kind
            if kind not in {"skip", "systematics", "front"}:
                self._block(block, kind)
        self._end_of_alternatives()
        return self.findings

    def caption(self, table: Table, found: list[Candidate]) -> None:
        """Read what the caption of a table requires in all its regions."""
        if table.caption is None or not found:
            return
        before = len(self.findings.candidates)
        self.regions.current = self.regions.mentioned = ()
        self.regions.of_section = tuple(dict.fromkeys(name for c in found for name in c.regions))
        block = Block(start=table.caption.start, end=table.caption.end, kind="caption")
        for sentence in sentences(self.document, block):
            text = self.document.text[sentence.start : sentence.end]
            if _WORTH.search(text):
                self._sentence(read(plain(text, sentence.start)), "selection", item=False)
        told = self.findings.candidates[before:]
        self.findings.candidates[before:] = [c.with_(kind="caption") for c in told]

    def _end_of_alternatives(self) -> None:
        if self.alternatives:
            found, name = self.findings.candidates, self.alternatives[0][0].start
            stretches = [
                (group[0].start, self.document.text[group[0].start : group[0].end]) for group in self.alternatives
            ]
            marked = mark(found, self.alternatives, name)
            self.findings.candidates = (
                conjoined(found, self.alternatives, stretches, name) if marked is found else marked
            )
        self.alternatives = None

    @cached_property
    def _is_letter(self) -> bool:
        """Whether there are headings for the end matter only, as in a letter."""
        titles = [section.title for section in self.document.sections]
        return all(title.lower() == "abstract" or section_kind((title,)) == "skip" for title in titles)

    def _block(self, block: Block, kind: SectionKind) -> None:
        text = self.document.text[block.start : block.end]
        item = block.kind == "item" or (self.memory.listing and lists.NUMBERED.match(text) is not None)
        if not item:
            self.regions.current = ()
            self.triggering = False
            self.memory.listing = bool(lists.OPENS.search(text))
            self._end_of_alternatives()
            self.memory.asked = lists.asks(text)
            self.explaining = lists.names_variables(text)
            self.alternatives = [] if lists_alternatives(text) else None
            self.regions.listed = lists.lists_regions(text)
            self.memory.vetoed = {}
        elif self.explaining:
            return
        elif lists.heads(text):
            self.memory.listing = True
        if item:
            self.regions.current = self.of_list
        self.memory.subject = (self.listed_of if item else None) or self.memory.subject
        for sentence in sentences(self.document, block):
            text = self.document.text[sentence.start : sentence.end]
            if is_figure(text):
                turned = Turned(
                    "not_a_cut", "a table or a figure's axis read as text", sentence.start, sentence.end, text[:80]
                )
                self.findings.turned.append(turned)
                continue
            flat = plain(text, sentence.start)
            reading = read(flat, pair=self.memory.pair, own=self.declared.symbols(flat.text), before=self.memory.group)
            if _WORTH.search(text):
                self._sentence(reading, kind, item=item)
            else:
                if kind in {"selection", "background"}:
                    self.regions.turn_to(reading.text, item=item)
                self._explain(reading)
                remember(reading, self.memory, [])
            objects = frozenset(p.object for p in reading.phrases if p.object != "event")
            self.last_objects = objects or self.last_objects
        if not item or lists.heads(text):
            self.of_list = self.regions.current
            self.listed_of = self.memory.subject if lists.OPENS.search(text) else None

    def _sentence(self, reading: Reading, kind: SectionKind, *, item: bool) -> None:
        findings, memory, text = self.findings, self.memory, reading.text
        self.triggering = triggers.is_about_triggers(without_purposes(text)) or (
            self.triggering and triggers.goes_on(text)
        )
        if self.triggering and kind in {"simulation", "detector"} and not triggers.is_about_triggers(text):
            kind = "selection"
        pointed = delegation(reading, self.document, self.last_objects)
        if pointed and kind in {"selection", "background", "detector"}:
            findings.delegations.append(pointed)
        chosen = system(reading, memory) if kind in {"selection", "background"} else None
        if chosen:
            findings.systems.append(chosen)
        if re.search(r"\bquadruplet\b", text) and findings.quadruplet is None and re.search(r"\bpairs?\b", text):
            findings.quadruplet = (reading.start, reading.end)
        self._explain(reading)
        remember_placeholders(reading, memory)
        against = self._objection(reading, kind, item)
        if against and kind in {"selection", "background"}:
            self.regions.turn_to(text, item=item)
        found: list[Candidate] = []
        if not against and not (chosen and only_chooses(reading)):
            found = self._requirements(reading, chosen, item=item)
            if not found and item:
                found = self._in_brief(reading)
            findings.candidates += found
            if found and item and self.alternatives is not None:
                self.alternatives.append(found)
            if not found and reading.quantities:
                reason = "a bound whose variable or subject is not clear"
                findings.turned.append(Turned("unstructured", reason, reading.start, reading.end, text))
            elif not found and _VARYING.search(text):
                reason = "a threshold that follows another quantity"
                findings.turned.append(Turned("unstructured", reason, reading.start, reading.end, text))
        elif (triggers.chains(text) and kind != "results") or triggers.are_collected(text):
            findings.candidates += triggers.trigger(reading)
        elif kind not in {"results", "systematics"} and flags.tells_data_quality(text):
            findings.candidates += [
                c
                for c in flags.flags(reading, memory, Setting())
                if c.variable.id == "cleaning" and c.object == "event"
            ]
        elif against == DESCRIBES and re.search(r"\bpoint\b", text):
            # "the working point with 70% efficiency is used"
            findings.candidates += flags.flags(reading, memory, Setting())
        elif item and memory.listing and kind == "selection" and (brief := self._in_brief(reading)):
            findings.candidates += brief
        elif against in {DESCRIBES, NO_REQUIREMENT} and kind == "selection" and (_TAGS.search(text) or memory.tagging):
            # "b jets are identified by … with an efficiency of 77%"
            told = flags.flags(reading, memory, Setting())
            findings.candidates += [c for c in told if c.variable.id == "btag" or c.rule in _IDENTIFIES]
        elif reading.quantities or any(c.explicit for c in reading.counts):
            findings.turned.append(Turned("not_a_cut", against or "no requirement", reading.start, reading.end, text))
        memory.told = reading.start if found else None
        if kind in {"selection", "background"}:
            findings.inherits += self._inherits(reading, found)
            self._rests(reading, found)
        remember(reading, memory, found)

    def _inherits(self, reading: Reading, found: list[Candidate]) -> Iterator[Inheritance]:
        """Yield which regions take over the requirements of another one that the sentence names."""
        for parent in parents(reading.text, names(reading.text, self.regions.own)):
            ways = (
                self.regions.at(parent.start) if self.regions.parts else (),
                dict.fromkeys(name for c in found for name in c.regions),
                self.regions.current,
            )
            children = next((others for way in ways if (others := [name for name in way if name != parent.name])), [])
            for child in children:
                yield Inheritance(child, parent.name, reading.start, reading.end, excepts(reading.text))

        told = self.regions.current
        if _LIKEWISE.search(reading.text) and len(told) == 1:
            # "the corresponding control region is defined with the same requirements, but …"
            others = [name for name in self.regions.known if name != told[0] and kind_of(name) == "signal"]
            if others:
                yield Inheritance(told[0], others[-1], reading.start, reading.end, excepts(reading.text))

    def _rests(self, reading: Reading, found: list[Candidate]) -> None:
        """Keep which channel or preselection the regions of a section are part of."""
        base = self.regions.base
        if base is None:
            return
        self.bases.setdefault(self.document.section_path(reading.start), (base, reading))
        for child in dict.fromkeys(name for c in found for name in c.regions):
            if child != base and not is_base(child):
                self.findings.inherits.append(Inheritance(child, base, reading.start, reading.end, False))

    def rest_on_base(self, table: Table, found: list[Candidate]) -> None:
        """Let the regions of a table have the requirements of the channel or preselection of its section."""
        if (told := self.bases.get(self.document.section_path(table.start))) is None:
            return
        base, reading = told
        for child in dict.fromkeys(name for c in found for name in c.regions):
            if child != base:
                self.findings.inherits.append(Inheritance(child, base, reading.start, reading.end, False))

    def _explain(self, reading: Reading) -> None:
        """Give what the sentence before required the reason that this one tells."""
        told = self.memory.told
        if told is None or reading.quantities or not explains(reading.text):
            return
        why = (reading.start, reading.end)
        self.findings.candidates = [
            c.with_(rationale=why) if c.start == told and c.rationale is None and is_meant(c, reading) else c
            for c in self.findings.candidates
        ]

    def _objection(self, reading: Reading, kind: SectionKind, item: bool) -> str:
        """Return why a sentence states no requirement; items of a list of requirements need not say that they do."""
        if item and lists.is_only_for(reading.text):
            return NO_REQUIREMENT
        against = objection(reading.text, kind)
        if against == NO_REQUIREMENT and any(c.explicit for c in reading.counts):
            return ""
        if against == NO_REQUIREMENT and kind == "selection" and defines(reading, self.memory):
            return ""
        listed_of = _TELEGRAM.match(reading.shape) or (self.memory.told is not None and _OF_BOTH.match(reading.text))
        if (
            against == NO_REQUIREMENT
            and kind == "selection"
            and listed_of
            and any(q.symbolic for q in reading.quantities)
        ):
            return ""  # "Electrons: p_T > 28 GeV, |η| < 2.47", "For both, |z_0| < 0.5 mm"
        aimed = reading.quantities and kind in {"selection", "background"} and any(purposes(reading.text))
        if against == NO_REQUIREMENT and aimed and "v" in reading.shape:
            return ""  # "ΔR(b, ℓ) is larger than 2.0 to reduce the background"
        if against == NO_REQUIREMENT and kind in {"selection", "background"} and charges.in_sample(reading.text):
            return ""
        if against and kind in {"selection", "background", "results"} and attributive(reading.text):
            return ""  # "is estimated in a E_T^miss < 70 GeV control region"
        makes = against in {NO_REQUIREMENT, DESCRIBES} and kind in {"selection", "background"} and reading.quantities
        if makes and (makes_sample(reading.text) or classes(reading.text)):
            return ""
        listed = self.memory.listing and item and any(q.symbolic or self.memory.asked for q in reading.quantities)
        label = label_of(reading.text, of_regions=self.regions.listed)
        opens = listed and (reading.quantities[0].start <= 10 or label or self.memory.asked)
        opens = opens or (item and self.selecting and re.match(r"o?v[cb]|ncvcn", reading.shape) is not None)
        return "" if opens and against in {NO_REQUIREMENT, DESCRIBES} else against

    def _in_brief(self, reading: Reading) -> list[Candidate]:
        """Read an item without a verb: `b-jet veto`, `tight ID`, `opposite charge`."""
        if len(reading.text.split()) > (12 if self.memory.asked else 4) or reading.quantities:
            return []
        setting = Setting(regions=self.regions.current)
        told = telegrams(reading.text, self.memory.subject, None, setting)
        return [c.with_(start=reading.start, end=reading.end) for c in told] or flags.flags(
            reading, self.memory, setting
        )

    def _requirements(self, reading: Reading, chosen: System | None, *, item: bool) -> list[Candidate]:
        memory, text = self.memory, reading.text
        scope: Scope | None = "trigger" if self.triggering else None
        setting = Setting(scope, self.regions.turn_to(text, item=item))
        found = clauses.candidates(reading, memory, setting)
        if scope is None:
            found = overlaps(reading, setting, found)
        found += [*transition(reading, memory, found), *charges.total_charge(reading, memory, setting)]
        found += charges.unit_charge(reading, memory, setting)
        found += charges.signed_charge(reading, memory, setting)
        if not chosen:
            found += charges.relative_charges(reading, memory, setting)
            found += relative_flavour(reading, setting, found)
        channels = flavours(reading, setting)
        if channels:  # the numbers in `four electrons or two electrons and two muons` are part of it
            found = [c for c in found if not (c.variable.id == "count" and c.object in FLAVOURS)] + channels
        required = {c.object for c in found}
        flagged = flags.flags(reading, memory, setting)
        told = flags.beside([c for c in flagged if c.rule != ADJECTIVE or c.object in required], found)
        asked = {c.object for c in told if c.variable.id == "count"}  # "the veto on b jets is inverted"
        found = [*(c for c in found if not (c.object in asked and c.variable.id == "count")), *told]
        if triggers.chains(text) or not (scope == "trigger" and any(c.operator != "is" for c in found)):
            found += triggers.trigger(reading, self.regions.current)
        found = collected(found, text)
        again = memory.collection and (THEY.match(text) or THE_SAME.match(text))
        found = [of_those(c, memory) for c in found] if again else found
        found = in_turn(found, text, self.regions.own)
        found = alternatives(each_its_own(found, reading), text, reading.start)
        counted = {c.object for c in found if c.variable.id == "count"}
        first = min((c.at for c in found if c.at), default=0)
        found = [placed(c, text, reading.start, self.regions, counted=c.object in counted, first=first) for c in found]
        return explained(found, self.document.text[reading.start : reading.end], reading.start)
