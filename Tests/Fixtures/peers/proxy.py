"""An HTTP proxy that tunnels every CONNECT to one place: proxy.py --target HOST:PORT --log FILE.

Each line of FILE is the request line of a tunnel that was asked for.
"""
from __future__ import annotations

import argparse
import pathlib
import socket
import socketserver
import threading

import serving


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    serving.add_common_options(parser)
    parser.add_argument("--target", required=True)
    parser.add_argument("--log", type=pathlib.Path, required=True)
    options = parser.parse_args()
    host, _, port = options.target.rpartition(":")
    options.log.touch()

    class Tunnel(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            head = b""
            while b"\r\n\r\n" not in head:
                data = self.request.recv(4096)
                if not data:
                    return
                head += data
            line = head.split(b"\r\n", 1)[0].decode()
            with options.log.open("a") as log:
                print(line, file=log)
            if not line.startswith("CONNECT "):
                self.request.sendall(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n")
                return
            with socket.create_connection((host, int(port))) as upstream:
                self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                threading.Thread(
                    target=pump, args=(upstream, self.request), daemon=True).start()
                pump(self.request, upstream)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Tunnel) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        serving.announce(server.server_address[1], None)
        ended = threading.Event()
        serving.watch_stdin(ended.set)
        ended.wait()


if __name__ == "__main__":
    main()
