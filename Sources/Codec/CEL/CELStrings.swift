/// The functions of cel-go's strings extension; positions count code points.
enum CELStrings {
    static func call(_ name: String, _ all: [CELValue]) throws(CELError) -> CELValue {
        if name == "join" { return try join(all) }
        guard case .string(let text) = all[0] else { throw .noOverload("\(name)()", all[0]) }
        let scalars = Array(text.unicodeScalars)
        if name == "format", all.count == 2, case .list(let values) = all[1] {
            return .string(try CELFormat.format(text, values))
        }
        switch (name, all.dropFirst().first, all.dropFirst(2).first, all.dropFirst(3).first) {
        case ("lowerAscii", nil, _, _): return .string(ascii(scalars, from: "A"..."Z", shift: 32))
        case ("upperAscii", nil, _, _): return .string(ascii(scalars, from: "a"..."z", shift: -32))
        case ("trim", nil, _, _):
            let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
            let front = scalars.drop(while: isSpace)
            return .string(string(front.reversed().drop(while: isSpace).reversed()))
        case ("reverse", nil, _, _): return .string(string(scalars.reversed()))
        case ("charAt", .int(let position), nil, _):
            guard position != scalars.count else { return .string("") }
            return .string(string([scalars[try index(position, scalars)]]))
        case ("indexOf", .string(let part), nil, _): return .int(find(part, in: scalars, from: 0))
        case ("indexOf", .string(let part), .int(let start), _):
            return .int(find(part, in: scalars, from: try bound(start, scalars)))
        case ("lastIndexOf", .string(let part), nil, _):
            return .int(findLast(part, in: scalars, upTo: scalars.count))
        case ("lastIndexOf", .string(let part), .int(let end), _):
            return .int(findLast(part, in: scalars, upTo: try bound(end, scalars)))
        case ("substring", .int(let start), nil, _):
            return .string(string(scalars[try bound(start, scalars)...]))
        case ("substring", .int(let start), .int(let end), _):
            let (start, end) = (try bound(start, scalars), try bound(end, scalars))
            guard start <= end else { throw .emptyRange }
            return .string(string(scalars[start..<end]))
        case ("replace", .string(let old), .string(let new), nil):
            return .string(replace(text, old, new, .max))
        case ("replace", .string(let old), .string(let new), .int(let count)):
            return .string(replace(text, old, new, count < 0 ? .max : Int(clamping: count)))
        case ("split", .string(let separator), nil, _):
            return .list(split(text, separator, .max).map { .string($0) })
        case ("split", .string(let separator), .int(let count), _):
            let parts = split(text, separator, count < 0 ? .max : Int(clamping: count))
            return .list(parts.map { .string($0) })
        default: throw .noOverload("\(name)()", operands: all.map(\.typeName))
        }
    }

    private static func join(_ all: [CELValue]) throws(CELError) -> CELValue {
        guard case .list(let items) = all[0] else { throw .noOverload("join()", all[0]) }
        var separator = ""
        if let second = all.dropFirst().first {
            guard case .string(let text) = second else { throw .noOverload("join()", second) }
            separator = text
        }
        var texts: [String] = []
        for item in items {
            guard case .string(let text) = item else { throw .noOverload("join()", item) }
            texts.append(text)
        }
        return .string(texts.joined(separator: separator))
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    private static func ascii(
        _ scalars: [Unicode.Scalar], from range: ClosedRange<Unicode.Scalar>, shift: Int32
    ) -> String {
        string(
            scalars.map { scalar in
                guard range.contains(scalar) else { return scalar }
                return Unicode.Scalar(UInt8(Int32(scalar.value) + shift))
            })
    }

    private static func index(
        _ position: Int64, _ scalars: [Unicode.Scalar]
    ) throws(CELError) -> Int {
        guard position >= 0, position < scalars.count else {
            throw .noPosition(position)
        }
        return Int(position)
    }

    private static func bound(
        _ position: Int64, _ scalars: [Unicode.Scalar]
    ) throws(CELError) -> Int {
        try position == scalars.count ? scalars.count : index(position, scalars)
    }

    private static func find(
        _ part: String, in scalars: [Unicode.Scalar], from start: Int
    ) -> Int64 {
        let part = Array(part.unicodeScalars)
        var position = start
        while position + part.count <= scalars.count {
            if scalars[position..<position + part.count].elementsEqual(part) {
                return Int64(position)
            }
            position += 1
        }
        return -1
    }

    private static func findLast(
        _ part: String, in scalars: [Unicode.Scalar], upTo end: Int
    ) -> Int64 {
        let part = Array(part.unicodeScalars)
        var position = min(end, scalars.count - part.count)
        while position >= 0 {
            if scalars[position..<position + part.count].elementsEqual(part) {
                return Int64(position)
            }
            position -= 1
        }
        return -1
    }

    private static func replace(
        _ text: String, _ old: String, _ new: String, _ count: Int
    ) -> String {
        guard count > 0 else { return text }
        return split(text, old, count == .max ? .max : count + 1).joined(separator: new)
    }

    /// At most `count` parts; an empty separator stands between all characters.
    private static func split(_ text: String, _ separator: String, _ count: Int) -> [String] {
        guard count > 0 else { return [] }
        let scalars = Array(text.unicodeScalars)
        let width = separator.unicodeScalars.count
        if width == 0 {
            guard scalars.count > count else { return scalars.map { string([$0]) } }
            return scalars[..<(count - 1)].map { string([$0]) } + [string(scalars[(count - 1)...])]
        }
        var parts: [String] = []
        var start = 0
        while parts.count < count - 1 {
            let found = find(separator, in: scalars, from: start)
            guard found >= 0 else { break }
            parts.append(string(scalars[start..<Int(found)]))
            start = Int(found) + width
        }
        return parts + [string(scalars[start...])]
    }
}
