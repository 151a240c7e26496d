#!/usr/bin/env python3
"""How fast Python turns a ListClustersResponse into dictionaries.

  message_to_dict.py FILE [--rounds 5]

Prints JSON: the median over the rounds of ParseFromString and MessageToDict together.
"""
from __future__ import annotations

import argparse
import json
import pathlib
import statistics
import sys
import time

from google.protobuf import json_format

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "Tests/Fixtures/peers"))
import contract  # noqa: E402


def decode(response: type, data: bytes) -> tuple[float, int]:
    """Seconds taken, and clusters found."""
    start = time.perf_counter()
    result = json_format.MessageToDict(response.FromString(data), preserving_proto_field_name=True)
    return time.perf_counter() - start, len(result["items"])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    data = options.file.read_bytes()
    response = contract.Contract().message("qdrant.cloud.cluster.v1.ListClustersResponse")
    runs = [decode(response, data) for _ in range(options.rounds)]
    seconds = statistics.median(run[0] for run in runs)
    print(json.dumps({
        "mode": "message_to_dict", "bytes": len(data), "clusters": runs[0][1],
        "seconds": round(seconds, 4), "mb_per_second": round(len(data) / 1e6 / seconds, 2),
    }))
    return 0


if __name__ == "__main__":
    sys.exit(main())
