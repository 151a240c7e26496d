import Contract
import Testing

@testable import CloudClient

@Suite struct PermissionTests {
    private func layer(
        _ allowed: [String]?, denied: [String] = [], deletes: Bool = true
    ) throws -> PermissionLayer {
        var layer = PermissionLayer(source: "the test")
        layer.allowed = try allowed?.map { try PermissionWord($0) }
        layer.denied = try denied.map { try PermissionWord($0) }
        layer.mayDelete = deletes
        return layer
    }

    private func method(_ name: String) throws -> Method {
        try #require(try Registry.embedded.allMethods().first { $0.displayName == name })
    }

    @Test(arguments: [
        "read", "read:", ":x", "a:b:c", "read clusters", "read:clusters=x", "", "rëad:x",
        "read:a-b",
    ])
    func whatIsNoPermissionIsRefused(_ text: String) {
        #expect(throws: PermissionWord.Problem.self) { try PermissionWord(text) }
    }

    @Test(
        arguments: [
            (["read:clusters"], [], "cluster.list_clusters", true),
            (["read:*"], [], "cluster.list_clusters", true),
            (["*"], [], "cluster.delete_cluster", true),
            (["*:clusters"], [], "cluster.create_cluster", true),
            (["read:clusters"], [], "cluster.create_cluster", false),
            (["*"], ["read:clusters"], "cluster.list_clusters", false),
            // Both permissions, or any of two.
            (["write:clusters"], [], "cluster.create_cluster_from_backup", false),
            (
                ["write:clusters", "restore:backups"], [], "cluster.create_cluster_from_backup",
                true
            ),
            (["write:clusters"], [], "hybrid.list_hybrid_cloud_environments", true),
            ([], [], "hybrid.list_hybrid_cloud_environments", false),
            // Without a permission of the contract: the effect on the module.
            ([], [], "account.create_account", false),
            (["write:account"], [], "account.create_account", true),
            (["delete:account"], [], "account.leave_account", true),
            (["write:account"], [], "account.leave_account", false),
            ([], [], "booking.list_packages", true),
            ([], [], "account.list_accounts", true),
            ([], [], "platform.list_global_cloud_providers", true),
        ] as [([String], [String], String, Bool)])
    func aMethodIsAllowedOrNot(
        _ allowed: [String], _ denied: [String], _ name: String, _ isAllowed: Bool
    ) throws {
        let bound = PermissionBound([try layer(allowed, denied: denied)])
        let refusal = bound.refusal(of: try method(name))
        #expect((refusal == nil) == isAllowed, "\(refusal?.message ?? "allowed")")
        #expect(refusal.map { $0.origin == .bound && $0.method == name } ?? true)
    }

    @Test func everyLayerHasToAllow() throws {
        let create = try method("cluster.create_cluster")
        let list = try method("cluster.list_clusters")
        let both = PermissionBound([
            try layer(["read:*", "write:clusters"]), try layer(["read:clusters"]),
        ])
        #expect(both.refusal(of: list) == nil)
        #expect(both.refusal(of: create) != nil)
        var readOnly = PermissionLayer(source: "--read-only")
        readOnly.isReadOnly = true
        let bound = PermissionBound([try layer(nil), readOnly])
        #expect(bound.refusal(of: list) == nil)
        #expect(bound.refusal(of: try method("booking.get_quote")) == nil)
        #expect(bound.refusal(of: create)?.message.contains("--read-only") == true)
        let noDeletes = PermissionBound([try layer(["*"], deletes: false)])
        #expect(noDeletes.refusal(of: create) == nil)
        #expect(noDeletes.refusal(of: try method("cluster.delete_cluster")) != nil)
    }

    private static let mine = "11111111-6d8a-4a2e-9a53-0c8d7cb8f0a1"
    private static let other = "0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1"
    private static let third = "33333333-6d8a-4a2e-9a53-0c8d7cb8f0a1"

    @Test func otherAccountsHaveToBeNamed() throws {
        let list = try method("cluster.list_clusters")
        let bound = PermissionBound([try layer(["read:clusters", "use:accounts=0d5ab7b4-*"])])
        #expect(bound.refusal(of: list, account: Self.mine, own: Self.mine) == nil)
        #expect(bound.refusal(of: list, account: Self.other, own: Self.mine) == nil)
        #expect(bound.refusal(of: list, account: Self.third, own: Self.mine) != nil)
        #expect(bound.refusal(of: list, account: Self.third, own: nil) != nil)
        #expect(PermissionBound([]).refusal(of: list, account: Self.third, own: Self.mine) == nil)
        var locked = PermissionLayer(source: "context \"prod\"")
        locked.locksAccount = true
        #expect(
            PermissionBound([locked]).refusal(of: list, account: Self.third, own: Self.mine)?
                .message
                .contains("context \"prod\"") == true)
    }

    @Test func aFolderCoversWhatIsInItAndNoPathLeadsOut() throws {
        let bound = PermissionBound([
            try layer(["read:files=/usr/share", "write:files=/tmp/qcsh-*", "run:processes=git"])
        ])
        func isAllowed(_ word: String, _ value: String) -> Bool {
            bound.refusal(of: word, value) == nil
        }
        #expect(isAllowed("read:files", "/usr/share/zoneinfo/UTC"))
        #expect(isAllowed("read:files", "/usr/share"))
        #expect(!isAllowed("read:files", "/usr/shared"))
        #expect(!isAllowed("read:files", "/usr/share/../../etc/passwd"))
        #expect(!isAllowed("read:files", "/etc/passwd"))
        #expect(isAllowed("write:files", "/tmp/qcsh-1/x"))
        #expect(!isAllowed("write:files", "/tmp/other"))
        #expect(isAllowed("run:processes", "git") && !isAllowed("run:processes", "sh"))
        #expect(!isAllowed("connect:hosts", "example.com"))
    }

    @Test(arguments: [
        ("*", "", true), ("*", "abc", true), ("a*c", "abbc", true), ("a*c", "abcd", false),
        ("*.example.com", "a.example.com", true), ("*.example.com", "example.com", false),
        ("a*b*c", "axxbyyc", true), ("a*b*c", "axxcyyb", false), ("", "a", false),
    ])
    func starsStandForAnyText(_ pattern: String, _ text: String, _ fits: Bool) {
        #expect(Glob.matches(pattern, text) == fits)
    }
}
