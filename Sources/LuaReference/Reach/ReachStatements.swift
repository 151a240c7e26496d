import LuaSource

/// Statements and assignments.
extension ReachContext {
    /// Interprets statements; returns whether the code after them is reachable.
    @discardableResult
    func block(_ statements: [Statement], _ scope: ReachScope) -> Bool {
        guard !isSpent else { return false }
        for (index, statement) in statements.enumerated()
        where !self.statement(statement, scope) {
            // A `goto` may reach the label.
            guard let label = statements[index...].firstIndex(where: Self.isLabel) else {
                return false
            }
            return block(Array(statements[label...].dropFirst()), scope)
        }
        return true
    }

    private static func isLabel(_ statement: Statement) -> Bool {
        if case .label = statement { return true }
        return false
    }

    private func statement(_ statement: Statement, _ scope: ReachScope) -> Bool {
        switch statement {
        case .local(let names, let values, _):
            let given = list(values, scope)
            for (index, entry) in names.enumerated() {
                let cell = local(entry.position.offset)
                write(cell, given[index])
                scope.declare(entry.name, cell)
            }
        case .assign(let targets, let values, _):
            let given = list(values, scope)
            for (index, target) in targets.enumerated() { assign(target, given[index], scope) }
        case .call(let call):
            _ = self.call(call, scope)
            return !isError(call, scope)
        case .block(let body): return block(body, ReachScope(scope))
        case .if(let branches, let last): return choice(branches, last, scope)
        case .function(let target, let function, let position):
            assign(target, closure(function, position, scope), scope)
        case .localFunction(let name, let function, let position):
            let cell = local(position.offset)
            scope.declare(name, cell)
            write(cell, closure(function, position, scope))
        case .return(let values, _):
            finish(list(values, scope), scope)
            return false
        case .break, .goto: return false
        case .label: break
        case .while, .repeat, .numericFor, .genericFor: loop(statement, scope)
        }
        return true
    }

    private func choice(
        _ branches: [(condition: Expression, body: [Statement])], _ last: [Statement]?,
        _ scope: ReachScope
    ) -> Bool {
        var goesOn = false
        for branch in branches {
            let condition = self.condition(branch.condition, scope)
            if condition.canHold, block(branch.body, ReachScope(scope)) { goesOn = true }
            guard condition.canFail else { return goesOn }
        }
        return last.map { block($0, ReachScope(scope)) } ?? true || goesOn
    }

    private func condition(_ expression: Expression, _ scope: ReachScope) -> ReachValue {
        let found = value(expression, scope)
        return found.isEmpty && isLast ? .data : found
    }

    private func loop(_ statement: Statement, _ scope: ReachScope) {
        switch statement {
        case .while(let condition, let body):
            if self.condition(condition, scope).canHold { block(body, ReachScope(scope)) }
        case .repeat(let body, let condition):
            let inner = ReachScope(scope)
            block(body, inner)
            _ = value(condition, inner)
        case .numericFor(let name, let position, let from, let to, let step, let body):
            for bound in [from, to] + (step.map { [$0] } ?? []) { _ = value(bound, scope) }
            let inner = ReachScope(scope)
            let cell = local(position.offset)
            write(cell, .number)
            inner.declare(name, cell)
            block(body, inner)
        case .genericFor(let names, let values, let body): genericFor(names, values, body, scope)
        default: break
        }
    }

    private func genericFor(
        _ names: [(name: String, position: Position)], _ values: [Expression],
        _ body: [Statement], _ scope: ReachScope
    ) {
        let given = list(values, scope)
        let place = values.first?.position ?? .start
        let found = call(given[0], ReachValues(given[1], given[2]), at: place)
        let inner = ReachScope(scope)
        for (index, entry) in names.enumerated() {
            let cell = local(entry.position.offset)
            // The loop ends with nil.
            write(cell, index == 0 ? found[0].filter { $0.kind != .nothing } : found[index])
            inner.declare(entry.name, cell)
        }
        block(body, inner)
    }

    private func local(_ offset: Int) -> ReachCell { present?.cell(offset) ?? ReachCell() }

    func closure(
        _ function: Function, _ position: Position, _ scope: ReachScope
    ) -> ReachValue {
        guard let present else { return ReachValue() }
        let made = makeClosure(
            function, file: present.file, offset: position.offset, scope: scope,
            call: present.number)
        return ReachValue(.closure, made.number)
    }

