"""Bounds on what a client sends: a request that is too large is refused before it is kept."""

from __future__ import annotations

from contextlib import suppress

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem


class _TooLargeError(Exception):
    pass


class BodyLimit:
    """Answer 413, as a problem document, to a request body of more than `largest` bytes, declared or not."""

    def __init__(self, app: ASGIApp, largest: int) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the body's bytes while the application reads them."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._largest:
            await self._refuse(request, receive, send)
            return
        seen, started = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._largest:
                raise _TooLargeError
            return message

        async def sending(message: Message) -> None:
            nonlocal started
            # Whatever the application makes of a body that was cut off, the client is told why.
            if started or seen <= self._largest:
                started = True
                await send(message)

        with suppress(_TooLargeError):
            await self._app(scope, counted, sending)
        if seen > self._largest and not started:
            await self._refuse(request, receive, send)

    async def _refuse(self, request: Request, receive: Receive, send: Send) -> None:
        limit = f"{self._largest / 2**20:g} MiB"
        hint = "send a smaller file, or raise CUTBOOK_UPLOAD_MIB"
        response = problem(request, 413, "content_too_large", f"the request has more than {limit}", hint=hint)
        await response(request.scope, receive, send)
