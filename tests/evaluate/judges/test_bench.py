"""What is read of judges, authors and lengths beside people's votes."""

import pytest

from firsthand.evaluate.judges.bench import BANDS, CHANGED, NEITHER, UNKNOWN, A, B, read_bench
from firsthand.evaluate.judges.bench import COLUMNS as READ


def on(number, **keys):
    return {"prompt": f"p{number}", **keys}


def answers(number, **by_side):
    """A judge's verdict and probability in each order, by the side that was shown first."""
    said = {"annotator": "judge", "source": "synthetic"}
    return [on(number, **said, shown_first=side, verdict=v, p_a=p) for side, (v, p) in by_side.items()]


def test_a_tie_in_both_orders_is_neither_and_one_that_turns_is_changed(fill):
    lines = [on(number, annotator="ann", verdict="tie") for number in range(3)]
    lines += answers(0, a=("tie", 0.55), b=("tie", 0.5))
    lines += answers(1, a=("a", 0.75), b=("b", 0.25))
    lines += answers(2, a=("a", 0.75), b=("tie", 0.5))
    bench = read_bench(fill(lines).votes(READ))
    (judge,) = bench.judges
    choices = set(judge.choice.tolist())
    assert choices - {A, B} == {NEITHER, CHANGED}
    assert len(choices & {A, B}) == 1  # which of the two depends on which response the store calls a


@pytest.mark.parametrize(
    ("lengths", "band"),
    [
        ((100, 100), BANDS[0]),
        ((100, 91), BANDS[0]),
        ((90, 100), BANDS[1]),  # 10 of 100 apart is no longer within 10 %
        ((51, 100), BANDS[1]),
        ((100, 50), BANDS[2]),
        ((1, 100), BANDS[2]),
        ((0, 1), BANDS[2]),
        ((None, 100), UNKNOWN),
    ],
)
def test_the_length_band_is_how_far_the_shorter_falls_short_of_the_longer(fill, lengths, band):
    texts = {f"response_{side}": None if n is None else side * n for side, n in zip("ab", lengths, strict=True)}
    if lengths[0] is None:
        texts["response_a_id"] = "x"
    line = on(0, **texts)
    store = fill([line | {"annotator": "ann", "verdict": "a"}, *(line | one for one in answers(0, both=("a", 0.9)))])
    assert read_bench(store.votes(READ)).band.tolist() == [band]


def test_the_author_pair_is_the_same_whichever_stands_first(fill):
    authors = [("zephyr", "alpaca"), ("alpaca", "zephyr"), ("gpt", "gpt"), ("gpt", None), (None, None)]
    lines = [
        on(n, author_a=a, author_b=b, annotator="ann", verdict="a") for n, (a, b) in enumerate(authors)
    ] + answers(0, both=("a", 0.9))  # fmt: skip
    pairs = read_bench(fill(lines).votes(READ)).pair.tolist()
    assert sorted(pairs) == sorted(
        ["alpaca / zephyr", "alpaca / zephyr", "gpt / gpt", "(unknown) / gpt", "(unknown) / (unknown)"]
    )
