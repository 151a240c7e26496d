import CLuaHost
import Contract
import Glibc
import LuaMachine

extension LuaMachine {
    /// Makes a message type known to Lua, once.
    @inline(__always)
    func define(_ type: ContractMessageType) {
        if type.id < types.definedMessages.count, types.definedMessages[type.id] { return }
        defineNew(type)
    }

    /// How large a table for a message of a type should be made.
    @inline(__always)
    func expectedFields(_ type: Int) -> UInt32 { types.lastFields[type] }

    /// Notes how many fields a message of a type had.
    @inline(__always)
    func sawFields(_ count: UInt32, of type: Int) { types.lastFields[type] = count }

    private func defineNew(_ type: ContractMessageType) {
        if types.definedMessages.count <= type.id {
            types.definedMessages += [Bool](
                repeating: false, count: type.id + 64 - types.definedMessages.count)
            types.lastFields += [UInt32](
                repeating: 4, count: types.definedMessages.count - types.lastFields.count)
        }
        let names = type.fields.map { strdup($0.name) }
        let texts = type.fields.map { field in
            strdup(field.enumType?.name(of: 0) ?? "")
        }
        defer { for text in names + texts { free(text) } }
        let fields = type.fields.enumerated().map { index, field in
            qh_field(
                name: names[index], kind: Int32(field.luaDefault.rawValue), text: texts[index])
        }
        let status = qh_define_message(
            vm, UInt32(type.id), type.fullName, fields, fields.count)
        types.definedMessages[type.id] = status == Int32(QH_DONE.rawValue)
    }

    /// Makes an enum known to Lua, once.
    @inline(__always)
    func define(_ type: ContractEnumType) {
        if type.id < types.definedEnums.count, types.definedEnums[type.id] { return }
        defineNew(type)
    }

    private func defineNew(_ type: ContractEnumType) {
        if types.definedEnums.count <= type.id {
            types.definedEnums += [Bool](
                repeating: false, count: type.id + 64 - types.definedEnums.count)
        }
        let names = type.values.map { UnsafePointer(strdup($0.name)) }
        defer { for name in names { free(UnsafeMutablePointer(mutating: name)) } }
        let status = qh_define_enum(
            vm, UInt32(type.id), names, type.values.map(\.number), type.values.count)
        types.definedEnums[type.id] = status == Int32(QH_DONE.rawValue)
    }
}
