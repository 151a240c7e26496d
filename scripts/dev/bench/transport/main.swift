// Calls on the bare gRPC transport, without Lua: ListClusters of an echo server, or with a key
// GetCluster of a sandbox.
// transport-bench ADDRESS CALLS LIMIT [KEY ACCOUNT CLUSTER]
import CloudClient
import Codec
import Contract
import EventLoop
import Foundation

/// Calls of one method, so many at a time.
final class Load {
    private let transport: GRPCTransport
    private let call: OutgoingCall
    private let calls: Int
    private var started = 0
    private(set) var finished = 0
    private(set) var bytes = 0

    init(_ transport: GRPCTransport, _ call: OutgoingCall, calls: Int) {
        self.transport = transport
        self.call = call
        self.calls = calls
    }

    /// Starts one call; its end starts the next.
    func startOne() {
        guard started < calls else { return }
        started += 1
        _ = transport.start(call) { [self] result in
            switch result {
            case .success(let reply): bytes += reply.body.count
            case .failure(let error): fail("call failed: \(error.message)")
            }
            finished += 1
            startOne()
        }
    }
}

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    exit(1)
}

let arguments = CommandLine.arguments
guard arguments.count == 4 || arguments.count == 7, let calls = Int(arguments[2]),
    let limit = Int(arguments[3])
else {
    fail("usage: transport-bench ADDRESS CALLS LIMIT [KEY ACCOUNT CLUSTER]")
}
let asksForOne = arguments.count == 7
let path =
    "/qdrant.cloud.cluster.v1.ClusterService/" + (asksForOne ? "GetCluster" : "ListClusters")
guard let method = try Registry.embedded.method(path: path) else { fail("no \(path)") }
var request = Message(method.input)
request[.accountID] = .string(
    asksForOne ? arguments[5] : "11111111-1111-4111-8111-111111111111")
if asksForOne { request[.clusterID] = .string(arguments[6]) }
let call = OutgoingCall(
    method: method, request: request,
    metadata: [("authorization", "apikey " + (asksForOne ? arguments[4] : "bench"))],
    deadline: nil)
let loop = PollLoop(now: { Int64(DispatchTime.now().uptimeNanoseconds) })
let transport = GRPCTransport(
    endpoint: try Endpoint("http://\(arguments[1])"), settings: ConnectionSettings(), loop: loop)
if asksForOne {
    // Opens the connection.
    let first = Load(transport, call, calls: limit)
    for _ in 0..<limit { first.startOne() }
    loop.run { first.finished == limit }
}
let started = loop.now()
let load = Load(transport, call, calls: calls)
for _ in 0..<limit { load.startOne() }
loop.run { load.finished == calls }
let seconds = Double(loop.now() - started) / 1e9
print(
    #"{"mode":"transport","calls":\#(load.finished),"bytes":\#(load.bytes),"seconds":\#(seconds)}"#)
