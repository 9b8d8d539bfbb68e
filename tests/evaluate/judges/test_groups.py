import pytest

from firsthand.evaluate.calibration import Calibration
from firsthand.evaluate.judges.bench import COLUMNS
from firsthand.evaluate.judges.findings import find

SIZES = {"x": 40, "y": 40, "z": 6}
FIRST_BOTH_TIMES = {"x": 12, "y": 2, "z": 6}


def lines():
    """Three people who always say a; a judge that says a, 80 % sure, but takes the first both times on some."""
    for tag, size in SIZES.items():
        for number in range(size):
            comparison = {"prompt": f"{tag}{number}", "tags": {"domain": tag}}
            for rater in ("ann", "ben", "cleo"):
                yield {**comparison, "annotator": rater, "verdict": "a"}
            turned = number < FIRST_BOTH_TIMES[tag]
            for side in ("a", "b"):
                verdict = "b" if turned and side == "b" else "a"
                answer = {"verdict": verdict, "p_a": 0.8 if verdict == "a" else 0.4, "shown_first": side}
                yield {**comparison, **answer, "annotator": "judge", "source": "synthetic", "judge": {"model": "m"}}


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    from firsthand.lines import parse_line
    from firsthand.store import Store

    with Store(str(tmp_path_factory.mktemp("groups") / "store.db")) as store:
        texts = {"response_a": "good", "response_b": "bad!"}
        store.add([parse_line({"source": "human", **texts, **line}) for line in lines()])
        (judge,) = find(store.votes(COLUMNS), tag="domain", draws=50).judges
    return {group.value: group for group in judge.groups if group.family == "tag domain"}


def test_order_is_tested_in_each_group_and_corrected_over_all(groups):
    # McNemar, 12 against 0: 2 / 2^12; 2 against 0: 2 / 2^2. Holm over the two: the smaller one counts twice.
    assert groups["x"].order.p == pytest.approx(2 / 2**12)
    assert groups["x"].order_p_adjusted == pytest.approx(2 * 2 / 2**12)
    assert groups["y"].order_p_adjusted == pytest.approx(0.5)
    assert [groups[tag].order_verdict for tag in SIZES] == ["leans to the first", "no lean shown", "not testable"]
    assert groups["x"].order.flips.value == pytest.approx(12 / 40)
    assert groups["z"].order.flips.why == "needs 10 prompts to rest on, has 6"


def test_the_alternative_annotator_test_is_made_where_a_group_has_the_votes(groups):
    # People agree on everything, and the judge, its orders merged, agrees with them: no difference anywhere.
    assert groups["x"].alternative.omega == {"crowd": 1.0, "skilled": 1.0, "expert": 1.0}
    assert groups["x"].passes("crowd") is True
    assert groups["z"].passes("crowd") is None
    assert "the 3 with most have 6, 6, 6" in groups["z"].alternative.refused


def test_calibration_is_measured_in_each_group(groups):
    # x: 28 labels at 0.8 and 12 at 0.6, all right: (28 x 0.2 + 12 x 0.4) / 40.
    assert isinstance(groups["x"].calibration, Calibration)
    assert groups["x"].calibration.ece.value == pytest.approx(0.26)
    assert groups["z"].calibration.why == "needs 10 prompts to rest on, has 6"
