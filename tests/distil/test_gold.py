"""Seven papers annotated by hand: what the grammar must find in them, as the annotations' own scorer counts it."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ingest.reader import read_file
from kb.distil import distil


@pytest.fixture(scope="module")
def totals(shared: Path) -> Counter[str]:
    spec = importlib.util.spec_from_file_location("gold_score", shared / "gold" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    scorer: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    total: Counter[str] = Counter()
    for gold_file in sorted((shared / "gold").glob("*.json")):
        gold = json.loads(gold_file.read_text(encoding="utf-8"))
        name = gold["arxiv_id"]
        source = shared / "papers" / "pdf" / f"{name}.pdf"
        if not source.exists():
            source = shared / "papers" / "eprint" / f"{name}.tar.gz"
        document = read_file(source, arxiv_id=name)
        predicted = [cut.flat() for cut in distil(document).cuts]
        counts = scorer.score(gold["cuts"], predicted, document.text)
        total.update({key: value for key, value in counts.items() if isinstance(value, int)})
    return total


@pytest.mark.parametrize(
    ("found", "of", "least"),
    [
        ("numeric", "gold_num", 0.90),
        ("numeric", "pred_num", 0.90),
        ("full", "gold_num", 0.85),
        ("region", "regional_gold", 0.65),
        ("flag", "gold_flag", 0.60),
        ("cited", "matched", 0.95),
    ],
)
def test_the_annotated_cuts_are_found(totals: Counter[str], found: str, of: str, least: float) -> None:
    assert totals[found] >= least * totals[of]


def test_nothing_is_invented(totals: Counter[str]) -> None:
    assert totals["hallucinated"] == 0
