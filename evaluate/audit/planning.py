"""How many votes of people it takes to rule a bias out: asked of simulated worlds like the store.

The standard error e of an affinity, in points, is that of WORLDS simulated audits of BASE_PAIRS comparisons by an
unbiased judge. An effect of the margin is ruled out at e* (power.py), and as e falls with the root of the comparisons,
BASE_PAIRS (e / e*)^2 of them are needed. The cheapest plan is then played, corrected where its errors turn out larger,
and told with the share of simulated audits in which it ruled the margin out; one of more than MOST_PLAYED is not. Every
comparison is on a prompt of its own, and of the covariates length alone is held constant.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import binom, norm
from tqdm import tqdm

from firsthand.errors import InputError
from firsthand.evaluate.audit.affinity import Design, Fit, design, fit
from firsthand.evaluate.audit.affinity_findings import headline_findings
from firsthand.evaluate.audit.config import LENGTH, AuditConfig
from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.power import POWER, ruling_out_error
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.targets import Target, own_target
from firsthand.evaluate.audit.testable import no_people, no_target
from firsthand.evaluate.simulate import Judge, World, simulate
from firsthand.evaluate.table import counted, plain, table
from firsthand.lineage import Lineage

BASE_PAIRS, WORLDS = 1_500, 10
ROUNDS, NEAR_ENOUGH = 5, 1.05
"""The cheapest plan is played, and made larger until its error is this near to what it must be, at most so often."""
FEWEST, MOST_PLAYED = 100, 50_000
"""Comparisons of a plan, and of the largest one that is played."""
OWN_SHARE = 2 / 3
VOTES_EACH = (2, 3)


@dataclass(frozen=True, slots=True)
class Option:
    """A design: comparisons, of them own of the judge's kind, with so many votes of people each."""

    votes_each: int
    comparisons: int
    own: int

    @property
    def votes(self) -> int:
        """Of people, in all."""
        return self.votes_each * self.comparisons


@dataclass(frozen=True, slots=True)
class Plan:
    """Designs that would rule an effect of the margin out with a chance of POWER, and the best one's share when played.

    like: the judge whose votes the simulated worlds resemble, None for typical ones. ruled_out: None where the best one
    is too large to be played.
    """

    margin: float
    like: str | None
    world: World
    options: list[Option]
    best: Option
    ruled_out: float | None


