"""How services on the web are asked."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import TYPE_CHECKING

from ingest.patience import Another

if TYPE_CHECKING:
    import httpx

# What errors say where no connection came about, and what that means.
_NOBODY_THERE = {
    "Name or service not known": "its name is not known on this network",
    "No address associated with hostname": "its name is not known on this network",
    "nodename nor servname provided": "its name is not known on this network",
    "Temporary failure in name resolution": "its name cannot be looked up",
    "Connection refused": "nothing listens there",
    "Network is unreachable": "the network cannot be reached",
    "No route to host": "no way leads there",
}
_TOLD = {
    **_NOBODY_THERE,
    "certificate verify failed": "its certificate is not trusted here",
    "timed out": "it did not answer in time",
    "without sending a response": "it hung up",
    "peer closed connection": "it hung up before its answer was whole",
    "Connection reset by peer": "it hung up",
    "IncompleteRead": "it hung up before its answer was whole",
}

AGENT = "cutbook (reads event selections of collider papers)"


def asked(
    url: str, *, timeout: float, headers: Mapping[str, str], parameters: Mapping[str, str] | None = None
) -> AbstractContextManager[httpx.Response]:
    """Ask for what is at an address, wherever that leads; the body is to be read inside the context.

    `timeout` limits each silence of the server, in seconds. Raises httpx.TransportError.
    """
    import httpx

    return httpx.stream(
        "GET",
        url,
        params=parameters,
        headers={"user-agent": AGENT, **headers},
        timeout=timeout,
        follow_redirects=True,
        verify=_certificates(),
    )


def reason(error: BaseException) -> str:
    """Say in short what an error of the network is; what is not known by its words is named and quoted.

    >>> reason(OSError("HTTPSConnectionPool(...): [Errno -2] Name or service not known"))
    'its name is not known on this network'
    """
    told = str(error)
    for words, short in _TOLD.items():
        if words in told:
            return short
    return f"{type(error).__name__}: {told}" if told else type(error).__name__


def duration(seconds: float) -> str:
    """Write a time to wait as one would say it.

    >>> duration(17), duration(600), duration(86400)
    ('17 s', '10 min', '24 h')
    """
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def worth_another_try(error: Exception, transport: type[Exception] | tuple[type[Exception], ...]) -> Another:
    """Say whether to ask again after an error: of the kinds in `transport` any, once where no connection came about.

    A network that is down does not come up within seconds, and its user should not wait to hear of it.
    """
    if not isinstance(error, transport):
        return False
    return "once" if any(words in str(error) for words in _NOBODY_THERE) else True


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Read once whom to trust; httpx would for every request, which takes longer than many an answer."""
    import httpx

    return httpx.create_ssl_context()
