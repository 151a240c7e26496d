import Foundation
import TestSupport
import Testing

/// What `qcsh test` writes is well-formed, whatever bytes names and messages have.
@Suite struct SpecReportTests {
    /// Every byte, every control character of Unicode, broken UTF-8, what ends parts of XML, TAP and YAML.
    private static let spec = """
        local texts = {}
        for byte = 0, 255 do texts[#texts + 1] = "byte " .. string.char(byte) .. " x" end
        for _, code in ipairs { 0x80, 0x85, 0x9F, 0xA0, 0xAD, 0x200B, 0x202E, 0x2028, 0x2029, 0xFEFF,
          0xFFFD, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF } do
          texts[#texts + 1] = utf8.char(code) .. " character"
        end
        for _, text in ipairs { "]]>", "<![CDATA[", "&amp; & &#0;", "<!-- --", "<?xml?>", "'\\"",
          "\\xED\\xA0\\x80 surrogate", "\\xF4\\x90\\x80\\x80 too high", "\\xC0\\x80 overlong",
          "\\xE2\\x82", "  leading", "trailing  ", "a\\nb", "a\\r\\nb", "a\\n...\\n---\\nb", "# SKIP",
          "\\27[31mred\\27[0m", "\\27]52;c;eA==\\7", "1..9", "", ("x"):rep(5000) } do
          texts[#texts + 1] = text
        end
        describe("reports", function()
          for i, text in ipairs(texts) do
            it(i .. " " .. text, function() end)
            it("message " .. i, function() error(text, 0) end)
            it("assertion " .. i, function() assert.equal(text .. ".", text) end)
            it("table " .. i, function() assert.same({ [text] = text }, { [text] = { text } }) end)
            it("pending " .. i, function() pending(text) end)
          end
        end)
        """

    private static let reader = """
        import json, re, sys, xml.etree.ElementTree as tree
        junit, tap, document = sys.argv[1:]
        suite = tree.parse(junit).find("testsuite")
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        assert int(suite.get("failures")) == len([c for c in cases if c.find("failure") is not None])
        assert int(suite.get("skipped")) == len([c for c in cases if c.find("skipped") is not None])
        text = open(tap, encoding="utf-8", newline="").read()
        assert not re.search("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ufffe\\uffff]", text), "controls"
        points = re.findall("^(?:not )?ok (\\\\d+) - ", text, re.M)
        assert points == [str(n + 1) for n in range(len(cases))], "points"
        assert text.endswith("\\n1..%d\\n" % len(cases)), "plan"
        blocks = re.findall(r"^  ---\\n(.*?)^  \\.\\.\\.$", text, re.M | re.S)
        for block in blocks:
            assert re.fullmatch(r"  message: \\|2\\n(    .*\\n|\\n)*", block), block
        specs = json.load(open(document, encoding="utf-8"))
        assert len(specs["specs"]) == len(cases)
        failed = [s for s in specs["specs"] if s["status"] == "failed"]
        assert specs["failed"] == len(failed) == len(blocks)
        print(len(cases), len(failed))
        """

    @Test func everyFormatIsWellFormed() throws {
        let folder = try TemporaryFolder()
        try folder.write("spec/bytes_spec.lua", Self.spec)
        var files: [String] = []
        for format in ["junit", "tap", "json"] {
            files.append("\(folder.path)/results.\(format)")
            let result = try qcsh(
                ["test", "--format", format, "--result-file", files[files.count - 1]],
                folder: folder.path)
            #expect(result.status == 1, "\(result.errors)")
        }
        let read = try run(Project.tool("python"), ["-c", Self.reader] + files)
        #expect(read.output == "1460 876\n", "\(read.errors)")
    }

    /// A terminal is not controlled by what specs say.
    @Test func messagesAreEscapedForPeople() throws {
        let folder = try TemporaryFolder()
        try folder.write("spec/bytes_spec.lua", Self.spec)
        let text = try qcsh(["test"], folder: folder.path)
        let controls = text.output.unicodeScalars.filter {
            ($0.value < 0x20 && $0 != "\n" && $0 != "\t") || (0x7F...0x9F).contains($0.value)
        }
        #expect(controls.isEmpty, "\(controls.map(\.value))")
    }
}
