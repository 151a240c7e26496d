#if canImport(Glibc)
    import Glibc
#endif
import CLuaHost
import CloudClient

/// A Lua state with host functions and tasks. Main-thread confined.
public final class LuaMachine {
    /// A call of a host function.
    public struct HostCall {
        /// The machine.
        public let machine: LuaMachine
        /// The arguments.
        public let arguments: TapeReader
        /// Where results go.
        public let results: TapeWriter
        /// Whether Lua can yield here: not inside a comparison of table.sort and its like.
        public let canYield: Bool
    }

    /// What a host function did.
    public enum HostResult {
        /// The results have been written.
        case done
        /// The results come later. The closure is called at once; it starts the work and keeps the
        /// resumption, which has to be called once. It may return how to give the work up.
        case wait((Resumption) -> (() -> Void)?)
    }

    /// A host function.
    public typealias HostFunction = (HostCall) throws -> HostResult

    /// How a task ended.
    public typealias Outcome = Result<[LuaValue], LuaFailure>

    /// Ends a wait.
    public final class Resumption {
        fileprivate let tape = OwnedTape()
        fileprivate var isComplete = false
        fileprivate var onComplete: (() -> Void)?

        /// Goes on with results.
        public func succeed(_ body: (TapeWriter) -> Void) { complete(true, body) }

        /// Goes on with an error.
        public func fail(_ body: (TapeWriter) -> Void) { complete(false, body) }

        /// Goes on with results when the first body returns true, else with the error that the
        /// second writes.
        public func complete(
            _ body: (TapeWriter) -> Bool, otherwise: (TapeWriter) -> Void
        ) {
            guard !isComplete else { return }
            tape.clear()
            tape.writer.put(true)
            if !body(tape.writer) { return fail(otherwise) }
            isComplete = true
            onComplete?()
        }

        private func complete(_ ok: Bool, _ body: (TapeWriter) -> Void) {
            guard !isComplete else { return }
            isComplete = true
            tape.clear()
            tape.writer.put(ok)
            body(tape.writer)
            onComplete?()
        }
    }

    /// A coroutine that the scheduler runs.
    public final class Task {
        fileprivate let reference: Int32
        fileprivate var input: OwnedTape
        fileprivate var giveUp: (() -> Void)?
        fileprivate let onEnd: (Outcome) -> Void
        /// Whether the task has ended or was cancelled.
        public fileprivate(set) var isOver = false

        fileprivate init(reference: Int32, input: OwnedTape, onEnd: @escaping (Outcome) -> Void) {
            self.reference = reference
            self.input = input
            self.onEnd = onEnd
        }
    }

    /// The loop that waits run on.
    public let loop: PollLoop
    private nonisolated(unsafe) let vm: OpaquePointer
    private let box: Weak
    private var functions: [HostFunction] = []
    private var definedMessages: [Bool] = []
    private var definedEnums: [Bool] = []
    /// How many fields a message of each type had last, for the size of its table.
    private var lastFields: [UInt32] = []
    /// Tasks that have not ended; nobody else need keep them.
    private var live: [ObjectIdentifier: Task] = [:]
    private var current: Task?
    private var depth = 0
    private var ready: [Task] = []
    private var isDraining = false
    private let output = OwnedTape()

    private final class Weak {
        weak var machine: LuaMachine?
    }

    /// Opens a machine.
    ///
    /// - Parameter memoryLimit: bytes that Lua may allocate; nil means no limit.
    public init(loop: PollLoop, memoryLimit: Int? = nil) throws(LuaFailure) {
        self.loop = loop
        box = Weak()
        let host = Unmanaged.passUnretained(box).toOpaque()
        let opened = qh_open(
            memoryLimit ?? 0,
            { host, function, input, output, canYield in
                guard let host, let input, let output,
                    let machine = Unmanaged<Weak>.fromOpaque(host).takeUnretainedValue().machine
                else { return Int32(QH_ERROR.rawValue) }
                return machine.dispatch(Int(function), input, output, canYield)
            }, host)
        guard let opened else { throw LuaFailure("not enough memory for Lua") }
        vm = opened
        box.machine = self
    }

    deinit { qh_close(vm) }

    /// The bytes that Lua has allocated.
    public var memoryUsed: Int { qh_memory_used(vm) }

    /// Makes a host function; the number is what ``TapeWriter/function(_:)`` takes.
    ///
    /// - Parameter keepsFunctions: whether arguments that are Lua functions come with a reference,
    ///   which the host function has to release; one of the first 64 host functions only.
    public func makeFunction(
        _ function: @escaping HostFunction, keepsFunctions: Bool = false
    ) -> UInt32 {
        functions.append(function)
        let number = UInt32(functions.count - 1)
        if keepsFunctions { qh_keep_functions(vm, number) }
        return number
    }

