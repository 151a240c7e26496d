"""Parses LuaCATS definitions: each annotation by its grammar, each type by its name.

Usage: luacats.py FOLDER

Prints what is wrong, then a line with how many annotations and types there are.
"""
from __future__ import annotations

import pathlib
import re
import sys

BUILT_IN = {
    "nil", "any", "boolean", "string", "number", "integer", "function", "table", "thread",
    "userdata", "lightuserdata", "self", "unknown", "true", "false",
}
TOKEN = re.compile(
    r"\s*(fun\b|[A-Za-z_][\w.]*|\"[^\"]*\"|'[^']*'|-?\d+|\.\.\.|\[\]|[|()\[\]{}<>,:?])")


class Wrong(Exception):
    """What does not parse."""


class Types:
    """Reads a type from the beginning of a text; what follows is a remark."""

    def __init__(self, text: str, names: set[str]) -> None:
        self.text, self.at, self.names = text, 0, names

    def peek(self) -> str | None:
        match = TOKEN.match(self.text, self.at)
        return match.group(1) if match else None

    def take(self, wanted: str | None = None) -> str:
        match = TOKEN.match(self.text, self.at)
        if not match or (wanted is not None and match.group(1) != wanted):
            raise Wrong(f"{wanted or 'a type'} expected at {self.text[self.at:][:40]!r}")
        self.at = match.end()
        return match.group(1)

    def union(self) -> None:
        self.primary()
        while self.peek() == "|":
            self.take()
            self.primary()

    def primary(self) -> None:
        token = self.take()
        if token == "(":
            self.union()
            self.take(")")
        elif token == "fun":
            self.function()
        elif token == "{":
            self.table()
        elif token[0] in "\"'" or token.lstrip("-").isdigit() or token == "...":
            pass
        elif re.match(r"[A-Za-z_]", token):
            self.names.add(token)
            if self.peek() == "<":
                self.take()
                self.union()
                while self.peek() == ",":
                    self.take()
                    self.union()
                self.take(">")
        else:
            raise Wrong(f"no type begins with {token!r}")
        while self.text[self.at:self.at + 2] == "[]" or self.text[self.at:self.at + 1] == "?":
            self.at += 2 if self.text[self.at] == "[" else 1

    def function(self) -> None:
        self.take("(")
        while self.peek() != ")":
            name = self.take()
            if self.peek() == "?":
                self.take()
            if self.peek() == ":":
                self.take()
                self.union()
            elif name != "..." and not re.match(r"[A-Za-z_]", name):
                raise Wrong(f"a parameter expected, not {name!r}")
            if self.peek() == ",":
                self.take()
        self.take(")")
        if self.peek() == ":":
            self.take()
            self.union()
            while self.peek() == ",":
                self.take()
                if self.peek() is None:
                    break
                self.union()

    def table(self) -> None:
        while self.peek() != "}":
            if self.peek() == "[":
                self.take()
                self.union()
                self.take("]")
            else:
                self.take()
            if self.peek() == "?":
                self.take()
            self.take(":")
            self.union()
            if self.peek() == ",":
                self.take()
        self.take("}")


def check(line: str, declared: set[str], used: set[str]) -> None:
    """Reads one annotation."""
    tag, _, rest = line[4:].partition(" ")
    if tag in ("meta", "async", "deprecated", "nodiscard"):
        return
    if tag in ("class", "alias"):
        match = re.match(r"([\w.]+)(?::\s*([\w.]+))?", rest)
        if not match:
            raise Wrong("no name")
        declared.add(match.group(1))
        if match.group(2):
            used.add(match.group(2))
        elif tag == "alias" and rest[match.end():].strip():
            Types(rest[match.end():], used).union()
    elif tag == "field":
        match = re.match(r"(?:[A-Za-z_]\w*|\[\"\w+\"\]|\[\d+\])\??\s+", rest)
        if not match:
            raise Wrong("no field's name")
        Types(rest[match.end():], used).union()
    elif tag == "param":
        match = re.match(r"(?:[A-Za-z_]\w*|\.\.\.)\??\s+", rest)
        if not match:
            raise Wrong("no parameter's name")
        Types(rest[match.end():], used).union()
    elif tag in ("return", "overload", "type"):
        Types(rest, used).union()
    elif tag == "operator":
        match = re.match(r"\w+(?:\(([^)]*)\))?: (.+)$", rest)
        if not match:
            raise Wrong("no operator")
        for part in match.groups():
            if part:
                Types(part, used).union()
    elif tag == "generic":
        declared.update(re.findall(r"(?:^|,)\s*([A-Za-z_]\w*)", rest))
    else:
        raise Wrong(f"there is no @{tag}")


def main() -> int:
    declared: set[str] = set()
    used: set[str] = set()
    count, wrong = 0, 0
    for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.lua")):
        text = path.read_text(encoding="utf-8")
        if not text.startswith("---@meta "):
            print(f"{path}: no @meta")
            wrong += 1
        for number, line in enumerate(text.split("\n"), 1):
            if line.startswith("---| "):
                Types(line[5:], used).union()
            elif line.startswith("---@"):
                count += 1
                try:
                    check(line, declared, used)
                except Wrong as problem:
                    print(f"{path}:{number}: {problem}: {line}")
                    wrong += 1
    for name in sorted(used - declared - BUILT_IN):
        print(f"nothing declares {name}")
        wrong += 1
    print(f"{count} annotations, {len(declared)} types, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
