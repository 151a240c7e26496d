import Codec
import Contract
import Foundation
import TestSupport
import Testing

@testable import Sandbox

/// Time that is moved, runs that repeat, states that are kept, worlds beside each other.
@Suite struct StateTests {
    /// A script of calls whose answers and ids all go into one text.
    private func transcript(_ world: TestWorld) throws -> String {
        let writer = JSONWriter(registry: world.cloud.world.registry)
        var lines: [String] = []
        func note(_ message: Message) { lines.append(writer.text(message)) }
        let cluster = try world.create(nodes: 2)
        note(cluster)
        note(try world.get(cluster.string(.id)))
        note(try world.space("another"))
        note(try world.backup(of: cluster.string(.id)))
        note(
            try world.own("auth.v1.AuthService", "CreateManagementKey") {
                $0.edit(.managementKey) { $0.set(.accountID, TestWorld.production) }
            })
        // A call that fails leaves nothing behind, not even a number that was drawn.
        #expect(world.code { try world.create(package: "free2", nodes: 2) } != nil)
        note(try world.clusters("SuggestClusterName") { _ in })
        try world.cloud.advance(by: 40 * Nanoseconds.day)
        note(try world.own("billing.v1.BillingService", "ListInvoices"))
        note(try world.own("metering.v1.MeteringService", "ListMonthlyMeterings"))
        note(
            try world.own("monitoring.v1.MonitoringService", "GetClusterUsageMetrics") {
                $0.set(.clusterID, cluster.string(.id))
            })
        for (_, event) in try world.cloud.perform({
            try $0.transaction.journal(after: 0, limit: 99)
        }) { note(event) }
        return lines.joined(separator: "\n")
    }

    @Test func sameCallsHaveSameAnswersUnderTheSameNumber() throws {
        let first = try transcript(TestWorld(speed: .instant, seed: "demo", seedNumber: 7))
        // Another run, at another time of day.
        let later = try TestWorld(speed: .instant, seed: "demo", seedNumber: 7)
        later.pass(12_345)
        #expect(try transcript(later) == first)
        let other = try transcript(TestWorld(speed: .instant, seed: "demo", seedNumber: 8))
        #expect(other != first)
        #expect(first.contains("2026-01-01T00:00:00"))
    }

