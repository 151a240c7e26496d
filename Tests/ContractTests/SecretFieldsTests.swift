import Testing

@testable import Contract

@Suite struct SecretFieldsTests {
    private func fields() throws -> [(name: String, field: Field)] {
        let registry = Registry.embedded
        return try registry.symbols(below: "qdrant.cloud.").flatMap { symbol in
            try registry.message(named: symbol)?.fields.map { ("\(symbol).\($0.name)", $0) } ?? []
        }
    }

    @Test func everyTextThatIsNamedLikeASecretIsClassified() throws {
        var classified = 0
        for (name, field) in try fields() {
            guard field.kind == .string || field.kind == .bytes, !name.hasSuffix("_id") else {
                continue
            }
            let parts = ["key", "token", "secret", "password", "credential"]
            guard parts.contains(where: { field.name.contains($0) }) else { continue }
            let isHarmless =
                SecretFields.harmless.contains(name) || SecretFields.harmless.contains(field.name)
            #expect(field.isSecret != isHarmless, "\(name) is in neither or both of the tables")
            classified += 1
        }
        #expect(classified > 20)
    }

    @Test func theTablesHaveNoEntryThatIsNotThere() throws {
        let all = try fields()
        let full = Set(all.map(\.name))
        let short = Set(all.map(\.field.name))
        for name in SecretFields.names { #expect(full.contains(name), "\(name)") }
        for name in SecretFields.harmless {
            #expect(name.contains(".") ? full.contains(name) : short.contains(name), "\(name)")
        }
    }
}
