import Codec
import Contract
import Testing

@testable import CloudClient

/// The resource of a change follows from the types of request and response.
@Suite struct PendingChangeTests {
    @Test func anUpdateHasTheResourceThatTheContractNames() throws {
        var count = 0
        for method in try Registry.embedded.allMethods() {
            guard let source = method.options.patchSource else { continue }
            let change = PendingChange(call: call(of: method))
            let resource = try #require(change.resource, "\(method.path)")
            #expect(resource.name == source.requestResourceField, "\(method.path)")
            let reading = try #require(change.readingPresent, "\(method.path)")
            let type = try #require(resource.messageType)
            let held = PendingChange.field(of: type, in: reading.method.output)
            #expect(held?.name == source.responseResourceField, "\(method.path)")
            count += 1
        }
        #expect(count > 5)
    }

    @Test func noChangeHasTwoResources() throws {
        for method in try Registry.embedded.allMethods() where !method.isRead {
            let all = method.input.fields.filter { field in
                guard let type = field.messageType, type.wellKnown == nil else { return false }
                return PendingChange.field(of: type, in: method.output) != nil
            }
            #expect(all.count <= 1, "\(method.path): \(all.map(\.name))")
        }
    }
}

/// A call with an empty request.
func call(of method: Method) -> OutgoingCall {
    OutgoingCall(method: method, request: Message(method.input), metadata: [], deadline: nil)
}
