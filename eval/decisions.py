"""What was decided about events and objects before anyone selects them: triggers, and the quality of the data."""

from __future__ import annotations

from codegen.profile import Flag, Profile
from eval.event import InexpressibleError, Menu, Ntuple, Row, holds
from eval.inequality import satisfies
from eval.scene import Scene
from eval.verdicts import Test
from kb.ssc import Cut, SelectionCriteria


def paths_named(criteria: SelectionCriteria, profile: Profile) -> tuple[str, ...]:
    """Return the single trigger paths that the criteria call by their names; an ntuple may have hundreds."""
    texts = [text for cut in criteria.cuts for text in (str(cut.value), _words(cut))]
    named = {name for text in texts for name in profile.named_triggers(text)}
    return tuple(sorted(named & set(profile.trigger_paths)))


def decision(ntuple: Ntuple, cut: Cut) -> Test:
    """Return the test of a trigger, or of a number of objects that are matched to it."""
    words = _words(cut).casefold()
    if cut.variable.id == "count" and "trigger" in words and "match" in words:
        return _matched(ntuple, cut)
    if of_matched(cut):
        return _matched(ntuple, cut, least=1)
    if cut.operator != "is" or cut.variable.id != "trigger":
        message = "it is a requirement inside the trigger, of which the ntuple has only the decision"
        raise InexpressibleError(message)
    profile = ntuple.profile
    names = profile.named_triggers(str(cut.value)) or profile.named_triggers(_words(cut))
    if not names:
        message = f"the ntuple has no trigger '{cut.value}'"
        raise InexpressibleError(message)
    flags = [profile.trigger(name) for name in names]
    return lambda scene: any(_fired(flag, scene.row) for flag in flags)


def menu_of(ntuple: Ntuple, cut: Cut) -> Menu:
    """Return the ways in which the trigger that a cut is about can fire; none if it is about something else."""
    profile = ntuple.profile
    if cut.variable.id != "trigger" or of_matched(cut):
        return frozenset()
    names = profile.named_triggers(str(cut.value)) or profile.named_triggers(_words(cut))
    return frozenset[frozenset[str]]().union(*(_ways(profile.trigger(name)) for name in names))


def _ways(flag: Flag) -> Menu:
    """Return the sets of branches of which each is enough for a trigger to fire."""
    if flag.any_of:
        return frozenset[frozenset[str]]().union(*map(_ways, flag.any_of))
    ways = frozenset({frozenset({flag.branch} if flag.branch else ())})
    for part in flag.all_of:
        ways = frozenset(one | more for one in ways for more in _ways(part))
    return ways


def _fired(flag: Flag, row: Row) -> bool:
    """Say whether a trigger has fired; a path that the event's file lacks has not."""
    if flag.any_of:
        return any(_fired(part, row) for part in flag.any_of)
    if flag.all_of:
        return all(_fired(part, row) for part in flag.all_of)
    return flag.branch in row and holds(flag, row)


def of_matched(cut: Cut) -> bool:
    """Say whether a cut asks for an object that is matched to the trigger."""
    return cut.variable.id == "trigger" and cut.subject.object != "event" and str(cut.value).startswith("matched")


def _matched(ntuple: Ntuple, cut: Cut, least: int | None = None) -> Test:
    name, definition = cut.subject.object, cut.subject.definition
    for kind in ntuple.kinds(name):
        ntuple.flagged(ntuple.probe(kind), "trigger", "matched")

    def test(scene: Scene) -> bool:
        found = scene.selected(name, definition)
        number = sum(ntuple.flagged(particle, "trigger", "matched") for particle in found)
        return satisfies(number, cut) if least is None else number >= least

    return test


def cleaning(ntuple: Ntuple, cut: Cut) -> Test:
    """Return the test of all flags of event quality that a cut's words name."""
    flags = [f for f in ntuple.profile.cleaning.values() if any(w in str(cut.value) for w in f.words)]
    if not flags:
        message = f"the ntuple has no event quality flag '{cut.value}'"
        raise InexpressibleError(message)
    return lambda scene: all(holds(flag, scene.row) for flag in flags)


def _words(cut: Cut) -> str:
    return " ".join(evidence.quote for evidence in cut.evidence)
