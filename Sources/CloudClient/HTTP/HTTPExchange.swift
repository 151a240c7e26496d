import GRPCProtocol

/// One HTTP request and its answer, whatever it is about.
public enum HTTPExchange {
    /// A request.
    public struct Request {
        public var verb: String
        /// The whole URL.
        public var url: String
        public var headers: [(name: String, value: String)]
        public var body: [UInt8]

        /// Creates a request.
        public init(
            _ verb: String, _ url: String, headers: [(name: String, value: String)] = [],
            body: [UInt8] = []
        ) {
            self.verb = verb
            self.url = url
            self.headers = headers
            self.body = body
        }
    }

    /// A response.
    public struct Response {
        public let status: Int
        public let body: [UInt8]
    }

    /// Something that can be stopped.
    public final class Running {
        fileprivate var stop: () -> Void = {}

        /// Ends the exchange; its completion is not called.
        public func cancel() { stop() }
    }

    /// Begins an exchange.
    ///
    /// - Parameter completion: called once, from the loop.
    public static func start(
        _ request: Request, _ settings: ConnectionSettings, of client: HTTPClient,
        completion: @escaping (Result<Response, CallError>) -> Void
    ) -> Running {
        let running = Running()
        var asked = HTTPStream.Request(request.verb, request.url)
        asked.headers = request.headers
        asked.body = request.verb == "GET" ? nil : request.body
        asked.settings = settings
        do throws(CallError) {
            var received: [UInt8] = []
            var stream: HTTPStream?
            func finish(_ result: Result<Response, CallError>) {
                stream?.close()
                stream = nil
                completion(result)
            }
            func readOn(_ status: Int) {
                stream?.read { piece in
                    switch piece {
                    case .success(let bytes?):
                        received += bytes
                        guard received.count <= settings.maximumResponseSize else {
                            return finish(
                                .failure(.transport(.resourceExhausted, "the answer is too large")))
                        }
                        readOn(status)
                    case .success(nil): finish(.success(Response(status: status, body: received)))
                    case .failure(let error): finish(.failure(error))
                    }
                }
            }
            stream = try HTTPStream(asked, of: client) { head in
                switch head {
                case .success(let head): readOn(head.status)
                case .failure(let error): finish(.failure(error))
                }
            }
            running.stop = {
                stream?.close()
                stream = nil
            }
        } catch {
            client.enqueue { completion(.failure(error)) }
        }
        return running
    }
}
