"""What L1 and L2 share: a loop's affinities beside its twin's, and what every finding on them says."""

from dataclasses import dataclass

from firsthand.evaluate.audit.finding import Finding, Verdict
from firsthand.evaluate.audit.targets import Target
from firsthand.evaluate.generations.affinities import LONGER
from firsthand.evaluate.generations.outcome import Loops
from firsthand.evaluate.generations.seeds import caveat
from firsthand.evaluate.generations.series import Figures
from firsthand.lineage import Relation

DETECTOR = "amplification"
SLOPE, TIMES = "log-odds a generation", "times a generation"


@dataclass(frozen=True, slots=True)
class Inherited:
    """One loop's affinities for a target (None: for longer responses), G figures, and then those of its twin.

    n: comparisons of the anchor that tell of the target.
    """

    ratio: float
    target: Target | None
    figures: Figures
    n: int

    @property
    def name(self) -> str:
        """What a finding is of."""
        return f"{target_name(self.target)}, ratio {self.ratio:g}"

    @property
    def relation(self) -> Relation:
        """Of the judge to the target."""
        return Relation.UNKNOWN if self.target is None else self.target.relation


def target_name(target: Target | None) -> str:
    """The target as a finding names it."""
    return LONGER if target is None else target.name


def comparisons_on(loops: Loops, target: Target | None) -> int:
    """Comparisons of the anchor that tell of the target."""
    return len(loops.anchor) if target is None else int((target.sign(loops.anchor) != 0).sum())


def caveats(loops: Loops) -> tuple[str, ...]:
    """What every finding on an affinity rests on."""
    return ("Affinity is relative to these people: a taste of theirs can't be told from quality.", caveat(loops))


def refused(loops: Loops, ratio: float, target: Target | None, why: str, next_step: str, unit: str = SLOPE) -> Finding:
    """The finding where there is nothing to say."""
    return Finding(
        detector=DETECTOR,
        judge=loops.judge,
        target=f"{target_name(target)}, ratio {ratio:g}",
        relation=Relation.UNKNOWN if target is None else target.relation,
        verdict=Verdict.NOT_TESTABLE,
        unit=unit,
        n=comparisons_on(loops, target),
        why=why,
        next_step=next_step,
    )
