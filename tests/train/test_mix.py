"""The mix as a whole: split by prompt, conflicts, files, determinism, bad input."""

import json
import random
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pyarrow.parquet as pq
import pytest
from builders import fill, human, line, synthetic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firsthand.errors import InputError
from firsthand.lines import parse_line
from firsthand.store import Store
from firsthand.train import mix_files
from firsthand.train.mix import draw_mix, in_anchor, read_pools, write_mix
from firsthand.train.mix_config import MixConfig


def config(share: float = 0.5, **keys: Any) -> MixConfig:
    return MixConfig.model_validate({"ratio": {"human": 1 - share, "synthetic": share}, **keys})


@pytest.fixture
def mixed_store(store: Store) -> Store:
    """60 prompts with 3 pairs by people, 100 others with 3 pairs by a judge, tags in two domains."""
    domain = ("law", "code", "code")
    lines = [human(p, k, "ab"[(p + k) % 2], tags={"domain": domain[p % 3]}) for p in range(60) for k in range(3)]
    lines += [synthetic(p, k, "ab"[p % 2], tags={"domain": domain[p % 3]}) for p in range(60, 160) for k in range(3)]
    return fill(store, lines)


VOTES = st.lists(
    st.tuples(
        st.integers(0, 12),  # prompt
        st.integers(0, 2),  # pair
        st.sampled_from(["ann", "bob", "judge-1", "judge-2"]),
        st.sampled_from(["a", "b", "tie", "both_bad", "skip"]),
    ),
    min_size=1,
    max_size=80,
    unique_by=lambda vote: vote[:3],
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    votes=VOTES, share=st.sampled_from([0, 0.25, 0.5, 1]), conflict=st.sampled_from(["human_wins", "keep_both", "drop"])
)
def test_whatever_the_votes_no_anchor_prompt_is_trained_on_and_every_row_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, votes: list[tuple[int, int, str, str]], share: float, conflict: str
) -> None:
    kinds = {"ann": human, "bob": human, "judge-1": synthetic, "judge-2": synthetic}
    with Store(str(tmp_path_factory.mktemp("s") / "s.db")) as store:
        fill(store, [kinds[name](p, k, verdict, name) for p, k, name, verdict in votes])
        try:
            mix = draw_mix(
                store, config(share, conflict=conflict, anchor={"fraction": 0.3}, human={"aggregate": "each-vote"})
            )
        except InputError:
            return  # nothing to draw from, refused with a message; test_draw has those
        table = store.votes()
    train = mix.splits["train"]
    heldout = {*mix.splits["anchor"]["prompt_id"], *mix.splits["synthetic_heldout"]["prompt_id"]}
    assert not heldout & set(train["prompt_id"])
    assert all(in_anchor(prompt, 0.3) for prompt in heldout)
    assert set(mix.splits["anchor"]["source"]) <= {"human"}
    assert not train.duplicated(["comparison_id", "source", "annotator"]).any()
    if conflict != "keep_both":
        both = train.groupby("comparison_id")["source"].nunique()
        assert (both == 1).all()
    # with each-vote and judges asked once, every vote is a row drawn, not drawn, or dropped with a reason
    accounted = len(train) + sum(mix.facts["not_drawn"].values())
    accounted += sum(count for counts in mix.facts["drops"].values() for count in counts.values())
    assert accounted == len(table)


def test_the_files_load_as_trl_preferences_with_provenance(mixed_store: Store, tmp_path: Path) -> None:
    manifest = write_mix(mixed_store, config(), tmp_path / "mix")
    loaded = datasets.load_dataset(str(tmp_path / "mix"), cache_dir=str(tmp_path / "cache"))
    assert {name: split.num_rows for name, split in loaded.items()} == {
        name: facts["rows"] for name, facts in manifest["splits"].items()
    }
    row = loaded["train"][0]
    assert [turn["role"] for turn in row["prompt"] + row["chosen"] + row["rejected"]] == [
        "user",
        "assistant",
        "assistant",
    ]
    first = row["chosen"][0]["content"].startswith("first")
    assert (row["author_chosen"], row["author_rejected"]) == (
        ("model-x", "model-y") if first else ("model-y", "model-x")
    )
    assert row["weight"] == row["p_chosen"] == 1.0
    assert manifest["realised"]["human"]["share"] == 0.5
    assert json.loads((tmp_path / "mix" / "manifest.json").read_text()) == manifest


def test_the_requested_share_is_the_one_asked_for_and_rows_its_nearest_count(mixed_store: Store) -> None:
    facts = draw_mix(mixed_store, config(0.3, size=11)).facts  # 3.3 of 11 rows: 3
    assert facts["requested"] == {"human": {"rows": 8, "share": 0.7}, "synthetic": {"rows": 3, "share": 0.3}}
    assert facts["realised"]["synthetic"] == {"rows": 3, "share": 3 / 11}
    assert not facts["warnings"]


