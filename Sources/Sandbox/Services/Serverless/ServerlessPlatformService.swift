import Codec
import GRPCProtocol

/// Providers and regions of spaces.
enum ServerlessPlatformService: CloudService {
    static let name = "qdrant.cloud.serverless.platform.v1.PlatformService"

    static let handlers: [String: Handler] = [
        "ListGlobalCloudProviders": { call, _ in providers(call) },
        "ListCloudProviders": { call, _ in providers(call) },
        "ListGlobalCloudProviderRegions": { call, request in list(call, request) },
        "ListCloudProviderRegions": { call, request in list(call, request) },
        "GetGlobalCloudProviderRegion": { call, request in try get(call, request) },
        "GetCloudProviderRegion": { call, request in try get(call, request) },
    ]

    private static func providers(_ call: Call) -> Message {
        let offered = call.catalogue.providers.filter { provider in
            call.catalogue.serverlessRegions.contains { $0.provider == provider.id }
        }
        return call.list(
            offered.map { provider in
                var message = call.response.new(.items)
                message.set(.id, provider.id)
                message.set(.name, provider.name)
                message.set(.available, true)
                return message
            })
    }

    private static func list(_ call: Call, _ request: Message) -> Message {
        call.list(
            call.catalogue.serverlessRegions.filter {
                $0.provider == request.string(.cloudProviderID)
            }
            .map { message($0, call.response.new(.items)) })
    }

    private static func get(_ call: Call, _ request: Message) throws -> Message {
        let provider = request.string(.cloudProviderID)
        let id = request.string(.regionID)
        guard let region = call.catalogue.serverlessRegion(provider, id) else {
            throw APIError(.notFound, "spaces are not available in \(provider) \(id)")
        }
        return call.answer(.region, message(region, call.response.new(.region)))
    }

    private static func message(_ region: Catalogue.Region, _ empty: Message) -> Message {
        var message = empty
        message.set(.id, region.id)
        message.set(.name, region.name)
        message.set(.available, true)
        message.set(.provider, region.provider)
        message.set(.countryIsoCode, region.country)
        message.set(.geographicalSubRegion, region.area)
        return message
    }
}
