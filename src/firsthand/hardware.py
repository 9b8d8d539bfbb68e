"""What this machine has, and the precision, memory and thread settings that follow from it.

torch is loaded where it is used: counting cores takes no second.
"""

import os
from dataclasses import dataclass
from pathlib import Path

BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Processor flags (x86 and ARM, as Linux names them) that mean bfloat16 products in hardware."""


@dataclass(frozen=True)
class Hardware:
    """What this process may use.

    device: cuda, xpu, mps or cpu. bf16: the device multiplies bfloat16 in hardware. cores: processor cores.
    """

    device: str
    bf16: bool
    cores: int


def detect() -> Hardware:
    """The hardware this process runs on."""
    import torch

    cores = usable_cores()
    if torch.cuda.is_available():
        return Hardware("cuda", torch.cuda.is_bf16_supported(including_emulation=False), cores)
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        return Hardware("xpu", torch.xpu.is_bf16_supported(), cores)
    if torch.backends.mps.is_available():
        return Hardware("mps", False, cores)
    return Hardware("cpu", bool(processor_flags() & BF16_FLAGS), cores)


def training_defaults(hardware: Hardware) -> dict[str, bool]:
    """Training arguments that follow from the hardware.

    bfloat16 only where it is done in hardware: emulated, it is slower than float32. Activation (gradient) checkpointing
    trades a fifth of the speed for memory, which is scarce on an accelerator and not beside a processor.
    """
    on_cpu = hardware.device == "cpu"
    return {
        "bf16": hardware.bf16,
        "activation_checkpointing": not on_cpu,
        "use_cpu": on_cpu,
        "dataloader_pin_memory": hardware.device == "cuda",
    }


def set_threads(hardware: Hardware) -> int:
    """Let PyTorch use the cores this process may use, shared among the local processes; returns the number set.

    OMP_NUM_THREADS, where set, stays in force.
    """
    import torch

    if "OMP_NUM_THREADS" not in os.environ:
        processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        torch.set_num_threads(max(1, hardware.cores // processes))
    return torch.get_num_threads()


def processor_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """The processor's feature flags as Linux lists them; empty where there is no such list."""
    try:
        text = cpuinfo.read_text(encoding="utf-8")
    except OSError:
        return frozenset()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() in ("flags", "features"):
            return frozenset(value.split())
    return frozenset()


def usable_cores(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """The cores this process may use: its affinity, and the quota of its control group where there is one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = (cgroup / "cpu.max").read_text(encoding="utf-8").split()
        cores = cores if quota == "max" else min(cores, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        pass
    return cores


def threads() -> int:
    """How many threads of arithmetic this process may run: OMP_NUM_THREADS where it is set, else the usable cores."""
    stated = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(stated)) if stated.isdecimal() else usable_cores()


def idle_cores() -> int:
    """The usable cores that nothing else keeps busy, by the load of the last minute; at least one.

    For work whose threads wait for each other at every step: one that has no core of its own holds all others up.
    """
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(1, min(usable_cores(), round((os.cpu_count() or 1) - busy)))
