from pathlib import Path

import pytest
import torch

from firsthand.hardware import (
    Hardware,
    detect,
    idle_cores,
    processor_flags,
    set_threads,
    threads,
    training_defaults,
    usable_cores,
)

AVX2 = "flags\t\t: fpu sse sse2 avx avx2 fma\n"
AVX512 = "processor : 0\nflags\t\t: fpu avx2 avx512f avx512_bf16\n"
AMX = "flags : fpu amx_bf16 amx_tile\n"
ARM = "processor : 0\nFeatures\t: fp asimd bf16 i8mm\n"


def on_cpu_with(cpuinfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hardware:
    path = tmp_path / "cpuinfo"
    path.write_text(cpuinfo)
    monkeypatch.setattr("firsthand.hardware.processor_flags", lambda: processor_flags(path))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    return detect()


@pytest.mark.parametrize(("cpuinfo", "bf16"), [(AVX2, False), (AVX512, True), (AMX, True), (ARM, True), ("", False)])
def test_a_processor_gets_bf16_only_where_it_multiplies_it_in_hardware(
    cpuinfo: str, bf16: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hardware = on_cpu_with(cpuinfo, tmp_path, monkeypatch)
    assert (hardware.device, hardware.bf16) == ("cpu", bf16)
    assert training_defaults(hardware) == {
        "bf16": bf16,
        "activation_checkpointing": False,
        "use_cpu": True,
        "dataloader_pin_memory": False,
    }


def test_an_accelerator_keeps_activation_checkpointing() -> None:
    assert training_defaults(Hardware("cuda", True, 16)) == {
        "bf16": True,
        "activation_checkpointing": True,
        "use_cpu": False,
        "dataloader_pin_memory": True,
    }


def test_no_list_of_flags_means_no_flags(tmp_path: Path) -> None:
    assert processor_flags(tmp_path / "absent") == frozenset()


@pytest.mark.parametrize(("quota", "most"), [("100000 100000", 1), ("50000 100000", 1), ("max 100000", None)])
def test_the_quota_of_the_control_group_limits_the_cores(quota: str, most: int | None, tmp_path: Path) -> None:
    unlimited = usable_cores(tmp_path)
    (tmp_path / "cpu.max").write_text(quota)
    assert usable_cores(tmp_path) == (unlimited if most is None else most)


@pytest.mark.parametrize(("stated", "number"), [("3", 3), ("0", 1), ("4,2", 8), (None, 8)])
def test_arithmetic_takes_the_stated_threads_else_every_core(
    stated: str | None, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firsthand.hardware.usable_cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if stated is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", stated)
    assert threads() == number


def test_threads_are_shared_among_local_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    try:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
        assert set_threads(Hardware("cpu", False, 4)) == 2
        monkeypatch.setenv("OMP_NUM_THREADS", "7")
        assert set_threads(Hardware("cpu", False, 16)) == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("load", "idle"), [(0.2, 4), (5.0, 3), (7.9, 1), (40.0, 1)])
def test_cores_that_other_work_keeps_busy_are_not_idle(load: float, idle: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    monkeypatch.setattr("os.getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr("firsthand.hardware.usable_cores", lambda: 4)
    assert idle_cores() == idle
