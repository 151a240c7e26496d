import Codec
import GRPCProtocol

/// Providers and regions.
enum PlatformService: CloudService {
    static let name = "qdrant.cloud.platform.v1.PlatformService"

    static let handlers: [String: Handler] = [
        "ListGlobalCloudProviders": { call, _ in
            call.list(call.catalogue.providers.map { provider($0.id, $0.name, call) })
        },
        "ListCloudProviders": { call, _ in
            let hybrid = try hasHybrid(call) ? [provider("hybrid", "Hybrid Cloud", call)] : []
            return call.list(
                call.catalogue.providers.map { provider($0.id, $0.name, call) } + hybrid)
        },
        "ListGlobalCloudProviderRegions": { call, request in
            call.list(regions(of: request.string(.cloudProviderID), call))
        },
        "ListCloudProviderRegions": { call, request in
            let provider = request.string(.cloudProviderID)
            guard provider == "hybrid" else { return call.list(regions(of: provider, call)) }
            try checkHybrid(call)
            let environments = try call.transaction.records(.environment, account: call.account)
            return call.list(
                environments.map { message($0.message, call.response.new(.items)) })
        },
        "GetGlobalCloudProviderRegion": { call, request in try getRegion(call, request) },
        "GetCloudProviderRegion": { call, request in
            guard request.string(.cloudProviderID) == "hybrid" else {
                return try getRegion(call, request)
            }
            try checkHybrid(call)
            let id = request.string(.regionID)
            let environment = try call.find(.environment, id, "hybrid environment")
            return call.answer(
                .region, message(environment.message, call.response.new(.region)))
        },
    ]

    private static func getRegion(_ call: Call, _ request: Message) throws -> Message {
        let provider = request.string(.cloudProviderID)
        let id = request.string(.regionID)
        guard let region = call.catalogue.region(provider, id) else {
            throw APIError(.notFound, "\(provider) has no region \(id)")
        }
        return call.answer(.region, message(region, call.response.new(.region)))
    }

    private static func hasHybrid(_ call: Call) throws -> Bool {
        let account = try call.transaction.record(.account, call.account)
        return account?.message.strings(.privileges).contains("hybrid_cloud") ?? false
    }

    /// Hybrid regions are the account's environments, which a caller must be allowed to see.
    private static func checkHybrid(_ call: Call) throws {
        let needed = ["read:hybrid_cloud_environments", "read:clusters"]
        guard !call.permissions.isDisjoint(with: needed) else {
            throw APIError(
                .permissionDenied, "hybrid regions need \(needed.joined(separator: " or "))")
        }
    }

    /// An environment as a region.
    private static func message(_ environment: Message, _ empty: Message) -> Message {
        var message = empty
        let status = environment.message(.status)
        let distribution = status?.enumName(.kubernetesDistribution) ?? ""
        message.set(.id, environment.string(.id))
        message.set(.name, environment.string(.name))
        message.set(.available, HybridService.isReady(environment))
        message.set(
            .provider,
            distribution.isEmpty || distribution.hasSuffix("_UNSPECIFIED")
                ? "unknown"
                : distribution.dropFirst("KUBERNETES_DISTRIBUTION_".count).lowercased())
        if let namespace = environment.message(.configuration)?.string(.namespace) {
            message.set(.namespace, namespace)
        }
        message.edit(.capabilities) {
            $0.set(
                .volumeSnapshot, status?.message(.capabilities)?.bool(.volumeSnapshot) ?? false
            )
            $0.set(
                .volumeExpansion,
                status?.message(.capabilities)?.bool(.volumeExpansion) ?? false)
        }
        message[.storageClasses] = status?[.storageClasses]
        message[.volumeSnapshotClasses] = status?[.volumeSnapshotClasses]
        return message
    }

    private static func provider(_ id: String, _ name: String, _ call: Call) -> Message {
        var message = call.response.new(.items)
        message.set(.id, id)
        message.set(.name, name)
        message.set(
            .freeTier,
            call.catalogue.regions.contains { $0.provider == id && $0.hasFreeTier })
        message.set(.available, true)
        return message
    }

    private static func regions(of provider: String, _ call: Call) -> [Message] {
        call.catalogue.regions.filter { $0.provider == provider }
            .map { message($0, call.response.new(.items)) }
    }

    private static func message(_ region: Catalogue.Region, _ empty: Message) -> Message {
        var message = empty
        message.set(.id, region.id)
        message.set(.name, region.name)
        message.set(.freeTier, region.hasFreeTier)
        message.set(.available, true)
        message.set(.provider, region.provider)
        message.set(.countryIsoCode, region.country)
        message.set(.geographicalSubRegion, region.area)
        message.edit(.capabilities) {
            $0.set(.volumeSnapshot, true)
            $0.set(.volumeExpansion, true)
        }
        return message
    }
}
