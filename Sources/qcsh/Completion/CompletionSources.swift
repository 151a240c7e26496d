import CloudClient
import Codec
import Contract
import Glibc
import LuaHost
import LuaReference
import LuaSource
import Shell

/// Where the values of options and arguments come from. The name of a value, as help screens show it,
/// says which values fit.
struct CompletionSources {
    typealias Candidate = CommandLineCompleter.Candidate

    /// The positional arguments of the command line so far.
    private let positions: [String]
    private let command: String
    private var names: AccountNames
    private let lists = NameSources(.embedded)

    /// - Parameter line: the options of the command line so far.
    init(line: [(name: String, value: String)], positions: [String], path: [String]) {
        self.positions = positions
        command = path.joined(separator: " ")
        names = AccountNames(line)
    }

    /// The values of an argument that begin with a text.
    mutating func values(of argument: CommandTree.Argument, _ current: String) -> [Candidate] {
        guard argument.choices.isEmpty else {
            return argument.choices.map { Candidate(text: $0) }
        }
        switch (command, argument.valueName) {
        case (_, "context"), ("context use", "name"), ("context show", "name"),
            ("context set", "name"), ("context delete", "name"):
            return contexts()
        case (_, "method"): return methods()
        case (_, "path=value"): return assignments(current)
        case ("run", "name"): return scripts(areWhole: current.contains("/"))
        case ("api", "name"): return methods() + modules()
        case ("adopt", "name"): return clusters() + spaces()
        case ("lib update", "name"), ("lib remove", "name"): return libraries()
        case (_, "permissions"): return permissions(current)
        case (_, "stack"), (_, "script"): return files(current, suffix: ".lua")
        case (_, "id"): return accounts()
        case (_, "seed"):
            return ["demo", "bare"].map { Candidate(text: $0) } + files(current, suffix: ".yaml")
        case (_, "directory"): return files(current, suffix: "/")
        case (_, "json"):
            guard current.hasPrefix("@") else { return [] }
            return files(String(current.dropFirst()), suffix: "").map {
                Candidate(text: "@" + $0.text)
            }
        case (_, "file"), (_, "path"), (_, "source"): return files(current, suffix: "")
        default: return []
        }
    }

    // MARK: - What is on this machine

    private func contexts() -> [Candidate] {
        ((try? Contexts.load())?.all ?? []).map {
            Candidate(text: $0.name, about: $0.endpoint ?? "")
        }
    }

    /// Files and directories. With a suffix, only files that end in it, and all directories.
    func files(_ current: String, suffix: String) -> [Candidate] {
        let slash = current.lastIndex(of: "/")
        let folder = slash.map { String(current[...$0]) } ?? ""
        let begin = slash.map { current[current.index(after: $0)...] } ?? current[...]
        var place = folder.isEmpty ? "." : folder
        if place.hasPrefix("~/"), let home = UserFiles.environment("HOME") {
            place = home + place.dropFirst()
        }
        return (Paths.names(in: place) ?? []).sorted().compactMap { name in
            guard name.hasPrefix(begin), !name.hasPrefix(".") || begin.hasPrefix(".") else {
                return nil
            }
            var status = stat()
            guard stat(place + "/" + name, &status) == 0 else { return nil }
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            guard isFolder || name.hasSuffix(suffix) else { return nil }
            return Candidate(text: folder + name + (isFolder ? "/" : ""))
        }
    }

    private func scripts(areWhole: Bool) -> [Candidate] {
        ReadyScripts.all().map {
            Candidate(text: areWhole ? $0.wholeName : $0.name, about: $0.about ?? "")
        }
    }

    private func libraries() -> [Candidate] {
        ReadyScripts.libraries().map { Candidate(text: $0.name) }
    }

    // MARK: - The API

    private func methods() -> [Candidate] {
        ((try? Registry.embedded.allMethods()) ?? []).map { Candidate(text: $0.displayName) }
            .sorted { $0.text < $1.text }
    }

