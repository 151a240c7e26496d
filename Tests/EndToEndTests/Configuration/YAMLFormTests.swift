import Foundation
import TestSupport
import Testing

/// The forms of YAML mean the same wherever it is read: in scripts, configuration and seeds.
@Suite struct YAMLFormTests {
    /// Scalars, and what they are: the type that Lua has for it, and its text.
    private static let scalars = [
        ("!!str 123", "string 123"), ("!!str 0681924019", "string 0681924019"),
        ("! 12", "string 12"), ("!!str true", "string true"), ("!!str", "string "),
        ("!!int '3'", "integer 3"), ("!!float 3", "float 3.0"), ("!!float '1e3'", "float 1000.0"),
        ("!!bool 'true'", "boolean true"), ("08", "string 08"), ("-09", "string -09"),
        ("0681924019", "string 0681924019"), ("0123", "integer 83"), ("0", "integer 0"),
        ("00.5", "float 0.5"), ("10", "integer 10"), ("'12'", "string 12"),
        ("!!str '12'", "string 12"), ("1e20", "float 1e+20"), ("!!binary aGFsbG8=", "string hallo"),
        ("9223372036854775807", "integer 9223372036854775807"),
        ("!<tag:yaml.org,2002:str> 1", "string 1"),
    ]

    @Test func tagsOfTheCoreSchemaCount() throws {
        let list = Self.scalars.map { "- \($0.0)\n" }.joined()
        let result = try qcsh(
            ["-"],
            input: """
                for _, v in ipairs(yaml.decode [==[\n\(list)]==]) do
                  print((math.type(v) or type(v)) .. " " .. tostring(v))
                end
                """)
        let expected = Self.scalars.map { $0.1 + "\n" }.joined()
        #expect(result.output == expected, "\(result.errors)")
    }

    @Test(arguments: [
        "!!binary a", "!custom x", "!!int abc", "!!bool 3",
        "!!null x", "!!set {a}",
        "!!omap {a: 1}", "!!timestamp 2024-01-01", "{<<: 1}", "{<<: [1]}", "!!float x",
    ]) func whatIsNotUnderstoodIsRefusedByName(_ text: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("c.yaml", "x-a:\n  \(text)\n")
        let configuration = try qcsh(
            ["context", "list"], environment: ["QDRANT_CLOUD_CONFIG": file])
        #expect(configuration.status == 2, "\(text)")
        #expect(configuration.errors.contains("(line 2)"), "\(configuration.errors)")
        let script = try qcsh(["-e", "print(pcall(yaml.decode, 'a:\\n  ' .. [[\(text)]]))"])
        #expect(script.output.hasPrefix("false\tyaml.decode: "), "\(script.output)")
        let seed = try folder.write("seed.yaml", "users:\n  \(text)\n")
        let sandbox = try qcsh(
            ["--sandbox", "-e", "qdrant.clusters:list()"],
            environment: ["QCSH_SANDBOX_SEED": seed])
        #expect(sandbox.status != 0 && sandbox.errors.contains("line 2"), "\(sandbox.errors)")
    }

    @Test func mergeKeysGiveWhatIsNotThere() throws {
        let result = try qcsh(
            ["-"],
            input: """
                local d = yaml.decode [==[
                a: &a {x: 1, y: 2}
                b: &b {y: 3, z: 4}
                c: {<<: *a, y: 9}
                d: {y: 8, <<: [*b, *a]}
                e: {<<: {<<: *a, w: 7}}
                f: {"<<": 5}
                ]==]
                print(d.c.x, d.c.y, d.d.x, d.d.y, d.d.z, d.e.x, d.e.w, d.f["<<"])
                """)
        #expect(result.output == "1\t9\t1\t8\t4\t1\t7\t5\n", "\(result.errors)")
    }

    /// Guards that a merge key or an alias brings protect as those that are written out.
    @Test(arguments: [
        "x-a: &a {read_only: true}\ncontexts:\n  - <<: *a\n    name: prod\n",
        "x-a: &a true\ncontexts: [{name: prod, read_only: *a}]\n",
        "x-a: &a {name: prod, read_only: true}\ncontexts: [*a]\n",
        "contexts: [{name: prod, read_only: !!bool 'true'}]\n",
        "{\"contexts\": [{\"name\": \"prod\", \"read\\u005fonly\": true}]}\n",
    ]) func guardsHoldInEveryForm(_ text: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("c.yaml", text)
        let result = try qcsh(
            ["context", "show", "prod", "--output", "json"],
            environment: ["QDRANT_CLOUD_CONFIG": file])
        #expect(result.output.contains("\"read_only\": true"), "\(result)")
    }

    @Test func aMisspeltGuardIsFoundInEveryForm() throws {
        let folder = try TemporaryFolder()
        for text in [
            "x-a: &a {readonly: true}\ncontexts:\n  - <<: *a\n    name: prod\n",
            "contexts: [{name: prod, ? readonly : true}]\n",
            "contexts:\n  - name: prod\n    \"readonly\": true\n",
            "{\"contexts\": [{\"name\": \"prod\", \"readonly\": true}]}\n",
            "\u{FEFF}contexts:\r\n  - name: prod\r\n    readonly: true\r\n",
        ] {
            let file = try folder.write("c.yaml", text)
            let result = try qcsh(
                ["doctor"], environment: ["QDRANT_CLOUD_CONFIG": file])
            #expect(result.status == 2, "\(text)")
            #expect(result.output.contains("did you mean \"read_only\"?"), "\(result.output)")
        }
    }
}
