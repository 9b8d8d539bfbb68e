"""One pass over a pair's prompt instead of two: the heart of `preset: fast`.

TRL lays a pair out as two rows, each with the whole prompt. Here a pair is one row, [prompt, chosen, rejected], in
which an attention mask keeps the two responses apart and both start at the position after the prompt: the same numbers
for less work (prefix sharing, arXiv:2410.20305). The last prompt token stands at the head of both responses, because it
predicts the first token of each.
"""

import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import trl.trainer.utils
from torch.nn.utils.rnn import pad_sequence

SCORES = ("log_probs", "entropy", "mean_logits", "is_top1", "log_sum_sq_probs")
"""What TRL's fused head returns for every token."""


@dataclass
class PackedPairs:
    """A collator that adds the packed layout to the batch of `collator`, TRL's own.

    With p pairs, n tokens in the longest packed row and m in the longest of TRL's rows, it adds packed_ids,
    packed_positions and packed_labels of shape (p, n); packed_mask (p, 1, n, n); packed_index (2p, m - 1): where in
    its row of n - 1 packed scores each of TRL's scores is, -1 for none; packed_ends (p, 2): the last token of each
    response.
    """

    collator: Any
    pad_token_id: int

    def __call__(self, examples: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """A batch in both layouts."""
        batch: dict[str, Any] = self.collator(examples)
        rows = [_packed_row(row) for row in examples]
        ids, positions, branches, labels = ([row[part] for row in rows] for part in range(4))
        branch = pad_sequence(branches, batch_first=True, padding_value=-1)
        batch["packed_ids"] = pad_sequence(ids, batch_first=True, padding_value=self.pad_token_id)
        batch["packed_positions"] = pad_sequence(positions, batch_first=True)
        batch["packed_labels"] = pad_sequence(labels, batch_first=True, padding_value=-100)
        batch["packed_mask"] = _attends(branch).unsqueeze(1)
        batch["packed_index"] = _index(examples, batch["input_ids"].size(1) - 1)
        batch["packed_ends"] = torch.tensor([_ends(row) for row in examples])
        return batch


class SharedPrompt:
    """A model that takes batches of `PackedPairs` and answers in TRL's layout: scores (2p, m - 1), rewards (2p, 1)."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __call__(self, **inputs: Any) -> Any:
        """The outputs that TRL's losses read; inputs without the packed layout pass through."""
        if "packed_ids" not in inputs:
            return self.model(**inputs)
        if not inputs.get("fused_lm_head"):
            rewards = self.model(**_backbone_inputs(inputs), pool=inputs["packed_ends"])
            return types.SimpleNamespace(logits=rewards.transpose(0, 1).reshape(-1, 1))
        with _only_scored_positions():
            outputs = self.model(**_backbone_inputs(inputs), labels=inputs["packed_labels"], fused_lm_head=True)
        spread = {name: _spread(getattr(outputs, name), inputs["packed_index"]) for name in SCORES}
        return types.SimpleNamespace(**spread, aux_loss=outputs.aux_loss)


def add_pooling(model: Any) -> None:
    """Let the reward model take `pool`, token positions of shape (p, 2), and return the scores there, shape (p, 2)."""
    forward = model.forward

    def pooled_forward(self: Any, *args: Any, pool: torch.Tensor | None = None, **inputs: Any) -> Any:
        if pool is None:
            return forward(*args, **inputs)
        hidden = getattr(self, self.base_model_prefix)(*args, **inputs).last_hidden_state
        rows = torch.arange(len(hidden), device=hidden.device).unsqueeze(1)
        return self.score(hidden[rows, pool]).squeeze(-1)

    model.forward = types.MethodType(pooled_forward, model)


def can_share_prompts(model: Any, batch: dict[str, torch.Tensor]) -> bool:
    """Whether `model` computes the same in both layouts of `batch`; windowed or recurrent attention does not."""
    if model.config.get_text_config()._attn_implementation != "sdpa":
        return False
    backbone = getattr(model, model.base_model_prefix)
    with torch.no_grad():
        plain = backbone(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
        packed = backbone(**_backbone_inputs(batch)).last_hidden_state
    pairs = torch.arange(len(packed)).unsqueeze(1)
    last = plain[torch.arange(len(plain)), batch["attention_mask"].sum(dim=1) - 1]
    packed_last = packed[pairs, batch["packed_ends"]].transpose(0, 1).reshape_as(last)
    return bool((last - packed_last).abs().max() <= 1e-3 * last.abs().max())


def _backbone_inputs(batch: dict[str, Any]) -> dict[str, Any]:
    return {
        "input_ids": batch["packed_ids"],
        "attention_mask": batch["packed_mask"],
        "position_ids": batch["packed_positions"],
        "use_cache": False,
    }


def _packed_row(row: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Token ids, positions, branches (0 prompt, 1 chosen, 2 rejected) and labels of one pair."""
    head = row["prompt_ids"][-1:]
    before = len(row["prompt_ids"]) - len(head)
    ids = list(row["prompt_ids"][:before])
    positions = list(range(before))
    branches = [0] * before
    labels = [-100] * before
    for branch, response in ((1, row["chosen_ids"]), (2, row["rejected_ids"])):
        tokens = head + response
        ids += tokens
        positions += range(before, before + len(tokens))
        branches += [branch] * len(tokens)
        labels += [-100, *tokens[1:]]
    return torch.tensor(ids), torch.tensor(positions), torch.tensor(branches), torch.tensor(labels)


def _attends(branch: torch.Tensor) -> torch.Tensor:
    """Who attends to whom, (p, n, n): earlier tokens of the prompt or of the same branch; padding to itself alone."""
    size = branch.size(1)
    earlier = torch.ones(size, size, dtype=torch.bool).tril()
    query, key = branch.unsqueeze(2), branch.unsqueeze(1)
    return (earlier & (key >= 0) & ((key == 0) | (key == query))) | torch.eye(size, dtype=torch.bool)


def _index(examples: Sequence[dict[str, Any]], width: int) -> torch.Tensor:
    index = torch.full((2 * len(examples), width), -1)
    for number, row in enumerate(examples):
        start = max(len(row["prompt_ids"]) - 1, 0)
        first, last = _ends(row)
        for at, end, response in ((number, first, "chosen_ids"), (number + len(examples), last, "rejected_ids")):
            count = min(len(row[response]), end)
            index[at, start : start + count] = torch.arange(end - count, end)
    return index


def _ends(row: dict[str, Any]) -> tuple[int, int]:
    """The positions of the last chosen and the last rejected token in the packed row."""
    heads = min(len(row["prompt_ids"]), 1)
    first = len(row["prompt_ids"]) + len(row["chosen_ids"]) - 1
    return first, first + heads + len(row["rejected_ids"])


def _spread(scores: torch.Tensor | None, index: torch.Tensor) -> torch.Tensor | None:
    """Scores of packed rows, (p, n - 1), in TRL's rows, (2p, m - 1); zero where there is none."""
    if scores is None:
        return None
    spread = scores.repeat(2, 1).gather(1, index.clamp(min=0))
    return spread.masked_fill(index < 0, 0)


@contextmanager
def _only_scored_positions() -> Iterator[None]:
    """Have TRL's fused head score the positions that have a label and no others.

    It does so on graphics processors; elsewhere it scores every position, to keep shapes fixed for compilers, and none
    runs on a processor.
    """
    before = trl.trainer.utils._use_triton
    trl.trainer.utils._use_triton = lambda _device: True
    try:
        yield
    finally:
        trl.trainer.utils._use_triton = before
