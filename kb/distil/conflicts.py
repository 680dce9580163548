"""Show where a selection contradicts itself."""

from __future__ import annotations

from kb.ssc import Cut, Refused


def conflicts(cuts: list[Cut]) -> list[Refused]:
    """Return where the same is cut differently without a condition or a region that tells the two apart.

    Only statements of different kinds can: a sentence may name two thresholds, but a table and a sentence, or a paper
    and the one it delegates to, mean the same one.
    """
    found = []
    seen: dict[tuple[object, ...], Cut] = {}
    for cut in cuts:
        if _is_qualified(cut):
            continue
        direction = cut.operator[0] if cut.operator[0] in "<>" else cut.operator
        place = (cut.subject.object, cut.subject.rank, cut.subject.definition, cut.variable, direction, cut.role)
        earlier = seen.setdefault(place, cut)
        if earlier.evidence[0].kind != cut.evidence[0].kind and earlier.normal_value != cut.normal_value:
            reason = f"'{cut.statement()}' here, '{earlier.statement()}' elsewhere ({earlier.id})"
            found.append(Refused(code="conflict", reason=reason, evidence=cut.evidence[0], candidate=cut.statement()))
    return found


def _is_qualified(cut: Cut) -> bool:
    """Say whether a cut may stand beside another one on the same variable."""
    apart = cut.regions or cut.when or cut.any_of or cut.scope in {"trigger", "cleaning"}
    return bool(apart) or isinstance(cut.value, str) or cut.variable.id in {"other", "ratio"}
