import Foundation

/// A program on a terminal whose screen can be looked at: `terminal.py` with pyte.
public final class Screen {
    /// What one cell looks like.
    public struct Style: Decodable, Sendable {
        public let text: String
        public let color: String
        public let background: String
        public let bold: Bool
        public let reverse: Bool
        public let underline: Bool
    }

    /// What the terminal's driver has been told to do.
    public struct Modes: Decodable, Sendable {
        public let echo: Bool
        public let canonical: Bool
    }

    private struct Answer: Decodable {
        var found: Bool?
        var status: Int32?
        var screen: [String]?
        var cursor: [Int]?
        var style: Style?
        var modes: Modes?
        var milliseconds: [Double]?
    }

    private struct Order: Encodable {
        var `do`: String
        var text: String?
        var gone: Bool?
        var seconds: Double?
        var columns: Int?
        var rows: Int?
        var number: Int32?
        var row: Int?
        var column: Int?
    }

    private struct Begin: Encodable {
        let argv: [String]
        let env: [String: String]
        let columns: Int
        let rows: Int
        let job: Bool
    }

    /// How long a text is waited for, in seconds.
    public static let patience = 20.0

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var unread = Data()

    /// The rows, without blanks at their ends.
    public private(set) var lines: [String] = []
    /// Row and column from 0.
    public private(set) var cursor = (row: 0, column: 0)

    /// Starts a program.
    ///
    /// - Parameter isJob: whether it is started as a shell starts a job, so that it can be stopped.
    public init(
        _ program: String, _ arguments: [String], home: String, columns: Int = 80, rows: Int = 24,
        environment: [String: String] = [:], isJob: Bool = false
    ) throws {
        process.executableURL = URL(fileURLWithPath: Project.tool("python"))
        process.arguments = [Project.root + "/Tests/Fixtures/peers/terminal.py"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var variables = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": home,
            "TERM": "xterm-256color", "INPUTRC": "/dev/null", "LANG": "C.UTF-8", "PAGER": "cat",
        ]
        variables.merge(environment) { _, new in new }
        try send(
            Begin(
                argv: [program] + arguments, env: variables, columns: columns, rows: rows,
                job: isJob))
        _ = try receive()
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    private func send(_ order: some Encodable) throws {
        var line = try JSONEncoder().encode(order)
        line.append(0x0a)
        try input.fileHandleForWriting.write(contentsOf: line)
    }

    private func receive() throws -> Answer {
        while true {
            if let end = unread.firstIndex(of: 0x0a) {
                let line = unread[..<end]
                unread = Data(unread[unread.index(after: end)...])
                let answer = try JSONDecoder().decode(Answer.self, from: line)
                if let screen = answer.screen { lines = screen }
                if let place = answer.cursor { cursor = (place[0], place[1]) }
                return answer
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw CocoaError(.fileReadUnknown) }
            unread += more
        }
    }

    @discardableResult
    private func perform(_ order: Order) throws -> Answer {
        try send(order)
        return try receive()
    }

    /// The whole screen as one text, without empty rows at its end.
    public var text: String {
        var rows = lines
        while rows.last?.isEmpty == true { rows.removeLast() }
        return rows.joined(separator: "\n")
    }

    /// Types a text; a line ends with a carriage return.
    public func type(_ text: String) throws { try perform(Order(do: "type", text: text)) }

    /// Waits until a text is on the screen; false after the limit.
    public func shows(_ text: String, seconds: Double = Screen.patience) throws -> Bool {
        try perform(Order(do: "wait", text: text, seconds: seconds)).found ?? false
    }

    /// Waits until the cursor stands behind a text; false after the limit.
    public func isAt(_ text: String, seconds: Double = Screen.patience) throws -> Bool {
        try perform(Order(do: "wait_at", text: text, seconds: seconds)).found ?? false
    }

    /// Waits until a text is not on the screen; false after the limit.
    public func loses(_ text: String, seconds: Double = Screen.patience) throws -> Bool {
        try perform(Order(do: "wait", text: text, gone: true, seconds: seconds)).found ?? false
    }

    /// Types key by key; how long each took to show, in milliseconds.
    public func latencies(_ keys: String) throws -> [Double] {
        try perform(Order(do: "keys", text: keys, seconds: 5)).milliseconds ?? []
    }

    /// Reads what comes next, for at most some seconds.
    public func refresh(seconds: Double) throws { try perform(Order(do: "read", seconds: seconds)) }

    public func resize(columns: Int, rows: Int) throws {
        try perform(Order(do: "resize", columns: columns, rows: rows))
    }

    public func signal(_ number: Int32) throws { try perform(Order(do: "signal", number: number)) }

    /// Whether the program is stopped, as by Ctrl-Z.
    public func isStopped() throws -> Bool {
        try perform(Order(do: "stopped", seconds: 10)).found ?? false
    }

    /// The exit status, once the program has ended; nil when it does not.
    public func exitStatus() throws -> Int32? {
        try perform(Order(do: "exit", seconds: 20)).status
    }

    /// Takes the terminal away; the exit status, or the number of the signal, negative.
    public func hangUp() throws -> Int32? {
        try perform(Order(do: "hang_up", seconds: 20)).status
    }

    public func style(row: Int, column: Int) throws -> Style? {
        try perform(Order(do: "style", row: row, column: column)).style
    }

    public func modes() throws -> Modes? { try perform(Order(do: "modes")).modes }
}
