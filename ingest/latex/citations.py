r"""Citations and cross-references in the prose: `\\cite`, `\\ref` and their many kin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.latex.composition import Cite, Ref, Run, plain_text
from ingest.latex.expansion import Expander
from ingest.latex.families import reference_styles
from ingest.latex.tokens import Token, source

if TYPE_CHECKING:
    from ingest.latex.prose import ProseReader


def cite(reader: ProseReader, token: Token, expander: Expander) -> None:
    r"""Read `\cite[before][after]{keys}`; what stands before the number is not printed."""
    expander.star()
    _cite_once(reader, token, expander)
    while token.text.endswith("cites") and _continues(expander):
        _cite_once(reader, token, expander)


def _cite_once(reader: ProseReader, token: Token, expander: Expander) -> None:
    first, second = expander.optional(), expander.optional()
    note = second if second is not None else first
    keys = tuple(key.strip().lstrip("*") for key in source(expander.argument()).split(","))
    keys = tuple(key for key in keys if key)
    reader.cited.update(dict.fromkeys(keys))
    text = plain_text(reader.inline(note, expander)) if note else ""
    reader.page.add(Cite(keys, text, token.file, token.pos))


def _continues(expander: Expander) -> bool:
    r"""Say whether `\cites{a}[12]{b}` goes on."""
    mark = expander.mark()
    expander.optional(spaces=False)
    expander.optional(spaces=False)
    token = expander.raw()
    expander.reset(mark)
    return token is not None and token.kind == "open"


def worded_citation(reader: ProseReader, token: Token, expander: Expander) -> None:
    r"""Read `\Ref{key}`, which prints `Ref. [1]`, and `\Ref{\cite{key}}`, which comes to the same."""
    word = {"Refn": "Ref.", "Refm": "Ref.", "Ref": "Ref."}.get(token.text, "Refs.")
    reader.page.add(Run(f"{word} ", token.file, token.pos))
    content = expander.argument()
    if any(part.kind in ("macro", "frozen") for part in content):
        expander.push(content)
    else:
        expander.push([token._replace(text="cite", kind="frozen"), Token("open", "{"), *content, Token("close", "}")])


def cross_reference(reader: ProseReader, token: Token, expander: Expander) -> None:
    r"""Read `\ref{label}` and its like."""
    style = reference_styles()[token.text]
    expander.star()
    labels = [label.strip() for label in source(expander.argument()).split(",")]
    if style == "range":
        labels.append(source(expander.argument()).strip())
    if style != "none":
        reader.page.add(Ref(tuple(labels), style, token.file, token.pos))
