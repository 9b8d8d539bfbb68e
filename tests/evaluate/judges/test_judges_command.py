import json
from pathlib import Path

import pytest
from report_pages import sound_page
from views import LOOKED_AT

from firsthand.admission import read_admission
from firsthand.cli import main
from firsthand.collect.importing import Options, import_file
from firsthand.evaluate.judges.bench import COLUMNS
from firsthand.evaluate.judges.findings import find
from firsthand.evaluate.judges.listing import findings_json
from firsthand.evaluate.judges.page import write_judges_page
from firsthand.evaluate.judges.report import findings_text


def run(store, *options):
    return main(["evaluate", "judges", "--store", str(store.engine.url), *map(str, options)])


def test_the_command_prints_json_and_writes_the_rules_and_the_page(fill, judged_lines, tmp_path, capsys):
    store = fill(judged_lines())
    rules, page = tmp_path / "rules.json", tmp_path / "page.html"
    assert run(store, "--json", "--rules", rules, "--report", page, "--target", "0.8", "--tag", "domain") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    assert [judge["judge"] for judge in found["judges"]] == ["sharp", "swayed"]
    assert found["admission"] == json.loads(rules.read_text())
    assert read_admission(rules)[0].target == 0.8
    assert found["judges"][0]["calibration"]["error"]["value"] > 0
    groups = found["judges"][0]["groups"]
    assert {group["family"] for group in groups} == {"tag domain", "author pair", "length"}
    for group in groups[:2]:  # the tags
        assert set(group["alternative_annotator_test"]["p_adjusted"]) == {"crowd", "skilled", "expert"}
        assert group["order"]["verdict"] in ("no lean shown", "leans to the first", "leans to the second")
        assert group["calibration"]["error"]["ci"] is not None
    assert page.read_text().startswith("<!doctype html>")


def test_the_tables_can_be_read(fill, judged_lines, capsys):
    assert run(fill(judged_lines())) == 0
    text = capsys.readouterr().out
    for said in ("3 people", "Cohen's kappa", "McNemar p", "Alternative annotator test, sharp", "admitted at 85.0 %"):
        assert said in text


def test_simulated_people_are_told(fill, judged_lines):
    lines = [{**line, "simulated": True} if line["source"] == "human" else line for line in judged_lines(40, 40)]
    found = find(fill(lines).votes(COLUMNS), draws=20)
    assert found.simulated
    assert "say nothing about people" in findings_text(found)
    assert findings_json(found)["simulated"] is True


@pytest.mark.parametrize(
    ("source", "said"), [("human", "no judgments to hold against people"), ("synthetic", "no ratings by people")]
)
def test_without_judges_or_people_there_is_one_clear_error(fill, judged_lines, capsys, source, said):
    store = fill(line for line in judged_lines(5, 5) if line["source"] == source)
    assert run(store) == 2
    assert said in capsys.readouterr().err


def test_wrong_options_are_refused_before_any_work(fill, judged_lines, capsys, tmp_path):
    store = fill(judged_lines(5, 5))
    assert run(store, "--rules", tmp_path / "nowhere" / "rules.json") == 2
    assert "does not exist" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        run(store, "--target", "85")
    assert "'85' is not a share" in capsys.readouterr().err


def test_judges_on_other_comparisons_than_people_are_told(fill, judged_lines, capsys):
    lines = [line for line in judged_lines(20, 10) if (line["source"] == "human") == (int(line["prompt"][9:]) < 10)]
    assert run(fill(lines)) == 0
    text = capsys.readouterr().out
    assert "No judge labelled a comparison that people rated." in text
    assert "more human labels" in text


def real(store, *paths: Path):
    for path in paths:
        import_file(store, str(path), Options())
    return find(store.votes(COLUMNS), draws=200)


def test_pandalms_judges(store, shared_data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ("testset-v1.json", "gpt-3.5-turbo-testset-v1.json", "pandalm-7b-testset-v1.json")
    found = real(store, *(shared_data / "pandalm" / "data" / name for name in names))
    panda, gpt = found.judges
    # SOURCE.md: 0.668 and 0.693 of all 999. Without the six rows that hold no text, and without the 24 verdicts
    # "garbage", which are no verdicts: 667 of 993 and 692 of 969.
    assert panda.figures["accuracy"].value == pytest.approx(667 / 993)
    assert gpt.figures["accuracy"].value == pytest.approx(692 / 969)
    assert pytest.approx(0.693, abs=5e-4) == 692 / 999
    # Three people; the pairs agree on 906, 915 and 926 of 993 (tests/collect/test_real_data.py).
    assert panda.people["agreement"].value == pytest.approx((906 + 915 + 926) / 3 / 993)
    assert panda.alternative.people == 3
    assert not any(rule.admitted for rule in found.admission.rules)
    assert [rule.more_labels for rule in found.admission.rules] == [0, 0]


def test_gpt_4_on_mt_bench(store, shared_data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = shared_data / "mtbench-human-gpt4" / "data" / "processed" / "human_gpt_comparison.zip"
    (gpt,) = real(store, path).judges
    # SOURCE.md: 0.607 three-way and 0.856 without ties; people with each other 0.654.
    assert gpt.figures["agreement"].value == pytest.approx(0.607, abs=0.005)
    assert gpt.figures["agreement_decisive"].value == pytest.approx(0.856, abs=0.002)
    assert gpt.people["agreement"].value == pytest.approx(0.654, abs=0.002)
    assert gpt.order.flips.value == pytest.approx(0.157, abs=0.002)
    assert gpt.changed == 194


@pytest.fixture(scope="module")
def report(judged_lines, tmp_path_factory):
    from firsthand.lines import parse_line
    from firsthand.store import Store

    folder = tmp_path_factory.mktemp("page")
    long = "a-judge-with-a-rather-long-name-" * 3
    lines = [{**line, "annotator": line["annotator"].replace("swayed", long)} for line in judged_lines()]
    with Store(str(folder / "store.db")) as store:
        store.add([parse_line({"simulated": line["source"] == "human", **line}) for line in lines])
        found = find(store.votes(COLUMNS), tag="domain", draws=50)
    write_judges_page(found, folder / "page.html")
    return (folder / "page.html").as_uri()


@pytest.mark.parametrize(("width", "scheme"), LOOKED_AT)
def test_the_page_is_accessible_fits_and_asks_for_nothing(browser, report, width, scheme):
    with sound_page(browser, report, width, scheme) as page:
        assert page.get_by_text("Simulated data.").is_visible()
        for summary in page.locator("summary").all():
            summary.press("Enter")
        assert page.get_by_text("p (Holm)").last.is_visible()
        assert page.get_by_role("columnheader", name="calibration error").first.is_visible()
