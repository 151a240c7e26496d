import Codec
import Contract
import Foundation

/// What a cluster uses: curves that depend on its id and the time only, and that are there while
/// the cluster runs.
struct ClusterLoad {
    /// What is measured, by the names of the API's fields.
    enum Gauge: String, CaseIterable {
        case cpu
        case ram
        case ramCache = "ram_cache"
        case ramRSS = "ram_rss"
        case ramQdrantRSS = "ram_qdrant_rss"
        case disk
        case requests = "rps"
        case latency
        case gpu
        case gpuRAM = "gpu_ram"

        /// The field of summaries and series.
        var field: FieldName { FieldName(rawValue) }

        /// Whether single nodes have it in summaries and series.
        var isOfNode: Bool { self != .requests && self != .latency }

        /// The unit that summaries name.
        var unit: String {
            switch self {
            case .cpu: "vcpu/core"
            case .gpu: "gpu"
            default: "GiB"
            }
        }
    }

    private let cluster: Record
    private let spans: [Span]
    private let resources: Message?

    init(_ cluster: Record, _ moment: Moment) throws {
        self.cluster = cluster
        spans = try moment.transaction.spans(.cluster, subject: cluster.id)
        resources = cluster.message.message(.state)?.message(.resources)
    }

    /// The most nodes that the cluster has had.
    var nodeCount: Int {
        spans.map { $0.number("nodes") }.max()
            ?? cluster.message.message(.state)?.list(.nodes).count ?? 0
    }

    func nodeName(_ index: Int) -> String { "qdrant-\(cluster.id)-\(index)" }

    /// The nodes that run at a moment.
    func nodeNames(at moment: Int64) -> [String] {
        (0..<(span(at: moment)?.number("nodes") ?? 0)).map(nodeName)
    }

    private func span(at moment: Int64) -> Span? {
        spans.last { $0.begun <= moment && moment < ($0.ended ?? .max) }
            ?? (spans.last.flatMap { $0.ended == nil && $0.begun <= moment ? $0 : nil })
    }

    /// Whether the cluster has such a thing.
    func has(_ gauge: Gauge) -> Bool {
        switch gauge {
        case .gpu: resources?.message(.gpu) != nil
        case .gpuRAM: resources?.message(.gpuRam) != nil
        default: true
        }
    }

    /// What there is of it on a node.
    func total(_ gauge: Gauge) -> Double {
        let field: FieldName
        switch gauge {
        case .cpu, .gpu, .disk, .gpuRAM: field = gauge.field
        default: field = .ram
        }
        let resource = resources?.message(field)
        let parts: [FieldName] = [.base, .complimentary, .additional]
        let sum = parts.reduce(0.0) { sum, part in
            guard case .double(let value) = resource?[part] else { return sum }
            return sum + value
        }
        // Millicores become cores.
        return gauge == .cpu || gauge == .gpu ? sum / 1000 : sum
    }

    /// What a node uses at a moment; nil when it does not run.
    func value(_ gauge: Gauge, _ node: Int, at moment: Int64) -> Double? {
        guard let span = span(at: moment), node < span.number("nodes") else { return nil }
        let minute = Int(moment / Nanoseconds.minute)
        let noise = Noise.value("\(cluster.id)/\(node)/\(gauge.rawValue)", minute)
        // More by day than by night.
        let hour = Double(moment % Nanoseconds.day) / Double(Nanoseconds.hour)
        let day = 0.5 + 0.5 * sin((hour - 8) / 24 * 2 * .pi)
        let memory = ClusterState.memoryUse(of: cluster)
        switch gauge {
        case .cpu: return total(.cpu) * (0.1 + 0.3 * day + 0.1 * noise)
        case .ramRSS: return memory * (0.95 + 0.05 * noise)
        case .ramQdrantRSS: return memory * (0.9 + 0.05 * noise)
        case .ramCache: return min(total(.ram) - memory, memory * 0.3) * (0.8 + 0.2 * noise)
        case .ram:
            return min(total(.ram), memory * (0.95 + 0.05 * noise))
        case .disk: return total(.disk) * (0.38 + 0.02 * noise)
        case .requests: return 20 + 180 * day + 20 * noise
        case .latency: return 0.004 + 0.004 * day + 0.002 * noise
        case .gpu: return total(.gpu) * (0.2 + 0.5 * day + 0.1 * noise)
        case .gpuRAM: return total(.gpuRAM) * (0.5 + 0.1 * noise)
        }
    }

    /// What a node used on average in a time.
    func average(_ gauge: Gauge, _ node: Int, from begin: Int64, to end: Int64) -> Double {
        let step = max(Nanoseconds.minute, (end - begin) / 30)
        let values = stride(from: end, to: begin, by: Int64.Stride(-step)).compactMap {
            value(gauge, node, at: $0)
        }
        guard !values.isEmpty else { return 0 }
        return (values.reduce(0, +) / Double(values.count) * 1000).rounded() / 1000
    }
}
