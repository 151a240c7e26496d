import Codec
import GRPCProtocol

/// What has to hold before a cluster is created, and its first state.
enum ClusterCreation {
    /// Creates a cluster in the call's account.
    ///
    /// - Parameter hidden: what only the sandbox knows of it, for example its collections.
    static func create(
        _ wanted: Message, _ call: Call, hidden: [String: String] = [:]
    ) throws -> Record {
        var cluster = wanted
        guard var configuration = cluster.message(.configuration) else {
            throw APIError(.invalidArgument, "cluster.configuration: is missing")
        }
        let package = try checkPlacement(cluster, configuration, call)
        let version = try resolveVersion(
            configuration.optionalString(.version), call.catalogue)
        try checkSize(configuration, package, call)
        try checkQuotas(package, call)
        try checkPayment(package, call)
        let id = call.world.newID()
        let isHybrid = package.provider == "hybrid"
        if isHybrid {
            let environment = cluster.string(.cloudProviderRegionID).lowercased()
            cluster.set(.cloudProviderRegionID, environment)
        }
        cluster.set(.id, id)
        cluster.set(.accountID, call.account)
        cluster.set(.createdAt, call.moment.timestamp)
        configuration.set(.version, version)
        configuration.set(.packageID, package.id)
        configuration.set(.lastModifiedAt, call.moment.timestamp)
        if !isHybrid, configuration.message(.databaseConfiguration)?[.inference] == nil {
            configuration.edit(.databaseConfiguration) {
                $0.edit(.inference) { $0.set(.enabled, true) }
            }
        }
        cluster.set(.configuration, configuration)
        var record = Record(
            kind: .cluster, id: id, account: call.account, created: call.now, message: cluster,
            hidden: hidden.merging(
                ["jwt": hasJWT(configuration, isHybrid, call) ? "1" : "0"]) { _, own in own })
        if isHybrid {
            let environment = try call.transaction.record(
                .environment, cluster.string(.cloudProviderRegionID).lowercased())
            record.hidden["namespace"] =
                environment?.message.message(.configuration)?.string(.namespace)
        }
        return try ClusterLifecycle.create(record, call.moment)
    }

    /// Whether granular keys can be made from the start. On hybrid clusters they can when the
    /// configuration names the secret that holds the admin key.
    private static func hasJWT(
        _ configuration: Message, _ isHybrid: Bool, _ call: Call
    ) -> Bool {
        if isHybrid {
            return configuration.message(.databaseConfiguration)?.message(.service)?
                .message(.apiKey) != nil
        }
        return call.metadata["qc-jwt-rbac"] != "false"
            && Catalogue.isAtLeast(configuration.string(.version), 1, 11)
    }

    /// Provider, region and package have to exist and to go together.
    private static func checkPlacement(
        _ cluster: Message, _ configuration: Message, _ call: Call
    ) throws -> Catalogue.Package {
        let provider = cluster.string(.cloudProviderID)
        let region = cluster.string(.cloudProviderRegionID)
        if provider == "hybrid" {
            try checkEnvironment(region, call)
        } else {
            guard call.catalogue.providers.contains(where: { $0.id == provider }) else {
                throw APIError(
                    .invalidArgument,
                    "cluster.cloud_provider_id: unknown provider \(provider)")
            }
            guard call.catalogue.region(provider, region) != nil else {
                throw APIError(
                    .invalidArgument,
                    "cluster.cloud_provider_region_id: \(provider) has no region \(region)")
            }
        }
        let id = configuration.string(.packageID)
        guard let package = call.catalogue.package(id), package.provider == provider,
            package.region == nil || package.region == region
        else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.package_id: package \(id) is not offered in \(region)")
        }
        guard package.isActive else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.package_id: package \(package.name) is no longer sold")
        }
        let hasPremium = try BookingService.tier(of: call) == .premium
        guard !package.isPremium || hasPremium else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.package_id: package \(package.name) needs the premium tier")
        }
        return package
    }

    private static func checkEnvironment(_ id: String, _ call: Call) throws {
        guard let environment = try call.transaction.record(.environment, id.lowercased()),
            environment.account == call.account
        else {
            throw APIError(
                .invalidArgument,
                "cluster.cloud_provider_region_id: the hybrid environment \(id) does not exist")
        }
        guard HybridService.isReady(environment.message) else {
            throw APIError(
                .failedPrecondition, "the hybrid environment \(id) is not ready for clusters")
        }
    }

    /// Nodes, disk and storage tier have to suit the package.
    private static func checkSize(
        _ configuration: Message, _ package: Catalogue.Package, _ call: Call
    ) throws {
        let nodes = configuration.integer(.numberOfNodes)
        let most = try call.quotas().nodes
        guard nodes <= most else {
            throw APIError(.resourceExhausted, "a cluster may have \(most) nodes")
        }
        let disk = configuration.message(.additionalResources)?.integer(.disk) ?? 0
        guard disk <= 1_000_000 else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.additional_resources.disk: at most 1000000 GiB")
        }
        if package.isFree, nodes != 1 || disk > 0 {
            throw APIError(
                .invalidArgument, "a free cluster has one node and no additional disk")
        }
        let tier =
            configuration.message(.clusterStorageConfiguration)?
            .integer(.storageTierType) ?? 0
        guard tier <= 3 else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.cluster_storage_configuration.storage_tier_type: "
                    + "unknown tier \(tier)")
        }
        if tier > 1, package.isFree || package.disk + disk < 32 {
            throw APIError(
                .invalidArgument, "faster storage needs at least 32 GiB of disk on each node")
        }
    }

    private static func checkQuotas(_ package: Catalogue.Package, _ call: Call) throws {
        let quotas = try call.quotas()
        if try call.transaction.count(.cluster, account: call.account) < quotas.clusters,
            !package.isFree
        {
            return
        }
        let present = try call.transaction.records(.cluster, account: call.account)
            .filter { !ClusterState.isLeaving($0.message) }
        guard present.count < quotas.clusters else {
            throw APIError(
                .resourceExhausted, "the account may have \(quotas.clusters) clusters")
        }
        if package.isFree,
            present.filter({ ClusterState.isFree($0, call.catalogue) }).count >= quotas.freeClusters
        {
            throw APIError(
                .resourceExhausted, "the account may have \(quotas.freeClusters) free clusters")
        }
    }

    private static func checkPayment(_ package: Catalogue.Package, _ call: Call) throws {
        guard !package.isFree, !call.world.options.leniencies.contains(.payment) else { return }
        let month = CalendarMonth(containing: call.now)
        let hasCredits = try call.transaction.records(.creditContract, account: call.account)
            .contains { CreditContract.isActive($0.message, in: month) }
        let canPay = try PaymentService.canPay(call.account, call.transaction)
        guard canPay || hasCredits else {
            throw APIError(
                .failedPrecondition,
                "the account has no active payment method; only free clusters can be created")
        }
    }

    private static func resolveVersion(
        _ wanted: String?, _ catalogue: Catalogue
    ) throws -> String {
        guard let wanted, wanted != "latest" else {
            return catalogue.defaultRelease?.version ?? ""
        }
        guard let release = catalogue.release(wanted), !release.isUnavailable,
            !release.isEndOfLife
        else {
            throw APIError(
                .invalidArgument, "cluster.configuration.version: \(wanted) cannot be installed")
        }
        return release.version
    }
}
