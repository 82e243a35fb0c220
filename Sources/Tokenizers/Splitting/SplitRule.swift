/// How a byte-level model cuts text into words before merging; named by GGUF's `tokenizer.ggml.pre`.
enum SplitRule: Sendable, Equatable {
    /// GPT-2's pattern; with `digitsAlone` each number character was cut out before (StarCoder, SmolLM …):
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    case gpt2(digitsAlone: Bool)
    /// Llama 3's pattern, with runs of at most `digits` number characters (Llama 3: 3, Qwen 2: 1):
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+`
    /// `|\s+(?!\S)|\s+`
    case llama3(digits: Int)
    /// llama.cpp's four patterns for files without a name, one after the other: `[\p{P}\$\+<=>\^~\|]+`, GPT-2's,
    /// `\p{N}+`, `[0-9][0-9][0-9]`
    case fallback
    /// A pattern that is run as it is published.
    case published(PublishedSplit)

    /// The patterns, to be applied one after the other.
    var patterns: [String] {
        switch self {
        case .gpt2(let digitsAlone): digitsAlone ? [#"\p{N}"#, SplitPattern.gpt2] : [SplitPattern.gpt2]
        case .llama3(let digits): [SplitPattern.llama3(digits == 1 ? #"\p{N}"# : #"\p{N}{1,\#(digits)}"#)]
        case .fallback: SplitPattern.fallback
        case .published(let split): split.patterns
        }
    }

    /// Whether one pattern matches all of every text.
    var coversAll: Bool {
        switch self {
        case .gpt2(let digitsAlone): !digitsAlone
        case .llama3: true
        case .fallback: false
        case .published(let split): split.coversAll
        }
    }
}

/// What a name of a split rule stands for.
struct NamedSplitRule: Sendable {
    let rule: SplitRule
    /// A word that is a token as a whole is taken without merging.
    let ignoresMerges: Bool
    /// BOS is added when the file does not say.
    let addsBOS: Bool

    /// The rule for a name, nil when it is not known.
    init?(_ name: String) {
        guard let entry = Self.table.first(where: { $0.names.contains(name) }) else { return nil }
        rule = entry.rule
        ignoresMerges = entry.ignoresMerges
        addsBOS = entry.addsBOS
    }

    /// The first name of a rule, nil when no name stands for both.
    static func name(_ rule: SplitRule, ignoresMerges: Bool) -> String? {
        table.first { $0.rule == rule && $0.ignoresMerges == ignoresMerges }?.names.first
    }

    /// All names, for messages.
    static let known: [String] = table.flatMap(\.names).sorted()

    private struct Entry: Sendable {
        let names: [String]
        let rule: SplitRule
        var ignoresMerges = false
        var addsBOS = false
    }

    /// The names that llama.cpp's library takes; of names that share a rule the best known first.
    private static let table: [Entry] = [
        Entry(
            names: [
                "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
                "jina-v5-nano",
            ], rule: .llama3(digits: 3), ignoresMerges: true, addsBOS: true),
        Entry(names: ["glm4", "glm5"], rule: .llama3(digits: 3), ignoresMerges: true),
        Entry(names: ["smaug-bpe", "dbrx", "chatglm-bpe"], rule: .llama3(digits: 3)),
        Entry(
            names: [
                "qwen2", "deepseek-r1-qwen", "megrez", "hunyuan", "stablelm2", "grok-2", "solar-open", "kormo",
                "f2llmv2", "bailingmoe", "bailingmoe2", "llada-moe",
            ], rule: .llama3(digits: 1)),
        Entry(
            names: [
                "gpt-2", "phi-2", "mpt", "olmo", "jais", "exaone4", "roberta-bpe", "modern-bert", "jina-v1-en",
                "jina-v2-code", "jina-v2-de", "jina-v2-es", "jina-de", "jina-es", "gigachat", "a.x-4.0", "mellum",
                "trillion", "granite-docling",
            ], rule: .gpt2(digitsAlone: false)),
        Entry(
            names: [
                "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2",
            ], rule: .gpt2(digitsAlone: true)),
        Entry(names: ["default"], rule: .fallback),
        Entry(names: ["qwen35"], rule: .published(.qwen35)),
        Entry(names: ["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"], rule: .published(.deepseekV3)),
        Entry(names: ["deepseek-llm"], rule: .published(.deepseekLLM)),
        Entry(names: ["deepseek-coder"], rule: .published(.deepseekCoder)),
        Entry(names: ["tekken"], rule: .published(.tekken), ignoresMerges: true, addsBOS: true),
        Entry(names: ["gpt-4o", "llama4", "kanana2", "minimax-m2", "talkie"], rule: .published(.gpt4o)),
        Entry(names: ["granite-embed-multi-97m"], rule: .published(.gpt4o), ignoresMerges: true),
        Entry(names: ["minicpm5"], rule: .published(.minicpm5), ignoresMerges: true),
        Entry(names: ["bloom", "poro-chat", "gpt3-finnish"], rule: .published(.bloom)),
        Entry(names: ["viking"], rule: .published(.viking)),
        Entry(names: ["falcon"], rule: .published(.falcon)),
        Entry(names: ["jais-2"], rule: .published(.jais2)),
        Entry(names: ["youtu"], rule: .published(.youtu), ignoresMerges: true),
        Entry(names: ["seed-coder"], rule: .published(.seedCoder)),
        Entry(names: ["kimi-k2"], rule: .published(.kimiK2)),
        Entry(names: ["chameleon"], rule: .published(.chameleon), addsBOS: true),
        Entry(names: ["ufakzeka"], rule: .published(.ufakzeka)),
    ]
}
