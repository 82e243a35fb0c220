import Inference

extension EmbeddingError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .noPooling(let model):
            "模型 \(model) 没有说明如何合并成句向量：请换用句向量模型，或按训练时的方式指定 --pooling（cls、mean、last）"
        }
    }
}

extension RerankingError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .noHead(let model):
            "模型 \(model) 不会给文本对打分：请换用重排模型（单一输出的交叉编码器，或 Qwen3-Reranker 一类）"
        case .noAnswer(let model, let word): "模型 \(model) 的词表中没有单个词元 \"\(word)\"：请换用重排模型"
        case .queryTooLong(let tokens, let limit):
            "问题连同格式占 \(tokens) 个词元，上下文只有 \(limit)，放不下文档：请缩短问题"
        }
    }
}

extension SavedPrefixError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .notASavedPrefix: "不是保存的前缀"
        case .version(let actual, let expected): "格式版本 \(actual)，应为 \(expected)"
        case .tooShort(let bytes): "只有 \(bytes) 字节，与文件自述不符"
        case .damaged: "校验和不符，文件已损坏"
        case .otherModel: "属于另一个模型"
        case .otherLayout: "属于另一种形状的缓存"
        }
    }
}
