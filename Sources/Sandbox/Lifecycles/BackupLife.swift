import Codec
import Contract
import GRPCProtocol

/// How backups are made, kept, restored and removed, for clusters and for serverless spaces alike.
struct BackupLife: Sendable {
    let backup: Kind
    let schedule: Kind
    let restore: Kind
    /// What is backed up.
    let parent: Kind
    /// The package of the API that has the messages.
    let package: String

    static let clusters = BackupLife(
        backup: .backup, schedule: .backupSchedule, restore: .backupRestore, parent: .cluster,
        package: "qdrant.cloud.cluster.backup.v1")
    static let spaces = BackupLife(
        backup: .spaceBackup, schedule: .spaceSchedule, restore: .spaceRestore, parent: .space,
        package: "qdrant.cloud.serverless.space.backup.v1")

    /// How long things take, in virtual seconds.
    private enum Seconds {
        static let backup = 8.0
        static let restore = 14.0
        static let delete = 3.0
    }

    var parentField: FieldName { isServerless ? .spaceID : .clusterID }
    /// The field of a backup that describes its source.
    var infoField: FieldName { isServerless ? .spaceInfo : .clusterInfo }
    /// The response metadata by which the gateway learns what an event is about.
    var eventHeader: String { "qc-event-\(parent.rawValue)-id" }
    private var isServerless: Bool { parent == .space }

    static let events: [String: EventHandler] = clusters.events.merging(spaces.events) {
        first, _ in first
    }

    private var events: [String: EventHandler] {
        [
            "\(backup.rawValue).done": { moment, event in
                guard let record = try moment.transaction.record(backup, event.subject) else {
                    return
                }
                try finish(record, event.payload.isEmpty ? "SUCCEEDED" : "FAILED", moment)
            },
            "\(backup.rawValue).expired": { moment, event in
                guard let record = try moment.transaction.record(backup, event.subject) else {
                    return
                }
                try remove(record, moment)
            },
            "\(backup.rawValue).gone": { moment, event in
                guard let record = try moment.transaction.record(backup, event.subject) else {
                    return
                }
                try remove(record, moment)
            },
            "\(schedule.rawValue).fire": { moment, event in
                guard let record = try moment.transaction.record(schedule, event.subject) else {
                    return
                }
                try fire(record, moment)
            },
            "\(schedule.rawValue).paused": { moment, event in
                guard var record = try moment.transaction.record(schedule, event.subject) else {
                    return
                }
                record.message.setEnum(
                    .status, isPaused(record, moment.now) ? "DISABLED" : "ACTIVE")
                try moment.transaction.put(record)
            },
            "\(restore.rawValue).done": { moment, event in
                guard var record = try moment.transaction.record(restore, event.subject) else {
                    return
                }
                record.message.setEnum(.status, event.payload.isEmpty ? "SUCCEEDED" : "FAILED")
                try moment.transaction.put(record)
            },
        ]
    }

    // MARK: - Backups

    /// Begins a backup.
    ///
    /// - Parameters:
    ///   - wanted: what the client says of it.
    ///   - source: the cluster or space to back up.
    func start(_ wanted: Message, of source: Record, _ moment: Moment) throws -> Record {
        let record = makeBackup(wanted, of: source, status: "RUNNING", moment)
        try keep(record, moment)
        let end = moment.world.clock.moment(after: Seconds.backup, from: moment.now)
        switch moment.world.faults.lifecycle {
        case nil:
            try moment.transaction.schedule(
                "\(backup.rawValue).done", subject: record.id, at: end)
        case .fails:
            try moment.transaction.schedule(
                "\(backup.rawValue).done", subject: record.id, payload: "failed", at: end)
        case .stuck: break
        }
        return record
    }

    private func makeBackup(
        _ wanted: Message, of source: Record, status: String, _ moment: Moment
    ) -> Record {
        let id = moment.world.newID()
        let seconds = moment.now / Nanoseconds.second
        let name =
            isServerless
            ? "space-\(source.id)-backup-\(seconds)" : "qdrant-\(source.id)-snapshot-\(seconds)"
        var message = wanted
        message.set(.id, id)
        message.set(.createdAt, moment.timestamp)
        message.set(.accountID, source.account)
        message.set(parentField, source.id)
        message.set(.name, name)
        message.setEnum(.status, status)
        message.set(infoField, info(of: source, message.new(infoField), moment.catalogue))
        if isServerless {
            message.set(.createdBy, moment.stamp)
        } else if message.string(.displayName).isEmpty {
            message.set(.displayName, name)
        }
        return Record(
            kind: backup, id: id, account: source.account, parent: source.id, created: moment.now,
            message: message,
            hidden: ["collections": source.hidden["collections"] ?? ""])
    }

