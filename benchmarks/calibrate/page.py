"""docs/calibration.md from the kept results."""

from collections.abc import Sequence
from statistics import median

from calibrate.grid import CELLS, EFFECTS, NULLS, Cell
from calibrate.methods import OURS
from calibrate.results import Results, Tally, lower_bound, upper_bound

MOST_FALSE_ALARMS, LEAST_POWER, COVERAGE = 0.065, 0.90, (0.93, 0.97)
MET, OPEN, MISSED = "met", "open", "**not met**"
PEERS = {
    "judgebias 0.1.1": (
        "judgebias",
        "`self_preference`: share of own responses that the judge chose less the share that people's majority chose;"
        " flagged where its bootstrap interval (2,000 draws) excludes 0",
    ),
    "judgekit 0.2.1": (
        "judgekit",
        "`bias.self_preference`, a graded probe: a chosen response scores 5, the other 1, neither 3; people's score is 1 +"
        " 4 x their share; judge less people, own less other responses; flagged where the interval lies outside its"
        " innocent band of ±0.2, the package's `triggered`",
    ),
    "judgemetry 0.1.0": (
        "judgemetry",
        "`self_preference`: as judgebias, a tie counting against own; flagged where its bootstrap interval excludes 0",
    ),
    "judgecal 0.1.0": (
        "judgecal",
        "`SelfPreferenceProbe`: how often the judge takes its own where people's majority is against it, less its errors"
        " elsewhere; flagged as on its card (p < .05, an excess over .05, no warning on composition)",
    ),
    "metajudge 0.3.0": (
        "metajudge",
        "`logistic_dif`: uniform DIF of own against other responses, people's mean score as the external conditioner, one"
        " response a comparison; flagged at p < .05 of the likelihood-ratio test",
    ),
    "judge-audit-mcp 0.1.1": (
        "judge-audit-mcp",
        "`probe_self_preference` on the scores given to judgekit; flagged where the finding's severity is not `clean`",
    ),
}
"""Title -> key in the results, and the statistic."""


def page(ours: Results, peers: Results) -> str:
    """The whole page."""
    parts = [_opening(ours), _nulls(ours), _effects(ours), _unmet(ours)]
    if peers:
        parts.append(_beside(ours, peers))
    parts.append(_method())
    return "\n\n".join(parts) + "\n"


def _opening(ours: Results) -> str:
    counts = sorted(tally.worlds for methods in ours.values() for tally in methods.values())
    worlds = f"{counts[0]:,}" if counts[0] == counts[-1] else f"{counts[0]:,} to {counts[-1]:,}"
    states = [_false_alarms(ours[cell.name]["two slopes"]) for cell in NULLS if cell.name in ours]
    return f"""# Calibration of the affinity verdict

How often the audit's affinity model flags a judge that has no affinity, and how often one that has. Every figure is from simulated
worlds with a known answer (`evaluate/simulate.py`); each cell has {worlds} worlds so far, {sum(counts):,} fits in all. Made by
`benchmarks/calibrate`; `cd benchmarks; python -m calibrate` continues it to 1,000 worlds a cell and writes this page anew.
The results it rests on are in `calibration.json` and `calibration-peers.json`.

The gates, each judged by exact (Clopper-Pearson) bounds, so that few worlds cannot pass for many: false alarms, one-sided 95 %
upper bound of at most {100 * MOST_FALSE_ALARMS:.1f} %; power of at least {100 * LEAST_POWER:.0f} %; coverage of 95 % intervals from
{100 * COVERAGE[0]:.0f} to {100 * COVERAGE[1]:.0f} %. *met*: the bound is inside. *open*: too few worlds to tell. *not met*: the bound on the other
side is outside. Two slopes: {states.count(MET)} of {len(states)} null cells met, {states.count(OPEN)} open, {states.count(MISSED)} not met.

The test is the two-sided z test at 5 % of the estimate with its standard error (sandwich, clustered by prompt). The audit's verdict
asks for more: an effect beyond the margin, after Holm's correction for several judges and authors. So these are the false
alarms of the statistic beneath the verdict, an upper limit of those of the verdict itself."""


def _nulls(ours: Results) -> str:
    rows = []
    for cell in NULLS:
        for method in OURS:
            tally = ours.get(cell.name, {}).get(method)
            if tally:
                rows.append(
                    [
                        *((f"`{cell.name}`", cell.says) if method == "two slopes" else ("", "")),
                        method,
                        f"{tally.worlds:,}",
                        _percent(tally.flagged / tally.worlds),
                        f"{tally.left} / {tally.right}",
                        _percent(upper_bound(tally.flagged, tally.worlds)),
                        _false_alarms(tally),
                        _middle(tally),
                        str(tally.refused),
                    ]
                )
    head = "world|what it holds|fit|worlds|flagged|against / for own|upper bound|gate|median SE|not converged"
    return (
        "## False alarms: worlds without affinity\n\nUnless said otherwise 400 comparisons with an own response and 200"
        " without, 3 votes each, 4 other authors, quality spread 1.\n\n" + _table(head.split("|"), rows)
    )


