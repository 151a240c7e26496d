import Codec

/// Metrics, logs, events and alerts of clusters.
enum MonitoringService: CloudService {
    static let name = "qdrant.cloud.monitoring.v1.MonitoringService"

    static let handlers: [String: Handler] = [
        "GetClusterSummaryMetrics": { call, request in
            let cluster = try cluster(call, request)
            let load = try ClusterLoad(cluster, call.moment)
            let names = load.nodeNames(at: call.now)
            return call.list(
                names.indices.map { summary($0, names[$0], load, call) }, in: .nodes)
        },
        "GetClusterUsageMetrics": usage,
        "GetClusterLogs": { call, request in
            let cluster = try cluster(call, request)
            let range = range(request, call, days: 3, since: cluster.created)
            let lines = try ClusterLog.lines(of: cluster, range, call.moment)
            return call.list(entries(lines, call))
        },
        "GetClusterEvents": { call, request in
            let cluster = try cluster(call, request)
            // Kubernetes tells of events, and only hybrid clusters stand in one that is known.
            guard cluster.message.string(.cloudProviderID) == "hybrid" else {
                return call.response
            }
            let range = range(request, call, days: 7, since: cluster.created)
            let events = try ClusterLog.kubernetesEvents(of: cluster, range, call.moment)
            return call.list(entries(events, call))
        },
        "GetClusterInferenceMetrics": inference,
        "ListClusterAlerts": { call, request in
            let cluster = try cluster(call, request)
            try ClusterAlerts.evaluate(cluster, call.moment)
            let state = request.optionalInteger(.state) ?? 0
            let alerts = try call.transaction.records(.alert, parent: cluster.id)
                .map(\.message)
                .filter { state == 0 || $0.integer(.state) == state }
                .sorted {
                    ($0.message(.lastFiringAt)?.nanoseconds ?? 0)
                        > ($1.message(.lastFiringAt)?.nanoseconds ?? 0)
                }
            return call.list(alerts, in: .alerts)
        },
    ]

    private static func cluster(_ call: Call, _ request: Message) throws -> Record {
        try call.find(.cluster, request.string(.clusterID), "cluster")
    }

    /// The requested time range, limited to the time between creation and now.
    private static func range(
        _ request: Message, _ call: Call, days: Int, since created: Int64
    ) -> Range<Int64> {
        let until = min(request.message(.until)?.nanoseconds ?? call.now, call.now)
        let asked =
            request.message(.since)?.nanoseconds ?? until - Int64(days) * Nanoseconds.day
        let since = max(asked, created)
        return since < until ? since..<until : until..<until
    }

    private static func entries(_ lines: [ClusterLog.Line], _ call: Call) -> [Message] {
        lines.map { line in
            var entry = call.response.new(.items)
            entry.set(.timestamp, call.world.timestamp(line.moment))
            entry.set(.message, line.text)
            return entry
        }
    }

    // MARK: - Summary

    private static func summary(
        _ node: Int, _ name: String, _ load: ClusterLoad, _ call: Call
    ) -> Message {
        var message = call.response.new(.nodes)
        message.set(.nodeID, name)
        for gauge in ClusterLoad.Gauge.allCases where load.has(gauge) && gauge.isOfNode {
            message.edit(gauge.field) { overview in
                overview.set(
                    .avg,
                    [60, 300, 3600].map { seconds in
                        var average = overview.new(.avg)
                        let window = Int64(seconds) * Nanoseconds.second
                        average.set(.interval, call.world.duration(window))
                        average.set(
                            .value,
                            load.average(gauge, node, from: call.now - window, to: call.now))
                        return average
                    })
                overview.edit(.total) {
                    $0.set(.value, load.total(gauge))
                    $0.set(.unit, gauge.unit)
                }
            }
        }
        return message
    }

    // MARK: - Usage

