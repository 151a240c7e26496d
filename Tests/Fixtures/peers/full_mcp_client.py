"""Completes every cloud tool of qdrant-full-mcp, an MCP server, against a sandbox.

Usage: full_mcp_client.py ENDPOINT KEY ACCOUNT

Prints `ok TOOL` or `FAIL TOOL: detail` for each tool that the server lists, and then `N tools`.
The sandbox must accept backup schedules without display_name: the server sends none.
"""
from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import IO, Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

PROVIDER, REGION, GPU_REGION = "aws", "eu-central-1", "us-east-1"
TIME_LIMIT = 25  # seconds for all of it
SETTLE_LIMIT = 5  # seconds for one change
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"

Arguments = dict[str, Any]
Object = dict[str, Any]


class ToolError(Exception):
    """What a tool answers when it cannot do what it is asked."""


def expect(holds: object, *seen: object) -> None:
    """Like `assert`, but it tells where it was and what was seen."""
    if not holds:
        line = sys._getframe(1).f_lineno
        raise AssertionError(f"line {line}: {', '.join(map(shown, seen)) or 'does not hold'}")


def shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)[:600]


def identifiers(answer: Object) -> list[str]:
    return [item["id"] for item in answer["items"]]


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def semantic(version: str) -> tuple[int, ...]:
    expect(re.fullmatch(r"v\d+\.\d+\.\d+", version), "not a version:", version)
    return tuple(int(part) for part in version[1:].split("."))


class Peer:
    """The server, and what has been found out about each of its tools."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session
        self.called: set[str] = set()
        self.found: dict[str, str] = {}  # nothing wrong: an empty text

    async def use(self, tool: str, **arguments: Any) -> Object:
        self.called.add(tool)
        result = await self.session.call_tool(
            tool, arguments, read_timeout_seconds=datetime.timedelta(seconds=10))
        text = "".join(getattr(part, "text", "") for part in result.content)
        if result.isError:
            raise ToolError(text)
        answer = json.loads(text)
        expect(not answer.get("dry_run") or not arguments.get("confirm"), "a dry run:", answer)
        return answer

    async def refuses(self, reason: str, tool: str, **arguments: Any) -> None:
        """The tool must fail, and say why."""
        try:
            answer = await self.use(tool, **arguments)
        except ToolError as error:
            expect(reason in str(error), f"not {reason!r} but {error}")
        else:
            expect(False, f"{tool} succeeds:", answer)

    @contextlib.contextmanager
    def trying(self, tool: str) -> Iterator[None]:
        """What goes wrong in here is this tool's failure; the other tools get their turn."""
        expect(tool not in self.found, f"{tool} has had its turn")
        detail = ""
        try:
            yield
            expect(tool in self.called, "not called")
        except UnboundLocalError as error:
            detail = f"an earlier tool failed: {error}"
        except Exception as error:
            detail = str(error) if isinstance(error, (ToolError, AssertionError)) else repr(error)
        self.tell(tool, detail)

    def tell(self, tool: str, detail: str) -> None:
        self.found[tool] = detail
        print(f"FAIL {tool}: {' '.join(detail.split())}" if detail else f"ok {tool}", flush=True)

    async def settled(self, cluster: str, phase: str, **configuration: Any) -> Object:
        """The cluster, once it has the phase and this configuration."""

        def reached(answer: Object) -> bool:
            now = answer["cluster"]["configuration"]
            return (answer["cluster"]["state"]["phase"] == f"CLUSTER_PHASE_{phase}"
                    and all(now[name] == value for name, value in configuration.items()))

        answer = await self.eventually(reached, "get_cluster", cluster_id=cluster)
        return answer["cluster"]

    async def eventually(
        self, reached: Callable[[Object], object], tool: str, **arguments: Any
    ) -> Object:
        deadline = time.monotonic() + SETTLE_LIMIT
        while not reached(answer := await self.use(tool, **arguments)):
            expect(time.monotonic() < deadline, f"{tool} still says", answer)
            await asyncio.sleep(0.1)
        return answer

    async def gone(self, cluster: str) -> None:
        """Waits until the cluster is neither listed nor found."""
        await self.eventually(lambda now: cluster not in identifiers(now), "list_clusters")
        await self.refuses("404", "get_cluster", cluster_id=cluster)


