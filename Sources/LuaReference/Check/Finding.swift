import LuaSource

/// Something that a script does wrong, found without running it.
public struct Finding: Sendable {
    /// How bad it is.
    public enum Severity: String, Sendable {
        /// It fails when it is run.
        case error
        /// It may not be meant.
        case warning
    }

    /// What was looked for.
    public enum Rule: String, Sendable, CaseIterable {
        case syntax = "syntax"
        case header = "header"
        case permission = "permission"
        case unknownModule = "unknown-module"
        case unknownMember = "unknown-member"
        case unknownMethod = "unknown-method"
        case unknownField = "unknown-field"
        case unknownOption = "unknown-option"
        case wrongValue = "wrong-value"
        case brokenRule = "broken-rule"
        case oneof = "oneof"
        case deprecated = "deprecated"
        case undefinedGlobal = "undefined-global"

        /// What the rule is about, in a sentence.
        public var summary: String {
            switch self {
            case .syntax: "The text is no Lua 5.4."
            case .header: "The header cannot be used."
            case .permission: "The header does not allow what the script does."
            case .unknownModule: "There is no such module."
            case .unknownMember: "A module has no such member."
            case .unknownMethod: "The API has no such method."
            case .unknownField: "A message has no such field."
            case .unknownOption: "Calls have no such option."
            case .wrongValue: "A field does not take such a value."
            case .brokenRule: "A request breaks a rule of the contract."
            case .oneof: "Two fields exclude each other."
            case .deprecated: "The contract marks it as deprecated."
            case .undefinedGlobal: "Nothing gives this global a value."
            }
        }
    }

    public let rule: Rule
    public let severity: Severity
    /// In words for a person.
    public let message: String
    /// The file, as it was named.
    public let file: String
    public let position: Position
}

/// What checking a script has found.
public struct CheckResult: Sendable {
    /// In the order of files and positions.
    public var findings: [Finding] = []
    /// The permissions that the script can use, by what it names.
    public var permissions: [String] = []
    /// The methods that the script names.
    public var methods: [String] = []
}
