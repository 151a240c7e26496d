/// Puts checks of arguments into the standard library's functions, by their annotations.
///
/// `function time.format(at, format)` becomes `function time.format(at, format)
/// check_arguments("u,s?", "time.format", at, format)`, on the same line: the annotation is the only
/// declaration of a function's types, and a wrong argument is an error at the user's line. A function
/// that needs a value of any type takes all arguments as `...` first, to tell nil from nothing.
package struct ArgumentChecks {
    /// The classes by the variables that hold them.
    private var classes: [String: String] = [:]
    private var pendingClass: String?
    /// The types of the parameters of the comment that is being read.
    private var types: [String: String] = [:]
    /// The end of the long string that is open; nil outside of one.
    private var closing: String?
    private let module: String

    private init(module: String) { self.module = module }

    /// The module's chunk is called with the host's table.
    private static let preamble =
        "local check_arguments, check_count, check_receiver, select = "
        + "(...).check_arguments, (...).check_count, (...).check_receiver, select "

    /// A module's text with checks in it.
    ///
    /// - Parameter module: the name by which the module is known, for example `time` or
    ///   `qdrant.stack`.
    package static func added(to source: UnsafeRawBufferPointer, module: String) -> [UInt8] {
        var checks = ArgumentChecks(module: module)
        var result: [UInt8] = []
        result.reserveCapacity(source.count + source.count / 8)
        result.append(contentsOf: preamble.utf8)
        var start = 0
        while start < source.count {
            let end = source[start...].firstIndex(of: UInt8(ascii: "\n")) ?? source.count
            let line = source[start..<end]
            if let (head, position, check) = checks.take(line) {
                result.append(contentsOf: source[start..<head])
                result.append(contentsOf: check.utf8)
                result.append(contentsOf: source[position..<end])
            } else {
                result.append(contentsOf: line)
            }
            if end < source.count { result.append(UInt8(ascii: "\n")) }
            start = end + 1
        }
        return result
    }

    /// Reads a line; what takes the place of its list of parameters.
    private mutating func take(
        _ line: Slice<UnsafeRawBufferPointer>
    ) -> (from: Int, to: Int, text: String)? {
        if isInLongString(line) { return nil }
        if line.starts(with: "---".utf8) {
            takeComment(line)
            return nil
        }
        defer { types = [:] }
        if let name = pendingClass, line.starts(with: "local ".utf8) {
            let variable = line.dropFirst(6).prefix { Self.isName($0) }
            classes[String(decoding: variable, as: UTF8.self)] = name
            pendingClass = nil
            return nil
        }
        guard line.starts(with: "function ".utf8),
            let open = line.firstIndex(of: UInt8(ascii: "(")),
            let close = line[open...].firstIndex(of: UInt8(ascii: ")")),
            let name = publicName(
                String(decoding: line[(line.startIndex + 9)..<open], as: UTF8.self))
        else { return nil }
        let list = String(decoding: line[line.index(after: open)..<close], as: UTF8.self)
        // `function Class.method(self, …)` has no receiver that is called so.
        let isMethodOfClass =
            line[..<open].contains(UInt8(ascii: ":"))
            && classes.values.contains { name.hasPrefix($0 + ":") }
        guard !types.isEmpty || isMethodOfClass else { return nil }
        let parameters = list.split(separator: ",").map { String($0.drop { $0 == " " }) }
        let fixed = parameters.filter { $0 != "..." }
        let signature = fixed.map { Self.letters(types[$0]) }
        let needed = fixed.lastIndex { types[$0].map { Self.letters($0) == "*" } ?? false }
        let counts = needed != nil && fixed.count == parameters.count
        var text = counts ? "(...) local \(list) = ..." : "(\(list))"
        if isMethodOfClass { text += " check_receiver(self, \"\(name)\")" }
        if signature.contains(where: { !$0.hasPrefix("*") }) {
            text +=
                " check_arguments(\"\(signature.joined(separator: ","))\", \"\(name)\", "
                + fixed.joined(separator: ", ") + ")"
        }
        if counts, let needed {
            text += " check_count(select(\"#\", ...), \(needed + 1), \"\(name)\")"
        }
        return (open, line.index(after: close), text)
    }

    /// Whether a line belongs to a long string, or begins one that goes on.
    private mutating func isInLongString(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
        var rest = line
        let wasOpen = closing != nil
        if let closing {
            guard let end = line.firstRange(of: Array(closing.utf8)) else { return true }
            rest = line[end.upperBound...]
            self.closing = nil
        }
        while let opening = Self.longBracket(in: rest) {
            let end = "]" + String(repeating: "=", count: opening.level) + "]"
            guard let closed = rest[opening.end...].firstRange(of: Array(end.utf8)) else {
                closing = end
                return true
            }
            rest = rest[closed.upperBound...]
        }
        return wasOpen
    }

    /// The first long bracket of a line that opens outside of quotes and of comments of one line.
    private static func longBracket(
        in line: Slice<UnsafeRawBufferPointer>
    ) -> (level: Int, end: Int)? {
        var quote: UInt8?
        var index = line.startIndex
        while index < line.endIndex {
            let byte = line[index]
            if byte == UInt8(ascii: "\\"), quote != nil {
                index += 1
            } else if byte == quote {
                quote = nil
            } else if quote == nil, byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if quote == nil, byte == UInt8(ascii: "[") {
                let level = line[(index + 1)...].prefix { $0 == UInt8(ascii: "=") }.count
                let next = index + 1 + level
                if next < line.endIndex, line[next] == byte { return (level, next + 1) }
            } else if quote == nil, line[index...].starts(with: "--".utf8),
                !line[index...].starts(with: "--[".utf8)
            {
                return nil
            }
            index += 1
        }
        return nil
    }

    private mutating func takeComment(_ line: Slice<UnsafeRawBufferPointer>) {
        let text = Substring(decoding: line.dropFirst(3), as: UTF8.self)
        if text.hasPrefix("@class ") {
            let name = text.dropFirst(7).prefix { $0 != ":" && $0 != " " }
            pendingClass = String(name)
        } else if text.hasPrefix("@param "), let option = LuaOptions.field(text.dropFirst(7)) {
            types[option.name] = option.type + (option.isRequired ? "" : "?")
        }
    }

    /// The name that people call a function by; nil for one that is not theirs.
    private func publicName(_ name: String) -> String? {
        guard let mark = name.firstIndex(where: { $0 == "." || $0 == ":" }) else {
            // Only one module of the host sets globals.
            return module == "boot.globals" ? name : nil
        }
        let (owner, rest) = (String(name[..<mark]), String(name[mark...]))
        guard !rest.dropFirst().hasPrefix("_") else { return nil }
        if owner == module || module.hasSuffix("." + owner) { return module + rest }
        return classes[owner].map { $0 + ":" + rest.dropFirst() }
    }

    private static func isName(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
    }

    // MARK: - Types

    /// The letters of a type as `host.check_arguments` reads them.
    package static func letters(_ type: String?) -> String {
        guard var type = type?[...] else { return "*" }
        var letters = ""
        func add(_ more: String) {
            for one in more where !letters.contains(one) { letters.append(one) }
        }
        while type.hasSuffix("?") {
            add("?")
            type = type.dropLast()
        }
        for part in LuaOptions.parts(type, at: "|") {
            add(letter(part))
        }
        // Optional and of any type is no type at all.
        return letters.contains("*") ? letters.contains("?") ? "*?" : "*" : letters
    }

    private static func letter(_ type: Substring) -> String {
        var type = type.drop { $0 == " " }
        while type.hasSuffix(" ") { type = type.dropLast() }
        if type.hasSuffix("?") { return "?" + letter(type.dropLast()) }
        if type.hasPrefix("fun(") { return "f" }
        if type.hasSuffix("[]") { return "t" }
        if type.hasPrefix("("), type.hasSuffix(")") {
            return letters(String(type.dropFirst().dropLast()))
        }
        if type.hasPrefix("{") || type.hasPrefix("table<") { return "t" }
        if type.hasPrefix("\"") { return "s" }
        switch type {
        case "string": return "s"
        case "number": return "n"
        case "integer": return "i"
        case "boolean", "true", "false": return "b"
        case "table": return "t"
        case "function": return "f"
        case "userdata": return "u"
        case "nil": return "?"
        case "any": return "*"
        // A type parameter may be anything.
        case let name where name.count == 1: return "*"
        default: return type.contains(".") ? "t" : "*"
        }
    }
}
