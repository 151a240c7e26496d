"""A gRPC server for any method: it writes down what it is asked and answers what it is told to.

  recorder.py --replies FILE --requests FILE [--envoy]

The n-th call gets the message of the n-th line of REPLIES (base64); for each call a line is written
to REQUESTS: the path, the message in base64 and the metadata as JSON. With --envoy, Envoy's
gRPC-JSON transcoder stands before the server; its address is announced as rest_address.
"""
from __future__ import annotations

import argparse
import base64
import ctypes
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from concurrent import futures

import grpc

import contract
import serving

# Envoy must not outlive this process, however it ends.
PR_SET_PDEATHSIG = 1
ENVOY = pathlib.Path(sys.executable).with_name("envoy")


class Recorder(grpc.GenericRpcHandler):
    """Takes every method as bytes in, bytes out."""

    def __init__(self, replies: pathlib.Path, requests: pathlib.Path) -> None:
        self.replies = iter(replies.read_text().splitlines())
        self.requests = requests.open("w")
        self.lock = threading.Lock()

    def service(self, details):
        metadata = {key: value for key, value in details.invocation_metadata
                    if isinstance(value, str)}

        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            with self.lock:
                text = base64.b64encode(request).decode()
                print(details.method, text, json.dumps(metadata), sep="\t", file=self.requests,
                      flush=True)
                reply = next(self.replies, None)
            if reply is None:
                context.abort(grpc.StatusCode.OUT_OF_RANGE, "there are no more replies")
            return base64.b64decode(reply)

        return grpc.unary_unary_rpc_method_handler(answer)


def envoy_configuration(path: str, upstream: int) -> dict:
    files = contract.descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(path).read_bytes())
    services = [f"{file.package}.{service.name}" for file in files.file for service in file.service
                if file.package.startswith("qdrant.")]
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    extension = "type.googleapis.com/envoy.extensions."
    transcoder = {
        "@type": extension + "filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder",
        "proto_descriptor": path, "services": services, "convert_grpc_status": True,
        "auto_mapping": False,
        "request_validation_options": {
            "reject_unknown_method": True, "reject_unknown_query_parameters": True},
    }
    manager = {
        "@type": extension + "filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "rest",
        "route_config": {"virtual_hosts": [{
            "name": "all", "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "recorder"}}]}]},
        "http_filters": [
            {"name": "transcoder", "typed_config": transcoder},
            {"name": "router", "typed_config": {
                "@type": extension + "filters.http.router.v3.Router"}},
        ],
    }
    return {
        "admin": {"address": address},
        "static_resources": {
            "listeners": [{"name": "rest", "address": address, "filter_chains": [{
                "filters": [{"name": "http", "typed_config": manager}]}]}],
            "clusters": [{
                "name": "recorder", "type": "STATIC",
                "load_assignment": {"cluster_name": "recorder", "endpoints": [{"lb_endpoints": [{
                    "endpoint": {"address": {"socket_address": {
                        "address": "127.0.0.1", "port_value": upstream}}}}]}]},
                "typed_extension_protocol_options": {
                    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                        "@type": extension + "upstreams.http.v3.HttpProtocolOptions",
                        "explicit_http_config": {"http2_protocol_options": {}}}},
            }],
        },
    }


def prepare_launcher() -> subprocess.Popen:
    """A process that becomes the program whose command line it is given.

    It is made before gRPC has threads: a process with such threads must not fork.
    """
    code = "import json,os,sys; command=json.loads(sys.stdin.readline()); os.execv(command[0],command)"
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        preexec_fn=lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL))


def start_envoy(launcher: subprocess.Popen, folder: str, configuration: dict) -> str:
    """Starts Envoy; returns the address of its listener once it serves."""
    config, admin = pathlib.Path(folder, "envoy.json"), pathlib.Path(folder, "admin")
    config.write_text(json.dumps(configuration))
    command = [ENVOY, "-c", config, "--concurrency", "1", "--disable-hot-restart", "-l", "error",
               "--admin-address-path", admin]
    launcher.stdin.write(json.dumps([str(part) for part in command]) + "\n")
    launcher.stdin.close()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and launcher.poll() is None:
        try:
            url = f"http://{admin.read_text().strip()}"
            with urllib.request.urlopen(f"{url}/ready", timeout=2) as ready:
                ready.read()
            with urllib.request.urlopen(f"{url}/listeners?format=json", timeout=2) as listeners:
                socket = json.load(listeners)["listener_statuses"][0]["local_address"]
            return f"127.0.0.1:{socket['socket_address']['port_value']}"
        except (OSError, KeyError, IndexError, ValueError):
            time.sleep(0.05)
    launcher.kill()
    raise SystemExit(f"recorder: Envoy does not serve (status {launcher.wait()})")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    serving.add_common_options(parser)
    parser.add_argument("--replies", type=pathlib.Path, required=True)
    parser.add_argument("--requests", type=pathlib.Path, required=True)
    parser.add_argument("--envoy", action="store_true")
    options = parser.parse_args()
    launcher = prepare_launcher() if options.envoy else None
    server = grpc.server(futures.ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((Recorder(options.replies, options.requests),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    line = {"address": f"127.0.0.1:{port}"}
    with tempfile.TemporaryDirectory(prefix="recorder-") as folder:
        if launcher:
            path = str(options.contract or contract.DEFAULT_PATH)
            line["rest_address"] = start_envoy(launcher, folder, envoy_configuration(path, port))
        print(json.dumps(line), flush=True)
        serving.watch_stdin(ended.set)
        ended.wait()
        if launcher:
            launcher.kill()
            launcher.wait()
    server.stop(0).wait(5)


if __name__ == "__main__":
    main()