async def try_catalogue(peer: Peer, account: str) -> tuple[str, str, str]:
    """Who and what there is; returns the smallest paid package and two versions, older first."""
    with peer.trying("list_accounts"):
        accounts = await peer.use("list_accounts")
        expect(identifiers(accounts) == [account], accounts)
    with peer.trying("list_members"):
        members = (await peer.use("list_members"))["items"]
        owners = [m["accountMember"]["email"] for m in members if m["isOwner"]]
        expect(owners == [accounts["items"][0]["ownerEmail"]], members)
    with peer.trying("list_cloud_providers"):
        providers = await peer.use("list_cloud_providers")
        expect({"aws", "azure", "gcp", "hybrid"} <= set(identifiers(providers)), providers)
    with peer.trying("list_regions"):
        for provider in identifiers(providers):
            regions = (await peer.use("list_regions", cloud_provider_id=provider))["items"]
            # A region of hybrid is a cluster of one's own; its provider is where that runs.
            expect(regions and all(r["provider"] == provider or provider == "hybrid"
                                   for r in regions), regions)
        regions = (await peer.use("list_regions", cloud_provider_id=PROVIDER))["items"]
        expect(any(r["id"] == REGION and r["available"] for r in regions), regions)
    with peer.trying("list_packages"):
        place = {"cloud_provider_id": PROVIDER, "cloud_provider_region_id": REGION}
        packages = (await peer.use("list_packages", **place, multi_az=False, gpu=False))["items"]
        expect(all(p["status"] == "PACKAGE_STATUS_ACTIVE" and not p["multiAz"]
                   and "gpu" not in p["resourceConfiguration"] for p in packages), packages)
        paid = [p for p in packages if p["type"] == "paid"]
        package = min(paid, key=lambda p: p["unitIntPricePerHour"])["id"]
        place["cloud_provider_region_id"] = GPU_REGION
        everything = identifiers(await peer.use("list_packages", **place))
        parts = [identifiers(await peer.use("list_packages", **place, gpu=gpu))
                 for gpu in (True, False)]
        expect(all(parts) and sorted(everything) == sorted(parts[0] + parts[1]), everything, parts)
        hybrid = await peer.use("list_packages", cloud_provider_id="hybrid")
        expect(hybrid["items"] and package not in identifiers(hybrid), hybrid)
    with peer.trying("list_releases"):
        releases = (await peer.use("list_releases"))["items"]
        versions = [release["version"] for release in releases]
        expect(versions == sorted(versions, key=semantic), versions)
        expect(sum(release["default"] for release in releases) <= 1, releases)
        usable = [release["version"] for release in releases
                  if not release["endOfLife"] and not release["unavailable"]]
    return package, usable[0], usable[-1]


async def try_cluster(peer: Peer, account: str, package: str, version: str) -> str:
    """Creates a cluster, gets it and finds it in the lists."""
    earlier = len((await peer.use("list_clusters"))["items"])
    with peer.trying("create_cluster"):
        wanted: Arguments = {
            "name": "full-mcp", "cloud_provider_id": PROVIDER, "cloud_provider_region_id": REGION,
            "package_id": package, "version": version, "additional_disk_gib": 10,
            "allowed_ip_source_ranges": ["203.0.113.0/24"]}
        dry = await peer.use("create_cluster", **wanted)
        expect(dry["dry_run"] and dry["would_create"]["accountId"] == account, dry)
        expect(len((await peer.use("list_clusters"))["items"]) == earlier)
        made = (await peer.use("create_cluster", **wanted, confirm=True))["cluster"]
        cluster = made["id"]
        expect(UUID.fullmatch(cluster) and made["accountId"] == account, made)
        expect(made["configuration"]["version"] == version, made)
        expect(made["state"]["phase"] == "CLUSTER_PHASE_CREATING"
               and not made["state"]["endpoint"]["url"], made["state"])
        await peer.refuses("400", "create_cluster", confirm=True,
                           **{**wanted, "package_id": UNKNOWN_ID})
        await peer.refuses("400", "create_cluster", confirm=True,
                           **{**wanted, "allowed_ip_source_ranges": ["203.0.113.1/24"]})
    with peer.trying("get_cluster"):
        found = await peer.settled(cluster, "HEALTHY")
        configuration, state = found["configuration"], found["state"]
        expect((found["name"], found["cloudProviderId"], found["cloudProviderRegionId"])
               == ("full-mcp", PROVIDER, REGION), found)
        expect(configuration["numberOfNodes"] == 1 and configuration["packageId"] == package
               and configuration["additionalResources"] == {"disk": 10}
               and configuration["allowedIpSourceRanges"] == ["203.0.113.0/24"], configuration)
        expect(state["nodesUp"] == len(state["nodes"]) == 1 and state["version"] == version
               and state["endpoint"]["url"] and state["jwtRbac"]
               and state["resources"]["disk"]["additional"] == 10
               and state["scalabilityInfo"] == state["capabilities"]["scalabilityInfo"], state)
        await peer.refuses("404", "get_cluster", cluster_id=UNKNOWN_ID)
    with peer.trying("list_clusters"):
        everything = await peer.use("list_clusters", page_size=250)
        expect(everything["totalSize"] == earlier + 1 == len(everything["items"]), everything)
        expect(not everything.get("nextPageToken"), everything)
        paged = [identifiers(page)[0] async for page in pages(peer, "list_clusters", page_size=1)]
        expect(paged == identifiers(everything) and paged[-1] == cluster, paged)
        here = await peer.use("list_clusters", cloud_provider_id=PROVIDER,
                              cloud_provider_region_id=REGION)
        expect(cluster in identifiers(here), here)
        elsewhere = await peer.use("list_clusters", cloud_provider_id="gcp")
        expect(cluster not in identifiers(elsewhere), elsewhere)
        await peer.refuses("400", "list_clusters", page_token="not a token")
    return cluster


