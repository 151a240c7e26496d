"""The facts of a descriptor set: one line of text for each name, number, type, route, option and rule.

Comments and messages for people are no facts. Two sets with the same facts are the same API.
"""
import hashlib
import json

COMMON = "[qdrant.cloud.common.v1."
OPTIONS = ["FieldOptions", "OneofOptions", "MessageOptions", "EnumOptions", "EnumValueOptions",
           "ServiceOptions", "MethodOptions"]
KINDS = ["service", "method", "message", "field", "oneof", "enum", "value", "rule"]


class Facts:
    """What a descriptor set says of the packages below a prefix."""

    def __init__(self, serialized: bytes, prefix: str = "qdrant.cloud.") -> None:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

        files = descriptor_pb2.FileDescriptorSet.FromString(serialized).file
        self.pool = descriptor_pool.DescriptorPool()
        for file in files:
            self.pool.Add(file)
        self.option_classes = {
            name: message_factory.GetMessageClass(
                self.pool.FindMessageTypeByName(f"google.protobuf.{name}"))
            for name in OPTIONS
        }
        self.lines: dict[tuple[str, str], str] = {}
        self.cel_rules = 0
        self.packages = set()
        for file in files:
            if file.package.startswith(prefix):
                self.packages.add(file.package)
                self.read_file(self.pool.FindFileByName(file.name))

    def add(self, kind: str, name: str, text: str) -> None:
        self.lines[kind, name] = text

    def options(self, descriptor, kind: str) -> dict:
        """The options with extensions known, as JSON."""
        from google.protobuf import json_format
        message = self.option_classes[kind].FromString(
            descriptor.GetOptions().SerializeToString())
        return json_format.MessageToDict(
            message, preserving_proto_field_name=True, descriptor_pool=self.pool)

    def read_file(self, file) -> None:
        for service in file.services_by_name.values():
            self.add("service", service.full_name, compact(self.options(service, "ServiceOptions")))
            for method in service.methods:
                options = self.options(method, "MethodOptions")
                route = options.pop("[google.api.http]", {})
                self.add("method", method.full_name, "; ".join([
                    f"{method.input_type.full_name} -> {method.output_type.full_name}",
                    f"http {compact(route)}", compact(options).replace(COMMON, "["),
                ]))
        for message in file.message_types_by_name.values():
            self.read_message(message)
        for enum in file.enum_types_by_name.values():
            self.read_enum(enum)

    def read_message(self, message) -> None:
        if message.GetOptions().map_entry:
            return
        options = self.options(message, "MessageOptions")
        self.rules(message.full_name, options.pop("[buf.validate.message]", None))
        self.add("message", message.full_name, compact(options))
        for field in message.fields:
            options = self.options(field, "FieldOptions")
            self.rules(field.full_name, options.pop("[buf.validate.field]", None))
            self.add("field", field.full_name,
                     f"{field.number} {presence(field)}{type_name(field)} {compact(options)}")
        for oneof in message.oneofs:
            if not oneof.name.startswith("_"):
                names = ", ".join(field.name for field in oneof.fields)
                options = self.options(oneof, "OneofOptions")
                self.add("oneof", oneof.full_name, f"{names} {compact(options)}")
        for inner in message.nested_types:
            self.read_message(inner)
        for enum in message.enum_types:
            self.read_enum(enum)

    def read_enum(self, enum) -> None:
        self.add("enum", enum.full_name, compact(self.options(enum, "EnumOptions")))
        for value in enum.values:
            options = self.options(value, "EnumValueOptions")
            self.add("value", f"{enum.full_name}.{value.name}", f"{value.number} {compact(options)}")

    def rules(self, name: str, rules: dict | None) -> None:
        if not rules:
            return
        for rule in rules.get("cel", []):
            self.cel_rules += 1
            rule.pop("message", None)
        self.add("rule", name, compact(rules))

    def counts(self) -> dict[str, int]:
        counts = {kind: 0 for kind in KINDS}
        for kind, _ in self.lines:
            counts[kind] += 1
        return {"package": len(self.packages), **counts, "cel": self.cel_rules}

    def checksum(self) -> str:
        text = "\n".join(f"{kind} {name} {line}" for (kind, name), line in sorted(self.lines.items()))
        return hashlib.sha256(text.encode()).hexdigest()


def type_name(field) -> str:
    if field.message_type is not None:
        if field.message_type.GetOptions().map_entry:
            key, value = field.message_type.fields
            return f"map<{type_name(key)}, {type_name(value)}>"
        return field.message_type.full_name
    if field.enum_type is not None:
        return field.enum_type.full_name
    from google.protobuf import descriptor_pb2
    return descriptor_pb2.FieldDescriptorProto.Type.Name(field.type)[5:].lower()


def presence(field) -> str:
    if field.is_repeated:
        return "" if field.message_type and field.message_type.GetOptions().map_entry else "repeated "
    if field.containing_oneof is None:
        return ""
    name = field.containing_oneof.name
    return "optional " if name.startswith("_") else f"oneof {name} "


def compact(value) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False) if value else ""


def difference(old: Facts, new: Facts) -> list[str]:
    """What a reviewer reads of an update, by kind and name: - gone, + new, ~ changed."""
    lines, totals = [], {"-": 0, "+": 0, "~": 0}
    order = {kind: number for number, kind in enumerate(KINDS)}
    keys = sorted(old.lines.keys() | new.lines.keys(), key=lambda key: (order[key[0]], key[1]))
    for key in keys:
        kind, name = key
        before, after = old.lines.get(key), new.lines.get(key)
        if before == after:
            continue
        if before is None:
            totals["+"] += 1
            lines.append(f"+ {kind:<8}{name}  {after}".rstrip())
        elif after is None:
            totals["-"] += 1
            lines.append(f"- {kind:<8}{name}  {before}".rstrip())
        else:
            totals["~"] += 1
            lines += [f"~ {kind:<8}{name}", f"    was  {before}", f"    is   {after}"]
    counted = f"{totals['-']} gone, {totals['+']} new, {totals['~']} changed"
    return [*lines, counted]
