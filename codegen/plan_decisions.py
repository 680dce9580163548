"""What was decided about events and objects before anyone selects them: triggers, and the quality of the data."""

from __future__ import annotations

import re

from codegen.plan_columns import both, constrain, either
from codegen.plan_model import UnplannableError
from codegen.plan_objects import Collections
from codegen.plan_terms import Count, Flagged, Requirement
from codegen.profile import Profile
from kb.ssc import Cut, Variable

# "At least one lepton must be matched to the trigger" counts objects; other requirements of triggers are inside them.
_MATCHED = re.compile(r"\btrigger[- ]?match|\bmatch\w*[^.;]*\btrigger|\btrigger\w*[^.;]*\bmatch", re.IGNORECASE)


def decision(profile: Profile, collections: Collections, cut: Cut) -> Requirement:
    """Write that a trigger has fired, or that objects are matched to it."""
    if cut.variable.id == "count" and _MATCHED.search(_words(cut)):
        return _matched(collections, cut)
    if _of_objects(cut):
        one = {"variable": Variable(id="count"), "operator": ">=", "value": 1.0, "unit": "1"}
        return _matched(collections, cut.model_copy(update=one))
    if cut.operator != "is" or cut.variable.id != "trigger":
        message = "it is a requirement inside the trigger; the ntuple has only the trigger's decision"
        raise UnplannableError(message)
    text = str(cut.value)
    names = profile.named_triggers(text) or profile.named_triggers(_words(cut))
    if not names:
        held = ", ".join(profile.triggers) or "none"
        if profile.trigger_paths:
            held += f", and {len(profile.trigger_paths)} paths {profile.trigger_prefix}…"
        why = f": {profile.no_triggers}" if profile.no_triggers and held == "none" else f" (it has: {held})"
        message = f"the ntuple has no trigger '{text}'{why}"
        raise UnplannableError(message)
    return either([Flagged(profile.trigger(name)) for name in names])


def _of_objects(cut: Cut) -> bool:
    """Say whether a cut is that an object is matched to a trigger, by its value; one such object is enough."""
    return cut.subject.object != "event" and cut.variable.id == "trigger" and str(cut.value).startswith("matched")


def _matched(collections: Collections, cut: Cut) -> Requirement:
    parts = collections.columns.parts(cut.subject.object)
    objects = collections.collection(cut.subject.object, cut.subject.definition)
    found, *_ = [collections.columns.named(objects, part, Variable(id="trigger"), "matched") for part in parts]
    return constrain(Count(objects, found), cut)


def cleaning(profile: Profile, cut: Cut) -> Requirement:
    """Write that an event meets all the flags of its quality that a cut's words name."""
    text = str(cut.value)
    flags = [Flagged(flag) for flag in profile.cleaning.values() if any(word in text for word in flag.words)]
    if not flags:
        message = f"the ntuple has no event quality flag for '{text}'"
        raise UnplannableError(message)
    return both(flags)


def _words(cut: Cut) -> str:
    return " ".join(evidence.quote for evidence in cut.evidence)
