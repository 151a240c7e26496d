--- How a script begins and ends.
local host, settings = ...

--- The format that `--output` asks for, and how people start the script.
host.output_format, host.program = settings.output, settings.program

arg = settings.arguments

function os.exit(code)
  io.stdout:flush()
  host.exit(code == nil and true or code)
end

--- Runs a script: what it has started ends before it does.
function host.main(fn, ...)
  host.in_script = true
  local failed = true
  local finish <close> = setmetatable({}, {
    __close = function()
      if host.finish_script then
        host.finish_script(failed)
      end
    end,
  })
  local results = table.pack(fn(...))
  failed = false
  local _ = finish
  return table.unpack(results, 1, results.n)
end

host.keep("main", host.main)
