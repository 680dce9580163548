"""The published schema is the models', and judges as they do."""

from __future__ import annotations

import json
from importlib import resources
from types import ModuleType
from typing import Any

import jsonschema
import pytest

from kb.document import Document
from kb.errors import CriteriaError
from kb.ssc import SCHEMA_VERSION, SelectionCriteria, json_schema

PUBLISHED = resources.files("kb").joinpath(f"schemas/ssc-{SCHEMA_VERSION}.json").read_text(encoding="utf-8")


@pytest.fixture
def fields(papers: ModuleType, dimuon: Document) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(papers.criteria(dimuon, *papers.dimuon_cuts(dimuon)).to_json())
    return made


def test_the_published_schema_is_that_of_the_models() -> None:
    assert json_schema() == PUBLISHED


def test_the_published_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(PUBLISHED))


def test_what_the_models_write_fits_the_schema(fields: dict[str, Any]) -> None:
    jsonschema.validate(fields, json.loads(PUBLISHED))


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [
        (("cuts", 0), "operator", "=>"),
        (("cuts", 0), "threshold", 5),
        (("cuts", 0), "closed", "open"),
        (("cuts", 0), "scope", "everywhere"),
        (("cuts", 0, "evidence", 0), "document_hash", "abc"),
        (("paper",), "arxiv_id", None),
        ((), "schema_version", "2.0"),
    ],
)
def test_what_breaks_the_schema_breaks_the_models(
    fields: dict[str, Any], place: tuple[str | int, ...], name: str, value: object
) -> None:
    target: Any = fields
    for step in place:
        target = target[step]
    target[name] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(fields, json.loads(PUBLISHED))
    with pytest.raises(CriteriaError) as caught:
        SelectionCriteria.from_json(json.dumps(fields))
    path = "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    assert caught.value.path == f"{path}.{name}"
