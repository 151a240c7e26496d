/// A service of the contract.
public final class Service: @unchecked Sendable {
    /// The full protobuf name, for example `qdrant.cloud.cluster.v1.ClusterService`.
    public let fullName: String
    /// The methods in the order of their declaration. Set while linking.
    public internal(set) nonisolated(unsafe) var methods: [Method] = []
    /// Whether a newer version of the package has a service of the same name. Set while linking.
    public internal(set) nonisolated(unsafe) var isSuperseded = false
    let source: SourceLocation

    init(fullName: String, source: SourceLocation) {
        self.fullName = fullName
        self.source = source
    }

    /// The protobuf package.
    public var package: String { Names.parent(of: fullName) }
}

/// A method of a service, with everything that the contract says of it.
public final class Method: @unchecked Sendable {
    /// The name in the .proto file, for example `ListClusters`.
    public let name: String
    /// The name in Lua, for example `list_clusters`.
    public let luaName: String
    /// The service that has the method.
    public unowned let service: Service
    /// The request's type.
    public let input: MessageType
    /// The response's type.
    public let output: MessageType
    /// The API's own options.
    public let options: MethodOptions
    /// The HTTP rule of google.api.http.
    public let route: HTTPRoute?
    /// The HTTP/2 path, for example `/qdrant.cloud.cluster.v1.ClusterService/ListClusters`.
    public let path: String
    /// The method's effect on the cloud's state.
    public let effect: MethodEffect
    /// The path of the account id in the request; nil when the method belongs to no account.
    public let accountIDPath: [String]?
    /// Whether only a person may call the method.
    public let isForUsersOnly: Bool
    let source: SourceLocation

    init(
        name: String, service: Service, input: MessageType, output: MessageType,
        options: MethodOptions, route: HTTPRoute?, source: SourceLocation
    ) {
        self.name = name
        luaName = Names.snakeCase(name)
        self.service = service
        self.input = input
        self.output = output
        self.options = options
        self.route = route
        path = "/\(service.fullName)/\(name)"
        effect = MethodEffect(of: name, in: service.fullName, route: route)
        accountIDPath = Self.accountIDPath(options, input)
        isForUsersOnly = options.actorTypes == ["ACTOR_TYPE_USER"]
        self.source = source
    }

    /// The name that people know, for example `cluster.list_clusters`; with the version when it is
    /// not the newest, as in `cluster.auth.v1.list_database_api_keys`.
    public var displayName: String {
        let (module, version) = Names.module(ofPackage: service.package)
        return module + (service.isSuperseded ? ".v\(version)." : ".") + luaName
    }

    private static func accountIDPath(_ options: MethodOptions, _ input: MessageType) -> [String]? {
        if let expression = options.accountIDExpression {
            return expression.isEmpty ? nil : expression.split(separator: ".").map(String.init)
        }
        guard options.requiresAuthentication, input.field(named: "account_id") != nil else {
            return nil
        }
        return ["account_id"]
    }

}

/// The options that the API defines for its methods (`qdrant.cloud.common.v1`, `…event.v1`).
public struct MethodOptions: Sendable {
    /// The permissions that are checked; an empty string means that none is.
    public var permissions: [String] = []
    /// Whether all permissions are needed, rather than one of them.
    public var requiresAllPermissions = true
    /// Whether a credential is needed.
    public var requiresAuthentication = true
    /// Where the account id stands in the request; nil means the field `account_id`.
    public var accountIDExpression: String?
    /// Names of the actor types that may call; empty means any.
    public var actorTypes: [String] = []
    /// How a masked update is completed.
    public var patchSource: PatchSource?
    /// The event that a successful call adds to the journal.
    public var event: EventOptions?
    /// Whether the contract marks the method as deprecated.
    public var isDeprecated = false

    /// The permissions that are really checked.
    public var checkedPermissions: [String] { permissions.filter { !$0.isEmpty } }
}

/// How a masked update is expanded to a whole one before it is validated.
public struct PatchSource: Sendable {
    /// The path of the method that reads the present state.
    public var getMethod = ""
    /// Path in the Get request ← path in the Update request.
    public var fieldMapping: [String: String] = [:]
    /// The path of the resource in the Get response.
    public var responseResourceField = ""
    /// The path of the resource in the Update request.
    public var requestResourceField = ""
}

/// The event that a method records when it succeeds.
public struct EventOptions: Sendable {
    /// The name of the EventType value.
    public var type = ""
    /// The type of the resource that the event is about.
    public var resourceType = ""
    /// Where the thing's id is found: `req.`, `resp.`, `req-md.` or `resp-md.` and a path.
    public var resourceIDField = ""
    /// A template of the thing's address.
    public var resourceURLTemplate = ""
    /// The verb of an ACTION.
    public var actionType: String?
    /// Further facts: name ← path.
    public var context: [String: String] = [:]
}
