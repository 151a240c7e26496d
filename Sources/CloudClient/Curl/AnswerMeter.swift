import Budgets
import CCurl

/// Measures an answer that comes by way of libcurl, and finds the budget that it exceeds.
struct AnswerMeter {
    /// The largest body that is accepted, in bytes; nil for no limit, where the reader applies
    /// back-pressure to the server.
    private(set) var maximumBody: Int?
    /// The budget that the answer exceeds.
    private(set) var exceeded: Budget?
    private var headerBytes = 0
    private var bodyBytes = 0

    private static let budgets = Budgets()

    init(maximumBody: Int?) { self.maximumBody = maximumBody }

    /// Takes a smaller body than was said before.
    mutating func limitBody(to bytes: Int) { maximumBody = min(maximumBody ?? bytes, bytes) }

    /// Counts a line of headers or trailers.
    ///
    /// - Returns: whether the answer may go on.
    mutating func takeHeader(_ bytes: Int) -> Bool {
        headerBytes += bytes
        if headerBytes > Self.budgets[.responseHeaders] { exceeded = .responseHeaders }
        return exceeded == nil
    }

    /// Counts bytes of the body, decompressed.
    ///
    /// - Returns: whether the answer may go on.
    mutating func takeBody(_ bytes: Int, _ easy: OpaquePointer?) -> Bool {
        bodyBytes += bytes
        if let maximumBody, bodyBytes > maximumBody {
            exceeded = .responseBody
        } else if let easy, bodyBytes > 4 << 20,
            bodyBytes > Self.budgets.decompressedSize(of: Int(clamping: qcurl_received(easy)))
        {
            exceeded = .decompressionRatio
        }
        return exceeded == nil
    }

    /// The reason, when ``exceeded`` is not nil.
    var problem: String {
        if exceeded == .responseBody, let maximumBody {
            return "the answer has more than \(maximumBody) bytes (budget response-body)"
        }
        return exceeded.map { "the answer is " + Self.budgets.exceeded($0) } ?? ""
    }
}
