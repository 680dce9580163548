"""Functions that emitted analyses may contain, word for word; only those that an analysis calls are copied into it.

They are kept here as code, so that they are checked and tested like any other. Arrays are awkward arrays: one entry per
event, in it one per object. Objects with momenta are vectors of scikit-hep's `vector`, whose names say how much of the
momentum is known (Momentum2D, 3D, 4D). What an event lacks is None, and a comparison with None counts as not passed.
"""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np

Array = Any


def column(events: Array, branch: str) -> Array:
    """Return a branch in double precision."""
    return ak.values_astype(events[branch], np.float64)


def columns(events: Array, *branches: str) -> Array:
    """Return branches that hold one object each as lists, one per event, in double precision."""
    side_by_side = [column(events, branch)[:, np.newaxis] for branch in branches]
    return ak.from_regular(ak.concatenate(side_by_side, axis=1))


def picked(objects: Array, keep: Array) -> Array:
    """Return objects[keep], in less time: objects of all events are one long list."""
    return ak.unflatten(ak.flatten(objects)[ak.flatten(keep)], ak.sum(keep, axis=1))


def are_sorted(lists: Array) -> bool:
    """Say whether the numbers of each list fall already, as they do in most files."""
    values, lengths = ak.to_numpy(ak.flatten(lists)), ak.to_numpy(ak.num(lists))
    falls = np.append(values[1:] <= values[:-1], True)
    falls[np.cumsum(lengths) - 1] = True  # what comes after the end of a list is of another
    return bool(np.all(falls))


def by_pt(objects: Array) -> Array:
    """Return objects in the order of falling pT."""
    if are_sorted(objects["pt"]):
        return objects
    return objects[ak.argsort(objects.pt, axis=1, ascending=False)]


def merged(collections: list[Array], columns: list[str], kind: str | None) -> Array:
    """Return collections that differ in their columns as one with those given, in the order of falling pT."""
    parts = [ak.zip({name: getattr(part, name) for name in columns}, with_name=kind) for part in collections]
    return by_pt(ak.concatenate(parts, axis=1))


def passes(mask: Array) -> Array:
    """Return a mask in which what is undefined has not passed."""
    return ak.fill_none(mask, False, axis=0)


def all_of(masks: list[Any]) -> Array:
    """Say which events meet all requirements."""
    return np.logical_and.reduce([ak.to_numpy(mask) for mask in masks])


def all_but_one_of(masks: list[Any]) -> Array:
    """Say which events fail at most one requirement: those that show what each of them cuts away."""
    return np.sum([~ak.to_numpy(mask) for mask in masks], axis=0) <= 1


def passing(mask: Array, *arrays: Array) -> list[Array]:
    """Return what is left of arrays, one entry per event, of the events that pass."""
    return [array[mask] for array in arrays]


def spread(masks: list[Any], alive: Array) -> list[Any]:
    """Return masks of the events that are alive as masks of all events; the others have not passed."""
    places = np.flatnonzero(alive)
    return [marked(places[ak.to_numpy(mask)], len(alive)) for mask in masks]


def spread_in_turn(masks: list[Any], alive: Array) -> list[Any]:
    """Return masks as those of all events; the first is of those alive, the others of what passes the one before."""
    places = np.flatnonzero(alive)
    found = []
    for mask in masks:
        places = places[ak.to_numpy(mask)]
        found.append(marked(places, len(alive)))
    return found


def marked(places: Array, number: int) -> Array:
    """Return a mask of so many events in which those at these places have passed."""
    whole = np.zeros(number, dtype=bool)
    whole[places] = True
    return whole


def scattered(values: Array, alive: Array) -> Array:
    """Return values, or lists of them, of the events that are alive as those of all events; the others have none."""
    if values.ndim > 1:
        lists = ak.fill_none(values, [], axis=0)
        counts = np.zeros(len(alive), dtype=np.int64)
        counts[alive] = ak.to_numpy(ak.num(lists))
        return ak.unflatten(ak.flatten(lists), counts)
    whole = np.full(len(alive), np.nan)
    whole[alive] = ak.to_numpy(ak.fill_none(values, np.nan))
    return whole


