import Codec
import Foundation

/// Notes what is used, so that all that is billed adds up from it.
enum Metering {
    /// Phases in which a cluster has no nodes to pay for.
    private static let unbilled = ["SUSPENDED", "SUSPENDING", "DELETING", "FAILED_TO_CREATE"]

    /// Begins a new span of use when a cluster has become something that costs otherwise.
    ///
    /// - Returns: the cluster, which knows what its present span says.
    static func note(_ cluster: Record, _ moment: Moment) throws -> Record {
        let isUsed = !unbilled.contains(ClusterState.phase(of: cluster.message))
        let facts = isUsed ? facts(of: cluster) : [:]
        let mark = facts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            .joined(separator: ";")
        guard cluster.hidden["span"] != mark else { return cluster }
        var cluster = cluster
        cluster.hidden["span"] = mark
        try moment.transaction.endSpans(.cluster, subject: cluster.id, at: moment.now)
        if isUsed {
            try moment.transaction.begin(
                Span(
                    account: cluster.account, kind: .cluster, subject: cluster.id,
                    begun: moment.now, facts: facts))
        }
        return cluster
    }

    private static func facts(of cluster: Record) -> [String: String] {
        let message = cluster.message
        let configuration = message.message(.configuration)
        let storage = configuration?.message(.clusterStorageConfiguration)
        var facts = [
            "name": message.string(.name), "provider": message.string(.cloudProviderID),
            "region": message.string(.cloudProviderRegionID),
            "package": configuration?.string(.packageID) ?? "",
            "nodes": "\(configuration?.integer(.numberOfNodes) ?? 1)",
            "disk": "\(configuration?.message(.additionalResources)?.integer(.disk) ?? 0)",
            "tier": "\(max(1, storage?.integer(.storageTierType) ?? 1))",
            "labels": Labels.encode(message.messages(.labels)),
        ]
        if let label = message.optionalString(.costAllocationLabel) {
            facts["cost_label"] = label
        }
        if let models = cluster.hidden["inference_models"] { facts["inference"] = models }
        return facts
    }

    /// Begins what a backup takes.
    ///
    /// - Returns: its price.
    static func beginBackup(_ backup: Record, _ moment: Moment) throws -> Message {
        let info = backup.message.message(.clusterInfo)
        let summary = info?.message(.resourcesSummary)
        let disk = summary?.message(.disk)?.integer(.amount) ?? 1
        // A backup is as large as what is on the disks.
        let gibibytes = max(1, disk * 2 / 5)
        try moment.transaction.begin(
            Span(
                account: backup.account, kind: .backup, subject: backup.id, begun: moment.now,
                facts: [
                    "cluster": backup.parent, "name": info?.string(.name) ?? "",
                    "reference": backup.message.string(.displayName),
                    "gib": "\(gibibytes)", "provider": info?.string(.cloudProviderID) ?? "",
                    "region": info?.string(.cloudProviderRegionID) ?? "",
                ]))
        let percentage = try Discounts.percentage(
            of: backup.account, at: moment.now, moment.transaction)
        let price = moment.catalogue.backupPrice * gibibytes
        let reduced = Discounts.reduced(price, percentage)
        var message = backup.message.new(.price)
        message.set(.currency, "USD")
        message.set(.originalPricePerHour, price)
        message.set(.discountedPricePerHour, reduced)
        message.set(.originalPricePerMonth, price * 730)
        message.set(.discountedPricePerMonth, reduced * 730)
        message.set(.discountPercentage, percentage)
        return message
    }
}

/// Labels as one line of text.
enum Labels {
    static func encode(_ labels: [Message]) -> String {
        labels.map { $0.string(.key) + "\u{1f}" + $0.string(.value) }.joined(separator: "\u{1e}")
    }

    /// The labels as a map of a message.
    static func decode(_ text: String) -> Value {
        var map: [Value: Value] = [:]
        for pair in text.split(separator: "\u{1e}") {
            let parts = pair.split(
                separator: "\u{1f}", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { map[.string(String(parts[0]))] = .string(String(parts[1])) }
        }
        return .map(map)
    }
}

/// What accounts pay less.
enum Discounts {
    /// The percentage that applies to an account at a moment: that of all its discounts together,
    /// a hundred at most.
    static func percentage(
        of account: String, at moment: Int64, _ transaction: Transaction
    ) throws -> Double {
        min(
            100,
            try valid(account, moment, transaction).compactMap {
                guard case .double(let value) = $0.message(.percentage)?[.value] else {
                    return nil
                }
                return value
            }.reduce(0, +))
    }

    /// What an account pays less in a month, in millicents.
    static func fixed(
        of account: String, in month: CalendarMonth, _ transaction: Transaction
    ) throws -> Int {
        try valid(account, month.start, transaction).compactMap {
            guard case .double(let value) = $0.message(.fixed)?[.value] else { return nil }
            return Millicents.of(major: value)
        }.reduce(0, +)
    }

    private static func valid(
        _ account: String, _ moment: Int64, _ transaction: Transaction
    ) throws -> [Message] {
        try transaction.records(.discount, account: account).map(\.message).filter {
            ($0.message(.validFrom)?.nanoseconds ?? 0) <= moment
                && moment < ($0.message(.validUntil)?.nanoseconds ?? .max)
        }
    }

    /// A price after a discount. Half a millicent rounds up.
    static func reduced(_ price: Int, _ percentage: Double) -> Int {
        Millicents.of((Double(price) * (1 - percentage / 100) + 0.5).rounded(.down))
    }
}
