import Contract
import LuaMachine
import LuaMessages

/// Derives an update mask from a table: `qdrant.mask`.
struct UpdateMask {
    let registry: Registry

    func register(in functions: inout HostFunctions) {
        functions.declare("mask", .table) { call, table in
            var paths: [String] = []
            collect(table, "", &paths)
            call.results.list { for path in paths { call.results.put(path) } }
        }
    }

    private func collect(_ table: LuaTable, _ prefix: String, _ paths: inout [String]) {
        var type: MessageType?
        if case .message(let id) = table.kind { type = registry.message(id: id) }
        for (key, value) in ValueText(registry: registry).ordered(table) {
            guard let name = key.text else { continue }
            let path = prefix + name
            if let inner = value.table, isMessage(inner), type?.field(named: name)?.isMap != true {
                collect(inner, path + ".", &paths)
            } else {
                paths.append(path)
            }
        }
    }

    /// Whether a table stands for a message that has something set; lists and maps are named whole.
    private func isMessage(_ table: LuaTable) -> Bool {
        if table.kind == .list || table.entries.isEmpty { return false }
        return table.entries.contains { $0.key.text != nil }
    }
}
