/// The text formats that protovalidate knows by name.
///
/// Source: buf/validate/validate.proto, StringRules.
enum TextFormats {
    private static let label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"

    /// An e-mail address as HTML's standard defines it.
    static func isEmail(_ text: String) -> Bool {
        matches("^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@\(label)(?:\\.\(label))*$", text)
    }

    /// Eight, four, four, four and twelve hexadecimal digits.
    static func isUUID(_ text: String) -> Bool {
        // Every request has some: a loop takes a fraction of what an expression does.
        var count = 0
        for byte in text.utf8 {
            switch count {
            case 8, 13, 18, 23: guard byte == UInt8(ascii: "-") else { return false }
            default: guard isHexDigit(byte) else { return false }
            }
            count += 1
        }
        return count == 36
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    /// A UUID without dashes.
    static func isTrimmedUUID(_ text: String) -> Bool { matches("^[0-9a-fA-F]{32}$", text) }

    /// A host name of at most 253 characters whose last label is not all digits.
    static func isHostname(_ text: String) -> Bool {
        let name = text.hasSuffix(".") ? text.dropLast() : text[...]
        guard name.utf8.count <= 253, matches("^\(label)(?:\\.\(label))*$", String(name)) else {
            return false
        }
        return name.split(separator: ".").last?.contains { !$0.isNumber } ?? false
    }

    /// A URI with a scheme (RFC 3986, section 3).
    static func isURI(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":"),
            matches("^[A-Za-z][A-Za-z0-9+.-]*$", String(text[..<colon]))
        else { return false }
        return isHierarchy(String(text[text.index(after: colon)...]), isRelative: false)
    }

    /// A URI or a relative reference (RFC 3986, section 4.1).
    static func isURIReference(_ text: String) -> Bool {
        isURI(text) || isHierarchy(text, isRelative: true)
    }

    /// What follows the scheme. The path of a relative reference has no colon before its first
    /// slash.
    private static func isHierarchy(_ text: String, isRelative: Bool) -> Bool {
        let pchar = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
        let noColon = "(?:[A-Za-z0-9._~!$&'()*+,;=@-]|%[0-9A-Fa-f]{2})"
        let regName = "(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
        let userinfo = "(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?"
        let zone = "(?:%25(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+)?"
        let literal =
            "\\[(?:([0-9A-Fa-f:.]+)\(zone)|[vV][0-9A-Fa-f]+\\.[A-Za-z0-9._~!$&'()*+,;=:-]+)\\]"
        let tail = "(?:\\?(?:\(pchar)|[/?])*)?(?:#(?:\(pchar)|[/?])*)?$"
        let host = "(?:\(literal)|\(regName))"
        if matches("^//\(userinfo)\(host)(?::[0-9]*)?(?:/\(pchar)*)*\(tail)", text) {
            // The expression only knows the characters of an IPv6 address.
            guard let open = text.firstIndex(of: "["), let close = text.firstIndex(of: "]"),
                open < close, !text[open...].hasPrefix("[v"), !text[open...].hasPrefix("[V")
            else { return true }
            let address = text[text.index(after: open)..<close].prefix { $0 != "%" }
            return ipv6(String(address)) != nil
        }
        let first = isRelative ? noColon : pchar
        let path = "/(?:\(pchar)+(?:/\(pchar)*)*)?|\(first)+(?:/\(pchar)*)*|"
        return matches("^(?:\(path))\(tail)", text)
    }

    /// A host name, an IPv4 address or an IPv6 address in brackets, with a port from 0 to 65535
    /// after a colon; the port is optional unless `needsPort` is true.
    static func isHostAndPort(_ text: String, needsPort: Bool) -> Bool {
        let isHost = { (host: Substring) in isHostname(String(host)) || ipv4(String(host)) != nil }
        if text.hasPrefix("[") {
            guard let close = text.lastIndex(of: "]"),
                ipv6(String(text[text.index(after: text.startIndex)..<close])) != nil
            else { return false }
            let rest = text[text.index(after: close)...]
            return rest.isEmpty ? !needsPort : rest.hasPrefix(":") && isPort(rest.dropFirst())
        }
        guard let colon = text.lastIndex(of: ":") else { return !needsPort && isHost(text[...]) }
        return isHost(text[..<colon]) && isPort(text[text.index(after: colon)...])
    }

