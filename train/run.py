"""One training run from a mix folder to a finished model folder; run again after an interruption, it goes on."""

import importlib.metadata
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from datasets import DatasetDict, disable_progress_bars
from peft import PeftModel
from transformers import PreTrainedTokenizerBase, PrinterCallback, ProgressCallback, set_seed
from transformers.integrations import is_deepspeed_zero3_enabled
from trl import DPOConfig, RewardConfig

from firsthand import __version__, hardware
from firsthand.commandline import note, say
from firsthand.errors import InputError
from firsthand.models import load_causal_lm, load_reward_model, load_tokenizer
from firsthand.train.arguments import make_lora, make_trainer_arguments
from firsthand.train.batch import batch_arguments
from firsthand.train.folder import RECORD, claim, last_checkpoint, layout, write_json
from firsthand.train.grounding import Grounding, prompt_numbers
from firsthand.train.jobs import DPOJob, RewardJob
from firsthand.train.live import Live
from firsthand.train.model_card import model_card
from firsthand.train.pairs import Mix, Pairs, read_mix, tokenise
from firsthand.train.presets import preset_arguments
from firsthand.train.progress import Progress
from firsthand.train.schedule import schedule_arguments, schedule_defaults
from firsthand.train.shared_prompt import PackedPairs, can_share_prompts
from firsthand.train.tested_trl import check_trl
from firsthand.train.trainers import (
    DPOCollator,
    PerSourceDPOTrainer,
    PerSourceRewardTrainer,
    PromptAndResponses,
    WithLabels,
)

Kind = Literal["reward", "dpo"]
VERSIONS = ("torch", "transformers", "trl", "peft", "datasets", "accelerate")


def train(
    job: RewardJob | DPOJob, data: Path, out: Path, overwrite: bool = False, evaluate: bool = True
) -> dict[str, Any]:
    """Train on the mix folder `data` and leave a finished model in `out`; returns the record written to training.json.

    A run that was interrupted goes on from its last whole checkpoint; a finished one is left as it is. Without
    `evaluate` the mix's held-out pairs are not looked at, for whoever measures the finished model anyway. Raises
    InputError for a mix without usable rows, a model that does not exist, a folder that holds another run, or a TRL
    that the trainers were not tested with.
    """
    check_trl()
    PartialState(cpu=hardware.detect().device == "cpu")  # told otherwise, processes on processors don't meet
    kind = kind_of(job)
    mix = read_mix(data)
    if len(mix.splits) == 1:
        _note("the mix holds out no pairs, so there is nothing to evaluate on while training")
    if not evaluate:
        mix = replace(mix, splits=DatasetDict({"train": mix.splits["train"]}))
    arguments = make_arguments(kind, job, mix, out)
    identity = {"kind": kind, "job": job.model_dump(mode="json"), "mix_sha256": mix.manifest.get("content_sha256")}
    with PartialState().main_process_first():
        finished = claim(out, identity, overwrite and PartialState().is_main_process)
    if finished is not None:
        _say(f"{out} is finished already ({finished['steps']} steps); --overwrite trains it again")
        return finished
    if not sys.stderr.isatty():
        disable_progress_bars()
    hardware.set_threads(hardware.detect())
    tokenizer = load_tokenizer(job.model)
    pairs = tokenise(mix, tokenizer, arguments.max_length, arguments.dataset_num_proc)
    _report(pairs, arguments.max_length)
    _report_labels(job, mix, pairs)
    trainer = make_trainer(job, arguments, tokenizer, pairs)
    with PartialState().main_process_first():
        checkpoint = last_checkpoint(out)
    if checkpoint:
        _check_layout(checkpoint, trainer)
        _note(f"resuming from {checkpoint}")
        arguments.eval_on_start = False
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    metrics = _final_metrics(trainer)
    _save_model(kind, job, trainer, tokenizer, out)
    record = _record(kind, job, mix, pairs, trainer, metrics)
    if PartialState().is_main_process:
        write_json(out / "metrics.json", {**metrics, "history": trainer.state.log_history})
        (out / "README.md").write_text(model_card(record, mix.manifest), encoding="utf-8")
        write_json(out / RECORD, record)
    return record


def kind_of(job: RewardJob | DPOJob) -> Kind:
    """What the job trains."""
    return "reward" if isinstance(job, RewardJob) else "dpo"


