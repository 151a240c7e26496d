"""Runs a cluster's life with stubs that grpcio-tools generates from the project's .proto files.

Usage: stub_client.py ADDRESS CA_FILE KEY ACCOUNT
"""
import importlib
import pathlib
import sys
import tempfile
import time

import grpc
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROTOS = ROOT / "Sources/Contract/Protos"


def generate(folder: str) -> None:
    """Generates stubs for all of the contract, and for protovalidate's options."""
    from google.protobuf import descriptor_pb2
    from google.rpc import error_details_pb2

    googleapis = pathlib.Path(error_details_pb2.__file__).resolve().parents[2]
    everything = descriptor_pb2.FileDescriptorSet.FromString(
        (ROOT / "Sources/CResources/contract.binpb").read_bytes())
    imports = descriptor_pb2.FileDescriptorSet(
        file=[f for f in everything.file if not f.name.startswith("qdrant/")])
    set_file = pathlib.Path(folder, "imports.binpb")
    set_file.write_bytes(imports.SerializeToString())
    names = sorted(str(p.relative_to(PROTOS)) for p in PROTOS.rglob("*.proto"))
    arguments = ["protoc", f"--descriptor_set_in={set_file}", f"-I{PROTOS}", f"-I{googleapis}",
                 f"--python_out={folder}", f"--grpc_python_out={folder}"]
    if protoc.main([*arguments, *names, "buf/validate/validate.proto"]) != 0:
        sys.exit("the stubs cannot be generated")


def main() -> int:
    address, ca_file, key, account = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        generate(folder)
        sys.path.insert(0, folder)
        booking = importlib.import_module("qdrant.cloud.booking.v1.booking_pb2")
        booking_grpc = importlib.import_module("qdrant.cloud.booking.v1.booking_pb2_grpc")
        cluster = importlib.import_module("qdrant.cloud.cluster.v1.cluster_pb2")
        cluster_grpc = importlib.import_module("qdrant.cloud.cluster.v1.cluster_pb2_grpc")

        authority = pathlib.Path(ca_file).read_bytes()
        channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(authority))
        metadata = [("authorization", f"apikey {key}")]
        packages = booking_grpc.BookingServiceStub(channel).ListPackages(
            booking.ListPackagesRequest(
                account_id=account, cloud_provider_id="aws",
                cloud_provider_region_id="eu-central-1"), metadata=metadata)
        clusters = cluster_grpc.ClusterServiceStub(channel)
        made = clusters.CreateCluster(
            cluster.CreateClusterRequest(cluster=cluster.Cluster(
                account_id=account, name="from-grpcio", cloud_provider_id="aws",
                cloud_provider_region_id="eu-central-1",
                configuration=cluster.ClusterConfiguration(
                    number_of_nodes=2, package_id=packages.items[1].id))),
            metadata=metadata).cluster
        get = cluster.GetClusterRequest(account_id=account, cluster_id=made.id)
        state = clusters.GetCluster(get, metadata=metadata).cluster.state
        print(cluster.ClusterPhase.Name(state.phase), state.endpoint.url)
        clusters.DeleteCluster(
            cluster.DeleteClusterRequest(account_id=account, cluster_id=made.id),
            metadata=metadata)
        # With instant time the cluster is gone at once.
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                clusters.GetCluster(get, metadata=metadata)
            except grpc.RpcError as error:
                print(error.code().name, error.details())
                return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