def nth(objects: Array, rank: int) -> Array:
    """Return each event's object of the n-th highest pT, or None where there are fewer."""
    return ak.firsts(objects[:, rank - 1 :])


def leading(objects: Array, number: int) -> Array:
    """Return the objects of highest pT, or None for events with fewer than `number`."""
    return ak.mask(objects[:, :number], ak.num(objects) >= number)


def pairs(objects: Array) -> Array:
    """Return all pairs of objects as records `first` (of higher pT) and `second`."""
    return ak.combinations(objects, 2, fields=["first", "second"])


def meetings(objects: Array, others: Array) -> Array:
    """Return all pairs of one object and one of the others as records `first` and `second`."""
    return ak.cartesian({"first": objects, "second": others})


def same_flavour(pair: Array) -> Array:
    """Say whether both are electrons, or both are muons."""
    return pair.first.pdg_id == pair.second.pdg_id


def opposite_charge(pair: Array) -> Array:
    """Say whether one is positive and the other negative."""
    return pair.first.charge * pair.second.charge < 0


def same_charge(pair: Array) -> Array:
    """Say whether both are positive, or both are negative."""
    return pair.first.charge * pair.second.charge > 0


def transverse_mass(one: Array, other: Array) -> Array:
    """Return √(2 pT1 pT2 (1 − cos Δφ))."""
    return np.sqrt(2 * one.pt * other.pt * (1 - np.cos(one.deltaphi(other))))


def sides(objects: Array, others: Array) -> tuple[Array, Array]:
    """Return objects and others side by side: for each object a list of all others."""
    one, other = ak.unzip(ak.cartesian([objects, others], nested=True))
    return one, other


def flavours_are(leptons: Array, electrons: int, muons: int) -> Array:
    """Say whether a list holds these numbers of electrons and muons."""
    return (ak.sum(leptons.pdg_id == 11, axis=1) == electrons) & (ak.sum(leptons.pdg_id == 13, axis=1) == muons)


def threshold(x: Array, *points: tuple[float, float]) -> Array:
    """Return a threshold that is linear between (x, threshold) points and constant outside; NaN where x is None."""
    at, value = np.array(points).T
    return np.interp(ak.to_numpy(ak.fill_none(x, np.nan)), at, value)


def chosen(candidates: Array, preference: Array) -> Array:
    """Return each event's pair with the smallest number (the first of equal ones), or None."""
    return ak.firsts(candidates[ak.argmin(preference, axis=1, keepdims=True)])


def numbered(objects: Array) -> Array:
    """Return objects with their place in the event as `place`."""
    return ak.with_field(objects, ak.local_index(objects), "place")


def disjoint(one: Array, other: Array) -> Array:
    """Say whether two pairs share no object."""
    return (
        (one.first.place != other.first.place)
        & (one.first.place != other.second.place)
        & (one.second.place != other.first.place)
        & (one.second.place != other.second.place)
    )


def leaving_another(firsts: Array, seconds: Array) -> Array:
    """Return those of the first pairs that leave one of the second pairs over."""
    first, second = sides(firsts, seconds)
    return firsts[ak.any(disjoint(first, second), axis=2)]


def outside(objects: Array, pair: Array) -> Array:
    """Return the objects that are not in each event's pair, or None where there is none."""
    found = numbered(objects)
    return found[(found.place != pair.first.place) & (found.place != pair.second.place)]


def groups(objects: Array, size: int) -> Array:
    """Return all groups of so many objects."""
    return ak.combinations(objects, size)


def total(group: Array) -> Array:
    """Return the momentum of all objects of each group."""
    momentum, *others = ak.unzip(group)
    for other in others:
        momentum = momentum + other
    return momentum


def listed(group: Array) -> Array:
    """Return the objects of each event's group as a list, or None where there is no group."""
    objects = ak.concatenate([ak.singletons(part) for part in ak.unzip(group)], axis=1)
    return ak.mask(objects, ~ak.is_none(group))


def members(objects: Array, *chosen_pairs: Array) -> Array:
    """Return the objects that make up the chosen pairs, or None where there are no pairs."""
    taken = objects.place < 0
    for pair in chosen_pairs:
        taken = taken | (objects.place == pair.first.place) | (objects.place == pair.second.place)
    return objects[taken]