def make_arguments(kind: Kind, job: RewardJob | DPOJob, mix: Mix, out: Path) -> Any:
    """TRL's arguments: our defaults, what the hardware has, the preset, over them the job's own `trainer:` block."""
    values: dict[str, Any] = {
        "report_to": "none",
        **schedule_defaults(job, mix),
        **hardware.training_defaults(hardware.detect()),
        **preset_arguments(job.preset, kind, job.trainer),
        **_current_names(job.trainer),
        **batch_arguments(job, PartialState().num_processes),
        "output_dir": str(out),
    }
    values |= schedule_arguments(job, mix, values)
    return make_trainer_arguments(RewardConfig if kind == "reward" else DPOConfig, values)


def _current_names(trainer: dict[str, Any]) -> dict[str, Any]:
    """`trainer` with the older name of activation checkpointing, which TRL still documents, replaced by the new one."""
    if "gradient_checkpointing" not in trainer:
        return trainer
    rest = {key: value for key, value in trainer.items() if key != "gradient_checkpointing"}
    return {"activation_checkpointing": trainer["gradient_checkpointing"], **rest}


def make_trainer(job: RewardJob | DPOJob, arguments: Any, tokenizer: PreTrainedTokenizerBase, pairs: Pairs) -> Any:
    """The trainer of a job, its model loaded; raises InputError where TRL refuses the job or a row's label is wrong."""
    if is_deepspeed_zero3_enabled():
        raise InputError(
            "DeepSpeed's ZeRO stage 3 is not supported: models are read, checked and merged whole. Take "
            "configs/accelerate/fsdp.yaml for a model that does not fit on one device, or zero_stage 2"
        )
    kind = kind_of(job)
    pairs = pairs.with_labels(job.labels)
    set_seed(arguments.seed)  # the head of a reward model is drawn when the model is loaded
    model = _load_base(kind, job, arguments, tokenizer)
    pad, multiple = tokenizer.pad_token_id, arguments.pad_to_multiple_of
    collator: Any = WithLabels(
        PromptAndResponses(pad, multiple) if kind == "reward" else DPOCollator(pad, pad_to_multiple_of=multiple)
    )
    out = Path(arguments.output_dir)
    prompts = {source: prompt_numbers(rows["prompt_id"]) for source, rows in pairs.heldout.items()}
    grounding = Grounding(job.grounding, prompts, out)
    share_prompts = False
    if job.preset == "fast":
        packed = PackedPairs(collator, pad)
        share_prompts = _decided(lambda: can_share_prompts(model, packed([pairs.train[-1]])))
        collator = packed if share_prompts else collator
    trainer_class = PerSourceRewardTrainer if kind == "reward" else PerSourceDPOTrainer
    try:
        trainer = trainer_class(
            model=model,
            args=arguments,
            data_collator=collator,
            processing_class=tokenizer,
            train_dataset=pairs.train,
            eval_dataset=pairs.heldout or None,
            grounding=grounding,
            peft_config=None if job.lora is None else make_lora(job.lora, kind),
            share_prompts=share_prompts,
        )
    except (ValueError, NotImplementedError) as error:
        raise InputError(f"TRL refuses this job: {error}") from error
    trainer.remove_callback(ProgressCallback)
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(Progress())
    trainer.add_callback(Live(f"Training of {out.name}: {kind} on {job.model}", grounding, out))
    return trainer


def _decided(question: Callable[[], bool]) -> bool:
    """What the first process answers, for all: others may hold a model without its weights yet (FSDP)."""
    answer = [PartialState().is_main_process and question()]
    return bool(broadcast_object_list(answer)[0])


def _load_base(kind: Kind, job: RewardJob | DPOJob, arguments: Any, tokenizer: PreTrainedTokenizerBase) -> Any:
    options = dict(arguments.model_init_kwargs or {})
    model = load_reward_model(job.model, **options) if kind == "reward" else load_causal_lm(job.model, **options)
    model.config.pad_token_id = tokenizer.pad_token_id
    return model


def _check_layout(checkpoint: Path, trainer: Any) -> None:
    """Raise InputError where this run could not read the optimiser's state, or would leave it out."""
    runs = "FSDP" if trainer.is_fsdp_enabled else "DeepSpeed" if trainer.is_deepspeed_enabled else "one process or DDP"
    wrote = layout(checkpoint)
    if wrote != runs:
        raise InputError(
            f"{checkpoint} was saved by {wrote}, and this run ({runs}) can't go on from it. Run the "
            "command with the accelerate configuration of before, or with --overwrite to start anew"
        )


