import LuaSource

/// Metatables: what Lua calls or looks up for an operator, a field or an element.
extension ReachContext {
    // MARK: - Handlers

    /// The metatable of all strings, whose `__index` is the table `string`. The library's own code
    /// does not depend on what a script makes of it.
    private var stringMetatable: ReachValue {
        guard present?.file.isStandard != true else { return ReachValue() }
        let number = tableNumber(named: "metatable of strings")
        if tables[number].initial.insert("__index").inserted {
            put(ReachValue(.table, libraryTable("string")), in: tables[number], "__index")
        }
        return ReachValue(.table, number)
    }

    /// The metatables that a value can have. All but the script's own tables share one.
    private func metatables(of atom: ReachAtom) -> ReachValue {
        switch atom.kind {
        case .table: return read(tables[atom.number].metatable)
        case .text, .ownAccount:
            return stringMetatable
        case .data, .member: return read(dataFields.metatable).union(stringMetatable)
        case .instance: return read(tables[atom.number].objectMetatable)
        case .connection: return read(connectionFields.metatable)
        default: return ReachValue()
        }
    }

    /// What stands in a value's metatables under a name: `__index`.
    func handlers(_ name: String, of atom: ReachAtom) -> ReachValue {
        var result = ReachValue()
        for meta in metatables(of: atom).atoms {
            let table = meta.kind == .table ? tables[meta.number] : dataFields
            result.add(read(table.field(name)))
            result.add(read(table.other))
        }
        return result.filter { $0.kind != .nothing && $0.kind != .no && $0.kind != .failure }
    }

    private func isFunction(_ atom: ReachAtom) -> Bool {
        switch atom.kind {
        case .closure, .native, .thread, .foreign: true
        default: false
        }
    }

    // MARK: - Reading and writing

    /// What `__index` gives for a key.
    ///
    /// - Parameter name: the key, when it is written out.
    func indexed(
        _ atom: ReachAtom, _ key: ReachValue, _ name: String?, at position: Position
    ) -> ReachValue {
        var result = ReachValue()
        let functions = handlers("__index", of: atom)
        guard !functions.isEmpty, !isSpent else { return result }
        guard nesting < ReachState.deepest else { return tooDeep(at: position)[0] }
        (nesting, steps) = (nesting + 1, steps + 1)
        defer { nesting -= 1 }
        // Metatables may lead to themselves; what they have was seen the first time.
        let outer = looked
        let look = ReachState.Look(atom: atom, key: key, isWritten: false)
        guard looked.insert(look).inserted else { return result }
        defer { if outer.isEmpty { looked = outer } }
        // Of data that the library reads, each field may be meant: they are one.
        let isAny = atom.kind != .table && present?.file.isStandard == true
        let asked = isAny && key.has(.text) ? ReachValue.text : key
        for handler in functions.atoms {
            let one = ReachValue(handler)
            if isFunction(handler) {
                result.add(call(one, ReachValues(ReachValue(atom), asked), at: position)[0])
            } else if handler.kind == .table, tables[handler.number].library == "string",
                atom.kind != .table
            {
                // Those of strings are known by name.
                continue
            } else if let name {
                result.add(member(name, of: one, at: position))
            } else {
                result.add(member(key: key, of: one, at: position))
            }
        }
        return result
    }

    /// What `__newindex` does with a value under a key.
    func assigned(
        _ atom: ReachAtom, _ key: ReachValue, _ name: String?, _ value: ReachValue,
        at position: Position
    ) {
        let functions = handlers("__newindex", of: atom)
        guard !functions.isEmpty, !isSpent else { return }
        guard nesting < ReachState.deepest else { return _ = tooDeep(at: position) }
        (nesting, steps) = (nesting + 1, steps + 1)
        defer { nesting -= 1 }
        let outer = looked
        let look = ReachState.Look(atom: atom, key: key, isWritten: true)
        guard looked.insert(look).inserted else { return }
        defer { if outer.isEmpty { looked = outer } }
        for handler in functions.atoms {
            let one = ReachValue(handler)
            if isFunction(handler) {
                _ = call(one, ReachValues(ReachValue(atom), key, value), at: position)
            } else {
                set(one, key, name, value, at: position)
            }
        }
    }

    // MARK: - Operators

