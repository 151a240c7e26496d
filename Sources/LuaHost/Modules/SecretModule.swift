import LuaMachine

/// What makes secrets out of texts.
struct SecretModule {
    func register(in functions: inout HostFunctions) {
        functions.declare("make_secret", .bytesOrSecret, recording: .secret) { call, bytes in
            call.results.put(LuaValue.secret(bytes))
        }
        functions.declare("is_secret", .any) { call, value in
            if case .secret = value {
                call.results.put(true)
            } else {
                call.results.put(false)
            }
        }
    }
}
