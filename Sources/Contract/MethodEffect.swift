/// The effect of a method on the cloud's state.
public enum MethodEffect: String, Sendable, CaseIterable {
    /// Nothing.
    case read
    /// It creates, changes, starts or stops something, or mints a credential.
    case write
    /// It ends something that does not come back by itself.
    case delete
}

extension Method {
    /// Effects of methods whose HTTP verb does not imply them, by the methods' full names.
    static let effectOverrides: [String: MethodEffect] = [
        // Questions with a body.
        "qdrant.cloud.booking.v1.BookingService.GetQuote": .read,
        "qdrant.cloud.booking.v1.BookingService.GetBackupQuote": .read,
        // Fetching a finished checkout stores its payment method.
        "qdrant.cloud.payment.v1.PaymentService.GetStripeCheckoutSession": .write,
        // Endings that are no DELETE.
        "qdrant.cloud.account.v1.AccountService.LeaveAccount": .delete,
        "qdrant.cloud.serverless.space.auth.v1.EphemeralDashboardTokenService"
            + ".RevokeEphemeralDashboardToken": .delete,
    ]

    /// Whether the method changes nothing.
    public var isRead: Bool { effect == .read }
}

extension MethodEffect {
    /// What a method's HTTP verb says, but for a few methods.
    init(of name: String, in service: String, route: HTTPRoute?) {
        if let override = Method.effectOverrides["\(service).\(name)"] {
            self = override
            return
        }
        self =
            switch route?.verb {
            case "GET": .read
            case "DELETE": .delete
            default: .write
            }
    }
}

extension Method {
    /// The permissions that a script needs for it. If the API requires none, a change needs its
    /// effect on its module, as in `write:account`, and a read needs none.
    public var neededPermissions: [String] {
        guard options.checkedPermissions.isEmpty, effect != .read else {
            return options.checkedPermissions
        }
        let module = Names.module(ofPackage: service.package).0
        return ["\(effect.rawValue):" + String(module.map { $0 == "." ? "_" : $0 })]
    }
}
