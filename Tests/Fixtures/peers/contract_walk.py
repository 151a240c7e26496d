"""Walks over the whole API of a running sandbox, over gRPC and over REST, and checks it.

Usage: contract_walk.py ADDRESS ADMIN_TOKEN, where the sandbox runs with --speed instant.

For every method of the contract and both transports, in a fresh world each:

  valid       what CASES asks for succeeds, and the answer is not empty and keeps its own rules
  broken      with one field changed so that it breaks rules, the request is INVALID_ARGUMENT, with
              the field violations that protovalidate finds
  permission  a member without the permission gets PERMISSION_DENIED
  foreign     so does who belongs to another account
  actor       so does a management key where only users may call
  credential  without a credential it is UNAUTHENTICATED, unless the method is public

Prints a line `FAIL method transport check: detail` per finding and, at last, a line of JSON that
says how often each check was made. The status is 1 when there are findings.
"""
from __future__ import annotations

import base64
import copy
import http.client
import json
import re
import string
import sys
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import grpc
import protovalidate
from google.protobuf import descriptor_pb2, json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from contract import DEFAULT_PATH, Contract
from validate import text as path_text

PREFIX = "qdrant.cloud."
OPTIONS = {
    "permissions": 50001,
    "account_id_expression": 50002,
    "requires_authentication": 50003,
    "supported_actor_types": 50004,
    "requires_all": 50005,
    "http": 72295728,
}
ACTOR_TYPE_USER = 1
OWNER, ADMIN, VIEWER, OUTSIDER = (
    f"{name}@example.com" for name in ("owner", "admin", "viewer", "outsider"))
# The account's management key, where others name a user by their address.
KEY = "key"

CONTRACT = Contract()
VALIDATOR = protovalidate.Validator()


# What the contract says of methods


@dataclass(frozen=True)
class Method:
    """A method, and what its options say of it."""

    name: str
    request: type
    response: type
    permissions: tuple[str, ...]
    needs_all: bool
    is_public: bool
    is_for_users: bool
    account_path: str
    verb: str
    template: str
    has_body: bool

    @property
    def path(self) -> str:
        return "/" + PREFIX + self.name

    @property
    def path_fields(self) -> list[str]:
        """The fields that the URL's path carries."""
        return [name for _, name, _, _ in string.Formatter().parse(self.template) if name]

    def allows(self, held: set[str]) -> bool:
        """Whether somebody with these permissions may call it."""
        needed = [permission in held for permission in self.permissions]
        return all(needed) if self.needs_all else any(needed)


def read_methods() -> dict[str, Method]:
    """Every method of the contract, by its name without `qdrant.cloud.`."""
    files = descriptor_pb2.FileDescriptorSet.FromString(DEFAULT_PATH.read_bytes())
    services = [f"{file.package}.{service.name}" for file in files.file for service in file.service]
    options_class = CONTRACT.message("google.protobuf.MethodOptions")
    extensions = {
        name: CONTRACT.pool.FindExtensionByNumber(options_class.DESCRIPTOR, number)
        for name, number in OPTIONS.items()
    }
    methods = {}
    for service in services:
        descriptor = CONTRACT.pool.FindServiceByName(service)
        for name, request, response in CONTRACT.methods(service):
            serialized = descriptor.methods_by_name[name].GetOptions().SerializeToString()
            options = options_class.FromString(serialized)

            def given(option: str) -> bool:
                return options.HasExtension(extensions[option])

            def value(option: str):
                return options.Extensions[extensions[option]]

            is_public = given("requires_authentication") and not value("requires_authentication")
            # Left out, the account is in account_id; explicitly empty, there is none.
            account = value("account_id_expression") if given("account_id_expression") else (
                "account_id")
            if is_public:
                account = ""
            rule = value("http")
            verb = rule.WhichOneof("pattern")
            method = Method(
                name=f"{service.removeprefix(PREFIX)}/{name}", request=request, response=response,
                permissions=tuple(p for p in value("permissions") if p),
                needs_all=not given("requires_all") or value("requires_all"),
                is_public=is_public,
                is_for_users=list(value("supported_actor_types")) == [ACTOR_TYPE_USER],
                account_path=account, verb=verb.upper(), template=getattr(rule, verb),
                has_body=rule.body == "*")
            methods[method.name] = method
    return methods


# How calls are made


@dataclass
class Reply:
    """What came of a call, whatever carried it."""

    code: str
    note: str = ""
    response: Message | None = None
    # Field and rule of each violation; None when the reply has no google.rpc.BadRequest.
    violations: list[tuple[str, str]] | None = None
    # What is wrong with the form of the reply itself.
    flaws: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.code} {self.note}".strip()


def read_violations(status: Message) -> list[tuple[str, str]] | None:
    """The violations of the BadRequest among the details of a google.rpc.Status."""
    bad_request = CONTRACT.message("google.rpc.BadRequest")()
    for detail in status.details:
        if detail.Unpack(bad_request):
            return sorted((found.field, found.reason) for found in bad_request.field_violations)
    return None


class GRPC:
    """Calls over gRPC."""

    name = "grpc"

    def __init__(self, address: str) -> None:
        self.channel = grpc.insecure_channel(address)
        self.stubs: dict[str, grpc.UnaryUnaryMultiCallable] = {}

    def call(self, method: Method, request: Message, credential: str | None,
             metadata: dict[str, str] | None = None) -> Reply:
        if method.name not in self.stubs:
            self.stubs[method.name] = self.channel.unary_unary(
                method.path, type(request).SerializeToString, method.response.FromString)
        sent = list((metadata or {}).items())
        if credential:
            sent.append(("authorization", credential))
        try:
            response = self.stubs[method.name](request, metadata=sent, timeout=20)
        except grpc.RpcError as error:
            return self._failure(error)
        return Reply("OK", response=response)

    @staticmethod
    def _failure(error: grpc.RpcError) -> Reply:
        reply = Reply(error.code().name, error.details() or "")
        trailers = {key: value for key, value in error.trailing_metadata() or ()}
        encoded = trailers.get("grpc-status-details-bin")
        if encoded is None:
            return reply
        status = CONTRACT.message("google.rpc.Status").FromString(encoded)
        if (status.code, status.message) != (error.code().value[0], error.details()):
            reply.flaws.append(f"the details are of another status, {status.code}")
        reply.violations = read_violations(status)
        return reply


