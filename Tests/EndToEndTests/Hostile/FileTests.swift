import Foundation
import TestSupport
import Testing

/// Files that are written: what links point to, devices, and what holds something else.
@Suite struct FileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Options and commands that write a file; FILE is its path.
    static let writers: [(name: String, words: [String])] = [
        ("--audit", ["--audit", "FILE", "-e", "return 1"]),
        ("--trace-file", ["--sandbox", "--trace-file", "FILE", "-e", "return 1"]),
        ("--record", ["--record", "FILE", "-e", "return 1"]),
        ("api --export", ["api", "--export", "FILE"]),
    ]

    private func words(_ words: [String], _ file: String) -> [String] {
        words.map { $0 == "FILE" ? file : $0 }
    }

    @Test(arguments: writers)
    func whatALinkPointsToIsLeftAlone(_ name: String, _ words: [String]) throws {
        let kept = try folder.write("kept", "precious")
        let link = folder.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: kept)
        let result = try qcsh(self.words(words, link))
        #expect(result.status != 0, "\(name): \(result)")
        #expect(result.errors.contains("it is a symbolic link"), "\(name): \(result)")
        #expect(try String(contentsOfFile: kept, encoding: .utf8) == "precious")
        // One that leads nowhere makes nothing.
        try FileManager.default.removeItem(atPath: kept)
        _ = try qcsh(self.words(words, link))
        #expect(!FileManager.default.fileExists(atPath: kept), "\(name)")
    }

    @Test(arguments: writers)
    func whatAHardLinkSharesIsLeftAlone(_ name: String, _ words: [String]) throws {
        let kept = try folder.write("kept", "{precious}")
        let other = folder.path + "/other"
        try FileManager.default.linkItem(atPath: kept, toPath: other)
        _ = try qcsh(self.words(words, other))
        #expect(try String(contentsOfFile: kept, encoding: .utf8) == "{precious}", "\(name)")
    }

    /// A pipe that nobody reads, a folder: an error, at once.
    @Test(arguments: writers)
    func whatCannotBeWrittenIsAnErrorAndNotAWait(_ name: String, _ words: [String]) throws {
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        for place in [pipe, folder.path, folder.path + "/no/folder"] {
            let result = try run(
                "/usr/bin/timeout", ["20", Project.qcsh] + self.words(words, place))
            #expect(result.status == 1, "\(name) \(place): \(result)")
            #expect(result.errors.contains(place), "\(name) \(place): \(result)")
        }
    }

    /// A device keeps its mode: /dev/null of a machine is everybody's.
    @Test(arguments: writers)
    func aDeviceKeepsItsMode(_ name: String, _ words: [String]) throws {
        func mode() throws -> Int {
            try #require(
                try FileManager.default.attributesOfItem(atPath: "/dev/null")[.posixPermissions]
                    as? Int)
        }
        let before = try mode()
        _ = try qcsh(self.words(words, "/dev/null"))
        #expect(try mode() == before, "\(name)")
    }

    @Test func aFullDiskIsAFailure() throws {
        for words in [
            ["--audit", "FILE", "-e", "return env.HOME"], Self.writers[1].words,
        ] {
            let result = try qcsh(self.words(words, "/dev/full"))
            #expect(result.status == 1, "\(result)")
            #expect(result.errors.contains("No space left on device"), "\(result)")
        }
    }

    @Test func aRecordingReplacesNothingButARecording() throws {
        let script = try folder.write("script.lua", "return 1\n")
        let refused = try qcsh(["--record", script, script])
        #expect(
            refused.status == 1 && refused.errors.contains("has other contents"), "\(refused)")
        #expect(try String(contentsOfFile: script, encoding: .utf8) == "return 1\n")
        let recording = folder.path + "/run.jsonl"
        for _ in 1...2 { #expect(try qcsh(["--record", recording, script]).status == 0) }
    }

    @Test func aSnapshotDoesNotFollowALink() throws {
        let sandbox = try RunningSandbox("--speed", "instant", "--seed", "bare")
        let kept = try folder.write("kept", "precious")
        let link = folder.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: kept)
        let result = try qcsh(
            ["sandbox", "snapshot", link, "--force"],
            environment: ["XDG_STATE_HOME": sandbox.server.stateFolder])
        #expect(result.status == 1 && result.errors.contains("symbolic link"), "\(result)")
        #expect(try String(contentsOfFile: kept, encoding: .utf8) == "precious")
    }

    /// The configuration is looked for unasked: nobody waits for it, and its size is bounded.
    @Test(arguments: ["pipe", "zero", "folder"])
    func aConfigurationHasToBeARegularFile(_ kind: String) throws {
        let path = folder.path + "/config.yaml"
        switch kind {
        case "pipe": #expect(mkfifo(path, 0o600) == 0)
        case "zero":
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: "/dev/zero")
        default:
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false)
        }
        for words in [
            ["-e", "return qdrant.api.cluster.list_clusters {}"], ["context", "list"],
            ["context", "use", "x"], ["doctor"],
        ] {
            let result = try run(
                "/usr/bin/timeout", ["20", Project.qcsh] + words,
                environment: ["QDRANT_CLOUD_CONFIG": path])
            #expect(result.status != 124 && result.status != 0, "\(words): \(result)")
            #expect(
                (result.errors + result.output).contains(
                    kind == "folder" ? "directory" : "not a regular file"), "\(words): \(result)")
        }
    }

    /// YAML whose size says nothing of what it stands for, wherever YAML is read.
    static let bombs: [(name: String, text: String, words: String)] = [
        (
            "aliases",
            (["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
                + (1...9).map { level in
                    "a\(level): &a\(level) ["
                        + Array(repeating: "*a\(level - 1)", count: 9)
                        .joined(separator: ", ") + "]"
                }).joined(separator: "\n"), "expands to more than 1000000 values"
        ),
        ("a key that is a collection", "{{a: b}: c}", "a key must be a single value (line 1)"),
        ("an alias as a key", "a: &a [1]\nb: {*a : 1}", "a key must be a single value (line 2)"),
        ("a set", "!!set {? [x]}", "a key must be a single value (line 1)"),
        (
            "depth", String(repeating: "[", count: 101) + String(repeating: "]", count: 101),
            "nested deeper than 100"
        ),
        ("more depth", String(repeating: "[", count: 3000), "Maximum nesting level"),
    ]

    @Test(arguments: bombs)
    func yamlFromOutsideIsMeasuredBeforeItIsRead(
        _ name: String, _ text: String, _ words: String
    ) throws {
        let file = try folder.write("bomb.yaml", text)
        let fault = try folder.write("fault.lua", "")
        _ = fault
        for command in [
            ["-e", "return yaml.decode(fs.read(env.FILE))"],
            ["-e", "return #yaml.decode_all(fs.read(env.FILE))"],
            ["-e", "return qdrant.api.cluster.list_clusters {}"], ["context", "list"],
            ["context", "use", "x"], ["sandbox", "--seed", file], ["sandbox", "--faults", file],
            ["sandbox", "--fault", text],
        ] {
            let result = try run(
                "/usr/bin/timeout", ["20", Project.qcsh] + command,
                environment: ["QDRANT_CLOUD_CONFIG": file, "FILE": file])
            #expect([1, 2].contains(result.status), "\(command): \(result)")
            #expect(result.errors.contains(words), "\(command): \(result)")
        }
        let sandbox = try RunningSandbox("--speed", "instant", "--seed", "bare")
        for path in ["/faults", "/reset", "/time"] {
            let answer = try run(
                "/usr/bin/curl",
                [
                    "-sS", "--max-time", "20", "-X", "POST", "--data-binary", "@" + file, "-H",
                    "Authorization: Bearer \(try #require(sandbox.server.announcement["admin_token"]))",
                    sandbox.endpoint + "/sandbox/v1" + path,
                ])
            #expect(answer.output.contains(words), "\(path): \(answer)")
        }
    }
}
