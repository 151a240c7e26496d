import GRPCProtocol
import Testing

struct CallTimeoutTests {
    @Test(
        arguments: [
            (1_500_000_000, "1500000u"), (90_000_000_000, "90000000u"), (500, "1u"), (-7, "1u"),
            (200_000_000_000, "200000m"), (3_600_000_000_000_000, "3600000S"),
            // Rounding up must not make a ninth digit.
            (99_999_999_001, "100000m"), (99_999_999_999_999, "100000S"),
            (.max, "2562048H"),
        ] as [(Int64, String)])
    func textsHaveAtMostEightDigitsAndAreNoShorter(_ nanoseconds: Int64, _ expected: String) {
        let text = CallTimeout.text(nanoseconds)
        #expect(text == expected)
        #expect(text.count <= 9)
        #expect(CallTimeout.nanoseconds(text) ?? 0 >= nanoseconds)
    }

    @Test(
        arguments: [
            ("1n", 1), ("99999999H", .max), ("0S", 0), ("17m", 17_000_000), ("2M", 120_000_000_000),
            ("", nil), ("5", nil), ("S", nil), ("-1S", nil), ("100000000u", nil), ("1.5S", nil),
            ("1s", nil),
        ] as [(String, Int64?)])
    func textsAreRead(_ text: String, _ expected: Int64?) {
        #expect(CallTimeout.nanoseconds(text) == expected)
    }
}

struct MessageFrameTests {
    @Test(arguments: [0, 1, 255, 256, 65_536])
    func whatIsFramedIsReadBack(_ size: Int) throws {
        let message = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        let body = MessageFrame.framed(message)
        #expect(MessageFrame.announcedLength(body) == size)
        let content = try MessageFrame.read(body, limit: size)
        #expect(!content.isCompressed)
        #expect(Array(content.payload) == message)
    }

    @Test(
        arguments: [
            ([], .empty), ([0, 0, 0, 0], .cutPrefix),
            ([0, 0, 0, 0, 2, 7], .cut(present: 1, announced: 2)), ([0, 0, 0, 0, 1, 7, 7], .more),
            ([2, 0, 0, 0, 1, 7], .unknownFlag(2)),
            ([0, 255, 255, 255, 255], .tooLarge(4_294_967_295)),
        ] as [([UInt8], MessageFrame.Problem)])
    func otherBodiesAreRefused(_ body: [UInt8], _ problem: MessageFrame.Problem) {
        #expect(throws: problem) { try MessageFrame.read(body, limit: 1 << 20) }
    }

    @Test func aCompressedMessageIsMarked() throws {
        let content = try MessageFrame.read([1, 0, 0, 0, 1, 7], limit: 10)
        #expect(content.isCompressed)
    }
}

struct StatusCodeTests {
    @Test func codesAreThoseOfTheSpecification() {
        #expect(StatusCode.allCases.map(\.rawValue) == Array(0...16))
        #expect(StatusCode.errors.count == 16)
        #expect(StatusCode.notFound.name == "NOT_FOUND")
    }

    /// The gateway's mapping, there and back where it is unambiguous.
    @Test func codesComeBackFromTheirHTTPStatus() {
        for code in StatusCode.errors {
            let back = StatusCode(httpStatusOfREST: code.httpStatus)
            #expect(back.httpStatus == code.httpStatus, "\(code)")
        }
    }
}
