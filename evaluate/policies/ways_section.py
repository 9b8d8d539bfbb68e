"""The section of the page on the two ways to train."""

from firsthand.evaluate.audit.finding import Verdict
from firsthand.evaluate.charts import share_bar
from firsthand.evaluate.policies.ranking import Ranking
from firsthand.evaluate.policies.verdict import Answer, way_name
from firsthand.evaluate.policies.ways import Ways
from firsthand.evaluate.policies.ways_report import figures, notes
from firsthand.markup import Html, element
from firsthand.page import data_table

STATUS = {
    Verdict.DETECTED: "One is preferred",
    Verdict.RULED_OUT: "No difference that matters",
    Verdict.INCONCLUSIVE: "Not decided",
    Verdict.NOT_TESTABLE: "Too few comparisons",
}


def ways_section(answer: Answer, ranking: Ranking) -> Html:
    """The answer, how people and the anchor see the two, and every figure."""
    ways = answer.ways
    texts = [element("p", text, class_="sentence") for text in answer.sentences[:2]]
    more = [element("p", text, class_="more") for text in [*answer.sentences[2:], *notes(answer)]]
    heads = ["figure", way_name(ways.reward), way_name(ways.dpo)]
    tone = {Verdict.DETECTED: "good", Verdict.RULED_OUT: "good"}.get(answer.verdict, "open")
    return element(
        "section",
        element("h2", "Reward model or DPO?"),
        element("p", STATUS[answer.verdict], class_="status"),
        *texts,
        *more,
        *_accuracy(ways),
        data_table(heads, figures(answer, ranking), "the two ways"),
        class_=f"verdict {tone}",
    )


def _accuracy(ways: Ways) -> list[Html]:
    reward, dpo = ways.reward.accuracy, ways.dpo.accuracy
    if reward is None or dpo is None:
        return []
    rows = f"{reward.rows:,} rows, {reward.prompts:,} prompts of the human anchor"
    return [
        element(
            "div",
            element("h3", "How often each picks the response that was chosen", element("span", rows)),
            share_bar("reward model", reward.model, "model"),
            share_bar("DPO model", dpo.model, "model"),
            share_bar("longer wins", reward.longer_wins, "other"),
            class_="group",
        )
    ]
