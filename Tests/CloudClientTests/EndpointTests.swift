import Codec
import Contract
import EventLoop
import Testing

@testable import CloudClient

@Suite struct EndpointTests {
    @Test(arguments: [
        ("grpc.cloud.qdrant.io:443", true, "grpc.cloud.qdrant.io", 443),
        ("https://host", true, "host", 443), ("https://host:1234/", true, "host", 1234),
        ("http://127.0.0.1:80", false, "127.0.0.1", 80), ("http://[::1]:9", false, "::1", 9),
        ("http://localhost:1", false, "localhost", 1),
        ("HTTP://LocalHost:1", false, "localhost", 1),
        ("HTTPS://Host.Example", true, "host.example", 443),
    ])
    func endpointsAreParsed(_ text: String, _ secure: Bool, _ host: String, _ port: Int) throws {
        let endpoint = try Endpoint(text)
        #expect(endpoint == Endpoint(isSecure: secure, host: host, port: port))
    }

    @Test(arguments: [
        "http://example.com:80", "http://127.0.0.1.example.com", "ftp://host", "host:0",
        "host:99999", "https://user@host", "https://host/path", "",
        "http://evil.example#.localhost", "http://[::1]x:1",
        "http://evil.example\\.localhost", "http://0.0.0.0:1",
    ])
    func otherTextsAreRefused(_ text: String) {
        #expect(throws: Endpoint.ParseError.self) { try Endpoint(text) }
    }

    @Test func credentialsArePrintedByKindOnly() {
        let credential = Credential.managementKey("s3cret")
        #expect(!"\(credential)".contains("s3cret"))
        #expect(!String(reflecting: credential).contains("s3cret"))
    }

    @Test func messagesArePercentDecodedWithoutLoss() {
        #expect(PercentCoding.decodeLeniently("100%25 %C3%A9") == "100% é")
        #expect(PercentCoding.decodeLeniently("50% off %zz %") == "50% off %zz %")
        #expect(PercentCoding.encode("a b/ü") == "a%20b%2F%C3%BC")
    }
}

@Suite struct KnownMethodsTests {
    @Test func everyKnownMethodIsInTheContract() throws {
        for path in KnownMethods.all {
            #expect(try Registry.embedded.method(path: path) != nil, "\(path)")
        }
    }
}

@Suite struct PollLoopTests {
    /// Cancelled timers leave the loop, and the others stay in their order.
    @Test func aCancelledTimerIsNotKept() {
        var time: Int64 = 0
        let loop = PollLoop(now: { time })
        var fired: [Int] = []
        weak var kept: PollLoop.Timer?
        weak var probe: Probe?
        for number in 0..<1000 {
            let mine = Probe()
            let timer = loop.after(Int64(3_600_000 - number % 7)) {
                _ = mine
                fired.append(number)
            }
            if number == 3 { (kept, probe) = (timer, mine) }
            if number % 100 != 0 {
                timer.cancel()
                // A second time counts no second time.
                timer.cancel()
            }
        }
        #expect(probe == nil)
        #expect(kept == nil)
        time = 3_600_000
        loop.fireDueTimers()
        #expect(
            fired
                == [600, 500, 400, 300, 900, 200, 800, 100, 700, 0].sorted {
                    ($1 % 7, $0) < ($0 % 7, $1)
                })
    }

    private final class Probe {}

    @Test func whatAnActionDoesIsSeenBeforeTheLoopSleeps() {
        // No descriptor and no timer: sleeping would be for ever.
        let loop = PollLoop(now: { 0 })
        var steps = 0
        loop.enqueue {
            steps = 1
            loop.enqueue {
                steps = 2
                loop.enqueue { steps = 3 }
            }
        }
        loop.run { steps == 3 }
        #expect(steps == 3)
    }
}
