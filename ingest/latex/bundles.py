r"""The macros of the collaborations' style files, for papers that do not ship them, as TOML that a physicist may extend.

Where a paper asks for such a style file, its macros are defined there. Any other macro that a paper uses without a
definition is looked up in all bundles, since style files are renamed and pasted into one another; what a paper
defines itself always wins.
"""

from __future__ import annotations

from functools import lru_cache

from ingest.latex.macros import Macro, counted_parameters, xparse_parameters
from ingest.latex.tokens import tokenise
from ingest.latex.wordlists import table_file
from kb.errors import FaultError

# In the order in which a name is looked up.
BUNDLES = ("physics", "particles", "atlas", "cms", "lhcb")
# They mean something else to siunitx, and are read as its commands unless a paper loads the style that redefines them.
_AMBIGUOUS = frozenset(["unit", "units", "per", "percent", "of", "square"])


@lru_cache(maxsize=1)
def usual_macros() -> dict[str, Macro]:
    """Return the macros that papers use without defining them; a name of one letter may mean anything and is none."""
    macros: dict[str, Macro] = {}
    for bundle in BUNDLES:
        for name, macro in _macros(bundle).items():
            if len(name) > 1 and name not in _AMBIGUOUS:
                macros.setdefault(name, macro)
    return macros


def macros_of_style(stem: str) -> dict[str, Macro]:
    """Return the macros that a style file defines, none where it is unknown."""
    bundle = _styles().get(stem)
    return _macros(bundle) if bundle else {}


@lru_cache(maxsize=1)
def _styles() -> dict[str, str]:
    return {stem: bundle for bundle in BUNDLES for stem in str(table_file(bundle).get("styles", "")).split()}


@lru_cache(maxsize=len(BUNDLES))
def _macros(bundle: str) -> dict[str, Macro]:
    macros: dict[str, Macro] = {}
    groups = table_file(bundle).get("macros")
    for group, entries in (groups if isinstance(groups, dict) else {}).items():
        for name, given in entries.items() if isinstance(entries, dict) else ():
            entry = {"body": given} if isinstance(given, str) else given
            if not isinstance(entry, dict) or not isinstance(entry.get("body"), str):
                msg = f"{bundle}.toml: [macros.{group}] {name} needs a body"
                raise FaultError(msg, hint="Write NAME = 'body' or NAME = { arguments = 1, body = '…' }.")
            arguments = entry.get("arguments", 0)
            counted = isinstance(arguments, int)
            parameters = counted_parameters(arguments, None) if counted else xparse_parameters(str(arguments))
            macros[name] = Macro(parameters, tuple(tokenise(entry["body"], at_letter=True)))
    return macros
