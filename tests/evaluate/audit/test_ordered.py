"""Ordered verdicts: worked values, and derivatives against differences."""

import numpy as np
import pytest

from firsthand.evaluate.audit.ordered import slopes

STEP = 1e-5


def test_the_three_chances_of_a_worked_example() -> None:
    # u = 1, c = 0.5: P(A) = s(0.5) = 0.62246, P(B) = s(-1.5) = 0.18243, P(neither) = 1 - both = 0.19512.
    u = np.array([[1.0]])
    chances = [np.exp(slopes(u, 0.5, np.eye(3)[[outcome]]).value[0, 0]) for outcome in range(3)]
    assert chances == pytest.approx([0.62246, 0.19512, 0.18243], abs=1e-5)


def test_without_indifference_it_is_the_logistic_model() -> None:
    # 3 votes for A and 1 for B at log-odds ln 3: 3 ln 0.75 + ln 0.25.
    found = slopes(np.array([[np.log(3)]]), 0.0, np.array([[3.0, 0.0, 1.0]]))
    assert found.value[0, 0] == pytest.approx(3 * np.log(0.75) + np.log(0.25))
    assert found.u[0, 0] == pytest.approx(3 * 0.25 - 0.75)


def test_derivatives_are_those_of_the_value() -> None:
    u, counts = np.array([[-2.0, 0.3, 1.7]]), np.array([[2.0, 1.0, 3.0]])

    def at(u_step: float = 0.0, log_c_step: float = 0.0) -> object:
        return slopes(u + u_step, 0.6 * np.exp(log_c_step), counts)

    def difference(name: str, **step: float) -> object:
        down = {key: -value for key, value in step.items()}
        return (getattr(at(**step), name) - getattr(at(**down), name)) / (2 * STEP)

    here = slopes(u, 0.6, counts)
    assert here.u == pytest.approx(difference("value", u_step=STEP), abs=1e-7)
    assert here.c == pytest.approx(difference("value", log_c_step=STEP), abs=1e-7)
    assert here.uu == pytest.approx(difference("u", u_step=STEP), abs=1e-7)
    assert here.uc == pytest.approx(difference("u", log_c_step=STEP), abs=1e-7)
    assert here.cc == pytest.approx(difference("c", log_c_step=STEP), abs=1e-7)
