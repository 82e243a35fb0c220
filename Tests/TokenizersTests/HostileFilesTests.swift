import Foundation
import Testing
import Tokenizers

/// Attacks on `tokenizer.json` and `tokenizer.model`, and forms that are refused by name.
@Suite struct HostileFilesTests {
    private func error(_ json: String, file: String = "tokenizer.json") -> TokenizerError? {
        var files = ["tokenizer.json": Data(Self.small().utf8)]
        files[file] = Data(json.utf8)
        return error(files)
    }

    private func error(_ files: [String: Data]) -> TokenizerError? {
        do throws(TokenizerError) {
            _ = try Tokenizer(TokenizerDefinition(huggingFaceFiles: files))
            return nil
        } catch {
            #expect(!error.description.isEmpty)
            return error
        }
    }

    /// A complete small file with parts replaced.
    static func small(
        preTokenizer: String = #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}"#,
        normalizer: String = "null", vocabulary: String = #"{"a":0,"b":1,"ab":2}"#, merges: String = #"["a b"]"#,
        model: String = "", added: String = "[]"
    ) -> String {
        """
        {"added_tokens":\(added),"normalizer":\(normalizer),"pre_tokenizer":\(preTokenizer),
        "model":{"type":"BPE"\(model),"vocab":\(vocabulary),"merges":\(merges)}}
        """
    }

    @Test func acceptsTheSmallFile() {
        #expect(error(Self.small()) == nil)
        #expect(error(Self.small(merges: #"[["a","b"]]"#)) == nil)
    }

    @Test func missing() {
        #expect(error(["x": Data()]) == .missingFile(expected: ["tokenizer.json", "tokenizer.model"], found: ["x"]))
        // XLM-RoBERTa is sometimes passed on with its training file alone.
        let alone = "sentencepiece.bpe.model"
        #expect(error([alone: Data()]) == .missingFile(expected: ["tokenizer.json"], found: [alone]))
    }

    @Test(arguments: [
        "", "{", "{}x", "[1,]", "{\"a\" 1}", "nul", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\u12\"", "\"\\q\"", "\"a",
        "01x", "--", "\"\u{1}\"", String(repeating: "[", count: 100_000), "{\"a\":", "\u{FEFF}{",
    ])
    func notJSON(_ text: String) {
        guard case .malformedJSON("tokenizer.json", let offset, _)? = error(text) else {
            Issue.record("accepted: \(text.prefix(40))")
            return
        }
        #expect(offset <= text.utf8.count)
    }

    @Test func notUTF8() {
        guard case .malformedJSON? = error(["tokenizer.json": Data([0x22, 0xFF, 0x22])]) else {
            Issue.record("accepted")
            return
        }
    }

    @Test(arguments: [
        #"{"a":-1}"#, #"{"a":4194304}"#, #"{"a":1e300}"#, #"{"a":0.5}"#, #"{"a":"0"}"#, #"{"a":0,"b":0}"#, "[]", "null",
    ])
    func impossibleIDs(_ vocabulary: String) {
        guard case .invalidField? = error(Self.small(vocabulary: vocabulary, merges: "[]")) else {
            Issue.record("accepted: \(vocabulary)")
            return
        }
    }

