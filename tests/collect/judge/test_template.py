import hashlib
from pathlib import Path
from typing import Any

import pytest

from firsthand.collect.judge.config import Judge
from firsthand.collect.judge.template import load_template, readable
from firsthand.endpoint.config import EndpointConfig
from firsthand.errors import InputError
from firsthand.lines import parse_line
from firsthand.records import Comparison, Side, dump

TEXT = "Q: {{ prompt }}\n1: {{ first }}\n2: {{ second }}\n{{ rubric }}\n{{ answers.first }} or {{ answers.second }}?"


def judge(folder: Path, text: str = TEXT, rubric: str | None = "Be strict.", **options: Any) -> Judge:
    (folder / "question.txt").write_text(text, encoding="utf-8")
    if rubric is not None:
        (folder / "rubric.txt").write_text(rubric, encoding="utf-8")
        options["rubric"] = Path("rubric.txt")
    return Judge(endpoint=EndpointConfig(url=["http://localhost:1/v1"]), template=Path("question.txt"), **options)


def comparison(**keys: Any) -> Comparison:
    return parse_line(
        {"prompt": "Name a river.", "response_a": "The Nile.", "response_b": "Everest.", **keys}
    ).comparison


def test_the_responses_stand_in_the_order_asked_for(tmp_path: Path) -> None:
    template = load_template(judge(tmp_path), tmp_path)
    one = comparison()
    (message,) = template.messages(one, Side.A)
    assert message["role"] == "user"
    assert message["content"].splitlines() == [
        "Q: Name a river.",
        f"1: {one.a.content}",
        f"2: {one.b.content}",
        "Be strict.",
        "A or B?",
    ]
    turned = template.messages(one, Side.B)[0]["content"].splitlines()
    assert turned[1:3] == [f"1: {one.b.content}", f"2: {one.a.content}"]


def test_a_system_text_goes_before_it(tmp_path: Path) -> None:
    template = load_template(judge(tmp_path, system="You are fair."), tmp_path)
    assert template.messages(comparison(), Side.A)[0] == {"role": "system", "content": "You are fair."}


def test_what_a_response_says_is_never_run(tmp_path: Path) -> None:
    one = comparison(response_a="{{ 7 * 7 }}{% for x in y %}", response_b="{{ answers }}")
    asked = load_template(judge(tmp_path), tmp_path).messages(one, Side.A)[0]["content"]
    assert "{{ 7 * 7 }}{% for x in y %}" in asked
    assert "{{ answers }}" in asked


def test_the_hash_is_of_all_that_is_asked_but_the_comparison(tmp_path: Path) -> None:
    first = load_template(judge(tmp_path), tmp_path)
    asked = {
        "template": TEXT,
        "rubric": "Be strict.",
        "system": None,
        "answers": {"first": "A", "second": "B", "tie": None},
    }
    assert first.sha256 == hashlib.sha256(dump(asked).encode()).hexdigest()
    others = [
        load_template(judge(tmp_path, text=TEXT + "!"), tmp_path),
        load_template(judge(tmp_path, rubric="Be kind."), tmp_path),
        load_template(judge(tmp_path, system="s"), tmp_path),
        load_template(judge(tmp_path, answers={"first": "1", "second": "2"}), tmp_path),
    ]
    assert len({first.sha256, *(other.sha256 for other in others)}) == 5


def test_an_exchange_is_told_under_the_names_of_its_roles() -> None:
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    assert readable(turns) == "User: Hi\n\nAssistant: Hello"
    assert readable(turns[:1]) == "Hi"


@pytest.mark.parametrize(
    ("text", "rubric", "message"),
    [
        ("{{ prompt }} {{ first }} {{ second", None, "no valid Jinja2 template"),
        ("{{ prompt }} {{ first }} {{ secnd }}", None, "uses secnd; it may use prompt: the prompt's text"),
        ("{{ prompt }} {{ first }}", None, "does not use second"),
        ("{{ first }} {{ second }}", None, "does not use prompt or messages"),
        ("{{ prompt }} {{ first }} {{ second }}", "Be strict.", "does not use rubric, though a rubric file is given"),
    ],
)
def test_a_wrong_template_is_refused_with_what_to_do(
    tmp_path: Path, text: str, rubric: str | None, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        load_template(judge(tmp_path, text, rubric), tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ messages[3].content }}", "list object has no element 3"),
        ("{{ prompt + 1 }}", "can only concatenate str"),
        ("{{ prompt.__class__.mro() }}", "is unsafe"),
    ],
)
def test_a_template_that_a_comparison_does_not_fit_is_told_with_its_id(tmp_path: Path, text: str, message: str) -> None:
    template = load_template(judge(tmp_path, text + "{{ prompt }} {{ first }} {{ second }}", None), tmp_path)
    one = comparison()
    with pytest.raises(InputError, match=rf"can't be filled in for the comparison {one.id}: .*{message}"):
        template.messages(one, Side.A)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    wanted = judge(tmp_path)
    (tmp_path / "rubric.txt").unlink()
    with pytest.raises(InputError, match=r"can't read .*rubric\.txt"):
        load_template(wanted, tmp_path)
