import Foundation
import TestSupport
import Testing

/// The documents for contributors name what exists, and the check of words finds what it is to find.
struct DocumentTests {
    private func text(_ file: String) throws -> String {
        try String(contentsOfFile: Project.root + "/" + file, encoding: .utf8)
    }

    /// Names between backticks.
    private func names(in text: String) -> Set<String> {
        Set(
            text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map { String($0.element) })
    }

    @Test func theArchitectureNamesEveryTargetAndDirectory() throws {
        let document = try text("Sources/README.md")
        let root = Project.root + "/Sources"
        var found = 0
        for target in try FileManager.default.contentsOfDirectory(atPath: root)
        where !target.hasSuffix(".md") {
            let rows = document.split(separator: "\n").filter {
                $0.hasPrefix("|") && names(in: String($0.split(separator: "|")[0])).contains(target)
            }
            #expect(rows.count == 1, "\(target) needs a row in Sources/README.md")
            let enumerator = FileManager.default.enumerator(atPath: root + "/" + target)
            for case let path as String in enumerator ?? .init() {
                var isFolder: ObjCBool = false
                FileManager.default.fileExists(
                    atPath: "\(root)/\(target)/\(path)", isDirectory: &isFolder)
                guard isFolder.boolValue, path != "include", !path.hasPrefix("Protos/") else {
                    continue
                }
                let name = String(path.split(separator: "/").last ?? "")
                #expect(
                    rows.first.map { names(in: String($0)).contains(name) } == true,
                    "\(target)/\(path) needs a name in its row in Sources/README.md")
                found += 1
            }
        }
        #expect(found > 40)
    }

    @Test(arguments: ["Sources/README.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md"])
    func filesThatDocumentsNameExist(_ document: String) throws {
        var count = 0
        for name in names(in: try text(document)) {
            let first = name.split(separator: " ").first.map(String.init) ?? ""
            let places = ["Sources/", "scripts/", "stdlib/", "Tests/", ".github/"]
            guard places.contains(where: first.hasPrefix) else { continue }
            // A name with an X is a pattern: its directory exists.
            let isPattern = first.contains("/X") || first.hasSuffix("/x.lua")
            let path = isPattern ? (first as NSString).deletingLastPathComponent : first
            #expect(
                FileManager.default.fileExists(atPath: Project.root + "/" + path),
                "\(document): \(name)")
            count += 1
        }
        #expect(count >= (document.contains("SECURITY") ? 0 : 8))
    }

    @Test func thePartsOfTheTestsAreThoseOfTheDocument() throws {
        let script = try text("scripts/dev/test")
        for part in ["format", "contract", "swift", "lua", "end-to-end"] {
            #expect(script.contains("    \(part))"))
            #expect(try text(".github/CONTRIBUTING.md").contains("--only \(part)"))
        }
        let unknown = try run(Project.root + "/scripts/dev/test", ["--onyl", "x"])
        #expect(unknown.status == 2)
        #expect(unknown.errors.contains("unknown option --onyl"))
    }

    @Test func theVersionIsInOnePlace() throws {
        let version = try text("Sources/qcsh/Process/Version.swift")
        let number = try #require(version.split(separator: "\"").dropFirst().first)
        let files = FileManager.default.enumerator(atPath: Project.root + "/Sources")
        for case let path as String in files ?? .init() where path.hasSuffix(".swift") {
            guard path != "qcsh/Process/Version.swift" else { continue }
            #expect(try !text("Sources/" + path).contains("\"\(number)\""), "\(path)")
        }
    }

    // MARK: - Words

    @Test(
        arguments: [
            ("a.swift", "throw Problem(\"\\(path) is no directory\")", "is no"),
            ("b.swift", "let text = \"\"\"\n    It tells of the file.\n    \"\"\"", "tells"),
            ("c.lua", "error(\"it has to be a string\")", "has to be"),
            ("d.lua", "--- Makes keys anew.\nlocal function f() end", "anew"),
            ("e.lua", "fail('nobody is there to confirm')", "nobody"),
            ("f.md", "The sandbox. What is there already stays.", ". What is"),
            ("h.swift", "/// Tells of the file.\nfunc f() {}", "Tells"),
            ("g.swift", "note(\"written beside the folder x\")", "beside"),
        ])
    func hardPhrasesAreFound(_ name: String, _ code: String, _ phrase: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(name, code + "\n")
        let result = try run(Project.root + "/scripts/dev/check-words", [file])
        #expect(result.status == 1)
        #expect(result.output.contains("\"\(phrase)"), "\(result.output)")
    }

    @Test(
        arguments: [
            ("a.swift", "// it tells anew\nlet folder = load(\"folder\")"),
            ("b.lua", "-- whoever tells\nlocal folder = options.folder or \"folder\""),
            ("c.swift", "throw Problem(\"\\(tells(anew: folder)) must be a string\")"),
            ("d.md", "The `folder` of ```\nis no word\n``` is code."),
        ])
    func codeIsNotText(_ name: String, _ code: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(name, code + "\n")
        let result = try run(Project.root + "/scripts/dev/check-words", [file])
        #expect(result.output == "")
        #expect(result.status == 0)
    }
}
