import Budgets
import Codec
import GRPCProtocol

/// A transport or a connection that a call can be taken back from.
protocol GRPCCallOwner: AnyObject {
    /// Gives a call up: its stream is reset, its completion is not called.
    func cancel(_ call: GRPCCall)
}

/// One unary call in flight, with the part of the response received so far and the call's result.
///
/// Source: grpc/doc/PROTOCOL-HTTP2.md.
final class GRPCCall: TransportCall, RunningCall {
    /// The method's path.
    let path: String
    /// Headers, lower-case.
    let metadata: [(name: String, value: String)]
    /// The time by which the call must end, on the loop's clock; nil for no deadline.
    let deadline: Int64?
    /// The request in gRPC's framing.
    let body: [UInt8]
    private weak var transport: (any GRPCCallOwner)?

    /// The stream; nil while the call waits for one.
    var stream: Int32?
    /// The connection that has the stream.
    weak var connection: (any GRPCCallOwner)?
    /// How often the call has been repeated because it certainly was not executed.
    var repetitions = 0

    private var httpStatus: Int?
    private var contentType = ""
    private var encoding: String?
    private var grpcStatus: Int?
    private var grpcMessage = ""
    private var grpcDetails: [UInt8]?
    private var traceID: String?
    private var retryAfter: String?
    private var date: String?
    /// The present time, in seconds since 1970.
    private let now: @Sendable () -> Int64
    private var data: [UInt8] = []
    private var headerBytes = 0
    private let maximumResponseSize: Int
    private static let maximumHeaderSize = Budgets()[.responseHeaders]

    init(
        path: String, body: [UInt8], metadata: [(name: String, value: String)],
        deadline: Int64?, transport: any GRPCCallOwner, settings: ConnectionSettings,
        completion: @escaping (Result<Reply, CallError>) -> Void
    ) {
        self.path = path
        self.metadata = metadata
        self.deadline = deadline
        self.transport = transport
        maximumResponseSize = settings.maximumResponseSize
        now = settings.now
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
        (retryAfter, date) = (nil, nil)
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
        case "grpc-status-details-bin": grpcDetails = Self.decodeBinary(text)
        case "qc-trace-id": traceID = text
        case "retry-after": retryAfter = text
        case "date": date = text
        default: break
        }
        return nil
    }

    /// Takes a piece of the body. Returns an error when the answer is known to be bad already.
    func receive(data bytes: UnsafeBufferPointer<UInt8>) -> CallError? {
        data.append(contentsOf: bytes)
        guard data.count <= maximumResponseSize + MessageFrame.prefixSize else {
            return .transport(
                .resourceExhausted, "the answer has more than \(maximumResponseSize) bytes")
        }
        guard isGRPC, let length = MessageFrame.announcedLength(data),
            length > maximumResponseSize
        else { return nil }
        return tooLarge(length)
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
                return .success(
                    Reply(body: try message(), format: .protobuf, traceID: traceID))
            } catch {
                return .failure(error)
            }
        }
        let status = httpStatus ?? 0
        if status != 200 || !isGRPC {
            let code = status == 200 ? StatusCode.unknown : StatusCode(httpStatusOfGRPC: status)
            var what = "the server answered HTTP \(status)"
            if !contentType.isEmpty { what += " with \(contentType)" }
            var error = CallError.transport(code, what + ", which is not gRPC")
            error.httpStatus = status
            // Gateways in front of the server report errors in HTTP.
            error.retryAfter = retryAfter.flatMap {
                RetryAfter.nanoseconds($0, present: date, now: now())
            }
            return .failure(error)
        }
        var error = CallError.transport(.unknown, "the server ended the call without a status")
        error.outcomeIsUnknown = true
        return .failure(error)
    }

    private func tooLarge(_ length: Int) -> CallError {
        .transport(
            .resourceExhausted,
            "the answer has \(length) bytes; at most \(maximumResponseSize) are allowed")
    }

    /// The one message of the answer.
    private func message() throws(CallError) -> [UInt8] {
        let content: MessageFrame.Content
        do throws(MessageFrame.Problem) {
            content = try MessageFrame.read(data, limit: maximumResponseSize)
        } catch {
            throw problem(error)
        }
        guard content.isCompressed else { return Array(content.payload) }
        guard encoding == "gzip" else {
            throw .transport(
                .internal, "the server used unsupported compression: \(encoding ?? "identity")")
        }
        let bound = min(
            maximumResponseSize, Budgets().decompressedSize(of: content.payload.count))
        guard let inflated = Gzip.inflate(content.payload, limit: bound) else {
            throw .transport(
                .internal,
                "the server's gzip data is damaged, or has more than \(bound) bytes ("
                    + Budgets().exceeded(.decompressionRatio) + ")")
        }
        return inflated
    }

    private func problem(_ problem: MessageFrame.Problem) -> CallError {
        switch problem {
        case .empty: .transport(.internal, "the server sent status OK without a message")
        case .cutPrefix:
            .transport(.internal, "the server's message ends inside its prefix")
        case .cut(let present, let announced):
            .transport(.internal, "the server's message has \(present) of \(announced) bytes")
        case .more: .transport(.internal, "the server sent more than one message")
        case .tooLarge(let length): tooLarge(length)
        case .unknownFlag(let flag):
            .transport(.internal, "the server's message has an unknown flag \(flag)")
        }
    }

    /// Decodes a `-bin` header: base64, padded or not.
    private static func decodeBinary(_ text: String) -> [UInt8]? {
        // Several values of one header may be joined by commas; the first is what we know of.
        Base64.decode(String(text.prefix { $0 != "," }))
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
