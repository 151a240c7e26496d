--- The files of a new library.
local fs = require "fs"

local scaffold = {}

local FILES = {}

FILES["NAME-0.1.0-1.rockspec"] = [[
rockspec_format = "3.0"
package = "NAME"
version = "0.1.0-1"
source = {
  url = "git+https://example.com/NAME.git",
  tag = "v0.1.0",
}
description = {
  summary = "ABOUT",
  labels = { "qcsh", "qdrant" },
  license = "MIT",
}
dependencies = { "lua ~> 5.4" }
-- Without a list of modules, all Lua files below lua/ are installed.
build = {
  type = "builtin",
  copy_directories = { "scripts" },
}
test = { type = "command", command = "qcsh test" }
]]

FILES["lua/MODULE/init.lua"] = [[
--- ABOUT.
library { about = "ABOUT", needs = { "read:clusters" } }

---@class MODULE
local MODULE = {}

--- The names of the clusters with a label, sorted.
---@usage MODULE.with_label("env", "prod")
---@async
---@param key string
---@param value? string any value when not given
---@param connection? table what `qdrant.connect` returned; the session when not given
---@return string[]
function MODULE.with_label(key, value, connection)
  local labels = { [key] = value or true }
  local names = {}
  for i, cluster in ipairs((connection or qdrant).clusters:list { labels = labels }) do
    names[i] = cluster.name
  end
  table.sort(names)
  return names
end

return MODULE
]]

FILES["scripts/list.lua"] = [[
local args = script {
  about = "Lists the clusters with a label",
  args = { { "label", about = "as in env=prod; without = any value" } },
  needs = { "read:clusters" },
}

local key, value = args.label:match("^([^=]+)=?(.*)$")
return require("MODULE").with_label(key, value ~= "" and value or nil)
]]

FILES["spec/MODULE_spec.lua"] = [[
local MODULE = require "MODULE"

describe("MODULE", function()
  it("finds clusters by their labels", function()
    -- A cloud of its own, with what the sandbox begins with.
    local q = test.world({ seed = "demo" }):connect()
    assert.same({ "search-prod" }, MODULE.with_label("env", "prod", q))
    assert.same({}, MODULE.with_label("env", "none", q))
  end)

  it("takes any value when none is given", function()
    local q = test.world({ seed = "demo" }):connect()
    assert.equal(2, #MODULE.with_label("env", nil, q))
  end)
end)
]]

FILES["README.md"] = [[
# NAME

ABOUT.

```lua
local MODULE = require "MODULE"

for _, name in ipairs(MODULE.with_label("env", "prod")) do
  print(name)
end
```

    qcsh lib add https://example.com/NAME.git     adds it to a project, or to your own libraries
    qcsh run NAME/list env=prod                   runs its script of that name
    qcsh lib test                                 checks it and runs its specs
    qcsh lib docs                                 writes docs/index.html from its annotations
    qcsh lib pack                                 makes the archive that others add

What it needs to be allowed is in the first statement of `lua/MODULE/init.lua`. Each release has a
tag `v1.2.3` and a rockspec of that version.
]]

FILES[".luacheckrc"] = [[
std = "lua54"
max_line_length = 100
max_comment_line_length = 200
globals = { "env", "log" }
read_globals = {
  "cli", "crypto", "csv", "fs", "http", "json", "library", "process", "qdrant", "sandbox", "script",
  "secret", "task", "term", "test", "time", "yaml",
}
files["spec"] = { std = "+busted" }
]]

FILES[".luarc.json"] = [[
{
  "runtime.version": "Lua 5.4",
  "workspace.library": [".qcsh/stubs"],
  "diagnostics.globals": ["describe", "it", "before_each", "after_each", "finally"]
}
]]

FILES[".gitignore"] = [[
.qcsh/
lua_modules/
*.rock
*.tar.gz
]]

-- qcsh is built from its source, once for each version: the cache has it afterwards.
FILES[".github/workflows/test.yml"] = [[
name: test
on: [push, pull_request]
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: sudo apt-get update && sudo apt-get install -y lua-check
      - run: luacheck --quiet lua scripts spec
      - name: Install qcsh
        # Set the repository variable QCSH_SOURCE to where your team gets qcsh from, for example
        # https://git.example.com/qcsh.git#v1.0.0
        run: |
          command -v qcsh && exit
          test -n "$SOURCE" || { echo "set the variable QCSH_SOURCE: see this step"; exit 1; }
          git clone --depth 1 --branch "${SOURCE##*#}" "${SOURCE%#*}" "$RUNNER_TEMP/qcsh"
          "$RUNNER_TEMP/qcsh/scripts/dev/setup"
          sudo env "PATH=$PATH" "$RUNNER_TEMP/qcsh/scripts/install"
        env:
          SOURCE: ${{ vars.QCSH_SOURCE }}
      - run: qcsh lib test
]]

--- What a package's name is as a module's: "fleet-tools" is `fleet_tools`.
---@usage require("qdrant.library.scaffold").module("fleet-tools")
---@param name string
---@return string
function scaffold.module(name)
  return (name:gsub("[^%w]", "_"))
end

--- Writes a new library into a directory of its name.
---@usage pcall(require("qdrant.library.scaffold").write, "fleet-tools", "/none/there")
---@param name string
---@param folder string
---@param about? string
---@return string[] files
function scaffold.write(name, folder, about)
  local module = scaffold.module(name)
  about = (about or "Tools for Qdrant Cloud"):gsub("%.$", "")
  -- It stands within quotes.
  local quoted = about:gsub('[\\"]', "\\%0"):gsub("%c", " ")
  local written = {}
  for path, text in pairs(FILES) do
    local values = { NAME = name, MODULE = module, ABOUT = path:find("%.md$") and about or quoted }
    local function fill(word)
      return values[word]
    end
    local file = fs.join(folder, (path:gsub("%u%u%u%u+", fill)))
    fs.mkdir(fs.folder(file))
    fs.write(file, (text:gsub("%u%u%u%u+", fill)))
    written[#written + 1] = file
  end
  table.sort(written)
  return written
end

return scaffold
