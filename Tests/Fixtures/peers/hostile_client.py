#!/usr/bin/env python3
"""Clients that attack a sandbox, and one that only wants its answers.

    hostile_client.py MODE HOST:PORT PID [--connections N] [--seconds S] [--key KEY --account ID]

Some connections do what MODE says, for some seconds, while another connection makes GetCluster calls
one after another. At the end one line of JSON tells what was seen:

    closed        how many of the attacking connections the server has closed
    first_closed  after how many seconds the first one was closed; null for none
    said          what the first one got last: a status line, or the error and text of GOAWAY
    sent          bytes that the attackers could send
    p99_ms        the 99th percentile of the honest calls' times; calls: how many there were
    rest_mb, peak_mb, after_mb   resident memory of process PID before, at most, and afterwards

Each mode is a way to make a server work, wait or remember without a credential, unless it says so.

HTTP/2:
  ping, settings, priority, unknown, window-update, empty-data, empty-continuation
                    frames of one kind without end, whose answers nobody reads
  rapid-reset       requests that are reset at once
  reflection        requests of a reflection stream, whose large answers nobody reads
  error-then-bytes  a PING of three bytes, which is a connection error, and then anything
  bodies            as many streams as allowed, each with as much of a body as it may send (key)
  no-window         answers of lists that may not be sent: windows of no byte (key)
HTTP/1.1:
  pipelined         requests without end, whose answers nobody reads
  pipelined-lists   the same with answers that are large (key)
  endless-head, endless-trailers, endless-body, endless-chunk
  anonymous-json    JSON of many elements, again and again
  slow-head, slow-body  a byte now and then
Any:
  silent            not a byte
"""
from __future__ import annotations

import argparse
import json
import os
import re
import selectors
import socket
import struct
import sys
import threading
import time

from frames import (
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PRIORITY, RESET,
    SETTINGS, UNKNOWN, WINDOW, frame, literal,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def request_headers(path: bytes, more: list[tuple[bytes, bytes]]) -> bytes:
    fields = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", path),
              (b":authority", b"localhost"), (b"content-type", b"application/grpc"),
              (b"te", b"trailers")] + more
    return b"".join(literal(name, value) for name, value in fields)


REFLECTION = b"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
LIST = b"/qdrant.cloud.cluster.v1.ClusterService/ListClusters"


