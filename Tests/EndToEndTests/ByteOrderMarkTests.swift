import Foundation
import TestSupport
import Testing

/// Editors put a byte order mark in front of text. Nothing that reads text of people minds it.
@Suite struct ByteOrderMarkTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func marked(_ name: String, _ text: String) throws {
        try folder.write(name, "\u{feff}" + text)
    }

    private func run(_ arguments: String..., input: String = "") throws -> ProgramResult {
        try qcsh(arguments, input: input, folder: folder.path)
    }

    @Test func scriptsRun() throws {
        try marked("s.lua", "script { about = 'x', needs = {} }\nprint('ok', ...)\n")
        #expect(try run("s.lua").output == "ok\n")
        #expect(try run("check", "--permissions", "s.lua").status == 0)
        #expect(try run("s.lua", "--help").output.hasPrefix("x"))
        try marked("lines.lua", "#!/usr/bin/env qcsh\nprint('ok')\nerror('here')\n")
        let lines = try run("lines.lua")
        #expect(lines.output == "ok\n")
        #expect(lines.errors.hasPrefix("qcsh: lines.lua:3: here"))
    }

    @Test func standardInputRuns() throws {
        #expect(try run("-", input: "\u{feff}print('ok')\n").output == "ok\n")
    }

    @Test func modulesAndSpecsLoad() throws {
        try marked("helper.lua", "return { answer = 42 }\n")
        try folder.write("s.lua", "print(require('helper').answer, dofile('helper.lua').answer)\n")
        #expect(try run("s.lua").output == "42\t42\n")
        try marked("spec/a_spec.lua", "it('passes', function() assert.equal(1, 1) end)\n")
        let specs = try run("test", "spec")
        #expect(specs.status == 0, "\(specs.output)")
    }

    @Test func listsAndDocumentsAreRead() throws {
        try marked("list.txt", "one\r\ntwo\n")
        try marked("d.json", #"{"a":1}"#)
        try marked("d.yaml", "a: 1\n")
        try marked("d.csv", "a,b\n1,2\n")
        try folder.write(
            "s.lua",
            """
            for line in fs.lines("list.txt") do io.write("[", line, "]") end
            print(json.decode(fs.read("d.json")).a, yaml.decode(fs.read("d.yaml")).a,
              csv.decode(fs.read("d.csv"))[1].a)
            """)
        let result = try run("s.lua")
        #expect(result.output == "[one][two]1\t1\t1\n", "\(result.errors)")
    }

    @Test func requestsStacksAndConfigurationAreRead() throws {
        let sandbox = try RunningSandbox()
        let environment = ["QDRANT_CLOUD_API_KEY": sandbox.key]
        try marked("request.json", #"{"pageSize":1}"#)
        let call = try qcsh(
            [
                "call", "--endpoint", sandbox.endpoint, "cluster.list_clusters", "-d",
                "@request.json",
            ],
            environment: environment, folder: folder.path)
        #expect(call.status == 0, "\(call.errors)")
        try marked("shop.lua", "return { name = 'shop' }\n")
        let plan = try qcsh(
            ["plan", "--endpoint", sandbox.endpoint, "shop.lua"], environment: environment,
            folder: folder.path)
        #expect(plan.status == 0, "\(plan.errors)")
        try marked("config.yaml", "contexts:\n  - name: one\n")
        let contexts = try qcsh(
            ["context", "list"], environment: ["QDRANT_CLOUD_CONFIG": "config.yaml"],
            folder: folder.path)
        #expect(contexts.output.contains("one"), "\(contexts.errors)")
        try marked("seed.yaml", "accounts: []\n")
        let seed = try qcsh(["sandbox", "--seed", "seed.yaml", "--check"], folder: folder.path)
        #expect(!seed.errors.contains("\u{feff}"), "\(seed.errors)")
    }

    @Test func aMarkAloneIsNoDocument() throws {
        let result = try run("-e", "print(pcall(json.decode, '\\xef\\xbb\\xbf'))")
        #expect(result.output.hasPrefix("false\t"))
    }
}
