import json
from pathlib import Path

import pytest

from firsthand.collect.generate.prompts import Prompts
from firsthand.errors import InputError
from firsthand.lines import parse_line
from firsthand.sample import sample_entries
from firsthand.store import Store


def test_the_demos_prompts_are_those_of_its_sample_with_their_tags(store: Store) -> None:
    prompts = list(Prompts("demo", store))
    assert len(prompts) == 75
    assert {prompt.id for prompt in prompts} == {entry.comparison.prompt_id for entry in sample_entries()}
    assert all(set(prompt.tags) == {"domain", "kind"} for prompt in prompts)
    assert [prompt.id for prompt in Prompts("demo", store, limit=3)] == [prompt.id for prompt in prompts[:3]]


def test_the_stores_prompts_carry_the_tags_that_all_their_comparisons_share(either_store: Store) -> None:
    lines = [
        {"prompt": "p", "response_a": "1", "response_b": "2", "tags": {"domain": "x", "level": "easy"}},
        {"prompt": "p", "response_a": "1", "response_b": "3", "tags": {"domain": "x", "level": "hard"}},
        {"prompt": "q", "response_a": "1", "response_b": "2"},
    ]
    either_store.add([parse_line(line) for line in lines])
    prompts = list(Prompts("store", either_store))
    assert [prompt.id for prompt in prompts] == sorted(prompt.id for prompt in prompts)
    assert {prompt.messages[0]["content"]: prompt.tags for prompt in prompts} == {"p": {"domain": "x"}, "q": {}}


def test_a_files_prompts_come_once_and_rows_without_one_are_counted(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "prompts.jsonl"
    rows = [{"prompt": "p", "tags": {"domain": "x"}}, {"prompt": [{"role": "user", "content": "p"}]}, {"question": "?"}]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows) + "nonsense\n")
    prompts = Prompts(str(path), store)
    for _ in range(2):  # read again, counted anew
        assert [(prompt.messages, prompt.tags) for prompt in prompts] == [
            ([{"role": "user", "content": "p"}], {"domain": "x"})
        ]
        assert prompts.unreadable.total() == 2
    with pytest.raises(InputError, match=r"there is no file none\.jsonl; give a file, 'demo' or 'store'"):
        list(Prompts("none.jsonl", store))
