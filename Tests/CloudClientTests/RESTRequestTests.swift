import Codec
import Contract
import TestSupport
import Testing

@testable import CloudClient

@Suite struct RESTRequestTests {
    @Test func fieldsOfThePathAreNotSentAgain() throws {
        var bound = 0
        for (number, method) in try Registry.embedded.allMethods().enumerated() {
            var maker = SampleMessages(seed: UInt64(number))
            let message = maker.valid(method.input, .full)
            let request = try RESTRequest(method, message)
            let (path, _, query) = request.target.partitioned
            for variable in try #require(method.route).variables {
                let name = variable.joined(separator: ".")
                #expect(!("&" + query).contains("&\(name)="), "\(method.name): \(query)")
                if let body = request.body, !body.isEmpty {
                    let sent = try JSONReader().message(body, as: method.input)
                    #expect(sent.value(at: variable)?.isDefault ?? true, "\(method.name): \(name)")
                }
                bound += 1
            }
            #expect(!path.contains("{"), "\(path)")
            #expect(path.hasPrefix("/api/"), "\(path)")
        }
        #expect(bound > 200)
    }

    @Test func aSuggestedNameIsNoCluster() throws {
        let registry = Registry.embedded
        let service = "/qdrant.cloud.cluster.v1.ClusterService/"
        let suggest = try #require(try registry.method(path: service + "SuggestClusterName"))
        var request = Message(suggest.input)
        request.set(.accountID, "0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1")
        let target = try RESTRequest(suggest, request).target
        #expect(
            target
                == "/api/cluster/v1/accounts/0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1/clusters/suggest-name"
        )
    }
}

extension String {
    /// What is before the first question mark, and what behind.
    fileprivate var partitioned: (Substring, Substring, Substring) {
        let parts = split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return (parts[0], "?", parts.count > 1 ? parts[1] : "")
    }
}
