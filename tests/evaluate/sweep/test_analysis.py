"""A whole analysis of simulated sweeps whose answer is known; tests/calibration asks the same of many worlds."""

import json
from importlib.resources import files as package_files

import numpy as np
import pytest
import yaml
from jsonschema import Draft202012Validator
from sweep_tables import point, simulated_analysis, sweep_of, table_of

from firsthand.config import check_config
from firsthand.errors import InputError
from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.sweep.analysis import AnalysisConfig, analyse
from firsthand.evaluate.sweep.files import sweep_json, write_sweep
from firsthand.evaluate.sweep.simulate import JudgeWorld
from firsthand.evaluate.sweep.text import sweep_text
from firsthand.evaluate.sweep.verdicts import Help
from firsthand.train.mix_config import MixConfig

SCHEMA = json.loads(package_files("firsthand.evaluate.sweep").joinpath("sweep.schema.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def biased():
    return simulated_analysis(JudgeWorld(affinity=2.0))


@pytest.fixture(scope="module")
def tasteful():
    return simulated_analysis(JudgeWorld(sharpness=0.2, taste=1.5))


def finding(analysis, detector, target="own"):
    return next(each for each in analysis.findings if (each.detector, each.target) == (detector, target))


def test_a_judge_that_favours_its_own_is_found_in_the_model(biased):
    skew = finding(biased, "inherited-skew")
    assert (skew.verdict, skew.direction, skew.relation) == (Verdict.DETECTED, "favours", "same model")
    assert finding(biased, "gold-gap").verdict is Verdict.DETECTED
    tolerance = finding(biased, "tolerance")
    assert tolerance.verdict is Verdict.DETECTED
    assert tolerance.ci[0] < tolerance.estimate < tolerance.ci[1]


def test_a_judge_that_follows_a_style_hurts(tasteful):
    assert tasteful.recommendation.verdict is Help.HURT
    assert tasteful.recommendation.ratio == 0.0
    assert [each.verdict for each in tasteful.effects if not each.tag][-1] is Help.HURT


def test_sweep_json_holds_to_its_schema_and_to_json(biased, tasteful):
    for analysis in (biased, tasteful):
        found = json.loads(json.dumps(sweep_json(analysis), allow_nan=False))
        Draft202012Validator(SCHEMA).validate(found)
        assert found["counts"]["models"] == len(analysis.sweep.points)


def test_a_sweep_is_written_with_a_mix_that_can_be_used(biased, tmp_path):
    written = write_sweep(biased, tmp_path / "new" / "sweep")
    assert {path.name for path in written} >= {"sweep.json", "report.html", "mix.yaml", "effects.csv", "skew.csv"}
    mix = yaml.safe_load((tmp_path / "new" / "sweep" / "mix.yaml").read_text("utf-8"))
    assert check_config(mix, MixConfig).ratio.synthetic == round(biased.recommendation.ratio, 4)


def test_the_text_leads_with_the_recommendation(biased):
    text = sweep_text(biased)
    assert text.startswith(biased.recommendation.sentence)
    assert "[tolerance: detected]" in text


def test_the_same_sweep_says_the_same(biased):
    again = simulated_analysis(JudgeWorld(affinity=2.0))
    assert sweep_json(again) == sweep_json(biased)


def test_without_twins_of_one_size_nothing_is_said_to_be_missing_from_the_data():
    table = table_of([1.0, 0.0] * 40, author=[(0, 1)] * 80)
    analysis = analyse(
        sweep_of(table, [point("add", ratio, [1.0] * 80) for ratio in (0.0, 0.5)]), None, AnalysisConfig()
    )
    missing = [each.detector for each in analysis.findings if "no twins of one size" in each.why]
    assert missing == ["inherited-skew", "gold-gap", "tolerance", "proxy-gold"]
    assert not any("is known to be by" in each.why or "fewer than" in each.why for each in analysis.findings)


def test_without_kin_or_choices_or_controls_the_findings_say_what_is_missing():
    table = table_of([1.0, 0.0, 0.5] * 20, prompt=np.repeat(np.arange(20), 3))
    gap = np.tile([1.0, -1.0, 1.0], 20)
    points = [point("replace", ratio, gap) for ratio in (0.0, 1.0)]
    found = analyse(sweep_of(table, points, own=()), None, AnalysisConfig())
    said = {(each.detector, each.target): each for each in found.findings}
    assert said["inherited-skew", "its own kind"].verdict is Verdict.NOT_TESTABLE
    assert "no response" in said["inherited-skew", "its own kind"].why
    assert said["proxy-gold", ""].verdict is Verdict.NOT_TESTABLE
    assert said["permuted-control", ""].verdict is Verdict.NOT_TESTABLE
    assert not found.refitted


def test_an_anchor_with_too_few_rows_recommends_nothing(tmp_path):
    table = table_of([1.0] * 8)
    points = [point("add", 0.0, -np.ones(8)), point("add", 0.5, np.ones(8))]
    found = analyse(sweep_of(table, points), None, AnalysisConfig())
    (tmp_path / "mix.yaml").write_text("of an earlier sweep")
    write_sweep(found, tmp_path)
    assert found.recommendation.verdict is Help.NOT_TESTABLE
    assert not (tmp_path / "mix.yaml").exists()
    Draft202012Validator(SCHEMA).validate(sweep_json(found))


def test_a_sweep_of_one_ratio_is_refused():
    with pytest.raises(InputError, match="nothing to compare"):
        analyse(sweep_of(table_of([1.0]), [point("add", 0.0, [1.0])]), None, AnalysisConfig())


def test_a_folder_that_cannot_be_written_to_is_refused(biased, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't write the sweep"):
        write_sweep(biased, tmp_path / "file")
