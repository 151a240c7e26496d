import LuaSource

/// Host functions, and functions of the standard library that are treated like them.
extension ReachContext {
    /// Returns the value for an assignment to a module's member: its native form if there is one.
    func overridden(_ table: ReachTable, _ name: String?, _ value: ReachValue) -> ReachValue {
        guard let name, let file = present?.file, file.isStandard, let module = file.module,
            replaced[module]?.contains(name) == true, value.has(.closure),
            table.className == nil
        else { return value }
        return native("\(module == "host.cli" ? "cli" : "resource").\(name)")
    }

    // MARK: - host

    func hostFunction(
        _ name: String, _ arguments: ReachValues, at position: Position
    ) -> ReachValues? {
        if name.hasPrefix("host.") {
            return host(String(name.dropFirst("host.".count)), arguments, at: position)
        }
        switch name {
        case "secret.write":
            for word in powers("fs_write") { note(word: word, at: position) }
            return ReachValues(.data)
        case "script", "cli.parse":
            noteArguments(arguments[0], at: position)
            return ReachValues(.data)
        case "library": return ReachValues()
        case "qdrant.connect":
            noteConnection(arguments[0], at: position)
            if present?.file.isStandard == false { write(hasSessions, ReachValue(.yes)) }
            return ReachValues(ReachValue(.connection))
        case "api.each", "api.all":
            for atom in arguments[0].atoms where atom.kind == .method && atom.number != 0 {
                noteAccount(of: arguments.dropFirst(1), to: atom, at: position)
            }
            return ReachValues(.data)
        case "api.describe": return ReachValues(.data)
        default: return nil
        }
    }

    private func host(
        _ name: String, _ arguments: ReachValues, at position: Position
    ) -> ReachValues {
        switch name {
        case "options": return ReachValues(options(arguments[0], at: position))
        case "list": return ReachValues(list(arguments[0], at: position))
        case "error": return ReachValues(arguments[0])
        case "blame":
            write(thrown, .text)
            return ReachValues(.failure)
        case "is_dry_run", "is_secret", "is_library": return ReachValues(.boolean)
        case "part":
            let names = knownTexts(arguments[0]) ?? []
            return ReachValues(
                names.reduce(into: ReachValue()) { $0.add(standardModule("host.\($1)") ?? .data) })
        case "connect":
            noteConnection(arguments[0], at: position)
            return ReachValues(.number)
        case "http_open":
            // Files are read for the option `ca_file` only.
            let readsFile = member("ca_file", of: arguments[4], at: position).canHold
            for word in powers(name) where readsFile || word != "read:files" {
                note(word: word, at: position)
            }
            return ReachValues(.number, .number, .data)
        case "json_decode", "yaml_decode":
            write(hasOtherData, ReachValue(.yes))
            return ReachValues(decoded(at: position), ReachValue.text.union(.nothing))
        default: break
        }
        for word in powers(name) { note(word: word, at: position) }
        callBack(arguments, with: .data, at: position, isSure: true)
        return ReachValues(.data, rest: .data)
    }

    /// What a text decodes to: a scalar, or a table of its own for each place that leads here.
    private func decoded(at position: Position) -> ReachValue {
        let place = place(position)
        let number = tableNumber(
            named: "decoded \(place.file) \(place.position.offset)", isStandard: false)
        for cell in [tables[number].other, tables[number].array, tables[number].all] {
            write(cell, .data)
        }
        let scalars = ReachValue.text.union(.number).union(.boolean).union(.nothing)
        return scalars.union(ReachValue(.table, number))
    }

    /// Options that a function is given: the same, or none.
    private func options(_ given: ReachValue, at position: Position) -> ReachValue {
        var value = given.filter { $0.kind != .nothing }
        if given.has(.nothing) {
            value.add(ReachValue(.table, tableNumber(at: position.offset, 4)))
        }
        return value
    }

    private func list(_ given: ReachValue, at position: Position) -> ReachValue {
        var value = given.held
        if given.canFail || given.isEmpty {
            value.add(ReachValue(.table, tableNumber(at: position.offset, 4)))
        }
        return value
    }

    /// Notes what the declaration of arguments reads: files that must exist, environment variables.
    private func noteArguments(_ specification: ReachValue, at position: Position) {
        let arguments = elements(of: member("args", of: specification, at: position))
        for argument in arguments.atoms where argument.kind == .table {
            let one = ReachValue(argument)
            let type = member("type", of: one, at: position)
            if knownTexts(type.held)?.contains("file") == true {
                for word in powers("fs_stat") {
                    note(word: word, at: position)
                }
            }
            if member("env", of: one, at: position).canHold {
                for word in powers("environment") {
                    note(word: word, at: position)
                }
            }
        }
    }

