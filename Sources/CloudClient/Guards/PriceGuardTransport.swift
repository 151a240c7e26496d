import Codec
import Contract
import GRPCProtocol

/// Quotes what a call would create or scale before it leaves, and refuses what costs too much.
public final class PriceGuardTransport: Transport {
    /// How a method's request becomes a quote's.
    struct Rule {
        /// The cluster is in the request itself, or in the answer to another call, whose request takes
        /// fields of this one.
        enum Source {
            case request
            case reading(method: String, fields: [String: String], path: [String])
        }

        let method: String
        let source: Source
    }

    /// The methods that change what is paid by the hour.
    static let rules = [
        Rule(
            method: "/qdrant.cloud.cluster.v1.ClusterService/CreateCluster",
            source: .request),
        Rule(
            method: "/qdrant.cloud.cluster.v1.ClusterService/UpdateCluster",
            source: .request),
        Rule(
            method: "/qdrant.cloud.cluster.v1.ClusterService/CreateClusterFromBackup",
            source: .reading(
                method: "/qdrant.cloud.cluster.backup.v1.BackupService/GetBackup",
                fields: ["account_id": "account_id", "backup_id": "backup_id"],
                path: ["backup", "cluster_info"])),
        Rule(
            method: "/qdrant.cloud.cluster.v1.ClusterService/UnsuspendCluster",
            source: .reading(
                method: "/qdrant.cloud.cluster.v1.ClusterService/GetCluster",
                fields: ["account_id": "account_id", "cluster_id": "cluster_id"],
                path: ["cluster"])),
    ]
    /// Fields of the quote's request by their paths in a cluster.
    static let quoteFields: KeyValuePairs<String, String> = [
        "cloud_provider_id": "cloud_provider_id",
        "cloud_provider_region_id": "cloud_provider_region_id",
        "number_of_nodes": "configuration.number_of_nodes",
        "package_id": "configuration.package_id",
        "additional_disk_gib": "configuration.additional_resources.disk",
        "storage_tier_type": "configuration.cluster_storage_configuration.storage_tier_type",
    ]
    /// A unit of the currency, in the quote's millicents.
    private static let unit = 100_000.0

    private let inner: any Transport
    private let limit: Double

    /// Puts a guard around a way to the API.
    ///
    /// - Parameter limit: the most that a cluster may cost an hour, in the currency of its quote.
    public init(_ inner: any Transport, limit: Double) {
        self.inner = inner
        self.limit = limit
    }

    public func start(
        _ call: OutgoingCall, completion: @escaping (Result<Reply, CallError>) -> Void
    ) -> any RunningCall {
        guard let rule = Self.rules.first(where: { $0.method == call.method.path }) else {
            return inner.start(call, completion: completion)
        }
        let chain = SteppedCall()
        find(rule, call, chain) { [self] found in
            switch found {
            case .success(let cluster): quote(cluster, call, chain, completion)
            case .failure(let error): completion(.failure(Self.unquoted(error, call)))
            }
        }
        return chain
    }

    public func close() { inner.close() }

    /// The cluster as it would be.
    private func find(
        _ rule: Rule, _ call: OutgoingCall, _ chain: SteppedCall,
        _ completion: @escaping (Result<Message, CallError>) -> Void
    ) {
        switch rule.source {
        case .request:
            PendingChange(call: call).outcome(through: inner, in: chain) { result in
                completion(
                    result.flatMap { outcome in
                        outcome.map { .success($0.after) } ?? .failure(Self.broken(call))
                    })
            }
        case .reading(let path, let fields, let steps):
            guard let method = try? Registry.embedded.method(path: path) else {
                return completion(.failure(Self.broken(call)))
            }
            var request = Message(method.input)
            for (target, origin) in fields {
                request.setValue(call.request.value(at: [origin]), at: [target])
            }
            chain.read(call.reading(method, request), through: inner) { answer in
                completion(
                    answer.flatMap { message in
                        if case .message(let cluster)? = message.value(at: steps) {
                            return .success(cluster)
                        }
                        return .failure(Self.broken(call))
                    })
            }
        }
    }

    private func quote(
        _ cluster: Message, _ call: OutgoingCall, _ chain: SteppedCall,
        _ completion: @escaping (Result<Reply, CallError>) -> Void
    ) {
        guard let method = try? Registry.embedded.method(path: KnownMethods.getQuote) else {
            return completion(.failure(Self.broken(call)))
        }
        var request = Message(method.input)
        if let path = call.method.accountIDPath {
            request.setValue(call.request.value(at: path), at: ["account_id"])
        }
        for (target, origin) in Self.quoteFields {
            guard let value = cluster.value(at: PendingChange.steps(origin)) else { continue }
            request.setValue(value, at: [target])
        }
        chain.read(call.reading(method, request), through: inner) { [self] answer in
            switch answer {
            case .failure(let error): completion(.failure(Self.unquoted(error, call)))
            case .success(let quote):
                let price = Double(quote.integer(.discountedPricePerHour)) / Self.unit
                guard price <= limit else {
                    return completion(.failure(tooDear(price, quote.string(.currency), call)))
                }
                guard !chain.isCancelled else { return }
                chain.step = inner.start(call, completion: completion)
            }
        }
    }

    // MARK: - Errors

    private func tooDear(_ price: Double, _ currency: String, _ call: OutgoingCall) -> CallError {
        refusal(
            "it would cost \(Self.amount(price)) \(currency) per hour; --max-hourly-price allows "
                + "\(Self.amount(limit))", call)
    }

    /// An amount with as many digits as it needs, two at least.
    private static func amount(_ value: Double) -> String {
        // A price that no number of cents can say is as a float says it.
        guard let scaled = Int64(exactly: (value * 100_000).rounded()) else { return "\(value)" }
        var fraction = String(scaled % 100_000 + 100_000).dropFirst()
        while fraction.count > 2, fraction.hasSuffix("0") { fraction = fraction.dropLast() }
        return "\(scaled / 100_000).\(fraction)"
    }

    private func refusal(_ sentence: String, _ call: OutgoingCall) -> CallError {
        var error = CallError(.failedPrecondition, sentence, origin: .bound)
        error.method = call.method.displayName
        error.wasNotExecuted = true
        return error
    }

    /// Without a price nothing is bought.
    private static func unquoted(_ error: CallError, _ call: OutgoingCall) -> CallError {
        var error = error
        error.message = "its price cannot be determined (--max-hourly-price): " + error.description
        error.method = call.method.displayName
        error.outcomeIsUnknown = false
        error.wasNotExecuted = true
        return error
    }

    private static func broken(_ call: OutgoingCall) -> CallError {
        var error = CallError(
            .internal, "the contract does not say which fields determine its price", origin: .local)
        error.method = call.method.displayName
        return error
    }
}
