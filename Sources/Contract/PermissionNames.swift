import CResources
import Glibc

extension Registry {
    /// The permissions that the methods of the contract can need, each once.
    public func permissions() throws(ContractError) -> Set<String> {
        var names: Set<String> = []
        for method in try allMethods() { names.formUnion(method.neededPermissions) }
        return names
    }

    /// Whether the embedded contract has a permission written out. Searches the bytes without
    /// parsing them: in a message, a string follows its length.
    public static func embeddedHas(permission name: String) -> Bool {
        guard let length = UInt8(exactly: name.utf8.count), length < 128,
            let colon = name.utf8.firstIndex(of: UInt8(ascii: ":"))
        else { return false }
        let resource = qcsh_contract()
        let bytes = UnsafeRawBufferPointer(start: resource.bytes, count: resource.size)
        let wanted = [length] + Array(name.utf8)
        let before = 1 + name.utf8.distance(from: name.utf8.startIndex, to: colon)
        var rest = bytes[...]
        while let base = UnsafeRawBufferPointer(rebasing: rest).baseAddress,
            let found = memchr(base, 0x3a, rest.count)
        {
            let place = rest.startIndex + (UnsafeRawPointer(found) - base)
            if place - bytes.startIndex >= before,
                bytes[(place - before)...].starts(with: wanted)
            {
                return true
            }
            rest = bytes[(place + 1)...]
        }
        return false
    }
}
