"""What is measured of whole processes: their start, the way to their first call, loops and memory."""
from __future__ import annotations

import argparse
import functools
import json
import os
import pathlib
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator

from measure import BENCH, NO_PROXY, TIMEOUT, Case, Figure, Group, Missing, run
from programs import STARTS_PER_ROUND, Programs

ACCOUNT = "11111111-1111-4111-8111-111111111111"

# An empty SETTINGS frame, with which an HTTP/2 server begins (RFC 9113, section 3.4).
SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


def start_up(programs: Programs, options: argparse.Namespace) -> Iterator[Group]:
    yield Group("start-up", "ms", [
        Case("qcsh -e 'return 1'", programs.start(programs.qcsh, "-e", "return 1")),
        Case("lua5.4 -e ''", programs.start("lua5.4", "-e", "")),
        Case("python3 -c 'import grpc'", programs.start(programs.python, "-c", "import grpc")),
    ], lower_is_better=True)


def first_call(programs: Programs, options: argparse.Namespace) -> Iterator[Group]:
    def measure(name: str) -> Callable[[], Figure]:
        def one() -> Figure:
            results = [json.loads(programs.run_lua("127.0.0.1:1", "first_call.lua").output)
                       for _ in range(STARTS_PER_ROUND)]
            return Figure(statistics.median(result[name] for result in results))

        return one

    yield Group("first call", "ms", [
        Case("qcsh, first", measure("first_ms")),
        Case("qcsh, second", measure("second_ms")),
    ], lower_is_better=True)


def first_byte(programs: Programs, options: argparse.Namespace) -> Iterator[Group]:
    """From the start of the process to the HEADERS frame of its first request on the wire."""
    script, listing = str(BENCH / "list_clusters.lua"), "qdrant.api.cluster.list_clusters {}"
    measure = functools.partial(start_to_byte, programs, "http")
    yield Group("start to first request", "ms", [
        Case("qcsh, modules for people", measure(lambda _: [programs.qcsh, script])),
        Case("qcsh, bound RPC", measure(lambda _: [programs.qcsh, "-e", listing])),
        Case("qcsh, with an option", measure(
            lambda address: [programs.qcsh, "--endpoint", f"http://{address}", script])),
        Case("grpcio", measure(
            lambda address: [programs.python, "-B", str(BENCH / "list_clusters.py"), address])),
        Case("curl, bare", measure(lambda address: [
            "curl", "-s", "--http2-prior-knowledge", "--data-binary", "", f"http://{address}/"])),
    ], lower_is_better=True)


def first_byte_of_tls(programs: Programs, options: argparse.Namespace) -> Iterator[Group]:
    """From the start of the process to the first byte of its TLS handshake."""
    script = str(BENCH / "list_clusters.lua")
    measure = functools.partial(start_to_byte, programs, "https")
    yield Group("start to first byte of TLS", "ms", [
        Case("qcsh, modules for people", measure(lambda _: [programs.qcsh, script])),
        Case("curl, bare", measure(lambda address: ["curl", "-s", f"https://{address}/"])),
    ], lower_is_better=True)


def start_to_byte(
        programs: Programs, scheme: str,
        command: Callable[[str], list[str]]) -> Callable[[], Figure]:
    environment = {
        **os.environ, **NO_PROXY, "QDRANT_CLOUD_API_KEY": "bench", "HOME": str(programs.home),
        "QDRANT_CLOUD_ACCOUNT_ID": ACCOUNT, "XDG_CONFIG_HOME": str(programs.home),
    }
    return lambda: Figure(statistics.median(
        until_request(command, environment, scheme) * 1000 for _ in range(STARTS_PER_ROUND)))


def until_request(
        command: Callable[[str], list[str]], environment: dict[str, str], scheme: str) -> float:
    """Seconds until a program that is started now has sent a request's HEADERS frame, or the first
    byte of its TLS handshake."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT)
        address = "127.0.0.1:%d" % listener.getsockname()[1]
        words = command(address)
        environment = {**environment, "QDRANT_CLOUD_ENDPOINT": f"{scheme}://{address}"}
        start = time.perf_counter()
        with subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            try:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(TIMEOUT)
                    if scheme == "http":
                        connection.sendall(SETTINGS)  # Some wait for it.
                    received = b""
                    while not (received if scheme == "https" else has_headers(received)):
                        if not (more := connection.recv(65536)):
                            raise Missing("closed the connection without a request")
                        received += more
                    return time.perf_counter() - start
            except TimeoutError as problem:
                raise Missing("sent no request") from problem
            finally:
                child.kill()


def has_headers(received: bytes) -> bool:
    """Whether what an HTTP/2 client sent has a whole HEADERS frame (RFC 9113, sections 3.4 and 4.1)."""
    at = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    while at + 9 <= len(received):
        end = at + 9 + int.from_bytes(received[at:at + 3], "big")
        if received[at + 3] == 1:
            return end <= len(received)
        at = end
    return False


def lua(programs: Programs, options: argparse.Namespace) -> Iterator[Group]:
    def measure(*command: str | pathlib.Path) -> Callable[[], Figure]:
        def one() -> Figure:
            output = run([str(word) for word in command]).output
            return Figure(json.loads(output)["cpu_seconds"])

        return one

    script = BENCH / "tight.lua"
    yield Group("tight loop", "s", [
        Case("qcsh", measure(programs.qcsh, script)),
        Case("lua5.4", measure("lua5.4", script)),
    ], lower_is_better=True)


def idle_tasks(programs: Programs, options: argparse.Namespace) -> Iterator[Group]:
    def tasks() -> Figure:
        output = run([str(programs.qcsh), str(BENCH / "idle.lua")]).output
        return Figure(json.loads(output)["bytes"] / 1e6)

    def coroutines() -> Figure:
        code = ("collectgarbage() local b = collectgarbage('count') local t = {} "
                "for i = 1, 10000 do t[i] = coroutine.create(function() coroutine.yield() end) "
                "coroutine.resume(t[i]) end print((collectgarbage('count') - b) / 1000)")
        return Figure(float(run(["lua5.4", "-e", code]).output))

    yield Group("10,000 idle tasks", "MB", [
        Case("qcsh, tasks", tasks), Case("lua5.4, coroutines", coroutines),
    ], lower_is_better=True)
