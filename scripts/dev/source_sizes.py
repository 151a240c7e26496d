"""Finds functions in formatted source: a function ends on the line that closes it at its own
indentation, which `swift format` and the conventions for C and Lua guarantee."""
import pathlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

#: What is written by people: Swift and C of the targets, Lua of the library and the scripts.
PLACES = (("Sources", {".swift", ".c", ".cpp"}), ("stdlib", {".lua"}), ("scripts", {".lua"}))

MODIFIER = r"(?:@\w+(?:\([^)]*\))?|public|private|fileprivate|internal|package|static|class|final" \
           r"|override|mutating|nonmutating|convenience|required|nonisolated(?:\(\w+\))?|borrowing" \
           r"|consuming|@Sendable)"
SWIFT = re.compile(rf"( *)(?:{MODIFIER} +)*(?:func +([\w`]+|[^\s\w(]+)|(init[?!]?)|(subscript)"
                   rf"|var +(\w+)[^=]*\{{$)")
LUA = re.compile(r"( *)(?:local +)?(?:return +)?(?:[\w.\[\]\"]+ *= *)?function\b *([\w.:]*)")
C = re.compile(r"()(?!typedef|struct|enum|union|extern \"C\")(?:[\w*]+[ \n*]+)+\**(\w+)\(")


@dataclass
class Function:
    """A function: its name, the number of its first line and of its lines."""

    name: str
    line: int
    lines: int


def files(root: pathlib.Path) -> Iterator[pathlib.Path]:
    """The source files below `root`, in order."""
    for place, suffixes in PLACES:
        for path in sorted((root / place).rglob("*")):
            if path.suffix in suffixes and ".build" not in path.parts:
                yield path


def functions(lines: list[str], suffix: str) -> Iterator[Function]:
    """The functions of a file with the suffix `suffix`."""
    pattern, close = {
        ".swift": (SWIFT, "}"), ".lua": (LUA, "end"),
    }.get(suffix, (C, "}"))
    for start, line in enumerate(lines):
        match = pattern.match(line)
        if not match or (suffix == ".lua" and re.search(r"\bend\b[),;]*$", line)):
            continue
        indent = match[1]
        name = next((group for group in match.groups()[1:] if group), "function")
        for end in range(start, len(lines)):
            text = lines[end]
            if end > start and text.startswith(indent + close) and not re.match(
                    rf"{indent}{close}\w", text):
                yield Function(name, start + 1, end - start + 1)
                break
            if end > start and text.strip() and not text.startswith(indent + " ") and not \
                    text.startswith((indent + ")", indent + "{", indent + "#", "#", '"')):
                break  # a declaration without a body