class Attacker:
    """One connection: what it sends first, and what it goes on with."""

    def __init__(self, mode: str, options: argparse.Namespace) -> None:
        self.received = bytearray()
        self.sent = 0
        self.closed_after: float | None = None
        self.reads = mode in {"error-then-bytes", "endless-head", "endless-trailers",
                              "endless-body", "endless-chunk", "slow-head", "slow-body", "silent",
                              "empty-data", "empty-continuation", "anonymous-json", "bodies",
                              "rapid-reset", "no-window"}
        self.slow = mode.startswith("slow")
        self.next_slow = 0.0
        self.stream = 1
        credential = [(b"authorization", b"apikey " + options.key.encode())]
        account = b"\n\x24" + options.account.encode()
        message = b"\x00" + struct.pack(">I", len(account)) + account
        settings = frame(SETTINGS, 0, 0)
        plain = request_headers(LIST, [])
        keyed = request_headers(LIST, credential)
        clusters = f"/api/cluster/v1/accounts/{options.account}/clusters".encode()
        head = b"HTTP/1.1\r\nhost: localhost\r\n"
        keyed_head = head + b"authorization: apikey " + options.key.encode() + b"\r\n"
        opened = PREFACE + settings + frame(HEADERS, END_HEADERS, 1, plain)
        many = 4000
        self.first, self.again = {
            "ping": (PREFACE + settings, frame(PING, 0, 0, b"12345678") * many),
            "settings": (PREFACE + settings, frame(SETTINGS, 0, 0) * many),
            "priority": (PREFACE + settings,
                         frame(PRIORITY, 0, 3, b"\0\0\0\0\1") * many),
            "unknown": (PREFACE + settings, frame(UNKNOWN, 0, 0) * many),
            "window-update": (PREFACE + settings, frame(WINDOW, 0, 1, b"\0\0\0\1") * many),
            "empty-data": (PREFACE + settings + frame(
                HEADERS, END_HEADERS, 1, request_headers(REFLECTION, [])),
                frame(DATA, 0, 1) * many),
            "empty-continuation": (PREFACE + settings + frame(HEADERS, 0, 1, plain),
                                   frame(CONTINUATION, 0, 1) * many),
            "rapid-reset": (PREFACE + settings, None),
            "reflection": (PREFACE + frame(SETTINGS, 0, 0, b"\0\4\x7f\xff\xff\xff")
                           + frame(WINDOW, 0, 0, struct.pack(">I", 2**31 - 1 - 65535))
                           + frame(HEADERS, END_HEADERS, 1, request_headers(REFLECTION, [])), None),
            "error-then-bytes": (PREFACE + settings + frame(PING, 0, 0, b"123"), b"x" * 65536),
            "bodies": (PREFACE + settings + b"".join(
                frame(HEADERS, END_HEADERS, 2 * i + 1, keyed) for i in range(100)), None),
            "no-window": (PREFACE + frame(SETTINGS, 0, 0, b"\0\4\0\0\0\0"), None),
            "pipelined": (b"", (b"GET " + clusters + b" " + head + b"\r\n") * 1000),
            "pipelined-lists": (b"", (b"GET " + clusters + b" " + keyed_head + b"\r\n") * 500),
            "endless-head": (b"GET / " + head, b"x-a: " + b"b" * 1000 + b"\r\n"),
            "endless-trailers": (b"POST " + clusters + b" " + head
                                 + b"transfer-encoding: chunked\r\n\r\n0\r\n",
                                 b"x-a: " + b"b" * 1000 + b"\r\n"),
            "endless-body": (b"POST " + clusters + b" " + keyed_head
                             + b"transfer-encoding: chunked\r\n\r\n",
                             b"10000\r\n" + b"x" * 65536 + b"\r\n"),
            "endless-chunk": (b"POST " + clusters + b" " + keyed_head
                              + b"transfer-encoding: chunked\r\n\r\n1;", b"a" * 65536),
            "anonymous-json": (b"", None),
            "slow-head": (b"GET / HTTP/1.1\r\nhost: localhost\r\nx-a: ", b"b"),
            "slow-body": (b"POST " + clusters + b" " + keyed_head
                          + b"content-length: 100000\r\n\r\n", None),
            "silent": (b"", None),
        }[mode]
        if mode == "anonymous-json":
            body = b'{"cluster":{"labels":[' + b",".join([b'{"key":"a"}'] * 40000) + b"]}}"
            self.again = (b"POST " + clusters + b" " + head + b"content-length: "
                          + str(len(body)).encode() + b"\r\n\r\n" + body)
        self.mode, self.keyed, self.plain, self.message = mode, keyed, plain, message
        self.bodies = 0
        host, port = options.address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.socket.setblocking(False)
        self.pending = memoryview(self.first)

    def more(self) -> bytes | None:
        if self.mode == "rapid-reset":
            out = []
            for _ in range(500):
                out.append(frame(HEADERS, END_HEADERS | END_STREAM, self.stream, self.plain))
                out.append(frame(RESET, 0, self.stream, b"\0\0\0\x08"))
                self.stream += 2
            return b"".join(out)
        if self.mode == "reflection":
            name = b"\x22\x27qdrant.cloud.cluster.v1.ClusterService."[:2 + 38]
            name = b"\x22" + bytes([38]) + b"qdrant.cloud.cluster.v1.ClusterService"
            return frame(DATA, 0, 1, b"\x00" + struct.pack(">I", len(name)) + name) * 500
        if self.mode == "bodies":
            self.bodies += 1
            if self.bodies > 200:
                return None
            prefix = b"\x00" + struct.pack(">I", 4 << 20) if self.bodies == 1 else b""
            return b"".join(frame(DATA, 0, 2 * i + 1, prefix + b"\n" * 8000) for i in range(100))
        if self.mode == "no-window":
            out = []
            for _ in range(100):
                out.append(frame(HEADERS, END_HEADERS, self.stream, self.keyed))
                out.append(frame(DATA, END_STREAM, self.stream, self.message))
                self.stream += 2
            return b"".join(out) if self.stream < 400 else None
        return self.again


def goaway(received: bytes) -> str:
    """The error and the text of the last GOAWAY among frames."""
    found = ""
    position = 0
    while position + 9 <= len(received):
        length = int.from_bytes(received[position:position + 3], "big")
        if received[position + 3] == GOAWAY:
            payload = received[position + 9:position + 9 + length]
            found = f"GOAWAY {int.from_bytes(payload[4:8], 'big')} {payload[8:].decode()}"
        position += 9 + length
    return found


