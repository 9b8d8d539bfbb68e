from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from statsmodels.stats.rates import confint_poisson

from firsthand.estimates import Estimate
from firsthand.evaluate.pace import hours_left, per_hour, throughput

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)


def times(*hours_ago: float) -> "pd.Series[pd.Timestamp]":
    return pd.to_datetime(pd.Series([NOW - timedelta(hours=hours) for hours in hours_ago], dtype="object"), utc=True)


def test_a_young_project_is_shown_by_the_hour_without_gaps():
    # 12:30 now: two verdicts since 12:00, none at 11, one at 10.
    found = throughput(times(0.1, 0.2, 2.0), NOW)
    assert found.unit == "hour"
    assert [count for _, count in found.counts] == [1, 0, 2]
    assert found.counts[0][0] == "2026-03-10T10:00:00+00:00"


def test_an_older_project_is_shown_by_the_day_and_forgets_the_far_past():
    found = throughput(times(1, 2, 50, 24 * 40), NOW)
    assert found.unit == "day"
    assert [count for _, count in found.counts] == [1, 0, 2]


def test_the_future_is_not_counted():
    assert throughput(times(-5), NOW).counts == [("2026-03-10T12:00:00+00:00", 0)]


def test_pace_since_the_first_verdict():
    # 20 verdicts, the first 4 hours ago: 5 an hour.
    found = per_hour(times(4, *[1.0] * 19), NOW)
    assert found.value == pytest.approx(5)
    assert found.ci == pytest.approx([bound / 4 for bound in confint_poisson(20, 1, method="exact-c")])


def test_pace_of_the_last_day_of_a_longer_project():
    # 12 verdicts in the last 24 hours, others long before: half a verdict an hour.
    assert per_hour(times(*range(1, 13), 500, 600), NOW).value == pytest.approx(0.5)


def test_a_burst_is_not_taken_for_the_pace_of_less_than_an_hour():
    assert per_hour(times(*[0.01] * 30), NOW).value == pytest.approx(30)


def test_too_few_verdicts_give_no_pace():
    found = per_hour(times(1, 2), NOW)
    assert found.value is None
    assert "fewer than 10" in found.why


def test_time_to_completion_turns_the_interval_round():
    # 100 verdicts at 5 (4 to 10) an hour: 20 hours (10 to 25).
    found = hours_left(100, Estimate(5.0, (4.0, 10.0)))
    assert (found.value, found.ci) == (20.0, (10.0, 25.0))
    assert hours_left(0, Estimate(None)).value == 0
    assert hours_left(5, Estimate(None, None, "too few")).why == "too few"
