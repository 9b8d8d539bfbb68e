"""The page of `evaluate policies --report`: who is first, the figures behind it, and which way to train pays."""

from pathlib import Path

from firsthand.bootstrap import LEVEL
from firsthand.evaluate.charts import share_bar
from firsthand.evaluate.policies.config import PoliciesConfig
from firsthand.evaluate.policies.matrix import matrix
from firsthand.evaluate.policies.ranking import Ranking
from firsthand.evaluate.policies.read import PEOPLE
from firsthand.evaluate.policies.verdict import Answer
from firsthand.evaluate.policies.ways_section import ways_section
from firsthand.evaluate.policies.words import caveats, headline, p_words, rank, share, who
from firsthand.evaluate.table import plain
from firsthand.markup import Html, element
from firsthand.page import data_table, document, facts, simulated_notice

STYLE = """
.bar > span:first-child { overflow-wrap: anywhere; line-height: 1.25; }
.bar + p { margin-top: 14px; }
.verdict .sentence + .sentence { margin-top: 10px; }
.verdict .more { margin: 12px 0 0; }
.verdict .scroll { margin-top: 20px; }
.matrix { border-collapse: separate; border-spacing: 2px; }
.matrix th { border: 0; text-align: center; font-weight: 550; vertical-align: bottom; }
.matrix td { text-align: center; padding: 6px 8px; border: 0; border-radius: 6px; min-width: 4.6rem; }
.matrix td small { display: block; font-size: .78rem; color: inherit; }
.matrix tbody th { text-align: left; vertical-align: middle; padding-left: 0; white-space: normal; }
.matrix tbody th { overflow-wrap: anywhere; min-width: 7rem; }
.matrix .own { background: var(--track); color: var(--soft); }
"""


def write_policies_page(path: Path, ranking: Ranking, config: PoliciesConfig, answer: Answer | None = None) -> None:
    """Write the page to `path`; raises OSError where that can't be done."""
    path.write_text(policies_page(ranking, config, answer), encoding="utf-8")


def policies_page(ranking: Ranking, config: PoliciesConfig, answer: Answer | None = None) -> str:
    """The whole page as HTML."""
    sections = [
        *_simulated(ranking),
        _headline(ranking),
        *([ways_section(answer, ranking)] if answer else []),
        _strengths(ranking),
        _pairs(ranking, config),
        _what_was_compared(ranking, config),
        _methods(config),
    ]
    return document("firsthand: policies compared", *sections, style=STYLE)


def _simulated(ranking: Ranking) -> list[Html]:
    if not ranking.compared.simulated:
        return []
    return [simulated_notice("Scripts gave all or some of the votes: this ranking says nothing about people.")]


def _headline(ranking: Ranking) -> Html:
    return element("section", element("p", headline(ranking), class_="sentence"), class_="verdict")


def _strengths(ranking: Ranking) -> Html:
    lead = (
        "The chance that a policy's response is preferred to that of another policy drawn at random, ties counting "
        f"half. The dashed line is 50 %; thin lines are {LEVEL:.0%} intervals."
    )
    rows = [
        [
            plain(policy.author),
            rank(policy),
            share(policy.points),
            _logits(policy.strength.value, policy.strength.ci),
            f"{policy.n:,}",
            "" if policy.length is None else f"{policy.length:,.0f}",
        ]
        for policy in ranking.policies
    ]
    return element(
        "section",
        element("h2", "Strengths"),
        element("p", lead, class_="lead"),
        *(share_bar(plain(policy.author), policy.points, "model") for policy in ranking.policies),
        *(element("p", text) for text in caveats(ranking)),
        data_table(["policy", "rank", "points", "strength (logits)", "comparisons", "characters"], rows),
    )


def _pairs(ranking: Ranking, config: PoliciesConfig) -> Html:
    lead = (
        "How often the policy of the row was preferred to that of the column, ties half, in the comparisons of the "
        "two. Bold: the two are told apart, with at most one chance in "
        f"{1 / config.alpha:.0f} of a mistake anywhere in the table. Without a comparison, the model's estimate in "
        "brackets."
    )
    rows = [
        [
            f"{plain(pair.first)} over {plain(pair.second)}",
            f"{pair.n:,}",
            share(pair.observed) if pair.n else "",
            "" if pair.ties is None else f"{100 * pair.ties:.0f} %",
            share(pair.fitted),
            p_words(pair.p_adjusted),
            pair.verdict.value,
        ]
        for pair in ranking.pairs
    ]
    heads = ["pair", "comparisons", "points", "ties", "by the model", "p adjusted", "different"]
    return element(
        "section",
        element("h2", "Each against each"),
        element("p", lead, class_="lead"),
        matrix(ranking),
        element("details", element("summary", "Every pair with its interval"), data_table(heads, rows)),
    )


def _what_was_compared(ranking: Ranking, config: PoliciesConfig) -> Html:
    compared = ranking.compared
    tags = "; ".join(f"{tag}: {', '.join(values)}" for tag, values in config.tags.items())
    pairs = [
        (
            "votes",
            f"{compared.votes:,}, of {compared.voters:,} {who(ranking)}" if compared.by == PEOPLE else who(ranking),
        ),
        ("comparisons, prompts", f"{len(compared):,}, {compared.prompts:,}"),
        ("only the tags", tags or "all"),
        ("tie rate", f"{ranking.tie_rate:.2f} (equal policies would tie in {_ties(ranking.tie_rate)})"),
        *((f"left out: {reason}", f"{count:,}") for reason, count in compared.left_out.items()),
    ]
    return element("section", element("h2", "What was compared"), facts(pairs))


def _methods(config: PoliciesConfig) -> Html:
    texts = [
        "Strengths: Bradley and Terry's model with Davidson's ties (1970). A comparison counts once, by the shares of "
        "its votes, of gold ones alone where there are some. Each policy is given half a win and half a loss "
        "more, so that one that wins everything stays finite.",
        f"Intervals: {LEVEL:.0%}, {config.draws:,} resamples of prompts with all their comparisons, each fitted anew, "
        f"seed {config.seed}. Policies are told apart by Holm's correction over all pairs at {config.alpha:g}; "
        f"“ruled out” means that the model's interval lies within {config.margin_points:g} points of 50 %.",
        "The ranking holds for these prompts and these voters. Strengths need not be transitive among people; where "
        "points and the model's estimate differ by much, read the pair itself.",
    ]
    return element("section", element("h2", "How it was measured"), *(element("p", text) for text in texts))


def _logits(value: float | None, ci: tuple[float, float] | None) -> str:
    if value is None:
        return ""
    return f"{value:+.2f}" + ("" if ci is None else f" ({ci[0]:+.2f} to {ci[1]:+.2f})")


def _ties(rate: float) -> str:
    return f"{100 * rate / (2 + rate):.0f} %"
