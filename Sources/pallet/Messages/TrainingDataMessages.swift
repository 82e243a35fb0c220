import Training

extension RowProblem: ChineseMessage {
    var chinese: String? {
        switch self {
        case .notJSON(let reason): "不是 JSON：\(reason)"
        case .notAnObject: "不是 JSON 对象，应为 {…}"
        case .tooLarge(let limit): "超过 \(limit) 字节，请拆分"
        case .badTableRow(let reason): "表格行：\(reason)"
        case .unknownForm(let keys):
            "键 \(keys.joined(separator: "、")) 不属于任何已知形式；已知：messages、conversations、instruction + output、"
                + "query + response、prompt + completion、text、prompt + chosen + rejected、input_ids + labels"
        case .missing(let key): "缺少“\(key)”，或为空"
        case .wrongType(let key, let expected): "“\(key)”的类型不对，应为 \(expected)"
        case .unequalLengths(let key, let expected, let actual): "“\(key)”有 \(actual) 个值，“input_ids”有 \(expected) 个"
        case .idOutsideVocabulary(let key, let id, let count):
            "“\(key)”中的编号 \(id) 不在词表内（0 到 \(count - 1)）：此行是为别的模型做的"
        case .badPosition(let index, let expected, let actual):
            "“position_ids”第 \(index) 个是 \(actual)，应为 \(expected)，或从 0 重新开始"
        case .roles(let reason): "角色顺序：\(reason)"
        case .noChatTemplate: "模型没有对话模板：请用 text 或 prompt + completion 形式，或换有模板的模型"
        case .template(let reason): "对话模板拒绝此行：\(reason)"
        case .answerNotRendered(let message, let reason): "第 \(message + 1) 条消息（回答）在渲染结果中找不到：\(reason)"
        case .noStopToken(let message): "第 \(message + 1) 条消息之后，模板没有写结束词元：模型将不会停止"
        case .stopTokenMasked(let message): "第 \(message + 1) 条消息的结束词元没有被训练：模型将不会停止"
        case .noEndOfText: "词表没有文本结束词元：模型将不会停止"
        case .nothingSupervised: "此行没有任何被训练的词元"
        case .tooLong(let tokens, let context): "\(tokens) 个词元，上下文只有 \(context)：请缩短，或要求截断"
        case .promptsDiffer: "模板对两个回答渲染出不同的提示"
        case .answersEqual: "好答案与坏答案相同，学不到东西"
        case .empty(let key): "“\(key)”没有词元"
        }
    }
}

extension TrainingDataError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .badRow(let file, let line, let problem):
            "\(file) 第 \(line) 行：\(problem.chinese ?? "\(problem)")。请改正，或用 --skip-bad 跳过"
        case .tooManyBadRows(let first, let count, let rows, let limit):
            "\(rows) 行中有 \(count) 行有问题，最多允许 \(limit * 100) %；最先的几行：\n"
                + first.map { "  \($0.file) 第 \($0.line) 行：\($0.problem.chinese ?? "\($0.problem)")" }
                .joined(separator: "\n")
        case .mixedForms(let file, let line, let expected, let actual):
            "\(file) 第 \(line) 行是 \(actual.rawValue) 形式，前面的行是 \(expected.rawValue)：请把不同形式放在不同文件中"
        case .mixedKinds(let file, let expected, let actual):
            "\(file) 的内容是 \(actual.rawValue)，前面的文件是 \(expected.rawValue)：请分别训练"
        case .wrongKind(let expected, let actual, let form):
            "数据是 \(actual.rawValue)（\(form.rawValue) 形式），此方法需要 \(expected.rawValue)"
        case .notRows: "词元分片只能存放文本或对话，不能存放偏好对"
        case .noRows(let files): "\(files.joined(separator: "、")) 中没有可训练的行"
        case .nothingTrained(let rows, let tokens):
            "\(rows) 行共 \(tokens) 个词元，全部被屏蔽，没有可训练的：请用 pallet train preview 查看数据"
        case .notAList(let file): "\(file)：应为 JSON 数组，或每行一个 JSON 对象"
        case .noHeader(let file): "\(file)：表格第一行应为各列名称"
        case .utf16(let file):
            "\(file) 是 UTF-16 编码，数据文件应为 UTF-8：请另存为 UTF-8（Excel 中选“CSV UTF-8”），或用 iconv -f UTF-16 -t UTF-8 转换"
        case .unknownFile(let file): "\(file)：数据文件应为 .jsonl、.ndjson、.json、.csv 或 .tsv"
        case .file(let error): error.chinese
        }
    }
}

extension TokenShardError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .file(let error): error.chinese
        case .notAShard(let path): "\(path) 不是词元分片文件"
        case .otherVersion(let path, let expected, let actual):
            "\(path) 是第 \(actual) 版的词元分片，本程序读第 \(expected) 版：请重新生成"
        case .damaged(let path, _): "\(path)：分片不完整或被改动，请重新生成"
        case .damagedRow(let path, let row): "\(path)：第 \(row) 行写出后被改动，请重新生成分片"
        case .otherTokenizer(let path, let expected, let actual):
            "\(path) 用的分词器是 \(actual.prefix(12))，模型的是 \(expected.prefix(12))：请用此模型重新生成"
        case .badRow(let row, let reason): "第 \(row) 行：\(reason)"
        case .noSuchRow(let index, let count): "没有第 \(index) 行：分片共 \(count) 行，从 0 数起"
        }
    }
}