    private static func isPort(_ text: Substring) -> Bool {
        guard let port = UInt16(text) else { return false }
        return String(port) == text
    }

    /// 26 digits of Crockford's base 32, at most 128 bits.
    static func isULID(_ text: String) -> Bool {
        matches("^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$", text)
    }

    /// Identifiers with dots between them.
    static func isProtobufName(_ text: String) -> Bool {
        matches("^[A-Za-z_][A-Za-z_0-9]*(\\.[A-Za-z_][A-Za-z_0-9]*)*$", text)
    }

    /// The name of an HTTP header (RFC 7230; a pseudo-header's colon is allowed).
    static func isHeaderName(_ text: String, isStrict: Bool) -> Bool {
        matches(
            isStrict ? "^:?[0-9a-zA-Z!#$%&'*+-.^_|~`]+$" : "^[^\\x00\\x0A\\x0D]+$", text)
    }

    /// The value of an HTTP header (RFC 7230).
    static func isHeaderValue(_ text: String, isStrict: Bool) -> Bool {
        matches(
            isStrict ? "^[^\\x00-\\x08\\x0A-\\x1F\\x7F]*$" : "^[^\\x00\\x0A\\x0D]*$", text)
    }

    /// An address of a version (4, 6, or either for nil).
    static func isIP(_ text: String, version: Int? = nil) -> Bool {
        (version != 6 && ipv4(text) != nil) || (version != 4 && ipv6(text) != nil)
    }

    /// An address with a prefix length; if strict, the bits beyond the prefix must be zero.
    static func isIPPrefix(_ text: String, version: Int? = nil, isStrict: Bool) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let length = Int(parts[1]), String(length) == parts[1], length >= 0
        else { return false }
        let address: [UInt8]
        if version != 6, let bytes = ipv4(String(parts[0])) {
            address = bytes
        } else if version != 4, !parts[0].contains("%"), let bytes = ipv6(String(parts[0])) {
            address = bytes
        } else {
            return false
        }
        guard length <= address.count * 8 else { return false }
        guard isStrict else { return true }
        return (length..<address.count * 8).allSatisfy { bit in
            address[bit / 8] & (0x80 >> UInt8(bit % 8)) == 0
        }
    }

    private static func ipv4(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard let byte = UInt8(part), String(byte) == part else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func ipv6(_ text: String) -> [UInt8]? {
        var text = text[...]
        if let zone = text.firstIndex(of: "%") {
            guard text.index(after: zone) < text.endIndex else { return nil }
            text = text[..<zone]
        }
        var groups: [UInt16] = []
        var gap: Int?
        if text.hasPrefix("::") {
            gap = 0
            text = text.dropFirst(2)
        } else if text.hasPrefix(":") {
            return nil
        }
        while !text.isEmpty {
            let end = text.firstIndex(of: ":") ?? text.endIndex
            let part = text[..<end]
            if part.contains(".") {
                guard end == text.endIndex, let bytes = ipv4(String(part)) else { return nil }
                groups.append(UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
                groups.append(UInt16(bytes[2]) << 8 | UInt16(bytes[3]))
                break
            }
            guard (1...4).contains(part.count), part.allSatisfy(\.isHexDigit),
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
            guard end < text.endIndex else { break }
            text = text[text.index(after: end)...]
            if text.hasPrefix(":") {
                guard gap == nil else { return nil }
                gap = groups.count
                text = text.dropFirst()
            } else if text.isEmpty {
                return nil
            }
        }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: [UInt16](repeating: 0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        return groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
    }

    private static func matches(_ pattern: String, _ text: String) -> Bool {
        Pattern.cached(pattern)?.matches(text) ?? false
    }
}
