"""Labels that the queue sent to the worthiest comparisons are weighed, so that win rates stay true."""

import random
from itertools import cycle

from builders import fill, synthetic
from rating_work import assignment

from firsthand.collect.work.answers import as_seen
from firsthand.collect.work.items import Rater, next_items
from firsthand.collect.work.proposals import worth_before_people
from firsthand.collect.work.targets import prepare_work
from firsthand.collect.work.verdicts import Answer, record
from firsthand.evaluate.winrate.outcomes import author_outcomes
from firsthand.evaluate.winrate.report import measure_win_rates
from firsthand.records import Verdict

PLAN = assignment(order={"policy": "informative", "random_share": 0.3})


def test_win_rates_stay_true_where_people_are_sent_to_the_worthiest(store):
    # On even questions the judge is sure of model-x and right; on odd ones it is unsure, and model-x wins every second
    # time.
    fill(store, [synthetic(n, p_a=0.51 if n % 2 else 0.99) for n in range(160)])
    prepare_work(store, PLAN)
    assert worth_before_people(store) is None
    chance, odd = random.Random(5), cycle([True, False])
    for _ in range(80):
        (item,) = next_items(store, PLAN, Rater("ann"), 1, chance)
        is_unsure = int(item.comparison.prompt[0]["content"].removeprefix("question ")) % 2
        x = Verdict.A if item.comparison.a.author == "model-x" else Verdict.B
        said = x if not is_unsure or next(odd) else x.swapped()
        record(store, "ann", item.lease, Answer(as_seen(said, item.shown_first)))
    worth = worth_before_people(store)
    assert sorted(set(worth.values())) == [5, 10]
    fill(store, [synthetic(n, p_a=0.9, judge="late") for n in range(160)])
    assert worth_before_people(store) == worth  # nobody was sent by what this judge says
    outcomes = [one for one in author_outcomes(store, ["judge-1"]) if one.author == "model-x"]
    (bent,), (weighed,) = (measure_win_rates(outcomes, values=values) for values in (None, worth))
    # model-x wins all of one half and half of the other: 0.75 in the mean. Most labels are on the half it can lose.
    assert bent.people.ci[1] < 0.75
    assert weighed.people.ci[0] < 0.75 < weighed.people.ci[1]
    assert weighed.corrected.ci[0] < 0.75 < weighed.corrected.ci[1]
    assert (bent.strata, weighed.strata) == (1, 2)
