import LuaMachine

/// The functions that the Lua side of the host is given, by name.
public typealias HostFunctions = [String: LuaMachine.HostFunction]
