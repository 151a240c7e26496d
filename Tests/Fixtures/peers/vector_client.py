"""Uses a database of the sandbox by qdrant-client, over REST.

Usage: vector_client.py URL PORT MANAGER READER NARROW

The keys are good for one cluster: MANAGER for everything, READER for reading, NARROW for writing into
the collection docs. Prints the number of checks, of methods that were called, and of routes that were refused.
"""
import importlib
import inspect
import json
import pkgutil
import re
import sys
import warnings

import httpx
from qdrant_client import QdrantClient, models
from qdrant_client.http import api
from qdrant_client.http.exceptions import UnexpectedResponse

CHECKS = 0
CALLED = set()


def check(holds: bool, what: object) -> None:
    """Ends the program unless something holds."""
    global CHECKS
    CHECKS += 1
    if not holds:
        raise AssertionError(what)


def refused(status: int, words: str, call, *arguments, **options) -> None:
    """Makes a call that must be refused, in the form of the database's errors."""
    try:
        answer = call(*arguments, **options)
    except UnexpectedResponse as error:
        body = json.loads(error.content)
        check(error.status_code == status, (error.status_code, body))
        check(isinstance(body["time"], float) and words in body["status"]["error"], body)
    else:
        check(False, f"{call} succeeded: {answer}")


class Recorded:
    """A client that notes which of its methods are called."""

    def __init__(self, client: QdrantClient) -> None:
        self.client = client

    def __getattr__(self, name: str):
        CALLED.add(name)
        return getattr(self.client, name)


def collections(client) -> None:
    """The life of collections of all kinds."""
    check(client.info().title.startswith("qdrant"), "info")
    check(client.get_collections().collections == [], "the beginning")
    check(client.collection_exists("docs") is False, "before")
    refused(404, "doesn't exist", client.get_collection, "docs")
    check(client.create_collection(
        "docs", vectors_config=models.VectorParams(size=4, distance=models.Distance.COSINE)), "create")
    refused(409, "already exists", client.create_collection, "docs",
            vectors_config=models.VectorParams(size=4, distance=models.Distance.DOT))
    check(client.collection_exists("docs") is True, "exists")
    info = client.get_collection("docs")
    check(info.config.params.vectors == models.VectorParams(size=4, distance="Cosine"), info)
    check((info.status, info.points_count, info.config.hnsw_config.m) == ("green", 0, 16), info)
    check(info.config.params.shard_number == 2, info)

    named = dict(
        vectors_config={
            "text": models.VectorParams(
                size=8, distance="Dot", on_disk=True, datatype="float16",
                multivector_config=models.MultiVectorConfig(comparator="max_sim"),
                quantization_config=models.ScalarQuantization(
                    scalar=models.ScalarQuantizationConfig(type="int8", quantile=0.99))),
            "image": models.VectorParams(size=3, distance="Euclid",
                                         hnsw_config=models.HnswConfigDiff(m=8))},
        sparse_vectors_config={"words": models.SparseVectorParams(
            index=models.SparseIndexParams(on_disk=True), modifier="idf")},
        shard_number=3, replication_factor=2, write_consistency_factor=1, on_disk_payload=False,
        hnsw_config=models.HnswConfigDiff(ef_construct=200),
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=5000),
        wal_config=models.WalConfigDiff(wal_capacity_mb=64),
        quantization_config=models.BinaryQuantization(binary=models.BinaryQuantizationConfig()),
        strict_mode_config=models.StrictModeConfig(enabled=True, max_query_limit=100),
        metadata={"owner": "search"})
    check(client.create_collection("named", **named), "named")
    config = client.get_collection("named").config
    check(config.params.vectors == named["vectors_config"], config)
    check(config.params.sparse_vectors == named["sparse_vectors_config"], config)
    check((config.hnsw_config.m, config.hnsw_config.ef_construct) == (16, 200), config)
    check(config.optimizer_config.indexing_threshold == 5000, config)
    check(config.wal_config.wal_capacity_mb == 64, config)
    check(config.quantization_config == named["quantization_config"], config)
    check(config.strict_mode_config.max_query_limit == 100, config)
    check(config.metadata == {"owner": "search"}, config)
    check(client.update_collection(
        "named", vectors_config={"image": models.VectorParamsDiff(on_disk=True)},
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=7000),
        collection_params=models.CollectionParamsDiff(replication_factor=1),
        hnsw_config=models.HnswConfigDiff(m=32), quantization_config=models.Disabled.DISABLED,
        metadata={"stage": "test"}), "update")
    config = client.get_collection("named").config
    check(config.params.vectors["image"].on_disk is True, config)
    check(config.params.vectors["image"].hnsw_config.m == 8, config)
    check(config.params.replication_factor == 1 and config.params.shard_number == 3, config)
    check((config.hnsw_config.m, config.hnsw_config.ef_construct) == (32, 200), config)
    check(config.quantization_config is None, config)
    check(config.metadata == {"owner": "search", "stage": "test"}, config)
    refused(400, "Not existing vector name", client.update_collection, "named",
            vectors_config={"audio": models.VectorParamsDiff(on_disk=True)})
    refused(422, "must be from 1 to 65536", client.create_collection, "wrong",
            vectors_config=models.VectorParams(size=70_000, distance="Dot"))
    refused(422, "name", client.create_collection, "a:b", vectors_config={})
    check(client.create_collection("bare", vectors_config={}), "no vectors")
    check([c.name for c in client.get_collections().collections] == ["bare", "docs", "named"], "list")
    check(client.delete_collection("bare") is True, "delete")
    check(client.delete_collection("bare") is False, "delete what is gone")


