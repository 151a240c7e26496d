/// The sandbox's time: it starts with the real one and may run faster.
struct VirtualClock {
    /// How fast time passes.
    enum Speed: Equatable {
        /// So many virtual seconds in a real one.
        case factor(Double)
        /// What takes time is done at once.
        case instant
    }

    /// A moment: nanoseconds since 1970.
    typealias Instant = Int64

    let speed: Speed
    private let realNow: () -> Int64
    private let realStart: Int64
    private let start: Instant

    /// Creates a clock.
    ///
    /// - Parameters:
    ///   - real: the real time in nanoseconds since 1970.
    ///   - notBefore: where the clock stood when it was last used.
    init(speed: Speed, real: @escaping () -> Int64, notBefore: Instant = 0) {
        self.speed = speed
        realNow = real
        realStart = real()
        start = max(realStart, notBefore)
    }

    /// The present moment.
    var now: Instant {
        let passed = realNow() - realStart
        guard case .factor(let factor) = speed else { return start + passed }
        return start + Int64(Double(passed) * factor)
    }

    /// When something is done that begins now and takes some virtual seconds.
    func moment(after seconds: Double, from begin: Instant) -> Instant {
        speed == .instant ? begin : begin + Int64(seconds * 1e9)
    }
}
