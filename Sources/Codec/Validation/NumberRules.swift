import Contract
import Wire

extension RuleCheck {
    var integerName: String {
        switch rules.type {
        case Numbers.int32: "int32"
        case Numbers.int64: "int64"
        case Numbers.uint32: "uint32"
        case Numbers.uint64: "uint64"
        case Numbers.sint32: "sint32"
        case Numbers.sint64: "sint64"
        case Numbers.fixed32: "fixed32"
        case Numbers.fixed64: "fixed64"
        case Numbers.sfixed32: "sfixed32"
        case Numbers.sfixed64: "sfixed64"
        default: "\(field.kind)"
        }
    }

    func signed(_ raw: UInt64) -> Int64 {
        switch rules.type {
        case Numbers.sint32, Numbers.sint64: Int64(zigZag: raw)
        case Numbers.sfixed32: Int64(Int32(bitPattern: UInt32(truncatingIfNeeded: raw)))
        default: Int64(bitPattern: raw)
        }
    }

    func checkFloating(_ number: Double, _ name: String, _ found: inout [Violation]) {
        if rules.standard.contains(where: { rule in
            if case .integer(1) = rule.operand, rule.number == NumberRule.finite { return true }
            return false
        }), !number.isFinite {
            report(name + ".finite", "must be finite", .double(number), &found)
        }
        checkComparable(
            number, name,
            operand: { raw in
                name == "float"
                    ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: raw)))
                    : Double(bitPattern: raw)
            }, &found)
    }

    /// The rules const, lt, lte, gt, gte, in and not_in, which all numbers share. A lower and an
    /// upper bound make one rule whose id has both names; when the upper is below the lower, the
    /// range is the outside ("exclusive").
    func checkComparable<Number: Comparable & CustomStringConvertible>(
        _ number: Number, _ name: String, operand: (UInt64) -> Number, _ found: inout [Violation]
    ) {
        var bounds = Bounds<Number>()
        for rule in rules.standard {
            guard case .integer(let raw) = rule.operand else { continue }
            switch rule.number {
            case NumberRule.const where number != operand(raw):
                fail(name + ".const", "must be \(operand(raw))", number, &found)
            case NumberRule.lt: bounds.upper = (operand(raw), false)
            case NumberRule.lte: bounds.upper = (operand(raw), true)
            case NumberRule.gt: bounds.lower = (operand(raw), false)
            case NumberRule.gte: bounds.lower = (operand(raw), true)
            default: break
            }
        }
        if let broken = bounds.broken(by: number) {
            fail(name + "." + broken.rule, broken.message, number, &found)
        }
        let allowed = list(NumberRule.in).map(operand)
        if !allowed.isEmpty, !allowed.contains(number) {
            let words = allowed.map(\.description).joined(separator: ", ")
            fail(name + ".in", "must be one of \(words)", number, &found)
        }
        if list(NumberRule.notIn).map(operand).contains(number) {
            fail(name + ".not_in", "must not be \(number)", number, &found)
        }
    }
}

/// A lower and an upper bound, each with whether it is allowed itself.
struct Bounds<Number: Comparable & CustomStringConvertible> {
    var lower: (value: Number, isAllowed: Bool)?
    var upper: (value: Number, isAllowed: Bool)?

    func broken(by number: Number) -> (rule: String, message: String)? {
        let lowerName = lower.map { $0.isAllowed ? "gte" : "gt" }
        let upperName = upper.map { $0.isAllowed ? "lte" : "lt" }
        let isAbove =
            lower.map { number > $0.value || ($0.isAllowed && number == $0.value) } ?? true
        let isBelow =
            upper.map { number < $0.value || ($0.isAllowed && number == $0.value) } ?? true
        let lowerWords = lower.map {
            ($0.isAllowed ? "at least " : "greater than ") + "\($0.value)"
        }
        let upperWords = upper.map { ($0.isAllowed ? "at most " : "less than ") + "\($0.value)" }
        guard let lower, let upper, let lowerName, let upperName, let lowerWords, let upperWords
        else {
            guard !(isAbove && isBelow), let rule = lowerName ?? upperName,
                let words = lowerWords ?? upperWords
            else { return nil }
            return (rule, "must be \(words)")
        }
        if upper.value < lower.value {
            guard !isAbove, !isBelow else { return nil }
            return ("\(lowerName)_\(upperName)_exclusive", "must be \(lowerWords) or \(upperWords)")
        }
        guard !(isAbove && isBelow) else { return nil }
        return ("\(lowerName)_\(upperName)", "must be \(lowerWords) and \(upperWords)")
    }
}
