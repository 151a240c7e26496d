import Foundation
import TestSupport
import Testing

/// `qcsh completions`, in the shells themselves: Tab is pressed on a terminal.
@Suite struct CompletionScriptTests {
    enum Shell: String, CaseIterable, CustomTestStringConvertible {
        case bash, zsh, fish

        var testDescription: String { rawValue }
        var arguments: [String] {
            switch self {
            case .bash: ["--noprofile", "--norc", "-i"]
            case .zsh: ["-f", "-i"]
            case .fish: ["--no-config", "-i"]
            }
        }
        /// What sets the shell up, from the file that `qcsh completions` wrote.
        func begin(_ file: String) -> String {
            switch self {
            case .bash: "PS1='READY> '; source \(file)"
            case .zsh:
                "PS1='READY> '; unsetopt BEEP; autoload -U compinit; compinit -u -D; source \(file)"
            case .fish: "function fish_prompt; echo 'READY> '; end; source \(file)"
            }
        }
    }

    /// Words up to the cursor, and the line after Tab.
    private static let lines = [
        ("qcsh pla", "qcsh plan "), ("qcsh lib upd", "qcsh lib update "),
        ("qcsh sandbox wor", "qcsh sandbox world "), ("qcsh help che", "qcsh help check "),
        ("qcsh --context prod-e", "qcsh --context prod-eu "),
        ("qcsh --output ya", "qcsh --output yaml "), ("qcsh plan --outp", "qcsh plan --output "),
        ("qcsh call --output=ya", "qcsh call --output=yaml "),
        ("qcsh call platform.list_global", "qcsh call platform.list_global_cloud_provider"),
        ("qcsh call cluster.create_cluster clus", "qcsh call cluster.create_cluster cluster."),
        (
            "qcsh call cluster.create_cluster cluster.configuration.number_of",
            "qcsh call cluster.create_cluster cluster.configuration.number_of_nodes="
        ),
        (
            "qcsh --sandbox call cluster.create_cluster cluster.cloud_provider_id=aw",
            "qcsh --sandbox call cluster.create_cluster cluster.cloud_provider_id=aws "
        ),
        ("qcsh plan sta", "qcsh plan stack.lua "), ("qcsh check nes", "qcsh check nested/"),
        ("qcsh --sandbox adopt stack.lua stag", "qcsh --sandbox adopt stack.lua staging "),
        ("qcsh run own-", "qcsh run own-script "),
        ("qcsh run own-script --lev", "qcsh run own-script --level "),
        ("qcsh run own-script --level lou", "qcsh run own-script --level loud "),
        ("qcsh --sandbox run own-script stag", "qcsh --sandbox run own-script staging "),
        ("qcsh stack.lua nes", "qcsh stack.lua nested/"),
    ]

    private func place() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write(
            "config/qcsh/config.yaml",
            "contexts:\n  - {name: prod-eu, api_key: x}\n  - {name: dev, api_key: x}\n")
        try folder.write("work/stack.lua", "return {}")
        try folder.write("work/nested/x.lua", "return {}")
        try folder.write(
            "work/scripts/own-script.lua",
            """
            local args = script {
              about = "A script", args = {
                { "cluster", about = "Its name" },
                { "--level", type = { "loud", "quiet" }, about = "How loud" },
              }, needs = {},
            }
            """)
        return folder
    }

    @Test(arguments: Shell.allCases)
    func tabCompletesWordsOfEveryKind(_ shell: Shell) throws {
        let folder = try place()
        let file = try folder.write(
            "completions", try qcsh(["completions", shell.rawValue]).output)
        let binaries = URL(fileURLWithPath: Project.qcsh).deletingLastPathComponent().path
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let screen = try Screen(
            "/usr/bin/" + shell.rawValue, shell.arguments, home: folder.path, columns: 200,
            environment: [
                "PATH": "\(binaries):\(path)", "XDG_CONFIG_HOME": folder.path + "/config",
                "XDG_DATA_HOME": folder.path + "/data", "XDG_STATE_HOME": folder.path + "/state",
            ])
        try screen.type("cd \(folder.path)/work; \(shell.begin(file)); clear\r")
        try #require(try screen.shows("READY>"), "\(screen.text)")
        for (typed, completed) in Self.lines {
            try screen.type(typed)
            try #require(try screen.shows(typed), "\(screen.text)")
            try screen.type("\t")
            let line = completed.trimmingCharacters(in: .whitespaces)
            try #require(try screen.shows(line), "\(shell): \(typed)\n\(screen.text)")
            // Whether the word is at its end is seen by where the next one begins.
            try screen.type("#")
            try #require(try screen.shows(completed + "#"), "\(shell): \(typed)\n\(screen.text)")
            // Ctrl-U and Ctrl-L: an empty line on an empty screen.
            try screen.type("\u{15}\u{c}")
            try #require(try screen.loses(completed + "#"), "\(shell): \(screen.text)")
        }
    }

    @Test func candidatesCarryDescriptions() throws {
        let result = try qcsh(["__complete", "pl"])
        #expect(result.output.hasPrefix("plan\tShow"))
        #expect(result.errors == "")
    }

    @Test func namesOfTheAccountAreThoseThatItsListsHave() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let made = try sandbox.qcsh(
            """
            qdrant.spaces:create { name = "notes", cloud = "aws",
              region = qdrant.spaces:regions("aws")[1].id, wait = true }
            """)
        #expect(made.status == 0, "\(made.errors)")
        func candidates(_ words: String...) throws -> [String] {
            try qcsh(
                ["__complete", "--endpoint", sandbox.endpoint] + words,
                environment: ["QDRANT_CLOUD_API_KEY": sandbox.key]
            ).output.split(separator: "\n").map { String($0.split(separator: "\t")[0]) }
        }
        #expect(
            try candidates("adopt", "x.lua", "") == [
                "search-prod", "staging", "assistant", "notes",
            ])
        #expect(try candidates("--account", "") == [sandbox.account])
        let ids = try candidates("call", "cluster.get_cluster", "cluster_id=")
        #expect(ids.count == 2 && ids.allSatisfy { $0.hasPrefix("cluster_id=") })
    }

    @Test func aTabNeverFailsOrWaits() throws {
        for words in [
            [""], ["--"], ["call", "nothing.at_all", "x"],
            ["call", "cluster.create_cluster", "a.b.c="],
            ["run", "none", "--x"], ["--context"], ["--context", "none", "adopt", "x", ""],
            ["/none.lua", ""], ["help", "x", "y", ""], ["call", "-d", "@/no"],
            ["--output", "\u{1b}[2J"],
            [], ["sandbox", "fault", "add", "@"], ["api", "x.y", "z"], ["run"],
            ["--endpoint=x", "call"],
        ] {
            let began = Date()
            let result = try qcsh(["__complete"] + words)
            #expect(result.status == 0, "\(words)")
            #expect(result.errors == "", "\(words): \(result.errors)")
            #expect(Date().timeIntervalSince(began) < 20)
        }
    }
}
