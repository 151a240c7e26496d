import Contract
import GRPCProtocol

/// Asks a server for its API by reflection: version 1, then 1alpha.
public final class ReflectionClient {
    private let transport: GRPCTransport
    private let metadata: [(name: String, value: String)]
    private let deadline: Int64?
    private let completion: (Result<[UInt8], CallError>) -> Void
    private var paths = ReflectionFormat.paths[...]
    private var pendingSymbols: [String] = []
    private var pendingFiles: [String] = []
    private var files: [String: [UInt8]] = [:]
    /// The imports that were seen.
    private var known: Set<String> = []
    private var order: [String] = []
    private var size = 0
    /// How large a description may be, in bytes.
    private static let largest = 64 << 20

    private init(
        _ transport: GRPCTransport, metadata: [(name: String, value: String)], deadline: Int64?,
        _ completion: @escaping (Result<[UInt8], CallError>) -> Void
    ) {
        self.transport = transport
        self.metadata = metadata
        self.deadline = deadline
        self.completion = completion
    }

    /// Fetches the files of all services but gRPC's own, with what they import, as a
    /// FileDescriptorSet.
    ///
    /// - Parameters:
    ///   - metadata: headers, lower-case.
    ///   - deadline: the time by which the fetch must end, on the loop's clock; nil for none.
    ///   - completion: called once, from the loop.
    public static func fetch(
        over transport: GRPCTransport, metadata: [(name: String, value: String)] = [],
        deadline: Int64? = nil, completion: @escaping (Result<[UInt8], CallError>) -> Void
    ) {
        // What runs keeps its completion, which keeps the client.
        ReflectionClient(transport, metadata: metadata, deadline: deadline, completion).begin()
    }

    private func begin() {
        ask(.services) { [self] result in
            switch result {
            case .success(.services(let names)):
                pendingSymbols = names.filter { !$0.hasPrefix("grpc.") }.reversed()
                goOn()
            case .failure(let error) where error.code == .unimplemented && paths.count > 1:
                paths = paths.dropFirst()
                begin()
            case .success(.error(let code, let message)): fail(code, message, "its services")
            case .success: fail(13, "unexpected response", "its services")
            case .failure(let error): completion(.failure(error))
            }
        }
    }

    private func goOn() {
        while let name = pendingFiles.popLast() {
            if files[name] == nil { return fetch(.file(name), name) }
        }
        if let symbol = pendingSymbols.popLast() { return fetch(.symbol(symbol), symbol) }
        completion(.success(ReflectionFormat.descriptorSet(order.compactMap { files[$0] })))
    }

    private func fetch(_ request: ReflectionFormat.Request, _ what: String) {
        ask(request) { [self] result in
            switch result {
            case .success(.files(let found)): take(found)
            case .success(.error(let code, let message)): fail(code, message, what)
            case .success: fail(13, "unexpected response", what)
            case .failure(let error): completion(.failure(error))
            }
        }
    }

    private func take(_ found: [[UInt8]]) {
        size += found.reduce(0) { $0 + $1.count }
        guard size <= Self.largest else { return fail(8, "it is too large", "its API") }
        do throws(ContractError) {
            for bytes in found {
                let (name, imports) = try ReflectionFormat.header(ofFile: bytes)
                if files.updateValue(bytes, forKey: name) == nil { order.append(name) }
                // Each file is asked for once.
                pendingFiles += imports.filter { known.insert($0).inserted }
            }
            goOn()
        } catch {
            fail(13, error.description, "a file")
        }
    }

    private func fail(_ code: Int, _ message: String, _ what: String) {
        completion(
            .failure(
                CallError(
                    StatusCode(rawValue: code) ?? .unknown,
                    "the server does not describe \(what): \(message)", origin: .server)))
    }

    private func ask(
        _ request: ReflectionFormat.Request,
        _ completion: @escaping (Result<ReflectionFormat.Response, CallError>) -> Void
    ) {
        // One request and one answer on a stream that could carry more: to the server no different
        // from a unary call.
        let path = paths.first ?? ""
        transport.start(
            path: path, body: MessageFrame.framed(request.serialized), metadata: metadata,
            deadline: deadline
        ) { result in
            completion(
                result.flatMap { reply in
                    guard let response = try? ReflectionFormat.Response(reply.body) else {
                        return .failure(
                            CallError(
                                .internal, "the server's reflection response cannot be read",
                                origin: .transport))
                    }
                    return .success(response)
                })
        }
    }
}
