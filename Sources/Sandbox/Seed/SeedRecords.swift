import Codec
import Contract

/// A sandbox's whole state as a seed, and back: all records, spans of use and pending events as
/// they are. Of secrets there are hashes only.
enum SeedRecords {
    /// Everything that a sandbox holds, as YAML.
    static func export(_ cloud: Cloud) throws -> String {
        try cloud.perform { moment in
            let transaction = moment.transaction
            let writer = JSONWriter(registry: cloud.world.registry)
            var records: [YAMLValue] = []
            for kind in Kind.allCases {
                for record in try transaction.records(kind) {
                    records.append(try tree(of: record, writer))
                }
            }
            let spans = try transaction.records(.account).flatMap {
                try transaction.spans(account: $0.id)
            }
            return YAMLValue.object([
                ("version", .number("1")), ("now", .time(moment.now)),
                ("records", .list(records)),
                ("spans", .list(spans.map(tree))),
                ("events", .list(try transaction.events().map(tree))),
            ]).yaml
        }
    }

    private static func tree(of record: Record, _ writer: JSONWriter) throws -> YAMLValue {
        .object([
            ("kind", .string(record.kind.rawValue)), ("id", .string(record.id)),
            ("account", record.account.isEmpty ? nil : .string(record.account)),
            ("parent", record.parent.isEmpty ? nil : .string(record.parent)),
            ("created", .time(record.created)),
            ("type", .string(record.message.type.fullName)),
            ("message", YAMLValue(json: Array(writer.text(record.message).utf8)) ?? .null),
            ("sandbox", record.hidden.isEmpty ? nil : tree(of: record.hidden)),
        ])
    }

    private static func tree(of facts: [String: String]) -> YAMLValue {
        .object(facts.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
    }

    private static func tree(of span: Span) -> YAMLValue {
        .object([
            ("account", .string(span.account)), ("kind", .string(span.kind.rawValue)),
            ("subject", .string(span.subject)), ("begun", .time(span.begun)),
            ("ended", span.ended.map { .time($0) }), ("facts", tree(of: span.facts)),
        ])
    }

    private static func tree(of event: PendingEvent) -> YAMLValue {
        .object([
            ("due", .time(event.due)), ("kind", .string(event.kind)),
            ("subject", .string(event.subject)), ("payload", .string(event.payload)),
        ])
    }

    /// Stores what ``export(_:)`` wrote.
    static func plant(
        _ tree: YAMLValue, _ moment: Moment, isKnownEvent: (String) -> Bool
    ) throws {
        for (index, entry) in (tree["records"]?.items ?? []).enumerated() {
            try plantRecord(entry, "records[\(index)]", moment)
        }
        for (index, entry) in (tree["spans"]?.items ?? []).enumerated() {
            let place = "spans[\(index)]"
            guard let kind = Span.Kind(rawValue: entry["kind"]?.text ?? ""),
                let account = entry["account"]?.text, let subject = entry["subject"]?.text
            else { throw YAMLValue.Problem(at: place, "kind, account or subject is missing") }
            try moment.transaction.begin(
                Span(
                    account: account, kind: kind, subject: subject,
                    begun: try time(entry, "begun", place),
                    ended: entry["ended"] == nil ? nil : try time(entry, "ended", place),
                    facts: facts(entry["facts"])))
        }
        for (index, entry) in (tree["events"]?.items ?? []).enumerated() {
            let place = "events[\(index)]"
            guard let kind = entry["kind"]?.text, isKnownEvent(kind) else {
                throw YAMLValue.Problem(at: place + ".kind", "is not known")
            }
            try moment.transaction.schedule(
                kind, subject: entry["subject"]?.text ?? "",
                payload: entry["payload"]?.text ?? "", at: try time(entry, "due", place))
        }
    }

    private static func plantRecord(_ entry: YAMLValue, _ place: String, _ moment: Moment) throws {
        guard let kind = Kind(rawValue: entry["kind"]?.text ?? "") else {
            throw YAMLValue.Problem(at: place + ".kind", "is not known")
        }
        guard let id = entry["id"]?.text, let typeName = entry["type"]?.text,
            let type = try moment.world.registry.message(named: typeName)
        else { throw YAMLValue.Problem(at: place + ".type", "is not known") }
        guard kind.holds(typeName) else {
            throw YAMLValue.Problem(
                "\(place).type: not the type of a record of the kind \(kind.rawValue)")
        }
        let message: Message
        do {
            message = try JSONReader(registry: moment.world.registry).message(
                Array((entry["message"] ?? .map([])).json.utf8), as: type)
        } catch {
            throw YAMLValue.Problem(at: place + ".message", "\(error)")
        }
        try moment.transaction.put(
            Record(
                kind: kind, id: id, account: entry["account"]?.text ?? "",
                parent: entry["parent"]?.text ?? "", created: try time(entry, "created", place),
                message: message, hidden: facts(entry["sandbox"])))
    }

    private static func facts(_ tree: YAMLValue?) -> [String: String] {
        Dictionary(
            (tree?.members ?? []).map { ($0.name, $0.value.text ?? "") },
            uniquingKeysWith: { _, last in last })
    }

    private static func time(_ tree: YAMLValue, _ name: String, _ place: String) throws -> Int64 {
        let usable = Nanoseconds.usable
        let range =
            usable.lowerBound / Nanoseconds.second..<usable.upperBound / Nanoseconds.second
        guard let text = tree[name]?.text, let parsed = TimeText.parseRFC3339(text),
            range.contains(parsed.seconds)
        else {
            throw YAMLValue.Problem(
                at: "\(place).\(name)", "must be a time such as 2026-01-31T12:00:00Z")
        }
        return Nanoseconds.sum(parsed)
    }
}
