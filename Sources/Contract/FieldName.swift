/// The name of a field of a message, as the contract spells it.
///
/// Code that works with one API's messages uses the generated constants, so that a misspelt name
/// does not compile. Names that are known only at run time are made with ``init(_:)``.
public struct FieldName: Hashable, Sendable, CustomStringConvertible {
    /// The name, for example `display_name`.
    public let text: String

    /// Creates a name from a text that is known only at run time.
    public init(_ text: String) { self.text = text }

    public var description: String { text }
}

extension MessageType {
    /// The field with a name; nil when the type has none.
    public func field(_ name: FieldName) -> Field? { field(named: name.text) }
}
