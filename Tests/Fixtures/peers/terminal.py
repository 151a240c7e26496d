"""A terminal with a screen: runs a program on a pseudo-terminal and tells what one would see.

Reads one JSON object a line and answers each with one. The screen is pyte's, which knows no more of
qcsh than of any other program.
"""
from __future__ import annotations

import errno
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

import pyte


def run_job(argv: list[str], env: dict[str, str]) -> None:
    """Runs a program as a shell does, in a group of its own, so that it can be stopped."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execve(argv[0], argv, env)
    _, status = os.waitpid(pid, 0)
    os._exit(os.waitstatus_to_exitcode(status))


def job_of(pid: int) -> int:
    """The child of a process, or the process itself when it has none."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = file.read().split()
    return int(children[0]) if children else pid


class Terminal:
    def __init__(self, argv: list[str], env: dict[str, str], columns: int, rows: int,
                 is_job: bool) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.status: int | None = None
        self.latencies: list[float] = []
        # The child waits until its window has a size.
        gate, open_gate = os.pipe()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.read(gate, 1)
            if is_job:
                run_job(argv, env)
            os.execve(argv[0], argv, env)
        self.resize(columns, rows)
        os.write(open_gate, b"x")

    def resize(self, columns: int, rows: int) -> None:
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds: float) -> bool:
        """Reads what there is, after waiting for it; false at the end."""
        ready, _, _ = select.select([self.fd], [], [], max(0, seconds))
        if not ready:
            return True
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError as problem:
            if problem.errno != errno.EIO:
                raise
            return False
        self.raw += data
        self.stream.feed(data)
        return bool(data)

    def lines(self) -> list[str]:
        """The rows without blanks at their ends, but for those in front of the cursor."""
        rows = [line.rstrip() for line in self.screen.display]
        cursor = self.screen.cursor
        rows[cursor.y] = rows[cursor.y].ljust(cursor.x)
        return rows

    def wait(self, text: str, seconds: float, gone: bool) -> bool:
        deadline = time.monotonic() + seconds
        while True:
            if (text in "\n".join(self.lines())) != gone:
                return True
            if time.monotonic() > deadline or not self.read(0.1):
                return (text in "\n".join(self.lines())) != gone

    def wait_at(self, text: str, seconds: float) -> bool:
        """Waits until the cursor stands behind a text."""
        deadline = time.monotonic() + seconds
        while True:
            cursor = self.screen.cursor
            if self.screen.display[cursor.y][:cursor.x].endswith(text):
                return True
            if time.monotonic() > deadline or not self.read(0.1):
                return False

    def type(self, text: str) -> None:
        data = text.encode()
        while data:
            # A program that does not read yet must not stop us from reading.
            _, ready, _ = select.select([], [self.fd], [], 0.1)
            if ready:
                data = data[os.write(self.fd, data[:512]):]
            self.read(0)

    def keys(self, text: str, seconds: float) -> list[float]:
        """Types key by key; how long each took to be seen, in milliseconds."""
        taken = []
        for key in text:
            before = len(self.raw)
            began = time.perf_counter()
            os.write(self.fd, key.encode())
            while len(self.raw) == before and time.perf_counter() - began < seconds:
                self.read(seconds)
            taken.append((time.perf_counter() - began) * 1000)
        return taken

    def exit(self, seconds: float) -> int | None:
        deadline = time.monotonic() + seconds
        while self.status is None and time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            else:
                self.read(0.05)
        self.read(0)
        return self.status

    def is_stopped(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with open(f"/proc/{job_of(self.pid)}/stat") as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "T":
                    return True
            self.read(0.02)
        return False

    def modes(self) -> dict[str, bool]:
        flags = termios.tcgetattr(self.fd)[3]
        return {"echo": bool(flags & termios.ECHO), "canonical": bool(flags & termios.ICANON)}

    def style(self, row: int, column: int) -> dict[str, object]:
        cell = self.screen.buffer[row][column]
        return {"text": cell.data, "color": cell.fg, "background": cell.bg, "bold": cell.bold,
                "reverse": cell.reverse, "underline": cell.underscore}


def answer(terminal: Terminal, order: dict) -> dict:
    verb = order["do"]
    seconds = order.get("seconds", 20)
    result: dict = {}
    if verb == "type":
        terminal.type(order["text"])
    elif verb == "keys":
        result["milliseconds"] = terminal.keys(order["text"], seconds)
    elif verb == "wait":
        result["found"] = terminal.wait(order["text"], seconds, order.get("gone", False))
    elif verb == "wait_at":
        result["found"] = terminal.wait_at(order["text"], seconds)
    elif verb == "resize":
        terminal.resize(order["columns"], order["rows"])
    elif verb == "signal":
        os.kill(job_of(terminal.pid), order["number"])
    elif verb == "hang_up":
        os.close(terminal.fd)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            pid, status = os.waitpid(terminal.pid, os.WNOHANG)
            if pid:
                return {"status": os.waitstatus_to_exitcode(status)}
            time.sleep(0.02)
        return {"status": None}
    elif verb == "exit":
        result["status"] = terminal.exit(seconds)
    elif verb == "stopped":
        result["found"] = terminal.is_stopped(seconds)
    elif verb == "read":
        terminal.read(seconds)
    elif verb == "style":
        result["style"] = terminal.style(order["row"], order["column"])
    elif verb == "modes":
        result["modes"] = terminal.modes()
    result["screen"] = terminal.lines()
    result["cursor"] = [terminal.screen.cursor.y, terminal.screen.cursor.x]
    return result


def main() -> None:
    begin = json.loads(sys.stdin.readline())
    terminal = Terminal(begin["argv"], begin["env"], begin["columns"], begin["rows"],
                        begin["job"])
    print(json.dumps({}), flush=True)
    try:
        for line in sys.stdin:
            print(json.dumps(answer(terminal, json.loads(line))), flush=True)
    finally:
        try:
            os.kill(terminal.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


if __name__ == "__main__":
    main()
