"""Tokens per second of our trainers beside a plain TRL script with the same arguments, in turns in one process.

    python benchmarks/training_speed.py [--pairs 32] [--rounds 3] [--epochs 1] [--kinds dpo reward]

A run is timed from loading the model to the last step, with everything in between (tokenising, the reference pass).
Tokens are those of both responses with their prompt, as TRL lays a pair out, without padding: the same for every arm.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import torch
import transformers
from datasets import Dataset, DatasetDict, disable_progress_bars
from peft import LoraConfig
from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer

from firsthand import hardware
from firsthand.config import check_config
from firsthand.models import load_causal_lm, load_reward_model, load_tokenizer
from firsthand.train.jobs import DPOJob, RewardJob
from firsthand.train.pairs import Mix, tokenise
from firsthand.train.run import make_arguments, make_trainer

LORA = {"r": 16, "lora_alpha": 32, "target_modules": "all-linear"}
ARMS = ("plain TRL", "ours", "ours, fast")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--pairs", type=int, default=32)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", default=["dpo", "reward"])
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    disable_progress_bars()
    hardware.set_threads(hardware.detect())
    rows = [_row(random.Random(number)) for number in range(options.pairs + 4)]
    splits = DatasetDict(train=Dataset.from_list(rows[:-4]), human=Dataset.from_list(rows[-4:]))
    mix = Mix(Path("benchmark"), {}, splits)
    tokens = _tokens(mix, options.model) * options.epochs
    report = {kind: _compare(kind, mix, options, tokens) for kind in options.kinds}
    print(json.dumps({"pairs": options.pairs, "epochs": options.epochs, "tokens": tokens, **report}, indent=2))


def _compare(kind: str, mix: Mix, options: argparse.Namespace, tokens: int) -> dict[str, Any]:
    seconds: dict[str, list[float]] = {arm: [] for arm in ARMS}
    losses: dict[str, list[float]] = {arm: [] for arm in ARMS}
    for turn in range(options.rounds):
        for arm in ARMS if turn % 2 == 0 else reversed(ARMS):
            spent, loss = _run(kind, arm, mix, options, seed=turn)
            seconds[arm].append(spent)
            losses[arm].append(loss)
            print(
                f"{kind:7} {arm:11} {spent:7.1f} s  {tokens / spent:7.0f} tokens/s  held-out loss {loss:.4f}",
                flush=True,
            )
    plain = seconds[ARMS[0]]
    return {
        arm: {
            "tokens_per_second": round(tokens / statistics.median(seconds[arm]), 1),
            "ratio": round(statistics.median(a / b for a, b in zip(plain, seconds[arm], strict=True)), 3),
            "heldout_loss": [round(loss, 4) for loss in losses[arm]],
        }
        for arm in ARMS
    }


def _run(kind: str, arm: str, mix: Mix, options: argparse.Namespace, seed: int) -> tuple[float, float]:
    """Seconds from loading the model to the last step, and the loss on held-out pairs after it."""
    trainer_block = {
        "per_device_train_batch_size": options.batch,
        "num_train_epochs": options.epochs,
        "learning_rate": 1e-4,
        "max_length": 1024,
        "save_strategy": "no",
        "eval_strategy": "no",
        "eval_on_start": False,
        "disable_tqdm": True,
        "logging_strategy": "no",
        "seed": seed,
    }
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        make = _plain if arm == ARMS[0] else _ours
        trainer = make(kind, "fast" if arm == ARMS[2] else "none", mix, options.model, trainer_block, Path(folder))
        trainer.train()
        spent = time.perf_counter() - start
        metrics = trainer.evaluate()
    return spent, metrics["eval_human_loss"]


def _plain(kind: str, _: str, mix: Mix, model: str, block: dict[str, Any], folder: Path) -> Any:
    """What a person writes with TRL alone, with the precision that suits this machine."""
    arguments = {
        **hardware.training_defaults(hardware.detect()),
        **block,
        "output_dir": str(folder),
        "report_to": "none",
    }
    transformers.set_seed(block["seed"])
    columns = ["prompt", "chosen", "rejected"]
    common = {
        "processing_class": load_tokenizer(model),
        "train_dataset": mix.splits["train"].select_columns(columns),
        "eval_dataset": {"human": mix.splits["human"].select_columns(columns)},
    }
    if kind == "dpo":
        lora = LoraConfig(task_type="CAUSAL_LM", **LORA)
        return DPOTrainer(load_causal_lm(model), args=DPOConfig(**arguments), peft_config=lora, **common)
    lora = LoraConfig(task_type="SEQ_CLS", modules_to_save=["score"], **LORA)
    return RewardTrainer(load_reward_model(model), args=RewardConfig(**arguments), peft_config=lora, **common)


def _ours(kind: str, preset: str, mix: Mix, model: str, block: dict[str, Any], folder: Path) -> Any:
    content = {"model": model, "lora": LORA, "preset": preset, "trainer": block}
    job = check_config({**content, "margins": False}, RewardJob if kind == "reward" else DPOJob)
    tokenizer = load_tokenizer(model)
    pairs = tokenise(mix, tokenizer, block["max_length"])
    return make_trainer(job, make_arguments(kind, job, mix, folder), tokenizer, pairs)


def _tokens(mix: Mix, model: str) -> int:
    rows = tokenise(mix, load_tokenizer(model), 10**6).train
    return sum(2 * len(row["prompt_ids"]) + len(row["chosen_ids"]) + len(row["rejected_ids"]) for row in rows)


def _row(draw: random.Random) -> dict[str, Any]:
    """A pair of the lengths of instruction data: prompts of 5 to 120 words, responses log-normal around 50."""
    words = (
        "the a river model that people prefer because answer question of which to explain in city light year".split()
    )

    def text(count: float) -> str:
        return " ".join(draw.choice(words) for _ in range(max(3, round(count))))

    chosen, rejected = (text(draw.lognormvariate(3.9, 0.7)) for _ in range(2))
    return {
        "prompt": [{"role": "user", "content": text(draw.uniform(5, 120))}],
        "chosen": [{"role": "assistant", "content": f"Certainly. {chosen}"}],
        "rejected": [{"role": "assistant", "content": rejected}],
        "source": "human",
        "margin": 0.0,
    }


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
