import CloudClient
import Contract
import Foundation
import LuaMachine
import TestSupport
import Testing

@testable import LuaHost

/// What the functions of the host do in a dry run, by what they declare.
@Suite(.serialized) struct DryRunFunctionTests {
    /// Arguments of every kind that functions take, about things in a directory: DIR/kept exists.
    private static let arguments = [
        "dir .. '/made', 'text'", "dir .. '/kept', 'text'", "dir .. '/kept', 384",
        "dir .. '/kept', dir .. '/made'", "dir .. '/kept', true", "{ 'touch', dir .. '/made' }",
        "nil, nil, nil, nil, dir .. '/made'", "",
    ]

    @Test func eachFunctionThatChangesSomethingIsRefusedInOneForm() throws {
        let folder = try TemporaryFolder()
        try folder.write("kept", "kept")
        let machine = try makeMachine()
        var environment = LuaRuntime.Environment(
            connect: { (_) throws(LuaFailure) in throw LuaFailure("there is no session") },
            wallClock: { (0, 0) }, exit: { exit($0) }, modulePath: "", scriptName: "",
            arguments: [])
        environment.isDryRun = true
        let actions = LocalActions(machine: machine, bound: environment.bound, isDryRun: true)
        var functions = HostFunctions(asking: actions)
        let owners = LuaRuntime.register(
            environment, .embedded, machine, ChildFailures(), in: &functions)
        SandboxModule(control: NoSandboxes(), actions: actions).register(in: &functions)
        let changing = functions.all.filter(\.changes)
        #expect(changing.count >= 8, "\(changing.map(\.name))")
        for function in changing {
            let number = machine.makeFunction(function.body)
            var refusals = 0
            for arguments in Self.arguments {
                let results = try machine.evaluate(
                    """
                    local call, dir = ..., '\(folder.path)'
                    local ok, problem = pcall(call, \(arguments.isEmpty ? "nil" : arguments))
                    return ok, tostring(problem)
                    """, [number])
                let problem = results[1].text ?? ""
                #expect(results[0].isTrue == false, "\(function.name)(\(arguments)) was done")
                if problem.contains(#/dry run: [a-z.]+ would .+; a dry run .+/#) { refusals += 1 }
            }
            #expect(refusals > 0, "\(function.name) is not refused")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left == ["kept"])
        #expect(try String(contentsOfFile: folder.path + "/kept", encoding: .utf8) == "kept")
        withExtendedLifetime(owners) {}
    }
}
