import Codec
import Contract

/// The calls that make what a seed names.
extension SeedPlanter {
    func stripped(_ tree: YAMLValue) -> YAMLValue {
        .map((tree.members ?? []).filter { !SeedSection.extras.contains($0.name) })
    }

    func message(_ tree: YAMLValue, _ type: String, _ place: String) throws -> Message {
        guard let type = try cloud.world.registry.message(named: type) else {
            throw YAMLValue.Problem(at: place, "the contract has no \(type)")
        }
        do {
            return try JSONReader(registry: cloud.world.registry).message(
                Array(tree.json.utf8), as: type)
        } catch {
            throw YAMLValue.Problem(at: place, "\(error)")
        }
    }

    /// Plans the calls that make a resource.
    func plan(
        _ entry: YAMLValue, _ section: SeedSection, _ place: String, account: String, owner: String,
        born: Int64
    ) throws {
        let moment = entry["age"] == nil ? born : try moment(entry, place)
        let name =
            entry["name"]?.text ?? entry["display_name"]?.text ?? entry["user_email"]?.text
            ?? place.split(separator: ".").last.map(String.init) ?? place
        let id = Digest.uuid(named: "\(section.name)/\(account)/\(name)")
        actions.append(
            SeedAction(moment: moment, place: place) { [self] now in
                try create(entry, section, place, account, owner, id, now)
            })
        if let text = entry["suspended_after"]?.text {
            let then = moment + (try length(text, place + ".suspended_after"))
            actions.append(
                SeedAction(moment: min(start, then), place: place) { [self] now in
                    try call(
                        "qdrant.cloud.cluster.v1.ClusterService/SuspendCluster", account, owner, now
                    ) { $0.set(.clusterID, id) }
                })
        }
        if section.name == "environments", entry["configuration"] != nil {
            actions.append(
                SeedAction(moment: moment + Nanoseconds.minute, place: place) { [self] now in
                    try call(
                        "qdrant.cloud.hybrid.v1.HybridCloudService/GenerateBootstrapCommands",
                        account, owner, now
                    ) { $0.set(.hybridCloudEnvironmentID, id) }
                })
        }
    }

    private func create(
        _ entry: YAMLValue, _ section: SeedSection, _ place: String, _ account: String,
        _ owner: String,
        _ id: String, _ now: Int64
    ) throws {
        guard let method = try cloud.world.registry.method(path: "/" + section.method),
            let type = method.input.field(section.field)?.messageType
        else { throw YAMLValue.Problem(at: place, "the contract has no \(section.method)") }
        var fields = stripped(entry)
        if section.name == "roles", let permissions = entry["permissions"]?.items {
            // In a seed, permissions are words.
            fields = .map(
                (fields.members ?? []).map { member in
                    member.name != "permissions"
                        ? member
                        : YAMLValue.Member(
                            name: member.name,
                            value: .list(permissions.map { .object([("value", $0)]) }))
                })
        }
        var resource = try message(fields, type.fullName, place)
        resource.set(.accountID, account)
        if section.name == "roles" { resource.setEnum(.roleType, "CUSTOM") }
        for (reference, list) in [("cluster", "clusters"), ("space", "spaces")] {
            guard let name = entry[reference]?.text else { continue }
            let kind: Kind = reference == "cluster" ? .cluster : .space
            let id = Digest.uuid(named: "\(list)/\(account)/\(name)")
            let present = try cloud.world.store.transaction { try $0.record(kind, id) }
            guard present != nil else {
                let known = try cloud.world.store.transaction {
                    try $0.records(kind, account: account).map { $0.message.string(.name) }
                }
                let nearest = Names.nearest(to: name, in: known)
                throw YAMLValue.Problem(
                    at: "\(place).\(reference)",
                    "\(reference) \"\(name)\" not found, or created later than this"
                        + Names.suggestion(nearest))
            }
            resource.set(
                kind == .cluster ? .clusterID : .spaceID,
                Digest.uuid(named: "\(list)/\(account)/\(name)"))
        }
        if let name = entry["package"]?.text {
            let package = try package(name, for: resource, place)
            resource.edit(.configuration) { $0.set(.packageID, package) }
        }
        cloud.world.chosenIDs = [id]
        defer { cloud.world.chosenIDs = [] }
        try call(section.method, account, owner, now) { $0.set(section.field, resource) }
        try complete(entry, section, id, now)
    }

    /// The id of a package by its name, in a cluster's region.
    private func package(_ name: String, for resource: Message, _ place: String) throws -> String {
        let provider = resource.string(.cloudProviderID)
        let region = resource.string(.cloudProviderRegionID)
        let there = cloud.world.catalogue.packages.filter {
            $0.provider == provider && ($0.region == nil || $0.region == region)
        }
        guard let package = there.first(where: { $0.name == name }) else {
            throw YAMLValue.Problem(
                at: place + ".package",
                "\(name) is not available there"
                    + Names.suggestion(Names.nearest(to: name, in: there.map(\.name))))
        }
        return package.id
    }

    /// Sets what only a sandbox knows.
    private func complete(_ entry: YAMLValue, _ section: SeedSection, _ id: String, _ now: Int64)
        throws
    {
        let kinds: [String: Kind] = [
            "clusters": .cluster, "spaces": .space, "payment_methods": .paymentMethod,
        ]
        guard let kind = kinds[section.name] else { return }
        try cloud.world.store.transaction { transaction in
            guard var record = try transaction.record(kind, id) else { return }
            if kind == .paymentMethod { record.message.setEnum(.status, "ACTIVE") }
            if let names = entry["sandbox"]?["collections"]?.items {
                Collections(names: names.compactMap(\.text)).store(in: &record)
            }
            if let models = entry["sandbox"]?["inference_models"]?.items {
                record.hidden["inference_models"] = models.compactMap(\.text)
                    .joined(separator: ",")
            }
            if kind == .cluster {
                _ = try ClusterLifecycle.store(
                    record, Moment(world: cloud.world, transaction: transaction, now: now))
            } else {
                try transaction.put(record)
            }
        }
    }

    /// Makes a call at a moment of the past, as the account's owner.
    private func call(
        _ path: String, _ account: String, _ owner: String, _ now: Int64,
        _ fill: (inout Message) -> Void
    ) throws {
        guard let method = try cloud.world.registry.method(path: "/" + path) else {
            throw YAMLValue.Problem("the contract has no \(path)")
        }
        var request = Message(method.input)
        if method.input.field(.accountID) != nil { request.set(.accountID, account) }
        fill(&request)
        try cloud.world.store.transaction { transaction in
            var caller = cloud.world.new("qdrant.cloud.common.v1.Caller")
            caller.set(.actorID, owner)
            caller.setEnum(.actorType, "USER")
            let moment = Moment(
                world: cloud.world, transaction: transaction, now: now, caller: caller)
            let call = Call(
                method: method, moment: moment, actor: .user(id: owner), account: account,
                permissions: Set(PermissionCatalogue.values), metadata: [:], reply: Reply())
            _ = try cloud.run(call, request)
        }
    }
}
