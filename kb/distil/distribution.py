"""Give each number its subject: `30 (25) GeV` for `electrons (muons)`, lists, `respectively`."""

from __future__ import annotations

import re

from kb.distil.candidates import Memory
from kb.distil.particles import Named
from kb.distil.qualifiers import flavour_condition
from kb.distil.quantities import Amount, Quantity
from kb.distil.reading import Alternation, Phrase, Reading
from kb.distil.subjects import About
from kb.ssc import Condition


def distribute(
    reading: Reading, quantity: Quantity, about: About, who: list[Phrase | Named], memory: Memory
) -> list[tuple[Phrase | Named, Amount, int, list[Condition]]]:
    """Give each number its subject: brackets, lists, `respectively`."""
    alternation = _alternation(reading, quantity) if len(quantity.amounts[0].values) > 1 else None
    many = len(quantity.amounts)
    joined = _split_pair(who)
    out: list[tuple[Phrase | Named, Amount, int, list[Condition]]] = []
    ranks: list[int | None] = [None] * many
    per_item: list[list[Phrase | Named]] = [joined] * many
    if many > 1:
        listed = _listed(reading, quantity, many)
        if listed:
            per_item = [[phrase] for phrase in listed]
        else:
            named_ranks = _listed_ranks(reading, quantity, many)
            ranks = list(named_ranks) if named_ranks else list(range(1, many + 1))
    for item, amount in enumerate(quantity.amounts):
        for subject in per_item[item]:
            for choice, _ in enumerate(amount.values):
                one = Amount((amount.values[choice],), amount.unit, (amount.upper[choice],) if amount.upper else ())
                target: Phrase | Named = subject
                extra: list[Condition] = []
                rank = ranks[item]
                if alternation is not None and choice < 2:
                    target, rank, extra = _alternative(reading, alternation, choice, subject, rank)
                if rank is not None:
                    target = _ranked(target, rank)
                out.append((target, one, choice, extra))
                if alternation is None:
                    break
    return out


def _ranked(target: Phrase | Named, rank: int) -> Phrase | Named:
    if isinstance(target, Phrase):
        copy = Phrase(**{f: getattr(target, f) for f in target.__slots__})
        copy.rank = rank
        return copy
    return Named(target.object, rank)


def _split_pair(who: list[Phrase | Named]) -> list[Phrase | Named]:
    """`electrons and muons` are leptons."""
    objects = [w.object for w in who]
    if sorted(objects) == ["electron", "muon"] and not any(_phrase_rank(w) for w in who):
        first = who[0]
        if isinstance(first, Phrase):
            copy = Phrase(**{f: getattr(first, f) for f in first.__slots__})
            copy.object = "lepton"
            return [copy]
        return [Named("lepton")]
    return who


def _phrase_rank(subject: Phrase | Named) -> int | None:
    return subject.rank


def _alternation(reading: Reading, quantity: Quantity) -> Alternation | None:
    after = [
        a for a in reading.alternations if a.start >= quantity.end and (a.start - quantity.end <= 8 or a.kind in "on")
    ]
    before = [a for a in reading.alternations if a.end <= quantity.start]
    if after and (not before or re.match(r"[l]?[ft]", reading.shape[quantity.end : after[0].start + 1])):
        between = reading.shape[quantity.end : after[0].start]
        if not re.search(r"[cSW]", between) or not before:
            return after[0]
    return before[-1] if before else (after[0] if after else None)


def _alternative(
    reading: Reading, alternation: Alternation, choice: int, subject: Phrase | Named, rank: int | None
) -> tuple[Phrase | Named, int | None, list[Condition]]:
    index = alternation.outer if choice == 0 else alternation.inner
    token = reading.tokens[index]
    if alternation.kind == "o":
        phrase = reading.phrase_at(index)
        outer = reading.phrase_at(alternation.outer)
        if phrase is None or outer is None:
            return subject, rank, []
        shared = (
            rank
            if rank is not None
            else (phrase.rank or outer.rank or (subject.rank if "_" not in subject.object else None))
        )
        copy = Phrase(**{f: getattr(phrase, f) for f in phrase.__slots__})
        copy.rank = shared
        return copy, shared, []
    if alternation.kind == "r":
        return subject, int(token.value), []
    if token.kind == "n":
        return subject, rank, [Condition(text=f"in {token.text}")]
    relations = {"same": "same_flavour", "different": "different_flavour", "opposite": "different_flavour"}
    tail = reading.words(alternation.end, min(alternation.end + 3, len(reading.tokens)))
    if token.word in relations and re.match(r"flavou?r", tail):
        return subject, rank, [flavour_condition(f"{token.word} flavour", relations[token.word])]
    return subject, rank, [Condition(text=f"{token.text} {tail.split(' ')[0] if tail else ''}".strip())]


def _listed(reading: Reading, quantity: Quantity, many: int) -> list[Phrase | Named] | None:
    """Return the joined objects that a list of numbers goes with."""
    groups: list[list[Phrase]] = []
    for phrase in reading.phrases:
        if groups:
            between = reading.shape[groups[-1][-1].index + 1 : phrase.index]
            if re.fullmatch(r"(?:x?l?a|l)[trehkn]{0,4}", between):
                groups[-1].append(phrase)
                continue
        groups.append([phrase])
    fit = [g for g in groups if len(g) == many]
    near = [g for g in fit if g[-1].index < quantity.start] or fit
    if not near:
        return None
    group = near[-1]
    if len({p.object for p in group}) == 1 and all(p.rank is None for p in group):
        return None
    return list(group)


def _listed_ranks(reading: Reading, quantity: Quantity, many: int) -> list[int | None] | None:
    match = None
    for found in re.finditer(r"r(?:(?:l?a|l)t?r)+", reading.shape):
        ranks = [i for i in range(found.start(), found.end()) if reading.shape[i] == "r"]
        if len(ranks) == many:
            match = [int(reading.tokens[i].value) for i in ranks]
    return list(match) if match else None
