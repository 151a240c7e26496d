-- Libraries: what rockspecs say, where libraries come from, and how a tree keeps them.
local host_names = { "task", "qdrant", "json" }
local plans = require "qdrant.library.plan"
local rockspec = require "qdrant.library.rockspec"
local source = require "qdrant.library.source"
local tree_of = require("qdrant.library.tree").open

--- Writes files below a folder.
local function write(folder, files)
  for path, text in pairs(files) do
    local whole = fs.join(folder, path)
    fs.mkdir(fs.folder(whole))
    fs.write(whole, text)
  end
end

local function spec_text(name, version, rest)
  return ('rockspec_format = "3.0" package = "%s" version = "%s" %s'):format(name, version,
    rest or 'build = { type = "builtin", modules = { ' .. name .. ' = "' .. name .. '.lua" } }')
end

--- A library in a folder, fetched and planned.
local function plan_of(folder, path)
  return plans.of(source.fetch({ kind = "folder", path = path }, folder / "fetched"))
end

local function message_of(fn, ...)
  local ok, problem = pcall(fn, ...)
  assert.is_false(ok)
  return tostring(problem)
end

describe("rockspecs", function()
  it("order versions as LuaRocks does", function()
    assert.equal(1, rockspec.compare("1.10-1", "1.9-1"))
    assert.equal(-1, rockspec.compare("1.0-1", "1.0-2"))
    assert.equal(0, rockspec.compare("v2.1", "2.1.0"))
  end)

  it("say which versions a dependency takes", function()
    local cases = {
      { "x", "0.1-1", true }, { "x >= 1.2", "1.10-1", true }, { "x >= 1.2, < 2", "2.0-1", false },
      { "x ~> 1.2", "1.2.9-3", true }, { "x ~> 1.2", "1.3-1", false },
      { "x == 1.0", "1.0-4", true }, { "x == 1.0-2", "1.0-4", false },
      { "x ~= 1.0", "1.0-1", false }, { "x 1.0", "1.0-1", true },
      { "x > 1", "1.0-1", false }, { "x <= 1", "1.0-1", true },
    }
    for _, case in ipairs(cases) do
      assert.equal(case[3], rockspec.satisfies(case[2], rockspec.dependency(case[1])),
        case[1] .. " by " .. case[2])
    end
    assert.contains("invalid dependency", message_of(rockspec.dependency, "x >= "))
    assert.contains("unknown operator",
      message_of(rockspec.satisfies, "1-1", rockspec.dependency "x => 1"))
  end)

  it("are read without anything to work with", function()
    local folder <close> = fs.temporary()
    write(folder.path, { ["a.rockspec"] = 'os.execute("id")', ["b.rockspec"] = "package = ",
      ["c.rockspec"] = 'package = "../x" version = "1-1"', ["d.rockspec"] = 'package = "x"' })
    assert.contains("global 'os'", message_of(rockspec.read, folder / "a.rockspec"))
    assert.contains("b.rockspec is not a valid rockspec",
      message_of(rockspec.read, folder / "b.rockspec"))
    assert.contains("invalid package name", message_of(rockspec.read, folder / "c.rockspec"))
    assert.contains("d.rockspec has no version", message_of(rockspec.read, folder / "d.rockspec"))
    write(folder.path, { ["e.rockspec"] = "while true do end",
      ["f.rockspec"] = 'x = ("x"):rep(1 << 28)' })
    assert.contains("computes for too long", message_of(rockspec.read, folder / "e.rockspec"))
    assert.contains("not enough memory", message_of(rockspec.read, folder / "f.rockspec"))
    process.run { "mkfifo", folder / "g.rockspec" }
    assert.contains("must be a regular file", message_of(rockspec.read, folder / "g.rockspec"))
  end)

  it("name modules, or what is in lua/ is one", function()
    local folder <close> = fs.temporary()
    write(folder.path, { ["lua/a/init.lua"] = "", ["lua/a/b.lua"] = "", ["lua/c.lua"] = "",
      ["lua/notes.txt"] = "" })
    local modules = rockspec.contents({ package = "x", version = "1-1" }, folder.path)
    assert.same({ a = "lua/a/init.lua", ["a.b"] = "lua/a/b.lua", c = "lua/c.lua" }, modules)
    local named, scripts = rockspec.contents({ package = "x", version = "1-1", build = {
      modules = { y = "lua/c.lua" },
      install = { lua = { z = "lua/a/b.lua" }, bin = { "bin/tool" } },
    } }, folder.path)
    assert.same({ y = "lua/c.lua", z = "lua/a/b.lua" }, named)
    assert.same({ tool = "bin/tool" }, scripts)
  end)

  it("are refused when they ask for what is not done", function()
    local function contents(build)
      local spec = { package = "x", version = "1-1", build = build }
      return message_of(rockspec.contents, spec, "/tmp")
    end
    assert.contains('is built by "make"', contents { type = "make" })
    assert.contains("module y is not Lua", contents { modules = { y = "y.c" } })
    assert.contains("module y is not Lua", contents { modules = { y = { sources = { "y.c" } } } })
    assert.contains("not a path inside", contents { modules = { y = "../y.lua" } })
    assert.contains("not a path inside", contents { modules = { y = "/etc/y.lua" } })
    assert.contains("invalid module name", contents { modules = { ["../y"] = "y.lua" } })
    assert.contains("not a path inside", contents { install = { bin = { t = "a/../../t" } } })
    assert.contains("invalid script name", contents { install = { bin = { ["../t"] = "t" } } })
    assert.contains("has no modules", contents { type = "none" })
    for _, name in ipairs(host_names) do
      assert.contains("belongs to qcsh", contents { modules = { [name] = "y.lua" } })
    end
    for _, name in ipairs { "qdrant.mine", "string", "_G" } do
      assert.contains("belongs to qcsh", contents { modules = { [name] = "y.lua" } })
    end
  end)
end)

