import Contract
import LuaSource

/// The values of globals, fields and methods.
extension ReachContext {
    var globals: ReachTable { tables[tableNumber(named: "_G")] }

    func global(_ name: String) -> ReachValue {
        let globals = globals
        let assigned = read(globals.field(name)).union(read(globals.other))
        switch name {
        case "qdrant": return assigned.union(ReachValue(.connection))
        case "_G": return assigned.union(ReachValue(.table, tableNumber(named: "_G")))
        case "arg", "_VERSION": return assigned.union(.data)
        default: break
        }
        if ReachLibrary.tables.contains(name) {
            return assigned.union(ReachValue(.table, libraryTable(name)))
        }
        if KnownNames.hostModules.contains(name) {
            return assigned.union(standardModule("host." + name) ?? .data)
        }
        if KnownNames.standardGlobals.contains(name) { return assigned.union(native(name)) }
        // Other globals are set by tests or the shell.
        return assigned.union(.nothing)
    }

    /// Returns the value of a name that is not a local variable: the metatable of the globals may know it.
    func global(_ name: String, at position: Position) -> ReachValue {
        let known = global(name)
        guard known.canFail else { return known }
        let globals = ReachAtom(.table, tableNumber(named: "_G"))
        return known.union(indexed(globals, text(name), name, at: position))
    }

    /// The number of one of Lua's own tables: `string`.
    func libraryTable(_ name: String) -> Int {
        let number = tableNumber(named: name)
        tables[number].library = name
        return number
    }

    // MARK: - By name

    /// Returns the value of a field.
    func member(_ name: String, of owner: ReachValue, at position: Position) -> ReachValue {
        member(name, of: owner, at: position, isRaw: false)
    }

    func member(
        _ name: String, of owner: ReachValue, at position: Position, isRaw: Bool
    ) -> ReachValue {
        var result = ReachValue()
        for atom in owner.atoms {
            result.add(member(name, of: atom, at: position, isRaw: isRaw))
        }
        return result
    }

    private func member(
        _ name: String, of atom: ReachAtom, at position: Position, isRaw: Bool
    ) -> ReachValue {
        if atom.kind == .table { return field(name, of: atom.number, at: position, isRaw: isRaw) }
        let known = member(name, of: atom, at: position)
        guard !isRaw, known.canFail || known.isEmpty else { return known }
        return known.union(indexed(atom, text(name), name, at: position))
    }

    private func member(
        _ name: String, of atom: ReachAtom, at position: Position
    ) -> ReachValue {
        switch atom.kind {
        case .instance: return instanceMember(name, of: tables[atom.number])
        case .connection: return connectionMember(name, at: position)
        case .api: return apiMember(name, of: self.name(of: atom), at: position)
        case .method:
            return ["each", "all", "describe"].contains(name) ? native("api.\(name)") : .data
        case .text, .number, .ownAccount: return stringMember(name)
        case .data, .member:
            var value = read(dataFields.field(name)).union(read(dataFields.other)).union(.data)
            value.add(stringMember(name))
            // Only secrets in responses have this member.
            if name == "write" { value.add(native("secret.write")) }
            return value
        case .file: return native("file.\(name)")
        case .foreign: return .foreign
        default: return .failure
        }
    }

    private func stringMember(_ name: String) -> ReachValue {
        let table = libraryTable("string")
        let assigned = read(tables[table].field(name))
        return ReachLibrary.stringNames.contains(name)
            ? assigned.union(native("string.\(name)")) : assigned
    }

    private func field(
        _ name: String, of number: Int, at position: Position, isRaw: Bool
    ) -> ReachValue {
        let table = tables[number]
        var value = read(table.field(name)).union(read(table.other))
        if let library = table.library {
            value.add(libraryMember(name, of: library))
        } else if number == tableNumber(named: "_G") {
            value.add(global(name))
        } else if !table.initial.contains(name) || value.isEmpty {
            value.add(.nothing)
        }
        guard !isRaw, value.canFail else { return value }
        let atom = ReachAtom(.table, number)
        return value.union(indexed(atom, text(name), name, at: position))
    }

    /// Members of `host` are host functions, except those that its Lua code adds.
    private func libraryMember(_ name: String, of library: String) -> ReachValue {
        if library == "host" {
            return ["null", "HANDLE", "MESSAGE", "modules", "libraries"].contains(name)
                ? .data : native("host.\(name)")
        }
        if library == "session" { return name == "account_id" ? ReachValue() : .data }
        if library == "io", ["stdout", "stderr", "stdin"].contains(name) {
            return ReachValue(.file)
        }
        if library == "package" {
            guard name == "loaded" || name == "preload" else { return .data }
            return ReachValue.foreign.union(
                ReachValue(.table, tableNumber(named: "package." + name)))
        }
        if library == "math" || library == "utf8" {
            return native("\(library).\(name)").union(.data)
        }
        return native("\(library).\(name)")
    }

