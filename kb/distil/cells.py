"""Read a table's cell under its header: `> 200` under `E_T^miss [GeV]`, `2 or 3` under `N_jets`, a tick, a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.distil import clauses, flags
from kb.distil.candidates import Candidate, Setting
from kb.distil.entities import kinds, shape, tokens_of
from kb.distil.grid import names_variable, states_bound
from kb.distil.hadrons import family
from kb.distil.lexer import Token, plain
from kb.distil.memory import Memory
from kb.distil.particles import COLLECTED, FLAVOURS, PHYSICAL
from kb.distil.properties import properties
from kb.distil.qualifiers import channel_condition
from kb.distil.telegrams import made, objects, reading_of, telegrams
from kb.distil.threshold_lists import thresholds
from kb.distil.ticks import ticks
from kb.ssc import Variable
from kb.vocabulary import vocabulary

_NONE = re.compile(r"^\s*(?:[-–—−]+|\.{2,}|…|n/?a|none|inclusive|any|all|·)?\s*$", re.IGNORECASE)
_TICK = re.compile(r"^\s*(?:[✓✔√xX•]|yes|true|applied|required|veto(?:ed)?)\s*$", re.IGNORECASE)
_UNITS = "|".join(sorted((re.escape(u) for u in vocabulary().units if u not in {"1", "s", "%"}), key=len, reverse=True))
_HEAD_UNIT = re.compile(
    rf"\s*[\[(]\s*({_UNITS})(?:\s*\^?\{{?1/2\}}?)?(?:/c(?:\^?2)?)?\s*[\])]|,\s*({_UNITS})(?=\s*$)"
    rf"|\s+in\s+({_UNITS})\s*$"
)
_EXTREME = re.compile(
    r"(?:min(?:imum|imal|\.)?|max(?:imum|imal|\.)?|(?:lower|upper) (?:bound|limit|cut) on)\s+", re.IGNORECASE
)
_NUMBER_OF = re.compile(r"(?:(?:No|Nr|Num)\.(?: of)?|#(?: of)?)\s+")
_COMPARATOR = re.compile(r"\s*([<>≤≥]=?|=)\s*$")
_TOLD = re.compile(
    r"(?:exactly|at least|at most|more than|fewer than)\s+(?:\d|one|two|three|four|five|six)\b(?=\s*(?:$|[,;]|with\b))",
    re.I,
)
_ISOLATION = re.compile(
    r"\b(?:hadron|photon|electron|muon|neutral|charged|calorimeter|track)\w* iso(?:lation\b|\.)", re.IGNORECASE
)
_BACKWARDS = re.compile(r"(?P<n>\d[\d.]*(?:\s*[GTM]eV)?)\s*(?P<sign>[<>≤≥]=?)\s*(?P<what>[^\d\s<>≤≥][^<>≤≥]*)")
_FLIPPED = str.maketrans("<>≤≥", "><≥≤")
_GROWS = re.compile(r"\d\s*\+\s*\d[\d.]*\s*[×*·⋅∙]?\s*[pE]_?\{?T")
_UNKNOWN = re.compile(r"[<>≤≥]=?\s*[+-]?\d[\d.]*(?:\s*%)?")
_TAGGING = re.compile(
    r"b[- ]?(?:jet )?tag(?:ging|ger)?(?: (?:efficiency|working point|operating point|WP|OP|requirement|point))?",
    re.IGNORECASE,
)
_COUNTED_WITH = re.compile(r"(?:[Nn]umber of )?(?P<o>[^()]{3,40}?)\s*\((?:with )?(?P<what>[^()]+)\)$")
_POINT = re.compile(r"(?:very |extra )?(?:loose|medium|tight)|\d+(?:\.\d+)?\s?%(?: WP)?", re.IGNORECASE)
_VETOING = re.compile(r"(?P<o>[^()]+(?:\([^()]+\))?)\s+veto(?:es)?", re.IGNORECASE)
_CHANNEL = re.compile(
    r"(?P<bound>[<>≤≥].*?)\s*\((?:in |for |the )*(?P<channel>[eμτℓ0-9]{1,5})(?: channel)?(?: only)?\)$"
)
_SLASHED = re.compile(rf"(?P<high>\d[\d.]*)\s*/\s*(?P<low>\d[\d.]*)(?=\s*(?:{_UNITS}))")
_NUMBER_AND = re.compile(r"\s*(?P<n>[<>≤≥=]*\s*\d{1,2})\s*[,;]\s*(?P<rest>[^\d\s<>≤≥=].*)")
_OWN_UNIT = re.compile(rf"\s*({_UNITS})$")
_RANGE = re.compile(r"(∈|∉|/∈|outside|not in)?\s*([\[(]?)\s*([\d.]+)\s*(?:(,)|–|-|to)\s*([\d.]+)\s*([\])]?)")
_OR = re.compile(r"\s+or\s+|\s*∪\s*")
_OR_BINS = re.compile(rf"{_OR.pattern}|\s*[,;]\s+(?=[\d<>≤≥])")
_BOUND = re.compile(r"[<>≤≥]=?\s*[\d.]+")
_SYMBOLS = {"e": "electron", "μ": "muon", "τ": "tau", "ℓ": "lepton", "γ": "photon"}


def is_empty(text: str) -> bool:
    """Say whether a cell means that nothing is required."""
    return _NONE.match(text) is not None


def requirement(head: str, cell: str, regions: tuple[str, ...], about: str | None = None) -> Iterator[Candidate]:
    """Read a cell under its header; positions are those within the cell's own words.

    `about` is the object the whole table or column is about.

    >>> [(c.object, c.operator, c.value, c.unit) for c in requirement("E_T^miss [GeV] >", "200", ("SR1",))]
    [('met', '>', 200.0, 'GeV')]
    >>> [(c.variable.id, c.operator, c.value) for c in requirement("N_jets", "2", ())]
    [('count', '==', 2.0)]
    >>> [(c.variable.id, c.operator, c.value, c.unit) for c in requirement("H_T [GeV]", "60–400", ())]
    [('ht', 'in', (60.0, 400.0), 'GeV')]
    """
    if is_empty(cell):
        return
    setting = Setting(regions=regions)
    if turned := _BACKWARDS.fullmatch(cell.strip()):  # "200 < m_T2"
        cell = f"{turned['what'].strip()} {turned['sign'].translate(_FLIPPED)} {turned['n']}"
    pieces = _pieces(cell)
    if pieces:  # "∈ [125, 200) or ≥ 200"
        found = [list(requirement(head, piece, regions, about)) for piece in pieces]
        if all(len(own) == 1 for own in found):
            yield from (own[0].with_(any_of=0) for own in found)
            return
    bare, unit, comparator = _header(head)
    bare = _spelt(bare)
    ticked = _TICK.match(cell)
    if ticked and about and (asked := list(ticks(bare, about, setting))):
        yield from asked
        return
    if re.search(r"\bveto\b", head, re.IGNORECASE) and (ticked or cell.lower().startswith("inverted")):
        for name in objects(bare):
            yield made(name, "count", "==" if ticked else ">=", 0.0 if ticked else 1.0, setting)
        return
    vetoing = _VETOING.fullmatch(bare)
    if (
        vetoing and states_bound(cell) and not re.match(r"\s*(?:0|no|zero|none)\b", cell, re.IGNORECASE)
    ):  # "Photon veto | p_T > 15 GeV, |η| < 2.5"
        yield from _sentence(
            f"Events with any {vetoing['o'].lower()} with {cell} are vetoed", None, None, setting, "", None
        )
        return
    worded = list(properties(bare, cell, about, setting))
    if worded:
        yield from worded
        return
    placed = _CHANNEL.match(cell)
    channel = channel_condition(f"in the {placed['channel']} channel") if placed else None
    if placed and channel:  # "> 15 GeV (ee)"
        yield from (one.with_(when=one.when or channel) for one in requirement(head, placed["bound"], regions, about))
        return
    if _TAGGING.fullmatch(bare) and re.fullmatch(r"\d+(?:\.\d+)?\s?%|[A-Za-z]+", cell.strip()):
        yield made("bjet", "btag", "is", cell.strip(), setting).with_(scope="object")
        return
    counted = _COUNTED_WITH.match(bare)
    if counted and states_bound(counted["what"]):  # "Number of jets (p_T > 35 GeV, |η| < 4.5) | 0"
        yield from requirement(f"number of {counted['o']}", cell, regions, about)
        owner, noun = _owner(counted["o"])[0], counted["o"]
        if owner is None and (owner := _of_count(noun)):  # "N_jets (p_T > 30 GeV)"
            noun = f"{vocabulary().objects[owner].aliases[0]}s"
        said = f"{noun} with {counted['what']}".replace(",", " and")
        yield from _sentence(said, owner, None, setting, "", owner)
        return
    if unit and states_bound(cell) and _is_energy(cell):
        cell = f"{cell} {unit}"  # "Dijet mass [GeV] | m_jj < 110"
    if counted and _POINT.fullmatch(counted["what"].strip()):  # "b-tags (medium) | ≥ 2"
        yield from requirement(counted["o"], cell, regions, about)
        return
    listed = thresholds(bare, cell)
    if listed:  # "p_T(ℓ_1, ℓ_2) [GeV] | > 25, 20"
        for name, value in listed:
            full = f"{name} [{unit}] {comparator}" if unit else f"{name} {comparator}"
            yield from requirement(full, value, regions, about)
        return
    number = _NUMBER_AND.match(cell)
    if number and _counts(tokens_of(plain(bare))):  # "Leptons | 2, opposite charge"
        yield from requirement(bare, number["n"], regions, about)
        yield from requirement(bare, number["rest"], regions, about)
        return
    subject, rank = _owner(bare)
    if about and _ISOLATION.search(bare):
        subject, rank = about, None
        if _GROWS.search(cell):  # "< 1.2 + 0.015 p_T": the formula is all that can be said
            yield made(about, "iso_abs", "is", cell, setting).with_(unit="GeV", scope="object")
            return
        bare = "relative isolation" if "relative" in bare else "isolation"  # of charged hadrons in the object's cone
    told = _TOLD.match(cell)
    if told and subject and "v" not in shape(head):  # "Leptons | exactly two, p_T > 25 GeV"
        reading = reading_of(f"{told.group()} {bare}")
        for count in reading.counts if reading else ():
            yield made(subject, "count", count.operator, count.value, setting)
    several = re.match(r"\s*(\d+)\s*or\s*(\d+)\s+(?:with\b|$)", cell)
    if several and subject:
        low, high = float(several.group(1)), float(several.group(2))
        yield made(subject, "count", "<=" if low == 0 else "in", high if low == 0 else (low, high), setting)
    written = _written(cell, unit, comparator, bare) if bare and not states_bound(cell) else None
    vetoed = re.match(r"\s*veto(?:\s+on\s+(?P<o>.*))?$", cell, re.IGNORECASE)
    if written is not None:
        yield from _sentence(written, None, None, setting, "", about)
    elif bare and vetoed:
        for name in _vetoed(vetoed.group("o") or bare):
            yield made(name, "count", "==", 0.0, setting)
    else:
        read = list(_sentence(cell, subject, rank, setting, bare, about))
        yield from read or _unknown(bare, cell, about, setting)


def _unknown(head: str, cell: str, about: str | None, setting: Setting) -> Iterator[Candidate]:
    """Read a bound on a symbol that nothing else explains, where the table is about one kind of object."""
    flat = plain(cell).text.strip()
    symbol = len(head) <= 30 and re.search(r"[_^χ]", head) and not re.search(r"[voM]", shape(head))
    counts = re.match(r"[nN]_.*(?:jet|lep|tag)", head)
    if about not in PHYSICAL or not symbol or counts or not _UNKNOWN.fullmatch(flat):
        return
    reading = reading_of(f"x {flat}")
    for quantity in reading.quantities if reading else ():
        one = made(about, "other", quantity.operator, quantity.amounts[0].bounds(), setting)
        yield one.with_(variable=Variable(id="other", name=head), scope="object")


def _pieces(cell: str) -> list[str]:
    """Return the ranges and bounds of which a cell's value may be in any, as in bins; none without a range.

    >>> _pieces("∈[125, 200) or ≥200 GeV"), _pieces("60–80 ∪ 100–120"), _pieces("< 81 or > 101"), _pieces("2 or 3")
    (['∈[125, 200) GeV', '≥200 GeV'], ['60–80', '100–120'], [], [])
    """
    text = plain(cell).text
    parts = [part.strip() for part in (_OR if re.search(r"[\[(]", text) else _OR_BINS).split(text)]
    own = _OWN_UNIT.search(parts[-1])
    unit = own.group().strip() if own else ""
    bare = [_OWN_UNIT.sub("", part) for part in parts]
    ranges = [_RANGE.fullmatch(part) is not None for part in bare]
    if len(parts) < 2 or not any(ranges):
        return []
    if not all(ranged or _BOUND.fullmatch(part) for ranged, part in zip(ranges, bare, strict=True)):
        return []
    return [f"{part} {unit}".strip() for part in bare]


def in_unit(head: str, unit: str) -> str:
    """Write a header with the unit that its caption gives for all energies, where it has none.

    >>> in_unit("m_jj", "GeV"), in_unit("Δφ(jet, E_T^miss)", "GeV"), in_unit("H_T [TeV]", "GeV"), in_unit("m_T", "")
    ('m_jj [GeV]', 'Δφ(jet, E_T^miss)', 'H_T [TeV]', 'm_T')
    """
    return f"{head} [{unit}]" if unit and not _header(head)[1] and _is_energy(head) else head


def signed(head: str, sign: str, cell: str) -> str:
    """Write a header with the sign that its caption gives for all numbers, where neither has one.

    >>> signed("H/E", "<", "0.026"), signed("N_hits ≤", "<", "2"), signed("H/E", "<", "< 0.026")
    ('H/E <', 'N_hits ≤', 'H/E')
    """
    return f"{head} {sign}" if sign and re.fullmatch(r"[+-]?\d[\d.,]*", cell) and not _header(head)[2] else head


def _is_energy(text: str) -> bool:
    """Say whether the first variable that a text names is an energy, a momentum or a mass."""
    named = [t.value for t in tokens_of(plain(text)) if t.kind in "vo"]
    variables = [one.variable if hasattr(one, "variable") else "pt" if one.object == "met" else "" for one in named]
    first = next(filter(None, variables), None)
    return first is not None and vocabulary().variables[first].unit == "GeV"


def _spelt(head: str) -> str:
    """Spell out whose variable a head names, where a symbol tells it: `B^0 vertex χ^2`, `e p_T`.

    >>> _spelt("B^0 p_T"), _spelt("p_T"), _spelt("m_T [GeV]")
    ('candidate p_T', 'p_T', 'm_T [GeV]')
    """
    tokens = tokens_of(plain(head))
    first = next((i for i, t in enumerate(tokens) if t.kind in "vo"), 0)
    if not first or any(t.kind not in "tlash" for t in tokens[:first]):
        return head
    signs = [t.text for t in tokens[:first] if t.kind == "t" and t.word not in {"and", "or"}]
    owners = {family(sign) or _SYMBOLS.get(sign.split("^")[0]) for sign in signs}
    owner = owners.pop() if len(owners) == 1 else None
    if owner is None:
        return head
    rest = plain(head).text[tokens[first].start :] if tokens[first].value else head
    return f"{owner} {rest}"


def _header(head: str) -> tuple[str, str, str]:
    """Split a header into what it names, its unit and its comparator."""
    comparator = _COMPARATOR.search(head)
    body = head[: comparator.start()] if comparator else head
    match = _HEAD_UNIT.search(body)
    unit = next((g for g in match.groups() if g), "") if match and "1/2" not in match.group() else ""
    bare = _NUMBER_OF.sub("number of ", (_HEAD_UNIT.sub("", body) if match else body).strip())
    extreme = _EXTREME.match(bare)
    if extreme and comparator is None and names_variable(bare[extreme.end() :]):  # "Minimum p_T [GeV] | 20"
        return bare[extreme.end() :], unit, "≥" if extreme.group().lower().startswith(("min", "low")) else "≤"
    return bare, unit, comparator.group(1) if comparator else ""


def _written(cell: str, unit: str, comparator: str, bare: str) -> str | None:
    """Spell a cell's value out as a requirement on its header's variable."""
    flat = re.sub(r"\s*[†‡*§]+$", "", plain(cell).text.strip())
    if not re.search(r"\d", flat):
        return None
    own = _OWN_UNIT.search(flat)
    if own and _RANGE.fullmatch(flat[: own.start()]):  # "12–81 GeV"
        flat, unit = flat[: own.start()], own.group(1)
    tokens = tokens_of(plain(f"{bare} > 1"))[:-2]  # a lone p is a momentum where it has a bound
    named = any(t.kind == "v" or (t.kind == "o" and t.value.object == "met") for t in tokens)
    if re.fullmatch(r"[<>≥≤=]{0,2}\s*\d{1,2}(?:\s*[-–]\s*\d{1,2})?", flat) and _counts(tokens):
        bare = f"number of {bare}"
        tokens = tokens_of(plain(bare))
        named = any(t.kind == "v" for t in tokens)
    if not named:
        return None
    counted = any(t.kind == "v" and t.value.variable == "count" for t in tokens)
    if unit:  # "|m_bb − 125| [GeV]": the mass has the header's unit too
        bare = re.sub(r"([-−–]\s*\d[\d.]*)\s*(?=\|)", rf"\1 {unit}", bare)
    tail = f" {unit}" if unit and not re.search(_UNITS, flat) else ""
    if re.fullmatch(r"[+-]?\d[\d.,]*", flat):
        if comparator:
            return f"{bare} {comparator} {flat}{tail}"
        return f"{bare} = {flat}" if counted else None
    several = re.fullmatch(r"([<>≥≤]=?)\s*\(\s*(\d[\d.]*(?:\s*,\s*\d[\d.]*)+)\s*\)", flat)
    if several:  # "> (120, 80)": of the leading ones
        return f"{bare} {several.group(1)} {several.group(2)}{tail}"
    aside = re.match(r"([<>≤≥]=?\s*[\d.]+)\s*\(.*\)$", flat)
    if aside:
        return f"{bare} {aside.group(1)}{tail}"
    either = re.fullmatch(r"=?\s*(\d+)\s*(?:or|,|/)\s*(\d+)", flat)
    if either and (counted or flat[0] == "="):
        return f"{bare} in the range {either.group(1)}–{either.group(2)}"
    beside = re.fullmatch(rf"<\s*(\d[\d.]*)(?:\s*(?:{_UNITS}))?\s*or\s*>\s*(\d[\d.]*)\s*({_UNITS})?", flat)
    if beside:  # "< 81 or > 101"
        return f"{bare} outside {beside.group(1)}–{beside.group(2)} {beside.group(3) or unit}".strip()
    if re.match(r"\s*[<>≤≥=]", flat):
        return f"{bare} {flat}{tail}"
    endless = re.fullmatch(r"(\d[\d.]*)\s*(?:[-–]|to|,)\s*\+?∞", flat)
    if endless:  # a last bin: "600–∞"
        return f"{bare} ≥ {endless.group(1)}{tail}"
    ranged = _RANGE.fullmatch(flat)
    if not ranged:
        return None
    sign, left, low, comma, high, right = ranged.groups()
    outside = sign in {"∉", "/∈", "outside", "not in"}
    if comma and left + right in {"[)", "(]", "()"}:  # in dashes, brackets are only brackets
        return f"{bare} {'∉' if outside else '∈'} {left}{low}, {high}{right}{tail}"
    return f"{bare} {'outside' if outside else 'in the range'} {low}–{high}{tail}"


def object_of(text: str) -> str | None:
    """Return the only object a caption or a head is about.

    >>> object_of("Photon selection criteria"), object_of("Electrons"), object_of("Electron and muon selection")
    ('photon', 'electron', None)
    """
    named = set(objects(text)) & COLLECTED
    return named.pop() if len(named) == 1 else None


def _counts(tokens: list[Token]) -> bool:
    """Say whether a head is only objects in the plural, so that a number counts them: `b-tagged jets`."""
    shape = kinds(tokens)
    return (
        re.fullmatch(r"[trkh]{0,4}o", shape) is not None
        and tokens[-1].value.plural
        and tokens[-1].value.object != "met"
    )


def _vetoed(text: str) -> list[str]:
    """Return the objects that must not be there: named by symbols (`e/μ`) or words."""
    found = [_SYMBOLS[t.text] for t in tokens_of(plain(text)) if t.text in _SYMBOLS] or objects(text)
    return ["lepton"] if set(found) == FLAVOURS else found


def _owner(head: str) -> tuple[str | None, int | None]:
    """Return the object a header names, and its rank."""
    reading = reading_of(head)
    phrase = next((p for p in reading.phrases if p.object != "event"), None) if reading else None
    return (phrase.object, phrase.rank) if phrase else (None, None)


def _of_count(head: str) -> str | None:
    """Return what a symbol counts: `N_b`."""
    counted = (t.value for t in tokens_of(plain(head)) if t.kind == "v" and t.value.variable == "count")
    return next((one.about.object for one in counted if one.about), None)


def _sentence(
    text: str, subject: str | None, rank: int | None, setting: Setting, head: str, about: str | None
) -> Iterator[Candidate]:
    """Read a cell as a sentence about what its header names."""
    slashed = _SLASHED.search(text)
    if slashed and float(slashed["high"]) >= float(slashed["low"]):  # "2 leptons, p_T > 25/20 GeV"
        text = f"{text[: slashed.start()]}{slashed['high']}, {slashed['low']}{text[slashed.end() :]}"
    lead = f"{head} with " if subject and head and "v" not in shape(head) else f"{head} "
    reading = reading_of(lead + text if head else text)
    if reading is None:
        return
    memory = Memory(subject=subject or about)
    for candidate in clauses.candidates(reading, memory, setting):
        ranked = rank if candidate.object == subject and candidate.rank is None else candidate.rank
        yield candidate.with_(rule=f"table-{candidate.rule}", rank=ranked)
    yield from telegrams(text, subject, rank, setting)
    yield from flags.flags(reading, memory, setting)
