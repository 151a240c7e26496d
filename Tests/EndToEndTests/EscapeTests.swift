import Foundation
import TestSupport
import Testing

/// Ways around a bound that were found, each closed.
@Suite struct EscapeTests {
    /// A folder that may be written, with links that lead out, and one beside it that may not.
    private func place() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write("ok/file", "inside")
        try folder.write("secret", "outside")
        let files = FileManager.default
        let (ok, path) = (folder.path + "/ok", folder.path)
        try files.createSymbolicLink(atPath: ok + "/dangling", withDestinationPath: path + "/new")
        try files.createSymbolicLink(atPath: ok + "/out", withDestinationPath: path + "/secret")
        try files.createSymbolicLink(atPath: path + "/link", withDestinationPath: ok + "/file")
        return folder
    }

    @Test(arguments: [
        "fs.read(P .. '/secret')", "fs.read(P .. '/ok/../secret')", "fs.read(P .. '/ok/out')",
        "io.open(P .. '/ok/out')", "type = function() return 'x' end io.open(P .. '/secret')",
        "string.find = function() end io.open(P .. '/made', 'w')", "io.open(1234, 'w')",
        "io.lines(P .. '/secret')", "fs.mkdir(P .. '/ok/../made/.')",
        "fs.mkdir(P .. '/ok/x/../../made')", "io.open(P .. '/ok/../made\\0/..', 'w')",
        "fs.append(P .. '/ok/dangling', 'x')", "io.open(P .. '/ok/dangling', 'a')",
        "fs.remove(P .. '/link')", "os.remove(P .. '/link')",
        "fs.rename(P .. '/link', P .. '/ok/l')",
        "os.rename(P .. '/link', P .. '/ok/l')", "secret.new('x'):write(P .. '/made')",
        "package.path = P .. '/secret;?' require 'anything'", "package.searchpath('x', P .. '/?')",
        "http.get('http://127.0.0.1:9/', { proxy = 'http://127.0.0.2:9' })",
        "http.get('http://127.0.0.1:9/', { ca_file = P .. '/secret' })",
        "sandbox.start { data = P .. '/made' }",
        "qdrant.connect { account = '0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1' }",
        "process.run({ './ok/file' }, { cwd = P })", "assert(env.all().HOME)",
        "local real, H = load load = function(s, n) local c = real(s, n) return function(h, ...) H = h "
            + "return c(h, ...) end end local _ = csv assert(H)",
        "assert(debug.getinfo(io.open, 'f').func)",
    ])
    func noneOfThemLeadsOut(_ code: String) throws {
        let folder = try place()
        let script =
            "local P = \"\(folder.path)\"\nlocal ok, problem = pcall(function() \(code) end)\n"
            + "print(ok, problem)"
        let result = try qcsh([
            "--sandbox", "--allow",
            "read:files=\(folder.path)/ok,write:files=\(folder.path)/ok,connect:hosts=127.0.0.1",
            "-e", script,
        ])
        #expect(result.output.hasPrefix("false\t"), "\(result.output)\(result.errors)")
        let files = FileManager.default
        for made in ["made", "new", "ok/l"] {
            #expect(!files.fileExists(atPath: folder.path + "/" + made))
        }
        #expect(files.fileExists(atPath: folder.path + "/link"))
    }

    @Test func whatIsDeniedIsDeniedInEveryWay() throws {
        let folder = try TemporaryFolder()
        try folder.write("all/kept/file", "x")
        let keep = folder.path + "/all/kept"
        let removed = try qcsh([
            "--deny", "write:files=\(keep)", "-e",
            "fs.remove('\(folder.path)/all', { recursive = true })",
        ])
        #expect(removed.status == 3 && removed.errors.contains("which is inside"))
        #expect(FileManager.default.fileExists(atPath: keep + "/file"))
        let variable = try qcsh(
            [
                "--deny", "read:environment=MINE", "-e",
                "return env.all().MINE == nil, env.HOME ~= nil",
            ],
            environment: ["MINE": "x"])
        #expect(variable.output == "true\ntrue\n")
        let program = try qcsh([
            "--deny", "run:processes=true", "-e", "process.run { '/bin/true' }",
        ])
        #expect(program.status == 3)
    }

    @Test(arguments: [
        "local x = 1 local a = script { needs = {} }", "do script { needs = {} } end",
        "local a, b = script { needs = {} }, 3", "_G.script { needs = {} }",
    ])
    func aHeaderThatIsNotReadIsAnError(_ code: String) throws {
        let result = try qcsh(["-"], input: code + "\nprint('ran')")
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.errors.contains("the header of a script must be its first statement"))
    }

    /// Code that a cancellation did not reach.
    @Test(arguments: [
        "while true do load(function() while true do end end) end",
        "while true do local co = coroutine.create(function() local x <close> = setmetatable({}, "
            + "{ __close = function() while true do end end }) coroutine.yield() end) "
            + "coroutine.resume(co) coroutine.close(co) end",
    ])
    func everythingEndsInTime(_ code: String) throws {
        let started = Date()
        let result = try qcsh(["--timeout", "300ms", "-e", code])
        #expect(result.status == 124 && result.errors.contains("--timeout"), "\(result.errors)")
        #expect(Date().timeIntervalSince(started) < 4)
    }

    @Test func longExpressionsAreNoCrash() throws {
        let folder = try TemporaryFolder()
        for text in [
            "local x = print" + String(repeating: "(1)", count: 10_000),
            "local x = 1" + String(repeating: " + 1", count: 30_000),
        ] {
            try folder.write("long.lua", text)
            let result = try qcsh(["check", "long.lua"], folder: folder.path)
            #expect(result.status == 1 && result.output.contains("too long to be checked"))
        }
    }

    @Test func aDryRunSendsNothingByOtherWays() throws {
        let page = try ServerProcess.peer("http_server")
        defer { page.stop() }
        let result = try qcsh([
            "--dry-run", "-e",
            "print(http.get('http://\(page.address)/echo').status) "
                + "http.post('http://\(page.address)/echo', { body = 'x' })",
        ])
        #expect(result.output == "200\n")
        #expect(result.errors.contains("dry run: http.request would send POST"))
    }

    /// Secrets of every origin are kept out of recordings.
    @Test func noSecretOfAnyOriginIsRecorded() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/run"
        let result = try qcsh(
            [
                "--record", file, "-e",
                "local s = env.secret('TOKEN') process.run { 'echo', s:reveal() } "
                    + "pcall(http.get, 'ftp://' .. s:reveal()) "
                    + "print(secret.new('another-secret'):reveal() == 'another-secret')",
            ], environment: ["TOKEN": "very-secret-token"])
        #expect(result.output == "true\n", "\(result.errors)")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(!text.contains("very-secret-token") && text.contains("********"))
    }
}
