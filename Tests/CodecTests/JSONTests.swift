import Contract
import Testing

@testable import Codec

/// A message type of the contract, which has to exist.
func type(_ name: String) throws -> MessageType {
    try #require(try Registry.embedded.message(named: name))
}

@Suite struct JSONTests {
    private static let cluster = "qdrant.cloud.cluster.v1.Cluster"
    private var cluster: String { Self.cluster }

    private func read(_ json: String, as name: String) throws -> Message {
        try JSONReader().message(Array(json.utf8), as: type(name))
    }

    @Test func bothSpellingsAreReadAndCamelCaseIsWritten() throws {
        let message = try read(
            #"{"accountId":"a","cloud_provider_id":"aws","labels":[{"key":"k","value":"v"}]}"#,
            as: cluster)
        #expect(message.string(.accountID) == "a")
        #expect(
            JSONWriter().text(message)
                == #"{"accountId":"a","cloudProviderId":"aws","labels":[{"key":"k","value":"v"}]}"#)
    }

    @Test func oneNameInTwoSpellingsIsRefused() {
        #expect(throws: CodecError.self) {
            try read(#"{"accountId":"a","account_id":"b"}"#, as: cluster)
        }
    }

    @Test func errorsNameThePath() throws {
        let error = #expect(throws: CodecError.self) {
            try read(#"{"configuration":{"numberOfNodes":"x"}}"#, as: cluster)
        }
        #expect(error?.path == "configuration.number_of_nodes")
        let item = #expect(throws: CodecError.self) {
            try read(#"{"labels":[{"key":"a"},{"key":1}]}"#, as: cluster)
        }
        #expect(item?.path == "labels[1].key")
    }

    @Test(arguments: [
        (#"{"a":1} x"#, "after the value"), (#"{"a":01}"#, "expected"), (#"{"a""#, "expected"),
        ("{\"a\":\"\u{1}\"}", "control"), (#"{"a":"\ud800"}"#, "surrogate"), ("[1]", "an object"),
    ])
    func damagedTextIsRefused(_ json: String, _ words: String) throws {
        let reader = JSONReader(ignoresUnknownFields: true)
        let error = #expect(throws: CodecError.self) {
            try reader.message(Array(json.utf8), as: try type(cluster))
        }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        "2026-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z", "2024-02-29T12:34:56.000001Z",
    ])
    func timestampsGoBothWays(_ text: String) throws {
        let message = try read(#"{"createdAt":"\#(text)"}"#, as: cluster)
        #expect(JSONWriter().text(message) == #"{"createdAt":"\#(text)"}"#)
    }

    @Test func offsetsAreTakenOffTimestamps() throws {
        let (seconds, _) = try #require(TimeText.parseRFC3339("2026-01-01T02:00:00+02:00"))
        #expect(TimeText.rfc3339(seconds: seconds, nanos: 0) == "2026-01-01T00:00:00Z")
    }

    @Test(arguments: [
        "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-01", "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00", "10000-01-01T00:00:00Z",
    ])
    func impossibleTimestampsAreRefused(_ text: String) {
        #expect(TimeText.parseRFC3339(text) == nil)
    }

    @Test(
        arguments: [
            ("36h", 129_600, 0), ("7d", 604_800, 0), ("3.5s", 3, 500_000_000), ("1h30m", 5400, 0),
            ("250ms", 0, 250_000_000), ("-2s", -2, 0),
        ] as [(String, Int64, Int32)])
    func peoplesDurationsAreRead(_ text: String, _ seconds: Int64, _ nanos: Int32) throws {
        let parsed = try #require(TimeText.parseHumanDuration(text))
        #expect(parsed.seconds == seconds)
        #expect(parsed.nanos == nanos)
    }

    @Test func defaultsAreEmittedAsTheGatewayDoes() throws {
        let text = JSONWriter(emitsDefaults: true).text(
            Message(try type("qdrant.cloud.cluster.v1.ListClustersResponse")))
        // Lists are empty, what has presence is left out.
        #expect(text == #"{"items":[]}"#)
        let quota = JSONWriter(emitsDefaults: true).text(
            Message(try type("qdrant.cloud.booking.v1.PriceBreakdown")))
        // 64-bit integers are strings.
        #expect(
            quota
                == #"{"originalPricePerHour":"0","discountedPricePerHour":"0","discountPercentage":0}"#
        )
    }

