import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.metrics import log_loss as sklearn_log_loss

from firsthand.evaluate.calibration import measure_calibration
from firsthand.score_gaps import bin_rows, expected_error, log_loss


def logit(probability):
    return np.log(probability / (1 - probability))


def test_expected_error_by_hand():
    # Four rows, each 80 % sure, three right: |0.75 - 0.8| = 0.05. Six rows, each 60 % sure, all right: |1 - 0.6| = 0.4.
    # Weighed by rows: 0.4 x 0.05 + 0.6 x 0.4 = 0.26.
    difference = np.array([*[logit(0.8)] * 3, -logit(0.8), *[logit(0.6)] * 6])
    found = measure_calibration(difference, np.arange(10))
    assert found.ece.value == pytest.approx(0.26)
    filled = [cell for cell in found.bins if cell.rows]
    assert [cell.rows for cell in filled] == [6, 4]
    assert [cell.confidence for cell in filled] == pytest.approx([0.6, 0.8])
    assert [cell.accuracy for cell in filled] == pytest.approx([1, 0.75])


def test_log_loss_by_hand():
    # -ln 0.8 = 0.2231 and -ln 0.2 = 1.6094; a coin's is ln 2.
    assert log_loss(np.array([logit(0.8), logit(0.2), 0.0])) == pytest.approx([0.2231, 1.6094, np.log(2)], abs=1e-4)


def test_log_loss_of_extreme_scores_is_finite():
    assert log_loss(np.array([1e4, -1e4])).tolist() == [0, 1e4]


@given(difference=arrays.arrays(np.float64, st.integers(1, 20), elements=st.floats(-20, 20)))
def test_log_loss_agrees_with_scikit_learn(difference):
    probability = 1 / (1 + np.exp(-difference))
    expected = sklearn_log_loss(np.ones(len(difference)), probability, labels=[0, 1])
    assert log_loss(difference).mean() == pytest.approx(expected, abs=1e-6)


@given(difference=arrays.arrays(np.float64, st.integers(1, 30), elements=st.floats(-5, 5)))
def test_every_row_falls_into_the_bin_that_holds_its_confidence(difference):
    confidence = 1 / (1 + np.exp(-np.abs(difference)))
    cells = bin_rows(confidence, np.ones_like(confidence))
    assert cells[..., 0].sum() == len(difference)
    for row, cell in zip(confidence, cells, strict=True):
        number = int(np.flatnonzero(cell[:, 0])[0])
        assert 0.5 + number / 20 - 1e-9 <= row <= 0.5 + (number + 1) / 20 + 1e-9


def test_a_calibrated_model_shows_the_error_that_few_rows_cause():
    generator = np.random.default_rng(5)
    confidence = generator.uniform(0.5, 1, 400)
    right = generator.random(400) < confidence
    difference = np.where(right, 1, -1) * logit(confidence)
    found = measure_calibration(difference, np.arange(400))
    assert found.ece_if_calibrated > 0.02
    assert found.ece.value == pytest.approx(found.ece_if_calibrated, abs=0.02)
    overconfident = measure_calibration(3 * difference, np.arange(400))
    assert overconfident.ece.value > 3 * overconfident.ece_if_calibrated


def test_expected_error_takes_any_leading_axes():
    cells = bin_rows(np.array([0.6, 0.9]), np.array([1.0, 0.0]))
    assert expected_error(np.stack([cells.sum(axis=0), cells[0]])) == pytest.approx([(0.4 + 0.9) / 2, 0.4])
