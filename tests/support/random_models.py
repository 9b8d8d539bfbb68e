"""Tiny models of random weights with smollm2's tokenizer: what they say means nothing, and costs nothing."""

from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig

from firsthand.models import load_tokenizer


def write_random_model(folder: Path, kind: Any, seed: int = 0, **config: Any) -> Path:
    """Save a llama of one layer, of the class `kind`, in `folder`; `config` goes into its LlamaConfig."""
    tokenizer = load_tokenizer("smollm2")
    torch.manual_seed(seed)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    tokens = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
    kind(LlamaConfig(vocab_size=len(tokenizer), **sizes, **tokens, **config)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
