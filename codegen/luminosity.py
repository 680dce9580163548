"""How much luminosity the data at hand have: that of the periods of data taking that are there, if it is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from codegen.profile import Profile

_HINT = "a folder's dataset.toml may say it: luminosity = 3.2"
_FEW = 3


def luminosity_of(profile: Profile, data: Iterable[str]) -> tuple[float | None, str]:
    """Return the luminosity [fb^-1] of these samples of data, or None and why it is not known.

    Where there are no data, it is that of the profile, which simulation is scaled to.
    """
    names = list(data)
    if profile.luminosity is None:
        return None, f"{profile.name} states none; {_HINT}"
    if not profile.periods or not names:
        return profile.luminosity, ""
    known = {period.casefold(): period for period in profile.periods}
    here = {known[name.casefold()] for name in names if name.casefold() in known}
    whole = f"{profile.luminosity:g} fb^-1 are those of {len(known)} periods of data taking"
    if others := [name for name in names if name.casefold() not in known]:
        return None, f"{whole}, and {_listed(others)} {'is' if len(others) == 1 else 'are'} none of them; {_HINT}"
    if len(here) == len(known):
        return profile.luminosity, ""
    each = profile.periods if isinstance(profile.periods, Mapping) else {}
    if here <= each.keys():
        # Decimal fractions are added up, not the binary numbers next to them.
        return round(sum(each[period] for period in here), 6), ""
    few = [period for period in profile.periods if period in here]
    return None, f"{whole}, of which only {_listed(few)} {'is' if len(few) == 1 else 'are'} here; {_HINT}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more