describe("sources", function()
  it("are told apart by how they are written", function()
    local folder <close> = fs.temporary()
    fs.write(folder / "a.tar.gz", "")
    local function kind(text, options)
      return source.parse(text, options or {})
    end
    assert.equal("folder", kind(folder.path).kind)
    assert.equal("archive", kind(folder / "a.tar.gz").kind)
    assert.equal("archive", kind("https://example.com/a.zip").kind)
    assert.same({ kind = "git", url = "https://github.com/o/r.git", ref = "v1.0.0" },
      kind "github:o/r#v1.0.0")
    assert.same({ kind = "git", url = "https://example.com/r.git" },
      kind "git+https://example.com/r.git")
    assert.same({ kind = "git", url = "git@example.com:o/r.git", ref = "main" },
      kind("git@example.com:o/r.git", { ref = "main" }))
    assert.same({ kind = "rock", name = "inspect", version = "3.1-1", server = "/srv" },
      kind("inspect", { ref = "3.1-1", server = "/srv" }))
    assert.contains("not found", message_of(source.parse, "./none/there", {}))
    assert.contains("is not a repository", message_of(source.parse, "git+--upload-pack=x", {}))
  end)

  it("are what a lock file says, or an error", function()
    local folder <close> = fs.temporary()
    write(folder.path, { ["x/x-1-1.rockspec"] = spec_text("x", "1-1"), ["x/x.lua"] = "return 1" })
    process.run { "tar", "-czf", folder / "x.tar.gz", "-C", folder.path, "x" }
    fs.mkdir(folder / "one")
    local got = source.fetch({ kind = "archive", path = folder / "x.tar.gz" }, folder / "one")
    assert.equal("x", got.spec.package)
    assert.equal(crypto.sha256(fs.read(folder / "x.tar.gz")), got.origin.sha256)
    local inner = folder / "two"
    fs.mkdir(inner)
    assert.contains("has changed since it was added", message_of(source.fetch,
      { kind = "archive", path = folder / "x.tar.gz", sha256 = ("0"):rep(64) }, inner))
    fs.mkdir(folder / "empty")
    assert.contains("has no rockspec", message_of(source.fetch,
      { kind = "folder", path = folder / "empty" }, inner))
  end)
end)

