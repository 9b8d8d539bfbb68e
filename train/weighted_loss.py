"""What a row's own labels do to its loss: how much it counts, how sure its label is, by how much it has to win.

Each function takes tensors with one element a pair and returns one loss a pair; `weighted_mean` makes one number of
them. With weight 1, p_chosen 1 and margin 0 they are TRL's losses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch.nn.functional import logsigmoid

LABELS = ("weight", "p_chosen", "margin")
"""Columns of a mix that belong to the loss and never to the model."""


@dataclass(frozen=True, slots=True)
class RowLabels:
    """Labels of a batch, each of shape (pairs,).

    weight: how much each pair counts, 1 on average over the split (see `weighted_mean`). p_chosen: probability that the
    chosen response is the better one. margin: by how much its reward has to be higher.
    """

    weight: torch.Tensor
    p_chosen: torch.Tensor
    margin: torch.Tensor

    @classmethod
    def of(cls, columns: Mapping[str, torch.Tensor], like: torch.Tensor) -> "RowLabels":
        """The labels among `columns`; one that is absent is neutral, in the shape and on the device of `like`."""
        one = torch.ones_like(like, dtype=torch.float32)
        return cls(columns.get("weight", one), columns.get("p_chosen", one), columns.get("margin", 0 * one))


def weighted_mean(losses: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """mean_i(w_i * l_i), where the weights of a split have mean 1.

    Over a whole split this is sum(w_i * l_i) / sum(w_i): a row of weight 2 counts as that row twice. The mean weight is
    taken over the split, not over the batch: dividing by a batch's own weights would undo them wherever a batch holds
    rows of one weight (each batch of one row, for a start), and would depend on how rows are cut into batches,
    processes and accumulation steps. This way the gradient of a batch has the split's as its expectation.
    """
    return (weight * losses).mean()


def soft(loss: Callable[[torch.Tensor], torch.Tensor], gap: torch.Tensor, p_chosen: torch.Tensor) -> torch.Tensor:
    """The loss expected when the label is right with probability p: p * loss(gap) + (1 - p) * loss(-gap).

    With loss(x) = -log sigmoid(x) this is the cross-entropy of p under Bradley and Terry's model, least where
    sigmoid(gap) = p; for DPO it is the conservative DPO of Mitchell (2023, https://ericmitchell.ai/cdpo.pdf).
    """
    return p_chosen * loss(gap) + (1 - p_chosen) * loss(-gap)


def logistic(gap: torch.Tensor) -> torch.Tensor:
    """-log sigmoid(gap), Bradley and Terry's loss of a pair whose chosen reward is higher by `gap`."""
    return -logsigmoid(gap)


def reward_losses(
    chosen: torch.Tensor, rejected: torch.Tensor, labels: RowLabels, centre: float | None
) -> torch.Tensor:
    """Soft Bradley-Terry loss of rewards r, each of shape (pairs,), with margin m and probability p.

    -p * log sigmoid(r_c - r_r - m) - (1 - p) * log sigmoid(m - r_c + r_r) + centre * (r_c + r_r)^2

    The margin is that of Touvron et al. (2023, arXiv 2307.09288, equation 2); the loss is least at the gap
    m + logit(p). The last term keeps rewards around 0 (Eisenstein et al. 2023, arXiv 2312.09244).
    """
    losses = soft(logistic, chosen - rejected - labels.margin, labels.p_chosen)
    return losses if centre is None else losses + centre * (chosen + rejected) ** 2
