import Foundation
import Testing
import Tokenizers

/// `tokenizer.json` of unigram models: the forms that published models have, and what is refused.
@Suite struct UnigramFilesTests {
    private static let map = Data(CharacterMapBytes([("\n", " "), ("Ａ", "a")]).bytes).base64EncodedString()
    private static let precompiled = #"{"type":"Precompiled","precompiled_charsmap":"\#(map)"}"#
    private static let metaspace = #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}"#
    private static let words = #"{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},\#(metaspace)]}"#

    private func file(
        normalizer: String = precompiled, preTokenizer: String = words, unknown: String = "2",
        vocabulary: String = #"[["<s>",0],["</s>",0.0],["<unk>",0],["▁",-1],["a",-2e0],["▁a",-2.5]]"#, more: String = ""
    ) -> [String: Data] {
        let text = """
            {"added_tokens":[{"id":0,"content":"<s>","special":true},{"id":1,"content":"</s>","special":true},
            {"id":2,"content":"<unk>","special":true},{"id":6,"content":"<mask>","special":true,"lstrip":true}],
            "normalizer":\(normalizer),"pre_tokenizer":\(preTokenizer),
            "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},
            {"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}]},
            "model":{"type":"Unigram","unk_id":\(unknown),"vocab":\(vocabulary)\(more)}}
            """
        let config = #"{"bos_token":"<s>","eos_token":"</s>","unk_token":"<unk>"}"#
        return ["tokenizer.json": Data(text.utf8), "tokenizer_config.json": Data(config.utf8)]
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

    @Test func smallFile() throws {
        let definition = try TokenizerDefinition(huggingFaceFiles: file(), vocabularySize: 9)
        #expect(definition.model == .unigram)
        #expect(definition.tokens == ["<s>", "</s>", "<unk>", "▁", "a", "▁a", "<mask>", "[PAD7]", "[PAD8]"])
        #expect(
            definition.types == [.control, .control, .unknown, .normal, .normal, .normal, .control, .unused, .unused])
        #expect(definition.scores.prefix(6) == [0, 0, 0, -1, -2, -2.5])
        #expect(definition.removeExtraWhitespaces == true && definition.addSpacePrefix == true)
        #expect(definition.leftStrippingIDs == [6])
        let tokenizer = try Tokenizer(definition)
        #expect(
            tokenizer.encode(" Ａa\n\na x <mask> a", addSpecial: true, parseSpecial: true) == [
                0, 5, 4, 5, 3, 2, 6, 5, 1,
            ])
    }

    /// The forms of spaces give the same ids.
    @Test func formsOfSpaces() throws {
        let strip = #"{"type":"Strip","strip_left":false,"strip_right":true}"#
        let runs = #"{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"}"#
        let sequence = #"{"type":"Sequence","normalizers":[\#(Self.precompiled),\#(strip),\#(runs)]}"#
        let old = #"{"type":"Metaspace","replacement":"▁","add_prefix_space":true}"#
        for files in [
            file(), file(normalizer: sequence, preTokenizer: Self.metaspace),
            file(normalizer: sequence, preTokenizer: old),
        ] {
            let tokenizer = try Tokenizer(TokenizerDefinition(huggingFaceFiles: files))
            #expect(tokenizer.encode("  a \n a ", addSpecial: false, parseSpecial: false) == [5, 5])
        }
        let never = Self.metaspace.replacingOccurrences(of: "always", with: "never")
        let kept = try Tokenizer(TokenizerDefinition(huggingFaceFiles: file(normalizer: "null", preTokenizer: never)))
        #expect(kept.encode("a  a", addSpecial: false, parseSpecial: false) == [4, 3, 5])
    }

    @Test(arguments: [
        #"{"type":"Lowercase"}"#, #"{"type":"Sequence","normalizers":[{"type":"NFKC"}]}"#, "3",
        #"{"type":"Strip","strip_left":true,"strip_right":true}"#,
    ]) func normalizersThatAreNotBuilt(_ text: String) {
        guard case .unsupported(_, "normalizer", _, _)? = error(file(normalizer: text)) else {
            Issue.record("accepted: \(text)")
            return
        }
    }

    @Test(arguments: [
        "null", #"{"type":"ByteLevel"}"#, #"{"type":"WhitespaceSplit"}"#, #"{"type":"Metaspace","replacement":"_"}"#,
        #"{"type":"Sequence","pretokenizers":[]}"#,
    ]) func preTokenizersThatAreNotBuilt(_ text: String) {
        guard case .unsupported(_, "pre_tokenizer", _, _)? = error(file(preTokenizer: text)) else {
            Issue.record("accepted: \(text)")
            return
        }
    }

    @Test(arguments: [
        "{}", "null", #"[["a"]]"#, #"[["a","b"]]"#, #"[[1,2]]"#, #"["a"]"#, #"[["a",1,2]]"#,
    ]) func vocabularies(_ text: String) {
        guard case .invalidField(_, "model.vocab", _, _)? = error(file(vocabulary: text)) else {
            Issue.record("accepted: \(text)")
            return
        }
    }

    @Test(arguments: ["null", "6", "-1", "1.5", "\"a\""]) func unknownIDs(_ text: String) {
        guard case .invalidField(_, "model.unk_id", _, _)? = error(file(unknown: text)) else {
            Issue.record("accepted: \(text)")
            return
        }
    }

    @Test func damagedMaps() {
        guard case .invalidField? = error(file(normalizer: #"{"type":"Precompiled","precompiled_charsmap":"%"}"#))
        else {
            Issue.record("accepted")
            return
        }
        let short = #"{"type":"Precompiled","precompiled_charsmap":"\#(Self.map.prefix(40))"}"#
        guard case .malformedCharacterMap? = error(file(normalizer: short)) else {
            Issue.record("accepted")
            return
        }
    }

    @Test func equalPieces() {
        let text = #"[["<s>",0],["</s>",0],["<unk>",0],["a",1],["a",2]]"#
        #expect(error(file(vocabulary: text)) == .duplicateToken(text: "a", first: 3, second: 4))
    }
}
