"""The lineage table: the names people use, what stays unknown, and files that contradict themselves."""

from pathlib import Path

import numpy as np
import pytest
import yaml

import firsthand.evaluate.audit.lineage as module
from firsthand.errors import ConfigError, InputError
from firsthand.evaluate.audit.lineage import lineages_of, read_lineages
from firsthand.evaluate.audit.table import AuditTable, Votes
from firsthand.lineage import Lineage, Relation, relation

NAMES = {
    "gpt-4": "openai gpt-4",
    "GPT-4": "openai gpt-4",
    "gpt-4-0613": "openai gpt-4",
    "gpt-4-1106-preview": "openai gpt-4",
    "gpt-4-turbo-2024-04-09": "openai gpt-4",
    "gpt-4o": "openai gpt-4o",
    "gpt-4o-2024-08-06": "openai gpt-4o",
    "openai/gpt-4o": "openai gpt-4o",
    "openrouter/openai/gpt-4o-mini": "openai gpt-4o",
    "gpt-3.5-turbo": "openai gpt-3.5",
    "gpt-3.5-turbo-0125": "openai gpt-3.5",
    "text-davinci-003": "openai gpt-3.5",  # so OpenAI's model index
    "text-davinci-001": "openai gpt-3",
    "gpt-4.1-mini-2025-04-14": "openai gpt-4.1",
    "claude-v1": "anthropic claude-1",
    "claude-instant-1.2": "anthropic claude-instant",
    "claude-3-5-sonnet": "anthropic claude-3.5",
    "claude-3-5-sonnet-20241022": "anthropic claude-3.5",
    "anthropic/claude-3.5-sonnet": "anthropic claude-3.5",
    "claude-3-opus-20240229": "anthropic claude-3",
    "claude-sonnet-4-0": "anthropic claude-4",
    "claude-opus-4-1-20250805": "anthropic claude-4",
    "claude-sonnet-4-5-20250929": "anthropic claude-4.5",
    "vicuna-13b-v1.2": "lmsys vicuna-1",
    "lmsys/vicuna-7b-v1.5": "lmsys vicuna-1.5",
    "vicuna-13b": "lmsys vicuna",  # of which version, and so from which base, is not said
    "vicuna-33b-v1.3": "lmsys vicuna-1",
    "prometheus-eval/prometheus-7b-v2.0": "prometheus-eval prometheus-2",
    "prometheus-13b-v1.0": "prometheus-eval prometheus",
    "alpaca-13b": "stanford alpaca",
    "llama-13b": "meta llama",
    "llama-30b": "meta llama",
    "llama-33b": "meta llama",
    "huggyllama/llama-7b": "meta llama",
    "meta-llama/Llama-2-7b-chat-hf": "meta llama-2",
    "Llama-3.1-8B-Instruct": "meta llama-3.1",
    "meta-llama/Meta-Llama-3.1-8B-Instruct": "meta llama-3.1",
    "unsloth/Llama-3.1-8B-Instruct-GGUF": "meta llama-3.1",
    "llama3.1:8b": "meta llama-3.1",
    "Qwen/Qwen2.5-7B-Instruct": "alibaba qwen-2.5",
    "qwen2.5-0.5b-instruct": "alibaba qwen-2.5",
    "Qwen3-30B-A3B": "alibaba qwen-3",
    "HuggingFaceTB/SmolLM2-135M-Instruct": "huggingface smollm2-instruct",
    "HuggingFaceTB/SmolLM2-135M": "huggingface smollm2",
    "HuggingFaceTB/SmolLM3-3B": "huggingface smollm3",
    "smollm2": "huggingface smollm2",
    "PandaLM-7B": "weopenml pandalm",
    "WizardLM-13B-V1.0": "microsoft wizardlm",
    "wizardlm-13b": "microsoft wizardlm-13b",  # as for vicuna-13b
    "WizardLM/WizardLM-13B-V1.2": "microsoft wizardlm-1.2",
    "WizardLMTeam/WizardLM-13B-V1.2": "microsoft wizardlm-1.2",
    "mosaicml/mpt-7b-chat": "databricks mpt-chat",
    "mpt-30b-instruct": "databricks mpt",
    "allenai/tulu-2-dpo-70b": "allenai tulu-2-dpo",
    "mistralai/Mistral-7B-Instruct-v0.2": "mistral mistral-7b",
    "mixtral-8x7b-instruct-v0.1": "mistral mixtral",
    "bloom-7b": "bigscience bloom",
    "opt-7b": "meta opt",
    "pythia-6.9b": "eleutherai pythia",
    "cerebras-gpt-6.7B": "cerebras cerebras-gpt",
    "google/gemma-2-9b-it": "google gemma-2",
    "gemini-1.5-pro-002": "google gemini-1.5",
    "deepseek-ai/DeepSeek-R1": "deepseek deepseek-r1",
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B": "deepseek deepseek-r1-distill-qwen",
    "microsoft/Phi-3-mini-4k-instruct": "microsoft phi-3",
    "HuggingFaceH4/zephyr-7b-beta": "huggingface zephyr",
    "gemini-3-pro-preview": "google gemini-3",
    "google-t5/t5-base": "google t5",
    "together_ai/meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo": "meta llama-3.1",
    "Llama-3.2-11B-Vision-Instruct": "meta llama-3.2",
    "unsloth/Qwen2.5-7B-Instruct-unsloth-bnb-4bit": "alibaba qwen-2.5",
    "Qwen/Qwen-1_8B-Chat": "alibaba qwen",
    "Qwen/Qwen3-30B-A3B-Thinking-2507": "alibaba qwen-3",
    "mistralai/Mistral-Large-Instruct-2407": "mistral mistral-large",
    "open-mixtral-8x7b": "mistral mixtral",
    "deepseek-ai/DeepSeek-R1-0528": "deepseek deepseek-r1",
    "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B": "deepseek deepseek-r1-0528-qwen3",
    "deepseek-ai/DeepSeek-R1-Distill-Llama-8B": "deepseek deepseek-r1-distill-llama-3.1",
    "deepseek-ai/DeepSeek-R1-Distill-Llama-70B": "deepseek deepseek-r1-distill-llama-3.3",
    "microsoft/phi-1_5": "microsoft phi-1.5",
    "microsoft/Phi-4-mini-instruct": "microsoft phi-4-mini",
    "microsoft/Phi-4-reasoning-plus": "microsoft phi-4-reasoning",
    "prometheus-eval/prometheus-8x7b-v2.0": "prometheus-eval prometheus-2-8x7b",
    "Skywork/Skywork-Reward-Llama-3.1-8B-v0.2": "skywork skywork-reward-llama-3.1",
    "Skywork/Skywork-Reward-V2-Qwen3-0.6B": "skywork skywork-reward-v2-qwen-3",
    "RLHFlow/ArmoRM-Llama3-8B-v0.1": "rlhflow armorm",
    "Nexusflow/Starling-LM-7B-beta": "nexusflow starling-beta",
    "berkeley-nest/Starling-RM-7B-alpha": "berkeley starling-rm",
    "teknium/OpenHermes-2.5-Mistral-7B": "nous openhermes-2.5",
    "internlm/internlm2_5-7b-chat": "shanghai-ai-lab internlm2",
    "internlm/internlm2-7b-reward": "shanghai-ai-lab internlm2-reward",
    "allenai/OLMo-7B-0724-Instruct-hf": "allenai olmo-instruct",
    "allenai/OLMo-2-1124-7B-Instruct": "allenai olmo-2-instruct",
    "allenai/Llama-3.1-Tulu-3-8B-DPO": "allenai tulu-3",
    "CohereForAI/c4ai-command-r-plus-08-2024": "cohere command-r",
    "tiiuae/falcon-40b-instruct": "tii falcon-instruct",
    "bigscience/bloomz-7b1-mt": "bigscience bloomz",
    "01-ai/Yi-1.5-34B-Chat": "01-ai yi-1.5",
    "mpt-30b-chat": "databricks mpt-30b-chat",
    "ultralm-13b": "openbmb ultralm",
}
STRANGERS = (
    "WizardLM-70B-V1.0",  # its base is said nowhere that we could read
    "WizardLM-13B-V1.1",
    "llama-70b",  # LLaMA had none; which later one is meant is not said
    "llama-3-405b",
    "gemma-27b",
    "qwen-32b",
    "olmo-13b",
    "alpaca-30b",  # Stanford's were of 7 and 13 billion parameters
    "tiiuae/falcon-11B",  # Falcon 2
    "davinci-002",  # text-davinci-002, or the later base model
    "chatgpt",  # GPT-3.5 once, others since
    "mistral",
    "gemini-pro-latest",
    "deepseek-r1:8b",  # distilled, from which base is not said
    "gemma-2-9b-it-SimPO",
    "my-model",
    "gpt-4-my-finetune",
    "someone/gpt-4",
    "someone/Llama-3.1-8B-Instruct",
    "gpt4all-j",
    "llama-guard-3",
    "vicuna-lookalike",
    "expert_24",
    "gpt-4omega",
    "",
)


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_names_people_use(name: str, expected: str) -> None:
    found = read_lineages().of(name)
    assert f"{found.family} {found.series}" == expected


