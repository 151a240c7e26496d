import Codec
import Contract
import EventLoop
import Foundation
import GRPCProtocol
import TestSupport
import Testing

@testable import CloudClient

/// A client's session against a peer, turned by hand.
final class Client {
    let loop = PollLoop(now: { ContinuousClock.now.nanoseconds })
    let session: Session
    let list: Method
    /// The peer lives as long as its client.
    private let peer: ServerProcess?

    convenience init(
        _ peer: ServerProcess, secure: Bool = false,
        _ change: (inout SessionConfiguration) -> Void = { _ in }
    ) throws {
        try self.init(
            peer.address, secure: secure, caFile: peer.announcement["ca_file"], peer: peer, change)
    }

    init(
        _ address: String, secure: Bool = false, caFile: String? = nil, peer: ServerProcess? = nil,
        _ change: (inout SessionConfiguration) -> Void = { _ in }
    ) throws {
        self.peer = peer
        let endpoint = try Endpoint((secure ? "https://" : "http://") + address)
        var configuration = SessionConfiguration(endpoint: endpoint, restEndpoint: endpoint)
        configuration.credential = .managementKey("peer-key")
        configuration.accountID = "00000000-0000-4000-8000-000000000001"
        configuration.connection.caFile = caFile
        configuration.timeout = 20_000_000_000
        change(&configuration)
        session = Session(
            configuration, loop: loop, open: LiveTransports.open, wallClock: { (0, 0) })
        list = try #require(
            try Registry.embedded.method(
                path: "/qdrant.cloud.cluster.v1.ClusterService/ListClusters"))
    }

    func request(_ scenario: String, token: String? = nil) -> Message {
        var request = Message(list.input)
        request.set(.cloudProviderID, scenario)
        if let token { request.set(.pageToken, token) }
        return request
    }

    func call(
        _ scenario: String, token: String? = nil, _ change: (inout CallOptions) -> Void = { _ in }
    ) throws -> Message {
        var options = CallOptions()
        change(&options)
        var result: Result<Reply, CallError>?
        session.call(list, request(scenario, token: token), options: options) { result = $0 }
        loop.run { result != nil }
        return try #require(result).get().message(as: list.output)
    }

    func failure(
        _ scenario: String, token: String? = nil, _ change: (inout CallOptions) -> Void = { _ in }
    ) -> CallError? {
        #expect(throws: CallError.self) { _ = try call(scenario, token: token, change) }
    }

    /// Makes many calls, so many at once, each with a token of its own; the errors.
    func flood(_ count: Int, atOnce: Int) -> [CallError] {
        var started = 0
        var finished = 0
        var errors: [CallError] = []
        func next() {
            guard started < count else { return }
            started += 1
            session.call(list, request("mark", token: "t\(started)")) { result in
                finished += 1
                if case .failure(let error) = result { errors.append(error) }
                next()
            }
        }
        for _ in 0..<atOnce { next() }
        loop.run { finished == count }
        return errors
    }
}

extension ContinuousClock.Instant {
    fileprivate static let origin = ContinuousClock.now

    /// Nanoseconds since the tests began.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = Self.origin.duration(to: self).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}

/// Against gRPC's own implementation.
@Suite(.serialized) struct GRPCAgainstGRPCCoreTests {
    @Test(arguments: [TransportKind.grpc, .rest])
    func closingASessionEndsItsCalls(_ kind: TransportKind) throws {
        let silent = try ServerProcess.peer("fault_server")
        let client = try Client(silent)
        var options = CallOptions()
        options.transport = kind
        options.retries = 0
        var outcomes: [Result<Reply, CallError>] = []
        for _ in 0..<3 {
            client.session.call(client.list, client.request("slow"), options: options) {
                outcomes.append($0)
            }
        }
        client.loop.turn(waitingAtMost: 50_000_000)
        client.session.close()
        client.loop.run { outcomes.count == 3 }
        for outcome in outcomes {
            guard case .failure(let error) = outcome else {
                Issue.record("a call succeeded after its session was closed")
                continue
            }
            #expect(error.code == .cancelled || error.code == .unavailable, "\(error)")
        }
        client.loop.turn(waitingAtMost: 0)
        #expect(outcomes.count == 3)
    }