class REST:
    """Calls over REST, by the rules of google.api.http."""

    name = "rest"
    STATUSES = {
        "INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "UNAUTHENTICATED": 401,
        "PERMISSION_DENIED": 403, "NOT_FOUND": 404, "ALREADY_EXISTS": 409,
        "RESOURCE_EXHAUSTED": 429, "INTERNAL": 500, "UNIMPLEMENTED": 501, "UNAVAILABLE": 503,
    }

    def __init__(self, address: str) -> None:
        self.connection = http.client.HTTPConnection(address, timeout=20)

    def call(self, method: Method, request: Message, credential: str | None) -> Reply:
        url, body = self.address(method, request)
        headers = {"authorization": credential} if credential else {}
        if body is not None:
            headers["content-type"] = "application/json"
        self.connection.request(method.verb, url, body, headers)
        answer = self.connection.getresponse()
        content = answer.read().decode()
        if answer.headers.get_content_type() != "application/json":
            return Reply(f"HTTP {answer.status}", content, flaws=["the answer is not JSON"])
        if answer.status != 200:
            return self._failure(answer.status, json.loads(content))
        try:
            return Reply("OK", response=json_format.Parse(
                content, method.response(), descriptor_pool=CONTRACT.pool))
        except json_format.ParseError as error:
            return Reply("OK", response=method.response(), flaws=[f"unreadable: {error}"])

    @staticmethod
    def address(method: Method, request: Message) -> tuple[str, str | None]:
        """Path and query, and the body if there is one."""
        rest = copy.deepcopy(request)
        bound = {}
        for name in method.path_fields:
            *parents, leaf = name.split(".")
            owner = rest
            for parent in parents:
                owner = getattr(owner, parent)
            bound[name] = urllib.parse.quote(str(getattr(owner, leaf)), safe="")
            owner.ClearField(leaf)
        path = re.sub(r"{(.*?)}", lambda match: bound[match[1]], method.template)
        tree = json_format.MessageToDict(rest)
        if method.has_body:
            return path, json.dumps(tree)
        query = urllib.parse.urlencode(list(REST.parameters(tree)))
        return (f"{path}?{query}" if query else path), None

    @staticmethod
    def parameters(tree: dict, prefix: str = "") -> Iterator[tuple[str, str]]:
        """The query parameters that stand for a message's JSON."""
        for name, value in tree.items():
            if isinstance(value, dict):
                yield from REST.parameters(value, f"{prefix}{name}.")
                continue
            for item in value if isinstance(value, list) else [value]:
                plain = json.dumps(item) if isinstance(item, bool) else str(item)
                yield prefix + name, plain

    @staticmethod
    def _failure(status: int, tree: dict) -> Reply:
        error = json_format.ParseDict(
            tree, CONTRACT.message("google.rpc.Status")(), descriptor_pool=CONTRACT.pool)
        code = next(c.name for c in grpc.StatusCode if c.value[0] == error.code)
        reply = Reply(code, error.message)
        if REST.STATUSES.get(code) != status:
            reply.flaws.append(f"the HTTP status is {status}")
        reply.violations = read_violations(error)
        return reply


# A world to call in


class Refused(Exception):
    """A call that a case needs did not succeed."""


class Sandbox:
    """The running sandbox: its admin API, both transports, the methods."""

    def __init__(self, address: str, admin_token: str) -> None:
        self.methods = read_methods()
        self.grpc, self.rest = GRPC(address), REST(address)
        self.connection = http.client.HTTPConnection(address, timeout=20)
        self.admin_token = admin_token

    def admin(self, verb: str, path: str, body: object = None, world: str = "") -> dict:
        """Makes a call of the admin API."""
        headers = {"authorization": f"Bearer {self.admin_token}"}
        if world:
            headers["qcsh-world"] = world
        text = None if body is None else json.dumps(body)
        self.connection.request(verb, f"/sandbox/v1{path}", text, headers)
        answer = self.connection.getresponse()
        content = answer.read().decode()
        if answer.status != 200:
            raise Refused(f"{verb} {path}: HTTP {answer.status} {content}")
        return json.loads(content)


def as_dict(message: Message, *without: str) -> dict:
    """A message as a case writes it down."""
    tree = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return {name: value for name, value in tree.items() if name not in without}


