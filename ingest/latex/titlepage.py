"""What stands on a paper's title page: its title, authors and abstract, wherever the class wants them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.latex.composition import Item, plain_text
from ingest.latex.expansion import Expander
from ingest.latex.families import commands
from ingest.latex.tokens import Token

if TYPE_CHECKING:
    from ingest.latex.prose import ProseReader


def title(reader: ProseReader, token: Token, expander: Expander) -> None:
    r"""Read `\title[short]{title}`."""
    expander.star()
    expander.optional()
    waiting = reader.page.after
    items = reader.inline(expander.argument(), expander)
    reader.page.after = waiting
    if plain_text(items) and not (reader.title and token.text == "title"):
        reader.title = items


def abstract(reader: ProseReader, token: Token, expander: Expander) -> None:
    r"""Read `\abstract{…}` as the environment of that name."""
    content = expander.braced()
    if content is not None:
        expander.push([Token("begin_env", "abstract"), *content, Token("end_env", "abstract")])


def author(reader: ProseReader, _: Token, expander: Expander) -> None:
    r"""Read `\author{name \and name}` without the marks of their institutes."""
    expander.star()
    expander.optional()
    names: list[list[Token]] = [[]]
    for part in expander.argument():
        if part.kind in ("macro", "frozen") and part.text in ("and", "And", "AND", "\\", "quad", "qquad"):
            names.append([])
        else:
            names[-1].append(part)
    waiting = reader.page.after
    for tokens in names:
        text = plain_text(reader.inline(tokens, expander))
        text = re.sub(r"\s*\^(\{[^{}]*\}|[\w*†‡,]+)|\[[^\[\]]*\]", "", text)
        for name in (name.strip() for name in re.split(r",| and ", text)):
            if len(name) > 1 and not name.isdigit() and name not in reader.authors:
                reader.authors.append(name)
    reader.page.after = waiting


def title_from_macro(reader: ProseReader, expander: Expander) -> list[Item]:
    r"""Return the title that a template keeps in a macro of its own, `\papertitle`, and prints by itself."""
    for name in sorted(commands("title_macros")):
        macro = expander.definitions.macros.get(name)
        if macro is not None and not macro.parameters:
            return reader.inline([Token("macro", name)], expander)
    return []
