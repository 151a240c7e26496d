import Codec
import Contract

/// The form of a message of the contract as people write it, with members of its own.
struct MessageShape: Sendable {
    let type: MessageType
    /// Members that are not fields, or have another form than the field.
    var own: [String: Shape] = [:]
    /// Fields that cannot be set here.
    var hidden: Set<String> = []

    /// Checks a value.
    func read(_ value: YAMLValue, _ path: String) throws(YAMLValue.Problem) -> YAMLValue {
        var fields: [YAMLValue.Member] = []
        let read = try Shape.members(of: value, path) {
            member, place throws(YAMLValue.Problem) in
            if let shape = own[member.name] { return try shape.read(member.value, at: place) }
            guard !hidden.contains(member.name) else {
                throw YAMLValue.Problem(at: place, "cannot be set here")
            }
            try Self.checkName(member.name, in: type, besides: own.keys, not: hidden, place)
            if let field = type.field(named: member.name) {
                try Self.checkNames(in: member.value, of: field, place)
            }
            fields.append(member)
            return member.value
        }
        do {
            _ = try JSONReader().message(Array(YAMLValue.map(fields).json.utf8), as: type)
        } catch {
            throw YAMLValue.Problem(
                at: error.path.isEmpty ? path : Shape.join(path, error.path), error.sentence)
        }
        return .map(read)
    }

    private static func checkName(
        _ name: String, in type: MessageType, besides own: some Sequence<String> = [],
        not hidden: Set<String> = [], _ place: String
    ) throws(YAMLValue.Problem) {
        guard type.field(named: name) == nil else { return }
        let known = (type.fields.map(\.name).filter { !hidden.contains($0) } + own).sorted()
        throw Shape.unknown("key", name, known, place)
    }

    /// Makes sure that a field's messages have only names that their types have, so that errors
    /// suggest names in the form that people write.
    private static func checkNames(
        in value: YAMLValue, of field: Field, _ path: String
    ) throws(YAMLValue.Problem) {
        guard !field.isMap, let type = field.messageType, type.wellKnown == nil else { return }
        if field.isRepeated {
            for (index, item) in (value.items ?? []).enumerated() {
                try checkNames(in: item, type, "\(path)[\(index)]")
            }
        } else {
            try checkNames(in: value, type, path)
        }
    }

    private static func checkNames(
        in value: YAMLValue, _ type: MessageType, _ path: String
    ) throws(YAMLValue.Problem) {
        for member in value.members ?? [] {
            let place = Shape.join(path, member.name)
            try checkName(member.name, in: type, place)
            if let field = type.field(named: member.name) {
                try checkNames(in: member.value, of: field, place)
            }
        }
    }
}
