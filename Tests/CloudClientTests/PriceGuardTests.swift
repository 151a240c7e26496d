import Contract
import Testing

@testable import CloudClient

/// What the guard knows of the contract is in the contract.
@Suite struct PriceGuardTests {
    @Test func everyMethodAndPathExists() throws {
        for path in KnownMethods.all {
            #expect(try Registry.embedded.method(path: path) != nil, "\(path)")
        }
        let quote = try #require(try Registry.embedded.method(path: KnownMethods.getQuote))
        let cluster = try #require(
            try Registry.embedded.message(named: "qdrant.cloud.cluster.v1.Cluster"))
        for (target, origin) in PriceGuardTransport.quoteFields {
            #expect(quote.input.field(named: target) != nil, "\(target)")
            #expect(Self.type(of: PendingChange.steps(origin), in: cluster) != nil, "\(origin)")
        }
        for rule in PriceGuardTransport.rules {
            let method = try #require(try Registry.embedded.method(path: rule.method))
            switch rule.source {
            case .request:
                let change = PendingChange(call: call(of: method))
                #expect(change.resource?.messageType === cluster, "\(rule.method)")
            case .reading(let path, let fields, let steps):
                let reading = try #require(try Registry.embedded.method(path: path))
                for (target, origin) in fields {
                    #expect(reading.input.field(named: target) != nil)
                    #expect(method.input.field(named: origin) != nil)
                }
                #expect(Self.type(of: steps, in: reading.output) != nil)
            }
        }
    }

    /// The field at a path; nil when there is none.
    private static func type(of path: [String], in type: MessageType) -> Field? {
        guard let first = path.first, let field = type.field(named: first) else { return nil }
        guard path.count > 1 else { return field }
        return field.messageType.flatMap { Self.type(of: Array(path.dropFirst()), in: $0) }
    }
}
