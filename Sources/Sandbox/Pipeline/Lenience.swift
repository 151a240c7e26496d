import Codec
import Contract

/// Applies what a sandbox is lenient about.
enum Lenience {
    /// The rules that ask for a display name, and the resource that has it.
    private static let displayNameRules = [
        "create_backup.display_name_rule": "backup",
        "create_backup_schedule.display_name_rule": "backup_schedule",
    ]

    /// Takes out of a request what counts as unset.
    static func prepare(_ request: inout Message, _ leniencies: Set<Leniency>) {
        if leniencies.contains(.zeroEnums) { dropZeroEnums(&request) }
    }

    /// The broken rules that are left.
    static func remaining(
        _ violations: [Violation], of method: Method, _ leniencies: Set<Leniency>
    ) -> [Violation] {
        guard leniencies.contains(.displayName) else { return violations }
        return violations.filter { displayNameRules[$0.rule] == nil }
    }

    private static func dropZeroEnums(_ message: inout Message) {
        for (field, value) in message.setFields {
            switch value {
            case .enumeration(0) where field.hasPresence: message[field] = nil
            case .message(var inner):
                dropZeroEnums(&inner)
                message[field] = .message(inner)
            case .list(let items):
                message[field] = .list(
                    items.map { item in
                        guard case .message(var inner) = item else { return item }
                        dropZeroEnums(&inner)
                        return .message(inner)
                    })
            default: break
            }
        }
    }
}
