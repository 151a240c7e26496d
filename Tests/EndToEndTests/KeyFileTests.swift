import Foundation
import TestSupport
import Testing

/// The files of secrets: whole or not there, whatever ends the program.
@Suite struct KeyFileTests {
    private func files(_ folder: TemporaryFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    private func create(_ file: String) -> String {
        "qdrant.clusters:find('search-prod'):keys():create { name = 'app-key', file = '\(file)' }"
    }

    private func keys(_ sandbox: RunningSandbox) throws -> Int {
        let code =
            "local n = 0 for _, k in ipairs(qdrant.clusters:find('search-prod'):keys():list()) do "
            + "if k.name == 'app-key' then n = n + 1 end end return n"
        return try #require(
            Int(sandbox.qcsh(code).output.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// Killed at many moments: no file is empty, and the next run leaves one key and its secret.
    @Test func aKilledRunLosesNoKey() throws {
        for moment in 0..<6 {
            let sandbox = try RunningSandbox("--speed", "instant")
            let folder = try TemporaryFolder()
            let file = folder.path + "/app.key"
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Project.qcsh)
            // The answer with the secret comes late.
            let fault =
                "local sb = sandbox.attach() sb:fault { method = 'cluster.auth.create_database_api_key', "
                + "latency = '300ms' } "
            process.arguments = ["--endpoint", sandbox.endpoint, "-e", fault + create(file)]
            process.environment = [
                "PATH": "/usr/bin:/bin", "HOME": folder.path + "/home",
                "QDRANT_CLOUD_API_KEY": sandbox.key, "XDG_STATE_HOME": sandbox.server.stateFolder,
            ]
            process.standardInput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            let marker = folder.path + "/.app.key.pending"
            let end = Date().addingTimeInterval(30)
            while !FileManager.default.fileExists(atPath: marker), process.isRunning, Date() < end {
                usleep(1_000)
            }
            usleep(UInt32(moment) * 70_000)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            for name in try files(folder) where name.hasSuffix(".key") {
                let size = try FileManager.default.attributesOfItem(
                    atPath: folder.path + "/" + name)[.size]
                #expect((size as? Int ?? 0) > 0, "\(name) is empty")
            }
            guard !FileManager.default.fileExists(atPath: file) else { continue }
            _ = try sandbox.qcsh("sandbox.attach():clear_faults()")
            let again = try sandbox.qcsh(create(file))
            #expect(again.status == 0, "moment \(moment): \(again.errors)")
            #expect(try keys(sandbox) == 1)
            let secret = try String(contentsOfFile: file, encoding: .utf8)
            #expect(secret.count > 20)
            #expect(!(try files(folder)).contains(".app.key.pending"))
        }
    }

    /// Keys of the name that others have made stay, and so does a key whose file was written.
    @Test func onlyTheLostKeyIsReplaced() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let folder = try TemporaryFolder()
        let file = folder.path + "/app.key"
        let other = try sandbox.qcsh(
            "return qdrant.clusters:find('search-prod'):keys():create { name = 'app-key' }.id")
        let id = other.output.trimmingCharacters(in: .whitespacesAndNewlines)
        try folder.write(".app.key.pending", "{\"name\":\"app-key\",\"others\":[\"\(id)\"]}")
        // It is somebody's: the name is taken.
        let refused = try sandbox.qcsh(create(file))
        #expect(
            refused.status == 6 && refused.errors.contains("already exists"), "\(refused.errors)")
        #expect(try keys(sandbox) == 1)
        #expect(!FileManager.default.fileExists(atPath: file))
        // Nobody's: it is replaced.
        try folder.write(".app.key.pending", "{\"name\":\"app-key\",\"others\":[]}")
        #expect(try sandbox.qcsh(create(file)).status == 0)
        #expect(try keys(sandbox) == 1)
        // Written, but the marker was left: the key stays.
        try folder.write(".app.key.pending", "{\"name\":\"app-key\",\"others\":[]}")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -100)],
            ofItemAtPath: folder.path + "/.app.key.pending")
        let kept = try sandbox.qcsh(create(file))
        #expect(kept.status == 6, "\(kept.errors)")
        #expect(!(try files(folder)).contains(".app.key.pending"))
    }

    @Test func thePlaceIsCheckedBeforeAKeyIsMade() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let folder = try TemporaryFolder()
        try folder.write("dir/inside", "x")
        for place in ["/no/such/directory/a.key", folder.path + "/dir", "/dev/null", "/proc/a.key"]
        {
            let result = try sandbox.qcsh(create(place))
            #expect(
                result.status == 6 && result.errors.contains("no key was created"),
                "\(place): \(result.errors)")
        }
        #expect(try keys(sandbox) == 0)
    }

    /// A secret replaces a secret, and nothing else, whatever makes it.
    @Test func onlyASecretIsReplaced() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let folder = try TemporaryFolder()
        let file = folder.path + "/key"
        let calls = [
            create(file),
            "qdrant.clusters:find('search-prod'):keys():list()[1]:rotate { file = '\(file)' }",
            "qdrant.management_keys:create { file = '\(file)' }",
            """
            local s = qdrant.spaces:list()[1] or qdrant.spaces:create { name = 'notes', cloud = 'aws', \
            region = qdrant.spaces:regions('aws')[1].id, wait = true }
            return s:create_key { name = 'app-key', file = '\(file)', duplicate = true }
            """,
            """
            local stack = require 'qdrant.stack'
            local declared = { name = 'shop', clusters = { shop = { cloud = 'aws', region = 'eu-central-1', \
            cpu = 2, ram = '8GiB', keys = { reader = { file = '\(file)' } } } } }
            return stack.apply(declared, stack.plan(declared))
            """,
        ]
        let count = "#qdrant.keys:list() .. ' ' .. #qdrant.management_keys:list()"
        for contents in [
            "print('x')\n", "two words", "one\ntwo\n", "\n", "\u{7f}", "\u{0}", "é",
            String(repeating: "x", count: 20_000),
        ] {
            try folder.write("key", contents)
            let before = try sandbox.qcsh("return " + count).output
            for call in calls {
                let result = try sandbox.qcsh(call)
                #expect(
                    result.status != 0 && result.errors.contains("other contents than a secret"),
                    "\(call) \(contents.prefix(20).debugDescription): \(result.errors)")
                #expect(try String(contentsOfFile: file, encoding: .utf8) == contents)
            }
            #expect(try sandbox.qcsh("return " + count).output == before)
        }
        for contents in ["", "eyJhbGciOi.x-y_z|9\n", "0123456789abcdef"] {
            for call in calls {
                try folder.write("key", contents)
                let result = try sandbox.qcsh(
                    call.replacing("'app-key'", with: "'k' .. crypto.uuid()"))
                #expect(result.status == 0, "\(call): \(result.errors)")
                let written = try String(contentsOfFile: file, encoding: .utf8)
                #expect(written != contents && written.utf8.count > 20)
                if call.contains("stack") {
                    _ = try sandbox.qcsh("qdrant.clusters:find('shop'):delete { wait = true }")
                }
            }
        }
    }
}
