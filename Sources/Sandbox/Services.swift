/// The services that the sandbox has, and what happens by itself in them.
enum Services {
    static let all: [any CloudService.Type] = [
        AccountService.self, AggregationService.self, AuthService.self, BackupService.self,
        BillingService.self, BookingService.self, ClusterDataService.self, ClusterService.self,
        DashboardTokenService.self, DatabaseKeyService.self, HybridService.self, IAMService.self,
        LegacyDatabaseKeyService.self, MeteringService.self, MonitoringService.self,
        PaymentService.self, PlatformService.self, QuotaService.self,
        ServerlessPlatformService.self, ServerlessQuotaService.self, SpaceBackupService.self,
        SpaceKeyService.self, SpaceService.self, SpaceTokenService.self,
    ]

    /// The table that a pipeline calls.
    static let table = ServiceTable(
        handlers: handlers,
        events: [
            ClusterLifecycle.events, BackupLife.events, SpaceLife.events, SpaceKeyService.events,
            SpaceTokenService.events, HybridService.events, PaymentService.events,
            InviteHandlers.events,
        ].reduce(into: [:]) { all, some in all.merge(some) { first, _ in first } },
        adopt: refreshAddresses)

    private static let handlers: [String: Handler] = {
        var handlers: [String: Handler] = [:]
        for service in all {
            for (name, handler) in service.handlers {
                handlers["/\(service.name)/\(name)"] = handler
            }
        }
        return handlers
    }()

    /// Gives all databases the address of the present data plane.
    private static let refreshAddresses: @Sendable (Moment) throws -> Void = { moment in
        let transaction = moment.transaction
        let dataPlane = moment.world.dataPlane
        let address = dataPlane.url + ":\(dataPlane.port)"
        guard try transaction.fact("data_plane") != address else { return }
        for var cluster in try transaction.records(.cluster) {
            ClusterLifecycle.refreshAddresses(of: &cluster, moment.world)
            try transaction.put(cluster)
        }
        for var space in try transaction.records(.space) {
            SpaceLife.refreshAddress(of: &space, moment.world)
            try transaction.put(space)
        }
        try transaction.setFact("data_plane", address)
    }
}
