import Foundation
import TestSupport
import Testing

/// `--allow` and `--deny` take permissions that exist: a misspelt `--deny` would deny nothing.
@Suite struct PermissionOptionTests {
    private static let commands = [
        ["-e", "return 1"], ["call", "cluster.list_clusters"], ["run", "costs"], ["-"],
        ["plan", "stack.lua"], ["apply", "stack.lua", "--yes"],
    ]

    private func run(
        _ command: [String], _ options: [String], _ folder: TemporaryFolder
    ) throws -> ProgramResult {
        let words =
            ["call", "plan", "apply"].contains(command[0])
            ? command + options : options + command
        return try qcsh(["--sandbox"] + words, input: "", folder: folder.path)
    }

    @Test(arguments: ["--allow", "--deny"])
    func aPermissionThatDoesNotExistIsRefused(_ option: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("stack.lua", "return { name = 'x' }\n")
        for command in Self.commands {
            for (word, near) in [
                ("delete:clsters", "did you mean \"delete:clusters\"?"),
                ("read:clusters,run:proceses", "did you mean \"run:processes\"?"),
                ("raed:*", "there is no permission \"raed:*\""),
                ("write:flies=./x", "\"write:flies=./x\": only read:files"),
            ] {
                let result = try run(command, [option, word], folder)
                #expect(result.status == 2, "\(command) \(word): \(result)")
                #expect(result.errors.contains(near), "\(command) \(word): \(result.errors)")
                #expect(result.output.isEmpty, "\(command) \(word)")
            }
        }
        for word in [
            "read:clusters", "*", "write:*", "*:backups", "read:files=./x", "use:accounts",
        ] {
            let result = try run(["-e", "return 1"], [option, word], folder)
            #expect(result.output == "1\n", "\(word): \(result.errors)")
        }
    }

    /// A newer API may have permissions that the built-in contract does not know; options and headers
    /// take them when it is named.
    @Test func permissionsOfANewerAPIAreTaken() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/api.binpb"
        #expect(try qcsh(["api", "--export", file]).status == 0)
        var bytes = try #require(FileManager.default.contents(atPath: file))
        let (old, new) = (Data("read:clusters".utf8), Data("read:clustarz".utf8))
        while let range = bytes.range(of: old) { bytes.replaceSubrange(range, with: new) }
        try bytes.write(to: URL(fileURLWithPath: file))
        let header = try folder.write(
            "s.lua", "script { needs = { 'read:clustarz' } }\nprint(1)\n")
        for words in [
            ["--allow", "read:clustarz", "-e", "print(1)"],
            ["--deny", "read:clustarz", "-e", "print(1)"], [header],
        ] {
            let newer = try qcsh(["--descriptors", file] + words)
            #expect(newer.output == "1\n", "\(words): \(newer.errors)")
            let older = try qcsh(words)
            #expect(older.status != 0, "\(words)")
            #expect(
                older.errors.contains("did you mean \"read:clusters\"?"),
                "\(words): \(older.errors)")
        }
        #expect(try qcsh(["check", "--descriptors", file, header]).status == 0)
    }
}
