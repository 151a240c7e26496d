"""Kills a sandbox under load at random points, again and again, and compares what it holds with
what it had acknowledged.

Usage: crash.py QCSH FOLDER ROUNDS SEED

Every round goes on with the data of the round before. Prints a line for each difference, and last
one of JSON: {"rounds": N, "acknowledged": N, "differences": N}.
"""
from __future__ import annotations

import json
import pathlib
import random
import signal
import subprocess
import sys
import time

import grpc

from contract import Contract
from crash_load import SERVICE, Load


def start(qcsh: str, folder: pathlib.Path) -> tuple[subprocess.Popen, dict]:
    """Starts the sandbox on its data."""
    server = subprocess.Popen(
        [qcsh, "sandbox", "--seed", "bare", "--data", str(folder / "data")],
        stdout=subprocess.PIPE, text=True, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"})
    assert server.stdout is not None
    return server, json.loads(server.stdout.readline())


def listed(told: dict) -> set[str]:
    """The ids of the keys that are there."""
    load = Load(told["address"], told["management_key"], told["account_id"])
    with grpc.insecure_channel(told["address"]) as channel:
        request = load.types["ListManagementKeys"][0](account_id=told["account_id"])
        answer = load.stub(channel, "ListManagementKeys")(
            request, metadata=load.metadata, timeout=20)
    return {item.id for item in answer.items}


def main() -> int:
    qcsh, folder, rounds, seed = sys.argv[1], pathlib.Path(sys.argv[2]), *map(int, sys.argv[3:])
    chance = random.Random(seed)
    Contract()
    server, told = start(qcsh, folder)
    expected, uncertain = listed(told), set()
    acknowledged = differences = 0
    for number in range(rounds):
        load = subprocess.Popen(
            [sys.executable, "-B", str(pathlib.Path(__file__).with_name("crash_load.py")),
             told["address"], told["management_key"], told["account_id"]],
            stdout=subprocess.PIPE, text=True)
        assert load.stdout is not None
        load.stdout.readline()
        # The moment is the point of it: anywhere between two writes, or in one.
        time.sleep(chance.uniform(0.0, 0.12))
        server.send_signal(signal.SIGKILL)
        server.wait()
        done = json.loads(load.stdout.readline())
        load.wait()
        acknowledged += len(done["created"]) + len(done["deleted"])
        expected |= set(done["created"])
        expected -= set(done["deleted"])
        uncertain |= set(done["unknown"])
        server, told = start(qcsh, folder)
        present = listed(told)
        for lost in sorted(expected - present - uncertain):
            differences += 1
            print(f"round {number}: {lost} was acknowledged and is not there")
        for back in sorted(present & set(done["deleted"])):
            differences += 1
            print(f"round {number}: {back} was deleted and is there")
        # What came of calls without an answer is known now.
        expected, uncertain = present, set()
    server.send_signal(signal.SIGTERM)
    if server.wait() != 0:
        differences += 1
        print("the sandbox did not end properly")
    print(json.dumps(
        {"rounds": rounds, "acknowledged": acknowledged, "differences": differences}))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
