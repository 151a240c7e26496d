import Contract
import Foundation
import TestSupport
import Testing

/// Passwords and tokens in URLs are neither shown nor kept.
@Suite struct URLCredentialTests {
    private static let canary = "c4n4ry-hunter2"
    private static let urls = [
        "https://user:\(canary)@127.0.0.1:1/x.git", "http://\(canary)@127.0.0.1:1/x.git",
        "https://user:\(canary)@nowhere.invalid:443", "https://user:\(canary)/half@127.0.0.1:1",
        "ftp://user:\(canary)@127.0.0.1:1/x.zip", "user:\(canary)@127.0.0.1:1",
        "http://127.0.0.1:1/x.git?api_key=\(canary)", "http://127.0.0.1:1/x?a=1&token=\(canary)",
        "http://127.0.0.1:1/x.zip?X-Amz-Signature=\(canary)&x=1",
        "https://hooks.slack.com/services/T0/B0/\(canary)",
    ]
    private static let proxies = [
        "http://user:\(canary)@127.0.0.1:1", "gopher://user:\(canary)@127.0.0.1:1",
        "user:\(canary)@127.0.0.1:99999", "http://user:\(canary)@nowhere.invalid:1",
    ]

    /// Runs qcsh in a directory of its own and looks at everything that it says and leaves behind.
    private static func check(
        _ arguments: [String], input: String = "", environment: [String: String] = [:]
    ) throws {
        let folder = try TemporaryFolder()
        let options = ["--record", "--trace-file", "--audit"].flatMap {
            [$0, folder.path + "/" + $0.dropFirst(2)]
        }
        let takesOptions = arguments[0] != "lib" && arguments[0] != "call"
        let result = try qcsh(
            (takesOptions ? options : []) + arguments, input: input,
            environment: [
                "QDRANT_CLOUD_API_KEY": "key", "HOME": folder.path,
                "QDRANT_CLOUD_ACCOUNT_ID": "00000000-0000-4000-8000-000000000001",
            ].merging(environment) { $1 }, folder: folder.path)
        #expect(!result.output.contains(canary), "\(arguments): \(result.output)")
        #expect(!result.errors.contains(canary), "\(arguments): \(result.errors)")
        #expect(result.status != 0 || arguments.last == "-", "\(arguments)")
        let files = FileManager.default.enumerator(atPath: folder.path)
        while let name = files?.nextObject() as? String {
            guard let content = FileManager.default.contents(atPath: folder.path + "/" + name)
            else { continue }
            #expect(content.range(of: Data(canary.utf8)) == nil, "\(arguments): \(name)")
        }
    }

    @Test(arguments: urls)
    func noURLShowsItsCredential(_ url: String) throws {
        try Self.check(["--endpoint", url, "-e", "return qdrant.api.cluster.list_clusters {}"])
        try Self.check(["call", "--endpoint", url, "cluster.list_clusters"])
        try Self.check(
            ["-e", "return qdrant.api.cluster.list_clusters {}"],
            environment: ["QDRANT_CLOUD_ENDPOINT": url])
        try Self.check(["lib", "add", "git+" + url])
        // Without a scheme it is the name of a rock.
        if url.contains("://") { try Self.check(["lib", "add", url]) }
        try Self.check(
            ["-"],
            input: """
                local url = os.getenv("CANARY_URL")
                for _, try in ipairs {
                  function() http.get(url, { retries = 0 }) end,
                  function() http.post(url, { body = "x", retries = 0 }) end,
                  function() qdrant.connect { endpoint = url } end,
                  function() process.run { "sh", "-c", 'echo "$1" >&2; exit 1', "sh", url } end,
                } do
                  local ok, problem = pcall(try)
                  assert(not ok)
                  if not (type(problem) == "table" and problem.stderr) then
                    print(problem, tostring(problem), type(problem) == "table" and problem.message)
                  end
                end
                """, environment: ["CANARY_URL": url.contains("://") ? url : "https://" + url])
    }

    @Test(arguments: proxies)
    func noProxyShowsItsCredential(_ proxy: String) throws {
        let environment = ["https_proxy": proxy, "http_proxy": proxy]
        let calls = "print(pcall(qdrant.api.cluster.list_clusters, {}, { retries = 0 }))"
        for transport in ["grpc", "rest"] {
            let options = ["--endpoint", "https://cloud.invalid:443", "--transport", transport]
            try Self.check(options + ["-"], input: calls, environment: environment)
            try Self.check(
                ["call"] + options + ["--timeout", "5s", "cluster.list_clusters"],
                environment: environment)
        }
        try Self.check(
            ["-"], input: #"print(pcall(http.get, "http://cloud.invalid/", { retries = 0 }))"#,
            environment: environment)
    }

    @Test(arguments: [
        ("get https://u:p@h/x now", "get https://u:***@h/x now"),
        ("https://token@h", "https://***@h"), ("https://token:@h", "https://***@h"),
        ("ssh://git@h/x and ssh://git:p@h", "ssh://git@h/x and ssh://git:***@h"),
        ("https://u:p@q@h", "https://u:***@h"), ("https://u:p/q@h", "https://u:***@h"),
        ("https://h/a@b https://h:80/a@b", "https://h/a@b https://h:80/a@b"),
        ("https://[::1]:80/a@b mail a@b.c", "https://[::1]:80/a@b mail a@b.c"),
        ("\"https://u:p@h\",\"a@b\"", "\"https://u:***@h\",\"a@b\""),
        ("GET https://h/x?api_key=p: refused", "GET https://h/x?api_key=***: refused"),
        (
            "https://h?a=1&TOKEN=p&b=2#access_token=p",
            "https://h?a=1&TOKEN=***&b=2#access_token=***"
        ),
        ("https://h?api%5Fkey=p&x=%7e", "https://h?api%5Fkey=***&x=%7e"),
        ("https://h?X-Amz-Signature=p&Date=1", "https://h?X-Amz-Signature=***&Date=1"),
        ("https://h?sig=p;pwd=p&key=p&code=p", "https://h?sig=***;pwd=***&key=***&code=***"),
        ("https://h?client_secret=&q=p", "https://h?client_secret=&q=p"),
        ("https://h?page_token=a&nextToken=b", "https://h?page_token=a&nextToken=b"),
        ("https://u:p@h?to=https://v:p@k?token=p", "https://u:***@h?to=https://v:***@k?token=***"),
        (
            "https://hooks.slack.com/services/T/B/p, now",
            "https://hooks.slack.com/services/***, now"
        ),
        ("https://discord.com/api/webhooks/1/p", "https://discord.com/api/webhooks/***"),
        ("https://api.telegram.org/bot1:p/send", "https://api.telegram.org/bot***"),
        ("https://h/services/T/B/p token=x", "https://h/services/T/B/p token=x"),
    ])
    func theMaskTakesTheCredentialOnly(_ pair: (String, String)) {
        #expect(URLMask.masked(pair.0) == pair.1)
    }

    @Test func aLockKeepsNoCredential() {
        #expect(URLMask.withoutCredentials("https://u:p@h/x.git") == "https://h/x.git")
        #expect(URLMask.withoutCredentials("https://t@h/x.git") == "https://h/x.git")
        #expect(URLMask.withoutCredentials("ssh://git:p@h/x.git") == "ssh://git@h/x.git")
        #expect(URLMask.withoutCredentials("git@h:x.git") == "git@h:x.git")
        #expect(URLMask.withoutCredentials("https://h/x?token=p") == "https://h/x")
        #expect(URLMask.withoutCredentials("https://h/x?a=1&sig=p#r") == "https://h/x?a=1#r")
    }
}
