"""The ledger of what a language model was asked and answered, by the content of the question.

A call is found by all that goes into it: server, model, messages, schema, seed. So a run that asks the same again needs
no model, and gives the same. A question that names no server is answered by what any server said to it.
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
        place = self._place(question)
        if "server" in question:
            return self._read(place, question)
        found = (self._read(one, question) for one in sorted(place.parent.glob(f"{place.stem}*.json")))
        return next(filter(None, found), None)

    def put(self, call: Call) -> None:
        """Keep a call."""
        place = self._place(call.question)
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_name(f"{place.name}.{os.getpid()}")
        partial.write_text(call.model_dump_json(indent=1) + "\n", encoding="utf-8")
        partial.replace(place)

    def forget(self, call: Call) -> None:
        """Remove a call, so that its question is asked again."""
        self._place(call.question).unlink(missing_ok=True)

    @staticmethod
    def _read(place: Path, question: dict[str, Any]) -> Call | None:
        try:
            call = Call.model_validate_json(place.read_bytes())
        except (OSError, ValidationError):
            return None
        return call if call.question in (question, {**question, "server": call.question.get("server")}) else None

    def _place(self, question: dict[str, Any]) -> Path:
        """Return the file of a question: calls that differ by their server alone are beside each other."""
        key = key_of({name: value for name, value in question.items() if name != "server"})
        server = f".{key_of({'server': question['server']})[:12]}" if "server" in question else ""
        return self._folder / key[:2] / f"{key}{server}.json"
