import Foundation
import TestSupport
import Testing

/// What we write as JSON, YAML and CSV is well-formed, and other programs and we ourselves read back the
/// same from it: for any text, and for any bytes where the format has a form for them.
@Suite struct EncodingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Makes values of all kinds; the same in each run.
    private static let generator = """
        local state = 42
        function random(n)
          state = (state * 1103515245 + 12345) & 0x7fffffff
          return state // 65536 % n + 1
        end
        local words = { "", " ", "~", "null", "true", "no", "On", "y", "0123", "08", "1e3", "1_000", "0x1F",
          "1:30", ".5", "+1", ".inf", "-", "- a", "? a", ": a", "a: b", "a #b", "#a", "=", "<<", "*a", "&a",
          "!t", "|", ">", "%a", "@a", "`a", "[", "{", ",", "'", '"', "a'b", 'a"b', "\\\\", "a\\\\n", "2026-01-01",
          "=1+1", "a,b", "a;b", ("long "):rep(300), "---", "...", "a\\n---\\nb", " a", "a ", "\\n", "a\\n", "\\t" }
        local marks = { 0, 1, 7, 9, 10, 13, 27, 31, 32, 34, 39, 44, 92, 127, 0x80, 0x85, 0x9f, 0xa0, 0xad, 0x61c,
          0x200b, 0x200f, 0x2028, 0x2029, 0x202e, 0x2066, 0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xfffe, 0xffff,
          0x10000, 0x1f680, 0x1fffe, 0x10ffff }
        function text()
          if random(3) == 1 then return words[random(#words)] end
          local parts = {}
          for i = 1, random(6) - 1 do
            local code = random(2) == 1 and marks[random(#marks)] or 96 + random(26)
            parts[i] = utf8.char(code)
          end
          return table.concat(parts)
        end
        local numbers = { 0, 1, -1, math.maxinteger, math.mininteger, 2 ^ 53, 0.1, -0.5, 1e20, 1e-7, 1.5e300,
          5e-324, 0.1 + 0.2, 1 / 3, 123456.789 }
        function value(depth)
          local kind = random(depth > 0 and 7 or 5)
          if kind <= 2 then return text() end
          if kind == 3 then return numbers[random(#numbers)] end
          if kind == 4 then return random(2) == 1 end
          if kind == 5 then return json.null end
          local result = kind == 6 and json.list {} or {}
          for i = 1, random(5) - 1 do
            result[kind == 6 and i or text() .. "k"] = value(depth - 1)
          end
          return kind == 7 and next(result) == nil and { k = 1 } or result
        end
        function same(a, b)
          if type(a) ~= "table" or type(b) ~= "table" then return a == b and math.type(a) == math.type(b) end
          for key, inner in pairs(a) do if not same(inner, b[key]) then return false end end
          for key in pairs(b) do if a[key] == nil then return false end end
          return (getmetatable(a) == nil) == (getmetatable(b) == nil)
        end

        """

    private func run(_ code: String) throws {
        let script = try folder.write("make.lua", Self.generator + code)
        let result = try qcsh([script], folder: folder.path)
        #expect(result.status == 0 && result.output == "", "\(result.errors)\(result.output)")
    }

    private func python(_ code: String) throws {
        let result = try TestSupport.run(Project.tool("python"), ["-c", code], folder: folder.path)
        #expect(result.status == 0 && result.output == "", "\(result.errors)\(result.output)")
    }

    @Test func jsonAndYAMLReadBackEqual() throws {
        try run(
            """
            local values = json.list {}
            for i = 1, 1500 do
              values[i] = value(3)
              for _, format in ipairs { json, yaml } do
                local written = format.encode(values[i])
                local ok, again = pcall(format.decode, written)
                if not ok or not same(values[i], again) then
                  print(i, written, again)
                end
              end
            end
            fs.write("values.json", json.encode(values))
            fs.write("pretty.json", json.encode(values, { pretty = true }))
            fs.write("values.yaml", yaml.encode(values))
            """)
        try python(
            """
            import json, yaml
            plain = json.load(open("values.json", encoding="utf-8"))
            for name in ["values.json", "pretty.json"]:
                if json.load(open(name, encoding="utf-8")) != plain: print(name)
            read = yaml.safe_load(open("values.yaml", encoding="utf-8"))
            assert len(read) == len(plain) == 1500
            for number, (one, other) in enumerate(zip(plain, read)):
                if json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True):
                    print(number, json.dumps(one), other)
            """)
    }

    @Test func bytesReadBackFromYAMLAndAreRefusedInJSON() throws {
        try run(
            #"""
            local values = json.list {}
            for i = 1, 300 do
              local bytes = { "\xff" }
              for j = 2, random(20) do bytes[j] = string.char(random(256) - 1) end
              values[i] = table.concat(bytes)
              if yaml.decode(yaml.encode(values[i])) ~= values[i] then print(i) end
              if yaml.decode(yaml.encode { [values[i]] = 1 })[values[i]] ~= 1 then print(i, "as a key") end
              if pcall(json.encode, values[i]) or pcall(json.encode, { [values[i]] = 1 }) then
                print(i, "as JSON")
              end
            end
            fs.write("values.yaml", yaml.encode(values))
            local codes = json.list {}
            for i, bytes in ipairs(values) do codes[i] = crypto.hex(bytes) end
            fs.write("values.json", json.encode(codes))
            """#)
        try python(
            """
            import json, yaml
            read = yaml.safe_load(open("values.yaml", encoding="utf-8"))
            if [one.hex() for one in read] != json.load(open("values.json")): print(read)
            """)
    }

    @Test func rowsReadBackEqual() throws {
        try run(
            """
            for number, separator in ipairs { ",", ";", "\\t", "|", "a", "^", "]", "-", "%", " " } do
              local rows = json.list {}
              for i = 1, 200 do
                local row = json.list {}
                for j = 1, random(4) do row[j] = text() end
                rows[i] = row
              end
              local written = csv.encode(rows, { separator = separator })
              if not same(rows, csv.decode(written, { separator = separator, header = false })) then
                print("separator " .. separator)
              end
              fs.write(number .. ".csv", written)
              fs.write(number .. ".json", json.encode { separator = separator, rows = rows })
            end
            """)
        try python(
            """
            import csv, json
            csv.field_size_limit(10 ** 9)
            for number in range(1, 11):
                wanted = json.load(open(f"{number}.json", encoding="utf-8"))
                file = open(f"{number}.csv", newline="", encoding="utf-8")
                rows = list(csv.reader(file, delimiter=wanted["separator"], strict=True))
                if rows != wanted["rows"]:
                    for one, other in zip(rows, wanted["rows"]):
                        if one != other: print(number, one, other)
                    print(number, len(rows), len(wanted["rows"]))
            """)
    }

    @Test(
        arguments: [
            ("json.encode { a = print }", "a: expected a plain value, got a function"),
            ("json.encode { [1] = 'a', ['1'] = 'b' }", "duplicate key \"1\""),
            ("json.encode { [2] = 'a', ['2'] = { 1 } }", "duplicate key \"2\""),
            ("json.encode { a = 0 / 0 }", "has no JSON form"),
            ("json.encode { a = secret.new('x') }", "secret"),
            ("json.decode '1e400'", "too large"), ("json.decode '[-1e999]'", "too large"),
            ("json.decode '18446744073709551615'", "more digits"),
            ("json.decode '-9223372036854775809'", "more digits"),
            ("yaml.encode { a = { print } }", "a.[1]: a function has no form in YAML"),
            ("yaml.encode(print)", "the value: a function has no form in YAML"),
            ("yaml.encode { a = secret.new('x') }", "secret"),
            ("yaml.encode { [{}] = 1 }", "a key must be a single value"),
            ("yaml.decode '18446744073709551615'", "does not fit 64 bits"),
            ("yaml.decode '1e400'", "too large"),
            ("csv.encode { { a = {} } }", "row 1, a: a table has no form in CSV"),
            ("csv.encode { { a = 1 }, { a = print } }", "row 2, a: a function has no form in CSV"),
            ("csv.encode { { 1, 0 / 0 } }", "row 1, column 2: "),
            ("csv.encode { { a = secret.new('x') } }", "a secret has no form in CSV"),
        ])
    func noFormIsAnErrorWithItsPlace(_ code: String, _ words: String) throws {
        let result = try qcsh(["-e", "return \(code)"])
        #expect(result.status == 1 && result.output == "", "\(result.output)")
        #expect(result.errors.contains(words), "\(result.errors)")
    }

    @Test(
        arguments: [
            ("json.decode '9223372036854775807'", "9223372036854775807"),
            ("json.decode '-9223372036854775808'", "-9223372036854775808"),
            ("json.decode '9223372036854775808'", "9.2233720368548e+18"),
            ("json.decode '100000000000000000000'", "1e+20"),
            ("csv.encode { { 0.1 + 0.2, 2.0, 1 } }", "0.30000000000000004,2.0,1"),
            ("#csv.decode('a,b\\n')", "0"),
            (
                "json.encode { csv.decode('a,b\\n'), task.map({}, print), task.all {} }",
                "[[],[],[]]"
            ),
            (
                "json.encode(yaml.decode 'a: !!str 123\\nb: !!int \"3\"\\nc: !!float 3')",
                #"{"a":"123","b":3,"c":3.0}"#
            ),
            (
                "json.encode(yaml.decode '[08, 0681924019, 0123, 1:30, 1e3, 1.5, .5, 0x1f, 1_000]')",
                #"["08","0681924019",83,"1:30",1000.0,1.5,0.5,31,1000]"#
            ),
            (
                "json.encode(yaml.decode '[yes, Off, ~, NULL, \"yes\", 2026-01-01, =]')",
                #"[true,false,null,null,"yes","2026-01-01","="]"#
            ),
            ("yaml.decode '!!binary aGk='", "hi"),
            (
                "json.encode(yaml.decode 'b: &b {x: 1, y: 2}\\nm: {<<: *b, y: 3}')",
                #"{"b":{"x":1,"y":2},"m":{"x":1,"y":3}}"#
            ),
        ])
    func valuesKeepTheirMeaning(_ code: String, _ text: String) throws {
        let result = try qcsh(["-e", "print(\(code))"])
        #expect(
            result.output.trimmingCharacters(in: .whitespacesAndNewlines) == text,
            "\(result.errors)")
    }
}
