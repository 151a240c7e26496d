import Contract

/// Something of the contract that can be looked up.
public enum ReferenceSubject {
    /// A module of `qdrant.api`, by its name without the version; empty for all.
    case module(String)
    case service(Service)
    case method(Method)
    case message(MessageType)
    case enumeration(EnumType)
    case field(MessageType, Field)

    /// The name to look it up by.
    public var name: String {
        switch self {
        case .module(let name): name
        case .service(let service): service.fullName
        case .method(let method): method.displayName
        case .message(let type): type.fullName
        case .enumeration(let type): type.fullName
        case .field(let type, let field): type.fullName + "." + field.name
        }
    }
}

/// Looks things of the contract up by any of the names that people use.
public struct APIReference {
    /// The contract.
    public let registry: Registry

    /// Creates a reference of a contract.
    public init(registry: Registry) { self.registry = registry }

    /// All that a name can mean: modules (`cluster.backup`), methods (`cluster.list_clusters`,
    /// `ListClusters`, `/package.Service/Method`), services, messages, enums and fields
    /// (`Cluster.name`), each with or without package, in any case.
    public func lookUp(_ name: String) throws(ContractError) -> [ReferenceSubject] {
        if name.isEmpty { return [.module("")] }
        if let method = try registry.method(path: name.hasPrefix("/") ? name : "/" + name) {
            return [.method(method)]
        }
        // Modules are in small letters: cluster is one, Cluster is a message.
        let module = name.hasPrefix("qdrant.cloud.") ? String(name.dropFirst(13)) : name
        if registry.packages.contains(where: { Self.isModule(module, in: $0.module) }) {
            return [.module(module)]
        }
        for package in registry.packages {
            guard module == "\(package.module).v\(package.version)" else { continue }
            var found: [ReferenceSubject] = []
            for name in package.services {
                if let service = try registry.service(named: name) {
                    found.append(.service(service))
                }
            }
            return found
        }
        let lower = name.lowercased()
        let methods = try methods(named: lower)
        if !methods.isEmpty { return methods }
        let symbols = try symbols(named: lower)
        return symbols.isEmpty ? try fields(named: name) : symbols
    }

    private static func isModule(_ name: String, in module: String) -> Bool {
        module == name || module.hasPrefix(name + ".")
    }

    /// A method that a script would call by a name: the newest version of it, unless the name says
    /// which.
    public func method(named name: String) throws(ContractError) -> Method? {
        if let method = try registry.method(path: name.hasPrefix("/") ? name : "/" + name) {
            return method
        }
        let found = try methods(named: name.lowercased())
        guard case .method(let method) = found.first, found.count == 1 else { return nil }
        return method
    }

    /// Methods that end in a name: all versions are one, the newest, unless the name says which.
    private func methods(named name: String) throws(ContractError) -> [ReferenceSubject] {
        var found: [(name: String, version: Int, method: Method)] = []
        for method in try registry.allMethods() {
            let (module, version) = Names.module(ofPackage: method.service.package)
            let plain = module + "." + method.luaName
            let names = [
                plain, "\(module).v\(version).\(method.luaName)", method.luaName,
                method.name.lowercased(),
                (method.service.fullName + "." + method.name).lowercased(),
                (Self.shortName(method.service.fullName) + "." + method.name).lowercased(),
            ]
            guard names.contains(name) else { continue }
            if let known = found.firstIndex(where: { $0.name == plain }) {
                if found[known].version < version, name != names[1] {
                    found[known] = (plain, version, method)
                }
            } else {
                found.append((plain, version, method))
            }
        }
        return found.map { .method($0.method) }
    }

    /// Services, messages and enums whose name ends so, with or without the version.
    private func symbols(named name: String) throws(ContractError) -> [ReferenceSubject] {
        var found: [ReferenceSubject] = []
        for symbol in registry.symbols(below: "") {
            let lower = symbol.lowercased()
            let (module, _) = Names.module(ofPackage: Names.parent(of: lower))
            guard
                lower == name || lower.hasSuffix("." + name)
                    || name == module + "." + Self.shortName(lower)
            else { continue }
            if let service = try registry.service(named: symbol) {
                found.append(.service(service))
            } else if let type = try registry.message(named: symbol) {
                found.append(.message(type))
            } else if let type = try registry.enumType(named: symbol) {
                found.append(.enumeration(type))
            }
        }
        // What the API has comes before what it is written in.
        let own = found.filter { $0.name.hasPrefix("qdrant.") }
        return own.isEmpty ? found : own
    }

    private func fields(named name: String) throws(ContractError) -> [ReferenceSubject] {
        let parent = Names.parent(of: name)
        guard !parent.isEmpty else { return [] }
        let last = String(name.dropFirst(parent.count + 1)).lowercased()
        var found: [ReferenceSubject] = []
        for subject in try symbols(named: parent.lowercased()) {
            switch subject {
            case .message(let type):
                let names = type.fields.filter {
                    [$0.name, $0.jsonName.lowercased()].contains(last)
                }
                found += names.map { .field(type, $0) }
            case .enumeration(let type):
                if type.number(looselyNamed: last) != nil { found.append(subject) }
            default: break
            }
        }
        return found
    }

    /// Names near to one that does not exist.
    public func nearest(to name: String) throws(ContractError) -> String? {
        var names = Set(registry.packages.map(\.module))
        for method in try registry.allMethods() {
            names.insert(method.displayName)
            names.insert(method.luaName)
        }
        for symbol in registry.symbols(below: "qdrant.") { names.insert(Self.shortName(symbol)) }
        return Names.nearest(to: name, in: names.sorted())
    }

    static func shortName(_ fullName: String) -> String {
        String(fullName.split(separator: ".").last ?? "")
    }

    // MARK: - Search

    /// A place where a word was found.
    public struct Hit {
        /// What kind of thing it is: module, method, message, field, enum or value.
        public let kind: String
        /// The name to look it up by.
        public let name: String
        /// What the contract says of it.
        public let text: String
    }

    /// Everything whose name or description has a word, names first.
    public func search(_ word: String) throws(ContractError) -> [Hit] {
        let word = word.lowercased()
        var byName: [Hit] = []
        var byText: [Hit] = []
        func consider(_ kind: String, _ name: String, _ short: String, _ text: String) {
            let hit = Hit(kind: kind, name: name, text: text)
            if short.lowercased().contains(word) {
                byName.append(hit)
            } else if text.lowercased().contains(word) {
                byText.append(hit)
            }
        }
        for method in try registry.allMethods() {
            consider(
                "method", method.displayName, method.luaName, registry.documentation(of: method))
        }
        for symbol in registry.symbols(below: "qdrant.") {
            if let service = try registry.service(named: symbol) {
                consider(
                    "service", symbol, Self.shortName(symbol), registry.documentation(of: service))
            } else if let type = try registry.message(named: symbol) {
                let text = registry.documentation(of: type)
                consider("message", type.fullName, type.name, text)
                for field in type.fields {
                    consider(
                        "field", "\(type.fullName).\(field.name)", field.name,
                        registry.documentation(of: field))
                }
            } else if let type = try registry.enumType(named: symbol) {
                consider(
                    "enum", type.fullName, Self.shortName(symbol), registry.documentation(of: type))
                for (index, value) in type.values.enumerated() {
                    consider(
                        "value", "\(type.fullName).\(value.name)", value.name,
                        registry.documentation(of: type, valueAt: index))
                }
            }
        }
        return byName + byText
    }
}
