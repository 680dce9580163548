"""Give each requirement of a sentence its region: by where it stands, in turn, by brackets, or by the section."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.distil.candidates import Candidate
from kb.distil.context import titles_at
from kb.distil.inheritance import Inheritance
from kb.distil.merge import key
from kb.distil.region_labels import brackets
from kb.distil.region_names import Name, is_base, is_channel, kind_of
from kb.distil.region_parts import listed
from kb.distil.region_titles import of_caption, of_section
from kb.distil.regions import Regions, is_common
from kb.distil.tables import title
from kb.document import Document, Table
from kb.ssc import Condition


def called_by_label(
    candidates: list[Candidate], links: list[Inheritance], regions: Regions
) -> tuple[list[Candidate], list[Inheritance]]:
    """Call every region by the label that the paper gives it somewhere; `the signal regions` are those it names."""
    synonyms = regions.synonyms
    tabled = dict.fromkeys(name for c in candidates if c.kind == "table" for name in c.regions)
    synonyms.learn((Name(name, 0, 0, False, False) for name in tabled), regions.own)
    synonyms.tabled.update(tabled, regions.own)
    for meant in (one for c in candidates for name in c.regions for one in synonyms.of(name)):
        synonyms.spell(meant)
    renamed = [c.with_(regions=synonyms.all_of(c.regions)) if c.regions else c for c in candidates]
    followed = [
        replace(link, child=child, parent=parent)
        for link in links
        for child in synonyms.all_of((link.child,))
        for parent in synonyms.all_of((link.parent,))
    ]
    return renamed, followed


def in_turn(found: list[Candidate], text: str, own: tuple[str, ...]) -> list[Candidate]:
    """Give each of several bounds its region: `VR1 and VR2 require E_T^miss < 200 and m_T > 90 GeV, respectively`."""
    if not re.search(r"\brespectively\b", text):
        return found
    binned = [c for c in found if len(c.regions) == 1 and c.at and re.search(r": (?:above |below |\d)", c.regions[0])]
    if len(binned) == len(found) > 1:  # "the bins A and B correspond to outputs of 0.2–0.4 and above 0.4, respectively"
        told = listed(text, len(binned), own)
        return [c.with_(regions=(name,)) for c, name in zip(found, told, strict=True)] if told else found
    places = sorted({c.at for c in found if c.at})
    regions = listed(text, len(places), own) if len(places) > 1 else ()
    if not regions or any(c.regions and c.regions != found[0].regions for c in found):
        return found
    turn = dict(zip(places, regions, strict=True))
    return [c.with_(regions=(turn[c.at],), scope="region") if c.at else c for c in found]


def _flavoured(when: Condition | None) -> str | None:
    """Return whose flavours a condition names, where it names nothing else: `in the 4μ channel`."""
    clauses = when.clauses if when else ()
    return clauses[0].subject.object if len(clauses) == 1 and clauses[0].variable.name == "flavour" else None


def _without(when: Condition | None, regions: tuple[str, ...]) -> Condition | None:
    """Drop a condition that only says in which region a bound holds."""
    if when is None or (when.clauses and not (_flavoured(when) == "event" and all(map(is_channel, regions)))):
        return when
    if when.clauses and is_channel(when.text.lower()):
        return None  # "in the electron channel p_T > 30 GeV, in the muon channel …": that of the other channel
    said = re.sub(r"^(?:in|for) (?:the )?|\W", "", when.text.lower())
    names = [re.sub(r"\W", "", region.lower()) for region in regions]
    return None if any(name in said or said in name for name in names) else when


def placed(
    candidate: Candidate, text: str, start: int, regions: Regions, *, counted: bool = False, first: int = 0
) -> Candidate:
    """Give a candidate the region named in brackets behind it, or that of its section.

    What is required of objects belongs to a section's region where the sentence says how many there are (`counted`).
    Labels that stand before the `first` requirement stand before each: `The first bin (SR1a) has H_T < 400 GeV …`.
    """
    if candidate.at and candidate.regions and candidate.regions != regions.current:
        return candidate  # a list of regions gave it its own
    marks = [(position + start, name) for position, name in brackets(text)]
    if len(marks) > 1 and candidate.at and marks[0][0] < first and not regions.parts:
        before = [name for place, name in marks if place < candidate.at]
        return candidate.with_(regions=(before[-1],), scope="region")
    pair = candidate.rule in {"charges", "pair-flavour"}
    if candidate.at and not (pair and marks and not regions.parts):
        behind = [(place, name) for place, name in marks if place >= candidate.at]
        if behind and behind[0][0] - candidate.at < 90:
            return candidate.with_(regions=(behind[0][1],), scope="region")
        place = max(0, candidate.at - start - 1)  # counts stand where their objects end
        if regions.parts and (own := regions.at(place)):
            if _flavoured(candidate.when) == "fourlepton" and all(map(is_channel, own)):
                return candidate  # "less than 6 in the 4μ channel" is told of the quadruplet
            scope = candidate.scope if candidate.scope == "trigger" else "region"
            return candidate.with_(regions=own, scope=scope, when=_without(candidate.when, own))
    elif regions.covers(text) and candidate.scope == "object":
        return candidate.with_(regions=regions.parts[0].regions)
    elif regions.parts and candidate.scope in {"event", "region"} and len({p.regions for p in regions.parts}) == 1:
        return candidate.with_(regions=regions.parts[0].regions, scope="region")
    elif not candidate.regions and len(marks) == 1 and marks[0][0] - start > 0.6 * len(text):
        return candidate.with_(regions=(marks[0][1],), scope="region")
    if not candidate.regions and regions.of_section and not is_common(text):
        if candidate.scope in {"event", "region"} or (candidate.scope == "object" and (counted or candidate.rank)):
            return candidate.with_(regions=regions.of_section, scope="region")
        apart = all(is_base(region) or kind_of(region) in {"control", "validation"} for region in regions.of_section)
        if candidate.scope == "trigger" and apart:
            return candidate.with_(regions=regions.of_section)
        has_objects = "→" in regions.of_section[0] or apart
        if has_objects and candidate.scope == "object":  # a decay, a channel or an analysis has objects of its own
            return candidate.with_(regions=regions.of_section)
    if candidate.regions and candidate.scope == "event":
        return candidate.with_(scope="region")
    return candidate


def of_table(document: Document, table: Table, found: list[Candidate], told: list[Candidate]) -> list[Candidate]:
    """Give what a table that names no region requires the region that its caption or its section is about.

    What the text states for all regions (`told`) stays so.
    """
    if table.caption is None or any(c.regions for c in found):
        return found
    first = title(document.text[table.caption.start : table.caption.end])
    of_its_own = of_caption(first)
    regions = of_its_own or of_section(titles_at(document, table.start))
    if not regions or is_common(first):
        return found
    everywhere = {key(c) for c in told if not c.regions}
    return [
        c.with_(regions=regions) if (of_its_own or c.scope != "object" or c.rank) and key(c) not in everywhere else c
        for c in found
    ]
