#!/usr/bin/env python3
"""A server that breaks HTTP/2 or HTTP/1.1, or floods, as the path of the request says.

It looks at nothing but what MODE says; once it serves, it prints one line of JSON with its address.

    hostile_server.py MODE

HTTP/2, after its own settings and the request's headers:
  floods      empty-data, unknown, priority, informational, ping, settings, window-update,
              metadata (trailers without end), drip (a message that comes byte by byte, for ever)
  violations  see VIOLATIONS: one frame that the RFC forbids, and then silence
HTTP/1.1:
  endless-headers, endless-trailers, endless-interim, gzip-bomb, silent, cut
TLS without ALPN h2 (with a certificate made for the purpose):
  tls-http1   counts the bytes that come after the handshake; a GET of /count tells them
"""
from __future__ import annotations

import json
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import zlib

from frames import (
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PRIORITY, PUSH, RESET,
    SETTINGS, WINDOW, frame, literal,
)


OK = literal(b":status", b"200") + literal(b"content-type", b"application/grpc")
EARLY = literal(b":status", b"103") + literal(b"x-a", b"b" * 100)

# What comes without end, after what comes first.
FLOODS = {
    "empty-data": (frame(HEADERS, END_HEADERS, 1, OK), frame(DATA, 0, 1)),
    "unknown": (b"", frame(200, 0, 0, b"x")),
    "priority": (b"", frame(PRIORITY, 0, 3, b"\0\0\0\0\1")),
    "informational": (b"", frame(HEADERS, END_HEADERS, 1, EARLY)),
    "ping": (b"", frame(PING, 0, 0, b"12345678")),
    "settings": (b"", frame(SETTINGS, 0, 0)),
    "window-update": (b"", frame(WINDOW, 0, 1, b"\0\0\0\1")),
}

VIOLATIONS = {
    "settings-length": frame(SETTINGS, 0, 0, b"12345"),
    "settings-push": frame(SETTINGS, 0, 0, b"\0\2\0\0\0\2"),
    "settings-window": frame(SETTINGS, 0, 0, b"\0\4\xff\xff\xff\xff"),
    "settings-frame-size": frame(SETTINGS, 0, 0, b"\0\5\0\0\0\1"),
    "settings-on-stream": frame(SETTINGS, 0, 1),
    "settings-ack-payload": frame(SETTINGS, 1, 0, b"\0\0\0\0\0\0"),
    "push-promise": frame(PUSH, END_HEADERS, 1, b"\0\0\0\2" + OK),
    "ping-length": frame(PING, 0, 0, b"123"),
    "ping-on-stream": frame(PING, 0, 1, b"12345678"),
    "goaway-on-stream": frame(GOAWAY, 0, 1, b"\0" * 8),
    "goaway-length": frame(GOAWAY, 0, 0, b"1234"),
    "window-zero": frame(WINDOW, 0, 0, b"\0\0\0\0"),
    "window-overflow": frame(WINDOW, 0, 0, b"\x7f\xff\xff\xff"),
    "window-length": frame(WINDOW, 0, 0, b"123"),
    "reset-idle": frame(RESET, 0, 99, b"\0\0\0\1"),
    "reset-length": frame(RESET, 0, 1, b"123"),
    "priority-length": frame(PRIORITY, 0, 1, b"1234"),
    "data-on-connection": frame(DATA, 0, 0, b"x"),
    "data-idle": frame(DATA, 0, 99, b"x"),
    "data-first": frame(DATA, 0, 1, b"x"),
    "data-padding": frame(HEADERS, END_HEADERS, 1, OK) + frame(DATA, 8, 1, b"\xffx"),
    "headers-on-connection": frame(HEADERS, END_HEADERS, 0, OK),
    "headers-even": frame(HEADERS, END_HEADERS, 2, OK),
    "headers-idle": frame(HEADERS, END_HEADERS, 99, OK),
    "headers-upper-case": frame(HEADERS, END_HEADERS, 1, OK + literal(b"X-A", b"b")),
    "headers-no-status": frame(HEADERS, END_HEADERS, 1, literal(b"x-a", b"b")),
    "headers-late-pseudo": frame(HEADERS, END_HEADERS, 1,
                                 literal(b"x-a", b"b") + literal(b":status", b"200")),
    "headers-connection": frame(HEADERS, END_HEADERS, 1, OK + literal(b"connection", b"close")),
    "headers-huge": b"".join([frame(HEADERS, 0, 1, OK + literal(b"x-a", b"b" * 16000))]
                             + [frame(CONTINUATION, 0, 1, literal(b"x-a", b"b" * 16000))] * 20),
    "headers-bad-hpack": frame(HEADERS, END_HEADERS, 1, b"\xff\xff\xff\xff\xff\xff"),
    "headers-interleaved": frame(HEADERS, 0, 1, OK) + frame(PING, 0, 0, b"12345678"),
    "continuation-alone": frame(CONTINUATION, END_HEADERS, 1, OK),
    "frame-too-large": b"\xff\xff\xff" + bytes([DATA, 0]) + struct.pack(">I", 1),
    "garbage": b"\x16\x03\x01\x02\x00" * 20,
}


