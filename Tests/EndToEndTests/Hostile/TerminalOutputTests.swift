import Foundation
import TestSupport
import Testing

/// Texts of others on a terminal: nothing in them steers it.
@Suite struct TerminalOutputTests {
    /// Sets the clipboard (OSC 52), moves the cursor (C1), turns text around (bidi), and ends lines
    /// where people do not see it.
    private static let evil = "a\u{1b}]52;c;aGk=\u{7}b\u{9b}2Jc\u{202e}d\u{2066}e\u{200f}f\u{2028}g"

    private static func isHarmless(_ text: String) -> Bool {
        !text.unicodeScalars.contains { scalar in
            switch scalar.value {
            case 0x07, 0x7f..<0xa0, 0x61c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069: true
            default: false
            }
        } && !text.contains("\u{1b}]")
    }

    /// What a program shows on a terminal of its own.
    private func shown(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> String {
        let folder = try TemporaryFolder()
        // script(1) is not everywhere; Python's pty is.
        let code = """
            import os, pty, sys
            chunks = []
            def read(descriptor):
                data = os.read(descriptor, 65536)
                chunks.append(data)
                return b""
            status = pty.spawn(sys.argv[2:], read)
            open(sys.argv[1], "wb").write(b"".join(chunks))
            """
        _ = try run(
            "/usr/bin/python3",
            ["-c", code, folder.path + "/shown", Project.qcsh] + arguments,
            environment: environment.merging(["TERM": "xterm"]) { own, _ in own })
        let data = try #require(FileManager.default.contents(atPath: folder.path + "/shown"))
        return String(decoding: data, as: UTF8.self)
    }

    @Test(arguments: ["table", "wide", "tree", "json", "jsonl", "yaml", "lua", "csv"])
    func resultsDoNotSteerIt(_ format: String) throws {
        let folder = try TemporaryFolder()
        let script = try folder.write(
            "rows.lua", "return { { name = \"\(Self.evil)\", [\"x\(Self.evil)\"] = 1 } }")
        let text = try shown(["--output", format, script])
        #expect(text.contains("aGk="), "\(text.debugDescription)")
        #expect(Self.isHarmless(text), "\(text.debugDescription)")
    }

    /// Errors, of every command that quotes what it was given.
    static let commands: [[String]] = [
        ["-e", "error(env.EVIL)"], ["-e", "log.info(env.EVIL, { [env.EVIL] = env.EVIL })"],
        ["-e", "print(term.safe(env.EVIL))"], ["-e", "print(json.encode(env.EVIL))"],
        ["-e", "term.table({ { a = env.EVIL } })"], ["EVIL.lua"], ["call", "EVIL"],
        ["call", "cluster.list_clusters", "EVIL=1"],
        ["call", "cluster.list_clusters", "-d", "EVIL"],
        ["api", "EVIL"], ["api", "--search", "EVIL"], ["check", "EVIL"],
        ["permit", "EVIL", "--from", "EVIL"],
        ["test", "EVIL"], ["plan", "EVIL"], ["context", "use", "EVIL"],
        ["context", "show", "EVIL"],
        ["context", "delete", "EVIL"], ["context", "list"],
        ["--context", "EVIL", "-e", "return qdrant.session"],
        ["lib", "add", "EVIL"], ["lib", "new", "EVIL"], ["stubs", "--out", "/dev/null/EVIL"],
        ["doctor"],
        ["sandbox", "--seed", "EVIL"], ["sandbox", "--fault", "{method: EVIL}"],
        ["sandbox", "--lenient", "EVIL"], ["sandbox", "restore", "EVIL"],
        ["sandbox", "token", "--user", "EVIL"],
        ["--EVIL"], ["--output", "EVIL"], ["--replay", "EVIL"],
        ["--endpoint", "EVIL", "-e", "return qdrant.session"],
    ]

    @Test(arguments: commands)
    func errorsDoNotSteerIt(_ words: [String]) throws {
        let folder = try TemporaryFolder()
        let configuration = try folder.write(
            "config.yaml", "contexts: [{name: \"\\e]52;c;aGk=\\a\\x9b2J\\u202e\", color: red}]")
        let text = try shown(
            words.map { $0.replacingOccurrences(of: "EVIL", with: Self.evil) },
            environment: ["EVIL": Self.evil, "QDRANT_CLOUD_CONFIG": configuration])
        #expect(!text.isEmpty)
        #expect(Self.isHarmless(text), "\(text.debugDescription)")
    }

    /// Elsewhere data stays as it is, and JSON stays JSON of the same text.
    @Test func dataOfAPipeStaysAsItIs() throws {
        let folder = try TemporaryFolder()
        let script = try folder.write("rows.lua", "return { { name = \"\(Self.evil)\" } }")
        let json = try qcsh(["--output", "json", script])
        let rows = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
        #expect((rows as? [[String: String]])?.first?["name"] == Self.evil, "\(json)")
        #expect(try qcsh(["--output", "csv", script]).output.contains(Self.evil))
    }

    // MARK: - Spreadsheets

    @Test func csvCellsAreNoFormulas() throws {
        let rows = """
            { { a = "=1+1", b = "+x", c = "-x", d = "@x", e = "\\tx", f = "\\rx", g = -5, h = "x=1", i = "" } }
            """
        let safe = "'=1+1,'+x,'-x,'@x,'\tx,\"'\rx\",-5,x=1,"
        let result = try qcsh(["--output", "csv", "-e", "return \(rows)"])
        #expect(result.output.contains(safe), "\(result.output.debugDescription)")
        let encoded = try qcsh(["-e", "io.write(csv.encode(\(rows), { safe = true }))"])
        #expect(encoded.output.contains("'=1+1,'+x,'-x,'@x,"), "\(encoded.output.debugDescription)")
        #expect(encoded.output.contains(",-5,x=1,"), "\(encoded.output.debugDescription)")
        // Without it, what is read back is what was written.
        let plain = try qcsh(["-e", "return csv.decode(csv.encode { { a = \"=1+1\" } })[1].a"])
        #expect(plain.output == "=1+1\n")
    }
}