    @Test(arguments: [false, true])
    func answersErrorsDetailsAndCompression(secure: Bool) throws {
        let peer = try ServerProcess.peer("fault_server", secure ? ["--tls"] : [])
        let client = try Client(peer, secure: secure)

        let answer = try client.call("success")
        #expect(
            answer.messages(.items).map { $0.string(.name) } == [
                "first-cluster", "zweiter-Clüster-東京",
            ])

        let missing = try #require(client.failure("trailers-only"))
        #expect(missing.code == .notFound)
        #expect(missing.message == "100% café\nno such cluster: é")
        #expect(missing.origin == .server)
        #expect(missing.method == "cluster.list_clusters")

        let bad = try #require(client.failure("details"))
        #expect(bad.code == .invalidArgument)
        #expect(bad.violations.count == 2)
        #expect(bad.retryDelay == 250_000_000)

        #expect(try client.call("gzip").messages(.items).count == 10_000)
        #expect(try client.call("large").messages(.items).count == 20_000)
        #expect(try client.call("empty").messages(.items).isEmpty)
        #expect(try client.call("unicode").messages(.items).count == 13)

        let headers = try client.call("headers").messages(.items).map { $0.string(.name) }
        #expect(headers.contains("authorization=apikey peer-key"))
        #expect(headers.contains { $0.hasPrefix("user-agent=qcsh") })
    }

    @Test func everyStatusIsToldByItsName() throws {
        let peer = try ServerProcess.peer("fault_server")
        let client = try Client(peer)
        for number in 1...16 {
            let error = try #require(client.failure("code-\(number)") { $0.retries = 0 })
            #expect(error.code.rawValue == number)
            #expect(error.message == "code \(number)")
        }
    }

    @Test func deadlinesAreKeptOnBothSides() throws {
        let peer = try ServerProcess.peer("fault_server")
        let client = try Client(peer)
        let remaining = try client.call("deadline") { $0.timeout = 2_000_000_000 }
        let milliseconds = try #require(Double(remaining.messages(.items)[0].string(.name)))
        #expect(milliseconds > 1000 && milliseconds <= 2000)

        let started = client.loop.now()
        let late = try #require(client.failure("slow") { $0.timeout = 300_000_000 })
        #expect(late.code == .deadlineExceeded)
        let passed = client.loop.now() - started
        #expect(passed >= 290_000_000 && passed < 2_000_000_000)
    }

    @Test func readsAreRepeatedAndTheServersDelayIsKept() throws {
        let peer = try ServerProcess.peer("fault_server")
        let client = try Client(peer)
        #expect(try client.call("unavailable-twice", token: "a").messages(.items).count == 2)
        let started = client.loop.now()
        _ = try client.call("exhausted-retryinfo", token: "b")
        #expect(client.loop.now() - started >= 200_000_000)
        let once = try #require(client.failure("unavailable-twice", token: "c") { $0.retries = 0 })
        #expect(once.code == .unavailable)
        #expect(once.attempts == 1)
        let thrice = try #require(client.failure("code-14"))
        #expect(thrice.attempts == 4)
    }

    @Test(arguments: [1, 16, 64])
    func noCallIsLostWhenConnectionsAge(atOnce: Int) throws {
        let peer = try ServerProcess.peer("fault_server", ["--max-connection-age-ms", "1000"])
        let client = try Client(peer)
        let errors = client.flood(10_000, atOnce: atOnce)
        #expect(errors.isEmpty, "\(errors.first.map { "\($0)" } ?? "")")
        let count = try client.call("count")
        #expect(count.integer(.totalSize) == 10_000)
        #expect(count.messages(.items)[0].string(.name) == "duplicates=0")
    }

