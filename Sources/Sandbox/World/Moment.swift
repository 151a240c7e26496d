import Codec
import Contract

/// One instant of a sandbox: the open transaction, the time and who acts.
struct Moment {
    /// The sandbox.
    let world: World
    /// The open transaction.
    let transaction: Transaction
    /// The sandbox's time, in nanoseconds since 1970.
    let now: Int64
    /// Who acts; nil for the sandbox itself.
    var caller: Message?

    /// The present time as a google.protobuf.Timestamp.
    var timestamp: Message { world.timestamp(now) }

    /// A message of a type of the contract, which has to exist.
    func new(_ type: String) -> Message { world.new(type) }

    /// The packages, regions and releases on offer.
    var catalogue: Catalogue { world.catalogue }

    /// The actor for the audit fields: the caller, or the platform itself if there is no caller.
    var stamp: Message {
        if let caller { return caller }
        var platform = new("qdrant.cloud.common.v1.Caller")
        platform.set(.actorID, "sandbox-platform")
        platform.setEnum(.actorType, "SERVICE_ACCOUNT")
        return platform
    }
}
