import CloudClient
import LuaMachine
import LuaReference

/// Actions of scripts other than calls of the API, on this machine and elsewhere: each asks here
/// first, by the permission that it needs.
///
/// Checks the permissions of the run first; then a dry run refuses each action that changes
/// something.
struct LocalActions {
    unowned let machine: LuaMachine
    let bound: PermissionBound
    let isDryRun: Bool

    /// Raises an error if an action is not allowed.
    ///
    /// - Parameters:
    ///   - word: the permission that it needs, for example `write:files`.
    ///   - value: which file, program or host.
    ///   - isAboutName: whether a file's name is changed rather than what it leads to.
    ///   - isQuestion: whether the action is only asked about.
    ///   - function: who acts, as people call it.
    func ask(
        _ word: String, _ value: String, isAboutName: Bool = false, isQuestion: Bool = false,
        by function: String
    ) throws(HostError) {
        try machine.refuse(bound.refusal(of: word, value, isAboutName: isAboutName))
        guard isDryRun, !isQuestion, NeededPermission.changes(word) else { return }
        throw word.hasPrefix("run:")
            ? Self.refusal(function, "run `\(value)`", "runs no programs")
            : Self.refusal(function, "change \(value)", "changes no files")
    }

    /// Raises an error when a request must not be sent, because it may change something.
    func send(_ verb: String, _ target: String, by function: String) throws(HostError) {
        guard isDryRun, !Self.isQuestion(verb) else { return }
        throw Self.refusal(
            function, "send \(verb) \(target)", "sends no requests that may change something")
    }

    /// Whether requests with a verb only read data.
    static func isQuestion(_ verb: String) -> Bool { ["GET", "HEAD", "OPTIONS"].contains(verb) }

    /// The one form of all refusals.
    private static func refusal(_ function: String, _ would: String, _ rule: String) -> HostError {
        .message("dry run: \(function) would \(would); a dry run \(rule)")
    }
}

extension HostFunctions {
    /// Creates a collection of functions whose parameters ask for the permissions that they need.
    init(asking actions: LocalActions) {
        self.init { (needed, value, function) throws(HostError) in
            guard let text = value.text, text != needed.exempt else { return }
            try actions.ask(
                needed.word, text, isAboutName: needed.isAboutName, isQuestion: needed.isQuestion,
                by: StandardLibrary.publicName(ofFunction: function))
        }
    }
}
