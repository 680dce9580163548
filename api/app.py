"""The REST server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

from api import problems
from api.deps import authorised, known_parameters
from api.jobs import Jobs
from api.routes import analyses, cuts, health, jobs, papers, reviews
from api.uploads import BodyLimit
from api.workspace import Workspace

_TAGS = [
    {"name": "papers", "description": "Bring papers into the knowledge base and look at them."},
    {"name": "cuts", "description": "What papers require, each cut with the sentence it comes from."},
    {"name": "reviews", "description": "What persons decided about cuts; it outlives the next reading of a paper."},
    {"name": "analyses", "description": "Generated code, run sandboxed on Open Data and validated."},
    {"name": "jobs", "description": "Work that takes longer than a request."},
    {"name": "server", "description": "Whether it is well."},
]
# Answers that every route can give.
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "model": problems.Problem,
        "description": description,
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, description in ((401, "The bearer token is missing or wrong"), (422, "The request is invalid"))
}


def create_app(workspace: Workspace, *, local_only: bool = True) -> FastAPI:
    """Return the application on an open workspace; its jobs run between start-up and shutdown.

    `local_only` says that the server is bound to loopback, where requests for other host names are refused.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(app.state.jobs.start)
        yield
        app.state.leaving = True
        app.state.idle = await asyncio.to_thread(app.state.jobs.stop)

    app = FastAPI(
        title="cutbook",
        summary="Event selections of collider papers, cited, compiled and run on Open Data.",
        version=version("cutbook"),
        openapi_tags=_TAGS,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        license_info={"name": "Apache-2.0"},
    )
    app.state.workspace = workspace
    app.state.jobs = Jobs(workspace, serving=True)
    app.state.local_only = local_only
    # Whether the server is about to end, so that those who follow jobs should let go; whether it left no work running.
    app.state.leaving, app.state.idle = False, True
    problems.install(app)
    app.add_middleware(BodyLimit, largest=workspace.settings.upload_mib * 2**20)
    for router in (papers.router, cuts.router, reviews.router, analyses.router, jobs.router):
        guards = [Depends(authorised), Depends(known_parameters)]
        app.include_router(router, prefix="/v1", dependencies=guards, responses=_PROBLEMS)
    app.include_router(health.router, prefix="/v1", dependencies=[Depends(known_parameters)])
    _serve_documentation(app)
    return app


def _serve_documentation(app: FastAPI) -> None:
    """Serve Swagger UI from files on this machine, so that the documentation needs no internet."""
    app.mount("/docs/static", StaticFiles(packages=[("fastapi_offline", "static")]), name="docs-static")

    @app.get("/", include_in_schema=False)
    def root() -> RedirectResponse:
        return RedirectResponse("/docs")

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="cutbook",
            swagger_js_url="/docs/static/swagger-ui-bundle.js",
            swagger_css_url="/docs/static/swagger-ui.css",
            swagger_favicon_url="/docs/static/favicon.png",
        )
