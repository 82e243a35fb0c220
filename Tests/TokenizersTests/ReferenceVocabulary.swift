import Foundation
import TestSupport
import Tokenizers

/// A vocabulary of the reference folder as a definition: a small reader of GGUF metadata, for these tests only.
enum ReferenceVocabulary {
    struct Unreadable: Error {}

    /// The definition in `tokenizers/NAME/vocab.gguf.gz`.
    static func definition(_ name: String) throws -> TokenizerDefinition {
        let file = Shared.folder.appendingPathComponent("reference/tokenizers/\(name)/vocab.gguf.gz")
        return try definition(gguf: unzipped(file))
    }

    /// The definition in a GGUF file of `reference/models`.
    static func modelDefinition(_ name: String) throws -> TokenizerDefinition {
        try definition(gguf: [UInt8](Shared.data("reference/models/\(name)/model.gguf")))
    }

    /// The files of a Hugging Face folder that concern the tokenizer.
    static func files(_ folder: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in [
            "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
            "generation_config.json", "chat_template.jinja",
        ] {
            let url = Shared.folder.appendingPathComponent(folder).appendingPathComponent(name)
            if FileManager.default.fileExists(atPath: url.path) { files[name] = try Data(contentsOf: url) }
        }
        return files
    }

    static func definition(gguf bytes: [UInt8]) throws -> TokenizerDefinition {
        var reader = Reader(bytes: bytes)
        let values = try reader.metadata()
        func text(_ key: String) -> String? { if case .text(let value)? = values[key] { value } else { nil } }
        func integer(_ key: String) -> Int? { if case .integer(let value)? = values[key] { value } else { nil } }
        func flag(_ key: String) -> Bool? { integer(key).map { $0 != 0 } }
        func texts(_ key: String) -> [String] { if case .texts(let value)? = values[key] { value } else { [] } }
        func numbers(_ key: String) -> [Double] { if case .numbers(let value)? = values[key] { value } else { [] } }
        let prefix = "tokenizer.ggml."
        guard let model = text(prefix + "model").flatMap(TokenizerDefinition.Model.init(rawValue:)) else {
            throw Unreadable()
        }
        let isWordPiece = model == .wordPiece
        var named: [String: String] = [:]
        for key in values.keys where key.hasPrefix("tokenizer.chat_template.") {
            named[String(key.dropFirst("tokenizer.chat_template.".count))] = text(key)
        }
        return TokenizerDefinition(
            model: model, tokens: texts(prefix + "tokens"), scores: numbers(prefix + "scores").map { Float($0) },
            types: numbers(prefix + "token_type").map { TokenType(fileValue: Int32($0)) },
            merges: texts(prefix + "merges"), preTokenizer: text(prefix + "pre"),
            bosID: integer(prefix + (isWordPiece ? "cls_token_id" : "bos_token_id")),
            eosID: integer(prefix + (isWordPiece ? "seperator_token_id" : "eos_token_id")),
            eotID: integer(prefix + "eot_token_id"), eomID: integer(prefix + "eom_token_id"),
            unknownID: integer(prefix + "unknown_token_id"), paddingID: integer(prefix + "padding_token_id"),
            addBOS: flag(prefix + "add_bos_token"), addEOS: flag(prefix + "add_eos_token"),
            addSpacePrefix: flag(prefix + "add_space_prefix"),
            removeExtraWhitespaces: flag(prefix + "remove_extra_whitespaces"), modelName: text("general.name"),
            characterMap: numbers(prefix + "precompiled_charsmap").map { UInt8(truncatingIfNeeded: Int($0)) },
            chatTemplate: text("tokenizer.chat_template"), namedChatTemplates: named)
    }

    /// The content of a gzip file, by the system's own program.
    private static func unzipped(_ url: URL) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", url.standardizedFileURL.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return [UInt8](data)
    }

    private enum Value {
        case integer(Int)
        case number(Double)
        case text(String)
        case texts([String])
        case numbers([Double])
    }

    private struct Reader {
        let bytes: [UInt8]
        var place = 8

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func metadata() throws -> [String: Value] {
            _ = try unsigned(8)
            let count = try unsigned(8)
            var result: [String: Value] = [:]
            for _ in 0..<count {
                let key = try string()
                result[key] = try value(type: Int(try unsigned(4)))
            }
            return result
        }

        private mutating func unsigned(_ length: Int) throws -> UInt64 {
            guard place + length <= bytes.count else { throw Unreadable() }
            var result: UInt64 = 0
            for index in (0..<length).reversed() { result = result << 8 | UInt64(bytes[place + index]) }
            place += length
            return result
        }

        private mutating func string() throws -> String {
            let length = Int(try unsigned(8))
            guard place + length <= bytes.count else { throw Unreadable() }
            defer { place += length }
            return String(decoding: bytes[place..<(place + length)], as: UTF8.self)
        }

        private mutating func value(type: Int) throws -> Value {
            switch type {
            case 8: return .text(try string())
            case 9:
                let element = Int(try unsigned(4))
                let count = Int(try unsigned(8))
                if element == 8 { return .texts(try (0..<count).map { _ in try string() }) }
                return .numbers(
                    try (0..<count).map { _ in
                        switch try value(type: element) {
                        case .integer(let value): return Double(value)
                        case .number(let value): return value
                        default: throw Unreadable()
                        }
                    })
            case 6: return .number(Double(Float(bitPattern: UInt32(try unsigned(4)))))
            case 12: return .number(Double(bitPattern: try unsigned(8)))
            case 0, 7: return .integer(Int(try unsigned(1)))
            case 1: return .integer(Int(Int8(truncatingIfNeeded: try unsigned(1))))
            case 2: return .integer(Int(try unsigned(2)))
            case 3: return .integer(Int(Int16(truncatingIfNeeded: try unsigned(2))))
            case 4: return .integer(Int(try unsigned(4)))
            case 5: return .integer(Int(Int32(truncatingIfNeeded: try unsigned(4))))
            case 10, 11: return .integer(Int(truncatingIfNeeded: try unsigned(8)))
            default: throw Unreadable()
            }
        }
    }
}