class World:
    """A world of its own with what the demo seed plants, and ways to make more of it."""

    AWS = {"cloud_provider_id": "aws", "cloud_provider_region_id": "eu-central-1"}

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._describe(sandbox.admin("POST", "/worlds"))

    def _describe(self, told: dict) -> None:
        self.name = told["world"]
        self.tokens: dict[str, str] = {}
        accounts = {account["name"]: account for account in told["accounts"]}
        self.account = accounts["Production"]["id"]
        self.key = f"apikey {accounts['Production']['management_key']}"
        self.other_key = f"apikey {accounts['Sandbox']['management_key']}"

    def close(self) -> None:
        self.sandbox.admin("DELETE", f"/worlds/{self.name}")

    def plant(self, seed: dict) -> None:
        """Starts over from another seed."""
        self._describe(self.sandbox.admin("POST", "/reset", seed, self.name))

    def credential(self, actor: str) -> str:
        """What a user, or the management key, authenticates with."""
        if actor == KEY:
            return self.key
        if actor not in self.tokens:
            made = self.sandbox.admin("POST", "/tokens", {"user": actor}, self.name)
            self.tokens[actor] = f"Bearer {made['token']}"
        return self.tokens[actor]

    def call(self, name: str, fields: dict | None = None, actor: str = KEY,
             metadata: dict[str, str] | None = None) -> Message:
        """Makes a call that has to succeed; the account is in `account_id` if nothing is said."""
        method = self.sandbox.methods[name]
        if fields is None:
            fields = {}
        if method.account_path == "account_id":
            fields = {"account_id": self.account, **fields}
        request = json_format.ParseDict(fields, method.request())
        reply = self.sandbox.grpc.call(method, request, self.credential(actor), metadata)
        if reply.response is None:
            raise Refused(f"{name}: {reply}")
        return reply.response

    def found(self, name: str, wanted: str, by: str = "name", **fields: object) -> Message:
        """The one item of a list whose field has a value."""
        return next(item for item in self.call(name, fields).items if getattr(item, by) == wanted)

    # People

    def own_account(self) -> Message:
        return self.call("account.v1.AccountService/GetAccount", actor=OWNER).account

    def account_fields(self) -> dict:
        return {"name": "Third account",
                "external_owner_id": self.own_account().external_owner_id}

    def third_account(self) -> str:
        return self.call("account.v1.AccountService/CreateAccount", {
            "account": self.account_fields()}, OWNER).account.id

    def own_user(self) -> Message:
        return self.call("iam.v1.IAMService/GetAuthenticatedUser", actor=OWNER).user

    def own_profile(self) -> Message:
        return self.call("iam.v1.IAMService/GetUserProfile", actor=OWNER).user_profile

    def user(self, email: str) -> str:
        return self.found("iam.v1.IAMService/ListUsers", email, "email").id

    def invite(self, email: str) -> Message:
        return self.call("account.v1.AccountService/CreateAccountInvite", {"account_invite": {
            "account_id": self.account, "user_email": email}}, OWNER).account_invite

    def base_member(self) -> str:
        """Makes the outsider a member, who then has the Base role only."""
        invite = self.invite(OUTSIDER)
        self.call("account.v1.AccountService/AcceptAccountInvite",
                  {"account_id": self.account, "invite_id": invite.id}, OUTSIDER)
        return OUTSIDER

    def role_fields(self, name: str) -> dict:
        return {"account_id": self.account, "name": name, "role_type": "ROLE_TYPE_CUSTOM",
                "permissions": [{"value": "read:clusters"}, {"value": "read:backups"}]}

    def role(self) -> Message:
        return self.call("iam.v1.IAMService/CreateRole", {"role": self.role_fields("Walker")}).role

    def management_key(self) -> Message:
        return self.call("auth.v1.AuthService/CreateManagementKey", {
            "management_key": {"account_id": self.account}}).management_key

    def security_key(self) -> Message:
        """A second factor that can be renamed."""
        return next(item for item in self.call(
            "iam.v1.IAMService/ListUserMfaMethods", {}, OWNER).items if item.name)

    # Clusters

    def package(self, name: str, **where: str) -> str:
        where = where or self.AWS
        return self.found("booking.v1.BookingService/ListPackages", name, **where).id

    def cluster_fields(self) -> dict:
        return {"account_id": self.account, "name": "walked", **self.AWS,
                "labels": [{"key": "team", "value": "walkers"}],
                "configuration": {"number_of_nodes": 2, "package_id": self.package("gpx2")}}

    def create_cluster(self, **metadata: str) -> Message:
        """A cluster that is healthy."""
        made = self.call("cluster.v1.ClusterService/CreateCluster",
                         {"cluster": self.cluster_fields()}, metadata=metadata).cluster
        return self.get_cluster(made.id)

    def get_cluster(self, identifier: str) -> Message:
        return self.call(
            "cluster.v1.ClusterService/GetCluster", {"cluster_id": identifier}).cluster

    def legacy_cluster(self) -> str:
        """A cluster without granular keys."""
        return self.create_cluster(**{"qc-jwt-rbac": "false"}).id

    def suspended_cluster(self) -> str:
        return self.found("cluster.v1.ClusterService/ListClusters", "staging").id

    def search(self) -> str:
        """The cluster that has collections, load, a history."""
        return self.found("cluster.v1.ClusterService/ListClusters", "search-prod").id

    def hybrid_cluster(self) -> str:
        """A hybrid cluster whose nodes had time to start."""
        where = {"cloud_provider_id": "hybrid", "cloud_provider_region_id": self.environment().id}
        configuration = {"number_of_nodes": 1, "package_id": self.package("hc-gpx2", **where)}
        made = self.call("cluster.v1.ClusterService/CreateCluster", {"cluster": {
            "account_id": self.account, "name": "in-house", **where,
            "configuration": configuration}}).cluster
        self.sandbox.admin("POST", "/time", {"advance": "10m"}, self.name)
        return made.id

    def troubled_cluster(self) -> str:
        """A cluster with an alert."""
        self.sandbox.admin(
            "POST", "/incidents", {"kind": "out_of_memory", "id": self.search()}, self.name)
        return self.search()

    def database_key_fields(self) -> dict:
        rule = {"collection_access": {
            "collection_name": "documents",
            "access_type": "COLLECTION_ACCESS_RULE_ACCESS_TYPE_READ_WRITE"}}
        return {"account_id": self.account, "cluster_id": self.search(), "name": "walker key",
                "access_rules": [rule]}

    def database_key(self) -> Message:
        return self.call("cluster.auth.v2.DatabaseApiKeyService/CreateDatabaseApiKey", {
            "database_api_key": self.database_key_fields()}).database_api_key

    def admin_key(self) -> Message:
        return self.call("cluster.auth.v1.DatabaseApiKeyService/CreateDatabaseApiKey", {
            "database_api_key": {
                "account_id": self.account, "cluster_ids": [self.legacy_cluster()]},
        }).database_api_key

    def environment(self) -> Message:
        return self.found("hybrid.v1.HybridCloudService/ListHybridCloudEnvironments", "on-premises")

    def new_environment(self) -> Message:
        return self.call("hybrid.v1.HybridCloudService/CreateHybridCloudEnvironment", {
            "hybrid_cloud_environment": self.environment_fields()}).hybrid_cloud_environment

    def environment_fields(self) -> dict:
        return {"account_id": self.account, "name": "walked", "configuration": {
            "namespace": "qdrant-walk", "log_level": (
                "HYBRID_CLOUD_ENVIRONMENT_CONFIGURATION_LOG_LEVEL_INFO"),
            "advanced_operator_settings": {"clusterManager": {"enabled": False}}}}

    # Backups of clusters

    def backup_fields(self) -> dict:
        return {"account_id": self.account, "cluster_id": self.search(), "display_name": "walked",
                "retention_period": "604800s"}

    def backup(self) -> Message:
        """A backup that is done."""
        made = self.call("cluster.backup.v1.BackupService/CreateBackup", {
            "backup": self.backup_fields()}).backup
        return self.call(
            "cluster.backup.v1.BackupService/GetBackup", {"backup_id": made.id}).backup

    def schedule_fields(self) -> dict:
        return {"account_id": self.account, "cluster_id": self.search(), "display_name": "walked",
                "schedule": "30 4 * * *", "retention_period": "86400s"}

    def schedule(self) -> Message:
        return self.call("cluster.backup.v1.BackupService/CreateBackupSchedule", {
            "backup_schedule": self.schedule_fields()}).backup_schedule

    def restore(self) -> None:
        self.call(
            "cluster.backup.v1.BackupService/RestoreBackup", {"backup_id": self.backup().id})

    # Serverless

    def space_fields(self) -> dict:
        return {"account_id": self.account, "name": "walked", **self.AWS,
                "configuration": {"allowed_origins": ["https://app.example.com"]}}

    def create_space(self) -> Message:
        """A space that is ready."""
        made = self.call("serverless.space.v1.SpaceService/CreateSpace", {
            "space": self.space_fields()}).space
        return self.call(
            "serverless.space.v1.SpaceService/GetSpace", {"space_id": made.id}).space

    def space(self) -> str:
        return self.found("serverless.space.v1.SpaceService/ListSpaces", "assistant").id

    def space_key_fields(self) -> dict:
        rule = {"global_access": {"access_type": "GLOBAL_ACCESS_RULE_ACCESS_TYPE_READ_ONLY"}}
        return {"account_id": self.account, "space_id": self.space(), "name": "walker key",
                "access_rules": [rule]}

    def space_key(self) -> Message:
        return self.call("serverless.space.auth.v1.SpaceApiKeyService/CreateSpaceApiKey", {
            "space_api_key": self.space_key_fields()}).space_api_key

    def dashboard_token(self) -> str:
        """The id of a token of the dashboard."""
        service = "serverless.space.auth.v1.EphemeralDashboardTokenService/"
        self.call(f"{service}CreateEphemeralDashboardToken", {"space_id": self.space()}, OWNER)
        return self.call(f"{service}ListEphemeralDashboardTokens").items[0].id

    def space_backup_fields(self) -> dict:
        return {"account_id": self.account, "space_id": self.space(),
                "retention_period": "604800s", "collection_name": "memories"}

    def space_backup(self) -> Message:
        """A backup that is done."""
        made = self.call("serverless.space.backup.v1.BackupService/CreateBackup", {
            "backup": self.space_backup_fields()}).backup
        return self.call(
            "serverless.space.backup.v1.BackupService/GetBackup", {"backup_id": made.id}).backup

    def space_schedule_fields(self) -> dict:
        return {"account_id": self.account, "space_id": self.space(), "name": "walked copy",
                "schedule": "30 4 * * *", "retention_period": "86400s"}

    def space_schedule(self) -> Message:
        return self.call("serverless.space.backup.v1.BackupService/CreateBackupSchedule", {
            "backup_schedule": self.space_schedule_fields()}).backup_schedule

    def space_restore(self) -> None:
        self.call("serverless.space.backup.v1.BackupService/RestoreBackup",
                  {"backup_id": self.space_backup().id})

    # Money

    def payment_method_fields(self) -> dict:
        return {"account_id": self.account, "type": "PAYMENT_PROVIDER_TYPE_STRIPE",
                "billing_address": {"name": "Walkers", "line1": "Road 1", "country": "DE"}}

    def payment_method(self) -> Message:
        return self.call("payment.v1.PaymentService/CreatePaymentMethod", {
            "payment_method": self.payment_method_fields()}).payment_method

    def checkout(self) -> Message:
        return self.call("payment.v1.PaymentService/CreateStripeCheckoutSession", {
            "redirect_url": "https://example.com/done"}).stripe_session

    def month(self) -> Message:
        """The last month that has ended."""
        return self.call("metering.v1.MeteringService/ListMonthlyMeterings").items[-2]

    def plant_billing_family(self, parent: str) -> None:
        """Two accounts, one of which pays for the other."""
        permissions = ["read:clusters", "read:backups", "read:roles", "read:users"]
        production = {
            "name": "Production", "owner": OWNER,
            "roles": [{"name": "Viewer", "permissions": permissions}],
            "members": [{"user": VIEWER, "roles": ["Viewer"]}]}
        sandbox = {"name": "Sandbox", "owner": OUTSIDER}
        accounts = [production, sandbox]
        for account in accounts:
            if account["name"] != parent:
                account["billing_parent"] = parent
        users = [{"email": email} for email in (OWNER, VIEWER, OUTSIDER)]
        self.plant({"users": users, "accounts": accounts})


