import Contract

/// Methods of the API that the client itself calls. Data: a test proves that each exists.
public enum KnownMethods {
    /// Lists the accounts that the caller belongs to.
    public static let listAccounts = "/qdrant.cloud.account.v1.AccountService/ListAccounts"

    /// All of them.
    public static let all = [listAccounts]
}
