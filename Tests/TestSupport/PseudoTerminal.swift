import Foundation

/// A program on a terminal of its own, driven by typing and reading.
public final class PseudoTerminal {
    private let process = Process()
    private let master: FileHandle
    private let ended = DispatchSemaphore(value: 0)
    /// What the program has shown so far.
    public private(set) var screen = ""

    /// TIOCSPTLCK and TIOCGPTN of Linux, which Swift does not import.
    private static let unlockRequest: UInt = 0x4004_5431
    private static let numberRequest: UInt = 0x8004_5430

    public init(_ program: String, _ arguments: [String], home: String) throws {
        let descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var unlock: Int32 = 0
        var number: UInt32 = 0
        guard descriptor >= 0, ioctl(descriptor, Self.unlockRequest, &unlock) == 0,
            ioctl(descriptor, Self.numberRequest, &number) == 0
        else { throw CocoaError(.fileReadUnknown) }
        let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        master = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let terminal = FileHandle(fileDescriptor: slave, closeOnDealloc: true)
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": home,
            "TERM": "xterm", "INPUTRC": "/dev/null",
        ]
        process.standardInput = terminal
        process.standardOutput = terminal
        process.standardError = terminal
        process.terminationHandler = { [ended] _ in ended.signal() }
        try process.run()
        try terminal.close()
    }

    /// Types a text; a line ends with a carriage return.
    public func type(_ text: String) { try? master.write(contentsOf: Data(text.utf8)) }

    /// Sends a signal, as the terminal does for Ctrl-C.
    public func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Reads until a text has been shown behind what was waited for before; false after the limit.
    public func wait(for text: String, seconds: Double = 20) -> Bool {
        let deadline = Date().addingTimeInterval(seconds)
        while Date() < deadline {
            if let range = screen.range(of: text) {
                screen.removeSubrange(..<range.upperBound)
                return true
            }
            var entry = pollfd(fd: master.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 100) > 0 else { continue }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(master.fileDescriptor, &buffer, buffer.count)
            guard count > 0 else { return screen.contains(text) }
            defer {
                // What turns bracketed paste on and off says nothing to a reader.
                for mode in ["\u{1b}[?2004l", "\u{1b}[?2004h"] {
                    screen = screen.replacingOccurrences(of: mode, with: "")
                }
            }
            // A carriage return before a line feed would make one character of both.
            screen += String(
                decoding: buffer[..<count].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        }
        return false
    }

    /// The exit status, once the program has ended by itself; nil when it does not.
    public func exitStatus(seconds: Double = 20) -> Int32? {
        let deadline = Date().addingTimeInterval(seconds)
        while ended.wait(timeout: .now()) != .success {
            guard Date() < deadline else { return nil }
            // Whoever waits for the program's output to be read must not wait for ever.
            _ = wait(for: "\u{0}", seconds: 0.05)
        }
        ended.signal()
        _ = wait(for: "\u{0}", seconds: 0.05)
        return process.terminationStatus
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
}