    // MARK: - Assignments

    private func assign(_ target: Expression, _ value: ReachValue, _ scope: ReachScope) {
        switch target {
        case .name(let name, _):
            if let cell = scope.cell(name) {
                write(cell, value)
            } else if let environment = scope.cell("_ENV") {
                set(read(environment), text(name), name, value, at: target.position)
            } else {
                let globals = ReachValue(.table, tableNumber(named: "_G"))
                set(globals, text(name), name, value, at: target.position)
            }
        case .index(let owner, let key, _):
            let owner = self.value(owner, scope)
            if let name = key.text {
                set(owner, text(name), name, value, at: key.position)
            } else {
                set(owner, self.value(key, scope), nil, value, at: key.position)
            }
        case .parenthesised(let inner, _): assign(inner, value, scope)
        default: _ = self.value(target, scope)
        }
    }

    /// Stores a value under a key.
    ///
    /// - Parameter name: the key, if it is a literal.
    func set(
        _ owner: ReachValue, _ key: ReachValue, _ name: String?, _ value: ReachValue,
        at position: Position
    ) {
        set(owner, key, name, value, at: position, isRaw: false)
    }

    func set(
        _ owner: ReachValue, _ key: ReachValue, _ name: String?, _ value: ReachValue,
        at position: Position, isRaw: Bool
    ) {
        for atom in owner.atoms {
            if !isRaw { assigned(atom, key, name, value, at: position) }
            switch atom.kind {
            case .table:
                let table = tables[atom.number]
                let value = overridden(table, name, value)
                set(table, key, name, value)
            case .instance:
                noteChange(of: key, name)
                hold(value, in: tables[atom.number], key, name)
            case .connection: set(connectionFields, key, name, value)
            case .data, .member, .foreign, .iterator, .thread, .file:
                // Texts and numbers in it are data as everything else.
                noteChange(of: key, name)
                let kept = value.filter(isKept)
                if !kept.isEmpty { set(dataFields, key, name, kept) }
            default: break
            }
        }
    }

    /// Whether a value is more than data, so that it stays known as a part of data. The library's
    /// own tables and functions do not become part of data.
    func isKept(_ atom: ReachAtom) -> Bool {
        switch atom.kind {
        case .nothing, .no, .yes, .number, .text, .data, .ownAccount: return false
        case .table, .iterator, .thread:
            return present?.file.isStandard != true || !tables[atom.number].isStandard
        case .closure:
            return present?.file.isStandard != true || !closures[atom.number].file.isStandard
        default: return true
        }
    }

    private func set(
        _ table: ReachTable, _ key: ReachValue, _ name: String?, _ value: ReachValue
    ) {
        write(table.all, value)
        for text in name.map({ [$0] }) ?? knownTexts(key) ?? [] { put(value, in: table, text) }
        guard name == nil, knownTexts(key) == nil else { return }
        write(table.keys, key)
        write(key.atoms.allSatisfy { $0.kind == .number } ? table.array : table.other, value)
        if !key.atoms.allSatisfy({ $0.kind == .number }) { write(table.array, value) }
    }

    private func hold(
        _ value: ReachValue, in table: ReachTable, _ key: ReachValue, _ name: String?
    ) {
        let names = name.map { [$0] } ?? knownTexts(key) ?? ["*"]
        for name in names { write(table.heldField(name), value) }
    }

    /// Whether a call does not return, whatever its arguments are.
    private func isError(_ call: Call, _ scope: ReachScope) -> Bool {
        switch call.function {
        case .name("error", _) where call.method == nil: break
        case .index(_, let key, _)
        where call.method == nil && ["blame", "fail", "exit"].contains(key.text): break
        default: return false
        }
        let functions = value(call.function, scope)
        // While nothing is known of the function, what comes after it waits.
        if functions.isEmpty { return !isLast }
        return functions.atoms.allSatisfy { atom in
            switch atom.kind {
            case .native: endless.contains(name(of: atom))
            case .nothing, .failure: true
            default: false
            }
        }
    }
}

/// The functions that do not return.
private let endless: Set<String> = ["error", "os.exit", "host.blame", "resource.fail"]
