"""docs/calibration.md from the kept results."""

from collections.abc import Mapping, Sequence
from statistics import median

from calibrate.grid import CELLS, CLUSTERED, EFFECTS, NULLS, WHOLE, Cell
from calibrate.results import Results, Tally, lower_bound, upper_bound

MOST_FALSE_ALARMS, LEAST_POWER, COVERAGE = 0.065, 0.90, (0.93, 0.97)
MET, OPEN, MISSED = "met", "open", "**not met**"
TWO, ONE, VERDICT = METHODS = ("two slopes", "one slope", "verdict")
VERDICTS = ("detected", "ruled out", "inconclusive", "not testable")
PEERS = {
    "judgebias 0.1.1": (
        "judgebias",
        "`self_preference`: share of own responses that the judge chose less the share that people's majority chose;"
        " flagged where its bootstrap interval (2,000 draws) excludes 0",
    ),
    "judgekit 0.2.1": (
        "judgekit",
        "`bias.self_preference`, a graded probe: a chosen response scores 5, the other 1, neither 3; people's score is"
        " 1 + 4 x their share; judge less people, own less other responses; flagged where the interval lies outside its"
        " innocent band of ±0.2, the package's `triggered`",
    ),
    "judgemetry 0.1.0": (
        "judgemetry",
        "`self_preference`: as judgebias, a tie counting against own; flagged where its bootstrap interval excludes 0",
    ),
    "judgecal 0.1.0": (
        "judgecal",
        "`SelfPreferenceProbe`: how often the judge takes its own where people's majority is against it, less its"
        " errors elsewhere; flagged as on its card (p < .05, an excess over .05, no warning on composition)",
    ),
    "metajudge 0.3.0": (
        "metajudge",
        "`logistic_dif`: uniform DIF of own against other responses, people's mean score as the external conditioner,"
        " one response a comparison; flagged at p < .05 of the likelihood-ratio test",
    ),
    "judge-audit-mcp 0.1.1": (
        "judge-audit-mcp",
        "`probe_self_preference` on the scores given to judgekit; flagged where the finding's severity is not `clean`,"
        " that is where its bootstrap interval excludes 0",
    ),
}
"""Title -> key in the results, and the statistic."""


ERRORS_RUN = """Run on 2026-11-23: `cd benchmarks; python -m calibrate errors --worlds 200`. The same worlds without
affinity (on average), 200 own and 100 other comparisons, two slopes, nominal 5 %, one-sided 95 % bounds, through three
ways to tell the error: the *sandwich* with Student's t, which the audit uses; the *bootstrap* over prompts, the model
fitted anew to each of 100 draws, percentile interval; and the *likelihood ratio*, which takes comparisons of one prompt
for independent (`benchmarks/calibrate/errors.py`)."""
ERRORS_SAY = """The sandwich holds its level in all four, also at 20 prompts, the fewest that the audit accepts. The
likelihood ratio does not: the more comparisons a prompt has, the more often it fires. The bootstrap takes a hundred
fits where the sandwich takes one, hence the fewer worlds; nothing in them speaks for it, so the audit uses the
sandwich."""
COMMAND_RUN = """Run on 2026-11-23: `cd benchmarks; python -m calibrate command --worlds 300`. Every judge x target x
question of a whole audit, in worlds in which no judge is biased in any of them: flagged where any is
(`benchmarks/calibrate/command.py`)."""
COMMAND_SAYS = """Each question adjusts its findings for one another, not for those of other questions, so that in an
audit of several judges one of them is falsely `detected` more often than in 5 % of worlds. `--fail-on` therefore counts
only what holds beside all that was tested: half of 5 % for the affinities of judges for their own kind, half for all
else, each by Holm's method."""


def page(kept: Mapping[str, Results]) -> str:
    """The whole page, from the results of every study."""
    ours, peers = kept["verdict"], kept["peers"]
    parts = [_opening(ours), _nulls(ours), _effects(ours), _verdicts(ours), _unmet(ours)]
    if kept["errors"]:
        parts.append(_errors(kept["errors"]))
    if kept["command"]:
        parts.append(_command(kept["command"]))
    if peers:
        parts.append(_beside(ours, peers))
    parts.append(_method())
    return "\n\n".join(parts) + "\n"


