import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from firsthand.evaluate.accuracy import measure_accuracy
from firsthand.score_gaps import correct


def test_equal_scores_count_half():
    assert correct(np.array([2.0, 1, 3]), np.array([1.0, 1, 4])).tolist() == [1, 0.5, 0]


def test_accuracy_and_its_differences_by_hand():
    # Scores right on rows 1, 2, 4 and equal on 5: 3.5 / 5. Longer right on 1 and 3, equal on 2: 2.5 / 5.
    found = measure_accuracy(np.array([1.0, 2, -1, 3, 0]), np.array([5.0, 0, 8, -2, -4]), np.arange(5))
    assert found.model.value == pytest.approx(0.7)
    assert found.longer_wins.value == pytest.approx(0.5)
    assert found.minus_longer.value == pytest.approx(0.2)
    assert found.minus_coin.value == pytest.approx(0.2)
    assert (found.rows, found.prompts) == (5, 5)
    assert found.beats_baselines is False


def test_a_model_that_only_knows_length_does_not_beat_length():
    lengths = np.random.default_rng(1).normal(0.5, 1, 300)
    found = measure_accuracy(3 * lengths, lengths, np.arange(300))
    assert found.minus_longer.value == 0
    assert found.beats_baselines is False
    assert "can't show how uncertain" in found.minus_longer.why


@pytest.mark.parametrize(("prompts", "beats"), [(5, None), (6, True)])
def test_prompts_that_are_all_alike_are_believed_from_six_on(prompts, beats):
    # The model is always right and length always wrong; 2 / 2^5 = 0.0625 and 2 / 2^6 = 0.03125.
    found = measure_accuracy(np.ones(prompts), -np.ones(prompts), np.arange(prompts))
    assert found.minus_longer.ci is None
    assert found.beats_baselines is beats


def test_differences_are_paired_within_each_draw():
    # Model and length are right on the same rows but for ten of 400: the difference varies far less than either share.
    generator = np.random.default_rng(2)
    lengths = generator.normal(0.5, 1, 400)
    scores = lengths.copy()
    scores[np.flatnonzero(lengths < 0)[:10]] = 1.0
    found = measure_accuracy(scores, lengths, np.arange(400))
    width = np.diff(found.minus_longer.ci)[0]
    assert width < 0.5 * np.diff(found.model.ci)[0]
    assert found.beats_baselines is True


def test_intervals_of_the_paired_difference_cover_the_truth():
    """Prompts differ in difficulty; the model is right with chance q + 0.1, length with chance q, q = 0.4 or 0.8."""
    worlds, covered = 200, 0
    for world in range(worlds):
        generator = np.random.default_rng(world)
        prompts = np.repeat(np.arange(100), 3)
        chance = generator.choice([0.4, 0.8], 100)[prompts]
        model = np.where(generator.random(300) < chance + 0.1, 1.0, -1.0)
        length = np.where(generator.random(300) < chance, 1.0, -1.0)
        low, high = measure_accuracy(model, length, prompts, draws=300, seed=world).minus_longer.ci
        covered += low <= 0.1 <= high
    lowest, highest = binom.ppf([0.001, 0.999], worlds, 0.945)
    assert lowest <= covered <= highest


def test_longer_wins_on_pandalms_human_majority(shared_data: Path):
    """The published 0.655 counts words on all 999 items, human ties and equal lengths half (654 / 999).

    A mix holds no ties: there, characters on the 888 decided items that have both texts, the figure is 0.678.
    """
    rows = json.loads((shared_data / "pandalm/data/testset-v1.json").read_text(encoding="utf-8"))
    majority = [Counter(row[f"annotator{n}"] for n in (1, 2, 3)).most_common(1)[0][0] for row in rows]
    words = np.array([[len(str(row[f"response{n}"]).split()) for n in (1, 2)] for row in rows], float)
    sign = np.array([{1: 1, 2: -1, 0: 0}[choice] for choice in majority])
    assert correct(sign * (words[:, 0] - words[:, 1]), np.zeros(999)).mean() == pytest.approx(0.655, abs=5e-4)

    texts = [(row["response1"], row["response2"]) for row in rows]
    decided = [i for i, pair in enumerate(texts) if majority[i] and all(isinstance(text, str) for text in pair)]
    lengths = np.array([sign[i] * (len(texts[i][0]) - len(texts[i][1])) for i in decided], float)
    found = measure_accuracy(np.ones(len(decided)), lengths, np.array(decided))
    assert found.rows == 888
    assert found.longer_wins.value == pytest.approx(0.678, abs=5e-4)
