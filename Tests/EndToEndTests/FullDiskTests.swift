import Foundation
import TestSupport
import Testing

/// Output that was not written is an error of the program, for every writer.
@Suite struct FullDiskTests {
    /// Runs the program with its output on a full disk.
    private func status(_ arguments: [String], _ variables: [String: String] = [:]) throws -> (
        Int32, String
    ) {
        let quoted = ([Project.qcsh] + arguments).map {
            "'" + $0.replacingOccurrences(of: "'", with: "'\\''") + "'"
        }
        let result = try run(
            "/bin/sh", ["-c", quoted.joined(separator: " ") + " > /dev/full"],
            environment: variables)
        return (result.status, result.errors)
    }

    @Test(arguments: [
        ["-e", "print(1)"], ["-e", "io.write('x') io.stdout:flush()"], ["-e", "io.write('x')"],
        ["-e", "io.stdout:write('x')"], ["-e", "return 1"], ["-e", "print(1) os.exit(0)"],
        ["-e", "print(('x'):rep(100000))"], ["-e", "task.spawn(print, 1)"],
        ["-e", "term.table({ { a = 1 } }) print(term.table({ { a = 1 } }))"],
        ["--output", "json", "-e", "return { a = 1 }"],
        ["api"], ["api", "cluster.list_clusters"], ["--help"], ["help"], ["call", "--help"],
        ["--version"], ["run"], ["run", "report", "--help"],
        ["context", "list", "--output", "json"],
        ["completions", "bash"], ["doctor", "--sandbox"], ["check", "--json", "scripts/costs.lua"],
        ["call", "--sandbox", "cluster.list_clusters"], ["lib", "list"],
    ]) func outputThatIsNotWrittenIsAnError(_ arguments: [String]) throws {
        let words = arguments.map {
            $0.hasPrefix("scripts/") ? Project.root + "/" + $0 : $0
        }
        let folder = try TemporaryFolder()
        let file = try folder.write("c.yaml", "contexts: [{name: a}]\n")
        chmod(file, 0o600)
        let (status, errors) = try status(words, ["QDRANT_CLOUD_CONFIG": file])
        // Nothing to list is nothing to write.
        if arguments == ["lib", "list"], status == 0 { return }
        #expect(status == 1, "\(arguments): \(errors)")
        #expect(
            errors.components(separatedBy: "standard output: ").count == 2,
            "\(arguments): \(errors)")
    }

    /// The reason is the system's, whoever writes.
    @Test func theReasonIsNamed() throws {
        for code in [
            "local _ = io.write('x')", "return 1", "local _ = io.stdout:write('x')", "print(1)",
            "print(('x'):rep(100000))", "io.stdout:setvbuf('no') print(1)",
            "io.stdout:setvbuf('line') local _ = io.write('x\\n')", "print(1) return 1",
        ] {
            let (_, errors) = try status(["-e", code])
            #expect(errors == "qcsh: standard output: No space left on device\n", "\(errors)")
        }
    }

    @Test(arguments: ["print(1)", "local _ = io.write('x')", "return 1"])
    func anOutputThatIsClosedIsAnError(_ code: String) throws {
        let closed = try run("/bin/sh", ["-c", "'\(Project.qcsh)' -e \"\(code)\" >&-"])
        #expect(closed.status == 1)
        #expect(closed.errors == "qcsh: standard output: Bad file descriptor\n", "\(closed.errors)")
        let silent = try run("/bin/sh", ["-c", "'\(Project.qcsh)' -e 'local x = 1' >&-"])
        #expect(silent.status == 0 && silent.errors.isEmpty, "\(silent.errors)")
    }

    /// Another status than success stays, and a reader that has gone is no error.
    @Test func otherStatusesStay() throws {
        let (failed, _) = try status(["-e", "print(1) error('x')"])
        #expect(failed == 1)
        let (usage, _) = try status(["-e", "print(1) os.exit(9)"])
        #expect(usage == 9)
        let gone = try run(
            "/bin/bash",
            [
                "-c",
                "'\(Project.qcsh)' -e 'for i = 1, 100000 do print(i) end' | head -1; "
                    + "echo ${PIPESTATUS[0]}",
            ])
        #expect(gone.output == "1\n0\n", "\(gone.output)\(gone.errors)")
    }
}
