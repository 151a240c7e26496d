import CloudClient
import Contract
import LuaReference

/// Checks headers by the rules that a run is bound by.
public struct HeaderPermissions: HeaderPolicy {
    /// Creates a policy.
    public init() {}

    public func words(of method: Method) -> [String] {
        PermissionBound.words(of: method).map(\.description)
    }

    public func problem(with word: String) -> String? {
        do throws(PermissionWord.Problem) {
            _ = try PermissionWord(word)
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