def _effects(ours: Results) -> str:
    rows = []
    for cell in EFFECTS:
        for method in OURS:
            tally = ours.get(cell.name, {}).get(method)
            if tally:
                found = _found(cell, tally)
                answered = tally.worlds - tally.refused
                rows.append(
                    [
                        *((f"`{cell.name}`", cell.says) if method == "two slopes" else ("", "")),
                        method,
                        f"{tally.worlds:,}",
                        _percent(found / tally.worlds),
                        f"{_percent(lower_bound(found, tally.worlds))} to {_percent(upper_bound(found, tally.worlds))}",
                        _power(cell, tally),
                        _percent(tally.covered / answered),
                        _coverage(tally),
                        _middle(tally),
                        str(tally.refused),
                    ]
                )
    head = "world|what it holds|fit|worlds|power|bounds|gate|coverage|gate|median SE|not converged"
    return (
        "## Power and coverage: worlds with an affinity of 0.5 logit\n\nPower counts flags in the right direction. The gate"
        " of 90 % is set for 800 own pairs with 3 votes.\n\n" + _table(head.split("|"), rows)
    )


def _unmet(ours: Results) -> str:
    lines = []
    for cell in CELLS:
        for method in OURS:
            tally = ours.get(cell.name, {}).get(method)
            state = tally and (_power(cell, tally) if cell.affinity else _false_alarms(tally))
            covered = tally and cell.affinity and _coverage(tally) == MISSED
            if state == MISSED or covered:
                why = cell.why or "No cause is known yet: take a verdict from such data with care."
                line = f"- `{cell.name}`: {why}"
                if line not in lines:
                    lines.append(line)
    return "## Cells that are not met\n\n" + ("\n".join(lines) or "None on the worlds run so far.")


def _beside(ours: Results, peers: Results) -> str:
    rows = []
    for cell in CELLS:
        if cell.name not in peers:
            continue
        row = [f"`{cell.name}`", _share(cell, ours.get(cell.name, {}).get("two slopes"))]
        row += [_share(cell, peers[cell.name].get(key)) for key, _ in PEERS.values()]
        rows.append(row)
    statistics = "\n".join(f"- {title}: {says}." for title, (_, says) in PEERS.items())
    return (
        "## Other packages on the same worlds\n\nShare of worlds flagged, in brackets the worlds (seeds from 0 on, the same for"
        " all); in the power cells, flagged in the right direction. None of the packages claims to correct for a judge that is"
        " noisier or sharper than people; the table shows what that costs.\n\n"
        + _table(["world", "firsthand, two slopes", *PEERS], rows)
        + "\n\nWhat was run of each:\n"
        + statistics
    )


def _method() -> str:
    return """## How it is made
World number s of a cell is `simulate(world, seed=s)`. The null cells without further words build on one in which the own author is
truly better and the judge noisier than people, since that fools published statistics most. `better-sharper` and
`filtered-sharper` have a judge that follows quality twice as strongly as people do. In the filtered worlds, comparisons on
which people disagree are dropped with probability 0.7, as in sets that keep what raters agree on. Bounds are one-sided 95 %. A run refuses to
continue results whose first world it cannot reproduce. The other packages run in an environment of their own:
`pip install judgebias==0.1.1 judgekit==0.2.1 judgemetry==0.1.0 judgecal==0.1.0 metajudge==0.3.0 judge-audit-mcp==0.1.1`, then
`python -m calibrate --peers --worlds 100` with this project's `src` on the path."""


def _false_alarms(tally: Tally) -> str:
    if upper_bound(tally.flagged, tally.worlds) <= MOST_FALSE_ALARMS:
        return MET
    return MISSED if lower_bound(tally.flagged, tally.worlds) > MOST_FALSE_ALARMS else OPEN


def _power(cell: Cell, tally: Tally) -> str:
    found = _found(cell, tally)
    if lower_bound(found, tally.worlds) >= LEAST_POWER:
        return MET
    return MISSED if upper_bound(found, tally.worlds) < LEAST_POWER else OPEN


def _coverage(tally: Tally) -> str:
    answered = tally.worlds - tally.refused
    low, high = lower_bound(tally.covered, answered), upper_bound(tally.covered, answered)
    if COVERAGE[0] <= low and high <= COVERAGE[1]:
        return MET
    return MISSED if high < COVERAGE[0] or low > COVERAGE[1] else OPEN


def _found(cell: Cell, tally: Tally) -> int:
    return tally.right if cell.affinity > 0 else tally.left


def _share(cell: Cell, tally: Tally | None) -> str:
    if tally is None:
        return "not run"
    count = _found(cell, tally) if cell.affinity else tally.flagged
    refused = f", {tally.refused} without an answer" if tally.refused else ""
    return f"{count / tally.worlds:.2f} ({tally.worlds}{refused})"


def _middle(tally: Tally) -> str:
    return f"{median(tally.errors):.3f}" if tally.errors else "none"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    lines.insert(1, "|" + "---|" * len(head))
    return "\n".join(lines)
