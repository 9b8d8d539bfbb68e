"""What a training run shows while it runs: a bar at a terminal, and a line for every loss and every evaluation."""

from typing import Any

from tqdm import tqdm
from transformers import TrainerCallback

from firsthand.commandline import note


class Progress(TrainerCallback):
    """Tells the person at the terminal how far training is; silent on all processes but the first."""

    def __init__(self) -> None:
        self._bar: Any = None

    def on_train_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Open the bar; disable=None shows it at a terminal only."""
        if state.is_world_process_zero:
            self._bar = tqdm(
                total=state.max_steps, initial=state.global_step, desc="Training", unit="step", disable=None
            )

    def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Move the bar to the step just done."""
        if self._bar is not None:
            self._bar.update(state.global_step - self._bar.n)

    def on_log(self, _args: Any, state: Any, _control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """One line for a training loss or for one source's evaluation."""
        line = _line(logs or {})
        if line and state.is_world_process_zero:
            with tqdm.external_write_mode():
                note(f"step {state.global_step}/{state.max_steps}: {line}")

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()


def _line(logs: dict[str, Any]) -> str:
    if "loss" in logs:
        return f"loss {logs['loss']:.4f}"
    for source in ("human", "synthetic"):
        prefix = f"eval_{source}_"
        if f"{prefix}loss" in logs:
            figures = ", ".join(_figure(logs, prefix, name) for name in ("accuracy", "reward_gap", "brier"))
            return f"held-out {source} pairs: loss {logs[f'{prefix}loss']:.4f}, {figures}"
    return ""


def _figure(logs: dict[str, Any], prefix: str, name: str) -> str:
    key = prefix + name
    text = f"{name.replace('_', ' ')} {logs[key]:.3f}"
    if f"{key}_low" not in logs:
        return text
    return f"{text} ({logs[f'{key}_low']:.3f} to {logs[f'{key}_high']:.3f})"
