from dataclasses import replace

import numpy as np
import pytest
import yaml
from sweep_tables import figure, point, sweep_of, table_of

from firsthand.evaluate.sweep.baselines import Engines, Right, Twice
from firsthand.evaluate.sweep.cells import Cell
from firsthand.evaluate.sweep.mix_ready import mix_yaml
from firsthand.evaluate.sweep.outcome import Arm
from firsthand.evaluate.sweep.recommend import recommend
from firsthand.evaluate.sweep.settings import AnalysisConfig
from firsthand.evaluate.sweep.skew import LONGER, SkewCurve, Target
from firsthand.evaluate.sweep.tolerance import tolerance
from firsthand.evaluate.sweep.verdicts import Effect, Help
from firsthand.lineage import Relation

CONFIG = AnalysisConfig()
SWEEP = sweep_of(table_of([1.0]), [point("add", 0.0, [1.0])])
BETTER = (
    [Right(Cell(Arm("all", "add"), 0.0, 100, 0), figure(0.7), figure(0.1))],
    figure(0.6),
    None,
)


def effect(ratio, difference, verdict, rows=1_000):
    return Effect(
        "all", "add", ratio, "", 100, 100, figure(0.6 + difference), figure(difference, rows=rows), 0.01, verdict
    )


def skewed(*values, error=0.005, rows=1_000, name="gpt-x"):
    ratios = tuple(np.linspace(0, 1, len(values) + 1).tolist())
    inherited = [figure(0.0, 0.0, rows), *(figure(value, error, rows) for value in values)]
    target = Target(name, Relation.SAME_MODEL, np.array([1.0]))
    return SkewCurve(
        "all", target, ratios, inherited, inherited, inherited, figure(0.0), tolerance(ratios, inherited, 0.03, 0.05)
    )


HELPS = [effect(0.2, 0.02, Help.HELP), effect(0.5, 0.04, Help.HELP), effect(0.8, 0.03, Help.HELP)]


def test_the_most_accurate_ratio_that_helps_is_recommended():
    said = recommend(SWEEP, HELPS, [skewed(0.0, 0.0)], BETTER, CONFIG)
    assert (said.verdict, said.ratio, said.arm, said.warnings) == (Help.HELP, 0.5, "all", ())
    assert "Use 50% synthetic rows" in said.sentence
    assert "+4.0 points (+2.0 to +6.0)" in said.sentence


def test_a_crossing_caps_the_ratio():
    # 10 points at 50 %, 20 at 100 %: the band (+-1) reaches 3 points at 0.5 x 3 / 11 = 14 % at the earliest.
    said = recommend(SWEEP, HELPS, [skewed(0.1, 0.2)], BETTER, CONFIG)
    assert (said.verdict, said.ratio) == (Help.HELP, 0.0)
    assert "from 14% on the model may lean" in said.sentence
    below = recommend(SWEEP, [effect(0.1, 0.02, Help.HELP), *HELPS], [skewed(0.1, 0.2)], BETTER, CONFIG)
    assert below.ratio == 0.1


def test_a_skew_that_is_not_excluded_is_a_warning():
    said = recommend(SWEEP, HELPS, [skewed(0.01, 0.02, error=0.02)], BETTER, CONFIG)
    assert said.ratio == 0.5
    assert "is not excluded" in said.warnings[0]


def test_a_crossing_to_the_longer_response_is_a_warning_where_the_ratio_may_reach_it():
    # As above, the band reaches 3 points at 14 % at the earliest; the ratio stays, for length may be what people want.
    curves = [skewed(0.0, 0.0), skewed(0.1, 0.2, name=LONGER)]
    said = recommend(SWEEP, HELPS, curves, BETTER, CONFIG)
    assert said.ratio == 0.5
    assert "leans to the longer response by 3 points or more" in said.warnings[0]
    assert "from 14% synthetic rows on" in said.warnings[0]
    assert recommend(SWEEP, [effect(0.1, 0.02, Help.HELP)], curves, BETTER, CONFIG).warnings == ()


