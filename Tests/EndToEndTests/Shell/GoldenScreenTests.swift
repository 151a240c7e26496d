import Foundation
import TestSupport
import Testing

/// The screens that people see most often, as they were looked at and found good. With
/// `QCSH_RECORD_SCREENS=1` they are written anew.
@Suite(.serialized) struct GoldenScreenTests {
    private static let folder = Project.root + "/Tests/Fixtures/screens/"

    /// What differs from run to run stands as a word.
    private static func settled(_ text: String) -> String {
        var text = text
        for (pattern, word) in [
            (#"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z"#, "TIME"), (#"_port=[0-9]+"#, "_port=PORT"),
            (#"port( +)[0-9]+"#, "port$1PORT"),
            (#"trace [0-9a-f\n-]{36,37}"#, "trace TRACE"), (#"after [0-9.]+m?s"#, "after A WHILE"),
            (#"round [0-9]+"#, "round N"),
        ] {
            text = text.replacingOccurrences(of: pattern, with: word, options: .regularExpression)
        }
        return text + "\n"
    }

    private func check(_ name: String, _ shell: ShellSession) throws {
        var text = Self.settled(shell.screen.text)
        let file = Self.folder + name + ".txt"
        if ProcessInfo.processInfo.environment["QCSH_RECORD_SCREENS"] == "1" {
            for _ in 0..<5 { try shell.screen.refresh(seconds: 0.1) }
            text = Self.settled(shell.screen.text)
            try FileManager.default.createDirectory(
                atPath: Self.folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            return
        }
        let golden = try String(contentsOfFile: file, encoding: .utf8)
        // What was waited for may be followed by more.
        for _ in 0..<50 where text != golden {
            try shell.screen.refresh(seconds: 0.1)
            text = Self.settled(shell.screen.text)
        }
        #expect(text == golden, "\(name) shows:\n\(text)")
    }

    /// What is typed, what is waited for, and whether keys follow or an entry.
    private struct Moment {
        let name: String
        let steps: [(keys: String, shown: String)]

        init(_ name: String, _ steps: (String, String)...) {
            self.name = name
            self.steps = steps.map { (keys: $0.0, shown: $0.1) }
        }
    }

    private static let moments = [
        Moment("first-prompt"),
        Moment("commands", (".help\r", "searches.")),
        Moment("clusters", ("api.cluster.list_clusters {}\r", "SUSPENDED")),
        Moment(
            "one-cluster",
            ("c = api.cluster.list_clusters {}.items[2]\r", "[2]\nqcsh"), ("c\r", "capabilities")),
        Moment("completing-methods", ("api.cluster.backup.\t", "list_backup_")),
        Moment(
            "completing-fields", ("api.cluster.backup.create_backup { backup = { \t", "retention")),
        Moment(
            // The second Tab writes what names begin with when they came too late for the first.
            "completing-names", ("api.cluster.get_cluster { cluster_id = \t", "staging"),
            ("\t", "cluster_id = \"")),
        Moment(
            "hint", ("api.cluster.create_cluster { cluster = { name = \"x\", ", "needs")),
        Moment(
            "several-lines",
            ("for _, c in ipairs(api.cluster.list_clusters {}.items) do\r", ".>"),
            ("print(c.name)\r", "print(c.name)\n"), ("end\r", "staging")),
        Moment("help", ("api.cluster.get_cluster?\r", "example")),
        Moment(
            "not-found",
            (
                "api.cluster.get_cluster { cluster_id = \"00000000-0000-4000-8000-000000000000\" }\r",
                "NOT_FOUND"
            )),
        Moment("refused", ("api.cluster.get_cluster { cluster_id = \"x\" }\r", "UUID")),
        Moment(
            "task-that-ended",
            ("shell.background(function() return 42 end, \"the answer\")\r", "[1] done")),
        Moment(
            "history-search", ("first = 1\r", "first = 1\nqcsh"), ("\u{12}fir", "i-search)`fir'")),
        Moment(
            "interrupted", ("print(6 * 7) task.sleep(100)\r", "42"), ("\u{3}", "interrupted\nqcsh")),
        Moment(
            "watch",
            (".watch 0.1s api.platform.list_cloud_providers {}.items\r", "round 3")),
    ]

    @Test(arguments: moments.map(\.name), [(80, 24), (40, 12)])
    func theScreenIsAsItWas(_ name: String, _ size: (Int, Int)) throws {
        let moment = try #require(Self.moments.first { $0.name == name })
        let shell = try ShellSession(columns: size.0, rows: size.1)
        for step in moment.steps {
            let isWrapped = size.0 == 40
            try shell.screen.type(step.keys)
            // In a narrow window what is waited for may stand in two rows: its last word does not.
            let shown =
                isWrapped ? String(step.shown.split(separator: " ").last ?? "") : step.shown
            try shell.wait(for: shown)
        }
        if let last = moment.steps.last?.keys, last.hasSuffix("\r"), name != "watch" {
            try shell.waitForPrompt()
        }
        try check("\(name)-\(size.0)x\(size.1)", shell)
    }
}
