import Codec
import Contract
import GRPCProtocol

/// Kubernetes clusters of customers, registered as regions of the provider `hybrid`.
enum HybridService: CloudService {
    static let name = "qdrant.cloud.hybrid.v1.HybridCloudService"

    /// How long the agent takes, in virtual seconds.
    private enum Seconds {
        static let connect = 5.0
        static let ready = 6.0
    }

    static let handlers: [String: Handler] = [
        "ListHybridCloudEnvironments": { call, _ in
            let all = try call.transaction.records(.environment, account: call.account)
            return call.list(all.map(\.message))
        },
        "GetHybridCloudEnvironment": { call, request in
            let id = request.string(.hybridCloudEnvironmentID)
            return call.answer(.hybridCloudEnvironment, try find(call, id).message)
        },
        "CreateHybridCloudEnvironment": { call, request in
            guard var wanted = request.message(.hybridCloudEnvironment) else {
                return call.response
            }
            try checkPrivilege(call)
            let id = call.world.newID()
            wanted.set(.id, id)
            wanted.set(.accountID, call.account)
            wanted.set(.createdAt, call.moment.timestamp)
            wanted.set(.lastModifiedAt, call.moment.timestamp)
            wanted.set(.createdByEmail, try email(of: call))
            wanted.set(.bootstrapCommandsGenerated, false)
            if wanted.message(.configuration) != nil {
                wanted.edit(.configuration) {
                    $0.set(.lastModifiedAt, call.moment.timestamp)
                }
            }
            try call.transaction.put(
                Record(
                    kind: .environment, id: id, account: call.account, created: call.now,
                    message: wanted))
            return call.answer(.hybridCloudEnvironment, wanted)
        },
        "UpdateHybridCloudEnvironment": { call, request in
            guard let wanted = request.message(.hybridCloudEnvironment) else {
                return call.response
            }
            return call.answer(.hybridCloudEnvironment, try update(wanted, call).message)
        },
        "DeleteHybridCloudEnvironment": { call, request in
            let record = try find(call, request.string(.hybridCloudEnvironmentID))
            let clusters = try call.transaction.records(.cluster, account: call.account)
                .filter { $0.message.string(.cloudProviderRegionID).lowercased() == record.id }
            guard clusters.isEmpty else {
                throw APIError(
                    .failedPrecondition,
                    "the environment still has \(clusters.count) clusters; delete them first")
            }
            try call.transaction.delete(.environment, record.id)
            return call.response
        },
        "GenerateBootstrapCommands": generateCommands,
    ]

    static let events: [String: EventHandler] = [
        "environment.connected": { moment, event in
            try setStatus(event.subject, "NOT_READY", moment)
        },
        "environment.ready": { moment, event in try setStatus(event.subject, "READY", moment) },
    ]

    /// Whether clusters may be created in an environment.
    static func isReady(_ environment: Message) -> Bool {
        environment.message(.status)?.enumName(.clusterCreationReadiness)
            == "QDRANT_CLUSTER_CREATION_STATUS_READY"
    }

    private static func find(_ call: Call, _ id: String) throws -> Record {
        try call.find(.environment, id, "hybrid environment")
    }

    private static func checkPrivilege(_ call: Call) throws {
        let account = try call.find(.account, call.account, "account")
        guard account.message.strings(.privileges).contains("hybrid_cloud") else {
            throw APIError(.permissionDenied, "hybrid cloud is not enabled for the account")
        }
    }

    /// The caller's address; for a key that of the account's owner, who answers for it.
    private static func email(of call: Call) throws -> String {
        if case .user = call.actor { return try call.user().message.string(.email) }
        return try call.find(.account, call.account, "account").message.string(.ownerEmail)
    }

    private static func update(_ wanted: Message, _ call: Call) throws -> Record {
        var record = try find(call, wanted.string(.id))
        let old = record.message.message(.configuration)
        let isBootstrapped = record.message.bool(.bootstrapCommandsGenerated)
        if isBootstrapped, let old,
            wanted.message(.configuration)?.string(.namespace) != old.string(.namespace)
        {
            throw APIError(
                .invalidArgument,
                "hybrid_cloud_environment.configuration.namespace: cannot be changed once "
                    + "bootstrap commands have been generated")
        }
        record.message.set(.name, wanted.string(.name))
        record.message[.configuration] = wanted[.configuration]
        if record.message.message(.configuration) != nil {
            record.message.edit(.configuration) {
                $0.set(.lastModifiedAt, call.moment.timestamp)
            }
        }
        record.message.set(.lastModifiedAt, call.moment.timestamp)
        try call.transaction.put(record)
        return record
    }

    // MARK: - Bootstrap

