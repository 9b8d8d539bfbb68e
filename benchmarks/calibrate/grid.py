"""The cells of the calibration: worlds without affinity that must not be flagged, and worlds with it that must be."""

from dataclasses import dataclass, replace

from firsthand.evaluate.simulate import Judge, World


@dataclass(frozen=True, slots=True)
class Cell:
    """A world, what it holds in words, and, where a gate is known to be missed, why and what the audit does about it.

    The question is always whether the first judge of the world favours the author `own`.
    """

    name: str
    says: str
    world: World
    why: str = ""

    @property
    def affinity(self) -> float:
        """The true value."""
        return self.world.judges[0].affinity


NOISIER, SHARPER = Judge(sharpness=0.5), Judge(sharpness=2.0)
BETTER = World(advantage=0.8, judges=(NOISIER,))
"""The own author is truly better and the judge noisier than people: what fools the published statistics most."""
FAVOURS = Judge(affinity=0.5)
FILTERED = (
    "With one slope, an author that is truly better looks favoured where people's agreement decided what was kept. The"
    " verdict therefore rests on two slopes. Where it has to fall back to one (fewer than three other authors, or xi"
    " not told by the votes) it prints that caveat. With two slopes a judge sharper than people is still flagged too"
    " often, since dropped contradictions make people look surer than they are: wherever people hardly disagree (a"
    " spread above 2 log-odds; these worlds come out at 2.2 to 3.6, all others at 0.6 to 1.4) the verdict says so, and"
    " not to filter by agreement before an audit."
)
WEAKER = (
    "Where own responses are better or worse on average, two slopes must learn from other authors alone how the judge"
    " follows differences between authors; what one slope would find, two then find less often. The verdict is"
    " `inconclusive` with the number of further votes, not a clean bill; more comparisons of other authors, or more"
    " other authors, help most."
)
UNSEEN = (
    "What judges like in a style that own responses have more of, and that nothing here counts, is no different from"
    " affinity: no audit of votes can tell the two apart, and this one calls it detected. Every affinity therefore says"
    " what was held constant and that another style would count as affinity; where judges that are no kin of the author"
    " lean to it too, the verdict says so. Named in `covariates`, the style is taken out, as the world above shows."
)
STYLED = replace(BETTER, own_styled=1.0, style_counted=True, judges=(replace(NOISIER, style_taste=0.5),) * 3)
LARGE = World(own_pairs=800, other_pairs=400, judges=(FAVOURS,))

