"""Walk through a paper: sentence after sentence, with what earlier ones leave behind, and collect candidates."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kb.distil import clauses, flags, systems, tables
from kb.distil.candidates import Candidate, Memory, Turned
from kb.distil.context import SectionKind, objection, section_kind
from kb.distil.delegation import Delegation, delegation
from kb.distil.isolation import cones
from kb.distil.lexer import plain
from kb.distil.rationale import explains, purpose
from kb.distil.reading import Reading, read
from kb.distil.regions import Regions, about, brackets, label_of, of_title
from kb.distil.sentences import sentences
from kb.distil.systems import System
from kb.document import Block, Document
from kb.ssc import Scope

_WORTH = re.compile(
    (
        r"\d|\b(?:one|two|three|four|five|six|no|trigger\w*|identif\w*|isolat\w*|tagg\w*|quality"
        r"|filters?|closest|charge|veto\w*|zero|neutral|single|least|opposite\w*|without|noise|halo"
        r"|cleaning|cosmic|bad|consistent|compatible|incompatible|share|shares|instead|tagger|criteria|jvt)\b"
    ),
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_READ = {"paragraph", "item", "footnote", "equation"}


@dataclass(slots=True)
class Findings:
    """What a walk through a paper yields."""

    candidates: list[Candidate] = field(default_factory=list)
    turned: list[Turned] = field(default_factory=list)
    systems: list[System] = field(default_factory=list)
    delegations: list[Delegation] = field(default_factory=list)
    quadruplet: tuple[int, int] | None = None


def walk(document: Document) -> Findings:
    """Read all blocks and tables of a paper."""
    findings = Findings()
    memory = Memory()
    section: tuple[str, ...] = ()
    last_objects: frozenset[str] = frozenset()
    regions = Regions()
    for block in document.blocks:
        if block.kind not in _READ:
            continue
        path = document.section_path(block.start)
        if path != section:
            section = path
            regions.current = ()
            regions.of_section = of_title(path[-1]) if path else ()
            memory.variable = None
        kind = section_kind(path)
        if kind in {"skip", "systematics", "front"} and not (kind == "front" and not document.sections):
            continue
        if block.kind != "item":
            regions.current = ()
        last_objects = _block(document, block, kind, memory, regions, findings, last_objects)
    for table in document.tables:
        found, turned = tables.read(document, table)
        findings.candidates += found
        findings.turned += turned
    findings.candidates.sort(key=lambda c: (c.start, c.end))
    return findings


def _block(
    document: Document,
    block: Block,
    kind: SectionKind,
    memory: Memory,
    regions: Regions,
    findings: Findings,
    last_objects: frozenset[str],
) -> frozenset[str]:
    if block.kind != "item":
        memory.listing = bool(
            re.search(
                r":\s*$|\b(?:the following|as follows|listed below)\b[^.]*\.?\s*$",
                document.text[block.start : block.end],
            )
        )
        memory.vetoed, memory.collection = {}, {}
    for sentence in sentences(document, block):
        text = document.text[sentence.start : sentence.end]
        if not _WORTH.search(text) and not re.search(r"\[|pair|Ref", text):
            passing = read(flat := plain(text, sentence.start), 0, len(flat.text), memory.pair)
            if kind in {"selection", "background", "front"}:
                about(passing.text, regions)
            _remember(passing, memory, [])
            last_objects = frozenset(p.object for p in passing.phrases if p.object != "event") or last_objects
            continue
        numbers = len(_NUMBER.findall(text))
        if numbers >= 12 and numbers * 3 > len(text.split()):
            turned = Turned(
                "not_a_cut", "a table or a figure's axis read as text", sentence.start, sentence.end, text[:80]
            )
            findings.turned.append(turned)
            continue
        flat = plain(text, sentence.start)
        reading = read(flat, 0, len(flat.text), memory.pair)
        last_objects = _sentence(
            document,
            reading,
            kind if kind != "front" else "selection",
            memory,
            regions,
            findings,
            last_objects,
            block.kind == "item",
        )
    return last_objects


def _sentence(
    document: Document,
    reading: Reading,
    kind: SectionKind,
    memory: Memory,
    regions: Regions,
    findings: Findings,
    last_objects: frozenset[str],
    item: bool,
) -> frozenset[str]:
    text = reading.text
    pointed = delegation(reading, document, last_objects)
    if pointed and kind in {"selection", "background", "detector"}:
        findings.delegations.append(pointed)
    chosen = systems.system(reading, memory) if kind in {"selection", "background"} else None
    if chosen:
        findings.systems.append(chosen)
    if re.search(r"\bquadruplet\b", text) and findings.quadruplet is None and re.search(r"\bpairs?\b", text):
        findings.quadruplet = (reading.start, reading.end)
    if explains(text) and memory.told is not None:
        findings.candidates = [
            c.with_(rationale=(reading.start, reading.end)) if c.start == memory.told and c.rationale is None else c
            for c in findings.candidates
        ]
    clauses.placeholders(reading, memory)
    against = objection(text, kind)
    listed = memory.listing and item and any(q.symbolic for q in reading.quantities)
    soft = against in {"no word of requirement", "describes an efficiency, a distribution or the like"}
    if (soft and listed and (reading.quantities[0].start <= 6 or label_of(text))) or (
        against == "no word of requirement" and any(c.explicit for c in reading.counts)
    ):
        against = ""
    found: list[Candidate] = []
    if not against and not (chosen and not reading.quantities):
        scope: Scope | None = "trigger" if _is_trigger(text) else None
        here = about(text, regions)
        found += clauses.candidates(reading, memory, scope=scope, regions=here)
        found += systems.charge(reading, memory, scope, here)
        if not chosen:
            found += systems.charges(reading, memory, scope, here)
        flavours = systems.flavours(reading, memory, scope, here)
        if flavours:
            found = [c for c in found if not (c.variable.id == "count" and c.object in {"electron", "muon"})] + flavours
        found += flags.flags(reading, memory, scope, here)
        found += flags.trigger(reading, numeric=scope == "trigger" and any(c.operator != "is" for c in found))
        found = [_placed(c, text, reading.start, regions) for c in found]
        found = _justified(found, document.text[reading.start : reading.end], reading.start)
        findings.candidates += found
    elif against == "describes an efficiency, a distribution or the like" and re.search(r"\bpoint\b", text):
        findings.candidates += flags.flags(reading, memory, None, ())  # "the working point with 70% efficiency is used"
    elif reading.quantities or any(c.explicit for c in reading.counts):
        findings.turned.append(Turned("not_a_cut", against or "no requirement", reading.start, reading.end, text))
    memory.told = reading.start if found else None
    _remember(reading, memory, found)
    return frozenset(p.object for p in reading.phrases if p.object != "event") or last_objects


def _is_trigger(text: str) -> bool:
    return bool(re.search(r"\btriggers?\b", text, re.IGNORECASE)) and not re.search(
        r"trigger (?:efficienc|is fully|plateau)|efficien\w+ of the trigger|accepted by the trigger|thresholds? used",
        text,
        re.IGNORECASE,
    )


def _justified(found: list[Candidate], text: str, start: int) -> list[Candidate]:
    """Attach the clause that says why."""
    why = purpose(text)
    return [c.with_(rationale=(start + why[0], start + why[1])) for c in found] if why else found


def _placed(candidate: Candidate, text: str, start: int, regions: Regions) -> Candidate:
    """Give a candidate the region named in brackets behind it, or that of its section."""
    if candidate.at:
        marks = [(position, name) for position, name in brackets(text) if position + start >= candidate.at]
        earlier = [position for position, _ in brackets(text) if position + start < candidate.at]
        if marks and (not earlier or marks[0][0] > earlier[-1]) and marks[0][0] + start - candidate.at < 90:
            return candidate.with_(regions=(marks[0][1],), scope="region")
    marks = brackets(text)
    if not candidate.at and not candidate.regions and len(marks) == 1 and marks[0][0] > 0.6 * len(text):
        return candidate.with_(regions=(marks[0][1],), scope="region")
    if not candidate.regions and regions.of_section:
        if candidate.scope in {"event", "region"}:
            return candidate.with_(regions=regions.of_section, scope="region")
        if "→" in regions.of_section[0] and candidate.scope == "object":  # a decay has objects of its own
            return candidate.with_(regions=regions.of_section)
    if candidate.regions and candidate.scope == "event":
        return candidate.with_(scope="region")
    return candidate


_ALSO = re.compile(r"\b(?:also|additionally|further|in addition|they|these)\b", re.IGNORECASE)


def text_of(reading: Reading) -> str:
    """Return the opening words of a sentence."""
    return " ".join(reading.text.split()[:12])


def _remember(reading: Reading, memory: Memory, found: list[Candidate]) -> None:
    heads = [
        p
        for p in reading.phrases
        if p.object not in {"event", "met", "vertex"} and "_" not in p.object and not p.oblique
    ]
    if heads:
        memory.subject = heads[0].object
        if len(heads) > 1 and {heads[0].object, heads[1].object} == {"electron", "muon"}:
            memory.subject = "lepton"
    pairs = [p.object for p in reading.phrases if p.object.endswith("_pair")]
    if pairs:
        memory.pair = pairs[-1]
    named = [t.value.variable for t in reading.tokens if t.kind == "v"]
    if named:
        memory.variable = named[-1]
    text = reading.text
    if re.search(r"\btracks?\b", text) and re.search(r"\bsum|adds|isolation", text):
        memory.component = "track"
    elif re.search(r"\bclusters?\b|calorimeter", text) and re.search(r"\bsum|adds|isolation", text):
        memory.component = "calorimeter"
    if re.search(r"\bcone\b", text):
        memory.cones = cones(text)
    for candidate in found:
        if candidate.definition and candidate.definition.startswith("veto "):
            memory.vetoed[candidate.object] = candidate.definition
        if (
            candidate.variable.id == "count"
            and candidate.object == "lepton"
            and isinstance(candidate.value, float)
            and candidate.value >= 2
        ):
            memory.leptons = int(candidate.value)
            memory.system = {2: "lepton_pair", 3: "trilepton", 4: "fourlepton"}.get(int(candidate.value))
