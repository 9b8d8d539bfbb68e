"""How the two ways are told, in JSON and as rows of figures."""

from typing import Any

from firsthand.estimates import Estimate
from firsthand.evaluate.policies.ranking import Ranking
from firsthand.evaluate.policies.verdict import Answer, way_name
from firsthand.evaluate.policies.ways import Way, Ways
from firsthand.evaluate.policies.words import share
from firsthand.evaluate.table import plain, table


def ways_json(answer: Answer) -> dict[str, Any]:
    """The figures as `--json` prints them."""
    ways = answer.ways
    return {
        "mix": str(ways.mix),
        "anchor": {"rows": ways.anchor, "too_long": ways.too_long, "simulated": ways.simulated},
        "verdict": answer.verdict.value,
        "sentences": list(answer.sentences),
        "reward_points_against_dpo": answer.points.as_json(),
        "needed": answer.needed,
        "reward_accuracy_minus_dpo": ways.more_accurate.as_json(),
        "seconds_of_reward_per_dpo": answer.times,
        "dpo_cheaper_from_response": answer.even,
        "reward": _way_json(ways.reward),
        "dpo": _way_json(ways.dpo),
    }


def ways_text(answer: Answer, ranking: Ranking) -> str:
    """The figures as a person reads them in a terminal."""
    ways = answer.ways
    heads = ["reward model or DPO?", way_name(ways.reward), way_name(ways.dpo)]
    lines = [*answer.sentences, *notes(answer)]
    return "\n".join(["\n".join(lines), "", table(heads, figures(answer, ranking))])


def figures(answer: Answer, ranking: Ranking) -> list[list[str]]:
    """Rows of a name and a figure of each way."""
    ways, points = answer.ways, answer.points
    ci = None if points.ci is None else (1 - points.ci[1], 1 - points.ci[0])
    other = Estimate(None if points.value is None else 1 - points.value, ci, points.why)
    rows = [
        ["preferred to the other", share(points), share(other)],
        *_against_base(ways, ranking),
        ["human accuracy, anchor", *(_accuracy(way) for way in (ways.reward, ways.dpo))],
        ["nats from the base", f"at most {ways.reward.kl.value or 0.0:.2f}", _nats(ways.dpo.kl)],
    ]
    both = (ways.reward, ways.dpo)
    trained = [way.training for way in both]
    rows += [
        ["training: seconds", *(_number(each.seconds) for each in trained)],
        ["training: tokens", *(_number(each.tokens) for each in trained)],
    ]
    answers = [way.answering for way in both]
    for name, key, places in (
        ("a response: candidates", "candidates", 0),
        ("a response: tokens written", "tokens", 0),
        ("a response: tokens read", "read", 0),
        ("a response: seconds", "seconds", 2),
        ("a response: US dollars", "cost", 5),
    ):
        values = [None if each is None else getattr(each, key) for each in answers]
        if values != [None, None]:
            rows.append([name, *(_number(value, places) for value in values)])
    return rows


def notes(answer: Answer) -> list[str]:
    """What the figures rest on."""
    ways = answer.ways
    found = []
    if answer.even is not None:
        found.append(
            "Seconds in all, training included: DPO is cheaper from the first response on."
            if answer.even == 0
            else f"Seconds in all, training included: DPO is cheaper from {answer.even:,.0f} responses on."
        )
    if ways.reward.answering is None or ways.dpo.answering is None:
        found.append(
            "What a response costs is known only of responses that firsthand collect generate had written into this "
            "store."
        )
    if ways.dpo.kl.value is not None and ways.dpo.kl.why:
        found.append(f"The DPO model's nats are no divergence: {ways.dpo.kl.why}.")
    if ways.too_long:
        found.append(f"{ways.too_long:,} of {ways.anchor:,} anchor rows are too long for one of the models.")
    return found


def _against_base(ways: Ways, ranking: Ranking) -> list[list[str]]:
    if ways.base is None or ways.base not in ranking.compared.authors:
        return []
    cells = []
    for way in (ways.reward, ways.dpo):
        pair = ranking.pair(way.author, ways.base)
        value = pair.observed if pair.n else pair.fitted
        if pair.first != way.author and value.value is not None:
            value = Estimate(1 - value.value, None if value.ci is None else (1 - value.ci[1], 1 - value.ci[0]))
        cells.append(share(value))
    return [[f"preferred to {plain(ways.base)}", *cells]]


def _accuracy(way: Way) -> str:
    return "no anchor" if way.accuracy is None else share(way.accuracy.model)


def _nats(kl: Estimate) -> str:
    if kl.value is None:
        return "unknown"
    return f"{kl.value:.2f}" + ("" if kl.ci is None else f" ({kl.ci[0]:.2f} to {kl.ci[1]:.2f})")


def _number(value: float | None, places: int = 0) -> str:
    return "unknown" if value is None else f"{value:,.{places}f}"


def _way_json(way: Way) -> dict[str, Any]:
    answering, training = way.answering, way.training
    return {
        "author": way.author,
        "model": str(way.model.folder),
        "best_of": way.best_of,
        "accuracy": None if way.accuracy is None else way.accuracy.model.as_json(),
        "longer_wins": None if way.accuracy is None else way.accuracy.longer_wins.as_json(),
        "kl_nats": way.kl.as_json(),
        "training": {
            "rows": training.rows,
            "seconds": training.seconds,
            "tokens": training.tokens,
            "precision": training.precision,
        },
        "response": None
        if answering is None
        else {
            "responses": answering.responses,
            "candidates": answering.candidates,
            "tokens_written": answering.tokens,
            "tokens_read": answering.read,
            "seconds": answering.seconds,
            "cost": answering.cost,
        },
    }
