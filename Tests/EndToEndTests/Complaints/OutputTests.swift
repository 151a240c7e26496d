import Foundation
import TestSupport
import Testing

/// "Output a program can read": standard output is data and nothing else, in every form, and a
/// program reads it back.
@Suite struct OutputTests {
    private static let noise = """
        log.warn("talk")
        local bar <close> = term.progress("working", 2)
        bar:step()
        io.stderr:write("more talk\\n")
        """

    @Test(arguments: ["json", "jsonl", "yaml", "csv"])
    func everyFormIsReadByOthers(_ format: String) throws {
        let result = try qcsh([
            "--sandbox", "--trace", "--output", format, "-e",
            Self.noise + "\nreturn qdrant.api.cluster.list_clusters {}.items",
        ])
        #expect(result.status == 0, "\(result.errors)")
        let program = """
            import csv, io, json, sys, yaml
            text, form = sys.stdin.read(), sys.argv[1]
            rows = {"json": lambda: json.loads(text),
                    "jsonl": lambda: [json.loads(line) for line in text.splitlines()],
                    "yaml": lambda: yaml.safe_load(text),
                    "csv": lambda: list(csv.DictReader(io.StringIO(text)))}[form]()
            print(len(rows), sorted(row["name"] for row in rows))
            """
        let read = try run(Project.tool("python"), ["-c", program, format], input: result.output)
        #expect(read.output == "2 ['search-prod', 'staging']\n", "\(read.errors)\n\(result.output)")
        for talk in ["talk", "list_clusters  OK"] {
            #expect(result.errors.contains(talk))
            #expect(!result.output.contains(talk))
        }
        // Nothing turns and nothing is coloured where no terminal is.
        #expect(!result.errors.contains("\u{1b}") && !result.output.contains("\u{1b}"))
    }

    @Test func ofAFailureNothingIsOnStandardOutput() throws {
        let result = try qcsh([
            "call", "--sandbox", "--output", "json", "cluster.get_cluster",
            "cluster_id=00000000-0000-4000-8000-000000000000",
        ])
        #expect(result.output.isEmpty && result.errors.contains("NOT_FOUND"))
    }

    /// What a script prints and what it returns keep their order.
    @Test func printsAndResultsKeepTheirOrder() throws {
        let result = try qcsh(["-e", "print('first') io.write('second\\n') return 'third'"])
        #expect(
            result.output == "first\nsecond\n\"third\"\n"
                || result.output == "first\nsecond\nthird\n")
    }

    @Test func aReaderThatGoesAwayIsNoDisaster() throws {
        let result = try run(
            "/bin/sh",
            ["-c", "\"$0\" -e 'for i = 1, 1e5 do print(i) end' | head -1", Project.qcsh])
        #expect(result.output == "1\n")
        #expect(!result.errors.contains("traceback"))
    }

    /// The trace file is what viewers of the Trace Event Format read.
    @Test func callsAreTracedForViewers() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/trace.json"
        let result = try qcsh([
            "--sandbox", "--trace-file", file, "-e",
            "task.map({ 1, 2, 3 }, function() qdrant.api.cluster.list_clusters {} end)",
        ])
        #expect(result.status == 0)
        let data = try #require(FileManager.default.contents(atPath: file))
        let events = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        #expect(events.count == 3)
        #expect(Set(events.compactMap { $0["tid"] as? Int }).count == 3)
        for event in events {
            #expect(event["ph"] as? String == "X")
            #expect(event["name"] as? String == "cluster.list_clusters")
            #expect((event["dur"] as? Double ?? 0) > 0)
            #expect((event["args"] as? [String: Any])?["status"] as? String == "OK")
        }
    }
}
