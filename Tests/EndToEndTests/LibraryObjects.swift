import LuaReference

/// Objects of the standard library's classes, and arguments of the types that its functions take, as
/// a script that runs with `--sandbox` gets them.
enum LibraryObjects {
    /// Makes what the sandbox's seed does not hold.
    static let setUp = """
        world = sandbox.start { speed = "instant" }
        space = qdrant.spaces:create { name = "notes", cloud = "aws",
          region = qdrant.spaces:regions("aws")[1].id, wait = true }
        space:backup { wait = true }
        space:create_schedule { name = "nightly", cron = "@daily" }
        qdrant.restores:create { backup = qdrant.backups:latest(), wait = true }
        """

    /// An expression for an object of each class.
    static let byClass = [
        "process.Result": "process.run({ 'true' })",
        "qdrant.Account": "qdrant.accounts:find()",
        "qdrant.Backup": "qdrant.backups:list()[1]",
        "qdrant.Cluster": "qdrant.clusters:find 'search-prod'",
        "qdrant.Environment": "qdrant.environments:list()[1]",
        "qdrant.Key": "qdrant.keys:list()[1]",
        "qdrant.ManagementKey": "qdrant.management_keys:list()[1]",
        "qdrant.Restore": "qdrant.restores:list()[1]",
        "qdrant.Role": "qdrant.roles:find 'Viewer'",
        "qdrant.Schedule": "qdrant.schedules:list()[1]",
        "qdrant.Space": "space", "qdrant.SpaceBackup": "space:backups()[1]",
        "qdrant.SpaceSchedule": "space:schedules()[1]",
        "qdrant.User": "qdrant.users:list()[1]",
        "qdrant.report.Page": "qdrant.report:page { title = 'x' }",
        "sandbox.Handle": "world", "task.Channel": "task.channel()",
        "task.Handle": "task.spawn(function() end)",
        "term.Progress": "term.progress('x', 2)",
        "task.Scope": "(function() local s task.scope(function(own) s = own end) return s end)()",
    ]

    /// Values of each type, by the letters of ``ParameterTypes``.
    static let values: KeyValuePairs<Character, String> = [
        "b": "true", "n": "1.5", "i": "1", "s": "\"text\"", "t": "{}", "f": "print",
        "u": "time.now()", "0": "qdrant.null",
    ]

    /// A value that a parameter takes, by the letters of its types.
    static func value(_ letters: String) -> String {
        values.first { letters.contains($0.key) }?.value ?? "nil"
    }

    /// The letters of a parameter's types; nil when nothing is said of it.
    static func letters(_ entry: LuaReference.Entry, _ number: Int) -> String? {
        LuaReference.embedded.parameter(of: entry, number).map {
            ParameterTypes($0.type).union($0.isRequired ? [] : .optional).letters
        }
    }

    /// An expression for the object that a method belongs to: a module, or an object of a class.
    static func object(_ owner: String) -> String? {
        byClass[owner] ?? (LuaReference.embedded.libraries.contains(owner) ? owner : nil)
    }
}
