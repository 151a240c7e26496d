import Contract
import Wire

extension RuleCheck {
    func checkEnum(_ number: Int32, _ found: inout [Violation]) {
        let value = Value.enumeration(number)
        func name(_ number: Int32) -> String { field.enumType?.name(of: number) ?? "\(number)" }
        let allowed = list(EnumRule.in).map { Int32(truncatingIfNeeded: $0) }
        let refused = list(EnumRule.notIn).map { Int32(truncatingIfNeeded: $0) }
        for rule in rules.standard {
            guard case .integer(let operand) = rule.operand else { continue }
            if rule.number == EnumRule.const, Int32(truncatingIfNeeded: operand) != number {
                report(
                    "enum.const", "must be \(name(Int32(truncatingIfNeeded: operand)))", value,
                    &found)
            }
            if rule.number == EnumRule.definedOnly, operand != 0,
                field.enumType?.name(of: number) == nil
            {
                report("enum.defined_only", "must be a value of the enum", value, &found)
            }
        }
        if !allowed.isEmpty, !allowed.contains(number) {
            report(
                "enum.in", "must be one of \(allowed.map(name).joined(separator: ", "))", value,
                &found)
        }
        if refused.contains(number) {
            report("enum.not_in", "must not be \(name(number))", value, &found)
        }
    }

    /// No list of this contract has a newer server's name. Only that server can check
    /// `defined_only`.
    func checkEnum(unknownName name: String, _ found: inout [Violation]) {
        let value = Value.unknownEnumName(name)
        func names(_ rule: Int) -> String {
            list(rule).map { number in
                let number = Int32(truncatingIfNeeded: number)
                return field.enumType?.name(of: number) ?? "\(number)"
            }.joined(separator: ", ")
        }
        let (only, allowed) = (names(EnumRule.const), names(EnumRule.in))
        if !only.isEmpty { report("enum.const", "must be \(only)", value, &found) }
        if !allowed.isEmpty { report("enum.in", "must be one of \(allowed)", value, &found) }
    }

    func checkList(_ items: [Value], _ found: inout [Violation]) {
        let value = Value.list(items)
        for rule in rules.standard {
            guard case .integer(let operand) = rule.operand else { continue }
            switch rule.number {
            case RepeatedRule.minItems where items.count < operand:
                report("repeated.min_items", "must have at least \(operand) items", value, &found)
            case RepeatedRule.maxItems where items.count > operand:
                report("repeated.max_items", "must have at most \(operand) items", value, &found)
            case RepeatedRule.unique where operand != 0 && !Self.areUnique(items):
                report("repeated.unique", "must not have the same item twice", value, &found)
            default: break
            }
        }
        guard let inner = rules.items?.value else { return }
        for (index, item) in items.enumerated() where Self.applies(inner, item) {
            RuleCheck(
                rules: inner, field: field, isElement: true, path: "\(path)[\(index)]", now: now
            ).run(item, &found)
        }
    }

    func checkMap(_ entries: [Value: Value], _ found: inout [Violation]) {
        let value = Value.map(entries)
        for rule in rules.standard {
            guard case .integer(let operand) = rule.operand else { continue }
            if rule.number == MapRule.minPairs, entries.count < operand {
                report("map.min_pairs", "must have at least \(operand) entries", value, &found)
            }
            if rule.number == MapRule.maxPairs, entries.count > operand {
                report("map.max_pairs", "must have at most \(operand) entries", value, &found)
            }
        }
        guard let keyField = field.mapKey, let valueField = field.mapValue else { return }
        for (key, item) in entries.sorted(by: { $0.key.sortKey < $1.key.sortKey }) {
            let place = "\(path)[\(Violation.subscriptText(key))]"
            if let inner = rules.keys?.value, Self.applies(inner, key) {
                RuleCheck(rules: inner, field: keyField, path: place, now: now).run(key, &found)
            }
            if let inner = rules.items?.value, Self.applies(inner, item) {
                RuleCheck(rules: inner, field: valueField, path: place, now: now).run(item, &found)
            }
        }
    }

    /// Whether the rules of an element or entry are to be looked at.
    private static func applies(_ rules: FieldRules, _ value: Value) -> Bool {
        if rules.ignore == .ifZero, case .message(let message) = value { return !message.isEmpty }
        return rules.ignore != .always && !(rules.ignore == .ifZero && value.isDefault)
    }

    private static func areUnique(_ items: [Value]) -> Bool {
        // Texts differ when their bytes do; Swift's equality takes canonical equivalents for one.
        let texts = items.compactMap { item -> [UInt8]? in
            if case .string(let text) = item { return Array(text.utf8) }
            return nil
        }
        if texts.count == items.count { return Set(texts).count == items.count }
        return Set(items).count == items.count
    }

    func checkBool(_ flag: Bool, _ found: inout [Violation]) {
        for rule in rules.standard where rule.number == BoolRule.const {
            if case .integer(let wanted) = rule.operand, (wanted != 0) != flag {
                report("bool.const", "must be \(wanted != 0)", .bool(flag), &found)
            }
        }
    }

    // MARK: - google.protobuf.Any and FieldMask

    func checkAny(_ message: Message, _ found: inout [Violation]) {
        guard case .string(let url) = message[.typeURL] ?? .string("") else { return }
        let allowed = texts(AnyRule.in)
        if !allowed.isEmpty, !allowed.contains(url) {
            fail("any.in", "must be one of \(allowed.joined(separator: ", "))", url, &found)
        }
        if texts(AnyRule.notIn).contains(url) {
            fail("any.not_in", "must not be \(url)", url, &found)
        }
    }

    func checkFieldMask(_ message: Message, _ found: inout [Violation]) {
        guard case .list(let values) = message[.paths] ?? .list([]) else { return }
        let paths = values.compactMap { value -> String? in
            if case .string(let path) = value { return path }
            return nil
        }
        func isWithin(_ path: String, _ masks: [String]) -> Bool {
            masks.contains { path == $0 || path.hasPrefix($0 + ".") }
        }
        let shown = paths.joined(separator: ",")
        for rule in rules.standard where rule.number == FieldMaskRule.const {
            guard case .bytes(let payload) = rule.operand else { continue }
            var wanted: [String] = []
            try? forEachField(payload) { (number, value) throws(WireError) in
                if number == 1, case .bytes(let path) = value { wanted.append(Self.text(path)) }
            }
            if wanted != paths {
                fail("field_mask.const", "must be \(wanted.joined(separator: ","))", shown, &found)
            }
        }
        let allowed = texts(FieldMaskRule.in)
        if !allowed.isEmpty, !paths.allSatisfy({ isWithin($0, allowed) }) {
            fail(
                "field_mask.in", "must only have paths of \(allowed.joined(separator: ", "))",
                shown,
                &found)
        }
        let refused = texts(FieldMaskRule.notIn)
        if paths.contains(where: { isWithin($0, refused) }) {
            fail(
                "field_mask.not_in", "must not have paths of \(refused.joined(separator: ", "))",
                shown, &found)
        }
    }

    private func texts(_ number: Int) -> [String] {
        rules.standard.compactMap { rule in
            if rule.number == number, case .bytes(let bytes) = rule.operand {
                return Self.text(bytes)
            }
            return nil
        }
    }
}
