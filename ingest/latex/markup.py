r"""What single commands mean for the prose: sections, items, footnotes, captions, spaces."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ingest.latex.composition import BlockDraft, Run, plain_text
from ingest.latex.expansion import Expander
from ingest.latex.families import SECTIONS, commands
from ingest.latex.floats import SUBFLOAT_END
from ingest.latex.mathematics import skip_length
from ingest.latex.titlepage import abstract, author, title
from ingest.latex.tokens import Token, key_values, plain, source

if TYPE_CHECKING:
    from ingest.latex.prose import ProseReader

Handler = Callable[["ProseReader", Token, Expander], None]

_BACK_MATTER = re.compile(r"acknowledge?ments?|references|bibliography", re.IGNORECASE)
_ORDINALS = frozenset(["th", "st", "nd", "rd"])

# What xspace puts no space before.
_NO_SPACE_CHARACTERS = frozenset(".,'/?;:!~-)]}’|")
_NO_SPACE_COMMANDS = frozenset(
    ["/", " ", "xspace", "footnote", "footnotemark", "footnotetext", "\\", "space", ",", ")", "]", "par"]
)
_NO_SPACE_KINDS = frozenset(["open", "close", "space", "tie", "par", "eof", "align", "end_env"])


def section(reader: ProseReader, token: Token, expander: Expander) -> None:
    r"""Read `\section*[short]{title}` as a heading with its number."""
    name, page = token.text, reader.page
    starred = expander.star()
    expander.optional()
    reader.has_chapters = reader.has_chapters or name == "chapter"
    level = max(1, SECTIONS[name] + (reader.has_chapters and name not in ("part", "chapter")))
    waiting, page.after = page.after, []
    items = reader.inline(expander.argument(), expander)
    notes, page.after = page.after, waiting
    if page.inline_depth:
        for item in items:
            page.add(item)
        page.after += notes
        return
    reader.floats.end_all()
    page.finish()
    page.flush()
    page.kind = "paragraph"  # an abstract that never ends, ends here
    text = plain_text(items)
    page.late = page.late or _BACK_MATTER.match(text) is not None
    if page.announces_names(text):
        page.names_follow = True
        return
    number = "" if starred or name == "part" else reader.numbering.section(level)
    page.place(BlockDraft("heading", items, heading=(level, number)), notes)


def footnote(reader: ProseReader, _: Token, expander: Expander) -> None:
    """Read a footnote as a block behind its paragraph."""
    expander.optional()
    target = reader.numbering.target
    reader.numbering.count("footnote")
    items = reader.inline(expander.argument(), expander)
    reader.numbering.target = target
    reader.page.after.append(BlockDraft("footnote", items))


def _item(reader: ProseReader, token: Token, expander: Expander) -> None:
    label = expander.optional()
    if reader.lists and (labels := reader.lists[-1]) is not None:
        reader.page.add(Run(" " if label else f" {labels.next()} ", token.file, token.pos))
        for item in reader.inline(label or [], expander):
            reader.page.add(item)
        reader.page.add(Run(" "))
        return
    reader.page.finish()
    if not reader.page.inline_depth:
        reader.page.next_kind = "item"
    if label:
        for item in reader.inline(label, expander):
            reader.page.add(item)
        reader.page.add(Run(" "))


def _xspace(reader: ProseReader, token: Token, expander: Expander) -> None:
    following = expander.peek()
    if following is None or following.kind in _NO_SPACE_KINDS:
        return
    if following.kind == "chars" and following.text[0] in _NO_SPACE_CHARACTERS:
        return
    if following.kind in ("macro", "frozen") and following.text in _NO_SPACE_COMMANDS:
        return
    reader.page.add(Run(" ", token.file, token.pos))


def _ensure_math(reader: ProseReader, token: Token, expander: Expander) -> None:
    content = expander.argument()
    place = content[0] if content else token
    text = reader.math.plain(content, expander)
    reader.page.add(Run(text, place.file, place.pos))
    reader.add_deferred()


def _url(reader: ProseReader, token: Token, expander: Expander) -> None:
    content = expander.argument()
    place = content[0] if content else token
    text = re.sub(r"\\(.) ", r"\1", source(content)).strip()
    reader.page.add(Run(text, place.file, place.pos))


def _script(reader: ProseReader, token: Token, expander: Expander) -> None:
    text = plain_text(reader.inline(expander.argument(), expander))
    mark = "_" if token.text == "textsubscript" else "^"
    if text:
        reader.page.add(Run(text if text in _ORDINALS else mark + text, token.file, token.pos))


def _quote(reader: ProseReader, token: Token, expander: Expander) -> None:
    opening, closing = ("‘", "’") if expander.star() else ("“", "”")
    expander.optional()
    expander.push([Token("verb", opening), *expander.argument(), Token("verb", closing)])


def _ctable(reader: ProseReader, _: Token, expander: Expander) -> None:
    r"""Read `\ctable[caption={…}, label={…}]{columns}{notes}{rows}` as a float with a table in it."""
    options = key_values(expander.optional() or [])
    columns, notes, rows = expander.argument(), expander.argument(), expander.argument()
    rows = [part for token in rows for part in _ctable_rule(token)]
    tabular = [Token("begin_env", "tabular"), Token("open", "{"), *columns, Token("close", "}"), *rows]
    caption: list[Token] = []
    for command in ("caption", "label"):
        if command in options:
            caption += [Token("frozen", command), Token("open", "{"), *options[command], Token("close", "}")]
    expander.push(
        [
            Token("begin_env", "table"),
            *caption,
            *tabular,
            Token("end_env", "tabular"),
            *notes,
            Token("end_env", "table"),
        ]
    )


def _ctable_rule(token: Token) -> list[Token]:
    commands = {"FL": ["toprule"], "NN": ["\\"], "ML": ["\\", "midrule"], "LL": ["\\", "bottomrule"]}
    names = commands.get(token.text) if token.kind == "macro" else None
    return [token] if names is None else [token._replace(text=name) for name in names]


def _table_note(reader: ProseReader, token: Token, expander: Expander) -> None:
    r"""Read threeparttable's `\tnote{a}`, a mark, or ctable's `\tnote[a]{text}`, a note."""
    mark = expander.optional()
    if mark is None:
        _script(reader, token, expander)
    else:
        expander.push([*mark, Token("space", " "), *expander.argument()])


def _ding(reader: ProseReader, token: Token, expander: Expander) -> None:
    r"""Read pifont's `\ding{51}`: ticks and crosses, which tables of selections are full of."""
    number = expander.word()
    sign = "✓" if number in ("51", "52") else "✗" if number in ("53", "54", "55", "56") else "•"
    reader.page.add(Run(sign, token.file, token.pos))


