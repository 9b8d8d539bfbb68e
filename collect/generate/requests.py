"""The responses that a job wants, and which of them the journal holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from firsthand.collect.generate.config import GenerateJob, Seeds
from firsthand.collect.generate.prompts import Prompt
from firsthand.records import Message, content_id, dump
from firsthand.store import Store
from firsthand.store.calls import answered

KIND = "generate"
PROMPTS_AT_ONCE = 200
SEEDS = 2**31


@dataclass(frozen=True, slots=True)
class Wanted:
    """One response that is wanted. key: a hash of all that decides what it may be, and so its name in the journal."""

    key: str
    prompt: Prompt
    model: str
    setting: str
    sample: int
    seed: int | None


def wanted(job: GenerateJob, prompt: Prompt, model: str, version: str) -> list[Wanted]:
    """The responses to `prompt` that `model` is to write; of a best-of-n model n candidates for each, one by one.

    version: what besides its name tells the model from others: its id at the endpoint, a hash of a trained one.
    """
    found = []
    for name, setting in job.settings.items():
        for sample in range(setting.samples * job.candidates(model)):
            seed = _seed(job, prompt.id, model, sample)
            asked = [prompt.id, model, version, setting.system, setting.request(), sample, seed]
            found.append(Wanted(content_id(KIND, dump(asked)), prompt, model, name, sample, seed))
    return found


def with_answers(
    job: GenerateJob, store: Store, prompts: Iterable[Prompt], versions: dict[str, str]
) -> Iterator[list[tuple[Wanted, dict[str, Any] | None]]]:
    """For each of `prompts`, what the models of `versions` are to write, with the journal's replies."""
    rest = iter(prompts)
    while page := list(islice(rest, PROMPTS_AT_ONCE)):
        asked = [
            [each for model in versions for each in wanted(job, prompt, model, versions[model])] for prompt in page
        ]
        known = answered(store, KIND, {each.key for group in asked for each in group})
        for group in asked:
            yield [(each, known.get(each.key)) for each in group]


def messages_of(job: GenerateJob, one: Wanted) -> list[Message]:
    """What the model is sent: the prompt, after the setting's system message."""
    return with_system(one.prompt.messages, job.settings[one.setting].system)


def with_system(messages: list[Message], system: str | None) -> list[Message]:
    """The messages after `system`, which comes before a system message of their own."""
    if system is None:
        return messages
    if messages[0]["role"] == "system":
        return [{"role": "system", "content": f"{system}\n\n{messages[0]['content']}"}, *messages[1:]]
    return [{"role": "system", "content": system}, *messages]


def _seed(job: GenerateJob, prompt_id: str, model: str, sample: int) -> int | None:
    """The same for every model and setting, so that these are all that differs between two responses; or each its own.

    A best-of-n model always has its own: its candidates would hold the very response of the model it picks from.
    """
    if job.seed is None:
        return None
    own = [model] if job.seeds is Seeds.OWN or job.candidates(model) > 1 else []
    return int(content_id("seed", str(job.seed), prompt_id, str(sample), *own), 16) % SEEDS
