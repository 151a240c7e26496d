import CloudClient
import Contract
import EventLoop
import Foundation
import LuaHost
import LuaMachine
import TestSupport
import Testing

/// Runs scripts in this process against a sandbox, and notes what each of them uses.
private final class AuditedRun {
    private let sandbox: RunningSandbox
    private let folder: String
    private let loop = PollLoop(now: { Int64(DispatchTime.now().uptimeNanoseconds) })

    init(_ sandbox: RunningSandbox, folder: String) {
        self.sandbox = sandbox
        self.folder = folder
    }

    /// The permissions that a script uses, without the values of those over this machine.
    func uses(of code: String) throws -> Set<String> {
        var used: Set<String> = []
        let bound = PermissionBound([])
        bound.onUse = { word, _, _ in
            used.insert(String(word.description.prefix { $0 != "=" }))
        }
        let endpoint = try Endpoint(sandbox.endpoint)
        let (loop, key, account) = (loop, sandbox.key, sandbox.account)
        var environment = LuaRuntime.Environment(
            connect: { (_) throws(LuaFailure) in
                var configuration = SessionConfiguration(endpoint: endpoint, restEndpoint: endpoint)
                configuration.credential = .managementKey(key)
                configuration.accountID = account
                let session = Session(
                    configuration, loop: loop, open: LiveTransports.open,
                    wallClock: { (Int64(Date().timeIntervalSince1970), 0) })
                session.callGuard = bound
                return session
            }, wallClock: { (Int64(Date().timeIntervalSince1970), 0) }, exit: { Glibc.exit($0) },
            modulePath: folder + "/?.lua", scriptName: "script.lua", arguments: [])
        environment.bound = bound
        let runtime = try LuaRuntime(environment, loop: loop)
        guard
            case .function(let function) = try runtime.compile(
                Array(code.utf8), name: "@script.lua")
        else { throw LuaFailure("the script is not complete") }
        var outcome: LuaMachine.Outcome?
        _ = try runtime.start(function) { outcome = $0 }
        let deadline = Date() + 5
        let timer = loop.after(5_100_000_000) {}
        loop.run { outcome != nil || Date() > deadline }
        _ = timer
        return used
    }
}

/// What scripts use lies within what `qcsh check --permissions` says that they can use.
@Suite struct GeneratedScriptTests {
    private static let count = 1000

    @Test func whatAThousandScriptsUseLiesWithinWhatTheCheckSays() throws {
        let folder = try TemporaryFolder()
        for (name, text) in ScriptGenerator.modules { try folder.write(name + ".lua", text) }
        let sandbox = try RunningSandbox("--speed", "instant")
        let run = AuditedRun(sandbox, folder: folder.path)
        var generator = ScriptGenerator(seed: 20_261_130)
        var unknown = 0
        var all: Set<String> = []
        for number in 0..<Self.count {
            if number.isMultiple(of: 50) { try sandbox.admin("POST", "/reset") }
            let script = generator.script(folder: folder.path + "/files", url: sandbox.endpoint)
            let reach = Reach(script.code, modules: ScriptGenerator.modules)
            unknown += reach.unknown.isEmpty ? 0 : 1
            #expect(reach.unknown.isEmpty != script.isOpen, "\(reach.unknown)\n\(script.code)")
            let used = try run.uses(of: script.code)
            all.formUnion(used)
            guard !script.isOpen else { continue }
            let missing = used.subtracting(reach.permissions)
            #expect(missing.isEmpty, "\(missing) is missing:\n\(script.code)")
        }
        #expect(unknown * 20 <= Self.count)
        #expect(all.count > 20, "\(all.sorted())")
    }
}
