import Codec

/// Serverless spaces.
enum SpaceService: CloudService {
    static let name = "qdrant.cloud.serverless.space.v1.SpaceService"

    static let handlers: [String: Handler] = [
        "ListSpaces": { call, request in try Pages.answer(.space, request, call) },
        "GetSpace": { call, request in
            call.answer("space", try call.find(.space, request.string("space_id"), "space").message)
        },
        "CreateSpace": { call, request in
            guard let wanted = request.message("space") else { return call.response }
            return call.answer("space", try create(wanted, call).message)
        },
        "CreateSpaceFromBackup": { call, request in
            let backup = try call.find(.spaceBackup, request.string("backup_id"), "backup")
            let info = try BackupLife.spaces.restorable(backup)
            var wanted = call.response.new("space")
            wanted.set("name", request.string("space_name"))
            for name in ["cloud_provider_id", "cloud_provider_region_id", "configuration"] {
                wanted[name] = info[name]
            }
            let collections = backup.hidden.filter { $0.key == "collections" }
            return call.answer("space", try create(wanted, call, hidden: collections).message)
        },
        "UpdateSpace": { call, request in
            guard let wanted = request.message("space") else { return call.response }
            return call.answer("space", try update(wanted, call).message)
        },
        "DeleteSpace": { call, request in
            let record = try call.find(.space, request.string("space_id"), "space")
            if SpaceLife.phase(of: record) != "DELETING" {
                try SpaceLife.delete(record, call.moment)
            }
            if request.optionalBool("delete_backups") == true {
                try BackupLife.spaces.deleteAll(parent: record.id, call.moment)
            }
            return call.response
        },
        "SuggestSpaceName": { call, _ in
            let taken = try call.transaction.records(.space, account: call.account)
                .map { $0.message.string("name") }
            var response = call.response
            response.set("name", SuggestedNames.suggest(avoiding: Set(taken), &call.cloud.dice))
            return response
        },
    ]

    private static func checkName(_ name: String, _ call: Call, except id: String?) throws {
        let others = try call.transaction.records(.space, account: call.account)
        guard !others.contains(where: { $0.id != id && $0.message.string("name") == name }) else {
            throw APIError(.alreadyExists, "the account has a space \"\(name)\" already")
        }
    }

    private static func create(
        _ wanted: Message, _ call: Call, hidden: [String: String] = [:]
    ) throws -> Record {
        let provider = wanted.string("cloud_provider_id")
        let region = wanted.string("cloud_provider_region_id")
        guard ServerlessPlatformService.region(provider, region) != nil else {
            throw APIError(
                .invalidArgument,
                "space.cloud_provider_region_id: there are no spaces in \(provider) \(region)")
        }
        try checkName(wanted.string("name"), call, except: nil)
        let quotas = try call.quotas()
        let present = try call.transaction.count(.space, account: call.account)
        guard quotas.spaces == 0 || present < quotas.spaces else {
            throw APIError(.resourceExhausted, "the account may have \(quotas.spaces) spaces")
        }
        let id = call.cloud.newID()
        var space = wanted
        space.set("id", id)
        space.set("account_id", call.account)
        space.set("created_at", call.moment.timestamp)
        space.set("created_by", call.moment.stamp)
        for name in ["last_updated_by", "deleted_by"] { space[name] = nil }
        try complete(&space, quotas, call)
        let record = Record(
            kind: .space, id: id, account: call.account, created: call.now, message: space,
            hidden: hidden)
        return try SpaceLife.process(record, call.moment)
    }

    private static func update(_ wanted: Message, _ call: Call) throws -> Record {
        var record = try call.find(.space, wanted.string("id"), "space")
        guard SpaceLife.phase(of: record) != "DELETING" else {
            throw APIError(.failedPrecondition, "the space is being deleted")
        }
        for name in ["cloud_provider_id", "cloud_provider_region_id"]
        where wanted.string(name) != record.message.string(name) {
            throw APIError(.invalidArgument, "space.\(name): cannot be changed")
        }
        let name = wanted.string("name")
        try checkName(name, call, except: record.id)
        if name != record.message.string("name") {
            try BackupLife.spaces.rename(record.id, name, call.moment)
        }
        for name in ["name", "labels", "cost_allocation_label", "configuration"] {
            record.message[name] = wanted[name]
        }
        try complete(&record.message, try call.quotas(), call)
        record.message.set("last_updated_by", call.moment.stamp)
        return try SpaceLife.process(record, call.moment)
    }

    /// The ceilings are the account's; what the space sets itself stays below.
    private static func complete(_ space: inout Message, _ quotas: Quotas, _ call: Call) throws {
        let wanted = space.message("configuration")?.optionalInteger("max_storage_bytes")
        if let wanted, quotas.bytesPerSpace > 0, wanted > quotas.bytesPerSpace {
            throw APIError(
                .invalidArgument,
                "space.configuration.max_storage_bytes: may be at most \(quotas.bytesPerSpace)")
        }
        space.edit("configuration") {
            $0.set("last_modified_at", call.moment.timestamp)
            $0.set("platform_max_storage_bytes", quotas.bytesPerSpace)
            $0.set("max_collections_per_space", quotas.collectionsPerSpace)
        }
    }
}

/// How spaces come up, change and go.
enum SpaceLife {
    /// How long things take, in virtual seconds.
    private enum Seconds {
        static let process = 3.0
        static let delete = 3.0
    }

