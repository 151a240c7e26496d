--- Where the shell's calls go: another context, account or endpoint in the place of the one before.
local host = ...

local session = {}

local function use(connection, name)
  local qdrant = require("qdrant")
  qdrant.api = connection.api
  qdrant.session = connection.session
  host.shell_moved(name)
  return tostring(connection.session)
end

function session.connect(options)
  if type(options) ~= "table" then
    error("shell.connect needs a table of options, got a " .. type(options), 3)
  end
  return use(require("qdrant").connect(options))
end

function session.context(name)
  if not name then
    return host.shell_contexts()
  end
  return use(require("qdrant").connect { context = name })
end

function session.account(name)
  local qdrant = require("qdrant")
  local accounts = qdrant.api.account.list_accounts:all {}
  if not name then
    return accounts
  end
  local found = {}
  for _, account in ipairs(accounts) do
    if account.id == name or account.name == name then
      found = { account }
      break
    elseif account.name:lower():find(name:lower(), 1, true) == 1
      or account.id:find(name, 1, true) == 1 then
      found[#found + 1] = account
    end
  end
  if #found ~= 1 then
    local names = {}
    for _, account in ipairs(#found == 0 and accounts or found) do
      names[#names + 1] = account.name
    end
    error((#found == 0 and "account \"%s\" not found; available: %s"
      or "account \"%s\" is ambiguous; it matches %s"):format(name, table.concat(names, ", ")), 0)
  end
  local options = { account = found[1].id }
  if qdrant.session.context then
    options.context = qdrant.session.context
  end
  for _, option in ipairs { "endpoint", "rest_endpoint" } do
    options[option] = qdrant.session[option]
  end
  return use(qdrant.connect(options))
end

function session.sandbox(options)
  local world = require("sandbox").start(options or {})
  return use(world:connect(), "sandbox")
end

--- The elements that a list method gives, for completion: of the API that a path leads to, or of
--- the shell's own.
function session.names(name, request, root)
  local value = root and host.part("shell.inspect").value(root) or require("qdrant").api
  for part in name:gmatch("[^.]+") do
    value = value[part]
  end
  return value:all(request, { timeout = 10, retries = 0 })
end

return session
