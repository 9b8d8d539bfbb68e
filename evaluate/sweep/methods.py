"""The methods section of a sweep's page: what can be cited."""

from firsthand.evaluate.methods_section import methods_section
from firsthand.evaluate.sweep.analysis import Analysis
from firsthand.evaluate.sweep.engine import STYLE_ALONE
from firsthand.markup import Html

EQUATIONS = (
    (
        "Inherited skew (T1), on comparisons that people are split on: s is +1 where A is the side's, -1 where B is; d "
        "is the model's score of A minus that of B.",
        r"\mathrm{Inh}(\rho) = \mathrm{skew}_\rho - \mathrm{skew}_0, \quad "
        r"\mathrm{skew} = E\left[\frac{1 + s\,\mathrm{sign}(d)}{2}\right] - \frac{1}{2}",
    ),
    (
        "Directional gold gap (T2), against the same of the human-only twin.",
        r"P(\text{right} \mid \text{people chose the side}) - P(\text{right} \mid \text{people chose against it})",
    ),
    (
        "Tolerance ratio (T3): Inh fitted by isotonic regression; its interval holds the ratios whose band holds m.",
        r"\rho^*(m) = \inf\{\rho : \mathrm{Inh}(\rho) \ge m\}",
    ),
    (
        "Best of n out of k answers ranked by the model (T4): the chance of the one at place r.",
        r"\binom{k - r}{n - 1} \Big/ \binom{k}{n}",
    ),
    (
        "A synthetic row's worth: n' human rows alone are as accurate as h human and s synthetic ones.",
        r"\frac{n' - h}{s}",
    ),
    (
        "The variance of a figure: other anchor prompts, other training prompts (the whole sweep trained again on "
        "halves of them), and S seeds.",
        r"V = V_{\text{anchor}} + V_{\text{train}} - \left(1 - \frac{1}{S}\right) V_{\text{seed}}",
    ),
)
REFERENCES = (
    "Holm 1979, A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6.",
    "Liang and Zeger 1986, Longitudinal data analysis using generalized linear models. Biometrika 73.",
    "McCarthy 1969, Pseudo-replication: half samples. Review of the International Statistical Institute 37.",
    "Barlow, Bartholomew, Bremner and Brunk 1972, Statistical inference under order restrictions.",
    "Gao, Schulman and Hilton 2022, Scaling laws for reward model overoptimization. arXiv 2210.10760.",
    "Preference leakage 2025, arXiv 2502.01534.",
)


def methods(analysis: Analysis) -> Html:
    """What was done, with the equations and their sources."""
    config = analysis.config
    margin = f"{config.margin_points:g} points"
    rules = (
        ("help, hurt", f"accuracy differs from that of human rows alone (adjusted p below {config.alpha:g})"),
        ("no evidence", "it is not shown to differ: this is not a proof that it does not"),
        ("detected", f"the effect differs from 0 (adjusted p below {config.alpha:g}) and exceeds {margin}"),
        ("ruled out", f"the whole interval lies within ±{margin}; of the tolerance ratio, no crossing"),
        ("inconclusive", "neither"),
        ("not testable", f"fewer than {config.least_rows} comparisons, or a design is missing"),
    )
    trained = (
        f"These models were not trained again, but the fast engine's were, {config.refits} times on random halves of "
        f"the training prompts and what they leave, seed {config.seed}: V(train) is a quarter of the squared "
        "difference of two of its halves, and V = V(anchor) + V(train) + V(seed) / S."
        if analysis.refitted and analysis.sweep.engine == "full"
        else f"The whole sweep was trained again {config.refits} times, on random halves of the training prompts and "
        f"what they leave, seed {config.seed}: V(train) is a quarter of the squared difference of two halves."
        if analysis.refitted
        else "The models were not trained again on other prompts: V holds V(anchor) + V(seed) / S, and the intervals "
        "leave out what other training prompts would change."
    )
    is_style_alone = analysis.sweep.facts.get("features of") == STYLE_ALONE
    features = "style and wording alone" if is_style_alone else "frozen features of a language model and on style"
    texts = (
        f"Intervals: {1 - config.alpha:.0%}, Student's t for the prompts less one. {trained} V(anchor) is the "
        "linearised variance over prompts. p values are two-sided and adjusted by Holm's method: those of all ratios "
        "and arms for one another, those of tags, and those of each detector.",
        "Added: all human rows, and as many synthetic ones as make the share. In place: as many rows at every share, "
        "so that twins differ in nothing but whose labels they are.",
        "All findings are relative to these people: a taste of theirs for a side can't be told from quality.",
        f"Engine fast: a linear head on {features}. A model that learns its own "
        "features may do otherwise; engine full trains one, and what both trained is compared above where it ran.",
        "All but what a model promises of its pick (T4) rests on the sign of a score, so that a sharper model is not "
        "taken for a skewed one; a promise grows with the size of the scores, the ranking being the same. A noisier "
        "judge still makes a noisier model, whose skew is smaller whichever way it goes: the control with permuted "
        "labels tells that apart.",
    )
    return methods_section(rules, "Statistics", EQUATIONS, texts, REFERENCES)
