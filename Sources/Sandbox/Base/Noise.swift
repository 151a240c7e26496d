/// Numbers that look random and are the same whenever they are asked for.
enum Noise {
    /// A number that depends on a text (FNV-1a, with a final mix).
    static func hash(_ text: String) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(mix(hash) >> 2)
    }

    /// A number from 0 to 1 that depends on a text and an index.
    static func value(_ text: String, _ index: Int) -> Double {
        let mixed = mix(UInt64(truncatingIfNeeded: hash(text)) &+ UInt64(truncatingIfNeeded: index))
        return Double(mixed >> 11) / Double(1 << 53)
    }

    private static func mix(_ number: UInt64) -> UInt64 {
        var z = number &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
