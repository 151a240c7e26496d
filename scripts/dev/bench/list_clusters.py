#!/usr/bin/env python3
"""What a script with grpcio and generated messages does first: list_clusters.py HOST:PORT"""
import pathlib
import sys

import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "Tests/Fixtures/peers"))
import contract  # noqa: E402

ACCOUNT = "11111111-1111-4111-8111-111111111111"

api = contract.Contract()
request = api.message("qdrant.cloud.cluster.v1.ListClustersRequest")(account_id=ACCOUNT)
response = api.message("qdrant.cloud.cluster.v1.ListClustersResponse")
with grpc.insecure_channel(sys.argv[1]) as channel:
    call = channel.unary_unary(
        f"/{contract.CLUSTER_SERVICE}/ListClusters", request.__class__.SerializeToString,
        response.FromString)
    for cluster in call(request, metadata=(("authorization", "apikey bench"),)).items:
        print(cluster.name)