# What is asked for

Case = Callable[[World], dict]


def plain(_: World) -> dict:
    """Nothing at all, or no more than the account."""
    return {}


def in_family(parent: str) -> Case:
    def case(world: World) -> dict:
        world.plant_billing_family(parent)
        return {}
    return case


def consent_recorded(world: World) -> dict:
    document = {"document_type": "LEGAL_DOCUMENT_TYPE_TERMS_OF_SERVICE"}
    world.call("iam.v1.IAMService/RecordUserConsent", {
        **document, "status_update": "USER_CONSENT_STATUS_ACCEPTED"}, OWNER)
    return document


def received_invite(world: World) -> dict:
    return {"account_id": world.account, "invite_id": world.invite(OUTSIDER).id}


def after(what: Callable[[World], object]) -> Case:
    """Nothing but the account, once something has been made."""
    def case(world: World) -> dict:
        what(world)
        return {}
    return case


def named(name: str, what: Callable[[World], object]) -> Case:
    """A request with the id of something."""
    def case(world: World) -> dict:
        made = what(world)
        return {name: made if isinstance(made, str) else made.id}
    return case


def in_region(**more: object) -> Case:
    return lambda world: {**world.AWS, **more}


def usage_breakdown(world: World) -> dict:
    month = world.month()
    year, next_month = (month.year + 1, 1) if month.month == 12 else (month.year, month.month + 1)
    return {"start_time": f"{month.year}-{month.month:02}-01T00:00:00Z",
            "end_time": f"{year}-{next_month:02}-01T00:00:00Z"}


def mask(*names: str) -> str:
    """A field mask as JSON has it."""
    return ",".join(re.sub("_(.)", lambda match: match[1].upper(), name) for name in names)


def edited(name: str, what: Callable[[World], Message], /, *identifiers: str,
           drop: tuple[str, ...] = (), **changes: object) -> list[Case]:
    """A full update, by what Get tells with some changes, and one by a mask with only these."""
    def full(world: World) -> dict:
        return {name: {**as_dict(what(world), *drop), **changes}}

    def masked(world: World) -> dict:
        known = as_dict(what(world))
        return {name: {**{key: known[key] for key in identifiers}, **changes},
                "update_mask": mask(*changes)}

    return [full, masked]


