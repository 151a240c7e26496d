describe("crypto", function()
  it("hashes as others do", function()
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      crypto.sha256("abc"))
    assert.equal("d41d8cd98f00b204e9800998ecf8427e", crypto.hash("md5", ""))
    -- RFC 4231, test case 2.
    assert.equal("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      crypto.hmac("sha256", "Jefe", "what do ya want for nothing?"))
    assert.equal(crypto.sha256("abc"), crypto.sha256(secret.new("abc")))
    assert.raises(function() crypto.hash("nope", "") end, 'unknown hash "nope"')
  end)

  it("writes and reads base64 (RFC 4648) and hexadecimal", function()
    local known = { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==",
      fooba = "Zm9vYmE=", foobar = "Zm9vYmFy" }
    for plain, text in pairs(known) do
      assert.equal(text, crypto.base64(plain))
      assert.equal(plain, crypto.unbase64(text))
      assert.equal(plain, crypto.unbase64((text:gsub("=", ""))))
    end
    local all = {}
    for i = 0, 255 do
      all[#all + 1] = string.char(i)
    end
    all = table.concat(all)
    assert.equal(all, crypto.unbase64(crypto.base64(all, { url = true, padding = false })))
    assert.equal(all, crypto.unhex(crypto.hex(all)))
    assert.raises(function() crypto.unbase64("a") end)
    assert.raises(function() crypto.unbase64("a*bc") end)
  end)

  it("makes UUIDs and random bytes", function()
    local seen = {}
    for i = 1, 100 do
      seen[i] = crypto.uuid()
      assert.matches("^%x+%-%x+%-4%x%x%x%-[89ab]%x+%-%x+$", seen[i])
    end
    assert.unique(seen)
    assert.equal(1000, #crypto.random(1000))
    assert.is_true(crypto.equal("a", secret.new("a")))
    assert.is_false(crypto.equal("a", "b"))
  end)
end)

describe("yaml", function()
  it("reads what people write", function()
    local value = yaml.decode([[
name: search
nodes: 3
share: 0.5
on: [true, null, "3", 'x']
text: |
  two
  lines
base: &b { a: 1 }
again: *b
]])
    assert.equal("search", value.name)
    assert.equal("integer", math.type(value.nodes))
    assert.equal(0.5, value.share)
    assert.equal("two\nlines\n", value.text)
    assert.equal(1, value.again.a)
    assert.equal(2, #yaml.decode_all("a: 1\n---\nb: 2\n"))
    assert.raises(function() yaml.decode("a: [1") end, "yaml.decode")
    assert.raises(function() yaml.decode("a: 1\n---\nb: 2\n") end, "2 documents")
  end)

  it("writes what it reads again", function()
    local value = { a = { 1, 2.5, "3", "yes", "null", "" }, b = { c = true, ["d e"] = "x: y\n" } }
    assert.same(value, yaml.decode(yaml.encode(value)))
    assert.raises(function() yaml.encode { a = { b = secret.new("s") } } end, "a.b: a secret")
  end)

  it("is not drowned by aliases", function()
    local lines = { "a0: &a0 [x, x, x, x, x, x, x, x, x]" }
    for i = 1, 9 do
      local names = ("*a%d, "):format(i - 1):rep(9):sub(1, -3)
      lines[#lines + 1] = ("a%d: &a%d [%s]"):format(i, i, names)
    end
    assert.raises(function() yaml.decode(table.concat(lines, "\n")) end,
      "expands to more than 1000000 values")
    assert.raises(function() yaml.decode_all(table.concat(lines, "\n")) end, "expands to more")
    -- As a key, an alias would be hashed with all that it stands for.
    lines[5] = "b: {*a2 : 1}"
    assert.raises(function() yaml.decode(table.concat(lines, "\n", 1, 5)) end,
      "a key must be a single value (line 5)")
    for _, text in ipairs { "{{a: b}: c}", "? [a]\n: b", "!!set {? [x]}", "{[1, 2]: 3}" } do
      assert.raises(function() yaml.decode(text) end, "a key must be a single value (line 1)")
    end
    assert.same({ a = 1, b = { c = 1 } }, yaml.decode("a: &x 1\nb: {c: *x}"))
    assert.same({ k = 1 }, yaml.decode("&x k: 1"))
    assert.raises(function() yaml.decode(("["):rep(101) .. ("]"):rep(101)) end,
      "nested deeper than 100")
    assert.equal("table", type(yaml.decode(("["):rep(100) .. ("]"):rep(100))))
  end)
end)

describe("csv", function()
  it("reads quotes, breaks and separators (RFC 4180)", function()
    local rows = csv.decode('name,note\r\na,"x, ""y""\r\nz"\r\nb,\r\n')
    assert.same({ { name = "a", note = 'x, "y"\r\nz' }, { name = "b", note = "" } }, rows)
    assert.same({ { "1", "2" } }, csv.decode("1;2", { separator = ";", header = false }))
    assert.equal("x", csv.decode("\xEF\xBB\xBFa\nx\n")[1].a)
    assert.raises(function() csv.decode('a\n"x') end, "line 2 is not closed")
    assert.raises(function() csv.decode('a\n"x"y') end)
    assert.raises(function() csv.decode("a\n1,2\n") end, "row 2 has 2 fields")
  end)

  it("writes what it reads again", function()
    local rows = { { a = "1", b = 'q"q' }, { a = "x,y", b = "l\nm" }, { a = " s ", b = "" } }
    assert.same(rows, csv.decode(csv.encode(rows)))
    assert.equal("a\n1\n", csv.encode({ { a = 1 } }, { line = "\n" }))
    assert.equal("x,y\r\n", csv.encode { { "x", "y" } })
  end)
end)

describe("time", function()
  local at = time.parse("2026-03-28T23:30:15.5Z")

  it("reads texts and numbers", function()
    assert.equal(at, time.parse("2026-03-29T00:30:15.5+01:00"))
    assert.equal(time.parse("2026-03-28"), time.parse(time.parse("2026-03-28").seconds))
    assert.equal(time.duration("36h"), time.duration(129600))
    assert.raises(function() time.parse("tomorrow") end, 'invalid time "tomorrow"')
    assert.raises(function() time.duration("long") end, 'invalid duration "long"')
  end)

  it("counts exactly", function()
    assert.equal("2026-03-30T00:30:15.500Z", tostring(at + time.duration("25h")))
    assert.equal(90.5, (at + 90.5 - at).total)
    assert.is_true(at < at + 1e-9)
    assert.equal("2026-02-28T10:00:00Z",
      tostring(time.add_months(time.parse("2026-01-31T10:00:00Z"), 1)))
    assert.equal("2028-02-29T00:00:00Z",
      tostring(time.add_months(time.parse("2026-02-28"), 24) + 86400))
  end)

  it("knows zones and their summers", function()
    local before = time.fields(time.parse("2026-03-29T00:59:59Z"), "Europe/Berlin")
    local after = time.fields(time.parse("2026-03-29T01:00:00Z"), "Europe/Berlin")
    assert.same({ 1, 59, false, 3600 },
      { before.hour, before.minute, before.is_dst, before.offset })
    assert.same({ 3, 0, true, 7200 }, { after.hour, after.minute, after.is_dst, after.offset })
    assert.equal("2026-07-01T10:00:00Z",
      tostring(time.of({ year = 2026, month = 7, hour = 6 }, "America/New_York")))
    assert.equal("00:30 CET", time.format(at, "%H:%M %Z", "Europe/Berlin"))
    assert.raises(function() time.fields(at, "Mars/Base") end, 'unknown time zone "Mars/Base"')
    assert.raises(function() time.fields(at, "../../etc/passwd") end, "unknown time zone")
  end)

  it("finds beginnings and schedules", function()
    assert.equal("2026-03-23T00:00:00Z", tostring(time.start_of(at, "week")))
    assert.equal("2026-03-28T23:00:00Z", tostring(time.start_of(at, "hour")))
    assert.equal("2026-02-28T23:00:00Z", tostring(time.start_of(at, "month", "Europe/Berlin")))
    assert.equal("2026-03-29T03:00:00Z", tostring(time.next("0 3 * * *", at)))
    assert.is_nil(time.next("0 0 30 2 *", at))
    assert.raises(function() time.next("every day", at) end, "time.next")
  end)

  it("adds texts as its help says", function()
    assert.equal(at + 129600, at + "36h")
    assert.equal(at + 3600, "1h" + at)
    assert.equal(at - 3600, at - "1h")
    assert.equal(time.duration("90m"), time.duration("1h") + "30m")
    assert.is_true(time.duration("1h") < time.duration("61m"))
    for _, wrong in ipairs { "36", "", "soon", "1 h", "1h ", "0x10s" } do
      assert.raises(function() return at + wrong end, "invalid duration")
    end
    for _, wrong in ipairs { {}, true, print, 0 / 0, math.huge } do
      assert.has_error(function() return at + wrong end)
    end
  end)

  it("is right from the year 1 to 9999", function()
    for _, zone in ipairs { "UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia" } do
      for year = 2, 9998, 17 do
        local one = time.of({
          year = year, month = year % 12 + 1, day = 3, hour = 4, nanos = 5,
        }, zone)
        local fields = time.fields(one, zone)
        assert.same({ year, year % 12 + 1, 3, 4, 5 },
          { fields.year, fields.month, fields.day, fields.hour, fields.nanos })
        assert.equal(one, time.of(fields, zone))
        assert.equal(one, time.parse(tostring(one)))
        assert.is_true(time.next("0 0 * * *", one) > one)
      end
    end
    local last = time.parse("9999-12-31T23:59:59.999999999Z")
    local first = time.parse("0001-01-01T00:00:00Z")
    for _, out in ipairs {
      function() return last + 1 end, function() return first - 1 end,
      function() return last + math.maxinteger end, function() return first + math.mininteger end,
      function() return first - "1ns" end, function() return last + "1ns" end,
      function() return time.of { year = -5 } end, function() return time.of { year = 10000 } end,
      function() return time.of { year = 9999, month = 13 } end,
      function() return time.parse(1e12) end, function() return time.parse(-1e12) end,
      function() return time.parse(0 / 0) end, function() return time.parse(math.huge) end,
      function() return time.add_months(last, 1) end,
      function() return time.duration("10000000w") end,
      function() return time.duration(1e13) + 1 end,
      function() return time.duration("520w") + math.maxinteger end,
    } do
      assert.has_error(out)
    end
    assert.is_nil(time.next("0 0 1 1 *", last))
  end)

  it("knows which of two equal hours is meant", function()
    for _, case in ipairs {
      { "Europe/Berlin", "2026-10-25T00:00:00Z" }, { "America/New_York", "2026-11-01T05:00:00Z" },
      { "Australia/Lord_Howe", "2026-04-04T14:30:00Z" },
    } do
      local zone, from = case[1], time.parse(case[2])
      for minute = 0, 240, 15 do
        local one = from + minute * 60
        assert.equal(one, time.of(time.fields(one, zone), zone))
      end
    end
    -- An offset of another season is not one of two: the fields count.
    local winter = time.fields(time.parse("2026-01-15T12:00:00Z"), "Europe/Berlin")
    winter.month = 7
    assert.equal("2026-07-15T11:00:00Z", tostring(time.of(winter, "Europe/Berlin")))
  end)

  it("speaks to people", function()
    assert.equal("3d 4h", time.human(time.duration("76h10m")))
    assert.equal("0.4s", time.human(0.41))
    assert.equal("12m", time.human(720))
    assert.equal("2h ago", time.ago(at, at + 7200))
    assert.equal("in 5m", time.ago(at + 300, at))
  end)
end)

describe("secret", function()
  it("is shown by nothing", function()
    local s = secret.new("hunter2")
    assert.equal("********", tostring(s))
    assert.is_true(secret.is(s))
    assert.is_false(secret.is("hunter2"))
    assert.equal("hunter2", s:reveal())
    assert.raises(function() json.encode { s } end)
    assert.raises(function() return "x" .. s end)
  end)

  it("comes from a private file", function()
    local folder <close> = fs.temporary()
    secret.new("k1\nrest"):write(folder / "key")
    assert.equal("k1", secret.read(folder / "key"):reveal())
    fs.chmod(folder / "key", tonumber("644", 8))
    assert.raises(function() secret.read(folder / "key") end, "others can read it")
  end)
end)
