"""Judging through a real llama.cpp server with smollm2."""

from pathlib import Path

from faulty_endpoint import Fault, faulty_endpoint
from judging import comparisons, judge, run_one, verdicts

from firsthand.collect.exporting import export_file
from firsthand.collect.importing import Options, import_file
from firsthand.records import Side, Source, Verdict
from firsthand.store import Store


def test_each_comparison_is_judged_in_both_orders_from_log_probabilities(
    either_store: Store, tmp_path: Path, llamacpp_url: str
) -> None:
    store = comparisons(either_store, 2)
    report = run_one(store, tmp_path, judge(tmp_path, llamacpp_url, family="huggingface", version="7"))
    assert (report.judged, report.verdicts, report.calls, report.left, report.method) == (2, 4, 4, 0, "logprobs")
    said = verdicts(store)
    assert [entry.preference.shown_first for entry in said] == [Side.A, Side.B] * 2
    for first, second in zip(said[::2], said[1::2], strict=True):
        assert first.comparison.id == second.comparison.id
        consistent = first.preference.verdict == second.preference.verdict
        assert first.preference.swap_consistent is second.preference.swap_consistent is consistent
    for entry in said:
        annotator, preference = entry.annotator, entry.preference
        assert (annotator.source, annotator.model, annotator.family) == (Source.SYNTHETIC, "smollm2", "huggingface")
        assert (preference.verdict is Verdict.A) == (preference.p_a > 0.5)
        assert preference.p_a != 0.5
        assert len(preference.prompt_sha256) == 64
        detail = preference.detail
        assert (detail["method"], detail["endpoint_model"], detail["version"]) == ("logprobs", "smollm2", "7")
        assert detail["parameters"] == {"temperature": 0, "max_tokens": 1, "logprobs": True, "top_logprobs": 20}
        assert detail["prompt_tokens"] > 20
        assert detail["completion_tokens"] == 1
        assert 0 < detail["outside"] < 1


def test_what_was_judged_is_not_asked_again_and_new_comparisons_are(
    store: Store, tmp_path: Path, llamacpp_url: str
) -> None:
    comparisons(store, 2)
    with faulty_endpoint(llamacpp_url) as proxy:
        one = judge(tmp_path, proxy.url)
        run_one(store, tmp_path, one)
        again = run_one(store, tmp_path, one)
        assert (again.calls, again.judged_before, again.judged) == (0, 2, 0)
        assert proxy.requests == 4
        comparisons(store, 3)
        more = run_one(store, tmp_path, one)
        assert (more.calls, more.judged_before, more.judged) == (2, 2, 1)
        assert proxy.requests == 6
        assert set(proxy.answered.values()) == {1}


def test_repeats_are_asked_and_kept_apart(store: Store, tmp_path: Path, llamacpp_url: str) -> None:
    comparisons(store, 1)
    report = run_one(store, tmp_path, judge(tmp_path, llamacpp_url, repeats=2))
    assert (report.judged, report.calls) == (2, 4)
    assert sorted((entry.preference.shown_first, entry.preference.repeat) for entry in verdicts(store)) == [
        (Side.A, 0),
        (Side.A, 1),
        (Side.B, 0),
        (Side.B, 1),
    ]


def test_one_order_is_drawn_and_says_nothing_of_consistency(store: Store, tmp_path: Path, llamacpp_url: str) -> None:
    comparisons(store, 6)
    report = run_one(store, tmp_path, judge(tmp_path, llamacpp_url, orders="one"))
    assert (report.calls, report.verdicts) == (6, 6)
    said = verdicts(store)
    assert {entry.preference.shown_first for entry in said} == {Side.A, Side.B}
    assert {entry.preference.swap_consistent for entry in said} == {None}


def test_structured_answers_are_sampled(store: Store, tmp_path: Path, llamacpp_url: str) -> None:
    comparisons(store, 1)
    one = judge(tmp_path, llamacpp_url, verdict="samples", samples=2)
    report = run_one(store, tmp_path, one)
    assert (report.calls, report.verdicts, report.left) == (4, 2, 0)
    for entry in verdicts(store):
        detail = entry.preference.detail
        assert sum(detail["sampled"].values()) == 2
        assert set(detail["sampled"]) <= {"A", "B"}
        first = detail["sampled"].get("A", 0) / 2
        assert entry.preference.p_a == (first if entry.preference.shown_first is Side.A else 1 - first)
        assert "outside" not in detail


def test_an_endpoint_without_log_probabilities_is_sampled(store: Store, tmp_path: Path, llamacpp_url: str) -> None:
    comparisons(store, 1)
    with faulty_endpoint(llamacpp_url, lambda _number, body: Fault.NO_LOGPROBS) as proxy:
        report = run_one(store, tmp_path, judge(tmp_path, proxy.url, samples=1))
        assert (report.method, report.verdicts, proxy.requests) == ("samples", 2, 3)
        comparisons(store, 2)
        more = run_one(store, tmp_path, judge(tmp_path, proxy.url, samples=1))
    assert (more.method, more.verdicts, proxy.requests) == ("samples", 2, 5)


def test_verdicts_survive_export_and_import_unchanged(store: Store, tmp_path: Path, llamacpp_url: str) -> None:
    comparisons(store, 1)
    run_one(store, tmp_path, judge(tmp_path, llamacpp_url, version="1"))
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    export_file(store, first)
    with Store(str(tmp_path / "other.db")) as other:
        assert import_file(other, str(first), Options()).added == 2
        export_file(other, second)
        read = [entry.preference for entry in verdicts(other)]
    assert first.read_bytes() == second.read_bytes()
    assert read == [entry.preference for entry in verdicts(store)]
