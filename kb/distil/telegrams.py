"""Read what a cell says without a verb: `b-jet veto`, `isolated muon`, `tight`, `opposite charge`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.distil.candidates import Candidate, Setting, operator_of
from kb.distil.lexer import plain
from kb.distil.particles import PAIRED, single, twice
from kb.distil.qualifiers import pair_requirements
from kb.distil.reading import Reading, read
from kb.ssc import Value, Variable

_TOLD = re.compile(r"(?P<o>[\w -]{1,20}?)[ -](?P<w>veto|tag|tagged)\.?", re.IGNORECASE)
_OTHERWISE = re.compile(r"\b(?:fail\w*|invert\w*|no|outside|central)\b", re.IGNORECASE)  # "fail central jet veto"
_LONE = re.compile(r"(?:an? )?(?P<a>isolated|tight|loose|medium) (?P<o>\w+)", re.IGNORECASE)
_B = re.compile(r"b(?:[ -]jets?)?", re.IGNORECASE)
_LISTED = re.compile(r",|;|\band\b")
_SIGNS = re.compile(
    r"(?:(?:opposite|same|unlike|like|different)[ -](?:electric )?(?:charges?|signs?|flavou?rs?)"
    r"|SFOS|OSSF|SFOC|OS|SS|SF|DF|OF|[, /-])+(?:pairs?)?",
    re.IGNORECASE,
)
_PRODUCT = {"opposite_charge": -1.0, "same_charge": 1.0}


def reading_of(text: str) -> Reading | None:
    """Read a cell's words; None where there are none."""
    flat = plain(text)
    return read(flat) if flat.text.strip() else None


def objects(text: str) -> list[str]:
    """Return the objects a cell names, each once."""
    reading = reading_of(text)
    return list(dict.fromkeys(p.object for p in reading.phrases if p.object != "event")) if reading else []


def made(object_id: str, variable: str, operator: str, value: Value, setting: Setting) -> Candidate:
    """Make a candidate of a cell that is no sentence; its place is that of the cell."""
    return Candidate(
        object=object_id,
        variable=Variable(id=variable),
        operator=operator_of(operator),
        value=value,
        start=0,
        end=1,
        rule="table-cell",
        regions=setting.regions,
        scope=setting.event_scope,
    )


def telegrams(text: str, subject: str | None, rank: int | None, setting: Setting) -> Iterator[Candidate]:
    """Read the words of a cell, one after the other; `subject` is what its header names."""
    for piece in _LISTED.split(text):
        word = piece.strip()
        yield from _presence(word, subject, setting)
        if subject:
            yield from (one.with_(rank=rank) for one in _property(word, subject, setting))
        if _SIGNS.fullmatch(word):
            yield from _signs(word, subject or "lepton", setting)


def _presence(word: str, subject: str | None, setting: Setting) -> Iterator[Candidate]:
    """`b-jet veto`, `τ tag`, `isolated muon`: what must be there or not."""
    told = _TOLD.fullmatch(word)
    if told and not _OTHERWISE.search(told["o"]):
        absent = told["w"].lower() == "veto"
        for object_id in objects("b jet" if _B.fullmatch(told["o"]) else told["o"]):
            yield made(object_id, "count", "==" if absent else ">=", 0.0 if absent else 1.0, setting)
    lone = _LONE.fullmatch(word)
    if lone and not subject:
        for object_id in objects(lone["o"]):
            yield made(object_id, "count", ">=", 1.0, setting)
            yield from _property(lone["a"], object_id, setting)


def _property(word: str, object_id: str, setting: Setting) -> Iterator[Candidate]:
    """`tight`, `well-isolated`."""
    value = word.lower()
    if value in {"loose", "medium", "tight"}:
        yield made(object_id, "id", "is", value, setting)
    if re.fullmatch(r"(?:\w+[- ])?isolated", value):
        yield made(object_id, "isolation", "is", value, setting)


def _signs(word: str, object_id: str, setting: Setting) -> Iterator[Candidate]:
    """`opposite charge`, `SFOS`: of two of what the header names."""
    if object_id not in PAIRED and single(object_id) not in PAIRED:
        return
    pair = twice(single(object_id))
    for requirement in pair_requirements(word):
        if requirement in _PRODUCT:
            yield made(pair, "charge_product", "==", _PRODUCT[requirement], setting)
        else:
            flavour = made(pair, "other", "is", requirement.replace("_", " "), setting)
            yield flavour.with_(variable=Variable(id="other", name="flavour"))
