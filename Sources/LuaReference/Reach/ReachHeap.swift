import LuaSource

/// A place that holds a value, to which values are only added.
final class ReachCell {
    fileprivate(set) var value = ReachValue()
    /// The calls that have read it, by their numbers.
    fileprivate var readers: Set<Int> = []
}

/// A table, identified by the place that creates it.
final class ReachTable {
    /// Whether the standard library creates it.
    let isStandard: Bool
    /// Fields with literal names.
    var fields: [String: ReachCell] = [:]
    /// Elements at literal indexes, from 1.
    var positions: [ReachCell] = []
    /// The maximum number of such elements.
    static let mostPositions = 12
    /// Elements at other indexes.
    let array = ReachCell()
    /// Values under computed names.
    let other = ReachCell()
    /// All values together.
    let all = ReachCell()
    /// Computed keys.
    let keys = ReachCell()
    let metatable = ReachCell()
    /// The names with which it was created.
    var initial: Set<String> = []
    /// The name of a class, whose fields are its methods.
    var className: String?
    /// What the objects of a class have as metatables besides their own.
    let objectMetatable = ReachCell()
    /// What the objects of a class hold besides, by names.
    var held: [String: ReachCell] = [:]
    /// The native library that has its other members: `string`, `host`.
    var library: String?

    init(isStandard: Bool = true) { self.isStandard = isStandard }

    func field(_ name: String) -> ReachCell {
        if let known = fields[name] { return known }
        let cell = ReachCell()
        fields[name] = cell
        return cell
    }

    func heldField(_ name: String) -> ReachCell {
        if let known = held[name] { return known }
        let cell = ReachCell()
        held[name] = cell
        return cell
    }
}

/// A file of Lua.
final class ReachFile {
    let name: String
    /// The name that it is required by; nil for the script itself.
    let module: String?
    /// Whether it belongs to the standard library.
    let isStandard: Bool
    /// Its number, which makes places of files different.
    let number: Int
    /// Whether a place in it creates one table for all callers. The host's modules except `task`
    /// keep nothing of their callers.
    let mergesTables: Bool

    init(_ name: String, module: String?, isStandard: Bool, number: Int) {
        self.name = name
        self.module = module
        self.isStandard = isStandard
        self.number = number
        mergesTables = module?.hasPrefix("host.") == true && module != "host.task"
    }
}

/// The variables that are visible at a place.
final class ReachScope {
    let parent: ReachScope?
    private var names: [(name: String, cell: ReachCell)] = []

    init(_ parent: ReachScope?) { self.parent = parent }

    func declare(_ name: String, _ cell: ReachCell) { names.append((name, cell)) }

    func cell(_ name: String) -> ReachCell? {
        var scope: ReachScope? = self
        while let present = scope {
            for entry in present.names.reversed() where entry.name == name { return entry.cell }
            scope = present.parent
        }
        return nil
    }
}

/// A function and its scope.
final class ReachClosure {
    let function: Function
    let file: ReachFile
    let offset: Int
    let scope: ReachScope
    let number: Int

    init(
        _ function: Function, file: ReachFile, offset: Int, scope: ReachScope, number: Int
    ) {
        self.function = function
        self.file = file
        self.offset = offset
        self.scope = scope
        self.number = number
    }
}

/// One evaluation of a closure, for all calls with arguments of the same kinds.
final class ReachCall {
    let number: Int
    let closure: ReachClosure
    var file: ReachFile { closure.file }
    /// The place in the script that first led here.
    var origin: ReachPlace
    /// The values of its variables, by the places of their declarations.
    var cells: [Int: ReachCell] = [:]
    /// The arguments after the named ones.
    var varargs: [ReachCell] = []
    let moreVarargs = ReachCell()
    /// Its results.
    var results: [ReachCell] = []
    let moreResults = ReachCell()
    /// Has a value once the call returns.
    let returns = ReachCell()
    var isQueued = false
    var isBegun = false

    init(_ number: Int, _ closure: ReachClosure, origin: ReachPlace) {
        self.number = number
        self.closure = closure
        self.origin = origin
    }

    func cell(_ offset: Int) -> ReachCell {
        if let known = cells[offset] { return known }
        let cell = ReachCell()
        cells[offset] = cell
        return cell
    }
}

/// A place in a file.
struct ReachPlace: Hashable {
    let file: String
    let position: Position
}

extension ReachState {
    func read(_ cell: ReachCell) -> ReachValue {
        if let present { cell.readers.insert(present.number) }
        steps += cell.value.atoms.count / 8
        return cell.value
    }

    /// Adds a value to a place, and schedules the calls that have read it.
    func write(_ cell: ReachCell, _ value: ReachValue) {
        steps += value.atoms.count / 8
        guard cell.value.add(value) else { return }
        for reader in cell.readers { enqueue(calls[reader]) }
    }

    /// The table that a place creates in the present call.
    func table(at offset: Int, _ tag: Int = 0) -> ReachTable {
        tables[tableNumber(at: offset, tag)]
    }

    func tableNumber(at offset: Int, _ tag: Int = 0) -> Int {
        let call = present.map { $0.file.mergesTables ? -2 - $0.file.number : $0.number } ?? -1
        let key = Site(call: call, offset: offset, tag: tag)
        if let known = sites[key] { return known }
        sites[key] = tables.count
        tables.append(ReachTable(isStandard: present?.file.isStandard ?? true))
        return tables.count - 1
    }

    /// The number of a table that there is one of, by its name: `class Cluster`, `library string`.
    func tableNumber(named name: String, isStandard: Bool = true) -> Int {
        if let known = namedTables[name] { return known }
        let table = ReachTable(isStandard: isStandard)
        namedTables[name] = tables.count
        tables.append(table)
        return tables.count - 1
    }

    func put(_ value: ReachValue, in table: ReachTable, _ name: String) {
        write(table.field(name), value)
        write(table.all, value)
    }

    /// Stores an element at a position, from 0.
    func put(_ value: ReachValue, in table: ReachTable, at index: Int) {
        guard index < ReachTable.mostPositions else { return append(value, to: table) }
        while table.positions.count <= index { table.positions.append(ReachCell()) }
        write(table.positions[index], value)
        write(table.all, value)
    }

    func append(_ value: ReachValue, to table: ReachTable) {
        write(table.array, value)
        write(table.all, value)
    }

    /// Returns the value of a list's elements.
    func elements(of table: ReachTable) -> ReachValue {
        var value = read(table.array)
        // More may be added later.
        _ = read(table.all)
        for cell in table.positions { value.add(read(cell)) }
        return value
    }
}
