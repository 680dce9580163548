r"""LaTeX papers as Documents: macros expanded, mathematics as plain Unicode, every piece with its place in the source.

The road: `tokens` cuts the files into tokens, `stream` hands them out, `expansion` expands macros, `prose` gathers
blocks, with `environments`, `markup`, `mathematics` and `tables`, and `composition` lays them out. A collaboration's
list of authors behind the bibliography is left out of the text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from ingest.bibliography import numbered
from ingest.eprint import Eprint
from ingest.latex.commands import LatexRules
from ingest.latex.composition import BlockDraft, Layout, Run, plain_text
from ingest.latex.expansion import Expander, Reading
from ingest.latex.macros import Macro
from ingest.latex.prose import PROTECTED, ProseReader
from ingest.latex.references import is_biblatex, references_of_bib, references_of_biblatex, references_of_items
from ingest.latex.titlepage import title_from_macro
from ingest.latex.tokens import Token
from kb.document import Document, Reference
from kb.errors import NoTextError, SourceError

READER = "latex 2"


def read_latex(
    eprint: Eprint, *, arxiv_id: str, version: int = 1, warn: Callable[[str], None] = lambda _: None
) -> Document:
    """Read a paper's LaTeX source; `warn` is told of files that its text includes and the source does not hold.

    Raises SourceError for an e-print that is a PDF, NoTextError where no prose is found.
    """
    if eprint.kind != "latex":
        msg = f"{eprint.main} is no LaTeX source but a {eprint.kind.upper()}"
        raise SourceError(msg, hint="Read it with the PDF reader.")
    reading = Reading(eprint, LatexRules(), protected=PROTECTED)
    prose = ProseReader(reading)
    reading.definitions.macros["jobname"] = Macro((), (Token("chars", PurePosixPath(eprint.main).stem),))
    expander = Expander(reading)
    expander.include(eprint.main)
    prose.begun = r"\begin{document}" not in eprint.text(eprint.main)
    prose.read(expander)
    for name, beside in reading.missing.items():
        warn(f"{beside} includes {name}, which is not in the source: what stands there is missing")
    references = numbered(_references(prose, reading), prose.cited)
    blocks = prose.blocks
    if not prose.title and (title := title_from_macro(prose, Expander(reading))):
        prose.title = title
        blocks = [draft for draft in blocks if plain_text(draft.items) != plain_text(title)]
    drafts = sorted(blocks, key=lambda draft: draft.kind != "abstract")
    if prose.title:
        drafts.insert(0, BlockDraft("title", prose.title))
    layout = Layout(prose.numbering.labels, {reference.key: reference.label for reference in references}, reading.files)
    text = layout.lay_out(drafts)
    if not any(block.kind not in ("title", "heading") for block in layout.blocks):
        msg = f"{eprint.main} holds no prose"
        raise NoTextError(msg, hint="If another file of the e-print is the paper, ingest that one; else take the PDF.")
    return Document(
        arxiv_id=arxiv_id,
        version=version,
        title=plain_text(prose.title),
        authors=tuple(prose.authors),
        source_format="latex",
        reader=READER,
        text=text,
        blocks=tuple(layout.blocks),
        sections=tuple(layout.sections),
        tables=tuple(layout.tables),
        citations=tuple(layout.citations),
        references=references,
        source_map=layout.source_map(),
    )


def _references(prose: ProseReader, reading: Reading) -> tuple[Reference, ...]:
    """Read the bibliography from wherever the paper keeps it: in the text, a `.bbl`, a `.bib`."""

    def render(tokens: Sequence[Token]) -> str:
        items = prose.inline(tokens, Expander(reading))
        return plain_text([Run(item.text) for item in items if isinstance(item, Run)])

    if prose.bibliography:
        return references_of_items(prose.bibliography, render)
    eprint = reading.eprint
    stem = PurePosixPath(eprint.main).stem
    names = [stem, *(PurePosixPath(name).stem for name in prose.bibliographies)]
    listed = [name for name in eprint.files if name.endswith(".bbl")]
    bbl = next(
        (found for name in names if (found := eprint.find(f"{name}.bbl"))), listed[0] if len(listed) == 1 else None
    )
    if bbl is not None:
        text = eprint.text(bbl)
        if is_biblatex(text):
            return references_of_biblatex(text, render)
        inner = Expander(reading)
        inner.include(bbl)
        prose.read(inner)
        if prose.bibliography:
            return references_of_items(prose.bibliography, render)
    bibs = "\n".join(eprint.text(name) for name in eprint.files if name.endswith(".bib"))
    return references_of_bib(bibs, prose.cited, render) if bibs else ()
