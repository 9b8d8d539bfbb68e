"""Loading models and tokenizers by what `from_pretrained` takes."""

from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

from firsthand.errors import InputError


def load_causal_lm(name: str, **options: Any) -> Any:
    """The language model `name`; raises InputError when it can't be loaded."""
    return _load(AutoModelForCausalLM, name, {"dtype": torch.float32, **options})


def load_reward_model(name: str, **options: Any) -> Any:
    """The model `name` with a head of one score; raises InputError when it can't be loaded."""
    return _load(AutoModelForSequenceClassification, name, {"num_labels": 1, "dtype": torch.float32, **options})


def load_tokenizer(name: str, **options: Any) -> Any:
    """The tokenizer of the model `name`; raises InputError when it can't be loaded."""
    return _load(AutoTokenizer, name, options)


def _load(auto_class: Any, name: str, options: dict[str, Any]) -> Any:
    try:
        return auto_class.from_pretrained(name, **options)
    except (OSError, ValueError) as error:
        raise InputError(f"the model {name!r} can't be loaded: {str(error).strip().splitlines()[0]}") from error
