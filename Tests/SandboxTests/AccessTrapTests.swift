import Codec
import Contract
import Foundation
import GRPCProtocol
import TestSupport
import Testing

@testable import Sandbox

/// Where an emulator of the cloud goes wrong easily: people, accounts and permissions.
@Suite struct AccessTrapTests {
    private let owner = "owner@example.com"
    private let viewer = "viewer@example.com"
    private let outsider = "outsider@example.com"

    @Test func methodsWithoutPermissionsStillBelongToAnAccount() throws {
        let world = try TestWorld()
        func name(_ email: String) throws -> Message {
            try world.call(as: email, "cluster.v1.ClusterService", "SuggestClusterName")
        }
        #expect(try !name(viewer).string(.name).isEmpty)
        #expect(world.code { try name(outsider) } == .permissionDenied)
    }

    @Test func invitationsAreAnsweredByThoseWhoAreNoMembersYet() throws {
        let world = try TestWorld()
        func invite(_ email: String) throws -> Message {
            try #require(
                try world.call(as: owner, "account.v1.AccountService", "CreateAccountInvite") {
                    $0.edit(.accountInvite) {
                        $0.set(.accountID, TestWorld.production)
                        $0.set(.userEmail, email)
                    }
                }.message(.accountInvite))
        }
        func answer(_ email: String, _ method: String, _ id: String) throws -> Message {
            try world.call(as: email, "account.v1.AccountService", method) {
                $0.set(.inviteID, id)
            }
        }
        let first = try invite(outsider)
        #expect(first.string(.accountName) == "Production")
        #expect(first.string(.createdByEmail) == owner)
        #expect(world.code { try invite(outsider) } == .alreadyExists)
        #expect(world.code { try invite(viewer) } == .alreadyExists)
        let received = try world.call(
            as: outsider, "account.v1.AccountService", "ListReceivedAccountInvites")
        #expect(received.messages(.items).map { $0.string(.id) } == [first.string(.id)])
        // Only who was meant may answer.
        #expect(
            world.code { try answer(viewer, "AcceptAccountInvite", first.string(.id)) }
                == .permissionDenied)
        let rejected = try answer(outsider, "RejectAccountInvite", first.string(.id))
        #expect(
            rejected.message(.invite)?.enumName(.status) == "ACCOUNT_INVITE_STATUS_REJECTED")
        #expect(
            world.code { try answer(outsider, "AcceptAccountInvite", first.string(.id)) }
                == .failedPrecondition)
        let second = try invite(outsider)
        let accepted = try answer(outsider, "AcceptAccountInvite", second.string(.id))
        #expect(
            accepted.message(.invite)?.enumName(.status) == "ACCOUNT_INVITE_STATUS_ACCEPTED")
        // Everybody has the base role, and nothing else yet.
        let mine = try world.call(as: outsider, "iam.v1.IAMService", "ListEffectivePermissions")
        #expect(mine.messages(.permissions).map { $0.string(.value) } == ["read:profile"])
    }

    @Test func invitationsAreWithdrawnOrRunOut() throws {
        let world = try TestWorld()
        func invite(_ email: String) throws -> String {
            try #require(
                try world.call(as: owner, "account.v1.AccountService", "CreateAccountInvite") {
                    $0.edit(.accountInvite) {
                        $0.set(.accountID, TestWorld.production)
                        $0.set(.userEmail, email)
                    }
                }.message(.accountInvite)
            ).string(.id)
        }
        let withdrawn = try invite("one@example.com")
        func withdraw() throws -> Message {
            try world.own("account.v1.AccountService", "DeleteAccountInvite") {
                $0.set(.inviteID, withdrawn)
            }
        }
        _ = try withdraw()
        #expect(world.code(withdraw) == .failedPrecondition)
        _ = try invite("two@example.com")
        func count(_ status: String) throws -> Int {
            try world.own("account.v1.AccountService", "ListAccountInvites") { request in
                let number = request.type.field(named: "statuses")?.enumType?
                    .number(looselyNamed: status)
                request[.statuses] = .list([.enumeration(number ?? 0)])
            }.messages(.items).count
        }
        #expect(try (count("PENDING"), count("CANCELED")) == (1, 1))
        try world.cloud.advance(by: 31 * Nanoseconds.day)
        #expect(try (count("PENDING"), count("CANCELED")) == (0, 2))
    }

    @Test func onePermissionOfTwoIsEnoughForEnvironmentsOnly() throws {
        let world = try TestWorld(speed: .instant)
        let id = try world.environment().string(.id)
        func list() throws -> Message {
            try world.call(
                as: viewer, "hybrid.v1.HybridCloudService", "ListHybridCloudEnvironments")
        }
        func generate() throws -> Message {
            try world.call(
                as: viewer, "hybrid.v1.HybridCloudService", "GenerateBootstrapCommands"
            ) { $0.set(.hybridCloudEnvironmentID, id) }
        }
        try world.restrictViewer(to: ["write:clusters"])
        #expect(try list().messages(.items).count == 1)
        #expect(world.code(generate) == .permissionDenied)
        try world.restrictViewer(to: ["read:hybrid_cloud_environments"])
        #expect(try list().messages(.items).count == 1)
        try world.restrictViewer(to: ["write:hybrid_cloud_environments"])
        #expect(world.code(list) == .permissionDenied)
        #expect(world.code(generate) == .permissionDenied)
        try world.restrictViewer(
            to: ["write:hybrid_cloud_environments", "write:management_keys"])
        #expect(try generate().strings(.commands).count == 5)
    }

    @Test func ownersCannotLeaveButMayRemoveThemselves() throws {
        let world = try TestWorld()
        func leave(_ email: String) throws -> Message {
            try world.call(as: email, "account.v1.AccountService", "LeaveAccount")
        }
        // Leaving needs no permission.
        #expect(world.code { try leave(viewer) } == nil)
        #expect(world.code { try leave(viewer) } == .permissionDenied)
        #expect(world.code { try leave(owner) } == .failedPrecondition)
        func remove(_ email: String, by other: String) throws -> Message {
            try world.call(as: other, "account.v1.AccountService", "DeleteAccountMember") {
                $0.set(.userID, Identities.user(email))
            }
        }
        #expect(
            world.code { try remove(owner, by: "admin@example.com") } == .failedPrecondition)
        _ = try remove(owner, by: owner)
        let members = try world.call(
            as: "admin@example.com", "account.v1.AccountService", "ListAccountMembers"
        ).messages(.items)
        #expect(members.count == 1 && members[0].bool(.isOwner))
        #expect(
            world.code { try remove("admin@example.com", by: "admin@example.com") }
                == .failedPrecondition, "the last one stays")
    }

    @Test func namesOfPermissionsAreNotWhatOneExpects() throws {
        let world = try TestWorld(speed: .instant, seed: "demo")
        let payment = "payment.v1.PaymentService"
        let id = try #require(
            try world.own(payment, "ListPaymentMethods").messages(.items).first
        ).string(.id)
        func delete() throws -> Message {
            try world.call(as: viewer, payment, "DeletePaymentMethod") {
                $0.set(.paymentMethodID, id)
            }
        }
        func quote() throws -> Message {
            try world.call(as: viewer, "booking.v1.BookingService", "GetQuote") {
                $0.set(.cloudProviderID, "aws")
                $0.set(.cloudProviderRegionID, "eu-central-1")
                $0.set(.numberOfNodes, 1)
                $0.set(.packageID, (try? world.package("gpx1")) ?? "")
            }
        }
        func backupQuote() throws -> Message {
            try world.call(as: viewer, "booking.v1.BookingService", "GetBackupQuote") {
                $0.set(.cloudProviderID, "aws")
                $0.set(.cloudProviderRegionID, "eu-central-1")
            }
        }
        try world.restrictViewer(to: ["read:payment_information", "read:clusters", "read:backups"])
        for call in [delete, quote, backupQuote] { #expect(world.code(call) == .permissionDenied) }
        try world.restrictViewer(
            to: ["write:payment_information", "write:clusters", "write:backups"])
        // The default method of an account with paid clusters stays.
        #expect(world.code(delete) == .failedPrecondition)
        #expect(world.code(quote) == nil)
        #expect(world.code(backupQuote) == nil)
    }

    @Test func dashboardTokensOfSpacesAreKeysOfAnotherKind() throws {
        let world = try TestWorld(speed: .instant)
        let space = try world.space().string(.id)
        let service = "serverless.space.auth.v1.EphemeralDashboardTokenService"
        try world.restrictViewer(to: ["read:serverless_spaces"])
        let token = try world.call(as: viewer, service, "CreateEphemeralDashboardToken") {
            $0.set(.spaceID, space)
        }
        #expect(
            token.message(.ephemeralDashboardToken)?.string(.token).hasPrefix("local:v1:")
                == true)
        #expect(
            world.code { try world.call(as: viewer, service, "ListEphemeralDashboardTokens") }
                == .permissionDenied)
        let rows = try world.own(service, "ListEphemeralDashboardTokens").messages(.items)
        #expect(rows.count == 1 && rows[0].string(.key).isEmpty)
        let keys = try world.own(
            "serverless.space.auth.v1.SpaceApiKeyService", "ListSpaceApiKeys"
        ) { $0.set(.spaceID, space) }
        #expect(keys.messages(.items).isEmpty)
        func revoke(as email: String?) throws -> Message {
            func fill(_ request: inout Message) {
                request.set(.spaceApiKeyID, rows[0].string(.id))
            }
            return try email.map {
                try world.call(as: $0, service, "RevokeEphemeralDashboardToken", fill)
            } ?? world.own(service, "RevokeEphemeralDashboardToken", fill)
        }
        try world.restrictViewer(to: ["delete:serverless_api_keys"])
        #expect(world.code { try revoke(as: viewer) } == .permissionDenied)
        try world.restrictViewer(to: ["write:serverless_api_keys"])
        _ = try revoke(as: viewer)
        _ = try revoke(as: nil)
        let revoked = try world.own(service, "ListEphemeralDashboardTokens").messages(.items)[0]
        #expect(
            revoked.message(.state)?.enumName(.phase) == "SPACE_API_KEY_STATE_PHASE_DISABLED")
        #expect(
            revoked.message(.revokedBy)?.string(.actorID) == Identities.user(viewer),
            "the second time changed nothing")
    }

    @Test func maskedUpdatesAreCheckedWholeAndOthersNeedEverything() throws {
        let world = try TestWorld()
        let id = Identities.user(viewer)
        func update(_ fill: (inout Message) -> Void, mask: [String]) throws -> Message {
            try world.call(as: viewer, "iam.v1.IAMService", "UpdateUser") { request in
                request.edit(.user) {
                    $0.set(.id, id)
                    fill(&$0)
                }
                if !mask.isEmpty {
                    request.edit(.updateMask) { $0[.paths] = .list(mask.map(Value.string)) }
                }
            }
        }
        let sparse = failure {
            try update({ $0.set(.defaultAccountID, TestWorld.production) }, mask: [])
        }
        #expect(sparse?.violations.map(\.path) == ["user.email"])
        _ = try update(
            { $0.set(.defaultAccountID, TestWorld.production) }, mask: ["default_account_id"])
        #expect(
            world.code {
                try update(
                    { $0.set(.defaultAccountID, TestWorld.sandbox) },
                    mask: ["default_account_id"])
            } == .invalidArgument, "an account of somebody else")
        // A role's kind is wanted by the rules, and there after the merge.
        try world.restrictViewer(to: ["write:roles"])
        let role = try #require(
            try world.own("iam.v1.IAMService", "ListRoles").messages(.items).last)
        let renamed = try world.call(as: viewer, "iam.v1.IAMService", "UpdateRole") { request in
            request.edit(.role) {
                $0.set(.id, role.string(.id))
                $0.set(.accountID, TestWorld.production)
                $0.set(.name, "Renamed")
            }
            request.edit(.updateMask) { $0[.paths] = .list([.string("name")]) }
        }
        #expect(renamed.message(.role)?.string(.name) == "Renamed")
        #expect(renamed.message(.role)?.list(.permissions).count == 1)
    }

    @Test func whatIsNotThereBreaksRulesOfAnswersAndIsToldAnyway() throws {
        let world = try TestWorld()
        let consent = try world.call(as: viewer, "iam.v1.IAMService", "GetUserConsent") {
            $0.setEnum(.documentType, "SLA")
        }.message(.userConsent)
        #expect(consent?.integer(.status) == 0 && consent?[.lastModifiedAt] == nil)
        _ = try world.call(as: viewer, "iam.v1.IAMService", "RecordUserConsent") {
            $0.setEnum(.documentType, "SLA")
            $0.setEnum(.statusUpdate, "ACCEPTED")
        }
        let recorded = try world.call(as: viewer, "iam.v1.IAMService", "GetUserConsent") {
            $0.setEnum(.documentType, "SLA")
        }.message(.userConsent)
        #expect(recorded?.bool(.isAccepted) == true)
        let session = try world.own("payment.v1.PaymentService", "CreateStripeCheckoutSession") {
            $0.set(.redirectURL, "https://example.com/back")
        }.message(.stripeSession)
        #expect(session?.string(.setupIntentPaymentMethod) == "pm_pending")
        _ = try world.call(as: viewer, "account.v1.AccountService", "LeaveAccount")
        let user = try world.call(as: viewer, "iam.v1.IAMService", "GetAuthenticatedUser")
        #expect(user.message(.user)?.string(.defaultAccountID) == "")
    }

    @Test func userMethodsWithoutRestrictionAreForOneselfOnly() throws {
        let world = try TestWorld()
        func delete(
            _ user: String, _ call: (String, String, (inout Message) -> Void) throws -> Message
        )
            throws -> Message
        {
            try call("iam.v1.IAMService", "DeleteUser") { $0.set(.userID, user) }
        }
        let id = Identities.user(viewer)
        let asKey: (String, String, (inout Message) -> Void) throws -> Message = {
            try world.own($0, $1, $2)
        }
        #expect(world.code { try delete(id, asKey) } == .permissionDenied)
        #expect(
            world.code {
                try world.call(as: "admin@example.com", "iam.v1.IAMService", "DeleteUser") {
                    $0.set(.userID, id)
                }
            } == .permissionDenied)
        // Whoever owns an account stays.
        #expect(
            world.code {
                try world.call(as: owner, "iam.v1.IAMService", "DeleteUser") {
                    $0.set(.userID, Identities.user(owner))
                }
            } == .failedPrecondition)
        _ = try world.call(as: viewer, "iam.v1.IAMService", "DeleteUser") {
            $0.set(.userID, id)
        }
        #expect(
            world.code { try world.call(as: viewer, "iam.v1.IAMService", "GetAuthenticatedUser") }
                == .unauthenticated)
        let lenient = try TestWorld(options: WorldOptions(leniencies: [.deleteUser]))
        _ = try lenient.own("iam.v1.IAMService", "DeleteUser") { $0.set(.userID, id) }
        #expect(try lenient.own("iam.v1.IAMService", "ListUsers").messages(.items).count == 2)
    }

    @Test func wordCharactersAreASCII() throws {
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create().string(.id)
        func key(_ name: String) throws -> Message {
            try world.own("cluster.auth.v2.DatabaseApiKeyService", "CreateDatabaseApiKey") {
                $0.edit(.databaseApiKey) {
                    $0.set(.accountID, TestWorld.production)
                    $0.set(.clusterID, cluster)
                    $0.set(.name, name)
                }
            }
        }
        #expect(world.code { try key("naïve key") } == .invalidArgument)
        #expect(world.code { try key("plain key") } == nil)
        let role = try world.own("iam.v1.IAMService", "CreateRole") {
            $0.edit(.role) {
                $0.set(.accountID, TestWorld.production)
                $0.set(.name, "Prüfer 検査")
                $0.setEnum(.roleType, "CUSTOM")
                $0.set(
                    .permissions,
                    PermissionCatalogue.messages(["read:clusters"], world.cloud.world))
            }
        }
        #expect(role.message(.role)?.string(.name) == "Prüfer 検査")
    }

    @Test func systemRolesStayAsTheyAre() throws {
        let world = try TestWorld()
        let roles = try world.own("iam.v1.IAMService", "ListRoles").messages(.items)
        func role(_ name: String) throws -> Message {
            try #require(roles.first { $0.string(.name) == name })
        }
        var admin = try role("Admin")
        admin.setEnum(.roleType, "CUSTOM")
        #expect(
            world.code {
                try world.own("iam.v1.IAMService", "UpdateRole") { $0.set(.role, admin) }
            } == .failedPrecondition)
        #expect(
            world.code {
                try world.own("iam.v1.IAMService", "DeleteRole") {
                    $0.set(.roleID, admin.string(.id))
                }
            } == .failedPrecondition)
        func assign(add: [String] = [], delete: [String] = []) throws -> Message {
            try world.own("iam.v1.IAMService", "AssignUserRoles") {
                $0.set(.userID, Identities.user(viewer))
                $0[.roleIDsToAdd] = .list(add.map(Value.string))
                $0[.roleIDsToDelete] = .list(delete.map(Value.string))
            }
        }
        #expect(
            world.code { try assign(add: [role("Owner").string(.id)]) }
                == .failedPrecondition)
        #expect(
            world.code { try assign(delete: [role("Base").string(.id)]) }
                == .failedPrecondition)
        // Twice does no harm; in both lists, it goes.
        let id = try role("Admin").string(.id)
        _ = try assign(add: [id, id])
        _ = try assign(add: [id], delete: [id])
        let held = try world.own("iam.v1.IAMService", "ListUserRoles") {
            $0.set(.userID, Identities.user(viewer))
        }
        #expect(held.messages(.roles).map { $0.string(.name) }.sorted() == ["Base", "Viewer"])
    }

    @Test func ownersHandTheirAccountOn() throws {
        let world = try TestWorld()
        let external = try #require(
            try world.cloud.world.store.transaction {
                try $0.record(.user, Identities.user("admin@example.com"))?.hidden["external"]
            })
        func hand(_ email: String, to owner: String) throws -> Message {
            try world.call(as: email, "account.v1.AccountService", "UpdateAccount") { request in
                request.edit(.account) {
                    $0.set(.id, TestWorld.production)
                    $0.set(.externalOwnerID, owner)
                }
                request.edit(.updateMask) { $0[.paths] = .list([.string("external_owner_id")]) }
            }
        }
        #expect(
            world.code { try hand("admin@example.com", to: external) } == .permissionDenied)
        #expect(world.code { try hand(owner, to: "auth0|nobody") } == .invalidArgument)
        let handed = try hand(owner, to: external)
        #expect(handed.message(.account)?.string(.ownerEmail) == "admin@example.com")
        let members = try world.own("account.v1.AccountService", "ListAccountMembers")
            .messages(.items)
        #expect(members.filter { $0.bool(.isOwner) }.count == 1)
        let roles = try world.own("iam.v1.IAMService", "ListUserRoles") {
            $0.set(.userID, Identities.user(owner))
        }
        #expect(roles.messages(.roles).map { $0.string(.name) }.sorted() == ["Admin", "Base"])
        // Now the new owner may delete it, with all that it has.
        #expect(
            world.code { try world.call(as: owner, "account.v1.AccountService", "DeleteAccount") }
                == .permissionDenied)
        _ = try world.call(as: "admin@example.com", "account.v1.AccountService", "DeleteAccount")
        #expect(world.code { try world.clusters("ListClusters") { _ in } } == .unauthenticated)
        #expect(
            try world.call(as: owner, "account.v1.AccountService", "ListAccounts") {
                $0 = Message($0.type)
            }.messages(.items).isEmpty)
    }

    @Test func loggingOutEndsATokenAndTheNextIsAnother() throws {
        let world = try TestWorld()
        let old = try world.token(forUser: viewer)
        _ = try world.call(as: viewer, "iam.v1.IAMService", "LogoutUser")
        #expect(
            world.code { try world.call(as: viewer, "iam.v1.IAMService", "GetAuthenticatedUser") }
                == .unauthenticated)
        let new = try world.token(forUser: viewer)
        #expect(new != old)
        let user = try world.call(
            "iam.v1.IAMService", "GetAuthenticatedUser", authorization: "bearer \(new)"
        ) { _ in }
        #expect(user.message(.user)?.string(.email) == viewer)
    }
}

