import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from policy_worlds import compared
from transformers import AutoModelForCausalLM, AutoTokenizer

from firsthand.cli import main
from firsthand.estimates import Estimate
from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.policies.config import PoliciesConfig
from firsthand.evaluate.policies.costs import Answering, Training
from firsthand.evaluate.policies.drift import best_of_kl, policy_kl
from firsthand.evaluate.policies.journal import prompts_of, written_by
from firsthand.evaluate.policies.ranking import rank_policies
from firsthand.evaluate.policies.verdict import make_answer
from firsthand.evaluate.policies.ways import Way, Ways, read_trained
from firsthand.evaluate.trained_model import TrainedModel, read_model


@pytest.fixture
def run(two_ways, capsys):
    """Runs the command on the store; returns its status and what it printed."""

    def go(store, *options):
        capsys.readouterr()
        url = store.engine.url.render_as_string()
        status = main(["evaluate", "policies", str(two_ways["config"]), "--store", url, *options])
        printed = capsys.readouterr()
        return status, printed.out if status == 0 else printed.err

    return go


def test_the_whole_answer_on_two_models_of_one_mix(two_ways, policy_votes, journal, fill, run, tmp_path):
    store = fill(policy_votes)
    journal(store)
    page = tmp_path / "page.html"
    status, printed = run(store, "--json", "--report", str(page))
    assert status == 0
    found = json.loads(printed)
    assert found["left_out"] == {"votes on prompts that the models were trained on": 9}
    ways = found["reward_or_dpo"]
    # 4 candidates of 5 tokens and 2 seconds each, and a pick of 1 second, against one of 5 tokens and 2 seconds.
    assert ways["reward"]["response"] == {
        "responses": 10,
        "candidates": 4,
        "tokens_written": 20.0,
        "tokens_read": 100.0,
        "seconds": 9.0,
        "cost": None,
    }
    assert (ways["dpo"]["response"]["tokens_written"], ways["dpo"]["response"]["seconds"]) == (5.0, 2.0)
    assert ways["seconds_of_reward_per_dpo"] == 4.5
    # The DPO run took 60 seconds more; each response saves 7.
    assert ways["dpo_cheaper_from_response"] == pytest.approx(60 / 7)
    assert (ways["reward"]["training"]["seconds"], ways["dpo"]["training"]["tokens"]) == (40.0, 900)
    assert ways["anchor"] == {"rows": 24, "too_long": 0, "simulated": False}
    assert ways["reward"]["kl_nats"]["value"] == pytest.approx(np.log(4) - 3 / 4)
    difference = ways["reward"]["accuracy"]["value"] - ways["dpo"]["accuracy"]["value"]
    assert ways["reward_accuracy_minus_dpo"]["value"] == pytest.approx(difference)
    pair = next(one for one in found["pairs"] if {one["first"], one["second"]} == {"picked", "tuned"})
    first = pair["observed"]["value"]
    assert ways["reward_points_against_dpo"]["value"] == pytest.approx(
        first if pair["first"] == "picked" else 1 - first
    )
    status, text = run(store)
    assert status == 0
    assert all(sentence in text for sentence in ways["sentences"])
    assert "DPO is cheaper from response 9 on" in text
    assert all(sentence in page.read_text() for sentence in ways["sentences"])


def test_accuracy_is_that_of_evaluate_model(two_ways, policy_votes, fill, run, capsys):
    status, printed = run(fill(policy_votes), "--json")
    assert status == 0
    ways = json.loads(printed)["reward_or_dpo"]
    for kind in ("reward", "dpo"):
        assert main(["evaluate", "model", str(two_ways[kind]), "--json"]) == 0
        alone = json.loads(capsys.readouterr().out)
        assert ways[kind]["accuracy"]["value"] == pytest.approx(alone["groups"][0]["accuracy"]["value"])
    assert ways["reward"]["response"] is None
    assert ways["dpo"]["kl_nats"]["value"] is None


def test_the_divergence_is_the_mean_log_ratio_of_what_the_model_wrote(two_ways, journal, store, fill):
    fill([{"prompt": f"what is {n}", "response_a": "yes", "response_b": "no"} for n in range(3, 13)])
    journal(store)
    answers = written_by(store, ["tuned"])["tuned"].answers
    prompts = prompts_of(store, {answer.prompt_id for answer in answers})
    found = policy_kl(read_model(two_ways["dpo"]), answers, prompts, PoliciesConfig(draws=200))
    tokenizer = AutoTokenizer.from_pretrained(two_ways["dpo"])
    models = [AutoModelForCausalLM.from_pretrained(two_ways[name]).eval() for name in ("dpo", "base")]
    ratios = []
    for number in range(3, 13):
        asked = tokenizer(f"<user> what is {number} <end> <assistant> ")["input_ids"]
        said = tokenizer(f"{('it is three', 'yes yes yes')[number % 2]} <end>")["input_ids"]
        with torch.inference_mode():
            logs = [model(torch.tensor([asked + said])).logits[0].log_softmax(-1) for model in models]
        at = range(len(asked) - 1, len(asked) + len(said) - 1)
        ratios.append(sum(float(logs[0][i, t] - logs[1][i, t]) for i, t in zip(at, said, strict=True)))
    assert found.value == pytest.approx(np.mean(ratios), rel=1e-4)
    assert found.why == ""
    warm = [replace(answer, temperature=0.7) for answer in answers]
    found = policy_kl(read_model(two_ways["dpo"]), warm, prompts, PoliciesConfig(draws=200))
    assert found.why == "responses drawn at temperature 0.7, not 1"


