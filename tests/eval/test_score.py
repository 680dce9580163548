"""The scorer gives what a careful reader would, and the same numbers as the annotators' own scorer."""

from __future__ import annotations

import importlib.util
import json
import random
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from eval.benchmarks import HZZ4L
from eval.gold import load_gold
from eval.score import Score, atoms, score

Row = dict[str, Any]

SAME_COUNT = {
    "gold_numbers": "gold_num",
    "predicted_numbers": "pred_num",
    "numeric": "numeric",
    "full": "full",
    "gold_regional": "regional_gold",
    "region": "region",
    "gold_flags": "gold_flag",
    "predicted_flags": "pred_flag",
    "flag": "flag",
    "cited": "cited",
    "matched": "matched",
    "not_in_text": "hallucinated",
}


def row(**changes: Any) -> Row:
    record = {"object": "muon", "variable": "pt", "operator": ">", "value": 5, "unit": "GeV", "rank": None}
    return record | {"role": "select", "region": None, "quote": "muons with pT > 5 GeV"} | changes


def test_a_gold_file_scores_perfectly_against_itself() -> None:
    records = load_gold(HZZ4L / "gold.json").records()
    result = score(records, records)
    recalls = (result.numeric_recall, result.full_recall, result.region_recall, result.flag_recall, result.cited_share)
    assert recalls == (1, 1, 1, 1, 1)
    assert result.extra == result.missed == ()


def test_units_do_not_matter() -> None:
    assert score([row()], [row(value=5000, unit="MeV")]).full == 1


def test_a_veto_counts_as_the_selection_it_amounts_to() -> None:
    wanted = row(object="jet_lepton", variable="delta_r", operator=">=", value=0.4, unit="1")
    offered = row(object="jet_lepton", variable="delta_r", operator="<", value=0.4, unit="1", role="veto")
    assert score([wanted], [offered]).full == 1


def test_more_than_one_is_at_least_two() -> None:
    wanted = row(variable="count", operator=">=", value=2, unit="1")
    assert score([wanted], [row(variable="count", operator=">", value=1, unit="1")]).full == 1


def test_a_wrong_rank_is_numerically_but_not_fully_right() -> None:
    result = score([row(rank=1)], [row(rank=2)])
    assert (result.numeric, result.full) == (1, 0)


def test_a_mass_window_around_the_z_is_the_same_in_both_forms() -> None:
    window = row(object="lepton_pair", variable="mass", operator="in", value=[76.1876, 106.1876])
    distance = row(object="lepton_pair", variable="mass", operator="<", value=15, quote="|m_ll - m_Z| < 15 GeV")
    assert atoms(window) == atoms(distance)


def test_one_requirement_in_two_regions_counts_once_with_both() -> None:
    wanted = [row(region="SR1, SR2")]
    result = score(wanted, [row(region="SR1"), row(region="SR2")])
    assert (result.gold_numbers, result.predicted_numbers, result.region) == (1, 1, 1)


def test_an_invented_cut_lowers_precision_and_is_named() -> None:
    invented = row(value=25, quote="muons with pT > 25 GeV")
    result = score([row()], [row(), invented], text="We select muons with pT > 5 GeV.")
    assert result.numeric_precision == 0.5
    assert result.extra == (invented,)
    assert result.not_in_text == 1


def test_shares_of_nothing_are_unknown_rather_than_perfect() -> None:
    empty = Score()
    assert empty.numeric_recall is None
    assert empty.cited_share is None


@pytest.fixture(scope="module")
def annotators_scorer(shared: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("annotators_scorer", shared / "gold" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def perturbed(cuts: list[Row], dice: random.Random) -> list[Row]:
    """Return predictions as a mediocre reader would make them: some lost, some changed, some twice."""
    predictions: list[Row] = []
    for original in cuts:
        cut = dict(original)
        numeric = isinstance(cut["value"], int | float)
        fate = dice.randrange(12)
        if fate == 0:
            continue
        if fate == 1 and numeric:
            cut["operator"] = dice.choice([">", ">=", "<", "<=", "==", "!="])
        if fate == 2 and numeric:
            cut |= {
                "value": cut["value"] * dice.choice([1, 0.5, 1000]),
                "unit": dice.choice([cut["unit"], "TeV", "cm"]),
            }
        if fate in (3, 4):
            cut["region"] = dice.choice([None, "SR", "signal region"])
        if fate == 5:
            cut["role"] = dice.choice(["veto", "select"])
        if fate in (6, 7):
            cut["quote"] = dice.choice(
                ["", "elsewhere", cut["quote"][:20], cut["quote"] + " close to the Z boson mass"]
            )
        if fate == 8:
            cut["rank"] = dice.choice([None, 1, 2])
        if fate == 9:
            cut["object"] = dice.choice(["jet", "muon", "lepton"])
        predictions += [cut] * (2 if fate == 10 else 1)
    dice.shuffle(predictions)
    return predictions


def test_our_scorer_and_the_annotators_give_the_same_numbers(shared: Path, annotators_scorer: ModuleType) -> None:
    dice = random.Random(20161)
    for file in sorted((shared / "gold").glob("*.json")):
        cuts = json.loads(file.read_text())["cuts"]
        text = " ".join(cut["quote"] for cut in cuts[::2])
        for _ in range(5):
            predictions = perturbed(cuts, dice)
            expected = annotators_scorer.score(cuts, predictions, text)
            result = score(load_gold(file).records(), predictions, text)
            counted = {ours: getattr(result, ours) for ours in SAME_COUNT}
            assert counted == {ours: expected[theirs] for ours, theirs in SAME_COUNT.items()}
            assert len(result.missed) == len(expected["missed"])
            assert len(result.extra) == len(expected["extra"])
