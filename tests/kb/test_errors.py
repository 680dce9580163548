"""The tree that `kb.errors` draws is the tree there is."""

from __future__ import annotations

import re

from kb import errors
from kb.errors import CutbookError, EvidenceError, RefusedError, SandboxError

ROW = re.compile(r"^ {4}(?P<lines>[│ ├└─]*)(?P<name>\w+Error)\s+(?P<code>\w+)\s+(?P<exit>\d)\s+(?P<http>\d{3})\b")


def drawn() -> dict[str, tuple[str, str, int, int]]:
    """Return name: (parent, code, exit status, http status), as drawn."""
    tree, path = {}, ["CutbookError"]
    for line in (errors.__doc__ or "").splitlines():
        if row := ROW.match(line):
            depth = len(row["lines"]) // 4
            path[depth:] = [row["name"]]
            tree[row["name"]] = (path[depth - 1], row["code"], int(row["exit"]), int(row["http"]))
    return tree


def real(parent: type[CutbookError] = CutbookError) -> dict[str, tuple[str, str, int, int]]:
    tree = {}
    for child in parent.__subclasses__():
        if child.__module__ == errors.__name__:
            tree[child.__name__] = (parent.__name__, child.code, child.exit_status, child.http_status)
            tree |= real(child)
    return tree


def test_the_drawn_tree_is_the_real_one() -> None:
    assert drawn() == real()
    assert len(drawn()) > 20


def test_codes_are_unique() -> None:
    codes = [code for _, code, _, _ in real().values()]
    assert len(codes) == len(set(codes))


def test_exit_statuses_are_those_that_were_promised() -> None:
    promised = {"InputError": 2, "NotFoundError": 3, "UnreachableError": 4, "RefusedError": 5, "FaultError": 1}
    assert {name: real()[name][2] for name in promised} == promised


def test_every_error_is_described() -> None:
    assert [name for name in real() if not getattr(errors, name).__doc__] == []


def test_an_error_carries_message_hint_and_path() -> None:
    error = EvidenceError("no such sentence", hint="cite another", path="$.cuts[0]")
    assert isinstance(error, RefusedError)
    assert str(error) == error.message == "no such sentence"
    assert (error.hint, error.path) == ("cite another", "$.cuts[0]")
    assert (error.code, error.exit_status, error.http_status) == ("evidence_missing", 5, 409)
    assert (SandboxError("none").hint, SandboxError("none").path) == ("", None)