    private func instanceMember(_ name: String, of type: ReachTable) -> ReachValue {
        if name == "connection" { return ReachValue(.connection) }
        var value = read(type.heldField(name)).union(read(type.heldField("*")))
        let method = read(type.field(name))
        if !method.isEmpty { return value.union(method) }
        if name == "account_id", type.className != "Invite" {
            return value.union(ReachValue(.ownAccount))
        }
        // A module has no other members; a handle has the fields of its message.
        value.add(type.className?.first?.isUppercase == true ? .data : .nothing)
        if name == "write" { value.add(native("secret.write")) }
        return value
    }

    func connectionMember(_ name: String, at position: Position) -> ReachValue {
        let assigned = read(connectionFields.field(name)).union(read(connectionFields.other))
        switch name {
        case "api": return assigned.union(api(""))
        case "session": return assigned.union(ReachValue(.table, sessionTable))
        case "connect": return assigned.union(native("qdrant.connect"))
        case "mask", "is_echo", "is_dry_run", "now", "clock":
            return assigned.union(native("qdrant.\(name)"))
        default:
            guard StandardLibrary.libraries.contains(name) else {
                return assigned.isEmpty ? .data : assigned
            }
            return assigned.union(standardModule("qdrant.\(name)") ?? .data)
        }
    }

    /// Only the account of a session matters.
    private var sessionTable: Int {
        let number = tableNumber(named: "session")
        let table = tables[number]
        if table.initial.isEmpty {
            table.initial.insert("account_id")
            table.library = "session"
            write(table.field("account_id"), ReachValue(.ownAccount))
        }
        return number
    }

    private func apiMember(_ name: String, of path: String, at position: Position) -> ReachValue {
        guard let module = apiModule(path) else { return ReachValue() }
        if let method = module.methods[name] {
            note(method, at: position)
            return named(method)
        }
        guard module.children.contains(name) else { return ReachValue() }
        return api(path.isEmpty ? name : "\(path).\(name)")
    }

    /// A part of the API by its whole name: `cluster.auth.list_keys`.
    func apiPart(_ path: String, at position: Position) -> ReachValue {
        var value = api("")
        for part in path.split(separator: ".") {
            value = member(String(part), of: value, at: position)
        }
        return value
    }

    // MARK: - By computed keys

    /// What an element with a number that is written out gives.
    func element(
        _ number: Int64, of owner: ReachValue, at position: Position
    ) -> ReachValue {
        var result = ReachValue()
        for atom in owner.atoms {
            guard atom.kind == .table else {
                result.add(elements(of: atom))
                continue
            }
            let table = tables[atom.number]
            result.add(read(table.array))
            _ = read(table.all)
            if number >= 1, number <= table.positions.count {
                result.add(read(table.positions[Int(number) - 1]))
            } else {
                result.add(.nothing)
            }
            result.add(indexed(atom, .number, nil, at: position))
        }
        return result
    }

    func member(key: ReachValue, of owner: ReachValue, at position: Position) -> ReachValue {
        if let names = knownTexts(key) {
            return names.reduce(into: ReachValue()) {
                $0.add(member($1, of: owner, at: position))
            }
        }
        var result = ReachValue()
        for atom in owner.atoms {
            switch atom.kind {
            case .table: result.add(computed(key, of: atom, at: position))
            case .instance:
                let type = tables[atom.number]
                for cell in type.held.values { result.add(read(cell)) }
                result.add(.data)
                if present?.file.isStandard == true {
                    result.add(read(type.all))
                } else {
                    result.add(ReachValue(.member))
                }
            case .connection:
                for name in StandardLibrary.libraries {
                    result.add(connectionMember(name, at: position))
                }
                result.add(.nothing)
            case .api, .foreign: result.add(.foreign)
            default: result.add(elements(of: atom))
            }
            if atom.kind != .table { result.add(indexed(atom, key, nil, at: position)) }
        }
        return result
    }

    private func computed(
        _ key: ReachValue, of atom: ReachAtom, at position: Position
    ) -> ReachValue {
        let table = tables[atom.number]
        if table.library != nil || atom.number == tableNumber(named: "_G") { return .foreign }
        var value = read(table.all).union(.nothing)
        value.add(indexed(atom, key, nil, at: position))
        return value
    }

    /// Returns the value of a value's elements.
    func elements(of value: ReachValue) -> ReachValue {
        value.atoms.reduce(into: ReachValue()) { $0.add(elements(of: $1)) }
    }

    func elements(of atom: ReachAtom) -> ReachValue {
        switch atom.kind {
        case .table: elements(of: tables[atom.number])
        case .data, .member, .instance: read(dataFields.all).union(.data)
        case .foreign, .api: .foreign
        default: .failure
        }
    }
}
