import Codec
import Contract
import Testing

@testable import Sandbox

/// REST as the known gateways have it: what any of them takes is taken, and answers are those of
/// grpc-gateway v2.
@Suite struct GatewayTests {
    private func clusters(_ suffix: String = "") -> String {
        "/api/cluster/v1/accounts/\(TestWorld.production)/clusters\(suffix)"
    }

    @Test(
        arguments: [
            #""name,configuration.numberOfNodes""#, #""name,configuration.number_of_nodes""#,
            #"{"paths":["name","configuration.number_of_nodes"]}"#,
            #"{"paths":["name","configuration.numberOfNodes"]}"#,
        ])
    func masksComeInAllForms(_ mask: String) throws {
        let world = try TestWorld(speed: .instant)
        let id = try world.create().string(.id)
        let answer = try world.rest(
            "PUT", clusters("/\(id)"),
            body:
                #"{"cluster":{"name":"renamed","configuration":{"numberOfNodes":3}},"updateMask":\#(mask)}"#
        )
        #expect(answer.status == 200, "\(answer.text)")
        let cluster = try world.get(id)
        #expect(cluster.string(.name) == "renamed")
        #expect(cluster.message(.configuration)?.integer(.numberOfNodes) == 3)
    }

    @Test func aStarIsNoMask() throws {
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create { $0.set(.costAllocationLabel, "team") }
        var wanted = cluster
        wanted[.costAllocationLabel] = nil
        let body = JSONWriter(registry: world.cloud.world.registry).text(wanted)
        let answer = try world.rest(
            "PUT", clusters("/\(cluster.string(.id))"),
            body: #"{"cluster":\#(body),"updateMask":{"paths":["*"]}}"#)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(
            try world.get(cluster.string(.id)).optionalString(.costAllocationLabel) == nil)
    }

    @Test(arguments: ["1", "true", "True", "t", "yes"])
    func flagsComeInManyForms(_ flag: String) throws {
        let world = try TestWorld(speed: .instant)
        let id = try world.create().string(.id)
        _ = try world.backup(of: id)
        let answer = try world.rest("DELETE", clusters("/\(id)?delete_backups=\(flag)"))
        #expect(answer.status == 200 && answer.text == "{}")
        #expect(try world.backups().isEmpty)
        #expect(try world.rest("DELETE", clusters("/\(id)?deleteBackups=maybe")).status == 400)
    }

    @Test func bodiesAreReadAsGatewaysReadThem() throws {
        let world = try TestWorld(speed: .instant)
        let package = try world.package("gpx1")
        func create(_ nodes: String, _ more: String = "") throws -> TestWorld.RESTAnswer {
            try world.rest(
                "POST", clusters(),
                body: #"""
                    {"cluster":{"name":"one","cloud_provider_id":"aws",
                    "cloudProviderRegionId":"eu-central-1","unknown_field":[1,{"a":null}],
                    "labels":null,"configuration":{"numberOfNodes":\#(nodes),
                    "packageId":"\#(package)","restartPolicy":"OF_ANOTHER_DAY"}}}\#(more)
                    """#)
        }
        // Numbers as texts, names that are not known, and whatever stands behind the document.
        for (nodes, more) in [("1", ""), (#""1""#, ""), ("1.0", ""), ("1", " garbage {")] {
            let made = try create(nodes, more)
            #expect(made.status == 200, "\(made.text)")
        }
        #expect(try create("1.5").status == 400)
        #expect(try world.rest("POST", clusters(), body: "null").status == 400)
        #expect(try world.rest("POST", clusters(), body: "[]").status == 400)
        // The path wins over the body, and a body that is not asked for is passed over.
        let id = try #require(try world.clusters("ListClusters") { _ in }.messages(.items).first)
            .string(.id)
        #expect(try world.rest("POST", clusters("/\(id)/restart"), body: "{}").status == 200)
        let other = try world.rest(
            "POST", clusters(),
            body: #"{"cluster":{"accountId":"\#(TestWorld.sandbox)","name":"x"}}"#)
        #expect(other.status == 400 && !other.text.contains("accountId"), "\(other.text)")
    }

    @Test func formsStandForQueriesThatAreTooLong() throws {
        let world = try TestWorld(speed: .instant)
        _ = try world.create()
        let form = [("content-type", "application/x-www-form-urlencoded")]
        let listed = try world.rest(
            "POST", clusters(), body: "page_size=1",
            headers: form + [("x-http-method-override", "GET")])
        #expect(listed.tree["totalSize"]?.integer == 1, "\(listed.text)")
        // Without a form, the header means nothing.
        let posted = try world.rest(
            "POST", clusters(), body: "{}", headers: [("x-http-method-override", "GET")])
        #expect(posted.status == 400)
    }

    @Test func answersHaveAllTheirFields() throws {
        let world = try TestWorld(speed: .instant)
        _ = try world.create()
        let answer = try world.rest("GET", clusters())
        let cluster = try #require(answer.tree["items"]?.items?.first)
        #expect(cluster["labels"] == .list([]))
        #expect(cluster["deletedAt"] == .null)
        #expect(cluster["costAllocationLabel"] == nil, "it has presence")
        #expect(cluster["state"]?["reason"] == .string(""))
        #expect(answer.headers.contains { $0.name == "grpc-metadata-qc-trace-id" })
        let wrong = try world.rest("GET", clusters("/not-an-id"))
        #expect(wrong.status == 400)
        #expect(wrong.tree["code"]?.integer == 3)
        #expect(
            wrong.tree["details"]?.items?.first?["@type"]
                == .string("type.googleapis.com/google.rpc.BadRequest"))
        let missing = try world.rest("GET", "/api/none")
        #expect(missing.text == #"{"code":5,"message":"Not Found","details":[]}"#)
        for verb in ["PATCH", "HEAD", "OPTIONS"] {
            let answer = try world.rest(verb, clusters())
            #expect(answer.status == 501)
            #expect(answer.text == #"{"code":12,"message":"Method Not Allowed","details":[]}"#)
        }
    }

    @Test func answersThatAreTooLargeAreRefused() throws {
        let world = try TestWorld(speed: .instant)
        let role = try #require(
            try world.own("iam.v1.IAMService", "ListRoles").messages(.items).first)
        try world.cloud.world.store.transaction { transaction in
            for number in 0..<6000 {
                var copy = role
                copy.set(.description, String(repeating: "x", count: 800))
                try transaction.put(
                    Record(
                        kind: .role, id: "role-\(number)", account: TestWorld.production,
                        created: Int64(number), message: copy))
            }
        }
        let answer = try world.rest("GET", "/api/iam/v1/accounts/\(TestWorld.production)/roles")
        #expect(
            answer.status == 429 && answer.tree["code"]?.integer == 8, "\(answer.text.prefix(200))")
        // gRPC leaves the limit to its clients.
        #expect(try world.own("iam.v1.IAMService", "ListRoles").messages(.items).count > 6000)
    }
}
