"""The methods section of an audit's report: what an auditor can cite."""

from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.audit.words import confidence
from firsthand.evaluate.methods_section import methods_section
from firsthand.markup import Html

EQUATIONS = (
    (
        "How much better people find A than B in comparison i: the strengths of the two authors, what people value of "
        "the responses whoever wrote them (x, such as the difference of log length), and a spread of its own.",
        r"\delta_i = \theta_{a(i)} - \theta_{b(i)} + \beta^\top x_i + \tau\,\varepsilon_i, \quad "
        r"\varepsilon_i \sim N(0, 1)",
    ),
    (
        "A person's vote: an ordered logit with a width w of indifference, and a pull rho of the side shown first, o.",
        r"P(\text{A}) = \sigma(\delta_i + \rho\,o - w), \quad P(\text{B}) = \sigma(-\delta_i - \rho\,o - w)",
    ),
    (
        "A judge's verdict: it follows that quality with its own sharpness, kappa for the two responses and kappa + xi "
        "for what their authors lead one to expect, with its own tastes lambda, order pull pi and width; s is +1 where "
        "A and -1 where B is the target's. gamma is the affinity. Verdicts without a recorded order have a pull to A "
        "instead.",
        r"u_i = \kappa\,\delta_i + \xi\,E[\delta_i] + \gamma\,s_i + \lambda^\top x_i + \pi\,o_i",
    ),
    (
        "In points: how much more often the target is chosen with the affinity than without, on its own comparisons.",
        r"100 \cdot E\left[s_i\left(F(u_i) - F(u_i - \gamma s_i)\right)\right]",
    ),
)
REFERENCES = (
    "Swaminathan and Rogers 1990, Detecting differential item functioning using logistic regression procedures. "
    "Journal of Educational Measurement 27. An affinity is differential item functioning of a judge, against people.",
    "Holm 1979, A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6.",
    "Varin, Reid and Firth 2011, An overview of composite likelihood methods. Statistica Sinica 21.",
    "Panickssery et al. 2024, LLM evaluators recognize and favor their own generations. arXiv 2404.13076.",
    "Wataoka et al. 2024, Self-preference bias in LLM-as-a-judge. arXiv 2410.21819.",
    "Play Favorites 2025, arXiv 2508.06709. Preference leakage 2025, arXiv 2502.01534.",
)


def methods(config: AuditConfig) -> Html:
    """What was done, with the equations and their sources."""
    margin = f"{config.margin_points:g} percentage points"
    rules = (
        ("detected", f"the effect differs from 0 (adjusted p below {config.alpha:g}) and exceeds {margin}"),
        ("ruled out", f"the whole interval lies within ±{margin}"),
        ("inconclusive", "neither: the further human votes that would settle it are told where they can be"),
        ("not testable", "a column or a design is missing; the finding says which"),
    )
    texts = (
        "Both likelihoods are maximised together, with the quality integrated out by quadrature. The variance is the "
        "sandwich, from the scores summed by prompt, so that comparisons of one prompt may resemble each other. Where "
        "too few authors tell xi, it is held at 0 and the finding says so.",
        f"Intervals of effects: {confidence(config.alpha)}. Shares in the pictures: 95 %, percentile bootstrap over "
        f"prompts, {config.draws:,} draws, seed {config.seed}. p values are two-sided and adjusted by Holm's method: "
        "those of judges for their own kind for one another, those of the controls for all. "
        "--fail-on detected counts a finding only where it holds beside everything tested: at half of the level among "
        "the affinities of judges for their own kind, at the other half among all else, by Holm's method again.",
        "Every other author is a control, in a fit of its own that also holds the affinities for the judge's kin.",
        "Affinity is relative to these people: a taste of theirs for a family can't be told from quality.",
    )
    return methods_section(rules, "The affinity model", EQUATIONS, texts, REFERENCES)
