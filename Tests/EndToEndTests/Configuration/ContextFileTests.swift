import Foundation
import TestSupport
import Testing

/// What changing contexts leaves as it was.
@Suite struct ContextFileTests {
    private func set(_ file: String, _ arguments: String..., folder: String? = nil) throws
        -> ProgramResult
    {
        try qcsh(
            ["context"] + arguments, environment: ["QDRANT_CLOUD_CONFIG": file], folder: folder)
    }

    private func text(_ file: String) throws -> String {
        try String(contentsOfFile: file, encoding: .utf8)
    }

    @Test(arguments: [
        "contexts:\n  -\n  - {name: prod, api_key: CANARY}\n",
        "contexts:\n  prod: {api_key: CANARY}\n",
        "contexts: [{name: prod, api_key: CANARY, frobnicate: 1}]\n",
        "contexts: [{name: prod, api_key: CANARY}\n", "- prod\n",
    ]) func aFileThatWasNotUnderstoodIsNotWritten(_ before: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("c.yaml", before)
        for arguments in [["set", "staging"], ["use", "prod"], ["delete", "prod"]] {
            let result = try qcsh(
                ["context"] + arguments, environment: ["QDRANT_CLOUD_CONFIG": file])
            #expect(result.status == 2 && result.errors.contains("c.yaml"), "\(result.errors)")
            #expect(!result.errors.contains("CANARY"))
            #expect(try text(file) == before)
        }
    }

