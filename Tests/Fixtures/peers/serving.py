"""What all peers share: options, the line that announces the address, throwaway TLS, the end."""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import threading
from collections.abc import Callable

CERTIFICATE_LIFETIMES = {"valid": "30", "expired": "-1"}


def add_common_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=0, help="default: any free port")
    parser.add_argument("--contract", default=None, metavar="FILE", help="the descriptor set")
    parser.add_argument(
        "--exit-with-stdin", action="store_true", help="end as soon as stdin reaches its end"
    )
    parser.add_argument(
        "--tls", action="store_true", help="serve TLS with a throwaway CA (needs openssl)"
    )
    parser.add_argument(
        "--tls-name", default="localhost", help="the DNS name in the certificate (localhost)"
    )
    parser.add_argument("--tls-expired", action="store_true", help="the certificate has expired")


def announce(port: int, ca_file: pathlib.Path | None) -> None:
    """Prints the one line of stdout that tells the test where to connect."""
    line = {"address": f"127.0.0.1:{port}", "ca_file": str(ca_file) if ca_file else None}
    print(json.dumps(line, separators=(",", ":")), flush=True)


def watch_stdin(at_end: Callable[[], None]) -> None:
    """Calls `at_end` on a thread of its own once stdin reaches its end."""

    def read_all() -> None:
        try:
            while os.read(0, 65536):
                pass
        except OSError:
            pass
        at_end()

    threading.Thread(target=read_all, daemon=True).start()


def make_certificate(folder: str, name: str, expired: bool) -> dict[str, pathlib.Path]:
    """Makes a CA and a server certificate for `name` (and 127.0.0.1 when it is localhost)."""
    base = pathlib.Path(folder)
    paths = {part: base / part for part in ("ca.key", "ca.pem", "key.pem", "csr.pem", "cert.pem")}
    names = f"DNS:{name}" + (",IP:127.0.0.1" if name == "localhost" else "")
    (base / "extensions").write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(
        "req", "-x509", *key, "-keyout", paths["ca.key"], "-out", paths["ca.pem"], "-days", "30",
        "-subj", "/CN=Throwaway test CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    )
    openssl("req", *key, "-keyout", paths["key.pem"], "-out", paths["csr.pem"],
            "-subj", f"/CN={name}")
    openssl(
        "x509", "-req", "-in", paths["csr.pem"], "-CA", paths["ca.pem"], "-CAkey", paths["ca.key"],
        "-set_serial", "1", "-extfile", base / "extensions", "-out", paths["cert.pem"],
        "-days", CERTIFICATE_LIFETIMES["expired" if expired else "valid"],
    )
    return paths


def openssl(*arguments: object) -> None:
    command = ["openssl", *(str(argument) for argument in arguments)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()}")
