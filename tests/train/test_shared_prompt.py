from pathlib import Path
from typing import Any

import pytest
import torch

from firsthand.config import check_config
from firsthand.models import load_causal_lm, load_tokenizer
from firsthand.train.arguments import LOSSES
from firsthand.train.jobs import DPOJob, RewardJob
from firsthand.train.pairs import read_mix, tokenise
from firsthand.train.run import kind_of, make_arguments, make_trainer
from firsthand.train.shared_prompt import PackedPairs, can_share_prompts
from firsthand.train.trainers import DPOCollator

LORA = {"r": 4, "target_modules": "all-linear"}


def loss_and_gradients(job: Any, mix_folder: Path, out: Path) -> tuple[float, dict[str, torch.Tensor]]:
    """Of the same three pairs under the same adapter, whatever the preset."""
    mix = read_mix(mix_folder)
    tokenizer = load_tokenizer(job.model)
    pairs = tokenise(mix, tokenizer, 128)
    trainer = make_trainer(job, make_arguments(kind_of(job), job, mix, out), tokenizer, pairs)
    assert trainer.share_prompts == (job.preset == "fast")
    torch.manual_seed(1)
    for name, weights in trainer.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=0.1)
    trainer.model.train()
    loss = trainer.compute_loss(trainer.model, trainer.data_collator([trainer.train_dataset[at] for at in (0, 3, 7)]))
    loss.backward()
    return loss.item(), {name: w.grad for name, w in trainer.model.named_parameters() if w.grad is not None}


@pytest.mark.usefixtures("float32")
@pytest.mark.parametrize("kind", [RewardJob, DPOJob])
def test_the_fast_preset_computes_the_same_loss_and_gradients(
    kind: Any, write_mix: Any, tiny_model: str, tmp_path: Path
) -> None:
    mix = write_mix(human=6, synthetic=4, heldout=0)
    (plain_loss, plain), (fast_loss, fast) = (
        loss_and_gradients(check_config({"model": tiny_model, "lora": LORA, "preset": preset}, kind), mix, tmp_path)
        for preset in ("none", "fast")
    )
    assert fast_loss == pytest.approx(plain_loss, rel=1e-5)
    assert plain.keys() == fast.keys()
    for name, gradient in plain.items():
        torch.testing.assert_close(fast[name], gradient, rtol=1e-3, atol=1e-5 * float(gradient.abs().max()))


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_every_loss_of_trl_gives_a_gradient(loss: str, write_mix: Any, tiny_model: str, tmp_path: Path) -> None:
    smoothing = {"label_smoothing": 0.001} if loss == "exo_pair" else {}
    content = {"model": tiny_model, "lora": LORA, "preset": "fast", "trainer": {"loss_type": loss, **smoothing}}
    mix = write_mix(human=6, synthetic=4, heldout=0)
    value, gradients = loss_and_gradients(check_config(content, DPOJob), mix, tmp_path / "out")
    assert torch.isfinite(torch.tensor(value))
    assert any(float(gradient.abs().max()) > 0 for gradient in gradients.values())


def test_a_model_with_another_attention_does_not_share_prompts(tiny_model: str) -> None:
    model = load_causal_lm(tiny_model, attn_implementation="eager")
    row = {"prompt_ids": [1, 5, 6], "chosen_ids": [7, 8], "rejected_ids": [9]}
    assert not can_share_prompts(model, PackedPairs(DPOCollator(2), 2)([row]))
