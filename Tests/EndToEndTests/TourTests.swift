import Foundation
import TestSupport
import Testing

/// The tour, on machines and accounts that lack what developers' have.
@Suite(.serialized) struct TourTests {
    /// A way to run the tour: a script of sh in which `"$@"` is the tour.
    struct Surroundings: CustomTestStringConvertible {
        let name: String
        let script: String
        /// Whether a namespace of one's own is needed.
        var isMounted = false
        var testDescription: String { name }
    }

    static let all = [
        Surroundings(name: "an ordinary day", script: #"exec "$@""#),
        Surroundings(
            name: "a HOME that cannot be written",
            script: #"mkdir home && chmod 500 home && HOME=$PWD/home exec "$@""#),
        Surroundings(
            name: "no HOME",
            script: "unset HOME XDG_CONFIG_HOME XDG_STATE_HOME XDG_DATA_HOME; exec \"$@\""),
        Surroundings(name: "no terminal", script: #"exec setsid -w "$@" </dev/null"#),
        Surroundings(name: "umask 077", script: #"umask 077; exec "$@""#),
        Surroundings(name: "umask 000", script: #"umask 000; exec "$@""#),
        Surroundings(name: "64 open files", script: #"ulimit -n 64; exec "$@""#),
        Surroundings(name: "TZ unset", script: #"unset TZ; exec "$@""#),
        Surroundings(
            name: "LC_ALL=C", script: #"unset LANG; LC_ALL=C exec "$@""#),
        Surroundings(
            name: "closed standard input", script: #"exec "$@" <&-"#),
        Surroundings(
            name: "no /proc", script: #"mount -t tmpfs none /proc && exec "$@""#, isMounted: true),
        Surroundings(
            name: "a full disk",
            script: """
                mkdir disk && mount -t tmpfs -o size=64k none disk && mkdir disk/home disk/tmp
                head -c 1m /dev/zero > disk/full 2>/dev/null
                HOME=$PWD/disk/home TMPDIR=$PWD/disk/tmp; export HOME TMPDIR
                unset XDG_CONFIG_HOME XDG_STATE_HOME XDG_DATA_HOME
                cd disk && exec "$@"
                """, isMounted: true),
    ]

    /// Why there is no namespace to mount something in; nil when there is one.
    static let lacksNamespace: String? = {
        let tried = try? run("/usr/bin/unshare", ["-Urm", "true"])
        return tried?.status == 0 ? nil : tried?.errors ?? "unshare cannot be run"
    }()

    @Test(arguments: all.filter { !$0.isMounted })
    func itRunsToItsEnd(_ surroundings: Surroundings) throws { try tour(surroundings) }

    @Test(
        .enabled(if: lacksNamespace == nil, "needs a user namespace (unshare -Urm)"),
        arguments: all.filter(\.isMounted))
    func itRunsWhereSomethingIsMounted(_ surroundings: Surroundings) throws {
        try tour(surroundings)
    }

    private func tour(_ surroundings: Surroundings) throws {
        let folder = try TemporaryFolder()
        let shell = ["/bin/sh", "-c", surroundings.script, "sh"]
        let command =
            (surroundings.isMounted ? ["/usr/bin/unshare", "-Urm"] : []) + shell + [
                Project.qcsh, "--sandbox", Project.root + "/scripts/tour.lua",
            ]
        try expectTour(try run(command[0], Array(command.dropFirst()), folder: folder.path))
    }

    @Test func itRunsInAFolderWithBlanksAndOtherLetters() throws {
        let folder = try TemporaryFolder()
        let place = folder.path + "/Bücher & mehr – 日本"
        let files = FileManager.default
        try files.createDirectory(atPath: place + "/tmp", withIntermediateDirectories: true)
        try files.copyItem(atPath: Project.qcsh, toPath: place + "/qcsh")
        try files.copyItem(
            atPath: Project.root + "/scripts/tour.lua", toPath: place + "/die Tour.lua")
        try expectTour(
            try run(
                place + "/qcsh", ["--sandbox", "die Tour.lua"],
                environment: ["HOME": place, "TMPDIR": place + "/tmp"], folder: place))
    }

    private func expectTour(_ result: ProgramResult) throws {
        #expect(result.status == 0, "\(result)")
        let last = result.output.split(separator: "\n").last ?? ""
        #expect(last.hasPrefix("wait until it is gone") && last.contains("OK"), "\(result)")
        #expect(result.output.contains("delete the cluster             OK"), "\(result)")
        #expect(!result.errors.contains("Fatal"), "\(result)")
    }

    /// Without /proc the arguments are still those that were given.
    @Test(.enabled(if: lacksNamespace == nil, "needs a user namespace (unshare -Urm)"))
    func argumentsNeedNoProc() throws {
        let result = try run(
            "/usr/bin/unshare",
            [
                "-Urm", "/bin/sh", "-c", #"mount -t tmpfs none /proc && exec "$@""#, "sh",
                Project.qcsh, "-e", "return 40 + 2",
            ], input: "print('standard input is not what was asked for')")
        #expect(result.status == 0 && result.output == "42\n", "\(result)")
    }
}
