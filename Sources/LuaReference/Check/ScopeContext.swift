import Contract
import LuaSource

/// The surroundings of a file that is checked: the contract, other modules, the findings.
protocol ScopeContext: AnyObject {
    var registry: Registry { get }
    var findings: [Finding] { get set }

    /// The shape of a module as `require` finds it from a file; nil when there is none.
    func module(_ name: String) -> Shape?

    /// The shape of a module of the standard library.
    func standardModule(_ name: String) -> Shape?

    /// The shape of a module of `qdrant.api`.
    func apiShape(_ path: String) -> Shape?

    /// A method of a module of `qdrant.api`.
    func method(_ name: String, in path: String) -> Method?

    /// The names below a module of `qdrant.api`.
    func members(of path: String) -> [String]

    /// Checks a request that is written out, and reports through the closure.
    func checkRequest(
        _ fields: [TableField], of method: Method, at position: Position,
        report: (Finding.Rule, Finding.Severity, String, Position) -> Void)
}
