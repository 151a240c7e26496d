import Codec
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
        // rock_source(name) → the text and the path of a module that others wrote; nothing for others
        functions.declare("rock_source", .string) { call, name in
            guard let file = StandardLibrary.file(ofRock: name) else { return }
            OwnMethods.renamed(Array(file.text)).withUnsafeBytes { call.results.put($0) }
            call.results.put(file.path)
        }
        // nearest(name, names) → the one that is probably meant, if any is
        functions.declare("nearest", .string, .table) { call, name, table in
            let names = table.entries.compactMap(\.value.text)
            call.results.put(optional: Names.nearest(to: name, in: names))
        }
        // value_form(type) → the form of an annotation's type: the letters of its types, its choices, and
        // the types of its parts
        functions.declare("value_form", .string) { call, type in
            call.results.put(ValueForms.form(of: type))
        }
        // size_bytes(text) → the bytes of "8GiB"; nil when the text is not an amount with a unit
        functions.declare("size_bytes", .string) { call, text in
            if let bytes = SizeText.bytes(text) { call.results.put(bytes) }
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

extension TapeWriter {
    /// Puts a form of values as a table with `types`, and `choices`, `fields`, `required`, `element`, `values` and
    /// `keys` where the type has them.
    fileprivate func put(_ form: ValueForms.Form) {
        table {
            put("types")
            put(form.letters)
            if !form.choices.isEmpty {
                put("choices")
                list { for choice in form.choices { put(choice) } }
            }
            switch form.parts {
            case .unknown: break
            case .fields(let fields):
                put("fields")
                table {
                    for field in fields {
                        put(field.name)
                        put(field.type)
                    }
                }
                put("required")
                list { for field in fields where field.isRequired { put(field.name) } }
            case .list(let element):
                put("element")
                put(element)
            case .map(let keys, let values):
                put("keys")
                put(keys)
                put("values")
                put(values)
            }
        }
    }
}
