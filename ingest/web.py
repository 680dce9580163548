"""How services on the web are asked."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

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


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Read once whom to trust; httpx would for every request, which takes longer than many an answer."""
    import httpx

    return httpx.create_ssl_context()