async def pages(peer: Peer, tool: str, **arguments: Any) -> AsyncIterator[Object]:
    token: str | None = None
    for _ in range(100):  # a server that always has a next page must not hold us up
        page = await peer.use(tool, **arguments, **({"page_token": token} if token else {}))
        yield page
        token = page.get("nextPageToken")
        if not token:
            return
    expect(False, f"{tool} has no last page")


async def try_keys(peer: Peer, cluster: str) -> None:
    with peer.trying("create_database_api_key"):
        answer = await peer.use("create_database_api_key", cluster_id=cluster, name="a manager",
                                access="manage", confirm=True)
        manager, secret = answer["databaseApiKey"], answer["databaseApiKey"]["key"]
        expect(answer["remembered"]["mode"] == "session", answer)
        expect(secret.startswith("eyJhb") and manager["postfix"]
               and secret.endswith(manager["postfix"]), manager)
        expect(manager["clusterId"] == cluster and manager["accessRules"] == [
            {"globalAccess": {"accessType": "GLOBAL_ACCESS_RULE_ACCESS_TYPE_MANAGE"}}], manager)
        rules = [{"collection_name": "docs", "access": "read_only"},
                 {"collection_name": "notes", "access": "read_write"}]
        answer = await peer.use(
            "create_database_api_key", cluster_id=cluster, name="a reader", expires_in_days=30,
            collection_access=rules, remember="none", confirm=True)
        reader = answer["databaseApiKey"]
        # By this machine's time, which need not be the sandbox's.
        lifetime = moment(reader["expiresAt"]) - datetime.datetime.now(datetime.UTC)
        expect(abs(lifetime - datetime.timedelta(days=30)) < datetime.timedelta(minutes=5), reader)
        expect([rule["collectionAccess"]["collectionName"] for rule in reader["accessRules"]]
               == ["docs", "notes"], reader)
        await peer.refuses("404", "create_database_api_key", cluster_id=UNKNOWN_ID,
                           name="of nothing", confirm=True)
    with peer.trying("list_database_api_keys"):
        keys = await peer.use("list_database_api_keys", cluster_id=cluster)
        expect(set(identifiers(keys)) == {manager["id"], reader["id"]}, keys)
        expect(not any(key["key"] for key in keys["items"]), keys)
        everywhere = await peer.use("list_database_api_keys")
        expect(set(identifiers(keys)) <= set(identifiers(everywhere)), everywhere)
    with peer.trying("list_remembered_keys"):
        remembered = await peer.use("list_remembered_keys")
        expect(remembered["key_file"] == "disabled", remembered)
        expect([(key["cluster_id"], key["key_id"]) for key in remembered["keys"]]
               == [(cluster, manager["id"])], remembered)
    with peer.trying("forget_database_api_key"):
        answer = await peer.use("forget_database_api_key", cluster_id=cluster)
        expect(answer["forgotten"]["session"], answer)
        expect((await peer.use("list_remembered_keys"))["keys"] == [])
    with peer.trying("delete_database_api_key"):
        unwanted = {"cluster_id": cluster, "database_api_key_id": manager["id"], "confirm": True}
        # The key must be of the cluster that is named.
        await peer.refuses("404", "delete_database_api_key",
                           **{**unwanted, "cluster_id": UNKNOWN_ID})
        await peer.use("delete_database_api_key", **unwanted)
        keys = await peer.use("list_database_api_keys", cluster_id=cluster)
        expect(identifiers(keys) == [reader["id"]], keys)
        await peer.refuses("404", "delete_database_api_key", **unwanted)


