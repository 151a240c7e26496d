/// The paths of the methods that the program calls on its own. Each must exist in the contract,
/// which a test checks.
public enum KnownMethods {
    /// Finds the account of a credential that sees only one.
    public static let listAccounts = "/qdrant.cloud.account.v1.AccountService/ListAccounts"
    /// The permissions of a credential.
    public static let listEffectivePermissions =
        "/qdrant.cloud.iam.v1.IAMService/ListEffectivePermissions"
    /// Needs no credential: tests whether the API can be reached.
    public static let listGlobalCloudProviders =
        "/qdrant.cloud.platform.v1.PlatformService/ListGlobalCloudProviders"
    /// The price of a cluster.
    public static let getQuote = "/qdrant.cloud.booking.v1.BookingService/GetQuote"

    /// The size of a package.
    public static let getPackage = "/qdrant.cloud.booking.v1.BookingService/GetPackage"

    /// All of them.
    public static let all = [
        listAccounts, listEffectivePermissions, listGlobalCloudProviders, getQuote,
        getPackage,
    ]
}
