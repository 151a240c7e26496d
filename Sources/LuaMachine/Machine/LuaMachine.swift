import CLuaHost
import EventLoop
import Glibc

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
        /// resumption, which must be called exactly once. It may return a closure that abandons
        /// the work.
        case wait(as: WaitKind = .outer, (Resumption) -> (() -> Void)?)
    }

    /// A host function: reads its arguments from the call and writes its results there.
    public typealias HostBody = (HostCall) throws -> HostResult

    /// How a task ended.
    public typealias Outcome = TaskOutcome
    /// A coroutine that the machine runs.
    public typealias Task = LuaTask
    /// Ends a wait.
    public typealias Resumption = LuaResumption
    /// Who ends a wait, and what becomes of it when its task is cancelled.
    public typealias WaitKind = LuaWaitKind

    /// The loop that waits run on.
    public let loop: PollLoop
    package nonisolated(unsafe) let vm: OpaquePointer
    private let box: Weak
    private var functions: [HostBody] = []
    /// Masks credentials in the messages of host functions.
    package var mask: (String) -> String = { $0 }
    /// The types that the Lua side knows.
    package let types = TypeTables()
    /// What runs the tasks.
    package let scheduler = Scheduler()
    let output = OwnedTape()

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
        qh_set_check(vm) { host, isUsedUp in
            guard let host,
                let machine = Unmanaged<Weak>.fromOpaque(host).takeUnretainedValue().machine
            else { return false }
            return machine.check(instructionsAreUsedUp: isUsedUp)
        }
    }

    deinit { qh_close(vm) }

    /// Limits the bytes that Lua may hold.
    public func limitMemory(_ bytes: Int) { qh_limit_memory(vm, bytes) }

    /// The bytes that Lua has allocated.
    public var memoryUsed: Int { qh_memory_used(vm) }

    /// Makes a host function; the number is what ``TapeWriter/function(_:)`` takes.
    ///
    /// - Parameter keepsFunctions: whether arguments that are Lua functions come with a reference,
    ///   which the host function has to release; one of the first 64 host functions only.
    public func makeFunction(
        _ function: @escaping HostBody, keepsFunctions: Bool = false
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
        scheduler.depth += 1
        let status = qh_call(vm, function, input.pointer, results.pointer)
        scheduler.depth -= 1
        guard status == Int32(QH_DONE.rawValue) else { throw Self.failure(results.reader) }
        return results.reader.rest()
    }

    /// Releases a function.
    public func release(_ reference: Int32) { qh_release(vm, reference) }

    /// Has ``onInterrupt`` called between two instructions of the Lua code that runs, if any does.
    /// Safe in a signal handler of the machine's thread.
    public func interrupt() { qh_interrupt(vm) }

    /// Calls a body with what a signal handler may call to interrupt running code: a function of C and
    /// its argument, which are valid as long as the machine.
    public func withInterrupter<Result>(
        _ body: (@convention(c) (UnsafeMutableRawPointer?) -> Void, UnsafeMutableRawPointer) ->
            Result
    ) -> Result {
        body(qh_interrupt_in_handler, UnsafeMutableRawPointer(vm))
    }

    /// Limits how many instructions may be executed from now on; nil means no limit.
    public func limitInstructions(_ limit: UInt64?) { qh_set_instruction_limit(vm, limit ?? 0) }

    /// Collects garbage and forgets handles that are gone.
    public func collect() { qh_collect(vm) }

    func readFailure() -> LuaFailure { Self.failure(output.reader) }

    static func failure(_ reader: TapeReader) -> LuaFailure {
        let traceback = reader.value().text ?? ""
        return LuaFailure(value: reader.value(), traceback: traceback)
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
            case .wait(let kind, let start):
                if stopsHere() { return Int32(QH_STOP.rawValue) }
                return canYield ? park(kind, start) : pump(kind, start, output)
            }
        } catch is Cancellation {
            return Int32(QH_STOP.rawValue)
        } catch let error as HostError {
            qh_tape_clear(output)
            switch error {
            case .message(let text): call.results.put(mask(text))
            case .value(let write): write(call.results)
            }
        } catch {
            qh_tape_clear(output)
            call.results.put(mask("\(error)"))
        }
        return Int32(QH_ERROR.rawValue)
    }
}

extension LuaMachine {
    /// The source of the code that has called what the host does now; of a task that only runs the
    /// host's own functions, that of the code that has started it. Nil when there is none.
    package var callerSource: String? {
        if let source = qh_caller(vm) { return String(cString: source) }
        return scheduler.current?.origin
    }
}