/// Where an emulator of the cloud goes wrong easily: secrets, money, environments, REST.
@Suite struct ServiceTrapTests {
    @Test func secretsAreToldOnceAndStoredNowhere() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/sandbox.sqlite"
        let world = try TestWorld(speed: .instant, path: path)
        let cluster = try world.create().string(.id)
        let space = try world.space().string(.id)
        var secrets: [String] = []
        secrets.append(
            try #require(
                try world.own("auth.v1.AuthService", "CreateManagementKey") {
                    $0.edit(.managementKey) { $0.set(.accountID, TestWorld.production) }
                }.message(.managementKey)
            ).string(.key))
        secrets.append(
            try #require(
                try world.own("cluster.auth.v2.DatabaseApiKeyService", "CreateDatabaseApiKey") {
                    $0.edit(.databaseApiKey) {
                        $0.set(.accountID, TestWorld.production)
                        $0.set(.clusterID, cluster)
                        $0.set(.name, "app key")
                    }
                }.message(.databaseApiKey)
            ).string(.key))
        secrets.append(
            try #require(
                try world.own("serverless.space.auth.v1.SpaceApiKeyService", "CreateSpaceApiKey") {
                    $0.edit(.spaceApiKey) {
                        $0.set(.accountID, TestWorld.production)
                        $0.set(.spaceID, space)
                        $0.set(.name, "app key")
                    }
                }.message(.spaceApiKey)
            ).string(.key))
        let environment = try world.environment().string(.id)
        let bootstrap = try world.own(
            "hybrid.v1.HybridCloudService", "GenerateBootstrapCommands"
        ) { $0.set(.hybridCloudEnvironmentID, environment) }
        secrets += [bootstrap.string(.accessKey), bootstrap.string(.registryPassword)]
        #expect(bootstrap.strings(.commands).joined().contains(secrets[3]))
        secrets.append(
            try #require(
                try world.call(
                    as: "owner@example.com",
                    "cluster.auth.v1.EphemeralDashboardTokenService",
                    "CreateEphemeralDashboardToken"
                ) { $0.set(.clusterID, cluster) }.message(.ephemeralDashboardToken)
            ).string(.token))
        secrets += [world.key, world.cloud.world.userToken(of: "owner@example.com")]
        #expect(Set(secrets).count == 8 && !secrets.contains(""))
        let export = try SeedRecords.export(world.cloud)
        var stored = Data()
        for file in [path, path + "-wal"] {
            stored += FileManager.default.contents(atPath: file) ?? Data()
        }
        #expect(stored.count > 10_000)
        let text = String(decoding: stored, as: UTF8.self)
        for secret in secrets {
            #expect(!text.contains(secret) && !export.contains(secret))
        }
        // What was generated before is superseded.
        let again = try world.own("hybrid.v1.HybridCloudService", "GenerateBootstrapCommands") {
            $0.set(.hybridCloudEnvironmentID, environment)
        }
        #expect(again.string(.accessKey) != bootstrap.string(.accessKey))
    }

    @Test func environmentsTellNothingBeforeTheirAgentDoes() throws {
        let world = try TestWorld()
        let made = try world.environment()
        #expect(made[.status] == nil)
        // Of a key, the address of the account's owner is told.
        #expect(made.string(.createdByEmail) == "owner@example.com")
        let service = "hybrid.v1.HybridCloudService"
        func get() throws -> Message {
            try #require(
                try world.own(service, "GetHybridCloudEnvironment") {
                    $0.set(.hybridCloudEnvironmentID, made.string(.id))
                }.message(.hybridCloudEnvironment))
        }
        func create() throws -> Message {
            try world.clusters("CreateCluster") {
                $0.edit(.cluster) {
                    $0.set(.accountID, TestWorld.production)
                    $0.set(.name, "hybrid")
                    $0.set(.cloudProviderID, "hybrid")
                    $0.set(.cloudProviderRegionID, made.string(.id))
                    $0.edit(.configuration) {
                        $0.set(.numberOfNodes, 1)
                        $0.set(
                            .packageID,
                            Catalogue.builtIn.packages.first { $0.name == "hc-gpx1" }?.id ?? "")
                    }
                }
            }
        }
        #expect(world.code(create) == .failedPrecondition)
        _ = try world.own(service, "GenerateBootstrapCommands") {
            $0.set(.hybridCloudEnvironmentID, made.string(.id))
        }
        #expect(try get()[.status] == nil)
        #expect(try get().bool(.bootstrapCommandsGenerated))
        world.pass(6)
        #expect(
            try get().message(.status)?.enumName(.phase)
                == "HYBRID_CLOUD_ENVIRONMENT_STATUS_PHASE_NOT_READY")
        #expect(world.code(create) == .failedPrecondition)
        world.pass(10)
        let cluster = try #require(try create().message(.cluster))
        #expect(
            cluster.message(.configuration)?.message(.databaseConfiguration)?[.inference] == nil
        )
        world.pass(60)
        let running = try world.get(cluster.string(.id))
        #expect(
            running.message(.state)?.message(.endpoint)?.string(.url)
                == "http://qdrant-\(cluster.string(.id)).qdrant.svc")
        #expect(
            world.code {
                try world.own("cluster.auth.v2.DatabaseApiKeyService", "CreateDatabaseApiKey") {
                    $0.edit(.databaseApiKey) {
                        $0.set(.accountID, TestWorld.production)
                        $0.set(.clusterID, cluster.string(.id))
                        $0.set(.name, "app key")
                    }
                }
            } == .failedPrecondition)
        // The namespace is frozen, and the environment stays while clusters stand in it.
        var wanted = try get()
        wanted.edit(.configuration) { $0.set(.namespace, "other") }
        #expect(
            world.code {
                try world.own(service, "UpdateHybridCloudEnvironment") {
                    $0.set(.hybridCloudEnvironment, wanted)
                }
            } == .invalidArgument)
        #expect(
            world.code {
                try world.own(service, "DeleteHybridCloudEnvironment") {
                    $0.set(.hybridCloudEnvironmentID, made.string(.id))
                }
            } == .failedPrecondition)
        let regions = try world.own("platform.v1.PlatformService", "ListCloudProviderRegions") {
            $0.set(.cloudProviderID, "hybrid")
        }.messages(.items)
        #expect(regions.map { $0.string(.id) } == [made.string(.id)])
        #expect(regions[0].bool(.available) && regions[0].string(.provider) == "aws")
    }

    @Test func onlyAccountsWithThePrivilegeHaveEnvironments() throws {
        let world = try TestWorld()
        let key = world.cloud.world.managementKey(of: TestWorld.sandbox)
        let error = failure {
            try world.call(
                "hybrid.v1.HybridCloudService", "CreateHybridCloudEnvironment", key: key
            ) {
                $0.edit(.hybridCloudEnvironment) {
                    $0.set(.accountID, TestWorld.sandbox)
                    $0.set(.name, "mine")
                }
            }
        }
        #expect(error?.code == .permissionDenied)
        // And without a way to pay, there are free clusters only.
        func create(_ package: String) throws -> Message {
            try world.call("cluster.v1.ClusterService", "CreateCluster", key: key) {
                $0.edit(.cluster) {
                    $0.set(.accountID, TestWorld.sandbox)
                    $0.set(.name, "mine")
                    $0.set(.cloudProviderID, "aws")
                    $0.set(.cloudProviderRegionID, "eu-central-1")
                    $0.edit(.configuration) {
                        $0.set(.numberOfNodes, 1)
                        $0.set(.packageID, (try? world.package(package)) ?? "")
                    }
                }
            }
        }
        #expect(world.code { try create("gpx1") } == .failedPrecondition)
        let free = try #require(try create("free2").message(.cluster)).string(.id)
        world.pass(60)
        #expect(
            world.code {
                try world.call("cluster.backup.v1.BackupService", "CreateBackup", key: key) {
                    $0.edit(.backup) {
                        $0.set(.accountID, TestWorld.sandbox)
                        $0.set(.clusterID, free)
                        $0.set(.displayName, "copy")
                    }
                }
            } == .failedPrecondition)
    }

    @Test func packagesOfTheOwnTierAreShown() throws {
        let world = try TestWorld()
        func names(_ method: String, _ fill: (inout Message) -> Void = { _ in }) throws -> Set<
            String
        > {
            let answer = try world.own("booking.v1.BookingService", method) {
                $0.set(.cloudProviderID, "aws")
                $0.set(.cloudProviderRegionID, "eu-central-1")
                fill(&$0)
            }
            return Set(answer.messages(.items).map { $0.string(.name) })
        }
        let own = try names("ListPackages")
        #expect(own.contains("gpx1") && !own.contains("p-gpx1") && !own.contains("old1"))
        #expect(try names("ListGlobalPackages") == own)
        #expect(try names("ListPackages") { $0.setEnum(.tier, "PREMIUM") }.contains("p-gpx1"))
        let retired = try names("ListPackages") {
            $0[.statuses] = .list([.enumeration(2)])
        }
        #expect(retired == ["old1"])
        let zero = failure {
            try world.own("booking.v1.BookingService", "ListPackages") {
                $0.set(.cloudProviderID, "aws")
                $0.set(.cloudProviderRegionID, "eu-central-1")
                $0[.tier] = .enumeration(0)
            }
        }
        #expect(zero?.code == .invalidArgument)
    }

    @Test func moneyHasTwoUnitsAndMetricsHaveTwoNames() throws {
        let world = try TestWorld(seed: "demo")
        let contract = try #require(
            try world.own("billing.v1.BillingService", "ListCreditContracts")
                .messages(.items).first)
        // Dollars, where everything else is in thousandths of cents.
        #expect(contract[.totalAmount] == .double(1000))
        let month = CalendarMonth(containing: world.time.now)
        let lines = try world.own("metering.v1.MeteringService", "ListMeterings") {
            $0.set(.year, month.year)
            $0.set(.month, month.month)
        }.messages(.items)
        #expect(lines.contains { $0.string(.billableEntityType) == "cluster_booking" })
        let months = try world.own("metering.v1.MeteringService", "GetUsageBreakdown") {
            $0.set(.startTime, world.cloud.world.timestamp(month.start))
            $0.set(.endTime, world.cloud.world.timestamp(month.end))
        }.messages(.items)
        let rows = months.flatMap { $0.messages(.accounts) }.flatMap { $0.messages(.clusters) }
        let arms = [
            "Cluster": "cluster_usage_config", "Cluster Extra Disk": "cluster_extra_disk_config",
            "Cluster Storage Tier": "cluster_storage_tier_config",
            "Backup": "backup_storage_config", "Inference Tokens": "inference_config",
        ]
        #expect(!rows.isEmpty)
        for row in rows {
            let arm = try #require(arms[row.string(.billableEntityType)])
            #expect(row[FieldName(arm)] != nil)
        }
        // The same use, told twice.
        #expect(
            rows.reduce(0) { $0 + $1.integer(.amountMillicents) }
                == lines.reduce(0) { $0 + $1.integer(.amountMillicents) })
    }

    @Test func readOnlyHasAnotherNumberInSpaces() throws {
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create().string(.id)
        let space = try world.space().string(.id)
        func access(_ service: String, _ method: String, _ field: String, _ id: String) throws
            -> String?
        {
            let answer = try world.own(service, method) { request in
                request.edit(FieldName(field)) { key in
                    key.set(.accountID, TestWorld.production)
                    key.set(id == cluster ? .clusterID : .spaceID, id)
                    key.set(.name, "read only")
                    var rule = key.new(.accessRules)
                    rule.edit(.globalAccess) { $0.setEnum(.accessType, "READ_ONLY") }
                    key.set(.accessRules, [rule])
                }
            }
            let token = answer.message(FieldName(field))?.string(.key) ?? ""
            return DatabaseToken.claims(of: token).map { "\($0.grant)" }
        }
        let first = try access(
            "cluster.auth.v2.DatabaseApiKeyService", "CreateDatabaseApiKey", "database_api_key",
            cluster)
        let second = try access(
            "serverless.space.auth.v1.SpaceApiKeyService", "CreateSpaceApiKey", "space_api_key",
            space)
        #expect(first == second && first?.contains("read") == true)
    }

    @Test func originsHaveADotAndEndInLetters() throws {
        let world = try TestWorld()
        func create(_ origin: String) throws -> Message {
            try world.space("with-origin") {
                $0.edit(.configuration) { $0[.allowedOrigins] = .list([.string(origin)]) }
            }
        }
        #expect(world.code { try create("http://localhost:3000") } == .invalidArgument)
        #expect(world.code { try create("https://10.0.0.1") } == .invalidArgument)
        #expect(world.code { try create("https://app.example.com") } == nil)
        #expect(world.code { try create("https://app.example.com") } == .alreadyExists)
    }

    // MARK: - REST

    @Test func restoringToNewThingsIsAskedForInTwoWays() throws {
        let world = try TestWorld(speed: .instant)
        let cluster = try world.create().string(.id)
        let backup = try world.backup(of: cluster).string(.id)
        let made = try world.rest(
            "POST",
            "/api/cluster/v1/accounts/\(TestWorld.production)/backups/\(backup)/clusters"
                + "?clusterName=from-query")
        #expect(made.status == 200 && made.tree["cluster"]?["name"]?.text == "from-query")
        let space = try world.space().string(.id)
        _ = try world.clusters("ListClusters") { _ in }
        let copy = try world.own("serverless.space.backup.v1.BackupService", "CreateBackup") {
            $0.edit(.backup) {
                $0.set(.accountID, TestWorld.production)
                $0.set(.spaceID, space)
            }
        }.message(.backup)?.string(.id)
        let path =
            "/api/serverless/v1/accounts/\(TestWorld.production)/backups/\(copy ?? "")/spaces"
        #expect(try world.rest("POST", path + "?spaceName=from-query").status == 400)
        let restored = try world.rest("POST", path, body: #"{"spaceName":"from-body"}"#)
        #expect(restored.tree["space"]?["name"]?.text == "from-body", "\(restored.text)")
    }

    @Test func whatIsNotInThePathIsInTheQuery() throws {
        let world = try TestWorld(speed: .instant)
        let viewer = "viewer@example.com"
        let id = "webauthn_roaming|dev_" + Identities.user(viewer).prefix(8)
        let encoded = id.replacing("|", with: "%7C")
        let path = "/api/iam/v1/users/me/mfa-methods/\(encoded)"
        #expect(try world.rest("PUT", path + "?mfaMethod.name=New", as: viewer).status == 400)
        let named = try world.rest(
            "PUT",
            path + "?mfaMethod.name=New&mfaMethod.type=USER_MFA_METHOD_TYPE_WEBAUTHN_ROAMING",
            as: viewer)
        #expect(named.tree["mfaMethod"]?["name"]?.text == "New", "\(named.text)")
        let cluster = try world.create().string(.id)
        let schedule = try world.schedule(of: cluster, "@daily").string(.id)
        let base =
            "/api/cluster/backup/v1/accounts/\(TestWorld.production)/backup_schedules/\(schedule)"
        #expect(try world.rest("GET", base).status == 400)
        #expect(try world.rest("GET", base + "?clusterId=\(TestWorld.production)").status == 404)
        #expect(try world.rest("GET", base + "?cluster_id=\(cluster)").status == 200)
        #expect(try world.rest("DELETE", base).status == 200)
    }

    @Test func patchHasNoMaskAndAMaskMayStandBehind() throws {
        let world = try TestWorld(speed: .instant, seed: "demo")
        let backup = try #require(try world.backups().first)
        let path =
            "/api/cluster/backup/v1/accounts/\(TestWorld.production)/backups/\(backup.string(.id))"
        let renamed = try world.rest(
            "PATCH", path,
            body:
                #"{"backup":{"clusterId":"\#(backup.string(.clusterID))","displayName":"other"}}"#
        )
        #expect(renamed.tree["backup"]?["displayName"]?.text == "other", "\(renamed.text)")
        #expect(
            renamed.tree["backup"]?["retentionPeriod"] == .null
                || renamed.tree["backup"]?["retentionPeriod"] == nil)
        let method = try #require(
            try world.own("payment.v1.PaymentService", "ListPaymentMethods").messages(.items)
                .first)
        let changed = try world.own("payment.v1.PaymentService", "UpdatePaymentMethod") { request in
            request.edit(.paymentMethod) {
                $0.set(.id, method.string(.id))
                $0.set(.accountID, TestWorld.production)
                $0.set(.taxID, "DE123456789")
            }
            request.edit(.updateMask) { $0[.paths] = .list([.string("tax_id")]) }
        }.message(.paymentMethod)
        #expect(changed?.optionalString(.taxID) == "DE123456789")
        let address = changed?.message(.billingAddress)
        #expect(address?.string(.countryFormatted) == "Germany")
        #expect(address?.bool(.taxSupportedCountry) == true)
    }

    @Test func pagesSayHowManyThereAreOnlyWhenAskedForPages() throws {
        let world = try TestWorld(speed: .instant)
        for index in 0..<3 { _ = try world.create("cluster-\(index)") }
        let path = "/api/cluster/v1/accounts/\(TestWorld.production)/clusters"
        let all = try world.rest("GET", path)
        #expect(all.tree["totalSize"] == nil && all.tree["nextPageToken"] == nil)
        let page = try world.rest("GET", path + "?pageSize=2")
        #expect(page.tree["totalSize"]?.integer == 3)
        let token = try #require(page.tree["nextPageToken"]?.text)
        // A token alone brings the rest.
        let rest = try world.rest("GET", path + "?page_token=\(token.replacing("=", with: "%3D"))")
        #expect(rest.tree["items"]?.items?.count == 1)
        #expect(rest.tree["totalSize"] == nil && rest.tree["nextPageToken"] == nil)
        for size in [0, 251] {
            #expect(try world.rest("GET", path + "?pageSize=\(size)").status == 400)
        }
    }

    @Test func literalsWinOverVariables() throws {
        let world = try TestWorld()
        let cluster = "/api/cluster/v1/accounts/\(TestWorld.production)/clusters/suggest-name"
        #expect(try world.rest("GET", cluster).tree["name"]?.text?.isEmpty == false)
        let space = "/api/serverless/v1/accounts/\(TestWorld.production)/spaces/suggest-name"
        #expect(try world.rest("GET", space).tree["name"]?.text?.isEmpty == false)
        let me = try world.rest("GET", "/api/iam/v1/users/me", as: "viewer@example.com")
        #expect(me.tree["user"]?["email"]?.text == "viewer@example.com")
    }

    @Test func longNumbersAreTextAndShortOnesAreNot() throws {
        let world = try TestWorld(speed: .instant)
        let packages = try world.rest(
            "GET",
            "/api/booking/v1/accounts/\(TestWorld.production)/packages?cloud_provider_id=aws"
                + "&cloud_provider_region_id=eu-central-1")
        #expect(packages.text.contains(#""unitIntPricePerHour":3612"#))
        let package = try world.package("gpx1")
        let quote = try world.rest(
            "POST", "/api/booking/v1/accounts/\(TestWorld.production)/quote",
            body: #"""
                {"cloudProviderId":"aws","cloudProviderRegionId":"eu-central-1","numberOfNodes":1,
                "packageId":"\#(package)"}
                """#)
        #expect(quote.text.contains(#""originalPricePerHour":"3612""#), "\(quote.text)")
        let bad = try world.rest(
            "POST", "/api/cluster/backup/v1/accounts/\(TestWorld.production)/backups",
            body: #"{"backup":{"clusterId":"x","displayName":"copy","retentionPeriod":"168h"}}"#)
        #expect(bad.status == 400 && bad.text.contains("backup.retention_period"), "\(bad.text)")
    }
}
