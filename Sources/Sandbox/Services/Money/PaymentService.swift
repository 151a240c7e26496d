import Codec
import Contract
import GRPCProtocol

/// Ways to pay.
enum PaymentService: CloudService {
    static let name = "qdrant.cloud.payment.v1.PaymentService"

    /// How long the hosted checkout's pages take, in virtual seconds.
    private static let checkoutSteps: [(status: String, seconds: Double)] = [
        ("REQUIRES_PAYMENT_METHOD", 2), ("REQUIRES_CONFIRMATION", 4), ("PROCESSING", 6),
    ]

    static let handlers: [String: Handler] = [
        "ListPaymentMethods": { call, _ in
            call.list(
                try call.transaction.records(.paymentMethod, account: call.account)
                    .map(\.message))
        },
        "GetPaymentMethod": { call, request in
            call.answer(
                .paymentMethod, try method(call, request.string(.paymentMethodID)).message)
        },
        "GetPaymentMethodAvailability": { call, _ in
            var availability = call.response.new(.availability)
            let canPay = try canPay(call.account, call.transaction)
            availability.setEnum(.status, canPay ? "AVAILABLE" : "NOT_CONFIGURED")
            return call.answer(.availability, availability)
        },
        "CreatePaymentMethod": { call, request in
            guard let wanted = request.message(.paymentMethod) else { return call.response }
            return call.answer(.paymentMethod, try create(wanted, "PENDING", call).message)
        },
        "UpdatePaymentMethod": { call, request in
            guard let wanted = request.message(.paymentMethod) else { return call.response }
            var record = try method(call, wanted.string(.id))
            guard wanted[.type] == record.message[.type] else {
                throw APIError(.invalidArgument, "payment_method.type: cannot be changed")
            }
            for name: FieldName in [.paymentMethodDetails, .billingAddress, .taxID] {
                record.message[name] = wanted[name]
            }
            // An account has one default: it ends when another method becomes it.
            if wanted.bool(.isDefault) { record.message.set(.isDefault, true) }
            record.message.set(.lastModifiedAt, call.moment.timestamp)
            complete(&record.message)
            try call.transaction.put(record)
            try keepOneDefault(record, call)
            return call.answer(.paymentMethod, record.message)
        },
        "DeletePaymentMethod": { call, request in
            let record = try method(call, request.string(.paymentMethodID))
            let clusters = try call.transaction.records(.cluster, account: call.account)
            if record.message.bool(.isDefault),
                !clusters.allSatisfy({ ClusterState.isFree($0, call.catalogue) })
            {
                throw APIError(
                    .failedPrecondition,
                    "the account has paid clusters; make another payment method the default first")
            }
            try call.transaction.delete(.paymentMethod, record.id)
            return call.response
        },
        "CreateStripeCheckoutSession": { call, request in
            let number = call.world.newID().replacing("-", with: "")
            var session = call.response.new(.stripeSession)
            session.set(.id, "cs_test_" + number)
            session.set(.url, "https://checkout.sandbox.example/c/pay/cs_test_\(number)")
            session.set(.customer, customer(of: call.account))
            session.set(.setupIntentID, "seti_" + number)
            session.setEnum(.setupIntentStatus, checkoutSteps[0].status)
            // The contract wants it to be there before there is one.
            session.set(.setupIntentPaymentMethod, "pm_pending")
            try call.transaction.put(
                Record(
                    kind: .checkout, id: session.string(.id), account: call.account,
                    created: call.now, message: session))
            var time = call.now
            for (index, step) in checkoutSteps.enumerated() {
                time = call.world.clock.moment(after: step.seconds, from: time)
                let next =
                    index + 1 < checkoutSteps.count ? checkoutSteps[index + 1].status : "SUCCEEDED"
                try call.transaction.schedule(
                    "checkout.step", subject: session.string(.id), payload: next, at: time)
            }
            return call.answer(.stripeSession, session)
        },
        "GetStripeCheckoutSession": { call, request in
            let id = request.string(.sessionID)
            guard let session = try call.transaction.record(.checkout, id),
                session.account == call.account
            else { throw APIError.notFound("checkout session", id) }
            return call.answer(.stripeSession, session.message)
        },
        "RecordCloudMarketplaceEntitlement": { call, request in
            let entitlement = request.string(.entitlementID)
            let present = try call.transaction.records(.paymentMethod, account: call.account)
                .first { $0.hidden["entitlement"] == entitlement }
            if let present { return call.answer(.paymentMethod, present.message) }
            var wanted = call.response.new(.paymentMethod)
            let kinds = ["aws": "AWS_MARKETPLACE", "gcp": "GCP_MARKETPLACE"]
            let kind = kinds.first { entitlement.lowercased().hasPrefix($0.key) }?.value
            wanted.setEnum(.type, kind ?? "AZURE_MARKETPLACE")
            return call.answer(
                .paymentMethod,
                try create(wanted, "ACTIVE", call, hidden: ["entitlement": entitlement]).message)
        },
    ]

