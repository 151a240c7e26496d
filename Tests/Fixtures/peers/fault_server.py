#!/usr/bin/env python3
"""A gRPC server (grpcio) of the cluster service that fails on request.

ListClusters looks at the request's `cloud_provider_id`, which names the scenario (any other value
is `success`); `page_token` keys the scenarios that count. Every other method answers with an empty
message. Once it serves, it prints one line of JSON with its address and its CA's path.

scenarios:
  success                two clusters, one with a name beyond ASCII
  empty                  no clusters
  unicode                names in many scripts, with NUL, quotes, newline and beyond the BMP
  trailers-only          NOT_FOUND at once; the message holds %, a newline and an e with acute
  details                INVALID_ARGUMENT with BadRequest (2 violations) and RetryInfo (0.25 s)
  code-N                 the status code N (1 to 16) with the message "code N"
  metadata               success with initial and trailing metadata, text and binary
  gzip                   a large repetitive answer, gzip-compressed if the client accepts gzip
  large                  an answer of about 20 MB
  slow                   sleeps 5 s, less if the call is cancelled; see `recorded`
  recorded               clusters named key=value: what `slow` calls saw
  deadline               one cluster named after the remaining deadline in ms, or "none"
  headers                clusters named key=value, one for each header the server received
                         (gRPC core hides te, content-type, grpc-timeout and the encodings: the
                         scenario `headers` of raw_http2_server.py shows these)
  unavailable-twice      UNAVAILABLE for the first two calls with a page_token, then success
  exhausted-retryinfo    RESOURCE_EXHAUSTED with RetryInfo (0.2 s) for the first call with a
                         page_token, then success
  mark                   notes its page_token, answers empty
  count                  total_size = different page_tokens marked, a cluster named duplicates=N
  die                    the process ends with status 9 after 100 ms, in mid-call
"""
from __future__ import annotations

import argparse
import collections
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent import futures

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

import contract
import serving

CHANNEL_OPTIONS = {
    "max_connection_age_ms": ("grpc.max_connection_age_ms", "drain a connection of this age"),
    "max_connection_age_grace_ms": (
        "grpc.max_connection_age_grace_ms", "then close it after this time"),
    "max_connection_idle_ms": ("grpc.max_connection_idle_ms", "drain a connection idle this long"),
    "max_concurrent_streams": ("grpc.max_concurrent_streams", "streams open at once"),
    "keepalive_time_ms": ("grpc.keepalive_time_ms", "the server sends PINGs this often"),
    "keepalive_timeout_ms": ("grpc.keepalive_timeout_ms", "and waits this long for the answer"),
    "min_ping_interval_ms": (
        "grpc.http2.min_ping_interval_without_data_ms", "PINGs more frequent are strikes"),
    "max_ping_strikes": ("grpc.http2.max_ping_strikes", "strikes before GOAWAY; 0: any number"),
}
UNICODE_NAMES = [
    "Zürich", "naïve café", "東京", "Ελλάδα", "עברית", "हिन्दी", "e\u0301", "👩‍🚀", "𝄞", "nul\0byte",
    "quote\"back\\slash", "line\nbreak\ttab", "\u2028\ufeff\uffff\U0010ffff",
]


