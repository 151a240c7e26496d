import ArgumentParser
import Contract
import Glibc
import LuaHost
import LuaMachine
import LuaMessages
import LuaReference
import Shell

/// Checks scripts against the API without running them.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check scripts against the API without running them.",
        usage: "qcsh check [--json | --sarif] [--permissions] SCRIPT …",
        discussion: """
            Finds unknown methods and fields, values of the wrong type, violated rules of the API, \
            undefined globals, and calls that the header does not permit. Follows qdrant.api and \
            modules through locals and require. Ignores lines that end in "-- qcsh:ignore". Exits \
            with 1 if it finds something.
            """)

    @Flag(help: "Write JSON.")
    var json = false

    @Flag(help: "Write SARIF 2.1.0, which code hosts show next to the lines.")
    var sarif = false

    @Flag(help: "Show the permissions that the scripts need.")
    var permissions = false

    @OptionGroup var source: ContractSource

    @Argument(help: ArgumentHelp("The scripts.", valueName: "script"))
    var scripts: [String]

    func run() throws {
        let registry = try reportingErrors(as: "check") { try ContractLoader.load(source.choice) }
        let checker = ScriptChecker(
            registry: registry, policy: HeaderPermissions(registry: registry),
            now: { Clocks.wall() }
        ) { module, script in
            guard let file = Project.of(script: script).file(of: module),
                let source = UserFiles.read(file)
            else { return nil }
            return (file, source)
        }
        var results: [(file: String, result: CheckResult)] = []
        for file in scripts {
            guard let text = UserFiles.read(file) else {
                Output.note("qcsh check: cannot read \(file): \(UserFiles.reason)")
                throw ExitCode(ExitStatus.usage)
            }
            results.append((file, checker.check(text, file: file)))
        }
        let report = CheckReport(results: results)
        if sarif {
            Output.data(report.sarif)
        } else if json {
            Output.data(report.json)
        } else {
            Output.data(report.text(showsPermissions: permissions))
        }
        if results.contains(where: { !$0.result.findings.isEmpty }) {
            throw ExitCode(ExitStatus.failed)
        }
    }
}

/// Findings in the forms that people and programs read.
struct CheckReport {
    let results: [(file: String, result: CheckResult)]

    /// Prints each finding once, since several scripts may load a module.
    private let findings: [Finding]

    init(results: [(file: String, result: CheckResult)]) {
        self.results = results
        var found: [Finding] = []
        for finding in results.flatMap(\.result.findings) where !found.contains(finding) {
            found.append(finding)
        }
        findings = found
    }

    func text(showsPermissions: Bool) -> String {
        var lines = findings.map { finding in
            "\(finding.file):\(finding.position.line):\(finding.position.column): "
                + "\(finding.severity.rawValue): \(finding.message) [\(finding.rule.rawValue)]"
        }
        if showsPermissions {
            for (file, result) in results {
                lines.append("\(file) can use: \(Self.summary(of: result, file: file))")
            }
        }
        return lines.isEmpty ? "" : lines.map(Terminal.safe).joined(separator: "\n") + "\n"
    }

    /// `read:clusters, write:clusters; unknown: line 12 calls a function that comes from data`
    private static func summary(of result: CheckResult, file: String) -> String {
        let known =
            result.permissions.isEmpty
            ? "nothing that needs a permission" : result.permissions.joined(separator: ", ")
        guard !result.unknown.isEmpty else { return known }
        let unknown = result.unknown.map { use in
            (use.file == file ? "line \(use.position.line)" : "\(use.file):\(use.position.line)")
                + " " + use.reason
        }
        return known + "; unknown: " + unknown.joined(separator: ", ")
    }

    private static func object(_ members: KeyValuePairs<String, LuaValue>) -> LuaValue {
        .table(LuaTable(entries: members.map { (.text($0.key), $0.value) }))
    }

    private static func list(_ items: [LuaValue]) -> LuaValue {
        .table(
            LuaTable(
                kind: .list,
                entries: items.enumerated().map { (.integer(Int64($0.offset + 1)), $0.element) }))
    }

    private static func write(_ value: LuaValue) -> String {
        JSONLayout.pretty(ValueJSON(registry: .embedded).text(value)) + "\n"
    }

    var json: String {
        Self.write(
            Self.object([
                "findings": Self.list(
                    findings.map { finding in
                        Self.object([
                            "file": .text(finding.file),
                            "line": .integer(Int64(finding.position.line)),
                            "column": .integer(Int64(finding.position.column)),
                            "severity": .text(finding.severity.rawValue),
                            "rule": .text(finding.rule.rawValue),
                            "message": .text(finding.message),
                        ])
                    }),
                "scripts": Self.list(
                    results.map { file, result in
                        Self.object([
                            "file": .text(file),
                            "permissions": Self.list(result.permissions.map { .text($0) }),
                            "methods": Self.list(result.methods.map { .text($0) }),
                            "unknown": Self.list(result.unknown.map(Self.unknown)),
                        ])
                    }),
            ]))
    }

    private static func unknown(_ use: UnknownUse) -> LuaValue {
        object([
            "file": .text(use.file), "line": .integer(Int64(use.position.line)),
            "column": .integer(Int64(use.position.column)), "reason": .text(use.reason),
        ])
    }

    /// OASIS SARIF 2.1.0.
    var sarif: String {
        let rules = Finding.Rule.allCases.map { rule in
            Self.object([
                "id": .text(rule.rawValue),
                "shortDescription": Self.object(["text": .text(rule.summary)]),
            ])
        }
        let found = findings.map { finding in
            let region = Self.object([
                "startLine": .integer(Int64(finding.position.line)),
                "startColumn": .integer(Int64(finding.position.column)),
            ])
            return Self.object([
                "ruleId": .text(finding.rule.rawValue), "level": .text(finding.severity.rawValue),
                "message": Self.object(["text": .text(finding.message)]),
                "locations": Self.list([
                    Self.object([
                        "physicalLocation": Self.object([
                            "artifactLocation": Self.object(["uri": .text(finding.file)]),
                            "region": region,
                        ])
                    ])
                ]),
            ])
        }
        let driver = Self.object([
            "name": .text("qcsh check"), "version": .text(Version.number),
            "rules": Self.list(rules),
        ])
        return Self.write(
            Self.object([
                "$schema": .text("https://json.schemastore.org/sarif-2.1.0.json"),
                "version": .text("2.1.0"),
                "runs": Self.list([
                    Self.object([
                        "tool": Self.object(["driver": driver]), "results": Self.list(found),
                    ])
                ]),
            ]))
    }
}
