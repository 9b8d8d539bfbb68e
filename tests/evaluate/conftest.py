"""Stores, mixes and small models to measure."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import LlamaConfig, LlamaForSequenceClassification, PreTrainedTokenizerFast

from firsthand.lines import parse_line
from firsthand.store import Outcome, Store

Vote = dict[str, Any]
Fill = Callable[[Iterable[Vote]], Store]


@pytest.fixture
def fill(store: Store) -> Fill:
    """Adds interchange lines to the store; each needs only what the test is about."""

    def add(votes: Iterable[Vote]) -> Store:
        lines = [{"response_a": "first", "response_b": "second", "source": "human", **vote} for vote in votes]
        outcomes = store.add([parse_line(line) for line in lines])
        refused = [outcome for outcome in outcomes if not isinstance(outcome, Outcome)]
        assert not refused, refused
        return store

    return add


@pytest.fixture
def pandalm_votes(shared_data: Path) -> list[Vote]:
    """The three raters' votes of the PandaLM test set, its six rows without a text left out."""
    rows = json.loads((shared_data / "pandalm/data/testset-v1.json").read_text(encoding="utf-8"))
    verdicts = ("tie", "a", "b")
    return [
        {
            "prompt": f"{row['instruction']}\n{row['input']}",
            "response_a": row["response1"],
            "response_b": row["response2"],
            "author_a": row["cmp_key"].split("_")[0],
            "author_b": row["cmp_key"].split("_")[1],
            "annotator": f"annotator{number}",
            "verdict": verdicts[row[f"annotator{number}"]],
        }
        for row in rows
        if isinstance(row["response1"], str) and isinstance(row["response2"], str)
        for number in (1, 2, 3)
    ]


def messages(role: str, text: str) -> list[dict[str, str]]:
    return [{"role": role, "content": text}]


@pytest.fixture
def make_mix(tmp_path: Path) -> Callable[..., Path]:
    """Writes a mix folder with held-out rows: (prompt, chosen, rejected) texts, and what else a row should say."""

    def make(name: str = "mix", sha256: str = "0" * 64, **splits: list[dict[str, Any]]) -> Path:
        folder = tmp_path / name
        (folder / "data").mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"schema": 1, "content_sha256": sha256}), encoding="utf-8")
        for split, rows in splits.items():
            table = [
                {
                    "prompt_id": row["prompt"],
                    "simulated": False,
                    "source": "human" if split == "anchor" else "synthetic",
                    **row,
                    "prompt": messages("user", row["prompt"]),
                    "chosen": messages("assistant", row["chosen"]),
                    "rejected": messages("assistant", row["rejected"]),
                }
                for row in rows
            ]
            pq.write_table(pa.Table.from_pylist(table), folder / "data" / f"{split}-00000-of-00001.parquet")
        return folder

    return make


WORDS = "what is it one two three four five six seven yes no maybe".split()
TEMPLATE = (
    "{% for message in messages %}<{{ message['role'] }}> {{ message['content'] }} <end> {% endfor %}"
    "{% if add_generation_prompt %}<assistant> {% endif %}"
)


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    """One token a word, with a chat template."""
    special = ["<pad>", "<unk>", "<user>", "<assistant>", "<end>"]
    vocabulary = {word: number for number, word in enumerate([*special, *WORDS])}
    words = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = WhitespaceSplit()
    made = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", unk_token="<unk>", eos_token="<end>")
    made.chat_template = TEMPLATE
    return made


@pytest.fixture
def make_model(tmp_path: Path, tokenizer: Any) -> Callable[..., Path]:
    """Saves a random llama of two layers, of the class given, with its tokenizer; `training` becomes training.json."""

    def make(
        kind: Any = LlamaForSequenceClassification,
        name: str = "model",
        seed: int = 0,
        training: dict[str, Any] | None = None,
        num_labels: int = 1,
    ) -> Path:
        torch.manual_seed(seed)
        config = LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=64,
            num_labels=num_labels,
            pad_token_id=tokenizer.pad_token_id,
            initializer_range=0.5,
        )
        folder = tmp_path / name
        kind(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        if training is not None:
            (folder / "training.json").write_text(json.dumps(training), encoding="utf-8")
        return folder

    return make
