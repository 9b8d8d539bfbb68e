import csv
import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from audit_worlds import lines
from builders import fill
from jsonschema import Draft202012Validator

from firsthand.cli import main
from firsthand.collect.importing import Options, import_file
from firsthand.evaluate.audit import planning
from firsthand.evaluate.simulate import Judge, World, simulate
from firsthand.store import Store

SMALL = World(own_pairs=120, other_pairs=100, tie_width=0.2, judges=(Judge(affinity=3.0, tie_width=0.1),))


@pytest.fixture(scope="module")
def biased(tmp_path_factory):
    path = tmp_path_factory.mktemp("audit") / "store.db"
    with Store(str(path)) as store:
        fill(store, lines(simulate(SMALL, seed=2)))
    return path


@pytest.fixture(scope="module")
def schema():
    text = (files("firsthand.evaluate.audit") / "audit.schema.json").read_text(encoding="utf-8")
    Draft202012Validator.check_schema(json.loads(text))
    return Draft202012Validator(json.loads(text))


def run(store, *options):
    return main(["evaluate", "audit", "--store", str(store), *map(str, options)])


def audit(store, out, capsys, *options):
    assert run(store, "--out", out, "--json", *options) == 0
    return json.loads(capsys.readouterr().out)


def headline(found):
    return next(one for one in found["findings"] if one["detector"] == "affinity")


def test_json_is_what_the_schema_describes_and_what_audit_json_holds(biased, tmp_path, capsys, schema):
    found = audit(biased, tmp_path, capsys)
    schema.validate(found)
    assert json.loads((tmp_path / "audit.json").read_text(encoding="utf-8")) == found
    assert headline(found)["verdict"] == "detected"
    assert headline(found)["relation"] == "same family"
    assert found["counts"]["human"] == 3 * 220
    assert {one["detector"] for one in found["findings"]} >= {"affinity", "lineage", "ceiling", "position", "proxy"}


def test_tables_stand_beside_it(biased, tmp_path, capsys):
    (tmp_path / "left_out.csv").write_text("of an earlier audit", encoding="utf-8")
    found = audit(biased, tmp_path, capsys)
    assert not (tmp_path / "left_out.csv").exists()
    with (tmp_path / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["verdict"] for row in rows] == [one["verdict"] for one in found["findings"]]
    assert float(rows[0]["points_ci_low"]) == found["findings"][0]["points_ci"][0]
    with (tmp_path / "choices.csv").open(encoding="utf-8", newline="") as file:
        chosen = {(row["author"], row["chosen_by"]): row for row in csv.DictReader(file)}
    table = simulate(SMALL, seed=2)
    own = (table.author == 0) @ np.array([1, -1])
    votes = table.judged
    share = np.where(own[votes.pair] > 0, 1 - votes.outcome / 2, votes.outcome / 2)[own[votes.pair] != 0].mean()
    assert float(chosen["own", "judge-0"]["share"]) == pytest.approx(share)
    assert int(chosen["own", "people"]["votes"]) == 360


def test_fail_on_ends_with_status_3_where_a_bias_was_detected(biased, tmp_path, capsys):
    assert run(biased, "--out", tmp_path, "--fail-on", "detected") == 3
    text = capsys.readouterr().out
    assert "[detected] Do not let judge-0 judge pairs that contain own" in text


def test_fail_on_passes_a_judge_that_is_merely_related(tmp_path, capsys):
    with Store(str(tmp_path / "store.db")) as store:
        fill(store, lines(simulate(World(own_pairs=120, other_pairs=100, judges=(Judge(),)), seed=1)))
    found = audit(tmp_path / "store.db", tmp_path / "out", capsys)
    related = [one for one in found["findings"] if one["detector"] == "lineage" and one["verdict"] == "detected"]
    assert related
    assert not [one for one in found["findings"] if one["verdict"] == "detected" and one["detector"] == "affinity"]
    assert run(tmp_path / "store.db", "--out", tmp_path / "out", "--fail-on", "detected") == 0


def test_equal_input_gives_equal_bytes(biased, tmp_path, capsys):
    for name in ("one", "other"):
        audit(biased, tmp_path / name, capsys)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes(), path.name


def test_a_plan_is_made_for_votes_like_the_stores(biased, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(planning, "WORLDS", 2)
    monkeypatch.setattr(planning, "BASE_PAIRS", 300)
    (tmp_path / "audit.yaml").write_text("margin_points: 25\ncovariates: [length, headers]\n", encoding="utf-8")
    assert run(biased, "--plan", "--json", tmp_path / "audit.yaml") == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["schema"], plan["margin_points"], plan["like"]) == (1, 25, "judge-0")
    assert [one["votes_each"] for one in plan["options"]] == [2, 3]
    assert all(one["votes"] == one["votes_each"] * one["comparisons"] for one in plan["options"])
    assert plan["best"]["votes_each"] in (2, 3)
    assert 0 <= plan["best"]["ruled_out"] <= 1
    assert run(biased, "--plan", tmp_path / "audit.yaml") == 0
    said = capsys.readouterr().out
    assert "by 25 points or more, with a chance of 80%" in said
    assert "on votes like those on judge-0" in said
    assert not (tmp_path / "report.html").exists()
    assert run(biased, "--plan", "--out", tmp_path) == run(biased, "--plan", "--fail-on", "detected") == 2
    said = capsys.readouterr().err
    assert "leave --out out" in said
    assert "leave --fail-on out" in said


