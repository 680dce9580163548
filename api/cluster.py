"""Where analyses run: on this machine, or on the workers of a Dask scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from kb.errors import InputError, UnreachableError

PATIENCE = 10.0
"""How long a scheduler has to answer [s]."""

RETRIES = 3
"""How often a partition is begun anew whose worker died."""


@contextmanager
def executor(scheduler: str | None) -> Iterator[Executor | None]:
    """Yield what runs partitions of an analysis; None stands for this machine.

    The scheduler's workers need this version of cutbook and the data under the same paths. UnreachableError where it
    does not answer, InputError where Dask is not installed.
    """
    if scheduler is None:
        yield None
        return
    with connected(scheduler) as client:
        running: Executor = client.get_executor(pure=False, retries=RETRIES)
        try:
            yield running
        finally:
            running.shutdown(wait=False)


@contextmanager
def connected(scheduler: str) -> Iterator[Any]:
    """Yield a distributed.Client of a scheduler, such as `tcp://127.0.0.1:8786`."""
    try:
        import distributed
    except ImportError as error:
        message = "CUTBOOK_DASK_SCHEDULER is set, and Dask distributed is not installed"
        raise InputError(message, hint="pip install 'cutbook[dask]', or unset it to run on this machine") from error
    try:
        client: Any = distributed.Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        message = f"no Dask scheduler answers at {scheduler}: {error}"
        raise UnreachableError(message, hint="start one, or unset CUTBOOK_DASK_SCHEDULER") from error
    try:
        yield client
    finally:
        client.close()
