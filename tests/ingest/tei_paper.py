"""A paper in GROBID's TEI, from a few elements."""

from __future__ import annotations

from ingest.tei import read_tei
from kb.document import Document

NAMESPACE = 'xmlns="http://www.tei-c.org/ns/1.0"'


def tei(body: str, *, back: str = "", title: str = "A search", front: str = "", authors: str = "") -> bytes:
    """Return a TEI document with this body; `back` goes behind it, `front` into the header's profile."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<TEI xml:space="preserve" {NAMESPACE}>
<teiHeader xml:lang="en"><fileDesc><titleStmt><title level="a" type="main">{title}</title></titleStmt>
<sourceDesc><biblStruct><analytic>{authors}</analytic></biblStruct></sourceDesc></fileDesc>
<encodingDesc><appInfo><application version="0.8.1" ident="GROBID"/></appInfo></encodingDesc>
<profileDesc>{front}</profileDesc></teiHeader>
<facsimile><surface n="1" ulx="0.0" uly="0.0" lrx="612.0" lry="792.0"/>
<surface n="2" ulx="0.0" uly="0.0" lrx="612.0" lry="800.0"/></facsimile>
<text xml:lang="en"><body>{body}</body><back>{back}</back></text></TEI>""".encode()


def paper(body: str, **given: str) -> Document:
    """Return the Document of a TEI document with this body."""
    return read_tei(tei(body, **given), arxiv_id="local")


def references(*entries: str) -> str:
    """Return a bibliography, its entries called b0, b1, …"""
    listed = "".join(f'<biblStruct xml:id="b{index}">{entry}</biblStruct>' for index, entry in enumerate(entries))
    return f'<div type="references"><listBibl>{listed}</listBibl></div>'


def entry(title: str, **identifiers: str) -> str:
    """Return an entry of a bibliography; identifiers by type, `arXiv` or `DOI`."""
    names = "".join(f'<idno type="{kind}">{value}</idno>' for kind, value in identifiers.items())
    return f"""<analytic><title level="a">{title}</title><author><persName><forename>A</forename>
<surname>Physicist</surname></persName></author>{names}</analytic>
<monogr><title level="j">JHEP</title><imprint><biblScope unit="volume">4</biblScope><date when="2012-03-01"/></imprint></monogr>"""
