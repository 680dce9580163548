"""A sentence with all that was recognised in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from kb.distil.amounts import Quantity
from kb.distil.asides import main_clause
from kb.distil.counts import Count, counts
from kb.distil.ellipsis import completed
from kb.distil.entities import kinds, mention, tokens_of
from kb.distil.labels import with_antecedents, with_labels
from kb.distil.lexer import Plain, Token
from kb.distil.lexicon import lexicon
from kb.distil.notation import Symbol
from kb.distil.particles import FLAVOURS, PAIRED, Named, twice
from kb.distil.phrases import Phrase, phrases
from kb.distil.places import charged, with_numbers
from kb.distil.qualifiers import spoken
from kb.distil.quantities import quantities
from kb.distil.quotients import with_quotients
from kb.distil.signs import with_signs
from kb.distil.slashes import with_brackets
from kb.distil.sums import with_sums

_MASSIVE = ((r"[Tt]op\b", "top"), (r"\bW\b", "w"), (r"\bZ\b", "z"), (r"[Hh]iggs", "higgs"), (r"J/ψ", "jpsi"))
_JOIN = re.compile(r"(?:x?l?a|l)[trehk]{0,3}(?:nh)?")  # what may stand between two of a list: `and single-`


@dataclass(slots=True)
class Alternation:
    """`A (B)`: what stands outside and inside the brackets."""

    start: int
    end: int
    kind: str
    outer: int
    inner: int


@dataclass(slots=True)
class Reading:
    """A sentence, read."""

    text: str
    start: int
    end: int
    tokens: list[Token]
    shape: str
    counts: list[Count]
    quantities: list[Quantity]
    phrases: list[Phrase] = field(default_factory=list)
    alternations: list[Alternation] = field(default_factory=list)

    def words(self, start: int, end: int) -> str:
        """Return the words of tokens `[start, end)`."""
        return spoken(self.tokens[start:end])

    def words_before(self, index: int, number: int) -> str:
        """Return up to a number of words in front of a token."""
        return spoken(self.tokens[max(0, index - number) : index])

    def phrase_at(self, index: int) -> Phrase | None:
        """Return the noun phrase whose head is the token."""
        return next((p for p in self.phrases if p.index == index), None)

    def joined_before(self, last: Phrase, earlier: Iterable[Phrase]) -> list[Phrase]:
        """Return a phrase and those that commas and `and` join to it, out of earlier ones in the order of the text."""
        group = [last]
        for phrase in reversed(list(earlier)):
            if not _JOIN.fullmatch(self.shape[phrase.index + 1 : group[0].index]):
                break
            if phrase.object == group[0].object and group[0].rank and not phrase.rank:
                break  # "two jets, the hardest of which must …"
            group.insert(0, phrase)
        return group

    def joined_after(self, first: Phrase) -> list[Phrase]:
        """Return a phrase and those that commas and `and` join to it after it."""
        group = [first]
        for phrase in self.phrases:
            if phrase.index <= group[-1].index:
                continue
            if not _JOIN.fullmatch(self.shape[group[-1].index + 1 : phrase.index]):
                break
            group.append(phrase)
        return group


def read(
    text: Plain, *, pair: str = "lepton_pair", own: Iterable[Symbol] = (), before: tuple[str, ...] = ()
) -> Reading:
    """Read a sentence.

    `pair` is what a bare `pair` means, `own` are symbols that only the paper explains, `before` the objects that the
    sentence before is about.
    """
    tokens = with_brackets(with_numbers(with_labels(_with_either(tokens_of(text, own)))))
    tokens = with_sums(with_quotients(completed(main_clause(with_antecedents(tokens, before)))))
    for index, token in enumerate(tokens):
        if token.kind == "o" and token.value.object == "pair":
            token.value = replace(token.value, object=_pair_of(tokens, index) or _pair_told(tokens, index) or pair)
    _name_masses(tokens)
    _bound_masses(tokens)
    _name_significances(tokens)
    _name_letters(tokens)
    _name_zeros(tokens)
    charged(tokens)
    tokens = with_signs(tokens)
    _settle_last(tokens)
    counted = counts(tokens)
    taken = {i for c in counted for i in range(c.start, c.end) if tokens[i].kind in "nc"}
    return Reading(
        text=text.text,
        start=text.offset(0),
        end=text.offset(len(text.text) - 1) + 1,
        tokens=tokens,
        shape=kinds(tokens),
        counts=counted,
        quantities=quantities(tokens, taken),
        phrases=phrases(tokens),
        alternations=_alternations(tokens),
    )


def _with_either(tokens: list[Token]) -> list[Token]:
    """Return the tokens with `pair of electrons or muons` as one, a pair of leptons."""
    for match in reversed(list(re.finditer("oao", kinds(tokens)))):
        pair, joint, other = tokens[match.start() : match.end()]
        flavours = {pair.value.object.removesuffix("_pair"), other.value.object}
        present = any(t.word == "presence" for t in tokens[max(0, match.start() - 3) : match.start()])
        if pair.value.object.endswith("_pair") and joint.word == "or" and flavours == FLAVOURS and not present:
            words = f"{pair.text} {joint.text} {other.text}"
            one = replace(pair, text=words, end=other.end, value=replace(pair.value, object=twice("lepton")))
            tokens = [*tokens[: match.start()], one, *tokens[match.end() :]]
    return tokens


def _pair_of(tokens: list[Token], index: int) -> str | None:
    """Return the pair that `pair of same-sign muons` is."""
    match = re.match(r"oO[trekh]{0,5}o", kinds(tokens[index : index + 9]))
    if match is None or tokens[index + 1].word != "of":
        return None
    single = tokens[index + match.end() - 1].value.object
    return twice(single) if single in PAIRED else None


def _pair_told(tokens: list[Token], index: int) -> str | None:
    """Return the pair that a sentence names before a bare one: `one μ^+μ^- pair, and the p_T of the pair`."""
    named = (t.value.object for t in reversed(tokens[:index]) if t.kind == "o" and t.value.object.endswith("_pair"))
    return _pair_before(tokens, index) or next(named, None)


def _pair_before(tokens: list[Token], index: int) -> str | None:
    """Return the pair that two objects of a sentence make: `two muons are combined, and the mass of the pair`."""
    two = (
        token.value.object
        for at, token in reversed(list(enumerate(tokens[:index])))
        if token.kind == "o" and token.value.object in PAIRED and re.search(r"n[trekh]{0,4}$", kinds(tokens[:at]))
        if next(t.value for t in reversed(tokens[:at]) if t.kind == "n") >= 2
    )
    return next((twice(one) for one in two), None)


def _name_masses(tokens: list[Token]) -> None:
    """Read the m of `105 < m < 135 GeV` as a mass."""
    shape = kinds(tokens)
    for index, token in enumerate(tokens[:-1]):
        if token.text in {"m", "M"} and re.search(r"nu?c$", shape[:index]) and shape[index + 1] == "c":
            token.kind, token.value = "v", Symbol(0, len(token.text), "mass", token.text)
        elif token.text == "t" and re.search(r"nu?c$", shape[:index]) and re.match(r"cnu", shape[index + 1 :]):
            unit = tokens[index + 3].value
            if unit is None or unit.normal != "ns":
                continue
            token.kind, token.value = "v", Symbol(0, 1, "time", token.text)


def _name_significances(tokens: list[Token]) -> None:
    """Read `a decay length significance above 15` as another variable than the length."""
    for token, behind in pairwise(tokens):
        if token.kind == "v" and token.value.variable == "decay_length" and behind.word == "significance":
            name = f"{token.text} significance"
            token.value = replace(token.value, variable="other", name=name)
        if token.kind == "v" and token.value.about == Named("met") and behind.word == "significance":
            token.value = replace(token.value, variable="met_sig")  # "the object-based E_T^miss significance"
        if token.kind == "v" and token.value.variable == "d0" and behind.word == "significance":
            token.value = replace(token.value, variable="d0_sig")
        if token.kind == "v" and token.value.variable == "chi2" and behind.word == "probability":
            token.value = replace(token.value, variable="other", name=f"{token.text} probability")
    for index, token in enumerate(tokens[:-2]):
        if token.word == "significance" and tokens[index + 1].kind == "O":
            of = next((t for t in tokens[index + 2 : index + 4] if t.kind == "v"), None)
            if of is not None and of.value.variable == "decay_length":
                of.value = replace(of.value, variable="other", name=f"{of.text} significance")


def _bound_masses(tokens: list[Token]) -> None:
    """Read `the top-quark mass must lie between …` as a variable: it is no constant that has a bound."""
    shape = kinds(tokens)
    for index, token in enumerate(tokens):
        if token.kind != "M" or " mass" not in f" {token.word}" or not re.match(r"t?m", shape[index + 1 :]):
            continue
        if index + 1 < len(tokens) and shape[index + 1] == "t" and tokens[index + 1].word not in {"is", "has"}:
            continue
        owner = next((name for sign, name in _MASSIVE if re.search(sign, token.text)), None)
        if owner:
            token.kind, token.value = "v", Symbol(0, len(token.text), "mass", token.text, Named(owner))


def _name_letters(tokens: list[Token]) -> None:
    """Read the I of `the isolation variable I, given by …, must satisfy I < 0.05` as what it stands for."""
    shape = kinds(tokens)
    for index, token in enumerate(tokens[:-1]):
        if token.kind != "t" or len(token.text) != 1 or not token.text.isupper() or shape[index + 1] != "c":
            continue
        for first in (i for i in range(index) if tokens[i].text == token.text and tokens[i].kind == "t"):
            noun = re.search(r"v(?:Ot?o)?l?$", shape[:first])
            if noun is not None:
                token.kind, token.value = "v", tokens[noun.start()].value


def _name_zeros(tokens: list[Token]) -> None:
    """Read `the number of b jets must be zero` as a bound."""
    for index, token in enumerate(tokens):
        if token.word != "zero" or not index or tokens[index - 1].word not in {"be", "is"}:
            continue
        if any(t.kind == "v" and t.value.variable == "count" for t in tokens[:index]):
            tokens[index - 1].kind, tokens[index - 1].value = "c", "=="
            token.kind, token.value = "n", 0.0


def _settle_last(tokens: list[Token]) -> None:
    """Number the last of those a sentence ranks: of `the leading and trailing muons` it is the second."""
    ranked = {int(t.value) for t in tokens if t.kind == "r"}
    if not {-1, 1} <= ranked:
        return
    for token in tokens:
        if token.kind == "r" and token.value == -1:
            token.value = max(ranked) + 1


def _alternations(tokens: list[Token]) -> list[Alternation]:
    found = []
    for match in re.finditer(r"(?P<a>[ortn])b(?P<mid>[treh]{0,4})(?P<b>[ortn])d", kinds(tokens)):
        outer, inner = match.start("a"), match.start("b")
        a, b = tokens[outer], tokens[inner]
        if a.kind != b.kind:
            continue
        if a.kind == "r" and a.value == b.value:
            continue
        if a.kind == "o" and mention(tokens, outer).object == mention(tokens, inner).object:
            continue
        if a.kind == "n" and not all(2010 <= t.value <= 2035 for t in (a, b)):
            continue  # other numbers are bounds; these are years of data taking
        if a.kind == "t" and not {a.word, b.word} <= lexicon().sets["opposites"]:
            continue
        found.append(Alternation(match.start(), match.end(), a.kind, outer, inner))
    return found
