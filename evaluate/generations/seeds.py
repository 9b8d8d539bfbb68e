"""What may be said with how many seeds.

A loop is one draw: trained again with another seed it comes out otherwise, with a judge or without. With one seed that
chance can't be told from what the judge did, so nothing is called detected or ruled out; its figures stand. Nor is it
where no prompt and no seed tells a loop from its twin: an error can't be known from figures that are all the same.
"""

from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.generations.outcome import Loops
from firsthand.evaluate.generations.series import Contrast
from firsthand.evaluate.table import counted

FEWEST = 2
MORE = "Run more seeds, three or more: one can't tell the judge's doing from how training falls out."


def may_tell(contrast: Contrast, loops: Loops) -> bool:
    """Whether there are seeds enough for a verdict, and an error to go by."""
    return len(loops.seeds()) >= FEWEST and contrast.error > 0


def with_seeds(verdict: Verdict, contrast: Contrast, loops: Loops) -> Verdict:
    """The verdict, inconclusive where nothing may be told."""
    return verdict if may_tell(contrast, loops) else Verdict.INCONCLUSIVE


def caveat(loops: Loops) -> str:
    """What the intervals cover."""
    seeds = len(loops.seeds())
    if seeds < FEWEST:
        return "One seed: intervals cover which prompts there are, not how training falls out."
    return f"Intervals cover which prompts there are, and how training falls out, by {counted(seeds, 'seed')}."


def next_step(step: str, verdict: Verdict, loops: Loops) -> str:
    """What to do: more seeds where they are what is missing."""
    return MORE if verdict is Verdict.INCONCLUSIVE and len(loops.seeds()) < FEWEST else step
