import Codec

/// Readings of a serverless space.
enum SpaceState {
    /// The phase without its prefix.
    static func phase(of space: Record) -> String {
        let name = space.message.message(.state)?.enumName(.phase) ?? ""
        return String(name.dropFirst("SPACE_STATE_PHASE_".count))
    }
}
