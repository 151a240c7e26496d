import Codec
import Contract
import GRPCProtocol

/// Serverless spaces.
enum SpaceService: CloudService {
    static let name = "qdrant.cloud.serverless.space.v1.SpaceService"

    static let handlers: [String: Handler] = [
        "ListSpaces": { call, request in try Pages.answer(.space, request, call) },
        "GetSpace": { call, request in
            call.answer(.space, try call.find(.space, request.string(.spaceID), "space").message)
        },
        "CreateSpace": { call, request in
            guard let wanted = request.message(.space) else { return call.response }
            return call.answer(.space, try create(wanted, call).message)
        },
        "CreateSpaceFromBackup": { call, request in
            let backup = try call.find(.spaceBackup, request.string(.backupID), "backup")
            let info = try BackupLife.spaces.restorable(backup)
            var wanted = call.response.new(.space)
            wanted.set(.name, request.string(.spaceName))
            for name: FieldName in [.cloudProviderID, .cloudProviderRegionID, .configuration] {
                wanted[name] = info[name]
            }
            let collections = backup.hidden.filter { $0.key == "collections" }
            return call.answer(.space, try create(wanted, call, hidden: collections).message)
        },
        "UpdateSpace": { call, request in
            guard let wanted = request.message(.space) else { return call.response }
            return call.answer(.space, try update(wanted, call).message)
        },
        "DeleteSpace": { call, request in
            let record = try call.find(.space, request.string(.spaceID), "space")
            if SpaceState.phase(of: record) != "DELETING" {
                try SpaceLife.delete(record, call.moment)
            }
            if request.optionalBool(.deleteBackups) == true {
                try BackupLife.spaces.deleteAll(parent: record.id, call.moment)
            }
            return call.response
        },
        "SuggestSpaceName": { call, _ in
            let taken = try call.transaction.records(.space, account: call.account)
                .map { $0.message.string(.name) }
            var response = call.response
            response.set(.name, SuggestedNames.suggest(avoiding: Set(taken), &call.world.random))
            return response
        },
    ]

    private static func checkName(_ name: String, _ call: Call, except id: String?) throws {
        let others = try call.transaction.records(.space, account: call.account)
        guard !others.contains(where: { $0.id != id && $0.message.string(.name) == name }) else {
            throw APIError(.alreadyExists, "the account already has a space \"\(name)\"")
        }
    }

    private static func create(
        _ wanted: Message, _ call: Call, hidden: [String: String] = [:]
    ) throws -> Record {
        let provider = wanted.string(.cloudProviderID)
        let region = wanted.string(.cloudProviderRegionID)
        guard call.catalogue.serverlessRegion(provider, region) != nil else {
            throw APIError(
                .invalidArgument,
                "space.cloud_provider_region_id: spaces are not available in \(provider) \(region)")
        }
        try checkName(wanted.string(.name), call, except: nil)
        let quotas = try call.quotas()
        let present = try call.transaction.count(.space, account: call.account)
        guard quotas.spaces == 0 || present < quotas.spaces else {
            throw APIError(.resourceExhausted, "the account may have \(quotas.spaces) spaces")
        }
        let id = call.world.newID()
        var space = wanted
        space.set(.id, id)
        space.set(.accountID, call.account)
        space.set(.createdAt, call.moment.timestamp)
        space.set(.createdBy, call.moment.stamp)
        for name: FieldName in [.lastUpdatedBy, .deletedBy] { space[name] = nil }
        try complete(&space, quotas, call)
        let record = Record(
            kind: .space, id: id, account: call.account, created: call.now, message: space,
            hidden: hidden)
        return try SpaceLife.process(record, call.moment)
    }

    private static func update(_ wanted: Message, _ call: Call) throws -> Record {
        var record = try call.find(.space, wanted.string(.id), "space")
        guard SpaceState.phase(of: record) != "DELETING" else {
            throw APIError(.failedPrecondition, "the space is being deleted")
        }
        for name: FieldName in [.cloudProviderID, .cloudProviderRegionID]
        where wanted.string(name) != record.message.string(name) {
            throw APIError(.invalidArgument, "space.\(name): cannot be changed")
        }
        let name = wanted.string(.name)
        try checkName(name, call, except: record.id)
        if name != record.message.string(.name) {
            try BackupLife.spaces.rename(record.id, name, call.moment)
        }
        for name: FieldName in [.name, .labels, .costAllocationLabel, .configuration] {
            record.message[name] = wanted[name]
        }
        try complete(&record.message, try call.quotas(), call)
        record.message.set(.lastUpdatedBy, call.moment.stamp)
        return try SpaceLife.process(record, call.moment)
    }

    /// The ceilings are the account's; what the space sets itself stays below.
    private static func complete(_ space: inout Message, _ quotas: Quotas, _ call: Call) throws {
        let wanted = space.message(.configuration)?.optionalInteger(.maxStorageBytes)
        if let wanted, quotas.bytesPerSpace > 0, wanted > quotas.bytesPerSpace {
            throw APIError(
                .invalidArgument,
                "space.configuration.max_storage_bytes: may be at most \(quotas.bytesPerSpace)")
        }
        space.edit(.configuration) {
            $0.set(.lastModifiedAt, call.moment.timestamp)
            $0.set(.platformMaxStorageBytes, quotas.bytesPerSpace)
            $0.set(.maxCollectionsPerSpace, quotas.collectionsPerSpace)
        }
    }
}
