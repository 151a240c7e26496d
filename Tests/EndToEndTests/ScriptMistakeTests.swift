import Foundation
import TestSupport
import Testing

/// Ready-made scripts: what matches nothing, what is given wrong, and what cannot be delivered.
@Suite struct ScriptMistakeTests {
    private func script(_ name: String, _ arguments: String...) throws -> ProgramResult {
        try qcsh(["--sandbox", "run", name] + arguments)
    }

    /// The scripts that choose clusters by a label: found by their headers.
    private static let choosing: [String] = {
        let folder = Project.root + "/scripts"
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter { name in
            guard name.hasSuffix(".lua"),
                let text = try? String(contentsOfFile: folder + "/" + name, encoding: .utf8)
            else { return false }
            return text.contains("\"--allow-empty\"")
        }.map { String($0.dropLast(4)) }.sorted()
    }()

    private static let needed = [
        "allow-list": ["--add", "203.0.113.0/24"], "disaster-drill": ["--yes"],
        "office-hours": ["suspend"], "upgrade-fleet": ["--yes"],
    ]

    @Test func aLabelThatNoClusterHasIsReported() throws {
        #expect(Self.choosing.count >= 6, "\(Self.choosing)")
        for name in Self.choosing {
            let words = Self.needed[name] ?? []
            let result = try qcsh(["--sandbox", "run", name] + words + ["--label", "env=prdo"])
            #expect(result.status == 5 && result.output.isEmpty, "\(name): \(result.output)")
            #expect(
                result.errors.contains("no cluster has the label env=prdo; did you mean env=prod?"),
                "\(name): \(result.errors)")
            let empty = try qcsh(
                ["--sandbox", "run", name] + words + ["--label", "env=prdo", "--allow-empty"])
            #expect(empty.status == 0, "\(name): \(empty.errors)")
        }
        // No other script filters by a label in silence.
        for name in try FileManager.default.contentsOfDirectory(atPath: Project.root + "/scripts")
        where name.hasSuffix(".lua") && !Self.choosing.contains(String(name.dropLast(4))) {
            let text = try String(
                contentsOfFile: Project.root + "/scripts/" + name, encoding: .utf8)
            #expect(!text.contains("labels = args.label }"), "\(name)")
        }
    }

    @Test(arguments: [
        ["costs", "--by", "foo"], ["costs", "--month", "2026-13"], ["report", "healht"],
        ["create-cluster", "mine", "--region", "eu-central-1"],
        ["create-cluster", "mine", "--region", "eu-central-1", "--cpu", "two", "--ram", "8GiB"],
        ["backup-policy", "--cron", "daily"], ["backup-policy", "--retention", "30"],
        ["backup", "search-prod", "--retention", "30"], ["backup-audit", "--max-age", "90"],
        ["allow-list", "search-prod", "--add", "010.1.2.3"],
        ["app-key", "search-prod", "a", "--read", "x", "--expires", "soon"],
        ["upgrade-fleet"], ["rotate-keys", "search-prod", "--overlap=-1h"],
    ]) func wrongArgumentsEndWithTwoBeforeAnythingIsRead(_ words: [String]) throws {
        // No address answers there: nothing is asked.
        let result = try qcsh(
            ["--endpoint", "http://127.0.0.1:1", "run"] + words,
            environment: ["QDRANT_CLOUD_API_KEY": "k"])
        #expect(result.status == 2 && result.output.isEmpty, "\(words): \(result.errors)")
        #expect(result.errors.contains("--help"), "\(words): \(result.errors)")
        #expect(!result.errors.contains("127.0.0.1:1"), "\(words): \(result.errors)")
    }

    /// A name that is taken is said before a second backup is made, in the script's own words.
    @Test func aSecondBackupOfOneNameIsRefused() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        func backup(_ more: String...) throws -> ProgramResult {
            try qcsh(
                ["--endpoint", sandbox.endpoint, "run", "backup", "search-prod", "--name", "twice"]
                    + more, environment: ["QDRANT_CLOUD_API_KEY": sandbox.key])
        }
        #expect(try backup().status == 0)
        let second = try backup()
        #expect(second.status == 6, "\(second.errors)")
        #expect(second.errors.contains("a backup named \"twice\" already exists ("))
        #expect(second.errors.contains("--duplicate creates another one"))
        #expect(!second.errors.contains("duplicate = true"))
        #expect(try backup("--duplicate").status == 0)
        // An ambiguous name lists the ids.
        let restore = try sandbox.qcsh("qdrant.backups:find('twice')")
        #expect(restore.status == 6 && restore.errors.contains("use the id: "), "\(restore.errors)")
        // In Lua it is the option of the function.
        let lua = try sandbox.qcsh(
            "qdrant.clusters:find('search-prod'):backup { name = 'twice' }")
        #expect(lua.errors.contains("duplicate = true creates another one"), "\(lua.errors)")
    }

    /// Messages name options that the script has.
    @Test func messagesNameTheScriptsOwnOptions() throws {
        let scale = try script(
            "scale-cluster", "search-prod", "--nodes", "1", "--cpu", "1", "--ram", "4GiB", "--yes")
        #expect(!scale.errors.contains("= true"), "\(scale.errors)")
        let create = try script(
            "create-cluster", "mine", "--region", "eu-central-1", "--package", "gpx3", "--cpu", "2",
            "--ram", "8GiB")
        #expect(
            create.errors.contains("--package gpx3 and --cpu 2")
                || create.errors.contains("--package gpx3 and --ram 8GiB"), "\(create.errors)")
    }

    /// Findings are printed, whatever becomes of their delivery.
    @Test func aWebhookThatIsDownHidesNothing() throws {
        let result = try qcsh(
            [
                "--sandbox", "--output", "json", "run", "health-digest", "--all", "--webhook",
                "http://127.0.0.1:1/hook",
            ])
        #expect(result.output.contains("search-prod"), "\(result.output)")
        #expect(result.errors.contains("the list was not delivered"), "\(result.errors)")
        #expect(result.status == 8 || result.status == 9)
    }

    /// A filter that nothing can fit is a mistake, not an empty list.
    @Test(arguments: [
        (
            "{ region = 'eu-central-9' }",
            "there is no region \"eu-central-9\"; did you mean \"eu-central-1\"?"
        ),
        ("{ cloud = 'aws', region = 'europe-west3' }", "there is no region of aws"),
        ("{ cloud = 'awss' }", "did you mean \"aws\"?"),
        ("{ name = '' }", "name must not be empty"),
        ("{ phase = 'helthy' }", "phase must be one of"), ("{ labels = 'env' }", "labels must be"),
    ])
    func aFilterThatNothingCanFitIsAnError(_ filter: String, _ message: String) throws {
        let code = "return qdrant.clusters:list(\(filter))"
        let result = try qcsh(["--sandbox", "-e", code])
        #expect(result.status != 0)
        #expect(result.errors.contains(message), "\(result.errors)")
    }
}
