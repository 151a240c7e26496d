import LuaSource

/// The values of expressions.
extension ReachContext {
    /// Returns the values of a list of expressions; a call at its end yields all its results.
    func list(_ expressions: [Expression], _ scope: ReachScope) -> ReachValues {
        var values = ReachValues()
        for (index, expression) in expressions.enumerated() {
            guard index == expressions.count - 1 else {
                values.first.append(value(expression, scope))
                continue
            }
            switch expression {
            case .call(let call):
                let results = self.call(call, scope)
                if !results.isKnown, values.first.isEmpty { return .none }
                values.first += results.isKnown ? results.first : [ReachValue()]
                values.rest = results.rest
            case .vararg:
                let further = varargs()
                values.first += further.first
                values.rest = further.rest
            default: values.first.append(value(expression, scope))
            }
        }
        values.shorten()
        return values
    }

    func varargs() -> ReachValues {
        guard let present else { return ReachValues() }
        return ReachValues(list: present.varargs.map(read), rest: read(present.moreVarargs))
    }

    func value(_ expression: Expression, _ scope: ReachScope) -> ReachValue {
        steps += 1
        switch expression {
        case .nil: return .nothing
        case .bool(let flag, _): return ReachValue(flag ? .yes : .no)
        case .integer, .float: return .number
        case .string(let bytes, _): return text(String(decoding: bytes, as: UTF8.self))
        case .vararg: return varargs()[0]
        case .function(let function, let position): return closure(function, position, scope)
        case .name(let name, let position): return variable(name, position, scope)
        case .index(let owner, let key, let position):
            let owner = value(owner, scope)
            if let name = key.text { return member(name, of: owner, at: position) }
            if case .integer(let number, _) = key {
                return element(number, of: owner, at: position)
            }
            return member(key: value(key, scope), of: owner, at: position)
        case .call(let call): return self.call(call, scope)[0]
        case .table(let fields, let position): return table(fields, position, scope)
        case .unary(let sign, let inner, let position):
            return unary(sign, value(inner, scope), at: position)
        case .binary(let sign, let left, let right, _):
            return binary(sign, left, right, scope)
        case .parenthesised(let inner, _): return value(inner, scope)
        }
    }

    private func variable(
        _ name: String, _ position: Position, _ scope: ReachScope
    ) -> ReachValue {
        if let cell = scope.cell(name) { return read(cell) }
        if name == "_ENV" { return ReachValue(.table, tableNumber(named: "_G")) }
        if let environment = scope.cell("_ENV") {
            return member(name, of: read(environment), at: position)
        }
        return global(name, at: position)
    }

    private func unary(
        _ sign: String, _ value: ReachValue, at position: Position
    ) -> ReachValue {
        if let name = ReachLibrary.unaryOperators[sign] {
            return operated(name, value, at: position).union(sign == "-" ? .data : .number)
        }
        var result = ReachValue()
        if value.canHold { result.add(ReachValue(.no)) }
        if value.canFail { result.add(ReachValue(.yes)) }
        return result
    }

    private func binary(
        _ sign: String, _ left: Expression, _ right: Expression, _ scope: ReachScope
    ) -> ReachValue {
        var first = value(left, scope)
        if first.isEmpty, isLast, sign == "and" || sign == "or" { first = .data }
        switch sign {
        case "and": return first.canHold ? first.failed.union(value(right, scope)) : first.failed
        case "or": return first.canFail ? first.held.union(value(right, scope)) : first.held
        default: break
        }
        let second = value(right, scope)
        let own = operated(sign, first, second, at: left.position)
        switch sign {
        case "==", "~=": return equality(first, second, isWanted: sign == "==")
        case "<", "<=", ">", ">=": return .boolean
        case "..":
            // Known parts make a known name: "qdrant." .. name.
            if let starts = knownTexts(first), let ends = knownTexts(second),
                starts.count * ends.count <= 8
            {
                return starts.reduce(into: own) { result, start in
                    for end in ends { result.add(text(start + end)) }
                }
            }
            return own.union(own.isEmpty ? .text : .data)
        default: return own.union(.data)
        }
    }

    /// Whether two values are equal, where both are known texts.
    private func equality(
        _ first: ReachValue, _ second: ReachValue, isWanted: Bool
    ) -> ReachValue {
        guard let some = knownTexts(first), let others = knownTexts(second) else { return .boolean }
        let common = some.filter(others.contains)
        if common.isEmpty { return ReachValue(isWanted ? .no : .yes) }
        return some.count == 1 && others.count == 1 ? ReachValue(isWanted ? .yes : .no) : .boolean
    }

    // MARK: - Tables

    private func table(
        _ fields: [TableField], _ position: Position, _ scope: ReachScope
    ) -> ReachValue {
        let number = tableNumber(at: position.offset)
        let table = tables[number]
        let owner = ReachValue(.table, number)
        var index = 0
        for (place, field) in fields.enumerated() {
            if let key = field.key {
                let value = value(field.value, scope)
                if let name = key.text {
                    table.initial.insert(name)
                    put(value, in: table, name)
                } else {
                    set(
                        owner, self.value(key, scope), nil, value, at: key.position, isRaw: true)
                }
                continue
            }
            let values =
                place == fields.count - 1
                ? list([field.value], scope) : ReachValues(value(field.value, scope))
            for value in values.first {
                put(value, in: table, at: index)
                index += 1
            }
            append(values.rest, to: table)
        }
        return owner
    }
}
