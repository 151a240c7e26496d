import CLuaHost
import Contract

typealias ContractMessageType = MessageType
typealias ContractEnumType = EnumType

extension Field {
    /// What reading the field gives in Lua when it is unset.
    var luaDefault: qh_default {
        if isMap { return QH_DEFAULT_MAP }
        if isRepeated { return QH_DEFAULT_LIST }
        if hasPresence { return QH_DEFAULT_NIL }
        switch kind {
        case .bool: return QH_DEFAULT_FALSE
        case .string, .bytes: return QH_DEFAULT_STRING
        case .float, .double: return QH_DEFAULT_NUMBER
        case .enum:
            return enumType?.name(of: 0) == nil ? QH_DEFAULT_INTEGER : QH_DEFAULT_ENUM
        case .message, .group: return QH_DEFAULT_NIL
        default: return QH_DEFAULT_INTEGER
        }
    }
}