    // MARK: - Code

    /// What compiling ended with.
    public enum Compiled {
        /// A reference to the function; release it.
        case function(Int32)
        /// The text is the beginning of a chunk.
        case incomplete(LuaFailure)
    }

    /// Compiles a text chunk.
    ///
    /// - Parameter name: shown in messages: `@file` for a file, `=name` for anything else.
    public func compile(_ source: [UInt8], name: String) throws(LuaFailure) -> Compiled {
        var reference: Int32 = 0
        let status = source.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                qh_load(vm, $0.baseAddress, $0.count, name, &reference, output.pointer)
            }
        }
        switch qh_status(UInt32(status)) {
        case QH_DONE: return .function(reference)
        case QH_INCOMPLETE: return .incomplete(readFailure())
        default: throw readFailure()
        }
    }

    /// Calls a function to its end outside of any task; it cannot wait.
    public func call(
        _ function: Int32, _ arguments: (TapeWriter) -> Void
    ) throws(LuaFailure) -> [LuaValue] {
        let input = OwnedTape()
        let results = OwnedTape()
        arguments(input.writer)
        depth += 1
        let status = qh_call(vm, function, input.pointer, results.pointer)
        depth -= 1
        guard status == Int32(QH_DONE.rawValue) else { throw Self.failure(results.reader) }
        return results.reader.rest()
    }

    /// Releases a function.
    public func release(_ reference: Int32) { qh_release(vm, reference) }

    /// Makes running Lua code raise "interrupted". Safe in a signal handler.
    public func interrupt() { qh_interrupt(vm) }

    /// Collects garbage and forgets handles that are gone.
    public func collect() { qh_collect(vm) }

    private func readFailure() -> LuaFailure { Self.failure(output.reader) }

    private static func failure(_ reader: TapeReader) -> LuaFailure {
        let traceback = reader.value().text ?? ""
        return LuaFailure(value: reader.value(), traceback: traceback)
    }

    // MARK: - Tasks

    /// Starts a task that calls a function. It runs until it waits for the first time before this
    /// returns, unless another task is running.
    @discardableResult
    public func spawn(
        _ function: Int32, _ arguments: (TapeWriter) -> Void = { _ in },
        onEnd: @escaping (Outcome) -> Void
    ) throws(LuaFailure) -> Task {
        var reference: Int32 = 0
        let status = qh_task_new(vm, function, &reference, output.pointer)
        guard status == Int32(QH_DONE.rawValue) else { throw readFailure() }
        let input = OwnedTape()
        arguments(input.writer)
        let task = Task(reference: reference, input: input, onEnd: onEnd)
        live[ObjectIdentifier(task)] = task
        enqueue(task)
        return task
    }

    /// Runs a function as a task to its end, turning the loop meanwhile.
    public func run(
        _ function: Int32, _ arguments: (TapeWriter) -> Void = { _ in }
    ) throws(LuaFailure) -> [LuaValue] {
        var outcome: Outcome?
        try spawn(function, arguments) { outcome = $0 }
        loop.run { outcome != nil }
        return try outcome?.get() ?? []
    }

    /// Ends a task that waits or has not begun: what it waits for is given up, its to-be-closed
    /// variables run.
    public func cancel(_ task: Task) {
        guard !task.isOver, task !== current else { return }
        task.isOver = true
        live[ObjectIdentifier(task)] = nil
        task.giveUp?()
        task.giveUp = nil
        qh_release(vm, task.reference)
    }

    private func enqueue(_ task: Task) {
        ready.append(task)
        // Inside Lua no other task may run: a nested wait drives its own operation only.
        if depth == 0, !isDraining { drain() }
    }

    private func drain() {
        isDraining = true
        defer { isDraining = false }
        var next = 0
        while next < ready.count {
            let task = ready[next]
            next += 1
            if next > 256 {
                ready.removeFirst(next)
                next = 0
            }
            resume(task)
        }
        ready.removeAll(keepingCapacity: true)
    }

    private func resume(_ task: Task) {
        guard !task.isOver else { return }
        let results = OwnedTape()
        let outer = current
        current = task
        depth += 1
        let status = qh_task_resume(vm, task.reference, task.input.pointer, results.pointer)
        depth -= 1
        current = outer
        switch qh_status(UInt32(status)) {
        case QH_WAITING: return
        case QH_DONE: end(task, .success(results.reader.rest()))
        default: end(task, .failure(Self.failure(results.reader)))
        }
    }

    private func end(_ task: Task, _ outcome: Outcome) {
        task.isOver = true
        live[ObjectIdentifier(task)] = nil
        qh_release(vm, task.reference)
        task.onEnd(outcome)
    }

    // MARK: - Host functions

    private func dispatch(
        _ function: Int, _ input: UnsafeMutablePointer<qh_tape>,
        _ output: UnsafeMutablePointer<qh_tape>, _ canYield: Bool
    ) -> Int32 {
        let call = HostCall(
            machine: self, arguments: TapeReader(input), results: TapeWriter(output),
            canYield: canYield)
        do {
            switch try functions[function](call) {
            case .done: return Int32(QH_OK.rawValue)
            case .wait(let start):
                return canYield ? park(start) : pump(start, output)
            }
        } catch let error as HostError {
            qh_tape_clear(output)
            switch error {
            case .message(let text): call.results.put(text)
            case .value(let write): write(call.results)
            }
        } catch {
            qh_tape_clear(output)
            call.results.put("\(error)")
        }
        return Int32(QH_ERROR.rawValue)
    }

    /// Lets the current task wait.
    private func park(_ start: (Resumption) -> (() -> Void)?) -> Int32 {
        guard let task = current else { return Int32(QH_ERROR.rawValue) }
        let resumption = Resumption()
        resumption.onComplete = { [weak self, weak task, weak resumption] in
            guard let self, let task, let resumption, !task.isOver else { return }
            task.giveUp = nil
            task.input = resumption.tape
            enqueue(task)
        }
        let giveUp = start(resumption)
        // What is waited for keeps the resumption; the task keeps it, too, until it ends.
        task.giveUp = {
            _ = resumption
            giveUp?()
        }
        if resumption.isComplete { task.giveUp = nil }
        return Int32(QH_YIELD.rawValue)
    }

    /// Waits where Lua cannot yield: the loop turns for this one operation.
    private func pump(
        _ start: (Resumption) -> (() -> Void)?, _ output: UnsafeMutablePointer<qh_tape>
    ) -> Int32 {
        let resumption = Resumption()
        _ = start(resumption)
        loop.run { resumption.isComplete }
        let tape = resumption.tape.pointer
        let ok = tape.pointee.bytes[0] == UInt8(QH_TRUE.rawValue)
        let count = tape.pointee.length - 1
        if let place = qh_tape_reserve(output, count) {
            place.update(from: tape.pointee.bytes + 1, count: count)
        }
        return Int32(ok ? QH_OK.rawValue : QH_ERROR.rawValue)
    }

    // MARK: - Types

    /// Makes a message type known to Lua, once.
    @inline(__always)
    func define(_ type: ContractMessageType) {
        if type.id < definedMessages.count, definedMessages[type.id] { return }
        defineNew(type)
    }

    /// How large a table for a message of a type should be made.
    @inline(__always)
    func expectedFields(_ type: Int) -> UInt32 { lastFields[type] }

    /// Notes how many fields a message of a type had.
    @inline(__always)
    func sawFields(_ count: UInt32, of type: Int) { lastFields[type] = count }

    private func defineNew(_ type: ContractMessageType) {
        if definedMessages.count <= type.id {
            definedMessages += [Bool](repeating: false, count: type.id + 64 - definedMessages.count)
            lastFields += [UInt32](repeating: 4, count: definedMessages.count - lastFields.count)
        }
        let names = type.fields.map { strdup($0.name) }
        let texts = type.fields.map { field in
            strdup(field.enumType?.name(of: 0) ?? "")
        }
        defer { for text in names + texts { free(text) } }
        let fields = type.fields.enumerated().map { index, field in
            qh_field(
                name: names[index], kind: Int32(field.luaDefault.rawValue), text: texts[index])
        }
        let status = qh_define_message(
            vm, UInt32(type.id), type.fullName, fields, fields.count)
        definedMessages[type.id] = status == Int32(QH_DONE.rawValue)
    }

    /// Makes an enum known to Lua, once.
    @inline(__always)
    func define(_ type: ContractEnumType) {
        if type.id < definedEnums.count, definedEnums[type.id] { return }
        defineNew(type)
    }

    private func defineNew(_ type: ContractEnumType) {
        if definedEnums.count <= type.id {
            definedEnums += [Bool](repeating: false, count: type.id + 64 - definedEnums.count)
        }
        let names = type.values.map { UnsafePointer(strdup($0.name)) }
        defer { for name in names { free(UnsafeMutablePointer(mutating: name)) } }
        let status = qh_define_enum(
            vm, UInt32(type.id), names, type.values.map(\.number), type.values.count)
        definedEnums[type.id] = status == Int32(QH_DONE.rawValue)
    }
}