# Who calls where it is neither the management key nor, for methods that are for users, the owner.
ACTORS = {
    "account.v1.AccountService/UpdateAccount": OWNER,
    "account.v1.AccountService/LeaveAccount": ADMIN,
    "account.v1.AccountService/ListReceivedAccountInvites": OUTSIDER,
    "account.v1.AccountService/AcceptAccountInvite": OUTSIDER,
    "account.v1.AccountService/RejectAccountInvite": OUTSIDER,
    "iam.v1.IAMService/UpdateUser": OWNER,
    # Who owns an account cannot be deleted.
    "iam.v1.IAMService/DeleteUser": VIEWER,
}

# What makes a meaningful request of each method. The negative checks use the first of several. An
# `account_id` that the method's account is in need not be named.
CASES: dict[str, dict[str, Case | list[Case]]] = {
    "account.v1.AccountService": {
        "ListAccounts": plain,
        "GetAccount": plain,
        "CreateAccount": lambda w: {"account": w.account_fields()},
        "UpdateAccount": edited("account", World.own_account, "id", name="Renamed account"),
        "DeleteAccount": plain,
        "LeaveAccount": plain,
        "ListAccountInvites": [
            plain, lambda w: {"statuses": ["ACCOUNT_INVITE_STATUS_PENDING"]}],
        "ListReceivedAccountInvites": after(lambda w: w.invite(OUTSIDER)),
        "GetAccountInvite": named("invite_id", lambda w: w.invite("guest@example.com")),
        "CreateAccountInvite": lambda w: {"account_invite": {
            "account_id": w.account, "user_email": "guest@example.com",
            "user_role_ids": [w.role().id]}},
        "DeleteAccountInvite": named("invite_id", lambda w: w.invite("guest@example.com")),
        "AcceptAccountInvite": received_invite,
        "RejectAccountInvite": received_invite,
        "ListAccountMembers": plain,
        "GetAccountMember": named("user_id", lambda w: w.user(VIEWER)),
        "DeleteAccountMember": named("user_id", lambda w: w.user(VIEWER)),
        "SuggestCompanies": [
            lambda w: {"name": "exa"}, lambda w: {"email": "someone@example.com"}],
    },
    "auth.v1.AuthService": {
        "ListManagementKeys": plain,
        "CreateManagementKey": lambda w: {"management_key": {"account_id": w.account}},
        "DeleteManagementKey": named("management_key_id", World.management_key),
    },
    "billing.v1.BillingService": {
        "ListInvoices": plain,
        "ListDiscounts": plain,
        "ListCreditContracts": plain,
        "GetBillingAccountParent": in_family("Sandbox"),
        "ListBillingAccountChildren": in_family("Production"),
    },
    "booking.v1.BookingService": {
        "ListPackages": [in_region(), in_region(
            statuses=["PACKAGE_STATUS_ACTIVE", "PACKAGE_STATUS_DEACTIVATED"], multi_az=False,
            gpu=False, min_resources={"ram": "8GiB"}, tier="PACKAGE_TIER_STANDARD")],
        "GetPackage": lambda w: {**w.AWS, "id": w.package("gpx2")},
        "ListGlobalPackages": in_region(),
        "GetQuote": lambda w: {
            **w.AWS, "package_id": w.package("gpx3"), "number_of_nodes": 3,
            "additional_disk_gib": 50, "storage_tier_type": "STORAGE_TIER_TYPE_BALANCED"},
        "GetBackupQuote": in_region(backup_size_gib=20),
        "ListInferenceModels": in_region(),
        "ListStorageTierTypes": in_region(),
    },
    "cluster.auth.v1.DatabaseApiKeyService": {
        "ListDatabaseApiKeys": after(World.admin_key),
        "CreateDatabaseApiKey": lambda w: {"database_api_key": {
            "account_id": w.account, "cluster_ids": [w.legacy_cluster()]}},
        "DeleteDatabaseApiKey": named("database_api_key_id", World.admin_key),
    },
    "cluster.auth.v1.EphemeralDashboardTokenService": {
        "CreateEphemeralDashboardToken": named("cluster_id", World.search),
    },
    "cluster.auth.v2.DatabaseApiKeyService": {
        "ListDatabaseApiKeys": named("cluster_id", World.search),
        "CreateDatabaseApiKey": lambda w: {"database_api_key": w.database_key_fields()},
        "DeleteDatabaseApiKey": lambda w: {
            "cluster_id": w.search(), "database_api_key_id": w.database_key().id},
    },
    "cluster.backup.v1.BackupService": {
        "ListBackups": [plain, lambda w: {"cluster_id": w.search(), "page_size": 1}],
        "GetBackup": named("backup_id", World.backup),
        "CreateBackup": lambda w: {"backup": w.backup_fields()},
        "UpdateBackup": lambda w: {"backup": {**as_dict(w.backup()), "display_name": "renamed"}},
        "DeleteBackup": named("backup_id", World.backup),
        "ListBackupRestores": after(World.restore),
        "RestoreBackup": named("backup_id", World.backup),
        "ListBackupSchedules": [plain, lambda w: {"cluster_id": w.search(), "page_size": 5}],
        "GetBackupSchedule": lambda w: {
            "cluster_id": w.search(), "backup_schedule_id": w.schedule().id},
        "CreateBackupSchedule": lambda w: {"backup_schedule": w.schedule_fields()},
        "UpdateBackupSchedule": edited(
            "backup_schedule", World.schedule, "id", "account_id", "cluster_id",
            schedule="@every 6h"),
        "DeleteBackupSchedule": named("backup_schedule_id", World.schedule),
    },
    "cluster.v1.ClusterService": {
        "ListClusters": [plain, in_region(page_size=1)],
        "GetCluster": named("cluster_id", World.create_cluster),
        "GetClusterDownscaleRisk": lambda w: {
            "cluster_id": w.search(), "package_id": w.package("gpx1")},
        "CreateCluster": lambda w: {"cluster": w.cluster_fields()},
        "CreateClusterFromBackup": lambda w: {
            "backup_id": w.backup().id, "cluster_name": "from-backup"},
        "UpdateCluster": edited(
            "cluster", World.create_cluster, "id", "account_id", drop=("state",), name="renamed"),
        "DeleteCluster": named("cluster_id", World.create_cluster),
        "RestartCluster": named("cluster_id", World.create_cluster),
        "SuspendCluster": named("cluster_id", World.create_cluster),
        "UnsuspendCluster": named("cluster_id", World.suspended_cluster),
        "EnableClusterJwtRbac": named("cluster_id", World.legacy_cluster),
        "SuggestClusterName": plain,
        "ListQdrantReleases": [plain, named("cluster_id", World.search)],
        "GetQdrantRelease": lambda w: {"version": next(
            item.version for item in w.call("cluster.v1.ClusterService/ListQdrantReleases").items
            if item.default)},
    },
    "hybrid.v1.HybridCloudService": {
        "ListHybridCloudEnvironments": plain,
        "GetHybridCloudEnvironment": named("hybrid_cloud_environment_id", World.environment),
        "CreateHybridCloudEnvironment": lambda w: {
            "hybrid_cloud_environment": w.environment_fields()},
        "UpdateHybridCloudEnvironment": edited(
            "hybrid_cloud_environment", World.new_environment, "id", "account_id",
            drop=("status",), name="renamed"),
        "DeleteHybridCloudEnvironment": named(
            "hybrid_cloud_environment_id", World.new_environment),
        "GenerateBootstrapCommands": named("hybrid_cloud_environment_id", World.new_environment),
    },
    "iam.v1.IAMService": {
        "GetAuthenticatedUser": [
            lambda w: {"user_id": w.user(OWNER)}, plain],
        "ListUsers": plain,
        "UpdateUser": [
            lambda w: {"user": {
                **as_dict(w.own_user()), "default_account_id": w.third_account()}},
            lambda w: {
                "user": {"id": w.own_user().id, "default_account_id": w.third_account()},
                "update_mask": mask("default_account_id")}],
        "DeleteUser": named("user_id", lambda w: w.user(VIEWER)),
        "GetUserProfile": plain,
        "UpdateUserProfile": edited("user_profile", World.own_profile, given_name="Augusta"),
        "GetUserConsent": [
            consent_recorded, lambda w: {"document_type": "LEGAL_DOCUMENT_TYPE_SLA"}],
        "RecordUserConsent": lambda w: {
            "document_type": "LEGAL_DOCUMENT_TYPE_PRIVACY_POLICY",
            "status_update": "USER_CONSENT_STATUS_REVOKED"},
        "ListPermissions": plain,
        "ListRoles": plain,
        "GetRole": named("role_id", World.role),
        "CreateRole": lambda w: {"role": w.role_fields("Walker")},
        "UpdateRole": edited("role", World.role, "id", "account_id", name="Runner"),
        "DeleteRole": named("role_id", World.role),
        "ListEffectivePermissions": plain,
        "ListUserRoles": named("user_id", lambda w: w.user(VIEWER)),
        "ListRoleUsers": named("role_id", lambda w: w.found(
            "iam.v1.IAMService/ListRoles", "Viewer").id),
        "AssignUserRoles": lambda w: {
            "user_id": w.user(VIEWER), "role_ids_to_add": [w.role().id]},
        "LogoutUser": plain,
        "ListUserMfaMethods": plain,
        "UpdateUserMfaMethod": lambda w: {"mfa_method": {
            **as_dict(w.security_key()), "name": "Another key"}},
        "DeleteUserMfaMethod": lambda w: {"mfa_method": as_dict(w.security_key())},
    },
    "metering.v1.MeteringService": {
        "ListMonthlyMeterings": plain,
        "ListMeterings": lambda w: {"year": w.month().year, "month": w.month().month},
        "GetUsageBreakdown": usage_breakdown,
    },
    "monitoring.v1.MonitoringService": {
        "GetClusterSummaryMetrics": named("cluster_id", World.search),
        "GetClusterUsageMetrics": [
            named("cluster_id", World.search),
            lambda w: {"cluster_id": w.search(), "aggregator": "AGGREGATOR_MAX"}],
        "GetClusterLogs": named("cluster_id", World.search),
        "GetClusterEvents": named("cluster_id", World.hybrid_cluster),
        "GetClusterInferenceMetrics": lambda w: {
            "cluster_id": w.search(), "interval": "INFERENCE_METRICS_INTERVAL_WEEK"},
        "ListClusterAlerts": named("cluster_id", World.troubled_cluster),
    },
    "payment.v1.PaymentService": {
        "ListPaymentMethods": plain,
        "GetPaymentMethod": named("payment_method_id", World.payment_method),
        "GetPaymentMethodAvailability": plain,
        "CreatePaymentMethod": lambda w: {"payment_method": w.payment_method_fields()},
        "UpdatePaymentMethod": edited(
            "payment_method", World.payment_method, "id", "account_id", "type",
            tax_id="DE123456789"),
        "DeletePaymentMethod": named("payment_method_id", World.payment_method),
        "GetStripeCheckoutSession": named("session_id", World.checkout),
        "CreateStripeCheckoutSession": lambda w: {"redirect_url": "https://example.com/done"},
        "RecordCloudMarketplaceEntitlement": lambda w: {"entitlement_id": "aws-walk-1"},
    },
    "platform.v1.PlatformService": {
        "ListGlobalCloudProviders": plain,
        "ListCloudProviders": plain,
        "ListGlobalCloudProviderRegions": lambda w: {"cloud_provider_id": "aws"},
        "GetGlobalCloudProviderRegion": lambda w: {
            "cloud_provider_id": "aws", "region_id": "eu-central-1"},
        "ListCloudProviderRegions": [
            lambda w: {"cloud_provider_id": "aws"}, lambda w: {"cloud_provider_id": "hybrid"}],
        "GetCloudProviderRegion": [
            lambda w: {"cloud_provider_id": "aws", "region_id": "eu-central-1"},
            lambda w: {"cloud_provider_id": "hybrid", "region_id": w.environment().id}],
    },
    "quota.v1.QuotaService": {
        "GetAuthenticatedUserQuotas": plain,
        "GetAccountQuotas": plain,
    },
    "serverless.platform.v1.PlatformService": {
        "ListGlobalCloudProviders": plain,
        "ListCloudProviders": plain,
        "ListGlobalCloudProviderRegions": lambda w: {"cloud_provider_id": "aws"},
        "GetGlobalCloudProviderRegion": lambda w: {
            "cloud_provider_id": "aws", "region_id": "eu-central-1"},
        "ListCloudProviderRegions": lambda w: {"cloud_provider_id": "aws"},
        "GetCloudProviderRegion": lambda w: {
            "cloud_provider_id": "aws", "region_id": "eu-central-1"},
    },
    "serverless.quota.v1.QuotaService": {
        "GetQuotas": plain,
    },
    "serverless.space.auth.v1.EphemeralDashboardTokenService": {
        "CreateEphemeralDashboardToken": named("space_id", World.space),
        "ListEphemeralDashboardTokens": after(World.dashboard_token),
        "RevokeEphemeralDashboardToken": named("space_api_key_id", World.dashboard_token),
    },
    "serverless.space.auth.v1.SpaceApiKeyService": {
        "ListSpaceApiKeys": named("space_id", World.space),
        "CreateSpaceApiKey": lambda w: {"space_api_key": w.space_key_fields()},
        "DeleteSpaceApiKey": lambda w: {
            "space_id": w.space(), "space_api_key_id": w.space_key().id},
    },
    "serverless.space.backup.v1.BackupService": {
        "ListBackups": [plain, lambda w: {"space_id": w.space(), "page_size": 1}],
        "GetBackup": named("backup_id", World.space_backup),
        "CreateBackup": lambda w: {"backup": w.space_backup_fields()},
        "DeleteBackup": named("backup_id", World.space_backup),
        "ListBackupRestores": after(World.space_restore),
        "RestoreBackup": named("backup_id", World.space_backup),
        "ListBackupSchedules": [plain, lambda w: {"space_id": w.space(), "page_size": 5}],
        "GetBackupSchedule": lambda w: {
            "space_id": w.space(), "backup_schedule_id": w.space_schedule().id},
        "CreateBackupSchedule": lambda w: {"backup_schedule": w.space_schedule_fields()},
        "UpdateBackupSchedule": edited(
            "backup_schedule", World.space_schedule, "id", "account_id", "space_id",
            name="renamed copy"),
        "DeleteBackupSchedule": named("backup_schedule_id", World.space_schedule),
    },
    "serverless.space.v1.SpaceService": {
        "ListSpaces": [plain, in_region(page_size=1)],
        "GetSpace": named("space_id", World.create_space),
        "CreateSpace": lambda w: {"space": w.space_fields()},
        "CreateSpaceFromBackup": lambda w: {
            "backup_id": w.space_backup().id, "space_name": "from-backup"},
        "UpdateSpace": edited(
            "space", World.create_space, "id", "account_id", drop=("state",), name="renamed"),
        "DeleteSpace": named("space_id", World.create_space),
        "SuggestSpaceName": plain,
    },
    "ui.v1.ClusterDataService": {
        "ListCollections": named("cluster_id", World.search),
    },
    "ui.v1.AggregationService": {
        "ListUsersWithRoles": plain,
    },
}


