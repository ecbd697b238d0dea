"""What importing costs: CPU time and peak memory of fresh processes, interleaved as well.

Two CPU times: of the import alone, on the child's own clock and after whatever it is said to come on top of;
and of the whole process from start to end, as the system accounts for the child.

Peak memory is VmHWM as the child reads it of itself. Its `ru_maxrss` is no substitute where there is /proc: a
child inherits the peak of the process that started it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.environments import CONTESTANTS, Contestant, interpreter
from benchmarks.harness import Range, WorkerError

__all__ = ["PROBES", "ImportCost", "Probe", "measure_imports", "measure_probes"]

_CHILD = """
import time
{given}
begin = time.process_time()
{code}
own = time.process_time() - begin
try:
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
except OSError:
    import resource, sys
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
print(own, peak)
"""


@dataclass(frozen=True, slots=True)
class Probe:
    """A process on the interpreter of `contestant`: first `given`, then `code`, which is its own cost."""

    key: str
    title: str
    contestant: str
    code: str
    given: str = ""


PROBES: tuple[Probe, ...] = (
    Probe("python", "nothing", "ours", "pass"),
    Probe("msgspec", "msgspec", "ours", "import msgspec"),
    Probe(
        "types",
        "types of 2025-11-25",
        "ours",
        "import mcpstruct_bindings.v2025_11_25.types",
        given="import msgspec",
    ),
    Probe("mcpstruct", "mcpstruct", "ours", "import mcpstruct"),
    Probe(
        "merged",
        "merged types, methods, decoders",
        "ours",
        "from mcpstruct_bindings.merged import decode, methods, types",
    ),
    Probe("mcp", "mcp 2.3.0", "mcp", "import mcp"),
)


@dataclass(slots=True)
class ImportCost:
    """Samples of one probe, a value a round: own and whole CPU milliseconds, peak MiB."""

    probe: Probe
    own_ms: list[float] = field(default_factory=list[float])
    cpu_ms: list[float] = field(default_factory=list[float])
    peak_mib: list[float] = field(default_factory=list[float])

    @property
    def own(self) -> Range:
        """CPU milliseconds of the import alone."""
        return Range.of(self.own_ms)

    @property
    def cpu(self) -> Range:
        """CPU milliseconds of the whole process."""
        return Range.of(self.cpu_ms)

    @property
    def peak(self) -> Range:
        """Peak MiB of the whole process."""
        return Range.of(self.peak_mib)


def _run(python: str, probe: Probe) -> tuple[float, float, float]:
    """Own CPU ms, whole CPU ms and peak MiB of one process; `-I` keeps the caller's folder out of it."""
    code = _CHILD.format(given=probe.given, code=probe.code)
    read, write = os.pipe()
    process = subprocess.Popen([python, "-I", "-c", code], stdout=write)
    os.close(write)
    with os.fdopen(read, encoding="ascii") as pipe:
        said = pipe.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise WorkerError(f"{probe.code!r} ended with status {process.returncode}; what it said is above")
    own, peak = said.split()
    return float(own) * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3, int(peak) / 1024


def measure_probes(probes: Sequence[Probe], contestants: Mapping[str, Contestant], rounds: int) -> list[ImportCost]:
    """Run every probe once a round, after a round that fills the bytecode caches."""
    costs = [ImportCost(probe) for probe in probes]
    pythons = {key: interpreter(contestants[key]) for key in {probe.contestant for probe in probes}}
    for number in range(-1, rounds):
        words = "warming up" if number < 0 else f"round {number + 1} of {rounds}"
        print(f"imports, {words}", file=sys.stderr, flush=True)
        for cost in costs:
            own_ms, cpu_ms, peak_mib = _run(pythons[cost.probe.contestant], cost.probe)
            if number >= 0:
                cost.own_ms.append(own_ms)
                cost.cpu_ms.append(cpu_ms)
                cost.peak_mib.append(peak_mib)
    return costs


def measure_imports(contestants: Sequence[str], rounds: int) -> list[ImportCost]:
    """Run the probes of these contestants."""
    return measure_probes([probe for probe in PROBES if probe.contestant in contestants], CONTESTANTS, rounds)
