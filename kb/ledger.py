"""The ledger of what a language model was asked and answered, by the content of the question.

A call is found by all that goes into it: model, messages, schema, seed. So a run that asks the same again needs no
model, and gives the same.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError


class Call(BaseModel):
    """One question and its answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    """sha256 of the question in canonical JSON."""
    question: dict[str, Any]
    answer: str
    finished: str = ""
    """Why the model ended: `stop`, or `length` where it had to."""


def key_of(question: dict[str, Any]) -> str:
    """Return the name of a question.

    >>> key_of({"b": 1, "a": 2}) == key_of({"a": 2, "b": 1})
    True
    """
    return hashlib.sha256(json.dumps(question, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class Ledger:
    """Calls in a folder, a file each; any number of processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, question: dict[str, Any]) -> Call | None:
        """Return the call that asked this; None where none did, or its file is damaged."""
        try:
            call = Call.model_validate_json(self._place(key_of(question)).read_bytes())
        except (OSError, ValidationError):
            return None
        return call if call.question == question else None

    def put(self, call: Call) -> None:
        """Keep a call."""
        place = self._place(call.key)
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_name(f"{place.name}.{os.getpid()}")
        partial.write_text(call.model_dump_json(indent=1) + "\n", encoding="utf-8")
        partial.replace(place)

    def _place(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"
