"""Calibrated judges: the curve by hand and by scikit-learn, and what it does to a mix."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import fill, human, synthetic
from sklearn.isotonic import IsotonicRegression

from firsthand.config import check_config
from firsthand.errors import InputError
from firsthand.store import Store
from firsthand.train.calibrate import CHANCE, fit_curve
from firsthand.train.mix import draw_mix, write_mix
from firsthand.train.mix_config import MixConfig


def config(fraction: float = 0.0, **synthetic_rules: Any) -> MixConfig:
    keys = {"ratio": {"human": 0.5, "synthetic": 0.5}, "anchor": {"fraction": fraction}, "conflict": "keep_both"}
    return check_config({**keys, "synthetic": {"calibrate": True, **synthetic_rules}}, MixConfig)


def test_the_curve_by_hand() -> None:
    # 0.6: 1 of 2 agreed; 0.7: 0 of 1, which pools with 0.6 into 1 of 3; 0.9: 4 of 5.
    # Laplace: (1 + 1) / (3 + 2) = 0.4 and (4 + 1) / (5 + 2) = 5/7
    confidence = np.array([0.6, 0.6, 0.7, 0.9, 0.9, 0.9, 0.9, 0.9])
    curve = fit_curve(confidence, np.array([1.0, 0, 0, 1, 1, 1, 0, 1]))
    assert curve.starts.tolist() == [0.6, 0.9]
    assert curve.p.tolist() == pytest.approx([0.4, 5 / 7])
    assert curve.at(np.array([0.5, 0.6, 0.89, 0.9, 1.0])).tolist() == pytest.approx([0.4, 0.4, 0.4, 5 / 7, 5 / 7])


def test_steps_that_smoothing_puts_out_of_order_are_pooled() -> None:
    # 0.6: 90 of 100, smoothed 91/102 = 0.892; 0.9: 2 of 2, smoothed 3/4: out of order
    curve = fit_curve(np.repeat([0.6, 0.9], [100, 2]), np.repeat([1.0, 0.0, 1.0], [90, 10, 2]))
    assert len(curve.p) == 1
    assert curve.p[0] == pytest.approx((100 * 91 / 102 + 2 * 3 / 4) / 102)


def test_the_steps_are_those_of_scikit_learn_smoothed() -> None:
    draw = np.random.default_rng(7)
    confidence = draw.integers(50, 100, 3000) / 100
    agreed = (draw.random(3000) < 0.5 + 0.6 * (confidence - 0.5)).astype(float)
    steps = IsotonicRegression().fit_transform(confidence, agreed)
    smoothed = np.array([(agreed[steps == p].sum() + 1) / ((steps == p).sum() + 2) for p in steps])
    curve = fit_curve(confidence, agreed)
    rising = IsotonicRegression().fit_transform(confidence, smoothed)
    np.testing.assert_allclose(curve.at(confidence), rising, atol=1e-12)
    # the judge is overconfident: the truth is 0.5 + 0.6 * (confidence - 0.5)
    assert np.abs(curve.at(confidence) - (0.5 + 0.6 * (confidence - 0.5))).mean() < 0.03


@pytest.fixture
def judged(store: Store) -> Store:
    """People say `a` of 100 comparisons; a judge is 0.95 sure, right on 80; or 0.6 sure, right on 1 of 2 of 60 more.

    It judged 20 more by itself, as sure of each.
    """
    lines = [human(number) for number in range(160)]
    lines += [synthetic(number, 0, "ab"[number >= 80], p_a=0.95 if number < 80 else 0.05) for number in range(100)]
    lines += [synthetic(n, 0, "ab"[n % 2], p_a=0.6 if n % 2 == 0 else 0.4) for n in range(100, 160)]
    lines += [synthetic(n, 0, "a", p_a=0.95 if n < 210 else 0.6) for n in range(200, 220)]
    return fill(store, lines)


def test_p_chosen_becomes_how_often_people_agree_and_a_coin_flip_leaves(judged: Store) -> None:
    mix = draw_mix(judged, config())
    rows = mix.splits["train"].query("source == 'synthetic'")
    assert set(rows["p_chosen"]) == {81 / 102}
    assert mix.facts["drops"][CHANCE] == {"synthetic": 70}
    (facts,) = mix.facts["calibration"]
    assert (facts["judge"], facts["comparisons"], facts["prompts"]) == ("judge-1", 160, 160)
    assert facts["agreed"] == pytest.approx(110 / 160)
    assert facts["claimed"] == pytest.approx((100 * 0.95 + 60 * 0.6) / 160)
    assert facts["steps"] == [
        {"from": 0.6, "p_chosen": 0.5},
        {"from": 0.95, "p_chosen": pytest.approx(81 / 102)},
    ]


def test_a_gold_verdict_outweighs_the_other_votes(judged: Store) -> None:
    # an expert says b of the 20 where the judge was 0.95 sure of b and ann said a: 100 of 100 agreed to, not 90
    fill(judged, [human(number, 0, "b", "expert", gold=True) for number in range(80, 100)])
    (facts,) = draw_mix(judged, config()).facts["calibration"]
    assert facts["steps"][-1] == {"from": 0.95, "p_chosen": pytest.approx(101 / 102)}


def test_people_on_held_out_prompts_do_not_enter_the_curve(judged: Store) -> None:
    mix = draw_mix(judged, config(0.3))
    (facts,) = mix.facts["calibration"]
    held_out = len(mix.splits["anchor"])
    assert facts["comparisons"] == 160 - held_out < 130
    assert set(mix.splits["synthetic_heldout"]["p_chosen"]) <= {step["p_chosen"] for step in facts["steps"]}


def test_too_few_comparisons_of_people_and_a_judge_are_refused(judged: Store) -> None:
    fill(judged, [synthetic(number, 0, "a", "judge-2") for number in range(20)])
    with pytest.raises(InputError, match="people and 'judge-2' both labelled, and there are 20; collect"):
        draw_mix(judged, config())
    assert draw_mix(judged, config(judges=["judge-1"])).facts["calibration"]


def test_a_weighted_mix_is_written_and_told_and_a_rerun_gives_the_same_bytes(judged: Store, tmp_path: Path) -> None:
    fill(judged, [human(number, 0, "ab"[number % 5 == 0], "bob") for number in range(0, 160, 2)])
    setting = check_config(
        {
            **config().model_dump(),
            "human": {"trust": True},
            "weights": {"human": 2, "synthetic": 0.5},
            "synthetic": {"calibrate": True, "weights": {"judge-1": 0.6}},
        },
        MixConfig,
    )
    manifest = write_mix(judged, setting, tmp_path / "one")
    write_mix(judged, setting, tmp_path / "two")
    files = {path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()}
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)
    weights = manifest["weights"]
    assert weights["synthetic"]["mean"] == pytest.approx(0.5 * 0.6)
    assert weights["human"]["min"] < weights["human"]["mean"] < weights["human"]["max"]
    total = sum(weights[source]["mean"] * manifest["realised"][source]["rows"] for source in weights)
    assert weights["synthetic"]["share"] == pytest.approx(0.3 * manifest["realised"]["synthetic"]["rows"] / total)
    card = (tmp_path / "one" / "README.md").read_text()
    assert "## Weights of the training rows" in card
    assert f"| judge-1 | 0.950 | {manifest['calibration'][0]['steps'][-1]['p_chosen']:.3f} |" in card
    assert "People's weights follow Dawid and Skene's model" in card


def test_the_weight_of_an_unknown_judge_and_a_weight_of_nothing_are_refused(judged: Store) -> None:
    with pytest.raises(InputError, match=r"synthetic\.weights names 'gpt-9'"):
        draw_mix(judged, config(weights={"gpt-9": 0.5}))
    for weight in (0, -1, float("nan"), float("inf")):
        with pytest.raises(Exception, match="weights"):
            config(weights={"judge-1": weight})
