"""What is measured on a terminal: from a key to what it changes on the screen."""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator

from measure import NO_PROXY, ROOT, Case, Figure, Group, Missing
from programs import Programs


def terminal_class() -> type:
    """The terminal that the tests use, too."""
    sys.path.insert(0, str(ROOT / "Tests/Fixtures/peers"))
    try:
        from terminal import Terminal
    except ImportError as problem:
        raise Missing(f"{problem}: run with .build/venv/bin/python") from problem
    return Terminal


def keystrokes(programs: Programs, options: argparse.Namespace) -> Iterator[Group]:
    Terminal = terminal_class()
    text = "local c = api.cluster.get_cluster { cluster_id = 'x', account_id = 'y' } print(c.name) "

    def percentile(command: list[str], prompt: str, begin: str = "", entries: int = 0) -> Figure:
        with tempfile.TemporaryDirectory() as home:
            folder = pathlib.Path(home, ".local/state/qcsh/history")
            folder.mkdir(parents=True)
            lines = [json.dumps({"at_ms": n, "ms": 1, "failed": False,
                                 "entry": f"api.cluster.list_clusters {{ page_size = {n} }}"})
                     for n in range(entries)]
            (folder / "sandbox.jsonl").write_text("\n".join(lines) + "\n" if lines else "")
            environment = {**os.environ, **NO_PROXY, "HOME": home, "TERM": "xterm-256color",
                           "INPUTRC": "/dev/null", "PS1": "$ ", "PYTHON_BASIC_REPL": "1"}
            program = shutil.which(command[0])
            if program is None:
                raise Missing(f"{command[0]} not found")
            terminal = Terminal([program, *command[1:]], environment, 120, 40, False)
            try:
                if not terminal.wait_at(prompt, 20):
                    raise Missing("shows no prompt")
                if begin:
                    terminal.type(begin)
                    if not terminal.wait_at(prompt, 20):
                        raise Missing("shows no second prompt")
                taken: list[float] = []
                for _ in range(5):
                    taken += terminal.keys(text, 5)
                    terminal.type("\x15")
                    terminal.wait_at(prompt, 5)
                return Figure(sorted(taken)[int(len(taken) * 0.99)])
            finally:
                os.kill(terminal.pid, 9)
                os.waitpid(terminal.pid, 0)
                os.close(terminal.fd)

    calls = ("task.spawn(function() while true do api.cluster.list_clusters {} "
             "task.sleep(0.01) end end)\r")
    qcsh = [str(programs.qcsh), "--sandbox"]
    yield Group("key to screen, 99 %", "ms", [
        Case("qcsh, history and calls", lambda: percentile(qcsh, "> ", calls, 10_000)),
        Case("qcsh", lambda: percentile(qcsh, "> ")),
        Case("python3", lambda: percentile(["python3", "-q"], ">>> ")),
        Case("bash", lambda: percentile(["bash", "--norc"], "$ ")),
    ], lower_is_better=True)


def known_names(programs: Programs, options: argparse.Namespace) -> Iterator[Group]:
    Terminal = terminal_class()

    def cached_names() -> Figure:
        with tempfile.TemporaryDirectory() as home:
            environment = {**os.environ, **NO_PROXY, "HOME": home, "TERM": "xterm-256color",
                           "INPUTRC": "/dev/null"}
            terminal = Terminal([str(programs.qcsh), "--sandbox"], environment, 120, 40, False)
            try:
                terminal.wait_at("> ", 20)
                begin = "api.cluster.get_cluster { cluster_id = "
                terminal.type(begin + "\t")
                if not terminal.wait("HEALTHY", 20, False):
                    raise Missing("offers no names")
                taken = []
                for _ in range(20):
                    terminal.type("\x15")
                    terminal.wait("HEALTHY", 5, True)
                    terminal.type(begin)
                    terminal.wait_at(begin, 5)
                    taken += terminal.keys("\t", 5)
                return Figure(statistics.median(taken))
            finally:
                os.kill(terminal.pid, 9)
                os.waitpid(terminal.pid, 0)
                os.close(terminal.fd)

    yield Group("Tab to names that are known", "ms", [Case("qcsh", cached_names)],
                lower_is_better=True)
