import LuaSource

/// The parts of the interpreter as they see each other.
protocol ReachContext: ReachState {
    /// What a file of the standard library returns; nil when there is none of the name.
    func standardModule(_ name: String) -> ReachValue?

    /// What `require` gives for the script's own files; nil when there is none of the name.
    func ownModule(_ name: String) -> ReachValue?

    // MARK: Statements and expressions

    /// Goes through statements; whether what follows them may be reached.
    @discardableResult
    func block(_ statements: [Statement], _ scope: ReachScope) -> Bool

    /// A function with the names that it sees.
    func closure(
        _ function: Function, _ position: Position, _ scope: ReachScope
    ) -> ReachValue

    /// The values of a list; the last one's call gives all of its results.
    func list(_ expressions: [Expression], _ scope: ReachScope) -> ReachValues

    /// What an expression can be.
    func value(_ expression: Expression, _ scope: ReachScope) -> ReachValue

    /// What `...` is.
    func varargs() -> ReachValues

    // MARK: Fields

    /// Puts a value under a key; the name is the key when it is written out.
    func set(_ owner: ReachValue, _ key: ReachValue, _ name: String?, _ value: ReachValue)

    /// Puts a value under a key, past metatables if that is asked for.
    func set(
        _ owner: ReachValue, _ key: ReachValue, _ name: String?, _ value: ReachValue, isRaw: Bool)

    /// Whether it is more than data, so that it is kept when it becomes part of such.
    func isKept(_ atom: ReachAtom) -> Bool

    /// What a member of a module is, when more is known of it than its code.
    func overridden(_ table: ReachTable, _ name: String?, _ value: ReachValue) -> ReachValue

    /// The globals of the script.
    var globals: ReachTable { get }

    /// What a global is.
    func global(_ name: String) -> ReachValue

    /// The number of one of Lua's own tables: `string`.
    func libraryTable(_ name: String) -> Int

    /// What a field gives.
    func member(_ name: String, of owner: ReachValue, at position: Position) -> ReachValue

    /// What a field gives, past metatables if that is asked for.
    func member(
        _ name: String, of owner: ReachValue, at position: Position, isRaw: Bool
    ) -> ReachValue

    /// What a field with a computed name gives.
    func member(key: ReachValue, of owner: ReachValue, at position: Position) -> ReachValue

    /// What an element with a number that is written out gives.
    func element(_ number: Int64, of owner: ReachValue) -> ReachValue

    /// What the elements of a value can be.
    func elements(of value: ReachValue) -> ReachValue

    /// What the elements of an atom can be.
    func elements(of atom: ReachAtom) -> ReachValue

    /// A part of the API by its whole name: `cluster.auth.list_keys`.
    func apiPart(_ path: String, at position: Position) -> ReachValue

    // MARK: Calls

    /// What a call gives.
    func call(_ call: Call, _ scope: ReachScope) -> ReachValues

    /// What calling a value gives.
    func call(
        _ function: ReachValue, _ arguments: ReachValues, at position: Position
    ) -> ReachValues

    /// What calling a closure gives.
    func call(
        closure number: Int, _ arguments: ReachValues, at position: Position
    ) -> ReachValues

    /// What calling a function that is built in gives.
    func call(native name: String, _ arguments: ReachValues, at position: Position) -> ReachValues

    /// Calls the functions among arguments, as those who are given them may.
    func callBack(_ arguments: ReachValues, with value: ReachValue, at position: Position)

    /// What resuming a coroutine gives.
    func resume(_ number: Int, _ arguments: ReachValues, at position: Position) -> ReachValues

    /// What a function of the host gives; nil for others.
    func hostFunction(
        _ name: String, _ arguments: ReachValues, at position: Position
    ) -> ReachValues?

    /// What a function of `qdrant.resource` gives; nil for others.
    func resourceFunction(
        _ name: String, _ arguments: ReachValues, at position: Position
    ) -> ReachValues?

    /// A function with the names that it sees, which is one for each place and call.
    func makeClosure(
        _ function: Function, file: ReachFile, offset: Int, scope: ReachScope, call: Int
    ) -> ReachClosure

    /// Looks at a call.
    func evaluate(_ call: ReachCall)

    /// Notes what the call that is looked at returns.
    func finish(_ values: ReachValues, _ scope: ReachScope)
}
