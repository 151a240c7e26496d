#!/usr/bin/env python3
"""Calls ListClusters with grpcio and prints how fast that was, as JSON.

  grpcio_client.py MODE HOST:PORT CALLS [--messages] [--dict] [--concurrency 64]

modes: sync (one call after the other), futures (in batches of --concurrency calls, which is faster
than a sliding window or a callback for each call) and aio (--concurrency calls at a time).
Requests and answers are bytes; with --messages real message classes, with --dict the answer is
turned into dictionaries as well.
"""
from __future__ import annotations

import argparse
import asyncio
import json
import pathlib
import sys
import time
from collections.abc import Callable

import grpc
from google.protobuf import json_format

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "Tests/Fixtures/peers"))
import contract  # noqa: E402

METHOD = f"/{contract.CLUSTER_SERVICE}/ListClusters"
ACCOUNT = "11111111-1111-4111-8111-111111111111"
METADATA = (("authorization", "apikey bench"),)
CHANNEL_OPTIONS = [("grpc.max_receive_message_length", -1)]
WARM_UP_CALLS = 20


class Client:
    """How the requests are made and the answers read."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.calls, self.concurrency = options.calls, options.concurrency
        self.address = options.address
        api = contract.Contract()
        request = api.message("qdrant.cloud.cluster.v1.ListClustersRequest")
        response = api.message("qdrant.cloud.cluster.v1.ListClustersResponse")
        self.make_request: Callable = lambda: request(account_id=ACCOUNT)
        self.serialize, self.deserialize = request.SerializeToString, response.FromString
        if options.dict:
            self.deserialize = lambda data: json_format.MessageToDict(
                response.FromString(data), preserving_proto_field_name=True)
        elif not options.messages:
            data = self.make_request().SerializeToString()
            self.make_request = lambda: data
            self.serialize = self.deserialize = None

    def method(self, channel):
        return channel.unary_unary(METHOD, self.serialize, self.deserialize)

    def sync(self) -> float:
        with grpc.insecure_channel(self.address, CHANNEL_OPTIONS) as channel:
            call = self.method(channel)

            def run(count: int) -> None:
                for _ in range(count):
                    call(self.make_request(), metadata=METADATA)

            return self.timed(run)

    def futures(self) -> float:
        with grpc.insecure_channel(self.address, CHANNEL_OPTIONS) as channel:
            call = self.method(channel)

            def run(count: int) -> None:
                for first in range(0, count, self.concurrency):
                    batch = [
                        call.future(self.make_request(), metadata=METADATA)
                        for _ in range(min(self.concurrency, count - first))
                    ]
                    for future in batch:
                        future.result()

            return self.timed(run)

    def aio(self) -> float:
        return asyncio.run(self.run_aio())

    async def run_aio(self) -> float:
        async with grpc.aio.insecure_channel(self.address, CHANNEL_OPTIONS) as channel:
            call = self.method(channel)

            async def work(tickets) -> None:
                for _ in tickets:
                    await call(self.make_request(), metadata=METADATA)

            await work(range(self.warm_up_calls()))
            tickets = iter(range(self.calls))
            start = time.perf_counter()
            await asyncio.gather(*(work(tickets) for _ in range(self.concurrency)))
            return time.perf_counter() - start

    def warm_up_calls(self) -> int:
        return min(WARM_UP_CALLS, max(self.calls // 10, 1))

    def timed(self, run: Callable[[int], None]) -> float:
        run(self.warm_up_calls())
        start = time.perf_counter()
        run(self.calls)
        return time.perf_counter() - start


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["sync", "futures", "aio"])
    parser.add_argument("address", metavar="HOST:PORT")
    parser.add_argument("calls", type=int)
    parser.add_argument("--messages", action="store_true")
    parser.add_argument("--dict", action="store_true")
    parser.add_argument("--concurrency", type=int, default=64)
    options = parser.parse_args()
    client = Client(options)
    cpu = time.process_time()
    seconds = getattr(client, options.mode)()
    cpu = time.process_time() - cpu
    print(json.dumps({
        "mode": options.mode, "calls": options.calls, "seconds": round(seconds, 4),
        "rate": round(options.calls / seconds, 1),
        "cpu_us_per_call": round(cpu * 1e6 / options.calls, 1),
    }))
    return 0


if __name__ == "__main__":
    sys.exit(main())
