import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sweep_tables import figure

from firsthand.evaluate.sweep.tolerance import crossing, tolerance

RATIOS = (0.0, 0.25, 0.5, 0.75, 1.0)


def inherited(*values, error=0.01):
    return [figure(0.0, 0.0), *(figure(value, error) for value in values)]


def test_the_tolerance_ratio_is_where_the_line_reaches_the_margin():
    # From 1 point at 25 % to 5 points at 50 %, the margin of 3 points is reached half way.
    found = tolerance(RATIOS, inherited(0.01, 0.05, 0.06, 0.08), 0.03, 0.05)
    assert found.ratio == pytest.approx(0.375)


def test_the_interval_holds_the_ratios_whose_band_holds_the_margin():
    # +-1.96 points around 4, 8, ...: the upper end reaches 3 at 0.25 x 3 / 5.96, the lower between 2.04 and 6.04.
    found = tolerance(RATIOS, inherited(0.04, 0.08, 0.12, 0.16), 0.03, 0.05)
    wide = 0.0196
    assert found.low == pytest.approx(0.25 * 0.03 / (0.04 + wide), rel=1e-2)
    assert found.high == pytest.approx(0.25 + 0.25 * (0.03 - (0.04 - wide)) / 0.04, rel=1e-2)


def test_a_band_below_the_margin_never_crosses():
    found = tolerance(RATIOS, inherited(0.0, 0.001, 0.0, 0.002, error=0.005), 0.03, 0.05)
    assert (found.ratio, found.low, found.high) == (None, None, None)


def test_a_wide_band_leaves_the_upper_end_open():
    found = tolerance(RATIOS, inherited(0.01, 0.02, 0.02, 0.02, error=0.02), 0.03, 0.05)
    assert found.ratio is None
    assert found.low is not None
    assert found.high is None


def test_a_dip_is_smoothed_away_as_isotonic_regression_does():
    values = np.array([0.0, 0.05, 0.02, 0.04, 0.01])
    found = tolerance(RATIOS, inherited(*values[1:]), 0.5, 0.05)
    expected = IsotonicRegression().fit_transform(RATIOS, values, sample_weight=[1e8, 1, 1, 1, 1])
    assert found.fitted == pytest.approx(expected, abs=1e-6)


def test_a_curve_that_starts_at_the_level_crosses_at_once():
    assert crossing(np.array([0.0, 1.0]), np.array([0.5, 1.0]), 0.5) == 0.0