    @Test func aSeriesGoesOnWhereItWasWhenASandboxIsOpenedAgain() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/sandbox.sqlite"
        func open() throws -> Cloud {
            try TestWorld.cloud(
                Store(path: path, registry: .embedded),
                VirtualClock(speed: .instant, real: { 0 }, start: 1), seed: [1],
                seedNumber: 7)
        }
        let first = try open()
        let ids = try first.perform { moment in (0..<3).map { _ in moment.world.newID() } }
        let second = try open()
        let more = try second.perform { moment in (0..<3).map { _ in moment.world.newID() } }
        #expect(Set(ids + more).count == 6)
    }

    @Test func timeStandsStillUntilItIsMoved() throws {
        let world = try TestWorld(speed: .manual)
        let id = try world.create().string(.id)
        world.pass(3600)
        #expect(try world.phase(id) == "CREATING")
        try world.cloud.advance(by: 20 * Nanoseconds.second)
        #expect(try world.phase(id) == "HEALTHY")
    }

    @Test func monthsPassAndInvoicesAppear() throws {
        let world = try TestWorld(seed: "demo")
        func invoices() throws -> [Message] {
            try world.own("billing.v1.BillingService", "ListInvoices").messages(.items)
        }
        let before = try invoices()
        #expect(before.last?.enumName(.status) == "INVOICE_STATUS_DRAFT")
        #expect(before.last?.optionalString(.pdfURL) == nil)
        #expect(before.dropLast().allSatisfy { $0.optionalString(.pdfURL) != nil })
        try world.cloud.advance(by: 45 * Nanoseconds.day)
        let after = try invoices()
        #expect(after.count > before.count)
        let drafted = try #require(before.last?.string(.id))
        let issued = try #require(after.first { $0.string(.id) == drafted })
        #expect(
            ["INVOICE_STATUS_OPEN", "INVOICE_STATUS_PAID"].contains(issued.enumName(.status) ?? "")
        )
        #expect(issued.integer(.totalAmount) >= before.last?.integer(.totalAmount) ?? 0)
        // What was paid by credits is no part of the invoice: together they are the month's use.
        let months = try world.own("metering.v1.MeteringService", "ListMonthlyMeterings")
            .messages(.items)
        let credits = try world.own("billing.v1.BillingService", "ListCreditContracts")
        let drawn = credits.messages(.consumptionHistory).reduce(0.0) { sum, entry in
            guard case .double(let amount) = entry[.amount] else { return sum }
            return sum + amount
        }
        let used = months.reduce(0) { $0 + $1.integer(.amountMillicents) }
        let due = after.reduce(0) { $0 + $1.integer(.totalAmount) }
        #expect(Double(used) == Double(due) + (drawn * 100_000).rounded())
    }

    @Test func useAddsUpFromWhatHappened() throws {
        let world = try TestWorld()
        let id = try world.create(package: "gpx3", nodes: 2) {
            $0.edit(.configuration) {
                $0.edit(.additionalResources) { $0.set(.disk, 10) }
                $0.edit(.clusterStorageConfiguration) {
                    $0.setEnum(.storageTierType, "BALANCED")
                }
            }
        }.string(.id)
        try world.cloud.advance(by: 5 * Nanoseconds.hour - Nanoseconds.minute)
        var cluster = try world.get(id)
        cluster.edit(.configuration) { $0.set(.numberOfNodes, 3) }
        _ = try world.clusters("UpdateCluster") { $0.set(.cluster, cluster) }
        try world.cloud.advance(by: 2 * Nanoseconds.hour - Nanoseconds.minute)
        _ = try world.clusters("SuspendCluster") { $0.set(.clusterID, id) }
        try world.cloud.advance(by: 3 * Nanoseconds.day)
        let month = CalendarMonth(containing: world.time.now)
        let lines = try world.own("metering.v1.MeteringService", "ListMeterings") {
            $0.set(.year, month.year)
            $0.set(.month, month.month)
        }.messages(.items)
        func amount(_ type: String, _ price: Int) -> [Int] {
            lines.filter {
                $0.string(.billableEntityType) == type && $0.integer(.pricePerHour) == price
            }.map { $0.integer(.amountMillicents) }
        }
        // Two nodes for five hours begun, three for two; nothing while it is suspended.
        #expect(amount("cluster_booking", 14_448) == [14_448 * 2 * 5, 14_448 * 3 * 2])
        #expect(amount("resource_option", 14) == [14 * 10 * 2 * 5, 14 * 10 * 3 * 2])
        #expect(amount("resource_option", 1200) == [1200 * 2 * 5, 1200 * 3 * 2])
        #expect(lines.allSatisfy { $0[.discountAmountPercent] == .double(10) })
        let total = try world.own("metering.v1.MeteringService", "ListMonthlyMeterings")
            .messages(.items).first?.integer(.amountMillicents)
        let net = lines.reduce(0) {
            $0 + $1.integer(.amountMillicents) - $1.integer(.discountAmountMillicents)
        }
        #expect(total == net)
        // A breakdown of the first two hours has those alone.
        let begin = try #require(lines.first?.message(.startTime)?.nanoseconds)
        let part = try world.own("metering.v1.MeteringService", "GetUsageBreakdown") {
            $0.set(.startTime, world.cloud.world.timestamp(begin))
            $0.set(.endTime, world.cloud.world.timestamp(begin + 2 * Nanoseconds.hour))
        }.messages(.items).flatMap { $0.messages(.accounts) }.flatMap { $0.messages(.clusters) }
        let nodes = part.filter { $0.string(.billableEntityType) == "Cluster" }
        #expect(nodes.map { $0[.quantity] } == [.double(4)])
    }

    @Test func metricsAndLogsAreThereWhileAClusterRuns() throws {
        let world = try TestWorld()
        let id = try world.create(nodes: 2).string(.id)
        try world.cloud.advance(by: 3 * Nanoseconds.hour)
        _ = try world.clusters("SuspendCluster") { $0.set(.clusterID, id) }
        try world.cloud.advance(by: 3 * Nanoseconds.hour)
        let now = world.cloud.world.clock.now
        func usage(_ fill: (inout Message) -> Void = { _ in }) throws -> Message {
            try world.own("monitoring.v1.MonitoringService", "GetClusterUsageMetrics") {
                $0.set(.clusterID, id)
                fill(&$0)
            }
        }
        #expect(try usage().messages(.cpu).isEmpty, "it has been suspended for hours")
        let whole = try usage {
            $0.set(.since, world.cloud.world.timestamp(now - 7 * Nanoseconds.hour))
        }
        let times = whole.messages(.cpu).compactMap { $0.message(.timestamp)?.nanoseconds }
        #expect(
            !times.isEmpty
                && times.allSatisfy { $0 < now - 3 * Nanoseconds.hour + Nanoseconds.minute })
        #expect(whole.messages(.nodes).count == 2)
        #expect(whole.messages(.gpu).isEmpty)
        // The same question has the same answer, and the sum is that of the nodes.
        #expect(
            try usage { $0.set(.since, world.cloud.world.timestamp(now - 7 * Nanoseconds.hour)) }
                == whole)
        func value(_ metric: Message?) -> Double {
            if case .double(let value) = metric?[.value] { return value }
            return 0
        }
        let sum = whole.messages(.nodes).reduce(0) { $0 + value($1.messages(.disk).first) }
        #expect(abs(sum - value(whole.messages(.disk).first)) < 0.01)
        let most = try usage {
            $0.set(.since, world.cloud.world.timestamp(now - 7 * Nanoseconds.hour))
            $0.setEnum(.aggregator, "MAX")
        }
        #expect(value(most.messages(.disk).first) < sum)
        let logs = try world.own("monitoring.v1.MonitoringService", "GetClusterLogs") {
            $0.set(.clusterID, id)
        }.messages(.items)
        let moments = logs.compactMap { $0.message(.timestamp)?.nanoseconds }
        #expect(moments == moments.sorted())
        #expect(logs.contains { $0.string(.message).contains("listening on 6333") })
        #expect(logs.last?.string(.message).contains("shutting down") == true)
    }

    @Test func alertsFireAndAreResolved() throws {
        let world = try TestWorld(speed: .instant)
        let id = try world.create(nodes: 2).string(.id)
        func alerts(_ state: String? = nil) throws -> [String] {
            try world.own("monitoring.v1.MonitoringService", "ListClusterAlerts") {
                $0.set(.clusterID, id)
                if let state { $0.setEnum(.state, state) }
            }.messages(.alerts).map { $0.enumName(.type) ?? "" }
        }
        #expect(try alerts().isEmpty)
        try world.cloud.perform { try Incident.outOfMemory.happen(to: id, $0) }
        let node = try #require(try world.get(id).message(.state)?.messages(.nodes).first)
        #expect(
            node.message(.notReadyInfo)?.enumName(.event)
                == "CLUSTER_NODE_TERMINATION_EVENT_OUT_OF_MEMORY")
        #expect(
            Set(try alerts("FIRING")) == [
                "CLUSTER_ALERT_TYPE_OOM", "CLUSTER_ALERT_TYPE_QDRANT_CLUSTER_UNHEALTHY",
            ])
        try world.cloud.perform { try Incident.recovered.happen(to: id, $0) }
        #expect(try alerts("FIRING").isEmpty)
        #expect(try alerts("RESOLVED").count == 2)
        try world.cloud.perform { try Incident.outOfMemory.happen(to: id, $0) }
        #expect(try alerts().count == 4, "firing again is another alert")
    }

    @Test func whatWasExportedIsASeed() throws {
        let world = try TestWorld(seed: "demo")
        try world.cloud.advance(by: 2 * Nanoseconds.day)
        let text = try SeedRecords.export(world.cloud)
        let copy = try TestWorld.cloud(
            Store(path: nil, registry: .embedded),
            VirtualClock(speed: .factor(1), real: { [now = world.cloud.world.clock.now] in now }))
        try Seed(text).plant(in: copy)
        #expect(try SeedRecords.export(copy) == text)
        // It behaves as the first one, too: the schedule goes on.
        try copy.advance(by: 2 * Nanoseconds.day)
        try world.cloud.advance(by: 2 * Nanoseconds.day)
        func count(_ cloud: Cloud) throws -> Int {
            try cloud.world.store.transaction {
                try $0.count(.backup, account: TestWorld.production)
            }
        }
        #expect(try count(copy) == count(world.cloud))
    }

    @Test(
        arguments: [
            ("accounts: [{name: Test}]", "accounts[0].owner: is missing"),
            ("acounts: []", "unknown key \"acounts\""),
            (
                "users: [{email: a@b.co}]\naccounts: [{name: Test, owner: c@d.co}]",
                "accounts[0].owner: unknown user \"c@d.co\""
            ),
            (
                "users: [{email: a@b.co}]\naccounts: [{name: Test, owner: a@b.co, clusters: [{nam: x}]}]",
                "accounts[0].clusters[0]"
            ),
            (
                "users: [{email: a@b.co}]\naccounts: [{name: Test, owner: a@b.co, quotas: {max: 1}}]",
                "accounts[0].quotas.max: unknown key"
            ),
            (
                "users: [{email: a@b.co}]\naccounts: [{name: Test, owner: a@b.co, roles: [{name: Role, permissions: [fly:high]}]}]",
                "unknown permission \"fly:high\""
            ),
            ("users: [", "cannot be read"),
        ])
    func wrongSeedsSayWhereTheyAreWrong(_ text: String, _ expected: String) throws {
        let error = #expect(throws: SandboxError.self) { _ = try TestWorld(seed: text) }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    @Test func addressesAreThoseOfThePresentPort() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/sandbox.sqlite"
        func open(_ port: Int) throws -> Cloud {
            let cloud = try TestWorld.cloud(
                Store(path: path, registry: .embedded),
                VirtualClock(speed: .instant, real: { 1_800_000_000_000_000_000 }), seed: [1])
            cloud.world.dataPlane = DataPlaneAddress(url: "http://127.0.0.1", port: port)
            if try cloud.world.store.transaction({ try $0.fact("world") }) == nil {
                try Seed("demo").plant(in: cloud)
            }
            try cloud.resume()
            return cloud
        }
        func ports(_ cloud: Cloud) throws -> Set<Int> {
            try cloud.world.store.transaction { transaction in
                let states = try (transaction.records(.cluster) + transaction.records(.space))
                    .compactMap { $0.message.message(.state) }
                let nodes = states.flatMap {
                    $0.type.field(named: "nodes") == nil ? [] : $0.messages(.nodes)
                }
                return Set(
                    (states + nodes).compactMap { $0.message(.endpoint) }
                        .filter { !$0.string(.url).isEmpty }.map { $0.integer(.restPort) })
            }
        }
        #expect(try ports(open(1111)) == [1111])
        #expect(try ports(open(2222)) == [2222])
    }

    @Test func olderStoresAreBroughtUpToDate() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/sandbox.sqlite"
        let dump = folder.path + "/old.sql"
        // What the first version wrote.
        try Data(
            """
            CREATE TABLE records (kind TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL,
              parent TEXT NOT NULL, created INTEGER NOT NULL, type TEXT NOT NULL,
              body BLOB NOT NULL, hidden TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
            CREATE INDEX records_by_account ON records (kind, account, created, id);
            CREATE INDEX records_by_parent ON records (kind, parent);
            CREATE TABLE events (number INTEGER PRIMARY KEY AUTOINCREMENT, due INTEGER NOT NULL,
              kind TEXT NOT NULL, subject TEXT NOT NULL, payload TEXT NOT NULL);
            CREATE INDEX events_by_due ON events (due, number);
            CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
            INSERT INTO grdb_migrations VALUES ('records, events, facts');
            INSERT INTO records VALUES ('account', 'a', 'a', '', 1,
              'qdrant.cloud.account.v1.Account', x'2204546573740a0161', '');
            """.utf8
        ).write(to: URL(fileURLWithPath: dump))
        let python = try run(
            Project.tool("python"),
            [
                "-c",
                "import sqlite3,sys; sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())",
                path, dump,
            ])
        #expect(python.status == 0, "\(python.errors)")
        let store = try Store(path: path, registry: .embedded)
        let (count, id) = try store.transaction { transaction in
            (
                try transaction.count(.account, account: "a"),
                try transaction.record(.account, "a")?.id
            )
        }
        #expect(count == 1 && id == "a")
    }
}
