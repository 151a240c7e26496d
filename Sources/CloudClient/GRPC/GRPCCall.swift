import Budgets
import CCurl
import Codec
import Contract

#if canImport(Glibc)
    import Glibc
#endif

/// One unary call on its way: what has been received of it, and what it amounts to.
///
/// Source: grpc/doc/PROTOCOL-HTTP2.md.
final class GRPCCall: TransportCall, RunningCall {
    /// The method's path.
    let path: String
    /// Headers, lower-case.
    let metadata: [(name: String, value: String)]
    /// When the call has to be over, on the loop's clock.
    let deadline: Int64?
    /// The request in gRPC's framing.
    let body: [UInt8]
    weak var transport: GRPCTransport?

    /// The stream; nil while the call waits for one.
    var stream: Int32?
    weak var connection: HTTP2Connection?
    /// How often the call has been repeated because it certainly was not executed.
    var repetitions = 0

    private var httpStatus: Int?
    private var contentType = ""
    private var encoding: String?
    private var grpcStatus: Int?
    private var grpcMessage = ""
    private var grpcDetails: [UInt8]?
    private var traceID: String?
    private var data: [UInt8] = []
    private var headerBytes = 0
    private let maximumResponseSize: Int
    private static let maximumHeaderSize = Budgets()[.responseHeaders]

    init(
        path: String, message: [UInt8], metadata: [(name: String, value: String)],
        deadline: Int64?, transport: GRPCTransport, maximumResponseSize: Int,
        completion: @escaping (Result<Reply, CallError>) -> Void
    ) {
        self.path = path
        self.metadata = metadata
        self.deadline = deadline
        self.transport = transport
        self.maximumResponseSize = maximumResponseSize
        var body: [UInt8] = []
        body.reserveCapacity(message.count + 5)
        body.append(0)  // not compressed
        withUnsafeBytes(of: UInt32(message.count).bigEndian) { body.append(contentsOf: $0) }
        body.append(contentsOf: message)
        self.body = body
        super.init(completion: completion)
    }

    func cancel() { transport?.cancel(self) }

    /// Forgets what an attempt received, before the call is repeated.
    func reset() {
        stream = nil
        connection = nil
        httpStatus = nil
        contentType = ""
        encoding = nil
        grpcStatus = nil
        grpcMessage = ""
        grpcDetails = nil
        traceID = nil
        data = []
        headerBytes = 0
    }

    // MARK: - What the peer sends

    /// Takes a header or a trailer. Returns an error when there are too many.
    func receive(
        header name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>
    ) -> CallError? {
        // As HTTP/2 counts them (RFC 9113, section 6.5.2).
        headerBytes += name.count + value.count + 32
        guard headerBytes <= Self.maximumHeaderSize else {
            return .transport(
                .resourceExhausted,
                "the answer's headers are " + Budgets().exceeded(.responseHeaders))
        }
        let text = String(decoding: value, as: UTF8.self)
        switch String(decoding: name, as: UTF8.self) {
        case ":status": httpStatus = Int(text)
        case "content-type": contentType = text
        case "grpc-encoding": encoding = text
        case "grpc-status": grpcStatus = Int(text) ?? StatusCode.unknown.rawValue
        case "grpc-message": grpcMessage = PercentCoding.decodeLeniently(text)
        case "grpc-status-details-bin": grpcDetails = GRPCFraming.decodeBinary(text)
        case "qc-trace-id": traceID = text
        default: break
        }
        return nil
    }

    /// Takes a piece of the body. Returns an error when the answer is known to be bad already.
    func receive(data bytes: UnsafeBufferPointer<UInt8>) -> CallError? {
        data.append(contentsOf: bytes)
        guard data.count <= maximumResponseSize + 5 else {
            return .transport(
                .resourceExhausted, "the answer has more than \(maximumResponseSize) bytes")
        }
        guard data.count >= 5, isGRPC else { return nil }
        let length = GRPCFraming.messageLength(data)
        guard length > maximumResponseSize else { return nil }
        return .transport(
            .resourceExhausted,
            "the answer has \(length) bytes; at most \(maximumResponseSize) are taken")
    }