def aliases(client) -> None:
    """Aliases, and collections by their aliases."""
    def change(*actions) -> bool:
        return client.update_collection_aliases(change_aliases_operations=list(actions))

    def create(collection: str, alias: str):
        return models.CreateAliasOperation(create_alias=models.CreateAlias(
            collection_name=collection, alias_name=alias))

    check(client.get_aliases().aliases == [], "none")
    check(change(create("docs", "live"), create("named", "other")), "create")
    names = [(a.alias_name, a.collection_name) for a in client.get_aliases().aliases]
    check(names == [("live", "docs"), ("other", "named")], names)
    check([a.alias_name for a in client.get_collection_aliases("docs").aliases] == ["live"], "one")
    check(client.get_collection("live").config.params.vectors.size == 4, "by alias")
    check(client.collection_exists("live"), "an alias exists")
    refused(409, "Alias with the same name", client.create_collection, "live", vectors_config={})
    refused(404, "doesn't exist", change, create("docs", "kept"), create("missing", "x"))
    check(len(client.get_aliases().aliases) == 2, "all or nothing")
    check(change(
        models.RenameAliasOperation(rename_alias=models.RenameAlias(
            old_alias_name="live", new_alias_name="current")),
        models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name="other"))), "rename")
    check([a.alias_name for a in client.get_aliases().aliases] == ["current"], "renamed")
    refused(404, "Alias live", change, models.RenameAliasOperation(
        rename_alias=models.RenameAlias(old_alias_name="live", new_alias_name="x")))
    refused(409, "already exists", change, create("docs", "named"))


