"""Give back what a list leaves out: in `longitudinal and transverse impact parameters` the first is a parameter too."""

from __future__ import annotations

import re
from dataclasses import replace

from kb.distil.entities import Mention, kinds
from kb.distil.lexer import Token
from kb.distil.lexicon import lexicon
from kb.distil.notation import Symbol
from kb.distil.particles import PHYSICAL
from kb.distil.qualifiers import spoken

_DISTANCES = re.compile(
    r"\b(?:transverse|longitudinal)(?: and (?:transverse|longitudinal))? distances? of"
    r" (?:the|their|its|each|every|all)\b"
    r"[^.;]{0,40}? (?:from|to|with respect to) the \w+ ?(?:vertex|point|axis|line|spot)"
)
_OTHER = re.compile(r"n?(?:t?[mk]|[wcv])")


def _unbracketed(tokens: list[Token], directions: dict[str, str]) -> list[Token]:
    """Read `the transverse (longitudinal) impact parameter` as `the transverse and longitudinal impact parameters`."""
    for index in range(len(tokens) - 4):
        one, opening, other, closing, head = tokens[index : index + 5]
        if (
            opening.kind == "b"
            and closing.kind == "d"
            and head.kind == "v"
            and {one.word, other.word} <= set(directions)
        ):
            joined = replace(opening, kind="a", text="and")
            second = replace(head, value=Symbol(0, 0, directions[other.word], other.text))
            return [*tokens[:index], one, joined, second, *tokens[index + 5 :]]
    return tokens


def _bound_again(tokens: list[Token]) -> list[Token]:
    """Read `|η| < 2.4 (|η| < 1.44) for muons (electrons)` as `|η| < 2.4 (1.44) …`."""
    for match in re.finditer(r"(?P<v>v)(?P<c>c)nu?b(?P<w>v)(?P<d>c)nu?d(?=[fwOt]|$)", kinds(tokens)):
        same = all(tokens[match.start(a)].text == tokens[match.start(b)].text for a, b in (("v", "w"), ("c", "d")))
        if same:
            return [*tokens[: match.start("w")], *_bound_again(tokens[match.end("d") :])]
    return tokens


def _counted_with(tokens: list[Token]) -> list[Token]:
    """Read `N_jets (p_T > 30 GeV) ≥ 2` as `N_jets ≥ 2, jets with p_T > 30 GeV`."""
    match = re.search(r"(?P<v>v)b(?P<in>[^bd]*?c[^bd]*)d(?P<b>cn)", kinds(tokens))
    symbol = tokens[match.start("v")].value if match else None
    if match is None or symbol is None or symbol.variable != "count" or symbol.about is None:
        return tokens
    head, (first, last), (start, end) = match.end("v"), match.span("in"), match.span("b")
    place = tokens[end - 1].end
    comma = Token("l", ",", place, place)
    noun = Token("o", symbol.about.object, place, place, Mention(symbol.about.object, plural=True))
    having = Token("w", "with", place, place)
    return [*tokens[:head], *tokens[start:end], comma, noun, having, *tokens[first:last], *tokens[end:]]


def _named_again(tokens: list[Token]) -> list[Token]:
    """Read `two jets, the hardest of which must …`, `the leading lepton … and the other …` with their nouns."""
    out: list[Token] = []
    noun: Token | None = None
    led = False  # whether a first one was spoken of, of which another can be the second
    skip = False
    for index, token in enumerate(tokens):
        if skip:
            skip = False
            continue
        if token.kind == "o" and token.value.object in PHYSICAL:
            noun = token
        behind = kinds(tokens[index + 1 : index + 9])
        if noun is None:
            out.append(token)
        elif token.kind == "r" and token.value > 0 and _is_bare(tokens, index, behind):
            one = replace(noun, start=token.end, end=token.end, value=replace(noun.value, plural=False))
            if out and out[-1].word in {"a", "another"} and token.value == 2:  # "one lepton with … and a second with …"
                _rank_first(out, noun)
                out.pop()
                token = replace(token, text="subleading")
            out += [token, one]
            skip = behind.startswith("n") or (behind.startswith("w") and tokens[index + 1].word == "of which")
        elif led and token.word == "other" and tokens[index - 1].word == "the" and _OTHER.match(behind):
            one = replace(noun, start=token.end, end=token.end, value=replace(noun.value, plural=False))
            out += [replace(token, kind="r", text="subleading", value=2), one]
            skip = behind.startswith("n")
        else:
            out.append(token)
        one_of = token.kind == "n" and behind[:1] in {"w", "O"} and tokens[index + 1].word != "with"
        one_of = one_of or (
            token.kind == "n" and behind[:1] == "m" and tokens[0].word == "of"
        )  # "of the two, one must …"
        if token.value == 1 and (token.kind == "r" or one_of):  # "one of which … and the other …"
            led = True
    return out


