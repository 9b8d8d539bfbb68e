"""What `evaluate policies` prints."""

from typing import Any

from firsthand.bootstrap import LEVEL
from firsthand.evaluate.policies.config import PoliciesConfig
from firsthand.evaluate.policies.ranking import Pair, Policy, Ranking
from firsthand.evaluate.policies.words import caveats, headline, p_words, rank
from firsthand.evaluate.table import plain, shown, table

SCHEMA = 1


def ranking_json(ranking: Ranking, config: PoliciesConfig) -> dict[str, Any]:
    """The figures as `--json` prints them."""
    compared = ranking.compared
    return {
        "schema": SCHEMA,
        "by": compared.by,
        "counts": {
            "comparisons": len(compared),
            "votes": compared.votes,
            "voters": compared.voters,
            "prompts": compared.prompts,
        },
        "simulated": compared.simulated,
        "interval": {"level": LEVEL, "method": "percentile bootstrap over prompts, refitted", "draws": config.draws},
        "alpha": config.alpha,
        "margin_points": config.margin_points,
        "seed": config.seed,
        "sentence": headline(ranking),
        "tie_rate": ranking.tie_rate,
        "longer_wins": ranking.longer.as_json(),
        "policies": [_policy_json(policy) for policy in ranking.policies],
        "pairs": [_pair_json(pair) for pair in ranking.pairs],
        "left_out": compared.left_out,
    }


def ranking_text(ranking: Ranking, config: PoliciesConfig) -> str:
    """The figures as a person reads them in a terminal."""
    compared = ranking.compared
    policies = [
        [
            plain(policy.author),
            rank(policy),
            *shown(policy.points),
            *shown(policy.strength, 2),
            f"{policy.n:,}",
            "" if policy.length is None else f"{policy.length:,.0f}",
        ]
        for policy in ranking.policies
    ]
    pairs = [
        [
            f"{plain(pair.first)} over {plain(pair.second)}",
            f"{pair.n:,}",
            *(shown(pair.observed) if pair.n else ("", "")),
            *shown(pair.fitted),
            p_words(pair.p_adjusted),
            pair.verdict.value,
        ]
        for pair in ranking.pairs
    ]
    parts = [
        headline(ranking),
        table(["policy", "rank", "points", "", "strength", "", "compared", "characters"], policies),
        table(["pair", "compared", "points", "", "by the model", "", "p adjusted", "different"], pairs),
        "\n".join(caveats(ranking)),
        "\n".join(
            [
                *(f"left out: {count:,} {reason}" for reason, count in compared.left_out.items()),
                f"{compared.votes:,} votes of {compared.voters:,} on {len(compared):,} comparisons of "
                f"{compared.prompts:,} prompts. Points: the chance to be preferred, ties half; strength in logits, "
                f"mean 0. Intervals: {LEVEL:.0%}, {config.draws:,} resamples of prompts, seed {config.seed}; "
                "p by Holm.",
                *(["Simulated: scripts gave some of the votes."] if compared.simulated else []),
            ]
        ),
    ]
    return "\n\n".join(parts)


def _policy_json(policy: Policy) -> dict[str, Any]:
    return {
        "author": policy.author,
        "points": policy.points.as_json(),
        "strength": policy.strength.as_json(),
        "observed": policy.observed.as_json(),
        "rank": [policy.best_rank, policy.worst_rank],
        "mean_length": policy.length,
        "comparisons": policy.n,
    }


def _pair_json(pair: Pair) -> dict[str, Any]:
    return {
        "first": pair.first,
        "second": pair.second,
        "comparisons": pair.n,
        "observed": pair.observed.as_json(),
        "fitted": pair.fitted.as_json(),
        "ties": pair.ties,
        "p": pair.p,
        "p_adjusted": pair.p_adjusted,
        "verdict": pair.verdict.value,
    }
