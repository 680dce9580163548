"""Whether a paper's id is one of arXiv's, or the name of a local file."""

from __future__ import annotations

import re

_ARXIV = re.compile(r"\d{4}\.\d{4,5}|[a-z]+(?:-[a-z]+)*/\d{7}")


def is_arxiv_id(name: str) -> bool:
    """Say whether arXiv names papers so, in the new style or the old, without a version.

    >>> is_arxiv_id("2203.01808"), is_arxiv_id("hep-ex/0309045"), is_arxiv_id("hzz4l"), is_arxiv_id("2203.01808v2")
    (True, True, False, False)
    """
    return _ARXIV.fullmatch(name) is not None
