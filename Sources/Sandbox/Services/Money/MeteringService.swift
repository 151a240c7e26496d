import Codec
import Contract

/// What was used.
enum MeteringService: CloudService {
    static let name = "qdrant.cloud.metering.v1.MeteringService"

    static let handlers: [String: Handler] = [
        "ListMonthlyMeterings": { call, _ in
            let months = try Bill.settlements(call.account, call.moment)
                .filter { !$0.bill.lines.isEmpty }
            return call.list(
                months.map { month, bill, _ in
                    var item = call.response.new(.items)
                    item.set(.year, month.year)
                    item.set(.month, month.month)
                    item.set(.amountMillicents, bill.net)
                    item.set(.currency, "USD")
                    return item
                })
        },
        "ListMeterings": { call, request in
            let month = CalendarMonth(
                year: request.integer(.year), month: request.integer(.month))
            let bill = try Bill(call.account, month, call.moment)
            return call.list(bill.lines.map { item($0, call) })
        },
        "GetUsageBreakdown": { call, request in
            guard let begin = request.message(.startTime)?.nanoseconds,
                let end = request.message(.endTime)?.nanoseconds
            else { return call.response }
            let accounts = try [call.account] + BillingService.children(of: call.account, call)
            let now = call.now
            let first = try accounts.compactMap {
                try call.transaction.spans(account: $0).first?.begun
            }.min()
            guard let first, max(begin, first) < min(end, now) else { return call.response }
            let months = CalendarMonth.range(
                from: CalendarMonth(containing: max(begin, first)),
                to: CalendarMonth(containing: min(end, now) - 1))
            let settlements = try Bill.settlements(call.account, call.moment)
            return call.list(
                try months.compactMap { month in
                    try breakdown(
                        month, accounts, begin, end,
                        settlements.first { $0.month == month }?.settlement, call)
                })
        },
    ]

    private static func item(_ line: Bill.Line, _ call: Call) -> Message {
        var item = call.response.new(.items)
        item.set(.accountID, call.account)
        item.set(.clusterID, line.cluster)
        item.set(.clusterName, line.span.facts["name"] ?? "")
        item.set(.startTime, call.world.timestamp(line.begin))
        item.set(.endTime, call.world.timestamp(line.end))
        let name = line.span.facts["name"] ?? ""
        let (type, entity, reference): (String, String, String) =
            switch line.metric {
            case .nodes: ("cluster_booking", "booking/\(line.cluster)", name)
            case .extraDisk: ("resource_option", "disk/\(line.cluster)", "additional disk")
            case .storageTier: ("resource_option", "tier/\(line.cluster)", "storage tier")
            case .backup: ("backup", "", line.span.facts["reference"] ?? "backup")
            case .inference(let model): ("inference_model", "model/\(model)", model)
            }
        item.set(
            .billableEntityID,
            entity.isEmpty ? line.span.subject : Digest.uuid(named: entity))
        if !reference.isEmpty { item.set(.billableEntityReferenceName, reference) }
        item.set(.billableEntityType, type)
        item.set(.pricePerHour, line.price)
        item.set(.usageHours, line.quantity)
        item.set(.amountMillicents, line.gross)
        if line.discount > 0 {
            item.set(.discountAmountMillicents, line.reduction)
            item.set(.discountAmountPercent, line.discount)
        }
        item.set(.currency, "USD")
        item[.clusterLabels] = Labels.decode(line.span.facts["labels"] ?? "")
        return item
    }

    // MARK: - Breakdown

    private static func breakdown(
        _ month: CalendarMonth, _ accounts: [String], _ begin: Int64, _ end: Int64,
        _ settlement: Bill.Settlement?, _ call: Call
    ) throws -> Message? {
        var message = call.response.new(.items)
        message.set(.year, month.year)
        message.set(.month, month.month)
        var slices: [Message] = []
        for account in accounts {
            let bill = try Bill(account, month, from: begin, to: end, call.moment)
            guard !bill.lines.isEmpty,
                let record = try call.transaction.record(.account, account)
            else { continue }
            var slice = message.new(.accounts)
            slice.set(.accountID, account)
            slice.set(.accountName, record.message.string(.name))
            slice.set(.clusters, bill.lines.map { row($0, slice.new(.clusters), call) })
            slices.append(slice)
        }
        guard !slices.isEmpty else { return nil }
        message.set(.accounts, slices)
        var funding = message.new(.funding)
        funding.set(
            .creditsDrawn,
            (settlement?.drawn ?? []).map { contract, amount in
                var draw = funding.new(.creditsDrawn)
                draw.set(.creditContractID, contract)
                draw.set(.amountMillicents, amount)
                return draw
            })
        message.set(.funding, funding)
        return message
    }

    private static func row(_ line: Bill.Line, _ empty: Message, _ call: Call) -> Message {
        var row = empty
        let facts = line.span.facts
        row.set(.clusterID, line.cluster)
        row.set(.clusterName, facts["name"] ?? "")
        row[.clusterLabels] = Labels.decode(facts["labels"] ?? "")
        if let label = facts["cost_label"] { row.set(.costAllocationLabel, label) }
        row.set(.startTime, call.world.timestamp(line.begin))
        row.set(.endTime, call.world.timestamp(line.end))
        row.set(.amountMillicents, line.gross)
        row.set(.currency, "USD")
        row.set(.quantity, line.quantity)
        if line.discount > 0 {
            row.set(.discountAmountMillicents, line.reduction)
            row.set(.discountAmountPercent, line.discount)
        }
        let package = call.catalogue.package(facts["package"] ?? "")
        func describe(_ arm: FieldName, _ metric: String, _ fill: (inout Message) -> Void) {
            row.set(.billableEntityType, metric)
            row.edit(arm) { config in
                config.set(.cloudProvider, facts["provider"] ?? "")
                config.set(.region, facts["region"] ?? "")
                config.set(
                    .pricingTier, package?.isPremium == true ? "premium" : "standard")
                fill(&config)
            }
        }
        switch line.metric {
        case .nodes:
            describe(.clusterUsageConfig, "Cluster") {
                $0.set(.cpuVcpu, ((package?.cpu ?? 0) + 999) / 1000)
                $0.set(.ramGib, package?.ram ?? 0)
                $0.set(.diskGib, package?.disk ?? 0)
                $0.set(.multiAz, package?.isMultiAZ ?? false)
                $0.set(.gpuEnabled, (package?.gpu ?? 0) > 0)
                $0.set(.nodeCount, line.span.number("nodes"))
            }
        case .extraDisk:
            describe(.clusterExtraDiskConfig, "Cluster Extra Disk") {
                $0.set(.extraDiskGib, line.span.number("disk"))
            }
        case .storageTier:
            describe(.clusterStorageTierConfig, "Cluster Storage Tier") {
                $0.set(.storageTier, line.span.number("tier") == 2 ? "balanced" : "performance")
            }
        case .backup: describe(.backupStorageConfig, "Backup") { _ in }
        case .inference(let model):
            describe(.inferenceConfig, "Inference Tokens") { $0.set(.modelName, model) }
        }
        return row
    }
}
