/// Scripts whose metatables, calls or modules lead to themselves, or nest deep.
enum EndlessScripts {
    /// Metatables that lead to themselves and each other.
    private static let metatables = [
        "local A = {} A.__index = A setmetatable(A, A) print(A.x)",
        "local a,b,c={}, {}, {} setmetatable(a,{__index=b}) setmetatable(b,{__index=c}) "
            + "setmetatable(c,{__index=a}) print(a.x,b[1],c[a])",
        "local a,b={}, {} setmetatable(a,{__newindex=b}) setmetatable(b,{__newindex=a}) "
            + "a.x=1 a[1]=2 a[a]=b",
        "local function f(x) return f(setmetatable({x=x},{__index=x,__call=f})) end f({})",
        "local m={} m.__index=function(t,k) return t[k] end m.__call=function(t,...) return "
            + "t(...) end m.__add=function(a,b) return a+b end m.__eq=function(a,b) return a==b "
            + "end m.__lt=function(a,b) return a<b end m.__len=function(a) return #a end "
            + "m.__concat=function(a,b) return a..b end m.__unm=function(a) return -a end "
            + "m.__newindex=function(t,k,v) t[k]=v end m.__pairs=function(t) return pairs(t) end "
            + "m.__tostring=tostring m.__close=function(t) local x<close> = t end "
            + "m.__gc=function(t) setmetatable(t,m) end local t=setmetatable({},m) local "
            + "_=t.x,t(),t+t,t==t,t<t,#t,t..t,-t t.y=1 for k in pairs(t) do k() end",
        "local _ENV=setmetatable({},{__index=_ENV}) local "
            + "_ENV=setmetatable({},{__index=_ENV}) print(x)",
        "local _ENV = _ENV _ENV._ENV=_ENV setmetatable(_ENV,{__index=_ENV,__newindex=_ENV}) "
            + "y=1 print(y,z)",
        "setmetatable(_G,{__index=function(t,k) return _G[k] end}) print(nope)",
        "setmetatable(_G,{__index=function(t,k) return nope2 end}) print(nope)",
        "getmetatable('').__index=function(s,k) return s[k] end print(('x').y)",
        "getmetatable('').__index=getmetatable('') print(('x').y) "
            + "getmetatable('').__call=getmetatable('') ('x')()",
        "string.x='' print(('').x.x.x.x) setmetatable(string,{__index=string}) "
            + "print(('').nope)",
        "setmetatable(string,{__index=function(t,k) return ('')[k] end}) print(('').nope)",
        "local t=json.decode'{}' setmetatable(t,{__index=t,__call=t,__add=t,__newindex=t}) "
            + "print(t.x,t[1],t(1),t+t) t.y=1",
        "local t=json.decode'{}' setmetatable(t,t) print(t.x) t.z=t t()",
        "local c=qdrant.clusters:find'x' setmetatable(c,c) print(c.nope) c.x=c print(c.x.x) "
            + "c()",
        "local c=qdrant.clusters:find'x' setmetatable(c,{__index=c,__newindex=c}) c.x=1 "
            + "print(c[1],c[c])",
        "setmetatable(qdrant,{__index=qdrant}) print(qdrant.nope)",
        "setmetatable(qdrant.api,{__index=qdrant.api})",
        "setmetatable(qdrant.session,{__index=qdrant.session}) print(qdrant.session.x)",
        "local t=setmetatable({}, "
            + "{__call=pcall,__index=pcall,__newindex=pcall,__add=pcall,__pairs=pcall,__tostring=pc"
            + "all,__close=pcall}) t() t.x=t.y t=t+t for k in pairs(t) do k() end",
        "local m={} for _,f in "
            + "ipairs{pcall,xpcall,select,next,rawget,rawset,setmetatable,getmetatable,table.insert"
            + ",table.sort,table.unpack,string.gsub,coroutine.wrap,coroutine.resume,require,load} "
            + "do for _,n in "
            + "ipairs{'__index','__newindex','__call','__add','__lt','__pairs','__close','__eq'} "
            + "do m[n]=f end end local t=setmetatable({},m) t.x=t t[1]=t.y t(t,t,t) t=t+t "
            + "print(t<t,t==t) for k,v in pairs(t) do k(v) end",
        "local m={} setmetatable(m,m) m.__index=m m.__metatable=m m.__call=m m.__add=m "
            + "m.__eq=m m.__pairs=m m.__close=m m.__gc=m m.__len=m "
            + "print(m.x,m(),m+m,#m,getmetatable(m).x) for k in pairs(m) do end local x<close> =m",
        "local t={} t[1]=t table.sort(t,table.sort) "
            + "table.sort(setmetatable(t,{__lt=table.sort}))",
        "local r={} setmetatable(r,{__index=r}) ('x'):gsub('x',r) ('x'):gsub('x',string.gsub)",
        "local t=setmetatable({},{__index=table,__newindex=table.insert}) t.insert(t,t) "
            + "t.x=t table.unpack(t) table.move(t,1,1,1,t) table.concat(t)",
        "local t=setmetatable({},{__call=function(t,...) return t,... end}) for a,b in t,t,t "
            + "do a(b) for c in a do c(a,b) end end",
        "local function mk() local x<close> =setmetatable({},{__close=mk}) return mk() end "
            + "mk()",
        "local function class(p) local c={} c.__index=c return "
            + "setmetatable(c,{__index=p,__call=p,__newindex=p}) end local c=class() for _=1,40 do "
            + "c=class(c) end for _,n in ipairs{'a','b'} do c=class(class(c)) c[n]=c() end "
            + "print(c.x)",
        "local P={} P.__index=P function P.new(f) local p=setmetatable({q={}},P) "
            + "f(function(v) p:resolve(v) end) return p end function P:resolve(v) self.v=v for _,f "
            + "in ipairs(self.q) do f(v) end end function P:next(f) return P.new(function(done) "
            + "self.q[#self.q+1]=function(v) done(f(v)) end end) end P.new(function(d) d(P) "
            + "end):next(function(p) return P.new(p.new) end):next(print):next(P.new)",
        "local memo=setmetatable({},{__mode='k'}) local function m(f) memo[f]=memo[f] or "
            + "setmetatable({}, {__index=function(t,k) local v=f(k) t[k]=v return v end}) return "
            + "memo[f] end local fib fib=m(function(n) return n<2 and n or fib[n-1]+fib[n-2] end) "
            + "print(fib[9]) m(m)[m][m](m)",
        "debug.setmetatable(1,{__index=function(n,k) return n[k] end,__call=function(n,...) "
            + "return n(...) end}) print((1).x,(2)(1)) debug.setmetatable(nil,{__index=function() "
            + "return nil end}) print(nope.x)",
        "debug.setmetatable(print,{__index=print,__add=print,__call=print}) "
            + "print(print.x.y,print+print)",
    ]