describe("a tree", function()
  it("keeps libraries with their hashes, and takes them away without a trace", function()
    local folder <close> = fs.temporary()
    write(folder / "x", { ["x-1-1.rockspec"] = spec_text("x", "1-1", [[build = { modules = {
      x = "src/x/init.lua", ["x.y"] = "y.lua" }, install = { bin = { run = "run.lua" } } }]]),
      ["src/x/init.lua"] = 'library { needs = { "write:clusters", "read:clusters" }, '
        .. "deletes = true }",
      ["y.lua"] = 'library { needs = { "read:files=." } }', ["run.lua"] = "print(1)" })
    local tree = tree_of(folder / "here")
    local plan = plan_of(folder, folder / "x")
    assert.same({ "read:clusters", "read:files=.", "write:clusters" }, plan.needs)
    assert.is_true(plan.deletes)
    tree:check(plan)
    tree:install(plan)
    -- What was written is what is read.
    local again = tree_of(folder / "here")
    assert.same({ "x", "x.y" }, again:modules_of("x"))
    assert.equal("as added", again:state("x"))
    assert.is_true(again:has(plan))
    assert.equal("library", fs.read(folder / "here/lua_modules/share/lua/5.4/x/init.lua"):sub(1, 7))
    assert.equal(tonumber("755", 8), fs.stat(folder / "here/lua_modules/bin/run").mode & 511)
    assert.equal(crypto.sha256("print(1)"), again.libraries.x.scripts.run)
    fs.append(folder / "here/lua_modules/share/lua/5.4/x/y.lua", " ")
    assert.equal("changed", again:state("x"))
    assert.is_false(again:has(plan))
    fs.remove(folder / "here/lua_modules/share/lua/5.4/x/y.lua")
    assert.equal("missing", again:state("x"))
    again:remove("x")
    assert.same({}, fs.list(folder / "here"))
  end)

  it("removes what a new version has not", function()
    local folder <close> = fs.temporary()
    local function version(number, files)
      local modules = {}
      for path in pairs(files) do
        local module = path:gsub("%.lua$", ""):gsub("/", ".")
        modules[#modules + 1] = ('["%s"] = "%s"'):format(module, path)
      end
      files["x.rockspec"] = spec_text("x", number, ("build = { modules = { %s } }"):format(
        table.concat(modules, ", ")))
      write(folder / number, files)
      return folder / number
    end
    local tree = tree_of(folder / "here")
    tree:install(plan_of(folder, version("1-1", {
      ["x/a.lua"] = "return 1", ["x/b.lua"] = "return 1" })))
    tree:install(plan_of(folder, version("2-1", {
      ["x/b.lua"] = "return 2", ["x/c.lua"] = "return 2" })))
    local place = folder / "here/lua_modules/share/lua/5.4/x"
    assert.same({ "b.lua", "c.lua" }, fs.list(place))
    assert.equal("return 2", fs.read(place .. "/b.lua"))
    assert.equal("2-1", tree_of(folder / "here").libraries.x.version)
  end)

  it("lets no library take another's files, or those that came otherwise", function()
    local folder <close> = fs.temporary()
    local rest = 'build = { modules = { shared = "shared.lua" } }'
    for _, name in ipairs { "x", "y" } do
      write(folder / name, { ["z.rockspec"] = spec_text(name, "1-1", rest),
        ["shared.lua"] = ("return %q"):format(name) })
    end
    local tree = tree_of(folder / "here")
    tree:install(plan_of(folder, folder / "x"))
    local other = plan_of(folder, folder / "y")
    assert.contains("y and x both have shared.lua", message_of(tree.check, tree, other))
    tree:remove("x")
    write(folder / "here/lua_modules/share/lua/5.4", { ["shared.lua"] = "by hand" })
    assert.contains("was not added by qcsh", message_of(tree.check, tree, other))
    tree:check(other, true)
  end)

  it("says what is wrong with its lock file, and with headers", function()
    local folder <close> = fs.temporary()
    for text, words in pairs { ["{"] = "is not a valid lock file",
      ["[]"] = "is not a valid lock file", ['{"format":9,"libraries":{}}'] = "has format 9" } do
      fs.write(folder / "qcsh.lock", text)
      assert.contains(words, message_of(tree_of, folder.path))
    end
    for entry, words in pairs {
      ['{"files":{"../../.bashrc":"0"}}'] = "names ../../.bashrc, which is not a file",
      ['{"files":{"/etc/passwd":"0"}}'] = "not a file of the tree",
      ['{"files":{"a/../../b":"0"}}'] = "not a file of the tree",
      ['{"files":{},"scripts":{"a/b":"0"}}'] = "not a file of the tree",
      ['{"files":{},"needs":"all"}'] = "needs is not a list",
      ['{"scripts":{}}'] = "has no list of files",
    } do
      fs.write(folder / "qcsh.lock", ('{"format":1,"libraries":{"x":%s}}'):format(
        entry:gsub("^{", '{"version":"1-1","source":{},', 1)))
      assert.contains(words, message_of(tree_of, folder.path))
    end
    for code, words in pairs { ["return +"] = "unexpected symbol",
      ['library { needs = { "read:clusters\27[2J" } }'] = "is not a permission",
    } do
      write(folder / "x", { ["x.rockspec"] = spec_text("x", "1-1"), ["x.lua"] = code })
      assert.contains(words, message_of(plan_of, folder, folder / "x"))
    end
    write(folder / "x", { ["x.rockspec"] = spec_text("x", "1-1"),
      ["x.lua"] = "library { nedes = {} }" })
    assert.contains('x.lua: 1:11: library has no field "nedes"',
      message_of(plan_of, folder, folder / "x"))
    write(folder / "x", { ["x.rockspec"] = spec_text("x", "1-1", [[dependencies = { "lua < 5.2" }
      build = { modules = { x = "x.lua" } }]]), ["x.lua"] = "" })
    assert.contains("requires lua < 5.2", message_of(plan_of, folder,
      folder / "x"))
  end)
end)
