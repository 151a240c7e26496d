import Codec

/// A request to the data plane.
struct DataRequest {
    let verb: String
    /// Without empty parts.
    let path: [String]
    /// The key that came with it.
    let key: String?
    /// The cluster, for keys that several have.
    let cluster: String?
    var body: [UInt8] = []
}

/// An answer: status and JSON.
struct DataResponse {
    let status: Int
    let json: String

    static func result(_ json: String) -> DataResponse {
        DataResponse(
            status: 200, json: "{\"result\":\(json),\"status\":\"ok\",\"time\":0.000001}")
    }

    static func failure(_ status: Int, _ message: String) -> DataResponse {
        DataResponse(
            status: status,
            json: "{\"status\":{\"error\":\(JSONWriter.quoted(message))},\"time\":0.0}")
    }
}
