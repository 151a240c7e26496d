import Contract
import LuaSource

/// Requests about accounts that are not the session's.
extension ReachContext {
    /// A method as a value: the library's own, or one that the script names, with the path of the
    /// account in its requests.
    func named(_ method: Method) -> ReachValue {
        guard present?.file.isStandard == false else { return ReachValue(.method) }
        let path = method.accountIDPath?.joined(separator: ".") ?? "-"
        return ReachValue(.method, text(path).atoms[0].number)
    }

    /// A request for an account that is not the session's uses that account.
    func noteAccount(of arguments: ReachValues, to method: ReachAtom, at position: Position) {
        guard method.number != 0 else { return noteAccount(inRequest: arguments, at: position) }
        let path = name(of: method).split(separator: ".").map(String.init)
        if namesOther(arguments[0], path[...], at: position)
            || namesOther(arguments[1], ["account_id"], at: position)
        {
            note(word: "use:accounts", at: position)
        }
    }

    /// Whether something that the script sends may name another account than the session's.
    private func namesOther(
        _ value: ReachValue, _ path: ArraySlice<String>, at position: Position
    ) -> Bool {
        guard let name = path.first else {
            // The id of a session is the first one's unless there are several.
            let isKnown = !read(hasSessions).canHold
            return value.filter { !isKnown || $0.kind != .ownAccount }.canHold
        }
        return name != "-"
            && value.atoms.contains { atom in
                switch atom.kind {
                case .table:
                    let inner = member(name, of: ReachValue(atom), at: position, isRaw: true)
                    return namesOther(inner, path.dropFirst(), at: position)
                // Responses of the cloud are about the session's account.
                case .data, .member, .instance: return read(hasOtherData).canHold
                case .foreign: return true
                default: return false
                }
            }
    }

    /// The library makes requests out of what it is given field by field.
    private func noteAccount(inRequest arguments: ReachValues, at position: Position) {
        for atom in arguments.all.atoms where atom.kind == .table {
            let request = tables[atom.number]
            noteAccount(in: request, at: position)
            // `{ cluster = { account_id = … } }`
            for inner in read(request.all).atoms where inner.kind == .table {
                noteAccount(in: tables[inner.number], at: position)
            }
        }
    }

    private func noteAccount(in request: ReachTable, at position: Position) {
        guard let cell = request.fields["account_id"] else {
            // A field that is set later is seen later.
            _ = read(request.all)
            return
        }
        let others = read(cell).filter { $0.kind != .ownAccount }
        if others.canHold { note(word: "use:accounts", at: position) }
    }

    /// Notes that a value other than the script's tables may have another account's id from here on.
    func noteChange(of key: ReachValue, _ name: String?) {
        guard present?.file.isStandard == false else { return }
        let names = name.map { [$0] } ?? knownTexts(key)
        if names?.contains("account_id") ?? key.has(.text) || key.has(.data) {
            write(hasOtherData, ReachValue(.yes))
        }
    }
}
