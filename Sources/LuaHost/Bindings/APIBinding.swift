import CloudClient
import Codec
import Contract
import GRPCProtocol
import LuaMachine
import LuaMessages
import LuaReference

/// The host functions that implement `qdrant.api`: the contract's modules and methods, and calls.
final class APIBinding {
    private let machine: LuaMachine
    private let registry: Registry
    private var sessions: [Session] = []
    private let connect: (LuaTable) throws(LuaFailure) -> Session
    private let note: (String) -> Void
    private let bound: PermissionBound
    private var methods: [Method] = []
    private var numbers: [ObjectIdentifier: Int] = [:]

    init(
        machine: LuaMachine, registry: Registry,
        connect: @escaping (LuaTable) throws(LuaFailure) -> Session,
        note: @escaping (String) -> Void, bound: PermissionBound
    ) {
        self.note = note
        self.bound = bound
        self.machine = machine
        self.registry = registry
        self.connect = connect
    }

    /// Declares the functions of the host that reach the API.
    func register(in functions: inout HostFunctions) {
        registerSessions(in: &functions)
        registerContract(in: &functions)
        registerMessages(in: &functions)
    }

    private func registerSessions(in functions: inout HostFunctions) {
        functions.declare(
            "connect", .table, needs: ["connect:hosts", "use:accounts", "use:contexts"]
        ) { [unowned self] call, options in
            try checkConnection(options)
            do throws(LuaFailure) {
                sessions.append(try connect(options))
            } catch {
                throw HostError.message(error.description)
            }
            call.results.put(sessions.count)
        }
        functions.declare("session_info", session) { [unowned self] call, session in
            writeSession(session, call.results)
        }
        // session_uses(session, prefix): whether the session's management key is the one with a prefix
        functions.declare("session_uses", session, .string) { call, session, prefix in
            call.results.put(session.usesKey(withPrefix: prefix))
        }
        // call(session, method, request, options) → the response, and whether a dry run made it up
        functions.declareWaiting("call", session, method) { [unowned self] call, session, method in
            try self.call(session, method, call)
        }
    }

    private func registerContract(in functions: inout HostFunctions) {
        functions.declare("api_module", .string) { [unowned self] call, name in
            try writeModule(name, call.results)
        }
        functions.declare("method_info", method) { [unowned self] call, method in
            write(method, call.results)
        }
        functions.declare("method_page", method) { [registry] call, method in
            let subject = ReferenceSubject.method(method)
            call.results.put(APIReference(registry: registry).page(subject).plain)
        }
        // enum_value(type, value) → the full name of what is meant or nil, the names that there are
        functions.declare("enum_value", enumeration, .any) { call, type, value in
            let number =
                value.text.flatMap { type.number(looselyNamed: $0) }
                ?? value.integer.flatMap { Int32(exactly: $0) }
            call.results.put(optional: number.flatMap { type.name(of: $0) })
            call.results.list { for choice in type.choices { call.results.put(choice) } }
        }
    }

    private func registerMessages(in functions: inout HostFunctions) {
        // message(type, table) → the table as a message of the type, as it would be sent and read
        functions.declare("message", message) { call, type in
            do throws(CodecError) {
                let message = try RequestReader(call.arguments, types: call.machine.types).message(
                    type)
                var sink = TapeSink(call.results, machine: call.machine)
                sink.write(message)
            } catch {
                throw HostError.message(error.description)
            }
        }
        // request_problem(session, type, table) → what the contract has against a request, or nil;
        // ids of the account are left to the session
        functions.declare("request_problem", session, message) { call, session, type in
            do throws(CodecError) {
                let message = try RequestReader(call.arguments, types: call.machine.types).message(
                    type)
                let problems = session.violations(in: message).filter {
                    !$0.path.hasSuffix(FieldName.accountID.text)
                }
                call.results.put(
                    optional: problems.isEmpty
                        ? nil : problems.map(\.description).joined(separator: "; "))
            } catch {
                call.results.put(error.description)
            }
        }
    }

    // MARK: - Parameters

    private var session: Parameter<Session> {
        .numbered(otherwise: "this session is closed") { [unowned self] in
            sessions.element(numbered: $0)
        }
    }

    private var method: Parameter<Method> {
        .numbered(otherwise: "no such method") { [unowned self] in methods.element(numbered: $0) }
    }

    /// The full name of a message of the contract.
    private var message: Parameter<MessageType> {
        .named(otherwise: "the API has no message") { [registry] in
            (try? registry.message(named: $0)) ?? nil
        }
    }

    /// The full name of an enumeration of the contract.
    private var enumeration: Parameter<EnumType> {
        .named(otherwise: "the API has no enumeration") { [registry] in
            (try? registry.enumType(named: $0)) ?? nil
        }
    }

    /// Throws when a script asks for a host, an account or a context that it may not use.
    private func checkConnection(_ options: LuaTable) throws(HostError) {
        for name in ["endpoint", "rest_endpoint"] {
            guard let text = options[name]?.text else { continue }
            let host = (try? Endpoint(text))?.host ?? text
            try machine.refuse(bound.refusal(of: "connect:hosts", host))
        }
        if let account = options["account"]?.text, account != sessions.first?.accountID {
            try machine.refuse(bound.refusal(of: "use:accounts", account))
        }
        if let context = options["context"]?.text {
            try machine.refuse(bound.refusal(of: "use:contexts", context))
        }
    }

    private func number(of method: Method) -> Int {
        if let known = numbers[ObjectIdentifier(method)] { return known }
        methods.append(method)
        numbers[ObjectIdentifier(method)] = methods.count
        return methods.count
    }

