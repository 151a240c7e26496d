import LuaMachine

/// A parameter of a host function: how its value is read, and which permission the value needs.
///
/// People meet these through the standard library, which checks what they pass by its annotations.
public struct Parameter<Value> {
    /// The Lua type, as errors name it.
    let expected: String
    /// The permission that the value needs, if any.
    var permission: NeededPermission?
    /// The value as Swift has it; nil when it is of another type.
    let read: (LuaValue) -> Value?
    /// An error for values that are of the type, but not acceptable; nil for the usual one.
    let refusal: ((LuaValue) -> HostError?)?

    /// Creates a parameter.
    public init(
        _ expected: String, refusal: ((LuaValue) -> HostError?)? = nil,
        read: @escaping (LuaValue) -> Value?
    ) {
        self.expected = expected
        self.read = read
        self.refusal = refusal
    }

    /// The parameter, whose value needs a permission: `.path.needing("read:files")`.
    ///
    /// - Parameters:
    ///   - word: the permission, as headers of scripts name it.
    ///   - isAboutName: whether the permission is about a name in a directory rather than the file
    ///     that the name leads to.
    ///   - exempt: a value that needs none.
    ///   - isQuestion: whether the function only asks about what another one does with the permission.
    func needing(
        _ word: String, isAboutName: Bool = false, except exempt: String? = nil,
        isQuestion: Bool = false
    ) -> Self {
        var parameter = self
        parameter.permission = NeededPermission(
            word: word, isAboutName: isAboutName, exempt: exempt, isQuestion: isQuestion)
        return parameter
    }
}

/// A permission that the value of a parameter needs.
struct NeededPermission {
    let word: String
    let isAboutName: Bool
    let exempt: String?
    let isQuestion: Bool

    /// Whether a permission allows changes on this machine: writing, and running programs.
    static func changes(_ word: String) -> Bool {
        word.hasPrefix("write:") || word.hasPrefix("run:")
    }
}

// MARK: - Types

extension Parameter where Value == LuaValue {
    /// Any value, nil included.
    public static var any: Self { Self("value") { $0 } }
}

extension Parameter where Value == String {
    /// A string.
    public static var string: Self { Self("string", read: \.text) }

    /// The path of a file.
    static var path: Self {
        let refusal = { (value: LuaValue) -> HostError? in
            guard case .string(let bytes) = value else { return nil }
            return .message(
                bytes.isEmpty ? "a path must not be empty" : "a path must not contain NUL bytes")
        }
        return Self("string", refusal: refusal) { value in
            guard case .string(let bytes) = value, !bytes.isEmpty, !bytes.contains(0) else {
                return nil
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}

extension Parameter where Value == [UInt8] {
    /// A string as bytes.
    public static var bytes: Self {
        Self("string") { value in
            if case .string(let bytes) = value { return bytes }
            return nil
        }
    }

    /// The bytes of a string or of a secret.
    static var bytesOrSecret: Self { Self("string or secret", read: \.bytes) }
}

extension Parameter where Value == Int64 {
    /// An integer, or a float without a fraction.
    public static var integer: Self { Self("integer", read: \.integer) }
}

extension Parameter where Value == Double {
    /// A number.
    public static var number: Self { Self("number", read: \.number) }
}

extension Parameter where Value == Bool {
    /// A boolean; nil counts as false.
    public static var flag: Self {
        Self("boolean") { value in
            switch value {
            case .bool(let isOn): isOn
            case .nil: false
            default: nil
            }
        }
    }
}

extension Parameter where Value == Int32 {
    /// A Lua function, by the reference that the body releases.
    static var function: Self {
        Self("function") { value in
            if case .function(let reference) = value { return reference }
            return nil
        }
    }
}

extension Parameter where Value == LuaTable {
    /// A table.
    public static var table: Self { Self("table", read: \.table) }
}

extension Parameter {
    /// A parameter that may be left out, or be nil.
    public static func optional<Wrapped>(
        _ parameter: Parameter<Wrapped>
    ) -> Self where Value == Wrapped? {
        var optional = Self(parameter.expected + " or nil", refusal: parameter.refusal) {
            if case .nil = $0 { return .some(nil) }
            return parameter.read($0).map { .some($0) }
        }
        optional.permission = parameter.permission
        return optional
    }

    /// Something that is kept under a number: a session, a scope.
    ///
    /// - Parameter otherwise: the error message for other numbers.
    public static func numbered(
        otherwise: String, _ find: @escaping (Int64) -> Value?
    ) -> Self {
        Self("number", refusal: { _ in .message(otherwise) }) { $0.integer.flatMap(find) }
    }

    /// Something that has a name.
    ///
    /// - Parameter otherwise: the error message for other names; the name follows.
    public static func named(otherwise: String, _ find: @escaping (String) -> Value?) -> Self {
        let refusal = { (value: LuaValue) -> HostError? in
            value.text.map { .message("\(otherwise) \"\($0)\"") }
        }
        return Self("string", refusal: refusal) { $0.text.flatMap(find) }
    }
}

extension Parameter where Value == (seconds: Int64, nanos: Int32) {
    /// A time.
    static var time: Self {
        Self("time") { value in
            if case .time(let seconds, let nanos) = value { return (seconds, nanos) }
            return nil
        }
    }
}
