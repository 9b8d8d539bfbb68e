import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests
from sweep_tables import point, sweep_of, table_of

from firsthand.evaluate.sweep.cells import cells_of
from firsthand.evaluate.sweep.resample import figures
from firsthand.evaluate.sweep.settings import AnalysisConfig
from firsthand.evaluate.sweep.verdicts import Help, effects_of, wanted_effects


def right_on(count, share):
    return np.where(np.arange(count) < share * count, 1.0, -1.0)


def judged(table, points, **config):
    cells = cells_of(points)
    found = figures(sweep_of(table, points), None, wanted_effects(table, cells), 0, 0)
    return effects_of(table, cells, found, AnalysisConfig(**config))


def test_clear_differences_help_and_hurt_and_small_ones_are_no_evidence():
    table = table_of([1.0] * 400)
    accuracies = {0.0: 0.6, 0.25: 0.605, 0.5: 0.7, 0.75: 0.4}
    points = [point("add", ratio, right_on(400, share)) for ratio, share in accuracies.items()]
    effects = judged(table, points)
    assert [effect.verdict for effect in effects] == [Help.NO_EVIDENCE, Help.HELP, Help.HURT]
    assert [effect.difference.value for effect in effects] == pytest.approx([0.005, 0.1, -0.2])
    assert [(effect.human_rows, effect.synthetic_rows) for effect in effects] == [(100, 33), (100, 100), (100, 300)]


def test_p_values_are_adjusted_by_holm_over_the_ratios():
    table = table_of([1.0] * 100)
    points = [point("add", ratio, right_on(100, share)) for ratio, share in ((0, 0.5), (0.2, 0.52), (0.5, 0.55))]
    effects = judged(table, points)
    expected = multipletests([effect.difference.p() for effect in effects], method="holm")[1]
    assert [effect.p_adjusted for effect in effects] == pytest.approx(expected)


def test_tags_are_tested_apart_and_too_few_rows_decide_nothing():
    tag = np.where(np.arange(200) < 190, 0, 1)
    table = table_of([1.0] * 200, tag=tag, tags=("many", "few"))
    points = [point("add", 0.0, right_on(200, 0.5)), point("add", 0.5, right_on(200, 0.9))]
    by_tag = {effect.tag: effect for effect in judged(table, points)}
    assert by_tag["many"].verdict is Help.HELP
    assert by_tag["few"].verdict is Help.NOT_TESTABLE
    assert by_tag["few"].difference.rows == 10


def test_one_prompt_decides_nothing_however_many_rows_it_has():
    table = table_of([1.0] * 100, prompt=[0] * 100)
    points = [point("add", 0.0, right_on(100, 0.1)), point("add", 0.5, right_on(100, 0.9))]
    assert judged(table, points)[0].verdict is Help.NOT_TESTABLE


def test_where_nothing_is_added_what_replaces_human_rows_decides():
    table = table_of([1.0] * 100)
    points = [point("replace", 0.0, right_on(100, 0.5)), point("replace", 1.0, right_on(100, 0.9))]
    assert judged(table, points)[0].design == "replace"
