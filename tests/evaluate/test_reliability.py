import numpy as np
import pandas as pd
import pytest

from firsthand.evaluate.reliability import ITERATIONS, reliability_by_rater

CHOICES = ("a", "b", "neither")


def table(columns: dict[str, str]) -> pd.DataFrame:
    """One letter a comparison, for each rater; "." is no vote."""
    words = {"a": "a", "b": "b", "n": "neither"}
    rows = [
        {"comparison_id": f"c{number}", "annotator": name, "choice": words[letter]}
        for name, letters in columns.items()
        for number, letter in enumerate(letters)
        if letter != "."
    ]
    return pd.DataFrame(rows, columns=["comparison_id", "annotator", "choice"])


def by_expectation_maximisation(votes: pd.DataFrame) -> dict[str, float]:
    """Dawid and Skene's equations as they stand: vote shares first, then 2.3, 2.4 and 2.5 in turn."""
    units, raters = sorted(set(votes.comparison_id)), sorted(set(votes.annotator))
    said = np.zeros((len(units), len(raters), 3))
    for row in votes.itertuples():
        said[units.index(row.comparison_id), raters.index(row.annotator), CHOICES.index(row.choice)] = 1
    truth = said.sum(axis=1) / said.sum(axis=(1, 2))[:, None]
    for _ in range(ITERATIONS):
        prior = truth.mean(axis=0)
        confusion = np.einsum("ut,urc->rtc", truth, said)
        confusion = np.clip(confusion, 1e-10, None) / np.clip(confusion, 1e-10, None).sum(axis=2, keepdims=True)
        likelihood = np.einsum("urc,rtc->ut", said, np.log(confusion)) + np.log(np.clip(prior, 1e-10, None))
        truth = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
        truth /= truth.sum(axis=1, keepdims=True)
    prior = truth.mean(axis=0)
    confusion = np.einsum("ut,urc->rtc", truth, said)
    confusion = np.clip(confusion, 1e-10, None) / np.clip(confusion, 1e-10, None).sum(axis=2, keepdims=True)
    return {name: float(prior @ np.diag(confusion[number])) for number, name in enumerate(raters)}


def test_the_odd_one_out_is_the_less_reliable():
    # ann, ben and cat agree on all ten; dan says b on the first five, where they say a, and a on the rest, where they
    # say b: dan is never right, the others always.
    votes = table({"ann": "aaaaabbbbb", "ben": "aaaaabbbbb", "cat": "aaaaabbbbb", "dan": "bbbbbaaaaa"})
    found = reliability_by_rater(votes)
    assert {name: measured.estimate.value for name, measured in found.items()} == pytest.approx(
        {"ann": 1, "ben": 1, "cat": 1, "dan": 0}, abs=1e-6
    )
    assert {measured.n for measured in found.values()} == {10}


def test_reliability_is_that_of_the_models_own_equations():
    generator = np.random.default_rng(5)
    truth = generator.choice(list("aabbn"), 120)
    columns = {
        name: "".join(true if generator.random() < skill else generator.choice(list("abn")) for true in truth)
        for name, skill in (("ann", 0.9), ("ben", 0.75), ("cat", 0.6), ("dan", 0.1))
    }
    votes = table(columns)
    found = {name: measured.estimate.value for name, measured in reliability_by_rater(votes).items()}
    assert found == pytest.approx(by_expectation_maximisation(votes), abs=0.02)
    assert found["ann"] > found["ben"] > found["cat"] > found["dan"]


def test_only_shared_comparisons_tell_of_reliability():
    found = reliability_by_rater(table({"ann": "ab..", "ben": "ab..", "eve": "...a"}))
    assert set(found) == {"ann", "ben"}
    assert found["ann"].n == 2
    assert reliability_by_rater(table({"ann": "a", "ben": "."})) == {}
