import LuaSource

/// An upper bound of what a script can use: methods of the API and permissions for this machine.
///
/// Interprets the script, its modules and the standard library over kinds of values instead of
/// values: a table is the place that creates it, a function has its captured variables, and all
/// data from outside is one kind. Takes both branches unless the condition is known; a variable
/// holds everything that is assigned to it anywhere. Evaluates a function once for each combination
/// of kinds of arguments, so that `create { wait = true }` and `create {}` differ, and repeats that
/// until nothing changes.
final class ReachAnalysis: ReachState, ReachContext {
    /// Finds the methods and permissions that a script can use.
    ///
    /// - Parameter isLibrary: whether others call the functions that it returns.
    func run(_ body: [Statement], file name: String, isLibrary: Bool) {
        script = name
        let file = ReachFile(name, module: nil, isStandard: false, number: files.count)
        files[name] = file
        let start = ReachPlace(file: name, position: .start)
        let closure = chunk(body, file)
        let call = ReachCall(calls.count, closure, origin: start)
        calls.append(call)
        write(call.moreVarargs, .data)
        evaluate(call)
        drain()
        if isLibrary {
            present = call
            callAll(call.results.first?.value ?? ReachValue())
            present = nil
            drain()
        }
        // A value that is still unknown comes from code that cannot be followed or does not return.
        // From here on it may be anything.
        isLast = true
        for call in calls { enqueue(call) }
        drain()
        if isSpent { noteUnknown("does too much to be followed", at: .start) }
    }

    /// Says that nothing is known of a script that cannot be parsed.
    func runUnread(file name: String) {
        script = name
        noteUnknown("cannot be parsed", at: .start)
    }

    /// Calls the functions of a module and of its tables with values from outside.
    private func callAll(_ module: ReachValue) {
        var seen: Set<ReachAtom> = []
        var open = module.atoms
        while let atom = open.popLast() {
            guard seen.insert(atom).inserted else { continue }
            switch atom.kind {
            case .closure: _ = call(closure: atom.number, ReachValues(rest: .data), at: .start)
            case .table: open += tables[atom.number].all.value.atoms
            default: break
            }
        }
    }

    private func drain() {
        // In order of arrival: a call whose inputs grew in several places is evaluated once.
        var position = 0
        while position < queue.count {
            let next = queue[position]
            position += 1
            if next.isQueued { evaluate(next) }
            if position > 1000 {
                queue.removeFirst(position)
                position = 0
            }
        }
        queue = []
    }

    private func chunk(_ body: [Statement], _ file: ReachFile) -> ReachClosure {
        makeClosure(.chunk(body), file: file, offset: -1, scope: ReachScope(nil), call: -1)
    }

    /// Returns the value of a module of the standard library; nil if there is none of the name.
    func standardModule(_ name: String) -> ReachValue? {
        if let known = modules[name] { return read(known) }
        guard let body = Self.standardBody(name) else { return nil }
        let file = ReachFile(name, module: name, isStandard: true, number: files.count)
        files[name] = file
        return load(body, file, name, host: ReachValue(.table, libraryTable("host")))
    }

    /// Returns the value of a module of the script's own; nil if there is none of the name.
    func ownModule(_ name: String) -> ReachValue? {
        guard let found = resolve(name, script) else { return nil }
        if let known = modules[found.file] { return read(known) }
        guard let body = try? Parser.parse(found.source) else { return .data }
        let file = ReachFile(found.file, module: name, isStandard: false, number: files.count)
        files[found.file] = file
        return load(body, file, found.file, host: .text)
    }

    private func load(
        _ body: [Statement], _ file: ReachFile, _ key: String, host: ReachValue
    ) -> ReachValue {
        let cell = ReachCell()
        modules[key] = cell
        let origin =
            present.map { $0.origin }
            ?? ReachPlace(file: file.name, position: .start)
        let call = ReachCall(calls.count, chunk(body, file), origin: origin)
        calls.append(call)
        write(call.moreVarargs, .text)
        call.varargs = [ReachCell()]
        write(call.varargs[0], host)
        call.results = [cell]
        // Evaluates it completely at once, since the code after it needs its results.
        evaluate(call)
        return read(cell)
    }
}
