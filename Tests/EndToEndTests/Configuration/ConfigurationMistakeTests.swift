import Foundation
import TestSupport
import Testing

/// Everything in a configuration file is understood or refused, with its line and the nearest name.
@Suite struct ConfigurationMistakeTests {
    /// A key of a context or of the top level, with a value of its type.
    struct Key: CustomStringConvertible {
        let path: String
        let value: String

        var name: String { path.split(separator: ".").last.map(String.init) ?? path }
        var description: String { path }
    }

    static let keys = [
        Key(path: "current_context", value: "one"), Key(path: "history.size", value: "5"),
        Key(path: "history.leading_space", value: "true"),
        Key(path: "history.repeats", value: "false"),
        Key(path: "name", value: "one"), Key(path: "endpoint", value: "https://a.example:443"),
        Key(path: "rest_endpoint", value: "https://b.example"),
        Key(path: "account_id", value: "53edd200-075b-4687-a8a1-245a45ea32ee"),
        Key(path: "api_key", value: "CANARY1"), Key(path: "api_key_command", value: "echo a"),
        Key(path: "token", value: "CANARY2"), Key(path: "token_command", value: "echo b"),
        Key(path: "read_only", value: "true"), Key(path: "lock_account", value: "true"),
        Key(path: "confirm", value: "true"), Key(path: "retries", value: "4"),
        Key(path: "color", value: "red"),
    ]

    /// A file with one key, whose name and value may be others.
    private func text(_ key: Key, name: String? = nil, value: String? = nil) -> String {
        let line = "\(name ?? key.name): \(value ?? key.value)"
        let isContexts = !key.path.contains(".") && key.path != "current_context"
        let contexts = isContexts && key.name == "name" ? "" : "  - name: one\n"
        if key.path == "current_context" { return "\(line)\ncontexts:\n\(contexts)" }
        if key.path.hasPrefix("history") { return "history:\n  \(line)\ncontexts:\n\(contexts)" }
        return "contexts:\n" + (contexts.isEmpty ? "  - \(line)\n" : "\(contexts)    \(line)\n")
    }

    private func load(_ text: String) throws -> ProgramResult {
        let folder = try TemporaryFolder()
        let file = try folder.write("c.yaml", text)
        return try qcsh(
            ["context", "list", "--output", "jsonl"], environment: ["QDRANT_CLOUD_CONFIG": file])
    }

