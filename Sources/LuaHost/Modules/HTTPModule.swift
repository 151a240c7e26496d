import CloudClient
import Contract
import LuaMachine

/// What `host/http.lua` is built from: exchanges that are read piece by piece.
final class HTTPModule {
    private let machine: LuaMachine
    private let client: HTTPClient
    private let actions: LocalActions
    private let settings: ConnectionSettings
    private var streams: [Int64: HTTPStream] = [:]
    private var lastNumber: Int64 = 0

    init(machine: LuaMachine, actions: LocalActions, settings: ConnectionSettings) {
        self.machine = machine
        client = HTTPClient(loop: machine.loop)
        self.actions = actions
        self.settings = settings
    }

    /// The public functions that send requests.
    private static let asking = "http.request"

    func register(in functions: inout HostFunctions) {
        // http_open(verb, url, headers, body, options) → number, status, headers
        functions.declareWaiting(
            "http_open", needs: ["connect:hosts", "read:files"], recording: .use(about: 2)
        ) { [unowned self] call in
            let request = try request(call.arguments)
            try actions.send(request.verb, request.url, by: Self.asking)
            let isQuestion = LocalActions.isQuestion(request.verb)
            let address = HTTPAddress(request.url)
            let name = "\(request.verb) \(address?.host ?? "")"
            return .wait(as: isQuestion ? .outer : .committed(name)) { [unowned self] resumption in
                open(request, resumption)
            }
        }
        let stream = Parameter<HTTPStream>.numbered(otherwise: "the response is closed") {
            [unowned self] in streams[$0]
        }
        functions.declareWaiting("http_read", stream, recording: .use(about: 1)) {
            [machine] _, stream in
            .wait { resumption in
                stream.read { piece in
                    switch piece {
                    case .success(let bytes?):
                        resumption.succeed { writer in bytes.withUnsafeBytes { writer.put($0) } }
                    case .success(nil): resumption.succeed { $0.putNil() }
                    case .failure(let error): Self.fail(resumption, error, machine)
                    }
                }
                return { stream.close() }
            }
        }
        functions.declare("http_close", .integer) { [unowned self] _, number in
            streams.removeValue(forKey: number)?.close()
        }
        // http_pause(text, date, now) → how many seconds the header retry-after asks to wait, or nil
        functions.declare("http_pause", .string, .string, .integer) { call, text, date, now in
            let pause = RetryAfter.nanoseconds(text, present: date.isEmpty ? nil : date, now: now)
            if let pause { call.results.put(Double(pause) / 1e9) }
        }
        // url_masked(text) → the text without the credentials of its URLs
        functions.declare("url_masked", .string) { call, text in
            call.results.put(URLMask.masked(text))
        }
        // url_without_credentials(url) → the URL without its user and password
        functions.declare("url_without_credentials", .string) { call, url in
            call.results.put(URLMask.withoutCredentials(url))
        }
        functions.declare("http_origin", .string) { call, url in
            let address = HTTPAddress(url)
            call.results.put(optional: address.map { "\($0.isSecure) \($0.host) \($0.port)" })
        }
    }

    private func open(
        _ request: HTTPStream.Request, _ resumption: LuaMachine.Resumption
    ) -> (() -> Void)? {
        lastNumber += 1
        let number = lastNumber
        do throws(CallError) {
            let stream = try HTTPStream(request, of: client) { [unowned self] head in
                switch head {
                case .success(let head):
                    resumption.succeed { writer in
                        writer.put(number)
                        writer.put(head.status)
                        writer.list {
                            for (name, value) in head.headers {
                                writer.list {
                                    writer.put(name)
                                    writer.put(value)
                                }
                            }
                        }
                    }
                case .failure(let error):
                    streams[number] = nil
                    Self.fail(resumption, error, machine)
                }
            }
            streams[number] = stream
            return { [unowned self] in streams.removeValue(forKey: number)?.close() }
        } catch {
            Self.fail(resumption, error, machine)
            return nil
        }
    }

