import Codec
import Contract
import GRPCProtocol
import Testing

@testable import Sandbox

/// Where an emulator of the cloud goes wrong easily: clusters and their backups.
@Suite struct ClusterTrapTests {
    private func update(
        _ world: TestWorld, _ cluster: Message, mask: [String] = []
    ) throws -> Message {
        try world.clusters("UpdateCluster") { request in
            request.set(.cluster, cluster)
            if !mask.isEmpty {
                request.edit(.updateMask) { $0[.paths] = .list(mask.map(Value.string)) }
            }
        }
    }

    @Test func fullReplacementClearsEveryOmittedOption() throws {
        let world = try TestWorld(speed: .instant)
        var cluster = try world.create {
            $0.edit(.configuration) {
                $0[.allowedIpSourceRanges] = .list([.string("203.0.113.0/24")])
                $0.edit(.clusterStorageConfiguration) {
                    $0.set(.volumeSnapshotClass, "csi-snapclass")
                }
            }
        }
        cluster.edit(.configuration) {
            $0[.allowedIpSourceRanges] = nil
            $0.edit(.clusterStorageConfiguration) { $0[.volumeSnapshotClass] = nil }
        }
        _ = try update(world, cluster)
        let configuration = try #require(
            try world.get(cluster.string(.id)).message(.configuration))
        #expect(configuration.strings(.allowedIpSourceRanges).isEmpty)
        let storage = configuration.message(.clusterStorageConfiguration)
        #expect(storage?.optionalString(.volumeSnapshotClass) == nil)
    }

    @Test func aPartlyFilledStateIsNoReasonToRefuseAnUpdate() throws {
        let world = try TestWorld(speed: .instant)
        var cluster = try world.create()
        cluster[.state] = nil
        cluster.edit(.state) { $0.setEnum(.phase, "HEALTHY") }
        cluster.set(.name, "renamed")
        _ = try update(world, cluster)
        #expect(try world.get(cluster.string(.id)).string(.name) == "renamed")
        // A cluster without an address yet can be patched, too.
        let slow = try TestWorld()
        let id = try slow.create().string(.id)
        var patch = try slow.get(id)
        patch.set(.name, "patched")
        _ = try update(slow, patch, mask: ["name"])
        #expect(try slow.get(id).string(.name) == "patched")
    }

    @Test func twoLettersAreANameButNotForARestoredCluster() throws {
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create("qa").string(.id)
        let backup = try world.backup(of: cluster)
        #expect(backup.message(.clusterInfo)?.string(.name) == "qa")
        func restore(_ name: String) throws -> Message {
            try world.clusters("CreateClusterFromBackup") {
                $0.set(.backupID, backup.string(.id))
                $0.set(.clusterName, name)
            }
        }
        #expect(failure { try restore("qa") }?.violations.map(\.rule) == ["string.min_len"])
        let restored = try #require(try restore("from-backup").message(.cluster))
        #expect(restored.string(.id) != cluster)
        #expect(restored.message(.configuration)?.integer(.numberOfNodes) == 1)
    }

    @Test func displayNamesOfBackupsAreWantedUnlessTheSandboxIsLenient() throws {
        func make(_ leniencies: Set<Leniency>) throws -> (TestWorld, String) {
            let world = try TestWorld(
                speed: .instant, options: WorldOptions(leniencies: leniencies))
            return (world, try world.create().string(.id))
        }
        let (strict, cluster) = try make([])
        #expect(
            failure { try strict.backup(of: cluster) { $0[.displayName] = nil } }?
                .violations.map(\.rule) == ["create_backup.display_name_rule"])
        #expect(
            failure { try strict.schedule(of: cluster, "@daily") { $0[.displayName] = nil } }?
                .violations.map(\.rule) == ["create_backup_schedule.display_name_rule"])
        let (lenient, other) = try make([.displayName])
        let backup = try lenient.backup(of: other) { $0[.displayName] = nil }
        #expect(backup.string(.displayName) == backup.string(.name))
        let schedule = try lenient.schedule(of: other, "@daily") { $0[.displayName] = nil }
        #expect(schedule.optionalString(.displayName) == nil)
    }

    @Test func versionsNeedTheirLetterAndLatestIsNeverStored() throws {
        let world = try TestWorld(speed: .instant)
        func create(_ version: String) throws -> Message {
            try world.create { $0.edit(.configuration) { $0.set(.version, version) } }
        }
        #expect(failure { try create("1.17.1") }?.violations.map(\.rule) == ["string.pattern"])
        #expect(try create("latest").message(.configuration)?.string(.version) == "v1.18.1")
        let releases = try world.clusters("ListQdrantReleases") { _ in }.messages(.items)
        #expect(releases.allSatisfy { $0.string(.version).hasPrefix("v") })
        #expect(releases.filter { $0.bool(.default) }.count == 1)
        // Ascending, so that the last one that is available is the newest.
        let numbers = releases.map { Catalogue.numbers(of: $0.string(.version)) }
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
    }

    @Test func explicitZerosOfOptionalEnumsAreRefusedUnlessTheSandboxIsLenient() throws {
        func create(_ world: TestWorld) throws -> Message {
            try world.create {
                $0.edit(.configuration) { $0[.serviceType] = .enumeration(0) }
            }
        }
        #expect(
            failure { try create(TestWorld()) }?.violations.map(\.path)
                == ["cluster.configuration.service_type"])
        let world = try TestWorld(options: WorldOptions(leniencies: [.zeroEnums]))
        #expect(try create(world).message(.configuration)?[.serviceType] == nil)
    }

    @Test func containersOfAnswersHaveTheirOwnNames() throws {
        let world = try TestWorld(speed: .instant, seed: "demo")
        let cluster = try #require(
            try world.clusters("ListClusters") { _ in }.messages(.items).first
        ).string(.id)
        let package = try world.package("gpx1")
        let risks = try world.clusters("GetClusterDownscaleRisk") {
            $0.set(.clusterID, cluster)
            $0.set(.packageID, package)
        }
        #expect(risks.messages(.downscaleRisks).count == 1)
        func monitoring(_ method: String) throws -> Message {
            try world.own("monitoring.v1.MonitoringService", method) {
                $0.set(.clusterID, cluster)
            }
        }
        #expect(try monitoring("GetClusterSummaryMetrics").messages(.nodes).count == 3)
        #expect(try monitoring("GetClusterInferenceMetrics").messages(.models).count == 2)
        #expect(try monitoring("ListClusterAlerts").list(.alerts).isEmpty)
        let contracts = try world.own("billing.v1.BillingService", "ListCreditContracts")
        #expect(!contracts.messages(.consumptionHistory).isEmpty)
    }

    @Test func addressesOfNetworksAreExact() throws {
        let world = try TestWorld()
        let error = failure {
            try world.create {
                $0.edit(.configuration) {
                    $0[.allowedIpSourceRanges] = .list([.string("10.0.0.1/8")])
                }
            }
        }
        #expect(error?.violations.map(\.rule) == ["string.ipv4_prefix"])
    }

    @Test func tolerationsThatExistHaveNoValue() throws {
        let world = try TestWorld()
        func create(_ fill: (inout Message) -> Void) throws -> Message {
            try world.create {
                $0.edit(.configuration) {
                    var toleration = $0.new(.tolerations)
                    toleration.set(.key, "dedicated")
                    fill(&toleration)
                    $0.set(.tolerations, [toleration])
                }
            }
        }
        // Even an empty one counts.
        #expect(
            failure {
                try create {
                    $0.setEnum(.operator, "EXISTS")
                    $0.set(.value, "")
                }
            }?.violations.map(\.rule) == ["toleration.value_for_exists"])
        _ = try create { $0.setEnum(.operator, "EXISTS") }
        _ = try create { $0.set(.value, "any \u{7f} text") }
    }

    @Test func deletedThingsShowThatTheyAreAndGo() throws {
        let world = try TestWorld()
        let cluster = try world.create().string(.id)
        world.pass(60)
        let backup = try world.backup(of: cluster).string(.id)
        world.pass(20)
        _ = try world.own("cluster.backup.v1.BackupService", "DeleteBackup") {
            $0.set(.backupID, backup)
        }
        #expect(world.metadata.contains { $0.name == "qc-event-cluster-id" && $0.value == cluster })
        let leaving = try world.own("cluster.backup.v1.BackupService", "GetBackup") {
            $0.set(.backupID, backup)
        }
        #expect(leaving.message(.backup)?[.deletedAt] != nil)
        world.pass(10)
        #expect(try world.backups().isEmpty)
        _ = try world.clusters("DeleteCluster") { $0.set(.clusterID, cluster) }
        #expect(try world.get(cluster)[.deletedAt] != nil)
        #expect(try world.clusters("ListClusters") { _ in }.messages(.items).count == 1)
        world.pass(10)
        #expect(world.code { try world.get(cluster) } == .notFound)
        // A second time, when it is gone, is an error.
        #expect(
            world.code { try world.clusters("DeleteCluster") { $0.set(.clusterID, cluster) } }
                == .notFound)
    }

    @Test func backupsOutliveTheirClusterUnlessToldOtherwise() throws {
        for deletes in [false, true] {
            let world = try TestWorld(speed: .instant)
            let cluster = try world.create().string(.id)
            let backup = try world.backup(of: cluster).string(.id)
            let schedule = try world.schedule(of: cluster, "@daily").string(.id)
            _ = try world.clusters("DeleteCluster") {
                $0.set(.clusterID, cluster)
                $0.set(.deleteBackups, deletes)
                // Means nothing on managed clusters.
                $0.set(.force, true)
            }
            let left = try world.backups()
            #expect(left.map { $0.string(.id) } == (deletes ? [] : [backup]))
            #expect(left.allSatisfy { $0.message(.clusterInfo)?[.createdAt] != nil })
            let schedules = try world.own(
                "cluster.backup.v1.BackupService", "ListBackupSchedules")
            #expect(schedules.messages(.items).isEmpty, "\(schedule)")
            guard !deletes else { continue }
            // It cannot be restored in place any more, but to a new cluster.
            #expect(
                world.code {
                    try world.own("cluster.backup.v1.BackupService", "RestoreBackup") {
                        $0.set(.backupID, backup)
                    }
                } == .failedPrecondition)
            _ = try world.clusters("CreateClusterFromBackup") {
                $0.set(.backupID, backup)
                $0.set(.clusterName, "again")
            }
        }
    }

    @Test func backupsFollowNamesButNotConfigurations() throws {
        let world = try TestWorld(speed: .instant)
        var cluster = try world.create()
        let id = cluster.string(.id)
        _ = try world.backup(of: id)
        cluster = try world.get(id)
        cluster.set(.name, "renamed")
        cluster.edit(.configuration) { $0.set(.numberOfNodes, 3) }
        _ = try update(world, cluster)
        let info = try #require(try world.backups()[0].message(.clusterInfo))
        #expect(info.string(.name) == "renamed")
        #expect(info.message(.configuration)?.integer(.numberOfNodes) == 1)
    }

    @Test func restoringBringsTheOldConfigurationBack() throws {
        let world = try TestWorld()
        let id = try world.create(nodes: 2) {
            $0.edit(.configuration) { $0.set(.version, "v1.17.1") }
        }.string(.id)
        world.pass(60)
        let backup = try world.backup(of: id).string(.id)
        world.pass(30)
        var cluster = try world.get(id)
        cluster.edit(.configuration) {
            $0.set(.numberOfNodes, 3)
            $0.set(.version, "v1.18.1")
        }
        _ = try update(world, cluster)
        world.pass(60)
        #expect(try world.get(id).message(.state)?.string(.version) == "v1.18.1")
        func restore() throws -> Message {
            try world.own("cluster.backup.v1.BackupService", "RestoreBackup") {
                $0.set(.backupID, backup)
            }
        }
        _ = try restore()
        #expect(try world.phase(id) == "UPDATING")
        #expect(world.code(restore) == .failedPrecondition)
        world.pass(60)
        let restored = try world.get(id)
        #expect(restored.message(.configuration)?.integer(.numberOfNodes) == 2)
        #expect(restored.message(.state)?.string(.version) == "v1.17.1")
        #expect(restored.message(.state)?.integer(.nodesUp) == 2)
        let restores = try world.own("cluster.backup.v1.BackupService", "ListBackupRestores")
        #expect(
            restores.messages(.items).map { $0.enumName(.status) }
                == ["BACKUP_RESTORE_STATUS_SUCCEEDED"])
    }

    @Test func managedClustersTakeWhatOnlyHybridOnesUse() throws {
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create {
            $0.edit(.configuration) {
                var pair = $0.new(.nodeSelector)
                pair.set(.key, "disktype")
                pair.set(.value, "ssd")
                $0.set(.nodeSelector, [pair])
                $0.setEnum(.serviceType, "LOAD_BALANCER")
                $0.edit(.databaseConfiguration) { $0.setEnum(.logLevel, "DEBUG") }
            }
        }
        #expect(cluster.message(.state)?.enumName(.phase) == "CLUSTER_PHASE_CREATING")
        let database = cluster.message(.configuration)?.message(.databaseConfiguration)
        #expect(database?.message(.inference)?.bool(.enabled) == true)
    }

    @Test func oldReleasesOfTheRulesReuseTheirNames() throws {
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create().string(.id)
        var backup = try world.backup(of: cluster)
        backup.set(.id, "no-uuid")
        let named = failure {
            try world.own("cluster.backup.v1.BackupService", "UpdateBackup") {
                $0.set(.backup, backup)
            }
        }
        #expect(named?.violations.map(\.rule) == ["cluster.id"])
        // Without its creation time, any text is an id, of which there is none.
        var bare = backup
        let outputs: [FieldName] = [
            .createdAt, .name, .status, .clusterInfo, .backupDuration, .price,
        ]
        for name in outputs { bare[name] = nil }
        #expect(
            world.code {
                try world.own("cluster.backup.v1.BackupService", "UpdateBackup") {
                    $0.set(.backup, bare)
                }
            } == .notFound)
        let package = failure {
            try world.own("booking.v1.BookingService", "GetPackage") {
                $0.set(.id, cluster)
                $0.set(.cloudProviderID, "aws")
            }
        }
        #expect(
            package?.violations.map(\.rule) == ["list_packages.cloud_provider_region_id_present"])
    }

    @Test func hybridIsAProviderWithoutRegionsOfItsOwn() throws {
        let world = try TestWorld()
        let error = failure {
            try world.clusters("ListClusters") { $0.set(.cloudProviderID, "hybrid") }
        }
        #expect(error?.violations.map(\.rule) == ["cluster.cloud_provider_region_id"])
        #expect(try world.clusters("ListClusters") { _ in }.messages(.items).isEmpty)
    }

    @Test func clientsThatPollAreNotKeptWaiting() throws {
        // They wait a minute for a key, ten for a cluster.
        let world = try TestWorld()
        let id = try world.create(nodes: 10).string(.id)
        world.pass(59)
        #expect(try world.phase(id) == "HEALTHY")
        #expect(
            try world.get(id).message(.state)?.message(.endpoint)?.string(.url).isEmpty == false)
    }
}
