"""How fast verdicts come, and when the work will be done."""

from datetime import datetime, timedelta

import pandas as pd
from scipy.special import gammaincinv

from firsthand.bootstrap import LEVEL
from firsthand.collect.admin.figures import Throughput
from firsthand.estimates import Estimate

HOURS_SHOWN, DAYS_SHOWN = 48, 30
LATELY = timedelta(hours=24)
FEWEST = 10
"""Verdicts; fewer say too little of the pace."""


def throughput(times: "pd.Series[pd.Timestamp]", now: datetime) -> Throughput:
    """Verdicts by hour where the first of the last DAYS_SHOWN days is at most HOURS_SHOWN hours old, else by day."""
    recent = times[(times > now - timedelta(days=DAYS_SHOWN)) & (times <= now)]
    hourly = recent.empty or recent.min() > now - timedelta(hours=HOURS_SHOWN)
    step = "h" if hourly else "D"
    start = pd.Timestamp(recent.min() if len(recent) else now).floor(step)
    starts = pd.date_range(start, pd.Timestamp(now).floor(step), freq=step)
    counts = recent.dt.floor(step).value_counts().reindex(starts, fill_value=0)
    written = [(at.isoformat(), n) for at, n in zip(starts, counts.tolist(), strict=True)]
    return Throughput("hour" if hourly else "day", written)


def per_hour(times: "pd.Series[pd.Timestamp]", now: datetime) -> Estimate:
    """Verdicts an hour in the last 24 hours, or since the first where that is later, at least one hour.

    n / h with the exact Poisson interval, chi2(tail, 2 n) / 2 h to chi2(1 - tail, 2 n + 2) / 2 h (Garwood 1936); half a
    chi-squared quantile with 2 n degrees of freedom is the gamma quantile with shape n.
    Undefined with fewer than FEWEST verdicts in that time.
    """
    recent = times[(times > now - LATELY) & (times <= now)]
    if len(recent) < FEWEST:
        return Estimate(None, None, f"fewer than {FEWEST} verdicts in the last 24 hours")
    earlier = bool((times <= now - LATELY).any())
    passed = LATELY if earlier else max(now - recent.min().to_pydatetime(), timedelta(hours=1))
    hours, n, tail = passed / timedelta(hours=1), len(recent), (1 - LEVEL) / 2
    low, high = float(gammaincinv(n, tail)), float(gammaincinv(n + 1, 1 - tail))
    return Estimate(n / hours, (low / hours, high / hours))


def hours_left(open_votes: int, pace: Estimate) -> Estimate:
    """Hours until `open_votes` more verdicts are given at `pace`."""
    if open_votes == 0:
        return Estimate(0.0, None, "every comparison has the verdicts wanted")
    if pace.value is None or pace.ci is None:
        return Estimate(None, None, pace.why)
    low, high = pace.ci
    return Estimate(open_votes / pace.value, (open_votes / high, open_votes / low))