    static let events: [String: EventHandler] = [
        "space.ready": { moment, event in
            guard var record = try moment.transaction.record(.space, event.subject),
                record.hidden["generation"] == event.payload
            else { return }
            record.message.edit("state") { state in
                state.setEnum("phase", "READY")
                state.edit("endpoint") { moment.cloud.dataPlane.fill(&$0) }
            }
            try moment.transaction.put(record)
        },
        "space.gone": { moment, event in
            for kind in [Kind.spaceKey, .spaceToken, .spaceSchedule] {
                for hanging in try moment.transaction.records(kind, parent: event.subject) {
                    try moment.transaction.delete(kind, hanging.id)
                }
            }
            try moment.transaction.delete(.space, event.subject)
        },
    ]

    /// The phase without its prefix.
    static func phase(of space: Record) -> String {
        let name = space.message.message("state")?.enumName("phase") ?? ""
        return String(name.dropFirst("SPACE_STATE_PHASE_".count))
    }

    /// Has a new or changed space become ready.
    static func process(_ record: Record, _ moment: Moment) throws -> Record {
        var record = record
        record.hidden["generation"] = "\(record.number("generation") + 1)"
        record.message.edit("state") { $0.setEnum("phase", "PROCESSING") }
        try moment.transaction.put(record)
        if moment.cloud.faults.lifecycle == nil {
            try moment.transaction.schedule(
                "space.ready", subject: record.id, payload: record.hidden["generation"] ?? "",
                at: moment.cloud.clock.moment(after: Seconds.process, from: moment.now))
        }
        return record
    }

    static func delete(_ record: Record, _ moment: Moment) throws {
        var record = record
        record.hidden["generation"] = "\(record.number("generation") + 1)"
        record.message.set("deleted_at", moment.timestamp)
        record.message.set("deleted_by", moment.stamp)
        record.message.edit("state") { $0.setEnum("phase", "DELETING") }
        try moment.transaction.put(record)
        guard moment.cloud.faults.lifecycle != .stuck else { return }
        try moment.transaction.schedule(
            "space.gone", subject: record.id,
            at: moment.cloud.clock.moment(after: Seconds.delete, from: moment.now))
    }

    /// Has the address of a space be that of the present data plane.
    static func refreshAddress(of record: inout Record, _ cloud: Cloud) {
        guard record.message.message("state")?.message("endpoint") != nil else { return }
        record.message.edit("state") { state in
            state.edit("endpoint") { cloud.dataPlane.fill(&$0) }
        }
    }
}

/// What an account may have of spaces, and has.
enum ServerlessQuotaService: CloudService {
    static let name = "qdrant.cloud.serverless.quota.v1.QuotaService"

    static let handlers: [String: Handler] = [
        "GetQuotas": { call, _ in
            let quotas = try call.quotas()
            let spaces = try call.transaction.records(.space, account: call.account)
            var quota = call.response.new("quota")
            quota.set("account_id", call.account)
            quota.set("max_spaces", quotas.spaces)
            quota.set("max_collections_per_space", quotas.collectionsPerSpace)
            quota.set("platform_max_storage_bytes_per_space", quotas.bytesPerSpace)
            quota.set("used_spaces", spaces.count)
            // A collection of the sandbox takes a mebibyte.
            let collections = spaces.reduce(0) { $0 + Collections.names(of: $1).count }
            quota.set("used_storage_bytes", collections << 20)
            return call.answer("quota", quota)
        }
    ]
}

/// Providers and regions of spaces.
enum ServerlessPlatformService: CloudService {
    static let name = "qdrant.cloud.serverless.platform.v1.PlatformService"

    private static let regions = Catalogue.regions.filter {
        $0.provider == "aws" && ["eu-central-1", "us-east-1"].contains($0.id)
    }

    static func region(_ provider: String, _ id: String) -> Catalogue.Region? {
        regions.first { $0.provider == provider && $0.id == id }
    }

    static let handlers: [String: Handler] = [
        "ListGlobalCloudProviders": { call, _ in providers(call) },
        "ListCloudProviders": { call, _ in providers(call) },
        "ListGlobalCloudProviderRegions": { call, request in list(call, request) },
        "ListCloudProviderRegions": { call, request in list(call, request) },
        "GetGlobalCloudProviderRegion": { call, request in try get(call, request) },
        "GetCloudProviderRegion": { call, request in try get(call, request) },
    ]

    private static func providers(_ call: Call) -> Message {
        let offered = Catalogue.providers.filter { provider in
            regions.contains { $0.provider == provider.id }
        }
        return call.list(
            offered.map { provider in
                var message = call.response.new("items")
                message.set("id", provider.id)
                message.set("name", provider.name)
                message.set("available", true)
                return message
            })
    }

    private static func list(_ call: Call, _ request: Message) -> Message {
        call.list(
            regions.filter { $0.provider == request.string("cloud_provider_id") }
                .map { message($0, call.response.new("items")) })
    }

    private static func get(_ call: Call, _ request: Message) throws -> Message {
        let provider = request.string("cloud_provider_id")
        let id = request.string("region_id")
        guard let region = region(provider, id) else {
            throw APIError(.notFound, "there are no spaces in \(provider) \(id)")
        }
        return call.answer("region", message(region, call.response.new("region")))
    }

    private static func message(_ region: Catalogue.Region, _ empty: Message) -> Message {
        var message = empty
        message.set("id", region.id)
        message.set("name", region.name)
        message.set("available", true)
        message.set("provider", region.provider)
        message.set("country_iso_code", region.country)
        message.set("geographical_sub_region", region.area)
        return message
    }
}