    private func modules() -> [Candidate] {
        let names = methods().compactMap { method in
            method.text.lastIndex(of: ".").map { String(method.text[..<$0]) }
        }
        return Set(names).sorted().map { Candidate(text: $0) }
    }

    /// The permissions after the last comma.
    private func permissions(_ current: String) -> [Candidate] {
        let before = current.lastIndex(of: ",").map { String(current[...$0]) } ?? ""
        var words = Set(PermissionWord.localWords.map(\.key))
        for method in (try? Registry.embedded.allMethods()) ?? [] {
            words.formUnion(method.options.checkedPermissions)
        }
        return words.sorted().map { Candidate(text: before + $0) }
    }

    // MARK: - Requests

    /// `path=value` of a request: fields until the equals sign, values after it.
    private mutating func assignments(_ current: String) -> [Candidate] {
        guard let name = positions.first,
            let method = try? APIReference(registry: .embedded).method(named: name)
        else { return [] }
        guard let equals = current.firstIndex(of: "=") else {
            return fields(of: method.input, current)
        }
        let path = current[..<equals]
        guard let (field, type) = Self.field(at: path, in: method.input) else { return [] }
        return values(of: field, in: type, method).map {
            Candidate(text: "\(path)=\($0.text)", about: $0.about)
        }
    }

    /// The fields that a path may go on with.
    private func fields(of type: MessageType, _ current: String) -> [Candidate] {
        let before = current.lastIndex(of: ".").map { String(current[...$0]) } ?? ""
        guard let type = before.isEmpty ? type : Self.message(at: before.dropLast(), in: type)
        else {
            return []
        }
        return type.fields.filter { !$0.isDeprecated }.map { field in
            let isMessage = field.messageType.map { $0.wellKnown == nil } ?? false
            let end = field.isMap || isMessage && field.isRepeated ? "[" : isMessage ? "." : "="
            return Candidate(text: before + field.name + end, about: Self.type(of: field))
        }
    }

    private static func type(of field: Field) -> String {
        let full = field.messageType?.fullName ?? field.enumType?.fullName ?? "\(field.kind)"
        let name = full.split(separator: ".").last ?? ""
        return field.isRepeated ? "list of \(name)" : String(name)
    }

    private static func field(
        at path: Substring, in type: MessageType
    ) -> (field: Field, type: MessageType)? {
        var type = type
        var names = path.split(separator: ".").map { $0.prefix { $0 != "[" && $0 != ":" } }
        guard let last = names.popLast() else { return nil }
        for name in names {
            guard let inner = type.field(named: String(name))?.messageType else { return nil }
            type = inner
        }
        return type.field(named: String(last)).map { ($0, type) }
    }

    private static func message(at path: Substring, in type: MessageType) -> MessageType? {
        field(at: path, in: type)?.field.messageType
    }

    private mutating func values(
        of field: Field, in type: MessageType, _ method: Method
    ) -> [Candidate] {
        if let values = field.enumType {
            return values.choices.map { Candidate(text: $0) }
        }
        if field.kind == .bool { return ["true", "false"].map { Candidate(text: $0) } }
        guard let source = lists.source(of: field, in: type, method: method) else { return [] }
        var written: [String: String?] = [:]
        for word in positions.dropFirst() {
            guard let equals = word.firstIndex(of: "=") else { continue }
            let name = word[..<equals].split(separator: ".").last.map(String.init) ?? ""
            written[name] = String(word[word.index(after: equals)...])
        }
        let (request, missing) = source.request(from: written)
        guard missing == nil else { return [] }
        return names.list(source.method, request).compactMap { item in
            let value = AccountNames.text(source.item, of: item)
            return value.isEmpty ? nil : Candidate(text: value, about: AccountNames.label(of: item))
        }
    }

    // MARK: - The account

