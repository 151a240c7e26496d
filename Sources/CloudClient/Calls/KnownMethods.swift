/// The methods that the program calls by itself, by their paths. Each has to exist in the contract,
/// which a test checks.
public enum KnownMethods {
    /// Finds the account of a credential that sees only one.
    public static let listAccounts = "/qdrant.cloud.account.v1.AccountService/ListAccounts"
    /// What a credential may do.
    public static let listEffectivePermissions =
        "/qdrant.cloud.iam.v1.IAMService/ListEffectivePermissions"
    /// Answers anybody: whether the API is reached.
    public static let listGlobalCloudProviders =
        "/qdrant.cloud.platform.v1.PlatformService/ListGlobalCloudProviders"
    /// What a cluster costs.
    public static let getQuote = "/qdrant.cloud.booking.v1.BookingService/GetQuote"

    /// All of them.
    public static let all = [
        listAccounts, listEffectivePermissions, listGlobalCloudProviders, getQuote,
    ]
}
