r"""What single commands mean for the prose: citations, references, sections, items, footnotes, title matter."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ingest.latex.composition import BlockDraft, Cite, Ref, Run, plain_text
from ingest.latex.expansion import Expander
from ingest.latex.families import SECTIONS, commands, reference_styles
from ingest.latex.floats import SUBFLOAT_END
from ingest.latex.mathematics import skip_length
from ingest.latex.tokens import Token, plain, source

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


def cite(reader: ProseReader, token: Token, expander: Expander) -> None:
    r"""Read `\cite[before][after]{keys}`; what stands before the number is not printed."""
    expander.star()
    first, second = expander.optional(), expander.optional()
    note = second if second is not None else first
    keys = tuple(key.strip().lstrip("*") for key in source(expander.argument()).split(","))
    keys = tuple(key for key in keys if key)
    reader.cited.update(dict.fromkeys(keys))
    text = plain_text(reader.inline(note, expander)) if note else ""
    reader.page.add(Cite(keys, text, token.file, token.pos))


def cross_reference(reader: ProseReader, token: Token, expander: Expander) -> None:
    r"""Read `\ref{label}` and its like."""
    style = reference_styles()[token.text]
    expander.star()
    labels = [label.strip() for label in source(expander.argument()).split(",")]
    if style == "range":
        labels.append(source(expander.argument()).strip())
    if style != "none":
        reader.page.add(Ref(tuple(labels), style, token.file, token.pos))


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


def glossary_term(reader: ProseReader, token: Token, expander: Expander) -> None:
    r"""Read `\gls{key}`: the long form with the short one at its first use, then the short one."""
    expander.star()
    expander.optional(spaces=False)
    key = expander.word()
    known = reader.reading.definitions.acronyms.get(key)
    if known is None:
        reader.page.add(Run(key, token.file, token.pos))
        return
    plural = [Token("chars", "s")] if token.text in ("glspl", "Glspl", "acp") else []
    short, full = [*known[0], *plural], [*known[1], *plural]
    if token.text in ("glsxtrlong", "acrlong", "acl"):
        parts = full
    elif token.text in ("acrshort", "glsxtrshort", "acs") or key in reader.acronyms_seen:
        parts = short
    else:
        parts = [*full, Token("space", " "), Token("chars", "("), *short, Token("chars", ")")]
        reader.acronyms_seen.add(key)
    expander.push([part.at(token) for part in parts], deeper=True)


def _item(reader: ProseReader, token: Token, expander: Expander) -> None:
    label = expander.optional()
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


def _title(reader: ProseReader, token: Token, expander: Expander) -> None:
    expander.star()
    expander.optional()
    waiting = reader.page.after
    items = reader.inline(expander.argument(), expander)
    reader.page.after = waiting
    if plain_text(items) and not (reader.title and token.text == "title"):
        reader.title = items


def _abstract(reader: ProseReader, token: Token, expander: Expander) -> None:
    content = expander.braced()
    if content is not None:
        expander.push([Token("begin_env", "abstract"), *content, Token("end_env", "abstract")])


def _author(reader: ProseReader, _: Token, expander: Expander) -> None:
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


def _caption(reader: ProseReader, _: Token, expander: Expander) -> None:
    reader.floats.caption(expander)


def _caption_of(reader: ProseReader, _: Token, expander: Expander) -> None:
    expander.star()
    kind = expander.word()
    if reader.page.inline_depth:
        return
    reader.floats.begin("captionof", "table" if kind == "table" else "figure")
    reader.floats.caption(expander)
    reader.floats.end()


def _subfloat(reader: ProseReader, _: Token, expander: Expander) -> None:
    reader.floats.subfloat(expander)


def _subfloat_end(reader: ProseReader, _: Token, expander: Expander) -> None:
    stack = reader.floats.stack
    if stack and stack[-1].name == "subfloat" and not reader.page.inline_depth:
        reader.floats.end()


def _line_break(reader: ProseReader, token: Token, expander: Expander) -> None:
    expander.star()
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
    **dict.fromkeys(("\\", "newline", "linebreak", "tabularnewline", "cr"), _line_break),
    **dict.fromkeys(("par", "endgraf"), _paragraph_end),
    "label": _label,
    **dict.fromkeys(("footnote", "footnotetext", "tablefootnote"), footnote),
    "footnotemark": _dropping("o"),
    "item": _item,
    **dict.fromkeys(("caption", "topcaption", "bottomcaption", "tablecaption", "figcaption", "subcaption"), _caption),
    "captionof": _caption_of,
    **dict.fromkeys(("subfloat", "subfigure", "subtable", "subtop", "subbottom"), _subfloat),
    SUBFLOAT_END: _subfloat_end,
    "appendix": _appendix,
    **dict.fromkeys(
        ("acknowledgments", "acknowledgements", "acknowledgment", "acknowledgement", "ack"), _acknowledgements
    ),
    **dict.fromkeys(commands("titles"), _title),
    **dict.fromkeys(commands("abstracts"), _abstract),
    **dict.fromkeys(commands("authors"), _author),
    **dict.fromkeys(("url", "path", "nolinkurl"), _url),
    **dict.fromkeys(("textsuperscript", "textsubscript"), _script),
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
