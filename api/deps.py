"""What routes ask for: the workspace, the jobs, and the right to be here."""

from __future__ import annotations

import secrets
from difflib import get_close_matches
from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from api.jobs import Jobs
from api.workspace import Workspace

_BEARER = HTTPBearer(auto_error=False, description="the server's CUTBOOK_TOKEN, where one is set")
_LOCAL_NAMES = {"localhost", "127.0.0.1", "::1", "testserver"}


def _workspace(request: Request) -> Workspace:
    return cast("Workspace", request.app.state.workspace)


def _jobs(request: Request) -> Jobs:
    return cast("Jobs", request.app.state.jobs)


Base = Annotated[Workspace, Depends(_workspace)]
Queue = Annotated[Jobs, Depends(_jobs)]
Limit = Annotated[int, Query(ge=1, le=500, description="how many")]
Offset = Annotated[int, Query(ge=0, description="how many to leave out before them")]


def known_parameters(request: Request) -> None:
    """Refuse a query parameter that the route does not have: to leave it out would answer another question."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = sorted(parameter.alias for parameter in route.dependant.query_params)
    offences = []
    for name in dict.fromkeys(request.query_params):
        if name in known:
            continue
        near = get_close_matches(name, known, n=1, cutoff=0.5)
        meant = f"perhaps '{near[0]}' is meant; " if near else ""
        there = f"known are {', '.join(known)}" if known else "there are none here"
        offences.append({"loc": ("query", name), "msg": f"there is no such parameter; {meant}{there}", "type": "extra"})
    if offences:
        raise RequestValidationError(offences)


def authorised(
    request: Request, workspace: Base, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> None:
    """Refuse a request without the token where one is set, and a web page's request where none is.

    Without a token the server trusts whoever reaches loopback. A page of another site could make the user's browser
    do that, so the Host has to be a name of this machine (against DNS rebinding) and an Origin, if given, this server.
    """
    token = workspace.settings.token
    if token is not None:
        if given is None or not secrets.compare_digest(given.credentials.encode(), token.get_secret_value().encode()):
            detail = "this server asks for its bearer token"
            raise HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})
        return
    if request.app.state.local_only and request.url.hostname not in _LOCAL_NAMES:
        raise HTTPException(403, f"'{request.url.hostname}' is no name of this machine")
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, f"requests of pages from {origin} are not answered")