async def try_backups(peer: Peer, cluster: str) -> str:
    """Makes a backup, and schedules; returns the backup."""
    with peer.trying("create_backup"):
        answer = await peer.use("create_backup", cluster_id=cluster, display_name="full-mcp-1",
                                retention_days=3, confirm=True)
        backup = answer["backup"]["id"]
        expect(answer["backup"]["displayName"] == "full-mcp-1"
               and answer["backup"]["retentionPeriod"] == "259200s"
               and answer["backup"]["name"].startswith(f"qdrant-{cluster}-snapshot-"), answer)
        await peer.refuses("404", "create_backup", cluster_id=UNKNOWN_ID,
                           display_name="of-nothing", confirm=True)
    with peer.trying("list_backups"):
        backups = await peer.eventually(
            lambda now: all(b["status"] == "BACKUP_STATUS_SUCCEEDED" for b in now["items"]),
            "list_backups", cluster_id=cluster)
        expect(identifiers(backups) == [backup] and backups["totalSize"] == 1, backups)
        info = backups["items"][0]["clusterInfo"]
        expect(info["name"] == "full-mcp" and info["configuration"]["numberOfNodes"] == 1, info)
        everything = identifiers(await peer.use("list_backups", page_size=250))
        paged = [one async for page in pages(peer, "list_backups", page_size=2)
                 for one in identifiers(page)]
        expect(paged == everything and backup in paged, paged)
    with peer.trying("create_backup_schedule"):
        answer = await peer.use("create_backup_schedule", cluster_id=cluster,
                                schedule="0 3 * * *", retention_days=14, confirm=True)
        schedule = answer["backupSchedule"]
        expect(schedule["schedule"] == "0 3 * * *" and schedule["retentionPeriod"] == "1209600s"
               and schedule["status"] == "BACKUP_SCHEDULE_STATUS_ACTIVE", schedule)
        # The fields look right one by one, but there is no such time.
        await peer.refuses("400", "create_backup_schedule", cluster_id=cluster,
                           schedule="99 99 * * *", confirm=True)
    with peer.trying("list_backup_schedules"):
        schedules = await peer.use("list_backup_schedules", cluster_id=cluster)
        expect(identifiers(schedules) == [schedule["id"]], schedules)
        everything = await peer.use("list_backup_schedules")
        expect(schedule["id"] in identifiers(everything), everything)
    with peer.trying("delete_backup_schedule"):
        unwanted = {"backup_schedule_id": schedule["id"], "confirm": True}
        await peer.use("delete_backup_schedule", **unwanted)
        await peer.eventually(lambda now: not now["items"], "list_backup_schedules",
                              cluster_id=cluster)
        await peer.refuses("404", "delete_backup_schedule", **unwanted)
    return backup


