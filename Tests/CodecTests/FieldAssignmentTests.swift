import Codec
import Contract
import Testing

@Suite struct FieldAssignmentTests {
    private func assign(_ words: [String], _ type: String) throws -> String {
        let type = try #require(try Registry.embedded.message(named: "qdrant.cloud." + type))
        var message = Message(type)
        for word in words { try FieldAssignment(word).apply(to: &message) }
        return JSONWriter().text(message)
    }

    @Test(arguments: [
        (["page_size=5"], #"{"pageSize":5}"#, "cluster.v1.ListClustersRequest"),
        (["pageSize=5"], #"{"pageSize":5}"#, "cluster.v1.ListClustersRequest"),
        (
            [
                "cluster.name=abc", "cluster.configuration.number_of_nodes=3",
                "cluster.labels[0].key=team", "cluster.labels[0].value=a=b",
                "cluster.labels[1].key=env",
            ],
            #"{"cluster":{"name":"abc","labels":[{"key":"team","value":"a=b"},{"key":"env"}],"configuration":{"numberOfNodes":3}}}"#,
            "cluster.v1.CreateClusterRequest"
        ),
        (
            ["cluster.labels:=[{\"key\":\"k\"}]", "cluster.labels:={\"key\":\"l\"}"],
            #"{"cluster":{"labels":[{"key":"k"},{"key":"l"}]}}"#, "cluster.v1.CreateClusterRequest"
        ),
        (
            ["statuses=active", "statuses=PACKAGE_STATUS_DEACTIVATED", "statuses[0]=2"],
            #"{"statuses":["PACKAGE_STATUS_DEACTIVATED","PACKAGE_STATUS_DEACTIVATED"]}"#,
            "booking.v1.ListPackagesRequest"
        ),
        (
            ["backup.retention_period=7d", "backup.created_at=2026-01-01T00:00:00Z"],
            #"{"backup":{"createdAt":"2026-01-01T00:00:00Z","retentionPeriod":"604800s"}}"#,
            "cluster.backup.v1.CreateBackupRequest"
        ),
        (
            ["update_mask=name,configuration.number_of_nodes"],
            #"{"updateMask":"name,configuration.numberOfNodes"}"#, "cluster.v1.UpdateClusterRequest"
        ),
        (
            ["cluster_labels[\"a.b\"]=1", "cluster_labels.env=prod"],
            #"{"clusterLabels":{"a.b":"1","env":"prod"}}"#, "metering.v1.MeteringItem"
        ),
        (
            ["amount_millicents=9007199254740993"], #"{"amountMillicents":"9007199254740993"}"#,
            "metering.v1.MeteringItem"
        ),
        (["force=true"], #"{"force":true}"#, "cluster.backup.v1.DeleteBackupRequest"),
    ])
    func wordsSetFields(_ words: [String], _ expected: String, _ type: String) throws {
        #expect(try assign(words, type) == expected)
    }

    @Test(arguments: [
        ("page_size", "\"page_size\" is not an assignment; expected path=value"),
        ("=5", "is not a path"),
        ("page_siz=5", "has no field \"page_siz\"; did you mean \"page_size\"?"),
        ("page_size=ten", "page_size: expected an integer, got \"ten\""),
        ("page_size=5.5", "page_size: expected an integer"),
        ("page_size.x=5", "page_size: expected no field inside, got \"x\""),
        ("page_size[0]=5", "page_size: expected a field's name, got an index"),
        ("page_size:={}", "page_size: expected int32, got an object"),
        ("page_size:=5,\"page_token\":\"x\"", "page_size: invalid JSON"),
        ("page_size:=", "invalid JSON"),
    ])
    func wrongWordsAreExplained(_ word: String, _ expected: String) throws {
        let error = #expect(throws: CodecError.self) {
            try assign([word], "cluster.v1.ListClustersRequest")
        }
        #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }

    @Test func listsHaveNoGaps() throws {
        let error = #expect(throws: CodecError.self) {
            try assign(["cluster.labels[1].key=a"], "cluster.v1.CreateClusterRequest")
        }
        #expect(error?.path == "cluster.labels[1]")
    }
}
