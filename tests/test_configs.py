"""Every shipped configuration loads, and opens with the command that runs it."""

from pathlib import Path

import pytest

from firsthand.cli import make_parser
from firsthand.collect.formats.table import ColumnMap
from firsthand.collect.generate.config import GenerateJob
from firsthand.collect.judge.config import JudgeJob
from firsthand.collect.serve_config import ServeConfig
from firsthand.config import Config, load_config
from firsthand.evaluate.audit.config import AuditConfig
from firsthand.evaluate.generations.config import GenerationsConfig
from firsthand.evaluate.policies.config import PoliciesConfig
from firsthand.evaluate.sweep.config import FullRules, SweepConfig
from firsthand.train.jobs import DPOJob, RewardJob
from firsthand.train.mix_config import MixConfig

ROOT = Path(__file__).resolve().parents[1]
MODELS: dict[str, type[Config]] = {
    "judge.yaml": JudgeJob,
    "mix.yaml": MixConfig,
    "mix-weighted.yaml": MixConfig,
    "audit.yaml": AuditConfig,
    "generations.yaml": GenerationsConfig,
    "generations-world.yaml": GenerationsConfig,
    "reward.yaml": RewardJob,
    "dpo.yaml": DPOJob,
    "dpo-weighted.yaml": DPOJob,
    "column-map.yaml": ColumnMap,
    "serve.yaml": ServeConfig,
    "generate.yaml": GenerateJob,
    "best-of.yaml": GenerateJob,
    "policies.yaml": PoliciesConfig,
    "sweep.yaml": SweepConfig,
}
SHIPPED = sorted(
    path
    for folder in ("configs", "src/firsthand/sample")
    for path in (ROOT / folder).rglob("*.yaml")
    if path.name != "prompts.yaml" and path.parent.name != "accelerate"  # tests/train/test_two_processes.py loads those
)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_shipped_configuration_loads_and_opens_with_its_command(path: Path) -> None:
    load_config(path, MODELS[path.name])
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# firsthand ")
    command = [word for word in first.removeprefix("# firsthand ").split() if word not in ("[...]", "...")]
    make_parser().parse_args(command)


def test_what_the_rating_sites_configuration_spells_out_are_the_defaults() -> None:
    assert load_config(ROOT / "configs" / "serve.yaml", ServeConfig) == ServeConfig()


def test_what_the_policies_configuration_spells_out_are_the_defaults() -> None:
    assert load_config(ROOT / "configs" / "policies.yaml", PoliciesConfig) == PoliciesConfig()


def test_what_the_policies_configuration_leaves_commented_out_loads(tmp_path: Path) -> None:
    lines = (ROOT / "configs" / "policies.yaml").read_text(encoding="utf-8").splitlines()
    start = lines.index("# reward_or_dpo:")
    shown = [line.removeprefix("# ") for line in lines[start : lines.index("", start)]]
    (tmp_path / "policies.yaml").write_text("\n".join(shown), encoding="utf-8")
    asked = load_config(tmp_path / "policies.yaml", PoliciesConfig).reward_or_dpo
    assert asked is not None
    assert (asked.reward.best_of, asked.base) == (8, "smollm2")


def test_what_the_audits_configuration_spells_out_are_the_defaults() -> None:
    assert load_config(ROOT / "configs" / "audit.yaml", AuditConfig) == AuditConfig()


def test_what_the_sweeps_configuration_spells_out_are_the_defaults_but_for_the_full_engines_job() -> None:
    spelt_out = load_config(ROOT / "configs" / "sweep.yaml", SweepConfig)
    assert spelt_out.model_copy(update={"full": FullRules()}) == SweepConfig()
    assert spelt_out.full.job_for(13).model == FullRules().job_for(13).model == "smollm2"
