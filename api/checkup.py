"""What is configured, what works, and what to do about what does not."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Literal

from kb.errors import CutbookError

if TYPE_CHECKING:
    from api.settings import Settings
    from api.workspace import Workspace

State = Literal["ok", "off", "warning", "broken"]
"""`off`: optional and not configured."""

_LIBRARIES = (
    "pydantic",
    "sqlalchemy",
    "qdrant-edge-py",
    "sentence-transformers",
    "torch",
    "uproot",
    "awkward",
    "vector",
    "hist",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the house."""

    part: str
    state: State
    found: str
    advice: str = ""


def checkup(workspace: Workspace, *, online: bool = False) -> Iterator[Check]:
    """Yield the state of every part; services beyond this machine are asked only if `online`."""
    settings = workspace.settings
    yield _try("home", lambda: str(workspace.folder()))
    yield _try("records", lambda: _records(workspace))
    yield _try("passage index", lambda: _index(workspace))
    yield _try("embedding model", lambda: _embedding(workspace))
    yield _try("sandbox", _sandbox)
    yield _data(workspace)
    yield from _services(settings, online=online)
    yield _server(settings)
    if unknown := _unknown_variables(settings):
        names = ", ".join(unknown)
        yield Check("environment", "warning", f"not settings of cutbook: {names}", "is a name misspelt?")
    found = ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES)
    yield Check("versions", "ok", f"cutbook {_version('cutbook')}, Python {platform.python_version()}, {found}")


def _try(part: str, look: Callable[[], str]) -> Check:
    try:
        return Check(part, "ok", look())
    except CutbookError as error:
        # Another process at work is no fault of this installation.
        state: State = "warning" if error.code == "home_in_use" else "broken"
        return Check(part, state, error.message, error.hint)
    except Exception as error:
        return Check(part, "broken", f"{type(error).__name__}: {error}", "please report it")


def _records(workspace: Workspace) -> str:
    from sqlalchemy.engine import make_url

    papers = workspace.store.papers()
    url = make_url(workspace.settings.database).render_as_string(hide_password=True)
    return f"{url}: {len(papers)} papers, {sum(paper.cuts for paper in papers)} cuts"


def _index(workspace: Workspace) -> str:
    count = workspace.index.count()
    url = workspace.settings.qdrant_url
    place = f"Qdrant server at {url}" if url else f"Qdrant Edge in {workspace.home / 'index'}"
    return f"{place}: {count} passages"


def _embedding(workspace: Workspace) -> str:
    return workspace.embedder.source()


def _sandbox() -> str:
    from codegen.sandbox import choose, selftest

    tier = choose()
    return f"{tier}: stopped all {len(selftest(tier))} attempts of its self-test"


def _data(workspace: Workspace) -> Check:
    from codegen.dataset import list_datasets

    folders = workspace.data_folders
    gone = [str(folder) for folder in folders if not folder.is_dir()]
    if gone:
        return Check("data", "broken", f"no such folder: {', '.join(gone)}", "mend CUTBOOK_DATA")
    names = [entry.name for entry in list_datasets(folders)]
    if not names:
        advice = "set CUTBOOK_DATA to folders with Open Data; `cutbook demo` makes toy data"
        return Check("data", "off", "no dataset", advice)
    return Check("data", "ok", ", ".join(names))


def _services(settings: Settings, *, online: bool) -> Iterator[Check]:
    yield _service("arXiv", settings.arxiv_api_url, f"{settings.arxiv_api_url}?max_results=0", online=online)
    probe = f"{settings.inspire_url}/literature?size=1&fields=control_number"
    yield _service("INSPIRE", settings.inspire_url, probe, online=online)
    if settings.grobid_url is None:
        yield Check("GROBID", "off", "PDF files are read by pypdfium2")
    else:
        yield _service("GROBID", settings.grobid_url, f"{settings.grobid_url}/api/isalive", online=online)
    if settings.llm_url is None:
        yield Check("language model", "off", "the grammar distils and the compiler writes the code")
    elif settings.llm_model is None:
        yield Check("language model", "warning", f"{settings.llm_url}, and no model is named", "set CUTBOOK_LLM_MODEL")
    else:
        shown = f"{settings.llm_model} at {settings.llm_url}"
        yield _service("language model", shown, f"{settings.llm_url}/models", online=online)
    if settings.dask_scheduler is None:
        yield Check("Dask", "off", "partitions of an analysis run side by side on this machine")
    else:
        yield _try("Dask", partial(_dask, settings.dask_scheduler))


def _dask(scheduler: str) -> str:
    from api.cluster import connected

    with connected(scheduler) as client:
        workers = client.scheduler_info(n_workers=-1)["workers"]
    return f"{scheduler}: {len(workers)} workers, {sum(worker['nthreads'] for worker in workers.values())} threads"


def _service(part: str, shown: str, probe: str, *, online: bool) -> Check:
    if not online:
        return Check(part, "ok", f"{shown} (not asked; --online does)")
    import httpx

    try:
        reply = httpx.get(probe, timeout=10, follow_redirects=True)
    except httpx.HTTPError as error:
        return Check(
            part, "broken", f"{shown}: {type(error).__name__}: {error}", "is the network up and the URL right?"
        )
    if reply.status_code >= 400:
        return Check(part, "broken", f"{shown}: HTTP {reply.status_code}", "is the URL right?")
    return Check(part, "ok", f"{shown} answers")


def _server(settings: Settings) -> Check:
    if settings.token is None:
        return Check("server", "ok", "no token: listens on this machine only", "to serve others: CUTBOOK_TOKEN")
    return Check("server", "ok", "asks for the bearer token")


def _unknown_variables(settings: Settings) -> list[str]:
    known = {f"CUTBOOK_{name.upper()}" for name in type(settings).model_fields} | {"CUTBOOK_SHARED"}
    return sorted(name for name in os.environ if name.upper().startswith("CUTBOOK_") and name.upper() not in known)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return f"missing (python: {sys.prefix})"