    /// Functions, coroutines and modules that call each other without end.
    private static let calls = [
        "local f,g function f(x) return g({x}) end function g(x) return f({x}) end f(1)",
        "local function f(x) return f(function() return x end) end f(1)",
        "local function f(...) return f(1,...) end f()",
        "local function f(a,...) return f(...,a) end f(print,pcall,f)",
        "local function f(s) return f(s..'x') end f('')",
        "local function f(t) t[#t+1]=f t.x=t return f(t) or f{t} or t[1](t.x) end f{}",
        "local t=json.decode'{}' t.f=function(x) return x.f(x) end t.f(t) t.f(t.f)",
        "local co co=coroutine.wrap(function(...) return co(co,...) end) co(co) "
            + "co=coroutine.wrap(co) co(coroutine.yield)",
        "local co=coroutine.create(coroutine.resume) coroutine.resume(co,co,co)",
        "local w=coroutine.wrap for i=1,10 do w=coroutine.wrap(w) end w(w)",
        "local function it(...) return it,... end for f in it,it,it do for g in f,f do g(f) "
            + "end end",
        "local function f(x) coroutine.yield(f) return f(coroutine.yield(x)) end local "
            + "c=coroutine.wrap(f) for g in c,c do g(c) end",
        "local function f(e) error(e) end local ok,e=pcall(f,f) e(e) xpcall(f,f,f) "
            + "xpcall(error,error,error)",
        "local function s(n) return function(f) return function(x) return f(n(f)(x)) end end "
            + "end local n=function(f) return function(x) return x end end for i=1,9 do n=s(n) end "
            + "n(s)(n)(print)",
        "local Y=function(f) return (function(x) return x(x) end)(function(x) return "
            + "f(function(...) return x(x)(...) end) end) end local r=Y(function(self) return "
            + "function(n,k) if n==0 then return k else return self(n-1,function(...) return "
            + "k(self,...) end) end end end) r(9,print)",
        "(function(x) return x(x) end)(function(x) return x(x) end)",
        "(function(x) return x(x)(x(x)) end)(function(x) return x(x)(x) end)",
        "local S=function(x) return function(y) return function(z) return x(z)(y(z)) end end "
            + "end local K=function(x) return function() return x end end local I=S(K)(K) local "
            + "w=S(I)(I) w(w) S(S)(S)(S(S))(S)(K)(S(S(K)))",
        "local function curry(f,...) local a={...} return function(...) local "
            + "b={table.unpack(a)} for _,v in ipairs{...} do b[#b+1]=v end return "
            + "f(table.unpack(b)) end end local g=print for i=1,5 do g=curry(g,curry,g,i) end g(g)",
        "local function comp(...) local f={...} return function(...) local r={...} for "
            + "i=#f,1,-1 do r={f[i](table.unpack(r))} end return table.unpack(r) end end local "
            + "g=comp(comp,comp,comp) g(g,g,comp)(g)(comp)",
        "local r=require package.loaded.x=package.loaded package.preload.y=require "
            + "require'y' require'x'.y=require require'x'",
        "package.preload.a=function() return require'b' end package.preload.b=function() "
            + "return require'a' end require'a'",
        "local function f() return task.spawn(f):await() end task.all{f,f} task.map({f},f) "
            + "task.scope(function(s) s:spawn(s.spawn,s,f) s:spawn(task.scope,s.spawn) end)",
        "local c=task.channel(1) c:send(c) c:receive():send(c.receive) c:receive()(c)",
    ]

