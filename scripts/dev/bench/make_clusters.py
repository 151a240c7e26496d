#!/usr/bin/env python3
"""Writes a serialized ListClustersResponse of realistic clusters, the same for the same seed.

  make_clusters.py [--count 15000] [--seed 1] OUT     about 350 bytes a cluster: 5 MB for 15,000
  make_clusters.py --small OUT                        one cluster with id and name, about 64 bytes
"""
from __future__ import annotations

import argparse
import pathlib
import random
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "Tests/Fixtures/peers"))
import contract  # noqa: E402

REGIONS = [("aws", "eu-central-1"), ("aws", "us-east-1"), ("gcp", "europe-west3"),
           ("azure", "westeurope")]
STAGES = ["production", "staging", "development"]
VERSIONS = ["v1.12.4", "v1.13.6", "v1.14.1", "v1.15.0"]
PHASE_HEALTHY, NODE_HEALTHY, SCALABLE, SUPPORTED = 12, 2, 2, 1


def new_id(source: random.Random) -> str:
    return str(uuid.UUID(int=source.getrandbits(128), version=4))


def set_time(timestamp, source: random.Random) -> None:
    timestamp.seconds = 1_700_000_000 + source.randrange(70_000_000)
    timestamp.nanos = source.randrange(1_000_000) * 1000


def fill_cluster(cluster, number: int, account: str, source: random.Random) -> None:
    cluster.id, cluster.account_id = new_id(source), account
    cluster.name = f"{source.choice(['search', 'docs', 'recommend', 'chat'])}-{number:05}"
    set_time(cluster.created_at, source)
    cluster.cloud_provider_id, cluster.cloud_provider_region_id = source.choice(REGIONS)
    cluster.labels.add(key="stage", value=source.choice(STAGES))
    if number % 2:
        cluster.labels.add(key="team", value=f"team-{source.randrange(40)}")
    fill_configuration(cluster.configuration, source)
    fill_state(cluster, source)


def fill_configuration(configuration, source: random.Random) -> None:
    set_time(configuration.last_modified_at, source)
    configuration.number_of_nodes = 1 if source.random() < 0.8 else 2
    configuration.version = source.choice(VERSIONS)
    configuration.package_id = new_id(source)
    if source.random() < 0.3:
        configuration.additional_resources.disk = source.randrange(8, 512)
        configuration.database_configuration.collection.replication_factor = 2
        configuration.database_configuration.service.enable_tls = True


def fill_state(cluster, source: random.Random) -> None:
    state, nodes = cluster.state, cluster.configuration.number_of_nodes
    state.version, state.nodes_up = cluster.configuration.version, nodes
    state.phase = PHASE_HEALTHY
    state.endpoint.url = f"https://{cluster.id[:13]}.cloud.example"
    state.endpoint.rest_port, state.endpoint.grpc_port = 6333, 6334
    for part, base in ((state.resources.ram, 4.0), (state.resources.cpu, 1.0)):
        part.base = part.available = base
    state.capabilities.scalability_info.status = SCALABLE
    state.capabilities.backup.status = SUPPORTED
    for number in range(nodes):
        node = state.nodes.add(name=f"qdrant-{cluster.id[:8]}-{number}", version=state.version)
        node.state = NODE_HEALTHY
        set_time(node.started_at, source)


def make(count: int, seed: int):
    """A response with `count` clusters of one account."""
    source = random.Random(seed)
    response = contract.Contract().message("qdrant.cloud.cluster.v1.ListClustersResponse")()
    account = new_id(source)
    for number in range(count):
        fill_cluster(response.items.add(), number, account, source)
    response.total_size = count
    return response


def make_small():
    response = contract.Contract().message("qdrant.cloud.cluster.v1.ListClustersResponse")()
    response.items.add(id=new_id(random.Random(1)), name="benchmark-cluster-1")
    response.total_size = 1
    return response


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=15_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("out", type=pathlib.Path)
    options = parser.parse_args()
    response = make_small() if options.small else make(options.count, options.seed)
    options.out.write_bytes(response.SerializeToString(deterministic=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
