import CloudClient
import Codec
import Contract
import GRPCProtocol

/// The error objects that scripts see.
enum ErrorObject {
    /// The number of the metatable that `host/boot.lua` registers for errors.
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
