"""Evaluates CEL expressions with protovalidate: expressions.py INPUT OUTPUT PROBE.

Each line of the input is an expression about a message `probe.Probe` whose value is a bool; each line
of the output is `true`, `false` or `error`. The descriptor set of the message and the
message itself are written to PROBE.set and PROBE.message.

protovalidate remembers types by their names, so each rule is one of a package of its own.
"""
from __future__ import annotations

import sys

import protovalidate
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from contract import Contract

FILE = """
name: "probe.proto" package: "probe" syntax: "proto3"
dependency: "google/protobuf/timestamp.proto" dependency: "google/protobuf/duration.proto"
dependency: "google/protobuf/wrappers.proto" dependency: "buf/validate/validate.proto"
message_type {
  name: "Probe"
  field { name: "text" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "number" number: 2 type: TYPE_INT64 label: LABEL_OPTIONAL }
  field { name: "natural" number: 3 type: TYPE_UINT64 label: LABEL_OPTIONAL }
  field { name: "fraction" number: 4 type: TYPE_DOUBLE label: LABEL_OPTIONAL }
  field { name: "flag" number: 5 type: TYPE_BOOL label: LABEL_OPTIONAL }
  field { name: "data" number: 6 type: TYPE_BYTES label: LABEL_OPTIONAL }
  field { name: "words" number: 7 type: TYPE_STRING label: LABEL_REPEATED }
  field { name: "table" number: 8 type: TYPE_MESSAGE type_name: ".probe.Probe.TableEntry" label: LABEL_REPEATED }
  field { name: "time" number: 9 type: TYPE_MESSAGE type_name: ".google.protobuf.Timestamp" label: LABEL_OPTIONAL }
  field { name: "length" number: 10 type: TYPE_MESSAGE type_name: ".google.protobuf.Duration" label: LABEL_OPTIONAL }
  field { name: "child" number: 11 type: TYPE_MESSAGE type_name: ".probe.Inner" label: LABEL_OPTIONAL }
  field { name: "children" number: 12 type: TYPE_MESSAGE type_name: ".probe.Inner" label: LABEL_REPEATED }
  field { name: "wrapped" number: 13 type: TYPE_MESSAGE type_name: ".google.protobuf.Int64Value" label: LABEL_OPTIONAL }
  field { name: "kind" number: 14 type: TYPE_ENUM type_name: ".probe.Kind" label: LABEL_OPTIONAL }
  field { name: "maybe" number: 15 type: TYPE_STRING label: LABEL_OPTIONAL proto3_optional: true oneof_index: 0 }
  field { name: "numbers" number: 16 type: TYPE_INT64 label: LABEL_REPEATED }
  nested_type {
    name: "TableEntry"
    field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "value" number: 2 type: TYPE_INT64 label: LABEL_OPTIONAL }
    options { map_entry: true }
  }
  oneof_decl { name: "_maybe" }
}
enum_type { name: "Kind" value { name: "NONE" number: 0 } value { name: "SOME" number: 3 } }
"""

MESSAGE = """
text: "héllo, wörld" number: -7 natural: 18446744073709551615 fraction: 2.5 flag: true
data: "\\000\\001\\377" words: "b" words: "a" words: "c" words: "a"
table { key: "one" value: 1 } table { key: "two" value: 2 }
time { seconds: 1790000000 nanos: 250000000 } length { seconds: 5430 nanos: 500000000 }
child { text: "inner" number: 3 child { flag: true } } children { number: 1 } children { number: 2 }
kind: SOME numbers: 5 numbers: 7 numbers: 9
"""


def main() -> None:
    pool = Contract().pool
    options = message_factory.GetMessageClass(
        pool.FindMessageTypeByName("google.protobuf.MessageOptions"))
    rules = pool.FindExtensionByName("buf.validate.message")

    def probe(expression: str | None, package: str = "probe"):
        """The class of the message whose children are of a type without the rule."""
        text = FILE.replace('"probe', f'"{package}').replace(".probe.", f".{package}.")
        own = text_format.Parse(text, descriptor_pb2.FileDescriptorProto())
        # The same message once more, so that its children do not have the rule.
        own.message_type.add().CopyFrom(own.message_type[0])
        own.message_type[0].name = "Inner"
        own.message_type[0].field[7].type_name = f".{package}.Inner.TableEntry"
        if expression is not None:
            made = options()
            made.Extensions[rules].cel.add(id="probe", message="no", expression=expression)
            own.message_type[1].options.ParseFromString(made.SerializeToString())
        scratch = descriptor_pool.DescriptorPool()
        files = descriptor_pb2.FileDescriptorSet()
        names = ["google/protobuf/descriptor.proto", "google/protobuf/field_mask.proto",
                 *own.dependency]
        for name in sorted(names, key=lambda name: (name.startswith("buf"), name)):
            pool.FindFileByName(name).CopyToProto(files.file.add())
        files.file.append(own)
        for each in files.file:
            scratch.Add(each)
        return files, message_factory.GetMessageClass(
            scratch.FindMessageTypeByName(f"{package}.Probe"))

    files, plain = probe(None)
    message = text_format.Parse(MESSAGE, plain())
    for name, value in (("set", files), ("message", message)):
        with open(f"{sys.argv[3]}.{name}", "wb") as output:
            output.write(value.SerializeToString(deterministic=True))
    with open(sys.argv[1]) as lines, open(sys.argv[2], "w") as output:
        for number, line in enumerate(lines):
            judged = probe(line.rstrip("\n"), f"probe{number}")[1].FromString(message.SerializeToString())
            try:
                found = protovalidate.Validator().collect_violations(judged)
                print("false" if found else "true", file=output)
            except (protovalidate.CompilationError, protovalidate.EvaluationError):
                print("error", file=output)


if __name__ == "__main__":
    main()