    @Test func sixteenStreamsAreEnoughForSixtyFourCalls() throws {
        let peer = try ServerProcess.peer("fault_server", ["--max-concurrent-streams", "16"])
        let client = try Client(peer)
        #expect(client.flood(5000, atOnce: 64).isEmpty)
        let count = try client.call("count")
        #expect(count.integer(.totalSize) == 5000)
        #expect(count.messages(.items)[0].string(.name) == "duplicates=0")
    }

    @Test func aServerThatDiesInMidCallLeavesTheOutcomeOpen() throws {
        let peer = try ServerProcess.peer("fault_server")
        let client = try Client(peer)
        let error = try #require(client.failure("die") { $0.retries = 0 })
        #expect(error.code == .unavailable)
        #expect(error.outcomeIsUnknown)
        #expect(error.message.contains("was lost"))
        let next = try #require(client.failure("success") { $0.retries = 0 })
        #expect(next.code == .unavailable)
        #expect(next.code == .unavailable)
    }

    /// A numeric address is connected to directly, a name by way of libcurl.
    @Test(arguments: ["127.0.0.1", "localhost"])
    func cleartextGoesToNumbersAndNames(_ host: String) throws {
        let peer = try ServerProcess.peer("fault_server")
        let port = try #require(peer.address.split(separator: ":").last)
        let client = try Client("\(host):\(port)")
        #expect(try client.call("success").messages(.items).count == 2)
        #expect(client.flood(200, atOnce: 50).isEmpty)
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func noServerIsToldWithItsAddress(_ host: String) throws {
        let peer = try ServerProcess.peer("fault_server")
        let port = try #require(peer.address.split(separator: ":").last)
        peer.stop()
        let address = "\(host):\(port)"
        let error = try #require(try Client(address).failure("success") { $0.retries = 0 })
        #expect(error.code == .unavailable)
        #expect(error.wasNotExecuted)
        #expect(error.message.contains("cannot connect to http://\(address)"))
    }

    @Test func certificatesAreVerified() throws {
        let untrusted = try ServerProcess.peer("fault_server", ["--tls"])
        let unknown = try #require(
            try Client(untrusted.address, secure: true).failure("success") { $0.retries = 0 })
        #expect(unknown.message.contains("certificate"))
        #expect(unknown.message.contains("--ca-file"))

        let other = try ServerProcess.peer(
            "fault_server", ["--tls", "--tls-name", "other.example"])
        let wrong = try #require(
            try Client(other.address, secure: true, caFile: other.announcement["ca_file"])
                .failure("success") { $0.retries = 0 })
        #expect(wrong.code == .unavailable)

        let old = try ServerProcess.peer("fault_server", ["--tls", "--tls-expired"])
        let expired = try #require(
            try Client(old.address, secure: true, caFile: old.announcement["ca_file"])
                .failure("success") { $0.retries = 0 })
        #expect(expired.message.contains("expired"))
    }
}

/// Against servers that misbehave below gRPC.
@Suite(.serialized) struct GRPCAgainstRawHTTP2Tests {
    private func peer(_ scenario: String, _ more: String...) throws -> ServerProcess {
        try ServerProcess.peer("raw_http2_server", ["--scenario", scenario] + more)
    }

    @Test(arguments: [
        "ok", "unusual", "padding", "informational", "settings-window",
    ])
    func legalButUnusualIsTaken(_ scenario: String) throws {
        let client = try Client(try peer(scenario))
        _ = try client.call("success")
        _ = try client.call("success")
    }

    @Test(arguments: [1, 16, 64])
    func abruptGoAwayLosesAndDoublesNothing(atOnce: Int) throws {
        let client = try Client(try peer("goaway-after", "--count", "100"))
        #expect(client.flood(2000, atOnce: atOnce).isEmpty)
        let count = try client.call("count")
        #expect(count.integer(.totalSize) == 2000)
        #expect(count.messages(.items)[0].string(.name) == "duplicates=0")
    }

    @Test func refusedStreamsAreRepeated() throws {
        let client = try Client(try peer("refuse-stream", "--count", "5"))
        #expect(client.flood(200, atOnce: 16).isEmpty)
        #expect(try client.call("count").integer(.totalSize) == 200)
    }

