/// The header `grpc-timeout`: at most eight digits and a unit.
///
/// Source: grpc/doc/PROTOCOL-HTTP2.md.
public enum CallTimeout {
    /// The header's name.
    public static let header = "grpc-timeout"

    private static let units: [(name: Character, nanoseconds: Int64)] = [
        ("n", 1), ("u", 1_000), ("m", 1_000_000), ("S", 1_000_000_000), ("M", 60_000_000_000),
        ("H", 3_600_000_000_000),
    ]
    private static let most: Int64 = 99_999_999

    /// The header's text, rounded up to the finest unit that has room, from microseconds on.
    ///
    /// - Parameter nanoseconds: the time that is left; at least a microsecond is written.
    public static func text(_ nanoseconds: Int64) -> String {
        let rest = max(1_000, nanoseconds)
        for (name, size) in units.dropFirst() where rest / size < most {
            let count = rest / size + (rest % size == 0 ? 0 : 1)
            return "\(count)\(name)"
        }
        return "\(most)H"
    }

    /// The nanoseconds that a header stands for; nil when it has another form. More than an Int64
    /// holds is as good as no deadline.
    public static func nanoseconds(_ text: String) -> Int64? {
        guard let name = text.last, let unit = units.first(where: { $0.name == name }),
            let number = Int64(text.dropLast()), (0...most).contains(number)
        else { return nil }
        let (product, overflow) = unit.nanoseconds.multipliedReportingOverflow(by: number)
        return overflow ? .max : product
    }
}
