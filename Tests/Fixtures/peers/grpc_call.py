"""Makes calls by grpcio, one for each line of JSON on stdin, and prints what came of each.

Usage: grpc_call.py ADDRESS

A line: {"method": "qdrant.cloud.cluster.v1.ClusterService/GetCluster", "request": {...},
"metadata": {...}, "timeout": seconds}. An answer: {"code": "OK", "message": "...",
"response": {...}, "seconds": 0.01, "retry_delay": 1.5, "violations": ["cluster.name", ...]}.
"""
from __future__ import annotations

import json
import sys
import time

import grpc
from google.protobuf import json_format
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from contract import Contract


def call(channel: grpc.Channel, contract: Contract, asked: dict) -> dict:
    """Makes one call."""
    service, name = asked["method"].split("/")
    inputs = {n: (i, o) for n, i, o in contract.methods(service)}
    input_type, output_type = inputs[name]
    request = json_format.ParseDict(asked.get("request", {}), input_type())
    stub = channel.unary_unary(
        f"/{service}/{name}", request_serializer=input_type.SerializeToString,
        response_deserializer=output_type.FromString)
    metadata = list(asked.get("metadata", {}).items())
    start = time.monotonic()
    answer: dict = {"code": "OK", "message": ""}
    try:
        response = stub(request, metadata=metadata, timeout=asked.get("timeout", 10))
        answer["response"] = json_format.MessageToDict(
            response, preserving_proto_field_name=True, descriptor_pool=contract.pool)
    except grpc.RpcError as error:
        answer |= {"code": error.code().name, "message": error.details()}
        status = rpc_status.from_call(error)
        for detail in status.details if status else []:
            retry = error_details_pb2.RetryInfo()
            broken = error_details_pb2.BadRequest()
            if detail.Unpack(retry):
                answer["retry_delay"] = retry.retry_delay.ToTimedelta().total_seconds()
            if detail.Unpack(broken):
                answer["violations"] = [v.field for v in broken.field_violations]
    answer["seconds"] = time.monotonic() - start
    return answer


def main() -> int:
    contract = Contract()
    with grpc.insecure_channel(sys.argv[1]) as channel:
        for line in sys.stdin:
            print(json.dumps(call(channel, contract, json.loads(line))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