@pytest.mark.parametrize("n", [1, 2, 16])
def test_the_divergence_of_best_of_n_is_that_of_the_largest_of_n_draws(n):
    # The best of n draws of a uniform score u has density n u^(n-1): KL is the integral of that times its log.
    u = (np.arange(200_000) + 0.5) / 200_000
    density = n * u ** (n - 1)
    assert best_of_kl(n) == pytest.approx(float((density * np.log(density)).mean()), abs=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 8}, "10 are the best of 8 by the reward model"),
        ({"reward_model": "other"}, "10 are the best of 4 by another reward model"),
    ],
)
def test_responses_that_were_picked_otherwise_are_refused(policy_votes, journal, fill, run, change, message):
    store = fill(policy_votes)
    journal(store, **change)
    status, error = run(store)
    assert status == 2
    assert message in error


def test_models_of_different_mixes_are_not_compared(two_ways, policy_votes, fill, run):
    record = json.loads((two_ways["dpo"] / "training.json").read_text())
    record["mix"]["content_sha256"] = "2" * 64
    (two_ways["dpo"] / "training.json").write_text(json.dumps(record))
    status, error = run(fill(policy_votes))
    assert status == 2
    assert "were not trained on one mix" in error


def test_a_changed_mix_a_wrong_kind_and_an_unknown_author_are_said(two_ways, policy_votes, fill, run):
    store = fill([vote for vote in policy_votes if "picked" not in (vote["author_a"], vote["author_b"])])
    status, error = run(store)
    assert (status, "reward_or_dpo names the author 'picked'" in error) == (2, True)
    (two_ways["mix"] / "manifest.json").write_text(json.dumps({"content_sha256": "3" * 64}))
    status, error = run(store)
    assert (status, "no longer, the one of the models" in error) == (2, True)
    config = PoliciesConfig(
        reward_or_dpo={**two_ways["asked"], "dpo": {"model": str(two_ways["reward"]), "author": "tuned"}}
    )
    with pytest.raises(Exception, match=r"reward_or_dpo\.dpo\.model: .* is a reward model"):
        read_trained(config.reward_or_dpo)


def ways_of(tmp_path, seconds=(9.0, 2.0), trained=(40.0, 100.0)):
    kinds = zip(("reward", "dpo"), ("picked", "tuned"), seconds, trained, strict=True)
    both = [
        Way(
            author=author,
            model=TrainedModel(tmp_path, kind),
            best_of=4 if kind == "reward" else 1,
            training=Training(20, train, 900, "fp32"),
            answering=Answering(10, 1, 5.0, 10.0, took, None),
            accuracy=None,
            kl=Estimate(0.1),
        )
        for kind, author, took, train in kinds
    ]
    return Ways(both[0], both[1], "plain", tmp_path, Estimate(None), 0, 0, False)


class Ranked:
    """A ranking with one pair of interest."""

    def __init__(self, value, ci, n=100, prompts=50):
        self.observed, self.n = Estimate(value, ci), n
        self.first, self.second, self.verdict = "tuned", "picked", Verdict.INCONCLUSIVE
        both = np.array([[0, 1]] * prompts)
        self.compared = SimpleNamespace(
            by="people", simulated=False, authors=("picked", "tuned"), pair=both, prompt=np.arange(prompts)
        )

    def pair(self, _one, _other):
        return self


@pytest.mark.parametrize(
    ("points", "ci", "verdict", "advice"),
    [
        (0.38, (0.30, 0.45), Verdict.DETECTED, "The reward model with best of 4 is preferred; a response of picked"),
        (0.61, (0.52, 0.70), Verdict.DETECTED, "The DPO model is preferred; a response of picked takes 4.5 times"),
        (0.50, (0.46, 0.54), Verdict.RULED_OUT, "No difference that matters; a response of picked takes 4.5 times"),
        # The interval reaches 10 points to each side; 5 take (10 / 5)^2 = 4 times as many: 300 more.
        (0.50, (0.40, 0.60), Verdict.INCONCLUSIVE, "About 300 more comparisons would decide; until then tuned"),
    ],
)
def test_the_verdict_weighs_people_before_costs(tmp_path, points, ci, verdict, advice):
    # The pair has tuned first: its points are those of DPO.
    found = make_answer(ways_of(tmp_path), Ranked(points, ci), PoliciesConfig())
    assert (found.verdict, found.points.value) == (verdict, pytest.approx(1 - points))
    assert advice in found.sentences[1]


@pytest.mark.parametrize(
    ("rows", "verdict", "advice"),
    [
        ([("picked", "tuned", "a")] * 12, Verdict.DETECTED, "The reward model with best of 4 is preferred"),
        ([("picked", "tuned", "b")] * 12, Verdict.DETECTED, "The DPO model is preferred"),
        ([("picked", "tuned", "tie")] * 12, Verdict.NOT_TESTABLE, "Too few comparisons to tell"),
    ],
)
def test_twelve_prompts_that_all_say_the_same_are_a_verdict(tmp_path, rows, verdict, advice):
    config = PoliciesConfig(draws=200)
    found = make_answer(ways_of(tmp_path), rank_policies(compared(rows, ["picked", "tuned"]), config), config)
    assert found.verdict is verdict
    assert advice in found.sentences[1]


def test_where_dpo_is_cheaper_in_training_too_it_is_from_the_first_response(tmp_path):
    found = make_answer(ways_of(tmp_path, trained=(100.0, 40.0)), Ranked(0.5, (0.4, 0.6)), PoliciesConfig())
    assert found.even == 0
    assert make_answer(ways_of(tmp_path, (2.0, 3.0)), Ranked(0.5, (0.4, 0.6)), PoliciesConfig()).even is None
