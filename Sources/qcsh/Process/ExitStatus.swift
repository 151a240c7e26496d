import CSignals
import LuaHost

/// The exit statuses that no error object decides; the others are in `ErrorReport`.
enum ExitStatus {
    /// Something failed, and nothing says more.
    static let failed: Int32 = 1
    /// The command line makes no sense.
    static let usage: Int32 = 2
    /// `--timeout`, as with timeout(1).
    static let timedOut: Int32 = 124
    /// SIGINT.
    static let interrupted: Int32 = 130
    /// SIGTERM; SIGHUP when the terminal has gone.
    static var terminated: Int32 { qsignals_terminated_status() }

    /// The status of a run that was ended.
    static func of(_ reason: RunControl.Reason) -> Int32 {
        switch reason {
        case .interrupted: interrupted
        case .terminated: terminated
        case .timedOut: timedOut
        case .instructionsUsedUp: 1
        }
    }
}