def test_a_configuration_changes_what_is_audited(biased, tmp_path, capsys):
    (tmp_path / "audit.yaml").write_text("margin_points: 49\nalpha: 0.01\ncovariates: []\n", encoding="utf-8")
    found = audit(biased, tmp_path, capsys, tmp_path / "audit.yaml")
    assert (found["margin_points"], found["alpha"]) == (49, 0.01)
    assert headline(found)["verdict"] != "detected"


def test_wrong_configurations_are_told_at_once(biased, tmp_path, capsys):
    (tmp_path / "audit.yaml").write_text("margin: 3\nalpha: 2\ncovariates: [colour]\njudges: []\n", encoding="utf-8")
    assert run(biased, "--out", tmp_path, tmp_path / "audit.yaml") == 2
    said = capsys.readouterr().err
    assert "4 problems" in said
    assert "margin: unknown key, did you mean 'margin_points'?" in said


def test_without_a_folder_or_into_a_file_is_refused(biased, tmp_path, capsys):
    assert run(biased) == 2
    assert "--out DIR is missing" in capsys.readouterr().err
    (tmp_path / "taken").write_text("", encoding="utf-8")
    assert run(biased, "--out", tmp_path / "taken") == 2
    assert "can't write the audit to" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (lambda line: line["source"] == "synthetic", "No person has voted"),
        (lambda line: line["source"] == "synthetic" or line["annotator"] == "rater-0", "two people"),
    ],
)
def test_stores_that_lack_something_end_in_a_finding(tmp_path, capsys, schema, kept, said):
    given = [line for line in lines(simulate(SMALL, seed=2)) if kept(line)]
    with Store(str(tmp_path / "store.db")) as store:
        fill(store, given)
    found = audit(tmp_path / "store.db", tmp_path / "out", capsys)
    schema.validate(found)
    whys = " ".join(one["why"] for one in found["findings"] if one["detector"] == "affinity")
    assert said in whys


def test_a_store_without_judges_is_told(tmp_path, capsys):
    with Store(str(tmp_path / "store.db")) as store:
        fill(store, [line for line in lines(simulate(SMALL, seed=2)) if line["source"] == "human"])
    assert run(tmp_path / "store.db", "--out", tmp_path) == 2
    assert "the store holds no verdict of a judge, and" in capsys.readouterr().err
    with Store(str(tmp_path / "skipped.db")) as store:
        given = lines(simulate(SMALL, seed=2))
        fill(store, [line if line["source"] == "human" else line | {"verdict": "skip"} for line in given])
    assert run(tmp_path / "skipped.db", "--out", tmp_path) == 2
    assert "no verdict of a judge but 220 skips, and" in capsys.readouterr().err


def test_contradictory_lineage_is_refused(tmp_path, capsys):
    given = lines(simulate(SMALL, seed=2))
    for line in given:
        if line["source"] == "synthetic":
            line["judge"] = {"model": "other-1", "family": "own"}
    with Store(str(tmp_path / "store.db")) as store:
        fill(store, given)
    assert run(tmp_path / "store.db", "--out", tmp_path) == 2
    assert "contradictory lineage" in capsys.readouterr().err


def test_names_out_of_the_data_are_no_formulas(tmp_path, capsys):
    given = lines(simulate(SMALL, seed=2))
    for line in given:
        for key in ("author_a", "author_b"):
            line[key] = line[key].replace("other-1", "=1+1")
    with Store(str(tmp_path / "store.db")) as store:
        fill(store, given)
    audit(tmp_path / "store.db", tmp_path, capsys)
    assert "\n'=1+1,people," in (tmp_path / "choices.csv").read_text(encoding="utf-8")


@pytest.fixture
def real(shared_data, tmp_path, monkeypatch, capsys):
    """Imports files of the real data and audits them."""
    monkeypatch.chdir(tmp_path)

    def audited(*paths: str):
        with Store(str(tmp_path / "real.db")) as store:
            for path in paths:
                import_file(store, str(Path(shared_data) / path), Options())
        return audit(tmp_path / "real.db", tmp_path / "out", capsys)

    return audited


def by_target(found, judge):
    return {one["target"]: one for one in found["findings"] if one["detector"] == "affinity" and one["judge"] == judge}


def test_gpt_4_favours_itself_on_mt_bench(real, schema):
    found = real("mtbench-human-gpt4/data/processed/human_gpt_comparison.zip")
    schema.validate(found)
    affinity = by_target(found, "gpt-4")
    own = affinity["gpt-4"]
    assert (own["verdict"], own["direction"], own["relation"]) == ("detected", "favours", "same model")
    # A rough fit gave +1.07 logits, 0.42 to 1.67 (SOURCE.md).
    assert 0.42 < own["estimate"] < 1.67
    for other in ("claude-v1", "gpt-3.5-turbo"):
        assert not (affinity[other]["verdict"] == "detected" and affinity[other]["direction"] == "favours")
    assert any("inconsistent" in one["why"] for one in found["findings"] if one["detector"] == "position")


def test_pandalm_does_not_favour_llama(real, schema):
    names = ("testset-v1.json", "gpt-3.5-turbo-testset-v1.json", "pandalm-7b-testset-v1.json")
    found = real(*(f"pandalm/data/{name}" for name in names))
    schema.validate(found)
    own = by_target(found, "PandaLM-7B")["llama-7b"]
    assert own["relation"] == "inherited"
    assert own["verdict"] != "detected"
    assert own["ci"][0] < 0 < own["ci"][1]
    assert any("People hardly disagree here" in one for one in own["caveats"])
