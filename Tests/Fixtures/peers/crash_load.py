"""Writes to a sandbox as fast as it can until the sandbox goes, and tells what was acknowledged.

Usage: crash_load.py ADDRESS KEY ACCOUNT

Creates and deletes management keys over several channels at once. Prints, when no call is answered
any more, one line of JSON: {"created": [ids], "deleted": [ids], "unknown": [ids]}, where "unknown"
are keys whose deletion was asked for and not answered.
"""
from __future__ import annotations

import json
import sys
import threading

import grpc

from contract import Contract

SERVICE = "qdrant.cloud.auth.v1.AuthService"
CHANNELS = 4


class Load:
    """What all channels have in common."""

    def __init__(self, address: str, key: str, account: str) -> None:
        self.address = address
        self.account = account
        self.metadata = [("authorization", f"apikey {key}")]
        contract = Contract()
        self.types = {n: (i, o) for n, i, o in contract.methods(SERVICE)}
        self.lock = threading.Lock()
        self.told: dict[str, list[str]] = {"created": [], "deleted": [], "unknown": []}

    def stub(self, channel: grpc.Channel, name: str) -> grpc.UnaryUnaryMultiCallable:
        request, response = self.types[name]
        return channel.unary_unary(
            f"/{SERVICE}/{name}", request_serializer=request.SerializeToString,
            response_deserializer=response.FromString)

    def note(self, what: str, identifier: str) -> None:
        with self.lock:
            self.told[what].append(identifier)

    def work(self, number: int) -> None:
        """Creates keys, and deletes every third again, until a call fails."""
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]
        with grpc.insecure_channel(self.address, options=options) as channel:
            create = self.stub(channel, "CreateManagementKey")
            delete = self.stub(channel, "DeleteManagementKey")
            create_type, delete_type = (
                self.types[n][0] for n in ("CreateManagementKey", "DeleteManagementKey"))
            wanted = create_type()
            wanted.management_key.account_id = self.account
            count = number
            try:
                while True:
                    made = create(wanted, metadata=self.metadata, timeout=10).management_key.id
                    self.note("created", made)
                    count += 1
                    if count % 3:
                        continue
                    self.note("unknown", made)
                    delete(
                        delete_type(account_id=self.account, management_key_id=made),
                        metadata=self.metadata, timeout=10)
                    self.note("deleted", made)
            except grpc.RpcError:
                return


def main() -> int:
    load = Load(*sys.argv[1:])
    threads = [threading.Thread(target=load.work, args=(n,)) for n in range(CHANNELS)]
    for thread in threads:
        thread.start()
    print("started", flush=True)
    for thread in threads:
        thread.join()
    load.told["unknown"] = sorted(set(load.told["unknown"]) - set(load.told["deleted"]))
    print(json.dumps(load.told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
