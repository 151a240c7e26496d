import Codec
import Contract

/// The name of a resource, as questions about it show it.
struct ChangedResource {
    /// `backup schedule`.
    let noun: String
    /// Its name; its id when it has none.
    let name: String

    init(noun: String, name: String) {
        self.noun = noun
        self.name = name
    }

    init(_ resource: Message) {
        noun = Self.words(resource.type.name)
        for field in ["name", "display_name", "email"] {
            guard let known = resource.type.field(named: field),
                case .string(let name)? = resource[known], !name.isEmpty
            else { continue }
            self.name = name
            return
        }
        name = resource.string(.id)
    }

    fileprivate static func words(_ name: String) -> String {
        Names.snakeCase(name).split(separator: "_").joined(separator: " ")
    }
}

extension PendingChange {
    /// Finds the resource that the request names by its id, with its name if the service has a
    /// method that reads or lists such resources.
    ///
    /// - Parameter completion: receives the last id of the request when no name can be read.
    func namedResource(
        through transport: any Transport, in chain: SteppedCall,
        _ completion: @escaping (ChangedResource) -> Void
    ) {
        let type = call.method.name.replacing("Delete", with: "").replacing("Restore", with: "")
        let noun = ChangedResource.words(type)
        let ids = self.ids
        let fallback = ChangedResource(noun: noun, name: ids.last ?? noun)
        let siblings = call.method.service.methods
        let reader =
            siblings.first { $0.name == "Get" + type }
            ?? siblings.first { $0.name == "List" + type + "s" }
        guard let reader else { return completion(fallback) }
        var request = Message(reader.input)
        for (field, value) in call.request.setFields {
            guard let own = reader.input.field(named: field.name), own.kind == field.kind,
                !own.isRepeated
            else { continue }
            request[own] = value
        }
        chain.read(call.reading(reader, request), through: transport) { result in
            let resource = (try? result.get())?.resources.first { ids.contains($0.string(.id)) }
            let name = resource.map { ChangedResource($0).name }
            completion(name.map { ChangedResource(noun: noun, name: $0) } ?? fallback)
        }
    }

    /// The ids in the request, without the account's.
    private var ids: [String] {
        call.request.setFields.compactMap { field, value in
            guard case .string(let id) = value, field.name.hasSuffix("id"),
                field.name != FieldName.accountID.text
            else { return nil }
            return id
        }
    }
}

extension Message {
    /// The messages in its fields, alone or in lists.
    fileprivate var resources: [Message] {
        setFields.flatMap { _, value -> [Message] in
            switch value {
            case .message(let one): [one]
            case .list(let items):
                items.compactMap { if case .message(let one) = $0 { one } else { nil } }
            default: []
            }
        }
    }
}
