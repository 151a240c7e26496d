import LuaSource

/// Lua's own library.
enum ReachLibrary {
    static let tables: Set<String> = [
        "string", "table", "math", "utf8", "coroutine", "os", "io", "debug", "package",
    ]

    static let stringNames: Set<String> = [
        "byte", "char", "dump", "find", "format", "gmatch", "gsub", "len", "lower", "match", "pack",
        "packsize", "rep", "reverse", "sub", "unpack", "upper",
    ]

    /// The permissions of functions that use files, programs or the environment, as in
    /// `host/boot/gates.lua`.
    static let gates: [String: [String]] = [
        "io.lines": ["read:files"], "io.input": ["read:files"], "io.output": ["write:files"],
        "io.popen": ["run:processes"], "io.tmpfile": ["write:files"],
        "os.remove": ["write:files"], "os.rename": ["write:files"], "os.tmpname": ["write:files"],
        "os.execute": ["run:processes"], "os.getenv": ["read:environment"],
        "loadfile": ["read:files"], "dofile": ["read:files"],
    ]
}

extension ReachContext {
    /// Returns the results of calling a native function.
    func call(
        native name: String, _ arguments: ReachValues, at position: Position
    ) -> ReachValues {
        for word in ReachLibrary.gates[name] ?? [] { note(word: word, at: position) }
        if let results = basic(name, arguments, at: position)
            ?? tableFunction(name, arguments, at: position)
            ?? coroutineFunction(name, arguments, at: position)
            ?? hostFunction(name, arguments, at: position)
            ?? resourceFunction(name, arguments, at: position)
        {
            return results
        }
        callBack(arguments, with: .data, at: position, isSure: false)
        return ReachValues(.data, rest: .data)
    }

    // MARK: - Basic functions

    private func basic(
        _ name: String, _ arguments: ReachValues, at position: Position
    ) -> ReachValues? {
        switch name {
        case "assert":
            var values = arguments
            if !values.first.isEmpty {
                if values.first[0].canFail { raise(arguments[1]) }
                values.first[0] = values.first[0].held
            }
            return values
        case "error":
            raise(arguments[0])
            return ReachValues(.failure)
        case "pcall": return protected(arguments, at: position)
        case "xpcall":
            let results = protected(
                ReachValues(
                    list: [arguments[0]] + arguments.first.dropFirst(2), rest: arguments.rest),
                at: position)
            let handled = call(
                arguments[1], ReachValues(read(thrown).union(.data)), at: position)
            return results.union(ReachValues(ReachValue(.no), handled[0]))
        case "select":
            // The first argument is a number, or "#".
            return ReachValues(
                list: [arguments.dropFirst(1).all.union(.number)],
                rest: arguments.dropFirst(1).all)
        case "type": return ReachValues(.text)
        case "tostring": return ReachValues(.text)
        case "tonumber": return ReachValues(ReachValue.number.union(.nothing))
        case "require": return require(arguments[0], at: position)
        case "load", "loadfile", "loadstring":
            callBack(arguments, with: .data, at: position, isSure: true)
            return ReachValues(ReachValue.foreign.union(.nothing), .data)
        case "dofile":
            noteUnknown("runs a file that is named by data", at: position)
            return ReachValues(rest: .foreign)
        case "io.open":
            noteMode(arguments, at: position)
            return ReachValues(ReachValue(.file).union(.nothing), .data)
        case "io.popen", "io.tmpfile": return ReachValues(ReachValue(.file).union(.nothing), .data)
        case "debug.getinfo": return ReachValues(.foreign)
        case "next":
            return ReachValues(keys(of: arguments[0]), values(of: arguments[0], at: position))
        case "pairs", "ipairs": return iterator(name, arguments, at: position)
        case "string.gsub": return replaced(arguments, at: position)
        default: return nil
        }
    }

    /// `pcall`: the results of the function, or any error value of the program.
    private func protected(_ arguments: ReachValues, at position: Position) -> ReachValues {
        let results = call(arguments[0], arguments.dropFirst(1), at: position)
        let problem = ReachValues(ReachValue(.no), read(thrown).union(.data))
        guard results.isKnown else { return problem }
        return results.prepending(ReachValue(.yes)).union(problem)
    }

    /// Adds to the error values. Of the library's own error objects, only handles matter.
    private func raise(_ problem: ReachValue) {
        write(thrown, problem.filter(isKept))
        for atom in problem.atoms where atom.kind == .table && !isKept(atom) {
            for (name, cell) in tables[atom.number].fields {
                let kept = read(cell).filter(isKept)
                if !kept.isEmpty { put(kept, in: dataFields, name) }
            }
        }
    }

