import LuaHost
import LuaMachine
import LuaReference

extension REPL: ShellFront {
    var isInterrupted: Bool { isToObey }

    func text(of value: LuaValue, _ format: OutputFormat?) -> String {
        printer.text(value, format: format)
    }

    func show(_ text: String) { printer.write(text) }

    func help(on name: String) throws(HostError) -> ReferenceText {
        let width = min(Terminal.size(of: state.screen).columns, 100)
        guard let page = completer.pages.page(name, width: width) else {
            throw .message(completer.pages.unknown(name))
        }
        return page
    }

    func template(of method: String) -> String? {
        completer.pages.method(method).map {
            RequestExample(registry: runtime.registry).template($0)
        }
    }

    func complete(_ text: [UInt8]) -> Completion { completer.complete(text) }

    func forgetNames() { completer.names.forget() }
}
