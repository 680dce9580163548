"""Gold annotations: every cut that a reader found in a paper, each with the words that state it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kb.errors import InputError, json_path
from kb.ssc import Operator, Role, Scope
from kb.vocabulary import vocabulary


class GoldCut(BaseModel):
    """One annotated requirement, numbers in the unit the paper writes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    paper: str | None = Field(default=None, description="which of a benchmark's papers the quote stands in")
    object: str
    variable: str
    operator: Operator
    value: float | tuple[float, float] | str
    unit: str | None = "1"
    rank: int | None = Field(default=None, ge=1)
    role: Role = "select"
    scope: Scope
    region: str | None = None
    quote: str = Field(min_length=1)
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        words = vocabulary()
        problem = None
        if self.object not in words.objects:
            problem = f"'{self.object}' is no object of the vocabulary"
        elif self.variable not in words.variables:
            problem = f"'{self.variable}' is no variable of the vocabulary"
        elif (self.operator == "is") != isinstance(self.value, str):
            problem = "operator 'is' takes a string, and only it does"
        elif (self.operator in {"in", "not_in"}) != isinstance(self.value, tuple):
            problem = "operators 'in' and 'not_in' take a range, and only they do"
        if problem:
            raise ValueError(problem)
        return self

    def record(self) -> dict[str, Any]:
        """Return the flat record, as `Cut.flat` gives it for a prediction."""
        return self.model_dump(mode="json")


class Gold(BaseModel):
    """All cuts of a paper, or of a benchmark's papers together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    arxiv_id: str
    experiment: str = ""
    title: str = ""
    sqrt_s_TeV: float | None = None
    luminosity_fb: float | None = None
    text_file: str | None = None
    papers: dict[str, str] = Field(default_factory=dict, description="paper id -> file beside the gold file")
    cuts: tuple[GoldCut, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [cut.id for cut in self.cuts]
        if len(set(ids)) != len(ids):
            msg = f"two cuts share an id: {sorted({i for i in ids if ids.count(i) > 1})}"
            raise ValueError(msg)
        strangers = {cut.paper for cut in self.cuts if cut.paper is not None} - set(self.papers)
        if strangers:
            msg = f"cuts name papers the file does not list: {sorted(strangers)}"
            raise ValueError(msg)
        return self

    @property
    def baseline(self) -> tuple[GoldCut, ...]:
        """The cuts that hold everywhere."""
        return tuple(cut for cut in self.cuts if cut.region is None)

    def records(self) -> list[dict[str, Any]]:
        """Return the flat records of all cuts."""
        return [cut.record() for cut in self.cuts]


def load_gold(path: Path) -> Gold:
    """Read and check a gold file; InputError names the file and the JSON path of the first offence."""
    try:
        return Gold.model_validate_json(path.read_bytes())
    except OSError as error:
        message = f"cannot read the gold file {path}: {error.strerror}"
        raise InputError(message, hint="a benchmark folder holds a gold.json") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = json_path(first["loc"])
        message = f"{path}: {where}: {first['msg']}"
        raise InputError(message, hint="compare with eval/benchmarks/hzz4l/gold.json", path=where) from error