def test_the_chosen_text_is_the_one_people_preferred(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a third of them with two raters, whose rows share their texts; read in several groups of different sizes
    monkeypatch.setattr(mix_files, "GROUP_BYTES", 4_000)
    monkeypatch.setattr(mix_files, "FIRST_ROWS", 7)
    lines = [human(number, verdict="ab"[number % 2], author_a=None) for number in range(150)]
    lines += [human(number, verdict="ab"[number % 2], rater="bob") for number in range(0, 150, 3)]
    setting = config(0, anchor={"fraction": 0}, human={"aggregate": "each-vote"})
    write_mix(fill(store, lines), setting, tmp_path / "mix")
    rows = pq.read_table(tmp_path / "mix" / "data").to_pylist()
    assert len(rows) == 200
    assert [row["comparison_id"] for row in rows] == sorted(row["comparison_id"] for row in rows)
    for row in rows:
        number = int(row["prompt"][0]["content"].removeprefix("question "))
        assert row["chosen"][0]["content"].startswith(("first", "second")[number % 2])


def test_same_store_config_and_seed_give_the_same_bytes_whatever_the_order_of_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mix_files, "GROUP_BYTES", 2_000)
    monkeypatch.setattr(mix_files, "FIRST_ROWS", 3)
    lines = [human(p, k, author_a="x" * p or None) for p in range(30) for k in range(2)]
    lines += [synthetic(p, 5, "b") for p in range(40)]
    digests = []
    for name, ordered in (("one", lines), ("two", lines[::-1])):
        with Store(str(tmp_path / f"{name}.db")) as store:
            fill(store, ordered)
            write_mix(store, config(0.3, stratify=None), tmp_path / name)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        digests.append({str(path.relative_to(tmp_path / name)): path.read_bytes() for path in files})
    assert digests[0] == digests[1]


def test_the_anchor_is_the_same_for_every_ratio_seed_and_a_larger_store(mixed_store: Store) -> None:
    anchors = [
        set(draw_mix(mixed_store, setting).splits["anchor"]["comparison_id"])
        for setting in (config(0.2), config(0.9, seed=5), config(0, size=10))
    ]
    assert anchors[0] == anchors[1] == anchors[2]
    fill(mixed_store, [human(number) for number in range(1000, 1050)])
    assert anchors[0] <= set(draw_mix(mixed_store, config()).splits["anchor"]["comparison_id"])


def test_conflicts(store: Store) -> None:
    fill(store, [human(n) for n in range(20)] + [synthetic(n, 0, "b") for n in range(10, 40)])
    for conflict, expected in (("human_wins", (20, 20)), ("keep_both", (20, 30)), ("drop", (10, 20))):
        available = draw_mix(store, config(conflict=conflict, anchor={"fraction": 0})).facts["available"]
        assert (available["human"], available["synthetic"]) == expected


def test_a_judge_does_not_overrule_people_who_saw_no_difference(store: Store) -> None:
    fill(store, [human(1, verdict="tie"), synthetic(1), synthetic(2)])
    mix = draw_mix(store, config(1, anchor={"fraction": 0}))
    assert len(mix.splits["train"]) == 1
    assert mix.facts["drops"]["conflict: people labelled it too"] == {"synthetic": 1}


def test_stratify_reports_tags_people_have_not_covered(store: Store) -> None:
    lines = [human(n, tags={"domain": "code"}) for n in range(10)]
    lines += [synthetic(n, tags={"domain": "law"}) for n in range(10, 20)]
    mix = draw_mix(fill(store, lines), config(stratify="domain", anchor={"fraction": 0}))
    assert mix.facts["strata"]["law"] == {"human": 0, "synthetic": 10, "drawn": 10}
    assert "domain without any human label: law" in mix.facts["warnings"]


def test_a_synthetic_only_mix_works_and_says_its_effect_is_not_measurable(store: Store, tmp_path: Path) -> None:
    manifest = write_mix(fill(store, [synthetic(n) for n in range(30)]), config(1), tmp_path / "mix")
    assert manifest["realised"]["synthetic"]["share"] == 1
    assert any("no human anchor" in warning for warning in manifest["warnings"])


def test_no_human_preferences_at_all_is_refused_when_a_share_is_asked_for(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"50% human rows but none is left \(the store holds no human preferences\)"):
        write_mix(fill(store, [synthetic(1)]), config(), tmp_path / "mix")
    assert not (tmp_path / "mix").exists()


