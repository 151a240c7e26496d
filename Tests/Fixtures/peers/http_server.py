"""An HTTP server for tests of HTTP clients, of Python's standard library.

Announces itself with one line of JSON: {"address": "127.0.0.1:port"}.

/echo answers with what was asked, as JSON; /status/N with the status N; /flaky/NAME with 503 twice
and then 200; /redirect/N?to=URL; /slow?seconds=S; /lines sends ten lines, one at a time; /gzip and
/big?size=N; /close ends the connection without an answer.
"""
from __future__ import annotations

import gzip
import json
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

flaky: dict[str, int] = {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None:
        pass

    def send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        parts = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(parts.query)
        words = parts.path.strip("/").split("/")
        if words[0] == "echo":
            asked = {
                "method": self.command, "path": self.path, "body": body.decode("latin-1"),
                "headers": {k.lower(): v for k, v in self.headers.items()}, "query": query,
            }
            self.send(200, json.dumps(asked).encode(), {
                "Content-Type": "application/json", "X-Twice": "a", "x-twice": "b"})
        elif words[0] == "status":
            self.send(int(words[1]), b"sorry")
        elif words[0] == "flaky":
            flaky[words[1]] = flaky.get(words[1], 0) + 1
            self.send(200 if flaky[words[1]] > 2 else 503, str(flaky[words[1]]).encode())
        elif words[0] == "redirect":
            self.send(int(words[1]), b"", {"Location": query["to"][0]})
        elif words[0] == "slow":
            time.sleep(float(query["seconds"][0]))
            self.send(200, b"done")
        elif words[0] == "lines":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for number in range(10):
                line = f"line {number}\n".encode()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                self.wfile.flush()
                time.sleep(0.005)
            self.wfile.write(b"0\r\n\r\n")
        elif words[0] == "gzip":
            self.send(200, gzip.compress(b"x" * 10000), {"Content-Encoding": "gzip"})
        elif words[0] == "big":
            self.send(200, b"y" * int(query["size"][0]))
        elif words[0] == "close":
            self.close_connection = True
            self.connection.close()
        else:
            self.send(404, b"no such page")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    # Clients that go away are what is tested.
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"address": f"127.0.0.1:{server.server_address[1]}"}), flush=True)
    if "--exit-with-stdin" in sys.argv:
        sys.stdin.read()
    else:
        threading.Event().wait()


if __name__ == "__main__":
    main()