    /// `string.gsub`: the replacement may be a function, or a table that is looked up.
    private func replaced(_ arguments: ReachValues, at position: Position) -> ReachValues {
        callBack(arguments, with: .text, at: position, isSure: true)
        for atom in arguments.dropFirst(1).all.atoms where atom.kind != .text {
            _ = indexed(atom, .text, nil, at: position)
        }
        return ReachValues(.text, .number)
    }

    private func noteMode(_ arguments: ReachValues, at position: Position) {
        var words: Set<String> = []
        let modes = arguments.first.count > 1 ? knownTexts(arguments[1]) : ["r"]
        for mode in modes ?? ["r+"] {
            if mode.hasPrefix("r") || mode.contains("+") { words.insert("read:files") }
            if !mode.hasPrefix("r") || mode.contains("+") { words.insert("write:files") }
        }
        for word in words { note(word: word, at: position) }
    }

    private func require(_ name: ReachValue, at position: Position) -> ReachValues {
        guard let names = knownTexts(name) else {
            if !name.isEmpty {
                noteUnknown("loads a module that is named by data", at: position)
            }
            return ReachValues(.foreign)
        }
        return ReachValues(
            names.reduce(into: ReachValue()) { $0.add(module($1, at: position)) })
    }

    func module(_ name: String, at position: Position) -> ReachValue {
        if name == "qdrant" { return ReachValue(.connection) }
        if name == "qdrant.api" { return api("") }
        if name.hasPrefix("qdrant.api.") {
            return apiPart(String(name.dropFirst("qdrant.api.".count)), at: position)
        }
        if ReachLibrary.tables.contains(name) || name == "_G" { return global(name) }
        if KnownNames.hostModules.contains(name) {
            return standardModule("host.\(name)") ?? .data
        }
        if name.hasPrefix("qdrant.") { return standardModule(name) ?? .data }
        if KnownNames.isSpecModule(name) {
            noteUnknown("loads \"\(name)\", which calls functions that it is given", at: position)
            return .foreign
        }
        let placed = placedModule(name, at: position)
        if let own = ownModule(name) {
            return placed.union(own.failed.isEmpty ? own : own.union(ReachValue(.yes)))
        }
        guard placed.isEmpty else { return placed }
        noteUnknown("loads the module \"\(name)\", which was not found", at: position)
        return .foreign
    }

    /// Returns the value that a script has put in `package.loaded` or `package.preload` under a name.
    private func placedModule(_ name: String, at position: Position) -> ReachValue {
        let loaded = tables[tableNumber(named: "package.loaded")]
        let preload = tables[tableNumber(named: "package.preload")]
        let loaders = read(preload.field(name)).union(read(preload.other)).held
        var value = read(loaded.field(name)).union(read(loaded.other)).held
        if !loaders.isEmpty {
            value.add(call(loaders, ReachValues(text(name), .text), at: position)[0])
        }
        return value
    }

    // MARK: - Elements

    func keys(of value: ReachValue) -> ReachValue {
        var result = ReachValue.text.union(.number).union(.nothing)
        for atom in value.atoms where atom.kind == .table {
            result.add(read(tables[atom.number].keys))
        }
        return result
    }

    func values(of value: ReachValue, at position: Position) -> ReachValue {
        var result = ReachValue.nothing
        for atom in value.atoms {
            switch atom.kind {
            case .table:
                let table = tables[atom.number]
                let isOpen = table.library != nil || atom.number == tableNumber(named: "_G")
                result.add(read(table.all))
                if isOpen { result.add(.foreign) }
            case .connection: result.add(.foreign)
            default: result.add(elements(of: atom))
            }
        }
        return result
    }

    private func iterator(
        _ name: String, _ arguments: ReachValues, at position: Position
    ) -> ReachValues {
        let number = tableNumber(at: position.offset, 1)
        let table = tables[number]
        let owner = arguments[0]
        if name == "pairs" {
            write(table.keys, keys(of: owner))
            write(table.array, values(of: owner, at: position))
            // A proxy without elements shows those of others.
            for atom in owner.atoms {
                let found = pairs(of: atom, at: position)
                guard found.isKnown else { continue }
                write(table.keys, found[0])
                write(table.array, found[1])
            }
        } else {
            write(table.keys, .number)
            write(table.array, reached(owner, at: position).filter { $0.kind != .nothing })
        }
        return ReachValues(ReachValue(.iterator, number), owner, .number)
    }

    // MARK: - table

