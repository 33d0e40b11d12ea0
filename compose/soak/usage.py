"""What a process uses, read from the kernel, and whether that has grown."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from compose.processes import Server

SAMPLES, EVERY = 8, 0.25


@dataclass(frozen=True)
class Usage:
    """Resident memory in MiB, open descriptors, threads."""

    memory: float
    descriptors: int
    threads: int

    def __str__(self) -> str:
        return f"{self.memory:.1f} MiB, {self.descriptors} descriptors, {self.threads} threads"

    @classmethod
    def of(cls, server: Server) -> Usage:
        """Of the running server, now."""
        process = Path(f"/proc/{server.pid}")
        status = dict(re.findall(r"^(VmRSS|Threads):\s+(\d+)", (process / "status").read_text(), re.MULTILINE))
        return cls(int(status["VmRSS"]) / 1024, len(list((process / "fd").iterdir())), int(status["Threads"]))

    @classmethod
    def floor(cls, server: Server) -> Usage:
        """The least of two seconds: without what comes and goes with each collection, but with all that leaks."""
        samples = []
        for _ in range(SAMPLES):
            samples.append(cls.of(server))
            time.sleep(EVERY)
        return cls.least(samples)

    @classmethod
    def least(cls, samples: Sequence[Usage]) -> Usage:
        """The least of each."""
        return cls(
            min(sample.memory for sample in samples),
            min(sample.descriptors for sample in samples),
            min(sample.threads for sample in samples),
        )


@dataclass(frozen=True)
class Bounds:
    """By how much a process may grow: memory as a share of what it was, descriptors and threads by number."""

    growth: float
    descriptors: int
    threads: int

    def broken(self, before: Usage, after: Usage) -> Iterator[str]:
        """Each bound that is broken, in words."""
        growth = after.memory / before.memory - 1
        if growth >= self.growth:
            figures = f"from {before.memory:.1f} to {after.memory:.1f} MiB"
            yield f"memory grew by {growth:.1%}, {figures}; less than {self.growth:.0%} is allowed"
        for what, old, new, allowed in (
            ("descriptors", before.descriptors, after.descriptors, self.descriptors),
            ("threads", before.threads, after.threads, self.threads),
        ):
            if new > old + allowed:
                yield f"{what} grew from {old} to {new}; {allowed} more are allowed"
