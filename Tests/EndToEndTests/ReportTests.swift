import Foundation
import TestSupport
import Testing

/// Reports as a program sees them that knows HTML, and a browser where there is one.
@Suite struct ReportTests {
    private func report() throws -> (file: String, clusters: Int, folder: TemporaryFolder) {
        let sandbox = try RunningSandbox("--speed", "instant")
        let folder = try TemporaryFolder()
        let file = folder.path + "/report.html"
        let made = try sandbox.qcsh(
            """
            for _, name in ipairs { "Zebra", "apple", "mango" } do
              qdrant.clusters:create { name = name, cloud = "aws", region = "eu-central-1",
                package = "gpx2", nodes = #name - 3, wait = true, labels = { team = name } }
            end
            qdrant.report:account(nil, { label = "team" }):write("\(file)")
            print(#qdrant.clusters:list())
            """)
        #expect(made.status == 0, "\(made.errors)")
        let count = Int(made.output.trimmingCharacters(in: .newlines))
        return (file, try #require(count), folder)
    }

    @Test func thePageIsCorrectAndNeedsNothing() throws {
        let (file, clusters, folder) = try report()
        defer { withExtendedLifetime(folder) {} }
        let read = try run(
            Project.tool("python"),
            ["-B", Project.root + "/Tests/Fixtures/peers/read_html.py", file])
        #expect(read.status == 0, "\(read.errors)")
        let page = try RunningSandbox.json(read.output)
        #expect(page["loads"] as? [String] == [])
        #expect(page["handlers"] as? [String] == [])
        #expect(page["dangling"] as? [String] == [])
        #expect(page["allowed"] as? Bool == true)
        #expect(page["scripts"] as? Int == 1)
        let policy = try #require(page["policy"] as? String)
        #expect(policy.hasPrefix("default-src 'none';") && !policy.contains("unsafe"))
        #expect(
            page["headings"] as? [String] == [
                "Health", "Inventory", "Costs", "Backups", "Access",
            ])
        let tables = try #require(page["tables"] as? [String: Int])
        #expect(tables["Clusters"] == clusters)
        #expect(tables["Users and invitations"] == 4)
        let charts = try #require(page["charts"] as? [String])
        for name in ["Clusters by region", "By cluster", "By label team", "Months, in USD"] {
            #expect(charts.contains { $0.hasPrefix(name) }, "\(charts)")
        }
    }

    @Test func aLargeAccountNeedsLittleMemory() throws {
        let count = 300
        let folder = try TemporaryFolder()
        let seed = try folder.write(
            "seed.yaml",
            """
            users: [{email: me@example.com}]
            accounts:
              - name: Mine
                owner: me@example.com
                payment_methods: [{type: PAYMENT_PROVIDER_TYPE_STRIPE}]
                quotas: {max_clusters: 1000}
                clusters:

            """
                + (0..<count).map { number in
                    "      - {name: cluster-\(number), age: 30d, cloud_provider_id: aws, "
                        + "cloud_provider_region_id: eu-central-1, package: gpx3, "
                        + "configuration: {number_of_nodes: 3}}\n"
                }.joined())
        let sandbox = try RunningSandbox("--speed", "instant", "--seed", seed)
        let file = folder.path + "/report.html"
        // 30 KB for each cluster; all facts and the page at once took twenty times as much.
        let result = try qcsh(
            ["--max-memory", "9MiB", "run", "report", "--file", file],
            environment: [
                "QDRANT_CLOUD_ENDPOINT": sandbox.endpoint, "QDRANT_CLOUD_API_KEY": sandbox.key,
            ])
        #expect(result.status == 0, "\(result.errors)")
        let page = try String(contentsOfFile: file, encoding: .utf8)
        // In health, inventory, costs and backups.
        let rows = page.components(separatedBy: ">cluster-7<").count - 1
        #expect(rows == 4)
        #expect(page.hasSuffix("</html>\n"))
    }

    @Test func everyReportHasDataForPrograms() throws {
        let all = try qcsh(["--sandbox", "--output", "json", "run", "report"])
        #expect(all.status == 0, "\(all.errors)")
        let facts = try RunningSandbox.json(all.output)
        #expect(Set(facts.keys) == ["health", "inventory", "cost", "backups", "access"])
        for kind in ["health", "inventory", "costs", "backups", "access"] {
            let csv = try qcsh(["--sandbox", "--output", "csv", "run", "report", kind])
            #expect(csv.status == 0, "\(csv.errors)")
            let lines = csv.output.split(whereSeparator: \.isNewline)
            #expect(lines.count > 1, "\(kind): \(csv.output)")
            #expect(csv.output.contains(kind == "access" ? "owner@example.com" : "search-prod"))
            let json = try qcsh(["--sandbox", "--output", "json", "run", "report", kind])
            #expect(try RunningSandbox.json(json.output).count == 1, "\(json.errors)")
        }
        let folder = try TemporaryFolder()
        for words in [["--output", "csv", "run", "report"], ["run", "report", "healht"]] {
            let refused = try qcsh(["--sandbox"] + words, folder: folder.path)
            #expect(refused.status == 2)
            #expect(refused.output == "")
        }
        // A page goes to standard output without a file.
        let page = try qcsh(["--sandbox", "run", "report", "access", "--file", "-"])
        #expect(page.output.hasPrefix("<!doctype html>") && page.output.hasSuffix("</html>\n"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    /// The rows of the inventory's table in the order in which a browser shows them after clicks.
    private func names(_ file: String, clicks: [String]) throws -> [String]? {
        guard let browser = Self.browser else { return nil }
        let folder = try TemporaryFolder()
        var text = try String(contentsOfFile: file, encoding: .utf8)
        // The driver is the only foreign thing; the page's own script still has to be allowed.
        let driver = """
            for (const title of \(clicks)) {
              const table = document.querySelectorAll("table")[1];
              [...table.querySelectorAll("th button")].find(b => b.textContent === title).click();
            }
            const rows = [...document.querySelectorAll("table")[1].tBodies[0].rows];
            document.title = rows.map(row => row.cells[0].textContent).join("|");
            """
        text = text.replacing("script-src 'sha256", with: "script-src 'nonce-x' 'sha256")
            .replacing("</body>", with: "<script nonce=x>\(driver)</script></body>")
        let driven = try folder.write("driven.html", text)
        let result = try run(
            browser,
            [
                "--headless", "--no-sandbox", "--disable-gpu",
                "--user-data-dir=\(folder.path)/profile",
                "--dump-dom", "file://" + driven,
            ])
        #expect(result.status == 0, "\(result.errors)")
        let title = try #require(result.output.firstMatch(of: /<title>(.*?)<\/title>/))
        return title.1.split(separator: "|").map(String.init)
    }

    private static let browser = ["/usr/bin/chromium", "/usr/bin/google-chrome"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test(.enabled(if: browser != nil)) func tablesSortInABrowser() throws {
        let (file, _, folder) = try report()
        defer { withExtendedLifetime(folder) {} }
        let byName = ["apple", "mango", "search-prod", "staging", "Zebra"]
        #expect(try names(file, clicks: ["Cluster"]) == byName)
        #expect(try names(file, clicks: ["Cluster", "Cluster"]) == byName.reversed())
        // As numbers: staging 1, apple, mango and Zebra 2, search-prod 3 nodes.
        let byNodes = try #require(try names(file, clicks: ["Cluster", "Nodes"]))
        #expect(byNodes.first == "staging" && byNodes.last == "search-prod")
    }
}
