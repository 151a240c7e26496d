#!/usr/bin/env python3
"""An HTTP/2 server that speaks frames itself and misbehaves on purpose, as --scenario says.

Any POST is taken for ListClusters. Unless the scenario says otherwise the answer is an empty
message; a request whose `cloud_provider_id` is `count` is answered with total_size = number of
different page_tokens executed and a cluster named duplicates=N, in all scenarios that answer.
Once it serves, it prints one line of JSON with its address and its CA's path.

legal, if unusual:
  ok                  nothing unusual
  headers             clusters named key=value: every header of the request, and :authority etc.
  settings-window     stream windows of 1 kB; answers in frames of up to 1 kB with total_size = size
                      of the request's message and a cluster named after its page_token
  unusual             unknown frames and settings, PRIORITY, CONTINUATION, a PING in the midst,
                      DATA frames of no byte and of one; clusters as in settings-window
  padding             padded HEADERS and DATA (gRPC core refuses it, HTTP/2 allows it); the same
                      clusters
  informational       a 103 response first (gRPC core refuses it, HTTP/2 allows it)
  padded-details      INVALID_ARGUMENT, grpc-status-details-bin in base64 with padding
  trailers-only       NOT_FOUND in a single HEADERS frame
  early-answer        answers before the request has ended, then RST_STREAM NO_ERROR
  goaway-after        after each --count streams of a connection: GOAWAY naming the last one it
                      executed, which is final; the connection closes once these are answered
  goaway-drain        the same, announced by GOAWAY 2^31-1 and a PING, so that nothing is lost
  refuse-stream       RST_STREAM REFUSED_STREAM for the first --count streams
  max-streams         SETTINGS_MAX_CONCURRENT_STREAMS = --count, streams above it are refused

faults:
  rst-internal        RST_STREAM INTERNAL_ERROR
  no-grpc-status      200, a message, the end without grpc-status
  error-after-message a message, then grpc-status 13
  http-503-html       503 with text/html
  bad-content-type    200 with text/html, without grpc-status
  http1               HTTP/1.1 400 for anything
  silent              settings, and then nothing, no answer to PING either
  silent-from-start   not a byte
  close-mid-body      closes the connection in mid-message
  close-before-answer closes the connection as soon as a request has arrived
  close-on-accept     closes every connection at once
  enhance-your-calm   GOAWAY ENHANCE_YOUR_CALM on the second PING (answers are --delay-ms late)
  oversized-frame-length  the message's prefix claims 1 GiB; the stream stays open
  truncated-frame     the prefix claims 100 bytes, 10 come, grpc-status 0
  two-messages        a second message, grpc-status 0
  no-message          grpc-status 0 without a message
  bad-message         a message that is not protobuf
  compressed-unannounced  a compressed message without grpc-encoding
  bad-gzip            a message announced as gzip that is not
  unknown-encoding    a message compressed with an encoding nobody asked for
  bad-status          a grpc-status that is not a number
"""
from __future__ import annotations

import argparse
import asyncio
import base64
import collections
import gzip
import signal
import ssl
import struct
import sys
import tempfile
from collections.abc import Awaitable, Callable

from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from hpack import Decoder, Encoder
from hyperframe import frame as frames

import contract
import serving

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, REFUSED_STREAM = 0, 2, 3, 7
ENHANCE_YOUR_CALM = 11
DEFAULT_WINDOW = 65535
SMALL_WINDOW = 1024
ALL_STREAMS = 2**31 - 1
GRPC_HEADERS = [(":status", "200"), ("content-type", "application/grpc")]
HTML = b"<html><body>503 upstream is away</body></html>"


class State:
    """What all connections share: the options and what has been executed."""

    def __init__(self, options: argparse.Namespace) -> None:
        api = contract.Contract(options.contract or contract.DEFAULT_PATH)
        self.request = api.message("qdrant.cloud.cluster.v1.ListClustersRequest")
        self.response = api.message("qdrant.cloud.cluster.v1.ListClustersResponse")
        self.scenario: str = options.scenario
        self.count: int = options.count
        self.delay = options.delay_ms / 1000
        self.streams = 0
        self.marks: collections.Counter[str] = collections.Counter()
        self.writers: set[asyncio.StreamWriter] = set()


