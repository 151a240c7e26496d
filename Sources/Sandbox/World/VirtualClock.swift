/// The sandbox's time: it starts with the real one, may run faster, stand still, and be moved on.
struct VirtualClock {
    /// How time passes.
    enum Speed: Equatable {
        /// The number of virtual seconds per real second.
        case factor(Double)
        /// What takes time is done at once.
        case instant
        /// Time stands still until it is moved.
        case manual
    }

    /// A moment: nanoseconds since 1970.
    typealias Instant = Int64

    let speed: Speed
    private let realNow: () -> Int64
    private var realStart: Int64
    private var start: Instant
    /// Where it began; nil for the real time.
    private let origin: Instant?
    /// Whether the clock leaves the real time aside, so that two runs with the same calls have the
    /// same times. It then moves by a millisecond with each call.
    private let isStepped: Bool

    /// Creates a clock.
    ///
    /// - Parameters:
    ///   - real: the real time in nanoseconds since 1970.
    ///   - start: where it begins; nil begins with the real time.
    ///   - notBefore: where the clock stood when it was last used.
    init(
        speed: Speed, real: @escaping () -> Int64, start: Instant? = nil, notBefore: Instant = 0
    ) {
        self.speed = speed
        realNow = real
        realStart = real()
        origin = start
        self.start = max(start ?? realStart, Nanoseconds.usable(notBefore))
        isStepped = speed == .manual || (start != nil && speed == .instant)
    }

    /// The present moment.
    var now: Instant {
        if isStepped { return start }
        let passed = max(0, realNow() - realStart)
        guard case .factor(let factor) = speed else { return start + passed }
        let end = Nanoseconds.usable.upperBound
        let scaled = Double(passed) * factor
        return scaled < Double(end - start) ? start + Int64(scaled) : end
    }

    /// Notifies the clock of a call; a stepped clock advances by a millisecond.
    mutating func step() {
        if isStepped { start += 1_000_000 }
    }

    /// Moves the clock on.
    ///
    /// - Parameter nanoseconds: by how much; not negative.
    mutating func advance(by nanoseconds: Int64) {
        start = Nanoseconds.later(start, by: max(0, nanoseconds))
    }

    /// Has the clock begin again: at its origin, or with the real time.
    mutating func rewind() {
        realStart = realNow()
        start = origin ?? realStart
    }

    /// Has the clock show a moment.
    mutating func set(_ moment: Instant) {
        realStart = realNow()
        start = Nanoseconds.usable(moment)
    }

    /// When something is done that begins now and takes some virtual seconds.
    func moment(after seconds: Double, from begin: Instant) -> Instant {
        speed == .instant ? begin : begin + Int64(seconds * 1e9)
    }
}