def said(attacker: Attacker) -> str:
    received = bytes(attacker.received)
    if attacker.first.startswith(PREFACE):
        return goaway(received)
    lines = re.findall(rb"HTTP/1\.1 [^\r]*|\"message\":\"[^\n]*?\",\"details", received)
    return b" ".join(lines[-2:]).decode(errors="replace")


def resident(pid: int) -> float:
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def honest(options: argparse.Namespace, stop: threading.Event, times: list[float]) -> None:
    """GetCluster over one connection, one call after another."""
    host, port = options.address.rsplit(":", 1)
    path = f"/api/cluster/v1/accounts/{options.account}/clusters"
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(path: str) -> bytes:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: apikey {options.key}\r\n\r\n"
            .encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536) or sys.exit("the honest connection was closed")
        head, body = received.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"content-length: (\d+)", head)[1])
        while len(body) < length:
            body += connection.recv(65536)
        assert head.startswith(b"HTTP/1.1 200"), head
        return body

    cluster = json.loads(get(path))["items"][0]["id"]
    while not stop.is_set():
        started = time.perf_counter()
        get(f"{path}/{cluster}")
        times.append(time.perf_counter() - started)
        time.sleep(0.005)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("mode")
    parser.add_argument("address")
    parser.add_argument("pid", type=int)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--key", default="none")
    parser.add_argument("--account", default="00000000-0000-4000-8000-000000000000")
    options = parser.parse_args()

    rest = peak = resident(options.pid)
    # The honest client is a process of its own, so that it does not wait for the attackers.
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        times: list[float] = []
        stop = threading.Event()
        timer = threading.Timer(options.seconds, stop.set)
        timer.start()
        honest(options, stop, times)
        times.sort()
        os.write(writer, json.dumps({
            "calls": len(times), "p99_ms": round(times[int(len(times) * 0.99)] * 1000, 1),
            "max_ms": round(times[-1] * 1000, 1)}).encode())
        os._exit(0)
    os.close(writer)

    attackers = [Attacker(options.mode, options) for _ in range(options.connections)]
    started = time.monotonic()
    selector = selectors.DefaultSelector()
    for attacker in attackers:
        selector.register(attacker.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, attacker)
    while time.monotonic() - started < options.seconds and selector.get_map():
        peak = max(peak, resident(options.pid))
        events = selector.select(0.05)
        idle = True
        for key, event in events:
            attacker = key.data
            try:
                if event & selectors.EVENT_READ and attacker.reads:
                    received = attacker.socket.recv(65536)
                    if not received:
                        raise ConnectionError
                    attacker.received += received
                    del attacker.received[:-1 << 20]
                    idle = False
                if event & selectors.EVENT_WRITE:
                    if not attacker.pending:
                        if attacker.slow and time.monotonic() < attacker.next_slow:
                            continue
                        attacker.next_slow = time.monotonic() + 0.2
                        attacker.pending = memoryview(attacker.more() or b"")
                    if attacker.pending:
                        count = attacker.socket.send(attacker.pending)
                        attacker.pending = attacker.pending[count:]
                        attacker.sent += count
                        idle = False
            except BlockingIOError:
                pass
            except OSError:
                attacker.closed_after = time.monotonic() - started
                selector.unregister(attacker.socket)
        if idle:
            time.sleep(0.01)
    peak = max(peak, resident(options.pid))
    for attacker in attackers:
        if attacker.closed_after is None and not attacker.reads:
            # What was said while nobody read.
            attacker.socket.settimeout(0.05)
            try:
                while received := attacker.socket.recv(1 << 20):
                    attacker.received += received
                    if len(attacker.received) > 8 << 20:
                        break
                else:
                    attacker.closed_after = time.monotonic() - started
            except OSError:
                pass
        attacker.socket.close()
    seen = json.loads(os.read(reader, 4096) or b"{}")
    os.waitpid(child, 0)
    # Memory goes back soon, not at once: it is asked until it does.
    deadline = time.monotonic() + 5
    after = resident(options.pid)
    while after > rest + 20 and time.monotonic() < deadline:
        time.sleep(0.1)
        after = resident(options.pid)
    ends = [a.closed_after for a in attackers if a.closed_after is not None]
    print(json.dumps({
        "mode": options.mode, "closed": len(ends),
        "first_closed": round(min(ends), 2) if ends else None,
        "said": said(attackers[0]), "sent": sum(a.sent for a in attackers), **seen,
        "rest_mb": round(rest), "peak_mb": round(peak), "after_mb": round(after)}))


if __name__ == "__main__":
    main()
