import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from transformers import LlamaForCausalLM

from firsthand.cli import main
from firsthand.evaluate.held_out import read_held_out
from firsthand.evaluate.model_page import model_page
from firsthand.evaluate.model_report import Status, evaluate_scores, evaluation_json, evaluation_text
from firsthand.evaluate.trained_model import TrainedModel

HOSTILE = '<script>alert("1")</script>&\x1b[31m'


def rows_of(count, **more):
    """Rows where the longer response is right in two of three."""
    longer, shorter = "one two three four", "yes"
    pairs = [(longer, shorter) if number % 3 else (shorter, longer) for number in range(count)]
    return [{"prompt": f"what {n}", "chosen": yes, "rejected": no, **more} for n, (yes, no) in enumerate(pairs)]


def evaluate(mix, difference, folder="model", **model):
    found = TrainedModel(Path(folder), **{"kind": "reward", **model})
    return evaluate_scores(found, (mix, "abc", []), read_held_out(mix), np.asarray(difference, float), draws=200)


def test_a_model_that_beats_both_baselines_is_said_to(make_mix):
    right_but_for_six = np.where(np.arange(60) % 10 == 0, -1, 1)
    found = evaluate(make_mix(anchor=rows_of(60)), right_but_for_six)
    assert found.status is Status.BEATS
    assert "agrees with people on 90.0 % of 60 held-out comparisons" in found.sentence
    assert "picking the longer response reaches 66.7 % (+23.3 points" in found.sentence


def test_a_model_that_does_not_beat_length_is_said_not_to(make_mix):
    generator = np.random.default_rng(3)
    found = evaluate(make_mix(anchor=rows_of(60)), np.where(generator.random(60) < 0.7, 1, -1))
    assert found.status is Status.DOES_NOT_BEAT
    assert "is not shown to beat picking the longer response" in found.sentence


def test_a_model_below_a_coin_is_said_not_to_beat_either(make_mix):
    generator = np.random.default_rng(3)
    found = evaluate(make_mix(anchor=rows_of(60)), np.where(generator.random(60) < 0.4, 1, -1))
    assert "not shown to beat picking the longer response or a coin" in found.sentence


def test_where_only_a_coin_is_not_beaten_the_interval_against_it_is_given(make_mix):
    generator = np.random.default_rng(3)
    rows = [{**row, "chosen": row["rejected"], "rejected": row["chosen"]} for row in rows_of(60)]
    found = evaluate(make_mix(anchor=rows), np.where(generator.random(60) < 0.55, 1, -1))
    assert "is not shown to beat a coin: it agrees with people" in found.sentence
    assert "(against a coin +" in found.sentence


def test_without_a_human_anchor_the_effect_is_not_measurable(make_mix):
    found = evaluate(make_mix(synthetic_heldout=rows_of(30)), np.ones(30))
    assert found.status is Status.NOT_MEASURABLE
    assert "no human anchor" in found.sentence
    assert [group.name for group in found.groups] == ["synthetic_heldout"]


def test_an_anchor_too_long_for_the_model_is_not_measurable(make_mix):
    mix = make_mix(anchor=rows_of(10), synthetic_heldout=rows_of(10))
    found = evaluate(mix, [np.nan] * 10 + [1.0] * 10, max_length=5)
    assert found.status is Status.NOT_MEASURABLE
    assert found.left_out == {"longer than 5 tokens": {"anchor": 10}}
    assert "left out of anchor: 10 rows longer than 5 tokens" in evaluation_text(found)


def test_groups_follow_source_and_simulated(make_mix):
    anchor = [*rows_of(20), *rows_of(10, simulated=True)]
    mix = make_mix(anchor=anchor, synthetic_heldout=rows_of(12))
    found = evaluation_json(evaluate(mix, np.ones(42)))
    groups = {group["name"]: (group["rows"], group["source"], group["simulated"]) for group in found["groups"]}
    assert groups == {
        "anchor": (30, "human", None),
        "anchor, not simulated": (20, "human", False),
        "anchor, simulated": (10, "human", True),
        "synthetic_heldout": (12, "synthetic", False),
    }


