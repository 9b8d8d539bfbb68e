"""The command's work: run the loops of either engine in a folder that is theirs, analyse them, write what was found."""

import json
from pathlib import Path

from firsthand.collect.judge.template import load_template
from firsthand.errors import InputError
from firsthand.evaluate.generations.analysis import Analysis, analyse, analysis_json
from firsthand.evaluate.generations.config import GenerationsConfig, ModelLoop
from firsthand.evaluate.generations.outcome import Loops
from firsthand.evaluate.generations.report import write_report
from firsthand.store import Store

FIGURES, PAGE = "generations.json", "report.html"


def run_generations(
    config: GenerationsConfig, store: str | None, out: Path, folder: Path, overwrite: bool = False
) -> Analysis:
    """Run the loops, analyse them and write FIGURES and PAGE into `out`.

    folder: what the paths in the configuration are relative to. store: only read; a simulated loop needs none. Raises
    InputError where `out` holds the run of another configuration, or there is nothing to run on.
    """
    loops = _models(config, store, out, folder, overwrite) if config.models else _simulated(config, out, overwrite)
    found = analyse(loops, config)
    (out / FIGURES).write_text(json.dumps(analysis_json(found), indent=2) + "\n", encoding="utf-8")
    write_report(found, out / PAGE)
    return found


def _simulated(config: GenerationsConfig, out: Path, overwrite: bool) -> Loops:
    from firsthand.evaluate.generations.sampled import simulated_loops
    from firsthand.train.folder import claim

    if config.world is None:
        raise AssertionError("a configuration has models or a world")
    claim(out, {"kind": "generations", "engine": "simulator", "world": config.world.model_dump()}, overwrite)
    return simulated_loops(config, config.world)


def _template(loop: ModelLoop, folder: Path) -> str | None:
    """What the judge is asked, its template and rubric; None for one that is asked nothing."""
    (judge,) = loop.judge.values()
    return load_template(judge, folder).sha256 if judge.template else None


def _models(config: GenerationsConfig, url: str | None, out: Path, folder: Path, overwrite: bool) -> Loops:
    from firsthand.evaluate.generations.assemble import loops_of
    from firsthand.evaluate.generations.loop import run_models
    from firsthand.evaluate.generations.source import votes_sha256
    from firsthand.evaluate.model_version import model_version  # it loads transformers
    from firsthand.train.folder import claim

    if config.models is None:
        raise AssertionError("a configuration has models or a world")
    with Store(url, must_exist=True) as store:
        if not store.counts().human:
            raise InputError("the store holds no person's preference; a loop is measured by people, and so is its twin")
        # Generations, ratios and seeds may be added to a run; what every step depends on must be the same.
        identity = {
            "kind": "generations",
            "engine": "models",
            "models": config.models.model_dump(mode="json"),
            "first_model": model_version(config.models.model),
            "template_sha256": _template(config.models, folder),
            "votes_sha256": votes_sha256(store),
        }
        claim(out, identity, overwrite)
        ran = run_models(store, config, config.models, out, folder)
    return loops_of(ran, config, config.models, out)
