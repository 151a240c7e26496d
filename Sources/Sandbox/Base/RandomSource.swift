/// Where ids and secrets come from: the system's random numbers, or a series that a number begins.
struct RandomSource: RandomNumberGenerator {
    /// The state of the series; nil for the system's random numbers.
    private(set) var state: UInt64?

    /// Creates dice.
    ///
    /// - Parameter state: where a series is begun or continued; nil for the system's numbers.
    init(state: UInt64? = nil) { self.state = state }

    /// The next number: SplitMix64 (Steele, Lea, Flood 2014) for a series.
    mutating func next() -> UInt64 {
        guard let present = state else {
            var system = SystemRandomNumberGenerator()
            return system.next()
        }
        let advanced = present &+ 0x9e37_79b9_7f4a_7c15
        state = advanced
        var z = advanced
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Random bytes.
    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}
