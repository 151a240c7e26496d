import Codec
import Contract
import Foundation
import TestSupport
import Testing

/// `:each` and `:all` against a server that answers what it is told to.
@Suite struct PagesTests {
    private func answer(_ names: [String], next: String?) throws -> String {
        let type = try #require(
            try Registry.embedded.message(named: "qdrant.cloud.cluster.v1.ListClustersResponse"))
        var page = Message(type)
        page.set(
            .items,
            names.map { name in
                var cluster = page.new(.items)
                cluster.set(.name, name)
                return cluster
            })
        if let next { page.set(.nextPageToken, next) }
        return Data(page.serialized()).base64EncodedString()
    }

    private func run(_ answers: [String], _ script: String) throws -> (ProgramResult, [String]) {
        let folder = try TemporaryFolder()
        let replies = try folder.write("replies", answers.joined(separator: "\n"))
        let requests = folder.path + "/requests"
        let peer = try ServerProcess.peer(
            "recorder", ["--replies", replies, "--requests", requests])
        let result = try qcsh(
            [
                "--endpoint", "http://\(peer.address)", "--account",
                "0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1", "-",
            ], input: script, environment: ["QDRANT_CLOUD_API_KEY": "key"])
        peer.stop()
        let recorded = try String(contentsOfFile: requests, encoding: .utf8)
        return (result, recorded.split(separator: "\n").map(String.init))
    }

    @Test func pagesAreFetchedAsTheyAreNeeded() throws {
        let pages = try [
            answer(["a", "b"], next: "1"), answer([], next: "2"), answer(["c"], next: ""),
            answer(["never"], next: nil),
        ]
        let (result, requests) = try run(
            pages,
            """
            local list = qdrant.api.cluster.list_clusters
            local request = { page_size = 2 }
            local names = {}
            for cluster in list:each(request) do names[#names + 1] = cluster.name end
            assert(table.concat(names) == "abc" and request.page_token == nil)
            """)
        #expect(result.status == 0, "\(result.errors)")
        #expect(requests.count == 3)
    }

    @Test func leavingALoopEarlyFetchesNoMore() throws {
        let (result, requests) = try run(
            [try answer(["a", "b"], next: "1"), try answer(["c"], next: nil)],
            """
            for cluster in qdrant.api.cluster.list_clusters:each {} do
              if cluster.name == "b" then break end
            end
            """)
        #expect(result.status == 0, "\(result.errors)")
        #expect(requests.count == 1)
    }

    @Test(arguments: ["for _ in list:each {} do end", "list:all {}"])
    func aServerThatRepeatsATokenIsStopped(_ loop: String) throws {
        let page = try answer(["a"], next: "again")
        let (result, requests) = try run(
            [String](repeating: page, count: 50),
            "local list = qdrant.api.cluster.list_clusters\n" + loop)
        #expect(result.status == 1)
        #expect(
            result.errors.contains(
                "cluster.list_clusters: the server repeats the page token again"),
            "\(result.errors)")
        #expect(requests.count == 2)
    }

    @Test func listsWithoutPagesTakeTheSameWords() throws {
        let result = try qcsh(
            ["--sandbox", "-"],
            input: """
                local list = qdrant.api.platform.list_global_cloud_providers
                local all = list:all()
                local count = 0
                for provider in list:each() do
                  count = count + 1
                  assert(provider.id == all[count].id)
                end
                assert(count == #all and count > 2)
                local ok, problem = pcall(function() return qdrant.api.quota.get_account_quotas:each() end)
                assert(not ok and tostring(problem):find("does not list anything", 1, true), problem)
                print(json.encode(list:all()):sub(1, 1))
                """)
        #expect(result.output == "[\n", "\(result.errors)")
    }
}