NULLS = (
    Cell("equal", "own responses are as good as others", World()),
    Cell("better-noisier", "own truly better (0.8), judge noisier than people (0.5)", BETTER),
    Cell("worse-noisier", "own truly worse (-0.8), judge noisier", replace(BETTER, advantage=-0.8)),
    Cell("better-sharper", "own truly better, judge sharper than people (2.0)", replace(BETTER, judges=(SHARPER,))),
    Cell(
        "length",
        "own responses longer by 1 standard deviation, judge likes length (0.5)",
        World(own_longer=1.0, judges=(Judge(length_taste=0.5),)),
    ),
    Cell(
        "heavy-tails", "better-noisier, quality with Student t tails (3 degrees of freedom)", replace(BETTER, tails=3)
    ),
    Cell(
        "clustered",
        "better-noisier, 5 comparisons a prompt, half of the spread shared by a prompt",
        replace(BETTER, per_prompt=5, clustering=0.5),
    ),
    Cell("raters", "better-noisier, raters' slopes differ (log spread 0.6)", replace(BETTER, rater_spread=0.6)),
    Cell(
        "ties",
        "better-noisier, people and judge may say neither",
        replace(BETTER, tie_width=0.5, judges=(replace(NOISIER, tie_width=0.3),)),
    ),
    Cell(
        "order",
        "better-noisier, people (0.3) and judge (0.6) lean to the side shown first",
        replace(BETTER, rater_order_pull=0.3, judges=(replace(NOISIER, order_pull=0.6),)),
    ),
    Cell(
        "both-orders",
        "better-noisier, the judge asked in both orders, leaning to the first (0.6)",
        replace(BETTER, judges=(replace(NOISIER, order_pull=0.6, both_orders=True),)),
    ),
    Cell(
        "several-judges",
        "better-noisier, beside a sharper judge and one that does favour its own (0.8)",
        replace(BETTER, judges=(NOISIER, SHARPER, Judge(affinity=0.8))),
    ),
    Cell(
        "shared-taste",
        "better-noisier, three judges that share tastes which people do not have (0.8); own responses have no more of"
        " what they like",
        replace(BETTER, judges=(replace(NOISIER, shared=0.8, taste=0.5),) * 3),
    ),
    Cell(
        "shared-style",
        "better-noisier, three judges that like a style (0.5) which people do not care for and own responses have more"
        " of (1 standard deviation); the style is counted and held constant",
        STYLED,
    ),
    Cell(
        "shared-style-unseen",
        "the same, the style neither counted nor held constant",
        replace(STYLED, style_counted=False),
        UNSEEN,
    ),
    Cell("mislabelled", "better-noisier, 3 % of own responses under another name", replace(BETTER, mislabelled=0.03)),
    Cell("unequal", "better-noisier, other authors in shares 1, 1/2, 1/4, 1/8", replace(BETTER, unequal=True)),
    Cell(
        "one-vote-mostly",
        "better-noisier, 30 % of comparisons with 3 votes, the rest with 1",
        replace(BETTER, doubled=0.3),
    ),
    Cell("two-others", "better-noisier, only two other authors", replace(BETTER, others=2)),
    Cell(
        "filtered-noisier",
        "better-noisier, 70 % of the comparisons that people disagree on dropped",
        replace(BETTER, disagreeing_dropped=0.7),
        FILTERED,
    ),
    Cell(
        "filtered-sharper",
        "better-sharper, 70 % of the comparisons that people disagree on dropped",
        replace(BETTER, disagreeing_dropped=0.7, judges=(SHARPER,)),
        FILTERED,
    ),
    Cell(
        "all-at-once",
        "better-noisier with tails, clusters, unequal raters, ties, order, shared tastes and mislabelling",
        replace(
            BETTER,
            tails=4,
            per_prompt=3,
            clustering=0.3,
            rater_spread=0.4,
            tie_width=0.3,
            rater_order_pull=0.2,
            mislabelled=0.03,
            unequal=True,
            judges=(Judge(sharpness=0.5, order_pull=0.4, tie_width=0.2, taste=0.4, shared=0.4),) * 2,
        ),
    ),
)

EFFECTS = (
    Cell("power", "800 own and 400 other comparisons", LARGE),
    Cell("power-against", "the same, the judge against its own (-0.5)", replace(LARGE, judges=(Judge(affinity=-0.5),))),
    Cell("power-better", "the same, own truly better (0.5)", replace(LARGE, advantage=0.5), WEAKER),
    Cell("power-worse", "the same, own truly worse (-0.5)", replace(LARGE, advantage=-0.5), WEAKER),
    Cell(
        "power-few-others",
        "own truly better (0.8), only 200 other comparisons",
        replace(LARGE, advantage=0.8, other_pairs=200),
        WEAKER,
    ),
    Cell(
        "power-filtered",
        "own truly better (0.5), 70 % of the comparisons that people disagree on dropped",
        replace(LARGE, advantage=0.5, disagreeing_dropped=0.7),
        WEAKER,
    ),
    Cell("power-half", "400 own and 200 other comparisons", World(judges=(FAVOURS,))),
)

CELLS = NULLS + EFFECTS

FICKLE = World(own_pairs=200, other_pairs=100, clustering=0.5, judges=(Judge(fickle=1.0),))
"""An affinity of 0 on average that differs between prompts: verdicts on one prompt lean together."""
CLUSTERED = (
    Cell("one-a-prompt", "300 prompts, 1 comparison each", World(own_pairs=200, other_pairs=100)),
    Cell(
        "60-prompts",
        "60 prompts, 5 comparisons each; half of the quality spread and an affinity of mean 0, standard deviation 1,"
        " shared by a prompt",
        replace(FICKLE, per_prompt=5),
    ),
    Cell("30-prompts", "the same, 30 prompts, 10 comparisons each", replace(FICKLE, per_prompt=10)),
    Cell("20-prompts", "the same, 20 prompts, 15 comparisons each", replace(FICKLE, per_prompt=15)),
)
"""Worlds without affinity on which ways to tell the error of an affinity are compared (errors.py)."""

WHOLE = (
    Cell(
        "three-judges",
        "three unbiased judges, each of the kind of one author, less, as and more sharp than people (0.5, 1, 2), two"
        " of them asked in both orders",
        World(
            own_pairs=300,
            other_pairs=300,
            judges=(replace(NOISIER, both_orders=True), Judge(both_orders=True), SHARPER),
        ),
    ),
)
"""Worlds without any bias, for the whole command (command.py)."""