class Cloud:
    """The answers to ListClusters, and the memory that some of them need."""

    def __init__(self, api: contract.Contract, delay: float) -> None:
        self.response = api.message("qdrant.cloud.cluster.v1.ListClustersResponse")
        self.delay = delay
        self.lock = threading.Lock()
        self.attempts: collections.Counter[tuple[str, str]] = collections.Counter()
        self.marks: collections.Counter[str] = collections.Counter()
        self.recorded: dict[str, int | str] = {}
        self.large: bytes | None = None
        self.before_death: Callable[[], None] = lambda: None

    def list_clusters(self, request, context: grpc.ServicerContext):
        if self.delay:
            time.sleep(self.delay)
        scenario = request.cloud_provider_id
        if scenario.startswith("code-") and scenario[5:].isdigit():
            return self.code(context, int(scenario[5:]))
        return SCENARIOS.get(scenario, Cloud.success)(self, request, context)

    def named(self, *names: str, **fields):
        return self.response(items=[{"name": name} for name in names], **fields)

    def success(self, request, context):
        answer = self.named("first-cluster", "zweiter-Clüster-東京", total_size=2)
        for number, cluster in enumerate(answer.items, 1):
            cluster.id = f"00000000-0000-4000-8000-{number:012}"
            cluster.account_id = request.account_id
            cluster.created_at.FromJsonString("2026-01-02T03:04:05.678901234Z")
            cluster.configuration.number_of_nodes = number
            cluster.labels.add(key="stage", value="prüfung")
        return answer

    def empty(self, request, context):
        return self.response()

    def unicode(self, request, context):
        return self.named(*UNICODE_NAMES)

    def trailers_only(self, request, context):
        context.abort(grpc.StatusCode.NOT_FOUND, "100% café\nno such cluster: é")

    def details(self, request, context):
        violations = error_details_pb2.BadRequest()
        violations.field_violations.add(field="account_id", description="must be a UUID")
        violations.field_violations.add(field="page_size", description="must be above 0, é")
        abort(context, grpc.StatusCode.INVALID_ARGUMENT, "two fields are bad", violations,
              retry_after(0.25))

    def code(self, context, number: int):
        codes = {code.value[0]: code for code in grpc.StatusCode}
        context.abort(codes.get(number) or grpc.StatusCode.UNKNOWN, f"code {number}")

    def metadata(self, request, context):
        context.send_initial_metadata((("x-initial", "one"), ("x-initial-bin", b"\0\1\xff")))
        context.set_trailing_metadata(
            (("x-trailing", "two"), ("x-trailing", "three"), ("x-trailing-bin", b"\xff\0")))
        return self.success(request, context)

    def gzip(self, request, context):
        context.set_compression(grpc.Compression.Gzip)
        return self.named(*["a-name-that-compresses-well"] * 10_000, total_size=10_000)

    def large_answer(self, request, context):
        if self.large is None:
            names = (f"{number:06}-" + "x" * 1000 for number in range(20_000))
            self.large = self.named(*names, total_size=20_000).SerializeToString()
        return self.large

    def slow(self, request, context):
        cancelled = threading.Event()
        with self.lock:
            self.recorded["remaining_ms"] = remaining_ms(context)
        self.record("started")
        ended = not context.add_callback(cancelled.set) or cancelled.wait(5)
        self.record("cancelled" if ended else "finished")
        return self.response()

    def record(self, event: str) -> None:
        with self.lock:
            self.recorded[event] = self.recorded.get(event, 0) + 1

    def show_recorded(self, request, context):
        with self.lock:
            return self.named(*(f"{key}={value}" for key, value in sorted(self.recorded.items())))

    def deadline(self, request, context):
        return self.named(remaining_ms(context))

    def headers(self, request, context):
        pairs = context.invocation_metadata()
        return self.named(*(f"{pair.key}={printable(pair.value)}" for pair in pairs))

    def unavailable_twice(self, request, context):
        if self.attempt(request) <= 2:
            context.abort(grpc.StatusCode.UNAVAILABLE, "try again")
        return self.success(request, context)

    def exhausted_retryinfo(self, request, context):
        if self.attempt(request) <= 1:
            abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "slow down", retry_after(0.2))
        return self.success(request, context)

    def attempt(self, request) -> int:
        key = (request.cloud_provider_id, request.page_token)
        with self.lock:
            self.attempts[key] += 1
            return self.attempts[key]

    def mark(self, request, context):
        with self.lock:
            self.marks[request.page_token] += 1
        return self.response()

    def count(self, request, context):
        with self.lock:
            distinct, total = len(self.marks), sum(self.marks.values())
        return self.named(f"duplicates={total - distinct}", total_size=distinct)

    def die(self, request, context):
        time.sleep(0.1)
        self.before_death()
        os._exit(9)


SCENARIOS: dict[str, Callable] = {
    "success": Cloud.success,
    "empty": Cloud.empty,
    "unicode": Cloud.unicode,
    "trailers-only": Cloud.trailers_only,
    "details": Cloud.details,
    "metadata": Cloud.metadata,
    "gzip": Cloud.gzip,
    "large": Cloud.large_answer,
    "slow": Cloud.slow,
    "recorded": Cloud.show_recorded,
    "deadline": Cloud.deadline,
    "headers": Cloud.headers,
    "unavailable-twice": Cloud.unavailable_twice,
    "exhausted-retryinfo": Cloud.exhausted_retryinfo,
    "mark": Cloud.mark,
    "count": Cloud.count,
    "die": Cloud.die,
}


