internal import Foundation

/// The encodings in which companies' documents come.
enum CharacterEncoding: String, Sendable, CaseIterable {
    case utf8 = "utf-8"
    case utf8Mark = "utf-8-bom"
    case utf16LittleEndian = "utf-16-le"
    case utf16BigEndian = "utf-16-be"
    /// With its subsets GBK and GB 2312.
    case gb18030 = "gb18030"
    case big5 = "big5"
    case shiftJIS = "shift_jis"
    case eucKR = "euc-kr"
    case windows1252 = "windows-1252"

    /// The encoding that a document or message names, or nil for names that we do not know.
    init?(declared name: String) {
        let name = name.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " && $0 != "\"" && $0 != "'" }
        switch name {
        case "utf8", "unicode11utf8": self = .utf8
        case "gb18030", "gbk", "gb2312", "xgbk", "cp936", "ms936", "windows936", "hzgb2312", "gb231280": self = .gb18030
        case "big5", "xxbig5", "big5hkscs", "cp950", "windows950": self = .big5
        case "utf16le": self = .utf16LittleEndian
        case "utf16be": self = .utf16BigEndian
        case "shiftjis", "sjis", "xsjis", "windows31j", "cp932": self = .shiftJIS
        case "euckr", "ksc56011987", "cp949": self = .eucKR
        case "iso88591", "latin1", "windows1252", "cp1252", "iso885915": self = .windows1252
        case "usascii", "ascii": self = .utf8
        default: return nil
        }
    }

    /// The text of `bytes`, or nil when one byte of them is not valid in this encoding.
    func decode(_ bytes: ArraySlice<UInt8>) -> String? {
        switch self {
        case .utf8, .utf8Mark:
            return String(validating: bytes, as: UTF8.self)
        case .utf16LittleEndian, .utf16BigEndian:
            return decodeUTF16(bytes)
        default:
            return String(data: Data(bytes), encoding: foundation)
        }
    }

    /// The bytes of `text`, or nil when this encoding lacks a character.
    func encode(_ text: String) -> [UInt8]? {
        text.data(using: foundation, allowLossyConversion: false).map { Array($0) }
    }

    private func decodeUTF16(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.count % 2 == 0 else { return nil }
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2)
        var index = bytes.startIndex
        while index + 1 < bytes.endIndex {
            let first = UInt16(bytes[index])
            let second = UInt16(bytes[index + 1])
            units.append(self == .utf16LittleEndian ? second << 8 | first : first << 8 | second)
            index += 2
        }
        return String(validating: units, as: UTF16.self)
    }

    private var foundation: String.Encoding {
        switch self {
        case .utf8, .utf8Mark: .utf8
        case .utf16LittleEndian: .utf16LittleEndian
        case .utf16BigEndian: .utf16BigEndian
        case .shiftJIS: .shiftJIS
        case .windows1252: .windowsCP1252
        // CoreFoundation's numbers for the encodings that have no constant of their own.
        case .gb18030: String.Encoding(rawValue: 0x8000_0632)
        case .big5: String.Encoding(rawValue: 0x8000_0A03)
        case .eucKR: String.Encoding(rawValue: 0x8000_0940)
        }
    }
}
