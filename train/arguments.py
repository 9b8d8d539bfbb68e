"""The `trainer:` and `lora:` blocks of a training job: arguments of TRL and peft under their own names, checked."""

import dataclasses
import typing
from collections.abc import Collection, Mapping
from typing import Any

from peft import LoraConfig, TaskType
from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError
from transformers.integrations import is_tensorboard_available
from trl import DPOConfig, RewardConfig

from firsthand.config import closest
from firsthand.errors import ConfigError
from firsthand.train.dpo_losses import MARGINS, ROW_LOSSES, SOFT

SMOOTHED_LOSSES = frozenset("robust exo_pair aot aot_unpaired".split())
"""The DPO losses that use label_smoothing; TRL ignores it in silence for the others."""
LOSSES = SMOOTHED_LOSSES | frozenset(
    "sigmoid hinge ipo nca_pair bco_pair sppo_hard apo_zero apo_down discopop sft sigmoid_norm".split()
)
LABEL_LOSSES = {
    "weight": ("weights", frozenset(ROW_LOSSES), "it sorts the pairs of a batch, so that no row has a loss of its own"),
    "p_chosen": ("soft_labels", frozenset(SOFT), "it has no form for a label that is right with a probability"),
    "margin": ("margins", MARGINS, "it has no form for a margin"),
}
"""For each column of labels the key that uses it, the DPO losses that can, and why the others can't."""

REFUSED = {
    "output_dir": "the folder is the command's --out",
    "resume_from_checkpoint": "run the same command again; it resumes by itself",
    "truncation_mode": "pairs longer than max_length are dropped and counted, never cut",
    "padding_free": "this TRL switches it off again; preset: fast saves the padding",
    "batch_eval_metrics": "figures and intervals are of all held-out pairs together",
    "eval_do_concat_batches": "figures and intervals are of all held-out pairs together",
    "remove_unused_columns": "the model can't take the columns of a mix that it doesn't know",
    "chat_template_path": "put the template into the model's tokenizer folder",
    "eos_token": "put it into the model's tokenizer folder",
    "pad_token": "put it into the model's tokenizer folder",
    "task_type": "it follows from the command",
    "inference_mode": "it follows from the command",
}
"""Arguments that would contradict what the command does, each with what to do instead."""


def check_reward_arguments(block: dict[str, Any]) -> dict[str, Any]:
    """The `trainer:` block of `train reward` in the types of RewardConfig; raises ValidationError with all problems."""
    return _checked(RewardConfig, block, [_length_problem])


def check_dpo_arguments(block: dict[str, Any]) -> dict[str, Any]:
    """The `trainer:` block of `train dpo` in the types of DPOConfig; raises ValidationError with every problem."""
    if isinstance(block.get("loss_type"), str):
        block = {**block, "loss_type": [block["loss_type"]]}
    return _checked(DPOConfig, block, [_length_problem, _loss_problem, _smoothing_problem])


def check_labels_fit_the_losses(labels: Collection[str], trainer: Mapping[str, Any]) -> None:
    """Raise ValidationError with every key whose labels a loss of the checked `trainer:` block has no form for."""
    losses = set(trainer.get("loss_type", ["sigmoid"]))
    keys = [LABEL_LOSSES[label][0] for label in labels]
    refused = [
        _RefusedError(
            key, f"not with loss_type {', '.join(sorted(losses - fit))}: {why}; take {', '.join(sorted(fit))}"
        )
        for key, fit, why in (LABEL_LOSSES[label] for label in labels)
        if losses - fit
    ]
    if trainer.get("use_weighting"):
        refused += [_RefusedError(key, "not with use_weighting, which weighs rows by itself") for key in keys]
    if trainer.get("f_divergence_type", "reverse_kl") != "reverse_kl":
        refused += [_RefusedError(key, "defined for f_divergence_type reverse_kl only") for key in keys]
    if refused:
        values = dict.fromkeys(keys, True)
        raise ValidationError.from_exception_data("DPOJob", [_line(item, values) for item in refused])


def check_lora_arguments(block: dict[str, Any] | None) -> dict[str, Any] | None:
    """The `lora:` block in the types of LoraConfig; raises ValidationError with every problem."""
    return None if block is None else _checked(LoraConfig, block, [])


