import Codec

/// What one account used and has to pay in a calendar month, or in a part of it.
struct Bill {
    /// What a line is about.
    enum Metric {
        case nodes
        case extraDisk
        case storageTier
        case backup
        case inference(model: String)
    }

    /// One thing that was used for some time.
    struct Line {
        let metric: Metric
        let cluster: String
        let span: Span
        let begin: Int64
        let end: Int64
        /// Millicents for an hour, or for a million tokens.
        let price: Int
        /// Node-hours, GiB-hours or tokens.
        let quantity: Double
        /// Millicents before the discount.
        let gross: Int
        /// Percent.
        let discount: Double

        /// Millicents that the discount takes off.
        var reduction: Int { gross - Discounts.reduced(gross, discount) }
        var net: Int { gross - reduction }
    }

    let account: String
    let month: CalendarMonth
    let lines: [Line]

    /// Millicents, discounts taken off.
    var net: Int { lines.reduce(0) { $0 + $1.net } }

    /// What an account used in a month, between two moments, and by now.
    init(
        _ account: String, _ month: CalendarMonth, from: Int64 = .min, to: Int64 = .max,
        _ moment: Moment
    ) throws {
        self.account = account
        self.month = month
        let begin = max(month.start, from)
        let end = min(month.end, to, moment.now)
        guard begin < end else {
            lines = []
            return
        }
        let transaction = moment.transaction
        lines = try transaction.spans(account: account, from: begin, to: end).flatMap { span in
            let from = max(begin, span.begun)
            let to = min(end, span.ended ?? .max)
            let discount = try Discounts.percentage(of: account, at: from, transaction)
            return Self.lines(span, from, to, discount, moment.catalogue)
        }
    }

    private static func lines(
        _ span: Span, _ begin: Int64, _ end: Int64, _ discount: Double,
        _ catalogue: Catalogue
    ) -> [Line] {
        guard begin < end else { return [] }
        // Every hour that was begun counts.
        let hours = Int((end - begin + Nanoseconds.hour - 1) / Nanoseconds.hour)
        func line(_ metric: Metric, _ cluster: String, price: Int, units: Int) -> Line {
            Line(
                metric: metric, cluster: cluster, span: span, begin: begin, end: end,
                price: price, quantity: Double(units * hours), gross: price * units * hours,
                discount: discount)
        }
        switch span.kind {
        case .backup:
            return [
                line(
                    .backup, span.facts["cluster"] ?? "", price: catalogue.backupPrice,
                    units: span.number("gib"))
            ]
        case .cluster:
            guard let package = catalogue.package(span.facts["package"] ?? ""), !package.isFree
            else { return inference(span, begin, end, discount) }
            let nodes = span.number("nodes")
            var lines = [line(.nodes, span.subject, price: package.price, units: nodes)]
            let disk = span.number("disk")
            if disk > 0 {
                lines.append(
                    line(
                        .extraDisk, span.subject, price: catalogue.diskPrice, units: disk * nodes))
            }
            let tier = catalogue.tierPrices.first { $0.tier == span.number("tier") }
            if let tier, tier.price > 0 {
                lines.append(line(.storageTier, span.subject, price: tier.price, units: nodes))
            }
            return lines + inference(span, begin, end, discount)
        }
    }

    private static func inference(
        _ span: Span, _ begin: Int64, _ end: Int64, _ discount: Double
    ) -> [Line] {
        InferenceUse.models(of: span).compactMap { name in
            guard let model = InferenceModel.all.first(where: { $0.name == name }), model.price > 0
            else { return nil }
            let tokens = InferenceUse.tokens(span.subject, name, from: begin, to: end)
            return Line(
                metric: .inference(model: name), cluster: span.subject, span: span, begin: begin,
                end: end, price: model.price, quantity: Double(tokens),
                gross: (tokens * model.price + 500_000) / 1_000_000, discount: discount)
        }
    }

    // MARK: - Paying

    /// What is drawn from each credit contract for the months up to one, and what is left to pay.
    struct Settlement {
        /// Millicents by contract.
        var drawn: [(contract: String, amount: Int)] = []
        /// Millicents that the invoice asks for.
        var due = 0
    }

    /// How each month up to the present one is paid: contracts first, in the order of their begin.
    static func settlements(
        _ account: String, _ moment: Moment
    ) throws -> [(month: CalendarMonth, bill: Bill, settlement: Settlement)] {
        let transaction = moment.transaction
        guard let first = try transaction.spans(account: account).first else { return [] }
        let contracts = try transaction.records(.creditContract, account: account)
        var left = contracts.map { CreditContract.total($0.message) }
        let months = CalendarMonth.range(
            from: CalendarMonth(containing: first.begun), to: CalendarMonth(containing: moment.now))
        return try months.map { month in
            let bill = try Bill(account, month, moment)
            var due = max(0, bill.net - (try Discounts.fixed(of: account, in: month, transaction)))
            var settlement = Settlement()
            for (index, contract) in contracts.enumerated() {
                guard CreditContract.isActive(contract.message, in: month) else { continue }
                let amount = min(due, left[index])
                guard amount > 0 else { continue }
                left[index] -= amount
                due -= amount
                settlement.drawn.append((contract.id, amount))
            }
            settlement.due = due
            return (month, bill, settlement)
        }
    }
}

/// Prepaid contracts.
enum CreditContract {
    /// The value in millicents; the contract is in major units.
    static func total(_ contract: Message) -> Int {
        guard case .double(let amount) = contract[.totalAmount] else { return 0 }
        return Millicents.of(major: amount)
    }

    static func isActive(_ contract: Message, in month: CalendarMonth) -> Bool {
        (contract.message(.activeFrom)?.nanoseconds ?? 0) < month.end
            && (contract.message(.activeTo)?.nanoseconds ?? .max) > month.start
    }
}
