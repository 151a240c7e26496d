import Contract
import LuaSource

/// Definitions for editors: the API, the host's modules and the standard library as LuaCATS
/// annotations, which lua-language-server reads.
///
/// The API's come from the contract with its documentation; the modules' from the annotations in their
/// own sources.
public struct LuaStubs {
    /// A file of definitions.
    public struct File: Sendable {
        /// The path below the directory of definitions.
        public let path: String
        public let text: String
    }

    private let registry: Registry

    /// Creates the definitions of a contract.
    public init(registry: Registry) { self.registry = registry }

    /// All files.
    public func files() throws(ContractError) -> [File] {
        var files = [
            File(path: "contract.lua", text: try contract()),
            File(path: "services.lua", text: try services()),
            File(path: "qdrant.lua", text: qdrant()),
            File(path: "globals.lua", text: globals()),
        ]
        for module in LuaReference.embedded.modules {
            guard let text = Self.module(module, source: "host." + module) else { continue }
            files.append(File(path: "host/\(module).lua", text: text))
        }
        let filled = Set(StandardLibrary.qdrantModules.flatMap(StandardLibrary.parts))
        for module in StandardLibrary.qdrantModules where !filled.contains(module) {
            guard let text = Self.module(module, source: module) else { continue }
            let path = module.replacing(".", with: "/")
            files.append(File(path: "\(path).lua", text: text))
        }
        return files
    }

    // MARK: - The contract

