import CResources

/// The ready-made scripts of qcsh itself, which are embedded in the binary.
package enum BuiltInScripts {
    /// Names without `.lua`, and texts.
    package static let all: [(name: String, text: [UInt8])] = (0..<qcsh_scripts_count()).map {
        let file = qcsh_scripts_file($0)
        return (
            String(String(cString: file.name).dropLast(".lua".count)),
            Array(UnsafeBufferPointer(start: file.bytes, count: file.size))
        )
    }
}