    @Test func anyIsReadAndWrittenWithItsType() throws {
        let json =
            #"{"code":3,"message":"bad","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"a","description":"b"}]}]}"#
        let status = try read(json, as: "google.rpc.Status")
        #expect(JSONWriter().text(status) == json)
    }

    @Test func structIsPlainJSON() throws {
        let json = #"{"a":1,"b":[true,null,"x"],"c":{"d":1.5}}"#
        let message = try read(json, as: "google.protobuf.Struct")
        #expect(JSONWriter().text(message) == json)
    }

    @Test func fieldMasksAreOneText() throws {
        let message = try read(
            #"{"updateMask":"name,configuration.numberOfNodes"}"#,
            as: "qdrant.cloud.cluster.v1.UpdateClusterRequest")
        #expect(
            message.message(.updateMask)?.strings(.paths)
                == ["name", "configuration.number_of_nodes"])
    }

    @Test func hostileInstantsArePrinted() {
        #expect(TimeText.rfc3339(seconds: .min, nanos: .min) == "0001-01-01T00:00:00Z")
        #expect(
            TimeText.rfc3339(seconds: .max, nanos: .max).hasPrefix("9999-12-31T23:59:59.999999999"))
        #expect(TimeText.duration(seconds: 0, nanos: .min) == "-0.999999999s")
    }

    @Test func aDurationByItselfIsRead() throws {
        let message = try ProtobufReader().message(
            [0x08, 0x05], as: type("google.protobuf.Duration"))
        #expect(JSONWriter().text(message) == "\"5s\"")
    }

    @Test func enumNamesOfANewerServerAreTakenOnRequestOnly() throws {
        let json = #"{"phase":"CLUSTER_PHASE_FROM_THE_FUTURE","version":"v"}"#
        let state = "qdrant.cloud.cluster.v1.ClusterState"
        #expect(throws: CodecError.self) { try read(json, as: state) }
        let lenient = JSONReader(ignoresUnknownEnumNames: true)
        let message = try lenient.message(Array(json.utf8), as: type(state))
        #expect(message.string(.version) == "v")
        #expect(message.integer(.phase) == 0)
        #expect(message.enumName(.phase) == "CLUSTER_PHASE_FROM_THE_FUTURE")
    }

    @Test func deepNestingIsRefused() throws {
        let json =
            String(repeating: #"{"a":"#, count: 200) + "1" + String(repeating: "}", count: 200)
        let error = #expect(throws: CodecError.self) {
            try read(json, as: "google.protobuf.Struct")
        }
        #expect(error?.sentence.contains("nested deeper") == true)
    }

    @Test func base64IsTakenInAllItsForms() {
        #expect(Base64.decode("AQID/w==") == [1, 2, 3, 255])
        #expect(Base64.decode("AQID_w") == [1, 2, 3, 255])
        #expect(Base64.decode("A") == nil)
        #expect(Base64.decode("AQ=D") == nil)
        #expect(Base64.encode([1, 2, 3, 255]) == "AQID/w==")
    }

    /// Four times the elements take about four times as long, not sixteen times.
    @Test(arguments: [
        (cluster, #"{"labels":["#, #"{"key":"a"}"#, "]}"),
        ("google.protobuf.ListValue", "[", "1", "]"),
        ("google.protobuf.FieldMask", "\"", "a", "\""),
    ])
    func listsTakeLinearTime(_ name: String, _ begin: String, _ element: String, _ end: String)
        throws
    {
        func time(_ count: Int) throws -> Duration {
            let text =
                begin + Array(repeating: element, count: count).joined(separator: ",") + end
            // The fastest of three: other tests run meanwhile.
            return try (0..<3).map { _ in
                try ContinuousClock().measure { _ = try read(text, as: name) }
            }.min() ?? .zero
        }
        let (few, many) = (try time(10_000), try time(40_000))
        #expect(many < few * 10, "\(few), \(many)")
    }
}
