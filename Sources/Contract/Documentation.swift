extension Registry {
    /// The documentation of a message type.
    public func documentation(of type: MessageType) -> String { comment(at: type.source) }

    /// The documentation of a field.
    public func documentation(of field: Field) -> String { comment(at: field.source) }

    /// The documentation of an enum.
    public func documentation(of type: EnumType) -> String { comment(at: type.source) }

    /// The documentation of an enum's value.
    public func documentation(of type: EnumType, valueAt index: Int) -> String {
        comment(
            at: SourceLocation(file: type.source.file, path: type.source.path + [2, Int32(index)]))
    }

    /// The documentation of a service.
    public func documentation(of service: Service) -> String { comment(at: service.source) }

    /// The documentation of a method.
    public func documentation(of method: Method) -> String { comment(at: method.source) }
}
