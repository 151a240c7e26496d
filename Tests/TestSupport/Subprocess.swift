import Foundation

/// What a program did.
public struct ProgramResult: Sendable {
    public let status: Int32
    public let output: String
    public let errors: String
}

/// The project's folders and programs, as tests find them.
public enum Project {
    /// The folder of Package.swift.
    public static let root: String = {
        var path = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { path.deleteLastPathComponent() }
        return path.path
    }()

    /// The program under test, from the build that the tests are part of.
    public static let qcsh: String = {
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0])
        var folder = bundle.deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("qcsh").path
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
            folder.deleteLastPathComponent()
        }
        return root + "/.build/debug/qcsh"
    }()

    /// A program of the virtual environment.
    public static func tool(_ name: String) -> String { root + "/.build/venv/bin/" + name }
}

/// A folder that goes when the test is over.
public final class TemporaryFolder: Sendable {
    public let path: String

    public init() throws {
        path = NSTemporaryDirectory() + "/qcsh-test-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and returns its path.
    @discardableResult
    public func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        let parent = URL(fileURLWithPath: file).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }
}

/// Runs a program to its end, with an environment of its own.
public func run(
    _ program: String, _ arguments: [String], input: String = "",
    environment: [String: String] = [:], folder: String? = nil
) throws -> ProgramResult {
    let home = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    var variables = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": home.path]
    variables["XDG_STATE_HOME"] = home.path + "/state"
    variables["XDG_CONFIG_HOME"] = home.path + "/config"
    variables["XDG_DATA_HOME"] = home.path + "/data"
    process.environment = variables.merging(environment) { _, new in new }
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    // Errors go to a file, so that two full pipes cannot wait for each other.
    let errorFile = home.path + "/stderr"
    _ = FileManager.default.createFile(atPath: errorFile, contents: nil)
    process.standardError = FileHandle(forWritingAtPath: errorFile)
    try process.run()
    try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let output = stdout.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return ProgramResult(
        status: process.terminationStatus, output: String(decoding: output, as: UTF8.self),
        errors: String(
            decoding: FileManager.default.contents(atPath: errorFile) ?? Data(), as: UTF8.self))
}

/// Runs the program under test.
public func qcsh(
    _ arguments: [String], input: String = "", environment: [String: String] = [:],
    folder: String? = nil
) throws -> ProgramResult {
    try run(Project.qcsh, arguments, input: input, environment: environment, folder: folder)
}

/// A server in a process of its own that announces itself with one line of JSON.
public final class ServerProcess: @unchecked Sendable {
    private let process = Process()
    private let input = Pipe()
    private let ended = DispatchSemaphore(value: 0)
    private let state: TemporaryFolder
    /// The members of the announcement that are texts.
    public let announcement: [String: String]

    /// `127.0.0.1:port`.
    public var address: String { announcement["address"] ?? "" }

    public init(_ program: String, _ arguments: [String], home: String? = nil) throws {
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        state = try TemporaryFolder()
        if let home {
            process.environment = [
                "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": home,
            ]
        } else {
            // A sandbox tells of itself there; it is none of the user's.
            process.environment = ProcessInfo.processInfo.environment.merging(
                ["XDG_STATE_HOME": state.path]) { _, own in own }
        }
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = input
        process.standardError = FileHandle.standardError
        process.terminationHandler = { [ended] _ in ended.signal() }
        try process.run()
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
            if byte[0] == UInt8(ascii: "\n") { break }
            line += byte
        }
        let object = try JSONSerialization.jsonObject(with: line) as? [String: Any] ?? [:]
        announcement = object.compactMapValues { $0 as? String }
    }

    /// A Python peer of Tests/Fixtures/peers; it ends when this object does.
    public static func peer(_ name: String, _ arguments: [String] = []) throws -> ServerProcess {
        try ServerProcess(
            Project.tool("python"),
            ["-B", Project.root + "/Tests/Fixtures/peers/\(name).py", "--exit-with-stdin"]
                + arguments)
    }

    /// Where what the server remembers is, for other programs of the same user.
    public var stateFolder: String { state.path }

    /// Ends the server and waits for it.
    @discardableResult
    public func stop(_ signal: Int32 = SIGTERM) -> Int32 {
        // Children of a dispatch thread are born with signals blocked: peers watch their input.
        try? input.fileHandleForWriting.close()
        if process.isRunning { kill(process.processIdentifier, signal) }
        ended.wait()
        ended.signal()
        return process.terminationStatus
    }

    public var processIdentifier: Int32 { process.processIdentifier }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
}
