"""What the worlds gave so far, kept in a JSON file, so that a run goes on where another stopped."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from scipy.stats import beta

from calibrate.methods import Method, Outcome
from firsthand.evaluate.simulate import World, simulate

ERROR_DIGITS = 3
FIRST_TOLERANCE = 2e-3


class StaleResultsError(Exception):
    """The kept results are not those of the code that would continue them."""


@dataclass(slots=True)
class Tally:
    """One method on the worlds of seeds 0 to `worlds` - 1.

    left, right: worlds flagged as against and for own; covered: whose interval holds the truth; refused: without an
    answer. errors: the standard errors of the rest. verdicts: how often each, where the method has such. first: the
    estimate of seed 0, by which results of other code show.
    """

    worlds: int = 0
    left: int = 0
    right: int = 0
    covered: int = 0
    refused: int = 0
    errors: list[float] = field(default_factory=list)
    verdicts: dict[str, int] = field(default_factory=dict)
    first: float | None = None

    @property
    def flagged(self) -> int:
        """Worlds in which it says that there is a bias."""
        return self.left + self.right

    def add(self, outcome: Outcome | None, truth: float) -> None:
        """Count the next world."""
        if self.worlds == 0 and outcome is not None:
            self.first = round(outcome.estimate, 4)
        self.worlds += 1
        if outcome is None:
            self.refused += 1
            return
        self.left += outcome.side < 0
        self.right += outcome.side > 0
        self.covered += bool(outcome.low <= truth <= outcome.high)
        if outcome.verdict:
            self.verdicts[outcome.verdict] = self.verdicts.get(outcome.verdict, 0) + 1
        if outcome.error is not None:
            self.errors.append(float(f"{outcome.error:.{ERROR_DIGITS}g}"))


Results = dict[str, dict[str, Tally]]
"""Cell -> method -> tally."""


def load(path: Path) -> Results:
    """The results kept in `path`, none where there is no such file."""
    if not path.exists():
        return {}
    kept = json.loads(path.read_text("utf-8"))
    return {cell: {method: Tally(**one) for method, one in methods.items()} for cell, methods in kept.items()}


def save(results: Results, path: Path) -> None:
    """Replace `path` in one step, a line per cell and method."""
    cells = []
    for cell, methods in sorted(results.items()):
        lines = [f"    {json.dumps(name)}: {json.dumps(asdict(one))}" for name, one in sorted(methods.items())]
        cells.append(f"  {json.dumps(cell)}: {{\n" + ",\n".join(lines) + "\n  }")
    new = path.with_suffix(".new")
    new.write_text("{\n" + ",\n".join(cells) + "\n}\n", "utf-8")
    new.replace(path)


def go_on(tally: Tally, method: Method, world: World, worlds: int) -> None:
    """Run the next seeds until `worlds` are done."""
    for seed in range(tally.worlds, worlds):
        tally.add(method(simulate(world, seed)), world.judges[0].affinity)


def check_first(tally: Tally, method: Method, world: World) -> None:
    """Raise StaleResultsError where seed 0 no longer gives the estimate that is kept."""
    if tally.worlds == 0:
        return
    outcome = method(simulate(world, 0))
    now = None if outcome is None else outcome.estimate
    if (now is None) != (tally.first is None) or (
        now is not None and tally.first is not None and abs(now - tally.first) > FIRST_TOLERANCE
    ):
        raise StaleResultsError(f"seed 0 gave {tally.first} and now gives {now}: delete the kept results and run anew")


def lower_bound(count: int, total: int, level: float = 0.95) -> float:
    """One-sided Clopper-Pearson bound of a share: Beta^-1(1 - level; k, n - k + 1)."""
    return 0.0 if count == 0 else float(beta.ppf(1 - level, count, total - count + 1))


def upper_bound(count: int, total: int, level: float = 0.95) -> float:
    """One-sided Clopper-Pearson bound of a share: Beta^-1(level; k + 1, n - k)."""
    return 1.0 if count == total else float(beta.ppf(level, count + 1, total - count))
