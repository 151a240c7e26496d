import ArgumentParser

/// The options that choose a description of the API.
struct ContractSource: RunOptionGroup {
    @Option(
        help: ArgumentHelp(
            "Use the API of this FileDescriptorSet instead of the built-in one.",
            valueName: "file"))
    var descriptors: String?

    @Option(
        help: ArgumentHelp(
            "Use the API that this server describes (gRPC server reflection).",
            valueName: "address"))
    var from: String?

    /// What was chosen.
    var choice: ContractChoice {
        if let descriptors { return .file(descriptors) }
        return from.map { .host($0) } ?? .embedded
    }

    func apply(to options: inout RunOptions) { options.contract = choice }

    func validate() throws {
        if descriptors != nil, from != nil {
            throw ValidationError("--descriptors and --from exclude each other")
        }
    }
}
