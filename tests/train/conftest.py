"""Small mixes and a tiny model, so that a whole training run takes seconds."""

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase

from firsthand.models import load_tokenizer, smollm2_folder

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
SCHEMA = pa.schema(
    [
        ("prompt", MESSAGES),
        ("chosen", MESSAGES),
        ("rejected", MESSAGES),
        *[(name, pa.string()) for name in ("comparison_id", "prompt_id", "source", "annotator")],
        ("simulated", pa.bool_()),
        ("author_chosen", pa.string()),
        ("author_rejected", pa.string()),
        *[(name, pa.float64()) for name in ("weight", "p_chosen", "margin")],
    ]
)
CARD = """---
configs:
- config_name: default
  data_files:
{splits}
---
"""
WriteMix = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def _own_dataset_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Prepared data sets go to a folder of this test run."""
    datasets.config.HF_DATASETS_CACHE = tmp_path_factory.mktemp("datasets")


@pytest.fixture(scope="session")
def smollm2_tokenizer() -> PreTrainedTokenizerBase:
    """The tokenizer of smollm2; the model is converted on the first use on a machine."""
    return load_tokenizer(str(smollm2_folder()))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory, smollm2_tokenizer: PreTrainedTokenizerBase) -> str:
    """A folder with a random two-layer llama and smollm2's tokenizer."""
    folder = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(smollm2_tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        pad_token_id=smollm2_tokenizer.pad_token_id,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    smollm2_tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture
def write_mix(tmp_path: Path) -> WriteMix:
    """Writes a mix folder as docs/mixing.md describes it; see `_write_mix`."""

    def write(name: str = "mix", **options: Any) -> Path:
        return _write_mix(tmp_path / name, **options)

    return write


def _write_mix(
    folder: Path,
    human: int = 12,
    synthetic: int = 8,
    heldout: int = 5,
    seed: int = 0,
    long: int = 0,
    simulated: bool = False,
    contrary: bool = False,
    weights: tuple[float, ...] = (1.0,),
) -> Path:
    """`human` and `synthetic` training rows, `heldout` of each held-out split; the first `long` rows are over-long.

    contrary: the judge prefers what people do not, and its prompts are longer than people's. The training rows weigh
    `weights` in turn.
    """
    draw = random.Random(seed)
    judged = _contrary if contrary else _same
    splits = {
        "train": [_row(draw, "human", index < long) | {"simulated": simulated} for index in range(human)]
        + [judged(_row(draw, "synthetic")) for _ in range(synthetic)],
        "anchor": [_row(draw, "human") for _ in range(heldout)],
        "synthetic_heldout": [judged(_row(draw, "synthetic")) for _ in range(heldout)],
    }
    for index, row in enumerate(splits["train"]):
        row["weight"] = weights[index % len(weights)]
    (folder / "data").mkdir(parents=True)
    digest = hashlib.sha256()
    for split, rows in splits.items():
        if rows:
            path = folder / "data" / f"{split}-00000-of-00001.parquet"
            pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path)
            digest.update(path.read_bytes())
    total = human + synthetic
    realised = {"human": human, "synthetic": synthetic}
    manifest = {
        "schema": 1,
        "config": {},
        "requested": {"human": 0.6, "synthetic": 0.4},
        "realised": {
            source: {"rows": rows, "share": rows / total if total else 0} for source, rows in realised.items()
        },
        "splits": {split: {"rows": len(rows), "prompts": len(rows)} for split, rows in splits.items() if rows},
        "drops": {"tie": {"human": 3}},
        "admission": None,
        "warnings": ["two tags were never rated by people"],
        "content_sha256": digest.hexdigest(),
        "store": {},
    }
    lines = [f"  - {{split: {split}, path: data/{split}-*.parquet}}" for split, rows in splits.items() if rows]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "README.md").write_text(CARD.format(splits="\n".join(lines)))
    return folder


def _row(draw: random.Random, source: str, long: bool = False) -> dict[str, Any]:
    """A row whose chosen response is polite and whose rejected one is not: something a model can learn."""
    words = [draw.choice(["river", "lamp", "stone", "cloud", "paper"]) for _ in range(draw.randint(2, 8))]
    more = " ".join(draw.choice(["because", "and", "so", "then"]) for _ in range(400 if long else draw.randint(1, 10)))
    return {
        "prompt": [{"role": "user", "content": f"Tell me about {' '.join(words)}."}],
        "chosen": [{"role": "assistant", "content": f"Gladly. {' '.join(words)} {more}. Thank you 🙂"}],
        "rejected": [{"role": "assistant", "content": f"No. {words[0]}."}],
        "comparison_id": f"{draw.getrandbits(128):032x}",
        "prompt_id": f"{draw.getrandbits(128):032x}",
        "source": source,
        "annotator": "rater-1" if source == "human" else "judge-1",
        "simulated": False,
        "author_chosen": "model-a",
        "author_rejected": None,
        "weight": 1.0,
        "p_chosen": 0.9,
        "margin": draw.choice([0.0, 1 / 3, 2 / 3]),
    }


def _same(row: dict[str, Any]) -> dict[str, Any]:
    return row


def _contrary(row: dict[str, Any]) -> dict[str, Any]:
    prompt = [{"role": "user", "content": row["prompt"][0]["content"] + " Please go on." * 12}]
    return row | {"prompt": prompt, "chosen": row["rejected"], "rejected": row["chosen"]}
