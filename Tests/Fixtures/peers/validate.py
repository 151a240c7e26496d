"""Judges messages with protovalidate: validate.py INPUT OUTPUT.

Each line of the input is a message's full name and its bytes in base64; each line of the output is
what protovalidate finds: a JSON list of [path, rule id], or {"error": text} when it cannot judge.
"""
from __future__ import annotations

import base64
import json
import sys

import protovalidate

from contract import Contract


def text(path) -> str:
    parts: list[str] = []
    for element in path.elements if path else []:
        part = element.field_name
        subscript = element.subscript
        if subscript is not None:
            value = subscript.value
            part += f"[{json.dumps(value, ensure_ascii=False)}]"
        parts.append(part)
    return ".".join(parts)


def judgements(lines):
    contract, validator, classes = Contract(), protovalidate.Validator(), {}
    for line in lines:
        name, _, encoded = line.rstrip("\n").partition(" ")
        if name not in classes:
            classes[name] = contract.message(name)
        message = classes[name].FromString(base64.b64decode(encoded))
        try:
            yield [[text(v.proto.field), v.proto.rule_id]
                   for v in validator.collect_violations(message)]
        except (protovalidate.CompilationError, protovalidate.EvaluationError) as error:
            yield {"error": str(error)}


def main() -> None:
    with open(sys.argv[1]) as lines, open(sys.argv[2], "w") as output:
        for found in judgements(lines):
            print(json.dumps(found, ensure_ascii=False), file=output)


if __name__ == "__main__":
    main()