    private static func generateCommands(_ call: Call, _ request: Message) throws -> Message {
        try checkPrivilege(call)
        var record = try find(call, request.string(.hybridCloudEnvironmentID))
        guard let configuration = record.message.message(.configuration) else {
            throw APIError(
                .failedPrecondition, "the environment has no configuration with a namespace yet")
        }
        let key = call.world.marked(Digest.hexadecimal(call.world.random.bytes(20)))
        let user = "robot$" + record.id.prefix(8)
        let password = Digest.base64URL(call.world.random.bytes(24))
        // What was generated before does not work any more.
        record.hidden["access_key"] = Digest.hash(key)
        record.hidden["registry_password"] = Digest.hash(password)
        let isFirst = !record.message.bool(.bootstrapCommandsGenerated)
        record.message.set(.bootstrapCommandsGenerated, true)
        try call.transaction.put(record)
        if isFirst, call.world.faults.lifecycle == nil {
            let clock = call.world.clock
            let connected = clock.moment(after: Seconds.connect, from: call.now)
            try call.transaction.schedule(
                "environment.connected", subject: record.id, at: connected)
            try call.transaction.schedule(
                "environment.ready", subject: record.id,
                at: clock.moment(after: Seconds.ready, from: connected))
        }
        var response = call.response
        response[.commands] = .list(
            commands(record.id, configuration, key, user, password).map(Value.string))
        response.set(.accessKey, key)
        response.set(.registryUsername, user)
        response.set(.registryPassword, password)
        return response
    }

    private static func commands(
        _ id: String, _ configuration: Message, _ key: String, _ user: String, _ password: String
    ) -> [String] {
        let namespace = configuration.string(.namespace)
        let registry =
            configuration.optionalString(.containerRegistryURL) ?? "registry.cloud.qdrant.io"
        let charts =
            configuration.optionalString(.chartRepositoryURL)
            ?? "oci://registry.cloud.qdrant.io/qdrant-charts"
        let host = registry.split(separator: "/").first.map(String.init) ?? registry
        var values = [
            "--set controllerManager.environmentId=\(id)",
            "--set registry.url=\(registry)",
        ]
        let proxies: [(FieldName, String)] = [
            (.httpProxyURL, "httpProxy"), (.httpsProxyURL, "httpsProxy"),
        ]
        for (field, value) in proxies {
            if let url = configuration.optionalString(field) {
                values.append("--set proxy.\(value)=\(url)")
            }
        }
        if let secret = configuration.optionalString(.registrySecretName) {
            values.append("--set registry.secretName=\(secret)")
        }
        return [
            "kubectl create namespace \(namespace) --dry-run=client -o yaml | kubectl apply -f -",
            "kubectl --namespace \(namespace) create secret docker-registry "
                + "qdrant-registry-creds --docker-server=\(host) --docker-username='\(user)' "
                + "--docker-password='\(password)' --dry-run=client -o yaml | kubectl apply -f -",
            "kubectl --namespace \(namespace) create secret generic qdrant-cloud-creds "
                + "--from-literal=access-key='\(key)' --dry-run=client -o yaml | kubectl apply -f -",
            "helm registry login '\(host)' --username '\(user)' --password '\(password)'",
            "helm upgrade --install qdrant-cloud-agent \(charts)/qdrant-cloud-agent "
                + "--namespace \(namespace) " + values.joined(separator: " "),
        ]
    }

    /// What the agent reports.
    private static func setStatus(_ id: String, _ phase: String, _ moment: Moment) throws {
        guard var record = try moment.transaction.record(.environment, id) else { return }
        let namespace = record.message.message(.configuration)?.string(.namespace) ?? "qdrant"
        record.message.set(.status, status(phase, namespace, record.message, moment))
        try moment.transaction.put(record)
    }

    /// A status as the agent reports it.
    static func status(
        _ phase: String, _ namespace: String, _ environment: Message, _ moment: Moment
    ) -> Message {
        let isReady = phase == "READY"
        var status = environment.new(.status)
        status.set(.lastModifiedAt, moment.timestamp)
        status.setEnum(.phase, phase)
        status.set(.kubernetesVersion, "v1.31.2")
        status.setEnum(.kubernetesDistribution, "AWS")
        status.set(.numberOfNodes, 5)
        status.edit(.capabilities) {
            $0.set(.volumeSnapshot, true)
            $0.set(.volumeExpansion, true)
        }
        status.setEnum(.clusterCreationReadiness, phase)
        if !isReady { status.set(.message, "Waiting for the operator to start") }
        let components = [
            ("qdrant-cloud-agent", "1.9.0"), ("operator", "2.4.1"), ("cluster-manager", "0.12.3"),
            ("cluster-exporter", "1.5.0"), ("prometheus", "2.53.0"),
        ]
        status.set(
            .componentStatuses,
            components.enumerated().map { index, component in
                var entry = status.new(.componentStatuses)
                entry.set(.name, component.0)
                entry.set(.namespace, namespace)
                entry.set(.version, component.1)
                entry.setEnum(.phase, isReady || index == 0 ? "READY" : "NOT_READY")
                return entry
            })
        var storage = status.new(.storageClasses)
        storage.set(.name, "gp3")
        storage.set(.default, true)
        storage.set(.provisioner, "ebs.csi.aws.com")
        storage.set(.allowVolumeExpansion, true)
        storage.set(.reclaimPolicy, "Delete")
        status.set(.storageClasses, [storage])
        var snapshot = status.new(.volumeSnapshotClasses)
        snapshot.set(.name, "csi-snapclass")
        snapshot.set(.driver, "ebs.csi.aws.com")
        status.set(.volumeSnapshotClasses, [snapshot])
        return status
    }
}
