/// Where the description of the API comes from.
enum ContractChoice {
    /// What is built in.
    case embedded
    /// A file with a FileDescriptorSet.
    case file(String)
    /// A server that describes itself.
    case host(String)
}