    /// Stores a new backup, and has it go when its time is over.
    private func keep(_ record: Record, _ moment: Moment) throws {
        try moment.transaction.put(record)
        guard let retention = record.message.message(.retentionPeriod) else { return }
        try moment.transaction.schedule(
            "\(backup.rawValue).expired", subject: record.id,
            at: Nanoseconds.later(record.created, by: retention.nanoseconds))
    }

    private func finish(_ record: Record, _ status: String, _ moment: Moment) throws {
        guard record.message.enumName(.status) == "BACKUP_STATUS_RUNNING" else { return }
        var record = record
        record.message.setEnum(.status, status)
        record.message.set(
            .backupDuration, moment.world.duration(moment.now - record.created))
        if !isServerless, status == "SUCCEEDED" {
            let price = try Metering.beginBackup(record, moment)
            record.message.set(.price, price)
        }
        try moment.transaction.put(record)
    }

    /// What is kept of the source.
    private func info(
        of source: Record, _ empty: Message, _ catalogue: Catalogue
    ) -> Message {
        var info = empty
        for name: FieldName in [.name, .cloudProviderID, .cloudProviderRegionID, .configuration] {
            info[name] = source.message[name]
        }
        guard !isServerless, let configuration = source.message.message(.configuration),
            let package = catalogue.package(configuration.string(.packageID))
        else { return info }
        info[.createdAt] = source.message[.createdAt]
        let nodes = configuration.integer(.numberOfNodes)
        let extra = configuration.message(.additionalResources)?.integer(.disk) ?? 0
        info.edit(.resourcesSummary) { summary in
            func set(_ name: FieldName, _ amount: Int, _ unit: String) {
                summary.edit(name) {
                    $0.set(.amount, amount)
                    $0.set(.unit, unit)
                }
            }
            set(.cpu, package.cpu * nodes, "m")
            set(.ram, package.ram * nodes, "Gi")
            set(.disk, (package.disk + extra) * nodes, "Gi")
            if package.gpu > 0 { set(.gpu, package.gpu * nodes, "m") }
        }
        if let fitting = catalogue.successor(of: package) {
            info.set(.restorePackageID, fitting.id)
        }
        return info
    }

    /// Has the backups of something show its new name.
    func rename(_ source: String, _ name: String, _ moment: Moment) throws {
        for var record in try moment.transaction.records(backup, parent: source) {
            record.message.edit(infoField) { $0.set(.name, name) }
            try moment.transaction.put(record)
        }
    }

    /// Begins the end of a backup; a second time does no harm.
    func delete(_ record: Record, _ moment: Moment) throws {
        guard record.message[.deletedAt] == nil else { return }
        var record = record
        record.message.set(.deletedAt, moment.timestamp)
        if isServerless { record.message.set(.deletedBy, moment.stamp) }
        try moment.transaction.put(record)
        guard moment.world.faults.lifecycle != .stuck else { return }
        try moment.transaction.schedule(
            "\(backup.rawValue).gone", subject: record.id,
            at: moment.world.clock.moment(after: Seconds.delete, from: moment.now))
    }

    /// Begins the end of all backups of something.
    func deleteAll(parent source: String, _ moment: Moment) throws {
        for record in try moment.transaction.records(backup, parent: source) {
            try delete(record, moment)
        }
    }

    private func remove(_ record: Record, _ moment: Moment) throws {
        try moment.transaction.endSpans(.backup, subject: record.id, at: moment.now)
        try moment.transaction.delete(backup, record.id)
    }

    // MARK: - Restores

    /// The description of a backup's source, for a restore.
    ///
    /// - Throws: FAILED_PRECONDITION when it cannot be restored.
    func restorable(_ record: Record) throws -> Message {
        let status = record.message.enumName(.status) ?? ""
        guard status == "BACKUP_STATUS_SUCCEEDED", record.message[.deletedAt] == nil,
            let info = record.message.message(infoField)
        else {
            let what = record.message[.deletedAt] == nil ? status : "being deleted"
            throw APIError(.failedPrecondition, "the backup cannot be restored: it is \(what)")
        }
        return info
    }

