import Foundation
import TestSupport
import Testing

/// The sandbox's databases by the official client.
@Suite struct VectorClientTests {
    private let sandbox: RunningSandbox

    init() throws { sandbox = try RunningSandbox("--speed", "instant", "--seed", "bare") }

    private func make(_ path: String, _ body: String, _ name: String) throws -> [String: Any] {
        let answer = try sandbox.curl("POST", path, body: body)
        #expect(answer.status == 200, "\(answer.text)")
        return try #require(try RunningSandbox.json(answer.text)[name] as? [String: Any])
    }

    /// A running cluster of two nodes: its id, its address and its port.
    private func cluster() throws -> (id: String, url: String, port: Int) {
        let account = sandbox.account
        let packages = try sandbox.curl(
            "GET",
            "/api/booking/v1/accounts/\(account)/packages?cloud_provider_id=aws"
                + "&cloud_provider_region_id=eu-central-1")
        let items = try RunningSandbox.json(packages.text)["items"] as? [[String: Any]]
        let package = try #require(items?.first { $0["name"] as? String == "gpx1" }?["id"])
        let clusters = "/api/cluster/v1/accounts/\(account)/clusters"
        let made = try make(
            clusters,
            #"""
            {"cluster":{"name":"vectors","cloudProviderId":"aws","cloudProviderRegionId":"eu-central-1",
            "configuration":{"numberOfNodes":2,"packageId":"\#(package)"}}}
            """#, "cluster")
        let id = try #require(made["id"] as? String)
        let got = try RunningSandbox.json(try sandbox.curl("GET", clusters + "/" + id).text)
        let state = (got["cluster"] as? [String: Any])?["state"] as? [String: Any]
        let endpoint = try #require(state?["endpoint"] as? [String: Any])
        return (
            id, try #require(endpoint["url"] as? String),
            try #require(endpoint["restPort"] as? Int)
        )
    }

    private func key(_ cluster: String, _ rules: String) throws -> String {
        let made = try make(
            "/api/cluster/auth/v2/accounts/\(sandbox.account)/database-api-keys",
            #"{"databaseApiKey":{"name":"some key","clusterId":"\#(cluster)","accessRules":[\#(rules)]}}"#,
            "databaseApiKey")
        return try #require(made["key"] as? String)
    }

    @Test func qdrantClientManagesCollectionsAliasesAndIndexes() throws {
        let (id, url, port) = try cluster()
        let manager = try key(id, "")
        let reader = try key(
            id, #"{"globalAccess":{"accessType":"GLOBAL_ACCESS_RULE_ACCESS_TYPE_READ_ONLY"}}"#)
        let narrow = try key(
            id,
            #"""
            {"collectionAccess":{"collectionName":"docs",
            "accessType":"COLLECTION_ACCESS_RULE_ACCESS_TYPE_READ_WRITE"}}
            """#)
        let result = try run(
            Project.tool("python"),
            [
                "-B", Project.root + "/Tests/Fixtures/peers/vector_client.py", url, "\(port)",
                manager, reader, narrow,
            ])
        #expect(result.status == 0, "\(result.output)\(result.errors.suffix(2000))")
        guard result.status == 0 else { return }
        let counts = try RunningSandbox.json(result.output)
        #expect(counts["checks"] as? Int ?? 0 >= 200)
        #expect(counts["methods"] as? Int ?? 0 >= 30)
        #expect(counts["refusals"] as? Int ?? 0 >= 30)
    }
}