def test_a_simulated_anchor_is_never_called_people(make_mix):
    found = evaluate(make_mix(anchor=rows_of(60, simulated=True)), np.where(np.arange(60) % 10 == 0, -1, 1))
    assert "simulated raters, not people" in found.sentence
    assert found.groups[0].name == "anchor, simulated"


def test_the_verdict_is_on_people_where_scripts_labelled_too(make_mix):
    mix = make_mix(anchor=[*rows_of(60), *rows_of(60, simulated=True)])
    right_with_people_alone = np.concatenate([np.where(np.arange(60) % 10 == 0, -1, 1), -np.ones(60)])
    found = evaluate(mix, right_with_people_alone)
    assert found.status is Status.BEATS
    assert "agrees with people on 90.0 % of 60" in found.sentence


def run(capsys, *arguments):
    status = main(["evaluate", "model", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize("kind", ["reward", "dpo"])
def test_a_trained_folder_is_measured_on_its_own_mix(make_model, make_mix, capsys, kind):
    mix = make_mix(anchor=rows_of(20), synthetic_heldout=rows_of(8))
    training = {"kind": kind, "beta": 0.1 if kind == "dpo" else None, "max_length": 32, "base_model": "base"}
    training["mix"] = {"path": str(mix), "content_sha256": "0" * 64}
    if kind == "dpo":
        training["base_model"] = str(make_model(LlamaForCausalLM, "base", seed=1))
        folder = make_model(LlamaForCausalLM, "trained", training=training)
    else:
        folder = make_model(name="trained", training=training)
    status, out, _ = run(capsys, folder, "--json")
    found = json.loads(out)
    assert status == 0
    assert found["schema"] == 1
    assert found["model"]["kind"] == kind
    assert found["mix"] == {"path": str(mix), "content_sha256": "0" * 64}
    assert [group["rows"] for group in found["groups"]] == [20, 8]
    anchor = found["groups"][0]
    assert 0 <= anchor["accuracy"]["value"] <= 1
    # The longer response is right in 13 of 20: rows 0, 3, 6, ... are the other seven.
    assert anchor["baselines"] == {"longer_wins": anchor["baselines"]["longer_wins"], "coin": 0.5}
    assert anchor["baselines"]["longer_wins"]["value"] == pytest.approx(13 / 20)
    assert sum(cell["rows"] for cell in anchor["calibration"]["bins"]) == 20


def test_the_table_and_the_page_lead_with_the_verdict(make_model, make_mix, tmp_path, capsys):
    report = tmp_path / "report.html"
    mix = make_mix(anchor=rows_of(20))
    status, out, err = run(capsys, make_model(), "--data", mix, "--report", report)
    assert status == 0
    assert out.startswith("The model is not shown to beat")
    assert "longer wins" in out
    assert str(report) in err
    page = report.read_text(encoding="utf-8")
    assert page.index("not shown to beat") < page.index("Accuracy") < page.index("Calibration")


def test_a_page_can_not_be_written_into_a_folder_that_is_absent(make_model, tmp_path, capsys):
    status, _, err = run(capsys, make_model(), "--report", tmp_path / "absent" / "report.html")
    assert status == 2
    assert "does not exist" in err


def test_a_folder_that_is_no_model_is_wrong_input(tmp_path, capsys):
    status, _, err = run(capsys, tmp_path)
    assert status == 2
    assert "not a model folder" in err


class Outside(HTMLParser):
    """Collects what a page would fetch or run."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        if tag in {"script", "link", "img", "iframe", "object", "form"}:
            self.found.append(tag)
        self.found += [name for name, _ in attributes if name in {"src", "href", "action", "onload", "onerror"}]


def test_the_page_fetches_nothing_and_escapes_every_name(make_mix):
    model = {"base_model": HOSTILE, "beta": 0.1, "kind": "dpo"}
    found = evaluate(make_mix(anchor=rows_of(30)), np.ones(30), folder=HOSTILE.replace("/", "_"), **model)
    page = model_page(found)
    parser = Outside()
    parser.feed(page)
    assert parser.found == []
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http://" not in page
    assert "https://" not in page
