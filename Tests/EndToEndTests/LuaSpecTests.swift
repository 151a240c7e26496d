import Contract
import Foundation
import TestSupport
import Testing

/// Runs the specs in Tests/Lua as their authors would, and what reports them.
@Suite struct LuaSpecTests {
    @Test func allSpecsPass() throws {
        let server = try ServerProcess.peer("http_server")
        defer { server.stop() }
        // What a stack can declare of a cluster, so that none is forgotten.
        let configuration = try #require(
            try Registry.embedded.message(named: "qdrant.cloud.cluster.v1.ClusterConfiguration"))
        // scripts/dev/test --only lua FILTER
        let filter = ProcessInfo.processInfo.environment["QCSH_SPEC_FILTER"] ?? ""
        let result = try qcsh(
            ["test", Project.root + "/Tests/Lua"] + (filter.isEmpty ? [] : ["--filter", filter]),
            environment: [
                "CLUSTER_CONFIGURATION_FIELDS": configuration.fields.map(\.name)
                    .joined(separator: " "),
                "HTTP_SERVER": server.address, "QDRANT_CLOUD_API_KEY": "not for programs",
            ])
        let failures = result.output.split(separator: "\n").filter { !$0.hasPrefix("ok ") }
        #expect(result.status == 0, "\(failures.joined(separator: "\n"))\n\(result.errors)")
        #expect(result.output.contains(" 0 failed"))
    }

    private static let spec = """
        describe("sums", function()
          local log = {}
          setup(function() log[#log + 1] = "setup" end)
          before_each(function() log[#log + 1] = "before" end)
          after_each(function() log[#log + 1] = "after" end)
          teardown(function() print(table.concat(log, " ")) end)
          it("add", function() assert.are.equal(2, 1 + 1) end)
          it("do not", function() assert.is_not.equal(2, 1 + 1) end)
          it("crash", function() finally(function() log[#log + 1] = "finally" end) error("boom") end)
          pending("later")
        end)
        """

    @Test func bustedSpecsRunAndAreReported() throws {
        let folder = try TemporaryFolder()
        try folder.write("spec/sums_spec.lua", Self.spec)
        let text = try qcsh(["test"], folder: folder.path)
        #expect(text.status == 1)
        #expect(text.output.contains("setup before after before after before finally after\n"))
        #expect(text.output.contains("FAILED   sums do not"))
        #expect(
            text.output.contains("spec/sums_spec.lua:8: Expected objects to not be equal.\n"))
        #expect(text.output.contains("spec/sums_spec.lua:9: boom"))
        #expect(text.output.contains("1 passed, 2 failed, 1 pending"))
        let tap = try qcsh(["test", "--format", "tap"], folder: folder.path)
        #expect(tap.output.hasPrefix("TAP version 13\nok 1 - sums add\nnot ok 2 - sums do not\n"))
        #expect(tap.output.contains("ok 4 - sums later # SKIP\n"))
        #expect(tap.output.hasSuffix("1..4\n"))
        let file = folder.path + "/out.xml"
        _ = try qcsh(
            ["test", "--format", "junit", "--result-file", file], folder: folder.path)
        // Read by somebody else's parser.
        let read = try run(
            Project.tool("python"),
            [
                "-c",
                "import sys, xml.etree.ElementTree as t; s = t.parse(sys.argv[1]).find('testsuite'); "
                    + "print(s.get('tests'), s.get('failures'), s.get('skipped'), "
                    + "[c.get('name') for c in s if c.find('failure') is not None])",
                file,
            ])
        #expect(read.output == "4 2 1 ['sums do not', 'sums crash']\n", "\(read.errors)")
        #expect(
            try qcsh(["test", "--filter", "add"], folder: folder.path).output.contains(
                "1 passed, 0 failed"))
    }

    /// What would hide a failure is one: an exit, a task that fails, a filter that finds nothing.
    @Test func nothingHidesAFailure() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "spec/hidden_spec.lua",
            """
            describe("hidden", function()
              it("exits", function() os.exit(0) end)
              it("starts", function()
                task.spawn(function() task.sleep(0.01) error("in a task", 0) end)
              end)
              it("leaves", function()
                task.spawn(function() task.sleep(1000) end)
                error("and fails", 0)
              end)
              it("is to be written")
              it("prints", function() print("a line", 1) io.write("text\\n") end)
              it("matches", function()
                assert.error_matches(function() error("code 12", 0) end, "code %d+")
                assert.has_error(function() error("code 12", 0) end, "code 12")
              end)
            end)
            """)
        let text = try qcsh(["test"], folder: folder.path)
        #expect(text.status == 1, "\(text.errors)")
        for line in ["a spec called os.exit", "in a task", "and fails", "pending  hidden is to"] {
            #expect(text.output.contains(line), "\(text.output)")
        }
        #expect(text.output.contains("2 passed, 3 failed, 1 pending"), "\(text.output)")
        let tap = try qcsh(["test", "--format", "tap"], folder: folder.path)
        #expect(!tap.output.contains("a line") && !tap.output.contains("\ntext"))
        #expect(tap.errors.contains("a line\t1\ntext\n"), "\(tap.errors)")
        let none = try qcsh(["test", "--filter", "nothing"], folder: folder.path)
        #expect(none.status == 1 && none.errors.contains(#"no name has "nothing""#))
    }

    @Test func whatCannotBeRunIsSaid() throws {
        let folder = try TemporaryFolder()
        try folder.write("spec/bad_spec.lua", "describe(")
        let broken = try qcsh(["test"], folder: folder.path)
        #expect(broken.status == 1)
        #expect(broken.output.contains("bad_spec.lua:1: unexpected symbol"))
        #expect(try qcsh(["test", "nowhere"], folder: folder.path).status == 1)
        let empty = try TemporaryFolder()
        let none = try qcsh(["test"], folder: empty.path)
        #expect(none.status == 1)
        #expect(none.errors.contains("no directory spec, tests or test here"))
    }
}
