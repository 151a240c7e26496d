import Contract
import EventLoop
import LuaHost
import LuaMachine

/// Names and IDs of the objects in the account, for fields that expect one: fetched while the
/// prompt is shown, kept for a while.
final class LiveNames {
    /// One thing that exists.
    struct Name: Equatable {
        /// What the field takes.
        let value: String
        /// What people call it.
        let label: String
        let doc: String
    }

    private struct Key: Hashable {
        let method: String
        let request: [String: String]
        let root: [String]
    }

    private enum State {
        case fetching
        case known([Name], at: Int64)
        case failed(String, at: Int64)
    }

    /// Which list has the names for a field.
    let sources: NameSources
    private let runtime: LuaRuntime
    private let wallClock: () -> (seconds: Int64, nanos: Int32)
    private let loop: PollLoop
    private var states: [Key: State] = [:]
    /// The names that were last reported as still being fetched.
    private var awaited: Key?
    /// Called when what was awaited is there, or has failed.
    var onArrival: () -> Void = {}

    /// How long a first fetch is waited for, in nanoseconds.
    static let patience: Int64 = 150_000_000
    /// How long names are taken for true, and how long failures are.
    private static let lifetime: Int64 = 60_000_000_000
    private static let pause: Int64 = 5_000_000_000

    init(
        runtime: LuaRuntime, wallClock: @escaping () -> (seconds: Int64, nanos: Int32)
    ) {
        self.runtime = runtime
        sources = NameSources(runtime.registry)
        self.wallClock = wallClock
        loop = runtime.machine.loop
    }

    /// Forgets all: another account is another world.
    func forget() {
        states = [:]
        awaited = nil
    }

    // MARK: - Fetching

    /// The names that are known, after waiting for them for a moment when none are.
    ///
    /// - Parameter written: the fields already written in the same table, with their strings.
    /// - Returns: the names, and a word on what is missing.
    func names(
        _ source: NameSource, _ written: [String: String?], canWait: Bool,
        unless isInterrupted: () -> Bool
    ) -> (names: [Name], note: String?) {
        let (request, missing) = source.request(from: written)
        if let missing {
            return ([], "set \(missing) first: the choices depend on it")
        }
        awaited = nil
        let key = Key(method: source.method, request: request, root: source.root)
        let present = loop.now()
        switch states[key] {
        case .known(let names, let time):
            if present - time > Self.lifetime { fetch(key, source, keeping: names) }
            return (names, nil)
        case .fetching: break
        case .failed(let reason, let time) where present - time < Self.pause:
            return ([], reason)
        case .failed, nil: fetch(key, source, keeping: nil)
        }
        guard canWait else { return ([], "fetching …") }
        let limit = present + Self.patience
        while case .fetching? = states[key], loop.now() < limit, !isInterrupted() {
            loop.turn(waitingAtMost: limit - loop.now())
        }
        if case .known(let names, _)? = states[key] { return (names, nil) }
        if case .failed(let reason, _)? = states[key] { return ([], reason) }
        awaited = key
        return ([], "still fetching …")
    }

    private func fetch(_ key: Key, _ source: NameSource, keeping names: [Name]?) {
        guard let function = runtime.kept("names") else { return }
        states[key] = names.map { .known($0, at: loop.now()) } ?? .fetching
        _ = try? runtime.machine.spawn(
            function,
            { writer in
                writer.put(key.method)
                writer.table {
                    for (name, value) in key.request {
                        writer.put(name)
                        writer.put(value)
                    }
                }
                if !key.root.isEmpty {
                    writer.list { for name in key.root { writer.put(name) } }
                }
            }
        ) { [weak self] outcome in
            guard let self else { return }
            switch outcome {
            case .success(let values):
                let rows = values.first?.table?.entries.compactMap(\.value.table) ?? []
                states[key] = .known(rows.compactMap { name($0, source) }, at: loop.now())
            case .failure(let failure):
                states[key] = .failed(failure.description, at: loop.now())
            }
            guard awaited == key else { return }
            awaited = nil
            onArrival()
        }
    }

    private func name(_ row: LuaTable, _ source: NameSource) -> Name? {
        guard let value = row[source.item]?.text else { return nil }
        let label =
            NameSource.labels.compactMap { row[$0]?.text }.first { !$0.isEmpty } ?? ""
        return Name(
            value: value, label: label == value ? "" : label, doc: summary(row, label, value))
    }

    /// The text that distinguishes a row from others: the columns that a table of them would have.
    private func summary(_ row: LuaTable, _ label: String, _ value: String) -> String {
        let columns = [["state", "phase"], ["status", "phase"], ["status"]]
        if case .message(let id) = row.kind,
            let known = TableColumns.known[runtime.registry.message(id: id).fullName]
        {
            return summary(row, label, value, known)
        }
        return summary(row, label, value, columns.map { TableColumns.Column($0) })
    }

    private func summary(
        _ row: LuaTable, _ label: String, _ value: String, _ columns: [TableColumns.Column]
    ) -> String {
        let cells = CellText(registry: runtime.registry, style: .init(now: wallClock()))
        return columns.filter { $0.path != ["id"] && $0.path != ["name"] }
            .map { column in
                let text = cells.cell(.table(row), column.path, column.isAge).text
                // Of what is yes or no there is nothing to say but its name, when it is so.
                return text == "true" ? column.path.last ?? "" : text == "false" ? "" : text
            }
            .filter { !["", "…", label, value].contains($0) }.joined(separator: " ")
    }
}
