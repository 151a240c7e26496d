import Contract
import LuaSource

/// Calls.
extension ReachContext {
    func call(_ call: Call, _ scope: ReachScope) -> ReachValues {
        let position = call.position
        guard let name = call.method else {
            let function = value(call.function, scope)
            let given = list(call.arguments, scope)
            return self.call(function, given, at: position)
        }
        let owner = value(call.function, scope)
        let given = list(call.arguments, scope)
        guard !owner.isEmpty else { return self.call(owner, given, at: position) }
        var results = ReachValues.none
        // Pairs each owner with its own method only.
        for atom in owner.atoms {
            let one = ReachValue(atom)
            let method = member(name, of: one, at: position)
            results = results.union(
                method.isEmpty
                    ? ReachValues(.failure)
                    : self.call(method, given.prepending(one), at: position))
        }
        return results
    }

    /// Returns the results of calling a value.
    func call(
        _ function: ReachValue, _ arguments: ReachValues, at position: Position
    ) -> ReachValues {
        var results = ReachValues.none
        if function.isEmpty, isLast, present?.file.isStandard == false {
            noteUnknown("calls a function that cannot be followed", at: position)
            return ReachValues(rest: .foreign)
        }
        for atom in function.atoms {
            results = results.union(call(atom, arguments, at: position))
        }
        return results
    }

    private func call(
        _ atom: ReachAtom, _ arguments: ReachValues, at position: Position
    ) -> ReachValues {
        guard nesting < ReachState.deepest else { return tooDeep(at: position) }
        guard !isSpent else { return .none }
        steps += 8 + arguments.first.count
        nesting += 1
        defer { nesting -= 1 }
        switch atom.kind {
        case .closure: return call(closure: atom.number, arguments, at: position)
        case .native:
            let mark = ReachState.Calling(atom: atom, arguments: arguments)
            guard calling.insert(mark).inserted else { return .none }
            defer { calling.remove(mark) }
            return call(native: name(of: atom), arguments, at: position)
        case .method:
            noteAccount(of: arguments, to: atom, at: position)
            return ReachValues(.data)
        case .iterator:
            let table = tables[atom.number]
            return ReachValues(read(table.keys), read(table.array))
        case .thread: return resume(atom.number, arguments, at: position)
        case .foreign, .member:
            noteUnknown("calls a function that comes from data", at: position)
            callBack(arguments, with: .foreign, at: position, isSure: false)
            return ReachValues(rest: .foreign)
        case .data, .file:
            return ReachValues(.data, .data, rest: .data)
                .union(callHandlers(of: atom, arguments, at: position))
        default:
            let results = callHandlers(of: atom, arguments, at: position)
            return results.isKnown ? results : ReachValues(.failure)
        }
    }

    /// Anything, of calls and metatables that lead deeper than they are followed.
    func tooDeep(at position: Position) -> ReachValues {
        noteUnknown("leads deeper than the check follows", at: position)
        return ReachValues(rest: .foreign)
    }

    /// What `__call` gives.
    private func callHandlers(
        of atom: ReachAtom, _ arguments: ReachValues, at position: Position
    ) -> ReachValues {
        let functions = handlers("__call", of: atom)
        let mark = ReachState.Calling(atom: atom, arguments: .none)
        guard !functions.isEmpty, calling.insert(mark).inserted else { return .none }
        defer { calling.remove(mark) }
        return call(functions, arguments.prepending(ReachValue(atom)), at: position)
    }

    /// Calls the functions among arguments, as who is given them may.
    ///
    /// - Parameter isSure: whether it calls what it is given, so that what may be a function counts.
    func callBack(
        _ arguments: ReachValues, with value: ReachValue, at position: Position, isSure: Bool
    ) {
        let functions = arguments.all.filter {
            $0.kind == .closure || $0.kind == .native || $0.kind == .thread
                || isSure && $0.kind == .foreign
        }
        guard !functions.isEmpty else { return }
        _ = call(functions, ReachValues(rest: value), at: position)
    }

    func resume(
        _ number: Int, _ arguments: ReachValues, at position: Position
    ) -> ReachValues {
        write(resumed, arguments.all)
        let function = read(tables[number].array)
        let returned = call(function, arguments, at: position)
        return ReachValues(
            rest: returned.all.union(read(yielded)).union(.nothing))
    }
}
