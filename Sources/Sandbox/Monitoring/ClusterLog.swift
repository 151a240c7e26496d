import Codec

/// The log lines of a cluster's nodes and the Kubernetes events about them, consistent with the
/// cluster's history.
enum ClusterLog {
    struct Line {
        let moment: Int64
        let text: String
    }

    /// The most lines of one answer: the latest.
    private static let limit = 2000

    /// The log lines of a time, oldest first.
    static func lines(
        of cluster: Record, _ range: Range<Int64>, _ moment: Moment
    ) throws -> [Line] {
        let version = cluster.message.message(.state)?.string(.version) ?? ""
        var lines: [Line] = []
        for span in try moment.transaction.spans(.cluster, subject: cluster.id) {
            let end = min(span.ended ?? .max, range.upperBound)
            for node in 0..<span.number("nodes") {
                lines += start(cluster, node, version, at: span.begun)
                lines += hourly(
                    cluster, node, from: max(span.begun + Nanoseconds.hour, range.lowerBound),
                    to: end)
            }
            if let ended = span.ended {
                lines.append(Line(moment: ended, text: "INFO qdrant: shutting down gracefully"))
            }
        }
        for node in cluster.message.message(.state)?.messages(.nodes) ?? [] {
            guard let started = node.message(.startedAt)?.nanoseconds else { continue }
            lines.append(
                Line(
                    moment: started,
                    text: "INFO qdrant: \(node.string(.name)) is ready to serve requests"))
        }
        return Array(
            lines.filter { range.contains($0.moment) }
                .sorted { ($0.moment, $0.text) < ($1.moment, $1.text) }.suffix(limit))
    }

    private static func start(
        _ cluster: Record, _ node: Int, _ version: String, at moment: Int64
    ) -> [Line] {
        [
            "INFO qdrant: Version: \(version.dropFirst()), node \(node) of cluster \(cluster.id)",
            "INFO storage::content_manager::consensus::persistent: Loading raft state",
            "INFO qdrant: Distributed mode enabled",
            "INFO qdrant::actix: Qdrant HTTP listening on 6333",
            "INFO qdrant::tonic: Qdrant gRPC listening on 6334",
        ].enumerated().map { index, text in
            Line(moment: moment + Int64(index + 1) * 100_000_000, text: text)
        }
    }

    private static func hourly(
        _ cluster: Record, _ node: Int, from begin: Int64, to end: Int64
    ) -> [Line] {
        let first = max(begin, end - 30 * Nanoseconds.day) / Nanoseconds.hour + 1
        let last = end / Nanoseconds.hour
        guard first <= last else { return [] }
        let collections = Collections.names(of: cluster)
        return (first...last).compactMap { hour in
            let noise = Noise.value("\(cluster.id)/\(node)/log", Int(hour))
            let text =
                collections.isEmpty
                ? "INFO qdrant::consensus: heartbeat of node \(node), term \(1 + hour % 7)"
                : "INFO segment::optimizer: optimized \(1 + Int(noise * 9)) segments of "
                    + collections[Int(noise * Double(collections.count))]
            let moment = hour * Nanoseconds.hour + Int64(noise * 3000) * Nanoseconds.second
            return moment < end ? Line(moment: moment, text: text) : nil
        }
    }

    /// The Kubernetes events of a hybrid cluster in a time range, oldest first.
    static func kubernetesEvents(
        of cluster: Record, _ range: Range<Int64>, _ moment: Moment
    ) throws -> [Line] {
        var lines: [Line] = []
        for span in try moment.transaction.spans(.cluster, subject: cluster.id) {
            for node in 0..<span.number("nodes") {
                let pod = "pod/qdrant-\(cluster.id)-\(node)"
                for (offset, text) in [
                    "Normal Scheduled \(pod): assigned to worker-\(node % 5)",
                    "Normal Pulled \(pod): container image is already present on the machine",
                    "Normal Started \(pod): started container qdrant",
                ].enumerated() {
                    lines.append(
                        Line(
                            moment: span.begun + Int64(offset + 1) * Nanoseconds.second, text: text)
                    )
                }
                if let ended = span.ended {
                    lines.append(
                        Line(
                            moment: ended, text: "Normal Killing \(pod): stopping container qdrant")
                    )
                }
            }
        }
        return lines.filter { range.contains($0.moment) }.sorted {
            ($0.moment, $0.text) < ($1.moment, $1.text)
        }
    }
}