# Where answers break their own rules by nature: method, field, rule, why.
EXCEPTIONS = [
    ("cluster.v1.ClusterService/CreateCluster", "cluster.state.endpoint.url", "string.uri_empty",
     "a cluster that is being created has no address yet"),
    ("cluster.v1.ClusterService/CreateClusterFromBackup", "cluster.state.endpoint.url",
     "string.uri_empty", "a cluster that is being created has no address yet"),
    ("iam.v1.IAMService/GetUserConsent", "user_consent.status", "enum.not_in",
     "nothing was ever recorded about the document"),
]


# The checks

# What single values of a type are tried in order to break a rule.
WRONG_TEXTS = ("", "not-a-uuid", "\a", "x" * 5000)
WRONG_NUMBERS = (0, 1, 1000, 2**31 - 1)
WRONG_VALUES = {
    FieldDescriptor.CPPTYPE_STRING: WRONG_TEXTS,
    FieldDescriptor.CPPTYPE_ENUM: (0, 999),
    FieldDescriptor.CPPTYPE_INT32: (-1, *WRONG_NUMBERS),
    FieldDescriptor.CPPTYPE_INT64: (-1, *WRONG_NUMBERS),
    FieldDescriptor.CPPTYPE_UINT32: WRONG_NUMBERS,
    FieldDescriptor.CPPTYPE_UINT64: WRONG_NUMBERS,
    FieldDescriptor.CPPTYPE_DOUBLE: (-1.0, 1000.0),
}


