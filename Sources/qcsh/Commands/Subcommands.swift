import ArgumentParser

/// The subcommands of the program.
enum Subcommands {
    /// Subcommands by their first word.
    static let all: [String: any ParsableCommand.Type] = [
        "api": APICommand.self, "call": CallCommand.self, "check": CheckCommand.self,
        "context": ContextCommand.self, "doctor": DoctorCommand.self,
        "sandbox": SandboxCommand.self,
        "permit": PermitCommand.self, "test": TestCommand.self,
        "plan": StackCommand.Plan.self, "apply": StackCommand.Apply.self,
        "drift": StackCommand.Drift.self, "destroy": StackCommand.Destroy.self,
        "adopt": StackCommand.Adopt.self, "lib": LibraryCommand.self,
        "stubs": StubsCommand.self,
    ]
}
