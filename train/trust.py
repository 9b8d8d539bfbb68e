"""How far people's labels can be believed, from how reliable their raters prove to be where several saw the same."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from firsthand.errors import InputError
from firsthand.train.drops import Drops
from firsthand.train.labels import outweighed
from firsthand.train.mix_config import HumanRules

SIGNS = [-1, 0, 1]
"""What a vote says, and what may be true: B is better, neither, A is better."""
SHRINKAGE = 10.0
"""A rater's own record counts as much as everyone's once it holds this many votes."""
FLOOR = 1e-12
DOUBTED = "not trusted: by its raters' records the label is no likelier right than wrong"


@dataclass(frozen=True, slots=True)
class Raters:
    """What Dawid and Skene's model found.

    priors: (3,) by SIGNS. errors: P(vote | truth), rows (rater, vote), columns the truth. n_compared: comparisons that
    several rated. n_unknown: raters of whom none was.
    """

    priors: "pd.Series[float]"
    errors: pd.DataFrame
    n_compared: int
    n_unknown: int


def trusted(
    labels: pd.DataFrame, votes: pd.DataFrame, rules: HumanRules, drops: Drops
) -> tuple[pd.DataFrame, dict[str, Any] | None]:
    """People's labels with a column `weight` of mean 1, and what the manifest tells of it; all 1 without `trust`.

    A label's weight is P(chosen is better) - P(rejected is better), given the votes that it stands for: 1 where it is
    certain, 0 where it is as likely right as wrong. It is the weight with which a sure label pulls as hard, at a gap of
    0, as a soft one with that probability. `votes` are people's on training prompts, by comparison and annotator.

    Raises InputError where no comparison has votes of two raters.
    """
    if not rules.trust or labels.empty:
        return labels.assign(weight=1.0), None
    raters = rate_raters(votes)
    keys = ["comparison_id", "annotator"] if rules.aggregate == "each-vote" else ["comparison_id"]
    belief = beliefs(votes[~outweighed(votes)], keys, raters)
    leaning = (belief[1] - belief[-1]).reindex(labels.set_index(keys).index).to_numpy(np.float64)
    labels = labels.assign(weight=np.where(labels["chosen"] == "a", leaning, -leaning))
    labels = drops.keep(labels, labels["weight"] > 0, DOUBTED)
    facts = {
        "raters": len(raters.errors) // len(SIGNS),
        "raters_never_compared": raters.n_unknown,
        "comparisons_with_several_raters": raters.n_compared,
    }
    return labels.assign(weight=labels["weight"] / labels["weight"].mean()), facts


def rate_raters(votes: pd.DataFrame) -> Raters:
    """Dawid and Skene's model (1979, doi 10.2307/2346806) of the comparisons that two raters or more saw.

    Each rater's table is drawn towards the table of all: (n * own + SHRINKAGE * all) / (n + SHRINKAGE) after n shared
    votes. So a rater without any counts like the average one, and no vote is taken for impossible after a few.
    """
    from crowdkit.aggregation import DawidSkene

    several = votes.groupby("comparison_id")["annotator"].transform("nunique") > 1
    shared = votes[several]
    if shared.empty:
        raise InputError(
            "human.trust needs comparisons that two people or more rated, on training prompts, and there is none; "
            "have some rated again, or set trust: false"
        )
    answers = pd.DataFrame(
        {"task": shared["comparison_id"], "worker": shared["annotator"], "label": shared["sign"].astype("int64")}
    )
    model = DawidSkene(n_iter=100).fit(answers)
    names = np.sort(votes["annotator"].unique())
    index = pd.MultiIndex.from_product([names, SIGNS], names=["worker", "label"])
    own = model.errors_.reindex(index=index, columns=SIGNS).fillna(0.0)
    counts = shared["annotator"].value_counts().reindex(names).fillna(0)
    n = counts.reindex(index.get_level_values("worker")).to_numpy(np.float64)[:, None]
    everyone = (n * own).groupby(level="label").sum() / len(shared)
    errors = (n * own + SHRINKAGE * np.tile(everyone.loc[SIGNS], (len(names), 1))) / (n + SHRINKAGE)
    return Raters(
        model.priors_.reindex(SIGNS).fillna(0.0),
        errors,
        int(shared["comparison_id"].nunique()),
        int((counts == 0).sum()),
    )


def beliefs(votes: pd.DataFrame, keys: list[str], raters: Raters) -> pd.DataFrame:
    """P(truth | votes) for each group of votes by `keys`, columns SIGNS: prior times the product of P(vote | truth)."""
    said = pd.MultiIndex.from_arrays([votes["annotator"], votes["sign"].astype("int64")])
    likelihood = raters.errors.clip(lower=FLOOR).apply(np.log).reindex(said)
    likelihood.index = pd.MultiIndex.from_frame(votes[keys])
    total = likelihood.groupby(level=keys).sum() + raters.priors.clip(lower=FLOOR).apply(np.log)
    odds = total.sub(total.max(axis=1), axis=0).apply(np.exp)
    return odds.div(odds.sum(axis=1), axis=0)
