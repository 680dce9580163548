"""The result of an analysis, as `result.json` holds it; its published form is `schemas/result-1.0.json`.

The same criteria, profile, code and data give the same bytes: there are no times, no absolute paths, and weighted
numbers are rounded to ten significant digits, which is more than sums in double precision lose by their order.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kb.errors import InputError, json_path

RESULT_VERSION = "1.0"
DIGITS = 10
SCHEMA = Path(__file__).with_name("schemas") / "result-1.0.json"


EngineName = Literal["compiled", "llm", "hybrid"]
BackendName = Literal["awkward", "rdataframe"]


def _nothing(value: object) -> bool:
    return not value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SumsResult(_Strict):
    """A sum of weights."""

    weighted: float = Field(description="events at the luminosity of the data; counts for data")
    sumw2: float = Field(ge=0, description="sum of squared weights: the variance of `weighted`")


class VariationResult(_Strict):
    """What a sum of weights would be with something shifted up, or down."""

    up: SumsResult
    down: SumsResult


Varied = Annotated[
    dict[str, VariationResult],
    Field(default={}, exclude_if=_nothing, description="by the name of each uncertainty of the weight"),
]


class StepResult(_Strict):
    """One line of a cutflow: what survives this step and all before it."""

    cut_ids: tuple[str, ...]
    label: str
    raw: int = Field(ge=0, description="events")
    weighted: float = Field(description="events at the luminosity of the data; counts for data")
    sumw2: float = Field(ge=0, description="sum of squared weights: the variance of `weighted`")
    varied: Varied


class BinsResult(_Strict):
    """Weighted counts in bins, and their variances."""

    values: tuple[float, ...]
    variances: tuple[float, ...]


class VariedBinsResult(_Strict):
    """What a histogram would hold with something shifted up, or down."""

    up: BinsResult
    down: BinsResult


class HistogramResult(_Strict):
    """Selected events in bins, weighted; events outside the edges are left out.

    With `without`, events need not meet that step (N − 1), whose `thresholds` are given.
    """

    edges: tuple[float, ...]
    values: tuple[float, ...]
    variances: tuple[float, ...]
    label: str
    unit: str = ""
    without: tuple[str | None, int] | None = Field(
        default=None, description="region (null: the baseline) and place of a step that is left out"
    )
    thresholds: tuple[float, ...] = ()
    varied: dict[str, VariedBinsResult] = Field(default={}, exclude_if=_nothing)


class RegionResult(_Strict):
    """A region: its steps after the baseline and after its parent."""

    parent: str | None
    selected: int = Field(ge=0)
    weighted: float
    sumw2: float = Field(ge=0)
    varied: Varied
    cutflow: tuple[StepResult, ...]
    histograms: dict[str, HistogramResult] = {}


class OverlapResult(_Strict):
    """Events in two regions at once; rows and columns in the order of the regions."""

    raw: tuple[tuple[int, ...], ...] = ()
    weighted: tuple[tuple[float, ...], ...] = ()


class SampleResult(_Strict):
    """One process or data-taking period."""

    kind: Literal["data", "mc"]
    normalised: bool = Field(description="false: simulation without a known cross-section, each event counted as 1")
    events: int = Field(ge=0)
    selected: int = Field(ge=0, description="events that pass the whole baseline")
    weighted: float
    sumw2: float = Field(ge=0)
    varied: Varied
    cutflow: tuple[StepResult, ...]
    regions: dict[str, RegionResult] = {}
    overlaps: OverlapResult = OverlapResult()
    histograms: dict[str, HistogramResult] = {}


class PaperResult(_Strict):
    """The paper the criteria come from."""

    arxiv_id: str
    version: int
    title: str = ""
    document_hash: str


class DatasetResult(_Strict):
    """The data the criteria were applied to."""

    name: str
    profile: str
    luminosity: float | None = Field(description="fb^-1, of the data; of what simulation is scaled to without data")
    no_luminosity: str = Field(default="", description="why it is not known", exclude_if=_nothing)


class Coverage(_Strict):
    """How many of the paper's cuts the code applies."""

    applied: int = Field(ge=0)
    already: int = Field(default=0, ge=0, description="applied in the data before", exclude_if=_nothing)
    total: int = Field(ge=0)
    unreviewed: int = Field(default=0, ge=0, description="no person has judged them yet", exclude_if=_nothing)


