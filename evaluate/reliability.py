"""How reliable each rater is when nobody knows the truth: Dawid and Skene's model, fitted to all of them at once."""

import pandas as pd

from firsthand.collect.admin.figures import Measured
from firsthand.estimates import Estimate

ITERATIONS = 100


def reliability_by_rater(votes: pd.DataFrame) -> dict[str, Measured]:
    """Each rater's chance of giving the true choice, on the comparisons that several people rated.

    votes: one row a rater and comparison, with comparison_id, annotator and choice (a, b or neither).
    sum_c p_c pi_cc, with p_c the share of comparisons whose true choice is c and pi_cc the rater's chance of saying
    c where it is, by maximum likelihood through EM (Dawid and Skene 1979, equations 2.3 to 2.5). Raters who share no
    comparison with another are absent: nothing can be told of them.
    """
    from crowdkit.aggregation import DawidSkene

    shared = votes[votes.groupby("comparison_id")["annotator"].transform("nunique") > 1]
    if shared.empty:
        return {}
    names = {"comparison_id": "task", "annotator": "worker", "choice": "label"}
    model = DawidSkene(n_iter=ITERATIONS).fit(shared.rename(columns=names)[list(names.values())])
    counts = shared["annotator"].value_counts()
    right: dict[str, float] = dict.fromkeys(counts.index, 0.0)
    for worker, label in model.errors_.index:
        right[worker] += float(model.priors_[label] * model.errors_.loc[(worker, label), label])
    return {str(name): Measured(Estimate(value), int(counts[name])) for name, value in right.items()}
