/// Amounts of money are counted in thousandths of a cent, as the API does.
enum Millicents {
    /// The most that an amount in a seed can be, in major units of the currency: a hundred times it,
    /// over centuries, still fits in 64 bits.
    static let mostMajor = 1_000_000_000.0

    /// An amount in major units of the currency, in millicents.
    static func of(major amount: Double) -> Int {
        of((amount * 100_000).rounded())
    }

    /// Converts a number to millicents. A number out of range, which only a store that another
    /// program wrote can contain, becomes the nearest limit; NaN becomes 0.
    static func of(_ amount: Double) -> Int {
        let most = mostMajor * 100_000
        return amount.isNaN ? 0 : Int(min(max(amount, -most), most))
    }
}