def variants(message: Message) -> Iterator[tuple[str, Message]]:
    """The message with one field changed, and that field's path; not every change breaks it."""
    for about in message.DESCRIPTOR.fields:
        present = [value for found, value in message.ListFields() if found.name == about.name]
        if present:
            changed = copy.deepcopy(message)
            changed.ClearField(about.name)
            yield about.name, changed
        for value in WRONG_VALUES.get(about.cpp_type, ()):
            changed = copy.deepcopy(message)
            if about.is_repeated:
                getattr(changed, about.name).append(value)
            else:
                setattr(changed, about.name, value)
            yield about.name, changed
        if about.cpp_type != FieldDescriptor.CPPTYPE_MESSAGE or not present:
            continue
        if about.message_type.full_name == "google.protobuf.Duration":
            changed = copy.deepcopy(message)
            getattr(changed, about.name).FromSeconds(1)
            yield about.name, changed
        if about.message_type.full_name.startswith("google.protobuf."):
            continue
        inner = present[0][0] if about.is_repeated else present[0]
        for path, wrong in variants(inner):
            changed = copy.deepcopy(message)
            place = getattr(changed, about.name)
            (place[0] if about.is_repeated else place).CopyFrom(wrong)
            yield f"{about.name}.{path}", changed


def violations(message: Message) -> list[tuple[str, str]]:
    """What protovalidate finds: field and rule."""
    return sorted((path_text(found.proto.field), found.proto.rule_id)
                  for found in VALIDATOR.collect_violations(message))


def at(message: Message, path: str) -> str:
    """The text at a path."""
    for name in path.split("."):
        message = getattr(message, name)
    return str(message)


def broken_requests(
    method: Method, request: Message, by_rest: bool
) -> Iterator[tuple[str, Message, list[tuple[str, str]]]]:
    """Requests with one field that breaks rules: the field, the request, the violations.

    Over REST, fields that are in the URL's path cannot be left out.
    """
    found: set[str] = set()
    for path, changed in variants(request):
        if path == method.account_path or (wrong := violations(changed)) == []:
            continue
        # In a query it is not a rule that refuses an unknown number, but whoever reads it.
        is_unknown = any(rule == "enum.defined_only" for _, rule in wrong)
        if by_rest and not method.has_body and is_unknown:
            continue
        if by_rest and any(not at(changed, name) for name in method.path_fields):
            continue
        # Several values may break the same rules; one of them tells.
        if (key := f"{path} {wrong}") in found:
            continue
        found.add(key)
        yield path, changed, wrong
    # Another account than one's own is refused before anything is validated, but not none.
    if not found and method.account_path:
        changed = copy.deepcopy(request)
        owner = changed
        *parents, leaf = method.account_path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        owner.ClearField(leaf)
        yield method.account_path, changed, violations(changed)