    /// Begins an in-place restore.
    func restore(_ record: Record, of source: Record, _ moment: Moment) throws {
        for other in try moment.transaction.records(restore, parent: source.id)
        where other.message.enumName(.status) == "BACKUP_RESTORE_STATUS_RUNNING" {
            throw APIError(.failedPrecondition, "another restore is running: \(other.id)")
        }
        let id = moment.world.newID()
        var message = moment.new(package + ".BackupRestore")
        message.set(.id, id)
        message.set(.createdAt, moment.timestamp)
        message.set(.accountID, source.account)
        message.set(parentField, source.id)
        message.set(.backupID, record.id)
        message.setEnum(.status, "RUNNING")
        if isServerless { message.set(.createdBy, moment.stamp) }
        try moment.transaction.put(
            Record(
                kind: restore, id: id, account: source.account, parent: source.id,
                created: moment.now, message: message))
        let end = moment.world.clock.moment(after: Seconds.restore, from: moment.now)
        switch moment.world.faults.lifecycle {
        case nil:
            try moment.transaction.schedule("\(restore.rawValue).done", subject: id, at: end)
        case .fails:
            try moment.transaction.schedule(
                "\(restore.rawValue).done", subject: id, payload: "failed", at: end)
        case .stuck: break
        }
    }

    // MARK: - Schedules

    /// Stores a schedule and has it fire at its next time.
    ///
    /// - Throws: INVALID_ARGUMENT when its string is not a valid schedule.
    func activate(_ record: Record, _ moment: Moment) throws -> Record {
        var record = record
        let cron: Cron
        do throws(Cron.Problem) {
            cron = try Cron(record.message.string(.schedule))
        } catch {
            throw APIError(.invalidArgument, "backup_schedule.schedule: \(error)")
        }
        let isPaused = isPaused(record, moment.now)
        record.message.setEnum(.status, isPaused ? "DISABLED" : "ACTIVE")
        try moment.transaction.put(record)
        let events = ["\(schedule.rawValue).fire", "\(schedule.rawValue).paused"]
        for kind in events { try moment.transaction.cancelEvents(kind, subject: record.id) }
        if !isPaused, let pause = pause(of: record) {
            try moment.transaction.schedule(events[1], subject: record.id, at: pause)
        }
        if let next = next(of: cron, after: moment.now) {
            try moment.transaction.schedule(events[0], subject: record.id, at: next)
        }
        return record
    }

    /// When a schedule fires next, in nanoseconds since 1970; nil when the clock does not go so far.
    private func next(of cron: Cron, after now: Int64) -> Int64? {
        guard let next = cron.next(after: now.flooredDivision(by: Nanoseconds.second).quotient)
        else { return nil }
        let (nanoseconds, overflow) = next.multipliedReportingOverflow(by: Nanoseconds.second)
        return overflow ? nil : nanoseconds
    }

    private func pause(of record: Record) -> Int64? {
        guard record.message.type.field(.pausedAt) != nil else { return nil }
        return record.message.message(.pausedAt)?.nanoseconds
    }

    private func isPaused(_ record: Record, _ now: Int64) -> Bool {
        pause(of: record).map { $0 <= now } ?? false
    }

    private func fire(_ record: Record, _ moment: Moment) throws {
        var record = record
        if let cron = try? Cron(record.message.string(.schedule)),
            let next = next(of: cron, after: moment.now)
        {
            try moment.transaction.schedule(
                "\(schedule.rawValue).fire", subject: record.id, at: next)
        }
        guard !isPaused(record, moment.now),
            let source = try moment.transaction.record(parent, record.parent)
        else { return }
        var wanted = moment.new(package + ".Backup")
        wanted.set(.backupScheduleID, record.id)
        for name: FieldName in [.retentionPeriod, .displayName, .collectionName]
        where wanted.type.field(named: name.text) != nil {
            guard let value = record.message[name] else { continue }
            wanted[name] = value
        }
        if canBeBackedUp(source) {
            let method = try moment.world.registry.method(
                path: "/\(package).BackupService/CreateBackup")
            moment.world.faults.lifecycle = method.flatMap {
                moment.world.faults.plan($0, account: record.account).lifecycle
            }
            // Events happen before a call's own fault is set, so that there is none to keep.
            defer { moment.world.faults.lifecycle = nil }
            _ = try start(wanted, of: source, moment)
        } else {
            try keep(makeBackup(wanted, of: source, status: "SKIPPED", moment), moment)
        }
        if isServerless {
            record.message.set(.lastFiredAt, moment.timestamp)
            try moment.transaction.put(record)
        }
    }

    /// Whether something is in a state in which it can be backed up.
    func canBeBackedUp(_ source: Record) -> Bool {
        isServerless
            ? SpaceState.phase(of: source) == "READY"
            : ["HEALTHY", "NOT_READY", "UPDATING", "SCALING", "UPGRADING"].contains(
                ClusterState.phase(of: source.message))
    }
}