    private func contract() throws(ContractError) -> String {
        var lines = [
            "---@meta _", "", "--- An instant, as the API's answers have it.",
            "---@class qdrant.Time: userdata",
            "---@field seconds integer since 1970", "---@field nanos integer",
            "---@field total number seconds with their fraction",
            "---@operator add(number|qdrant.Duration): qdrant.Time",
            "---@operator sub(number|qdrant.Duration): qdrant.Time", "",
            "--- A length of time.", "---@class qdrant.Duration: userdata",
            "---@field seconds integer", "---@field nanos integer",
            "---@field total number seconds with their fraction",
            "---@operator add(number|qdrant.Duration): qdrant.Duration",
            "---@operator sub(number|qdrant.Duration): qdrant.Duration", "",
            "--- A string that is masked when it is shown.", "---@class qdrant.Secret: userdata",
            "---@field reveal fun(self: qdrant.Secret): string the plain text",
            "---@field write fun(self: qdrant.Secret, path: string) a file that only its owner can read",
            "", "--- Clears a field in an update.", "---@class qdrant.Null: lightuserdata", "",
        ]
        for symbol in registry.symbols(below: "qdrant.").sorted() {
            if let type = try registry.enumType(named: symbol) {
                lines += enumeration(type)
            } else if let type = try registry.message(named: symbol), !type.isMapEntry {
                lines += message(type)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func enumeration(_ type: EnumType) -> [String] {
        var lines = Self.comment(registry.documentation(of: type))
        lines.append("---@alias \(type.fullName)")
        for (index, value) in type.values.enumerated() {
            let text = Self.oneLine(registry.documentation(of: type, valueAt: index))
            lines.append("---| \"\(value.name)\"" + (text.isEmpty ? "" : " # \(text)"))
            let short = type.shortName(value.name)
            if short != value.name { lines.append("---| \"\(short)\"") }
        }
        return lines + ["---| string", "---| integer", ""]
    }

    private func message(_ type: MessageType) -> [String] {
        var lines = Self.comment(registry.documentation(of: type))
        lines.append("---@class \(type.fullName)")
        for field in type.fields {
            let text = Self.oneLine(registry.documentation(of: field))
            let name = Self.isKeyword(field.name) ? "[\"\(field.name)\"]" : field.name
            lines.append("---@field \(name)? \(Self.typeName(field)) \(text)")
        }
        return lines + [""]
    }

    /// The type of a field: what a request takes and an answer has.
    private static func typeName(_ field: Field) -> String {
        if let key = field.mapKey, let value = field.mapValue {
            return "table<\(typeName(key)), \(typeName(value))>"
        }
        let name: String
        switch field.messageType?.wellKnown {
        case .timestamp: name = "qdrant.Time|string|number"
        case .duration: name = "qdrant.Duration|string|number"
        case .fieldMask: name = "string[]"
        case .some: name = "any"
        case nil:
            if let full = field.messageType?.fullName ?? field.enumType?.fullName {
                name = full
            } else {
                switch field.kind {
                case .bool: name = "boolean"
                case .double, .float: name = "number"
                case .string, .bytes: name = field.isSecret ? "qdrant.Secret|string" : "string"
                default: name = "integer"
                }
            }
        }
        guard field.isRepeated else { return name }
        return name.contains("|") ? "(\(name))[]" : name + "[]"
    }

    // MARK: - Services

    private func services() throws(ContractError) -> String {
        var lines = [
            "---@meta _", "", "--- The options of a call, its second argument.",
            "---@class qdrant.CallOptions",
            "---@field timeout? number seconds that the call may take",
            "---@field retries? integer how often it is repeated",
            "---@field transport? \"grpc\"|\"rest\"",
            "---@field account_id? string the account, instead of the session's", "",
            "--- A method of the API.", "---@class qdrant.Method", "---@field name string",
            "---@field permissions string[]", "---@field http string", "---@field request string",
            "---@field response string", "---@field deprecated boolean",
            "---@field describe fun(self: qdrant.Method): string its documentation", "",
        ]
        try add(module: "", to: &lines)
        return lines.joined(separator: "\n") + "\n"
    }

    private func add(module path: String, to lines: inout [String]) throws(ContractError) {
        guard let module = try APIModules(registry: registry).module(path) else { return }
        let name = path.isEmpty ? "qdrant.api" : "qdrant.api.\(path)"
        for (own, method) in module.methods.sorted(by: { $0.key < $1.key }) {
            var head = Self.comment(registry.documentation(of: method))
            if method.options.isDeprecated { head.append("---@deprecated") }
            lines += head
            lines.append("---@class \(name).\(own): qdrant.Method")
            let request = method.input.fullName
            lines.append(
                "---@overload fun(request?: \(request), options?: qdrant.CallOptions): \(method.output.fullName)"
            )
            if let items = method.itemsField {
                let element = items.messageType?.fullName ?? "any"
                let self_ = "self: \(name).\(own)"
                lines.append(
                    "---@field each fun(\(self_), request?: \(request), options?: qdrant.CallOptions): fun(): \(element)"
                )
                lines.append(
                    "---@field all fun(\(self_), request?: \(request), options?: qdrant.CallOptions): \(element)[]"
                )
            }
            lines.append("")
        }
        lines.append("---@class \(name)")
        for child in module.children { lines.append("---@field \(child) \(name).\(child)") }
        for own in module.methods.keys.sorted() {
            lines.append("---@field \(own) \(name).\(own)")
        }
        lines.append("")
        for child in module.children {
            try add(module: path.isEmpty ? child : path + "." + child, to: &lines)
        }
    }

    // MARK: - Modules

    private func qdrant() -> String {
        var text = Self.module("qdrant", source: "qdrant") ?? ""
        var fields = [
            "---@field api qdrant.api", "---@field session table", "---@field null qdrant.Null",
        ]
        for library in LuaReference.embedded.libraries {
            fields.append("---@field \(library.dropFirst("qdrant.".count)) \(library)")
        }
        text = text.replacing(
            "local qdrant = {}", with: fields.joined(separator: "\n") + "\nlocal qdrant = {}",
            maxReplacements: 1)
        return text
    }

    private func globals() -> String {
        var lines = ["---@meta _", "", "qdrant = require \"qdrant\""]
        for module in LuaReference.embedded.modules where module != "shell" {
            lines.append("\(module) = require \"\(module)\"")
        }
        lines.append("")
        for function in LuaReference.embedded.globals {
            lines.append("--- " + function.text)
            lines += function.parameterTexts.map { "---@param " + $0 }
            lines += function.results.map { "---@return " + $0 }
            lines += ["function \(function.signature) end", ""]
        }
        for (word, function) in KnownNames.specWords.sorted(by: { $0.key < $1.key }) {
            if let function {
                lines.append("\(word) = test.\(function)")
            } else {
                lines += ["---@type any", "\(word) = nil"]
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The definitions in a module's own source: its annotations, its classes and the heads of its
    /// functions.
    private static func module(_ name: String, source: String) -> String? {
        guard let embedded = StandardLibrary.file(of: source) else { return nil }
        let texts =
            [embedded] + StandardLibrary.parts(of: source).compactMap(StandardLibrary.file(of:))
        let text = texts.map { String(decoding: $0.text, as: UTF8.self) }.joined(separator: "\n")
        var lines = ["---@meta \(name)", ""]
        var comment: [String] = []
        var declared: Set<String> = []
        var result: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("---") {
                comment += annotation(line)
                continue
            }
            defer { comment = [] }
            if line.hasPrefix("function "), let open = line.firstIndex(of: "("),
                let close = line[open...].firstIndex(of: ")")
            {
                let title = line.dropFirst("function ".count)[..<open]
                let owner = String(title.prefix { $0 != "." && $0 != ":" })
                guard declared.contains(owner), !title.contains("__") else { continue }
                lines += comment + [line[...close] + " end", ""]
            } else if line.hasPrefix("local "), line.contains("= ") {
                let variable = String(
                    line.dropFirst("local ".count).prefix {
                        $0.isLetter || $0.isNumber || $0 == "_"
                    })
                let isClass = comment.contains { $0.hasPrefix("---@class ") }
                let isModule = name == variable || name.hasSuffix("." + variable)
                guard isClass || isModule, declared.insert(variable).inserted else {
                    // A class without a variable: what options may hold.
                    if isClass { lines += comment + [""] }
                    continue
                }
                if !isClass { comment.append("---@class \(name)") }
                lines += comment + ["local \(variable) = {}", ""]
                if result == nil || isModule { result = variable }
            } else if comment.contains(where: { $0.hasPrefix("---@class ") }) {
                lines += comment + [""]
            } else if isAlias(line, declared) {
                lines += [String(line), ""]
            }
        }
        if let result { lines.append("return \(result)") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Whether a line gives functions of a module other names: `test.spec = test.it`.
    private static func isAlias(_ line: Substring, _ declared: Set<String>) -> Bool {
        let names = line.split { " ,=".contains($0) }
        return line.contains(" = ") && names.count > 1
            && names.allSatisfy { name in
                let parts = name.split(separator: ".")
                return parts.count == 2 && declared.contains(String(parts[0]))
                    && name.allSatisfy { $0.isLetter || $0 == "_" || $0 == "." }
            }
    }

    /// A line of a comment as editors know it: examples are code.
    private static func annotation(_ line: Substring) -> [String] {
        let usage = "---@usage "
        guard line.hasPrefix(usage) else { return [String(line)] }
        return ["---", "--- ```lua", "--- " + line.dropFirst(usage.count), "--- ```"]
    }

    // MARK: - Text

    private static func isKeyword(_ name: String) -> Bool {
        Keyword.allCases.contains { $0.rawValue == name }
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func comment(_ text: String) -> [String] {
        let line = oneLine(text)
        return line.isEmpty ? [] : ["--- " + line]
    }
}