    private func writeSession(_ session: Session, _ writer: TapeWriter) {
        let configuration = session.configuration
        writer.table {
            if let account = session.accountID {
                writer.put("account_id")
                writer.put(account)
            }
            if let context = configuration.contextName {
                writer.put("context")
                writer.put(context)
            }
            writer.put("endpoint")
            writer.put(configuration.endpoint.url)
            writer.put("rest_endpoint")
            writer.put(configuration.restEndpoint.url)
            writer.put("transport")
            writer.put(configuration.transport.rawValue)
            if let retries = configuration.retries {
                writer.put("retries")
                writer.put(retries)
            }
            writer.put("credential")
            writer.put(configuration.credential.description)
        }
    }

    // MARK: - Modules

    /// Writes what stands under a module's name: its methods by their newest version, its versions
    /// and the modules below it. Writes nil when there is nothing.
    private func writeModule(_ name: String, _ writer: TapeWriter) throws(HostError) {
        let found: APIModules.Module?
        do throws(ContractError) {
            found = try APIModules(registry: registry).module(name)
        } catch {
            throw .message(error.description)
        }
        guard let module = found else { return writer.putNil() }
        writer.table {
            writer.put("methods")
            writer.table {
                for (name, method) in module.methods {
                    writer.put(name)
                    writer.put(number(of: method))
                }
            }
            writer.put("children")
            writer.list { for child in module.children { writer.put(child) } }
        }
    }

    private func write(_ method: Method, _ writer: TapeWriter) {
        writer.table {
            writer.put("name")
            writer.put(method.displayName)
            writer.put("path")
            writer.put(method.path)
            writer.put("request")
            writer.put(method.input.fullName)
            writer.put("response")
            writer.put(method.output.fullName)
            if let route = method.route {
                writer.put("http")
                writer.put("\(route.verb) \(route.template)")
            }
            writer.put("permissions")
            writer.list { for one in method.options.checkedPermissions { writer.put(one) } }
            writer.put("deprecated")
            writer.put(method.options.isDeprecated)
            writer.put("paginated")
            writer.put(
                method.input.field(named: "page_token") != nil
                    && method.output.field(named: "next_page_token") != nil)
            if let items = method.itemsField {
                writer.put("items")
                writer.put(items.name)
            }
        }
    }

    // MARK: - Calls

    private func call(
        _ session: Session, _ method: Method, _ call: LuaMachine.HostCall
    ) throws(HostError) -> LuaMachine.HostResult {
        let machine = call.machine
        let request: Message
        let reader = RequestReader(call.arguments, types: call.machine.types)
        let secrets = reader.secrets
        do throws(CodecError) {
            request = try reader.message(method.input)
        } catch {
            let refusal = secrets.masked(ErrorObject.refusal(error, of: method))
            throw .value { ErrorObject.write(refusal, to: $0, machine: machine) }
        }
        let options = try options(call.arguments.value(), method)
        // A change is not given up: whether it was made would not be known.
        let kind = method.isRead ? LuaMachine.WaitKind.outer : .committed(method.displayName)
        return .wait(as: kind) { [note] resumption in
            let running = session.call(method, request, options: options) { result in
                if resumption.isUnwanted {
                    note(result.mapError { secrets.masked($0) }.fate(of: method.displayName))
                }
                switch result {
                case .success(let reply):
                    Self.succeed(resumption, reply, method, machine)
                case .failure(let failure):
                    let error = secrets.masked(failure)
                    resumption.fail { ErrorObject.write(error, to: $0, machine: machine) }
                }
            }
            return {
                running.cancel()
                guard kind != .outer else { return }
                note(
                    "\(method.displayName) was abandoned in flight; "
                        + "it may or may not have been executed"
                )
            }
        }
    }

    private static func succeed(
        _ resumption: LuaMachine.Resumption, _ reply: Reply, _ method: Method,
        _ machine: LuaMachine
    ) {
        var failure: CodecError?
        resumption.complete { writer in
            var sink = TapeSink(writer, machine: machine)
            do throws(CodecError) {
                try reply.decode(as: method.output, into: &sink)
                if reply.isEcho { writer.put(true) }
                return true
            } catch {
                failure = error
                return false
            }
        } otherwise: { writer in
            var error = CallError(
                .internal, "the answer cannot be read: \(failure?.description ?? "")",
                origin: .transport)
            error.method = method.displayName
            error.traceID = reply.traceID
            error.outcomeIsUnknown = false
            ErrorObject.write(error, to: writer, machine: machine)
        }
    }

    /// What a call's second argument may hold.
    private func options(_ value: LuaValue, _ method: Method) throws(HostError) -> CallOptions {
        var options = CallOptions()
        guard let table = value.table else {
            if case .nil = value { return options }
            throw .message("call options must be a table, got a \(value.typeName)")
        }
        for (key, value) in table.entries {
            switch (key.text, value) {
            case ("timeout", _):
                guard let seconds = value.number, seconds > 0, seconds < 1e9 else {
                    throw .message("the option timeout must be a positive number of seconds")
                }
                options.timeout = Int64(seconds * 1e9)
            case ("retries", _):
                guard let count = value.integer, (0...100).contains(count) else {
                    throw .message("the option retries must be an integer from 0 to 100")
                }
                options.retries = Int(count)
            case ("transport", _):
                guard let kind = value.text.flatMap(TransportKind.init) else {
                    throw .message("the option transport must be \"grpc\" or \"rest\"")
                }
                options.transport = kind
            case ("account_id", _):
                guard let account = value.text else {
                    throw .message("the option account_id must be a string")
                }
                options.accountID = account
            default:
                let name = key.text ?? key.typeName
                let hint = Names.suggestion(Names.nearest(to: name, in: CallOptionNames.all))
                throw .message(
                    "unknown call option \"\(name)\"\(hint); expected one of "
                        + CallOptionNames.all.joined(separator: ", "))
            }
        }
        return options
    }
}