    private mutating func accounts() -> [Candidate] {
        items("qdrant.cloud.account.v1.Account").map {
            Candidate(text: AccountNames.text("id", of: $0), about: AccountNames.label(of: $0))
        }
    }

    private mutating func clusters() -> [Candidate] { named("qdrant.cloud.cluster.v1.Cluster") }

    private mutating func spaces() -> [Candidate] {
        named("qdrant.cloud.serverless.space.v1.Space")
    }

    private mutating func named(_ type: String) -> [Candidate] {
        items(type).map { Candidate(text: AccountNames.text("name", of: $0)) }
            .filter { !$0.text.isEmpty }
    }

    /// The messages of a type in the account, from the method that lists them.
    private mutating func items(_ type: String) -> [Message] {
        guard let message = try? Registry.embedded.message(named: type),
            let source = lists.source(listing: message)
        else { return [] }
        return names.list(source.method, [:])
    }

    // MARK: - Arguments of scripts

    /// The arguments of a script, from its header: nothing is run.
    mutating func scriptWords(_ name: String, isReady: Bool, _ current: String) -> [Candidate] {
        let text: [UInt8]?
        if isReady {
            text = try? ReadyScripts.find(name).script.read()
        } else {
            text = UserFiles.readOwn(name)
        }
        guard let text, let header = try? ScriptHeader.read(text) else {
            return files(current, suffix: "")
        }
        let arguments = header.arguments.compactMap(ScriptArgument.init)
        if let last = positions.last,
            let option = arguments.first(where: { $0.names.contains(last) }),
            option.takesValue
        {
            return values(of: option, current)
        }
        if current.hasPrefix("-") {
            return arguments.flatMap { argument in
                argument.names.filter { $0.hasPrefix("-") }
                    .map { Candidate(text: $0, about: argument.about) }
            } + [Candidate(text: "--help", about: "Show help.")]
        }
        let positional = arguments.filter { !$0.isOption }
        var index = 0
        var words = positions[...]
        while let word = words.popFirst() {
            if word.hasPrefix("-") {
                let option = arguments.first { $0.names.contains(word) }
                if option?.takesValue == true { words = words.dropFirst() }
            } else {
                index += 1
            }
        }
        guard !positional.isEmpty else { return [] }
        guard index < positional.count || positional.last?.isMany == true else { return [] }
        return values(of: positional[min(index, positional.count - 1)], current)
    }

    private mutating func values(of argument: ScriptArgument, _ current: String) -> [Candidate] {
        if !argument.choices.isEmpty { return argument.choices.map { Candidate(text: $0) } }
        switch argument.subject {
        case "cluster", "clusters": return clusters()
        case "space", "spaces": return spaces()
        case "account", "accounts": return accounts()
        default:
            let isFile = argument.type == "file" || argument.subject.hasSuffix("file")
            return isFile ? files(current, suffix: "") : []
        }
    }
}

/// A declaration of an argument in a script's header.
private struct ScriptArgument {
    let names: [String]
    let about: String
    let type: String
    let choices: [String]
    let isMany: Bool

    var isOption: Bool { names.first?.hasPrefix("-") == true }
    var takesValue: Bool { isOption && type != "flag" }
    /// The name without dashes.
    var subject: String { String((names.first ?? "").drop { $0 == "-" }) }

    init?(_ value: ScriptHeader.Value) {
        guard case .table(let items, let members) = value else { return nil }
        names = items.compactMap(Self.text)
        guard !names.isEmpty else { return nil }
        let options = Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
        about = options["about"].flatMap(Self.text) ?? ""
        type = options["type"].flatMap(Self.text) ?? "string"
        if case .table(let items, _)? = options["type"] {
            choices = items.compactMap(Self.text)
        } else {
            choices = []
        }
        if case .bool(true)? = options["many"] { isMany = true } else { isMany = false }
    }

    private static func text(_ value: ScriptHeader.Value) -> String? {
        if case .string(let text) = value { text } else { nil }
    }
}
