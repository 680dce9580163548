"""LaTeX papers as Documents."""

from ingest.latex.paper import READER, read_latex

__all__ = ["READER", "read_latex"]