    @Test(arguments: [#"["ab"]"#, #"[["a"]]"#, #"[["a","b","c"]]"#, "[1]", "{}", #"[["a",1]]"#, #"[""]"#])
    func impossibleMerges(_ merges: String) {
        guard case .invalidField? = error(Self.small(merges: merges)) else {
            Issue.record("accepted: \(merges)")
            return
        }
    }

    /// Two keys with the same text are two tokens with it; the same letter in two normal forms is not.
    @Test func equalTexts() {
        let twice = TokenizerError.duplicateToken(text: "a", first: 0, second: 2)
        #expect(error(Self.small(vocabulary: #"{"a":0,"b":1,"a":2}"#)) == twice)
        #expect(error(Self.small(vocabulary: #"{"a":0,"b":1,"\u00e9":2,"e\u0301":3}"#)) == nil)
    }

    @Test(arguments: [
        small(model: #","continuing_subword_prefix":"@@""#), small(normalizer: #"{"type":"Lowercase"}"#),
        small(preTokenizer: "null"), small(preTokenizer: #"{"type":"Whitespace"}"#),
        small(preTokenizer: #"{"type":"ByteLevel","add_prefix_space":true}"#),
        small(preTokenizer: #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}"#),
        small(model: #","ignore_merges":true"#), small(model: #","byte_fallback":true"#),
        small(added: #"[{"id":3,"content":"x","single_word":true}]"#),
        #"{"model":{"type":"WordPiece","vocab":{}}}"#,
        #"{"model":{"type":"WordPiece","vocab":{}},"normalizer":{"type":"BertNormalizer"},"pre_tokenizer":null}"#,
        #"{"model":{"type":"WordPiece","vocab":{},"max_input_chars_per_word":50}}"#,
        #"{"model":{"type":"WordPiece","vocab":{},"continuing_subword_prefix":"@@"}}"#,
        #"{"model":{"type":"WordLevel","vocab":{}}}"#,
        small(preTokenizer: split(#"\\p{L}+|\\s+"#)),
    ])
    func refusedByName(_ text: String) {
        guard case .unsupported(let file, _, _, let known)? = error(text) else {
            Issue.record("accepted: \(text)")
            return
        }
        #expect(file == "tokenizer.json" && !known.isEmpty)
    }

    static func split(_ pattern: String, behavior: String = "Isolated", invert: Bool = false) -> String {
        """
        {"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\(pattern)"},
        "behavior":"\(behavior)","invert":\(invert)},
        {"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]}
        """
    }

    /// Published spellings of the known rules.
    @Test(arguments: [
        (
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+", "smaug-bpe"
        ),
        (
            "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*"
                + "|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+", "smaug-bpe"
        ),
        (
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
                + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+", "qwen2"
        ),
    ])
    func splitPatterns(_ pattern: String, _ name: String) throws {
        let escaped = pattern.replacingOccurrences(of: "\\", with: "\\\\")
        for (behavior, invert) in [("Isolated", false), ("Removed", true)] {
            let text = Self.small(preTokenizer: Self.split(escaped, behavior: behavior, invert: invert))
            let definition = try TokenizerDefinition(huggingFaceFiles: ["tokenizer.json": Data(text.utf8)])
            #expect(definition.preTokenizer == name)
        }
    }

    @Test func digitsThenBytes() throws {
        let rule = """
            {"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},
            {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}]}
            """
        let files = ["tokenizer.json": Data(Self.small(preTokenizer: rule).utf8)]
        #expect(try TokenizerDefinition(huggingFaceFiles: files).preTokenizer == "smollm")
    }

    @Test func normalFormC() throws {
        let vocabulary =
            "{"
            + SmallVocabulary.byteTexts.enumerated().map {
                "\"\($1 == "\"" || $1 == "\\" ? "\\" : "")\($1)\":\($0)"
            }.joined(separator: ",") + "}"
        let text = Self.small(normalizer: #"{"type":"NFC"}"#, vocabulary: vocabulary, merges: "[]")
        let tokenizer = try Tokenizer(TokenizerDefinition(huggingFaceFiles: ["tokenizer.json": Data(text.utf8)]))
        let ids = tokenizer.encode("e\u{301}\u{212B}중\u{1112}\u{1161}\u{11AB}", addSpecial: false, parseSpecial: false)
        #expect(try tokenizer.decode(ids).utf8.elementsEqual("é\u{C5}중한".utf8))
    }

    @Test func settings() throws {
        let added = #"[{"id":3,"content":"<s>","special":true},{"id":5,"content":"<x>","rstrip":true}]"#
        var files = ["tokenizer.json": Data(Self.small(added: added).utf8)]
        let config = """
            {"bos_token":{"content":"<s>"},"add_bos_token":true,
            "chat_template":[{"name":"default","template":"A"},{"name":"rag","template":"B"}]}
            """
        files["tokenizer_config.json"] = Data(config.utf8)
        files["special_tokens_map.json"] = Data(#"{"eos_token":"<x>"}"#.utf8)
        files["generation_config.json"] = Data(#"{"eos_token_id":[3,5,77]}"#.utf8)
        var definition = try TokenizerDefinition(huggingFaceFiles: files, vocabularySize: 8)
        #expect(definition.tokens == ["a", "b", "ab", "<s>", "[PAD4]", "<x>", "[PAD6]", "[PAD7]"])
        #expect(definition.types == [.normal, .normal, .normal, .control, .unused, .userDefined, .unused, .unused])
        #expect(definition.bosID == 3 && definition.eosID == 5 && definition.addBOS == true)
        #expect(definition.endOfGenerationIDs == [3, 5] && definition.rightStrippingIDs == [5])
        #expect(definition.chatTemplate == "A" && definition.namedChatTemplates == ["rag": "B"])
        files["chat_template.jinja"] = Data("C".utf8)
        definition = try TokenizerDefinition(huggingFaceFiles: files)
        #expect(definition.chatTemplate == "C" && definition.tokens.count == 6)
    }

    /// Messages of `tokenizer.model` made by hand.
    @Test(arguments: [
        [0x0A], [0x0A, 0x05, 0x0A], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        [0x0A, 0x03, 0x0A, 0x01, 0xFF], [0x0F], [0x00], [0x0D, 0x00], [0x09, 0x00], [0x80], [0x0A, 0x02, 0x0A, 0x7F],
        [UInt8](repeating: 0x80, count: 11),
    ])
    func notSentencePiece(_ bytes: [UInt8]) {
        guard case .malformedSentencePiece? = error(["tokenizer.model": Data(bytes)]) else {
            Issue.record("accepted: \(bytes)")
            return
        }
    }

    @Test func sentencePieceOfAnotherKind() {
        let unigram: [UInt8] = [0x0A, 0x03, 0x0A, 0x01, 0x61, 0x12, 0x02, 0x18, 0x01]
        guard case .unsupported("tokenizer.model", _, "unigram", _)? = error(["tokenizer.model": Data(unigram)]) else {
            Issue.record("accepted")
            return
        }
        // The same as BPE, but with a normaliser that is not built.
        let mapped: [UInt8] = [0x0A, 0x03, 0x0A, 0x01, 0x61, 0x12, 0x02, 0x18, 0x02, 0x1A, 0x03, 0x12, 0x01, 0x00]
        guard case .unsupported("tokenizer.model", _, _, _)? = error(["tokenizer.model": Data(mapped)]) else {
            Issue.record("accepted")
            return
        }
        #expect(error(["tokenizer.model": Data(mapped.prefix(9))]) == nil)
    }
}
