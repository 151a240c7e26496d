/// Lua code that failed.
public struct LuaFailure: Error, Sendable, CustomStringConvertible {
    /// The error value.
    public let value: LuaValue
    /// Whether the task was cancelled rather than that something failed.
    public var isCancellation: Bool {
        if case .cancellation = value { return true }
        return false
    }

    /// Where it happened, innermost first, with the script's line numbers.
    public let traceback: String

    /// Creates a failure.
    public init(value: LuaValue, traceback: String) {
        self.value = value
        self.traceback = traceback
    }

    /// Creates a failure with a sentence.
    public init(_ message: String) { self.init(value: .text(message), traceback: "") }

    public var description: String {
        switch value {
        case .table(let table):
            if let code = table["code"]?.text {
                let method = table["method"]?.text.map { $0 + ": " } ?? ""
                let message = table["message"]?.text ?? ""
                return method + code + (message.isEmpty ? "" : ": " + message)
            }
            return table["message"]?.text ?? "(error object is a table value)"
        case .string(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .integer(let number): return "\(number)"
        case .number(let number): return "\(number)"
        case .nil: return "nil"
        case .cancellation: return "cancelled"
        default: return "(error object is a \(value.typeName) value)"
        }
    }
}

/// What a host function raises.
public enum HostError: Error, @unchecked Sendable {
    /// A sentence; Lua's position is put before it by the Lua side.
    case message(String)
    /// Any value, for example an error object.
    case value((TapeWriter) -> Void)
}
