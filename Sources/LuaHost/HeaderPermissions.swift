import CloudClient
import Contract
import LuaReference

/// Checks headers by the rules that bound a run.
public struct HeaderPermissions: HeaderPolicy {
    private let registry: Registry

    /// Creates a policy for scripts that use an API.
    public init(registry: Registry = .embedded) { self.registry = registry }

    public func words(of method: Method, needs: [String]?) -> [String] {
        let words = PermissionBound.words(of: method)
        guard !method.options.requiresAllPermissions, words.count > 1 else {
            return words.map(\.description)
        }
        let allowed = (needs ?? []).compactMap { try? PermissionWord($0) }
        let chosen = words.first { word in allowed.contains { $0.covers(word) } } ?? words[0]
        return [chosen.description]
    }

    public func words(ofHostFunction name: String) -> [String] {
        LuaRuntime.declaredPermissions[name] ?? []
    }

    public func covers(needs: [String], word: String) -> Bool {
        let sides = word.split(separator: ":").map(String.init)
        guard sides.count == 2 else { return false }
        return needs.contains { need in
            // `read:files=./data` allows a function that reads files; only the run knows which
            // ones.
            let plain = String(need.prefix { $0 != "=" })
            guard let allowed = try? PermissionWord(plain) else { return false }
            return allowed.covers(PermissionWord(verb: sides[0], noun: sides[1]))
        }
    }

    public func problem(with word: String) -> String? {
        do throws(PermissionWord.Problem) {
            _ = try PermissionWord(existing: word, in: registry)
            return nil
        } catch {
            return error.description
        }
    }

    public func refusals(needs: [String], deletes: Bool) -> (Method) -> String? {
        var layer = PermissionLayer(source: "the header")
        layer.mayDelete = deletes
        layer.allowed = needs.compactMap { try? PermissionWord($0) }
        let bound = PermissionBound([layer])
        return { bound.refusal(of: $0)?.message }
    }
}
