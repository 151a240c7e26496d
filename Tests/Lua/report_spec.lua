-- Pages of HTML: what is in them, that nothing in them is loaded or run that is not theirs.
local chart = require "qdrant.report.chart"
local markup = require "qdrant.report.markup"
local page_of = require("qdrant.report.page").new

--- The texts of the cells of a table with a caption, row by row.
local function rows_of(html, caption)
  local start = assert(html:find("<caption>" .. caption, 1, true), "no table " .. caption)
  local body = html:match("<tbody>(.-)</tbody>", start)
  local rows = {}
  for row in body:gmatch("<tr>(.-)</tr>") do
    local cells = {}
    for cell in row:gmatch("<td.->(.-)</td>") do
      cells[#cells + 1] = (cell:gsub("<.->", ""))
    end
    rows[#rows + 1] = cells
  end
  return rows
end

--- The row whose first cell is a text.
local function row(html, caption, name)
  for _, cells in ipairs(rows_of(html, caption)) do
    if cells[1] == name then
      return table.concat(cells, " | ")
    end
  end
  error("no row " .. name)
end

--- The figure with a label.
local function figure(html, label)
  return html:match("<b[^>]*>([^<]*)</b><span>" .. label .. "</span>")
end

describe("a page", function()
  it("says what comes from outside, and does not do it", function()
    local evil = "<script>alert(1)</script>\27[31m\"'&"
    local safe = "&lt;script&gt;alert(1)&lt;/script&gt;\\u{1b}[31m&quot;&#39;&amp;"
    local html = page_of({ title = evil, subtitle = evil, footer = evil })
      :section(evil, evil):figures({ { evil, evil } })
      :bars(evil, { { name = evil, value = 1, text = evil } })
      :columns(evil, { { name = evil, value = 1 } })
      :series(evil, { { name = evil, values = { 1, 2 } } }, { from = evil, unit = evil })
      :days(evil, { { name = evil, days = { { state = "good", text = evil } } } })
      :table(evil, { { "a", evil } }, { { a = evil }, { a = { text = evil, state = "bad" } } })
      :html()
    assert.is_nil(html:find("<script>alert", 1, true))
    local count = select(2, html:gsub(safe:gsub("%p", "%%%0"), ""))
    assert.is_true(count > 20, "only " .. count)
    assert.is_nil(html:find("\27", 1, true))
    -- One script, its own; no handlers, no styles within elements.
    assert.equal(1, select(2, html:gsub("<script", "")))
    assert.is_nil(html:find("%son%w+="))
    assert.is_nil(html:find(" style=", 1, true))
  end)

  it("allows its own style and script only, by what they are", function()
    local html = page_of({ title = "x" }):html()
    local policy = html:match('Content%-Security%-Policy" content="([^"]*)"')
    assert.contains("default-src 'none'", policy)
    for kind, text in pairs {
      style = html:match("<style>(.-)</style>"), script = html:match("<script>(.-)</script>"),
    } do
      local hash = crypto.base64(crypto.unhex(crypto.sha256(text)))
      assert.contains(("%s-src 'sha256-%s'"):format(kind, hash), policy)
    end
    assert.is_nil(html:find("unsafe", 1, true))
    -- The one address is the name of SVG.
    for address in html:gmatch("https?://[^\"'%s]*") do
      assert.equal("http://www.w3.org/2000/svg", address)
    end
  end)

  it("shows values as people write them, and sorts by what they are", function()
    local at = time.parse("2026-10-01T02:03:04Z")
    local html = page_of({ title = "x" }):table("All", {
      { "name", "Name" }, { "count", "Count", number = true }, { "at" }, { "length" }, { "is" },
      { "nothing" },
    }, {
      { name = "B", count = 10, at = at, length = time.duration("26h"), is = true },
      { name = "a", count = 2.5, is = false },
      { name = "c", count = { value = 7, text = "seven", state = "warn" } },
    }):html()
    assert.same({ "B", "10", "2026-10-01 02:03", "1d 2h", "yes" }, rows_of(html, "All")[1])
    assert.same({ "a", "2.50", "–", "–", "no" }, rows_of(html, "All")[2])
    assert.contains('data-v="' .. tostring(at.total) .. '"', html)
    assert.contains('data-v="7"><span class="state warn">seven</span>', html)
    -- A column without values is none; numbers sort as such.
    assert.is_nil(html:find("nothing", 1, true))
    assert.contains('<th class="number" data-sort="number" scope="col">', html)
  end)

  it("leaves out what has no rows, and says so of tables", function()
    local html = page_of({ title = "x" }):bars("Bars", {}):series("Lines", {})
      :beside(function(page) page:columns("Columns", {}) end):table("Rows", { { "a" } }, {}):html()
    assert.is_nil(html:find("<svg", 1, true))
    assert.contains("Rows: none", html)
  end)

  it("has links to its sections when there are several", function()
    local page = page_of({ title = "x" }):section("One"):section("Two")
    assert.same({ "One", "Two" }, page:contents())
    assert.contains('<a href="#section-2">Two</a>', page:html())
    assert.contains('<h2 id="section-2">Two</h2>', page:html())
  end)

  it("is written whole, and stays when it cannot be", function()
    local folder <close> = fs.temporary()
    local path = folder / "page.html"
    local page = page_of({ title = "first" }):write(path)
    assert.equal(page:html(), fs.read(path))
    assert.raises(function()
      page_of({ title = "second" }):write(folder / "none/page.html")
    end)
    assert.equal(page:html(), fs.read(path))
  end)
end)

describe("charts", function()
  it("have round steps that reach the values", function()
    assert.same({ 0, 20, 40, 60 }, chart.steps(0, 57))
    assert.same({ 0, 1 }, chart.steps(0, 1, true))
    assert.same({ 0, 1, 2, 3 }, chart.steps(0, 3, true))
    assert.same({ -5, 0, 5, 10 }, chart.steps(-3, 10))
    assert.same({ 0, 0.25, 0.5, 0.75, 1 }, chart.steps(0, 0))
    for _, high in ipairs { 0.003, 0.7, 9, 11, 99.9, 12345, 7e9 } do
      local steps = chart.steps(0, high)
      assert.is_true(steps[#steps] >= high * 0.999, "steps of " .. high)
      assert.is_true(#steps >= 3 and #steps <= 7, "steps of " .. high)
    end
  end)

  it("draw bars as long as their values are large", function()
    local svg = chart.bars("x", {
      { name = "a", value = 10 }, { name = "b", value = 5 }, { name = "c", value = 0 },
    })
    local widths = {}
    for width in svg:gmatch('d="M[%d.]+ [%d.]+h([%d.]+)') do
      widths[#widths + 1] = tonumber(width)
    end
    assert.equal(2, #widths)
    -- The round end is three wide.
    assert.near((widths[1] + 3) / 2, widths[2] + 3, 0.11)
    assert.contains("<title>b: 5</title>", svg)
    assert.is_nil(svg:find("nan", 1, true))
  end)

  it("break lines where there is nothing", function()
    local svg = chart.series("x", { { name = "a", values = { 1, 2, 0 / 0, 3, 4 } } },
      { limit = 5, times = { "t1", "t2", "t3", "t4", "t5" }, unit = "GiB" })
    local line = svg:match('class="line s1" d="([^"]*)"')
    assert.equal(2, select(2, line:gsub("M", "")))
    assert.equal(2, select(2, line:gsub("L", "")))
    assert.contains("<title>t2\na: 2 GiB</title>", svg)
    assert.contains("<title>limit: 5 GiB</title>", svg)
    assert.is_nil(svg:find("nan", 1, true))
    assert.is_nil(chart.spark({ 0 / 0, 0 / 0 }):find("nan", 1, true))
    assert.is_nil(chart.series("x", { { name = "a", values = {} } }):find("nan", 1, true))
  end)

  it("tell several lines apart by name", function()
    local svg = chart.series("x", {
      { name = "one", values = { 1 } }, { name = "two", values = { 2 } },
    })
    assert.contains(">one</text>", svg)
    assert.contains(">two</text>", svg)
    assert.contains("line s2", svg)
  end)

  it("colour what is nearly full", function()
    assert.contains('class="s1"', chart.meter(0.5))
    assert.contains('class="warn"', chart.meter(0.8))
    assert.contains('class="bad"', chart.meter(1.2))
  end)
end)

local function demo()
  return test.world { speed = "instant", seed = "demo" }
end

describe("reports", function()
  it("tell what there is, with totals that are right", function()
    local q = demo():connect()
    local c = q.clusters:create {
      name = "search", cloud = "aws", region = "eu-central-1", package = "gpx3", nodes = 2,
      labels = { env = "prod", team = "search" }, wait = true,
    }
    local html = q.report:inventory():html()
    local list = q.clusters:list()
    assert.equal(#list, #rows_of(html, "Clusters"))
    assert.equal(tostring(#list), figure(html, "clusters"))
    local shown = row(html, "Clusters", "search")
    local price = c:package().unit_int_price_per_hour * 2 * 730 / 100000
    assert.contains("healthy | aws eu-central-1 | " .. c.state.version .. " | 2 | gpx3 | 4 | 16 "
      .. "| 64", shown)
    assert.contains(("%.2f USD"):format(price), shown)
    assert.contains("env=prod, team=search", shown)
    assert.contains(c.id, shown)
    local some = q.report:inventory({ labels = { env = "prod", team = "search" } }):html()
    assert.is_true(#rows_of(some, "Clusters") >= 1)
    assert.contains("search", some)
    assert.is_nil(some:find("staging", 1, true))
  end)

  it("tell costs that add up", function()
    local q = demo():connect()
    local html = q.report:cost({ month = "last month", label = "team" }):html()
    local total, first = 0, q.costs:by("cluster", "last month")[1]
    for _, one in ipairs(q.costs:by("cluster", "last month")) do
      total = total + one.amount
    end
    assert.is_true(total > 0)
    assert.equal(("%.2f USD"):format(total), figure(html, "last month"))
    assert.contains(("%.2f USD"):format(first.amount), row(html, "By cluster", first.name))
    assert.contains("By label team", html)
    assert.contains("QD-", rows_of(html, "Invoices")[1][1])
    local count = #q.costs:months()
    assert.equal(count, select(2, html:match("Months, in USD.-</svg>"):gsub("<path", "")))
  end)

  it("tell which backups are as a policy wants them", function()
    local q = demo():connect()
    local bare = q.clusters:create { name = "bare", cloud = "aws", region = "eu-central-1",
      package = "gpx1", wait = true }
    bare:backup { name = "of-bare", retention = "90d", wait = true }
    local function state(options)
      return row(q.report:backups(options):html(), "Clusters", "search-prod")
    end
    -- A nightly one is there, kept for seven days.
    assert.contains("ok", state { max_age = "26h", retention = "7d" })
    assert.contains("kept too short", state { max_age = "26h", retention = "8d" })
    assert.contains("too old", state { max_age = 1 })
    local html = q.report:backups({ days = 10 }):html()
    assert.contains("| 0 2 * * * | 7d | ", row(html, "Clusters", "search-prod"))
    assert.contains("no schedule", row(html, "Clusters", "bare"))
    -- The worst stand first; ten squares for each cluster.
    assert.same({ "staging", "no backup" }, { table.unpack(rows_of(html, "Clusters")[1], 1, 2) })
    assert.equal("search-prod", rows_of(html, "Clusters")[3][1])
    assert.equal("1 of 3", figure(html, "satisfy the policy"))
    local squares = html:match("The last 10 days.-</svg>")
    assert.equal(30, select(2, squares:gsub("<rect", "")))
    assert.equal('class="good"', squares:match('<rect (class="%w+")[^>]*><title>bare, [%d-]+: 1'))
    assert.equal('class="none"',
      squares:match('<rect (class="%w+")[^>]*><title>bare, [%d-]+: none'))
  end)

  it("tell who may do what, and which keys end", function()
    local q = demo():connect()
    local c = q.clusters:find "search-prod"
    c:keys():create { name = "ends soon", expires = "10d", access = "read" }
    c:keys():create { name = "some", collections = { documents = "write" }, expires = "200d" }
    local html = q.report:access():html()
    assert.contains("owner | active", row(html, "Users and invitations", "owner@example.com"))
    assert.contains("owns the account", row(html, "Users and invitations", "owner@example.com"))
    assert.contains("can grant access", row(html, "Users and invitations", "admin@example.com"))
    assert.contains("Viewer", row(html, "Users and invitations", "viewer@example.com"))
    assert.is_nil(row(html, "Users and invitations", "viewer@example.com"):find("can grant"))
    assert.contains("invitation | invited", row(html, "Users and invitations",
      "newcomer@example.com"))
    assert.equal(#q.management_keys:list(),
      #rows_of(html, "Management keys: each has all permissions"))
    local keys = {}
    for _, cells in ipairs(rows_of(html, "Database keys")) do
      keys[cells[2]] = table.concat(cells, " | ")
    end
    assert.contains("read only", keys["ends soon"])
    assert.contains("documents: read write", keys["some"])
    assert.contains("never", keys["search service"])
    assert.contains("<title>in 30 days: 1</title>", html)
  end)

  it("tell how clusters are, the worst first", function()
    local world = demo()
    local q = world:connect()
    local c = q.clusters:find "search-prod"
    world:incident("out_of_memory", c.id)
    local html = q.report:health({ since = "1h", charts = 1 }):html()
    local alerts = c:monitoring():alerts()
    assert.is_true(#alerts > 0)
    assert.equal(tostring(#alerts), figure(html, "alerts"))
    assert.equal("search-prod", rows_of(html, "Clusters")[1][1])
    assert.contains(markup.escape(alerts[1].title), row(html, "Clusters", "search-prod"))
    assert.contains(markup.escape(alerts[1].description), rows_of(html, "Alerts")[1][4])
    assert.contains("search-prod: CPU in vCPU, the last 1h", html)
    assert.contains("capacity of the nodes: 6 vCPU", html)
    -- Asleep is not in trouble.
    assert.contains("suspended", row(html, "Clusters", "staging"))
    assert.equal("1", figure(html, "suspended"))
  end)

  it("put several in one, and say what the credential may not have", function()
    local q = demo():connect()
    assert.same({ "Health", "Inventory", "Costs", "Backups", "Access" },
      q.report:account():contents())
    assert.same({ "Inventory", "Backups" }, q.report:account({ "backups", "inventory" }):contents())
    assert.same({ "Costs" }, q.report:account({ "costs" }):contents())
    local ok, problem = pcall(q.report.account, q.report, { "healht" })
    assert.is_false(ok)
    assert.contains('unknown report "healht", did you mean "health"?', tostring(problem))
  end)

  it("are facts first, which every encoder takes", function()
    local q = demo():connect()
    local facts = q.report:facts(nil, { label = "team" })
    assert.same({ "access", "backups", "cost", "health", "inventory" }, (function()
      local names = {}
      for name in pairs(facts) do
        names[#names + 1] = name
      end
      table.sort(names)
      return names
    end)())
    local read = json.decode(json.encode(facts))
    assert.equal(#facts.inventory.clusters, #read.inventory.clusters)
    assert.equal(facts.cost.total, read.cost.total)
    assert.equal("string", type(read.backups.clusters[1].reason))
    assert.contains("search-prod", yaml.encode(facts))
    -- No secret, and nothing of the page.
    assert.is_nil(json.encode(facts):find("<", 1, true))
    local list = q.clusters:list()
    assert.equal(#list, #facts.health.clusters)
    for _, one in ipairs(facts.inventory.clusters) do
      assert.equal(one.id, q.clusters:find(one.name).id)
    end
  end)

  it("have rows for formats without tables", function()
    local q = demo():connect()
    for _, kind in ipairs { "health", "inventory", "costs", "backups", "access" } do
      local rows = q.report:rows(kind)
      assert.is_true(#rows > 0, kind)
      for _, one in ipairs(rows) do
        for key, value in pairs(one) do
          assert.not_equal("table", type(value), kind .. "." .. key)
        end
      end
      assert.contains("\n", csv.encode(rows))
    end
    local labels
    for _, one in ipairs(q.report:rows("inventory")) do
      labels = one.name == "search-prod" and one.labels or labels
    end
    assert.contains("env=prod", labels)
  end)

  it("are written in parts, the same page as at once", function()
    local q = demo():connect()
    local folder <close> = fs.temporary()
    local path = folder / "report.html"
    local titles = q.report:write(path, { "inventory", "access" })
    assert.same({ "Inventory", "Access" }, titles)
    local whole = q.report:account({ "inventory", "access" }):html()
    -- But for moments: the second run is a little later.
    local function settled(html)
      return (html:gsub("%d%d%d%d%-%d%d%-%d%d %d%d:%d%d", "TIME"):gsub('data%-v="[%d.]+"', "")
        :gsub("%d+d %d+h", "AGE"):gsub("%s+", " "))
    end
    assert.equal(settled(whole), settled(fs.read(path)))
    assert.is_false(fs.exists(path .. ".part"))
  end)

  it("have their first bytes before the last request", function()
    local world = demo()
    local q = world:connect()
    local seen, is_done
    local folder <close> = fs.temporary()
    local path = folder / "report.html"
    task.scope(function(s)
      s:spawn(function()
        q.report:write(path)
        is_done = true
      end)
      while not is_done and not seen do
        if fs.exists(path .. ".part") and fs.stat(path .. ".part").size > 0 then
          seen = #world:calls()
        end
        task.sleep(0.001)
      end
    end)
    assert.is_true(seen ~= nil and seen < #world:calls(), "no byte before the end")
  end)

  it("go to devices, which are not replaced", function()
    local q = demo():connect()
    local folder <close> = fs.temporary()
    q.report:write("/dev/null", { "access" })
    assert.equal("other", fs.stat("/dev/null").type)
    assert.is_false(fs.exists("/dev/null.part"))
    process.run { "mkfifo", folder / "pipe" }
    local text
    task.scope(function(s)
      s:spawn(function()
        text = process.run({ "cat", folder / "pipe" }).stdout
      end)
      s:spawn(function()
        task.sleep(0.2)
        q.report:write(folder / "pipe", { "access" })
      end)
    end)
    assert.contains("</html>", text)
  end)

  it("leave the old page when they fail", function()
    local world = demo()
    local q = world:connect()
    local folder <close> = fs.temporary()
    local path = folder / "report.html"
    fs.write(path, "old")
    world:fault { method = "metering.*", status = "INTERNAL" }
    assert.raises(function() q.report:write(path) end)
    assert.equal("old", fs.read(path))
    assert.same({ "report.html" }, fs.list(folder.path))
  end)
end)