    @Test func linkRemarksOrderAndModeStay() throws {
        let folder = try TemporaryFolder()
        let target = try folder.write(
            "dot/config.yaml",
            "# of my dotfiles\ncurrent_context: prod\ncontexts:\n"
                + "  - name: prod   # by hand\n    api_key_command: pass a\nx-other: 1\n")
        chmod(target, 0o640)
        let link = folder.path + "/link.yaml"
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: "dot/config.yaml")
        #expect(try set(link, "set", "prod", "--read-only").status == 0)
        #expect(try set(link, "use", "prod").status == 0)
        #expect(
            try text(target) == "# of my dotfiles\ncurrent_context: prod\ncontexts:\n"
                + "  - name: prod   # by hand\n    api_key_command: pass a\n    read_only: true\n"
                + "x-other: 1\n")
        let attributes = try FileManager.default.attributesOfItem(atPath: link)
        #expect(attributes[.type] as? FileAttributeType == .typeSymbolicLink)
        func mode() throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: target)[.posixPermissions] as? Int
        }
        #expect(try mode() == 0o640)
        // A file with a key is for its owner only.
        let key = try qcsh(
            ["context", "set", "prod", "--api-key"], input: "k\n",
            environment: ["QDRANT_CLOUD_CONFIG": link])
        #expect(key.status == 0)
        #expect(try mode() == 0o600)
    }

    /// A new file would take one of the names only.
    @Test func aFileOfSeveralNamesIsNotTornApart() throws {
        let folder = try TemporaryFolder()
        let before = "contexts:\n  - name: prod\n"
        let file = try folder.write("c.yaml", before)
        try FileManager.default.linkItem(atPath: file, toPath: folder.path + "/other.yaml")
        for arguments in [["set", "staging"], ["use", "prod"], ["delete", "prod"]] {
            let result = try qcsh(
                ["context"] + arguments, environment: ["QDRANT_CLOUD_CONFIG": file])
            #expect(result.status == 2 && result.errors.contains("hard links"), "\(result.errors)")
            #expect(try text(file) == before)
            #expect(try text(folder.path + "/other.yaml") == before)
        }
    }

    @Test func aLinkToAFileThatDoesNotExistYetIsFollowed() throws {
        let folder = try TemporaryFolder()
        try folder.write("a/keep", "")
        for (name, target) in [
            ("1.yaml", "new/deep/c.yaml"), ("2.yaml", folder.path + "/a/c.yaml"),
        ] {
            let link = folder.path + "/" + name
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: target)
            let result = try set(link, "set", "a", "--read-only")
            #expect(result.status == 0, "\(result.errors)")
            #expect(try text(link).contains("read_only: true"))
            let attributes = try FileManager.default.attributesOfItem(atPath: link)
            #expect(attributes[.type] as? FileAttributeType == .typeSymbolicLink)
        }
        let loop = folder.path + "/loop.yaml"
        try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: "loop.yaml")
        #expect(try set(loop, "set", "a").status == 2)
    }

    @Test func linesEndAsTheOthersDo() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "c.yaml", "# a\r\ncontexts:\r\n  - name: prod # b\r\n    color: red\r\n")
        for arguments in [
            ["set", "prod", "--read-only"], ["set", "new", "--retries", "2"], ["use", "prod"],
            ["delete", "new"],
        ] {
            let result = try qcsh(
                ["context"] + arguments, environment: ["QDRANT_CLOUD_CONFIG": file])
            #expect(result.status == 0, "\(result.errors)")
            let bytes = Array(try text(file).utf8)
            for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
                #expect(index > 0 && bytes[index - 1] == UInt8(ascii: "\r"))
            }
        }
        #expect(
            try text(file) == "# a\r\ncontexts:\r\n  - name: prod # b\r\n    color: red\r\n"
                + "    read_only: true\r\ncurrent_context: prod\r\n")
    }

    @Test func whatIsNotUTF8IsNeitherReadNorReplaced() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/c.yaml"
        for text in ["# caf\u{e9}\ncontexts:\n  - name: a\n", "contexts:\n  - name: caf\u{e9}\n"] {
            let before = try #require(text.data(using: .isoLatin1))
            try before.write(to: URL(fileURLWithPath: file))
            for arguments in [["list"], ["set", "b"], ["use", "a"], ["delete", "a"]] {
                let result = try qcsh(
                    ["context"] + arguments, environment: ["QDRANT_CLOUD_CONFIG": file])
                #expect(result.status == 2, "\(arguments)")
                #expect(result.errors.contains("is not UTF-8 (line "), "\(result.errors)")
                #expect(FileManager.default.contents(atPath: file) == before)
            }
        }
    }

    @Test func aContextThatHidesOneOfQcloudSaysSo() throws {
        let folder = try TemporaryFolder()
        try folder.write(".config/qcloud/config.yaml", "contexts:\n  - {name: q, api_key: k}\n")
        let home = ["HOME": folder.path, "XDG_CONFIG_HOME": ""]
        let result = try qcsh(["context", "set", "q", "--read-only"], environment: home)
        #expect(result.status == 0)
        #expect(
            result.errors.contains("qcloud/config.yaml does not count any more"),
            "\(result.errors)")
        let again = try qcsh(["context", "set", "q", "--confirm"], environment: home)
        #expect(again.status == 0 && !again.errors.contains("any more"), "\(again.errors)")
    }

    @Test func aNewDirectoryIsMadeWhereItWasNamed() throws {
        let folder = try TemporaryFolder()
        let result = try set(
            "new/deep/c.yaml", "set", "a", "--endpoint", "https://h.example:443",
            folder: folder.path)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try text(folder.path + "/new/deep/c.yaml").contains("name: a"))
        #expect(!FileManager.default.fileExists(atPath: "/new"))
        let home = try qcsh(
            ["context", "set", "a"], environment: ["HOME": "/proc", "XDG_CONFIG_HOME": ""])
        #expect(home.status == 2)
        #expect(
            home.errors.contains("the directory /proc/.config cannot be created"), "\(home.errors)")
    }

    @Test func jsonStaysJSON() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("c.json", #"{"contexts":[{"name":"a"}]}"# + "\n")
        #expect(try set(file, "set", "b", "--read-only").status == 0)
        #expect(
            try text(file) == #"{"contexts":[{"name":"a"}, {"name": "b", "read_only": true}]}"#
                + "\n")
        let new = folder.path + "/new.json"
        #expect(try set(new, "set", "b", "--retries", "2").status == 0)
        let object = try JSONSerialization.jsonObject(with: Data(text(new).utf8))
        #expect(((object as? [String: Any])?["contexts"] as? [[String: Any]])?.count == 1)
    }

    /// Writers exclude each other: none loses what another one wrote.
    @Test func manyWritersLoseNothing() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/c.yaml"
        let count = 12
        try await withThrowingTaskGroup(of: Int32.self) { group in
            for number in 0..<count {
                group.addTask {
                    try qcsh(
                        ["context", "set", "c\(number)", "--retries", "\(number)"],
                        environment: ["QDRANT_CLOUD_CONFIG": file]
                    ).status
                }
            }
            for try await status in group { #expect(status == 0) }
        }
        let rows = try qcsh(
            ["context", "list", "--output", "jsonl"], environment: ["QDRANT_CLOUD_CONFIG": file]
        ).output.split(separator: "\n")
        #expect(rows.count == count)
        // Nothing is left beside the file.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["c.yaml"])
    }
}