    private var isGRPC: Bool { contentType.hasPrefix("application/grpc") }

    /// Whether the status has come, so that the rest of the stream does not matter.
    var hasStatus: Bool { grpcStatus != nil }

    /// What the finished stream amounts to.
    func result() -> Result<Reply, CallError> {
        if let grpcStatus {
            let code = StatusCode(rawValue: grpcStatus) ?? .unknown
            if code != .ok { return .failure(serverError(code)) }
            do throws(CallError) {
                let message = try GRPCFraming.message(
                    in: data, encoding: encoding, limit: maximumResponseSize)
                return .success(Reply(body: message, format: .protobuf, traceID: traceID))
            } catch {
                return .failure(error)
            }
        }
        let status = httpStatus ?? 0
        if status != 200 || !isGRPC {
            let code = status == 200 ? StatusCode.unknown : StatusCode(httpStatusOfGRPC: status)
            var what = "the server answered HTTP \(status)"
            if !contentType.isEmpty { what += " with \(contentType)" }
            var error = CallError.transport(code, what + ", which is no gRPC")
            error.httpStatus = status
            return .failure(error)
        }
        var error = CallError.transport(.unknown, "the server ended the call without a status")
        error.outcomeIsUnknown = true
        return .failure(error)
    }

    private func serverError(_ code: StatusCode) -> CallError {
        var error = CallError(code, grpcMessage, origin: .server)
        error.httpStatus = httpStatus
        error.traceID = traceID
        if let grpcDetails { error.details = ErrorDetails.decode(status: grpcDetails) }
        error.readViolations()
        return error
    }
}

/// The length-prefixed messages of gRPC.
enum GRPCFraming {
    /// The length that the first message's prefix announces.
    static func messageLength(_ data: [UInt8]) -> Int {
        data[1..<5].reduce(0) { $0 << 8 | Int($1) }
    }

    /// The one message of a unary answer.
    static func message(
        in data: [UInt8], encoding: String?, limit: Int
    ) throws(CallError) -> [UInt8] {
        guard !data.isEmpty else {
            throw .transport(.internal, "the server sent status OK without a message")
        }
        guard data.count >= 5 else {
            throw .transport(.internal, "the server's message is cut off inside its prefix")
        }
        let length = messageLength(data)
        guard data.count >= 5 + length else {
            throw .transport(
                .internal, "the server's message has \(data.count - 5) of \(length) bytes")
        }
        guard data.count == 5 + length else {
            throw .transport(.internal, "the server sent more than one message")
        }
        let payload = data[5...]
        switch (data[0], encoding ?? "identity") {
        case (0, _): return Array(payload)
        case (1, "gzip"):
            let bound = min(limit, Budgets().decompressedSize(of: payload.count))
            guard let inflated = Gzip.inflate(payload, limit: bound) else {
                throw .transport(
                    .internal,
                    "the server's gzip data is damaged, or has more than \(bound) bytes ("
                        + Budgets().exceeded(.decompressionRatio) + ")")
            }
            return inflated
        case (1, let other):
            throw .transport(.internal, "the server compressed its message with \(other)")
        default:
            throw .transport(.internal, "the server's message has an unknown flag \(data[0])")
        }
    }

    /// Decodes a `-bin` header: base64, padded or not.
    static func decodeBinary(_ text: String) -> [UInt8]? {
        // Several values of one header may be joined by commas; the first is what we know of.
        Base64.decode(String(text.prefix { $0 != "," }))
    }
}

/// gzip by way of zlib.
enum Gzip {
    /// Inflates; nil when the data is damaged or has more than `limit` bytes.
    static func inflate(_ bytes: ArraySlice<UInt8>, limit: Int) -> [UInt8]? {
        var output: UnsafeMutablePointer<UInt8>?
        let count = bytes.withUnsafeBufferPointer {
            qcurl_gunzip($0.baseAddress, $0.count, &output, limit)
        }
        guard count >= 0, let output else { return nil }
        defer { free(output) }
        return [UInt8](unsafeUninitializedCapacity: count) { target, filled in
            filled = target.initialize(
                fromContentsOf: UnsafeBufferPointer(start: output, count: count))
        }
    }
}
