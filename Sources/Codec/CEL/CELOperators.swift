/// The operators of two values, and the minus sign.
///
/// Source: cel-spec, "List of Standard Definitions". Integers that leave their range are errors.
enum CELOperators {
    static func apply(
        _ name: String, _ left: CELValue, _ right: CELValue
    ) throws(CELError) -> CELValue {
        switch name {
        case "==": return .bool(left == right)
        case "!=": return .bool(left != right)
        case "<", "<=", ">", ">=": return .bool(try isOrdered(name, left, right))
        case "in": return .bool(try contains(left, right))
        case "+": return try add(left, right)
        case "-": return try subtract(left, right)
        default: return try multiply(name, left, right)
        }
    }

    private static func isOrdered(
        _ name: String, _ left: CELValue, _ right: CELValue
    ) throws(CELError) -> Bool {
        switch (left, right) {
        case (.int, .int), (.uint, .uint), (.double, .double), (.int, .uint), (.uint, .int),
            (.int, .double), (.double, .int), (.uint, .double), (.double, .uint),
            (.string, .string), (.bytes, .bytes), (.bool, .bool), (.timestamp, .timestamp),
            (.duration, .duration):
            break
        default: throw .noOverload(name, left, right)
        }
        let order = CELValue.order(left, right)
        return switch name {
        case "<": order == .less
        case "<=": order == .less || order == .same
        case ">": order == .greater
        default: order == .greater || order == .same
        }
    }

    private static func contains(
        _ element: CELValue, _ container: CELValue
    ) throws(CELError) -> Bool {
        switch container {
        case .list(let items): return items.contains(element)
        case .map(let entries): return entries.contains { $0.key == element }
        default: throw .noOverload("in", element, container)
        }
    }

    static func negate(_ operand: CELValue) throws(CELError) -> CELValue {
        switch operand {
        case .int(let number):
            let (result, overflow) = Int64(0).subtractingReportingOverflow(number)
            guard !overflow else { throw outOfRange("-") }
            return .int(result)
        case .double(let number): return .double(-number)
        default: throw .noOverload("-", operand)
        }
    }

    private static func outOfRange(_ name: String) -> CELError {
        .outOfRange("the result of \(name)")
    }

    private static func add(_ left: CELValue, _ right: CELValue) throws(CELError) -> CELValue {
        switch (left, right) {
        case (.int(let a), .int(let b)): return .int(try checked("+", a.addingReportingOverflow(b)))
        case (.uint(let a), .uint(let b)):
            return .uint(try checked("+", a.addingReportingOverflow(b)))
        case (.double(let a), .double(let b)): return .double(a + b)
        case (.string(let a), .string(let b)): return .string(a + b)
        case (.bytes(let a), .bytes(let b)): return .bytes(a + b)
        case (.list(let a), .list(let b)): return .list(a + b)
        case (.timestamp(let time), .duration(let length)),
            (.duration(let length), .timestamp(let time)):
            return .timestamp(try shift(time, by: length, 1, "+"))
        case (.duration(let a), .duration(let b)):
            return .duration(try sum(a, b, 1, isDuration: true, "+"))
        default: throw .noOverload("+", left, right)
        }
    }

    private static func subtract(_ left: CELValue, _ right: CELValue) throws(CELError) -> CELValue {
        switch (left, right) {
        case (.int(let a), .int(let b)):
            return .int(try checked("-", a.subtractingReportingOverflow(b)))
        case (.uint(let a), .uint(let b)):
            return .uint(try checked("-", a.subtractingReportingOverflow(b)))
        case (.double(let a), .double(let b)): return .double(a - b)
        case (.timestamp(let time), .duration(let length)):
            return .timestamp(try shift(time, by: length, -1, "-"))
        case (.timestamp(let a), .timestamp(let b)), (.duration(let a), .duration(let b)):
            return .duration(try sum(a, b, -1, isDuration: true, "-"))
        default: throw .noOverload("-", left, right)
        }
    }

    private static func multiply(
        _ name: String, _ left: CELValue, _ right: CELValue
    ) throws(CELError) -> CELValue {
        switch (left, right) {
        case (.int(let a), .int(let b)): return .int(try integers(name, a, b))
        case (.uint(let a), .uint(let b)): return .uint(try integers(name, a, b))
        case (.double(let a), .double(let b)) where name == "*": return .double(a * b)
        case (.double(let a), .double(let b)) where name == "/": return .double(a / b)
        default: throw .noOverload(name, left, right)
        }
    }

    private static func integers<Number: FixedWidthInteger>(
        _ name: String, _ a: Number, _ b: Number
    ) throws(CELError) -> Number {
        if name == "*" { return try checked("*", a.multipliedReportingOverflow(by: b)) }
        guard b != 0 else { throw .divisionByZero }
        return try checked(
            name,
            name == "/"
                ? a.dividedReportingOverflow(by: b) : a.remainderReportingOverflow(dividingBy: b))
    }

    private static func checked<Number>(
        _ name: String, _ result: (partialValue: Number, overflow: Bool)
    ) throws(CELError) -> Number {
        guard !result.overflow else { throw outOfRange(name) }
        return result.partialValue
    }

    private static func sum(
        _ a: CELInstant, _ b: CELInstant, _ sign: Int64, isDuration: Bool, _ name: String
    ) throws(CELError) -> CELInstant {
        let seconds = try checked(
            name,
            sign > 0
                ? a.seconds.addingReportingOverflow(b.seconds)
                : a.seconds.subtractingReportingOverflow(b.seconds))
        let nanos = Int64(a.nanos) + sign * Int64(b.nanos)
        guard let made = CELInstant(seconds: seconds, nanos: nanos, isDuration: isDuration) else {
            throw outOfRange(name)
        }
        guard !isDuration || TimeText.durationRange.contains(made.seconds) else {
            throw outOfRange(name)
        }
        return made
    }

    private static func shift(
        _ time: CELInstant, by length: CELInstant, _ sign: Int64, _ name: String
    ) throws(CELError) -> CELInstant {
        let made = try sum(time, length, sign, isDuration: false, name)
        guard TimeText.timestampRange.contains(made.seconds) else { throw outOfRange(name) }
        return made
    }
}