    /// The keys of the sample are those that the program knows.
    @Test func theSampleHasEveryKey() throws {
        let context = try load("contexts:\n  - name: one\n    zzzzzzzzzzzzzz: 1\n").errors
        let top = try load("zzzzzzzzzzzzzz: 1\n").errors
        let history = try load("history: {zzzzzzzzzzzzzz: 1}\n").errors
        func known(_ text: String) throws -> Set<String> {
            let list = try #require(text.split(separator: "expected one of ").last)
            return Set(
                list.split(separator: ",").map {
                    $0.trimmingCharacters(in: .whitespacesAndNewlines)
                })
        }
        let sample = Self.keys.map(\.path)
        #expect(
            try known(context)
                == Set(sample.filter { !$0.contains(".") && $0 != "current_context" }))
        #expect(try known(top) == ["current_context", "contexts", "history"])
        #expect(
            try known(history)
                == Set(Self.keys.filter { $0.path.hasPrefix("history") }.map(\.name)))
    }

    @Test(arguments: keys) func aKeyWithAValueOfItsTypeIsUnderstood(_ key: Key) throws {
        let result = try load(text(key))
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    }

    @Test(arguments: keys) func aMisspeltKeyIsRefusedWithTheNearestName(_ key: Key) throws {
        let name = key.name
        let misspelt = [
            String(name.dropLast()) + "x", name + "s", String(name.dropFirst()),
            name.replacingOccurrences(of: "_", with: "-"),
            name.replacingOccurrences(of: "_", with: ""), name.uppercased(),
        ]
        for wrong in misspelt where wrong != name {
            let result = try load(text(key, name: wrong))
            #expect(result.status == 2 && result.output.isEmpty, "\(wrong): \(result.output)")
            #expect(result.errors.contains("c.yaml:"), "\(result.errors)")
            // A context without its name has another mistake.
            if name != "name" {
                #expect(
                    result.errors.contains("unknown key \"\(wrong)\"; did you mean"),
                    "\(wrong): \(result.errors)")
            }
        }
    }

    @Test(arguments: keys) func aValueOfAnotherTypeIsRefusedWithItsLine(_ key: Key) throws {
        let isFlag = key.value == "true" || key.value == "false"
        let isNumber = Int(key.value) != nil
        var wrong = ["{a: b}", "[a]", "", "~", "\"\""]
        if !isFlag { wrong.append("true") }
        if !isNumber { wrong += ["123", "00012e3", "1.5"] }
        if isFlag || isNumber {
            wrong += ["maybe", "\"\(key.value)\"", "-1", "99999999999999999999"]
        }
        for value in wrong {
            let result = try load(text(key, value: value))
            #expect(result.status == 2, "\(key.name): \(value) → \(result.output)")
            #expect(
                result.errors.contains("c.yaml:") && result.errors.contains(key.name),
                "\(value): \(result.errors)")
            #expect(!result.errors.contains("00012e3") || !["api_key", "token"].contains(key.name))
        }
    }

    @Test(arguments: [
        ("contexts: {prod: {endpoint: a}}", "contexts must be a list, got a map"),
        ("contexts: 3", "contexts must be a list, got a number"),
        ("contexts: [3]", "contexts[0] must be a map, got a number"),
        ("contexts:\n  -\n  - name: a", "contexts[0] must be a map, got nothing"),
        ("contexts: [{endpoint: a.example}]", "contexts[0]: a context needs a name"),
        ("contexts: [{name: a}, {name: a}]", "a second context has the name \"a\""),
        ("contexts: [{name: a b}]", "a name must not contain spaces"),
        ("contexts: [{name: a, api_key: k, token: t}]", "api_key and token exclude each other"),
        ("contexts: [{name: a, color: pink}]", "color must be one of"),
        ("contexts: [{name: a, endpoint: \"http://far.example\"}]", "cleartext is for loopback"),
        (
            "contexts: [{name: a, retries: 21}]",
            "retries must be a whole number from 0 to 20, got 21"
        ),
        ("contexts: [{name: a, api_key: \"a\\nb\"}]", "api_key contains a line break"),
        ("contexts: [{name: a, token: \"ä\"}]", "token contains the character U+00E4"),
        ("history: 3", "history must be a map, got a number"),
        ("- a", "the top level must be a map, got a list"),
    ]) func aMistakeIsNamedWithItsPlace(_ text: String, _ words: String) throws {
        let result = try load(text + "\n")
        #expect(result.status == 2 && result.errors.contains(words), "\(text): \(result.errors)")
        #expect(result.errors.contains("c.yaml:1:") || result.errors.contains("c.yaml:2:"))
    }

    /// qcloud's file may have what only qcloud knows; a guard that is misspelt there protects nothing.
    @Test func inTheFileOfQcloudOnlyGuardsMustBeKnown() throws {
        let home = try TemporaryFolder()
        func list(_ fields: String) throws -> ProgramResult {
            try home.write(
                ".config/qcloud/config.yaml",
                "console_url: https://x.example\ncontexts:\n  - {name: 7, \(fields)}\n")
            return try qcsh(
                ["context", "list", "--output", "jsonl"],
                environment: ["HOME": home.path, "XDG_CONFIG_HOME": home.path + "/.config"])
        }
        let own = try list("api_key: 123, theirs: 1")
        #expect(own.status == 0 && own.output.contains("\"name\":\"7\""), "\(own.errors)")
        let guarded = try list("readonly: true")
        #expect(guarded.status == 2 && guarded.errors.contains("did you mean \"read_only\""))
    }

    /// A file with a mistake is used for nothing: no run goes on without its guards.
    @Test func nothingRunsWithAMisunderstoodGuard() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "c.yaml",
            "current_context: a\ncontexts:\n"
                + "  - {name: a, endpoint: \"\(sandbox.endpoint)\", api_key: \(sandbox.key), readonly: true}\n"
        )
        let environment = ["QDRANT_CLOUD_CONFIG": file]
        for arguments in [
            ["call", "cluster.list_clusters"], ["-e", "qdrant.api.cluster.list_clusters {}"],
            ["context", "show"], ["context", "set", "a", "--color", "red"], ["doctor"],
        ] {
            let result = try qcsh(arguments, environment: environment)
            #expect(result.status == 2, "\(arguments): \(result.errors)")
            let said = result.errors + result.output
            #expect(said.contains("did you mean \"read_only\""), "\(arguments): \(said)")
        }
        #expect(try String(contentsOfFile: file, encoding: .utf8).contains("readonly: true"))
    }
}
