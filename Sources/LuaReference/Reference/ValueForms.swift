import Glibc

/// The forms of values by their annotations, found without reading the whole reference: calls are checked
/// by them while scripts run.
package enum ValueForms {
    /// The form of values of a type, one level deep.
    package struct Form: Sendable {
        /// The letters of its types, as ``ParameterTypes/letters`` has them.
        package let letters: String
        /// The only strings that it takes; empty when it takes any, or none.
        package var choices: [String] = []
        /// The parts of a table.
        package var parts = Parts.unknown
    }

    /// The parts of a table and their types, as annotations write them.
    package enum Parts: Sendable {
        /// Neither their names nor their types are known.
        case unknown
        /// Named fields, such as options. Values by position have the name "1".
        case fields([Field])
        /// A list of elements of one type.
        case list(element: String)
        /// Values of one type by keys, which have types of some letters.
        case map(keys: String, values: String)
    }

    /// A named part of a table.
    package struct Field: Sendable {
        package let name: String
        /// Its type, as annotations write it.
        package let type: String
        package let isRequired: Bool
    }

    /// Whether the parts of a parameter's type are known: `{ limit?: integer }`, `string[]`, or a class
    /// with fields. Messages and handles of the API have no such parts.
    package static func hasParts(_ type: String) -> Bool {
        switch parts(of: alternatives(of: type)) {
        case .unknown: false
        case .list(let element): ParameterTypes(element) != .any || hasParts(element)
        case .map(_, let values): ParameterTypes(values) != .any || hasParts(values)
        case .fields: true
        }
    }

    /// The form of a type's values.
    ///
    /// - Parameter type: as annotations write it: `string|string[]`.
    package static func form(of type: String) -> Form {
        let alternatives = alternatives(of: type)
        // A message or an enumeration of the API is checked by the contract.
        guard
            !alternatives.contains(where: {
                $0.hasPrefix("qdrant.cloud.") || $0 == "qdrant.Secret"
            })
        else { return Form(letters: "*") }
        var form = Form(letters: ParameterTypes(type).letters)
        let strings = alternatives.filter { ParameterTypes($0).contains(.string) }
        if strings.allSatisfy({ $0.hasPrefix("\"") }) {
            form.choices = strings.map { String($0.dropFirst().dropLast()) }
        }
        form.parts = parts(of: alternatives)
        return form
    }

    private static func alternatives(of type: String) -> [String] {
        let bare = type.hasSuffix("?") ? type.dropLast() : type[...]
        return LuaOptions.parts(bare, at: "|").map(\.trimmed)
    }

    /// The parts of the one alternative that is a table, or of several forms of named fields.
    private static func parts(of alternatives: [String]) -> Parts {
        let tables = alternatives.filter { ParameterTypes($0).contains(.table) }
        if tables.count > 1, tables.allSatisfy({ $0.hasPrefix("{") }) {
            return LuaOptions.table(tables.joined(separator: "|"), "").map(fields) ?? .unknown
        }
        guard tables.count == 1, let table = tables.first, !table.hasPrefix("qdrant.cloud.") else {
            return .unknown
        }
        if table.hasPrefix("("), table.hasSuffix(")") {
            return parts(of: Self.alternatives(of: String(table.dropFirst().dropLast())))
        }
        if table.hasSuffix("[]") {
            let list = LuaOption(name: "", type: table, text: "", isRequired: true)
            return .list(element: list.element.type)
        }
        if table.hasPrefix("table<"), table.hasSuffix(">") {
            let sides = LuaOptions.parts(table.dropFirst(6).dropLast(), at: ",").map(\.trimmed)
            guard sides.count == 2 else { return .unknown }
            return .map(keys: ParameterTypes(sides[0]).letters, values: sides[1])
        }
        // `{ [string]: integer }` has names of any kind.
        if table.hasPrefix("{") {
            guard !table.hasPrefix("{ ["), !table.hasPrefix("{[") else { return .unknown }
            return LuaOptions.table(table, "").map(fields) ?? .unknown
        }
        return fields(ofClass: table).map(fields) ?? .unknown
    }

    private static func fields(_ options: [LuaOption]) -> Parts {
        .fields(options.map { Field(name: $0.name, type: $0.type, isRequired: $0.isRequired) })
    }

    /// Where classes are declared: the module, and where the name ends in its text.
    private static let declarations: [String: (module: String, offset: Int)] = {
        let head = Array("---@class ".utf8)
        var found: [String: (module: String, offset: Int)] = [:]
        for module in StandardLibrary.allModules {
            guard let text = StandardLibrary.file(of: module)?.text, let base = text.baseAddress
            else { continue }
            var rest = text[...]
            while !rest.isEmpty {
                if rest.count > head.count, memcmp(base + rest.startIndex, head, head.count) == 0 {
                    let name = rest.dropFirst(head.count).prefix {
                        $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "\n")
                            && $0 != UInt8(ascii: " ")
                    }
                    found[String(decoding: name, as: UTF8.self)] = (module, name.endIndex)
                }
                guard let end = memchr(base + rest.startIndex, 0x0a, rest.count) else { break }
                rest = text[(UnsafeRawPointer(end) - base + 1)...]
            }
        }
        return found
    }()

    /// The fields that a class declares with `---@field`, and those of its parent; nil when it has none.
    private static func fields(ofClass name: String) -> [LuaOption]? {
        guard let place = declarations[name],
            let text = StandardLibrary.file(of: place.module)?.text
        else { return nil }
        return fields(text[place.offset...])
    }

    private static func fields(_ text: Slice<UnsafeRawBufferPointer>) -> [LuaOption]? {
        let first = text.prefix { $0 != UInt8(ascii: "\n") }
        var rest = text[first.endIndex...].dropFirst()
        var declared: [LuaOption] = []
        while rest.starts(with: "---".utf8) {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            rest = rest[line.endIndex...].dropFirst()
            let words = String(decoding: line, as: UTF8.self)
            guard words.hasPrefix("---@field ") else { continue }
            if words.hasPrefix("---@field [1]") {
                declared.append(LuaOption(name: "1", type: "any", text: "", isRequired: false))
                continue
            }
            if let option = LuaOptions.field(words.dropFirst(10)) { declared.append(option) }
        }
        var inherited: [LuaOption] = []
        if first.first == UInt8(ascii: ":") {
            let parent = String(decoding: first.dropFirst(), as: UTF8.self).trimmed
            inherited = fields(ofClass: parent) ?? []
        }
        let all = declared + inherited.filter { old in !declared.contains { $0.name == old.name } }
        return all.isEmpty ? nil : all
    }
}
