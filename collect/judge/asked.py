"""How a judge is asked: with which template, by which method, with which parameters of the request."""

from dataclasses import dataclass
from typing import Any

from firsthand.collect.judge.config import Judge, Method
from firsthand.collect.judge.settled import check_settled, earlier_detail
from firsthand.collect.judge.template import Template
from firsthand.store import Store

DEFAULTS: dict[Method, dict[str, Any]] = {
    Method.LOGPROBS: {"temperature": 0, "max_tokens": 1, "logprobs": True, "top_logprobs": 20},
    Method.SAMPLES: {"temperature": 1, "max_tokens": 64},
}
"""Parameters of the request, unless the configuration gives others; null leaves one out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A judge as it is asked; parameters: of the request."""

    name: str
    judge: Judge
    template: Template
    method: Method
    parameters: dict[str, Any]

    @property
    def samples(self) -> int:
        """Answers that one verdict takes."""
        return self.judge.samples if self.method is Method.SAMPLES else 1

    def facts(self) -> dict[str, Any]:
        """What every verdict of the judge keeps of how it was asked, and may not change under its name.

        asked_model: as the configuration names it; null where the endpoint has only one.
        """
        facts = {"method": self.method.value, "parameters": self.parameters, "version": self.judge.version}
        return facts | ({"asked_model": self.judge.endpoint.model} if self.judge.endpoint else {})


def asked_by(method: Method, name: str, judge: Judge, template: Template) -> Asked:
    """The judge asked by `method`."""
    given = {**DEFAULTS[method], **judge.parameters}
    parameters = {key: value for key, value in given.items() if value is not None}
    return Asked(name, judge, template, method, parameters)


def settled(store: Store, name: str, judge: Judge, template: Template) -> Asked | None:
    """The judge as its configuration says or its earlier verdicts came about; None where neither tells the method.

    Raises InputError where the judge would now be asked otherwise than it was.
    """
    earlier = earlier_detail(store, name, template.sha256)
    if judge.verdict == "auto" and earlier is None:
        return None
    method = Method(earlier["method"]) if judge.verdict == "auto" and earlier else Method(judge.verdict)
    asked = asked_by(method, name, judge, template)
    check_settled(store, name, template.sha256, asked.facts())
    return asked
