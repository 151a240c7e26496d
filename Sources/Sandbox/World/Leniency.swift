/// Rules that a sandbox relaxes or enforces.
struct WorldOptions: Sendable {
    /// Rules that are not applied.
    var leniencies: Set<Leniency> = []
    /// Whether unused free clusters are suspended after a week and deleted after four.
    var retiresIdleFreeClusters = false
}

/// Rules of the contract or of the cloud that some existing clients break.
public enum Leniency: String, CaseIterable, Sendable {
    /// Backups and their schedules may come without a display name.
    case displayName = "display_name"
    /// Enum fields with presence may hold zero, which counts as unset.
    case zeroEnums = "zero_enums"
    /// A management key may delete users.
    case deleteUser = "delete_user"
    /// A call without a valid credential ends with PERMISSION_DENIED instead of UNAUTHENTICATED.
    case denied
    /// Paid clusters need no payment method.
    case payment

    /// A one-line description.
    public var explanation: String {
        switch self {
        case .displayName:
            "backups and backup schedules may lack display_name (qcloud 0.25, Terraform)"
        case .zeroEnums: "explicit zeros in optional enum fields count as unset (JSON echoes)"
        case .deleteUser: "management keys may call IAMService/DeleteUser (qcloud)"
        case .denied: "a missing or wrong credential is PERMISSION_DENIED"
        case .payment: "paid clusters need no payment method"
        }
    }
}