    /// What the metamethods of an operator with two operands give.
    func operated(
        _ sign: String, _ first: ReachValue, _ second: ReachValue, at position: Position
    ) -> ReachValue {
        guard let name = ReachLibrary.operators[sign] else { return ReachValue() }
        var functions = ReachValue()
        for atom in first.atoms + second.atoms { functions.add(handlers(name, of: atom)) }
        guard !functions.isEmpty else { return functions }
        let isTurned = sign == ">" || sign == ">="
        let given = isTurned ? ReachValues(second, first) : ReachValues(first, second)
        return call(functions, given, at: position)[0]
    }

    /// What the metamethods of an operator with one operand give.
    func operated(_ name: String, _ value: ReachValue, at position: Position) -> ReachValue {
        var functions = ReachValue()
        for atom in value.atoms { functions.add(handlers(name, of: atom)) }
        guard !functions.isEmpty else { return functions }
        return call(functions, ReachValues(value, value), at: position)[0]
    }

    // MARK: - The functions of Lua

    func setMetatable(_ arguments: ReachValues, at position: Position) -> ReachValues {
        let meta = arguments[1].filter { $0.kind != .nothing && $0.kind != .failure }
        let owners = arguments[0].union(ofLibrary(arguments[0], at: position))
        for atom in owners.atoms {
            switch atom.kind {
            case .table: write(tables[atom.number].metatable, meta)
            case .data where present?.file.isStandard == true: continue
            case .instance: write(tables[atom.number].objectMetatable, meta)
            case .connection: write(connectionFields.metatable, meta)
            case .data, .member, .foreign: write(dataFields.metatable, meta)
            default: continue
            }
            // Lua calls these when it likes: at the end of a block, by the collector, for a text.
            let owner = ReachValue(atom)
            for name in ReachLibrary.unasked {
                let function = handlers(name, of: atom)
                guard !function.isEmpty else { continue }
                let problem = read(thrown).union(.data).union(.nothing)
                _ = call(function, ReachValues(owner, problem), at: position)
            }
        }
        return ReachValues(owners)
    }

    /// Data to which the library gives a metatable is a table of its own from then on, so that
    /// it makes no other data different.
    private func ofLibrary(_ value: ReachValue, at position: Position) -> ReachValue {
        guard present?.file.isStandard == true, value.has(.data) else { return ReachValue() }
        let number = tableNumber(at: position.offset, 6)
        for cell in [tables[number].other, tables[number].array, tables[number].all] {
            write(cell, elements(of: ReachValue.data))
        }
        return ReachValue(.table, number)
    }

    func metatable(of value: ReachValue) -> ReachValue {
        var result = ReachValue.nothing
        for atom in value.atoms {
            result.add(metatables(of: atom))
            result.add(handlers("__metatable", of: atom))
            switch atom.kind {
            case .table, .text, .ownAccount: break
            case .instance, .connection, .api, .method, .foreign, .member: result.add(.foreign)
            default: result.add(.data)
            }
        }
        return result
    }

    /// What the elements of values are, for functions that go through them: those of proxies, too.
    func reached(_ value: ReachValue, at position: Position) -> ReachValue {
        var result = elements(of: value)
        for atom in value.atoms { result.add(indexed(atom, .number, nil, at: position)) }
        return result
    }

    /// The functions that `__pairs` gives for a loop, and what they give.
    func pairs(of atom: ReachAtom, at position: Position) -> ReachValues {
        let functions = handlers("__pairs", of: atom)
        guard !functions.isEmpty else { return .none }
        let given = call(functions, ReachValues(ReachValue(atom)), at: position)
        guard given.isKnown else { return .none }
        return call(given[0], ReachValues(given[1], given[2]), at: position)
    }
}

extension ReachLibrary {
    /// The metamethods of operators with two operands.
    static let operators: [String: String] = [
        "+": "__add", "-": "__sub", "*": "__mul", "/": "__div", "%": "__mod", "^": "__pow",
        "//": "__idiv", "&": "__band", "|": "__bor", "~": "__bxor", "<<": "__shl", ">>": "__shr",
        "..": "__concat", "==": "__eq", "~=": "__eq", "<": "__lt", ">": "__lt", "<=": "__le",
        ">=": "__le",
    ]

    /// The metamethods of operators with one operand.
    static let unaryOperators = ["-": "__unm", "#": "__len", "~": "__bnot"]

    /// The metamethods that Lua calls without an operator.
    static let unasked = ["__close", "__gc", "__tostring", "__len"]
}
