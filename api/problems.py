"""Errors as RFC 9457 problem documents (`application/problem+json`)."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from kb.errors import CutbookError

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger("cutbook.api")


class Problem(BaseModel):
    """A problem document; `code` and `hint` are cutbook's extension members."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(examples=["urn:cutbook:problem:paper_not_found"])
    title: str = Field(description="what kind of problem it is", examples=["Paper not found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="what is wrong in this case, and where")
    instance: str = Field(description="path of the request")
    code: str = Field(description="stable name of the kind, as the command line prints it")
    hint: str = Field(default="", description="what to do next")
    path: str | None = Field(default=None, description="the offending element of the input")
    errors: list[dict[str, Any]] | None = Field(default=None, description="all offences of an invalid request")


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    hint: str = "",
    path: str | None = None,
    errors: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Build the response for one problem."""
    body = Problem(
        type=f"urn:cutbook:problem:{code}",
        title=code.replace("_", " ").capitalize(),
        status=status,
        detail=detail,
        instance=request.url.path,
        code=code,
        hint=hint,
        path=path,
        errors=errors,
    )
    content = body.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Turn every error of `app` into a problem document."""

    @app.exception_handler(CutbookError)
    async def _ours(request: Request, error: CutbookError) -> Response:
        if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _LOG.error("%s: %s", error.code, error.message, exc_info=error)
        return problem(request, error.http_status, error.code, error.message, hint=error.hint, path=error.path)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        offences = [
            {"path": ".".join(str(part) for part in offence["loc"]), "message": str(offence["msg"])}
            for offence in error.errors()
        ]
        first = offences[0]
        detail = f"the request is invalid at {first['path']}: {first['message']}"
        hint = "compare with the schema at /docs"
        return problem(request, 422, "input_invalid", detail, hint=hint, path=first["path"], errors=offences)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        name = HTTPStatus(error.status_code).phrase
        code = name.lower().replace(" ", "_").replace("-", "_")
        detail = error.detail
        if error.status_code == HTTPStatus.NOT_FOUND and detail == name:
            detail = f"there is nothing at {request.url.path}"
        elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            detail = f"{request.method} is not possible at {request.url.path}"
        hint = "the routes are listed at /docs" if error.status_code in {404, 405} else ""
        return problem(request, error.status_code, code, detail, hint=hint, headers=dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def _fault(request: Request, error: Exception) -> Response:
        _LOG.error("fault at %s %s", request.method, request.url.path, exc_info=error)
        detail = f"cutbook broke while answering: {type(error).__name__}"
        return problem(request, 500, "fault", detail, hint="the server's log has the traceback; please report it")
