"""The programs that are measured, and how each is started."""
from __future__ import annotations

import argparse
import json
import pathlib
import re
import statistics
from collections.abc import Callable

from measure import BENCH, OUTPUT, Figure, Missing, Run, run

PATH = "/qdrant.cloud.cluster.v1.ClusterService/ListClusters"
STARTS_PER_ROUND = 10
SHORTEST = 0.02


class Programs:
    def __init__(self, options: argparse.Namespace) -> None:
        self.qcsh, self.python = str(options.qcsh), str(options.python)
        self.transport_bench = options.qcsh.parent / "transport-bench"
        self.home = OUTPUT / "home"
        self.home.mkdir(parents=True, exist_ok=True)

    def start(self, *command: str) -> Callable[[], Figure]:
        def measure() -> Figure:
            runs = [run(list(command)) for _ in range(STARTS_PER_ROUND)]
            cpu = statistics.median(each.cpu for each in runs)
            return Figure(statistics.median(each.wall for each in runs) * 1000, cpu * 1e6)

        return measure

    def run_lua(self, address: str, script: str, *arguments: int) -> Run:
        environment = {
            "QDRANT_CLOUD_API_KEY": "bench", "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home),
        }
        command = [self.qcsh, "--endpoint", f"http://{address}", str(BENCH / script)]
        return run(command + [str(argument) for argument in arguments], environment)

    def lua(
        self, address: str, script: str, calls: int, *rest: int, per_call: float = 1
    ) -> Callable[[], Figure]:
        def measure() -> Figure:
            single = self.run_lua(address, script, 1, *rest)
            many = self.run_lua(address, script, calls + 1, *rest)
            check_calls(many.output, calls + 1)
            seconds = many.wall - single.wall
            if seconds < SHORTEST:
                raise Missing(f"{calls} calls took no longer than one: too few to measure")
            cpu_us = (many.cpu - single.cpu) * 1e6 / calls
            return Figure(calls * per_call / seconds, cpu_us)

        return measure

    def transport(self, address: str, calls: int, limit: int) -> Callable[[], Figure]:
        def measure() -> Figure:
            program = str(self.transport_bench)
            single = run([program, address, "1", str(limit)])
            many = run([program, address, str(calls + 1), str(limit)])
            check_calls(many.output, calls + 1)
            seconds = many.wall - single.wall
            return Figure(calls / seconds, (many.cpu - single.cpu) * 1e6 / calls)

        return measure

    def grpcio(
        self, address: str, mode: str, calls: int, *flags: str, per_call: float = 1
    ) -> Callable[[], Figure]:
        def measure() -> Figure:
            script = str(BENCH / "grpcio_client.py")
            result = self.run_python(script, mode, address, str(calls), *flags)
            return Figure(result["rate"] * per_call, result["cpu_us_per_call"])

        return measure

    def message_to_dict(self, file: pathlib.Path) -> Figure:
        script = str(BENCH / "message_to_dict.py")
        return Figure(self.run_python(script, str(file), "--rounds", "3")["mb_per_second"])

    def run_python(self, *arguments: str) -> dict:
        return json.loads(run([self.python, "-B", *arguments]).output)

    def h2load(
        self, address: str, calls: int, concurrency: int, per_call: float = 1
    ) -> Callable[[], Figure]:
        def measure() -> Figure:
            done = run([
                "h2load", "-n", str(calls), "-c", "1", "-m", str(concurrency), "-w", "24",
                "-W", "24", "-d", str(OUTPUT / "request.grpc"), "-H", "te: trailers",
                "-H", "content-type: application/grpc", "-H", "authorization: apikey bench",
                f"http://{address}{PATH}",
            ])
            rate = re.search(r"finished in .*?, ([\d.]+) req/s", done.output)
            if not rate or f" {calls} succeeded" not in done.output:
                raise Missing("h2load: not all calls succeeded")
            return Figure(float(rate[1]) * per_call, done.cpu * 1e6 / calls)

        return measure


def check_calls(output: str, calls: int) -> None:
    """The script itself must say that it made these calls."""
    try:
        made = json.loads(output.splitlines()[-1])["calls"]
    except (IndexError, ValueError, KeyError, TypeError):
        raise Missing("the script printed no result") from None
    if made != calls:
        raise Missing(f"the script made {made} calls of {calls}")
