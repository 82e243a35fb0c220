import ModelFormats

/// The elements of a JSON list, one after another, without holding the list.
///
/// It finds where an element ends by counting brackets outside strings; whether the element is JSON is found out
/// afterwards. What follows the list, or a missing comma, makes a bad row: nothing is passed over in silence.
struct JSONListReader {
    private var file: ChunkedFile
    private var state = State.first

    private enum State {
        case first, between, ended
    }

    /// Takes the opening bracket, which stands next.
    init(_ file: ChunkedFile) throws(FileError) {
        self.file = file
        _ = try self.file.next()
    }

    mutating func next() throws(FileError) -> DatasetRecord? {
        if state == .ended { return nil }
        try file.skipSpace()
        let line = file.line
        func bad(_ reason: String) -> DatasetRecord {
            DatasetRecord(line: line, content: .failure(.notJSON(reason)))
        }
        guard let byte = try file.peek() else {
            state = .ended
            return bad("the list does not end: the file is incomplete")
        }
        if byte == UInt8(ascii: "]") {
            _ = try file.next()
            try file.skipSpace()
            state = .ended
            return try file.peek() == nil ? nil : bad("something follows the list")
        }
        if state == .between {
            guard byte == UInt8(ascii: ",") else {
                state = .ended
                return bad("a comma or ] is missing between two rows")
            }
            _ = try file.next()
            try file.skipSpace()
        }
        state = .between
        let start = file.line
        let element = try element()
        guard element.isWhole else {
            return DatasetRecord(line: start, content: .failure(.tooLarge(limit: DatasetFile.longestRow)))
        }
        if element.bytes.isEmpty {
            state = .ended
            return DatasetRecord(line: start, content: .failure(.notJSON("a row is missing behind a comma")))
        }
        return DatasetRecord(line: start, content: DatasetFile.object(element.bytes))
    }

    /// The bytes up to the comma or bracket that ends the element.
    private mutating func element() throws(FileError) -> (bytes: [UInt8], isWhole: Bool) {
        var bytes: [UInt8] = []
        var depth = 0
        var isString = false
        var isEscaped = false
        var isWhole = true
        while let byte = try file.peek() {
            if isString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isString = false
                }
            } else if byte == UInt8(ascii: "\"") {
                isString = true
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                depth += 1
            } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                if depth == 0 { break }
                depth -= 1
            } else if byte == UInt8(ascii: ","), depth == 0 {
                break
            }
            if bytes.count < DatasetFile.longestRow { bytes.append(byte) } else { isWhole = false }
            _ = try file.next()
        }
        return (bytes, isWhole)
    }
}
