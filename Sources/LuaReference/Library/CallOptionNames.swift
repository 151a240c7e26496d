/// The options that a call of the API takes after its request.
public enum CallOptionNames {
    /// Their names.
    public static let all = ["timeout", "retries", "transport", "account_id"]
}
