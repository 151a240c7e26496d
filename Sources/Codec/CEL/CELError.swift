/// The reason why an expression cannot be compiled or evaluated.
public enum CELError: Error, Sendable, Equatable {
    case syntax(Syntax)
    case format(Format)
    case limit(Limit)
    case unknownName(String)
    case unknownFunction(String)
    case unknownZone(String)
    /// A method that is called without a value before it.
    case notAFunction(String)
    /// A function that is called on a value.
    case notAMethod(String)
    case wrongCount(_ function: String, _ arguments: Int)
    /// No overload of the function or operator takes operands of these types.
    case noOverload(_ name: String, operands: [String])
    case noField(_ name: String, of: String)
    case noKey(_ key: String)
    case noElement(_ index: String)
    case noPosition(Int64)
    case badKey(_ type: String)
    case repeatedKey
    case badPattern(String)
    case badResult(_ type: String)
    case divisionByZero
    case outOfRange(_ subject: String)
    case emptyRange
    /// A field or type that expressions cannot read.
    case unsupported(_ name: String)

    /// Errors of lexer and parser.
    public enum Syntax: Sendable, Equatable {
        case end
        case unexpected(String)
        case character(String, at: Int)
        case notANumber(String)
        case tooLarge(String, signed: Bool)
        case openString
        case openEscape
        case escape(Unicode.Scalar, Escape)
        case hasNeedsField
        case macro(String)
        case macroVariable(String)
    }

    /// Errors of an escape sequence.
    public enum Escape: Sendable, Equatable {
        case unknown
        case digits(Int)
        case bytes
        case character
    }

    /// Errors of the template that `format()` fills in.
    public enum Format: Sendable, Equatable {
        case precision
        case openVerb
        case tooFewValues
    }

    /// Bounds on the work that an expression may ask for.
    public enum Limit: Sendable, Equatable {
        case length
        case depth
        case steps
    }

    static func noOverload(_ name: String, _ operands: CELValue...) -> CELError {
        .noOverload(name, operands: operands.map(\.typeName))
    }
}

extension CELError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .syntax(let problem): problem.description
        case .format(let problem): "format(): \(problem.description)"
        case .limit(let limit): limit.description
        case .unknownName(let name): "unknown name \(name)"
        case .unknownFunction(let name): "unknown function \(name)()"
        case .unknownZone(let zone):
            "unknown time zone \(JSONWriter.quoted(zone)); use +hh:mm"
        case .notAFunction(let name):
            "\(name)() must be called on a value, as in this.\(name)()"
        case .notAMethod(let name): "\(name)() cannot be called on a value"
        case .wrongCount(let name, let count):
            "\(name)() does not take \(count) argument\(count == 1 ? "" : "s")"
        case .noOverload(let name, let operands):
            "\(name) is not defined for " + operands.joined(separator: ", ")
        case .noField(let name, let type): "\(type) has no field \(name)"
        case .noKey(let key): "a map has no key \(key)"
        case .noElement(let index): "a list has no element \(index)"
        case .noPosition(let position): "a string has no position \(position)"
        case .badKey(let type): "\(type) cannot be the key of a map"
        case .repeatedKey: "a map has the same key twice"
        case .badPattern(let pattern):
            "\(JSONWriter.quoted(pattern)) is not a regular expression"
        case .badResult(let type): "expected a bool or string result, got \(type)"
        case .divisionByZero: "division by zero"
        case .outOfRange(let subject): "\(subject) is out of range"
        case .emptyRange: "substring() ends before it begins"
        case .unsupported(let name): "\(name) is not supported in expressions"
        }
    }
}

extension CELError.Syntax {
    fileprivate var description: String {
        switch self {
        case .end: "the expression ends too early"
        case .unexpected(let token): "unexpected \(token)"
        case .character(let character, let position):
            "unexpected character \(character) at position \(position)"
        case .notANumber(let text): "\(text) is not a number"
        case .tooLarge(let digits, let signed):
            "the number \(digits) does not fit in \(signed ? "a signed 64-bit integer" : "64 bits")"
        case .openString: "unterminated string"
        case .openEscape: "a string ends in an escape"
        case .escape(let kind, .unknown): "unknown escape \\\(String(kind))"
        case .escape(let kind, .digits(let count)):
            "the escape \\\(String(kind)) needs \(count) digits"
        case .escape(let kind, .bytes): "the escape \\\(String(kind)) is not allowed in bytes"
        case .escape(let kind, .character): "the escape \\\(String(kind)) is not a valid character"
        case .hasNeedsField: "has() takes a field, as in has(this.name)"
        case .macro(let name): "\(name)() takes a variable and an expression"
        case .macroVariable(let name): "the first argument of \(name)() must be a plain name"
        }
    }
}

extension CELError.Format {
    fileprivate var description: String {
        switch self {
        case .precision: "a precision is a number up to 100"
        case .openVerb: "the template ends in a %"
        case .tooFewValues: "too few values"
        }
    }
}

extension CELError.Limit {
    fileprivate var description: String {
        switch self {
        case .length: "the expression is too long"
        case .depth: "the expression is nested too deep"
        case .steps: "the expression takes too long"
        }
    }
}
