import ArgumentParser
import CloudClient
import Contract
import EventLoop
import GRPCProtocol
import Glibc

/// Reads descriptions of the API.
enum ContractLoader {

    /// How long a server may take to describe itself, in nanoseconds.
    private static let patience: Int64 = 30_000_000_000

    /// The contract that was chosen.
    static func load(
        _ choice: ContractChoice, options: RunOptions = RunOptions()
    ) throws(CommandError) -> Registry {
        let bytes: [UInt8]
        let name: String
        switch choice {
        case .embedded: return .embedded
        case .file(let file):
            guard let read = UserFiles.read(file) else {
                throw CommandError("cannot read \(file): \(UserFiles.reason)")
            }
            (bytes, name) = (read, file)
        case .host(let address): (bytes, name) = (try fetch(address, options), address)
        }
        do throws(ContractError) {
            let registry = try Registry(descriptorSet: bytes)
            // A description with holes is found now, not when a hole is stepped into.
            let methods = try registry.allMethods()
            guard !methods.isEmpty else {
                throw ContractError.malformed(file: name, reason: "it defines no services")
            }
            return registry
        } catch {
            throw CommandError("\(name) does not describe an API: \(error)")
        }
    }

    private static func fetch(
        _ address: String, _ options: RunOptions
    ) throws(CommandError) -> [UInt8] {
        let endpoint: Endpoint
        do throws(Endpoint.ParseError) {
            endpoint = try Endpoint(address)
        } catch {
            throw CommandError(error.description)
        }
        let loop = PollLoop(now: Clocks.monotonic)
        var settings = ConnectionSettings()
        settings.userAgent = "qcsh/\(Version.number)"
        settings.caFile = options.caFile
        let transport = GRPCTransport(endpoint: endpoint, settings: settings, loop: loop)
        var outcome: Result<[UInt8], CallError>?
        ReflectionClient.fetch(
            over: transport, metadata: credential(for: endpoint, options),
            deadline: Clocks.monotonic() + patience
        ) { outcome = $0 }
        loop.run { outcome != nil }
        transport.close()
        switch outcome {
        case .success(let bytes): return bytes
        case .failure(let error):
            throw CommandError("\(address): \(error.code.name): \(error.message)")
        case nil: throw CommandError("\(address): no answer")
        }
    }

    /// The key goes to the endpoint that it is for and to no other.
    private static func credential(
        for endpoint: Endpoint, _ options: RunOptions
    ) -> [(name: String, value: String)] {
        let own = options.endpoint ?? UserFiles.environment("QDRANT_CLOUD_ENDPOINT")
        guard let own, let known = try? Endpoint(own), known == endpoint,
            let key = UserFiles.environment("QDRANT_CLOUD_API_KEY")
        else { return [] }
        return [("authorization", "apikey " + key)]
    }
}