def abort(context, code: grpc.StatusCode, message: str, *details) -> None:
    """Ends the call with a status that carries typed details."""
    packed = []
    for detail in details:
        packed.append(any_pb2.Any())
        packed[-1].Pack(detail)
    status = status_pb2.Status(code=code.value[0], message=message, details=packed)
    context.abort_with_status(rpc_status.to_status(status))


def retry_after(seconds: float) -> error_details_pb2.RetryInfo:
    delay = duration_pb2.Duration(nanos=int(seconds * 1e9))
    return error_details_pb2.RetryInfo(retry_delay=delay)


def remaining_ms(context) -> str:
    remaining = context.time_remaining()
    far = remaining is None or remaining > 1e9  # grpcio's figure for a call without a deadline
    return "none" if far else str(int(remaining * 1000))


def printable(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.hex()


def serialize(message) -> bytes:
    return message if isinstance(message, bytes) else message.SerializeToString()


def handlers(api: contract.Contract, cloud: Cloud) -> grpc.GenericRpcHandler:
    """A handler for every method of the service: ListClusters by scenario, the rest empty."""
    table = {}
    for name, request, response in api.methods():
        behaviour = lambda request, context, answer=response: answer()  # noqa: E731
        table[name] = grpc.unary_unary_rpc_method_handler(
            cloud.list_clusters if name == "ListClusters" else behaviour,
            request_deserializer=request.FromString,
            response_serializer=serialize,
        )
    return grpc.method_handlers_generic_handler(contract.CLUSTER_SERVICE, table)


def channel_options(options: argparse.Namespace) -> list[tuple[str, int]]:
    chosen = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", -1)]
    for option, (argument, _) in CHANNEL_OPTIONS.items():
        if getattr(options, option) is not None:
            chosen.append((argument, getattr(options, option)))
    if options.no_keepalive_pings_check:
        chosen += [("grpc.http2.max_ping_strikes", 0), ("grpc.keepalive_permit_without_calls", 1)]
    return chosen


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    serving.add_common_options(parser)
    parser.add_argument("--threads", type=int, default=64, help="calls executed at once (64)")
    parser.add_argument("--delay-ms", type=int, default=0, help="every ListClusters takes longer")
    parser.add_argument(
        "--no-keepalive-pings-check", action="store_true",
        help="accept any number of PINGs (grpc.http2.max_ping_strikes=0)")
    for option, (argument, text) in CHANNEL_OPTIONS.items():
        parser.add_argument(
            "--" + option.replace("_", "-"), type=int, metavar="N", help=f"{text} ({argument})")
    return parser.parse_args()


def bind(server: grpc.Server, options: argparse.Namespace, folder: str):
    """Binds the port; returns it and the CA's path."""
    address = f"127.0.0.1:{options.port}"
    if not options.tls:
        return server.add_insecure_port(address), None
    made = serving.make_certificate(folder, options.tls_name, options.tls_expired)
    pair = (made["key.pem"].read_bytes(), made["cert.pem"].read_bytes())
    return server.add_secure_port(address, grpc.ssl_server_credentials([pair])), made["ca.pem"]


def main() -> int:
    options = parse_options()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    api = contract.Contract(options.contract or contract.DEFAULT_PATH)
    pool = futures.ThreadPoolExecutor(options.threads)
    server = grpc.server(pool, options=channel_options(options))
    cloud = Cloud(api, options.delay_ms / 1000)
    server.add_generic_rpc_handlers((handlers(api, cloud),))
    with tempfile.TemporaryDirectory(prefix="peer-") as folder:
        cloud.before_death = lambda: shutil.rmtree(folder, ignore_errors=True)
        port, ca_file = bind(server, options, folder)
        server.start()
        serving.announce(port, ca_file)
        if options.exit_with_stdin:
            serving.watch_stdin(ended.set)
        ended.wait()
        server.stop(0).wait(5)
    return 0


if __name__ == "__main__":
    sys.exit(main())
