/// The functions that the Lua side of the host is given, by name.
typealias HostFunctions = [String: LuaMachine.HostFunction]
