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

    /// Each method's handler, by the method's path.
    static let handlers: [String: Handler] = {
        var handlers: [String: Handler] = [:]
        for service in all {
            for (name, handler) in service.handlers {
                handlers["/\(service.name)/\(name)"] = handler
            }
        }
        return handlers
    }()

    /// What happens when a scheduled moment has come, by the kind of event.
    static let events: [String: EventHandler] = [
        ClusterLifecycle.events, BackupLife.events, SpaceLife.events, SpaceKeyService.events,
        SpaceTokenService.events, HybridService.events, PaymentService.events,
        InviteHandlers.events,
    ].reduce(into: [:]) { all, some in all.merge(some) { first, _ in first } }
}
