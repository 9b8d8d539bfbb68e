"""Which judges' labels may enter a mix, and above which confidence: Learn then Test over thresholds.

A label is what a mix would take: one response preferred, with a confidence max(p, 1 - p). It agrees with people where
theirs is the same choice by majority; a tie of people, or votes without a majority, is no agreement. For a threshold t
the hypothesis "labels with confidence >= t agree with people on less than the target" is tested by `bound.Agreed`.
Each chain of thresholds (one judge, one value of the tag) goes from a strict start to lower ones and stops at
the first that is not rejected (fixed-sequence testing; Angelopoulos et al. 2021, arXiv 2110.01052, section 2). One
part of the prompts chooses the start, the other tests. The error 1 - confidence is shared by all chains with rows
enough to pass; a chain that ends with every hypothesis rejected leaves its share to the others (Bretz et al. 2009,
Statistics in Medicine 28), so that with the stated confidence no rule of the file is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firsthand.admission import Admission, Rule
from firsthand.bootstrap import FloatArray, IntArray
from firsthand.evaluate.judges.bench import CHANGED, NEITHER, Bench, Judge
from firsthand.evaluate.judges.bound import MOST_ROWS, Agreed, count_agreed, rows_needed
from firsthand.records import content_id

METHOD = (
    "Learn then Test: fixed-sequence tests over thresholds, Clopper-Pearson bound with the effective number of rows "
    "(clustered by prompt), error shared by all rules"
)
LEARNING_SHARE = 1 / 3
STEPS = 10
LOWEST = 0.5


@dataclass(frozen=True, slots=True)
class Chain:
    """The decisive labels of one judge on one value of the tag: (N,) each, and the thresholds to test, in order.

    learning: (N,), rows that chose the start of `thresholds` and are not tested on. templates: all they were asked
    with. undecided: further labels of it that prefer neither response.
    """

    judge: str
    tag: dict[str, str | None] | None
    confidence: FloatArray
    agrees: FloatArray
    prompts: IntArray
    learning: npt.NDArray[np.bool_]
    thresholds: list[float]
    templates: list[str]
    undecided: int = 0

    def tested(self, threshold: float) -> Agreed:
        """How far the rows kept for testing agree, from `threshold` on."""
        rows = ~self.learning & (self.confidence >= threshold)
        return count_agreed(self.agrees[rows], self.prompts[rows])


def admission_of(bench: Bench, target: float, confidence: float, seed: int) -> Admission:
    """The rules for every judge, and value of the bench's tag, that has a label on a comparison people rated."""
    error = 1.0 - confidence
    chains = make_chains(bench, target, seed)
    passed, levels = run_chains(chains, target, error)
    return Admission(
        target=target,
        confidence=confidence,
        method=METHOD,
        seed=seed,
        split=f"{LEARNING_SHARE:.0%} of the prompts, by a hash of their id and the seed, choose where a chain of "
        "thresholds starts, the others test it; a judge without probabilities has one threshold, tested on all",
        rules=[
            make_rule(chain, threshold, level, target)
            for chain, threshold, level in zip(chains, passed, levels, strict=True)
        ],
    )


def make_chains(bench: Bench, target: float, seed: int) -> list[Chain]:
    """One chain for each judge and value of the tag."""
    learning = np.array([_learns(prompt, seed) for prompt in bench.people.prompt_id], np.bool_)[bench.prompt]
    chains = []
    for judge in bench.judges:
        for tag, of_tag in _tags(bench, judge):
            rows = of_tag & (judge.choice != NEITHER) & (judge.choice != CHANGED)
            unit = judge.unit[rows]
            undecided = int((of_tag & ~rows).sum())
            chains.append(
                make_chain(
                    judge.name,
                    tag,
                    confidence=np.maximum(judge.p_a, 1.0 - judge.p_a)[rows],
                    agrees=(judge.choice[rows] == bench.majority[unit]).astype(np.float64),
                    prompts=bench.prompt[unit],
                    learning=learning[unit],
                    target=target,
                    templates=sorted({template for used in judge.templates[rows] for template in used}),
                    undecided=undecided,
                )
            )
    return chains


def make_chain(
    judge: str,
    tag: dict[str, str | None] | None,
    *,
    confidence: FloatArray,
    agrees: FloatArray,
    prompts: IntArray,
    learning: npt.NDArray[np.bool_],
    target: float,
    templates: Sequence[str] = ("",),
    undecided: int = 0,
) -> Chain:
    """The chain of N labels: (N,) each, beside `undecided` ones.

    Where all are equally sure there is one threshold, and nothing to learn.
    """
    if len(np.unique(confidence)) < 2:
        learning = np.zeros_like(learning)
        return Chain(judge, tag, confidence, agrees, prompts, learning, [LOWEST], [*templates], undecided)
    steps = _steps(confidence[learning])
    p_values = [
        count_agreed(agrees[rows], prompts[rows]).p_value(target)
        for rows in (learning & (confidence >= step) for step in steps)
    ]
    start = int(np.argmin(p_values))
    return Chain(judge, tag, confidence, agrees, prompts, learning, steps[start:], [*templates], undecided)


