import Wire

/// The numbers of the API's own method options (`qdrant.cloud.common.v1`, `qdrant.cloud.event.v1`)
/// and of google.api.http.
private enum OptionNumber {
    static let permissions = 50001
    static let accountIDExpression = 50002
    static let requiresAuthentication = 50003
    static let supportedActorTypes = 50004
    static let requiresAllPermissions = 50005
    static let patchSource = 50009
    static let event = 51001
    static let http = 72_295_728
}

extension MethodOptions {
    /// Reads the API's options from the unknown fields of google.protobuf.MethodOptions.
    init(options: [UInt8]) throws(WireError) {
        var read = MethodOptions()
        try forEachField(options) { (number, value) throws(WireError) in
            switch (number, value) {
            case (OptionNumber.permissions, .bytes(let text)):
                read.permissions.append(String(decoding: text, as: UTF8.self))
            case (OptionNumber.accountIDExpression, .bytes(let text)):
                read.accountIDExpression = String(decoding: text, as: UTF8.self)
            case (OptionNumber.requiresAuthentication, .integer(let flag)):
                read.requiresAuthentication = flag != 0
            case (OptionNumber.requiresAllPermissions, .integer(let flag)):
                read.requiresAllPermissions = flag != 0
            case (OptionNumber.supportedActorTypes, .integer(let actor)):
                read.actorTypes.append(Self.actorName(Int(truncatingIfNeeded: actor)))
            case (OptionNumber.supportedActorTypes, .bytes(let packed)):
                read.actorTypes += packed.map { Self.actorName(Int($0)) }
            case (OptionNumber.patchSource, .bytes(let payload)):
                read.patchSource = try PatchSource(payload)
            case (OptionNumber.event, .bytes(let payload)):
                read.event = try EventOptions(payload)
            default: break
            }
        }
        self = read
    }

    private static func actorName(_ number: Int) -> String {
        switch number {
        case 1: "ACTOR_TYPE_USER"
        case 2: "ACTOR_TYPE_MANAGEMENT_KEY"
        case 3: "ACTOR_TYPE_SERVICE_ACCOUNT"
        default: "ACTOR_TYPE_UNSPECIFIED"
        }
    }
}

extension PatchSource {
    fileprivate init(_ payload: [UInt8]) throws(WireError) {
        var read = PatchSource()
        try forEachField(payload) { (number, value) throws(WireError) in
            guard case .bytes(let bytes) = value else { return }
            switch number {
            case 1: read.getMethod = String(decoding: bytes, as: UTF8.self)
            case 2:
                let (key, value) = try mapEntry(bytes)
                read.fieldMapping[key] = value
            case 3: read.responseResourceField = String(decoding: bytes, as: UTF8.self)
            case 4: read.requestResourceField = String(decoding: bytes, as: UTF8.self)
            default: break
            }
        }
        self = read
    }
}

extension EventOptions {
    fileprivate init(_ payload: [UInt8]) throws(WireError) {
        var read = EventOptions()
        try forEachField(payload) { (number, value) throws(WireError) in
            switch (number, value) {
            case (1, .integer(let type)):
                read.type =
                    ["UNSPECIFIED", "CREATED", "UPDATED", "DELETED", "ACTION"][
                        Int(min(type, 4))]
            case (2, .bytes(let text)): read.resourceType = String(decoding: text, as: UTF8.self)
            case (4, .bytes(let text)): read.resourceIDField = String(decoding: text, as: UTF8.self)
            case (5, .bytes(let text)):
                read.resourceURLTemplate = String(decoding: text, as: UTF8.self)
            case (6, .bytes(let text)): read.actionType = String(decoding: text, as: UTF8.self)
            case (10, .bytes(let entry)):
                let (key, value) = try mapEntry(entry)
                read.context[key] = value
            default: break
            }
        }
        self = read
    }
}

private func mapEntry(_ payload: [UInt8]) throws(WireError) -> (key: String, value: String) {
    var key = ""
    var text = ""
    try forEachField(payload) { (number, value) throws(WireError) in
        guard case .bytes(let bytes) = value else { return }
        if number == 1 { key = String(decoding: bytes, as: UTF8.self) }
        if number == 2 { text = String(decoding: bytes, as: UTF8.self) }
    }
    return (key, text)
}

extension HTTPRoute {
    /// Reads google.api.http from the unknown fields of google.protobuf.MethodOptions.
    static func read(options: [UInt8]) throws -> HTTPRoute? {
        var verb: String?
        var template = ""
        var body: String?
        try forEachField(options, number: OptionNumber.http) { (rule) throws(WireError) in
            try forEachField(rule) { (number, value) throws(WireError) in
                guard case .bytes(let bytes) = value else { return }
                let text = String(decoding: bytes, as: UTF8.self)
                switch number {
                case 2...6:
                    verb = ["GET", "PUT", "POST", "DELETE", "PATCH"][number - 2]
                    template = text
                case 7: body = text
                case 8:
                    let custom = try mapEntry(bytes)
                    verb = custom.key
                    template = custom.value
                default: break
                }
            }
        }
        guard let verb else { return nil }
        return try HTTPRoute(verb: verb, template: template, body: body)
    }
}
