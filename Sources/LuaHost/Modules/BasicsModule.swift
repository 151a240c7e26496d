import Contract
import Glibc
import LuaMachine
import LuaMessages
import LuaReference

/// What all modules are built from: sources of modules, clocks, texts of values.
struct BasicsModule {
    let registry: Registry
    /// The present time: seconds since 1970 and nanoseconds.
    let wallClock: () -> (seconds: Int64, nanos: Int32)
    /// Ends the process.
    let exit: (Int32) -> Never
    let isDryRun: Bool

    func register(in functions: inout HostFunctions) {
        registerTexts(in: &functions)
        registerClocks(in: &functions)
        functions.declare("exit", .any) { [exit] _, value in
            if case .bool(let hasSucceeded) = value { exit(hasSucceeded ? 0 : 1) }
            exit(Int32(truncatingIfNeeded: value.integer ?? 0))
        }
        functions.declare("is_dry_run") { [isDryRun] call in call.results.put(isDryRun) }
    }

    private func registerTexts(in functions: inout HostFunctions) {
        functions.declare("module_source", .string) { call, name in
            guard let file = StandardLibrary.file(of: name) else {
                call.results.putNil()
                return
            }
            let checked = ArgumentChecks.added(
                to: file.text, module: StandardLibrary.publicName(of: name))
            OwnMethods.renamed(checked).withUnsafeBytes { call.results.put($0) }
            call.results.put(file.path)
        }
        // nearest(name, names) → the one that is probably meant, if any is
        functions.declare("nearest", .string, .table) { call, name, table in
            let names = table.entries.compactMap(\.value.text)
            call.results.put(optional: Names.nearest(to: name, in: names))
        }
        // option_types(type) → the options of an annotation's table by name: the letters of their
        // types, and a list of strings when only those are valid; nil when the names are not known
        functions.declare("option_types", .string) { call, type in
            guard let options = OptionTypes.options(of: type) else {
                call.results.putNil()
                return
            }
            call.results.table {
                for option in options {
                    call.results.put(option.name)
                    call.results.table {
                        call.results.put("types")
                        call.results.put(option.letters)
                        call.results.put("choices")
                        call.results.list {
                            for choice in option.choices { call.results.put(choice) }
                        }
                        call.results.put("is_list")
                        call.results.put(option.isList)
                        call.results.put("inner")
                        call.results.put(optional: option.inner)
                    }
                }
            }
        }
        functions.declare("show", .any) { [registry] call, value in
            call.results.put(ValueText(registry: registry).text(value))
        }
    }

    /// The clocks; Lua's own are replaced when a run is recorded or repeated.
    private func registerClocks(in functions: inout HostFunctions) {
        functions.declare("now", recording: .reading) { [wallClock] call in
            let present = wallClock()
            call.results.put(.time(seconds: present.seconds, nanos: present.nanos))
        }
        functions.declare("monotonic", recording: .reading) { call in
            call.results.put(Double(call.machine.loop.now()) / 1e9)
        }
        functions.declare("os_time", recording: .reading) { call in
            call.results.put(Int(time(nil)))
        }
        functions.declare("os_clock", recording: .reading) { call in
            call.results.put(Double(clock()) / Double(CLOCKS_PER_SEC))
        }
        functions.declare("random_seed", recording: .reading) { call in
            var kernel = SystemRandomNumberGenerator()
            call.results.put(Int64.random(in: .min ... .max, using: &kernel))
            call.results.put(Int64.random(in: .min ... .max, using: &kernel))
        }
    }
}
