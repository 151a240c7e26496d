import Codec
import Contract

/// An error that the sandbox answers with.
struct APIError: Error {
    /// The canonical codes that the sandbox uses (google/rpc/code.proto).
    enum Code: Int {
        case cancelled = 1
        case unknown = 2
        case invalidArgument = 3
        case deadlineExceeded = 4
        case notFound = 5
        case alreadyExists = 6
        case permissionDenied = 7
        case resourceExhausted = 8
        case failedPrecondition = 9
        case unimplemented = 12
        case `internal` = 13
        case unavailable = 14
        case unauthenticated = 16

        /// The HTTP status that grpc-gateway answers with.
        var httpStatus: Int {
            switch self {
            case .cancelled: 499
            case .unknown, .internal: 500
            case .invalidArgument, .failedPrecondition: 400
            case .deadlineExceeded: 504
            case .notFound: 404
            case .alreadyExists: 409
            case .permissionDenied: 403
            case .resourceExhausted: 429
            case .unimplemented: 501
            case .unavailable: 503
            case .unauthenticated: 401
            }
        }
    }

    let code: Code
    let message: String
    var violations: [Violation] = []

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// A request that breaks rules of the contract.
    init(violations: [Violation]) {
        code = .invalidArgument
        message = violations.map { violation in
            (violation.path.isEmpty ? "" : violation.path + ": ")
                + "\(violation.message) [\(violation.rule)]"
        }.joined(separator: "; ")
        self.violations = violations
    }

    /// An id that the account does not have.
    static func notFound(_ what: String, _ id: String) -> APIError {
        APIError(.notFound, "\(what) \(id) does not exist in this account")
    }

    /// google.rpc.Status with google.rpc.BadRequest for the broken rules.
    func status(registry: Registry) -> Message? {
        guard let type = try? registry.message(named: "google.rpc.Status"),
            let any = try? registry.message(named: "google.protobuf.Any"),
            let badRequest = try? registry.message(named: "google.rpc.BadRequest")
        else { return nil }
        var status = Message(type)
        status.set("code", code.rawValue)
        status.set("message", message)
        guard !violations.isEmpty else { return status }
        var detail = Message(badRequest)
        detail.set(
            "field_violations",
            violations.map { violation in
                var entry = detail.new("field_violations")
                entry.set("field", violation.path)
                entry.set("description", violation.message)
                if entry.type.field(named: "reason") != nil { entry.set("reason", violation.rule) }
                return entry
            })
        var packed = Message(any)
        packed.set("type_url", "type.googleapis.com/google.rpc.BadRequest")
        packed["value"] = .bytes(detail.serialized())
        status.set("details", [packed])
        return status
    }
}
