describe("fs", function()
  it("writes whole files and keeps their modes", function()
    local folder <close> = fs.temporary()
    local path = folder / "a"
    fs.write(path, "one", { mode = tonumber("600", 8) })
    assert.equal(tonumber("600", 8), fs.stat(path).mode)
    fs.write(path, "two")
    assert.equal(tonumber("600", 8), fs.stat(path).mode)
    fs.append(path, "\nthree\n")
    local lines = {}
    for line in fs.lines(path) do
      lines[#lines + 1] = line
    end
    assert.same({ "two", "three" }, lines)
    fs.copy(path, folder / "b")
    fs.rename(folder / "b", folder / "c")
    assert.same({ "a", "c" }, fs.list(folder.path))
    assert.is_false(fs.exists(folder / "b"))
  end)

  it("follows a link when it writes", function()
    local folder <close> = fs.temporary()
    fs.write(folder / "real", "1")
    process.run { "ln", "-s", "real", folder / "link" }
    fs.write(folder / "link", "2")
    assert.equal("link", fs.stat(folder / "link").type)
    assert.equal("2", fs.read(folder / "real"))
  end)

  it("waits for pipes without holding others up", function()
    local folder <close> = fs.temporary()
    process.run { "mkfifo", folder / "pipe" }
    local ticks = 0
    local results = task.all {
      function() return fs.read(folder / "pipe") end,
      function()
        return process.run({ "sh", "-c", 'sleep 0.05; echo hello > "$1"', "sh", folder / "pipe" })
      end,
      function() for _ = 1, 3 do task.sleep(0.005) ticks = ticks + 1 end end,
    }
    assert.equal("hello\n", results[1])
    assert.equal(3, ticks)
  end)

  it("takes folders away, and names what it cannot do", function()
    local folder <close> = fs.temporary()
    fs.mkdir(folder / "x/y/z")
    fs.write(folder / "x/y/z/f", "")
    assert.raises(function() fs.remove(folder / "x") end)
    fs.remove(folder / "x", { recursive = true })
    assert.same({}, fs.list(folder.path))
    assert.raises(function() fs.read(folder / "none") end, "No such file")
    assert.raises(function() fs.read(folder.path) end, "it is a directory")
    assert.raises(function() fs.read("a\0b") end, "must not contain NUL bytes")
    assert.raises(function() fs.write(folder / "s", secret.new("s")) end, "secret:write")
  end)

  it("takes paths apart", function()
    assert.equal("/a/b/c", fs.join("/a", "b/", "c"))
    assert.equal("/x", fs.join("a", "/x"))
    assert.same({ "c.tar.gz", "/a/b", "gz" },
      { fs.name("/a/b/c.tar.gz"), fs.folder("/a/b/c.tar.gz"), fs.extension("/a/b/c.tar.gz") })
    assert.same({ ".", "/" }, { fs.folder("a"), fs.folder("/a") })
    assert.is_nil(fs.extension(".bashrc"))
  end)
end)

describe("process", function()
  it("gives arguments as they are, and no shell", function()
    local result = process.run { "printf", "%s|", "a b", "$HOME", "*", "" }
    assert.equal("a b|$HOME|*||", result.stdout)
    assert.equal("it's\n", process.shell("echo " .. process.quote("it's")).stdout)
  end)

  it("feeds and reads both ways, however much it is", function()
    local text = ("0123456789"):rep(100000)
    assert.equal(text, process.run({ "cat" }, { input = text }).stdout)
    local result = process.run({ "sh", "-c", "echo out; echo err >&2; pwd; echo $X" },
      { cwd = "/", env = { X = secret.new("mine") } })
    assert.equal("out\n/\nmine\n", result.stdout)
    assert.equal("err\n", result.stderr)
    assert.same({ "out", "/", "mine" }, result:lines())
  end)

  it("does not hand the cloud's credentials on", function()
    assert.equal("\n", process.run({ "sh", "-c", "echo $QDRANT_CLOUD_API_KEY" }).stdout)
  end)

  it("tells how it ended", function()
    local result = process.run({ "sh", "-c", "exit 7" }, { check = false })
    assert.same({ 7, false }, { result.status, result.ok })
    assert.equal(9, process.run({ "sh", "-c", "kill -9 $$" }, { check = false }).signal)
    assert.raises(function() process.run { "sh", "-c", "echo bad >&2; exit 3" } end,
      { code = "PROCESS_FAILED", status = 3, stderr = "bad\n" })
    assert.raises(function() process.run { "/no/such/program" } end, "cannot run")
    assert.raises(function() process.run("ls") end,
      "bad argument #1 to 'process.run' (table expected, got string)")
    assert.raises(function()
      process.run({ "ls" }, { cdw = "/" }) -- qcsh: ignore
    end, 'no option "cdw"; did you mean "cwd"?')
  end)

  it("ends what takes too long or writes too much", function()
    local result = process.run({ "sh", "-c", "sleep 60" }, { timeout = 0.05, check = false })
    assert.is_true(result.timed_out)
    assert.raises(function() process.run({ "yes" }, { limit = 10000 }) end, "more than 10000")
    local started = time.clock()
    assert.raises(function() task.timeout(0.05, process.run, { "sleep", "60" }) end,
      { code = "DEADLINE_EXCEEDED" })
    assert.is_true(time.clock() - started < 5)
  end)
end)

describe("env", function()
  it("reads variables", function()
    assert.equal(os.getenv("HOME"), env.HOME)
    assert.equal("x", env.get("QCSH_SURELY_UNSET", "x"))
    assert.is_nil(env.QCSH_SURELY_UNSET)
    assert.equal(env.HOME, env.all().HOME)
    assert.raises(function() env.require("QCSH_SURELY_UNSET") end, "is not set")
    assert.raises(function() env.X = 1 end, "cannot set the environment variable X")
  end)
end)

describe("term", function()
  it("measures and fits", function()
    assert.equal(6, term.width("日本ab"))
    assert.equal(2, term.width("\27[31mab\27[0m"))
    assert.equal("a\\u{1b}b", term.safe("a\27b"))
    local text = term.table({ { name = "a", n = 1 }, { name = "日本", n = 22 } },
      { "name", { "N", key = "n" } }, { width = 40 })
    assert.equal("name   N\na      1\n日本  22", text)
    local narrow = term.table({ { note = ("x"):rep(100) } }, { "note" }, { width = 20 })
    assert.equal(20, term.width(narrow:match("[^\n]*$")))
  end)

  it("shows no progress where there is no terminal", function()
    local bar <close> = term.progress("copying", 3)
    bar:step()
    bar:update("more")
    assert.equal(1, bar.done)
    local turning <close> = term.spinner("waiting")
    turning:update("still")
  end)

  it("colours only on a terminal", function()
    assert.equal("x", term.style("bold red", "x"))
    assert.raises(function() term.style("loud", "x") end, 'unknown style "loud"')
  end)
end)

describe("cli", function()
  local spec = {
    name = "scale", about = "Scales clusters.",
    args = {
      { "cluster", about = "Its name" },
      { "--nodes", "-n", type = "int", default = 1 },
      { "--size", type = { "small", "large" } },
      { "--wait", type = "duration" },
      { "--tag", many = true },
      { "--dry-run", type = "flag" },
      { "rest", many = true },
    },
  }

  it("reads types, defaults and lists", function()
    local args = cli.parse(spec, { "-n", "3", "search", "--size=large", "--tag", "a", "--tag", "b",
      "--dry-run", "x", "--", "-y" })
    assert.equal("search", args.cluster)
    assert.equal(3, args.nodes)
    assert.equal("large", args.size)
    assert.same({ "a", "b" }, args.tag)
    assert.is_true(args.dry_run)
    assert.same({ "x", "-y" }, args.rest)
    args = cli.parse(spec, { "search", "--wait", "2m" })
    assert.equal(time.duration(120), args.wait)
    assert.equal(1, args.nodes)
    assert.is_false(args.dry_run)
  end)

  it("explains itself", function()
    local help = cli.help(spec)
    assert.contains("Usage: scale [options] <cluster> [<rest>…]", help)
    assert.contains("-n, --nodes <int>", help)
    assert.contains("--size <small|large>", help)
    assert.contains("complete -F _scale scale", cli.completion(spec))
  end)
end)

describe("log", function()
  it("has levels and refuses others", function()
    local before = log.level
    log.level = "off"
    log.error("not seen")
    log.level = before
    assert.raises(function() log.level = "loud" end, 'unknown level "loud"')
    assert.raises(function() log.file = "x" end, "log: invalid setting file")
  end)
end)
