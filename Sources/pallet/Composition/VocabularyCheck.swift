import ModelFormats
import Tokenizers
import Transformers

/// Whether a written model reads and ends texts as the one that it was made from.
struct VocabularyCheck {
    let sameVocabulary: Bool
    let sameTemplate: Bool
    let sameStopTokens: Bool
    let sameEncoding: Bool

    var holds: Bool { sameVocabulary && sameTemplate && sameStopTokens && sameEncoding }

    init(_ origin: ModelFile, _ written: ModelFile, texts: [String]) throws {
        let (old, new) = (try TokenizerDefinition(file: origin), try TokenizerDefinition(file: written))
        let (oldTokenizer, newTokenizer) = (try Tokenizer(old), try Tokenizer(new))
        sameVocabulary = old.tokens == new.tokens
        sameTemplate = old.chatTemplate == new.chatTemplate
        sameStopTokens = oldTokenizer.endOfGenerationTokens == newTokenizer.endOfGenerationTokens
        sameEncoding = texts.allSatisfy { text in
            oldTokenizer.encode(text, addSpecial: true, parseSpecial: true)
                == newTokenizer.encode(text, addSpecial: true, parseSpecial: true)
        }
    }
}