def points(client) -> None:
    """Reads of what is empty, indexes, and what is not offered."""
    condition = models.Filter(must=[
        models.FieldCondition(key="city", match=models.MatchValue(value="Berlin"))])
    for exact in (True, False):
        check(client.count("docs", exact=exact, count_filter=condition).count == 0, "count")
    check(client.scroll("docs", scroll_filter=condition, limit=5, with_vectors=True) == ([], None), "scroll")
    check(client.retrieve("docs", ids=[1, 2]) == [], "retrieve")
    check(client.query_points("docs", query=[0.1, 0.2, 0.3, 0.4]).points == [], "query")
    check(client.query_points("current", query=[0.1, 0.2, 0.3, 0.4]).points == [], "by alias")
    check(client.query_points("named", query=[[0.5] * 8], using="text").points == [], "multivector")
    check(client.query_points("named", using="words", query=models.SparseVector(
        indices=[1], values=[0.5])).points == [], "sparse")
    check(client.query_points("named", query=models.FusionQuery(fusion="rrf"), prefetch=[
        models.Prefetch(query=[0.5] * 3, using="image")]).points == [], "fusion")
    requests = [models.QueryRequest(query=[0.1] * 4), models.QueryRequest()]
    check([r.points for r in client.query_batch_points("docs", requests)] == [[], []], "batch")
    check(client.query_points_groups("docs", group_by="city", query=[0.1] * 4).groups == [], "groups")
    check(client.facet("docs", key="city").hits == [], "facet")
    check(client.search_matrix_pairs("docs").pairs == [], "pairs")
    check(client.search_matrix_offsets("docs").ids == [], "offsets")
    refused(400, "expected dim: 4, got 3", client.query_points, "docs", query=[0.1, 0.2, 0.3])
    refused(400, "Not existing vector name", client.query_points, "docs", query=[0.1] * 4, using="x")
    refused(404, "No point with id 7", client.query_points, "docs", query=7)
    for call in (client.count, client.scroll, client.facet, client.query_points):
        refused(404, "missing", call, "missing", **({"key": "k"} if call == client.facet else {}))
    check(client.create_payload_index("docs", "city", "keyword").status == "completed", "index")
    check(client.create_payload_index("docs", "text", models.TextIndexParams(
        type="text", tokenizer="word", lowercase=True)).status == "completed", "text index")
    schema = client.get_collection("docs").payload_schema
    check(schema["city"].data_type == "keyword" and schema["text"].params.lowercase, schema)
    check(client.delete_payload_index("docs", "city").status == "completed", "no index")
    check(list(client.get_collection("docs").payload_schema) == ["text"], "one index left")
    check(client.list_snapshots("docs") == [] and client.list_full_snapshots() == [], "snapshots")
    check(client.list_shard_keys("docs").shard_keys is None, "shard keys")
    check(client.get_optimizations("docs").running == [], "optimizations")
    point = models.PointStruct(id=1, vector=[0.1] * 4)
    refused(501, "does not offer", client.upsert, "docs", [point])
    refused(501, "does not offer", client.upsert, "docs",
            [models.PointStruct(id=i, vector=[0.1] * 1024) for i in range(200)])
    refused(501, "does not offer", client.delete, "docs", points_selector=[1])
    refused(501, "does not offer", client.set_payload, "docs", payload={"a": 1}, points=[1])
    refused(501, "does not offer", client.create_snapshot, "docs")
    refused(501, "does not offer", client.create_shard_key, "docs", "a")


def cluster(client) -> None:
    """The peers."""
    status = client.cluster_status()
    check(status.status == "enabled" and len(status.peers) == 2, status)
    check(str(status.peer_id) in status.peers and status.raft_info.leader == status.peer_id, status)
    shards = client.collection_cluster_info("docs")
    check((shards.shard_count, len(shards.local_shards), len(shards.remote_shards)) == (2, 1, 1), shards)
    check(str(shards.remote_shards[0].peer_id) in status.peers, shards)


