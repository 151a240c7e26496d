import Codec

/// A service's method: it reads and writes in the call's transaction, and answers.
typealias Handler = @Sendable (Call, Message) throws -> Message

/// The effect of a scheduled event whose moment has come.
typealias EventHandler = @Sendable (Moment, PendingEvent) throws -> Void

/// A service of the API.
protocol CloudService: Sendable {
    /// The full name of the service.
    static var name: String { get }
    /// Its methods by their names in the contract.
    static var handlers: [String: Handler] { get }
}

/// The services that a pipeline calls. It is handed to the pipeline, which knows none of them.
struct ServiceTable: Sendable {
    /// Each method's handler, by the method's path.
    let handlers: [String: Handler]
    /// The effects of scheduled events, by the kind of event.
    let events: [String: EventHandler]
    /// Adapts a state that came from elsewhere to this world.
    let adopt: @Sendable (Moment) throws -> Void
}