def _ranked_by_the_second(tokens: list[Token]) -> list[Token]:
    """Read `one muon with p_T > 20 GeV and a second muon with …` as the leading and the second one."""
    shape = kinds(tokens)
    again = re.search(r"n(?P<o>o)t?[wm][^jSC]*?a(?P<a>t?)(?P<r>r)(?P<p>o)", shape)
    if again is None or "j" in shape:
        return tokens
    one, second = tokens[again.start()], tokens[again.start("r")]
    same = tokens[again.start("o")].value.object == tokens[again.start("p")].value.object
    if not same or one.value != 1 or second.word != "second":
        return tokens
    first = replace(second, text="leading", value=1, start=one.end, end=one.end)
    kept = [
        t for t in tokens[again.start("o") : again.start("r")] if not (t.word == "a" and t is tokens[again.start("a")])
    ]
    return [
        *tokens[: again.start("o")],
        first,
        *kept,
        replace(second, text="subleading"),
        *tokens[again.end("r") :],
    ]


def _is_bare(tokens: list[Token], index: int, behind: str) -> bool:
    """Say whether a rank has no noun behind it: `the hardest of which must`, `a second with p_T > 15 GeV`."""
    following = tokens[index + 1].word if index + 1 < len(tokens) else ""
    if index and tokens[index - 1].kind == "b":
        return False
    if following in {"requires", "require", "requiring", "requirement", "requirements", "contains", "selects"}:
        return False  # "the second requires at least three jets": no jet does
    if tokens[index - 1].word == "a" and re.match(r"nw?v", behind) and following == "one":
        return True  # "a second one p_T > 15 GeV"
    if re.match(r"nt?m", behind) and following == "one":
        return True  # "…, while the subleading one needs p_T > 15 GeV"
    if re.match(r"vcn", behind) and tokens[index].value > 1:  # "the leading lepton having …, the second p_T > 20 GeV"
        return any(t.kind == "r" and t.value == tokens[index].value - 1 for t in tokens[:index])
    if re.match(r"t?m", behind):
        return behind.startswith("m") or following in {"is", "are"}
    return behind.startswith(("w", "c")) and following != "whose"


def _rank_first(out: list[Token], noun: Token) -> None:
    """Make `one lepton` the leading one, where a second is spoken of."""
    place = next((i for i in range(len(out) - 1, -1, -1) if out[i] is noun), None)
    if place and out[place - 1].kind == "n" and out[place - 1].value == 1:
        out.insert(place, replace(noun, kind="r", text="leading", value=1, end=noun.start))


def completed(tokens: list[Token]) -> list[Token]:
    """Return the tokens of a sentence with every impact parameter of a list as a variable."""
    tokens = _ranked_by_the_second(_named_again(_bound_again(_counted_with(tokens))))
    directions = {word: variable for variable, words in lexicon().directions.items() for word in words}
    tokens = _unbracketed(tokens, directions)
    out = list(tokens)
    if re.search(r"\btransverse plane\b", spoken(tokens)):
        for index, token in enumerate(tokens):
            if token.word in {
                "angle",
                "angle between",
                "opening angle",
            }:  # "the angle between … in the transverse plane"
                out[index] = replace(token, kind="v", value=Symbol(0, 0, "delta_phi", token.text))
    if _DISTANCES.search(spoken(tokens)):
        for index, token in enumerate(tokens[:-1]):
            along = directions.get(token.word)
            if token.kind == "v" and token.word.startswith("transverse distance"):
                out[index] = replace(token, value=Symbol(0, 0, "d0", token.text))  # to what the tracks come from
            if along and (tokens[index + 1].kind == "a" or tokens[index + 1].word.startswith("distance")):
                out[index] = replace(token, kind="v", value=Symbol(0, 0, along, token.text))
    for index in range(1, len(tokens) - 1):
        along = directions.get(tokens[index].word)
        told = {t.value.variable for t in tokens[:index] if t.kind == "v"} & {"d0", "z0"}
        if along and tokens[index + 1].word == "one" and told - {along}:  # "and a longitudinal one below 0.5 mm"
            out[index] = replace(tokens[index], kind="v", value=Symbol(0, 0, along, tokens[index].text))
            out[index + 1] = replace(tokens[index + 1], kind="t")
    for index in range(len(tokens) - 2):
        head = tokens[index + 2]
        if tokens[index + 1].kind == "a" and head.kind == "v" and head.value.variable in {"d0", "z0"}:
            variable = directions.get(tokens[index].word)
            if variable and variable != head.value.variable:
                out[index] = replace(tokens[index], kind="v", value=Symbol(0, 0, variable, tokens[index].text))
    return out