def http2(connection: socket.socket, mode: str) -> None:
    received = b""
    # The preface, settings, and the request's headers.
    while True:
        position, seen = 24, set()
        while position + 9 <= len(received):
            length = int.from_bytes(received[position:position + 3], "big")
            seen.add(received[position + 3])
            position += 9 + length
        if HEADERS in seen:
            break
        if mode != "no-settings" and len(received) == 0:
            connection.sendall(frame(SETTINGS, 0, 0))
        piece = connection.recv(65536)
        if not piece:
            return
        received += piece
    connection.sendall(frame(SETTINGS, 1, 0))
    drain = threading.Thread(target=discard, args=(connection,), daemon=True)
    drain.start()
    if mode in FLOODS:
        first, again = FLOODS[mode]
        connection.sendall(first)
        many = again * 5000
        while True:
            connection.sendall(many)
    if mode == "drip":
        # A message of 60 MB whose bytes come in frames of their own, as the windows allow.
        connection.sendall(frame(HEADERS, END_HEADERS, 1, OK)
                           + frame(DATA, 0, 1, b"\0" + struct.pack(">I", 60 << 20)))
        many = frame(DATA, 0, 1, b"x") * 5000
        while True:
            connection.sendall(many)
    if mode == "metadata":
        connection.sendall(frame(HEADERS, END_HEADERS, 1, OK)
                           + frame(DATA, 0, 1, b"\0\0\0\0\0"))
        block = literal(b"x-a", b"b" * 16000)
        connection.sendall(frame(HEADERS, END_STREAM, 1, block))
        while True:
            connection.sendall(frame(CONTINUATION, 0, 1, block))
    connection.sendall(VIOLATIONS[mode])
    drain.join()


def discard(connection: socket.socket) -> None:
    try:
        while connection.recv(65536):
            pass
    except OSError:
        pass


def http1(connection: socket.socket, mode: str) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return
        received += piece
    line = b"x-a: " + b"b" * 1000 + b"\r\n"
    if mode == "endless-headers":
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
        while True:
            connection.sendall(line * 100)
    if mode == "endless-trailers":
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                           b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
        while True:
            connection.sendall(line * 100)
    if mode == "endless-interim":
        while True:
            connection.sendall((b"HTTP/1.1 103 Early Hints\r\n" + line + b"\r\n") * 100)
    if mode == "gzip-bomb":
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        body = b"".join(packer.compress(b" " * 2**20) for _ in range(60)) + packer.flush()
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                           b"content-encoding: gzip\r\ncontent-length: "
                           + str(len(body)).encode() + b"\r\n\r\n" + body)
    if mode == "cut":
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                           b"content-length: 100\r\n\r\n{")
        connection.close()
        return
    discard(connection)


def serve(connection: socket.socket, mode: str) -> None:
    try:
        if mode in FLOODS or mode in VIOLATIONS or mode in ("metadata", "drip"):
            http2(connection, mode)
        elif mode == "mute":
            discard(connection)
        else:
            http1(connection, mode)
    except OSError:
        pass
    finally:
        connection.close()


def serve_tls(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Speaks TLS, never h2; tells on standard error how many bytes came after the handshake."""
    while True:
        raw, _ = listener.accept()
        try:
            secure = context.wrap_socket(raw, server_side=True)
            secure.settimeout(2)
            count = 0
            while piece := secure.recv(65536):
                count += len(piece)
            print(f"bytes after the handshake: {count}", file=sys.stderr, flush=True)
        except OSError as error:
            print(f"bytes after the handshake: 0 ({error})", file=sys.stderr, flush=True)
        finally:
            raw.close()


def main() -> None:
    mode = sys.argv[-1]
    if mode == "--list":
        print("\n".join(VIOLATIONS))
        return
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    announcement = {"address": f"127.0.0.1:{listener.getsockname()[1]}"}
    if mode == "tls-http1":
        folder = tempfile.mkdtemp()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder + "/key", "-out",
             folder + "/ca"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder + "/ca", folder + "/key")
        context.set_alpn_protocols(["http/1.1"])
        announcement["ca_file"] = folder + "/ca"
        threading.Thread(target=serve_tls, args=(listener, context), daemon=True).start()
    else:
        def accept() -> None:
            while True:
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=serve, args=(connection, mode), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
    print(json.dumps(announcement), flush=True)
    if "--exit-with-stdin" in sys.argv:
        sys.stdin.read()
    else:
        threading.Event().wait()


if __name__ == "__main__":
    main()
