import CloudClient
import Codec
import Contract
import EventLoop
import LuaMachine
import Shell

/// Names and IDs of the account, for completions: read by the connection that the command line
/// describes, and given up after a short time.
struct AccountNames {
    /// How long a Tab waits for the API, in nanoseconds.
    private static let patience: Int64 = 3_000_000_000

    private let options: RunOptions
    private let loop = PollLoop(now: Clocks.monotonic)
    private var opened: (connections: Connections, session: Session)?

    /// - Parameter line: the options of the command line, which choose the connection.
    init(_ line: [(name: String, value: String)]) {
        var options = RunOptions()
        options.isReadOnly = true
        for (name, value) in line {
            switch name {
            case "--sandbox": options.sandbox = true
            case "--context": options.context = value
            case "--endpoint": options.endpoint = value
            case "--rest-endpoint": options.restEndpoint = value
            case "--transport": options.transport = TransportKind(rawValue: value)
            case "--account": options.account = value
            case "--ca-file": options.caFile = value
            default: break
            }
        }
        self.options = options
    }

    /// The items that a method lists; none when the API cannot be reached in time.
    mutating func list(_ name: String, _ fields: [String: String]) -> [Message] {
        guard let session = session(),
            let method = try? session.registry.allMethods().first(where: { $0.displayName == name })
        else { return [] }
        var request = Message(method.input)
        for (name, value) in fields {
            guard let field = method.input.field(named: name) else { continue }
            request[field] = .string(value)
        }
        var callOptions = CallOptions()
        callOptions.timeout = Self.patience
        callOptions.retries = 0
        var outcome: Result<Reply, CallError>?
        session.call(method, request, options: callOptions) { outcome = $0 }
        loop.run { outcome != nil }
        guard case .success(let reply)? = outcome else { return [] }
        return (try? reply.message(as: method.output))?.messages(.items) ?? []
    }

    /// What people call an item.
    static func label(of item: Message) -> String {
        NameSource.labels.map { text($0, of: item) }.first { !$0.isEmpty } ?? ""
    }

    /// The text of a field of an item; empty when it has none of the name.
    static func text(_ name: String, of item: Message) -> String {
        guard let field = item.type.field(named: name), case .string(let text)? = item[field] else {
            return ""
        }
        return text
    }

    private mutating func session() -> Session? {
        if let opened { return opened.session }
        Interrupts.limitRun(to: Self.patience)
        let connections = Connections(options, loop: loop, bound: RunLimits(options).bound)
        guard let session = try? connections.open(LuaTable()) else { return nil }
        opened = (connections, session)
        return session
    }
}
