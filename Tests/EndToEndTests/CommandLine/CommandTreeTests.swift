import Foundation
import TestSupport
import Testing

/// Subcommands, and the options before and after them.
@Suite struct CommandTreeTests {
    @Test func optionsStandBeforeOrAfterTheSubcommand() throws {
        let folder = try TemporaryFolder()
        let stack = try folder.write("s.lua", "return { name = 's', clusters = {} }")
        for words in [
            ["--sandbox", "plan", stack], ["plan", "--sandbox", stack],
            ["plan", stack, "--sandbox"],
            ["--sandbox", "--output", "json", "plan", stack],
            ["--output=json", "plan", "--sandbox", stack],
        ] {
            let result = try qcsh(words)
            #expect(result.status == 0, "\(words): \(result.errors)")
        }
        let call = try qcsh(["--sandbox", "--output", "json", "call", "iam.list_permissions"])
        #expect(call.output.hasPrefix("{"), "\(call.errors)")
    }

    @Test func optionsReachNestedSubcommands() throws {
        let early = try qcsh(["--output", "json", "lib", "list"])
        let middle = try qcsh(["lib", "--output", "json", "list"])
        let late = try qcsh(["lib", "list", "--output", "json"])
        for result in [early, middle, late] {
            #expect(result.output == "[]\n", "\(result.errors)")
        }
        #expect(try qcsh(["context", "--output", "json"]).output == "[]\n")
    }

    @Test(
        arguments: [
            ["doctor", "--record", "x"], ["--norc", "doctor"], ["call", "--norc", "x"],
            ["--record", "x", "context", "list"], ["--sandbox", "permit", "x", "--from", "y"],
            ["api", "--timeout", "3"], ["lib", "list", "--sandbox"],
            ["plan", "--norc", "x.lua"], ["plan", "--reveal", "x.lua"],
            ["test", "--output", "json"],
            ["apply", "--secret-file", "s", "x.lua"], ["doctor", "--dry-run"],
            ["call", "--verbose", "x"], ["stubs", "--reveal"], ["check", "--dry-run", "x.lua"],
        ])
    func optionsWithoutEffectAreRefused(_ words: [String]) throws {
        let result = try qcsh(words)
        #expect(result.status == 2)
        #expect(result.errors.contains("Unknown option"), "\(result.errors)")
        #expect(result.output == "")
    }

    @Test(
        arguments: [
            (["plna"], "did you mean \"qcsh plan\"?"), (["conetxt"], "\"qcsh context\"?"),
            (["report"], "qcsh run report runs the script"), (["reprot"], "\"qcsh run report\"?"),
            (["help", "plna"], "did you mean \"plan\"?"), (["lib", "ad"], "did you mean \"add\"?"),
            (["sandbox", "fautl", "list"], "did you mean \"fault\"?"),
            (["sandbox", "world", "clos"], "did you mean \"close\"?"),
            (["--recrod", "f", "x.lua"], "did you mean \"--record\"?"),
            (["run", "--recrod", "f"], "did you mean \"--record\"?"),
            (["run", "reprot"], "did you mean \"report\"?"),
            (["help", "plan", "x"], "qcsh plan has no subcommand"),
            (["help", "run", "price"], "qcsh run price --help"), (["version"], "qcsh --version"),
            (["clusters", "list"], "no subcommand or script has this name"),
            (["cluster.list_clusters"], "qcsh call cluster.list_clusters"),
            (["run", "price", "--sandbox"], "--sandbox is an option of qcsh: put it before"),
            (["run", "price", "--sandbx"], "Try 'qcsh run price --help'"),
        ])
    func misspellingsNameTheNearest(_ words: [String], _ hint: String) throws {
        let folder = try TemporaryFolder()
        let result = try qcsh(words, folder: folder.path)
        #expect(result.status == 2)
        #expect(result.errors.contains(hint), "\(result.errors)")
        #expect(result.output == "")
    }

    @Test func wordsOfAScriptAreTheScriptsOwn() throws {
        let folder = try TemporaryFolder()
        let script = try folder.write("s.lua", "print(...)")
        #expect(
            try qcsh([script, "plan", "--help", "--version"]).output
                == "plan\t--help\t--version\n")
        #expect(try qcsh(["-e", "print(arg[1], arg[2])", "plan", "x"]).output == "plan\tx\n")
        // A file of a command's name is run by its path.
        try folder.write("plan", "print('mine')")
        #expect(try qcsh(["./plan"], folder: folder.path).output == "mine\n")
    }

    @Test func helpAndVersionAreAnsweredWhereverTheyStand() throws {
        let help = try qcsh(["--help"]).output
        for words in [["help"], ["-h"], ["--sandbox", "--help"], ["--context", "x", "-h"]] {
            #expect(try qcsh(words).output == help)
        }
        let plan = try qcsh(["plan", "--help"]).output
        for words in [
            ["help", "plan"], ["--help", "plan"], ["--context", "x", "help", "plan"],
            ["--context", "x", "plan", "-h"],
        ] {
            #expect(try qcsh(words).output == plan)
        }
        let version = try qcsh(["--version"]).output
        for words in [["plan", "--version"], ["--sandbox", "--version"]] {
            #expect(try qcsh(words).output == version)
        }
    }
}
