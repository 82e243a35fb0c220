/// Split patterns that are run as they are published, since no splitter is written for them by hand.
///
/// The patterns are those of the models' own tokenizers. Where llama.cpp runs another form because its engine knows
/// less (upper and lower case and marks of other scripts than ASCII in Tekken's and GPT-4o's), these keep what the
/// models were trained with.
enum PublishedSplit: Sendable, CaseIterable {
    case qwen35
    case deepseekV3
    case deepseekLLM
    case deepseekCoder
    case tekken
    case gpt4o
    case minicpm5
    case bloom
    case viking
    case falcon
    case jais2
    case youtu
    case seedCoder
    case kimiK2
    case chameleon
    case ufakzeka

    /// The patterns, to be applied one after the other; what lies between matches stays a piece.
    var patterns: [String] {
        switch self {
        case .qwen35: [Self.qwen35Pattern]
        case .deepseekV3: [#"\p{N}{1,3}"#, "[\u{4E00}-\u{9FA5}\u{3040}-\u{309F}\u{30A0}-\u{30FF}]+", Self.punctuated]
        case .deepseekLLM:
            [
                #"[\r\n]"#, DeepSeekLetters.pattern, Self.deepseekPunctuation, #"\s+$"#, Self.deepseekIdeographs,
                #"\p{N}+"#,
            ]
        case .deepseekCoder: [#"[\r\n]"#, #"\s?\p{L}+"#, #"\s?\p{P}+"#, Self.deepseekIdeographs, #"\p{N}"#]
        case .tekken: [Self.cased("", #"\p{N}"#)]
        case .gpt4o: [Self.cased(Self.contractions + "?", #"\p{N}{1,3}"#)]
        case .minicpm5: [#"\p{N}{1,3}"#, SplitPattern.llama3(#"\p{N}+"#)]
        case .bloom: [Self.bloomPattern]
        case .viking: [Self.bloomPattern, #"\p{N}"#]
        case .falcon: [#"[\p{P}\$\+<=>\^~\|`]+"#, SplitPattern.gpt2, "[0-9][0-9][0-9]"]
        case .jais2: [Self.jais2Pattern]
        case .youtu: [Self.youtuScripts, Self.cased(Self.contractions + "?", #"\p{N}"#)]
        case .seedCoder:
            [
                Self.contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+"#
                    + #"|\s+(?!\S)|\s+"#
            ]
        case .kimiK2: [Self.kimiPattern]
        case .chameleon:
            [
                "<sentinel:[0-9]+>", "IMGIMG[A-I]{1,4}Z", #"[\t\n]|    |  "#, #"\p{N}"#, #"[\p{P}!-/:-@\[-`{-~]"#,
                SplitPattern.gpt2,
            ]
        case .ufakzeka:
            [
                #"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
            ]
        }
    }

    /// Whether matches cover every text, so that nothing lies between them.
    var coversAll: Bool {
        switch self {
        case .qwen35, .tekken, .gpt4o, .jais2, .seedCoder, .kimiK2, .ufakzeka: true
        default: false
        }
    }

    static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    private static let spaces = #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

    private static let qwen35Pattern =
        contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"# + spaces

    /// Words of DeepSeek V3 and later.
    private static let punctuated =
        ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"##
        + #"| ?[\p{P}\p{S}]+[\r\n]*"# + spaces

    private static let deepseekPunctuation =
        #"\s?[!-/:-~"# + "\u{FF01}-\u{FF0F}\u{FF1A}-\u{FF5E}\u{2018}-\u{201F}\u{3000}-\u{3002}]+"

    private static let deepseekIdeographs = "[\u{4E00}-\u{9FA5}\u{800}-\u{4E00}\u{AC00}-\u{D7FF}]+"

    /// Words that begin anew where an upper-case letter follows a lower-case one.
    private static func cased(_ suffix: String, _ numbers: String) -> String {
        let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
        let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
        let before = #"[^\r\n\p{L}\p{N}]?"#
        return before + upper + "*" + lower + "+" + suffix + "|" + before + upper + "+" + lower + "*" + suffix + "|"
            + numbers + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*"# + spaces
    }

    private static let bloomPattern = #" ?[^(\s|.,!?…。，、।۔،)]+"#

    /// Runs of white space in powers of two.
    private static let jais2Pattern =
        contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"#
        + [512, 256, 128, 64, 32, 16, 8, 4].map { #"|\s{\#($0)}(?!\S)"# }.joined() + #"|\s{1,2}(?!\S)|\s{1}"#

    /// Hangul, Chinese punctuation, Bopomofo, ideographs and kana.
    private static let youtuScripts =
        "[\u{AC00}-\u{D7A3}\u{3131}-\u{318E}]+|[\u{FF01}\u{2026}\u{201C}\u{201D}\u{2018}\u{2019}\u{2014}\u{FF1A}"
        + "\u{FF1B}\u{FF0C}\u{3001}-\u{303F}\u{FE30}-\u{FE4F}]+|[\u{3105}-\u{312F}]+"
        + "|[\u{4E00}-\u{9FA5}\u{3040}-\u{309F}\u{30A0}-\u{30FF}]+"

    /// Ideographs alone, all else as GPT-4o has it.
    private static let kimiPattern: String = {
        let han =
            "\u{3400}-\u{4DBF}\u{4E00}-\u{9FFF}\u{F900}-\u{FAFF}\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}"
            + "\u{2B740}-\u{2B81F}\u{2B820}-\u{2CEAF}\u{2CEB0}-\u{2EBEF}\u{2F800}-\u{2FA1F}"
        let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^"# + han + "]]"
        let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^"# + han + "]]"
        let before = #"[^\r\n\p{L}\p{N}]?"#
        return "[" + han + "]+|" + before + upper + "*" + lower + "+" + contractions + "?|" + before + upper + "+"
            + lower + "*" + contractions + #"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"# + spaces
    }()
}
