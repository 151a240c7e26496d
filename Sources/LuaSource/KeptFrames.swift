/// Lua whose functions stay on the stack until they return.
///
/// A tail call replaces the frame of its caller, so the caller is unknown afterwards. In a function
/// with a to-be-closed variable, calls are not tail calls (Lua 5.4 manual, section 3.3.8): each
/// function gets one that closes nothing.
public enum KeptFrames {
    private static let insert = Array(" local __frame <close> = nil ".utf8)

    /// The same program, line by line; a string that is not valid Lua is returned unchanged.
    public static func rewrite(_ source: [UInt8]) -> [UInt8] {
        var offsets: [Int] = []
        var lexer = Lexer(source)
        // Of the head of a function its name is passed over, then its parameters.
        var isInHead = false
        do throws(SyntaxError) {
            var token = try lexer.next()
            offsets.append(token.position.offset)
            while token.kind != .end {
                if token.kind == .keyword(.function) {
                    isInHead = true
                } else if isInHead, token.kind == .symbol(")") {
                    isInHead = false
                    offsets.append(token.endOffset)
                }
                token = try lexer.next()
            }
        } catch {
            return source
        }
        var result: [UInt8] = []
        result.reserveCapacity(source.count + offsets.count * insert.count)
        var copied = 0
        for offset in offsets {
            result += source[copied..<offset]
            result += insert
            copied = offset
        }
        return result + source[copied...]
    }
}
