import CloudClient
import GRPCProtocol
import Glibc
import LuaMachine
import LuaMessages
import Shell

/// Notes calls in the Trace Event Format, which `chrome://tracing` and Perfetto show.
final class CallTracer {
    private let file: String
    private var events: [String] = []
    /// When the last call of each lane ended: calls at once are shown below each other.
    private var lanes: [Int64] = []

    init(file: String) { self.file = file }

    /// Notes an attempt that has ended.
    func add(_ record: TraceRecord) {
        let (sum, overflow) = record.started.addingReportingOverflow(record.duration)
        let end = overflow ? .max : sum
        let lane = lanes.firstIndex { $0 <= record.started } ?? lanes.count
        if lane == lanes.count { lanes.append(end) } else { lanes[lane] = end }
        let members: KeyValuePairs<String, LuaValue> = [
            "status": .text(record.code.name), "transport": .text(record.transport.rawValue),
            "attempt": .integer(Int64(record.attempt)), "bytes": .integer(Int64(record.size)),
            "trace_id": record.traceID.map { .text($0) } ?? .null,
        ]
        let event: KeyValuePairs<String, LuaValue> = [
            "name": .text(record.method), "cat": .text("call"), "ph": .text("X"),
            "ts": .number(Double(record.started) / 1000),
            "dur": .number(Double(record.duration) / 1000), "pid": .integer(1),
            "tid": .integer(Int64(lane + 1)),
            "args": .table(LuaTable(entries: members.map { (.text($0.key), $0.value) })),
        ]
        events.append(
            ValueJSON(registry: .embedded).text(
                .table(LuaTable(entries: event.map { (.text($0.key), $0.value) }))))
    }

    /// Writes the file.
    func write() {
        let text = "[\n" + events.joined(separator: ",\n") + "\n]\n"
        if !UserFiles.writePrivately(Array(text.utf8), to: file) {
            Output.fail("--trace-file \(file): \(UserFiles.reason)")
        }
    }
}