def _opening(ours: Results) -> str:
    counts = [tally.worlds for methods in ours.values() for tally in methods.values()]
    lines = []
    for method in METHODS:
        tallies = [ours[cell.name][method] for cell in NULLS if method in ours.get(cell.name, {})]
        if tallies:
            states = [_false_alarms(tally) for tally in tallies]
            worlds, flagged = sum(tally.worlds for tally in tallies), sum(tally.flagged for tally in tallies)
            lines.append(
                f"- {method}: {states.count(MET)} of {len(states)} null worlds met, {states.count(OPEN)} open,"
                f" {states.count(MISSED)} not met; {_percent(flagged / worlds)} flagged of {worlds:,} in all."
            )
    return f"""# Calibration of the affinity verdict

How often the audit's affinity model flags a judge that has no affinity, and how often one that has. Every figure is
from simulated worlds with a known answer (`evaluate/simulate.py`), {min(counts, default=0):,} to\
 {max(counts, default=0):,} of each kind so far, as the tables tell.
`cd benchmarks; python -m calibrate` continues to 1,000 of each and writes this page anew from `calibration.json` and
`calibration-peers.json`. What holds of the sweep's verdicts is in [calibration-sweep.md](calibration-sweep.md).

Three things are counted. *two slopes* and *one slope*: the two-sided z test at 5 % of the estimate with its sandwich
standard error, clustered by prompt, with xi free and with xi = 0 (`evaluate/audit/affinity.py`). *verdict*: `detected`
of the audit itself, which rests on two slopes, or on one where the votes cannot tell two, and asks for p < 5 % after
Holm's correction for several judges and for an effect beyond the margin of 3 points.

The gates are judged by exact (Clopper-Pearson) one-sided 95 % bounds, so that few worlds cannot pass for many: false
alarms at most {100 * MOST_FALSE_ALARMS:.1f} %; power at least {100 * LEAST_POWER:.0f} %; coverage of 95 % intervals\
 {100 * COVERAGE[0]:.0f} to {100 * COVERAGE[1]:.0f} %. *met*: the
bound is inside the gate. *open*: too few worlds to tell. *not met*: the bound on the other side is outside. A true
level of 5 % needs about 1,000 worlds to be *met*.

""" + "\n".join(lines)


def _nulls(ours: Results) -> str:
    rows = [
        [
            *said,
            method,
            f"{tally.worlds:,}",
            _percent(tally.flagged / tally.worlds),
            f"{tally.left} / {tally.right}",
            _percent(upper_bound(tally.flagged, tally.worlds)),
            _false_alarms(tally),
            _middle(tally),
            str(tally.refused),
        ]
        for _, said, method, tally in _each(ours, NULLS)
    ]
    head = "world|what it holds|what|worlds|flagged|against / for own|upper bound|gate|median SE|no answer"
    return (
        "## False alarms: worlds without affinity\n\nUnless said otherwise 400 comparisons with an own response and 200"
        " without, 3 votes each, 4 other authors,\nquality spread 1. The kinds share seeds, so their figures are not"
        " independent of one another.\n\n" + _table(head.split("|"), rows)
    )


def _effects(ours: Results) -> str:
    rows = []
    for cell, said, method, tally in _each(ours, EFFECTS):
        found = _found(cell, tally)
        rows.append(
            [
                *said,
                method,
                f"{tally.worlds:,}",
                _percent(found / tally.worlds),
                f"{_percent(lower_bound(found, tally.worlds))} to {_percent(upper_bound(found, tally.worlds))}",
                _power(cell, tally),
                _percent(tally.covered / max(tally.worlds - tally.refused, 1)),
                _coverage(tally),
                _middle(tally),
                str(tally.refused),
            ]
        )
    head = "world|what it holds|what|worlds|power|bounds|gate|coverage|gate|median SE|no answer"
    return (
        "## Power and coverage: worlds with an affinity of 0.5 logit\n\nPower counts flags in the right direction. The"
        " gate of 90 % was set for 800 own pairs with 3 votes each.\n\n" + _table(head.split("|"), rows)
    )


def _verdicts(ours: Results) -> str:
    rows = []
    for cell in CELLS:
        tally = ours.get(cell.name, {}).get(VERDICT)
        if tally:
            counts = dict(tally.verdicts)
            counts["not testable"] = counts.get("not testable", 0) + tally.refused
            rows.append([f"`{cell.name}`", f"{tally.worlds:,}", *[str(counts.get(name, 0)) for name in VERDICTS]])
    return (
        "## What the verdicts were\n\nAt these sizes an effect is seldom ruled out: the interval of a judge without"
        " affinity is wider than ±3 points,\nso that the honest verdict is `inconclusive`, with the number of votes"
        " that would settle it.\n\n" + _table(["world", "worlds", *VERDICTS], rows)
    )


def _unmet(ours: Results) -> str:
    lines: dict[str, list[str]] = {}
    for cell, _, method, tally in _each(ours, CELLS):
        gates = [_power(cell, tally), _coverage(tally)] if cell.affinity else [_false_alarms(tally)]
        if MISSED in gates:
            lines.setdefault(cell.name, []).append(method)
    said = {cell.name: cell.why or "No cause is known yet." for cell in CELLS}
    told = [f"- `{name}` ({', '.join(methods)}): {said[name]}" for name, methods in lines.items()]
    return "## Gates that are not met, and what the audit does about them\n\n" + ("\n".join(told) or "None so far.")


