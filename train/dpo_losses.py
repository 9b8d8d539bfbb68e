"""TRL's DPO losses, one a pair instead of their mean, so that each pair's label can enter its own loss.

tests/train/test_weighted_loss.py holds every one of them against TRL's.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn.functional import logsigmoid

from firsthand.train.weighted_loss import RowLabels, logistic, soft


@dataclass(frozen=True, slots=True)
class ScoredPairs:
    """What the losses see of a batch; tensors of shape (pairs,).

    chosen, rejected: log pi(y|x) - log pi_ref(y|x) of each response. chosen_length, rejected_length: its tokens.
    chosen_logp: log pi of the chosen response's tokens, each counted in full. beta, smoothing (label_smoothing) and tau
    (discopop_tau) are TRL's arguments.
    """

    chosen: torch.Tensor
    rejected: torch.Tensor
    chosen_length: torch.Tensor
    rejected_length: torch.Tensor
    chosen_logp: torch.Tensor
    labels: RowLabels
    beta: float
    smoothing: float
    tau: float

    @property
    def gap(self) -> torch.Tensor:
        """The gap beta * (chosen - rejected), the difference of the implicit rewards."""
        return self.beta * (self.chosen - self.rejected)

    @property
    def gap_a_token(self) -> torch.Tensor:
        """The difference of chosen and rejected, each divided by the length of its response."""
        return self.chosen / self.chosen_length - self.rejected / self.rejected_length


def dpo_losses(name: str, pairs: ScoredPairs) -> torch.Tensor:
    """TRL's loss `name` of each pair, shape (pairs,); KeyError where a batch has that loss and a pair has none."""
    return ROW_LOSSES[name](pairs)


def sigmoid(pairs: ScoredPairs) -> torch.Tensor:
    """-p * log s(gap - m) - (1 - p) * log s(m - gap), s the logistic function.

    Rafailov et al. (2023, arXiv 2305.18290), with p the conservative DPO of Mitchell (2023), with a margin m the
    offset of Amini et al. (2024, arXiv 2402.10571).
    """
    return soft(logistic, pairs.gap - pairs.labels.margin, pairs.labels.p_chosen)


def sigmoid_norm(pairs: ScoredPairs) -> torch.Tensor:
    """The sigmoid loss of log-ratios divided by the lengths of the responses."""
    return soft(logistic, pairs.beta * pairs.gap_a_token - pairs.labels.margin, pairs.labels.p_chosen)


def hinge(pairs: ScoredPairs) -> torch.Tensor:
    """max(0, 1 - gap + m), as in Zhao et al. (2023, arXiv 2305.10425)."""
    return soft(lambda gap: torch.relu(1 - gap), pairs.gap - pairs.labels.margin, pairs.labels.p_chosen)


def ipo(pairs: ScoredPairs) -> torch.Tensor:
    """(gap_a_token - 1 / (2 beta))^2, Azar et al. (2023, arXiv 2310.12036, equation 17).

    With p it is least at (2p - 1) / (2 beta).
    """
    return soft(lambda gap: (gap - 1 / (2 * pairs.beta)) ** 2, pairs.gap_a_token, pairs.labels.p_chosen)


def sppo_hard(pairs: ScoredPairs) -> torch.Tensor:
    """(chosen - (p - 1/2) / beta)^2 + (rejected + (p - 1/2) / beta)^2, Wu et al. (2024, arXiv 2405.00675, eq. 4.7)."""
    target = (pairs.labels.p_chosen - 0.5) / pairs.beta
    return (pairs.chosen - target) ** 2 + (pairs.rejected + target) ** 2


def robust(pairs: ScoredPairs) -> torch.Tensor:
    """((1 - e) * l(gap) - e * l(-gap)) / (1 - 2e), l the logistic loss; Chowdhury et al. (2024, arXiv 2403.00409)."""
    rate = pairs.smoothing
    return ((1 - rate) * logistic(pairs.gap) - rate * logistic(-pairs.gap)) / (1 - 2 * rate)


def exo_pair(pairs: ScoredPairs) -> torch.Tensor:
    """KL((sigmoid(gap), sigmoid(-gap)) || (1 - e, e)), Ji et al. (2024, arXiv 2402.00856, equation 16)."""
    rate = torch.tensor(pairs.smoothing, device=pairs.gap.device)
    right = torch.sigmoid(pairs.gap) * (logsigmoid(pairs.gap) - torch.log1p(-rate))
    wrong = torch.sigmoid(-pairs.gap) * (logsigmoid(-pairs.gap) - torch.log(rate))
    return right + wrong


def nca_pair(pairs: ScoredPairs) -> torch.Tensor:
    """l(c) + l(-c) / 2 + l(-r) / 2 of the rewards c and r; Chen et al. (2024, arXiv 2402.05369)."""
    chosen, rejected = pairs.beta * pairs.chosen, pairs.beta * pairs.rejected
    return logistic(chosen) + logistic(-chosen) / 2 + logistic(-rejected) / 2


def bco_pair(pairs: ScoredPairs) -> torch.Tensor:
    """l(c) + l(-r) of the rewards c and r; Jung et al. (2024, arXiv 2404.04656)."""
    return logistic(pairs.beta * pairs.chosen) + logistic(-pairs.beta * pairs.rejected)


def apo_zero(pairs: ScoredPairs) -> torch.Tensor:
    """sigmoid(-c) + sigmoid(r) of the rewards; D'Oosterlinck et al. (2024, arXiv 2408.06266, equation 7)."""
    return torch.sigmoid(-pairs.beta * pairs.chosen) + torch.sigmoid(pairs.beta * pairs.rejected)


def apo_down(pairs: ScoredPairs) -> torch.Tensor:
    """sigmoid(c) + sigmoid(r - c) of the rewards; D'Oosterlinck et al. (2024, arXiv 2408.06266, equation 8)."""
    return torch.sigmoid(pairs.beta * pairs.chosen) + torch.sigmoid(-pairs.gap)


def discopop(pairs: ScoredPairs) -> torch.Tensor:
    """l(gap) * (1 - s) + exp(-gap) * s with s = sigmoid(gap / tau); Lu et al. (2024, arXiv 2406.08414, equation 5)."""
    share = torch.sigmoid(pairs.gap / pairs.tau)
    return logistic(pairs.gap) * (1 - share) + torch.exp(-pairs.gap) * share


def sft(pairs: ScoredPairs) -> torch.Tensor:
    """-log pi(chosen) / n, with n the weighted mean of the batch's chosen lengths: together a mean over tokens."""
    weight = pairs.labels.weight
    return -pairs.chosen_logp / ((weight * pairs.chosen_length).sum() / weight.sum())


SOFT: dict[str, Callable[[ScoredPairs], torch.Tensor]] = {
    loss.__name__: loss for loss in (sigmoid, sigmoid_norm, hinge, ipo, sppo_hard)
}
"""Losses with a form for p_chosen below 1."""
MARGINS = frozenset({"sigmoid", "sigmoid_norm", "hinge"})
"""Losses with a form for a margin."""
ROW_LOSSES: dict[str, Callable[[ScoredPairs], torch.Tensor]] = SOFT | {
    loss.__name__: loss for loss in (robust, exo_pair, nca_pair, bco_pair, apo_zero, apo_down, discopop, sft)
}
"""Losses that a pair has by itself; aot and aot_unpaired sort a batch and have none."""
