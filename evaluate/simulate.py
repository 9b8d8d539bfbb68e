"""Worlds with a known answer: comparisons, people and judges drawn from the model of the audit and away from it.

Every knob is one way in which the world may differ: what the audit must not be fooled by (quality, sharpness, length,
order, ties, heavy tails, clustered prompts, unequal raters, what judges share) and what it must find (affinity).
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit

from firsthand.bootstrap import FloatArray, IntArray
from firsthand.evaluate.audit.table import NEITHER, AuditTable, B, Votes

STYLE = "bold"
"""As what the simulated style is counted."""


@dataclass(frozen=True, slots=True)
class Judge:
    """How a simulated judge votes; log-odds are those of A being better.

    sharpness: kappa, how strongly it follows quality (people: 1). affinity: gamma, log-odds for its own author.
    length_taste: lambda, beyond what people value. order_pull: pi, log-odds for the response shown first. both_orders:
    asked twice. soft: p_a is recorded. tie_width: half-width of indifference. taste: spread of what it likes in a
    comparison for reasons of its own. shared: weight of a taste that all judges share. style_taste: log-odds for a
    standard deviation of a style that people do not care for. fickle: standard deviation of its affinity between
    prompts, around the one above.
    """

    sharpness: float = 1.0
    affinity: float = 0.0
    length_taste: float = 0.0
    order_pull: float = 0.0
    both_orders: bool = False
    soft: bool = False
    tie_width: float = 0.0
    taste: float = 0.0
    shared: float = 0.0
    style_taste: float = 0.0
    fickle: float = 0.0


@dataclass(frozen=True, slots=True)
class World:
    """A design and its truth.

    own_pairs, other_pairs: comparisons with and without the judges' own author (authors[0]). advantage: mu, quality of
    the own author over the others' mean. apart: standard deviation of the others' qualities. spread: tau, standard
    deviation of quality differences around what the authors explain. tails: degrees of freedom of their Student t
    distribution, None for normal. votes: people a comparison; doubled: share of the comparisons that get more than one
    vote. rater_spread: standard deviation of the raters' log slopes. per_prompt: comparisons a prompt. clustering:
    share of the quality variance that belongs to an author on a prompt and is thus shared by comparisons of it.
    own_longer: standard deviations by which own responses are longer. own_styled: standard deviations by which they
    have more of a style; style_counted: whether the table tells how much (as `bold`). mislabelled: share of the
    comparisons whose own author is recorded as another one. unequal: authors other than the own one appear in shares 1,
    1/2, 1/4, ... disagreeing_dropped: share of the comparisons on which people disagree that nobody keeps, as in sets
    filtered for agreement.
    """

    own_pairs: int = 400
    other_pairs: int = 200
    others: int = 4
    advantage: float = 0.0
    apart: float = 0.4
    spread: float = 1.0
    tails: float | None = None
    votes: int = 3
    doubled: float = 1.0
    raters: int = 12
    rater_spread: float = 0.0
    rater_order_pull: float = 0.0
    tie_width: float = 0.0
    per_prompt: int = 1
    clustering: float = 0.0
    own_longer: float = 0.0
    length_value: float = 0.0
    own_styled: float = 0.0
    style_counted: bool = False
    mislabelled: float = 0.0
    unequal: bool = False
    disagreeing_dropped: float = 0.0
    judges: tuple[Judge, ...] = field(default=(Judge(),))


@dataclass(frozen=True, slots=True)
class Truth:
    """What judges see of N comparisons: (N,) each, A over B, but prompt and the taste that judges share."""

    prompt: IntArray
    quality: FloatArray
    own: FloatArray
    longer: FloatArray
    styled: FloatArray
    shared: FloatArray


def simulate(world: World, seed: int) -> AuditTable:
    """Draw the votes of `world`; the judges are `judge-0`, ..., the authors `own`, `other-1`, ..."""
    chance = np.random.default_rng(seed)
    apart = np.random.default_rng((seed, 1))  # for style and fickle judges: a world without them stays what it is
    pairs = world.own_pairs + world.other_pairs
    prompt = np.repeat(np.arange(-(-pairs // world.per_prompt)), world.per_prompt)[chance.permutation(pairs)]
    author = _authors(world, chance)
    longer = chance.normal(size=pairs) + world.own_longer * _sign(author)
    quality = _quality(world, author, prompt, chance) + world.length_value * longer
    styled = apart.normal(size=pairs) + world.own_styled * _sign(author)
    truth = Truth(prompt, quality, _sign(author), longer, styled, shared=chance.normal(size=pairs))
    people = _people(world, quality, chance)
    judged = [_judged(number, judge, truth, chance, apart) for number, judge in enumerate(world.judges)]
    length = np.exp(6 + 0.25 * np.stack([longer, -longer], axis=1) / 2)
    table = AuditTable(
        prompt=prompt,
        author=_recorded(world, author, chance),
        length=np.round(length).astype(np.float64),
        authors=("own", *(f"other-{number + 1}" for number in range(world.others))),
        raters=tuple(f"rater-{number}" for number in range(world.raters)),
        judges=tuple(f"judge-{number}" for number in range(len(world.judges))),
        people=people,
        judged=_joined(judged),
        styles={STYLE: _counted(styled)} if world.style_counted else {},
    )
    return _filtered(table, world.disagreeing_dropped, chance) if world.disagreeing_dropped else table


def _authors(world: World, chance: np.random.Generator) -> IntArray:
    """(N, 2): own pairs hold author 0 and another, other pairs two others; sides by chance."""
    share = 0.5 ** np.arange(world.others) if world.unequal else np.ones(world.others)
    share = share / share.sum()
    first = np.zeros(world.own_pairs + world.other_pairs, np.int64)
    second = 1 + chance.choice(world.others, len(first), p=share)
    rest = slice(world.own_pairs, None)
    first[rest] = 1 + chance.choice(world.others, world.other_pairs, p=share)
    clash = first == second
    second[clash] = 1 + second[clash] % world.others
    swap = chance.random(len(first)) < 0.5
    return np.where(swap[:, None], np.stack([second, first], axis=1), np.stack([first, second], axis=1))


def _sign(author: IntArray) -> FloatArray:
    """+1 where A is the own author's, -1 where B is, 0 where neither."""
    sign: FloatArray = (author[:, 0] == 0).astype(np.float64) - (author[:, 1] == 0)
    return sign


