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