    private static func fail(
        _ resumption: LuaMachine.Resumption, _ error: CallError, _ machine: LuaMachine
    ) {
        resumption.fail { ErrorObject.write(error, to: $0, machine: machine) }
    }

    // MARK: - Requests

    private func request(_ arguments: TapeReader) throws(HostError) -> HTTPStream.Request {
        let verb = arguments.value().text ?? "GET"
        let url = arguments.value().text ?? ""
        let address = try address(verb, url)
        try actions.ask("connect:hosts", address.host, by: Self.asking)
        var request = HTTPStream.Request(verb, url)
        request.settings = settings
        let fields = arguments.value().table
        var holdsSecrets = try Self.addHeaders(fields, to: &request)
        switch arguments.value() {
        case .string(let bytes): request.body = bytes
        case .secret(let bytes):
            request.body = bytes
            holdsSecrets = true
        default: break
        }
        guard address.isSecure || address.isLoopback || !holdsSecrets else {
            throw .message(
                "http://\(address.host) would expose the credential to the network; use https://")
        }
        try addOptions(arguments.value().table, to: &request)
        return request
    }

    /// The address of a URL that a request with a verb can be sent to.
    private func address(_ verb: String, _ url: String) throws(HostError) -> HTTPAddress {
        guard let address = HTTPAddress(url) else {
            throw .message("\"\(url)\" is not an http or https URL")
        }
        guard verb.allSatisfy({ $0.isLetter && $0.isASCII }), !verb.isEmpty else {
            throw .message("\"\(verb)\" is not an HTTP method")
        }
        guard !address.hasUser else {
            throw .message("a URL must not contain credentials; use the option auth instead")
        }
        guard !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) else {
            throw .message("\"\(url)\" contains blanks or control characters; percent-encode them")
        }
        return address
    }

    /// Adds header fields: a list of pairs of a name and a value.
    ///
    /// - Returns: whether one of them is a credential.
    private static func addHeaders(
        _ fields: LuaTable?, to request: inout HTTPStream.Request
    ) throws(HostError) -> Bool {
        var holdsSecrets = false
        for pair in fields?.entries ?? [] {
            guard let entry = pair.value.table?.array, entry.count == 2, let name = entry[0].text,
                let value = headerText(entry[1])
            else { throw .message("headers must be strings or secrets") }
            guard isToken(name) else { throw .message("invalid header name \"\(name)\"") }
            guard !value.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\t" }) else {
                throw .message("the header \(name) has control characters")
            }
            if case .secret = entry[1] { holdsSecrets = true }
            let lower = name.lowercased()
            if ["authorization", "cookie", "api-key", "proxy-authorization"].contains(lower) {
                holdsSecrets = true
            }
            request.headers.append((lower, value))
        }
        return holdsSecrets
    }

    private func addOptions(
        _ options: LuaTable?, to request: inout HTTPStream.Request
    ) throws(HostError) {
        request.timeout = TimeLength.nanoseconds(options?["timeout"] ?? .nil)
        request.proxy = options?["proxy"]?.text
        if let proxy = request.proxy, !proxy.isEmpty {
            let url = proxy.contains("://") ? proxy : "http://" + proxy
            guard let host = HTTPAddress(url)?.host else {
                throw .message("the proxy \"\(proxy)\" is not an http or https URL")
            }
            try actions.ask("connect:hosts", host, by: Self.asking)
        }
        if let file = options?["ca_file"]?.text {
            try actions.ask("read:files", file, by: Self.asking)
            request.settings.caFile = file
        }
    }

    private static func headerText(_ value: LuaValue) -> String? {
        switch value {
        case .string(let bytes), .secret(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let number): "\(number)"
        default: nil
        }
    }

    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7f && !"()<>@,;:\\\"/[]?={}".utf8.contains($0)
            }
    }

}