def run_chains(chains: Sequence[Chain], target: float, error: float) -> tuple[list[float | None], list[float]]:
    """The lowest threshold that each chain passed, None where it passed none, and the error it was tested at."""
    p_values = [_p_values(chain, target, error) for chain in chains]
    least = np.log(error) / np.log(target)  # rows that pass only if all of them agree
    open_chains = {number for number, chain in enumerate(chains) if (~chain.learning).sum() >= least}
    level = error / max(len(open_chains), 1)
    levels = [error] * len(chains)
    while open_chains:
        for number in open_chains:
            levels[number] = level
        done = {number for number in open_chains if _passed(p_values[number], level) == len(chains[number].thresholds)}
        if not done:
            break
        open_chains -= done
        level += len(done) * level / max(len(open_chains), 1)
    passed: list[float | None] = []
    for chain, values, at in zip(chains, p_values, levels, strict=True):
        count = _passed(values, at)
        passed.append(chain.thresholds[count - 1] if count else None)
    return passed, levels


def _learns(prompt_id: str, seed: int) -> bool:
    return int(content_id("admission", str(seed), prompt_id)[:16], 16) < LEARNING_SHARE * 2**64


def _tags(bench: Bench, judge: Judge) -> list[tuple[dict[str, str | None] | None, npt.NDArray[np.bool_]]]:
    """Each value of the tag with the judge's labels that carry it; None for all where no tag was asked for."""
    if bench.tag is None or bench.people.unit_tag is None:
        return [(None, np.ones(len(judge.unit), np.bool_))]
    values = bench.people.unit_tag[judge.unit]
    named = sorted({value for value in values if isinstance(value, str)})
    found: list[tuple[dict[str, str | None] | None, npt.NDArray[np.bool_]]] = [
        ({bench.tag: value}, values == value) for value in named
    ]
    untagged = np.array([not isinstance(value, str) for value in values], np.bool_)
    return [*found, ({bench.tag: None}, untagged)] if untagged.any() else found


def _steps(confidence: FloatArray) -> list[float]:
    """Thresholds from strict to none at all: quantiles of the confidence, rounded down to four digits."""
    if not len(confidence):
        return [LOWEST]
    quantiles = np.quantile(confidence, np.linspace(0, 1, STEPS + 1)[1:-1], method="lower")
    return sorted({LOWEST, *(float(value) for value in np.floor(quantiles * 1e4) / 1e4)}, reverse=True)


def _p_values(chain: Chain, target: float, error: float) -> list[float]:
    """The p-value of each threshold, up to the first that fails even at the whole error."""
    found = []
    for threshold in chain.thresholds:
        found.append(chain.tested(threshold).p_value(target))
        if found[-1] > error:
            break
    return found


def _passed(p_values: Sequence[float], level: float) -> int:
    """How many hypotheses of a sequence are rejected before the first that is not."""
    return next((number for number, value in enumerate(p_values) if value > level), len(p_values))


def make_rule(chain: Chain, threshold: float | None, level: float, target: float) -> Rule:
    """What is said of a chain that passed down to `threshold`, None for nowhere, at the error `level`."""
    at = chain.thresholds[0] if threshold is None else threshold
    found = chain.tested(at)
    lower = found.lower(level) if found.rows else None
    more = 0 if threshold is not None else _more_labels(chain, at, level, target)
    return Rule(
        judge=chain.judge,
        templates=chain.templates,
        tag=chain.tag,
        admitted=threshold is not None,
        threshold=threshold,
        agreement=found.share if found.rows else None,
        lower_bound=lower,
        n=found.rows,
        n_prompts=found.prompts,
        more_labels=more,
        why=_why(chain, found, threshold, level, target, more),
    )


def _more_labels(chain: Chain, at: float, level: float, target: float) -> int:
    """How many more comparisons people should label, at most MOST_ROWS; 0 where more would not help.

    Of these, as many as so far have a label that is tested: neither undecided, nor unsure, nor learnt from.
    """
    found = chain.tested(at)
    if _never_decides(chain) or (found.rows and found.upper(level) < target):
        return 0
    known = chain.agrees[chain.confidence >= at]
    hoped = float(known.mean()) if len(known) and known.mean() > target else (1.0 + target) / 2
    needed = rows_needed(hoped, target, level, found.design_effect)
    if needed is None:
        return MOST_ROWS
    decisive = len(chain.agrees) / (len(chain.agrees) + chain.undecided) if len(chain.agrees) else 1.0
    used = decisive * (found.rows / len(chain.agrees) if found.rows else 1.0)
    return min(max(1, int(np.ceil((needed - found.rows) / used))), MOST_ROWS)


def _never_decides(chain: Chain) -> bool:
    return chain.undecided > 0 and not len(chain.agrees)


def _why(chain: Chain, found: Agreed, threshold: float | None, level: float, target: float, more: int) -> str:
    if _never_decides(chain):
        return (
            f"not admitted: it prefers neither response on any of {chain.undecided:,} comparisons that people rated, "
            "so that more human labels would not help"
        )
    missing = f"about {more:,} more human labels needed"
    if more >= MOST_ROWS:
        missing = f"more than {MOST_ROWS:,} human labels would be needed"
    if not found.rows:
        return f"not admitted: no label of it was left to test; {missing}"
    seen = (
        f"agrees with people on {found.share:.1%} of {found.rows:,} labels ({found.prompts:,} prompts), at least "
        f"{found.lower(level):.1%} with {1 - level:.1%} confidence"
    )
    if threshold is not None:
        kept = "every label" if threshold == LOWEST else f"labels with confidence {threshold:g} or more"
        return f"{kept}: {seen}"
    if more:
        still = "" if found.share > target else f", which do not rule out {target:.0%} yet"
        return f"not admitted: {seen}{still}; {missing}"
    return f"not admitted: {seen}; shown to be below {target:.0%}, so that more human labels would not help"
