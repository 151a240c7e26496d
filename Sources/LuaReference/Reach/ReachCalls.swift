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
        switch atom.kind {
        case .closure: return call(closure: atom.number, arguments, at: position)
        case .native: return call(native: name(of: atom), arguments, at: position)
        case .method:
            noteAccount(of: arguments, at: position)
            return ReachValues(.data)
        case .table:
            var results = ReachValues.none
            for meta in read(tables[atom.number].metatable).atoms where meta.kind == .table {
                let caller = read(tables[meta.number].field("__call"))
                if caller.isEmpty { continue }
                results = results.union(
                    call(caller, arguments.prepending(ReachValue(atom)), at: position))
            }
            return results.isKnown ? results : ReachValues(.failure)
        case .iterator:
            let table = tables[atom.number]
            return ReachValues(read(table.keys), read(table.array))
        case .thread: return resume(atom.number, arguments, at: position)
        case .foreign, .member:
            noteUnknown("calls a function that comes from data", at: position)
            callBack(arguments, with: .foreign, at: position)
            return ReachValues(rest: .foreign)
        case .data, .file: return ReachValues(.data, .data, rest: .data)
        default: return ReachValues(.failure)
        }
    }

    /// Calls the functions among arguments, since the callee may do so.
    func callBack(_ arguments: ReachValues, with value: ReachValue, at position: Position) {
        let functions = arguments.all.filter {
            $0.kind == .closure || $0.kind == .native || $0.kind == .thread
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

    // MARK: - Accounts

    /// Notes the use of an account other than the session's in a request.
    private func noteAccount(of arguments: ReachValues, at position: Position) {
        for value in arguments.first {
            for atom in value.atoms where atom.kind == .table {
                let request = tables[atom.number]
                noteAccount(in: request, at: position)
                // `{ cluster = { account_id = … } }`
                for inner in read(request.all).atoms where inner.kind == .table {
                    noteAccount(in: tables[inner.number], at: position)
                }
            }
        }
    }

    private func noteAccount(in request: ReachTable, at position: Position) {
        guard let cell = request.fields["account_id"] else {
            // A field that is set later is noted later.
            _ = read(request.all)
            return
        }
        let others = read(cell).filter { $0.kind != .ownAccount }
        if others.canHold { note(word: "use:accounts", at: position) }
    }
}
