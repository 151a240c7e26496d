"""A REST API that is newer than the contract: newer_rest.py --requests FILE.

A list of clusters or invites has one element with an enum value that no contract knows. Everything
else is answered with `{}`. The query and the body of each request become a line of FILE.
"""
from __future__ import annotations

import argparse
import json
import pathlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import serving

ID = "00000000-0000-4000-8000-000000000001"
CLUSTER = {"id": ID, "accountId": "0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1", "name": "sleepy",
           "cloudProviderId": "aws", "cloudProviderRegionId": "eu-central-1",
           "configuration": {"numberOfNodes": 1, "packageId": ID,
                             "gpuType": "CLUSTER_CONFIGURATION_GPU_TYPE_TPU"},
           "state": {"phase": "CLUSTER_PHASE_DREAMING"}}
INVITE = {"id": ID, "userEmail": "a@example.com", "status": "ACCOUNT_INVITE_STATUS_DREAMING"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    serving.add_common_options(parser)
    parser.add_argument("--requests", type=pathlib.Path, required=True)
    options = parser.parse_args()
    requests = options.requests.open("w")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            pass

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            path, _, query = self.path.partition("?")
            print(self.command, query, body.decode(), sep="\t", file=requests, flush=True)
            lists = {"clusters": CLUSTER, "invites": INVITE}
            found = lists.get(path.rsplit("/", 1)[-1]) if self.command == "GET" else None
            text = json.dumps({"items": [found]} if found else {}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    if options.exit_with_stdin:
        serving.watch_stdin(lambda: threading.Thread(target=server.shutdown).start())
    serving.announce(server.server_address[1], None)
    server.serve_forever()


if __name__ == "__main__":
    main()
