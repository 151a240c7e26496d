import Contract

/// Where the names for a field come from.
public struct NameSource: Equatable, Sendable {
    public let method: String
    /// What the elements' values are, `id` mostly.
    public let item: String
    /// The fields of the request that must be known, besides the account.
    let needs: [String]
    /// The way to the API of another session; empty for the shell's own.
    var root: [String] = []
    /// The other fields of the request that narrow the list, when they are known.
    var narrows: [String] = []
    /// What fields of the request are called where the names are written.
    var words: [String: String] = [:]
    /// Whether users give the names of the objects there rather than their IDs.
    var namesPeopleUse = false

    /// The fields that hold what people call an item; the first one that is set counts.
    public static let labels = [
        "display_name", "name", "email", "schedule", "prefix", "description",
    ]

    /// The request for the list, from the fields that are written so far.
    ///
    /// - Returns: the request's fields, and the first written field that is missing; nil for none.
    public func request(
        from written: [String: String?]
    ) -> (fields: [String: String], missing: String?) {
        var fields: [String: String] = [:]
        for need in needs {
            let word = words[need] ?? need
            guard case .some(.some(let value)) = written[word] else { return ([:], word) }
            fields[need] = value
        }
        for name in narrows {
            if case .some(.some(let value)) = written[words[name] ?? name] { fields[name] = value }
        }
        return (fields, nil)
    }
}

/// Which list has the names and ids for a field.
///
/// It follows from the contract: `cluster_id` is the ID of a message `Cluster`, which some method
/// lists. The few that do not follow are in a table.
public final class NameSources {
    private let registry: Registry
    private lazy var listers = Self.listers(of: registry)

    /// Creates the sources of a contract.
    public init(_ registry: Registry) { self.registry = registry }

    /// Fields whose name does not show what they refer to.
    private static let special: [String: NameSource] = [
        "qdrant.cloud.cluster.v1.ClusterConfiguration.version":
            NameSource(method: "cluster.list_qdrant_releases", item: "version", needs: []),
        "qdrant.cloud.iam.v1.Permission.value":
            NameSource(method: "iam.list_permissions", item: "value", needs: []),
    ]

    /// Methods that list messages with an id, by the message's name in snake case.
    private static func listers(of registry: Registry) -> [String: [Method]] {
        var found: [String: [Method]] = [:]
        for method in (try? registry.allMethods()) ?? [] where method.luaName.hasPrefix("list_") {
            guard let type = method.itemsField?.messageType, type.field(named: "id") != nil,
                !method.options.isDeprecated, !method.service.isSuperseded
            else { continue }
            found[Names.snakeCase(type.name), default: []].append(method)
        }
        return found
    }

    /// Where the names for a field of a message come from; nil when nothing lists them.
    public func source(of field: Field, in type: MessageType, method: Method?) -> NameSource? {
        if let special = Self.special[type.fullName + "." + field.name] { return special }
        guard field.kind == .string else { return nil }
        var noun = field.name
        if let ids = noun[...].lastRange(of: "_ids") {
            // role_ids, role_ids_to_add
            noun = String(noun[..<ids.lowerBound])
        } else if noun.hasSuffix("_id") {
            noun.removeLast(3)
        } else if noun == "id" {
            noun = Names.snakeCase(type.name)
        } else {
            return nil
        }
        // `key_id` is a `database_api_key`: a name may be cut short at its front.
        let candidates =
            listers[noun]
            ?? listers.filter { $0.key.hasSuffix("_" + noun) }.min { $0.key < $1.key }?.value ?? []
        return best(
            of: candidates, near: method?.service.package ?? Names.parent(of: type.fullName))
    }

    /// What lists messages of a type, for those who know them by their names.
    public func source(listing type: MessageType) -> NameSource? {
        let candidates = (listers[Names.snakeCase(type.name)] ?? [])
            .filter { $0.itemsField?.messageType?.fullName == type.fullName }
        var source = best(of: candidates, near: Names.parent(of: type.fullName))
        source?.namesPeopleUse = true
        return source
    }

    /// The places and sizes that options of the standard library name.
    ///
    /// - Parameter function: whose option it is: serverless spaces are elsewhere than clusters.
    func place(_ option: String, of function: String) -> NameSource? {
        let words = ["cloud_provider_id": "cloud", "cloud_provider_region_id": "region"]
        let isServerless = function.hasPrefix("qdrant.spaces") || function.hasPrefix("qdrant.Space")
        let platform = isServerless ? "serverless.platform" : "platform"
        switch option {
        case "cloud":
            return NameSource(method: "\(platform).list_cloud_providers", item: "id", needs: [])
        case "region":
            return NameSource(
                method: "\(platform).list_cloud_provider_regions", item: "id",
                needs: ["cloud_provider_id"], words: words)
        case "package":
            return NameSource(
                method: "booking.list_packages", item: "name", needs: ["cloud_provider_id"],
                narrows: ["cloud_provider_region_id"], words: words)
        case "version": return Self.special["qdrant.cloud.cluster.v1.ClusterConfiguration.version"]
        case "permissions": return Self.special["qdrant.cloud.iam.v1.Permission.value"]
        default: return nil
        }
    }

    private func best(of candidates: [Method], near own: String) -> NameSource? {
        let best = candidates.min { a, b in
            Self.rank(a, near: own) < Self.rank(b, near: own)
        }
        guard let best else { return nil }
        let account = Set(best.accountIDPath ?? [])
        let needs = best.input.fields.filter { field in
            (field.rules.isRequired || (best.route?.template.contains("{\(field.name)}") ?? false))
                && !account.contains(field.name) && field.kind == .string
        }.map(\.name)
        let narrows = best.input.fields.filter {
            $0.name.hasSuffix("_id") && $0.kind == .string && !$0.isRepeated
                && !account.contains($0.name) && !needs.contains($0.name)
        }.map(\.name)
        return NameSource(method: best.displayName, item: "id", needs: needs, narrows: narrows)
    }

    /// Lists of the same package first, those that need an account before global ones.
    private static func rank(_ method: Method, near package: String) -> (Int, Int, Int, String) {
        let shared = zip(
            method.service.package.split(separator: "."), package.split(separator: ".")
        )
        .prefix { $0 == $1 }.count
        // What needs to know less answers sooner: list_users before list_role_users.
        let needs = method.input.fields.count { $0.hasToBeSet && $0.kind == .string }
        return (-shared, needs, method.luaName.contains("global") ? 1 : 0, method.displayName)
    }
}
