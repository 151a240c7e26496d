import CloudClient
import Codec
import Contract
import GRPCProtocol
import LuaMachine
import LuaMessages

/// The error objects that scripts see.
enum ErrorObject {
    /// The number of the metatable that `host/boot/errors.lua` registers for errors.
    static let meta: UInt32 = 1

    /// Writes a failed call as an error object.
    static func write(_ error: CallError, to writer: TapeWriter, machine: LuaMachine) {
        writer.object(meta: meta) {
            for (key, value) in entries(error) {
                writer.put(key)
                writer.put(value)
            }
            writer.put("details")
            writer.list {
                var sink = TapeSink(writer, machine: machine)
                for detail in error.details { sink.write(detail) }
            }
        }
    }

    /// The members of an error object but for the details, which are messages.
    static func entries(_ error: CallError) -> [(key: LuaValue, value: LuaValue)] {
        let members: KeyValuePairs<String, LuaValue?> = [
            "code": .text(error.code.name), "message": .text(error.message),
            "method": error.method.isEmpty ? nil : .text(error.method),
            "origin": .text("\(error.origin)"),
            "violations": .list(error.violations.map(value)),
            "trace_id": error.traceID.map { .text($0) },
            "http_status": error.httpStatus.map { .integer(Int64($0)) },
            "attempts": .integer(Int64(error.attempts)), "retryable": .bool(error.isRetryable),
            "retry_after": error.retryDelay.map { .number(Double($0) / 1e9) },
            "outcome_unknown": .bool(error.outcomeIsUnknown),
        ]
        return members.compactMap { name, value in value.map { (.text(name), $0) } }
    }

    private static func value(_ violation: Violation) -> LuaValue {
        let members: KeyValuePairs<String, String> = [
            "path": violation.path, "rule": violation.rule, "message": violation.message,
            "value": violation.value,
        ]
        return .table(
            LuaTable(
                entries: members.filter { $0.key != "value" || !$0.value.isEmpty }
                    .map { (.text($0.key), .text($0.value)) }))
    }

    /// A request that does not fit its message type.
    static func refusal(_ error: CodecError, of method: Method) -> CallError {
        var refusal = CallError(.invalidArgument, error.description, origin: .local)
        refusal.method = method.displayName
        refusal.violations = [
            Violation(path: error.path, rule: "type", message: error.sentence)
        ]
        return refusal
    }
}

extension LuaMachine {
    /// Raises a refusal as an error object; does nothing when there is none.
    func refuse(_ refusal: CallError?) throws(HostError) {
        guard let refusal else { return }
        throw .value { [self] in ErrorObject.write(refusal, to: $0, machine: self) }
    }
}

extension LuaFailure {
    /// A failed call, as a script would see its error; without the details.
    public init(_ error: CallError) {
        self.init(value: .table(LuaTable(entries: ErrorObject.entries(error))), traceback: "")
    }
}

extension SecretTexts {
    /// An error in whose words the secrets are masked.
    ///
    /// Values of fields are left out altogether: a message may show a part of one.
    func masked(_ error: CallError) -> CallError {
        guard !texts.isEmpty else { return error }
        var error = error
        for violation in error.violations where !violation.value.isEmpty {
            error.message = error.message.replacing(violation.value, by: SecretMask.text)
        }
        error.message = masked(error.message)
        error.violations = error.violations.map { violation in
            Violation(
                path: masked(violation.path), rule: violation.rule,
                message: masked(violation.message),
                value: violation.value.isEmpty ? "" : SecretMask.text)
        }
        error.details = error.details.map(masked)
        return error
    }
}
