import ModelFormats
import Testing
import Tokenizers
import Transformers

/// Definitions of encoders as keys of a GGUF file and back.
struct TokenizerMetadataTests {
    private let definition = TokenizerDefinition(
        model: .unigram, tokens: ["<pad>", "</s>", "<unk>", "▁a"], scores: [0, 0, 0, -1],
        types: [.control, .control, .unknown, .normal], bosID: 1, eosID: 1, unknownID: 2, paddingID: 0, addBOS: true,
        addEOS: true, addSpacePrefix: true, removeExtraWhitespaces: false, characterMap: [4, 0, 0, 0, 0, 0, 0, 0x80])

    @Test func comesBack() throws {
        #expect(definition.metadata["tokenizer.ggml.model"]?.string == "t5")
        #expect(try TokenizerDefinition(metadata: definition.metadata) == definition)
    }

    /// Some converters write the map as signed bytes.
    @Test func signedBytes() throws {
        var keys = definition.metadata
        keys["tokenizer.ggml.precompiled_charsmap"] = .array(.int8([4, 0, 0, 0, 0, 0, 0, -128]))
        #expect(try TokenizerDefinition(metadata: keys).characterMap == definition.characterMap)
    }

    @Test func otherTypes() {
        var keys = definition.metadata
        keys["tokenizer.ggml.precompiled_charsmap"] = .string("x")
        #expect(throws: TransformerError.self) { try TokenizerDefinition(metadata: keys) }
    }

    /// BERT's roles have keys of their own.
    @Test func wordPieceComesBack() throws {
        let bert = TokenizerDefinition(
            model: .wordPiece, tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "▁a"], bosID: 2, eosID: 3, unknownID: 1,
            paddingID: 0, addBOS: true, addEOS: false, lowercases: false, stripsAccents: true)
        var keys = bert.metadata
        #expect(keys["tokenizer.ggml.cls_token_id"]?.integer == 2)
        #expect(keys["tokenizer.ggml.seperator_token_id"]?.integer == 3)
        #expect(keys["tokenizer.ggml.add_sep_token"]?.bool == false)
        #expect(try TokenizerDefinition(metadata: keys) == bert)
        // Newer converters say with add_sep_token what parts a pair; a single text is closed all the same.
        keys["tokenizer.ggml.add_eos_token"] = .bool(true)
        #expect(try TokenizerDefinition(metadata: keys).addEOS == true)
    }
}
