"""Selection criteria in other forms: YAML, a Markdown table, flat records. JSON is `SelectionCriteria.to_json`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kb.errors import CriteriaError
from kb.ssc import Cut, SelectionCriteria

_HEADINGS = ("cut", "requirement", "regions", "source", "sentence")


def to_yaml(criteria: SelectionCriteria) -> str:
    """Write criteria as YAML, without what is empty or has its default; `from_yaml` reads back an equal object."""
    fields = criteria.model_dump(mode="json", exclude_defaults=True)
    # A default today may be another one tomorrow; the version says which schema this was written by.
    return _yaml({"schema_version": criteria.schema_version, **fields})


def from_yaml(text: str) -> SelectionCriteria:
    """Read criteria from YAML; CriteriaError says where it breaks the rules of YAML or of the schema."""
    import yaml

    try:
        fields = yaml.safe_load(text)
    except yaml.YAMLError as error:
        message = f"selection criteria are no YAML: {' '.join(str(error).split())}"
        raise CriteriaError(message, hint="mend the YAML syntax at that line") from error
    return SelectionCriteria.from_json(json.dumps(fields, default=str))


def flat_records(cuts: Iterable[Cut]) -> list[dict[str, Any]]:
    """Return one flat record per cut, with the keys by which annotations and predictions are compared."""
    return [cut.flat() for cut in cuts]


def flat_json(cuts: Iterable[Cut]) -> str:
    """Write flat records as JSON."""
    return json.dumps(flat_records(cuts), indent=1, ensure_ascii=False) + "\n"


def flat_yaml(cuts: Iterable[Cut]) -> str:
    """Write flat records as YAML."""
    return _yaml(flat_records(cuts))


def to_markdown(cuts: Iterable[Cut]) -> str:
    """Write cuts as a Markdown table: id, requirement, regions, where it is stated, and its words.

    A delegated cut shows both the sentence that delegates and the one that states it.
    """
    rows = [_HEADINGS, ("---",) * len(_HEADINGS)]
    for cut in cuts:
        sources = [f"{e.arxiv_id}v{e.version}: {' › '.join(e.section)}".rstrip(": ") for e in cut.evidence]
        rows.append(
            (
                cut.id,
                f"{cut.statement()} (rejected)" if cut.status == "rejected" else cut.statement(),
                ", ".join(cut.regions),
                "; ".join(dict.fromkeys(sources)),
                " … ".join(dict.fromkeys(e.quote for e in cut.evidence)),
            )
        )
    return "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in rows)


def _yaml(value: Any) -> str:
    import yaml

    return str(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=110))


def _cell(text: str) -> str:
    """Keep a text within its cell: one line, and no `|` that would end it."""
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").split())
