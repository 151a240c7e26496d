import Codec
import Contract
import GRPCProtocol

/// An error that the sandbox answers with.
struct APIError: Error {
    let code: StatusCode
    let message: String
    var violations: [Violation] = []
    /// After how many nanoseconds a client may try again (google.rpc.RetryInfo).
    var retryAfter: Int64?

    /// Whether the error has details in addition to its code and message.
    var hasDetails: Bool { !violations.isEmpty || retryAfter != nil }

    init(_ code: StatusCode, _ message: String) {
        self.code = code
        self.message = message
    }

    /// How many broken rules an answer names: it goes into headers and a journal.
    static let mostViolations = 100

    /// A request that breaks rules of the contract.
    init(violations: [Violation]) {
        code = .invalidArgument
        let more = violations.count - Self.mostViolations
        let violations = Array(violations.prefix(Self.mostViolations))
        message =
            violations.map { violation in
                (violation.path.isEmpty ? "" : violation.path + ": ")
                    + "\(violation.message) [\(violation.rule)]"
            }.joined(separator: "; ") + (more > 0 ? "; and \(more) more" : "")
        self.violations = violations
    }

    /// An id that the account does not have.
    static func notFound(_ what: String, _ id: String) -> APIError {
        APIError(.notFound, "\(what) \(id) does not exist in this account")
    }

    /// google.rpc.Status with google.rpc.BadRequest for the broken rules and google.rpc.RetryInfo.
    func status(registry: Registry) -> Message? {
        guard let type = try? registry.message(named: "google.rpc.Status") else { return nil }
        var status = Message(type)
        status.set(.code, code.rawValue)
        status.set(.message, message)
        var details: [Message] = []
        if !violations.isEmpty, let detail = badRequest(registry) { details.append(detail) }
        if let retryAfter, let type = try? registry.message(named: "google.rpc.RetryInfo") {
            var detail = Message(type)
            detail.edit(.retryDelay) {
                $0[.seconds] = .int(retryAfter / Nanoseconds.second)
                $0[.nanos] = .int(retryAfter % Nanoseconds.second)
            }
            details.append(detail)
        }
        if !details.isEmpty {
            status.set(
                .details,
                details.map { detail in
                    var packed = status.new(.details)
                    packed.set(.typeURL, "type.googleapis.com/" + detail.type.fullName)
                    packed[.value] = .bytes(detail.serialized())
                    return packed
                })
        }
        return status
    }

    private func badRequest(_ registry: Registry) -> Message? {
        guard let type = try? registry.message(named: "google.rpc.BadRequest") else { return nil }
        var detail = Message(type)
        detail.set(
            .fieldViolations,
            violations.map { violation in
                var entry = detail.new(.fieldViolations)
                entry.set(.field, violation.path)
                entry.set(.description, violation.message)
                if entry.type.field(.reason) != nil { entry.set(.reason, violation.rule) }
                return entry
            })
        return detail
    }
}
