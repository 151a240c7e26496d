-- The same for many: how many at once, who goes first, when it ends, what a second run does.
local fleet = require "qdrant.fleet"
local plot = require "qdrant.plot"

local function numbers(count)
  local list = {}
  for i = 1, count do
    list[i] = i
  end
  return list
end

describe("fleet", function()
  it("does so many at once, and all of them", function()
    local running, most = 0, 0
    local result = fleet.run(numbers(20), function(i)
      running = running + 1
      most = math.max(most, running)
      task.sleep(0.005)
      running = running - 1
      return i * 2
    end, { limit = 4 })
    assert.equal(4, most)
    assert.equal(20, #result.done)
    local sum = 0
    for _, done in ipairs(result.done) do
      sum = sum + done.result
    end
    assert.equal(420, sum)
    local text, status = fleet.summary(result)
    assert.equal("20 done, 0 failed, 0 skipped", text)
    assert.equal(0, status)
  end)

  it("sends canaries first, and nobody else when one fails", function()
    local order = {}
    local result = fleet.run(numbers(6), function(i)
      order[#order + 1] = i
      if i == 2 then
        error("broken", 0)
      end
    end, { canary = 2, limit = 3 })
    assert.same({ 1, 2 }, order)
    assert.equal("a canary failed: 2", result.stopped)
    assert.equal(4, #result.skipped)
    local text, status = fleet.summary(result)
    assert.contains("stopped early: a canary failed: 2", text)
    assert.contains("  2: broken", text)
    assert.equal(9, status)
  end)

  it("ends when too much has failed", function()
    local count = 0
    local result = fleet.run(numbers(100), function()
      count = count + 1
      error("no", 0)
    end, { limit = 1, stop_after = "3%" })
    assert.equal(3, count)
    assert.equal("3 failed, which is too many", result.stopped)
    assert.equal(97, #result.skipped)
    assert.equal(1, select(2, fleet.summary(result)))
    assert.raises(function() fleet.run({ 1 }, print, { stop_after = "many" }) end,
      "a share such as")
    assert.raises(function() fleet.run({ 1 }, print, { limits = 1 }) end, -- qcsh: ignore
      'did you mean "limit"?')
  end)

  it("goes on where a journal says that it ended", function()
    local folder <close> = fs.temporary()
    local journal = folder / "journal"
    local seen = {}
    local function work(i)
      seen[#seen + 1] = i
      if i == 3 and #seen < 4 then
        error("once", 0)
      end
    end
    local options = { name = "work", journal = journal, limit = 1 }
    assert.equal(1, #fleet.run(numbers(4), work, options).failed)
    -- A line that was cut off is no line.
    fs.write(journal, '{"operation":"wo', { append = true })
    fs.write(journal, "\n", { append = true })
    seen = { 0, 0, 0, 0 }
    local result = fleet.run(numbers(4), work, options)
    assert.same({ 0, 0, 0, 0, 3 }, seen)
    assert.equal(3, #result.skipped)
    assert.equal("done before", result.skipped[1].reason)
    -- Another operation has nothing to do with that.
    options.name = "other"
    assert.equal(4, #fleet.run(numbers(4), function() end, options).done)
  end)

  it("says what it would do", function()
    local lines = {}
    local result = fleet.run({ { id = "1", name = "search" } }, error, {
      name = "restart", dry_run = true, report = function(line) lines[#lines + 1] = line end,
    })
    assert.same({ "would   restart search" }, lines)
    assert.equal(0, #result.failed)
    local folder <close> = fs.temporary()
    fleet.run({ "a" }, error, { dry_run = true, journal = folder / "journal" })
    assert.is_false(fs.exists(folder / "journal"))
  end)

  it("reaches several accounts", function()
    local world = test.world { speed = "instant", seed = "demo" }
    local q = world:connect { user = "owner@example.com" }
    local accounts = q.accounts:list()
    assert.is_true(#accounts >= 1)
    local all = fleet.clusters { connection = q, accounts = "all" }
    local own = q.clusters:list()
    assert.is_true(#all >= #own and #own > 0)
    for _, cluster in ipairs(all) do
      -- Each is reached by its own account.
      assert.equal(cluster.id, cluster:refresh().id)
    end
    assert.equal(#own, #fleet.clusters { connection = q, accounts = { own[1].account_id } })
  end)
end)

describe("plot", function()
  it("draws lines of bars", function()
    assert.equal("▁▅▂█▃", plot.sparkline { 1, 4.5, 2, 8, 3 })
    assert.equal("▁▁▁", plot.sparkline { 5, 5, 5 })
    assert.equal("", plot.sparkline {})
    assert.equal(10, term.width(plot.sparkline(numbers(1000), { width = 10 })))
    assert.equal("▁ █", plot.sparkline { 1, 0 / 0, 2 })
  end)

  it("draws bars that fit, whatever they are called", function()
    local text = plot.bars({ { "search", 10 }, { "a\27[31mb", 5 }, { "none", 0 } }, { width = 40 })
    local lines = {}
    for line in text:gmatch("[^\n]+") do
      lines[#lines + 1] = line
      assert.is_true(term.width(line) <= 40)
      assert.is_nil(line:find("\27"))
    end
    assert.equal(3, #lines)
    local function blocks(line)
      return select(2, line:gsub("█", ""))
    end
    assert.matches("^search%s+10  ", lines[1])
    assert.matches("none%s+0%s*$", lines[3])
    assert.equal(blocks(lines[1]) // 2, blocks(lines[2]))
    assert.equal(0, blocks(lines[3]))
  end)

  it("draws series with their range and times", function()
    local text = plot.series({ 0, 10, 0 }, { width = 24, height = 3, title = "rps", from = "10:00",
      to = "11:00" })
    local lines = {}
    for line in (text .. "\n"):gmatch("(.-)\n") do
      lines[#lines + 1] = line
    end
    assert.equal(5, #lines)
    assert.equal("rps", lines[1])
    assert.matches("^10 ┤", lines[2])
    assert.matches("^ 0 ┤", lines[4])
    assert.matches("^    10:00 +11:00$", lines[5])
    assert.equal("-", plot.number(0 / 0))
    assert.equal("1.5k", plot.number(1500))
    assert.equal("0.25", plot.number(0.25))
  end)
end)