class Walk:
    """Makes the checks and counts them."""

    CHECKS = ("valid", "broken", "permission", "foreign", "actor", "credential")

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.counts: Counter[str] = Counter()
        self.failed = 0
        self.used: set[tuple[str, str, str, str]] = set()
        world = World(sandbox)
        held = world.call("iam.v1.IAMService/ListEffectivePermissions", actor=VIEWER)
        self.viewer_holds = {permission.value for permission in held.permissions}
        world.close()

    def run(self) -> None:
        cases = {f"{service}/{name}": case if isinstance(case, list) else [case]
                 for service, methods in CASES.items() for name, case in methods.items()}
        for name in sorted(cases.keys() ^ self.sandbox.methods.keys()):
            self.fail(name, "-", "valid", "there is no case" if name not in cases
                      else "the contract has no such method")
        for transport in (self.sandbox.grpc, self.sandbox.rest):
            for name, method in self.sandbox.methods.items():
                for index, case in enumerate(cases.get(name, [])):
                    self.walk(method, transport, case, is_first=index == 0)
        for exception in EXCEPTIONS:
            if exception not in self.used:
                self.fail(exception[0], "-", "valid",
                          f"keeps {exception[2]} of {exception[1]}, yet is excused")

    def fail(self, method: str, transport: str, check: str, detail: str) -> None:
        self.failed += 1
        print(f"FAIL {method} {transport} {check}: {' '.join(detail.split())[:600]}")

    def walk(self, method: Method, transport: GRPC | REST, case: Case, is_first: bool) -> None:
        """Makes all checks with what one case asks for, in a world of its own."""
        world = World(self.sandbox)
        actor = ACTORS.get(method.name, OWNER if method.is_for_users else KEY)
        try:
            fields = case(world)
            if method.account_path == "account_id":
                fields = {"account_id": world.account, **fields}
            request = json_format.ParseDict(fields, method.request())
            # What is refused must not change anything, so that the valid call still succeeds.
            if is_first:
                self.check_credential(world, method, transport, request)
                self.check_broken(world, method, transport, request, actor)
                self.check_actor(world, method, transport, request)
                self.check_foreign(world, method, transport, request)
                self.check_permission(world, method, transport, request)
            self.check_valid(world, method, transport, request, actor)
        except Exception as problem:  # Whatever it is, it is a finding, and the walk goes on.
            self.fail(method.name, transport.name, "valid", f"cannot be done: {problem!r}")
            self.sandbox.rest.connection.close()
        finally:
            world.close()

    def expect(self, check: str, code: str, method: Method, transport: GRPC | REST,
               request: Message, credential: str | None, about: str = "") -> Reply:
        """Makes a call and compares the code it ends with."""
        self.counts[check] += 1
        reply = transport.call(method, request, credential)
        if reply.code != code:
            self.fail(method.name, transport.name, check, f"{about}{code} expected, not {reply}")
        for flaw in reply.flaws:
            self.fail(method.name, transport.name, check, about + flaw)
        return reply

    def check_valid(self, world: World, method: Method, transport: GRPC | REST, request: Message,
                    actor: str) -> None:
        # With a mask, what it does not name may be missing.
        is_partial = any(about.name == "update_mask" for about, _ in request.ListFields())
        if not is_partial and (own := violations(request)):
            self.fail(method.name, transport.name, "valid", f"the case is wrong: {own}")
        reply = self.expect(
            "valid", "OK", method, transport, request, world.credential(actor))
        if reply.response is None:
            return
        if method.response.DESCRIPTOR.fields and not reply.response.ListFields():
            self.fail(method.name, transport.name, "valid", "the answer is empty")
        for path, rule in violations(reply.response):
            excused = [exception for exception in EXCEPTIONS
                       if exception[:3] == (method.name, path, rule)]
            self.used.update(excused)
            if not excused:
                self.fail(method.name, transport.name, "valid", f"the answer's {path}: {rule}")

    def check_broken(self, world: World, method: Method, transport: GRPC | REST, request: Message,
                     actor: str) -> None:
        by_rest = transport is self.sandbox.rest
        broken = list(broken_requests(method, request, by_rest))
        if method.request.DESCRIPTOR.fields and not broken:
            self.fail(method.name, transport.name, "broken", "there is no way to break it")
        for path, changed, wrong in broken:
            reply = self.expect("broken", "INVALID_ARGUMENT", method, transport, changed,
                                world.credential(actor), f"{path}: ")
            if reply.code != "INVALID_ARGUMENT":
                continue
            if reply.violations != wrong:
                self.fail(method.name, transport.name, "broken",
                          f"{path}: {wrong} expected, not {reply.violations}")

    def check_permission(self, world: World, method: Method, transport: GRPC | REST,
                         request: Message) -> None:
        if not method.permissions:
            return
        may = method.allows(self.viewer_holds)
        member = world.base_member() if may else VIEWER
        self.expect("permission", "PERMISSION_DENIED", method, transport, request,
                    world.credential(member))

    def check_foreign(self, world: World, method: Method, transport: GRPC | REST,
                      request: Message) -> None:
        if not method.account_path:
            return
        other = world.credential(OUTSIDER) if method.is_for_users else world.other_key
        self.expect("foreign", "PERMISSION_DENIED", method, transport, request, other)

    def check_actor(self, world: World, method: Method, transport: GRPC | REST,
                    request: Message) -> None:
        if method.is_for_users:
            self.expect("actor", "PERMISSION_DENIED", method, transport, request, world.key)

    def check_credential(self, world: World, method: Method, transport: GRPC | REST,
                         request: Message) -> None:
        code = "OK" if method.is_public else "UNAUTHENTICATED"
        self.expect("credential", code, method, transport, request, None)


def main() -> int:
    walk = Walk(Sandbox(*sys.argv[1:]))
    walk.run()
    counts = {check: walk.counts[check] for check in Walk.CHECKS}
    print(json.dumps(
        {"methods": len(walk.sandbox.methods), **counts, "failed": walk.failed}))
    return 1 if walk.failed else 0


if __name__ == "__main__":
    sys.exit(main())
