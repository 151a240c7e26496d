import ArgumentParser
import CloudClient
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

/// A length of time with a unit.
struct Interval: ExpressibleByArgument {
    let nanoseconds: Int64

    init?(argument: String) {
        let units = [
            ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9), ("d", 86400e9), ("", 1e9),
        ]
        for (unit, factor) in units where argument.hasSuffix(unit) {
            guard let number = Double(argument.dropLast(unit.count)) else { continue }
            guard number > 0, number * factor < 9e18 else { return nil }
            nanoseconds = Int64(number * factor)
            return
        }
        return nil
    }
}

/// A number of bytes with a unit.
struct MemorySize: ExpressibleByArgument {
    let bytes: Int

    init?(argument: String) {
        let units = [
            ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("K", 1 << 10), ("M", 1 << 20),
            ("G", 1 << 30), ("", 1),
        ]
        for (unit, factor) in units where argument.hasSuffix(unit) {
            guard let number = Int(argument.dropLast(unit.count)), number > 0 else { continue }
            let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
            guard !overflow else { return nil }
            self.bytes = bytes
            return
        }
        return nil
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
