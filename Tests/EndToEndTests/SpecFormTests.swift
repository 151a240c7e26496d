import Foundation
import TestSupport
import Testing

/// Specs end as they end with busted: each form in Tests/Fixtures/specs with the outcome that is recorded
/// there, which is that of busted itself.
///
/// `QCSH_RECORD_SPECS=1` records the outcomes again; that takes Debian's lua-busted and lua5.4.
@Suite struct SpecFormTests {
    /// A spec file, and what comes of it: a line for each spec in order, "-> ok NAME", and "-> error"
    /// for what fails outside of specs.
    private struct Form {
        let name: String
        var code: [Substring] = []
        var outcome: [String] = []

        var text: String { code.joined(separator: "\n") + "\n" }
    }

    private static let directory = Project.root + "/Tests/Fixtures/specs"
    private static let files = ["assertions", "blocks", "spies"]

    /// What runs specs with busted; nil where it is not installed.
    private static let busted: [String]? = {
        let parts = ["/usr/bin/lua5.4", "/usr/bin/busted"]
        let isThere = parts.allSatisfy { FileManager.default.fileExists(atPath: $0) }
        return isThere ? parts : nil
    }()

    private static func forms(of file: String) throws -> [Form] {
        let text = try String(contentsOfFile: "\(directory)/\(file).txt", encoding: .utf8)
        var forms: [Form] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("== ") {
                forms.append(Form(name: String(line.dropFirst(3))))
            } else if line.hasPrefix("-> ") {
                forms[forms.count - 1].outcome.append(String(line))
            } else if !(line.isEmpty && (forms.last?.outcome.isEmpty ?? true) == false) {
                forms[forms.count - 1].code.append(line)
            }
        }
        return forms
    }

    private static func outcomeOfBusted(_ path: String, in folder: String) throws -> [String] {
        let program = try #require(busted)
        let result = try run(
            program[0], [program[1], "-o", directory + "/outcomes.lua", path], folder: folder)
        return result.output.split(separator: "\n").filter { $0.hasPrefix("-> ") }.map(String.init)
    }

    private struct Results: Decodable {
        struct Spec: Decodable {
            let kind: String
            let name: String
            let status: String
        }
        let specs: [Spec]
    }

    private static func outcome(_ path: String, in folder: String) throws -> [String] {
        let result = try qcsh(["test", "--format", "json", path], folder: folder)
        let results = try JSONDecoder().decode(Results.self, from: Data(result.output.utf8))
        let hasFailed = results.specs.contains { $0.status == "failed" }
        #expect(result.status == (hasFailed ? 1 : 0), "\(path): \(result.errors)")
        return results.specs.map { spec in
            guard spec.kind == "spec" else { return "-> error" }
            return "-> \(spec.status == "passed" ? "ok" : spec.status) \(spec.name)"
        }
    }

    @Test(arguments: files) func everyFormEndsAsWithBusted(_ file: String) throws {
        let folder = try TemporaryFolder()
        var forms = try Self.forms(of: file)
        #expect(forms.count >= 10)
        let isRecording = ProcessInfo.processInfo.environment["QCSH_RECORD_SPECS"] != nil
        for index in forms.indices {
            let form = forms[index]
            let path = "spec/form\(index)_spec.lua"
            try folder.write(path, form.text)
            if Self.busted != nil {
                let outcome = try Self.outcomeOfBusted(path, in: folder.path)
                if isRecording { forms[index].outcome = outcome }
                #expect(outcome == forms[index].outcome, "busted: \(form.name)")
            }
            let own = try Self.outcome(path, in: folder.path)
            #expect(own == forms[index].outcome, "\(form.name)")
        }
        guard isRecording else { return }
        let text = forms.map { form in
            (["== " + form.name] + form.code.map(String.init) + form.outcome)
                .joined(separator: "\n") + "\n"
        }
        try text.joined(separator: "\n").write(
            toFile: "\(Self.directory)/\(file).txt", atomically: true, encoding: .utf8)
    }
}
