import LuaMachine

/// What makes secrets out of texts.
struct SecretModule {
    func register(in functions: inout HostFunctions) {
        functions["make_secret"] = { call in
            let value = call.arguments.value()
            guard let bytes = value.bytes else {
                throw HostError.message("a secret is made from a string, not a \(value.typeName)")
            }
            call.results.put(LuaValue.secret(bytes))
            return .done
        }
        functions["is_secret"] = { call in
            if case .secret = call.arguments.value() {
                call.results.put(true)
            } else {
                call.results.put(false)
            }
            return .done
        }
    }
}
