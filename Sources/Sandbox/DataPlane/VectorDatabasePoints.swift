import Codec

/// Reads of points, of which there are none.
extension VectorDatabase {
    /// The answer to a valid request that reads a collection's points.
    func read(_ shape: Shape, _ answer: YAMLValue) throws -> YAMLValue {
        _ = try request(shape)
        _ = try collection()
        return answer
    }

    func point() throws -> YAMLValue {
        _ = try collection()
        throw Refusal(404, "Not found: Point with id \(name(1)) does not exists!")
    }

    func query() throws -> YAMLValue {
        try check(request(PointShapes.query))
        return .object([("points", .list([]))])
    }

    func queryBatch() throws -> YAMLValue {
        let queries = try request(PointShapes.queryBatch)["searches"]?.items ?? []
        for query in queries { try check(query) }
        return .list(queries.map { _ in .object([("points", .list([]))]) })
    }

    func queryGroups() throws -> YAMLValue {
        try check(request(PointShapes.queryGroups))
        return .object([("groups", .list([]))])
    }

    /// A sample needs a vector to be compared by.
    func matrix(_ answer: YAMLValue) throws -> YAMLValue {
        let using = try request(PointShapes.matrix)["using"]?.text ?? ""
        try checkVector(using, collection().description)
        return answer
    }

    // MARK: - Queries

    /// Checks that a query fits the collection's vectors.
    private func check(_ request: YAMLValue) throws {
        let description = try collection().description
        let using = request["using"]?.text ?? ""
        guard let query = request["query"] else { return }
        guard let members = query.members else {
            return try search(query, using, description)
        }
        if let kind = members.first(where: { PointShapes.queries[$0.name] != nil }) {
            guard PointShapes.queries[kind.name] == true else { return }
            return kind.name == "nearest"
                ? try search(kind.value, using, description) : try checkVector(using, description)
        }
        let names = Set(members.map(\.name))
        guard names == ["indices", "values"] || names.contains("model") else {
            let known = PointShapes.queries.keys.sorted().joined(separator: ", ")
            throw Refusal(
                400,
                "Format error in JSON body: query: expected a vector, a point's id or one of "
                    + known)
        }
        try checkVector(using, description)
    }

    private func search(
        _ query: YAMLValue, _ using: String, _ description: CollectionDescription
    ) throws {
        try checkVector(using, description)
        if let id = query.text {
            throw Refusal(404, "Not found: No point with id \(id) found")
        }
        guard let items = query.items, let size = description.dimension(of: using), size > 0
        else { return }
        for vector in items.first?.items == nil ? [items] : items.map({ $0.items ?? [] }) {
            guard vector.count == size else {
                throw Refusal(
                    400,
                    "Wrong input: Vector dimension error: expected dim: \(size), got "
                        + "\(vector.count)")
            }
        }
    }

    private func checkVector(_ name: String, _ description: CollectionDescription) throws {
        guard description.dimension(of: name) != nil else {
            throw Refusal(400, "Wrong input: Not existing vector name error: \(name)")
        }
    }
}
