import LuaReference

/// A value with one mistake, as Lua writes it, and words that the error about it must have.
struct ValueMistake {
    let value: String
    let words: [String]

    /// Values with one mistake in a part of a table of a type: a name that it cannot have, or a value of
    /// another type than is declared.
    ///
    /// - Parameter type: as annotations write it.
    static func inParts(of type: String) -> [ValueMistake] {
        switch ValueForms.form(of: type).parts {
        case .unknown: []
        case .fields(let fields): inFields(fields)
        case .list(let element):
            within(element) { "{ \($0) }" }
                + [
                    ValueMistake(
                        value: "{ first = \(sample(element)) }",
                        words: ["a list", "got the key \"first\""])
                ]
        case .map("s", let values):
            within(values) { "{ first = \($0) }" }
                + [ValueMistake(value: "{ \(sample(values)) }", words: ["with names"])]
        case .map(_, let values): within(values) { "{ \($0) }" }
        }
    }

    private static func inFields(_ fields: [ValueForms.Field]) -> [ValueMistake] {
        var mistakes = [ValueMistake(value: "{ zzzzzzzzzzzz = 1 }", words: ["zzzzzzzzzzzz"])]
        for field in fields where field.name != "1" {
            let misspelt = field.name + "x"
            if !fields.contains(where: { $0.name == misspelt }) {
                mistakes.append(
                    ValueMistake(
                        value: "{ [\"\(misspelt)\"] = 1 }",
                        words: ["has no option \"\(misspelt)\"; did you mean"]))
            }
            mistakes += within(field.type) { "{ [\"\(field.name)\"] = \($0) }" }
                .map { ValueMistake(value: $0.value, words: [field.name] + $0.words) }
        }
        return mistakes
    }

    /// Values of other types than one, and values of it with one mistake inside.
    ///
    /// - Parameter place: puts a value where one of the type belongs.
    private static func within(_ type: String, place: (String) -> String) -> [ValueMistake] {
        let form = ValueForms.form(of: type)
        guard !form.letters.contains("*") else { return [] }
        var mistakes: [ValueMistake] = []
        for (letter, value) in LibraryObjects.values
        where !form.letters.contains(letter) && !(letter == "i" && form.letters.contains("n")) {
            mistakes.append(ValueMistake(value: place(value), words: ["must be"]))
        }
        for choice in form.choices {
            mistakes.append(
                ValueMistake(
                    value: place("\"\(choice)x\""),
                    words: ["must be", "got \"\(choice)x\"", "did you mean"]))
        }
        return mistakes
            + inParts(of: type).map { ValueMistake(value: place($0.value), words: $0.words) }
    }

    /// A value of a type.
    private static func sample(_ type: String) -> String {
        let form = ValueForms.form(of: type)
        if let choice = form.choices.first { return "\"\(choice)\"" }
        return form.letters.contains("*") ? "1" : LibraryObjects.value(form.letters)
    }
}
