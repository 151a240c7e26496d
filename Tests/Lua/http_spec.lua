-- The server's address is given by whoever runs this: Tests/Fixtures/peers/http_server.py.
local base = "http://" .. env.require("HTTP_SERVER")

describe("http", function()
  it("gets JSON, with headers in any case", function()
    local response = http.get(base .. "/echo", {
      query = { q = "a b&c", list = { 1, 2 } }, headers = { ["X-Mine"] = "yes" },
    })
    assert.equal(200, response.status)
    assert.is_true(response.ok)
    assert.equal("application/json", response.headers["Content-TYPE"])
    assert.equal("a, b", response.headers["x-twice"])
    local asked = response:json()
    assert.equal("GET", asked.method)
    assert.equal("yes", asked.headers["x-mine"])
    assert.same({ "a b&c" }, { asked.query.q[1] })
    assert.equal("2", asked.query.list[2])
  end)

  it("sends JSON, forms, files and plain bodies", function()
    local asked = http.post(base .. "/echo", { json = { a = { 1, 2 } } }):json()
    assert.equal('{"a":[1,2]}', asked.body)
    assert.equal("application/json", asked.headers["content-type"])
    asked = http.put(base .. "/echo", { form = { ["a&b"] = "c d" } }):json()
    assert.equal("a%26b=c%20d", asked.body)
    assert.equal("PUT", asked.method)
    asked = http.post(base .. "/echo", {
      multipart = { note = "hi", file = { content = "\0\1", filename = 'a"b.bin' } },
    }):json()
    assert.matches("^multipart/form%-data; boundary=", asked.headers["content-type"])
    assert.contains('name="file"; filename="a%22b.bin"\r\nContent-Type: application/octet-stream',
      asked.body)
    assert.contains('name="note"\r\n\r\nhi\r\n', asked.body)
    asked = http.patch(base .. "/echo", { body = "plain", headers = { ["Content-Type"] = "x/y" } })
      :json()
    assert.equal("plain", asked.body)
    assert.equal("x/y", asked.headers["content-type"])
    assert.equal("", http.head(base .. "/echo").body)
  end)

  it("takes secrets as credentials, and shows them to nobody else", function()
    local asked = http.get(base .. "/echo", { auth = { bearer = secret.new("tok") } }):json()
    assert.equal("Bearer tok", asked.headers.authorization)
    asked = http.get(base .. "/echo", { auth = { user = "u", password = secret.new("p") } }):json()
    assert.equal("Basic dTpw", asked.headers.authorization)
    assert.raises(function()
      http.get("http://example.com/", { auth = { bearer = "tok" } })
    end, "would expose the credential to the network")
    assert.raises(function() http.get("http://u:p@127.0.0.1/") end, "use the option auth")
    local elsewhere = base:gsub("127.0.0.1", "localhost") .. "/echo"
    asked = http.get(base .. "/redirect/302", {
      query = { to = elsewhere }, headers = { ["api-key"] = secret.new("k"), accept = "a/b" },
    }):json()
    assert.is_nil(asked.headers["api-key"])
    assert.equal("a/b", asked.headers.accept)
  end)

  it("sends headers on to another origin only when they are known to be harmless", function()
    local sent = {
      ["X-Api-Key"] = "k", ["proxy-authorization"] = "Basic eA==", Cookie = "c=1",
      ["x-of-my-own"] = "o", ["Accept-Language"] = "de", range = "bytes=0-",
    }
    local elsewhere = base:gsub("127.0.0.1", "localhost") .. "/echo"
    for status in ("301 302 303 307 308"):gmatch("%d+") do
      local asked = http.get(base .. "/redirect/" .. status, {
        query = { to = elsewhere }, headers = sent,
      }):json()
      for _, name in ipairs { "x-api-key", "proxy-authorization", "cookie", "x-of-my-own" } do
        assert.is_nil(asked.headers[name], status .. " " .. name)
      end
      assert.equal("de", asked.headers["accept-language"])
      assert.equal("bytes=0-", asked.headers.range)
    end
    local asked = http.get(base .. "/redirect/302", { query = { to = "/echo" }, headers = sent })
      :json()
    assert.equal("k", asked.headers["x-api-key"])
    assert.equal("o", asked.headers["x-of-my-own"])
  end)

  it("follows redirects as browsers do", function()
    assert.equal("GET", http.post(base .. "/redirect/303", { query = { to = "/echo" }, body = "x" })
      :json().method)
    local asked = http.post(base .. "/redirect/307?to=/echo", { body = "x" }):json()
    assert.equal("POST", asked.method)
    assert.equal("x", asked.body)
    assert.equal(302, http.get(base .. "/redirect/302", { query = { to = "/echo" }, redirects = 0 })
      .status)
  end)

  it("repeats what may be repeated", function()
    assert.equal("3", http.get(base .. "/flaky/one").body)
    assert.equal(503, http.post(base .. "/flaky/two").status)
    assert.equal(503, http.get(base .. "/flaky/three", { retries = 0 }).status)
    assert.raises(function() http.get(base .. "/close", { retries = 1 }) end,
      { code = "UNAVAILABLE" })
  end)

  it("reads bodies as they come", function()
    local response <close> = http.get(base .. "/lines", { stream = true })
    local lines = {}
    for line in response:lines() do
      lines[#lines + 1] = line
      if #lines == 3 then
        break
      end
    end
    assert.same({ "line 0", "line 1", "line 2" }, lines)
    assert.equal(10000, #http.get(base .. "/gzip").body)
    local size = 0
    for piece in http.get(base .. "/big", { query = { size = 5000000 }, stream = true }):chunks() do
      size = size + #piece
      task.sleep(0)
    end
    assert.equal(5000000, size)
    assert.raises(function()
      http.get(base .. "/big", { query = { size = 5000000 }, limit = 1000 })
    end, "larger than 1000 bytes")
  end)

  it("ends in time, and with its task", function()
    assert.raises(function()
      http.get(base .. "/slow", { query = { seconds = 5 }, timeout = 0.05 })
    end, { code = "DEADLINE_EXCEEDED" })
    local started = time.clock()
    assert.raises(function()
      task.timeout(0.05, http.get, base .. "/slow", { query = { seconds = 5 }, timeout = false })
    end, { code = "DEADLINE_EXCEEDED" })
    assert.is_true(time.clock() - started < 3)
  end)

  it("runs many at once", function()
    local started = time.clock()
    local found = task.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, function()
      return http.get(base .. "/slow", { query = { seconds = 0.2 } }).body
    end)
    assert.equal("done", found[8])
    assert.is_true(time.clock() - started < 1.4)
  end)

  it("tells what is wrong", function()
    local response = http.get(base .. "/status/418")
    assert.is_false(response.ok)
    assert.raises(function() response:check() end, { code = "HTTP_418", http_status = 418 })
    assert.raises(function() response:json() end, "answered 418 with no JSON")
    assert.raises(function() http.get("ftp://x/") end, "is not an http or https URL")
    assert.raises(function()
      http.get(base, { querry = {} }) -- qcsh: ignore
    end, 'no option "querry"; did you mean "query"?')
    assert.raises(function() http.get(base .. "/a b") end, "contains blanks")
    assert.raises(function()
      http.get(base .. "/", { headers = { x = "a\r\nInjected: b" } })
    end, "control characters")
  end)
end)
