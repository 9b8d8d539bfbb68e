"""A sweep as a person reads it in a terminal."""

from firsthand.evaluate.audit.finding import GRAVEST
from firsthand.evaluate.sweep.analysis import Analysis
from firsthand.evaluate.sweep.resample import Figure
from firsthand.evaluate.sweep.words import engines_words, points, rows_words, worth_words
from firsthand.evaluate.table import plain, table

LONGEST = 500
"""Characters of a sentence: it holds names from the data."""


def sweep_text(analysis: Analysis) -> str:
    """The recommendation, the accuracies, help or hurt, what a row is worth, and the findings."""
    alpha, said = analysis.config.alpha, analysis.recommendation
    parts = [
        plain(said.sentence, LONGEST),
        "\n".join(f"warning: {plain(warning, LONGEST)}" for warning in said.warnings),
        table(
            ["arm", "design", "ratio", "rows", "accuracy", "interval", "minus longer"],
            [
                [
                    plain(each.cell.arm.name),
                    each.cell.arm.design,
                    f"{each.cell.ratio:.0%}",
                    rows_words(each.cell),
                    *_percent(each.accuracy, alpha),
                    points(each.minus_longer, alpha),
                ]
                for each in analysis.accuracy
            ],
        ),
        f"Longer wins: {' '.join(_percent(analysis.longer_wins, alpha))}.",
        table(
            ["arm", "ratio", "on", "points against human-only", "p adjusted", "verdict"],
            [
                [
                    plain(effect.arm),
                    f"{effect.ratio:.0%}",
                    plain(effect.tag) or "all",
                    points(effect.difference, alpha),
                    f"{effect.p_adjusted:.3f}",
                    effect.verdict.value,
                ]
                for effect in analysis.effects
            ],
        ),
        "\n".join(worth_words(each) for each in analysis.worth),
        "\n".join(_sentences(analysis)),
        engines_words(analysis.engines),
        f"Intervals {1 - alpha:.0%}: {_method(analysis)}; p adjusted by Holm; seed {analysis.config.seed}.",
    ]
    return "\n\n".join(part for part in parts if part)


def _percent(figure: Figure, alpha: float) -> tuple[str, str]:
    ci = figure.share_interval(alpha)
    return f"{figure.value:.1%}", "" if ci is None else f"({ci[0]:.1%} to {ci[1]:.1%})"


def _sentences(analysis: Analysis) -> list[str]:
    """The findings, most pressing first."""
    return [
        f"[{finding.detector}: {verdict.value}] {plain(f'{finding.why} {finding.next_step}'.rstrip(), LONGEST)}"
        for verdict in GRAVEST
        for finding in analysis.findings
        if finding.verdict is verdict
    ]


def _method(analysis: Analysis) -> str:
    if analysis.refitted:
        whose = "the fast engine's models" if analysis.sweep.engine == "full" else "the whole sweep"
        return f"{whose} trained again {analysis.config.refits} times on halves of the training prompts"
    return "anchor prompts and seeds only, the models not trained again on other prompts"
