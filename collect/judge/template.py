"""What a judge is asked: a template file, a rubric file, and their hash."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError, meta
from jinja2 import Template as JinjaTemplate
from jinja2.sandbox import ImmutableSandboxedEnvironment

from firsthand.collect.judge.config import Judge
from firsthand.errors import InputError
from firsthand.records import Comparison, Content, Message, Side, dump

KNOWN = {
    "prompt": "the prompt's text",
    "messages": "the prompt's messages, each with role and content",
    "first": "the response shown first",
    "second": "the response shown second",
    "rubric": "the rubric file's text",
    "answers": "the answer words: answers.first, answers.second, answers.tie",
}
NEEDED = ("prompt", "messages"), ("first",), ("second",)
"""Of each of these a template uses one."""
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False, autoescape=False)


@dataclass(frozen=True, slots=True)
class Template:
    """A judge's question. sha256: of all of it but the comparison: template, rubric, system text, answer words."""

    text: str
    rubric: str
    system: str | None
    answers: Mapping[str, str | None]
    sha256: str

    def messages(self, comparison: Comparison, shown_first: Side) -> list[Message]:
        """The chat messages that ask about `comparison`; both its texts must be known."""
        a, b = (readable(response.content or "") for response in (comparison.a, comparison.b))
        first, second = (a, b) if shown_first is Side.A else (b, a)
        asked = _rendered(
            self.text,
            comparison.id,
            prompt=readable(comparison.prompt),
            messages=comparison.prompt,
            first=first,
            second=second,
            rubric=self.rubric,
            answers=self.answers,
        )
        system = [] if self.system is None else [{"role": "system", "content": self.system}]
        return [*system, {"role": "user", "content": asked}]


def load_template(judge: Judge, folder: Path) -> Template:
    """The template of `judge`, its files looked for from `folder`.

    Raises InputError where a file can't be read or the template is wrong, with what it may use.
    """
    text = _read(folder / (judge.template or ""))
    rubric = _read(folder / judge.rubric) if judge.rubric else ""
    _check(text, rubric, folder / (judge.template or ""))
    answers = judge.answers.model_dump()
    asked = dump({"template": text, "rubric": rubric, "system": judge.system, "answers": answers})
    return Template(text, rubric, judge.system, answers, hashlib.sha256(asked.encode()).hexdigest())


def readable(content: Content) -> str:
    """A response or a prompt as one text: a single message's content, or each message under the name of its role."""
    if isinstance(content, str):
        return content
    if len(content) == 1:
        return content[0]["content"]
    return "\n\n".join(f"{message['role'].capitalize()}: {message['content']}" for message in content)


@lru_cache(maxsize=64)
def _compiled(text: str) -> JinjaTemplate:
    return _ENVIRONMENT.from_string(text)


def _rendered(text: str, comparison: str, **values: Any) -> str:
    try:
        return _compiled(text).render(values)
    except Exception as error:  # a template may raise what it will
        raise InputError(f"the template can't be filled in for the comparison {comparison}: {error}") from error


def _check(text: str, rubric: str, path: Path) -> None:
    may_use = "; ".join(f"{name}: {meaning}" for name, meaning in KNOWN.items())
    try:
        used = meta.find_undeclared_variables(_ENVIRONMENT.parse(text))
    except TemplateError as error:
        raise InputError(f"the template {path} is no valid Jinja2 template: {error}") from None
    if unknown := sorted(used - set(KNOWN)):
        raise InputError(f"the template {path} uses {', '.join(unknown)}; it may use {may_use}")
    for names in NEEDED:
        if not used & set(names):
            raise InputError(f"the template {path} does not use {' or '.join(names)}; it may use {may_use}")
    if rubric and "rubric" not in used:
        raise InputError(f"the template {path} does not use rubric, though a rubric file is given")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"can't read {path}: {error}") from error
