/// Has the standard library call methods of strings by names that only it knows.
///
/// A script may replace every function of `string`, and all strings share one metatable: in
/// `("%d"):format(n)`, the library would call the script's function. Its text therefore becomes
/// `("%d"):__format(n)` when it is loaded (strings.c has the other half).
package enum OwnMethods {
    /// The prefix of such a name.
    private static let mark = "__".utf8

    private static let names = [
        "byte", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse",
        "sub",
        "upper",
    ].map { Array($0.utf8) }

    /// Returns a Lua text with these names.
    package static func renamed(_ source: [UInt8]) -> [UInt8] {
        var reader = Reader(source)
        var result: [UInt8] = []
        result.reserveCapacity(source.count + source.count / 32)
        var copied = 0
        while let place = reader.nextMethod() {
            guard names.contains(where: { source[place].elementsEqual($0) }) else { continue }
            result += source[copied..<place.lowerBound]
            result += mark
            copied = place.lowerBound
        }
        return result + source[copied...]
    }

    /// Finds the names of methods that are called, outside of strings and comments.
    private struct Reader {
        private let source: [UInt8]
        private var position = 0
        /// Whether the name of a function that is declared is being read.
        private var isInHead = false

        init(_ source: [UInt8]) { self.source = source }

        private func byte(at index: Int) -> UInt8? {
            source.indices.contains(index) ? source[index] : nil
        }

        mutating func nextMethod() -> Range<Int>? {
            while let byte = byte(at: position) {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString(byte)
                case UInt8(ascii: "["): if !skipLongBracket() { position += 1 }
                case UInt8(ascii: "-") where self.byte(at: position + 1) == byte: skipComment()
                case UInt8(ascii: "("):
                    isInHead = false
                    position += 1
                case UInt8(ascii: ":"):
                    position += 1
                    let name = takeName()
                    if !isInHead, !name.isEmpty { return name }
                case _ where Self.isName(byte):
                    if source[takeName()].elementsEqual("function".utf8) { isInHead = true }
                default: position += 1
                }
            }
            return nil
        }

        private mutating func takeName() -> Range<Int> {
            let start = position
            while let byte = byte(at: position), Self.isName(byte) { position += 1 }
            return start..<position
        }

        private mutating func skipString(_ quote: UInt8) {
            position += 1
            while let byte = byte(at: position), byte != quote {
                position += byte == UInt8(ascii: "\\") ? 2 : 1
            }
            position += 1
        }

        private mutating func skipComment() {
            position += 2
            if byte(at: position) == UInt8(ascii: "["), skipLongBracket() { return }
            while let byte = byte(at: position), byte != UInt8(ascii: "\n") { position += 1 }
        }

        /// Skips a long bracket and what is in it; false when none begins here.
        private mutating func skipLongBracket() -> Bool {
            var index = position + 1
            while byte(at: index) == UInt8(ascii: "=") { index += 1 }
            guard byte(at: index) == UInt8(ascii: "[") else { return false }
            let level = index - position - 1
            let end =
                [UInt8(ascii: "]")] + Array(repeating: UInt8(ascii: "="), count: level) + [
                    UInt8(ascii: "]")
                ]
            index += 1
            while index < source.count, !source[index...].starts(with: end) { index += 1 }
            position = index + end.count
            return true
        }

        private static func isName(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}
