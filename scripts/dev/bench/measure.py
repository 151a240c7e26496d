"""Runs programs, times them, and keeps the figures of a comparison's rows."""
from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator

ROOT = pathlib.Path(__file__).resolve().parents[3]
BENCH = ROOT / "scripts/dev/bench"
OUTPUT = ROOT / ".build/bench"
NO_PROXY = {"no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}
TIMEOUT = 120


class Missing(Exception):
    """A part of the comparison cannot run; the text says why."""


@dataclasses.dataclass
class Run:
    wall: float
    cpu: float
    output: str


@dataclasses.dataclass
class Figure:
    value: float
    cpu_us: float | None = None


@dataclasses.dataclass
class Case:
    """One row of the table; `measure` is called once a round."""

    name: str
    measure: Callable[[], Figure]
    figures: list[Figure] = dataclasses.field(default_factory=list)
    missing: str | None = None

    def round(self) -> None:
        if self.missing:
            return
        try:
            self.figures.append(self.measure())
        except Missing as reason:
            self.missing = str(reason)

    @property
    def median(self) -> float | None:
        return statistics.median(f.value for f in self.figures) if self.figures else None

    @property
    def cpu_us(self) -> float | None:
        known = [f.cpu_us for f in self.figures if f.cpu_us is not None]
        return statistics.median(known) if known else None


@dataclasses.dataclass
class Group:
    name: str
    unit: str
    cases: list[Case]
    lower_is_better: bool = False


def run(command: list[str], environment: dict[str, str] | None = None) -> Run:
    """Runs a program to its end; its wall and CPU time are those of the whole process."""
    program = shutil.which(command[0])
    if program is None:
        raise Missing(f"{pathlib.Path(command[0]).name} not found")
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        child = subprocess.Popen(
            [program, *command[1:]], stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
            cwd=ROOT, env={**os.environ, **NO_PROXY, **(environment or {})})
        timer = threading.Timer(TIMEOUT, child.kill)
        timer.start()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        text = [read_all(file) for file in (output, errors)]
    if child.returncode != 0:
        raise Missing(f"failed with {child.returncode}: {last_line(text[1] or text[0])}")
    return Run(wall, usage.ru_utime + usage.ru_stime, text[0])


def read_all(file) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:100] if lines else "no output"


@contextlib.contextmanager
def server(response: pathlib.Path) -> Iterator[str]:
    """The address of a server that answers everything with this message."""
    command = [OUTPUT / "echo_server", "--exit-with-stdin", "--response", response]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield json.loads(child.stdout.readline())["address"]
    finally:
        child.stdin.close()
        child.wait(10)
