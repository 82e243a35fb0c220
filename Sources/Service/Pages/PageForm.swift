import Hummingbird

/// The fields of a form as browsers send it (application/x-www-form-urlencoded).
struct PageForm {
    /// Largest form that is read, in bytes.
    static let sizeLimit = 16 << 10

    private let fields: [String: String]

    /// - Throws: `OpenAIError` 413 where it is too large, 415 where it is something else.
    init(reading request: Request) async throws {
        let type = request.headers[.contentType]?.lowercased() ?? ""
        guard type.hasPrefix("application/x-www-form-urlencoded") else {
            await request.drainBody()
            throw OpenAIError(
                .unsupportedMediaType, type: "invalid_request_error",
                message: "A form is expected: application/x-www-form-urlencoded.", code: "unsupported_media_type")
        }
        do {
            self.init(Array(try await request.wholeBody(upTo: Self.sizeLimit).readableBytesView))
        } catch is CancellationError {
            throw CancellationError()
        } catch  where !(error is BodyTooLarge) {
            throw OpenAIError.invalid(nil, "The form could not be read to its end.", code: "broken_body")
        } catch {
            throw OpenAIError(
                .contentTooLarge, type: "invalid_request_error",
                message: "The form is larger than \(Self.sizeLimit) bytes.", code: "request_too_large")
        }
    }

    /// Reads `name=value&name=value`; of a name that comes twice the first counts.
    init(_ bytes: [UInt8]) {
        var fields: [String: String] = [:]
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first else { continue }
            let key = Self.decoded(name)
            if fields[key] == nil { fields[key] = parts.count > 1 ? parts.last.map { Self.decoded($0) } : "" }
        }
        self.fields = fields
    }

    subscript(name: String) -> String? { fields[name] }

    /// `+` is a space, `%XX` a byte; what is no such thing stands for itself, what is no UTF-8 becomes U+FFFD.
    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        var result: [UInt8] = []
        var iterator = bytes
        while let byte = iterator.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): result.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = iterator.prefix(2).compactMap { hexadecimal($0) }
                if digits.count == 2 {
                    result.append(digits.reduce(0) { $0 << 4 | $1 })
                    iterator = iterator.dropFirst(2)
                } else {
                    result.append(byte)
                }
            default: result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
