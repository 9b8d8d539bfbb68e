import numpy as np
import pytest
from scipy.stats import t
from worlds import judged_world, share_of_wins

from firsthand.evaluate.winrate.corrected import Mean, corrected_mean

NAN = np.nan


def apart(rows):
    """Each row a prompt of its own."""
    return np.arange(rows)


def test_a_worked_example():
    # Labels 1, 0, 1, 1 where the judge said 1, 0, 1, 0; it said 1, 1, 0, 0 on four others.
    label = np.array([1, 0, 1, 1, NAN, NAN, NAN, NAN])
    score = np.array([1, 0, 1, 0, 1, 1, 0, 0], float)
    found = corrected_mean(label, score, apart(8))
    # mean(Y) = 3/4; Cov(Y, f) = mean(Yf) - mean(Y) mean(f) = 1/2 - 3/8 = 1/8; Var(f) = 1/4 in both parts;
    # lambda = (1/8) / ((1 + 4/4) 1/4) = 1/4; theta = 3/4 + 1/4 (1/2 - 1/2) = 3/4.
    assert found.power == pytest.approx(1 / 4)
    assert found.mean.value == pytest.approx(3 / 4)
    assert found.people.value == pytest.approx(3 / 4)
    # People alone: sum a^2 = Var(Y) / n = (3/16) / 4, and 4 prompts / (4 - 1).
    assert found.people.error == pytest.approx((3 / 64 * 4 / 3) ** 0.5)
    # With the judge: 3/64 + 2 (1/4) sum ab + (1/16) sum b^2, sum ab = -Cov/n = -1/32, sum b^2 = 2 (1/4)/4 = 1/8:
    # 3/64 - 1/64 + 1/128 = 5/128; one more parameter was fitted: 4 / (4 - 2).
    assert found.mean.error == pytest.approx((5 / 128 * 2) ** 0.5)
    assert found.worth == pytest.approx(4 * (3 / 64 * 4 / 3) / (5 / 64))


def test_it_agrees_with_ppi_python():
    # ppi-python 0.2.3, seed 7: ppi_mean_pointestimate and ppi_mean_ci(alpha=0.05) with lam=None gave 0.51908063 and
    # 0.40368381 to 0.63447746; it uses the normal quantile, ours the t
    # quantile and 60 / 58 of the variance; its lambda takes the variance over all scores, ours that of each part.
    generator = np.random.default_rng(7)
    z = generator.standard_normal(300)
    label = (z + generator.standard_normal(300) > 0).astype(float)
    score = 1 / (1 + np.exp(-z - 0.4))
    label[60:] = NAN
    found = corrected_mean(label, score, apart(300)).mean
    assert found.value == pytest.approx(0.51908063, abs=0.002)
    low, high = found.estimate().ci
    wider = t.ppf(0.975, 58) / 1.959964 * (60 / 58) ** 0.5
    assert (high - low) / wider == pytest.approx(0.63447746 - 0.40368381, rel=0.01)
    # Its one-sided interval with lam=None is its two-sided one; its own with lam=1 reaches to infinity, as here.
    bound, end = found.estimate("lower").ci
    assert end == np.inf
    assert bound == pytest.approx(found.value - t.ppf(0.95, 58) * found.error)
    assert bound > low
    assert found.estimate("upper").ci == (-np.inf, pytest.approx(found.value + t.ppf(0.95, 58) * found.error))


def test_a_judge_who_knows_nothing_is_not_used():
    generator = np.random.default_rng(0)
    label = generator.integers(0, 2, 400).astype(float)
    label[100:] = NAN
    found = corrected_mean(label, np.full(400, 0.9), apart(400))
    assert found.power == 0
    assert found.mean == found.people
    assert found.worth == pytest.approx(100)


def test_where_all_is_labelled_the_judge_has_no_say():
    label = np.array([1, 0, 1, 0, 1.0])
    found = corrected_mean(label, np.array([1, 1, 1, 0, 0.0]), apart(5))
    assert found.power == 0
    assert found.mean.value == pytest.approx(0.6)


def test_the_error_is_that_of_resampled_prompts():
    generator = np.random.default_rng(3)
    label, score, prompt = judged_world(generator, prompts=300, labelled=100)
    found = corrected_mean(label, score, prompt)
    drawn = []
    for _ in range(400):
        picked = [np.flatnonzero(prompt == one) for one in generator.integers(0, 300, 300)]
        rows = np.concatenate(picked)
        renamed = np.repeat(np.arange(300), [len(part) for part in picked])
        drawn.append(corrected_mean(label[rows], score[rows], renamed).mean.value)
    # The spread of 400 draws is known to about 3.5 %.
    assert np.std(drawn) == pytest.approx(found.mean.error, rel=0.12)


def test_labels_sent_to_hard_comparisons_bend_the_mean_unless_they_are_weighed_by_stratum():
    # Easy rows: people say 1; hard ones: 0 or 1 alike. Nine in ten labels are on the hard half.
    generator = np.random.default_rng(1)
    hard = np.arange(4_000) % 2
    label = np.where(hard, generator.integers(0, 2, 4_000), 1).astype(float)
    label[generator.random(4_000) > np.where(hard, 0.18, 0.02)] = NAN
    score = np.full(4_000, 0.5)
    bent = corrected_mean(label, score, apart(4_000)).mean.estimate().ci
    weighed = corrected_mean(label, score, apart(4_000), hard).mean.estimate().ci
    assert bent[1] < 0.75
    assert weighed[0] < 0.75 < weighed[1]


def test_too_few_or_too_equal_labels_have_no_interval():
    few = corrected_mean(np.array([1, 0, NAN]), np.array([1, 0, 1.0]), apart(3)).mean.estimate()
    assert few.ci is None
    assert "20 labelled prompts" in few.why
    # A judge of no use takes no degree of freedom, but the prompts needed stay the same.
    label = np.array([1.0, 0.0] * 30)
    label[19:] = NAN
    assert corrected_mean(label, np.full(60, 0.5), apart(60)).mean.estimate().ci is None
    equal = corrected_mean(np.ones(30), np.ones(30), apart(30)).mean.estimate()
    assert equal == type(equal)(1.0, None, "all labelled prompts agree, which can't show how uncertain it is")
    assert corrected_mean(np.array([1.0, NAN]), np.array([1.0, 1.0]), apart(2)).mean == Mean(1.0, np.inf, 0, 1)


def test_a_stratum_without_a_label_is_refused():
    with pytest.raises(ValueError, match="no label"):
        corrected_mean(np.array([1.0, NAN]), np.ones(2), apart(2), np.array([0, 1]))


@pytest.mark.parametrize("bound", ["both", "lower", "upper"])
def test_intervals_hold_the_truth(bound):
    truth, held = share_of_wins(), 0
    for world in range(400):
        label, score, prompt = judged_world(np.random.default_rng(world), prompts=240, labelled=40)
        low, high = corrected_mean(label, score, prompt).mean.estimate(bound).ci
        held += low <= truth <= high
    # A 95 % interval holds it in 380 of 400 worlds, give or take 4 x sqrt(400 x 0.95 x 0.05) = 17; one bound is a
    # little short and the other long, since wins are skewed.
    assert 360 <= held <= 398
