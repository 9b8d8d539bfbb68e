"""What is tested of a judge in each of its groups, in words: a line for the terminal, table rows for the page."""

from collections.abc import Sequence

from firsthand.estimates import Estimate
from firsthand.evaluate.calibration import Calibration
from firsthand.evaluate.judges.alternative import EPSILONS, LEAST_ITEMS, LEAST_PEOPLE
from firsthand.evaluate.judges.bench import LEAST_PROMPTS
from firsthand.evaluate.judges.groups import LEANS, Group
from firsthand.evaluate.judges.sureness import Refused
from firsthand.evaluate.table import number, plain, shown

NAMED = 3
HEADS = ["group", "instead of a person", "turns with the order", "pull to the first", "p (Holm)", "calibration error"]
LEGEND = (
    f"Instead of a person: omega for {', '.join(EPSILONS)} annotators, ✓ where the test passes, Holm-corrected over "
    f"all judges and groups; too few: under {LEAST_PEOPLE} people with {LEAST_ITEMS} comparisons each that others "
    f"rated too. Order and calibration need {LEAST_PROMPTS} prompts."
)


def groups_line(groups: Sequence[Group]) -> str:
    """In how many groups each test was made and what came of it, in a sentence."""
    instead = [group for group in groups if group.alternative_p_adjusted]
    ordered = [group for group in groups if group.order_p_adjusted is not None]
    passed = [group for group in instead if any(map(group.passes, EPSILONS))]
    leaning = [group for group in ordered if group.order_verdict in LEANS]
    errors = [group.calibration.ece for group in groups if isinstance(group.calibration, Calibration)]
    told = [
        _of("may stand in for some annotators", passed, instead),
        _of("leans to a position", leaning, ordered),
        _between("share that changes with the order", [group.order.flips for group in groups]),
        _between("calibration error", errors),
    ]
    return "; ".join(part for part in told if part)


def group_rows(groups: Sequence[Group]) -> list[list[str]]:
    """A row for each group, of cells under HEADS."""
    return [
        [
            f"{group.family}: {group.value}",
            _instead(group),
            _cell(group.order.flips),
            _cell(group.order.pull),
            "" if group.order_p_adjusted is None else f"{group.order_p_adjusted:.2g}",
            group.calibration.why
            if isinstance(group.calibration, Refused)
            else f"{_cell(group.calibration.ece)}; {number(group.calibration.ece_if_calibrated)} if calibrated",
        ]
        for group in groups
    ]


def _of(what: str, found: Sequence[Group], tested: Sequence[Group]) -> str:
    if not tested:
        return f"{what}: not testable in any group"
    names = [f"{group.family}: {plain(group.value)}" for group in found[:NAMED]]
    more = [f"{len(found) - NAMED} more"] if len(found) > NAMED else []
    listed = f" ({', '.join([*names, *more])})" if names else ""
    return f"{what} in {len(found)} of {len(tested)} groups tested{listed}"


def _between(what: str, estimates: Sequence[Estimate]) -> str:
    known = [estimate.value for estimate in estimates if estimate.value is not None]
    return f"{what} {number(min(known))} to {number(max(known))} in {len(known)} groups" if known else ""


def _instead(group: Group) -> str:
    omega = group.alternative.omega
    if omega is None:
        return "too few"
    return ", ".join(f"{omega[word]:.2f}{' ✓' if group.passes(word) else ''}" for word in EPSILONS)


def _cell(estimate: Estimate) -> str:
    return estimate.why if estimate.value is None else " ".join(shown(estimate)).rstrip()
