import Foundation
import LuaSource
import TestSupport
import Testing

/// The rows of ready-made scripts in a dry run: what would be done, and never that it was.
@Suite struct DryRunRowTests {
    /// Arguments with which each script that changes something does so in the usual sandbox.
    private static let arguments: [String: [[String]]] = [
        "allow-list": [
            ["search-prod", "--add", "203.0.113.0/24"],
            ["--dry-run", "--label", "env=prod", "--add", "203.0.113.0/24"],
        ],
        "app-key": [["search-prod", "first-app", "--read", "documents"]],
        "backup": [["search-prod"]],
        "backup-policy": [["--fix"]],
        "clone-cluster": [["search-prod", "copy"], ["search-prod", "copy", "--fresh"]],
        "create-cluster": [
            ["other", "--cpu", "2", "--ram", "8GiB", "--region", "eu-central-1"],
            ["other", "--package", "gpx3", "--region", "eu-central-1", "--key-file", "other.key"],
        ],
        "disaster-drill": [["search-prod"]],
        "ephemeral-cluster": [["true"]],
        "hybrid-onboard": [["factory"]],
        "office-hours": [
            ["suspend", "--label", "env=prod"], ["resume", "--label", "env=staging"],
            ["suspend", "--label", "env=prod", "--dry-run"],
        ],
        // It asks what something would cost, and changes nothing.
        "price": [["--cpu", "2", "--ram", "8GiB", "--region", "eu-central-1"]],
        "restore": [["search-prod"]],
        "rolling-restart": [["search-prod"], ["search-prod", "--journal", "journal"]],
        "rotate-keys": [["search-prod", "search service", "--run", "cat"]],
        "rotate-management-key": [["b713be5a", "--file", "new.key", "--run", "cat"]],
        "scale-cluster": [["search-prod", "--nodes", "5"]],
        "tour": [[]],
        "upgrade-fleet": [["search-prod"], ["search-prod", "--dry-run"]],
        "user-roles": [["viewer@example.com", "--add", "Admin"]],
    ]

    /// The scripts whose header permits changes to the cloud.
    private static func changing() throws -> [String] {
        let folder = Project.root + "/scripts"
        return try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".lua") }.sorted()
            .filter { file in
                let code = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
                let needs = try ScriptHeader.read(Array(code.utf8))?.needs ?? []
                return needs.contains { need in
                    !need.word.hasPrefix("read:") && !need.word.hasSuffix(":files")
                        && !need.word.hasSuffix(":hosts") && !need.word.hasSuffix(":processes")
                }
            }
            .map { String($0.dropLast(4)) }
    }

    @Test func everyScriptThatChangesSomethingIsTried() throws {
        #expect(try Set(Self.changing()) == Set(Self.arguments.keys))
    }

    @Test func rowsSayWhatWouldBeDone() throws {
        let folder = try TemporaryFolder()
        for (script, runs) in Self.arguments.sorted(by: { $0.key < $1.key }) {
            for words in runs {
                let result = try qcsh(
                    ["--sandbox", "--output", "json", "--dry-run", "run", script] + words,
                    folder: folder.path)
                let place = "\(script) \(words): \(result.output)\(result.errors)"
                for claim in [#""done""#, "UNSPECIFIED", "00000000-d000-", "DONE"] {
                    #expect(!result.output.contains(claim), "\(place)")
                }
                #expect(!result.errors.contains("INFO  done  "), "\(place)")
                #expect(!result.errors.contains("not a terminal"), "\(place)")
                #expect(!result.errors.contains("unknown option"), "\(place)")
                if result.status == 0, script != "price" {
                    #expect(result.output.contains("would"), "\(place)")
                } else if result.status != 0 {
                    // What cannot be shown is refused, with its reason.
                    #expect((result.output + result.errors).contains("dry run: "), "\(place)")
                }
                let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                #expect(left.isEmpty, "\(script) left \(left)")
            }
        }
    }
}