def test_a_source_that_is_used_up_says_by_what(store: Store) -> None:
    lines = [make(n) for n in range(5) for make in (human, synthetic)]
    with pytest.raises(InputError, match=r"none is left \(conflict: people labelled it too: 5\); collect some"):
        draw_mix(fill(store, lines), config(anchor={"fraction": 0}))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"synthetic": {"judges": ["gpt-9"]}}, "names 'gpt-9', but the store holds judgments of 'judge-1'"),
        ({"stratify": "colour"}, "no comparison carries that tag"),
    ],
)
def test_names_that_the_store_does_not_hold_are_refused(mixed_store: Store, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        draw_mix(mixed_store, config(**keys))


def test_an_empty_store_is_refused(store: Store) -> None:
    with pytest.raises(InputError, match="holds no preferences"):
        draw_mix(store, config())


def test_a_write_that_fails_leaves_the_old_mix_and_nothing_half_written(mixed_store: Store, tmp_path: Path) -> None:
    out = tmp_path / "mix"
    write_mix(mixed_store, config(), out)
    before = {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    setting = tmp_path / "mix.yaml"
    setting.write_text("ratio: {human: 0.8, synthetic: 0.2}")
    # A limit on the size of a file makes the real write fail part-way, as a full disk does.
    command = [sys.executable, "-m", "firsthand", "train", "mix", str(setting), "--out", str(out)]
    done = subprocess.run(
        [*command, "--store", str(tmp_path / "store.db")],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, 6_000)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".mix")] == []


def test_an_interrupted_mix_leaves_no_final_folder_and_a_rerun_completes(mixed_store: Store, tmp_path: Path) -> None:
    out = tmp_path / "mix"
    unfinished = tmp_path / ".mix.unfinished"
    (unfinished / "data").mkdir(parents=True)  # what kill -9 leaves
    (unfinished / "data" / "train-00000-of-00001.parquet").write_bytes(b"half")
    manifest = write_mix(mixed_store, config(), out)
    assert manifest["splits"]["train"]["rows"] == pq.read_table(out / "data" / "train-00000-of-00001.parquet").num_rows
    assert not unfinished.exists()


def test_a_folder_that_is_not_a_mix_is_never_replaced(mixed_store: Store, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="is not a mix"):
        write_mix(mixed_store, config(), tmp_path / "precious")
    (tmp_path / "precious" / "manifest.json").write_text('{"name": "an extension of a browser"}')
    with pytest.raises(InputError, match="is not a mix"):
        write_mix(mixed_store, config(), tmp_path / "precious")
    write_mix(mixed_store, config(), tmp_path / "mix")
    write_mix(mixed_store, config(), tmp_path / "mix" / "another")
    with pytest.raises(InputError, match=r"holds a mix, and another, another/README.md, .*, which would be lost"):
        write_mix(mixed_store, config(), tmp_path / "mix")
    assert (tmp_path / "precious" / "thesis.tex").exists()
    assert (tmp_path / "mix" / "another" / "manifest.json").exists()
    with pytest.raises(InputError, match="is no folder"):
        write_mix(mixed_store, config(), tmp_path / "precious" / "thesis.tex" / "mix")


def test_a_mix_at_a_link_is_replaced_where_the_link_points(mixed_store: Store, tmp_path: Path) -> None:
    write_mix(mixed_store, config(), tmp_path / "first")
    (tmp_path / "latest").symlink_to("first")
    manifest = write_mix(mixed_store, config(0.2), tmp_path / "latest")
    assert (tmp_path / "latest").is_symlink()
    assert json.loads((tmp_path / "first" / "manifest.json").read_bytes()) == manifest


def test_votes_on_the_anchor_never_move_a_training_row(store: Store) -> None:
    plan = config(0, human={"aggregate": "dawid-skene"}, anchor={"fraction": 0.5})
    chance = random.Random(13)
    fill(store, [human(n, 0, chance.choice("aab"), f"r{rater}") for n in range(60) for rater in range(3)])
    before = read_pools(store, plan)
    held_out = [n for n in range(60) if in_anchor(parse_line(line(n)).comparison.prompt_id, 0.5)]
    assert len(held_out) > 15
    # On further comparisons of the anchor's prompts r0 is contradicted each time: the worst rater of all there.
    fill(store, [human(n, 1, "b" if rater else "a", f"r{rater}") for n in held_out for rater in range(3)])
    after = read_pools(store, plan)
    pd.testing.assert_frame_equal(after.human, before.human)
    first = after.anchor["comparison_id"].isin(before.anchor["comparison_id"])
    assert not after.anchor[first].reset_index(drop=True).equals(before.anchor)
