import ChatTemplates
import Foundation
import Hummingbird
import NIOCore

/// The fields of a JSON request, read one by one with their ranges; whatever is wrong is refused with the field's
/// name. Null counts as absent, as OpenAI's clients send it.
struct RequestFields {
    /// Largest body that is read, in bytes.
    static let sizeLimit = 4 << 20

    private let fields: TemplateValue

    /// - Throws: `OpenAIError` 413 for a body that is too large, 400 for one that is no JSON object.
    init(reading request: Request) async throws {
        let buffer: ByteBuffer
        do {
            buffer = try await request.wholeBody(upTo: Self.sizeLimit)
        } catch is CancellationError {
            throw CancellationError()
        } catch is BodyTooLarge {
            throw OpenAIError(
                .contentTooLarge, type: "invalid_request_error",
                message: "The request body is larger than \(Self.sizeLimit) bytes.", code: "request_too_large")
        } catch {
            throw OpenAIError.invalid(nil, "The request body could not be read to its end.", code: "broken_body")
        }
        try self.init(json: Data(buffer.readableBytesView))
    }

    init(json: Data) throws(OpenAIError) {
        do {
            fields = try TemplateValue(json: json)
        } catch {
            throw .invalid(nil, "The request body is not valid JSON: \(error)", code: "invalid_json")
        }
        guard case .dict = fields else {
            throw .invalid(nil, "The request body must be a JSON object.", code: "invalid_json")
        }
    }

    /// The value of a field, nil where it is absent or null.
    func value(_ name: String) -> TemplateValue? {
        guard let value = fields[name], !value.isNone else { return nil }
        return value
    }

    func string(_ name: String) throws(OpenAIError) -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let text) = value else { throw .invalid(name, "\(name) must be a string.") }
        return text
    }

    func bool(_ name: String) throws(OpenAIError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let flag) = value else { throw .invalid(name, "\(name) must be true or false.") }
        return flag
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(OpenAIError) -> Int? {
        guard let value = value(name) else { return nil }
        guard case .int(let number) = value, range.contains(number) else {
            throw .invalid(
                name, "\(name) must be an integer from \(range.lowerBound) to \(range.upperBound).",
                code: "integer_out_of_range")
        }
        return number
    }

    func number(_ name: String, in range: ClosedRange<Double>) throws(OpenAIError) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = Self.number(value), range.contains(number) else {
            throw .invalid(
                name, "\(name) must be a number from \(range.lowerBound) to \(range.upperBound).",
                code: "decimal_out_of_range")
        }
        return number
    }

    /// A string or a list of at most `limit` strings.
    func strings(_ name: String, limit: Int) throws(OpenAIError) -> [String]? {
        guard let value = value(name) else { return nil }
        if case .string(let text) = value { return [text] }
        guard case .list(let items) = value, items.count <= limit else {
            throw .invalid(name, "\(name) must be a string or a list of at most \(limit) strings.")
        }
        var texts: [String] = []
        for item in items {
            guard case .string(let text) = item else { throw .invalid(name, "\(name) must hold strings only.") }
            texts.append(text)
        }
        return texts
    }

    /// Token id → bias from -100 to 100, at most 1,024 of them.
    func logitBias() throws(OpenAIError) -> [Int: Double] {
        guard let value = value("logit_bias") else { return [:] }
        guard case .dict(let entries) = value, entries.entries.count <= 1024 else {
            throw .invalid("logit_bias", "logit_bias must be an object of at most 1024 token ids.")
        }
        var bias: [Int: Double] = [:]
        for entry in entries.entries {
            guard let id = Int(entry.key), let number = Self.number(entry.value), (-100...100).contains(number) else {
                throw .invalid("logit_bias", "logit_bias must map token ids to numbers from -100 to 100.")
            }
            bias[id] = number
        }
        return bias
    }

    static func number(_ value: TemplateValue) -> Double? {
        switch value {
        case .int(let number): Double(number)
        case .float(let number): number
        default: nil
        }
    }
}
