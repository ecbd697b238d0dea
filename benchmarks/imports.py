"""What importing costs: CPU time and peak memory of fresh processes, interleaved like everything else.

CPU time is the child's own resource usage, whole process: starting the interpreter, importing, shutting down.
What an import adds is taken round by round against the process that does without it.

Peak memory is VmHWM as the child reads it of itself. Its `ru_maxrss` is no substitute where there is /proc: a
child inherits the peak of the process that started it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.environments import CONTESTANTS, interpreter
from benchmarks.harness import Range, WorkerError

__all__ = ["PROBES", "ImportCost", "Probe", "measure_imports"]

_PEAK = """
try:
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
except OSError:
    import resource, sys
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
print(peak)
"""


@dataclass(frozen=True, slots=True)
class Probe:
    """A process: `code` on the interpreter of `contestant`; the cost of the probe `beyond` is not its own."""

    key: str
    title: str
    contestant: str
    code: str
    beyond: str | None


PROBES: tuple[Probe, ...] = (
    Probe("python", "python, nothing imported", "ours", "", None),
    Probe("msgspec", "import msgspec", "ours", "import msgspec", "python"),
    Probe("types", "types of 2025-11-25", "ours", "import mcpstruct_bindings.v2025_11_25.types", "msgspec"),
    Probe("mcpstruct", "import mcpstruct", "ours", "import mcpstruct", "python"),
    Probe(
        "merged",
        "merged types, methods, decoders",
        "ours",
        "from mcpstruct_bindings.merged import decode, methods, types",
        "python",
    ),
    Probe("python_mcp", "python of mcp's environment", "mcp", "", None),
    Probe("mcp", "import mcp", "mcp", "import mcp", "python_mcp"),
)


@dataclass(slots=True)
class ImportCost:
    """Samples of one probe, a value a round: CPU milliseconds, those beyond `probe.beyond`, and peak MiB."""

    probe: Probe
    cpu_ms: list[float] = field(default_factory=list[float])
    beyond_ms: list[float] = field(default_factory=list[float])
    peak_mib: list[float] = field(default_factory=list[float])

    def cpu(self) -> Range:
        """CPU milliseconds of the whole process."""
        return Range.of(self.cpu_ms)

    def beyond(self) -> Range | None:
        """CPU milliseconds more than the probe `beyond`; `None` if there is none."""
        return Range.of(self.beyond_ms) if self.beyond_ms else None

    def peak(self) -> Range:
        """Peak MiB of the whole process."""
        return Range.of(self.peak_mib)


def _run(python: str, code: str) -> tuple[float, float]:
    """CPU milliseconds and peak MiB of one process; `-I` keeps the caller's folder and variables out of
    it."""
    read, write = os.pipe()
    process = subprocess.Popen([python, "-I", "-c", code + _PEAK], stdout=write)
    os.close(write)
    with os.fdopen(read, encoding="ascii") as pipe:
        said = pipe.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise WorkerError(f"{code!r} ended with status {process.returncode}; what it said is above")
    return (usage.ru_utime + usage.ru_stime) * 1e3, int(said) / 1024


def measure_imports(
    contestants: Sequence[str],
    *,
    rounds: int,
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> list[ImportCost]:
    """Run every probe of these contestants once a round, after one round that only fills the bytecode
    caches."""
    costs = {probe.key: ImportCost(probe) for probe in PROBES if probe.contestant in contestants}
    pythons = {
        key: interpreter(CONTESTANTS[key]) for key in {cost.probe.contestant for cost in costs.values()}
    }
    for number in range(-1, rounds):
        say("imports, warming up" if number < 0 else f"imports, round {number + 1} of {rounds}")
        for cost in costs.values():
            probe = cost.probe
            cpu_ms, peak_mib = _run(pythons[probe.contestant], probe.code)
            if number < 0:
                continue
            cost.cpu_ms.append(cpu_ms)
            cost.peak_mib.append(peak_mib)
            if probe.beyond is not None:
                cost.beyond_ms.append(cpu_ms - costs[probe.beyond].cpu_ms[-1])
    return list(costs.values())
