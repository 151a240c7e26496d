import Codec
import Contract
import GRPCProtocol

/// A call that did not succeed.
public struct CallError: Error, Sendable, CustomStringConvertible {
    /// The source of an error.
    public enum Origin: Sendable, Equatable {
        /// The API answered with an error.
        case server
        /// The answer could not be received or could not be read.
        case transport
        /// The call was refused before it left: a rule of the contract, or the wrong actor.
        case local
        /// The call was refused before it left: the run may not do that.
        case bound
    }

    /// The canonical code.
    public var code: StatusCode
    /// A sentence for a person.
    public var message: String
    /// The source of the error.
    public var origin: Origin
    /// The method's name, for example `cluster.get_cluster`; empty when no method is concerned.
    public var method = ""
    /// The decoded details, for example google.rpc.BadRequest.
    public var details: [Message] = []
    /// The HTTP status, where there was one.
    public var httpStatus: Int?
    /// The request's id in the API's logs (`qc-trace-id`).
    public var traceID: String?
    /// How often the call was tried.
    public var attempts = 1
    /// How long the header `retry-after` asks to wait, in nanoseconds.
    public var retryAfter: Int64?
    /// Broken rules, from local validation or from google.rpc.BadRequest.
    public var violations: [Violation] = []
    /// Whether the server may have executed the call although no answer came.
    public var outcomeIsUnknown = false
    /// Whether the call certainly was not executed, so that repeating it is safe.
    public var wasNotExecuted = false

    /// Creates an error.
    ///
    /// - Parameter message: a sentence; the credentials of URLs in it are masked.
    public init(_ code: StatusCode, _ message: String, origin: Origin) {
        self.code = code
        self.message = URLMask.masked(message)
        self.origin = origin
    }

    /// An error about a connection or an answer.
    static func transport(_ code: StatusCode, _ message: String) -> CallError {
        CallError(code, message, origin: .transport)
    }

    /// A connection that was not opened, so that nothing was executed.
    static func notConnected(to endpoint: Endpoint, _ reason: String) -> CallError {
        var error = transport(.unavailable, "cannot connect to \(endpoint.url): \(reason)")
        error.wasNotExecuted = true
        return error
    }

    /// The error of a call that was abandoned before its answer came.
    public static func givenUp(_ method: Method) -> CallError {
        var error = CallError(.cancelled, "abandoned before the answer arrived", origin: .transport)
        error.method = method.displayName
        error.outcomeIsUnknown = true
        return error
    }

    public var description: String {
        var text = method.isEmpty ? "" : method + ": "
        text += code.name
        if !message.isEmpty { text += ": " + message }
        return text
    }

    /// How long the server asks to wait before the next attempt, in nanoseconds: by
    /// google.rpc.RetryInfo, or by the header `retry-after`.
    public var retryDelay: Int64? { retryInfo ?? retryAfter }

    private var retryInfo: Int64? {
        for detail in details where detail.type.fullName == "google.rpc.RetryInfo" {
            guard let delay = detail.message(.retryDelay) else { continue }
            let seconds = Int64(delay.integer(.seconds)).clamped(to: 0...86_400)
            return seconds * 1_000_000_000 + Int64(delay.integer(.nanos))
        }
        return nil
    }

    /// Whether the same call may succeed later.
    public var isRetryable: Bool {
        switch code {
        case .unavailable: true
        case .resourceExhausted: retryDelay != nil
        default: false
        }
    }

    /// Takes violations out of google.rpc.BadRequest.
    mutating func readViolations() {
        for detail in details where detail.type.fullName == "google.rpc.BadRequest" {
            for violation in detail.messages(.fieldViolations) {
                violations.append(
                    Violation(
                        path: violation.string(.field), rule: violation.string(.reason),
                        message: violation.string(.description)))
            }
        }
    }
}

extension Comparable {
    /// The nearest value inside a range.
    func clamped(to range: ClosedRange<Self>) -> Self {
        min(max(self, range.lowerBound), range.upperBound)
    }
}