class Stream:
    def __init__(self, identifier: int, send_window: int, receive_window: int | None) -> None:
        self.id = identifier
        self.headers: list[tuple[str, str]] = []
        self.body = bytearray()
        self.send_window = send_window
        self.receive_window = receive_window  # None: opened before our settings were known
        self.ended = False
        self.closed = False


class Connection:
    """One HTTP/2 connection: frames in, frames out, flow control in both directions."""

    def __init__(
        self, state: State, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.state, self.reader, self.writer = state, reader, writer
        self.encoder, self.decoder = Encoder(), Decoder()
        self.streams: dict[int, Stream] = {}
        self.tasks: set[asyncio.Task] = set()
        self.header_block: tuple[int, bytearray, bool] | None = None
        self.send_window = self.initial_send_window = DEFAULT_WINDOW
        self.receive_window = DEFAULT_WINDOW
        self.max_frame = 16384
        self.window_changed = asyncio.Event()
        self.settings_acknowledged = False
        self.opened = self.highest_stream = self.pings = 0
        self.finished = False
        self.last_stream: int | None = None  # what our GOAWAY announced

    # Frames out.

    def send(self, frame: frames.Frame) -> None:
        if not self.finished and not self.writer.is_closing():
            self.writer.write(frame.serialize())

    def send_settings(self) -> None:
        settings = {}
        if self.state.scenario == "settings-window":
            settings[frames.SettingsFrame.INITIAL_WINDOW_SIZE] = SMALL_WINDOW
        if self.state.scenario == "max-streams":
            settings[frames.SettingsFrame.MAX_CONCURRENT_STREAMS] = self.state.count
        if self.state.scenario == "unusual":
            settings[0x7A7A] = 12345
        self.send(frames.SettingsFrame(0, settings=settings))

    def send_headers(self, stream: Stream, headers: list[tuple[str, str]], end: bool) -> None:
        frame = frames.HeadersFrame(stream.id, self.encoder.encode(headers))
        frame.flags.add("END_HEADERS")
        if end:
            frame.flags.add("END_STREAM")
            self.close_stream(stream)
        self.send(frame)

    def send_split_headers(
        self, stream: Stream, headers: list[tuple[str, str]], padding: int = 0
    ) -> None:
        """The same in two frames; the cut goes through the second header field."""
        block = self.encoder.encode(headers)
        first = frames.HeadersFrame(stream.id, block[:5], pad_length=padding)
        if padding:
            first.flags.add("PADDED")
        second = frames.ContinuationFrame(stream.id, block[5:])
        second.flags.add("END_HEADERS")
        self.send(first)
        self.send(second)

    async def send_data(
        self, stream: Stream, data: bytes, end: bool = False, most: int = 2**31, padding: int = 0
    ) -> None:
        """Sends data as the client's windows allow, in frames of at most `most` bytes."""
        overhead = padding + 1 if padding else 0
        position = 0
        while position < len(data) and not stream.closed:
            room = min(self.send_window, stream.send_window, self.max_frame) - overhead
            size = min(room, most, len(data) - position)
            if size <= 0:
                self.window_changed.clear()
                await self.window_changed.wait()
                continue
            frame = frames.DataFrame(
                stream.id, data[position:position + size], pad_length=padding)
            if padding:
                frame.flags.add("PADDED")
            self.send_window -= frame.flow_controlled_length
            stream.send_window -= frame.flow_controlled_length
            position += size
            if end and position == len(data):
                frame.flags.add("END_STREAM")
                self.close_stream(stream)
            self.send(frame)
            await self.writer.drain()

    def reset(self, stream: Stream, code: int) -> None:
        self.send(frames.RstStreamFrame(stream.id, error_code=code))
        self.close_stream(stream)

    def goaway(self, last: int, code: int = NO_ERROR, text: bytes = b"") -> None:
        self.last_stream = last
        self.send(frames.GoAwayFrame(0, last, code, text))

    def close_stream(self, stream: Stream) -> None:
        stream.closed = True
        self.streams.pop(stream.id, None)
        self.window_changed.set()
        if self.last_stream not in (None, ALL_STREAMS) and not self.streams:
            asyncio.get_running_loop().call_soon(self.end)

    def end(self) -> None:
        """Ends our side; the client's bytes are still read, so that nothing of ours is lost."""
        if self.finished or self.writer.is_closing():
            return
        self.finished = True
        if self.writer.can_write_eof():
            self.writer.write_eof()
        else:
            self.writer.close()

    # Frames in.

    async def run(self) -> None:
        scenario = self.state.scenario
        if scenario == "close-on-accept":
            return
        if scenario == "silent-from-start":
            while await self.reader.read(65536):
                pass
            return
        if await self.reader.readexactly(len(PREFACE)) != PREFACE:
            return
        self.send_settings()
        while True:
            head = await self.reader.readexactly(9)
            frame, length = frames.Frame.parse_frame_header(memoryview(head))
            frame.parse_body(memoryview(await self.reader.readexactly(length)))
            self.receive(frame)

    def receive(self, frame: frames.Frame) -> None:
        handler = RECEIVERS.get(type(frame))
        if handler:
            handler(self, frame)

    def receive_settings(self, frame: frames.SettingsFrame) -> None:
        if "ACK" in frame.flags:
            self.settings_acknowledged = True
            return
        window = frame.settings.get(frames.SettingsFrame.INITIAL_WINDOW_SIZE)
        if window is not None:
            for stream in self.streams.values():
                stream.send_window += window - self.initial_send_window
            self.initial_send_window = window
            self.window_changed.set()
        table = frame.settings.get(frames.SettingsFrame.HEADER_TABLE_SIZE)
        if table is not None:
            self.encoder.header_table_size = min(table, 4096)
        self.max_frame = frame.settings.get(frames.SettingsFrame.MAX_FRAME_SIZE, self.max_frame)
        acknowledgement = frames.SettingsFrame(0)
        acknowledgement.flags.add("ACK")
        self.send(acknowledgement)

    def receive_ping(self, frame: frames.PingFrame) -> None:
        if "ACK" in frame.flags:
            self.finish_drain(frame.opaque_data)
            return
        self.pings += 1
        if self.state.scenario == "enhance-your-calm" and self.pings >= 2:
            self.goaway(self.highest_stream, ENHANCE_YOUR_CALM, b"too_many_pings")
            self.end()
        elif self.state.scenario != "silent":
            answer = frames.PingFrame(0, frame.opaque_data)
            answer.flags.add("ACK")
            self.send(answer)

    def receive_window_update(self, frame: frames.WindowUpdateFrame) -> None:
        if frame.stream_id == 0:
            self.send_window += frame.window_increment
        elif frame.stream_id in self.streams:
            self.streams[frame.stream_id].send_window += frame.window_increment
        self.window_changed.set()

    def receive_headers(self, frame: frames.HeadersFrame) -> None:
        block = bytearray(frame.data)
        self.header_block = (frame.stream_id, block, "END_STREAM" in frame.flags)
        if "END_HEADERS" in frame.flags:
            self.headers_complete()

    def receive_continuation(self, frame: frames.ContinuationFrame) -> None:
        if self.header_block:
            self.header_block[1].extend(frame.data)
        if "END_HEADERS" in frame.flags:
            self.headers_complete()

    def headers_complete(self) -> None:
        identifier, block, ended = self.header_block or (0, bytearray(), False)
        self.header_block = None
        headers = self.decoder.decode(bytes(block))  # always: it changes the table
        if self.last_stream is not None and identifier > self.last_stream:
            return
        stream = self.streams.get(identifier) or self.open(identifier, headers)
        if ended and not stream.closed:
            self.request_complete(stream)

    def open(self, identifier: int, headers: list[tuple[str, str]]) -> Stream:
        window = None
        if self.settings_acknowledged:
            small = self.state.scenario == "settings-window"
            window = SMALL_WINDOW if small else DEFAULT_WINDOW
        stream = Stream(identifier, self.initial_send_window, window)
        stream.headers = headers
        self.streams[identifier] = stream
        self.opened += 1
        self.highest_stream = max(self.highest_stream, identifier)
        self.state.streams += 1
        if self.refused():
            self.reset(stream, REFUSED_STREAM)
        elif self.state.scenario == "early-answer":
            self.start(stream)
        return stream

    def refused(self) -> bool:
        scenario, count = self.state.scenario, self.state.count
        return (scenario == "refuse-stream" and self.state.streams <= count) or (
            scenario == "max-streams" and len(self.streams) > count)

    def receive_data(self, frame: frames.DataFrame) -> None:
        size = frame.flow_controlled_length
        self.receive_window -= size
        stream = self.streams.get(frame.stream_id)
        if stream and stream.receive_window is not None:
            stream.receive_window -= size
        too_much = stream and stream.receive_window is not None and stream.receive_window < 0
        if self.receive_window < 0 or too_much:
            self.goaway(frame.stream_id, FLOW_CONTROL_ERROR, b"beyond the window")
            self.end()
            return
        if size:
            self.receive_window += size
            self.send(frames.WindowUpdateFrame(0, window_increment=size))
        if stream:
            self.take(stream, frame, size)

    def take(self, stream: Stream, frame: frames.DataFrame, size: int) -> None:
        stream.body += frame.data
        if "END_STREAM" in frame.flags:
            self.request_complete(stream)
        elif size:
            stream.receive_window = (
                None if stream.receive_window is None else stream.receive_window + size)
            self.send(frames.WindowUpdateFrame(stream.id, window_increment=size))

    def receive_reset(self, frame: frames.RstStreamFrame) -> None:
        stream = self.streams.get(frame.stream_id)
        if stream:
            self.close_stream(stream)

    # Requests.

    def request_complete(self, stream: Stream) -> None:
        stream.ended = True
        scenario, count = self.state.scenario, self.state.count
        if scenario != "early-answer":
            self.start(stream)
        if scenario == "goaway-after" and self.last_stream is None and self.opened >= count:
            self.goaway(self.highest_stream)
        elif scenario == "goaway-drain" and self.last_stream is None and self.opened >= count:
            self.goaway(ALL_STREAMS)
            self.send(frames.PingFrame(0, b"draining"))

    def finish_drain(self, opaque: bytes) -> None:
        if opaque == b"draining":
            self.goaway(self.highest_stream)
            if not self.streams:
                self.end()

    def start(self, stream: Stream) -> None:
        """Executes the request now; the answer follows in a task of its own."""
        request = self.state.request()
        if stream.ended:
            request.ParseFromString(bytes(stream.body[5:]))
        counting = request.cloud_provider_id == "count"
        if not counting and request.page_token:
            self.state.marks[request.page_token] += 1
        answer = count_answer if counting else SCENARIOS[self.state.scenario]
        task = asyncio.get_running_loop().create_task(self.reply(answer, stream, request))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def reply(self, answer: Callable, stream: Stream, request) -> None:
        try:
            if self.state.delay:
                await asyncio.sleep(self.state.delay)
            if not stream.closed:
                await answer(self, stream, request)
        except ConnectionError:
            pass

    async def reply_with(
        self, stream: Stream, body: bytes, status: str | None = "0",
        extra: list[tuple[str, str]] | None = None, trailers: list[tuple[str, str]] | None = None,
    ) -> None:
        """An ordinary gRPC answer: headers, body, trailers; no trailers when status is None."""
        self.send_headers(stream, GRPC_HEADERS + (extra or []), end=False)
        await self.send_data(stream, body, end=status is None)
        if status is not None and not stream.closed:
            self.send_headers(stream, [("grpc-status", status), *(trailers or [])], end=True)


RECEIVERS: dict[type, Callable] = {
    frames.SettingsFrame: Connection.receive_settings,
    frames.PingFrame: Connection.receive_ping,
    frames.WindowUpdateFrame: Connection.receive_window_update,
    frames.HeadersFrame: Connection.receive_headers,
    frames.ContinuationFrame: Connection.receive_continuation,
    frames.DataFrame: Connection.receive_data,
    frames.RstStreamFrame: Connection.receive_reset,
}


def framed(message: bytes, compressed: bool = False, length: int | None = None) -> bytes:
    size = len(message) if length is None else length
    return struct.pack("!BI", compressed, size) + message


def echo(connection: Connection, stream: Stream, request) -> bytes:
    answer = connection.state.response(items=[{"name": request.page_token}])
    answer.total_size = max(len(stream.body) - 5, 0)
    return framed(answer.SerializeToString())


# What a scenario answers.


async def ok(connection: Connection, stream: Stream, request) -> None:
    await connection.reply_with(stream, framed(b""))


async def count_answer(connection: Connection, stream: Stream, request) -> None:
    marks = connection.state.marks
    answer = connection.state.response(total_size=len(marks))
    answer.items.add(name=f"duplicates={sum(marks.values()) - len(marks)}")
    await connection.reply_with(stream, framed(answer.SerializeToString()))


async def show_headers(connection: Connection, stream: Stream, request) -> None:
    answer = connection.state.response()
    for key, value in stream.headers:
        answer.items.add(name=f"{key}={value}")
    await connection.reply_with(stream, framed(answer.SerializeToString()))


async def settings_window(connection: Connection, stream: Stream, request) -> None:
    connection.send_headers(stream, GRPC_HEADERS, end=False)
    await connection.send_data(stream, echo(connection, stream, request), most=SMALL_WINDOW)
    connection.send_headers(stream, [("grpc-status", "0")], end=True)


async def unusual(connection: Connection, stream: Stream, request) -> None:
    extension = frames.ExtensionFrame(0xFA, stream.id, flag_byte=0x3C, body=b"extension")
    extension.body_len = len(extension.body)
    connection.send(extension)
    connection.send(frames.PriorityFrame(stream.id, depends_on=0, stream_weight=9))
    extra = [("x-empty", ""), ("x-twice", "1"), ("x-twice", "2")]
    connection.send_split_headers(stream, GRPC_HEADERS + extra)
    connection.send(frames.DataFrame(stream.id, b""))
    connection.send(frames.PingFrame(0, b"in-midst"))
    body = echo(connection, stream, request)
    await connection.send_data(stream, body[:16], most=1)
    await connection.send_data(stream, body[16:])
    connection.send_headers(stream, [("grpc-message", ""), ("grpc-status", "0")], end=True)


async def padding(connection: Connection, stream: Stream, request) -> None:
    connection.send_split_headers(stream, GRPC_HEADERS, padding=7)
    await connection.send_data(stream, echo(connection, stream, request), padding=200)
    connection.send_headers(stream, [("grpc-status", "0")], end=True)


async def informational(connection: Connection, stream: Stream, request) -> None:
    hints = [(":status", "103"), ("link", "</style.css>; rel=preload")]
    connection.send_headers(stream, hints, end=False)
    await connection.reply_with(stream, framed(b""))


async def padded_details(connection: Connection, stream: Stream, request) -> None:
    message = "padded"
    details = any_pb2.Any()
    details.Pack(error_details_pb2.ErrorInfo(reason="PADDED", domain="test"))
    status = status_pb2.Status(code=3, message=message, details=[details]).SerializeToString()
    while len(status) % 3 != 1:  # so that the base64 ends in ==
        message += "."
        status = status_pb2.Status(
            code=3, message=message, details=[details]).SerializeToString()
    trailers = [("grpc-message", message),
                ("grpc-status-details-bin", base64.b64encode(status).decode())]
    await connection.reply_with(stream, b"", "3", trailers=trailers)


async def trailers_only(connection: Connection, stream: Stream, request) -> None:
    status = [("grpc-status", "5"), ("grpc-message", "100%25 caf%C3%A9%0Ano such cluster")]
    connection.send_headers(stream, GRPC_HEADERS + status, end=True)


async def early_answer(connection: Connection, stream: Stream, request) -> None:
    await connection.reply_with(stream, framed(b""))
    if not stream.ended:
        connection.send(frames.RstStreamFrame(stream.id, error_code=NO_ERROR))


async def rst_internal(connection: Connection, stream: Stream, request) -> None:
    connection.reset(stream, INTERNAL_ERROR)


async def html(connection: Connection, stream: Stream, request) -> None:
    status = "503" if connection.state.scenario == "http-503-html" else "200"
    headers = [(":status", status), ("content-type", "text/html; charset=utf-8")]
    connection.send_headers(stream, headers, end=False)
    await connection.send_data(stream, HTML, end=True)


async def silent(connection: Connection, stream: Stream, request) -> None:
    pass


async def close_mid_body(connection: Connection, stream: Stream, request) -> None:
    connection.send_headers(stream, GRPC_HEADERS, end=False)
    await connection.send_data(stream, framed(b"\x0a\x10half", length=18))
    connection.writer.close()


async def close_before_answer(connection: Connection, stream: Stream, request) -> None:
    connection.writer.close()


async def oversized(connection: Connection, stream: Stream, request) -> None:
    connection.send_headers(stream, GRPC_HEADERS, end=False)
    await connection.send_data(stream, framed(bytes(16), length=2**30))


def body_answer(body: bytes, status: str | None = "0", encoding: str | None = None) -> Callable:
    extra = [("grpc-encoding", encoding)] if encoding else []

    async def answer(connection: Connection, stream: Stream, request) -> None:
        await connection.reply_with(stream, body, status, extra)

    return answer


ITEM = b"\x0a\x06\x22\x04name"  # ListClustersResponse{items: [{name: "name"}]}
SCENARIOS: dict[str, Callable[..., Awaitable[None]]] = {
    "ok": ok,
    "headers": show_headers,
    "settings-window": settings_window,
    "unusual": unusual,
    "padding": padding,
    "informational": informational,
    "padded-details": padded_details,
    "trailers-only": trailers_only,
    "early-answer": early_answer,
    "goaway-after": ok,
    "goaway-drain": ok,
    "refuse-stream": ok,
    "max-streams": ok,
    "rst-internal": rst_internal,
    "no-grpc-status": body_answer(framed(b""), None),
    "error-after-message": body_answer(framed(ITEM), "13"),
    "http-503-html": html,
    "bad-content-type": html,
    "http1": silent,
    "silent": silent,
    "silent-from-start": silent,
    "close-mid-body": close_mid_body,
    "close-before-answer": close_before_answer,
    "close-on-accept": silent,
    "enhance-your-calm": ok,
    "oversized-frame-length": oversized,
    "truncated-frame": body_answer(framed(ITEM + b"xx", length=100)),
    "two-messages": body_answer(framed(ITEM) * 2),
    "no-message": body_answer(b""),
    "bad-message": body_answer(framed(b"\x0a\xff\xff\xff\xff\x0fshort")),
    "compressed-unannounced": body_answer(framed(gzip.compress(ITEM, mtime=0), True)),
    "bad-gzip": body_answer(framed(b"not gzip at all", True), encoding="gzip"),
    "unknown-encoding": body_answer(framed(ITEM, True), encoding="snappy"),
    "bad-status": body_answer(framed(b""), "ok"),
}
DEFAULT_COUNTS = {"goaway-after": 10, "goaway-drain": 10, "refuse-stream": 1, "max-streams": 4}


async def refuse_http2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers HTTP/1.1 400 to whatever comes."""
    await reader.read(65536)
    text = b"this is HTTP/1.1\n"
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
                 b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
    await writer.drain()


async def serve_connection(
    state: State, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    connection = Connection(state, reader, writer)
    state.writers.add(writer)
    try:
        if state.scenario == "http1":
            await refuse_http2(reader, writer)
        else:
            await connection.run()
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError, ssl.SSLError):
        pass
    finally:
        for task in connection.tasks:
            task.cancel()
        state.writers.discard(writer)
        writer.close()


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    serving.add_common_options(parser)
    parser.add_argument(
        "--scenario", choices=list(SCENARIOS), default="ok", metavar="NAME", help="see above")
    parser.add_argument(
        "--count", type=int, default=None, metavar="N",
        help="streams, see above; goaway-*: 10, refuse-stream: 1, max-streams: 4")
    parser.add_argument("--delay-ms", type=int, default=0, help="every answer comes later")
    parser.add_argument("--no-alpn", action="store_true", help="TLS without ALPN")
    options = parser.parse_args()
    if options.count is None:
        options.count = DEFAULT_COUNTS.get(options.scenario, 0)
    return options


def tls_context(options: argparse.Namespace, folder: str):
    """The TLS context and the CA's path, or None twice."""
    if not options.tls:
        return None, None
    made = serving.make_certificate(folder, options.tls_name, options.tls_expired)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made["cert.pem"], made["key.pem"])
    if not options.no_alpn:
        context.set_alpn_protocols(["http/1.1" if options.scenario == "http1" else "h2"])
    return context, made["ca.pem"]


async def serve(options: argparse.Namespace, folder: str) -> None:
    state = State(options)
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    context, ca_file = tls_context(options, folder)
    server = await asyncio.start_server(
        lambda reader, writer: serve_connection(state, reader, writer),
        "127.0.0.1", options.port, ssl=context)
    serving.announce(server.sockets[0].getsockname()[1], ca_file)
    if options.exit_with_stdin:
        serving.watch_stdin(lambda: loop.call_soon_threadsafe(ended.set))
    await ended.wait()
    server.close()
    for writer in list(state.writers):
        writer.transport.abort()


def main() -> int:
    options = parse_options()
    with tempfile.TemporaryDirectory(prefix="peer-") as folder:
        asyncio.run(serve(options, folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
