"""Whether what annotators quoted from a paper stands in the text that a reader made of it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

PAPERS = ("1605.03814", "1704.03848", "1705.04673", "1706.09933", "1710.09154", "1711.08008")


def words_of(text: str) -> list[str]:
    """Return words and numbers; raw PDF text glues scripts to letters and keeps the hyphens of line breaks."""
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = re.sub(r"([a-z])- ([a-z])", r"\1\2", text)
    text = re.sub(r"([EpHM])(miss|sum|CT|T2)", r"\1 \2", text)
    text = re.sub(r"\b([a-zA-Zσ])(T|PV|jets|eff|lep|min|rel|bb|max)\b", r"\1 \2", text)
    text = text.replace("jeti", "jet i").replace("_", " ")
    return re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+", text.lower())


def common(one: list[str], other: list[str]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for word in one:
        before = row
        row = [0]
        for index, candidate in enumerate(other):
            row.append(before[index] + 1 if word == candidate else max(before[index + 1], row[index]))
    return row[-1]


def holds(block: list[str], quote: list[str]) -> bool:
    """Say whether all numbers of a quote and at least 80 % of its words stand in a block, in order."""
    numbers = [word for word in quote if word[0].isdigit()]
    words = [word for word in quote if len(word) > 2 and not word[0].isdigit()]
    if not set(numbers) <= set(block) or len(set(words) & set(block)) < 0.8 * len(set(words)):
        return False
    return common(numbers, block) == len(numbers) and common(words, block) >= 0.8 * len(words)


def quotes(shared: Path, arxiv_id: str) -> dict[str, str]:
    """Return the annotated quotes of a paper by the annotation's id."""
    gold = json.loads((shared / "gold" / f"{arxiv_id}.json").read_text(encoding="utf-8"))
    return {cut["id"]: cut["quote"] for cut in gold["cuts"]}


def lost(blocks: Iterable[str], wanted: dict[str, str]) -> dict[str, str]:
    """Return the quotes that stand in none of the blocks of text."""
    read = [words_of(block) for block in blocks]
    return {key: quote for key, quote in wanted.items() if not any(holds(block, words_of(quote)) for block in read)}