    static let events: [String: EventHandler] = [
        "checkout.step": { moment, event in
            guard var session = try moment.transaction.record(.checkout, event.subject),
                session.message.has(.setupIntentStatus, value: event.payload)
            else { return }
            session.message.setEnum(.setupIntentStatus, event.payload)
            if event.payload == "SUCCEEDED" {
                let card = "pm_" + session.id.suffix(14)
                session.message.set(.setupIntentPaymentMethod, card)
                try connect(session.account, card, moment)
            }
            try moment.transaction.put(session)
        }
    ]

    /// Whether an account has an active default method.
    static func canPay(_ account: String, _ transaction: Transaction) throws -> Bool {
        try transaction.records(.paymentMethod, account: account).contains {
            $0.message.bool(.isDefault) && isActive($0.message)
        }
    }

    private static func isActive(_ method: Message) -> Bool {
        method.enumName(.status) == "PAYMENT_METHOD_STATUS_ACTIVE"
    }

    private static func customer(of account: String) -> String {
        "cus_" + Digest.uuid(named: "customer/" + account).prefix(8)
    }

    private static func method(_ call: Call, _ id: String) throws -> Record {
        try call.find(.paymentMethod, id, "payment method")
    }

    private static func create(
        _ wanted: Message, _ status: String, _ call: Call, hidden: [String: String] = [:]
    ) throws -> Record {
        var message = wanted
        let id = call.world.newID()
        let isFirst = try call.transaction.count(.paymentMethod, account: call.account) == 0
        message.set(.id, id)
        message.set(.accountID, call.account)
        message.set(.createdAt, call.moment.timestamp)
        message.set(.lastModifiedAt, call.moment.timestamp)
        message.set(.paymentProviderID, customer(of: call.account))
        message.setEnum(.status, status)
        if isFirst { message.set(.isDefault, true) }
        complete(&message)
        let record = Record(
            kind: .paymentMethod, id: id, account: call.account, created: call.now,
            message: message, hidden: hidden)
        try call.transaction.put(record)
        try keepOneDefault(record, call)
        return record
    }

    private static func keepOneDefault(_ record: Record, _ call: Call) throws {
        guard record.message.bool(.isDefault) else { return }
        for var other in try call.transaction.records(.paymentMethod, account: call.account)
        where other.id != record.id && other.message.bool(.isDefault) {
            other.message.set(.isDefault, false)
            try call.transaction.put(other)
        }
    }

    /// The card of a finished checkout becomes that of the method that waits for one.
    private static func connect(_ account: String, _ card: String, _ moment: Moment) throws {
        let methods = try moment.transaction.records(.paymentMethod, account: account)
        let waiting = methods.first {
            $0.message.enumName(.type) == "PAYMENT_PROVIDER_TYPE_STRIPE"
                && !isActive($0.message)
        }
        var record: Record
        if let waiting {
            record = waiting
        } else {
            let id = moment.world.newID()
            var message = moment.new("qdrant.cloud.payment.v1.PaymentMethod")
            message.set(.id, id)
            message.set(.accountID, account)
            message.setEnum(.type, "STRIPE")
            message.set(.createdAt, moment.timestamp)
            message.set(.paymentProviderID, customer(of: account))
            message.set(.isDefault, methods.isEmpty)
            record = Record(
                kind: .paymentMethod, id: id, account: account, created: moment.now,
                message: message)
        }
        record.message.set(.lastModifiedAt, moment.timestamp)
        if !methods.contains(where: { $0.message.bool(.isDefault) }) {
            record.message.set(.isDefault, true)
        }
        record.message.setEnum(.status, "ACTIVE")
        record.message.edit(.paymentMethodDetails) { details in
            details.set(.id, card)
            details.edit(.card) {
                $0.set(.brand, "Visa")
                $0.set(.last4, "4242")
                $0.set(.expirationMonth, 12)
                $0.set(.expirationYear, 2030)
            }
        }
        try moment.transaction.put(record)
    }

    // MARK: - Addresses

    private static let countries: [String: (name: String, hasTaxIDs: Bool)] = [
        "AT": ("Austria", true), "AU": ("Australia", true), "CA": ("Canada", true),
        "CH": ("Switzerland", true), "DE": ("Germany", true), "ES": ("Spain", true),
        "FR": ("France", true), "GB": ("United Kingdom", true), "IE": ("Ireland", true),
        "IN": ("India", true), "IT": ("Italy", true), "JP": ("Japan", true),
        "NL": ("Netherlands", true), "PL": ("Poland", true), "SE": ("Sweden", true),
        "SG": ("Singapore", true), "US": ("United States", true),
    ]
    private static let states = [
        "DE/BE": "Berlin", "DE/BY": "Bavaria", "DE/HH": "Hamburg", "US/CA": "California",
        "US/NY": "New York", "US/TX": "Texas", "US/WA": "Washington",
    ]

    /// Fills in what the platform knows of an address.
    private static func complete(_ method: inout Message) {
        guard method.message(.billingAddress) != nil else { return }
        method.edit(.billingAddress) { address in
            let code = address.string(.country)
            let country = countries[code]
            address.set(.countryFormatted, country?.name ?? code)
            address.set(.taxSupportedCountry, country?.hasTaxIDs ?? false)
            address[.stateFormatted] = address.optionalString(.state).map { state in
                .string(states[code + "/" + state] ?? state)
            }
        }
    }
}