def make_plan(store: AuditTable | None, lineages: Mapping[str, Lineage], config: AuditConfig) -> Plan:
    """A plan for worlds like the store's, where one of its judges can be fitted, else for typical ones.

    Raises InputError where no simulated audit could be fitted.
    """
    like, world = _world_of(store, lineages)
    enough = ruling_out_error(config.margin_points, config.alpha)
    options = []
    for votes in tqdm(VOTES_EACH, desc="designs", disable=None):
        played = _played(_sized(replace(world, votes=votes), BASE_PAIRS), config)
        if error := _error(played, config.alpha):
            options.append(_option(votes, BASE_PAIRS * (error / enough) ** 2))
    if not options:
        raise InputError(
            f"no plan can be made: no audit of worlds like the store's votes on {like} could be fitted; take a store "
            "with votes of several people a comparison"
        )
    best, played = options[0], list[Finding]()
    for rounds_left in reversed(range(ROUNDS)):
        cheapest = min(options, key=lambda option: option.votes)
        if played and cheapest == best:
            break
        if cheapest.comparisons > MOST_PLAYED:
            best, played = cheapest, []
            break
        best, played = (
            cheapest,
            _played(_sized(replace(world, votes=cheapest.votes_each), cheapest.comparisons), config),
        )
        error = _error(played, config.alpha)
        if rounds_left and error is not None and error > NEAR_ENOUGH * enough:
            options[options.index(best)] = _option(best.votes_each, best.comparisons * (error / enough) ** 2)
    ruled_out = sum(finding.verdict is Verdict.RULED_OUT for finding in played) / len(played) if played else None
    options.sort(key=lambda option: option.votes_each)
    return Plan(config.margin_points, like, world, options, best, ruled_out)


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan as `--plan --json` prints it."""
    return {
        "schema": 1,
        "margin_points": plan.margin,
        "power": POWER,
        "like": plan.like,
        "options": [
            {"votes_each": one.votes_each, "comparisons": one.comparisons, "own": one.own, "votes": one.votes}
            for one in plan.options
        ],
        "best": {"votes_each": plan.best.votes_each, "ruled_out": plan.ruled_out, "worlds": WORLDS},
    }


def plan_text(plan: Plan) -> str:
    """The plan as a person reads it."""
    worlds = f"votes like those on {plain(plan.like)}" if plan.like else "typical votes (no judge here could be fitted)"
    rows = [[f"{one.votes_each}", f"{one.comparisons:,}", f"{one.own:,}", f"{one.votes:,}"] for one in plan.options]
    return "\n\n".join(
        [
            f"To rule out that a judge favours its own kind by {plan.margin:g} points or more, with a chance of "
            f"{POWER:.0%} where it does not, on {worlds}:",
            table(["people a comparison", "comparisons", "of them with its own kind", "votes of people"], rows),
            _played_words(plan),
            "Each comparison is on a prompt of its own; where several share one, it takes more of them.",
        ]
    )


def _played_words(plan: Plan) -> str:
    if plan.ruled_out is None:
        return (
            f"Reckoned from simulated audits of {BASE_PAIRS:,} comparisons; none of more than {MOST_PLAYED:,} was "
            "played. A wider margin (margin_points) takes fewer."
        )
    fewest, most = binom.interval(0.95, WORLDS, POWER)
    return (
        f"{round(plan.ruled_out * WORLDS)} of {counted(WORLDS, 'simulated audit')} with {plan.best.votes_each} people "
        f"a comparison ruled it out; with a chance of {POWER:.0%}, {fewest:.0f} to {most:.0f} do."
    )


def _world_of(store: AuditTable | None, lineages: Mapping[str, Lineage]) -> tuple[str | None, World]:
    """The first judge with comparisons of its own kind that can be fitted, and a world with its numbers and no bias."""
    if store is None:
        return None, World()
    known = store.attributed()
    for judge, name in enumerate(known.judges):
        own = own_target(known, name, lineages)
        if own is None or no_people(known, judge) or no_target(known, judge, own):
            continue
        given = design(known, judge, {own.name: own.sign(known)}, {}, one_slope=True)
        found = fit(given)
        if found.converged:
            return name, _world(known, own, given, found)
    return None, World()


def _world(known: AuditTable, own: Target, given: Design, found: Fit) -> World:
    strength = found.value[: len(known.authors)]
    others = np.delete(strength, own.authors)
    return World(
        others=max(2, len(others)),
        advantage=float(strength[list(own.authors)].mean() - others.mean()),
        apart=float(others.std(ddof=1)) if len(others) > 1 else World().apart,
        spread=float(np.exp(found.of("log_spread")[0])),
        tie_width=_width(given, found, "log_width"),
        judges=(Judge(found.of("sharpness")[0], tie_width=_width(given, found, "log_judge_width")),),
    )


def _width(given: Design, found: Fit, name: str) -> float:
    """The half-width of indifference, 0 where nobody voted `neither`."""
    return float(np.exp(found.of(name)[0])) if given.free[found.names.index(name)] else 0.0


def _sized(world: World, comparisons: int) -> World:
    own = round(comparisons * OWN_SHARE)
    return replace(world, own_pairs=own, other_pairs=comparisons - own)


def _option(votes: int, comparisons: float) -> Option:
    size = max(FEWEST, math.ceil(comparisons))
    return Option(votes, size, round(size * OWN_SHARE))


def _played(world: World, config: AuditConfig) -> list[Finding]:
    """The headlines of the audits of WORLDS worlds, which have lengths and no other style."""
    config = config.model_copy(update={"covariates": tuple(name for name in config.covariates if name == LENGTH)})
    lineages = {name: Lineage(name, name) for name in simulate(replace(world, own_pairs=2, other_pairs=2), 0).authors}
    lineages["judge-0"] = Lineage("own", "own")
    seeds = tqdm(range(config.seed, config.seed + WORLDS), desc="simulated audits", leave=False, disable=None)
    return [headline_findings(simulate(world, seed), lineages, config)[0] for seed in seeds]


def _error(findings: list[Finding], alpha: float) -> float | None:
    """The root mean square of the standard errors of the findings' points, from their intervals."""
    wide = 2 * float(norm.isf(alpha / 2))
    squares = [((one.points_ci[1] - one.points_ci[0]) / wide) ** 2 for one in findings if one.points_ci is not None]
    return math.sqrt(sum(squares) / len(squares)) if squares else None
