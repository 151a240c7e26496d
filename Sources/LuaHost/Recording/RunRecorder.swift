import CloudClient
import Codec
import Contract
import GRPCProtocol
import LuaMachine
import LuaMessages

/// Records all external input of a run, so that the run can be replayed without it: answers of the
/// API and of other hosts, results of programs, clock readings, random values, and the order in
/// which waits ended.
///
/// A file of JSON lines, each written at once. Secrets are masked: those of the contract by their
/// fields, and every one that is known wherever it occurs.
public final class RunRecorder: WaitRecorder {
    /// The version of the form.
    static let version: Int64 = 1

    private let write: ([UInt8]) -> Void
    private var secrets: [String] = []
    private var waits: Int64 = 0
    private var calls: Int64 = 0
    private var uses: Int64 = 0

    /// Creates a recorder.
    ///
    /// - Parameters:
    ///   - program: who records, for people.
    ///   - write: takes whole lines.
    public init(program: String, write: @escaping ([UInt8]) -> Void) {
        self.write = write
        append(["recording": .integer(Self.version), "program": .text(program)])
    }

    /// Has a text masked wherever it occurs from now on.
    public func hide(_ secret: [UInt8]) {
        guard secret.count >= 6, let text = String(validating: secret, as: UTF8.self),
            !secrets.contains(text)
        else { return }
        secrets.append(text)
    }

    func append(_ members: KeyValuePairs<String, LuaValue>) {
        let table = LuaTable(entries: members.map { (.text($0.key), $0.value) })
        var line = ValueJSON(registry: .embedded).text(.table(table))
        for secret in secrets {
            line = line.replacing(secret, by: SecretMask.text)
            // As it stands inside of a JSON text.
            let quoted = String(ValueText.quoted(secret).dropFirst().dropLast())
            if quoted != secret { line = line.replacing(quoted, by: SecretMask.text) }
        }
        write(Array((URLMask.masked(line) + "\n").utf8))
    }

    // MARK: - What is recorded

    /// A value that something outside has given at once.
    func value(_ kind: String, _ values: [LuaValue]) {
        for value in values { hideSecrets(in: value) }
        append([kind: .list(values.map(RecordedValue.encode))])
    }

    public func nextWait() -> Int64 {
        waits += 1
        return waits
    }

    public func wake(_ number: Int64) { append(["wake": .integer(number)]) }

    func nextUse() -> Int64 {
        uses += 1
        return uses
    }

    /// What a function of the host that reaches outside has given.
    func use(_ number: Int64, _ name: String, _ about: String, _ ok: Bool, _ values: [LuaValue]) {
        for value in values { hideSecrets(in: value) }
        append([
            "use": .integer(number), "name": .text(name), "about": .text(about), "ok": .bool(ok),
            "results": .list(values.map(RecordedValue.encode)),
        ])
    }

    private func hideSecrets(in value: LuaValue) {
        switch value {
        case .secret(let bytes): hide(bytes)
        case .table(let table): for entry in table.entries { hideSecrets(in: entry.value) }
        default: break
        }
    }

    /// A session that was opened, without its credential.
    public func session(_ configuration: SessionConfiguration) {
        switch configuration.credential {
        case .managementKey(let text), .userToken(let text): hide(Array(text.utf8))
        case .none, .helper: break
        }
        var kind = "none"
        switch configuration.credential {
        case .managementKey: kind = "key"
        case .userToken: kind = "token"
        case .helper(let helper): kind = helper.isToken ? "token" : "key"
        case .none: break
        }
        append([
            "session": .text(configuration.endpoint.url),
            "rest": .text(configuration.restEndpoint.url),
            "transport": .text(configuration.transport.rawValue), "credential": .text(kind),
            "account": configuration.accountID.map { .text($0) } ?? .null,
            "context": configuration.contextName.map { .text($0) } ?? .null,
        ])
    }

    func call(_ call: OutgoingCall) -> Int64 {
        calls += 1
        call.request.secrets { hide($0) }
        append([
            "call": .integer(calls), "method": .text(call.method.path.droppingSlash),
            "request": Self.json(call.request.redacted),
        ])
        return calls
    }

    func reply(
        _ number: Int64, to call: OutgoingCall, _ result: Result<Reply, CallError>,
        duration: Int64
    ) {
        let milliseconds = LuaValue.number(Double(duration) / 1e6)
        switch result {
        case .success(let reply):
            guard let message = try? reply.message(as: call.method.output) else { return }
            message.secrets { hide($0) }
            append([
                "reply": .integer(number), "response": Self.json(message.redacted),
                "trace_id": reply.traceID.map { .text($0) } ?? .null,
                "size": .integer(Int64(reply.body.count)), "milliseconds": milliseconds,
            ])
        case .failure(let error):
            append([
                "reply": .integer(number), "error": Self.json(error),
                "milliseconds": milliseconds,
            ])
        }
    }

    static func json(_ message: Message) -> LuaValue {
        (try? ValueJSON.value(Array(JSONWriter().text(message).utf8))) ?? .nil
    }

    private static func json(_ error: CallError) -> LuaValue {
        let members: KeyValuePairs<String, LuaValue> = [
            "code": .text(error.code.name), "message": .text(error.message),
            "origin": .text("\(error.origin)"),
            "http_status": error.httpStatus.map { .integer(Int64($0)) } ?? .null,
            "trace_id": error.traceID.map { .text($0) } ?? .null,
            "attempts": .integer(Int64(error.attempts)),
            "outcome_unknown": .bool(error.outcomeIsUnknown),
            "violations": .list(
                error.violations.map { one in
                    .list([.text(one.path), .text(one.rule), .text(one.message)])
                }),
            "details": .list(
                error.details.map { detail in
                    .list([.text(detail.type.fullName), json(detail.redacted)])
                }),
        ]
        return .table(LuaTable(entries: members.map { (.text($0.key), $0.value) }))
    }
}

extension String {
    /// A path without its first character.
    var droppingSlash: String { hasPrefix("/") ? String(dropFirst()) : self }
}
