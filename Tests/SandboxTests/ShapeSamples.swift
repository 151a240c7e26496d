import Contract
import TestSupport

@testable import Sandbox

/// A value that fits a form and has every name that the form knows, and what can be wrong with it.
struct ShapeSample {
    /// Which of several forms or arms is taken, in turn.
    let choice: Int

    /// Something wrong in a value.
    struct Mutation {
        let value: YAMLValue
        /// Where it is.
        let path: String
        /// The name that was misspelt; nil when something else is wrong.
        var meant: String?
    }

    /// A value of a form.
    func value(_ shape: Shape) -> YAMLValue {
        switch shape {
        case .anything: .string("anything")
        case .flag: .bool(true)
        case .integer(let range): .number("\(max(range.lowerBound, min(1, range.upperBound)))")
        case .number(let range): .number("\(max(range.lowerBound, min(0.5, range.upperBound)))")
        case .text(let sizes):
            .string(String(repeating: "a", count: max(1, sizes.lowerBound)))
        case .choice(let names): .string(names[choice % names.count])
        case .list(let shape): .list([value(shape)])
        case .map(let shape): .map([YAMLValue.Member(name: "free", value: value(shape))])
        case .object(let fields): object(fields.members)
        case .oneOf(let choices): object([turn(choices.sorted { $0.key < $1.key })])
        case .tagged(let tag, let choices):
            tagged(tag, turn(choices.sorted { $0.key < $1.key }))
        case .byType(let choices):
            value(turn(choices.sorted { "\($0.key)" < "\($1.key)" }).value)
        case .having(_, let shape, let otherwise): value(turn([shape, otherwise]))
        case .message(let message): self.message(message)
        case .duration: .string("36h")
        case .time: .string("2026-01-31T12:00:00Z")
        }
    }

    private func turn<Choice>(_ choices: [Choice]) -> Choice { choices[choice % choices.count] }

    private func tagged(_ tag: String, _ choice: (key: String, value: Shape)) -> YAMLValue {
        var tree = value(choice.value)
        tree.edit(tag) { $0 = .string(choice.key) }
        return tree
    }

    private func object(_ members: [(key: String, value: Shape)]) -> YAMLValue {
        .map(members.map { YAMLValue.Member(name: $0.key, value: value($0.value)) })
    }

    private func object(_ members: [String: Shape]) -> YAMLValue {
        object(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    // MARK: - Messages

    private func message(_ shape: MessageShape) -> YAMLValue {
        let known = fields(shape.type, 0).filter {
            !shape.hidden.contains($0.name) && shape.own[$0.name] == nil
        }
        return .map(known + (object(shape.own).members ?? []))
    }

    /// All fields of a type, of each oneof one arm.
    private func fields(_ type: MessageType, _ depth: Int) -> [YAMLValue.Member] {
        let arms = Dictionary(
            grouping: type.fields.filter { $0.oneofIndex != nil && !$0.isOptional }
        ) {
            $0.oneofIndex ?? 0
        }
        return type.fields.filter { field in
            guard let index = field.oneofIndex, !field.isOptional, let all = arms[index]
            else { return true }
            return turn(all).name == field.name
        }.map { YAMLValue.Member(name: $0.name, value: value(of: $0, depth)) }
    }

    private func value(of field: Field, _ depth: Int) -> YAMLValue {
        if field.isMap { return .map([]) }
        let single = single(field, depth)
        return field.isRepeated ? .list([single]) : single
    }

    private func single(_ field: Field, _ depth: Int) -> YAMLValue {
        switch field.kind {
        case .bool: return .bool(true)
        case .string: return .string("text")
        case .bytes: return .string("AAAA")
        case .enum: return .string(field.enumType?.values.last?.name ?? "")
        case .message, .group:
            guard let type = field.messageType else { return .null }
            switch type.wellKnown {
            case nil: return depth > 5 ? .map([]) : .map(fields(type, depth + 1))
            case .duration: return .string("60s")
            case .timestamp: return .string("2026-01-31T12:00:00Z")
            case .boolValue: return .bool(true)
            case .stringValue: return .string("text")
            case .struct:
                return .map([YAMLValue.Member(name: "free", value: .string("anything"))])
            case .listValue: return .list([.string("anything")])
            case .value: return .string("anything")
            default: return .number("1")
            }
        default: return .number("1")
        }
    }

    // MARK: - Mutations

    /// Everything that can be wrong in a sample of a form: a name that is misspelt, a name more, a
    /// value of another type, in each place.
    func mutations(_ shape: Shape) -> [Mutation] { mutations(of: value(shape), "") }

    private func mutations(of value: YAMLValue, _ path: String) -> [Mutation] {
        switch value {
        case .map(let members):
            guard members.first?.name != "free" else {
                return [Mutation(value: .string("text"), path: path)]
            }
            var all = [Mutation(value: .string("text"), path: path)]
            all.append(
                Mutation(
                    value: .map(
                        members + [YAMLValue.Member(name: "zqzqzq", value: .bool(true))]),
                    path: Shape.join(path, "zqzqzq")))
            for (index, member) in members.enumerated() {
                let misspelt = Self.misspell(member.name)
                var changed = members
                changed[index] = YAMLValue.Member(name: misspelt, value: member.value)
                all.append(
                    Mutation(
                        value: .map(changed), path: Shape.join(path, misspelt),
                        meant: member.name))
                for inner in mutations(of: member.value, Shape.join(path, member.name)) {
                    changed[index] = YAMLValue.Member(name: member.name, value: inner.value)
                    all.append(
                        Mutation(value: .map(changed), path: inner.path, meant: inner.meant))
                }
            }
            return all
        case .list(let items):
            return [Mutation(value: .string("text"), path: path)]
                + (items.first.map { mutations(of: $0, path + "[0]") } ?? []).map {
                    Mutation(value: .list([$0.value]), path: $0.path, meant: $0.meant)
                }
        case .string("anything"): return []
        case .number, .bool:
            return
                ([.string("text"), .map([YAMLValue.Member(name: "a", value: .null)]), .list([])]
                as [YAMLValue]).map { Mutation(value: $0, path: path) }
        case .string, .null:
            return
                ([.map([YAMLValue.Member(name: "a", value: .null)]), .list([]), .bool(true)]
                as [YAMLValue]).map { Mutation(value: $0, path: path) }
        }
    }

    /// A name with its last letter twice.
    private static func misspell(_ name: String) -> String {
        name + (name.last.map(String.init) ?? "x")
    }

    /// Reports each mutation that a reader does not refuse with its place and the right name.
    static func unrefused(
        _ shape: Shape, _ choices: Int, _ read: (YAMLValue) -> String?
    ) -> (count: Int, problems: [String]) {
        var problems: [String] = []
        var count = 0
        for choice in 0..<choices {
            for mutation in ShapeSample(choice: choice).mutations(shape) {
                count += 1
                guard let error = read(mutation.value) else {
                    problems.append("\(mutation.path): accepted")
                    continue
                }
                let suggestion = mutation.meant.map {
                    $0.count < 4 ? "unknown key" : "did you mean \"\($0)\"?"
                }
                let isPlaced = mutation.path.isEmpty || error.contains(mutation.path)
                guard isPlaced, suggestion.map(error.contains) ?? true else {
                    problems.append("\(mutation.path) (\(mutation.meant ?? "")): \(error)")
                    continue
                }
            }
        }
        return (count, problems)
    }
}