def _final_metrics(trainer: Any) -> dict[str, Any]:
    """The metrics of the finished model, from the evaluation of its step, or from a new one."""
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    metrics = {"train_loss": losses[-1]} if losses else {}
    if not trainer.eval_dataset:
        return metrics
    entries = [entry for entry in trainer.state.log_history if entry["step"] == _finished_step(trainer)]
    evaluated = {key: value for entry in entries for key, value in entry.items() if key.startswith("eval_")}
    cost = ("runtime", "per_second", "model_preparation_time")
    return metrics | {key: value for key, value in (evaluated or trainer.evaluate()).items() if not key.endswith(cost)}


def _finished_step(trainer: Any) -> int:
    """The step whose model is the finished one: the last, or the best where that was loaded again."""
    loaded = trainer.args.load_best_model_at_end and trainer.state.best_model_checkpoint is not None
    return int(trainer.state.best_global_step if loaded else trainer.state.global_step)


def _save_model(
    kind: Kind, job: RewardJob | DPOJob, trainer: Any, tokenizer: PreTrainedTokenizerBase, out: Path
) -> None:
    """Leave a model in `out` that from_pretrained loads by itself: a LoRA adapter is merged into its base, and kept."""
    if job.lora is None:
        trainer.save_model(str(out))
    else:
        adapter = out / "adapter"
        trainer.save_model(str(adapter))
        if PartialState().is_main_process:
            base = _load_base(kind, job, trainer.args, tokenizer)
            PeftModel.from_pretrained(base, str(adapter)).merge_and_unload().save_pretrained(out)
    if PartialState().is_main_process:
        tokenizer.save_pretrained(out)


def _record(
    kind: Kind, job: RewardJob | DPOJob, mix: Mix, pairs: Pairs, trainer: Any, metrics: dict[str, Any]
) -> dict[str, Any]:
    rows = {"train": len(pairs.train), **{name: len(split) for name, split in pairs.heldout.items()}}
    simulated = sum(pairs.train["simulated"]) if "simulated" in pairs.train.column_names else 0
    return {
        "schema": 1,
        "kind": kind,
        "base_model": job.model,
        "beta": trainer.args.beta if kind == "dpo" else None,
        "max_length": trainer.args.max_length,
        "lora": job.lora,
        "preset": job.preset,
        "labels": job.labels,
        "trainer": job.model_dump(mode="json")["trainer"],
        "mix": {
            "path": str(mix.path),
            "content_sha256": mix.manifest.get("content_sha256"),
            "requested": mix.manifest.get("requested"),
            "realised": pairs.realised,
        },
        "counts": {"rows": rows, "too_long": pairs.dropped, "simulated": simulated},
        "steps": trainer.state.global_step,
        "processes": PartialState().num_processes,
        "model_of_step": _finished_step(trainer),
        "grounding": trainer.grounding.summary(),
        "metrics": metrics,
        "precision": "bf16" if trainer.args.bf16 else "fp16" if trainer.args.fp16 else "fp32",
        "versions": {"firsthand": __version__, **{name: importlib.metadata.version(name) for name in VERSIONS}},
    }


def _report(pairs: Pairs, max_length: int) -> None:
    """Say what was dropped, and the ratio of what is left."""
    for split, sources in pairs.dropped.items():
        for source, count in sources.items():
            _note(f"{split}: {count} {source} pairs are longer than max_length {max_length} tokens and are left out")
    shares = ", ".join(f"{source} {of['share']:.3f} ({of['rows']:.0f} rows)" for source, of in pairs.realised.items())
    _note(f"training on {len(pairs.train)} pairs: {shares}")


def _report_labels(job: RewardJob | DPOJob, mix: Mix, pairs: Pairs) -> None:
    """Say where the job leaves the mix's labels out of the loss, or counts one doubt twice."""
    if not job.weights and len(pairs.train.unique("weight")) > 1:
        _note("the mix weighs its rows, but this job counts each the same; weights: true uses the mix's weights")
    if not job.soft_labels and mix.manifest.get("calibration"):
        _note("the mix holds calibrated probabilities, but this job takes labels as sure; soft_labels: true uses them")
    human = mix.manifest.get("config", {}).get("human", {})
    if job.weights and job.soft_labels and human.get("trust") and human.get("aggregate") == "dawid-skene":
        _note(
            "Dawid and Skene's model doubts people's labels twice here, in the weights and in p_chosen; "
            "take human.aggregate: majority, or one of weights and soft_labels"
        )


def _note(text: str) -> None:
    if PartialState().is_main_process:
        note(text)


def _say(text: str) -> None:
    if PartialState().is_main_process:
        say(text)
