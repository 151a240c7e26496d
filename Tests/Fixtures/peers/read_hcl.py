"""Reads HCL with python-hcl2 and prints its resources and imports as JSON.

Usage: read_hcl.py FILE
"""
from __future__ import annotations

import json
import sys

import hcl2


def plain(value: object) -> object:
    """A value without the reader's marks: quoted templates become the texts that they stand for."""
    if isinstance(value, dict):
        return {plain(key): plain(inner) for key, inner in value.items() if key != "__is_block__"}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return json.loads(value).replace("$${", "${").replace("%%{", "%{")
    return value


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        document = plain(hcl2.load(file))
    resources: dict[str, dict] = {}
    for resource in document.get("resource", []):
        for kind, named in resource.items():
            for name, body in named.items():
                resources[f"{kind}.{name}"] = body
    imports = {entry["to"].strip("${}"): entry["id"] for entry in document.get("import", [])}
    print(json.dumps({"resources": resources, "imports": imports,
                      "provider": document["provider"]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
