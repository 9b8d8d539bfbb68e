import pytest

from firsthand.errors import InputError
from firsthand.evaluate.held_out import read_held_out


def test_rows_of_both_splits_share_their_prompts_numbers(make_mix):
    mix = make_mix(
        anchor=[
            {"prompt": "p", "chosen": "four", "rejected": "no"},
            {"prompt": "q", "chosen": "🙂", "rejected": "نعم"},
        ],
        synthetic_heldout=[{"prompt": "p", "chosen": "yes", "rejected": "maybe", "simulated": True}],
        train=[{"prompt": "never read", "chosen": "yes", "rejected": "no"}],
    )
    found = read_held_out(mix)
    assert len(found) == 3
    assert found.split.tolist() == ["anchor", "anchor", "synthetic_heldout"]
    assert found.prompt_number[0] == found.prompt_number[2] != found.prompt_number[1]
    assert found.simulated.tolist() == [False, False, True]
    assert [lengths.tolist() for lengths in found.lengths()] == [[4, 1, 3], [2, 3, 5]]


def test_a_mix_without_held_out_rows_is_refused(make_mix):
    with pytest.raises(InputError, match=r"no held-out rows.*fraction: 0\.2"):
        read_held_out(make_mix(train=[{"prompt": "p", "chosen": "yes", "rejected": "no"}]))


def test_a_damaged_file_is_refused(make_mix):
    mix = make_mix(anchor=[{"prompt": "p", "chosen": "yes", "rejected": "no"}])
    next((mix / "data").iterdir()).write_bytes(b"PAR1 cut short")
    with pytest.raises(InputError, match=r"can't read .*anchor.*make the mix again"):
        read_held_out(mix)