def test_a_mix_in_place_of_human_rows_has_the_size_that_was_measured():
    swapped = [replace(each, design="replace", human_rows=50, synthetic_rows=50) for each in HELPS]
    said = recommend(SWEEP, swapped, [skewed(0.0, 0.0)], BETTER, CONFIG)
    found = yaml.safe_load(mix_yaml(SWEEP, said))
    assert (found["size"], found["ratio"]) == (100, {"human": 0.5, "synthetic": 0.5})
    assert "size" not in yaml.safe_load(mix_yaml(SWEEP, recommend(SWEEP, HELPS, [skewed(0.0, 0.0)], BETTER, CONFIG)))


def test_harm_is_told_with_the_arm_that_does_it():
    worse = effect(0.8, -0.16, Help.HURT)
    filtered = replace(effect(0.8, 0.002, Help.NO_EVIDENCE), arm="sure")
    said = recommend(SWEEP, [worse, filtered], [], BETTER, CONFIG)
    assert "hurt at 80% synthetic rows, by -16.0 points" in said.sentence
    other = recommend(SWEEP, [replace(worse, arm="sure"), replace(filtered, arm="all")], [], BETTER, CONFIG)
    assert "hurt at 80% (arm sure) synthetic rows" in other.sentence


def test_votes_of_scripts_and_a_design_without_twins_are_told():
    said = recommend(replace(SWEEP, scripted=(20, 80)), HELPS, [], BETTER, CONFIG)
    assert said.warnings[0].startswith("20 of 80 votes taken for people's are simulated")
    assert "the sweep has no design replace" in said.warnings[1]


def test_a_judge_without_kin_in_the_data_is_a_warning():
    assert "can't be seen here" in recommend(replace(SWEEP, own=()), HELPS, [], BETTER, CONFIG).warnings[0]


def test_too_few_probes_are_a_warning():
    said = recommend(SWEEP, HELPS, [skewed(0.0, 0.0, rows=5)], BETTER, CONFIG)
    assert "Too few close comparisons" in said.warnings[0]


@pytest.mark.parametrize(
    ("effects", "verdict", "ratio", "words"),
    [
        (
            [effect(0.5, -0.04, Help.HURT), effect(0.2, 0.0, Help.NO_EVIDENCE)],
            Help.HURT,
            0.0,
            "hurt at 50% synthetic rows",
        ),
        ([effect(0.5, 0.01, Help.NO_EVIDENCE)], Help.NO_EVIDENCE, 0.0, "at no ratio"),
        ([effect(0.5, 0.01, Help.NOT_TESTABLE, rows=7)], Help.NOT_TESTABLE, None, "7 decided comparisons"),
    ],
)
def test_where_nothing_helps_people_s_rows_are_kept(effects, verdict, ratio, words):
    said = recommend(SWEEP, effects, [skewed(0.0, 0.0)], BETTER, CONFIG)
    assert (said.verdict, said.ratio) == (verdict, ratio)
    assert words in said.sentence


@pytest.mark.parametrize(
    ("difference", "verdict", "size"),
    [(0.04, Help.HELP, 200), (-0.04, Help.HURT, 100)],  # 100 + 100 rows helped; of people's alone there were 100
)
def test_a_sweep_of_fewer_rows_than_there_are_makes_a_mix_of_as_many(difference, verdict, size):
    said = recommend(SWEEP, [effect(0.5, difference, verdict)], [], BETTER, CONFIG)
    limited, whole = (yaml.safe_load(mix_yaml(replace(SWEEP, sized=sized), said)) for sized in (True, False))
    assert limited["size"] == size
    assert "size" not in whole


def test_models_that_do_not_beat_longer_wins_are_a_warning():
    rights = [Right(BETTER[0][0].cell, figure(0.62), figure(0.01))]
    said = recommend(SWEEP, HELPS, [skewed(0.0, 0.0)], (rights, figure(0.61), None), CONFIG)
    assert "is shown to beat preferring the longer response (61.0%)" in said.warnings[0]


def test_an_engine_that_misleads_is_a_warning():
    cells = tuple(Twice(Cell(Arm("all", "add"), ratio, 100, 100), 0.7, 0.6, 0.02, -0.03) for ratio in (0.2, 0.5))
    engines = Engines("fast", "full", cells, 1.0, (1, 1), cells[0], cells)
    said = recommend(SWEEP, HELPS, [skewed(0.0, 0.0)], (*BETTER[:2], engines), CONFIG)
    assert "Fast misleads at 20% (all, add), 50% (all, add)" in said.warnings[0]
