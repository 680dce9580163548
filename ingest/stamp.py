"""The stamp that arXiv prints into the margin of a PDF's first page: which paper it is, and in which version."""

from __future__ import annotations

import re

from ingest.identifiers import Identifier, parse_identifier
from ingest.pdfglyphs import front_text
from kb.errors import CutbookError

# The date tells a stamp from a reference, which may name an id and a version, too; old ones have no class in brackets.
_STAMP = re.compile(r"arXiv:\s*(\S+?v[1-9]\d?)\s*(?:\[[\w.-]+\])?\s*\d{1,2}\s+[A-Z][a-z]{2}\s+(?:19|20)\d\d(?!\d)")


def stamped(data: bytes) -> Identifier | None:
    """Return the arXiv id and version that a PDF is stamped with; None where it has no stamp or cannot be read."""
    try:
        found = _STAMP.search(front_text(data))
        return parse_identifier(found[1]) if found else None
    except CutbookError:
        # What is wrong with a file is told by its reader.
        return None
