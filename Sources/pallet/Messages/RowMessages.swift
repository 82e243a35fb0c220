import Retrieval

extension TuningRowError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .nothingToAsk(let index):
            "索引 \(index) 的资料里没有可问的内容（没有表格、小节，也没有带数字或规定的句子）。请增加资料，或用 --questions 给出问答清单"
        case .badRow(let path, let line):
            "\(path) 第 \(line) 行：应为 {\"messages\": [{\"role\": …, \"content\": …}, …]}，最后一轮是 assistant"
        }
    }
}
