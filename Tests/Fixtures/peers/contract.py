"""The API's message classes, made at run time from the project's descriptor set."""
from __future__ import annotations

import pathlib

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = pathlib.Path(__file__).resolve().parents[3]
DEFAULT_PATH = ROOT / "Sources/CResources/contract.binpb"
CLUSTER_SERVICE = "qdrant.cloud.cluster.v1.ClusterService"


class Contract:
    """A descriptor pool of its own, so that it cannot clash with generated modules."""

    def __init__(self, path: str | pathlib.Path = DEFAULT_PATH) -> None:
        files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(path).read_bytes())
        self.pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            self.pool.Add(file)

    def message(self, name: str) -> type:
        """The class of the message with this full name."""
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))

    def methods(self, service: str = CLUSTER_SERVICE) -> list[tuple[str, type, type]]:
        """Name, request class and response class of every method of a service."""
        descriptor = self.pool.FindServiceByName(service)
        return [
            (
                method.name,
                message_factory.GetMessageClass(method.input_type),
                message_factory.GetMessageClass(method.output_type),
            )
            for method in descriptor.methods
        ]
