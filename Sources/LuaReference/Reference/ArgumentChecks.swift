import Glibc

/// Puts checks of arguments into the standard library's functions, by their annotations.
///
/// `function time.format(at, format)` becomes `function time.format(at, format)
/// check_arguments("u,s?", "time.format", at, format)`, on the same line: the annotation is the only
/// declaration of a function's types, and a wrong argument is an error at the user's line. A function
/// that needs a value of any type takes all arguments as `...` first: nil differs from nothing.
package struct ArgumentChecks {
    /// The classes by the variables that hold them.
    private var classes: [String: String] = [:]
    private var pendingClass: String?
    /// The parameters of the comment that is being read, as they are written.
    private var parameterLines: [Slice<UnsafeRawBufferPointer>] = []
    /// The end of the long string that is open; nil outside of one.
    private var closing: String?
    private let module: String

    private init(module: String) { self.module = module }

    /// The module's chunk is called with the host's table.
    private static let preamble =
        "local check_arguments, check_count, check_receiver, check_parts = "
        + "(...).check_arguments, (...).check_count, (...).check_receiver, (...).check_parts "

    private static let listPreamble = "local check_nothing = (...).check_nothing "

    /// A module's text with checks in it.
    ///
    /// - Parameter module: the name by which the module is known, for example `time` or
    ///   `qdrant.stack`.
    package static func added(to source: UnsafeRawBufferPointer, module: String) -> [UInt8] {
        var checks = ArgumentChecks(module: module)
        var result: [UInt8] = []
        result.reserveCapacity(source.count + source.count / 8)
        result.append(contentsOf: preamble.utf8)
        result.append(contentsOf: listPreamble.utf8)
        // What lies between two lists of parameters is taken over as it is.
        var copied = 0
        var start = 0
        while start < source.count {
            let end = self.end(of: start, in: source)
            if let (head, position, check) = checks.take(source[start..<end]) {
                result.append(contentsOf: source[copied..<head])
                result.append(contentsOf: check.utf8)
                copied = position
            }
            start = end + 1
        }
        result.append(contentsOf: source[copied...])
        return result
    }

    /// Where the line that begins at a byte ends.
    private static func end(of start: Int, in source: UnsafeRawBufferPointer) -> Int {
        guard let base = source.baseAddress,
            let found = memchr(base + start, Int32(UInt8(ascii: "\n")), source.count - start)
        else { return source.count }
        return UnsafeRawPointer(found) - base
    }

    /// Whether a line begins with a word.
    private static func begins(_ line: Slice<UnsafeRawBufferPointer>, _ word: StaticString) -> Bool
    {
        guard line.count >= word.utf8CodeUnitCount,
            let base = line.base.baseAddress
        else { return false }
        return memcmp(base + line.startIndex, word.utf8Start, word.utf8CodeUnitCount) == 0
    }

    /// Reads a line; what takes the place of its list of parameters.
    private mutating func take(
        _ line: Slice<UnsafeRawBufferPointer>
    ) -> (from: Int, to: Int, text: String)? {
        if isInLongString(line) { return nil }
        if Self.begins(line, "---") {
            takeComment(line)
            return nil
        }
        defer {
            if !parameterLines.isEmpty { parameterLines = [] }
        }
        if let name = pendingClass, Self.begins(line, "local ") {
            let variable = line.dropFirst(6).prefix { Self.isName($0) }
            classes[String(decoding: variable, as: UTF8.self)] = name
            pendingClass = nil
            return nil
        }
        guard Self.begins(line, "function "),
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
        guard !parameterLines.isEmpty || isMethodOfClass else { return nil }
        let parameters = list.split(separator: ",").map { String($0.drop { $0 == " " }) }
        let fixed = parameters.filter { $0 != "..." }
        let types = types(of: fixed)
        let needed = types.lastIndex { $0 == .any }
        let counts = needed != nil && fixed.count == parameters.count
        // A caller with a filter expects fewer elements than a list without filters returns.
        let takesNothing = isMethodOfClass && parameters.isEmpty && name.hasSuffix(":list")
        var text = counts ? "(...) local \(list) = ..." : takesNothing ? "(...)" : "(\(list))"
        if isMethodOfClass { text += " check_receiver(self, \"\(name)\")" }
        if takesNothing { text += " check_nothing(\"\(name)\", ...)" }
        if types.contains(where: { $0.map { !$0.contains(.any) } ?? false }) {
            let signature = types.map { ($0 ?? .any).letters }.joined(separator: ",")
            text += " check_arguments(\"\(signature)\", \"\(name)\", "
            text += fixed.joined(separator: ", ") + ")"
        }
        for (parameter, type) in tables(of: fixed) {
            text += " check_parts(\"\(name)\", \"\(parameter)\", [==[\(type)]==], \(parameter))"
        }
        if counts, let needed {
            text += " check_count(\(needed + 1), \"\(name)\", ...)"
        }
        return (open, line.index(after: close), text)
    }

    /// Whether a line belongs to a long string, or begins one that goes on.
    private mutating func isInLongString(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
        // Most lines have no bracket at all.
        if closing == nil, !Self.mayOpenLongString(line) { return false }
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

    private static func mayOpenLongString(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard !line.isEmpty, let base = line.base.baseAddress else { return false }
        let bracket = UInt8(ascii: "[")
        var rest = line
        while let found = memchr(base + rest.startIndex, Int32(bracket), rest.count) {
            let next = UnsafeRawPointer(found) - base + 1
            guard next < line.endIndex else { return false }
            if line[next] == bracket || line[next] == UInt8(ascii: "=") { return true }
            rest = line[next...]
        }
        return false
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
        if Self.begins(line, "---@class ") {
            let name = line.dropFirst(10).prefix {
                $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: " ")
            }
            pendingClass = String(decoding: name, as: UTF8.self)
        } else if Self.begins(line, "---@param ") {
            parameterLines.append(line.dropFirst(10))
        }
    }

    /// The types of the parameters of the comment that was read, as they are written.
    private func types(of parameters: [String]) -> [ParameterTypes?] {
        var found = [ParameterTypes?](repeating: nil, count: parameters.count)
        for line in parameterLines {
            var name = line.prefix { $0 != UInt8(ascii: " ") }
            let type = line[name.endIndex...].drop { $0 == UInt8(ascii: " ") }
            let isOptional = name.last == UInt8(ascii: "?")
            if isOptional { name = name.dropLast() }
            guard let index = parameters.firstIndex(where: { name.elementsEqual($0.utf8) }) else {
                continue
            }
            var types = ParameterTypes(type[..<LuaOptions.endOfType(type)])
            if isOptional { types.insert(.optional) }
            found[index] = types
        }
        return found
    }

    /// The parameters that are tables with known parts, with their types as they are written.
    private func tables(of parameters: [String]) -> [(name: String, type: String)] {
        parameterLines.compactMap { line in
            var name = line.prefix { $0 != UInt8(ascii: " ") }
            let type = line[name.endIndex...].drop { $0 == UInt8(ascii: " ") }
            if name.last == UInt8(ascii: "?") { name = name.dropLast() }
            // Most types are one word without a dot or a bracket.
            let written = type[..<LuaOptions.endOfType(type)]
            guard written.contains(where: { ".{<[".utf8.contains($0) }) else { return nil }
            let text = String(decoding: written, as: UTF8.self)
            let parameter = String(decoding: name, as: UTF8.self)
            guard parameters.contains(parameter), ValueForms.hasParts(text) else {
                return nil
            }
            return (parameter, text)
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
        if let module = StandardLibrary.owner(ofTable: owner, in: module) { return module + rest }
        return classes[owner].map { $0 + ":" + rest.dropFirst() }
    }

    private static func isName(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
    }
}
