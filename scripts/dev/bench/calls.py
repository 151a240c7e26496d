"""What is measured of calls: one after the other, many at a time, and of decoding large answers."""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
from collections.abc import Callable, Iterator

from measure import BENCH, NO_PROXY, OUTPUT, Case, Figure, Group, server
from programs import Programs

LUA_CONCURRENCY = 64


def sequential(programs: Programs, options: argparse.Namespace) -> Iterator[Group]:
    calls = options.calls
    with server(OUTPUT / "small.binpb") as address:
        yield Group("sequential", "calls/s", [
            Case("qcsh", programs.lua(address, "sequential.lua", calls)),
            Case("grpcio sync, bytes", programs.grpcio(address, "sync", calls)),
            Case("grpcio sync, messages", programs.grpcio(address, "sync", calls, "--messages")),
            Case("h2load", programs.h2load(address, calls, 1)),
        ])


def concurrent(programs: Programs, options: argparse.Namespace) -> Iterator[Group]:
    calls = options.calls * 4
    with server(OUTPUT / "small.binpb") as address:
        yield Group("concurrent", "calls/s", [
            Case("qcsh", programs.lua(address, "concurrent.lua", calls, LUA_CONCURRENCY)),
            Case("bare transport", programs.transport(address, calls, LUA_CONCURRENCY)),
            Case("grpcio futures, bytes", programs.grpcio(address, "futures", calls)),
            Case("grpcio aio, bytes", programs.grpcio(address, "aio", calls)),
            Case("grpcio aio, messages", programs.grpcio(address, "aio", calls, "--messages")),
            Case("h2load", programs.h2load(address, calls, LUA_CONCURRENCY)),
        ])


def get_cluster(programs: Programs, options: argparse.Namespace) -> Iterator[Group]:
    with subprocess.Popen([programs.qcsh, "sandbox", "--speed", "instant"], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as sandbox:
        told = json.loads(sandbox.stdout.readline())
        address = told["endpoint"].removeprefix("http://")
        account, key = told["account_id"], told["management_key"]
        environment = {**os.environ, **NO_PROXY, "QDRANT_CLOUD_API_KEY": key}
        listing = "return qdrant.api.cluster.list_clusters{}.items[1].id"
        cluster = subprocess.run(
            [programs.qcsh, "--endpoint", told["endpoint"], "-e", listing], env=environment,
            capture_output=True, text=True, check=True).stdout.strip().strip('"')

        def measure(*command: str | pathlib.Path) -> Callable[[], Figure]:
            def one() -> Figure:
                output = subprocess.run([str(word) for word in command], env=environment, text=True,
                                        capture_output=True, check=True).stdout
                return Figure(json.loads(output)["seconds"] * 1000)

            return one

        script = BENCH / "get_cluster.lua"
        yield Group("1,000 GetCluster", "ms", [
            Case("qcsh, task.map", measure(
                programs.qcsh, "--endpoint", told["endpoint"], script, "1000", "64", account,
                cluster)),
            Case("bare transport", measure(
                programs.transport_bench, address, "1000", "64", key, account, cluster)),
        ], lower_is_better=True)
        sandbox.terminate()


def decoding(programs: Programs, options: argparse.Namespace) -> Iterator[Group]:
    file, calls = OUTPUT / "clusters.binpb", options.decode_calls
    megabytes = file.stat().st_size / 1e6
    with server(file) as address:
        dictionaries = programs.grpcio(
            address, "sync", max(calls // 3, 1), "--dict", per_call=megabytes)
        yield Group("decoding", "MB/s", [
            Case("qcsh", programs.lua(address, "decode.lua", calls, per_call=megabytes)),
            Case("grpcio and MessageToDict", dictionaries),
            Case("MessageToDict alone", lambda: programs.message_to_dict(file)),
            Case("grpcio, messages", programs.grpcio(
                address, "sync", calls, "--messages", per_call=megabytes)),
            Case("h2load (fetching alone)", programs.h2load(
                address, calls * 4, 1, per_call=megabytes)),
        ])
