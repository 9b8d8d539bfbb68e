"""Two models trained on one mix, with a store in which people compared what they write."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from transformers import LlamaForCausalLM

from firsthand.collect.generate.prompts import make_prompt
from firsthand.rewards import weights_version
from firsthand.store.calls import Call, record

SHA = "1" * 64
BETA, N = 0.2, 4
SAID = ("it is three", "yes yes yes")
"""What `tuned` writes, in turn."""
HISTORY = {"reward": {"train_runtime": 40.0, "num_tokens": 900.0}, "dpo": {"train_runtime": 100.0, "num_tokens": 900.0}}


@pytest.fixture
def two_ways(tmp_path: Path, make_mix: Callable[..., Path], make_model: Callable[..., Path]) -> dict[str, Any]:
    """A mix with an anchor of 24 rows on 12 prompts, and a reward and a DPO model trained on it; the configuration."""
    words = ["yes", "no", "maybe", "it is", "one two", "three four five"]
    rows = [
        {"prompt": f"what is {words[n % 6]}", "chosen": words[n % 5], "rejected": words[(n + 2) % 6]} for n in range(24)
    ]
    mix = make_mix(sha256=SHA, anchor=rows)
    trained_on = [{"prompt_id": make_prompt(f"what is {n}").id} for n in range(3)]
    pq.write_table(pa.Table.from_pylist(trained_on), mix / "data" / "train-00000-of-00001.parquet")
    base = make_model(LlamaForCausalLM, name="base", seed=3)
    common = {"schema": 1, "max_length": 60, "precision": "fp32", "mix": {"path": str(mix), "content_sha256": SHA}}
    common |= {"base_model": str(base), "counts": {"rows": {"train": 20}}}
    reward = make_model(name="reward", seed=4, training={**common, "kind": "reward", "beta": None})
    dpo = make_model(LlamaForCausalLM, name="dpo", seed=5, training={**common, "kind": "dpo", "beta": BETA})
    for kind, folder in (("reward", reward), ("dpo", dpo)):
        (folder / "metrics.json").write_text(json.dumps({"history": [HISTORY[kind], {"eval_human_loss": 1.0}]}))
    asked = {
        "reward": {"model": str(reward), "author": "picked", "best_of": N},
        "dpo": {"model": str(dpo), "author": "tuned"},
        "base": "plain",
    }
    path = tmp_path / "policies.yaml"
    path.write_text(yaml.safe_dump({"draws": 200, "reward_or_dpo": asked}))
    return {"mix": mix, "base": base, "reward": reward, "dpo": dpo, "asked": asked, "config": path}


@pytest.fixture
def policy_votes() -> list[dict[str, Any]]:
    """Votes on 30 prompts: people prefer `picked` to `tuned` on two thirds, and both to `plain` on nearly all."""
    generator = np.random.default_rng(3)
    chances = {("picked", "tuned"): 0.67, ("picked", "plain"): 0.9, ("tuned", "plain"): 0.9}
    return [
        {
            "prompt": f"what is {prompt}",
            "response_a": f"{one} {prompt}",
            "response_b": f"{other} {prompt}",
            "author_a": one,
            "author_b": other,
            "annotator": "ann",
            "verdict": "a" if generator.random() < chance else "b",
        }
        for prompt in range(30)
        for (one, other), chance in chances.items()
    ]


@pytest.fixture
def journal(two_ways: dict[str, Any]) -> Callable[[Any], None]:
    """Writes down, for ten prompts, N candidates of `picked` with their pick, and a response of `tuned`."""

    def write(store: Any, n: int = N, reward_model: str | None = None) -> None:
        version = reward_model or weights_version(two_ways["reward"])
        made = {"system": None, "finish": "stop", "parameters": {"temperature": 1.0}}
        calls = []
        for number in range(3, 13):
            prompt = make_prompt(f"what is {number}").id
            for author, texts in (("picked", ["yes", "no", "one two", "maybe"]), ("tuned", [SAID[number % 2]])):
                for place, text in enumerate(texts):
                    reply = {**made, "prompt_id": prompt, "author": author, "text": text}
                    calls.append(_call(f"{prompt} {author} {place}", reply, 10, 5, 2.0))
            pick = {"author": "picked", "n": n, "reward_model": version, "picked": f"{prompt} picked 1"}
            calls.append(_call(f"{prompt} pick", {**pick, "prompt_id": prompt}, 60, None, 1.0))
        record(store, calls)

    return write


def _call(key: str, reply: dict[str, Any], read: int, written: int | None, seconds: float) -> Call:
    return Call("generate", key, "answer", reply, "m", read, written, None, seconds)