def _caption(reader: ProseReader, _: Token, expander: Expander) -> None:
    reader.floats.caption(expander)


def _caption_of(reader: ProseReader, _: Token, expander: Expander) -> None:
    expander.star()
    kind = expander.word()
    if reader.page.inline_depth:
        return
    reader.floats.loose_caption("table" if kind == "table" else "figure", expander)


def _subfloat(reader: ProseReader, token: Token, expander: Expander) -> None:
    reader.floats.subfloat(expander, boxed=token.text == "subcaptionbox")


def _subfloat_end(reader: ProseReader, _: Token, expander: Expander) -> None:
    stack = reader.floats.stack
    if stack and stack[-1].name == "subfloat" and not reader.page.inline_depth:
        reader.floats.end()


def _line_break(reader: ProseReader, token: Token, expander: Expander) -> None:
    expander.star()
    if token.text == "linebreak":
        expander.optional()
    skip_length(expander)
    reader.page.add(Run(" ", token.file, token.pos))


def _hspace(reader: ProseReader, token: Token, expander: Expander) -> None:
    expander.star()
    if not plain(expander.argument()).startswith("-"):
        reader.page.add(Run(" ", token.file, token.pos))


def _paragraph_end(reader: ProseReader, token: Token, expander: Expander) -> None:
    reader.page.finish()


def _inline_math(reader: ProseReader, token: Token, expander: Expander) -> None:
    reader.formula(expander, token, lambda end: end.kind in ("macro", "frozen") and end.text == ")", display=False)


def _display_math(reader: ProseReader, token: Token, expander: Expander) -> None:
    reader.formula(expander, token, lambda end: end.kind in ("macro", "frozen") and end.text == "]", display=True)


def _label(reader: ProseReader, token: Token, expander: Expander) -> None:
    reader.label(source(expander.argument()).strip())


def _appendix(reader: ProseReader, token: Token, expander: Expander) -> None:
    expander.star()
    reader.page.finish()
    reader.numbering.appendix()


def _acknowledgements(reader: ProseReader, token: Token, expander: Expander) -> None:
    reader.heading("Acknowledgements", token)


def _bibliography(reader: ProseReader, token: Token, expander: Expander) -> None:
    reader.page.finish()
    reader.page.late = True
    reader.bibliographies += [name.strip() for name in expander.word().split(",")]


def _bibliography_printed(reader: ProseReader, token: Token, expander: Expander) -> None:
    expander.optional()
    reader.page.finish()
    reader.page.late = True


def _dropping(arguments: str) -> Handler:
    return lambda reader, token, expander: expander.skip_arguments(arguments)


HANDLERS: Mapping[str, Handler] = {
    "xspace": _xspace,
    "ensuremath": _ensure_math,
    "(": _inline_math,
    "[": _display_math,
    **dict.fromkeys((")", "]", "/", "@", "-", "maketitle", "hline", "toprule", "midrule", "bottomrule"), _dropping("")),
    **dict.fromkeys(("\\", "newline", "linebreak", "break", "tabularnewline", "cr"), _line_break),
    **dict.fromkeys(("par", "endgraf"), _paragraph_end),
    "label": _label,
    **dict.fromkeys(("footnote", "footnotetext", "tablefootnote"), footnote),
    "footnotemark": _dropping("o"),
    "item": _item,
    **dict.fromkeys(("caption", "topcaption", "bottomcaption", "tablecaption", "figcaption", "subcaption"), _caption),
    "captionof": _caption_of,
    **dict.fromkeys(("subfloat", "subfigure", "subtable", "subtop", "subbottom", "subcaptionbox"), _subfloat),
    SUBFLOAT_END: _subfloat_end,
    "appendix": _appendix,
    **dict.fromkeys(
        ("acknowledgments", "acknowledgements", "acknowledgment", "acknowledgement", "ack"), _acknowledgements
    ),
    **dict.fromkeys(commands("titles"), title),
    **dict.fromkeys(commands("abstracts"), abstract),
    **dict.fromkeys(commands("authors"), author),
    **dict.fromkeys(("url", "path", "nolinkurl"), _url),
    **dict.fromkeys(("textsuperscript", "textsubscript"), _script),
    **dict.fromkeys(("enquote", "textquote", "blockquote"), _quote),
    "ctable": _ctable,
    "tnote": _table_note,
    "ding": _ding,
    "hspace": _hspace,
    "bibliography": _bibliography,
    "printbibliography": _bibliography_printed,
    "multicolumn": _dropping("mm"),
    "multirow": _dropping("omom"),
    "cline": _dropping("m"),
    "cmidrule": _dropping("om"),
    **dict.fromkeys(("makecell", "thead", "shortstack", "rothead"), _dropping("o")),
    "numberwithin": _dropping("mm"),
}
