import Codec

/// The forms in which clients send a field mask as JSON.
enum MaskForms {
    /// Turns `"updateMask": {"paths": ["a_b"]}` into `"updateMask": "aB"`; nil when the body has no
    /// such member.
    static func normalised(_ body: [UInt8]) -> [UInt8]? {
        body.withUnsafeBytes { bytes -> [UInt8]? in
            var scanner = JSONScanner(bytes)
            guard scanner.take("{"), !scanner.take("}") else { return nil }
            repeat {
                guard let key = try? scanner.string(), scanner.take(":"),
                    let kind = try? scanner.peek()
                else { return nil }
                let start = scanner.offset
                guard (try? scanner.skipValue(depth: 100)) != nil else { return nil }
                guard key == "updateMask" || key == "update_mask", kind == .object else { continue }
                let object = UnsafeRawBufferPointer(rebasing: bytes[start..<scanner.offset])
                guard let paths = paths(object) else { return nil }
                let text = JSONWriter.quoted(paths.joined(separator: ","))
                return Array(bytes[..<start]) + Array(text.utf8) + Array(bytes[scanner.offset...])
            } while scanner.take(",")
            return nil
        }
    }

    private static func paths(_ object: UnsafeRawBufferPointer) -> [String]? {
        var scanner = JSONScanner(object)
        guard scanner.take("{"), (try? scanner.string()) == "paths", scanner.take(":"),
            scanner.take("[")
        else { return nil }
        var paths: [String] = []
        if scanner.take("]") { return paths }
        repeat {
            guard let path = try? scanner.string() else { return nil }
            paths.append(path)
        } while scanner.take(",")
        return paths
    }
}