    private func tableFunction(
        _ name: String, _ arguments: ReachValues, at position: Position
    ) -> ReachValues? {
        switch name {
        case "setmetatable": return setMetatable(arguments, at: position)
        case "getmetatable": return ReachValues(metatable(of: arguments[0]))
        case "rawget":
            guard let names = knownTexts(arguments[1]) else {
                return ReachValues(member(key: arguments[1], of: arguments[0], at: position))
            }
            return ReachValues(rawFields(names, of: arguments[0], at: position))
        case "rawset":
            set(
                arguments[0], arguments[1], nil, arguments[2], at: position, isRaw: true)
            return ReachValues(arguments[0])
        case "table.insert":
            let value = arguments.dropFirst(1).all
            _ = reached(arguments[0], at: position)
            set(arguments[0], .number, nil, value, at: position)
            return ReachValues()
        case "table.remove", "table.concat":
            let found = reached(arguments[0], at: position)
            if name == "table.remove" { putBack(found, arguments[0], at: position) }
            return ReachValues(name == "table.concat" ? .text : found.union(.nothing))
        case "table.sort":
            let found = reached(arguments[0], at: position).filter { $0.kind != .nothing }
            putBack(found, arguments[0], at: position)
            _ = call(arguments[1], ReachValues(found, found), at: position)
            if arguments[1].canFail { _ = operated("<", found, found, at: position) }
            return ReachValues()
        case "table.unpack": return unpack(arguments, at: position)
        case "table.pack": return ReachValues(packed(arguments, at: position))
        case "table.move":
            let target = arguments.first.count > 4 ? arguments[4] : arguments[0]
            set(
                target, .number, nil, reached(arguments[0], at: position), at: position)
            return ReachValues(target)
        default: return nil
        }
    }

    /// Puts elements of a table into it again: only its metatable sees that.
    private func putBack(_ found: ReachValue, _ owner: ReachValue, at position: Position) {
        for atom in owner.atoms { assigned(atom, .number, nil, found, at: position) }
    }

    private func rawFields(
        _ names: [String], of owner: ReachValue, at position: Position
    ) -> ReachValue {
        var result = ReachValue()
        for name in names {
            for atom in owner.atoms {
                if atom.kind == .instance {
                    let type = tables[atom.number]
                    result.add(read(type.heldField(name)).union(read(type.heldField("*"))))
                    result.add(.nothing)
                } else {
                    result.add(member(name, of: ReachValue(atom), at: position, isRaw: true))
                }
            }
        }
        return result
    }

    private func unpack(_ arguments: ReachValues, at position: Position) -> ReachValues {
        var results = ReachValues.none
        for atom in arguments[0].atoms {
            let own = indexed(atom, .number, nil, at: position)
            if !own.isEmpty { results = results.union(ReachValues(rest: own)) }
            guard atom.kind == .table else {
                results = results.union(ReachValues(rest: elements(of: atom)))
                continue
            }
            let table = tables[atom.number]
            _ = read(table.all)
            let isWhole = arguments.first.count < 2
            let more = read(table.array).union(.nothing)
            results = results.union(
                isWhole
                    ? ReachValues(
                        list: table.positions.map { read($0).union(read(table.array)) }, rest: more)
                    : ReachValues(rest: elements(of: table).union(.nothing)))
        }
        return results
    }

    private func packed(_ arguments: ReachValues, at position: Position) -> ReachValue {
        let number = tableNumber(at: position.offset, 2)
        let table = tables[number]
        for (index, value) in arguments.first.enumerated() {
            put(value, in: table, at: index)
        }
        append(arguments.rest, to: table)
        put(.number, in: table, "n")
        return ReachValue(.table, number)
    }

    // MARK: - coroutine

    private func coroutineFunction(
        _ name: String, _ arguments: ReachValues, at position: Position
    ) -> ReachValues? {
        switch name {
        case "coroutine.create", "coroutine.wrap":
            let number = tableNumber(at: position.offset, 3)
            write(tables[number].array, arguments[0])
            return ReachValues(ReachValue(.thread, number))
        case "coroutine.resume":
            var results = ReachValues.none
            for atom in arguments[0].atoms {
                if atom.kind == .thread {
                    results = results.union(
                        resume(atom.number, arguments.dropFirst(1), at: position))
                } else if atom.kind == .foreign {
                    noteUnknown("resumes a coroutine that comes from data", at: position)
                }
            }
            return results.prepending(.boolean).union(
                ReachValues(ReachValue(.no), read(thrown).union(.data)))
        case "coroutine.yield":
            write(yielded, arguments.all)
            return ReachValues(rest: read(resumed).union(.nothing))
        case "coroutine.running": return ReachValues(.foreign, .boolean)
        default: return nil
        }
    }
}