    private func noteConnection(_ options: ReachValue, at position: Position) {
        let words = [
            "endpoint": "connect:hosts", "rest_endpoint": "connect:hosts",
            "account": "use:accounts", "context": "use:contexts",
        ]
        for (name, word) in words {
            var given = ReachValue()
            for atom in options.atoms {
                if atom.kind == .table || atom.kind == .data || atom.kind == .foreign {
                    given.add(member(name, of: ReachValue(atom), at: position))
                }
            }
            // Only the first session has this account.
            let isKnown = !read(hasSessions).canHold
            let others = given.filter { !isKnown || $0.kind != .ownAccount }
            if others.canHold { note(word: word, at: position) }
        }
    }

    // MARK: - qdrant.resource

    func resourceFunction(
        _ name: String, _ arguments: ReachValues, at position: Position
    ) -> ReachValues? {
        guard name.hasPrefix("resource.") else { return nil }
        switch name.dropFirst("resource.".count) {
        case "module": return ReachValues(classes(named: arguments[0], isModule: true))
        case "handle": return ReachValues(classes(named: arguments[0], isModule: false))
        case "object", "default", "scoped": return ReachValues(object(arguments, at: position))
        case "wrap": return ReachValues(wrapped(arguments, at: position))
        case "wrap_all":
            _ = call(
                arguments[3].held, ReachValues(elements(of: arguments[1]).held), at: position)
            let number = tableNumber(at: position.offset, 5)
            append(instances(of: arguments[0]), to: tables[number])
            return ReachValues(ReachValue(.table, number))
        case "message": return ReachValues(.data)
        case "renew", "found": return ReachValues(arguments[0])
        case "known":
            let known = arguments[1].filter { $0.kind == .instance }
            let isOther = known.atoms.count < arguments[1].atoms.count
            return ReachValues(isOther ? known.union(.nothing) : known)
        case "options": return ReachValues(options(arguments[0], at: position))
        case "fail":
            write(thrown, .data)
            return ReachValues(.failure)
        case "is", "is_secret": return ReachValues(.boolean)
        default: return ReachValues(.data)
        }
    }

    private func classes(named name: ReachValue, isModule: Bool) -> ReachValue {
        var value = ReachValue()
        for name in knownTexts(name) ?? [] {
            let number = tableNumber(named: "class \(name)")
            tables[number].className = name
            value.add(ReachValue(.table, number))
        }
        return value
    }

    private func instances(of classes: ReachValue) -> ReachValue {
        var value = ReachValue()
        for atom in classes.atoms where atom.kind == .table {
            value.add(ReachValue(.instance, atom.number))
        }
        return value
    }

    /// The object of a module's class, which may be about one thing only.
    private func object(_ arguments: ReachValues, at position: Position) -> ReachValue {
        var value = ReachValue()
        for name in knownTexts(arguments[0]) ?? StandardLibrary.libraries {
            if present?.file.module != "qdrant.\(name)" { _ = standardModule("qdrant.\(name)") }
            let number = tableNumber(named: "class \(name)")
            tables[number].className = name
            for scope in arguments[2].atoms where scope.kind == .table {
                for (key, cell) in tables[scope.number].fields {
                    write(tables[number].heldField(key), read(cell))
                }
            }
            value.add(ReachValue(.instance, number))
        }
        return value
    }

    private func wrapped(_ arguments: ReachValues, at position: Position) -> ReachValue {
        let value = instances(of: arguments[0])
        for atom in arguments[3].atoms where atom.kind == .table {
            for (key, cell) in tables[atom.number].fields {
                for instance in value.atoms {
                    write(tables[instance.number].heldField(key), read(cell))
                }
            }
        }
        return value
    }
}

/// Functions of Lua that are treated as native, because that is more precise, by module and name.
private let replaced: [String: Set<String>] = [
    "qdrant.resource.handles": [
        "module", "object", "default", "scoped", "handle", "wrap", "wrap_all", "message",
        "renew", "found", "known", "is",
    ],
    "qdrant.resource.arguments": ["options", "names", "enum"],
    "qdrant.resource.errors": ["fail", "is_secret"],
    "host.cli": ["parse"],
]
