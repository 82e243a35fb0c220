import Tokenizers
import Training

extension BytePairTrainingError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .vocabularySize(let size, let least, let limit):
            "词表不能有 \(size) 个词元：请给 \(least)（控制词元与 256 个字节）到 \(limit)"
        case .specialToken(let text, _): "控制词元“\(text.prefix(60))”不能用（空、过长、重复或与字节的写法相同）：请换一个"
        case .tokenBytes(let bytes, let least, let limit): "词元最长 \(bytes) 字节不可行：请给 \(least) 到 \(limit)"
        case .minimumFrequency(let count): "最少出现次数 \(count) 没有意义：请给 1 或更大"
        case .wordBytes(let bytes, let least, let limit):
            "统计词的内存上限 \(bytes) 字节不可行：请给 \(least) 到 \(limit) 字节"
        case .noText: "没有可供训练的文本：所有文件都是空的"
        }
    }
}

extension ModelPlanError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .budgetTooSmall(let parameters, let least, let vocabulary):
            "\(parameters) 个参数容不下 \(vocabulary) 个词元的词表：至少 \(least) 个参数，或改用较小的词表（小型中文模型以 6000 到 8000 为宜）"
        case .budgetTooLarge(let parameters, let limit): "\(parameters) 个参数太多：这里最多 \(limit)"
        case .depth(let depth, let limit): "层数不能是 \(depth)：请给 1 到 \(limit)"
        case .vocabulary(let count, let limit): "词表不能有 \(count) 个词元：请给 1 到 \(limit)"
        case .context(let context, let least, let limit): "上下文不能是 \(context) 个词元：请给 \(least) 到 \(limit)"
        case .tokenizer(let planned, let actual): "规划的词表有 \(planned) 个词元，分词器却有 \(actual) 个"
        case .exists(let path): "\(path) 中已有模型：请换一个目录，或先删除它"
        case .cannotWrite(let path, let reason): "无法写入 \(path)：\(reason)"
        }
    }
}