    private static func usage(_ call: Call, _ request: Message) throws -> Message {
        let cluster = try cluster(call, request)
        let load = try ClusterLoad(cluster, call.moment)
        let until = min(request.message(.until)?.nanoseconds ?? call.now, call.now)
        let asked = request.message(.since)?.nanoseconds ?? until - Nanoseconds.hour
        let since = max(asked, cluster.created)
        var response = call.response
        guard since < until else { return response }
        // At most so many samples, on whole minutes.
        let wanted = (until - since) / 120
        let step =
            max(1, (wanted + Nanoseconds.minute - 1) / Nanoseconds.minute) * Nanoseconds.minute
        let first = (since + step - 1) / step * step
        let times = Array(stride(from: first, to: until, by: Int64.Stride(step)))
        let nodes = load.nodeCount
        let aggregate = aggregator(request.optionalInteger(.aggregator) ?? 1)
        for gauge in ClusterLoad.Gauge.allCases where load.has(gauge) {
            response.set(
                gauge.field,
                times.compactMap { time in
                    let values = (0..<nodes).compactMap { load.value(gauge, $0, at: time) }
                    guard !values.isEmpty else { return nil }
                    return sample(
                        time, aggregate(values), response.new(gauge.field), call)
                })
        }
        response.set(
            .nodes,
            (0..<nodes).map { node in
                var message = response.new(.nodes)
                message.set(.nodeID, load.nodeName(node))
                for gauge in ClusterLoad.Gauge.allCases where load.has(gauge) && gauge.isOfNode {
                    message.set(
                        gauge.field,
                        times.compactMap { time in
                            load.value(gauge, node, at: time).map {
                                sample(time, $0, message.new(gauge.field), call)
                            }
                        })
                }
                return message
            })
        return response
    }

    private static func aggregator(_ number: Int) -> ([Double]) -> Double {
        switch number {
        case 2: { $0.reduce(0, +) / Double($0.count) }
        case 3: { $0.max() ?? 0 }
        case 4: { $0.min() ?? 0 }
        default: { $0.reduce(0, +) }
        }
    }

    private static func sample(
        _ time: Int64, _ value: Double, _ empty: Message, _ call: Call
    ) -> Message {
        var sample = empty
        sample.set(.timestamp, call.world.timestamp(time))
        sample.set(.value, (value * 1000).rounded() / 1000)
        return sample
    }

    // MARK: - Inference

    private static func inference(_ call: Call, _ request: Message) throws -> Message {
        let cluster = try cluster(call, request)
        let range = range(request, call, days: 7, since: cluster.created)
        let wanted = request.optionalString(.inferenceModelID)
        let spans = try call.transaction.spans(.cluster, subject: cluster.id)
        let names = Set(spans.flatMap(InferenceUse.models))
        let models = InferenceModel.all.filter {
            names.contains($0.name) && (wanted == nil || wanted == $0.id || wanted == $0.name)
        }
        let buckets = buckets(range, request.optionalInteger(.interval) ?? 1)
        return call.list(
            models.map { model in
                var message = call.response.new(.models)
                message.set(.inferenceModelID, model.id)
                message.set(
                    .values,
                    buckets.map { bucket in
                        let tokens = spans.filter {
                            InferenceUse.models(of: $0).contains(model.name)
                        }
                        .reduce(0) { sum, span in
                            sum
                                + InferenceUse.tokens(
                                    cluster.id, model.name,
                                    from: max(bucket.lowerBound, span.begun),
                                    to: min(bucket.upperBound, span.ended ?? .max))
                        }
                        return sample(
                            bucket.lowerBound, Double(tokens), message.new(.values), call)
                    })
                return message
            }, in: .models)
    }

    /// Days, weeks from Monday on, or months, cut to a range.
    private static func buckets(_ range: Range<Int64>, _ interval: Int) -> [Range<Int64>] {
        var buckets: [Range<Int64>] = []
        var begin = range.lowerBound
        while begin < range.upperBound {
            let end: Int64
            switch interval {
            case 3: end = CalendarMonth(containing: begin).end
            case 2:
                // 1970-01-05 was a Monday.
                let week = 7 * Nanoseconds.day
                end = ((begin - 4 * Nanoseconds.day) / week + 1) * week + 4 * Nanoseconds.day
            default: end = (begin / Nanoseconds.day + 1) * Nanoseconds.day
            }
            // The last month of the sandbox's time has no end.
            guard end > begin else {
                buckets.append(begin..<range.upperBound)
                break
            }
            buckets.append(begin..<min(end, range.upperBound))
            begin = end
        }
        return buckets
    }
}
