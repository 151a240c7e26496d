import CYaml

/// A value of a YAML document, and where it stands in the text.
struct YAMLOutline {
    indirect enum Kind {
        /// A scalar; block scalars (`|`, `>`) end with their last line break.
        case scalar(String, style: yaml_scalar_style_t)
        case mapping([(key: YAMLOutline, value: YAMLOutline)], isFlow: Bool)
        case sequence([YAMLOutline], isFlow: Bool)
        case alias
    }

    let kind: Kind
    /// Where it begins and ends, in Unicode scalars. A block collection ends with its last value.
    let start: Int
    let end: Int
    /// The column in which it begins, from 0.
    let column: Int
    let line: Int

    /// The text of a scalar.
    var text: String? {
        if case .scalar(let text, _) = kind { text } else { nil }
    }

    /// Outlines a text; nil when it has no document.
    ///
    /// - Throws: a ``YAMLText/Problem`` when the text is not one document of YAML.
    static func read(_ text: String) throws(YAMLText.Problem) -> YAMLOutline? {
        _ = try YAMLText.document(text)
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else {
            throw YAMLText.Problem("out of memory")
        }
        defer { yaml_parser_delete(&parser) }
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBufferPointer {
            buffer throws(YAMLText.Problem) -> YAMLOutline? in
            yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
            var reader = Reader(parser: parser)
            defer { parser = reader.parser }
            return try reader.document()
        }
    }

    /// Builds outlines from libyaml's events.
    private struct Reader {
        var parser: yaml_parser_t

        private struct Event {
            let type: yaml_event_type_t
            let start: yaml_mark_t
            let end: yaml_mark_t
            let text: String
            let scalarStyle: yaml_scalar_style_t
            let isFlow: Bool
        }

        private mutating func next() throws(YAMLText.Problem) -> Event {
            var event = yaml_event_t()
            guard yaml_parser_parse(&parser, &event) == 1 else {
                throw YAMLText.Problem("the YAML cannot be read")
            }
            defer { yaml_event_delete(&event) }
            var text = ""
            var style = YAML_ANY_SCALAR_STYLE
            var isFlow = false
            switch event.type {
            case YAML_SCALAR_EVENT:
                let scalar = event.data.scalar
                text = String(
                    decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length),
                    as: UTF8.self)
                style = scalar.style
            case YAML_MAPPING_START_EVENT:
                isFlow = event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
            case YAML_SEQUENCE_START_EVENT:
                isFlow = event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE
            default: break
            }
            return Event(
                type: event.type, start: event.start_mark, end: event.end_mark, text: text,
                scalarStyle: style, isFlow: isFlow)
        }

        mutating func document() throws(YAMLText.Problem) -> YAMLOutline? {
            var found: YAMLOutline?
            while true {
                let event = try next()
                switch event.type {
                case YAML_STREAM_END_EVENT: return found
                case YAML_DOCUMENT_START_EVENT:
                    guard found == nil else {
                        throw YAMLText.Problem("there is more than one document")
                    }
                    found = try value(try next())
                default: break
                }
            }
        }

        private mutating func value(_ event: Event) throws(YAMLText.Problem) -> YAMLOutline {
            switch event.type {
            case YAML_SCALAR_EVENT:
                return outline(.scalar(event.text, style: event.scalarStyle), event, event.end)
            case YAML_MAPPING_START_EVENT:
                var pairs: [(key: YAMLOutline, value: YAMLOutline)] = []
                while true {
                    let first = try next()
                    if first.type == YAML_MAPPING_END_EVENT {
                        return outline(
                            .mapping(pairs, isFlow: event.isFlow), event,
                            end(event, first, last: pairs.last?.value))
                    }
                    let key = try value(first)
                    pairs.append((key, try value(try next())))
                }
            case YAML_SEQUENCE_START_EVENT:
                var items: [YAMLOutline] = []
                while true {
                    let first = try next()
                    if first.type == YAML_SEQUENCE_END_EVENT {
                        return outline(
                            .sequence(items, isFlow: event.isFlow), event,
                            end(event, first, last: items.last))
                    }
                    items.append(try value(first))
                }
            default: return outline(.alias, event, event.end)
            }
        }

        private func outline(
            _ kind: Kind, _ event: Event, _ end: yaml_mark_t
        ) -> YAMLOutline {
            outline(kind, event, Int(clamping: end.index))
        }

        private func outline(_ kind: Kind, _ event: Event, _ end: Int) -> YAMLOutline {
            YAMLOutline(
                kind: kind, start: Int(clamping: event.start.index), end: end,
                column: Int(clamping: event.start.column), line: Int(clamping: event.start.line) + 1
            )
        }

        /// libyaml ends a block collection where the next token begins.
        private func end(_ start: Event, _ end: Event, last: YAMLOutline?) -> Int {
            start.isFlow
                ? Int(clamping: end.end.index) : last?.end ?? Int(clamping: start.end.index)
        }
    }
}
