import LuaHost
import LuaMachine
import LuaReference

/// What the functions of `shell` have the interactive shell do, once it runs.
protocol ShellFront: AnyObject {
    /// Whether somebody does not want to wait any longer.
    var isInterrupted: Bool { get }

    /// A value as the results of an entry are shown; in the shell's own format when none is given.
    func text(of value: LuaValue, _ format: OutputFormat?) -> String

    /// Shows a text as results are shown, page by page when it is long.
    func show(_ text: String)

    /// The help on a name.
    func help(on name: String) throws(HostError) -> ReferenceText

    /// A request of a method to fill in; nil when there is no such method.
    func template(of method: String) -> String?

    /// What may stand at the end of a text.
    func complete(_ text: [UInt8]) -> Completion

    /// Forgets the names that were fetched: the cloud was changed, or calls go elsewhere.
    func forgetNames()
}