    @Test func streamsStayWithinTheLimit() throws {
        let client = try Client(try peer("max-streams", "--count", "4"))
        #expect(client.flood(500, atOnce: 64).isEmpty)
    }

    @Test(arguments: [
        ("rst-internal", StatusCode.internal, "reset the call"),
        ("no-grpc-status", .unknown, "without a status"),
        ("http-503-html", .unavailable, "HTTP 503"), ("bad-content-type", .unknown, "not gRPC"),
        ("http1", .unavailable, "HTTP/2"), ("oversized-frame-length", .resourceExhausted, "bytes"),
        ("truncated-frame", .internal, "of"), ("two-messages", .internal, "more than one"),
        ("no-message", .internal, "without a message"), ("bad-gzip", .internal, "gzip"),
        ("unknown-encoding", .internal, "compression: snappy"),
        ("close-before-answer", .unavailable, "was lost"),
        ("close-mid-body", .unavailable, "was lost"),
        ("close-on-accept", .unavailable, "closed the connection"),
    ])
    func faultsAreToldPlainly(_ scenario: String, _ code: StatusCode, _ words: String) throws {
        let client = try Client(try peer(scenario))
        let error = try #require(
            client.failure("success") {
                $0.retries = 0; $0.timeout = 5_000_000_000
            })
        #expect(error.code == code, "\(error)")
        #expect(error.message.contains(words), "\(error)")
    }

    @Test(arguments: [(TransportKind.grpc, "close-before-answer"), (.grpc, "no-grpc-status")])
    func aChangeWhoseOutcomeIsUnknownSaysSoOnce(
        _ kind: TransportKind, _ scenario: String
    ) throws {
        let client = try Client(try peer(scenario))
        let delete = try #require(
            try Registry.embedded.method(
                path: "/qdrant.cloud.cluster.v1.ClusterService/DeleteCluster"))
        var request = Message(delete.input)
        request.set(.clusterID, "00000000-0000-4000-8000-000000000002")
        var options = CallOptions()
        options.transport = kind
        options.timeout = 5_000_000_000
        var result: Result<Reply, CallError>?
        client.session.call(delete, request, options: options) { result = $0 }
        client.loop.run { result != nil }
        guard case .failure(let error) = result else {
            Issue.record("the call succeeded")
            return
        }
        #expect(error.outcomeIsUnknown)
        #expect(
            error.message.components(separatedBy: "the call may or may not have been executed")
                .count == 2, "\(error)")
    }

    @Test func whoWaitsForTheAccountHasADeadlineOfItsOwn() throws {
        let client = try Client(try peer("silent")) { $0.accountID = nil }
        var order: [String] = []
        for (name, seconds) in [("patient", 0.6), ("hurried", 0.1)] {
            var options = CallOptions()
            options.retries = 0
            options.timeout = Int64(seconds * 1e9)
            client.session.call(client.list, Message(client.list.input), options: options) {
                guard case .failure(let error) = $0 else { return }
                order.append("\(name) \(error.code.name) \(error.method)")
                // The call itself was never sent, so its fate is known.
                #expect(!error.outcomeIsUnknown && error.wasNotExecuted)
            }
        }
        client.loop.run { order.count == 2 }
        #expect(
            order == [
                "hurried DEADLINE_EXCEEDED cluster.list_clusters",
                "patient DEADLINE_EXCEEDED cluster.list_clusters",
            ])
    }

    @Test func silenceEndsTheConnection() throws {
        let client = try Client(try peer("silent")) {
            $0.connection.keepaliveInterval = 200_000_000
            $0.connection.keepaliveTimeout = 200_000_000
        }
        let error = try #require(
            client.failure("success") {
                $0.retries = 0; $0.timeout = 10_000_000_000
            })
        #expect(error.code == .unavailable)
        #expect(error.message.contains("stopped responding"))
    }

    @Test func paddedDetailsAreRead() throws {
        let error = try #require(
            try Client(try peer("padded-details")).failure("success") { $0.retries = 0 })
        #expect(!error.details.isEmpty)
    }
}