    private static func repeated(
        _ start: String, _ count: Int, _ part: (Int) -> String, _ end: String = ""
    ) -> String {
        start + (1...count).map(part).joined() + end
    }

    /// Long and deep ones.
    private static let long = [
        repeated("print(", 150, { _ in "print(" }, "1" + String(repeating: ")", count: 151)),
        repeated("local x = ", 150, { _ in "(" }, "1" + String(repeating: ")", count: 150)),
        repeated("local x = ", 150, { _ in "{" }, "1" + String(repeating: "}", count: 150)),
        repeated("local x = ", 150, { _ in "not " }, "1"),
        repeated("local x = 1", 3000, { _ in " + 1" }),
        repeated("local x = 'a'", 3000, { _ in " .. 'a'" }),
        repeated("local x = {} print(x", 3000, { _ in ".x" }, ")"),
        repeated("local function f() return f end f", 3000, { _ in "()" }),
        repeated(
            "local function f(x) return x end print(", 60, { _ in "f(function(f) return " },
            "f" + String(repeating: " end)", count: 60) + ")"),
        repeated("", 150, { _ in "if print then " }, String(repeating: "end ", count: 150)),
        repeated("if a then ", 2000, { _ in "elseif b then " }, "end"),
        repeated(
            "local t = {} ", 2000, { "t.a\($0) = setmetatable({}, { __index = t.a\($0 - 1) }) " },
            "print(t.a2000.x)"),
        repeated(
            "local t = {} ", 2000, { "t.a\($0) = setmetatable({}, { __call = t.a\($0 - 1) }) " },
            "t.a2000()"),
        repeated(
            "local t = { a0 = print } ", 500,
            { "t.a\($0) = function(...) return t.a\($0 - 1)(...) end " }, "t.a500(1)"),
        repeated(
            "local t = { a0 = print } ", 500,
            { "t.a\($0) = coroutine.wrap(t.a\($0 - 1)) " }, "t.a500(1)"),
        repeated(
            "local t = {} ", 500, { _ in "t = setmetatable({}, { __index = t }) " }, "print(t.x)"),
        repeated(
            "local t = {} ", 150, { "t[#t + 1] = function(x) return t[#t](t, x, \($0)) end " },
            "for _, f in ipairs(t) do f(t) end"),
        repeated(
            "local t = {} ", 100,
            { _ in
                "t[#t + 1] = setmetatable({}, { __index = t[#t], __call = t[#t], __add = t[#t] }) "
            },
            "for _, a in ipairs(t) do a.x = a.y a(a) a = a + a a[a] = a end"),
        repeated("local s = 'a' ", 300, { "s = s .. '\($0)' " }, "print(_G[s])"),
    ]

    static let all = metatables + calls + long
}
