"""What is looked at in the selected events: one histogram of a variable of the event or of its objects."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal, Self

from pydantic import Field, model_validator

from kb.bounds import Frozen, Subject, Variable
from kb.errors import InputError
from kb.vocabulary import vocabulary

_WRITTEN = re.compile(r"(?P<object>\w+)\.(?P<variable>\w+)(?:@(?P<rank>\d+))?(?:=(?P<range>.*))?")
_SHAPE = "object.variable=bins,low,high"
_EXAMPLES = (
    "for example met.pt=50,0,200; jet.pt@1=40,0,400 of the leading jet; jet_pair.mass=50,0,500 of the two leading "
    "jets; lepton_pair.mass@1=60,0,120 of the leading of the pairs that the paper chooses"
)
_MOST_BINS = 10_000


class Observable(Frozen):
    """A histogram: a variable of a subject in equal bins from `low` to `high`.

    A subject that is several objects (jets without a rank) is filled once for `each` of them, or once with the
    `largest`, the `smallest` or the `sum` of their values.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    subject: Subject
    variable: Variable
    take: Literal["each", "largest", "smallest", "sum"] = "each"
    bins: int = Field(gt=0, le=_MOST_BINS)
    low: float
    high: float
    unit: str = Field(default="1", description="of `low` and `high`")
    label: str = Field(default="", description="of the axis; written from subject and variable where it is empty")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what a user writes: object.variable=bins,low,high, in GeV, mm, rad or 1; @n is the n-th object.

        A pair without a number is the one that the criteria choose, or that of the two leading objects.

        >>> Observable.parse("jet.pt@1=40,0,400").name
        'jet_1_pt'
        """
        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            message = f"'{text}' is not {_SHAPE}"
            raise InputError(message, hint=_EXAMPLES)
        thing, variable, rank = match["object"], match["variable"], match["rank"]
        words = vocabulary()
        _check_word(text, "object", thing, words.objects)
        _check_word(text, "variable", variable, words.variables)
        if rank is not None and int(rank) < 1:
            message = f"'{text}': objects are counted from 1, so there is no @{rank}"
            raise InputError(message, hint=f"{thing}.{variable}@1 is of the leading one")
        bins, low, high = _range(text, match["range"])
        return cls(
            name="_".join(filter(None, [thing, rank, variable])),
            subject=Subject(object=thing, rank=int(rank) if rank else None),
            variable=Variable(id=variable),
            bins=bins,
            low=low,
            high=high,
            unit=words.variables[variable].unit or "1",
        )

    @model_validator(mode="after")
    def _range_rises(self) -> Self:
        if not self.low < self.high:
            msg = f"the range of observable '{self.name}' does not rise: {self.low:g} to {self.high:g}"
            raise ValueError(msg)
        return self


def _check_word(text: str, kind: str, word: str, known: Iterable[str]) -> None:
    """Raise `InputError` for a word that the vocabulary does not have, with the nearest ones it has."""
    known = list(known)
    if word in known:
        return
    near = get_close_matches(word, known, n=2)
    meant = f"perhaps you mean {' or '.join(near)}; " if near else ""
    message = f"'{text}': there is no {kind} '{word}'"
    raise InputError(message, hint=f"{meant}known {kind}s: {', '.join(known)}")


def _range(text: str, written: str | None) -> tuple[int, float, float]:
    """Read `bins,low,high`; InputError says which of them is wrong."""
    name = text.strip().partition("=")[0]
    example = f"write bins, low and high, such as {name}=50,0,200"
    parts = [part.strip() for part in written.split(",")] if written is not None else []
    if len(parts) != 3:
        given = f"{len(parts)} given" if parts else "none given"
        message = f"'{text}' is not {_SHAPE}: three numbers belong behind '=', {given}"
        raise InputError(message, hint=example)
    if not parts[0].isdecimal() or not 0 < int(parts[0]) <= _MOST_BINS:
        message = f"'{text}': '{parts[0]}' is no number of bins, which is whole, and from 1 to {_MOST_BINS}"
        raise InputError(message, hint=example)
    ends = []
    for end in parts[1:]:
        try:
            ends.append(float(end))
        except ValueError:
            ends.append(math.nan)
        if not math.isfinite(ends[-1]):
            message = f"'{text}': '{end}' is no number"
            raise InputError(message, hint=f"{example}: plain numbers, in GeV, mm, rad or 1")
    if not ends[0] < ends[1]:
        message = f"'{text}': the range does not rise from {parts[1]} to {parts[2]}"
        raise InputError(message, hint=f"{example}: the lower end comes first")
    return int(parts[0]), ends[0], ends[1]
