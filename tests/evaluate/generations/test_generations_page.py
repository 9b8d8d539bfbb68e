"""The page of a loop in a browser, and the command that writes it."""

import json
from itertools import pairwise

import pytest
from report_pages import sound_page
from views import LOOKED_AT

from firsthand.cli import main
from firsthand.evaluate.generations.analysis import analyse
from firsthand.evaluate.generations.config import GenerationsConfig, World
from firsthand.evaluate.generations.report import write_report
from firsthand.evaluate.generations.sampled import simulated_loops

WORLD = {"rows": 200, "comparisons": 90, "probes": 30, "step": 1.5}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    config = GenerationsConfig(generations=2, ratios=[0.1, 0.3, 0.5, 0.7, 0.9, 1.0], seeds=[1, 2], world=World(**WORLD))
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_report(analyse(simulated_loops(config, config.world), config), path)
    return path.as_uri()


@pytest.mark.parametrize(("width", "scheme"), LOOKED_AT)
def test_the_page_is_accessible_fits_and_asks_for_nothing(browser, report, width, scheme):
    with sound_page(browser, report, width, scheme):
        pass


def test_every_curve_is_drawn_and_told_in_words(browser, report):
    page = browser.new_page()
    page.goto(report)
    charts = page.locator(".curves svg")
    assert charts.count() == 4
    assert charts.first.locator("polyline.curve").count() == 7
    assert charts.first.get_attribute("aria-label").startswith("different types: human-only twin ")
    names = charts.first.locator("text.name").all_text_contents()
    assert sorted(names) == ["0.1", "0.3", "0.5", "0.7", "0.9", "1", "twin"]
    boxes = [box.bounding_box() for box in charts.first.locator("text.name").all()]
    tops = sorted(box["y"] for box in boxes)
    assert min(below - above for above, below in pairwise(tops)) > 8
    page.close()


def test_the_command_writes_figures_and_page_and_prints_json(tmp_path, capsys):
    config, out = tmp_path / "world.yaml", tmp_path / "out"
    config.write_text(json.dumps({"generations": 2, "ratios": [1.0], "seeds": [1, 2], "world": WORLD}))
    assert main(["evaluate", "generations", str(config), "--out", str(out), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((out / "generations.json").read_text())
    assert {one["detector"] for one in printed["findings"]} == {"diversity", "amplification", "anchor", "closure"}
    assert printed["engine"] == "simulator"
    assert main(["evaluate", "generations", str(config), "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert text.startswith(printed["sentences"][0])
    assert "human-only twin" in text
    assert (out / "report.html").read_text().startswith("<!doctype html>")


def test_a_folder_that_is_not_the_loops_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    config = tmp_path / "world.yaml"
    config.write_text(json.dumps({"world": WORLD}))
    assert main(["evaluate", "generations", str(config), "--out", str(tmp_path)]) == 2
    assert "holds files that no training run wrote" in capsys.readouterr().err
