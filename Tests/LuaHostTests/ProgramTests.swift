import EventLoop
import Glibc
import Testing

@testable import LuaHost

/// Programs that run as children, however they end.
@Suite(.serialized) struct ProgramTests {
    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private func run(
        _ script: String, _ change: (inout ProgramPlan) -> Void = { _ in }
    ) throws -> RunningProgram.End {
        let loop = PollLoop(now: Self.now)
        var plan = ProgramPlan(["/bin/sh", "-c", script])
        plan.input = .empty
        plan.takesOutput = true
        plan.takesErrors = true
        plan.ownsGroup = true
        change(&plan)
        var ended: RunningProgram.End?
        let program = try RunningProgram(plan, on: loop) { ended = $0 }
        loop.run { ended != nil }
        withExtendedLifetime(program) {}
        return try #require(ended)
    }

    @Test(arguments: [true, false]) func whatItWritesIsRead(_ waitsForOutput: Bool) throws {
        let end = try run("cat; echo problem >&2; exit 3") {
            $0.input = .bytes(Array(repeating: 65, count: 300_000))
            $0.waitsForOutput = waitsForOutput
        }
        #expect(end.output.count == 300_000)
        #expect(String(decoding: end.errors, as: UTF8.self) == "problem\n")
        #expect(end.cause == .itself && end.status == 3 << 8)
    }

    /// A program that it has started holds the output open.
    @Test func outputIsWaitedForIfThePlanSaysSo() throws {
        let waited = try run("(sleep 0.1; echo late) & echo early") { $0.waitsForOutput = true }
        #expect(String(decoding: waited.output, as: UTF8.self) == "early\nlate\n")
        let end = try run("sleep 60 & echo $!")
        let text = String(decoding: end.output, as: UTF8.self)
        let left = try #require(Int32(text.dropLast()))
        #expect(kill(left, SIGKILL) == 0, "it was to run on")
    }

    @Test(arguments: [true, false]) func limitsKillEverything(_ waitsForOutput: Bool) throws {
        let late = try run("sleep 60 & sleep 60") {
            $0.timeout = 100_000_000
            $0.waitsForOutput = waitsForOutput
        }
        #expect(late.cause == .timedOut && late.status == SIGKILL)
        let long = try run("yes & yes") {
            $0.limit = 100_000
            $0.waitsForOutput = waitsForOutput
        }
        #expect(long.cause == .wroteTooMuch && long.status == SIGKILL)
        #expect(long.output.count <= 100_000)
    }

    @Test func aCancelledProgramIsNotReported() throws {
        let loop = PollLoop(now: Self.now)
        var plan = ProgramPlan(["/bin/sh", "-c", "echo started; sleep 60 & sleep 60"])
        plan.takesOutput = true
        plan.ownsGroup = true
        var isReported = false
        let program = try RunningProgram(plan, on: loop) { _ in isReported = true }
        program.cancel()
        program.cancel()
        // Its end is looked for in the loop.
        var isOver = false
        loop.after(100_000_000) { isOver = true }
        loop.run { isOver }
        #expect(!isReported)
    }

    @Test func aProgramThatIsNotThereIsAProblem() {
        let loop = PollLoop(now: Self.now)
        var plan = ProgramPlan(["/nonexistent/program"])
        plan.takesOutput = true
        let problem = #expect(throws: ProgramPlan.Problem.self) {
            try RunningProgram(plan, on: loop) { _ in }
        }
        #expect(problem?.code == ENOENT)
    }
}