class Omission(_Strict):
    """A cut that is not applied, and why."""

    cut_id: str
    statement: str
    reason: str
    review: bool = Field(default=False, description="a person could settle it")
    already: bool = Field(default=False, description="those who made the data have applied it", exclude_if=_nothing)


class RemarkResult(_Strict):
    """How something of the criteria is read that could be read in another way, or why it has no effect."""

    about: str = Field(description="cuts, or a region")
    text: str
    review: bool = Field(default=False, description="a person could settle it")


class Disagreement(_Strict):
    """An event on which code and reference differ; `index` counts the sample's events from 0."""

    sample: str
    index: int = Field(ge=0)
    run: int | None = None
    event: int | None = None
    step: str = Field(description="label of the first step that differs")
    cut_ids: tuple[str, ...] = ()
    code_passes: bool
    reference_passes: bool


class EventByEvent(_Strict):
    """Masks of the code compared with those of an independent reference, over all steps and regions."""

    events: int = Field(ge=0)
    agreeing: int = Field(ge=0)
    agreement: float = Field(ge=0, le=1)
    left: int | None = Field(default=None, ge=0, description="how many pass the baseline, by code or by reference")
    disagreements: tuple[Disagreement, ...] = Field(default=(), description="the first ones")
    only_code: tuple[str, ...] = Field(default=(), description="cuts that only the code applies")
    only_reference: tuple[str, ...] = Field(default=(), description="cuts that only the reference applies")


class YieldComparison(_Strict):
    """A published number and ours."""

    sample: str
    quantity: Literal["selected", "weighted"]
    published: float
    measured: float
    agrees: bool


class SumDifference(_Strict):
    """A sum of weights that code and reference do not agree on."""

    sample: str
    step: str
    weight: str = Field(description="nominal, or what is shifted: scale_up")
    code: float
    reference: float


class WeightSums(_Strict):
    """Sums of weights and of their squares, after every step, compared with those of an independent reference."""

    compared: int = Field(ge=0)
    agreeing: int = Field(ge=0)
    differences: tuple[SumDifference, ...] = Field(default=(), description="the first ones")


class HistogramDifference(_Strict):
    """Bins of a histogram on whose sum of weights, or of squared weights, code and reference do not agree."""

    sample: str
    region: str | None
    histogram: str
    weight: str = Field(description="nominal, or what is shifted: scale_up")
    low: float
    high: float
    code: float
    reference: float


class HistogramSums(_Strict):
    """Contents of histograms, by sample, region and weight, compared with those of an independent reference."""

    compared: int = Field(ge=0)
    agreeing: int = Field(ge=0)
    unchecked: tuple[str, ...] = Field(default=(), description="histograms that the reference has no values of")
    unfilled: tuple[str, ...] = Field(default=(), description="not filled by code of a model", exclude_if=_nothing)
    differences: tuple[HistogramDifference, ...] = Field(default=(), description="the first ones")


class ProbePoint(_Strict):
    """A place where a cut must change its mind, in GeV, mm and 1, and the two made-up events next to it."""

    where: str
    threshold: float | None = None
    below: float | None = Field(default=None, description="what the cut measures in the event on the lower side")
    above: float | None = Field(default=None, description="and in that on the upper side")
    exact: bool = Field(default=False, description="one of the two has exactly the threshold")


class CutProbes(_Strict):
    """What the code does with one cut, shown on events in which all else is satisfied."""

    cut_id: str
    statement: str
    verdict: Literal["proven", "wrong", "not_provable"]
    reason: str = Field(default="", description="what is wrong, or why it is shown by itself only, or not")
    events: int = Field(ge=0)
    points: tuple[ProbePoint, ...] = ()


