"""Whether the server is well; open to everyone, so it tells nothing else."""

from __future__ import annotations

from importlib.metadata import version
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from api.deps import Base

router = APIRouter(tags=["server"])


class Health(BaseModel):
    """`ok` when the record store answers."""

    status: Literal["ok"]
    version: str


@router.get("/health", summary="Ask whether the server is well")
def health(base: Base) -> Health:
    """Ask the record store something small; a store that does not answer is a problem document instead."""
    base.store.jobs(limit=1)
    return Health(status="ok", version=version("cutbook"))
