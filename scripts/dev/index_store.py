"""Reads the compiler's index: which file refers to which symbol of which other file.

The debug build writes the index to .build/debug/index/store; libIndexStore, which reads it, comes
with the toolchain. The header that describes its functions is indexstore/indexstore.h there.
"""
import ctypes
import os
import pathlib
import shutil
from dataclasses import dataclass, field

#: indexstore_symbol_role_t
DECLARATION, DEFINITION, REFERENCE = 1 << 0, 1 << 1, 1 << 2
#: indexstore_unit_dependency_kind_t
RECORD = 2


class Text(ctypes.Structure):
    """indexstore_string_ref_t."""

    _fields_ = [("data", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    def __str__(self) -> str:
        return ctypes.string_at(self.data, self.length).decode() if self.data else ""


@dataclass
class Symbol:
    """A declaration: its name, and the places that declare it."""

    name: str
    files: set[str] = field(default_factory=set)


@dataclass
class Index:
    """Declarations and references in the files below one directory."""

    symbols: dict[str, Symbol] = field(default_factory=dict)
    #: file → USR → the lines that refer to it
    references: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def uses(self, file: str) -> dict[str, dict[str, list[int]]]:
        """The other files whose symbols `file` refers to: file → name → lines."""
        found: dict[str, dict[str, list[int]]] = {}
        for usr, lines in self.references.get(file, {}).items():
            symbol = self.symbols.get(usr)
            if symbol is None or file in symbol.files:
                continue
            for other in symbol.files:
                found.setdefault(other, {}).setdefault(symbol.name, []).extend(lines)
        return found


class IndexUnreadable(Exception):
    """The index cannot be read; the message says what to do."""


def library_path() -> pathlib.Path:
    """libIndexStore.so of the toolchain that `swift` belongs to."""
    swift = shutil.which("swift")
    if swift is None:
        raise IndexUnreadable("swift is not in PATH")
    for base in (pathlib.Path(swift), pathlib.Path(os.path.realpath(swift))):
        path = base.parent.parent / "lib" / "libIndexStore.so"
        if path.exists():
            return path
    raise IndexUnreadable(f"the toolchain of {swift} has no lib/libIndexStore.so")


def read(store: pathlib.Path, root: pathlib.Path) -> Index:
    """Reads from `store` the files below `root`; paths are relative to `root`.

    Raises IndexUnreadable when there is no index.
    """
    if not store.is_dir():
        raise IndexUnreadable(f"{store} does not exist: run swift build --build-tests first")
    return Reader(ctypes.CDLL(str(library_path())), store, root).index


class Reader:
    """One pass over a store."""

    def __init__(self, library: ctypes.CDLL, store: pathlib.Path, root: pathlib.Path):
        self.library = library
        self.root = str(root) + "/"
        self.index = Index()
        self._declare()
        error = ctypes.c_void_p()
        self.store = library.indexstore_store_create(
            str(store).encode(), ctypes.byref(error))
        if not self.store:
            raise IndexUnreadable(f"{store} cannot be opened")
        try:
            # A file that was compiled with other outputs before has several units.
            newest: dict[str, tuple[int, str]] = {}
            for unit in self._units():
                for main, record in self._records(unit):
                    newest[main] = max(newest.get(main, (0, "")), (self._time(unit), record))
            for main, (_, record) in newest.items():
                self._read_record(main.removeprefix(self.root), record)
        finally:
            library.indexstore_store_dispose(self.store)

    def _declare(self):
        pointer, text, flag = ctypes.c_void_p, Text, ctypes.c_bool
        self.on_text = ctypes.CFUNCTYPE(flag, pointer, text)
        self.on_item = ctypes.CFUNCTYPE(flag, pointer, pointer)
        error = ctypes.POINTER(pointer)
        for name, result, *arguments in [
            ("store_create", pointer, ctypes.c_char_p, error),
            ("store_dispose", None, pointer),
            ("store_units_apply_f", flag, pointer, ctypes.c_uint, pointer, self.on_text),
            ("store_get_unit_modification_time", flag, pointer, ctypes.c_char_p,
             ctypes.POINTER(ctypes.c_int64), ctypes.POINTER(ctypes.c_int64)),
            ("unit_reader_create", pointer, pointer, ctypes.c_char_p, error),
            ("unit_reader_dispose", None, pointer),
            ("unit_reader_get_main_file", text, pointer),
            ("unit_reader_dependencies_apply_f", flag, pointer, pointer, self.on_item),
            ("unit_dependency_get_kind", ctypes.c_int, pointer),
            ("unit_dependency_get_name", text, pointer),
            ("unit_dependency_get_filepath", text, pointer),
            ("record_reader_create", pointer, pointer, ctypes.c_char_p, error),
            ("record_reader_dispose", None, pointer),
            ("record_reader_occurrences_apply_f", flag, pointer, pointer, self.on_item),
            ("occurrence_get_symbol", pointer, pointer),
            ("occurrence_get_roles", ctypes.c_uint64, pointer),
            ("occurrence_get_line_col", None, pointer, ctypes.POINTER(ctypes.c_uint),
             ctypes.POINTER(ctypes.c_uint)),
            ("symbol_get_name", text, pointer),
            ("symbol_get_usr", text, pointer),
        ]:
            function = getattr(self.library, "indexstore_" + name)
            function.restype, function.argtypes = result, arguments

    def _units(self) -> list[str]:
        names: list[str] = []

        def add(_, name):
            names.append(str(name))
            return True

        self.library.indexstore_store_units_apply_f(self.store, 0, None, self.on_text(add))
        return names

    def _time(self, unit: str) -> int:
        """The modification time of a unit, in nanoseconds."""
        seconds, nanoseconds = ctypes.c_int64(), ctypes.c_int64()
        self.library.indexstore_store_get_unit_modification_time(
            self.store, unit.encode(), ctypes.byref(seconds), ctypes.byref(nanoseconds))
        return seconds.value * 1_000_000_000 + nanoseconds.value

    def _records(self, unit: str) -> list[tuple[str, str]]:
        """The main file of a unit with its record; nothing for files of elsewhere."""
        library = self.library
        reader = library.indexstore_unit_reader_create(self.store, unit.encode(), None)
        if not reader:
            return []
        records: list[tuple[str, str]] = []

        def add(_, dependency):
            if library.indexstore_unit_dependency_get_kind(dependency) == RECORD:
                path = str(library.indexstore_unit_dependency_get_filepath(dependency))
                name = str(library.indexstore_unit_dependency_get_name(dependency))
                records.append((path, name))
            return True

        try:
            main = str(library.indexstore_unit_reader_get_main_file(reader))
            # The units of files that were moved or removed stay in the store.
            if not main.startswith(self.root) or not os.path.exists(main):
                return []
            library.indexstore_unit_reader_dependencies_apply_f(reader, None, self.on_item(add))
        finally:
            library.indexstore_unit_reader_dispose(reader)
        return [(path, name) for path, name in records if path == main]

    def _read_record(self, file: str, record: str):
        library, index = self.library, self.index
        reader = library.indexstore_record_reader_create(self.store, record.encode(), None)
        if not reader:
            return
        references = index.references.setdefault(file, {})
        known: dict[int, tuple[str, str]] = {}
        line, column = ctypes.c_uint(), ctypes.c_uint()

        def add(_, occurrence):
            handle = library.indexstore_occurrence_get_symbol(occurrence)
            if handle not in known:
                known[handle] = (
                    str(library.indexstore_symbol_get_usr(handle)),
                    str(library.indexstore_symbol_get_name(handle)))
            usr, name = known[handle]
            roles = library.indexstore_occurrence_get_roles(occurrence)
            if roles & (DEFINITION | DECLARATION):
                index.symbols.setdefault(usr, Symbol(name)).files.add(file)
            elif roles & REFERENCE:
                library.indexstore_occurrence_get_line_col(
                    occurrence, ctypes.byref(line), ctypes.byref(column))
                references.setdefault(usr, []).append(line.value)
            return True

        try:
            library.indexstore_record_reader_occurrences_apply_f(
                reader, None, self.on_item(add))
        finally:
            library.indexstore_record_reader_dispose(reader)
