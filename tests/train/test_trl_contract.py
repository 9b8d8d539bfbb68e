"""What the overrides rely on in TRL; a new TRL that fails here needs the overrides read again."""

import inspect
import re
import tomllib
from pathlib import Path
from typing import Any

import trl.trainer.utils
from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference

from firsthand.models import load_causal_lm, load_reward_model, load_tokenizer
from firsthand.train.arguments import LOSSES, SMOOTHED_LOSSES
from firsthand.train.pairs import read_mix, tokenise
from firsthand.train.tested_trl import TESTED, check_trl

QUIET = {"report_to": "none", "bf16": False, "activation_checkpointing": False, "use_cpu": True}


def test_trl_has_these_losses_and_uses_label_smoothing_in_these() -> None:
    source = inspect.getsource(DPOTrainer._compute_loss)
    parts = re.split(r'loss_type == "(\w+)":', source)
    bodies = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert bodies.keys() == LOSSES
    assert {name for name, body in bodies.items() if "self.label_smoothing" in body} == SMOOTHED_LOSSES


def test_trl_calls_what_is_overridden() -> None:
    for trainer in (RewardTrainer, DPOTrainer):
        assert {"_prepare_dataset", "_set_signature_columns_if_needed", "compute_loss", "log"} <= vars(trainer).keys()
        assert {"create_model_card", "_send_telemetry"} <= set(dir(trainer))
    source = inspect.getsource(DPOTrainer._compute_loss)
    assert "if self.precompute_ref_logps:" in source
    assert "model(**model_kwargs, labels=labels, fused_lm_head=True)" in source
    assert "self.compute_ref_log_probs(model, padded_batch)" in inspect.getsource(DPOTrainer._precompute_ref_logps)
    assert "compact = _use_triton(hidden_states.device)" in inspect.getsource(trl.trainer.utils.add_fused_lm_head)


def test_trl_averages_the_rows_of_a_batch_and_adds_what_the_weighted_losses_add() -> None:
    dpo = inspect.getsource(DPOTrainer._compute_loss)
    assert "loss += per_sequence_loss.mean() * loss_weight" in dpo
    assert "loss = loss + self.router_aux_loss_coef * aux_loss" in dpo
    assert "zip(self.loss_types, self.loss_weights, strict=True)" in dpo
    reward = inspect.getsource(RewardTrainer.compute_loss)
    assert "self.args.center_rewards_coefficient * torch.mean((rewards_chosen + rewards_rejected) ** 2)" in reward
    assert reward.count("loss += ") == 1


def test_the_versions_that_pass_these_tests_are_those_that_are_asked_for() -> None:
    check_trl()
    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())
    (asked,) = (text for text in project["project"]["dependencies"] if text.startswith("trl"))
    (major, minor), *others = (version.split(".") for version in TESTED)
    assert not others
    assert asked == f"trl>={major}.{minor},<{major}.{int(minor) + 1}"


def test_tokens_are_those_of_trl_and_trl_would_drop_none_that_are_left(
    write_mix: Any, tiny_model: str, tmp_path: Path
) -> None:
    mix = read_mix(write_mix(long=3))
    tokenizer = load_tokenizer(tiny_model)
    texts = mix.splits["train"]
    limit = 128
    ours = tokenise(mix, tokenizer, limit).train
    by_id = {row["comparison_id"]: row for row in ours}
    dpo = DPOTrainer(
        load_causal_lm(tiny_model),
        args=DPOConfig(str(tmp_path), max_length=limit, **QUIET),
        processing_class=tokenizer,
        train_dataset=texts,
    )
    reward = RewardTrainer(
        load_reward_model(tiny_model),
        args=RewardConfig(str(tmp_path), max_length=limit, **QUIET),
        processing_class=tokenizer,
        train_dataset=texts,
    )
    assert {row["comparison_id"] for row in reward.train_dataset} == by_id.keys()
    for row in reward.train_dataset:
        kept = by_id[row["comparison_id"]]
        assert row["chosen_ids"] == kept["prompt_ids"] + kept["chosen_ids"]
        assert row["rejected_ids"] == kept["prompt_ids"] + kept["rejected_ids"]
    assert len(dpo.train_dataset) == 20  # TRL's DPO keeps over-long pairs and cuts them
    for row in dpo.train_dataset:
        kept = by_id.get(row["comparison_id"])
        if kept is not None:
            assert all(row[name] == kept[name] for name in ("prompt_ids", "chosen_ids", "rejected_ids"))
    cut = DataCollatorForPreference(2, max_length=limit)([ours[at] for at in range(len(ours))])
    whole = DataCollatorForPreference(2)([ours[at] for at in range(len(ours))])
    assert cut["input_ids"].equal(whole["input_ids"])
