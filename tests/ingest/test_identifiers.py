"""Identifiers are understood as physicists paste them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.identifiers import Handle, Identifier, parse_identifier, parse_name
from kb.errors import IdentifierError


@pytest.mark.parametrize(
    ("text", "arxiv_id", "version"),
    [
        ("1712.02304", "1712.02304", None),
        ("  1712.02304v2 ", "1712.02304", 2),
        ("0706.1234", "0706.1234", None),
        ("arXiv:1712.02304", "1712.02304", None),
        ("arXiv: 1712.02304 [hep-ex]", "1712.02304", None),
        ("arxiv:1712.02304v12", "1712.02304", 12),
        ("arXiv 1712.02304", "1712.02304", None),
        ("<https://arxiv.org/abs/1712.02304>", "1712.02304", None),
        ("“1712.02304v2”,", "1712.02304", 2),
        ("https://arxiv.org/src/1712.02304v1", "1712.02304", 1),
        ("https://arxiv.org/abs/1712.02304", "1712.02304", None),
        ("http://export.arxiv.org/abs/1712.02304v1", "1712.02304", 1),
        ("https://arxiv.org/pdf/1712.02304v2.pdf", "1712.02304", 2),
        ("https://arxiv.org/pdf/1712.02304?download=1#page=3", "1712.02304", None),
        ("arxiv.org/abs/hep-ex/0309045v1", "hep-ex/0309045", 1),
        ("hep-ex/0309045", "hep-ex/0309045", None),
        ("math.GT/0309136", "math/0309136", None),
        ("10.48550/arXiv.1712.02304", "1712.02304", None),
        ("https://doi.org/10.48550/arXiv.1712.02304", "1712.02304", None),
        ("doi:10.48550/arXiv.1712.02304", "1712.02304", None),
        ("https://arxiv.org/html/2401.12345v3", "2401.12345", 3),
        ("https://ar5iv.labs.arxiv.org/html/1712.02304", "1712.02304", None),
        ("https://inspirehep.net/api/arxiv/hep-ex/0309045", "hep-ex/0309045", None),
    ],
)
def test_the_usual_forms_are_understood(text: str, arxiv_id: str, version: int | None) -> None:
    assert parse_identifier(text) == Identifier(arxiv_id, version)
    assert parse_name(text) == Identifier(arxiv_id, version)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "1712",
        "1713.02304",
        "1712.023",
        "1712.0230",
        "0706.12345",
        "1712.02304v0",
        "hep-ex/03090",
        "https://example.org/1712.02304",
    ],
)
def test_anything_else_is_refused_with_the_forms_that_work(text: str) -> None:
    with pytest.raises(IdentifierError) as raised:
        parse_identifier(text)
    assert "1712.02304v2" in raised.value.hint
    assert "hep-ex/0309045" in raised.value.hint
    assert f"'{text}'" in raised.value.message


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("10.1007/JHEP09(2014)176", "doi", "10.1007/JHEP09(2014)176"),
        ("doi:10.1103/PhysRevD.87.012008", "doi", "10.1103/PhysRevD.87.012008"),
        ("DOI 10.1016/0370-2693(93)90001-3", "doi", "10.1016/0370-2693(93)90001-3"),
        ("https://doi.org/10.1140/epjc/s10052-017-5225-7", "doi", "10.1140/epjc/s10052-017-5225-7"),
        ("http://dx.doi.org/10.1103%2FPhysRevD.87.012008", "doi", "10.1103/PhysRevD.87.012008"),
        ("https://link.springer.com/content/pdf/10.1007/JHEP09(2014)176.pdf", "doi", "10.1007/JHEP09(2014)176"),
        ("https://journals.aps.org/prd/abstract/10.1103/PhysRevD.87.012008?ft=1", "doi", "10.1103/PhysRevD.87.012008"),
        ("https://inspirehep.net/api/doi/10.1103/PhysRevD.87.012008", "doi", "10.1103/PhysRevD.87.012008"),
        ("inspire:123456", "record", "123456"),
        ("INSPIRE: 123456", "record", "123456"),
        ("recid:123456", "record", "123456"),
        ("ins1639562", "record", "1639562"),
        ("https://www.hepdata.net/record/ins1639562?version=2", "record", "1639562"),
        ("https://inspirehep.net/literature/1459277", "record", "1459277"),
        ("inspirehep.net/literature/1459277#references", "record", "1459277"),
        ("https://inspirehep.net/api/literature/1459277?format=bibtex", "record", "1459277"),
        ("http://old.inspirehep.net/record/1459277", "record", "1459277"),
        ("CMS-SUS-16-043", "report", "CMS-SUS-16-043"),
        ("cms-pas-sus-16-043", "report", "CMS-PAS-SUS-16-043"),
        ("CMS‑SUS–16‑043", "report", "CMS-SUS-16-043"),
        ("SUS-16-043", "report", "CMS-SUS-16-043"),
        ("hig-16-041", "report", "CMS-HIG-16-041"),
        ("CMS-SUS-16-043.", "report", "CMS-SUS-16-043"),
        ("ATLAS-CONF-2020-040", "report", "ATLAS-CONF-2020-040"),
        ("ATL-PHYS-PUB-2015-041", "report", "ATL-PHYS-PUB-2015-041"),
        ("CERN-EP-2017-162", "report", "CERN-EP-2017-162"),
        ("CERN-PH-EP/2012-218", "report", "CERN-PH-EP-2012-218"),
        ("LHCb-PAPER-2013-010", "report", "LHCb-PAPER-2013-010"),
        ("FERMILAB-PUB-19-123-E", "report", "FERMILAB-PUB-19-123-E"),
        ("IFT-UAM-CSIC-17-001", "report", "IFT-UAM-CSIC-17-001"),
    ],
)
def test_names_outside_arxiv_are_told_apart(text: str, kind: str, value: str) -> None:
    found = parse_name(text)
    assert isinstance(found, Handle)
    assert (found.kind, found.value) == (kind, value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "my-selection-2",
        "CMS",
        "CMS-SUS",
        "10.1007",
        "10.12/x",
        "hep-ex 0309045",
        "https://cds.cern.ch/record/2293728",
        "https://arxiv.org/list/hep-ex/new",
        "1713.02304",
        "https://inspirehep.net/literature",
        "https://inspirehep.net/authors/1027513",
        "https://example.org/1712.02304",
    ],
)
def test_what_names_no_paper_is_refused_with_all_forms_that_work(text: str) -> None:
    with pytest.raises(IdentifierError) as raised:
        parse_name(text)
    for form in ("1712.02304v2", "hep-ex/0309045", "doi:10.", "inspire:451647", "CMS-SUS-16-043", ".pdf"):
        assert form in raised.value.hint
    assert f"'{text}'" in raised.value.message


def test_a_bare_number_is_refused_because_it_could_be_many_things() -> None:
    with pytest.raises(IdentifierError) as raised:
        parse_name("1459277")
    assert "inspire:1459277" in raised.value.hint


PIECES = (
    "https://",
    "inspirehep.net/",
    "arxiv.org/abs/",
    "literature/",
    "doi.org/",
    "doi:",
    "inspire:",
    "10.1103/",
    "x(1)2",
    "17",
    "12",
    ".",
    "02304",
    "v2",
    "/",
    "CMS-",
    "SUS-",
    "ABC",
    "-",
    "043",
    "?a=1",
    "#p",
    " ",
    "hep-ex/",
    "é",
)


@given(st.lists(st.sampled_from(PIECES), max_size=7).map("".join))
def test_what_is_understood_is_understood_again_from_its_plain_form(text: str) -> None:
    try:
        found = parse_name(text)
    except IdentifierError:
        return
    if isinstance(found, Identifier):
        assert parse_name(str(found)) == found
    else:
        assert parse_name(f"inspire:{found.value}" if found.kind == "record" else found.value) == found
