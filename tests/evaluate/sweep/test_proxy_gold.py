from itertools import combinations, permutations

import numpy as np
import pytest
from scipy.special import expit
from sweep_tables import table_of

from firsthand.evaluate.sweep.measures import Scores
from firsthand.evaluate.sweep.proxy_gold import best_of, choices
from firsthand.evaluate.sweep.settings import AnalysisConfig

CONFIG = AnalysisConfig(least_rows=10)


def tournament(prompts=12, responses=4, seed=0):
    """Every pair of a prompt's responses compared: the table, the model's scores (Q, k) and the gaps."""
    generator = np.random.default_rng(seed)
    score = generator.normal(size=(prompts, responses))
    ends = [(prompt, a, b) for prompt in range(prompts) for a, b in combinations(range(responses), 2)]
    table = table_of(
        generator.integers(0, 3, len(ends)) / 2,
        prompt=[prompt for prompt, _, _ in ends],
        response=[(responses * prompt + a, responses * prompt + b) for prompt, a, b in ends],
    )
    return table, score, np.array([score[prompt, a] - score[prompt, b] for prompt, a, b in ends])


def gold_of(table, prompts, responses):
    won, seen = np.zeros((2, prompts * responses))
    for (a, b), p in zip(table.response, table.p_human, strict=True):
        won[a] += p
        won[b] += 1 - p
        seen[[a, b]] += 1
    return (won / seen).reshape(prompts, responses)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_best_of_n_is_the_mean_over_all_draws_of_n(n):
    table, score, gap = tournament()
    gold = gold_of(table, *score.shape)
    given = choices(table, CONFIG)
    expected_gold, expected_proxy = [], []
    for one, people in zip(score, gold, strict=True):
        for drawn in combinations(range(4), n):
            pick = max(drawn, key=lambda place: one[place])
            expected_gold.append(people[pick])
            expected_proxy.append(np.mean([expit(one[pick] - one[other]) for other in range(4) if other != pick]))
    scores = Scores(gap[None])
    assert given.largest == 4
    assert best_of(given, n, proxy=False)(scores).value == pytest.approx([np.mean(expected_gold)])
    assert best_of(given, n, proxy=True)(scores).value == pytest.approx([np.mean(expected_proxy)])


def test_a_sharper_model_that_ranks_alike_promises_more_and_holds_as_much():
    table, _, gap = tournament()
    scores, given = Scores(np.stack([gap, 3 * gap])), choices(table, CONFIG)
    promised, held = (best_of(given, 4, proxy)(scores).value for proxy in (True, False))
    assert promised[1] > promised[0] + 0.05
    assert held[0] == held[1]


def test_with_pairs_alone_the_best_of_two_is_the_accuracy():
    table = table_of([1.0, 0.0, 1.0, 0.0] * 5)
    gap = np.tile([1.0, -1.0, -1.0, -1.0], 5)
    given = choices(table, CONFIG)
    assert given.largest == 2
    assert best_of(given, 2, proxy=False)(Scores(gap[None])).value == pytest.approx([0.75])


def test_responses_that_no_chain_of_comparisons_links_are_left_out():
    table = table_of([1.0, 0.0] * 12, prompt=np.repeat(np.arange(12), 2))
    assert choices(table, CONFIG).sets == ()


def test_too_few_prompts_with_many_responses_lower_the_largest_n():
    table, _, _ = tournament(prompts=9)
    assert choices(table, CONFIG).largest == 1
    assert choices(table, AnalysisConfig(least_rows=10, largest_n=3)).largest == 1


def test_the_order_of_responses_does_not_matter():
    table, _, gap = tournament(prompts=10, responses=3)
    found = set()
    for order in permutations(range(3)):
        renamed = table_of(
            table.p_human, prompt=table.prompt, response=3 * (table.response // 3) + np.array(order)[table.response % 3]
        )
        found.add(round(float(best_of(choices(renamed, CONFIG), 2, proxy=False)(Scores(gap[None])).value[0]), 12))
    assert len(found) == 1
