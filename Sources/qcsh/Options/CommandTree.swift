import ArgumentParser
import Codec
import Contract
import LuaMachine
import LuaMessages

/// The commands and their options, as swift-argument-parser describes them (version 0 of its JSON).
struct CommandTree {
    /// An option, a flag or a positional argument.
    struct Argument {
        enum Kind: String { case positional, option, flag }

        let kind: Kind
        /// With dashes, as people write them; empty for positional arguments.
        let names: [String]
        /// What the value is called, which also says where its completions come from.
        let valueName: String
        /// The values of an enumeration.
        let choices: [String]
        let about: String
        let isRepeating: Bool
        /// Whether all words that follow belong to the value, whatever they look like.
        let takesTheRest: Bool
    }

    let name: String
    let about: String
    let arguments: [Argument]
    let children: [CommandTree]
    let isShown: Bool
    /// The subcommand that runs when none is named.
    let defaultName: String?

    /// The tree below a command; nil when the description cannot be read.
    init?(_ command: any ParsableArguments.Type) {
        guard let table = try? ValueJSON.value(Array(command._dumpHelp().utf8)).table,
            let root = table["command"]?.table
        else { return nil }
        self.init(root)
    }

    private init(_ table: LuaTable) {
        name = table["commandName"]?.text ?? ""
        about = table["abstract"]?.text ?? ""
        isShown = table["shouldDisplay"]?.isTrue != false
        defaultName = table["defaultSubcommand"]?.text
        arguments = Self.tables(table["arguments"]).compactMap(Argument.init)
        children = Self.tables(table["subcommands"]).map { CommandTree($0) }
    }

    fileprivate static func tables(_ value: LuaValue?) -> [LuaTable] {
        value?.table?.entries.compactMap(\.value.table) ?? []
    }

    /// The error of an option that a command does not have, with the nearest one.
    static func unknownOption(_ word: String, of command: any ParsableCommand.Type) -> String {
        let name = String(word.prefix { $0 != "=" })
        let known = CommandTree(command)?.arguments.flatMap(\.names) ?? []
        return "unknown option \(name)" + Names.suggestion(Names.nearest(to: name, in: known))
    }

    /// The child of a name.
    func child(_ name: String) -> CommandTree? { children.first { $0.name == name } }

    /// The option or flag of a name with its dashes.
    func option(_ name: String) -> Argument? { arguments.first { $0.names.contains(name) } }

    /// What follows when no subcommand is named: the default one, or the command itself.
    var effective: CommandTree { defaultName.flatMap(child)?.effective ?? self }
}

extension CommandTree.Argument {
    fileprivate init?(_ table: LuaTable) {
        guard let kind = table["kind"]?.text.flatMap(Kind.init),
            table["shouldDisplay"]?.isTrue != false
        else { return nil }
        self.kind = kind
        names = CommandTree.tables(table["names"]).compactMap { name in
            guard let text = name["name"]?.text else { return nil }
            return (name["kind"]?.text == "long" ? "--" : "-") + text
        }
        valueName = table["valueName"]?.text ?? ""
        choices =
            (table["allValueStrings"] ?? table["allValues"])?.table?.entries.compactMap(
                \.value.text)
            ?? []
        about = table["abstract"]?.text ?? ""
        isRepeating = table["isRepeating"]?.isTrue == true
        takesTheRest = table["parsingStrategy"]?.text == "allRemainingInput"
    }
}