async def try_changes(peer: Peer, cluster: str, backup: str, old: str, new: str) -> str:
    """Changes the cluster in every way and takes it back; returns a copy of what it was."""
    with peer.trying("update_cluster"):
        before = (await peer.use("get_cluster", cluster_id=cluster))["cluster"]
        change: Arguments = {"cluster_id": cluster, "name": "full-mcp-renamed",
                             "number_of_nodes": 2, "version": new}
        dry = await peer.use("update_cluster", **change)
        expect(dry["fields_to_change"] == [
            "name", "configuration.number_of_nodes", "configuration.version"], dry)
        changed = (await peer.use("update_cluster", **change, confirm=True))["cluster"]
        expect(changed["state"]["phase"] == "CLUSTER_PHASE_UPGRADING", changed)
        after = await peer.settled(cluster, "HEALTHY", numberOfNodes=2, version=new)
        expect(after["name"] == "full-mcp-renamed", after)
        expect(after["state"]["version"] == new and after["state"]["nodesUp"] == 2
               and len(after["state"]["nodes"]) == 2, after["state"])
        # What the mask does not name stays as it was.
        kept = [name for name in before["configuration"]
                if name not in ("lastModifiedAt", "numberOfNodes", "version")]
        expect(all(before["configuration"][name] == after["configuration"].get(name)
                   for name in kept), before["configuration"], after["configuration"])
        expect(moment(after["configuration"]["lastModifiedAt"])
               > moment(before["configuration"]["lastModifiedAt"]), after["configuration"])
        await peer.use("update_cluster", cluster_id=cluster, allowed_ip_source_ranges=[],
                       confirm=True)
        await peer.settled(cluster, "HEALTHY", allowedIpSourceRanges=[], numberOfNodes=2)
        await peer.refuses("400", "update_cluster", cluster_id=cluster, version=old, confirm=True)
        await peer.refuses("400", "update_cluster", cluster_id=cluster, additional_disk_gib=5,
                           confirm=True)
        await peer.refuses("404", "update_cluster", cluster_id=UNKNOWN_ID, name="nothing",
                           confirm=True)
    with peer.trying("restore_backup"):
        await peer.refuses("Confirmation failed", "restore_backup", backup_id=backup,
                           confirm_cluster_name="full-mcp")
        await peer.use("restore_backup", backup_id=backup, confirm_cluster_name="full-mcp-renamed")
        restored = await peer.settled(cluster, "HEALTHY", numberOfNodes=1, version=old)
        expect(restored["state"]["nodesUp"] == 1 and restored["state"]["version"] == old
               and restored["configuration"]["allowedIpSourceRanges"] == ["203.0.113.0/24"],
               restored)
        # The name is not part of what a backup holds: it tells the present one.
        expect(restored["name"] == "full-mcp-renamed", restored)
        info = (await peer.use("delete_backup", backup_id=backup))["backup"]["clusterInfo"]
        expect(info["name"] == "full-mcp-renamed" and info["configuration"]["version"] == old, info)
    with peer.trying("restore_backup_to_new_cluster"):
        answer = await peer.use("restore_backup_to_new_cluster", backup_id=backup,
                                new_cluster_name="full-mcp-copy", confirm=True)
        copy = answer["cluster"]["id"]
        found = await peer.settled(copy, "HEALTHY", numberOfNodes=1, version=old)
        expect(copy != cluster and found["name"] == "full-mcp-copy"
               and found["cloudProviderRegionId"] == REGION
               and found["configuration"]["packageId"] == restored["configuration"]["packageId"]
               and found["configuration"]["additionalResources"] == {"disk": 10}, found)
        expect((await peer.use("list_database_api_keys", cluster_id=copy))["items"] == [])
        await peer.refuses("404", "restore_backup_to_new_cluster", backup_id=UNKNOWN_ID,
                           new_cluster_name="of-nothing", confirm=True)
    return copy


async def try_phases(peer: Peer, cluster: str) -> None:
    with peer.trying("suspend_cluster"):
        dry = await peer.use("suspend_cluster", cluster_id=cluster)
        expect(dry["phase"] == "CLUSTER_PHASE_HEALTHY", dry)
        await peer.refuses("400", "unsuspend_cluster", cluster_id=cluster, confirm=True)
        await peer.use("suspend_cluster", cluster_id=cluster, confirm=True)
        state = (await peer.settled(cluster, "SUSPENDED"))["state"]
        expect(state["nodesUp"] == 0 and state["endpoint"]["url"], state)
        expect({n["state"] for n in state["nodes"]} == {"CLUSTER_NODE_STATE_SUSPENDED"}, state)
        # Most of what a running cluster can do, a suspended one cannot.
        await peer.refuses("400", "suspend_cluster", cluster_id=cluster, confirm=True)
        await peer.refuses("400", "restart_cluster", cluster_id=cluster, confirm=True)
        await peer.refuses("400", "update_cluster", cluster_id=cluster, number_of_nodes=2,
                           confirm=True)
        await peer.refuses("400", "create_backup", cluster_id=cluster, display_name="asleep",
                           confirm=True)
    with peer.trying("unsuspend_cluster"):
        await peer.use("unsuspend_cluster", cluster_id=cluster, confirm=True)
        state = (await peer.settled(cluster, "HEALTHY"))["state"]
        expect(state["nodesUp"] == 1, state)
    with peer.trying("restart_cluster"):
        await peer.use("restart_cluster", cluster_id=cluster, confirm=True)
        now = (await peer.settled(cluster, "HEALTHY"))["state"]
        expect(now["restartedAt"] and moment(now["restartedAt"])
               >= moment(state["nodes"][0]["startedAt"]), now)
        await peer.refuses("404", "restart_cluster", cluster_id=UNKNOWN_ID, confirm=True)