class Probes(_Strict):
    """The code, as a black box, on events just below, at and just above the thresholds of every applied cut."""

    events: int = Field(ge=0)
    proven: int = Field(ge=0)
    wrong: int = Field(ge=0)
    not_provable: int = Field(ge=0)
    cuts: tuple[CutProbes, ...] = ()
    seed: int | None = Field(default=None, description="of the search for such events")


class Validation(_Strict):
    """What is known about whether the code does what the criteria say."""

    status: Literal["agrees", "disagrees", "not_validated"]
    probes: Probes | None = None
    event_by_event: EventByEvent | None = None
    weights: WeightSums | None = None
    histograms: HistogramSums | None = Field(default=None, exclude_if=_nothing)
    yields: tuple[YieldComparison, ...] = ()


class InputFile(_Strict):
    """A data file, by name and content."""

    sample: str
    name: str
    bytes: int = Field(ge=0)
    sha256: str


class UnreadInput(_Strict):
    """A data file that could not be read, and why."""

    sample: str
    name: str
    reason: str


class AbsentPaths(_Strict):
    """Trigger paths that a data file lacks: they count as not fired in its events, others of the same menu may have."""

    sample: str
    name: str
    paths: tuple[str, ...]


class EngineResult(_Strict):
    """Who wrote the code."""

    name: EngineName = "compiled"
    backend: BackendName = Field(default="awkward", description="what the code is written for")
    model: str | None = Field(default=None, description="the language model that took part")
    calls: tuple[str, ...] = Field(default=(), description="sha256 of what it was asked, as in the bundle's ledger")


class Inputs(_Strict):
    """Checksums of everything that went in."""

    criteria: str
    profile: str
    code: str
    files: tuple[InputFile, ...]
    left_out: dict[str, str] = Field(default={}, description="files of the folder that were not read, and why")


class Result(_Strict):
    """All that an analysis found, and from what."""

    schema_version: Literal["1.0"] = "1.0"
    paper: PaperResult
    dataset: DatasetResult
    samples: dict[str, SampleResult]
    unread: tuple[UnreadInput, ...] = Field(default=(), description="files left out; the result is not complete then")
    absent: tuple[AbsentPaths, ...] = Field(
        default=(), description="files without some of the trigger's paths", exclude_if=_nothing
    )
    coverage: Coverage
    not_applied: tuple[Omission, ...]
    plots: tuple[str, ...] = Field(default=(), description="plots that were made", exclude_if=_nothing)
    not_drawn: dict[str, str] = Field(default={}, description="plots that were not made, samples not in them, and why")
    not_varied: dict[str, str] = Field(
        default={}, description="uncertainties of the weight that samples do not hold, and why", exclude_if=_nothing
    )
    regions_left_out: dict[str, str] = Field(
        default={}, description="regions of which no cut is left, and why", exclude_if=_nothing
    )
    remarks: tuple[RemarkResult, ...] = Field(
        default=(), description="how something is read that could be read otherwise", exclude_if=_nothing
    )
    validation: Validation
    software: dict[str, str] = Field(description="versions by package, Python's, and the tier of the sandbox")
    inputs: Inputs
    seeds: dict[str, int] = Field(default={}, description="of what was drawn by chance", exclude_if=_nothing)
    engine: EngineResult = EngineResult()

    def to_json(self) -> str:
        """Write `result.json`; the same result gives the same bytes."""
        return json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a `result.json`; InputError names the JSON path of the first offence."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            path = json_path(first["loc"])
            message = f"a result breaks the schema {RESULT_VERSION} at {path}: {first['msg']}"
            raise InputError(message, hint=f"compare with {SCHEMA.name}", path=path) from error


def rounded(value: float) -> float:
    """Round to ten significant digits.

    >>> rounded(43.14179316115523), rounded(0.0)
    (43.14179316, 0.0)
    """
    return float(f"{value:.{DIGITS}g}")


def result_schema() -> str:
    """Return the JSON Schema of `Result`, as published in `schemas/result-1.0.json`."""
    schema = Result.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"Analysis result {RESULT_VERSION}"
    return json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
