"""One home, wired: record store, passage index, embedder, sources and data folders, each opened when first used."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from kb.errors import DataError, InputError

if TYPE_CHECKING:
    from api.settings import Settings
    from codegen.dataset import Dataset, DatasetEntry
    from ingest.arxiv import ArxivSource
    from ingest.grobid import Grobid
    from ingest.inspire import InspireSource
    from kb.embedding import Embedder
    from kb.index import Index
    from kb.model import Model
    from kb.retrieval import Retriever
    from kb.store import Store

_Part = TypeVar("_Part")


class Workspace:
    """Own the connections of one process; use it as a context manager, which closes what was opened.

    Threads may share it: every part is opened once. `label` tells other processes what this one is.
    """

    def __init__(self, settings: Settings, *, label: str = "") -> None:
        self.label = label
        self.settings = settings
        self.home = settings.home
        self.parts: dict[str, Any] = {}
        self._opening = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the index and the store, so that another process may open them."""
        with self._opening:
            parts, self.parts = self.parts, {}
        for name in ("index", "store"):
            if name in parts:
                parts[name].close()

    def _part(self, name: str, open_: Callable[[], _Part]) -> _Part:
        with self._opening:
            if name not in self.parts:
                self.parts[name] = open_()
            return cast("_Part", self.parts[name])

    @property
    def store(self) -> Store:
        """The record store, brought to the current revision."""

        def open_() -> Store:
            from kb.store import Store

            if self.settings.database_url is None:
                self.folder()
            return Store(self.settings.database)

        return self._part("store", open_)

    @property
    def index(self) -> Index:
        """The passage index: on the Qdrant server of the settings, else in the home.

        `HomeInUseError`, when it is used, if another process has this home's index open.
        """

        def open_() -> Index:
            from kb.index import DIMENSION

            settings = self.settings
            # The size of the usual model's vectors is known without loading it.
            dimension = self.embedder.dimension if settings.embedding_model else DIMENSION
            if settings.qdrant_url:
                from kb.index.server import ServerIndex

                key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
                return ServerIndex(settings.qdrant_url, api_key=key, dimension=dimension)
            from kb.index.edge import EdgeIndex

            return EdgeIndex(self.folder("index"), label=self.label, dimension=dimension)

        return self._part("index", open_)

    @property
    def embedder(self) -> Embedder:
        """The embedding model; its weights are loaded at the first text."""

        def open_() -> Embedder:
            from kb.embedding import Embedder

            model = self.settings.embedding_model
            return Embedder(model) if model else Embedder()

        return self._part("embedder", open_)

    @property
    def retriever(self) -> Retriever:
        """Hybrid search over the passages."""

        def open_() -> Retriever:
            from kb.retrieval import Retriever

            return Retriever(self.index, self.embedder)

        return self._part("retriever", open_)

    @property
    def arxiv(self) -> ArxivSource:
        """The source of papers, cached under the home."""

        def open_() -> ArxivSource:
            from ingest.arxiv import ArxivSource

            settings = self.settings
            return ArxivSource(
                api_url=settings.arxiv_api_url,
                eprint_url=settings.arxiv_eprint_url,
                pdf_url=settings.arxiv_pdf_url,
                cache=self.folder("sources"),
            )

        return self._part("arxiv", open_)

    @property
    def inspire(self) -> InspireSource:
        """The source of other names and of reference lists, cached under the home."""

        def open_() -> InspireSource:
            from ingest.inspire import InspireSource

            return InspireSource(base_url=self.settings.inspire_url, cache=self.folder("inspire"))

        return self._part("inspire", open_)

    @property
    def grobid(self) -> Grobid | None:
        """The reader of PDF structure, where the settings name one."""
        url = self.settings.grobid_url
        if url is None:
            return None

        def open_() -> Grobid:
            from ingest.grobid import Grobid

            return Grobid(url)

        return self._part("grobid", open_)

    def model(self) -> Model:
        """Return the language model of the settings, its calls kept in the home; InputError where none is named."""
        from kb.ledger import Ledger
        from kb.model import ServedModel

        settings = self.settings
        if settings.llm_model is None:
            message = "no language model is configured"
            hint = "set CUTBOOK_LLM_URL and CUTBOOK_LLM_MODEL; vLLM is one that serves models"
            raise InputError(message, hint=hint)
        key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else ""
        ledger = Ledger(self.folder("ledger"))
        # Without a server a run can still be replayed from the ledger.
        return ServedModel(
            settings.llm_url or "", settings.llm_model, ledger, api_key=key, replay=settings.llm_url is None
        )

    @property
    def data_folders(self) -> tuple[Path, ...]:
        """Where datasets are: `CUTBOOK_DATA`, `data` and `open` of the home, `shared/data` beside the project.

        Only the folders of `CUTBOOK_DATA` need not exist: one that does not is worth telling.
        """
        own = [self.home / "data", self.home / "open"]
        beside = [Path.cwd().parent / "shared" / "data", Path(__file__).parents[2] / "shared" / "data"]
        found = [*self.settings.data, *(folder for folder in [*own, *beside] if folder.is_dir())]
        return tuple({folder.resolve(): folder for folder in found}.values())

    def datasets(self) -> list[DatasetEntry]:
        """Return what analyses can run on, by name; `toys` can be asked for before they are made."""
        from codegen.dataset import DatasetEntry, list_datasets

        found = {entry.name: entry for entry in list_datasets(self.data_folders)}
        found.setdefault(self.toys.name, DatasetEntry(self.toys.name, self.toys, files=0))
        return sorted(found.values(), key=lambda entry: entry.name)

    def dataset(self, name: str, *, profile: str | None = None) -> Dataset:
        """Open a dataset by name or folder; `toys` are made when they are first asked for.

        `profile`, a name or a TOML file, says what its branches mean; else its files tell.
        """
        from codegen.dataset import open_dataset
        from codegen.profile import load_profile

        if name in {self.toys.name, str(self.toys)}:
            self.make_toys()
        return open_dataset(name, folders=self.data_folders, profile=load_profile(profile) if profile else None)

    def make_toys(self) -> Path:
        """Write the toy data unless they are there; return their folder."""
        if not (self.toys / "samples.json").is_file():
            from codegen.toys import write_toys

            self.folder("data")
            write_toys(self.toys)
        return self.toys

    def open_data(self, profile: str = "atlas-2020") -> list[Path]:
        """Return the folders of real data that a profile fits: all known datasets but the toys."""
        from codegen.dataset import list_datasets, open_dataset

        found = []
        for entry in list_datasets(self.data_folders):
            if entry.folder.resolve() == self.toys.resolve():
                continue
            try:
                if open_dataset(str(entry.folder)).profile.name == profile:
                    found.append(entry.folder)
            except DataError:
                continue
        return found

    @property
    def toys(self) -> Path:
        """Where toy data are kept."""
        return self.home / "data" / "toys"

    def folder(self, *names: str) -> Path:
        """Return a folder of the home, made where it is missing; `InputError` where it cannot be written."""
        folder = self.home.joinpath(*names)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            message = f"cannot write into the home {folder}: {error.strerror or error}"
            hint = "set CUTBOOK_HOME to a folder of yours, or free space on its disk"
            raise InputError(message, hint=hint) from error
        return folder
