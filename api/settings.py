"""Everything that can be configured, read from environment variables that begin with `CUTBOOK_`.

No other module reads the environment. Each service has an embedded default; its variable names a server instead.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Self

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kb.errors import InputError

PREFIX = "CUTBOOK_"


class Settings(BaseSettings):
    """The settings of one process; build them with `Settings.read()`, which explains what is wrong."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("cutbook", appauthor=False)),
        description="folder of everything that is kept",
    )
    database_url: str | None = Field(default=None, description="SQLAlchemy URL; default: SQLite in the home")
    qdrant_url: str | None = Field(default=None, description="Qdrant server; default: Qdrant Edge in the home")
    qdrant_api_key: SecretStr | None = Field(default=None, description="key of that server, where it asks for one")
    embedding_model: str | None = Field(
        default=None, description="folder or name of a sentence-transformers model; default: all-MiniLM-L6-v2"
    )
    grobid_url: str | None = Field(default=None, description="GROBID server for PDF structure; default: pypdfium2")
    arxiv_api_url: str = Field(default="https://export.arxiv.org/api/query", description="arXiv's query API")
    arxiv_eprint_url: str = Field(default="https://export.arxiv.org/e-print", description="arXiv's LaTeX sources")
    arxiv_pdf_url: str = Field(default="https://export.arxiv.org/pdf", description="arXiv's PDF files")
    inspire_url: str = Field(default="https://inspirehep.net/api", description="INSPIRE's REST API")
    opendata_url: str = Field(default="https://opendata.cern.ch", description="CERN Open Data portal, or a mirror")
    llm_url: str | None = Field(default=None, description="OpenAI-compatible server; default: no language model")
    llm_model: str | None = Field(default=None, description="name of the model that server serves")
    llm_api_key: SecretStr | None = Field(default=None, description="key of that server, where it asks for one")
    data: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(), description=f"folders with Open Data, separated by '{os.pathsep}'"
    )
    dask_scheduler: str | None = Field(default=None, description="Dask scheduler; default: a process pool here")
    token: SecretStr | None = Field(
        default=None, min_length=8, description="bearer token of the REST server; needed to bind beyond loopback"
    )
    workers: int = Field(default=1, ge=1, le=64, description="jobs that the server runs at the same time")
    upload_mib: int = Field(default=64, ge=1, description="largest upload that the server takes [MiB]")

    @classmethod
    def read(cls, **given: Any) -> Self:
        """Read the environment; `given` wins over it. Raises `InputError` that names the variable which is wrong."""
        try:
            return cls(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else PREFIX + "…"
            about = cls.model_fields.get(str(first["loc"][0]).lower()) if first["loc"] else None
            message = f"{name}: {first['msg']}"
            hint = f"{name} is the {about.description}" if about else "compare with `cutbook doctor`"
            raise InputError(message, hint=hint, path=name) from error

    @field_validator("data", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(Path(part).expanduser() for part in value.split(os.pathsep) if part.strip())
        return value

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator(
        "arxiv_api_url",
        "arxiv_eprint_url",
        "arxiv_pdf_url",
        "inspire_url",
        "opendata_url",
        "qdrant_url",
        "grobid_url",
        "llm_url",
    )
    @classmethod
    def _is_web_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            msg = f"'{value}' does not begin with http:// or https://"
            raise ValueError(msg)
        return value.rstrip("/") if value else value

    @property
    def database(self) -> str:
        """The URL of the record store."""
        return self.database_url or f"sqlite:///{self.home / 'cutbook.sqlite'}"
