"""A cloud that is newer than the contract: newer_cloud.py --descriptors FILE.

Clusters have a field `mood` (99), ClusterPhase a value CLUSTER_PHASE_DREAMING (77), and there is a
method WakeCluster. It answers ListClusters and WakeCluster, describes itself by reflection
(version 1alpha only), and writes its descriptor set to FILE.
"""
from __future__ import annotations

import argparse
import pathlib
import threading
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha import reflection

import contract
import serving

SERVICE = "qdrant.cloud.cluster.v1.ClusterService"


def newer_files() -> descriptor_pb2.FileDescriptorSet:
    files = descriptor_pb2.FileDescriptorSet.FromString(contract.DEFAULT_PATH.read_bytes())
    file = next(f for f in files.file if f.name == "qdrant/cloud/cluster/v1/cluster.proto")
    cluster = next(m for m in file.message_type if m.name == "Cluster")
    cluster.field.add(name="mood", json_name="mood", number=99, type=9, label=1)
    phase = next(e for e in file.enum_type if e.name == "ClusterPhase")
    phase.value.add(name="CLUSTER_PHASE_DREAMING", number=77)
    service = next(s for s in file.service if s.name == "ClusterService")
    restart = next(m for m in service.method if m.name == "RestartCluster")
    wake = service.method.add()
    wake.CopyFrom(restart)
    wake.name = "WakeCluster"
    return files


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    serving.add_common_options(parser)
    parser.add_argument("--descriptors", type=pathlib.Path, required=True)
    options = parser.parse_args()
    files = newer_files()
    options.descriptors.write_bytes(files.SerializeToString())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)

    def message(name: str):
        return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))

    answer = message("qdrant.cloud.cluster.v1.ListClustersResponse")()
    cluster = answer.items.add(name="sleepy", mood="fine")
    cluster.state.phase = 77
    woken = message("qdrant.cloud.cluster.v1.RestartClusterResponse")()

    def handler(reply):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: reply.SerializeToString())

    server = grpc.server(futures.ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
        SERVICE, {"ListClusters": handler(answer), "WakeCluster": handler(woken)}),))
    reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME), server, pool)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    serving.announce(port, None)
    ended = threading.Event()
    serving.watch_stdin(ended.set)
    ended.wait()
    server.stop(0).wait(5)


if __name__ == "__main__":
    main()