@pytest.mark.parametrize("name", STRANGERS)
def test_other_names_stay_unknown(name: str) -> None:
    found = read_lineages().of(name)
    assert (found.family, found.series, found.base, found.trained_on) == (None, None, None, ())


@pytest.mark.parametrize(
    ("judge", "author", "expected"),
    [
        ("openai/gpt-4", "gpt-4", Relation.SAME_MODEL),
        ("gpt-4", "gpt-4-0613", Relation.SAME_SERIES),
        ("gpt-4", "gpt-3.5-turbo", Relation.SAME_FAMILY),
        ("gpt-4", "claude-v1", Relation.UNRELATED),
        ("PandaLM-7B", "llama-7b", Relation.INHERITED),
        ("PandaLM-7B", "gpt-3.5-turbo", Relation.INHERITED),
        ("gpt-3.5-turbo", "vicuna-13b-v1.2", Relation.INHERITED),
        ("JudgeLM-7B", "llama-13b", Relation.INHERITED),  # through Vicuna
        ("PandaLM-7B", "alpaca-13b", Relation.SAME_FAMILY),  # both tuned from LLaMA
        ("PandaLM-7B", "bloom-7b", Relation.UNRELATED),
        ("gpt-4o", "Llama-3.1-Tulu-3-8B", Relation.INHERITED),
        ("Skywork-Reward-Gemma-2-27B", "gpt-4", Relation.INHERITED),  # through ArmoRM
        ("gpt-4", "SmolLM2-135M-Instruct", Relation.INHERITED),
        ("gpt-4", "SmolLM2-135M", Relation.UNRELATED),
        ("gpt-3.5-turbo", "alpaca-7b", Relation.INHERITED),
        ("Llama-3.2-3B-Instruct", "Llama-3.1-8B-Instruct", Relation.INHERITED),
        ("gpt-4", "my-model", Relation.UNKNOWN),
    ],
)
def test_relations_by_name(judge: str, author: str, expected: Relation) -> None:
    known = read_lineages()
    assert relation(known.of(judge), known.of(author)) is expected


