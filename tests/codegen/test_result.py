"""The published schema of results is the one the program keeps."""

from __future__ import annotations

import json

import pytest

from codegen.result import SCHEMA, Result, result_schema, rounded
from kb.errors import InputError

SMALLEST = {
    "paper": {"arxiv_id": "note", "version": 1, "document_hash": "0" * 64},
    "dataset": {"name": "toys", "profile": "atlas-2020", "luminosity": 10.0},
    "samples": {
        "data_A": {
            "kind": "data",
            "normalised": True,
            "events": 39,
            "selected": 27,
            "weighted": 27.0,
            "sumw2": 27.0,
            "cutflow": [{"cut_ids": ["note-1"], "label": "charge", "raw": 27, "weighted": 27.0, "sumw2": 27.0}],
        }
    },
    "coverage": {"applied": 1, "total": 2},
    "not_applied": [{"cut_id": "note-2", "statement": "χ² < 6", "reason": "no vertex"}],
    "validation": {"status": "not_validated"},
    "software": {"python": "3.11"},
    "inputs": {"criteria": "a", "profile": "b", "code": "c", "files": []},
}


def test_the_published_schema_is_up_to_date() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == result_schema(), "write result_schema() to schemas/result-1.0.json"


def test_a_result_fits_the_published_schema() -> None:
    import jsonschema

    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    written = json.loads(Result.model_validate(SMALLEST).to_json())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(written, schema)
    written["samples"]["data_A"]["events"] = -1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(written, schema)


def test_a_result_reads_back_equal() -> None:
    result = Result.model_validate(SMALLEST)
    assert Result.from_json(result.to_json()) == result
    assert Result.from_json(result.to_json()).to_json() == result.to_json()


def test_an_invalid_result_names_its_path() -> None:
    broken = json.dumps(SMALLEST | {"coverage": {"applied": -1, "total": 2}})
    with pytest.raises(InputError) as caught:
        Result.from_json(broken)
    assert caught.value.path == "$.coverage.applied"


def test_rounding_hides_the_order_of_a_sum() -> None:
    forward, backward = sum([0.1] * 10 + [1e-9] * 10), sum([1e-9] * 10 + [0.1] * 10)
    assert rounded(forward) == rounded(backward)
    assert rounded(43.14179316115523) == 43.14179316
