/// Unicode's white space as Python's `isspace` and `\s` have it, over UTF-8.
enum Whitespace {
    static func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000:
            true
        default: false
        }
    }

    /// Length in bytes of the white space character at an offset, 0 where there is none.
    private static func length(in bytes: [UInt8], at offset: Int, end: Int) -> Int {
        let first = bytes[offset]
        if first < 0x80 { return contains(Unicode.Scalar(first)) ? 1 : 0 }
        let size = first >= 0xE0 ? 3 : 2
        guard first < 0xF0, offset + size <= end else { return 0 }
        var code = UInt32(first) & (size == 3 ? 0x0F : 0x1F)
        for byte in bytes[(offset + 1)..<(offset + size)] { code = code << 6 | UInt32(byte & 0x3F) }
        return Unicode.Scalar(code).map(contains) == true ? size : 0
    }

    /// The first offset at or behind `start` that is no white space, passing `atMost` characters.
    static func skip(in bytes: [UInt8], from start: Int, atMost limit: Int = .max) -> Int {
        var offset = start
        var passed = 0
        while offset < bytes.count, passed < limit {
            passed += 1
            let size = length(in: bytes, at: offset, end: bytes.count)
            if size == 0 { break }
            offset += size
        }
        return offset
    }

    /// The end of `start..<end` without white space at its end.
    static func trimmedEnd(of bytes: [UInt8], from start: Int, to end: Int) -> Int {
        var stop = end
        while stop > start {
            var character = stop - 1
            while character > start, bytes[character] & 0xC0 == 0x80 { character -= 1 }
            let size = length(in: bytes, at: character, end: stop)
            guard size > 0, character + size == stop else { break }
            stop = character
        }
        return stop
    }
}