def test_every_shipped_row_has_a_source_and_known_ancestors() -> None:
    shipped = Path(module.__file__).parent / "families.yaml"
    read_lineages(shipped)  # as a user's file, so that it must not contradict itself
    content = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    rows = [(name, row) for family in content["families"].values() for name, row in family["series"].items()]
    names = [name for name, _ in rows]
    assert len(set(names)) == len(names) > 90
    for name, row in rows:
        assert row["source"].startswith("https://"), name
        assert {row.get("base"), *row.get("trained_on", ())} - {None} <= set(names), name
        assert name not in {row.get("base"), *row.get("trained_on", ())}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "lineage.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_users_rows_come_first(tmp_path: Path) -> None:
    known = read_lineages(
        written(
            tmp_path,
            """
families:
  acme:
    also: [acme-labs]
    series:
      roadrunner: {names: ['roadrunner{size}{kind}', 'opt-7b'], base: llama-3.1, trained_on: [gpt-4o]}
""",
        )
    )
    assert known.of("acme-labs/Roadrunner-8B-Instruct-v2") == Lineage(
        "roadrunner-8b-instruct-v2", "acme", "roadrunner", "llama-3.1", ("gpt-4o",)
    )
    assert relation(known.of("roadrunner-8b"), known.of("gpt-4o-mini")) is Relation.INHERITED
    assert known.of("opt-7b").family == "acme"
    assert known.of("opt-6.7b").family == "meta"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("families: {a: {series: {x: {names: ['m[']}}}}", "not a regular expression"),
        ("families: {a: {series: {x: {names: [m], base: y}, y: {names: [n], base: x}}}}", "descends from itself"),
        ("families: {a: {series: {x: {names: [m]}}}, b: {series: {x: {names: [n]}}}}", "a series has one family"),
        ("families: {a: {also: [b], series: {x: {names: [m]}}}, b: {series: {y: {names: [n]}}}}", "another word"),
        ("families: {a: {series: {x: {names: []}}}}", "at least 1 item"),
        ("families: {a: {serie: {}}}", "families.a.serie"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_lineages(written(tmp_path, text))


def test_two_lineages_for_one_name_are_refused(tmp_path: Path) -> None:
    text = "families: {a: {series: {x: {names: ['m.*']}}}, b: {series: {y: {names: ['.*odel']}}}}"
    known = read_lineages(written(tmp_path, text))
    assert known.of("mine").family == "a"
    with pytest.raises(ConfigError, match=r"families\.a\.series\.x and families\.b\.series\.y: both match .*'model'"):
        known.of("model")


def test_a_stated_family_is_believed() -> None:
    known = read_lineages()
    assert known.of("gpt-4", "OpenAI") == known.of("gpt-4")
    assert known.of("gpt-4", "ChatGPT").series == "gpt-4"
    assert known.of("my-model", "Claude").family == "anthropic"
    assert known.of("vicuna-13b", "llama") == Lineage("vicuna-13b", "meta")
    assert known.of("my-model", "Acme Labs").family == "acme-labs"


def table(families: dict[str, str], models: dict[str, str]) -> AuditTable:
    nothing = np.zeros(0, np.int64)
    votes = Votes(nothing, nothing, nothing, nothing, np.zeros(0))
    return AuditTable(
        prompt=nothing,
        author=np.zeros((0, 2), np.int64),
        length=np.zeros((0, 2)),
        authors=("gpt-4", "my-model"),
        raters=(),
        judges=("pair-judge",),
        people=votes,
        judged=votes,
        models=models,
        families=families,
    )


def test_a_judge_is_the_model_it_asks() -> None:
    found = lineages_of(table({}, {"pair-judge": "openai/gpt-4-0613"}), read_lineages())
    assert relation(found["pair-judge"], found["gpt-4"]) is Relation.SAME_SERIES
    assert relation(found["pair-judge"], found["my-model"]) is Relation.UNKNOWN


def test_a_judge_and_its_model_of_two_families_are_refused() -> None:
    stated = {"pair-judge": "anthropic", "gpt-4": "openai"}
    with pytest.raises(InputError, match=r"contradictory lineage.*'pair-judge'.*'anthropic'.*'openai'"):
        lineages_of(table(stated, {"pair-judge": "gpt-4"}), read_lineages())
