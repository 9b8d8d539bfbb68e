"""Reward model or DPO: what people's votes, the anchor and the costs say together."""

import math
from dataclasses import dataclass

from firsthand.estimates import Estimate
from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.policies.config import PoliciesConfig
from firsthand.evaluate.policies.ranking import FEWEST_PROMPTS, Pair, Ranking, met_on, sign_test
from firsthand.evaluate.policies.ways import Way, Ways
from firsthand.evaluate.policies.words import share, who
from firsthand.evaluate.table import plain


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to "RLHF or DPO?" and what it rests on.

    points: the reward model's way against DPO, in people's comparisons of the two; verdict: detected where the interval
    excludes one half, ruled out where it lies within the margin of it. needed: further comparisons for a clear verdict.
    times: how often the seconds of a DPO response one of the other way takes. even: responses from which on DPO is
    cheaper in all, 0 from the first, None where that can't be told. sentences: what was found, and what to do.
    """

    ways: Ways
    points: Estimate
    verdict: Verdict
    needed: int | None
    times: float | None
    even: float | None
    sentences: tuple[str, ...]


def make_answer(ways: Ways, ranking: Ranking, config: PoliciesConfig) -> Answer:
    """Who wins is asked of people's own comparisons of the two alone, not of the model of all comparisons."""
    pair = ranking.pair(ways.reward.author, ways.dpo.author)
    points = _points(pair, ways.reward.author)
    verdict = _verdict(ways, points, ranking, config)
    needed = _needed(points, pair.n, config) if verdict is Verdict.INCONCLUSIVE else None
    times, even = _times(ways), _even(ways)
    sentences = (
        _people(ways, ranking, points, pair.n),
        _advice(ways, points, verdict, needed, times),
        *_base(ways, ranking),
        _anchor(ways),
    )
    return Answer(ways, points, verdict, needed, times, even, tuple(text for text in sentences if text))


def _points(pair: Pair, first: str) -> Estimate:
    if pair.first == first or pair.observed.value is None:
        return pair.observed
    ci = None if pair.observed.ci is None else (1 - pair.observed.ci[1], 1 - pair.observed.ci[0])
    return Estimate(1 - pair.observed.value, ci, pair.observed.why)


def _verdict(ways: Ways, points: Estimate, ranking: Ranking, config: PoliciesConfig) -> Verdict:
    reward, dpo = (ranking.compared.authors.index(way.author) for way in (ways.reward, ways.dpo))
    if points.value is None or met_on(ranking.compared, reward, dpo) < FEWEST_PROMPTS:
        return Verdict.NOT_TESTABLE
    if points.ci is None:  # all prompts say the same, or hardly any has the two
        p = sign_test(ranking.compared, *((reward, dpo) if points.value > 0.5 else (dpo, reward)))
        return Verdict.DETECTED if p is not None and p < config.alpha else Verdict.NOT_TESTABLE
    low, high = points.ci
    if low > 0.5 or high < 0.5:
        return Verdict.DETECTED
    margin = config.margin_points / 100
    return Verdict.RULED_OUT if 0.5 - margin < low and high < 0.5 + margin else Verdict.INCONCLUSIVE


def _needed(points: Estimate, n: int, config: PoliciesConfig) -> int | None:
    """Further comparisons until the interval reaches no further than the margin: its length falls as 1 / sqrt(n)."""
    if points.ci is None:
        return None
    reach = (points.ci[1] - points.ci[0]) / 2
    return max(1, math.ceil(n * (100 * reach / config.margin_points) ** 2) - n)


def _times(ways: Ways) -> float | None:
    reward, dpo = ways.reward.answering, ways.dpo.answering
    return reward.seconds / dpo.seconds if reward is not None and dpo is not None and dpo.seconds else None


def _even(ways: Ways) -> float | None:
    trained, other = ways.dpo.training.seconds, ways.reward.training.seconds
    reward, dpo = ways.reward.answering, ways.dpo.answering
    if trained is None or other is None or reward is None or dpo is None or reward.seconds <= dpo.seconds:
        return None
    return max(0.0, (trained - other) / (reward.seconds - dpo.seconds))


def _people(ways: Ways, ranking: Ranking, points: Estimate, n: int) -> str:
    one, other = plain(ways.reward.author), plain(ways.dpo.author)
    if not n:
        return f"Nobody compared {one} with {other}: which of them people prefer can't be told."
    voters = who(ranking)
    return f"Of {n:,} comparisons, {voters} gave {one} {share(points)} of the points against {other}."


def _advice(ways: Ways, points: Estimate, verdict: Verdict, needed: int | None, times: float | None) -> str:
    reward, dpo = plain(ways.reward.author), plain(ways.dpo.author)
    price = "" if times is None else f"; a response of {reward} takes {times:.1f} times as long as one of {dpo}"
    cheaper = dpo if times is None or times >= 1 else reward
    if verdict is Verdict.DETECTED and (points.value or 0.0) > 0.5:
        return f"The reward model with best of {ways.reward.best_of} is preferred{price}: take it where that pays."
    if verdict is Verdict.DETECTED:
        return f"The DPO model is preferred{price}: take DPO."
    if verdict is Verdict.RULED_OUT:
        return f"No difference that matters{price}: take {cheaper}."
    if verdict is Verdict.INCONCLUSIVE:
        return (
            f"Not decided{price}. About {needed or 0:,} more comparisons would decide; until then {cheaper} is cheaper."
        )
    return f"Too few comparisons to tell{price}. Have people rate more prompts on firsthand collect serve."


def _base(ways: Ways, ranking: Ranking) -> list[str]:
    """Whether training was worth anything: each way against the model that both started from."""
    if ways.base is None or ways.base not in ranking.compared.authors:
        return []
    better = [way.author for way in (ways.reward, ways.dpo) if _beats(ranking, way.author, ways.base)]
    base = plain(ways.base)
    if not better:
        return [f"Neither is shown to be preferred to {base}, which both started from: the training has yet to pay."]
    if len(better) == 2:
        return [f"Both are preferred to {base}, which they started from."]
    return [f"Only {plain(better[0])} is shown to be preferred to {base}, which both started from."]


def _beats(ranking: Ranking, author: str, base: str) -> bool:
    pair = ranking.pair(author, base)
    return pair.verdict is Verdict.DETECTED and pair.first == author


def _anchor(ways: Ways) -> str:
    reward, dpo = ways.reward.accuracy, ways.dpo.accuracy
    if reward is None or dpo is None:
        return "The mix has no human anchor that both models can read: which agrees more with people can't be told."
    whom = "simulated raters" if ways.simulated else "people"
    agree = (
        f"On the anchor, the reward model agrees with {whom} in {share(reward.model)}, "
        f"the DPO model in {share(dpo.model)}"
    )
    difference = ways.more_accurate
    if difference.ci is None or difference.ci[0] <= 0 <= difference.ci[1]:
        return f"{agree}; neither is shown to agree more."
    return f"{agree}; the {'reward' if difference.ci[0] > 0 else 'DPO'} model agrees more."


def way_name(way: Way) -> str:
    """`reward model, best of 8`, or `DPO`."""
    return f"reward model, best of {way.best_of}" if way.model.kind == "reward" else "DPO"
