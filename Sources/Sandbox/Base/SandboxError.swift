/// A sandbox that cannot be started, in words for a person.
public struct SandboxError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
