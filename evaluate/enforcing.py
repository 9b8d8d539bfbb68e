"""Rules at work: raters whose figures cross a limit are warned, then paused, each with the evidence."""

from firsthand.collect.accounts.account import State
from firsthand.collect.accounts.people import everyone, set_state
from firsthand.collect.accounts.rows import record_event
from firsthand.collect.admin.figures import Quality
from firsthand.collect.admin.log import WARNED, last_resumed, standing_warnings
from firsthand.collect.serve_config import Rules
from firsthand.evaluate.rules import Decision, decide
from firsthand.store import Store


def enforce(store: Store, quality: Quality, rules: Rules) -> list[Decision]:
    """Pause every active rater whose figures cross a limit that pauses, warn for the others; returns what was done.

    A limit warns once until the rater is resumed. Someone resumed since the figures were measured is left alone: the
    figures to come judge by what they do from then on.
    """
    active = {account.id for account in everyone(store) if account.state is State.ACTIVE}
    resumed, warned = last_resumed(store), standing_warnings(store)
    done = []
    for figures in quality.raters:
        if figures.name not in active or resumed.get(figures.name, "") > quality.measured_at:
            continue
        known = {event.detail.get("rule") for event in warned.get(figures.name, ())}
        for decision in decide(figures, rules):
            if decision.level == "pause":
                set_state(store, figures.name, State.PAUSED, f"{decision.evidence}.")
                done.append(decision)
                break
            if decision.rule not in known:
                _warn(store, decision)
                done.append(decision)
    return done


def _warn(store: Store, decision: Decision) -> None:
    detail = {"rule": decision.rule, "reason": f"{decision.evidence}."}
    with store.engine.begin() as connection:
        record_event(connection, decision.rater, WARNED, None, detail)
