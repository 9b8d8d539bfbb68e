import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from firsthand.evaluate.judges.bench import COLUMNS, read_bench
from firsthand.evaluate.judges.order import order_bias


def asked(verdicts, **keys):
    """One comparison a prompt: the judge's verdict by the order (and repeat) it was asked in."""
    return [
        {
            "prompt": f"p{number}", "annotator": "judge", "source": "synthetic", "verdict": verdict,
            "shown_first": where[0], "judge": {"model": "m", "repeat": int(where[1:] or 0)}, **keys,
        }
        for number, answers in enumerate(verdicts)
        for where, verdict in answers.items()
    ]  # fmt: skip


def people(count, verdict="a"):
    return [{"prompt": f"p{number}", "annotator": "ann", "verdict": verdict} for number in range(count)]


def bias(store):
    bench = read_bench(store.votes(COLUMNS))
    return order_bias(bench, bench.judges[0], draws=100, seed=1)


def test_flips_noise_and_excess_by_hand(fill):
    # p0: a in both orders, twice each. p1: always the one shown first. p2: shown a first, a then b; shown b first, b.
    verdicts = [
        {"a": "a", "a1": "a", "b": "a", "b1": "a"},
        {"a": "a", "a1": "a", "b": "b", "b1": "b"},
        {"a": "a", "a1": "b", "b": "b"},
    ]
    found = bias(fill([*people(3), *asked(verdicts)]))
    # Across orders: 0; 1; of p2's two pairs one differs, 1/2. Within an order: 0, 0, and p2's one pair differs, 1.
    assert found.both_orders == 3
    assert found.flips.value == pytest.approx((0 + 1 + 0.5) / 3)
    assert found.noise.value == pytest.approx(1 / 3)
    assert found.excess.value == pytest.approx(0.5 - 1 / 3)
    assert found.pull_from == "both orders"


def test_mcnemar_counts_first_twice_against_second_twice(fill):
    verdicts = [{"a": "a", "b": "b"}] * 9 + [{"a": "b", "b": "a"}] * 2 + [{"a": "a", "b": "a"}] * 20
    found = bias(fill([*people(31), *asked(verdicts)]))
    assert (found.first_both, found.second_both) == (9, 2)
    assert found.p == pytest.approx(mcnemar([[20, 9], [2, 0]], exact=True).pvalue)
    assert found.pull.value == pytest.approx(7 / 31)
    assert found.noise.value is None
    assert "repeats" in found.noise.why


def test_repeats_without_a_leader_in_one_order_lean_nowhere(fill):
    # Once a and once b where a is shown first: neither leads; b first is always answered a, the second.
    verdicts = [{"a": "a", "a1": "b", "b": "a", "b1": "a"}] * 4 + [{"a": "a", "a1": "b", "b": "b", "b1": "b"}] * 4
    found = bias(fill([*people(8), *asked(verdicts)]))
    assert (found.first_both, found.second_both, found.p) == (0, 0, None)
    assert found.pull.value == 0


def test_with_one_order_people_are_the_measure(fill):
    # Always the first shown: a on 20 shown a first, b on 20 shown b first; people say a everywhere.
    verdicts = [{"a": "a"}] * 20 + [{"b": "b"}] * 20
    found = bias(fill([*people(40), *asked(verdicts)]))
    assert found.both_orders == 0
    # The judge takes the first on all, people on half of them.
    assert found.pull.value == pytest.approx(0.5)
    assert "one order" in found.pull_from


def test_a_judge_like_people_has_no_pull(fill):
    generator = np.random.default_rng(4)
    verdicts = [{str(generator.choice(["a", "b"])): "a"} for _ in range(40)]
    assert bias(fill([*people(40), *asked(verdicts)])).pull.value == 0


def test_one_verdict_for_both_orders_tells_only_the_flips(fill):
    lines = [
        {"prompt": f"p{n}", "annotator": "judge", "source": "synthetic", "verdict": "tie" if n < 3 else "a",
         "shown_first": "both", "judge": {"swap_consistent": n >= 3}}
        for n in range(10)
    ]  # fmt: skip
    found = bias(fill([*people(10), *lines]))
    assert found.flips.value == pytest.approx(0.3)
    assert found.pull.value is None
