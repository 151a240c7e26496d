import Contract

/// Checks one value against the rules of its field.
///
/// Source: buf/validate/validate.proto.
extension RuleCheck {
    /// Checks a value against all rules.
    func run(_ value: Value, _ found: inout [Violation]) {
        checkExpressions(value, &found)
        guard let type = rules.type else { return }
        if case .message(let wrapper) = value, wrapper.type.wellKnown?.isWrapper == true,
            let inner = wrapper.type.field(number: 1)
        {
            let content = wrapper[inner] ?? Value.defaultValue(of: inner.kind)
            if let content { checkStandard(content, type, &found) }
        } else {
            checkStandard(value, type, &found)
        }
    }

    private func checkStandard(_ value: Value, _ type: Int, _ found: inout [Violation]) {
        switch (type, value) {
        case (Numbers.string, .string(let text)): checkString(text, &found)
        case (Numbers.bytes, .bytes(let bytes)): checkBytes(bytes, &found)
        case (Numbers.enum, .enumeration(let number)): checkEnum(number, &found)
        case (Numbers.enum, .unknownEnumName(let name)): checkEnum(unknownName: name, &found)
        case (Numbers.repeated, .list(let items)): checkList(items, &found)
        case (Numbers.map, .map(let entries)): checkMap(entries, &found)
        case (Numbers.map, .list): checkMap([:], &found)
        case (Numbers.duration, .message(let message)), (Numbers.timestamp, .message(let message)):
            checkInstant(message, &found)
        case (Numbers.any, .message(let message)): checkAny(message, &found)
        case (Numbers.fieldMask, .message(let message)): checkFieldMask(message, &found)
        case (Numbers.bool, .bool(let flag)): checkBool(flag, &found)
        case (Numbers.float, .float(let number)): checkFloating(Double(number), "float", &found)
        case (Numbers.double, .double(let number)): checkFloating(number, "double", &found)
        case (_, .int(let number)):
            checkComparable(number, integerName, operand: { signed($0) }, &found)
        case (_, .uint(let number)): checkComparable(number, integerName, operand: { $0 }, &found)
        default: reportUnsupported(value, &found)
        }
    }

    private func checkExpressions(_ value: Value, _ found: inout [Violation]) {
        for rule in rules.cel {
            let program = CELProgram.cached(rule, about: field, isElement: isElement)
            let subject = Result { () throws(CELError) in try CELValue(value, of: field) }
            if let broken = CELCheck.violation(
                of: rule, program, subject, at: path, now: now,
                value: Self.text(value, field))
            {
                found.append(broken)
            }
        }
    }
}
