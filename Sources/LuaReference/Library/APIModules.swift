import Contract

/// The modules of `qdrant.api`: packages without `qdrant.cloud.`, with and without their versions.
public struct APIModules {
    /// What stands under a module's name.
    public struct Module {
        /// Methods by their names in Lua, in the newest version that has them.
        public var methods: [String: Method] = [:]
        /// Modules below it, and its versions.
        public var children: [String] = []
    }

    private let registry: Registry

    /// Creates the modules of a contract.
    public init(registry: Registry) { self.registry = registry }

    /// The module with a name, the empty one for `qdrant.api` itself; nil when there is none.
    public func module(_ name: String) throws(ContractError) -> Module? {
        var module = Module()
        var below: Set<String> = []
        var versions: [String] = []
        let prefix = name.isEmpty ? "" : name + "."
        for package in registry.packages.sorted(by: { $0.version < $1.version }) {
            if package.module == name || "\(package.module).v\(package.version)" == name {
                if package.module == name { versions.append("v\(package.version)") }
                for service in package.services {
                    for method in try registry.service(named: service)?.methods ?? [] {
                        module.methods[method.luaName] = method
                    }
                }
            }
            if package.module.hasPrefix(prefix), package.module != name {
                below.insert(String(package.module.dropFirst(prefix.count).prefix { $0 != "." }))
            }
        }
        module.children = below.sorted() + versions
        return module.methods.isEmpty && module.children.isEmpty ? nil : module
    }
}

extension Method {
    /// What a list method's answer has the elements in: its `items`, or its one repeated field.
    public var itemsField: Field? {
        let lists = output.fields.filter(\.isRepeated)
        return lists.first { $0.name == "items" } ?? (lists.count == 1 ? lists[0] : nil)
    }
}
