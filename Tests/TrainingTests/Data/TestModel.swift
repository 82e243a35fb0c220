import ChatTemplates
import Foundation
import TestSupport
import Tokenizers
import Training

/// A small byte-level model of the tests' own: each byte is a token, and there are control tokens.
enum TestModel {
    static let now = TemplateDate(secondsSince1970: 1_753_538_709)
    static let begin: Int32 = 256
    static let end: Int32 = 257
    static let endOfText: Int32 = 258

    static let chatML = """
        {% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}\
        {% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
        """

    private static let made = Result { try makeTokenizer() }

    /// Byte-level vocabulary without merges.
    static func tokenizer() throws -> Tokenizer { try made.get() }

    private static func makeTokenizer() throws -> Tokenizer {
        // GPT-2's alphabet: printable bytes stand for themselves, the others for U+0100 and up.
        let printable = Array(33...126) + Array(161...172) + Array(174...255)
        var next: UInt32 = 256
        var tokens: [String] = []
        for byte in 0..<256 {
            var value = UInt32(byte)
            if !printable.contains(byte) {
                value = next
                next += 1
            }
            tokens.append(String(Character(Unicode.Scalar(value) ?? "?")))
        }
        tokens += ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]
        let types = [TokenType](repeating: .normal, count: 256) + [.control, .control, .control]
        return try Tokenizer(
            TokenizerDefinition(
                model: .bytePairEncoding, tokens: tokens, types: types, merges: [], preTokenizer: "gpt-2",
                eosID: Int(endOfText), eotID: Int(end)))
    }

    static func encoder(
        _ template: String? = chatML, _ change: (inout EncodingSettings) -> Void = { _ in }
    ) throws -> RowEncoder {
        var settings = EncodingSettings()
        change(&settings)
        return RowEncoder(
            tokenizer: try tokenizer(), template: try template.map { source in try ChatTemplate(source: source) },
            settings: settings, now: now)
    }

    static func reader(
        _ bad: DataReader.BadRows = .stop, template: String? = chatML, kind: DatasetForm.Kind? = nil,
        _ change: (inout EncodingSettings) -> Void = { _ in }
    ) throws -> DataReader {
        DataReader(encoder: try encoder(template, change), badRows: bad, kind: kind)
    }

    /// Reads a text as a file of this name.
    static func read(
        _ text: String, as name: String = "rows.jsonl", with reader: DataReader
    ) throws -> (examples: [EncodedExample], report: DataReport) {
        try read(Data(text.utf8), as: name, with: reader)
    }

    static func read(
        _ data: Data, as name: String, with reader: DataReader
    ) throws -> (examples: [EncodedExample], report: DataReport) {
        try withFolder { folder in
            let url = folder.appendingPathComponent(name)
            try data.write(to: url)
            var examples: [EncodedExample] = []
            let report = try reader.read([url]) { examples.append($0) }
            return (examples, report)
        }
    }

    static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("training-data-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    /// The text of a row with what is trained between brackets.
    static func marked(_ row: TrainingRow) throws -> String {
        TerminalPreview(style: .marks).text(RowPreview(row, number: 0, tokenizer: try tokenizer()))
    }

    /// The marked texts of rows; of a pair both answers, of a judged completion its judgement too.
    static func marked(_ examples: [EncodedExample]) throws -> [String] {
        let tokenizer = try tokenizer()
        return examples.flatMap { example in
            let texts = RowPreview.previews(of: example, number: 0, tokenizer: tokenizer)
                .map { TerminalPreview(style: .marks).text($0) }
            if case .judged(let judged) = example { return texts.map { "\(judged.isWanted) " + $0 } }
            return texts
        }
    }
}
