import ArgumentParser
import Contract
import Glibc
import LuaMachine
import LuaReference
import Shell

/// Looks up services, methods, messages and enums.
struct APICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api",
        abstract: "Look up services, methods, messages and enums of the API.",
        usage:
            "qcsh api [NAME] [--search WORD] [--json] [--export FILE] [--descriptors FILE | --from HOST]",
        discussion: """
            NAME is a module (cluster.backup), a method (cluster.create_cluster), a message \
            (Cluster), an enum (ClusterPhase) or a field (Cluster.name), with or without its \
            package. Without a name, lists all services.
            """)

    @Argument(help: ArgumentHelp("Name to look up.", valueName: "name"))
    var name: String?

    @Option(help: ArgumentHelp("Search names and descriptions for a word.", valueName: "word"))
    var search: String?

    @Flag(help: "Write JSON.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Write the API as a FileDescriptorSet with all imports; - for standard output.",
            valueName: "file"))
    var export: String?

    @OptionGroup var source: ContractSource

    func run() throws {
        try reportingErrors(as: "api") {
            let registry = try ContractLoader.load(source.choice)
            if let export { return try Self.write(registry, to: export) }
            let reference = APIReference(registry: registry)
            if let search {
                let hits = try reference.search(search)
                guard !hits.isEmpty else {
                    throw CommandError("the API has nothing about \"\(search)\"")
                }
                return show(
                    reference.page(hits, width: Self.width), reference.value(hits), registry)
            }
            for subject in try subjects(reference) {
                show(
                    reference.page(subject, width: Self.width), reference.value(subject), registry)
            }
        }
    }

    /// Lines longer than this are hard to read.
    private static var width: Int { min(Terminal.width, 100) }

    private func subjects(_ reference: APIReference) throws -> [ReferenceSubject] {
        let name = name ?? ""
        let found = try reference.lookUp(name)
        guard !found.isEmpty else {
            let near = Names.suggestion(try reference.nearest(to: name))
            throw CommandError(
                "the API has no \"\(name)\"\(near)"
                    + (near.isEmpty ? "; try qcsh api --search" : ""))
        }
        // A version of a module may have several services, which are meant together.
        let areServices = found.allSatisfy { subject in
            if case .service = subject { return true }
            return false
        }
        if found.count > 1, !(areServices && name.last.map { $0.isNumber } == true) {
            let names = found.map(\.name).sorted().joined(separator: "\n  ")
            throw CommandError("\"\(name)\" is ambiguous; use one of:\n  \(names)")
        }
        return found
    }

    private func show(_ text: ReferenceText, _ value: LuaValue, _ registry: Registry) {
        if json {
            Output.data(Renderer(registry: registry, format: .json).text(value))
        } else {
            let isColoured =
                Terminal.isTerminal(STDOUT_FILENO) && UserFiles.environment("NO_COLOR") == nil
            Output.data(StyledText.text(text, isColoured: isColoured), isStyled: true)
        }
    }

    private static func write(_ registry: Registry, to file: String) throws {
        guard UserFiles.write(registry.descriptorSet(), to: file) else {
            throw CommandError(
                "\(file) cannot be written: \(UserFiles.reason)", status: ExitStatus.failed)
        }
    }
}
