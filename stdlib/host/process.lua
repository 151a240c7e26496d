--- Runs other programs, without a shell: arguments are passed unchanged.
local host = ...

local process = {}

---@class process.Options
---@field cwd? string the working directory
---@field env? table<string, string|userdata|false> further variables; false takes one away
---@field clear_env? boolean whether the program gets only the variables of `env`
---@field input? string|userdata standard input of the program
---@field stdout? "inherit" leaves its output to the terminal
---@field stderr? "inherit"
---@field timeout? string|number|userdata then it is ended
---@field limit? integer the most bytes of output; 64 MiB when not given
---@field check? boolean whether a status other than 0 is an error; true when not given

---@class process.Result
---@field status integer 128 and the signal's number when a signal ended it
---@field signal? integer
---@field stdout string
---@field stderr string
---@field ok boolean
---@field timed_out boolean
local Result = { __name = "process result" }
Result.__index = Result

--- The output without the last line break.
---@usage process.run({ "date" }):text()
---@return string
function Result:text()
  return (self.stdout:gsub("\r?\n$", ""))
end

--- The lines of the output.
---@usage #process.run({ "ls", "/" }):lines()
---@return string[]
function Result:lines()
  local lines = {}
  for line in self.stdout:gmatch("([^\n]*)\n?") do
    lines[#lines + 1] = line
  end
  if lines[#lines] == "" then
    lines[#lines] = nil
  end
  return lines
end

--- The output as JSON.
---@usage process.run({ "echo", "[1]" }):json()[1]
function Result:json()
  return host.json_decode(self.stdout)
end

function Result:__tostring()
  return ("process result, status %d"):format(self.status)
end

local KNOWN = "cwd env clear_env input stdout stderr timeout limit check"

--- Runs a program to its end and returns what it wrote.
---@usage process.run({ "echo", "hello" }):text()
---@async
---@param argv string[] the program and its arguments
---@param options? process.Options
---@return process.Result
function process.run(argv, options)
  options = host.options(options, "process.run", KNOWN)
  local result = setmetatable(host.process_run(argv, options), Result)
  result.ok = result.status == 0
  if not result.ok and options.check ~= false then
    local reason = result.timed_out and "timed out after " .. tostring(options.timeout) .. " s"
      or ("ended with status %d"):format(result.status)
    local said = result.stderr:gsub("%s+$", "")
    error(host.error {
      code = "PROCESS_FAILED", status = result.status, stdout = result.stdout,
      stderr = result.stderr,
      message = host.url_masked(argv[1] .. " " .. reason .. (said ~= "" and ": " .. said or "")),
    }, 2)
  end
  return result
end

--- Runs a shell command line. Quote parts that come from elsewhere with process.quote.
---@usage process.shell("echo hello | tr a-z A-Z"):text()
---@async
---@param line string
---@param options? process.Options
---@return process.Result
function process.shell(line, options)
  return process.run({ "/bin/sh", "-c", line }, options)
end

--- Quotes a string as one word for the shell.
---@usage process.quote("it's")
---@param text string
---@return string
function process.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- The number of this process.
---@usage process.id()
---@return integer
function process.id()
  return host.process_id()
end

return process
