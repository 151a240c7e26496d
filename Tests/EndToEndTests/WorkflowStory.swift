import Foundation
import TestSupport

/// The scripts in `scripts/` as people run them, one after the other, on an account that has little.
enum WorkflowStory {
    /// One run of a script.
    struct Step {
        let script: String
        let arguments: [String]
        var status: Int32 = 0
        /// What its JSON has: each text is to be in it.
        var shown: [String] = []

        init(_ line: String, _ status: Int32 = 0, _ shown: String...) {
            let words = line.split(separator: " ").map(String.init)
            script = words[0]
            arguments = Array(words.dropFirst())
            self.status = status
            self.shown = shown
        }

        /// The path of the script.
        var file: String { Project.root + "/scripts/\(script).lua" }

        /// The arguments, with a folder where they have FOLDER.
        func arguments(folder: String) -> [String] {
            arguments.map { $0.replacingOccurrences(of: "FOLDER", with: folder) }
        }
    }

    /// A story of one account, from nothing to much and back. FOLDER is a folder of its own.
    static let steps = [
        Step("price --region eu-central-1 --cpu 2 --ram 8GiB --nodes 3", 0, "gpx3", "monthly"),
        Step("price --region eu-central-1 --ram 8GiB --all", 0, "gpx3", "mx3"),
        Step(
            "create-cluster alpha --region eu-central-1 --cpu 2 --ram 8GiB --disk 40GiB"
                + " --version v1.17.1 --label env=prod --label team=search --key-file FOLDER/alpha.key",
            0, #""created":true"#, "HEALTHY"),
        // A second run finds what the first one made.
        Step(
            "create-cluster alpha --region eu-central-1 --cpu 2 --ram 8GiB --key-file FOLDER/alpha.key",
            0, #""created":false"#),
        Step("create-cluster beta --region eu-central-1 --package gpx1 --label env=dev", 0, "beta"),
        Step("wait-cluster alpha beta", 0, #""outcome":"done""#),
        Step("wait-cluster nosuch", 1, "no cluster named"),
        Step("scale-cluster alpha --nodes 2 --cpu 4 --ram 16GiB --yes", 0, "gpx4", #""nodes":2"#),
        Step("scale-cluster alpha --nodes 3", 1),
        Step("allow-list alpha --add 203.0.113.7 --add 10.1.2.3/8", 0, "done"),
        Step("allow-list alpha --file FOLDER/blocks --me 198.51.100.9", 0, "done"),
        Step("allow-list alpha --file FOLDER/blocks --me 192.0.2.1", 1, "locked out"),
        Step("backup alpha --name first-one --retention 7d", 0, "SUCCEEDED"),
        Step("backup-audit --label env=prod", 0, "fresh"),
        Step("backup-policy --label env=prod", 9, "missing"),
        Step("backup-policy --label env=prod --fix", 0, "created"),
        Step("backup-policy --label env=prod --fix --retention 14d", 0, "changed"),
        Step("backup-policy --label env=prod --retention 14d", 0, #""state":"ok""#),
        Step("upgrade-fleet --label env=prod --dry-run", 0, "would upgrade"),
        Step("upgrade-fleet --label env=prod --yes --journal FOLDER/journal", 0, "done"),
        Step("upgrade-fleet --label env=prod --yes --journal FOLDER/journal", 0, "up to date"),
        Step("rolling-restart alpha beta --yes", 0, #""outcome":"done""#),
        Step("office-hours suspend --label env=dev --wait", 0, "beta"),
        Step("office-hours suspend --label env=dev --wait", 0, "[]"),
        Step("office-hours resume --label env=dev --wait", 0, "beta"),
        Step(
            "app-key alpha application --write documents --read users --file FOLDER/app.key", 0,
            "app.key"),
        Step("expiring-keys --within 100d", 9, "soon"),
        Step(
            "rotate-keys alpha application --folder FOLDER --yes --run cat>FOLDER/handed", 0,
            "application"),
        Step("restore alpha --backup first-one --yes", 0, "SUCCEEDED"),
        Step(
            "clone-cluster alpha gamma --label env=staging --key-file FOLDER/gamma.key", 0, "gamma"),
        Step("disaster-drill alpha --yes", 0, #""collections":0"#),
        Step(
            "ephemeral-cluster --package gpx1 -- /bin/sh -c test${IFS}-n${IFS}$QDRANT_URL${IFS}-a${IFS}-n${IFS}$QDRANT_API_KEY"
        ),
        Step("ephemeral-cluster --package gpx1 -- /bin/sh -c exit${IFS}7", 7),
        Step("ephemeral-cluster --sweep", 0, "[]"),
        Step("access-review", 0, "owner@example.com", "management key"),
        Step("user-roles admin@example.com --add Viewer", 0, "Viewer"),
        Step("user-roles admin@example.com --offboard --yes", 0, #""after":"Base""#),
        Step("user-roles owner@example.com --offboard --yes", 1, "owns the account"),
        Step("health-digest --all", 0, "alpha", "well"),
        Step("costs", 0, "alpha"),
        Step("costs --by label:team", 0, "search"),
        Step("hybrid-onboard workshop --file FOLDER/bootstrap.sh", 0, "READY"),
        Step(
            "report --file FOLDER/report.html --by-label team --retention 7d", 0,
            "Health,Inventory,Costs,Backups,Access"),
        Step("terraform-export FOLDER/main.tf", 0),
    ]
}
