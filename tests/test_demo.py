"""The demo's steps: what runs, what is skipped, what a failure leaves."""

import argparse
import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

from firsthand import demo
from firsthand.cli import main
from firsthand.config import load_config
from firsthand.demo_page import write_demo_page
from firsthand.errors import FirsthandError
from firsthand.store import Store
from firsthand.train.jobs import DPOJob, RewardJob
from firsthand.train.mix_config import MixConfig


def arguments(folder, **options):
    return argparse.Namespace(**{"dir": folder, "unattended": True, "port": 0, **options})


def test_the_configurations_that_come_with_the_demo_are_valid(tmp_path):
    def no_command(_argv):
        return 1

    with pytest.raises(FirsthandError):
        demo.demo(arguments(tmp_path), no_command)
    for name, model in (("mix", MixConfig), ("reward", RewardJob), ("dpo", DPOJob)):
        load_config(tmp_path / f"{name}.yaml", model)


def test_agreement_and_mix_run_for_real_and_are_not_run_again(tmp_path, capsys):
    ran = []

    def until_training(argv):
        ran.append(argv[:2])
        return 1 if argv[1] == "reward" else main(argv)

    for _ in range(2):
        with pytest.raises(FirsthandError, match="run the demo again"):
            demo.demo(arguments(tmp_path), until_training)
    assert ran == [
        ["evaluate", "audit"],
        ["evaluate", "agreement"],
        ["train", "mix"],
        ["train", "reward"],
        ["train", "reward"],
    ]
    with Store(str(tmp_path / "simulated.db")) as store:
        assert all(annotator.simulated for annotator in store.annotators().values())
        assert store.counts().superseded == 0
    assert json.loads((tmp_path / "agreement.json").read_text())["simulated_raters"] == 3
    manifest = json.loads((tmp_path / "mix" / "manifest.json").read_text())
    assert manifest["realised"]["synthetic"]["rows"] > 0
    said = capsys.readouterr().out
    assert said.index("DETECTED: Do not let gpt-4 judge") < said.index("CC-BY-4.0") < said.index("SIMULATED")
    assert (tmp_path / "audit" / "report.html").stat().st_size > 20_000
    assert "$ firsthand train mix" in said
    for kind in ("reward", "dpo"):
        (tmp_path / f"{kind}.json").write_text(json.dumps({"verdict": {"sentence": f"The {kind} <model> is so."}}))
    with Store(str(tmp_path / "simulated.db")) as store:
        page = write_demo_page(tmp_path, [("Mix", "firsthand train mix")], store.counts()).read_text()
    assert page.index("Do not let gpt-4 judge pairs that contain gpt-4") < page.index("Simulated data.")
    assert page.index("Simulated data.") < page.index("225 of 75 prompts") < page.index("The dpo &lt;model&gt; is so.")
    assert "Gwet&#x27;s AC1" in page
    assert (f"{manifest['splits']['train']['rows']} rows") in page


def test_a_failed_step_leaves_no_result_that_looks_finished(tmp_path):
    step = demo.Step("Fails", ["evaluate", "agreement"], tmp_path / "out.json", tmp_path / "out.json")
    with pytest.raises(FirsthandError, match="'Fails' ended with status 2"):
        demo.run_step(step, lambda _argv: 2)
    assert not (tmp_path / "out.json").exists()


def test_every_step_is_a_command_line_that_the_parser_knows(tmp_path):
    from firsthand.cli import make_parser

    for step in demo.pipeline(tmp_path, tmp_path / "s.db", ratio="human=1,synthetic=0"):
        assert make_parser().parse_args(step.command).run


def test_stopping_the_rating_page_tells_how_many_verdicts_there_are_and_what_comes_next(tmp_path):
    command = [sys.executable, "-m", "firsthand", "demo", "--dir", str(tmp_path), "--port", "0"]
    # As a service's log takes it: what is not flushed would be read at the end only.
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=buffered) as process:
        said = ""
        while "Rate at" not in said:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said += line
        address = next(word for word in said.split() if word.startswith("http"))
        urllib.request.urlopen(f"{address}login", timeout=60).close()
        process.send_signal(signal.SIGINT)
        said, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Your verdicts so far: 0" in said
    assert f"firsthand demo --dir {tmp_path}\n" in said
    assert "firsthand train mix" in said
    *notes, last = complaint.splitlines()
    assert last.startswith("firsthand: interrupted")
    assert all(line.startswith("wrote ") or line.endswith(" s") for line in notes)
