import Foundation
import TestSupport
import Testing

/// Texts of script arguments: what each type takes, and what it refuses before anything is done.
@Suite struct ArgumentTypeTests {
    struct Sample: CustomTestStringConvertible {
        let type: String
        let right: [String]
        let wrong: [String]
        var testDescription: String { type }
    }

    static let samples = [
        Sample(
            type: "block",
            right: [
                "0.0.0.0/0", "10.0.0.0/8", "10.1.2.3", "10.1.2.3/32", "255.255.255.255",
                "203.0.113.7/24",
            ],
            wrong: [
                "", "010.1.2.3", "10.01.2.3", "10.1.2.03/24", "10.1.2.3/08", "10.1.2.3/33",
                "10.1.2.3/", "10.1.2.3/-1", "10.1.2", "10.1.2.3.4", "256.1.2.3", "10.1.2.3/24/8",
                "::1", "::/0", "a.b.c.d", " 10.1.2.3", "10.1.2.3 ", "0x0a.1.2.3", "10..2.3",
                "99999999999999999999.1.2.3", "10.1.2.3/99999999999999999999", "00.1.2.3",
            ]),
        Sample(
            type: "size",
            right: ["8GiB", "8Gi", "512MiB", "1.5GiB", "8G", "8GB", "1TiB", "8 GiB"],
            wrong: [
                "", "8.GiB", ".5GiB", "8XiB", "GiB", "-8GiB", "1024", "8iB", "8i", "1.2.3GiB",
                "8gib x",
            ]),
        Sample(
            type: "cpu", right: ["2", "0.5", "2000m", "500m"],
            wrong: ["", "2.", ".5", "m", "-2", "2cores", "1.5m", "2 ", "0x2", "1e3"]),
        Sample(
            type: "cron",
            right: ["0 3 * * *", "*/5 * * * *", "0 0 1 1 0", "@daily", "@every 12h"],
            wrong: [
                "", "0 3 * *", "0 3 * * * *", "61 * * * *", "0 24 * * *", "0 0 32 1 *",
                "0 0 1 13 *", "@never", "@every", "@every 0s", "daily", "a b c d e",
            ]),
        Sample(
            type: "month", right: ["2026-10", "2026-01", "2026-12", "this month", "last month"],
            wrong: [
                "", "2026-13", "2026-00", "2026-1", "26-10", "2026", "2026-10-01", "next month",
            ]
        ),
        Sample(
            type: "expiry", right: ["90d", "1h30m", "2027-03-01", "2027-03-01T12:00:00Z"],
            wrong: ["", "90", "-90d", "0d", "2027-13-01", "2027-02-30", "tomorrow", "d"]),
        Sample(
            type: "duration", right: ["36h", "7d", "1.5s", "0s", "1h30m"],
            wrong: ["", "36", "-36h", "h", "1x", "36 hours later", "1h30"]),
        Sample(
            type: "int", right: ["0", "-5", "+5", "007", "9223372036854775807"],
            wrong: ["", "1.5", "1.0", "1e3", "0x10", "5 ", " 5", "a", "9223372036854775808", "--5"]),
        Sample(
            type: "number", right: ["0", "-1.5", "+2", "1e3", ".5"],
            wrong: ["", "0x10", "inf", "nan", "1e999", "1,5", "1 2", "a", " 5", "5 "]),
        Sample(
            type: "time", right: ["2026-03-01", "2026-03-01T12:00:00Z"],
            wrong: ["", "2026-13-01", "2026-02-30", "03/01/2026", "now and then"]),
        Sample(
            type: "pair", right: ["a=b", "a=", "a=b=c"], wrong: ["", "a", "=b", "="]),
        Sample(
            type: "json", right: ["1", "{}", "\"a\"", "[1]"], wrong: ["", "{", "a", "{a:1}", "1 2"]),
        Sample(type: "file", right: ["-", "/etc/passwd"], wrong: ["", "/no/such/file"]),
    ]

    /// Prints what a type says to each text.
    private static let script = """
        local kind, texts = ...
        for _, text in ipairs(json.decode(texts)) do
          local value, problem = cli.convert(kind, text)
          print(problem and "wrong" or value ~= nil and "right" or "nothing")
        end
        """

    @Test(arguments: samples) func eachTypeTakesWhatIsRightAndNothingElse(_ sample: Sample) throws {
        let folder = try TemporaryFolder()
        let script = try folder.write("script.lua", Self.script)
        for (texts, verdict) in [(sample.right, "right"), (sample.wrong, "wrong")] {
            let json = String(decoding: try JSONEncoder().encode(texts), as: UTF8.self)
            let result = try qcsh([script, sample.type, json])
            let verdicts = result.output.split(separator: "\n").map(String.init)
            #expect(verdicts.count == texts.count, "\(result)")
            for (text, found) in zip(texts, verdicts) {
                #expect(found == verdict, "\(sample.type): \"\(text)\" counts as \(found)")
            }
        }
    }

    /// No type is without a sample.
    @Test func everyTypeHasSamples() throws {
        let source = try String(
            contentsOfFile: Project.root + "/stdlib/host/cli/types.lua", encoding: .utf8)
        let known = Set(source.matches(of: #/function known\.(\w+)/#).map { String($0.output.1) })
        #expect(known.subtracting(["string"]) == Set(Self.samples.map(\.type)))
    }

    /// A wrong text ends a script with status 2 before its first line, and before anything is read.
    @Test(arguments: samples) func aWrongTextEndsAScriptBeforeItBegins(_ sample: Sample) throws {
        let folder = try TemporaryFolder()
        let script = try folder.write(
            "script.lua",
            """
            local args = script { args = { { "--value", type = "\(sample.type)" } } }
            print("it has begun")
            """)
        for text in sample.wrong.prefix(2) {
            let result = try qcsh([script, "--value=" + text])
            #expect(result.status == 2, "\(text): \(result)")
            #expect(
                result.output.isEmpty && result.errors.contains("--value"), "\(text): \(result)")
        }
    }

    @Test func anAllowListWithALeadingZeroIsRefusedBeforeAnythingIsRead() throws {
        let folder = try TemporaryFolder()
        try folder.write("blocks", "10.0.0.0/8\n010.1.2.3\n")
        for (option, value, shown) in [
            ("--add", "010.1.2.3", "--add"), ("--remove", "10.1.02.3/32", "--remove"),
            ("--me", "010.1.2.3", "--me"), ("--file", "blocks", "blocks:2: \"010.1.2.3\""),
        ] {
            let result = try qcsh(
                ["--endpoint", "127.0.0.1:1", "run", "allow-list", "search-prod", option, value],
                environment: ["QDRANT_CLOUD_API_KEY": "none"], folder: folder.path)
            #expect(result.status == 2, "\(result)")
            #expect(result.errors.contains(shown), "\(result)")
            #expect(result.errors.contains("leading zeros"), "\(result)")
        }
    }
}
