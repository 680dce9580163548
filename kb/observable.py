"""What is looked at in the selected events: one histogram of a variable of the event or of its objects."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from kb.bounds import Frozen, Subject, Variable
from kb.errors import InputError
from kb.vocabulary import vocabulary

_WRITTEN = re.compile(
    r"(?P<object>\w+)\.(?P<variable>\w+)(?:@(?P<rank>\d+))?=(?P<bins>\d+),(?P<low>[^,]+),(?P<high>[^,]+)"
)


class Observable(Frozen):
    """A histogram: a variable of a subject in equal bins from `low` to `high`.

    A subject that is several objects (jets without a rank) is filled once for `each` of them, or once with the
    `largest`, the `smallest` or the `sum` of their values.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    subject: Subject
    variable: Variable
    take: Literal["each", "largest", "smallest", "sum"] = "each"
    bins: int = Field(gt=0, le=10_000)
    low: float
    high: float
    unit: str = Field(default="1", description="of `low` and `high`")
    label: str = Field(default="", description="of the axis; written from subject and variable where it is empty")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what a user writes: object.variable=bins,low,high, in GeV, mm, rad or 1; @n is the n-th object.

        >>> Observable.parse("jet.pt@1=40,0,400").name
        'jet_1_pt'
        """
        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            message = f"'{text}' is not object.variable=bins,low,high"
            raise InputError(message, hint="for example met.pt=50,0,200 or, of the leading jet, jet.pt@1=40,0,400")
        thing, variable, rank = match["object"], match["variable"], match["rank"]
        words = vocabulary()
        for name, known in ((thing, words.objects), (variable, words.variables)):
            if name not in known:
                message = f"'{text}': there is no '{name}'"
                raise InputError(message, hint=f"known: {', '.join(known)}")
        unit = words.variables[variable].unit or "1"
        try:
            return cls(
                name="_".join(filter(None, [thing, rank, variable])),
                subject=Subject(object=thing, rank=int(rank) if rank else None),
                variable=Variable(id=variable),
                bins=int(match["bins"]),
                low=float(match["low"]),
                high=float(match["high"]),
                unit=unit,
            )
        except (ValidationError, ValueError) as error:
            reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            message = f"'{text}': {reason.removeprefix('Value error, ')}"
            raise InputError(message, hint="write object.variable=bins,low,high with low below high") from error

    @model_validator(mode="after")
    def _range_rises(self) -> Self:
        if not self.low < self.high:
            msg = f"the range of observable '{self.name}' does not rise: {self.low:g} to {self.high:g}"
            raise ValueError(msg)
        return self
