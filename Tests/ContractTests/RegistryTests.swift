import Testing

@testable import Contract

@Suite struct RegistryTests {
    let registry = Registry.embedded

    @Test func everyMethodLinksAndHasARouteAndDocumentation() throws {
        let methods = try registry.allMethods()
        #expect(methods.count == 152)
        #expect(Set(methods.map(\.service.fullName)).count == 24)
        for method in methods {
            #expect(method.route != nil, "\(method.name) has no route")
            #expect(!registry.documentation(of: method).isEmpty, "\(method.name) has no text")
        }
    }

    @Test func everyTypeOfTheContractIsDocumented() throws {
        var visited: Set<String> = []
        var pending = try registry.allMethods().flatMap { [$0.input, $0.output] }
        while let type = pending.popLast() {
            guard visited.insert(type.fullName).inserted, type.fullName.hasPrefix("qdrant.") else {
                continue
            }
            if !type.isMapEntry {
                #expect(!registry.documentation(of: type).isEmpty, "\(type.fullName)")
            }
            for field in type.fields {
                if !type.isMapEntry {
                    #expect(
                        !registry.documentation(of: field).isEmpty, "\(type.fullName).\(field.name)"
                    )
                }
                if let inner = field.messageType { pending.append(inner) }
            }
        }
        #expect(visited.count > 200)
    }

    @Test func optionsOfAMethodAreRead() throws {
        let update = try #require(
            try registry.method(path: "/qdrant.cloud.cluster.v1.ClusterService/UpdateCluster"))
        #expect(update.options.permissions == ["write:clusters"])
        #expect(update.accountIDPath == ["cluster", "account_id"])
        #expect(update.options.patchSource?.fieldMapping["cluster_id"] == "cluster.id")
        #expect(update.route?.verb == "PUT")
        #expect(update.route?.body == "*")
        #expect(update.route?.variables == [["cluster", "account_id"], ["cluster", "id"]])
        #expect(update.luaName == "update_cluster")
        #expect(update.displayName == "cluster.update_cluster")
        #expect(update.options.event?.type == "UPDATED")
    }

    @Test func publicMethodsAreTheSevenOfPlatformsAndBooking() throws {
        let methods = try registry.allMethods().filter { !$0.options.requiresAuthentication }
        #expect(
            Set(methods.map(\.name)) == [
                "ListGlobalCloudProviders", "ListGlobalCloudProviderRegions",
                "GetGlobalCloudProviderRegion", "ListGlobalPackages",
            ])
        // Both platforms, that of clusters and that of spaces, have the first three.
        #expect(methods.count == 7)
        #expect(methods.allSatisfy { $0.accountIDPath == nil })
    }

    @Test func presenceFollowsTheSource() throws {
        let type = try #require(
            try registry.message(named: "qdrant.cloud.cluster.v1.ListClustersRequest"))
        #expect(type.field(named: "account_id")?.hasPresence == false)
        #expect(type.field(named: "page_size")?.hasPresence == true)
        #expect(type.field(named: "page_size")?.oneofIndex == nil)
        #expect(type.field(named: "pageSize") === type.field(named: "page_size"))
        let rule = try #require(
            try registry.message(named: "qdrant.cloud.cluster.auth.v2.AccessRule"))
        #expect(rule.oneofs.map(\.name) == ["scope"])
        #expect(rule.oneofs[0].isRequired)
    }

    @Test func enumNamesAreTakenWithoutTheirPrefix() throws {
        let phase = try #require(
            try registry.enumType(named: "qdrant.cloud.cluster.v1.ClusterPhase"))
        #expect(phase.prefix == "CLUSTER_PHASE_")
        #expect(phase.number(looselyNamed: "healthy") == 12)
        #expect(phase.number(looselyNamed: "CLUSTER_PHASE_HEALTHY") == 12)
        #expect(phase.number(looselyNamed: "nope") == nil)
    }

    @Test func aFileIsNotParsedBeforeItIsAskedFor() throws {
        let resource = try #require(registry.serializedFile(named: "google/rpc/status.proto"))
        // A damaged file beside a good one does no harm until it is used.
        var set: [UInt8] = []
        for file in [resource, Self.damaged] {
            set.append(0x0a)
            var length = file.count
            while length >= 0x80 {
                set.append(UInt8(length & 0x7f) | 0x80)
                length >>= 7
            }
            set.append(UInt8(length))
            set += file
        }
        let other = try Registry(descriptorSet: set)
        #expect(throws: ContractError.self) { try other.message(named: "broken.Thing") }
    }

    /// name: "broken.proto", package: "broken", message { name: "Thing", field: damaged }.
    private static let damaged: [UInt8] =
        [0x0a, 0x0c] + Array("broken.proto".utf8) + [0x12, 0x06] + Array("broken".utf8)
        + [0x22, 0x0b, 0x0a, 0x05] + Array("Thing".utf8) + [0x12, 0x02, 0x0a, 0x7f]

    @Test(arguments: [
        ("ListDatabaseApiKeys", "list_database_api_keys"), ("GetCluster", "get_cluster"),
        ("EnableClusterJwtRbac", "enable_cluster_jwt_rbac"),
    ])
    func namesBecomeSnakeCase(_ name: String, _ expected: String) {
        #expect(Names.snakeCase(name) == expected)
    }

    @Test func nearestNameIsOneThatCanBeMeant() {
        #expect(Names.nearest(to: "page_siz", in: ["page_size", "page_token"]) == "page_size")
        #expect(Names.nearest(to: "zzz", in: ["page_size"]) == nil)
    }
}

@Suite struct HTTPRouteTests {
    @Test func templatesOfTheGrammarAreParsed() throws {
        let route = try HTTPRoute(
            verb: "GET", template: "/v1/{name=shelves/*/books/**}:read", body: nil)
        #expect(route.customVerb == "read")
        #expect(route.variables == [["name"]])
        #expect(
            route.segments == [
                .literal("v1"), .literal("shelves"), .single(variable: 0), .literal("books"),
                .rest(variable: 0),
            ])
    }

    @Test(arguments: ["v1/x", "/v1/{name"])
    func damagedTemplatesAreRefused(_ template: String) {
        #expect(throws: HTTPRoute.ParseError.self) {
            try HTTPRoute(verb: "GET", template: template, body: nil)
        }
    }
}
