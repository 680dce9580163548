"""The gold files say what the notes say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from eval.benchmarks import HZZ4L, OPENDATA4L
from eval.gold import load_gold
from kb.errors import InputError


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_the_benchmark_states_27_baseline_cuts_and_one_signal_region() -> None:
    gold = load_gold(HZZ4L / "gold.json")
    regional = [cut for cut in gold.cuts if cut.region is not None]
    assert len(gold.baseline) == 27
    assert [(cut.region, cut.object, cut.value) for cut in regional] == [("signal region", "fourlepton", (115, 130))]


def test_every_quote_stands_in_the_note_it_names() -> None:
    gold = load_gold(HZZ4L / "gold.json")
    notes = {paper: squeezed((HZZ4L / file).read_text()) for paper, file in gold.papers.items()}
    strangers = [cut.id for cut in gold.cuts if squeezed(cut.quote) not in notes[cut.paper or ""]]
    assert strangers == []
    assert [cut.id for cut in gold.cuts if not 10 <= len(cut.quote) <= 300] == []


def test_the_companions_hold_what_the_main_note_delegates() -> None:
    gold = load_gold(HZZ4L / "gold.json")
    held = {paper: sum(cut.paper == paper for cut in gold.baseline) for paper in gold.papers}
    assert held == {"hzz4l": 13, "hzz4l-leptons": 9, "hzz4l-jets": 5}
    main = (HZZ4L / "main.tex").read_text()
    for key, report in (("leptonnote", "HZZ4L-LEPTONS"), ("jetnote", "HZZ4L-JETS")):
        assert rf"\cite{{{key}}}" in main
        assert re.search(rf"\\bibitem{{{key}}}[^\\]*\\emph{{[^}}]*}}, report {report}\.", main)


@pytest.mark.parametrize("note", ["main.tex", "leptons.tex", "jets.tex"])
def test_braces_dollars_and_environments_of_the_notes_balance(note: str) -> None:
    source = (HZZ4L / note).read_text()
    source = re.sub(r"(?<!\\)%.*", "", source)
    assert source.count("{") == source.count("}")
    assert source.count("$") % 2 == 0
    begun, ended = re.findall(r"\\begin{(\w+)}", source), re.findall(r"\\end{(\w+)}", source)
    assert sorted(begun) == sorted(ended)


def test_published_counts_never_exceed_the_entries_they_are_selected_from() -> None:
    published = json.loads((OPENDATA4L / "yields.json").read_text())
    for selection in published["selections"].values():
        assert (OPENDATA4L / selection["paper"]).is_file()
        assert all(count <= published["entries"][sample] for sample, count in selection["raw"].items())
    loose, tight = (published["selections"][name]["raw"] for name in ("loose", "pt"))
    assert all(tight[sample] <= loose[sample] for sample in tight)


def test_gold_files_made_by_reading_real_papers_load(shared: Path) -> None:
    files = sorted((shared / "gold").glob("*.json"))
    sizes = {file.stem: len(load_gold(file).cuts) for file in files}
    assert sizes == {file.stem: len(json.loads(file.read_text())["cuts"]) for file in files}
    assert sizes


@pytest.mark.parametrize(
    ("change", "where", "complaint"),
    [
        ({"variable": "momentum"}, "$.cuts[0]", "no variable"),
        ({"object": "quark"}, "$.cuts[0]", "no object"),
        ({"operator": "in"}, "$.cuts[0]", "take a range"),
        ({"operator": "about"}, "$.cuts[0].operator", "Input should be"),
        ({"paper": "elsewhere"}, "$", "does not list"),
    ],
)
def test_a_faulty_gold_file_is_refused_with_its_place(
    tmp_path: Path, change: dict[str, str], where: str, complaint: str
) -> None:
    cut = {"id": "x-1", "object": "muon", "variable": "pt", "operator": ">", "value": 5, "unit": "GeV"}
    cut |= {"scope": "object", "quote": "muons above 5 GeV"} | change
    file = tmp_path / "gold.json"
    file.write_text(json.dumps({"arxiv_id": "x", "cuts": [cut]}))
    with pytest.raises(InputError, match=complaint) as refusal:
        load_gold(file)
    assert refusal.value.path == where


def test_a_missing_gold_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the gold file"):
        load_gold(tmp_path / "gold.json")
