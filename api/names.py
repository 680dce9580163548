"""What users write: the names of papers of the base, and the words of the vocabulary."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from kb.errors import IdentifierError, InputError, PaperNotFoundError

if TYPE_CHECKING:
    from ingest.identifiers import Identifier
    from kb.store import Store

_VERSIONED = re.compile(r"(.+?)v([1-9]\d?)")


def find_paper(store: Store, text: str) -> Identifier:
    """Return the id and, where it is named, the version that are meant; whether the base has them is not said.

    A paper of the base is known by its id, and by that with a version (`2203.01808v2`, `note-2v1`).
    """
    from ingest.identifiers import Identifier, parse_identifier

    name = text.strip()
    if store.versions(name):
        return Identifier(name)
    if (found := _VERSIONED.fullmatch(name)) and store.versions(found[1]):
        return Identifier(found[1], int(found[2]))
    try:
        return parse_identifier(name)
    except IdentifierError:
        return Identifier(name)


def newest(store: Store, text: str, *, doing: str) -> str:
    """Return the id of a paper of which only the newest version can be meant.

    PaperNotFoundError where it is not there; InputError, which says what `doing` takes, for an older version.
    """
    found = find_paper(store, text)
    paper = store.paper(found.arxiv_id, found.version)
    if (last := store.paper(paper.arxiv_id).version) != paper.version:
        message = f"{doing} takes the newest version of {paper.arxiv_id}, which is {last} here, and not {paper.version}"
        raise InputError(message, hint=f"leave the version away: {paper.arxiv_id}")
    return paper.arxiv_id


def to_forget(store: Store, text: str) -> Identifier:
    """Return the paper that is to be taken out, which goes with all its versions.

    PaperNotFoundError where it is not there; InputError where one of several versions is named.
    """
    named = find_paper(store, text)
    versions = [record.version for record in store.versions(named.arxiv_id)]
    if not versions:
        message = f"the paper {named} is not in the knowledge base, so there is nothing to forget"
        alike = get_close_matches(named.arxiv_id, [record.arxiv_id for record in store.papers()])
        meant = " or ".join(f"cutbook forget {name}" for name in dict.fromkeys(alike))
        listed = "the names that forget takes are those of: cutbook papers"
        raise PaperNotFoundError(message, hint=f"perhaps you mean {meant}; {listed}" if meant else listed)
    if named.version is not None and versions != [named.version]:
        known = ", ".join(map(str, versions))
        message = f"a paper is forgotten with all its versions, and the base has {known} of {named.arxiv_id}"
        hint = f"to forget them all, leave the version away: cutbook forget {named.arxiv_id}"
        raise InputError(message, hint=hint)
    return named


def check_terms(about: str | None, variable: str | None) -> None:
    """Raise `InputError` for an object or a variable that is not in the vocabulary: no cut can be about it."""
    from kb.vocabulary import vocabulary

    words = vocabulary()
    for kind, given, known in (("object", about, words.objects), ("variable", variable, words.variables)):
        if given is not None and given not in known:
            message = f"{kind}: '{given}' is not in the vocabulary"
            meant = "".join(f"perhaps you mean {near}; " for near in get_close_matches(given, known, n=1))
            raise InputError(message, hint=f"{meant}known: {', '.join(sorted(known))}", path=kind)