def make_trainer_arguments(arguments: Any, values: Mapping[str, Any]) -> Any:
    """TRL's own object; raises ConfigError where TRL refuses the values together, or TensorBoard is missing."""
    try:
        made = arguments(**values)
    except (ValueError, TypeError, ImportError) as error:
        raise ConfigError(
            "configuration", [("trainer", f"{arguments.__name__} refuses these values: {error}")]
        ) from error
    if "tensorboard" in made.report_to and not is_tensorboard_available():
        reason = "TensorBoard is not installed; install firsthand[tensorboard], or watch progress.html in --out"
        raise ConfigError("configuration", [("trainer.report_to", reason)])
    return made


def make_lora(values: Mapping[str, Any], kind: str) -> LoraConfig:
    """Peft's own object. The head of a reward model starts out random, so it is trained whole and saved too."""
    if kind == "dpo":
        return LoraConfig(**{**values, "task_type": TaskType.CAUSAL_LM})
    saved = {*(values.get("modules_to_save") or []), "score"}
    return LoraConfig(**{**values, "task_type": TaskType.SEQ_CLS, "modules_to_save": sorted(saved)})


class _RefusedError(Exception):
    """One argument that is refused: the key and why."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key
        self.reason = reason


def _checked(declared: Any, block: Mapping[str, Any], rules: list[Any]) -> dict[str, Any]:
    """`block` in the types that the dataclass `declared` gives its fields, held to `rules` that span several."""
    hints = typing.get_type_hints(declared)
    known = [item.name for item in dataclasses.fields(declared) if item.init and item.name not in REFUSED]
    values: dict[str, Any] = {}
    refused: list[_RefusedError] = []
    for key, value in block.items():
        if key in REFUSED:
            refused.append(_RefusedError(key, f"not taken: {REFUSED[key]}"))
        elif key not in known:
            refused.append(_RefusedError(key, f"{declared.__name__} has no such argument{closest(key, known)}"))
        else:
            try:
                values[key] = _typed(hints[key], value)
            except ValidationError as error:
                reasons = {str(item["msg"]) for item in error.errors(include_url=False)}
                refused.append(_RefusedError(key, "; ".join(sorted(reasons))))
    for rule in rules:
        try:
            rule(values)
        except _RefusedError as problem:
            refused.append(problem)
    if refused:
        raise ValidationError.from_exception_data(declared.__name__, [_line(item, block) for item in refused])
    return values


def _typed(hint: Any, value: Any) -> Any:
    try:
        adapter = TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:  # a dataclass carries its own configuration
        adapter = TypeAdapter(hint)
    return adapter.validate_python(value)


def _line(refused: _RefusedError, block: Mapping[str, Any]) -> InitErrorDetails:
    reason = PydanticCustomError("argument", "{reason}", {"reason": refused.reason})
    return InitErrorDetails(type=reason, loc=(refused.key,), input=block.get(refused.key))


def _length_problem(values: Mapping[str, Any]) -> None:
    if "max_length" in values and (values["max_length"] is None or values["max_length"] < 2):
        raise _RefusedError("max_length", "expected a number of tokens; pairs that are longer are dropped and counted")


def _loss_problem(values: Mapping[str, Any]) -> None:
    for loss in values.get("loss_type", []):
        if loss not in LOSSES:
            raise _RefusedError(
                "loss_type", f"there is no loss {loss!r}{closest(loss, LOSSES)}: {', '.join(sorted(LOSSES))}"
            )


def _smoothing_problem(values: Mapping[str, Any]) -> None:
    smoothing = values.get("label_smoothing", 0.0)
    losses = set(values.get("loss_type", ["sigmoid"]))
    if smoothing and not losses & SMOOTHED_LOSSES:
        raise _RefusedError(
            "label_smoothing",
            f"TRL ignores it for loss_type {', '.join(sorted(losses))}; take {', '.join(sorted(SMOOTHED_LOSSES))} "
            "(robust is the sigmoid loss with label noise), or leave it out",
        )
    if "exo_pair" in losses and not smoothing:
        raise _RefusedError("label_smoothing", "loss_type exo_pair needs a value above 0; its paper recommends 0.001")
    if "robust" in losses and not 0 <= smoothing < 0.5:
        raise _RefusedError("label_smoothing", "loss_type robust takes the share of wrong labels, from 0 to below 0.5")
