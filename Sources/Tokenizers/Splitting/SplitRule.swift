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
}

/// What a name of a split rule stands for.
struct NamedSplitRule: Sendable {
    let rule: SplitRule
    /// A word that is a token as a whole is taken without merging.
    let ignoresMerges: Bool
    /// BOS is added when the file does not say.
    let addsBOS: Bool

    private init(_ rule: SplitRule, ignoresMerges: Bool = false, addsBOS: Bool = false) {
        self.rule = rule
        self.ignoresMerges = ignoresMerges
        self.addsBOS = addsBOS
    }

    /// The rule for a name, nil when it is not known.
    init?(_ name: String) {
        switch name {
        case "llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral":
            self.init(.llama3(digits: 3), ignoresMerges: true, addsBOS: true)
        case "glm4": self.init(.llama3(digits: 3), ignoresMerges: true)
        case "dbrx", "smaug-bpe", "chatglm-bpe": self.init(.llama3(digits: 3))
        case "qwen2", "deepseek-r1-qwen", "megrez", "hunyuan", "stablelm2", "grok-2", "solar-open":
            self.init(.llama3(digits: 1))
        case "gpt-2", "phi-2", "mpt", "olmo", "jais", "exaone4", "roberta-bpe", "modern-bert":
            self.init(.gpt2(digitsAlone: false))
        case "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b":
            self.init(.gpt2(digitsAlone: true))
        case "default": self.init(.fallback)
        default: return nil
        }
    }

    /// All names, for messages.
    static let known: [String] = [
        "chatglm-bpe", "codeshell", "command-r", "dbrx", "deepseek-r1-qwen", "default", "exaone", "exaone4", "falcon3",
        "glm4", "gpt-2", "grok-2", "hunyuan", "jais", "llama-bpe", "llama-v3", "llama3", "megrez", "minerva-7b",
        "modern-bert", "mpt", "olmo", "phi-2", "pixtral", "qwen2", "refact", "roberta-bpe", "smaug-bpe", "smollm",
        "solar-open", "stablelm2", "starcoder",
    ]
}
