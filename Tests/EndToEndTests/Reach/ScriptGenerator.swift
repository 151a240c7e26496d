import LuaReference
import LuaSource

/// Makes scripts at random, the same ones for a seed: what the library offers, in all the ways in which
/// Lua lets a function be called.
struct ScriptGenerator {
    /// A script, and whether it calls functions that come from data.
    struct Script {
        let code: String
        let isOpen: Bool
    }

    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// The names of modules of the scripts' own, and their texts.
    static let modules = [
        "generated_helper": """
        local M = {}
        function M.each(list, f)
          for _, x in ipairs(list) do M.call(f, x) end
        end
        function M.call(f, ...)
          return f(...)
        end
        function M.later(f)
          return { run = function(_, ...) return f(...) end }
        end
        return M
        """
    ]

    // SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    private mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

    private mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }

    // MARK: - What there is

    /// Lists of handles, with the methods that handles of their class have.
    private static let lists: [(list: String, methods: [String])] = {
        let reference = LuaReference.embedded
        return reference.entries.compactMap { entry in
            guard entry.name.hasSuffix(":list"), let result = entry.resultClass, result.isList
            else { return nil }
            let own = reference.entries.filter { $0.name.hasPrefix(result.name + ":") }
            let methods = own.map { String($0.name.dropFirst(result.name.count + 1)) }
            return methods.isEmpty ? nil : (entry.name + "()", methods.sorted())
        }.sorted { $0.list < $1.list }
    }()

    /// Modules whose examples write to the terminal, ask, or start servers.
    private static let excluded = [
        "term.", "log.", "cli.", "shell.", "test.", "sandbox.", "secret.ask", "script", "library",
        "task.sleep", "world:", "print", "io.", "resource.", "units.", "settings.",
        "qdrant.resource",
    ]

    /// The examples of all functions of the library.
    private static let examples: [String] = LuaReference.embedded.entries.compactMap { entry in
        guard let example = entry.example,
            !excluded.contains(where: { entry.name.hasPrefix($0) || example.contains($0) })
        else { return nil }
        let isExpression = (try? Parser.parse(Array("return \(example)".utf8))) != nil
        return isExpression ? "local _ = \(example)" : "do \(example) end"
    }.sorted()

    /// What reaches this machine without the library; FOLDER is a directory, URL a server.
    private static let powers = [
        "fs.write('FOLDER/a', 'x')", "fs.read('FOLDER/a')", "fs.append('FOLDER/b', 'x')",
        "fs.list('FOLDER')", "fs.stat('FOLDER/a')", "fs.exists('FOLDER/a')", "fs.mkdir('FOLDER/d')",
        "fs.copy('FOLDER/a', 'FOLDER/c')", "fs.rename('FOLDER/c', 'FOLDER/d/c')",
        "for line in fs.lines('FOLDER/a') do local _ = line end",
        "local t <close> = fs.temporary()",
        "process.run { 'true' }", "process.shell 'true'", "local _ = env.HOME", "env.get('HOME')",
        "env.all()", "http.get('URL/', { retries = 0, timeout = 2 })",
        "http.post('URL/', { json = { a = 1 }, retries = 0, timeout = 2 })",
        "io.open('FOLDER/a', 'w'):close()", "io.open('FOLDER/a'):close()",
        "for line in io.lines('FOLDER/a') do local _ = line end", "os.getenv 'HOME'",
        "os.execute 'true'", "os.remove('FOLDER/b')", "os.rename('FOLDER/a', 'FOLDER/b')",
        "io.popen('true'):close()", "secret.from_env 'HOME'",
        "secret.new('x'):write('FOLDER/s')", "secret.read('FOLDER/s')",
        "json.encode { a = 1 }", "csv.encode({ { a = 1 } })", "time.now()", "crypto.uuid()",
    ]

    /// Calls of the API by its own names.
    private static let calls = [
        "for c in qdrant.api.cluster.list_clusters:each { page_size = 1 } do local _ = c.name end",
        "qdrant.api.cluster.list_clusters {}",
        "local api = require 'qdrant.api.cluster.auth' api.list_database_api_keys {}",
        "qdrant.api.iam.list_roles:all {}",
        "qdrant.api.booking.list_packages { cloud_provider_id = 'aws' }",
        "local m = qdrant.api.account m.list_accounts {}",
        "qdrant.api.account.get_account { account_id = qdrant.session.account_id }",
        "qdrant.api.cluster.backup.list_backups {}", "qdrant.api.quota.get_account_quotas {}",
    ]

    /// What cannot be followed.
    private static let open = [
        "load('return qdrant.clusters:list()')()",
        "local n = tostring 'list_clusters' qdrant.api.cluster[n] {}",
        "_G[tostring 'pcall'](qdrant.clusters.list, qdrant.clusters)",
        "local n = tostring 'list' qdrant.clusters[n](qdrant.clusters)",
        "local _ = ('x'):gsub('x', load 'return qdrant.clusters:list() and nil')",
        "local _ = setmetatable({}, { __index = load 'return qdrant.clusters:list()' }).x",
        "setmetatable({}, { __newindex = load 'qdrant.clusters:list()' }).x = 1",
    ]

    /// Ways in which a function @F is called with elements of a list @L.
    private static let ways = [
        "for _, x in ipairs(@L) do @F(x) end",
        "task.map(@L, @F)",
        "task.map(@L, function(x) return @F(x) end, { limit = 2 })",
        "local all = {} for i, x in ipairs(@L) do all[i] = function() return @F(x) end end task.all(all)",
        "qdrant.fleet.run(@L, @F, { progress = false })",
        "qdrant.fleet.run({ 1 }, print, { progress = false, label = function() @F(@L[1]) return 'x' end })",
        "pcall(@F, @L[1])",
        "xpcall(@F, debug.traceback, @L[1])",
        "xpcall(error, function() @F(@L[1]) end, 'x')",
        "local list = @L table.sort(list, function(a, b) @F(a) return a.id < b.id end)",
        "local function each(list, f) for _, x in ipairs(list) do f(x) end end each(@L, @F)",
        "local function each(list, i, f) if list[i] then f(list[i]) return each(list, i + 1, f) end end each(@L, 1, @F)",
        "local go = coroutine.wrap(function(...) @F(...) coroutine.yield(1) end) go(@L[1])",
        "local co = coroutine.create(@F) coroutine.resume(co, @L[1])",
        "local co = coroutine.wrap(function() for _, x in ipairs(@L) do coroutine.yield(x) end end) for x in co do @F(x) end",
        "local jobs = { run = @F } jobs.run(@L[1])",
        "local jobs = { @F } for _, f in ipairs(jobs) do f(@L[1]) end",
        "local jobs = {} jobs[#jobs + 1] = @F table.insert(jobs, @F) table.remove(jobs)(@L[1])",
        "local C = {} C.__index = C function C:run(x) return self.f(x) end setmetatable({ f = @F }, C):run(@L[1])",
        "local t = setmetatable({}, { __call = function(_, x) return @F(x) end }) t(@L[1])",
        "local t = setmetatable({}, { __index = function(_, x) return @F(x) end }) local _ = t[@L[1]]",
        "local t = setmetatable({}, { __add = function(_, x) return @F(x) end }) pcall(function() return t + @L[1] end)",
        "do local list = @L local t <close> = setmetatable({}, { __close = function() @F(list[1]) end }) end",
        "local list = @L (('x'):gsub('x', function() @F(list[1]) end))",
        "local function make(f) return function(x) return f(x) end end make(@F)(@L[1])",
        "local function both(...) return ... end local f, x = both(@F, @L[1]) f(x)",
        "local f = select(2, 1, @F) f(@L[1])",
        "local packed = table.pack(@F, @L[1]) local f, x = table.unpack(packed, 1, packed.n) f(x)",
        "local ok, e = pcall(error, { f = @F, x = @L[1] }) e.f(e.x)",
        "local helper = require 'generated_helper' helper.each(@L, @F)",
        "require('generated_helper').later(@F):run(@L[1])",
        "task.scope(function(s) s:spawn(@F, @L[1]) end)",
        "task.spawn(@F, @L[1]):await()",
        "task.timeout('5s', @F, @L[1])",
        "task.race { function() return @F(@L[1]) end }",
        "task.shield(@F, @L[1])",
        "local list = @L task.defer(function() @F(list[1]) end)",
        "local c = task.channel(1) c:send(@L[1]) @F(c:receive())",
        "local i, list = 0, @L while i < #list do i = i + 1 @F(list[i]) end",
        "local list = @L for i = 1, #list do @F(list[i]) end",
        "local list = @L for k, x in pairs(list) do if k then @F(x) end end",
        "local list, i = @L, 1 ::again:: if list[i] then @F(list[i]) i = i + 1 goto again end",
        "handler = @F handler(@L[1])", "_G.handler = @F _ENV.handler(@L[1])",
        "rawset(_G, 'hook', @F) hook(@L[1])",
        "local x = @L[1] local g = x and @F or print g(x)",
        "local f f = @F (function() f(@L[1]) end)()",
        "string.each = function(_, x) @F(x) end (('x')):each(@L[1])",
        // What Lua calls by itself: for operators, fields, elements, ends of blocks.
        "local t = setmetatable({}, { __lt = function(_, x) @F(x) return true end }) local _ = t < @L[1]",
        "local t = setmetatable({}, { __le = function(x) @F(x) return true end }) local _ = @L[1] <= t",
        "local t = setmetatable({}, { __lt = function(x, y) @F(y) return true end }) local _ = @L[1] > t",
        "local t = setmetatable({}, { __eq = function(_, x) @F(x.x) return true end }) local _ = t == { x = @L[1] }",
        "local t = setmetatable({}, { __unm = function() return @F end }); (-t)(@L[1])",
        "local t = setmetatable({}, { __len = function() return @F end }); (#t)(@L[1])",
        "local t = setmetatable({}, { __bnot = function() return @F end }); (~t)(@L[1])",
        "local t = setmetatable({}, { __concat = function(_, x) @F(x) end }) local _ = t .. @L[1]",
        "local t = setmetatable({}, { __idiv = function() return @F end }); (t // 2)(@L[1])",
        "local m = {} for _, n in ipairs { 'lt', 'add' } do m['__' .. n] = function(_, x) return @F(x) end end local _ = setmetatable({}, m) + @L[1]",
        "local m = {} for n in pairs { lt = 1 } do m['__' .. n] = function(_, x) @F(x) return true end end local _ = setmetatable({}, m) < @L[1]",
        "local m, x = {}, @L[1] setmetatable({}, m) rawset(m, '__index', function() return @F(x) end) local _ = setmetatable({}, m).y",
        "local t = setmetatable({}, { __metatable = { run = @F } }) getmetatable(t).run(@L[1])",
        "local t = setmetatable({}, { __pairs = function() return next, { [@F] = 1 } end }) for f in pairs(t) do f(@L[1]) end",
        "local list = @L local _ = ('x'):gsub('x', setmetatable({}, { __index = function() @F(list[1]) return '' end }))",
        "table.insert(setmetatable({}, { __newindex = function(_, _, x) @F(x) end }), @L[1])",
        "table.move(@L, 1, 1, 1, setmetatable({}, { __newindex = function(_, _, x) @F(x) end }))",
        "local x = @L[1] local t = setmetatable({}, { __index = function() @F(x) return '' end }) local _ = table.unpack(t, 1, 1), table.concat(t, '', 1, 1)",
        "local m = {} m.__lt = function(a) @F(a.x) return false end local x = @L[1] table.sort { setmetatable({ x = x }, m), setmetatable({ x = x }, m) }",
        "setmetatable({}, { __index = { @F } })[1](@L[1])",
        "local t = setmetatable({}, { __newindex = rawset }) t.run = @F t.run(@L[1])",
        "local inner = setmetatable({}, { __call = function(_, _, x) @F(x) end }) setmetatable({}, { __call = inner })(@L[1])",
        "local B = {} B.__index = B setmetatable(B, B) B.run = @F setmetatable({}, B).run(@L[1])",
        "getmetatable('').__index.run = function(_, x) @F(x) end (('x')):run(@L[1])",
        "getmetatable('').__add = function(_, x) @F(x) end local _ = 'x' + @L[1]",
        "getmetatable('').__call = function(_, x) @F(x) end ('x')(@L[1])",
        "local x, t = @L[1], json.decode '{}' setmetatable(t, { __index = function() return @F(x) end }) local _ = t.y",
        "local t = json.decode '{}' t.run = @F t.run(@L[1])",
        "local x = @L[1] setmetatable(x, { __index = function() return @F end }) x.run(x)",
        "pcall(function() local t <close> = setmetatable({}, { __close = function(_, e) e.f(e.x) end }) error { f = @F, x = @L[1] } end)",
        "local x = @L[1] local ok, f = pcall(assert, nil, function() @F(x) end) f()",
        "local error = print error('x') @F(@L[1])",
        "local host = { blame = print } host.blame() @F(@L[1])",
        "local os = { exit = print } os.exit() @F(@L[1])",
        "do goto on do return end ::on:: end @F(@L[1])",
        "package.loaded.generated_helper = { each = function(list, f) f(list[1]) end } require('generated_helper').each(@L, @F) package.loaded.generated_helper = nil",
        "package.loaded.no_such_module = { run = @F } require('no_such_module').run(@L[1]) package.loaded.no_such_module = nil",
        "package.preload.no_such_module = function() return { run = @F } end require('no_such_module').run(@L[1]) package.loaded.no_such_module = nil",
        "local function f(...) return pcall(...) end f(pcall, pcall, pcall, pcall, pcall, pcall, @F, @L[1])",
        "for f in pairs { [@F] = true } do f(@L[1]) end",
        "local t = { [-1] = @F, [2.5] = @F, [true] = @F } t[-1](@L[1]) t[true](@L[1])",
    ]

    // MARK: - Making

    /// What is done with an element `x` of a list.
    private mutating func body(_ methods: [String]) -> String {
        let text: String
        switch below(10) {
        case 0...4: text = "pcall(function() return x:\(pick(methods))() end)"
        case 5: text = "pcall(x.\(pick(methods)), x)"
        case 6: text = "pcall(function() \(pick(Self.powers)) end)"
        case 7: text = "pcall(function() \(pick(Self.calls)) end)"
        default: text = "pcall(function() \(pick(Self.examples)) end)"
        }
        return text
    }

    /// Another script.
    mutating func script(folder: String, url: String) -> Script {
        var parts = ["local print = function() end"]
        let isOpen = below(100) < 3
        if isOpen { parts.append("pcall(function() \(pick(Self.open)) end)") }
        for number in 0...below(3) {
            let (list, methods) = pick(Self.lists)
            let body = body(methods)
            parts.append("local function act\(number)(x) \(body) return x end")
            let way = pick(Self.ways).replacing("@F", with: "act\(number)")
                .replacing("@L", with: list)
            parts.append("pcall(function() \(way) end)")
        }
        if below(4) == 0 { parts.append("pcall(function() \(pick(Self.powers)) end)") }
        let code = parts.joined(separator: "\n")
        return Script(
            code: code.replacing("FOLDER", with: folder).replacing("URL", with: url),
            isOpen: isOpen)
    }
}
