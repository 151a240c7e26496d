import Codec

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
            record.message.edit(.state) { state in
                state.setEnum(.phase, "READY")
                state.edit(.endpoint) { moment.world.dataPlane.fill(&$0) }
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

    /// Has a new or changed space become ready.
    static func process(_ record: Record, _ moment: Moment) throws -> Record {
        var record = record
        record.hidden["generation"] = "\(record.number("generation") + 1)"
        record.message.edit(.state) { $0.setEnum(.phase, "PROCESSING") }
        try moment.transaction.put(record)
        if moment.world.faults.lifecycle == nil {
            try moment.transaction.schedule(
                "space.ready", subject: record.id, payload: record.hidden["generation"] ?? "",
                at: moment.world.clock.moment(after: Seconds.process, from: moment.now))
        }
        return record
    }

    static func delete(_ record: Record, _ moment: Moment) throws {
        var record = record
        record.hidden["generation"] = "\(record.number("generation") + 1)"
        record.message.set(.deletedAt, moment.timestamp)
        record.message.set(.deletedBy, moment.stamp)
        record.message.edit(.state) { $0.setEnum(.phase, "DELETING") }
        try moment.transaction.put(record)
        guard moment.world.faults.lifecycle != .stuck else { return }
        try moment.transaction.schedule(
            "space.gone", subject: record.id,
            at: moment.world.clock.moment(after: Seconds.delete, from: moment.now))
    }

    /// Has the address of a space be that of the present data plane.
    static func refreshAddress(of record: inout Record, _ world: World) {
        guard record.message.message(.state)?.message(.endpoint) != nil else { return }
        record.message.edit(.state) { state in
            state.edit(.endpoint) { world.dataPlane.fill(&$0) }
        }
    }
}