async def try_deletions(peer: Peer, cluster: str, copy: str, backup: str) -> None:
    """One cluster goes with its backups, the other one leaves them behind."""
    with peer.trying("delete_cluster"):
        await peer.use("create_backup", cluster_id=copy, display_name="full-mcp-2", confirm=True)
        await peer.use("create_backup_schedule", cluster_id=copy, schedule="*/5 * * * *",
                       confirm=True)
        await peer.refuses("Confirmation failed", "delete_cluster", cluster_id=copy,
                           confirm_cluster_name="full-mcp-renamed")
        await peer.use("delete_cluster", cluster_id=copy, confirm_cluster_name="full-mcp-copy",
                       delete_backups=True)
        await peer.gone(copy)
        await peer.eventually(lambda now: not now["items"], "list_backups", cluster_id=copy)
        await peer.eventually(lambda now: not now["items"], "list_backup_schedules",
                              cluster_id=copy)
        await peer.use("delete_cluster", cluster_id=cluster,
                       confirm_cluster_name="full-mcp-renamed")
        await peer.gone(cluster)
        left = await peer.use("list_backups", cluster_id=cluster)
        expect(identifiers(left) == [backup], left)
        info = left["items"][0]["clusterInfo"]
        expect(info["name"] == "full-mcp-renamed" and info["createdAt"], info)
        keys = await peer.use("list_database_api_keys")
        expect(not any(key["clusterId"] in (cluster, copy) for key in keys["items"]), keys)
    with peer.trying("delete_backup"):
        # Its cluster is gone: it cannot be restored there, but it can be deleted.
        await peer.refuses("404", "restore_backup", backup_id=backup,
                           confirm_cluster_name="full-mcp-renamed")
        await peer.use("delete_backup", backup_id=backup, confirm=True)
        await peer.eventually(lambda now: not now["items"], "list_backups", cluster_id=cluster)
        await peer.refuses("404", "delete_backup", backup_id=backup, confirm=True)


async def try_everything(peer: Peer, account: str) -> None:
    """Ends early where a tool fails that the others need; `main` tells which were left out."""
    before = await peer.use("list_clusters")
    package, old, new = await try_catalogue(peer, account)
    cluster = await try_cluster(peer, account, package, old)
    await try_keys(peer, cluster)
    backup = await try_backups(peer, cluster)
    copy = await try_changes(peer, cluster, backup, old, new)
    await try_phases(peer, cluster)
    await try_deletions(peer, cluster, copy, backup)
    after = await peer.use("list_clusters")
    expect(identifiers(after) == identifiers(before), "clusters are left:", after)


async def run(endpoint: str, key: str, account: str, log: IO[str]) -> bool:
    # The server inherits nothing else but PATH, HOME and the like: no proxy, no other key.
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "qdrant_full_mcp"],
        env={"QDRANT_CLOUD_API_URL": endpoint, "QDRANT_CLOUD_API_KEY": key,
             "QDRANT_CLOUD_ACCOUNT_ID": account, "QDRANT_MCP_MODULES": "cloud",
             "QDRANT_MCP_KEY_FILE": "off"})
    good = True
    async with stdio_client(server, errlog=log) as (read, write):
        async with ClientSession(read, write) as session:
            await session.initialize()
            tools = [tool.name for tool in (await session.list_tools()).tools]
            peer = Peer(session)
            try:
                await try_everything(peer, account)
            except Exception as error:
                print(f"ended early: {error!r}", file=sys.stderr)
                good = False
            for tool in tools:
                if tool not in peer.found:
                    peer.tell(tool, "not tried")
            print(f"{len(tools)} tools")
            return good and bool(tools) and not any(peer.found.values())


async def run_in_time(arguments: list[str], log: IO[str]) -> bool:
    async with asyncio.timeout(TIME_LIMIT):
        return await run(*arguments, log)


def main() -> int:
    if len(sys.argv) != 4:
        sys.exit("usage: full_mcp_client.py ENDPOINT KEY ACCOUNT")
    with tempfile.TemporaryFile("w+") as log:
        try:
            good = asyncio.run(run_in_time(sys.argv[1:], log))
        except Exception as error:
            print(f"the server cannot be driven: {error!r}", file=sys.stderr)
            good = False
        if not good:
            log.seek(0)
            print(log.read()[-4000:], file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
