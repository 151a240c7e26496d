import CloudClient
import Contract
import Glibc
import LuaMachine
import LuaMessages
import LuaSource
import Shell

/// What a run may do, from the command line and from the script's header, and the record of what it
/// did.
final class RunLimits {
    /// The bound that everything asks.
    let bound: PermissionBound
    /// Whether a header says what the run needs.
    private(set) var hasHeader = false
    private let auditFile: String?
    /// The API of the run, whose permissions words may name.
    private var registry = Registry.embedded
    private var uses: [Use: (count: Int, refused: Int)] = [:]

    /// Something that was used.
    struct Use: Hashable {
        let word: PermissionWord
        /// The method's name; nil for things of this machine.
        let method: String?
        let deletes: Bool
    }

    init(_ options: RunOptions) {
        var layers: [PermissionLayer] = []
        if options.allowed != nil || !options.denied.isEmpty {
            var layer = PermissionLayer(source: "the command line")
            layer.allowed = options.allowed
            layer.denied = options.denied
            layers.append(layer)
        }
        if options.isReadOnly {
            var layer = PermissionLayer(source: "--read-only")
            layer.isReadOnly = true
            layers.append(layer)
        }
        bound = PermissionBound(layers)
        auditFile = options.auditFile
        guard auditFile != nil else { return }
        bound.onUse = { [unowned self] word, method, isRefused in
            let use = Use(
                word: word, method: method?.displayName, deletes: method?.effect == .delete)
            uses[use, default: (0, 0)].count += 1
            if isRefused { uses[use, default: (0, 0)].refused += 1 }
        }
    }

    /// Takes the API of the run, and refuses words of the command line that are none of its
    /// permissions: a misspelt `--deny` would deny nothing.
    func check(_ options: RunOptions, against registry: Registry) throws(CommandError) {
        self.registry = registry
        let given = [("--allow", options.allowed ?? []), ("--deny", options.denied)]
        for (option, words) in given {
            do throws(PermissionWord.Problem) {
                for word in words { try word.requireExistence(in: registry) }
            } catch {
                throw CommandError("\(option): \(error)")
            }
        }
    }

    /// Narrows the bound to what a script says that it needs.
    func add(headerOf source: [UInt8], file: String) throws(LuaFailure) {
        do {
            guard let header = try ScriptHeader.read(source), let needs = header.needs else {
                return
            }
            let name = file.split(separator: "/").last.map(String.init) ?? file
            var layer = PermissionLayer(source: "the header of \(name)")
            layer.allowed = try needs.map {
                try PermissionWord(existing: $0.word, in: registry)
            }
            layer.mayDelete = header.deletes
            bound.add(layer)
            hasHeader = true
        } catch let problem as ScriptHeader.Problem {
            throw LuaFailure("\(file):\(problem)")
        } catch {
            throw LuaFailure("\(file): the header's needs: \(error)")
        }
    }

    /// Writes what was used: a line of JSON for each kind of use, in the order of their words.
    func writeAudit() {
        guard let auditFile else { return }
        let lines = uses.sorted { a, b in
            (a.key.word.description, a.key.method ?? "") < (
                b.key.word.description, b.key.method ?? ""
            )
        }.map { use, counts in
            var entries: [(key: LuaValue, value: LuaValue)] = [
                (.text("use"), .text(use.word.description)),
                (.text("count"), .integer(Int64(counts.count))),
                (.text("refused"), .integer(Int64(counts.refused))),
                (.text("deletes"), .bool(use.deletes)),
            ]
            if let method = use.method { entries.append((.text("method"), .text(method))) }
            let line = ValueJSON(registry: .embedded).text(.table(LuaTable(entries: entries)))
            return URLMask.masked(line) + "\n"
        }
        if !UserFiles.writePrivately(Array(lines.joined().utf8), to: auditFile) {
            Output.fail(
                "--audit \(auditFile): \(UserFiles.reason)")
        }
    }
}
