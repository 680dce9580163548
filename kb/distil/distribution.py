"""Give each number its subject: `30 (25) GeV` for `electrons (muons)`, lists, `respectively`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from kb.distil.alternated import conditions
from kb.distil.amounts import Amount, Quantity
from kb.distil.particles import FLAVOURS, Named
from kb.distil.phrases import Phrase
from kb.distil.qualifiers import flavour_condition
from kb.distil.reading import Alternation, Reading
from kb.distil.region_pairs import paired
from kb.distil.region_parts import alternatives, listed
from kb.ssc import Condition


@dataclass(frozen=True, slots=True)
class Share:
    """One number of a bound, what it is for, when it holds and, where the sentence lists them, in which region."""

    subject: Phrase | Named
    amount: Amount
    when: tuple[Condition, ...] = ()
    regions: tuple[str, ...] = ()


_LEPTONS = FLAVOURS | {"lepton"}
_RELATIONS = {"same": "same_flavour", "different": "different_flavour", "opposite": "different_flavour"}
_WORDS = re.compile(r"\b(?:for|on|in|of|at) (?:the )?([A-Za-z][\w-]{2,}) \((?:the )?([A-Za-z][\w-]{2,})\)")
_YEARS = re.compile(
    r"\b(?:in|from|of|for) (?:the )?(20[012]\d(?:[–-]20[012]\d)?) \((?:the |in )?(20[012]\d(?:[–-]20[012]\d)?)\)"
)
_LISTED = re.compile(r"(?:x?l?a|l)[trehkn]{0,4}")  # what may stand between objects of which each has its number


def distribute(
    reading: Reading,
    quantity: Quantity,
    who: list[Phrase | Named],
    told: tuple[str, str] | None = None,
    before: tuple[str, ...] = (),
) -> list[Share]:
    """Return each number of a bound with what it is for.

    `told` is what earlier numbers in brackets were for, `before` the objects that the sentence before is about.
    """
    by_region = _by_region(reading, quantity, _as_leptons(who))
    if by_region:
        return by_region
    alternation = _alternation(reading, quantity) if len(quantity.amounts[0].values) > 1 else None
    other = _in_other_words(reading, quantity) if alternation is None else None
    many = len(quantity.amounts)
    ranks: list[int | None] = [None] * many
    per_item: list[list[Phrase | Named]] = [_each_rank(reading, quantity, _as_leptons(who))] * many
    if many > 1:
        listed = _listed(reading, quantity, many)
        if listed:
            per_item = [[phrase] for phrase in listed]
        elif len(before) == many and "y" in reading.shape and all(isinstance(w, Named) and w.rank is None for w in who):
            per_item = [[Named(one)] for one in before]  # "They must have |η| < 2.5 and 2.4, respectively"
        else:
            ranks = list(_listed_ranks(reading, many) or _in_order(quantity))
    if many == 1 and len(quantity.amounts[0].values) == 1:
        per_item = [_both(reading, quantity, per_item[0])]
    out: list[Share] = []
    for amount, subjects, rank in zip(quantity.amounts, per_item, ranks, strict=True):
        for subject in subjects:
            for choice, value in enumerate(amount.values):
                one = Amount((value,), amount.unit, (amount.upper[choice],) if amount.upper else ())
                if alternation is None and told and len(amount.values) == 2:
                    out.append(_as_before(subject, one, told[choice]))
                    continue
                if alternation is None and other and choice < 2:
                    out.append(Share(_ranked(subject, rank), one, (other[choice],)))
                    continue
                if alternation is None:
                    out.append(Share(_ranked(subject, rank), one))
                    break
                if choice < 2:
                    target, own_rank, when = _alternative(reading, alternation, choice, subject, rank)
                    out.append(Share(_ranked(target, own_rank), one, tuple(when)))
                else:
                    out.append(Share(_ranked(subject, rank), one))
    return out


def _in_order(quantity: Quantity) -> list[int | None]:
    """Rank thresholds that fall; of `thresholds of 4 and 6 GeV` it is not said which is whose."""
    values = [amount.values[0] for amount in quantity.amounts]
    rises = quantity.operator[0] == ">" and values != sorted(values, reverse=True)
    return [None if rises else rank for rank in range(1, len(values) + 1)]


def _as_before(subject: Phrase | Named, amount: Amount, kind: str) -> Share:
    """`in the muon (electron) channel … The isolation must be below 0.15 (0.06).`"""
    if subject.object in FLAVOURS | {"lepton"} and kind in FLAVOURS:
        return Share(replace(subject, object=kind), amount)
    return Share(subject, amount, (Condition(text=f"{kind}s"),))


def _each_rank(reading: Reading, quantity: Quantity, who: list[Phrase | Named]) -> list[Phrase | Named]:
    """`both the leading and the subleading jet` are two; of `p_T > 60 GeV and p_T > 40 GeV` each has its own."""
    if len(who) != 1 or not isinstance(who[0], Phrase) or not who[0].rank:
        return who
    found = re.search(r"r(?:h?(?:l?a|l)t?r)+t{0,2}$", reading.shape[: who[0].index])
    if found is None:
        return who
    ranks = [int(t.value) for t in reading.tokens[found.start() : who[0].index] if t.kind == "r"]
    alike = [q for q in reading.quantities if q.start > who[0].index and _kind(reading, q) == _kind(reading, quantity)]
    if len(alike) == len(ranks) and quantity in alike:
        ranks = [ranks[alike.index(quantity)]]
    return [replace(who[0], rank=rank) for rank in ranks]


def _kind(reading: Reading, quantity: Quantity) -> tuple[str | None, str, int]:
    variable = None if quantity.variable is None else reading.tokens[quantity.variable].value.variable
    return variable, quantity.operator, len(quantity.amounts)


def _both(reading: Reading, quantity: Quantity, who: list[Phrase | Named]) -> list[Phrase | Named]:
    """`electrons (muons) must have p_T > 7 GeV`: one number for both."""
    if len(who) != 1 or not isinstance(who[0], Phrase):
        return who
    for alternation in reading.alternations:
        ends = {alternation.outer, alternation.inner}
        if (
            alternation.kind == "o"
            and who[0].index in ends
            and (alternation.end <= quantity.start or _placed_on(reading, quantity, alternation))
        ):
            both = [reading.phrase_at(index) for index in sorted(ends)]
            return [phrase for phrase in both if phrase is not None]
    return who


def _placed_on(reading: Reading, quantity: Quantity, alternation: Alternation) -> bool:
    """`requirements |z_0| < 0.5 mm and |d_0| < 5 (3) are placed on electrons (muons)`: the first holds for both."""
    between = reading.words(quantity.end, alternation.outer)
    return re.search(r"\b(?:placed|imposed|applied|made) (?:on|to)(?: the)?$", between.strip()) is not None


def _by_region(reading: Reading, quantity: Quantity, who: list[Phrase | Named]) -> list[Share]:
    """Read `above 250 and 300 GeV in SR1 and SR2, respectively`, `200 (350) GeV in SR1 (SR2)`."""
    lists = len(quantity.amounts)
    values = quantity.amounts[0].values
    if lists > 1 and len(values) == 1 and "y" in reading.shape:
        names = listed(reading.text, lists)
    elif lists == 1 and len(values) == 2:
        names = alternatives(reading.text) or _of_pair(reading, who)
    else:
        return []
    if not names or any(w.rank is None and _listed_ranks(reading, len(names)) for w in who):
        return []
    if lists > 1:
        amounts = quantity.amounts
    else:
        first = quantity.amounts[0]
        amounts = [Amount((v,), first.unit, (first.upper[i],) if first.upper else ()) for i, v in enumerate(values)]
    return [Share(subject, one, (), (name,)) for subject in who for one, name in zip(amounts, names, strict=True)]


def _of_pair(reading: Reading, who: list[Phrase | Named]) -> tuple[str, ...]:
    """Return the regions of `300 (200) GeV in the boosted (resolved) category`, where the numbers are theirs."""
    pair = paired(reading.text)
    if pair is None or (
        {pair.one.split()[0], pair.other.split()[0]} <= FLAVOURS and any(w.object in _LEPTONS for w in who)
    ):
        return ()
    outside = (reading.tokens[a.outer].start - reading.start for a in reading.alternations)
    return () if any(not pair.start <= place < pair.end for place in outside) else (pair.one, pair.other)


def _ranked(target: Phrase | Named, rank: int | None) -> Phrase | Named:
    alone = target.object in {"met", "event"}  # of which there is no second one
    return target if rank is None or alone else replace(target, rank=rank)


def _as_leptons(who: list[Phrase | Named]) -> list[Phrase | Named]:
    """`electrons and muons` are leptons; `one electron and one muon` are not."""
    if len(who) == 2 and all(isinstance(w, Phrase) and w.number == 1 for w in who):
        return who
    if len(who) == 2 and {w.object for w in who} == FLAVOURS and not any(w.rank for w in who):
        first = who[0]
        if isinstance(first, Phrase) and first.definition:
            first = replace(first, definition=f"{first.definition.removesuffix(first.object)}lepton")
        return [replace(first, object="lepton")]
    return who


def _in_other_words(reading: Reading, quantity: Quantity) -> tuple[Condition, Condition] | None:
    """Return when each of `0.5 (0.7) for one-prong (three-prong) candidates` holds, where no known words tell it."""
    if len(quantity.amounts[0].values) != 2 or len(quantity.amounts) > 1:
        return None
    if turned := conditions(reading):
        return turned
    told = list(_WORDS.finditer(reading.text)) or list(_YEARS.finditer(reading.text))
    if len(told) != 1:
        return None
    return Condition(text=f"for {told[0][1]}"), Condition(text=f"for {told[0][2]}")


def _alternation(reading: Reading, quantity: Quantity) -> Alternation | None:
    """Return the `A (B)` that the numbers `a (b)` go with: the first behind them or the last before."""
    after = [
        a for a in reading.alternations if a.start >= quantity.end and (a.start - quantity.end <= 8 or a.kind in "on")
    ]
    before = [a for a in reading.alternations if a.end <= quantity.start]
    if before:
        return before[-1]
    return after[0] if after else None


def _alternative(
    reading: Reading, alternation: Alternation, choice: int, subject: Phrase | Named, rank: int | None
) -> tuple[Phrase | Named, int | None, list[Condition]]:
    """Return what the first or second number is for, its rank, and when it holds."""
    index = alternation.outer if choice == 0 else alternation.inner
    token = reading.tokens[index]
    if alternation.kind == "o":
        phrase = reading.phrase_at(index)
        outer = reading.phrase_at(alternation.outer)
        if phrase is None or outer is None:
            return subject, rank, []
        if rank is None:
            rank = phrase.rank or outer.rank or (subject.rank if "_" not in subject.object else None)
        return replace(phrase, rank=rank), rank, []
    if alternation.kind == "r":
        return subject, int(token.value), []
    if token.kind == "n":
        return subject, rank, [Condition(text=f"in {token.text}")]
    tail = reading.words(alternation.end, alternation.end + 3)
    if token.word in _RELATIONS and re.match(r"flavou?r", tail):
        return subject, rank, [flavour_condition(f"{token.word} flavour", _RELATIONS[token.word])]
    return subject, rank, [Condition(text=f"{token.text} {tail.split(' ')[0] if tail else ''}".strip(" .,;"))]


def _listed(reading: Reading, quantity: Quantity, many: int) -> list[Phrase] | None:
    """Return the joined objects that a list of numbers goes with."""
    groups: list[list[Phrase]] = []
    for phrase in reading.phrases:
        if groups and _LISTED.fullmatch(reading.shape[groups[-1][-1].index + 1 : phrase.index]):
            groups[-1].append(phrase)
        else:
            groups.append([phrase])
    fit = [g for g in groups if len(g) == many]
    near = [g for g in fit if g[-1].index < quantity.start] or fit
    if not near:
        return None
    group = near[-1]
    same = len({p.object for p in group}) == 1 and all(p.rank is None for p in group)
    return None if same else group


def _listed_ranks(reading: Reading, many: int) -> list[int] | None:
    """Return the ranks of `the leading, second and third …`, where they are as many as the numbers."""
    told = None
    for found in re.finditer(r"r(?:(?:l?a|l)t?r)+", reading.shape):
        ranks = [int(t.value) for t in reading.tokens[found.start() : found.end()] if t.kind == "r"]
        if len(ranks) == many:
            told = ranks
    return told