def _quality(world: World, author: IntArray, prompt: IntArray, chance: np.random.Generator) -> FloatArray:
    """The quality of A over B, in people's log-odds."""
    strength = np.concatenate([[0.0], chance.normal(0, world.apart, world.others)])
    strength[0] = strength[1:].mean() + world.advantage
    pairs = len(prompt)
    shared = chance.normal(size=(prompt.max() + 1, world.others + 1))
    at_prompt = (shared[prompt, author[:, 0]] - shared[prompt, author[:, 1]]) / np.sqrt(2)
    alone = chance.normal(size=pairs) if world.tails is None else _heavy(world.tails, pairs, chance)
    noise = np.sqrt(world.clustering) * at_prompt + np.sqrt(1 - world.clustering) * alone
    difference: FloatArray = strength[author[:, 0]] - strength[author[:, 1]] + world.spread * noise
    return difference


def _heavy(tails: float, count: int, chance: np.random.Generator) -> FloatArray:
    """Student t, scaled to the variance 1."""
    scaled: FloatArray = chance.standard_t(tails, count) / np.sqrt(tails / (tails - 2))
    return scaled


def _people(world: World, quality: FloatArray, chance: np.random.Generator) -> Votes:
    pairs = len(quality)
    votes = np.where(chance.random(pairs) < world.doubled, world.votes, 1)
    pair = np.repeat(np.arange(pairs), votes)
    place = np.arange(len(pair)) - np.repeat(np.cumsum(votes) - votes, votes)
    rater = (chance.integers(0, world.raters, pairs)[pair] + place) % world.raters
    slope = np.exp(chance.normal(0, world.rater_spread, world.raters))
    first = chance.choice([-1, 1], len(pair))
    log_odds = slope[rater] * quality[pair] + world.rater_order_pull * first
    return Votes(pair, rater, _outcome(log_odds, world.tie_width, chance), first, np.full(len(pair), np.nan))


def _counted(styled: FloatArray) -> FloatArray:
    """log(1 + count) of the style in both responses, about 20 in each: (N, 2)."""
    return np.log1p(np.round(np.exp(3 + 0.5 * np.stack([styled, -styled], axis=1) / 2)))


def _judged(number: int, judge: Judge, truth: Truth, chance: np.random.Generator, apart: np.random.Generator) -> Votes:
    pairs = len(truth.quality)
    of_itself = judge.taste * chance.normal(size=pairs) + judge.shared * truth.shared
    affinity = judge.affinity + judge.fickle * apart.normal(size=truth.prompt.max() + 1)[truth.prompt]
    tastes = judge.length_taste * truth.longer + judge.style_taste * truth.styled + of_itself
    log_odds = judge.sharpness * truth.quality + affinity * truth.own + tastes
    pair = np.tile(np.arange(pairs), 2 if judge.both_orders else 1)
    first = np.repeat([1, -1], pairs) if judge.both_orders else chance.choice([-1, 1], pairs)
    shown = log_odds[pair] + judge.order_pull * first
    outcome = _outcome(shown, judge.tie_width, chance)
    p_a = expit(shown) if judge.soft else np.full(len(pair), np.nan)
    if judge.soft:
        outcome = np.where(p_a > 0.5, 0, B)
    return Votes(pair, np.full(len(pair), number), outcome, first, p_a)


def _outcome(log_odds: FloatArray, width: float, chance: np.random.Generator) -> IntArray:
    """A, NEITHER or B by the ordered logit."""
    latent = log_odds + chance.logistic(size=len(log_odds))
    return np.where(latent > width, 0, np.where(latent < -width, B, NEITHER))


def _recorded(world: World, author: IntArray, chance: np.random.Generator) -> IntArray:
    """The authors as the data name them: a share of the own ones under another's name."""
    wrong = chance.random(len(author)) < world.mislabelled
    other = 1 + chance.integers(0, world.others, len(author))
    return np.where(wrong[:, None] & (author == 0), other[:, None], author)


def _filtered(table: AuditTable, dropped: float, chance: np.random.Generator) -> AuditTable:
    """Without a share of the comparisons that people disagree on."""
    votes = table.people
    given = np.zeros((len(table), 3), bool)
    given[votes.pair, votes.outcome] = True
    return table.part((given.sum(axis=1) < 2) | (chance.random(len(table)) >= dropped))


def _joined(parts: list[Votes]) -> Votes:
    names = ("pair", "voter", "outcome", "first", "p_a")
    return Votes(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
