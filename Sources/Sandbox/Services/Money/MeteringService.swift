import Codec

/// What was used.
enum MeteringService: CloudService {
    static let name = "qdrant.cloud.metering.v1.MeteringService"

    static let handlers: [String: Handler] = [
        "ListMonthlyMeterings": { call, _ in
            let months = try Bill.settlements(call.account, call.moment)
                .filter { !$0.bill.lines.isEmpty }
            return call.list(
                months.map { month, bill, _ in
                    var item = call.response.new("items")
                    item.set("year", month.year)
                    item.set("month", month.month)
                    item.set("amount_millicents", bill.net)
                    item.set("currency", "USD")
                    return item
                })
        },
        "ListMeterings": { call, request in
            let month = CalendarMonth(
                year: request.integer("year"), month: request.integer("month"))
            let bill = try Bill(call.account, month, call.moment)
            return call.list(bill.lines.map { item($0, call) })
        },
        "GetUsageBreakdown": { call, request in
            guard let begin = request.message("start_time")?.nanoseconds,
                let end = request.message("end_time")?.nanoseconds
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
        var item = call.response.new("items")
        item.set("account_id", call.account)
        item.set("cluster_id", line.cluster)
        item.set("cluster_name", line.span.facts["name"] ?? "")
        item.set("start_time", call.world.timestamp(line.begin))
        item.set("end_time", call.world.timestamp(line.end))
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
            "billable_entity_id",
            entity.isEmpty ? line.span.subject : Digest.uuid(named: entity))
        if !reference.isEmpty { item.set("billable_entity_reference_name", reference) }
        item.set("billable_entity_type", type)
        item.set("price_per_hour", line.price)
        item.set("usage_hours", line.quantity)
        item.set("amount_millicents", line.gross)
        if line.discount > 0 {
            item.set("discount_amount_millicents", line.reduction)
            item.set("discount_amount_percent", line.discount)
        }
        item.set("currency", "USD")
        item["cluster_labels"] = Labels.decode(line.span.facts["labels"] ?? "")
        return item
    }

    // MARK: - Breakdown

    private static func breakdown(
        _ month: CalendarMonth, _ accounts: [String], _ begin: Int64, _ end: Int64,
        _ settlement: Bill.Settlement?, _ call: Call
    ) throws -> Message? {
        var message = call.response.new("items")
        message.set("year", month.year)
        message.set("month", month.month)
        var slices: [Message] = []
        for account in accounts {
            let bill = try Bill(account, month, from: begin, to: end, call.moment)
            guard !bill.lines.isEmpty,
                let record = try call.transaction.record(.account, account)
            else { continue }
            var slice = message.new("accounts")
            slice.set("account_id", account)
            slice.set("account_name", record.message.string("name"))
            slice.set("clusters", bill.lines.map { row($0, slice.new("clusters"), call) })
            slices.append(slice)
        }
        guard !slices.isEmpty else { return nil }
        message.set("accounts", slices)
        var funding = message.new("funding")
        funding.set(
            "credits_drawn",
            (settlement?.drawn ?? []).map { contract, amount in
                var draw = funding.new("credits_drawn")
                draw.set("credit_contract_id", contract)
                draw.set("amount_millicents", amount)
                return draw
            })
        message.set("funding", funding)
        return message
    }

    private static func row(_ line: Bill.Line, _ empty: Message, _ call: Call) -> Message {
        var row = empty
        let facts = line.span.facts
        row.set("cluster_id", line.cluster)
        row.set("cluster_name", facts["name"] ?? "")
        row["cluster_labels"] = Labels.decode(facts["labels"] ?? "")
        if let label = facts["cost_label"] { row.set("cost_allocation_label", label) }
        row.set("start_time", call.world.timestamp(line.begin))
        row.set("end_time", call.world.timestamp(line.end))
        row.set("amount_millicents", line.gross)
        row.set("currency", "USD")
        row.set("quantity", line.quantity)
        if line.discount > 0 {
            row.set("discount_amount_millicents", line.reduction)
            row.set("discount_amount_percent", line.discount)
        }
        let package = call.catalogue.package(facts["package"] ?? "")
        func describe(_ arm: String, _ metric: String, _ fill: (inout Message) -> Void) {
            row.set("billable_entity_type", metric)
            row.edit(arm) { config in
                config.set("cloud_provider", facts["provider"] ?? "")
                config.set("region", facts["region"] ?? "")
                config.set(
                    "pricing_tier", package?.isPremium == true ? "premium" : "standard")
                fill(&config)
            }
        }
        switch line.metric {
        case .nodes:
            describe("cluster_usage_config", "Cluster") {
                $0.set("cpu_vcpu", ((package?.cpu ?? 0) + 999) / 1000)
                $0.set("ram_gib", package?.ram ?? 0)
                $0.set("disk_gib", package?.disk ?? 0)
                $0.set("multi_az", package?.isMultiAZ ?? false)
                $0.set("gpu_enabled", (package?.gpu ?? 0) > 0)
                $0.set("node_count", line.span.number("nodes"))
            }
        case .extraDisk:
            describe("cluster_extra_disk_config", "Cluster Extra Disk") {
                $0.set("extra_disk_gib", line.span.number("disk"))
            }
        case .storageTier:
            describe("cluster_storage_tier_config", "Cluster Storage Tier") {
                $0.set("storage_tier", line.span.number("tier") == 2 ? "balanced" : "performance")
            }
        case .backup: describe("backup_storage_config", "Backup") { _ in }
        case .inference(let model):
            describe("inference_config", "Inference Tokens") { $0.set("model_name", model) }
        }
        return row
    }
}
