import LuaSource

/// Calls of closures: one for each combination of kinds of arguments.
extension ReachContext {
    func makeClosure(
        _ function: Function, file: ReachFile, offset: Int, scope: ReachScope, call: Int
    ) -> ReachClosure {
        let key = Site(call: call, offset: offset, tag: file.number)
        if let known = closureNumbers[key] { return closures[known] }
        let closure = ReachClosure(
            function, file: file, offset: offset, scope: scope, number: closures.count)
        closureNumbers[key] = closures.count
        closures.append(closure)
        return closure
    }

    /// Returns the results of calling a closure.
    func call(
        closure number: Int, _ arguments: ReachValues, at position: Position
    ) -> ReachValues {
        // Waits until the arguments are known.
        if !isLast, arguments.first.contains(where: \.isEmpty) { return .none }
        let closure = closures[number]
        let count = closure.function.parameters.count + (closure.function.hasSelf ? 1 : 0)
        let named = (0..<count).map { plain(arguments[$0]) }
        var further: [ReachValue] = []
        var rest = ReachValue()
        if closure.function.isVariadic {
            further = arguments.first.dropFirst(count).prefix(4).map(plain)
            rest = arguments.dropFirst(count + 4).all
        }
        let key = CallKey(
            closure: number, arguments: (named + further).map(\.kinds), rest: rest.kinds)
        let call = self.call(of: closure, key, arguments, at: position)
        bind(named, further, rest, to: call)
        if !call.isBegun || call.isQueued, level < ReachState.depth, present !== call {
            evaluate(call)
        } else if !call.isBegun {
            enqueue(call)
        }
        return results(of: call)
    }

    /// Only texts that are names distinguish calls.
    private func plain(_ value: ReachValue) -> ReachValue {
        guard value.has(.text) else { return value }
        let isPlain = value.atoms.allSatisfy { atom in
            atom.kind != .text || atom.number == 0 || Self.isName(texts[atom.number])
        }
        return isPlain ? value : value.filter { $0.kind != .text }.union(.text)
    }

    private static func isName(_ text: String) -> Bool {
        text.utf8.count <= 32
            && text.utf8.allSatisfy { $0 >= 97 && $0 <= 122 || $0 == 95 || $0 == 46 }
    }

    private func call(
        of closure: ReachClosure, _ key: CallKey, _ arguments: ReachValues, at position: Position
    ) -> ReachCall {
        if let known = callNumbers[key] { return calls[known] }
        let function = Site(call: -1, offset: closure.offset, tag: closure.file.number)
        let count = callCounts[function, default: 0]
        var key = key
        if count >= ReachState.mostCalls {
            key = CallKey(closure: closure.number, arguments: [], rest: .foreign)
            if let known = callNumbers[key] { return calls[known] }
        }
        callCounts[function] = count + 1
        let call = ReachCall(calls.count, closure, origin: place(position))
        callNumbers[key] = call.number
        calls.append(call)
        return call
    }

    private func bind(
        _ named: [ReachValue], _ further: [ReachValue], _ rest: ReachValue, to call: ReachCall
    ) {
        let function = call.closure.function
        var named = named[...]
        if function.hasSelf, let first = named.popFirst() { write(call.cell(-1), first) }
        for (parameter, value) in zip(function.parameters, named) {
            write(call.cell(parameter.position.offset), value)
        }
        for (index, value) in further.enumerated() {
            if index >= call.varargs.count { call.varargs.append(ReachCell()) }
            write(call.varargs[index], value)
        }
        write(call.moreVarargs, rest)
    }

    private func results(of call: ReachCall) -> ReachValues {
        guard read(call.returns).canHold else {
            return isLast ? ReachValues(.failure) : .none
        }
        return ReachValues(list: call.results.map(read), rest: read(call.moreResults))
    }

    func evaluate(_ call: ReachCall) {
        let (outer, outerLooked, outerCalling) = (present, looked, calling)
        (present, looked, calling) = (call, [], [])
        level += 1
        call.isBegun = true
        call.isQueued = false
        defer {
            (present, looked, calling) = (outer, outerLooked, outerCalling)
            level -= 1
        }
        let function = call.closure.function
        let scope = ReachScope(call.closure.scope)
        if function.hasSelf { scope.declare("self", call.cell(-1)) }
        for parameter in function.parameters {
            scope.declare(parameter.name, call.cell(parameter.position.offset))
        }
        if block(function.body, scope) { finish(ReachValues(), scope) }
    }

    /// Adds to the results of the present call.
    func finish(_ values: ReachValues, _ scope: ReachScope) {
        guard let present, values.isKnown else { return }
        // Earlier returns with fewer results returned nil here.
        while present.results.count < min(values.first.count, 6) {
            let cell = ReachCell()
            if !present.returns.value.isEmpty { write(cell, .nothing) }
            present.results.append(cell)
        }
        for (index, cell) in present.results.enumerated() { write(cell, values[index]) }
        write(present.moreResults, values.dropFirst(present.results.count).all)
        write(present.returns, ReachValue(.yes))
    }
}