def _errors(errors: Results) -> str:
    rows = []
    for cell in CLUSTERED:
        said = (f"`{cell.name}`", cell.says)
        for method, tally in errors.get(cell.name, {}).items():
            rows.append([*said, method, *_level(tally), _middle(tally)])
            said = ("", "")
    head = "world|what it holds|error by|worlds|flagged|against / for own|bounds|median SE"
    return (
        "## Errors clustered by prompt: which way holds its level\n\n"
        f"{ERRORS_RUN}\n\n{_table(head.split('|'), rows)}\n\n{ERRORS_SAY}"
    )


def _command(command: Results) -> str:
    rows = []
    for cell in WHOLE:
        for tally in command.get(cell.name, {}).values():
            alone = tally.worlds - tally.verdicts.get("none", 0)
            rows.append([f"`{cell.name}`", cell.says, "a verdict of `detected`", *_level_of(alone, tally.worlds)])
            rows.append(["", "", "`--fail-on detected`", *_level_of(tally.flagged, tally.worlds)])
    head = "world|what it holds|what|worlds|flagged|bounds"
    return (
        "## The whole command: `--fail-on detected`\n\n"
        f"{COMMAND_RUN}\n\n{_table(head.split('|'), rows)}\n\n{COMMAND_SAYS}"
    )


def _level(tally: Tally) -> list[str]:
    worlds, flagged, bounds = _level_of(tally.flagged, tally.worlds)
    return [worlds, flagged, f"{tally.left} / {tally.right}", bounds]


def _level_of(flagged: int, worlds: int) -> list[str]:
    bounds = f"{_percent(lower_bound(flagged, worlds))} to {_percent(upper_bound(flagged, worlds))}"
    return [f"{worlds:,}", _percent(flagged / worlds), bounds]


def _beside(ours: Results, peers: Results) -> str:
    rows = []
    for cell in CELLS:
        if cell.name in peers:
            row = [f"`{cell.name}`", *[_share(cell, ours.get(cell.name, {}).get(name)) for name in (TWO, VERDICT)]]
            rows.append(row + [_share(cell, peers[cell.name].get(key)) for key, _ in PEERS.values()])
    statistics = "\n".join(f"- {title}: {says}." for title, (_, says) in PEERS.items())
    return (
        "## Other packages on the same worlds\n\nShare of worlds flagged, in brackets how many worlds (seeds from 0 on,"
        " the same for all). In worlds named\n`power...` there is an affinity and a flag in its direction counts;"
        " in the others there is none, and every flag is false.\n\n"
        + _table(["world", "firsthand, two slopes", "firsthand, verdict", *PEERS], rows)
        + "\n\nWhat was run of each, with its defaults:\n"
        + statistics
    )


def _method() -> str:
    return """## How it is made
World number s of a kind is `simulate(world, seed=s)`, with the worlds of `benchmarks/calibrate/grid.py`. Most null
worlds build on one in which the own author is truly better and the judge noisier than people, since that fools
published statistics most. In the filtered ones, comparisons on which people disagree are dropped with probability
0.7, as in sets that keep what raters agree on; about 370 of 600 remain. A run refuses to continue results whose first
world it cannot reproduce. The other packages run in an environment of their own:

    pip install judgebias==0.1.1 judgekit==0.2.1 judgemetry==0.1.0 judgecal==0.1.0 metajudge==0.3.0 \\
        judge-audit-mcp==0.1.1
    cd benchmarks; PYTHONPATH=../src python -m calibrate peers --worlds 100"""


def _each(ours: Results, cells: Sequence[Cell]) -> list[tuple[Cell, tuple[str, str], str, Tally]]:
    """Every cell with each method that was run on it; the cell's name and words stand in its first row."""
    rows = []
    for cell in cells:
        said = (f"`{cell.name}`", cell.says)
        for method in METHODS:
            if tally := ours.get(cell.name, {}).get(method):
                rows.append((cell, said, method, tally))
                said = ("", "")
    return rows


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
    if tally is None or not tally.worlds:
        return "not run"
    count = _found(cell, tally) if cell.affinity else tally.flagged
    refused = f", {tally.refused} without an answer" if tally.refused else ""
    return f"{count / tally.worlds:.2f} ({tally.worlds}{refused})"


def _middle(tally: Tally) -> str:
    return f"{median(tally.errors):.3f}" if tally.errors else ""


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    lines.insert(1, "|" + "---|" * len(head))
    return "\n".join(lines)
