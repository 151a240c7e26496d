import Contract

/// The forms of the admin API's requests.
enum AdminShapes {
    /// A request that moves time.
    static let time = Shape.oneOf(["advance": .duration(315_360_000), "to": .time])
    /// A request for a user's token.
    static let token = Shape.object(["user": .name], required: ["user"])
    /// An incident, and its cluster or environment.
    static let incident = Shape.object(
        ["kind": .choice(Incident.allCases.map(\.rawValue)), "id": .name],
        required: ["kind", "id"])

    /// Makes sure that the parameters of a query are known and have values that can be used.
    static func check(
        _ parameters: [String: String], _ path: String
    ) throws(AdminAPI.Refusal) {
        let known: [String] =
            switch path {
            case "calls", "events": ["after", "limit"]
            case "reset": ["file"]
            default: []
            }
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) {
            guard known.contains(name) else {
                let suggestion = Names.suggestion(Names.nearest(to: name, in: known))
                throw AdminAPI.Refusal(400, "query: unknown parameter \"\(name)\"\(suggestion)")
            }
            guard name == "file" || Int(value).map({ $0 >= 0 }) == true else {
                throw AdminAPI.Refusal(
                    400, "query: \(name): expected a whole number, got \"\(value)\"")
            }
        }
    }
}