def rights(reader, narrow, stranger) -> None:
    """What keys that manage nothing may do."""
    check([c.name for c in reader.get_collections().collections] == ["docs", "named"], "reader")
    check(reader.count("docs").count == 0 and reader.get_aliases().aliases != [], "reader")
    check(len(reader.cluster_status().peers) == 2, "reader")
    check([c.name for c in narrow.get_collections().collections] == ["docs"], "narrow")
    check(narrow.get_collection("docs").points_count == 0, "narrow")
    check(narrow.create_payload_index("docs", "lang", "keyword").status == "completed", "narrow")
    refused(501, "does not offer", narrow.upsert, "docs", [models.PointStruct(id=1, vector=[0.1] * 4)])
    for client in (reader, narrow):
        refused(403, "Forbidden", client.create_collection, "mine", vectors_config={})
        refused(403, "Forbidden", client.delete_collection, "docs")
        refused(403, "Forbidden", client.update_collection, "docs")
        refused(403, "Forbidden", client.update_collection_aliases, [])
    refused(403, "Forbidden", reader.create_payload_index, "docs", "x", "keyword")
    refused(403, "Forbidden", reader.upsert, "docs", [models.PointStruct(id=1, vector=[0.1] * 4)])
    refused(403, "Forbidden", narrow.get_collection, "named")
    refused(403, "Forbidden", narrow.collection_exists, "named")
    refused(403, "Forbidden", narrow.cluster_status)
    refused(401, "", stranger.get_collections)


def routes(base: str, key: str) -> int:
    """Asks for every route that the client knows: each is offered, or refused by name."""
    refusals = 0
    known = set()
    for module in pkgutil.iter_modules(api.__path__):
        source = inspect.getsource(importlib.import_module(f"{api.__name__}.{module.name}"))
        known.update(re.findall(r'method="(\w+)",\s*url="([^"]+)"', source))
    check(len(known) > 60, len(known))
    for method, path in sorted(known):
        url = base + re.sub(r"\{collection_name\}", "docs", re.sub(r"\{(?!coll)\w+\}", "x", path))
        if (method, path) == ("DELETE", "/collections/{collection_name}"):
            continue
        answer = httpx.request(method, url, headers={"api-key": key}, json=[])
        if answer.status_code == 501:
            check("does not offer" in answer.json()["status"]["error"], answer.text)
            refusals += 1
        check(answer.status_code not in (405, 500) and "the sandbox's data plane has no" not in answer.text,
              (method, path, answer.text))
    return refusals


def bodies(base: str, key: str) -> None:
    """Bodies that no client of ours writes."""
    def put(body: str, status: int, words: str) -> None:
        answer = httpx.put(base + "/collections/wrong", headers={"api-key": key}, content=body)
        check(answer.status_code == status and words in answer.json()["status"]["error"], answer.text)

    put("{", 400, "not valid JSON")
    put('{"vectors":{"size":4}}', 400, "vectors.distance: is missing")
    put('{"vectors":{"size":"4","distance":"Dot"}}', 400, "vectors.size: expected a whole number")
    put('{"vectors":{"size":4,"distance":"Dott"}}', 400, 'did you mean "Dot"')
    put('{"vectors":{"size":0,"distance":"Dot"}}', 422, "vectors.size")
    put('{"vektors":{}}', 400, 'did you mean "vectors"')
    put('{"vectors":{"a":{"size":1,"distance":"Dot"}},"sparse_vectors":{"a":{}}}', 400, "duplicate")
    put('{"shard_number":1000000000}', 422, "shard_number")
    check(not httpx.get(base + "/collections/wrong/exists", headers={"api-key": key}).json()
          ["result"]["exists"], "nothing was created")


def main() -> None:
    url, port, manager, reader, narrow = sys.argv[1:]
    warnings.simplefilter("ignore", UserWarning)

    def connect(key: str) -> Recorded:
        return Recorded(QdrantClient(
            url=url, port=int(port), api_key=key, prefer_grpc=False, check_compatibility=False))

    client = connect(manager)
    collections(client)
    aliases(client)
    points(client)
    cluster(client)
    rights(connect(reader), connect(narrow), connect("wrong"))
    bodies(f"{url}:{port}", manager)
    refusals = routes(f"{url}:{port}", manager)
    print(json.dumps({"checks": CHECKS, "methods": len(CALLED), "refusals": refusals}))


if __name__ == "__main__":
    main()
