/// The resource limits for peers: every limit on the bytes, frames and time of a connection, with
/// its value.
///
/// Answers and errors name the budget that was exceeded, so that users can find it here and set it
/// if it is one of the sandbox's (`qcsh sandbox --budget NAME=VALUE`).
public enum Budget: String, CaseIterable, Sendable {
    // The sandbox.
    case requestHeaders = "request-headers"
    case requestBody = "request-body"
    case anonymousBody = "anonymous-body"
    case streamMessage = "stream-message"
    case adminBody = "admin-body"
    case connectionInput = "connection-input"
    case totalInput = "total-input"
    case connectionOutput = "connection-output"
    case totalOutput = "total-output"
    case connections = "connections"
    case streams = "streams"
    case anonymousRequests = "anonymous-requests"
    case controlFrames = "control-frames"
    case turnTime = "turn-time"
    case firstBytes = "first-bytes"
    case slowRequest = "slow-request"
    case slowRead = "slow-read"
    case idle = "idle"

    // The client.
    case responseHeaders = "response-headers"
    case responseBody = "response-body"
    case decompressionRatio = "decompression-ratio"
    case turnInput = "turn-input"

    /// The unit of a budget.
    public enum Unit: Sendable {
        /// Bytes.
        case bytes
        /// Nanoseconds.
        case time
        /// Things.
        case count
    }

    /// A row of the table.
    public struct Entry: Sendable {
        /// The value unless it is set: bytes, nanoseconds or a number.
        public let value: Int
        /// The unit of the value.
        public let unit: Unit
        /// A one-line description of the limit.
        public let about: String
        /// Whether `qcsh sandbox --budget` sets it.
        public var isSettable = true
    }

    /// The budget's row.
    public var entry: Entry {
        switch self {
        case .requestHeaders: .bytes(64 << 10, "headers of a request, trailers included")
        case .requestBody: .bytes(4 << 20, "body of a request, the default of gRPC servers")
        case .anonymousBody: .bytes(64 << 10, "body of a request that needs no credential")
        case .streamMessage: .bytes(64 << 10, "message of a reflection or health stream")
        case .adminBody: .bytes(1 << 30, "body of a request with the admin token: a snapshot")
        case .connectionInput:
            .bytes(8 << 20, "unfinished requests that one connection may have")
        case .totalInput: .bytes(32 << 20, "unfinished requests of all connections")
        case .connectionOutput:
            .bytes(4 << 20, "answers that a connection has not read; more requests wait")
        case .totalOutput:
            .bytes(64 << 20, "unread answers of all connections; those with unread answers wait")
        case .connections: .count(4096, "connections at once; more are closed")
        case .streams: .count(256, "streams of an HTTP/2 connection at once")
        case .anonymousRequests:
            .count(1000, "requests of one connection that failed to authenticate")
        case .controlFrames:
            .count(10_000, "PING, SETTINGS and PRIORITY frames of a connection in ten seconds")
        case .turnTime:
            .time(
                1_000_000, "time spent on one connection before the others get their turn")
        case .firstBytes: .time(10 * Self.second, "until a connection's protocol is known")
        case .slowRequest:
            .time(30 * Self.second, "without a byte of a request, or until its head is complete")
        case .slowRead: .time(30 * Self.second, "without a byte of an answer being read")
        case .idle: .time(900 * Self.second, "without a request")
        case .responseHeaders:
            .bytes(256 << 10, "headers and trailers of an answer", isSettable: false)
        case .responseBody: .bytes(64 << 20, "body of an answer", isSettable: false)
        case .decompressionRatio:
            .count(
                100, "times its compressed size, after the first 4 MiB of a decompressed answer",
                isSettable: false)
        case .turnInput:
            .bytes(
                256 << 10, "of one connection in a turn of the loop, so that deadlines are seen",
                isSettable: false)
        }
    }

    /// Nanoseconds of a second.
    private static let second = 1_000_000_000
}

extension Budget.Entry {
    fileprivate static func bytes(
        _ value: Int, _ about: String, isSettable: Bool = true
    ) -> Self {
        Self(value: value, unit: .bytes, about: about, isSettable: isSettable)
    }

    fileprivate static func time(_ value: Int, _ about: String) -> Self {
        Self(value: value, unit: .time, about: about)
    }

    fileprivate static func count(
        _ value: Int, _ about: String, isSettable: Bool = true
    ) -> Self {
        Self(value: value, unit: .count, about: about, isSettable: isSettable)
    }
}

/// The budgets in force: those of the table, but for what was set.
public struct Budgets: Sendable, Equatable {
    private var set: [Budget: Int] = [:]

    /// The budgets of the table.
    public init() {}

    /// A budget's value: bytes, nanoseconds or a number.
    public subscript(budget: Budget) -> Int {
        get { set[budget] ?? budget.entry.value }
        set { set[budget] = newValue }
    }

    /// How large an answer may be decompressed.
    ///
    /// - Parameter compressed: the bytes that came.
    public func decompressedSize(of compressed: Int) -> Int {
        let (size, overflow) = compressed.multipliedReportingOverflow(by: self[.decompressionRatio])
        return overflow ? .max : size.addingReportingOverflow(4 << 20).partialValue
    }

    /// The message for an exceeded budget, for an answer or an error.
    public func exceeded(_ budget: Budget) -> String {
        let hint = budget.entry.isSettable ? "; change it with qcsh sandbox --budget" : ""
        return
            "over the budget \(budget.rawValue) of \(text(budget)) (\(budget.entry.about)\(hint))"
    }

    /// A budget's value as a person writes it: `4MiB`, `30s`, `256`.
    public func text(_ budget: Budget) -> String {
        let value = self[budget]
        switch budget.entry.unit {
        case .count: return "\(value)"
        case .bytes:
            for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")]
            where value >= 1 << shift && value % (1 << shift) == 0 {
                return "\(value >> shift)\(unit)"
            }
            return "\(value)B"
        case .time:
            for (size, unit) in [(1_000_000_000, "s"), (1_000_000, "ms"), (1000, "us")]
            where value >= size && value % size == 0 { return "\(value / size)\(unit)" }
            return "\(value)ns"
        }
    }
}
