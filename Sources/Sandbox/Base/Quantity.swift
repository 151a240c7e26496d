/// Amounts as the API writes them, `2000m` and `8Gi`, and as its callers may.
enum Quantity {
    /// Millicores: `2000m`, or whole cores.
    static func millicores(_ text: String) -> Int? {
        if text.hasSuffix("m") { return Int(text.dropLast()) }
        return Int(text).flatMap { scaled($0, by: 1000) }
    }

    private static func scaled(_ number: Int, by factor: Int) -> Int? {
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    /// GiB: `8GiB`, `8Gi`, `1TiB`, `1Ti`.
    static func gibibytes(_ text: String) -> Int? {
        for (unit, factor) in [("GiB", 1), ("Gi", 1), ("TiB", 1024), ("Ti", 1024)]
        where text.hasSuffix(unit) {
            return Int(text.dropLast(unit.count)).flatMap { scaled($0, by: factor) }
        }
        return nil
    }
}
