import LuaSource

/// Something that a script does wrong, found without running it.
public struct Finding: Sendable, Equatable {
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
            case .syntax: "The script is not valid Lua 5.4."
            case .header: "The header is invalid."
            case .permission: "The header does not allow what the script does."
            case .unknownModule: "The module was not found."
            case .unknownMember: "The member does not exist."
            case .unknownMethod: "The API method does not exist."
            case .unknownField: "The message has no such field."
            case .unknownOption: "The option does not exist."
            case .wrongValue: "The value is invalid."
            case .brokenRule: "The request violates a rule of the contract."
            case .oneof: "Two fields exclude each other."
            case .deprecated: "The method or field is deprecated."
            case .undefinedGlobal: "The global is never assigned."
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
    /// The permissions that the script can use; complete, except for ``unknown``.
    public var permissions: [String] = []
    /// The methods of the API that the script can use.
    public var methods: [String] = []
    /// Code that could not be followed, and so may use more.
    public var unknown: [UnknownUse] = []
}
