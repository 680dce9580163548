"""What is known of the collaborations' style files holds together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ingest.latex.bundles import BUNDLES, macros_of_style, usual_macros
from kb.document import Document

PaperOf = Callable[..., Document]

STYLES = ["atlasphysics", "atlasprocess", "ptdr-definitions", "heppennames", "lhcb-symbols-def"]


@pytest.mark.parametrize("style", STYLES)
def test_every_macro_of_a_style_prints_something_and_no_markup(paper_of: PaperOf, style: str) -> None:
    macros = macros_of_style(style)
    assert len(macros) > 100
    body = "\n\n".join(
        rf"\{name}{'{x}' * sum(p.kind == 'mandatory' for p in macro.parameters)} end" for name, macro in macros.items()
    )
    document = paper_of(body, rf"\usepackage{{{style}}}")
    texts = [document.quote(block.start, block.end) for block in document.blocks]
    assert len(texts) == len(macros)
    assert [name for name, text in zip(macros, texts, strict=True) if text.removesuffix("end").strip() == ""] == []
    assert [
        text for text in texts if "\\" in text or "$" in text or "{" in text.replace("_{", "").replace("^{", "")
    ] == []


@pytest.mark.parametrize(
    ("style", "body", "text"),
    [
        ("atlasphysics", r"\Lone \taup{1} $a\la b$ \Bu", "L1 τ_1-prong a ← b B_u"),
        ("ptdr-definitions", r"\Lone $a\la b$ \dd{\sigma}{x} 5\ten{3} \TT", "Level-1 a ≲ b dσ/dx 5 × 10^3 τ^-τ^+"),
        ("lhcb-symbols-def", r"\taup \Bu \stat", "τ^+ B^+ (stat)"),
    ],
)
def test_one_name_means_what_its_collaboration_means(paper_of: PaperOf, style: str, body: str, text: str) -> None:
    assert paper_of(body, rf"\usepackage{{{style}}}").text == text


def test_names_of_one_letter_are_known_only_with_their_style_file(paper_of: PaperOf) -> None:
    assert min(map(len, usual_macros())) == 2
    assert len(BUNDLES) == 5
    assert paper_of(r"\B mesons", r"\input{lhcb-symbols-def}").text == "B mesons"
