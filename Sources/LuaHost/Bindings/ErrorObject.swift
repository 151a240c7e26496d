import CloudClient
import Codec
import Contract

/// The error objects that scripts see.
enum ErrorObject {
    /// The number of the metatable that `host/boot.lua` registers for errors.
    static let meta: UInt32 = 1

    /// Writes a failed call as an error object.
    static func write(_ error: CallError, to writer: TapeWriter, machine: LuaMachine) {
        writer.object(meta: meta) {
            writer.put("code")
            writer.put(error.code.name)
            writer.put("message")
            writer.put(error.message)
            if !error.method.isEmpty {
                writer.put("method")
                writer.put(error.method)
            }
            writer.put("origin")
            writer.put("\(error.origin)")
            writer.put("details")
            writer.list {
                var sink = TapeSink(writer, machine: machine)
                for detail in error.details { sink.write(detail) }
            }
            writer.put("violations")
            writer.list { for violation in error.violations { write(violation, to: writer) } }
            if let trace = error.traceID {
                writer.put("trace_id")
                writer.put(trace)
            }
            if let status = error.httpStatus {
                writer.put("http_status")
                writer.put(status)
            }
            writer.put("attempts")
            writer.put(error.attempts)
            writer.put("retryable")
            writer.put(error.isRetryable)
            writer.put("outcome_unknown")
            writer.put(error.outcomeIsUnknown)
        }
    }

    private static func write(_ violation: Violation, to writer: TapeWriter) {
        writer.table {
            writer.put("path")
            writer.put(violation.path)
            writer.put("rule")
            writer.put(violation.rule)
            writer.put("message")
            writer.put(violation.message)
            if !violation.value.isEmpty {
                writer.put("value")
                writer.put(violation.value)
            }
        }
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
