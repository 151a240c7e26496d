import Testing

@testable import Contract

@Suite struct MethodEffectTests {
    @Test func everyMethodHasTheEffectThatItsVerbOrTheTableSays() throws {
        let methods = try Registry.embedded.allMethods()
        #expect(methods.count == 152)
        var counts: [MethodEffect: Int] = [:]
        for method in methods {
            counts[method.effect, default: 0] += 1
            let overridden = Method.effectOverrides["\(method.service.fullName).\(method.name)"]
            switch method.route?.verb {
            case "GET": #expect(method.effect == overridden ?? .read, "\(method.displayName)")
            case "DELETE": #expect(method.effect == .delete, "\(method.displayName)")
            default: #expect(method.effect == overridden ?? .write, "\(method.displayName)")
            }
            // A permission to delete, and nothing else, is what deletes ask for.
            let permissions = method.options.checkedPermissions
            if permissions.contains(where: { $0.hasPrefix("delete:") }) {
                #expect(method.effect == .delete, "\(method.displayName)")
            }
            // Names that begin with these words only ask.
            let asks = ["List", "Get", "Suggest"].contains { method.name.hasPrefix($0) }
            #expect(
                asks == (method.effect == .read) || overridden != nil, "\(method.displayName)")
        }
        #expect(counts == [.read: 86, .write: 46, .delete: 20])
    }

    @Test func everyExceptionExists() throws {
        let names = Set(
            try Registry.embedded.allMethods().map { "\($0.service.fullName).\($0.name)" })
        for name in Method.effectOverrides.keys { #expect(names.contains(name), "\(name)") }
    }
}
