import Codec
import Contract
import GRPCProtocol
import Testing

@testable import Sandbox

/// Schedules: what their texts mean, that they fire, and that what they make is kept as long as it
/// should be.
@Suite struct ScheduleTests {
    private static let start: Int64 = 1_767_225_600  // 2026-01-01T00:00:00Z, a Thursday

    private func times(_ text: String, _ count: Int) throws -> [String] {
        let cron = try Cron(text)
        var moment = Self.start
        var times: [String] = []
        for _ in 0..<count {
            guard let next = cron.next(after: moment) else { break }
            times.append(TimeText.rfc3339(seconds: next, nanos: 0))
            moment = next
        }
        return times
    }

    @Test(
        arguments: [
            ("0 2 * * *", ["2026-01-01T02:00:00Z", "2026-01-02T02:00:00Z"]),
            ("*/20 5 * * *", ["2026-01-01T05:00:00Z", "2026-01-01T05:20:00Z"]),
            ("30 4 1,15 * 5", ["2026-01-01T04:30:00Z", "2026-01-02T04:30:00Z"]),
            ("0 0 31 * *", ["2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z"]),
            ("0 12 29 2 *", ["2028-02-29T12:00:00Z", "2032-02-29T12:00:00Z"]),
            ("0 0 * * 0", ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"]),
            ("0 0 * * 1-3", ["2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"]),
            ("15-45/15 0 * * *", ["2026-01-01T00:15:00Z", "2026-01-01T00:30:00Z"]),
            ("@hourly", ["2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"]),
            ("@daily", ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"]),
            ("@weekly", ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"]),
            ("@monthly", ["2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"]),
            ("@yearly", ["2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"]),
            ("@every 1h30m", ["2026-01-01T01:30:00Z", "2026-01-01T03:00:00Z"]),
            ("@reboot", []), ("0 0 30 2 *", []),
        ] as [(String, [String])])
    func textsMeanWhatCronSays(_ text: String, _ expected: [String]) throws {
        #expect(try times(text, expected.isEmpty ? 2 : expected.count) == expected)
    }

    @Test(
        arguments: [
            "99 99 99 99 99", "0 0 * * 7", "@daily junk", "junk 0 2 * * *", "0 0 0 * * *", "*****",
            "60 * * * *", "* * 0 * *", "5-1 * * * *", "*/0 * * * *", "1,,2 * * * *",
            "x @every 5m y", "@every 0s",
        ])
    func whatTheRuleLetsPassIsReadStrictly(_ text: String) throws {
        #expect(throws: Cron.Problem.self) { try Cron(text) }
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create().string(.id)
        #expect(world.code { try world.schedule(of: cluster, text) } == .invalidArgument)
    }

    @Test(arguments: ["0 0 * * MON", "@midnight"])
    func whatTheRuleRefusesIsRefusedByItsName(_ text: String) throws {
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create().string(.id)
        let error = failure { try world.schedule(of: cluster, text) }
        #expect(error?.violations.first?.path == "backup_schedule.schedule")
    }

    @Test func schedulesFireAndRetentionEnds() throws {
        let world = try TestWorld()
        let cluster = try world.create().string(.id)
        world.pass(60)
        let schedule = try world.schedule(of: cluster, "0 2 * * *") {
            $0.edit(.retentionPeriod) { $0[.seconds] = .int(3 * 86_400) }
        }.string(.id)
        try world.cloud.advance(by: 10 * Nanoseconds.day)
        let backups = try world.backups { $0.set(.backupScheduleID, schedule) }
        #expect(backups.count == 3)
        for backup in backups {
            let created = backup.message(.createdAt)?.integer(.seconds) ?? 0
            #expect(created % 86_400 == 2 * 3600, "at two o'clock")
            #expect(backup.enumName(.status) == "BACKUP_STATUS_SUCCEEDED")
            #expect(backup.string(.displayName) == "nightly")
            #expect(backup.message(.price)?.integer(.originalPricePerHour) ?? 0 > 0)
            #expect(backup.message(.backupDuration)?.integer(.seconds) ?? 0 > 0)
        }
    }

    @Test func whatCannotBeBackedUpIsSkipped() throws {
        let world = try TestWorld()
        let cluster = try world.create().string(.id)
        world.pass(60)
        _ = try world.schedule(of: cluster, "@hourly")
        _ = try world.clusters("SuspendCluster") { $0.set(.clusterID, cluster) }
        try world.cloud.advance(by: Nanoseconds.hour)
        #expect(try world.backups().map { $0.enumName(.status) } == ["BACKUP_STATUS_SKIPPED"])
        // By hand it is an error.
        #expect(world.code { try world.backup(of: cluster) } == .failedPrecondition)
    }

    @Test func changedAndDeletedSchedulesKeepToIt() throws {
        let world = try TestWorld()
        let cluster = try world.create().string(.id)
        world.pass(60)
        var schedule = try world.schedule(of: cluster, "@hourly")
        schedule.set(.schedule, "@daily")
        schedule[.retentionPeriod] = nil
        schedule[.displayName] = nil
        let changed = try world.own("cluster.backup.v1.BackupService", "UpdateBackupSchedule") {
            $0.set(.backupSchedule, schedule)
        }
        #expect(changed.message(.backupSchedule)?.optionalString(.displayName) == nil)
        try world.cloud.advance(by: 2 * Nanoseconds.day)
        #expect(try world.backups().count == 2)
        // Its cluster cannot be changed.
        let other = try world.create("other").string(.id)
        schedule.set(.clusterID, other)
        #expect(
            world.code {
                try world.own("cluster.backup.v1.BackupService", "UpdateBackupSchedule") {
                    $0.set(.backupSchedule, schedule)
                }
            } == .invalidArgument)
        _ = try world.own("cluster.backup.v1.BackupService", "DeleteBackupSchedule") {
            $0.set(.backupScheduleID, schedule.string(.id))
        }
        try world.cloud.advance(by: 5 * Nanoseconds.day)
        #expect(try world.backups().count == 2)
        #expect(
            try world.backups().allSatisfy {
                $0.string(.backupScheduleID) == schedule.string(.id)
            })
    }

    @Test func pausedSchedulesOfSpacesStopUntilTheyGoOn() throws {
        let world = try TestWorld()
        let space = try world.space().string(.id)
        world.pass(10)
        let service = "serverless.space.backup.v1.BackupService"
        let answer = try world.own(service, "CreateBackupSchedule") { request in
            request.edit(.backupSchedule) {
                $0.set(.accountID, TestWorld.production)
                $0.set(.spaceID, space)
                $0.set(.name, "every hour")
                $0.set(.schedule, "@hourly")
                // Planned: from then on.
                $0.set(
                    .pausedAt,
                    world.cloud.world.timestamp(world.cloud.world.clock.now + 3 * Nanoseconds.hour))
            }
        }
        var schedule = try #require(answer.message(.backupSchedule))
        #expect(schedule.enumName(.status) == "BACKUP_SCHEDULE_STATUS_ACTIVE")
        try world.cloud.advance(by: 12 * Nanoseconds.hour)
        func count() throws -> Int {
            try world.own(service, "ListBackups") { $0.set(.spaceID, space) }
                .messages(.items).count
        }
        #expect(try count() == 3)
        schedule = try #require(
            try world.own(service, "GetBackupSchedule") {
                $0.set(.spaceID, space)
                $0.set(.backupScheduleID, schedule.string(.id))
            }.message(.backupSchedule))
        #expect(schedule.enumName(.status) == "BACKUP_SCHEDULE_STATUS_DISABLED")
        #expect(schedule[.lastFiredAt] != nil)
        schedule[.pausedAt] = nil
        _ = try world.own(service, "UpdateBackupSchedule") { $0.set(.backupSchedule, schedule) }
        try world.cloud.advance(by: 2 * Nanoseconds.hour)
        #expect(try count() == 5)
    }
}
