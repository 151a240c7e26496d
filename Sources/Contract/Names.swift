import CText

/// Conversions between the spellings that protobuf, Lua and JSON use.
public enum Names {
    /// `ListDatabaseApiKeys` → `list_database_api_keys`.
    public static func snakeCase(_ name: String) -> String {
        var result = ""
        let characters = Array(name)
        for (index, character) in characters.enumerated() {
            if character.isUppercase, index > 0 {
                let followsLower = !characters[index - 1].isUppercase
                let startsWord = index + 1 < characters.count && characters[index + 1].isLowercase
                if followsLower || startsWord { result.append("_") }
            }
            result.append(contentsOf: character.lowercased())
        }
        return result
    }

    /// `number_of_nodes` → `numberOfNodes`, as FieldMask's JSON form does.
    public static func lowerCamelCase(_ name: String) -> String {
        var result = ""
        var upper = false
        for character in name {
            if character == "_" {
                upper = true
            } else {
                result += upper ? character.uppercased() : String(character)
                upper = false
            }
        }
        return result
    }

    /// The name of the package or message around a full name.
    public static func parent(of fullName: String) -> String {
        guard let dot = fullName.lastIndex(of: ".") else { return "" }
        return String(fullName[..<dot])
    }

    /// The Lua module of a package: `qdrant.cloud.cluster.auth.v2` → `cluster.auth`, version 2.
    public static func module(ofPackage package: String) -> (name: String, version: Int) {
        var parts = package.split(separator: ".")
        if parts.starts(with: ["qdrant", "cloud"]) { parts.removeFirst(2) }
        var version = 1
        if let last = parts.last, last.first == "v", let number = Int(last.dropFirst()) {
            version = number
            parts.removeLast()
        }
        return (parts.joined(separator: "."), version)
    }

    /// The candidate that is the fewest edits away, when it is near enough to be meant.
    public static func nearest(to name: String, in candidates: some Sequence<String>) -> String? {
        // A longer text is not a name misspelt.
        guard name.utf8.count <= 100 else { return nil }
        let wanted = name.lowercased()
        var best: (distance: Int, name: String)?
        for candidate in candidates {
            let distance = editDistance(wanted, candidate.lowercased())
            if distance < best?.distance ?? Int.max { best = (distance, candidate) }
        }
        guard let best, best.distance <= Int(clamping: qtext_tolerance(wanted.utf8.count)) else {
            return nil
        }
        return best.name
    }

    /// The end of an error message that suggests a similar name; empty if there is none.
    public static func suggestion(_ nearest: String?) -> String {
        nearest.map { "; did you mean \"\($0)\"?" } ?? ""
    }

    /// The end of an error message about an unknown name: a similar name, or if there is none, all
    /// known names.
    public static func hint(for name: String, among known: [String]) -> String {
        let similar = suggestion(nearest(to: name, in: known))
        return similar.isEmpty ? "; expected one of \(known.joined(separator: ", "))" : similar
    }

    private static func editDistance(_ a: String, _ b: String) -> Int {
        Int(clamping: qtext_distance(a, a.utf8.count, b, b.utf8.count))
    }
}
