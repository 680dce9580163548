"""TEI as a tree: parsed without entities or limits to exploit, its names without namespaces."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError

from kb.errors import SourceError

_PRIVATE = re.compile("[\U000f0000-\U0010ffff]")
_LARGEST = 64 * 2**20
_DEEPEST = 60


def parse_tei(data: bytes, label: str = "the TEI") -> Element:
    """Return the root of a TEI document; tags and attributes lose their namespaces (`xml:id` becomes `id`).

    Raises SourceError for what is no TEI, is broken, declares a document type or entities, or is larger or deeper
    than any paper.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if len(data) > _LARGEST:
        message = f"{label} is larger than {_LARGEST >> 20} MiB"
        raise SourceError(message, hint="no paper is that long; was it made of several?")
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        message = f"{label} declares a document type or entities ({type(error).__name__})"
        raise SourceError(message, hint="GROBID writes none; do not open this file elsewhere either") from error
    except (ParseError, ValueError, LookupError) as error:
        message = f"{label} is broken XML: {error}"
        raise SourceError(message, hint="it was probably cut off; have GROBID read the PDF again") from error
    _strip(root, label)
    if root.tag != "TEI":
        message = f"{label} is XML, but no TEI: its root is '{root.tag}'"
        raise SourceError(message, hint="give what GROBID's processFulltextDocument returns")
    return root


def _without_marks(text: str | None) -> str | None:
    """Leave out the planes of private use, which nobody reads and where readers keep marks of their own."""
    return _PRIVATE.sub("", text) if text else text


def _strip(root: Element, label: str) -> None:
    level = [root]
    for _ in range(_DEEPEST):
        for element in level:
            element.tag = element.tag.rpartition("}")[2]
            element.text, element.tail = _without_marks(element.text), _without_marks(element.tail)
            for name in [name for name in element.attrib if "}" in name]:
                element.attrib[name.rpartition("}")[2]] = element.attrib.pop(name)
        level = [child for element in level for child in element]
        if not level:
            return
    message = f"{label} is nested more than {_DEEPEST} levels deep"
    raise SourceError(message, hint="no paper is; it was not made by GROBID")
