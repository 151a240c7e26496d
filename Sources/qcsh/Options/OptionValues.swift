import ArgumentParser
import CloudClient
import Codec
import Sandbox
import Shell

extension TransportKind: ExpressibleByArgument {}
extension OutputFormat: ExpressibleByArgument {}

/// Permissions with commas between them.
struct PermissionList: ExpressibleByArgument {
    let words: [PermissionWord]

    init?(argument: String) {
        var words: [PermissionWord] = []
        for part in argument.split(separator: ",") {
            do throws(PermissionWord.Problem) {
                words.append(try PermissionWord(String(part)))
            } catch {
                // swift-argument-parser has a sentence of its own for what is not understood.
                Output.note("qcsh: \(error)")
                return nil
            }
        }
        guard !words.isEmpty else { return nil }
        self.words = words
    }
}

/// A length of time: `30s`, `1h30m`, `2w`, or a number of seconds.
struct Interval {
    let nanoseconds: Int64

    /// Reads the value of an option.
    init(argument: String) throws(ValidationError) {
        var parsed = TimeText.parseHumanDuration(argument)
        if parsed == nil, argument.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2e }) {
            // A number is in seconds, as it is in Lua.
            parsed = TimeText.parseHumanDuration(argument + "s")
        }
        // Two centuries, and their sums do not overflow.
        guard let parsed, (0...6_000_000_000).contains(parsed.seconds),
            parsed.seconds > 0 || parsed.nanos > 0
        else { throw ValidationError("must be a duration such as 30s or 1h30m") }
        nanoseconds = parsed.seconds * 1_000_000_000 + Int64(parsed.nanos)
    }
}

/// A number of bytes with a unit.
struct MemorySize {
    let bytes: Int
    /// Whether the unit was written. Elsewhere a number is in GiB: without a unit, it may mean either.
    let hasUnit: Bool

    /// Reads the value of an option.
    init(argument: String) throws(ValidationError) {
        hasUnit = !argument.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard let bytes = SizeText.bytes(hasUnit ? argument : argument + "B"), bytes > 0 else {
            throw ValidationError("must be a size such as 256MiB or 1.5GiB")
        }
        self.bytes = Int(bytes)
    }
}

/// The speed of the sandbox's time as an option.
struct SandboxSpeed: ExpressibleByArgument {
    let value: SandboxConfiguration.Speed

    init(value: SandboxConfiguration.Speed) { self.value = value }

    init?(argument: String) {
        if argument == "instant" {
            value = .instant
        } else if argument == "manual" {
            value = .manual
        } else if let factor = Double(argument), factor > 0, factor <= 1_000_000 {
            value = .factor(factor)
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { "1" }
}
