import Contract
import LuaSource

/// The interface between the parts of the interpreter.
protocol ReachContext: ReachState {
    /// Returns the value of a module of the standard library; nil if there is none of the name.
    func standardModule(_ name: String) -> ReachValue?

    /// Returns the value of a module of the script's own; nil if there is none of the name.
    func ownModule(_ name: String) -> ReachValue?

    // MARK: Statements and expressions

    /// Interprets statements; returns whether the code after them is reachable.
    @discardableResult
    func block(_ statements: [Statement], _ scope: ReachScope) -> Bool

    /// A function and its scope.
    func closure(
        _ function: Function, _ position: Position, _ scope: ReachScope
    ) -> ReachValue

    /// Returns the values of a list of expressions; a call at its end yields all its results.
    func list(_ expressions: [Expression], _ scope: ReachScope) -> ReachValues

    /// Returns the value of an expression.
    func value(_ expression: Expression, _ scope: ReachScope) -> ReachValue

    /// Returns the value of `...`.
    func varargs() -> ReachValues

    // MARK: Fields

    /// Puts a value under a key; the name is the key when it is written out.
    func set(
        _ owner: ReachValue, _ key: ReachValue, _ name: String?, _ value: ReachValue,
        at position: Position)

    /// Stores a value under a key, optionally without metatables.
    func set(
        _ owner: ReachValue, _ key: ReachValue, _ name: String?, _ value: ReachValue,
        at position: Position, isRaw: Bool)

    /// Whether a value is more than data, so that it stays known as a part of data.
    func isKept(_ atom: ReachAtom) -> Bool

    /// Returns the native form of a module's function if that is more precise than its code.
    func overridden(_ table: ReachTable, _ name: String?, _ value: ReachValue) -> ReachValue

    /// Returns the globals of the script.
    var globals: ReachTable { get }

    /// Returns the value of a global.
    func global(_ name: String) -> ReachValue

    /// Returns the value of a name that is not a local variable.
    func global(_ name: String, at position: Position) -> ReachValue

    /// The number of one of Lua's own tables: `string`.
    func libraryTable(_ name: String) -> Int

    /// Returns the value of a field.
    func member(_ name: String, of owner: ReachValue, at position: Position) -> ReachValue

    /// Returns the value of a field, optionally without metatables.
    func member(
        _ name: String, of owner: ReachValue, at position: Position, isRaw: Bool
    ) -> ReachValue

    /// Returns the value of a field with a computed name.
    func member(key: ReachValue, of owner: ReachValue, at position: Position) -> ReachValue

    /// What an element with a number that is written out gives.
    func element(
        _ number: Int64, of owner: ReachValue, at position: Position
    ) -> ReachValue

    /// Returns the value of a value's elements.
    func elements(of value: ReachValue) -> ReachValue

    /// Returns the value of an atom's elements.
    func elements(of atom: ReachAtom) -> ReachValue

    /// A part of the API by its whole name: `cluster.auth.list_keys`.
    func apiPart(_ path: String, at position: Position) -> ReachValue

    // MARK: Calls

    /// Returns the results of a call.
    func call(_ call: Call, _ scope: ReachScope) -> ReachValues

    /// Returns the results of calling a value.
    func call(
        _ function: ReachValue, _ arguments: ReachValues, at position: Position
    ) -> ReachValues

    /// Returns the results of calling a closure.
    func call(
        closure number: Int, _ arguments: ReachValues, at position: Position
    ) -> ReachValues

    /// Returns the results of calling a native function.
    func call(native name: String, _ arguments: ReachValues, at position: Position) -> ReachValues

    /// Anything, of calls and metatables that lead deeper than they are followed.
    func tooDeep(at position: Position) -> ReachValues

    /// A method as a value: the library's own, or one that the script names.
    func named(_ method: Method) -> ReachValue

    /// A request for an account that is not the session's uses that account.
    func noteAccount(of arguments: ReachValues, to method: ReachAtom, at position: Position)

    /// Notes that a value other than the script's tables may have another account's id from here on.
    func noteChange(of key: ReachValue, _ name: String?)

    /// Calls the functions among arguments, as those who are given them may.
    func callBack(
        _ arguments: ReachValues, with value: ReachValue, at position: Position, isSure: Bool)

    /// Returns the results of resuming a coroutine.
    func resume(_ number: Int, _ arguments: ReachValues, at position: Position) -> ReachValues

    /// Returns the results of a host function; nil for other names.
    func hostFunction(
        _ name: String, _ arguments: ReachValues, at position: Position
    ) -> ReachValues?

    /// Returns the results of a function of `qdrant.resource`; nil for other names.
    func resourceFunction(
        _ name: String, _ arguments: ReachValues, at position: Position
    ) -> ReachValues?

    /// Returns a function with its scope, one for each place and call.
    func makeClosure(
        _ function: Function, file: ReachFile, offset: Int, scope: ReachScope, call: Int
    ) -> ReachClosure

    /// Evaluates a call.
    func evaluate(_ call: ReachCall)

    /// Adds to the results of the present call.
    func finish(_ values: ReachValues, _ scope: ReachScope)
}
