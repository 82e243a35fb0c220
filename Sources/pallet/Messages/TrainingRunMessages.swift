import Training

extension CheckpointError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .otherRun(let path, let differences):
            "\(path) 属于另一次训练：\(differences.joined(separator: "；"))。请用那次的设置继续，或换一个 --output"
        case .damaged(let path, let reason): "无法从 \(path) 继续：\(reason)。删除它即可从头开始"
        }
    }
}

extension TrainerError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .notFinite(let step, let loss, let norm):
            "第 \(step) 步（从 0 数）的损失为 \(loss)，梯度范数为 \(norm)；权重保持这一步之前的值。请降低 --learning-rate、用 --clip-norm "
                + "限制梯度，或检查这一步的数据"
        case .weightsNotFinite(let steps):
            "\(steps) 步之后权重已不是数值，未保存；此前的检查点（如有）保留。请降低 --learning-rate，并换一个 --output 重新训练"
        case .unknownToken(let id, let vocabulary, let row): "第 \(row) 行：词元 \(id) 超出词表（共 \(vocabulary) 个）"
        case .rowTooLong(let row, let tokens, let limit): "第 \(row) 行有 \(tokens) 个词元，模型的上下文只有 \(limit)"
        case .noRows: "没有可训练的行"
        }
    }
}

extension TrainingModelError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .unsupportedArchitecture(let found, let known):
            "架构 \(found) 不能训练；可训练：\(known.joined(separator: "、"))"
        case .unsupported(let what): "不能训练：\(what)"
        case .quantisedWeights(let tensor, let type):
            "\(tensor) 的类型是 \(type)：量化权重本身不能训练。请训练适配器（pallet train lora），或改用 F16、BF16、F32 的模型"
        case .unknownTarget(let name, let known): "没有名为 \(name) 的层；--target-modules 可用：\(known.joined(separator: "、"))"
        case .adapterLacks(let module, let rank): "起始适配器中 \(module) 没有秩为 \(rank) 的因子"
        case .rankOutOfRange(let rank, let limit): "秩 \(rank) 不可用：应在 1 与 \(limit) 之间"
        }
    }
}

extension MetricsFile.WriteError: ChineseMessage {
    var chinese: String? { "无法写入 \(path)：\(SystemReason(code: code).chinese)" }
}

extension RowSourceError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .noSuchRow(let index, let count): "没有第 \(index) 行：数据共 \(count) 行，从 0 数"
        }
    }
}
