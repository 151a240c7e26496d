import Foundation

/// A throw-away certificate authority and a certificate for this machine, made with the `openssl`
/// command.
struct Certificates {
    /// The authority's certificate, for clients.
    let authority: String
    /// The server's certificate and key.
    let certificate: String
    let key: String

    /// Creates the files in a directory, or reuses those that exist for the same names.
    ///
    /// - Parameter host: the address that the server listens on.
    init(in folder: String, host: String) throws(SandboxError) {
        authority = folder + "/ca.pem"
        certificate = folder + "/server.pem"
        key = folder + "/server.key"
        let files = FileManager.default
        let wanted = "subjectAltName=" + Self.names(host)
        let namesFile = folder + "/names"
        // What is there is good as long as it is for the same names.
        if [authority, certificate, key].allSatisfy({ files.fileExists(atPath: $0) }),
            files.contents(atPath: namesFile) == Data(wanted.utf8)
        {
            return
        }
        let authorityKey = folder + "/ca.key"
        let request = folder + "/server.csr"
        let names = folder + "/server.ext"
        do {
            try Data(
                """
                \(wanted)
                basicConstraints=CA:FALSE
                extendedKeyUsage=serverAuth

                """.utf8
            ).write(to: URL(fileURLWithPath: names))
            try Data(wanted.utf8).write(to: URL(fileURLWithPath: namesFile))
        } catch {
            throw .file("write", path: names, reason: error.localizedDescription)
        }
        try Self.openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "825", "-subj", "/CN=qcsh sandbox CA", "-keyout", authorityKey, "-out",
            authority,
        ])
        try Self.openssl([
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            "/CN=localhost", "-keyout", key, "-out", request,
        ])
        try Self.openssl([
            "x509", "-req", "-in", request, "-CA", authority, "-CAkey", authorityKey,
            "-CAcreateserial", "-days", "825", "-extfile", names, "-out", certificate,
        ])
        // Nobody shall sign anything else with this authority.
        for file in [authorityKey, request, names, folder + "/ca.srl"] {
            try? files.removeItem(atPath: file)
        }
        try? files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
    }

    private static func names(_ host: String) -> String {
        var names = ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]
        let isAddress = host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
        if !["localhost", "127.0.0.1", "::1", "0.0.0.0", "::"].contains(host) {
            names.append((isAddress ? "IP:" : "DNS:") + host)
        }
        // Whoever reaches this machine by its name.
        let name = ProcessInfo.processInfo.hostName
        if !name.isEmpty, name != "localhost" { names.append("DNS:" + name) }
        return names.joined(separator: ",")
    }

    private static func openssl(_ arguments: [String]) throws(SandboxError) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw .unavailable("the openssl command, which --tls needs, cannot be run: \(error)")
        }
        let text = String(
            decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw .unavailable("openssl failed: \(text.suffix(300))")
        }
    }
}
