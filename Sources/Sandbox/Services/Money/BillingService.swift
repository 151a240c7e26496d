import Codec
import GRPCProtocol

/// Invoices, discounts and credits.
enum BillingService: CloudService {
    static let name = "qdrant.cloud.billing.v1.BillingService"

    /// An invoice is issued so long after its month, and paid so long after that.
    private static let issued = 5 * Nanoseconds.minute
    private static let paid = 3 * Nanoseconds.day

    static let handlers: [String: Handler] = [
        "ListInvoices": { call, _ in
            let canPay = try PaymentService.canPay(call.account, call.transaction)
            return call.list(
                try Bill.settlements(call.account, call.moment)
                    .filter { !$0.bill.lines.isEmpty }
                    .map { invoice($0.month, $0.settlement.due, canPay, call) })
        },
        "ListDiscounts": { call, _ in
            call.list(
                try call.transaction.records(.discount, account: call.account).map(\.message))
        },
        "ListCreditContracts": { call, _ in
            let months = try Bill.settlements(call.account, call.moment)
            let contracts = try call.transaction.records(.creditContract, account: call.account)
            var response = call.list(contracts.map { contract($0, months, call) })
            response.set(
                .consumptionHistory,
                months.compactMap { month, _, settlement in
                    let amount = settlement.drawn.reduce(0) { $0 + $1.amount }
                    guard amount > 0 else { return nil }
                    var entry = response.new(.consumptionHistory)
                    entry.set(.year, month.year)
                    entry.set(.month, month.month)
                    entry.set(.amount, Double(amount) / 100_000)
                    entry.set(.currency, "USD")
                    return entry
                })
            return response
        },
        "GetBillingAccountParent": { call, _ in
            let account = try call.find(.account, call.account, "account")
            guard let parent = account.hidden["billing_parent"] else {
                throw APIError(.notFound, "the account has no billing parent")
            }
            var response = call.response
            response.set(.parentAccountID, parent)
            return response
        },
        "ListBillingAccountChildren": { call, _ in
            var response = call.response
            response[.childAccountIDs] = .list(
                try children(of: call.account, call).map(Value.string))
            return response
        },
    ]

    /// The accounts that another one pays for.
    static func children(of account: String, _ call: Call) throws -> [String] {
        try call.transaction.records(.account)
            .filter { $0.hidden["billing_parent"] == account }.map(\.id)
    }

    private static func invoice(
        _ month: CalendarMonth, _ due: Int, _ canPay: Bool, _ call: Call
    ) -> Message {
        let created = month.end + issued
        let isDraft = call.now < created
        var invoice = call.response.new(.items)
        let id = Digest.uuid(named: "invoice/\(call.account)/\(month.text)")
            .replacing("-", with: "")
        invoice.set(.id, "in_" + id.prefix(14))
        invoice.set(.totalAmount, due)
        invoice.set(.createdAt, call.world.timestamp(isDraft ? month.start : created))
        guard !isDraft else {
            invoice.setEnum(.status, "DRAFT")
            return invoice
        }
        invoice.set(.number, "QD-\(month.text)-\(id.suffix(4).uppercased())")
        invoice.set(.pdfURL, "https://invoices.sandbox.example/in_\(id.prefix(14)).pdf")
        let isDue = call.now >= created + paid
        // What nobody can collect is written off a month later.
        let status =
            due == 0 || (isDue && canPay)
            ? "PAID" : call.now >= created + 31 * Nanoseconds.day ? "UNCOLLECTIBLE" : "OPEN"
        invoice.setEnum(.status, status)
        return invoice
    }

    private static func contract(
        _ record: Record,
        _ months: [(month: CalendarMonth, bill: Bill, settlement: Bill.Settlement)], _ call: Call
    ) -> Message {
        let total = CreditContract.total(record.message)
        var used = 0
        var exhausted: CalendarMonth?
        for (month, _, settlement) in months {
            used += settlement.drawn.filter { $0.contract == record.id }.reduce(0) {
                $0 + $1.amount
            }
            if used >= total, exhausted == nil { exhausted = month }
        }
        let isOver = (record.message.message(.activeTo)?.nanoseconds ?? .max) <= call.now
        var contract = record.message
        contract.set(.usedAmount, Double(used) / 100_000)
        contract.set(.remainingAmount, isOver ? 0 : Double(total - used) / 100_000)
        if let exhausted {
            contract.set(.exhaustedAt, call.world.timestamp(min(call.now, exhausted.end)))
        }
        return contract
    }
}
