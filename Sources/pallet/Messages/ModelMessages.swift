import ModelFormats
import ModelHub
import Tokenizers

extension FileError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .failed(_, let path, let code): "\(path)：\(SystemReason(code: code).chinese)（errno \(code)）"
        case .isFolder(let path): "\(path) 是目录，应为文件：请写出其中的文件名"
        case .notAFile(let path): "\(path) 不是普通文件：请先把内容存成文件"
        case .notReplaceable(let path): "\(path) 是目录、管道或设备，不会被文件取代：请换一个名称"
        case .shortRead(let path, let offset, let expected, let actual):
            "\(path)：从第 \(offset) 字节起应有 \(expected) 字节，只有 \(actual)：文件不完整或读取时被改动，请重新复制或下载"
        case .badRange(let path, let offset, let count):
            "\(path)：没有文件能在第 \(offset) 字节处有 \(count) 字节"
        case .tooLarge(let path, let size, let limit): "\(path) 有 \(size) 字节，此类文件最多 \(limit) 字节"
        case .exists(let path): "\(path) 已存在：请换一个名称，或先删除它"
        case .noSpace(let path, let needed, let free):
            "\(path) 需要 \(needed) 字节，磁盘只剩 \(free)：请清理磁盘，或换一个位置"
        }
    }
}

extension GGUFError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .file(let error): error.chinese
        case .badMagic(let actual): "GGUF 文件应以“GGUF”四个字节开头，这里是 \(actual)：不是 GGUF 文件"
        case .otherByteOrder(let version): "GGUF 版本号 \(version) 的字节顺序相反：文件为大端机器所写，请重新转换"
        case .unsupportedVersion(let actual): "不支持 GGUF 版本 \(actual)，支持 2 和 3：请重新转换文件"
        case .truncatedHeader(let reading, let offset, let needed, let available):
            "GGUF 文件在第 \(offset) 字节（\(reading)）处中断：需要 \(needed) 字节，只剩 \(available)；请重新下载"
        case .truncatedData(let expected, let actual):
            "GGUF 文件应有 \(expected) 字节，只有 \(actual)：文件不完整，请重新下载"
        case .trailingBytes(let expected, let actual):
            "GGUF 文件有 \(actual) 字节，其中只有 \(expected) 属于权重：文件被改动，请重新下载"
        case .headerTooLarge(let limit): "GGUF 的元数据和权重列表超过 \(limit) 字节"
        case .duplicateKey(let key): "GGUF 的元数据 \(key) 出现两次：文件已损坏，请重新转换"
        case .duplicateTensor(let name): "GGUF 的权重 \(name) 出现两次：文件已损坏，请重新转换"
        case .notUTF8(let reading, let offset): "GGUF 第 \(offset) 字节处的 \(reading) 不是 UTF-8：文件已损坏，请重新下载"
        case .unknownTensorType(let tensor, let id): "GGUF 的权重 \(tensor) 类型编号 \(id) 未知：文件已损坏或版本太新"
        case .removedTensorType(let tensor, let name): "GGUF 的权重 \(tensor) 类型 \(name) 已废除：请重新量化"
        case .wrongOffset(let tensor, let expected, let actual):
            "GGUF 的权重 \(tensor) 应在数据区第 \(expected) 字节，文件写的是 \(actual)：文件已损坏，请重新下载"
        case .noSuchTensor(let name): "GGUF 文件中没有权重 \(name)"
        case .badSplit(let path, _): "\(path) 是分卷模型的一卷，各卷须完整且放在一起"
        case .missingPart(let path, let part, let count): "缺少 \(path)：模型共 \(count) 卷，第 \(part) 卷须放在其他卷旁边"
        default: nil
        }
    }
}

extension SafetensorsError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .file(let error): error.chinese
        case .headerTooSmall(let actual): "safetensors 文件只有 \(actual) 字节，文件头至少 10 字节：文件不完整，请重新下载"
        case .headerBeyondFile(let length, let available):
            "safetensors 文件头应有 \(length) 字节，只有 \(available)：文件不完整，请重新下载"
        case .truncatedData(let expected, let actual):
            "safetensors 数据应有 \(expected) 字节，只有 \(actual)：文件不完整，请重新下载"
        case .trailingBytes(let expected, let actual):
            "safetensors 数据有 \(actual) 字节，其中只有 \(expected) 属于权重：文件被改动，请重新下载"
        case .noSuchTensor(let name): "safetensors 文件中没有权重 \(name)"
        case .missingFromShard(let tensor, let file): "索引说权重 \(tensor) 在 \(file) 中，实际没有：请重新下载"
        case .noWeights(let folder): "\(folder) 中没有 model.safetensors，也没有 model.safetensors.index.json"
        case .pickledWeights(let folder, let file):
            "\(folder) 的权重在 \(file) 中：pickle 文件读取时可执行代码，因此不读。请改用 safetensors 或 GGUF 版本，"
                + "或用 transformers 另存一次（save_pretrained）"
        case .unknownType(let tensor, let actual): "safetensors 的权重 \(tensor) 类型 \(actual) 未知"
        default: nil
        }
    }
}

extension ModelFileError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .notAModel(let path): "\(path) 不是 GGUF 文件，也不是含 config.json 和 model.safetensors 的目录"
        case .vocabularyOnly(let path): "\(path) 只有词表、没有权重：请使用完整的模型文件"
        case .missingTensor(let name, let shape): "缺少权重 \(name)，形状应为 \(shape)"
        case .wrongShape(let tensor, let expected, let actual):
            "按配置 \(tensor) 的形状应为 \(expected)，实际是 \(actual)"
        case .unexpectedTensor(let name, let architecture):
            "\(architecture) 模型没有权重 \(name)：忽略它会改变结果，因此不予加载"
        case .unsupportedType(let tensor, let type, let known):
            "\(tensor) 的类型 \(type) 不能计算；可用：\(known.joined(separator: "、"))"
        case .noSuchTensor(let name): "模型没有权重 \(name)"
        case .rowsOutOfRange(let tensor, let rows, let count): "要读 \(tensor) 的第 \(rows) 行，它只有 \(count) 行"
        case .tooLargeForFloats(let tensor, let elements, let limit):
            "\(tensor) 有 \(elements) 个值，一次最多读 \(limit) 个"
        }
    }
}

extension ExportError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .notExpressible: nil
        case .quantisedSafetensors(let type): "safetensors 不能存放 \(type)：请选 f32、f16 或 bf16"
        case .badFileName(let name): "“\(name)”不能用作分词器文件名"
        case .badWeight(let tensor, let row, let value, let type):
            "\(tensor) 第 \(row) 行有权重 \(value)，\(type) 存不下：源文件已损坏，或须用 f32、bf16"
        case .notEncodable(let tensor, let type, let known):
            "\(tensor) 的类型 \(type) 只能读取、不能写出：请从 \(known.joined(separator: "、")) 中选择"
        }
    }
}

extension ModelConfigurationError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .json(let path, let error): "\(path) 不是有效的 JSON：\(error)"
        case .notAnObject(let path): "\(path) 的内容应为 JSON 对象"
        case .missing(let key): "配置中缺少这类模型必需的 \(key)"
        case .wrongType(let key, let expected, let actual): "\(key) 应为 \(expected)，实际是 \(actual)"
        case .outOfRange(let key, let actual, let allowed): "\(key) 为 \(actual)，允许范围 \(allowed)"
        case .headsDoNotDivide(let heads, let kvHeads): "\(heads) 个查询头不能被 \(kvHeads) 个 KV 头整除"
        case .unknownArchitecture(let actual, let known):
            "不支持架构 \(actual)；已支持：\(known.joined(separator: "、"))。请换一个模型"
        case .unknownRopeType(let actual, let known):
            "不支持位置编码 \(actual)；已支持：\(known.joined(separator: "、"))"
        case .unknownActivation(let actual, let known):
            "不支持激活函数 \(actual)；已支持：\(known.joined(separator: "、"))"
        case .unsupported(let feature): "模型需要尚不支持的 \(feature)"
        case .badTokenizerKey(let key, _): "分词器字段 \(key) 的类型或长度不对：请重新转换模型"
        }
    }
}

extension TokenizerError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .emptyVocabulary: "词表为空：模型文件不完整，请重新下载"
        case .arrayTooShort(let name, let expected, let actual):
            "词表有 \(expected) 个词元，而 \(name) 只有 \(actual) 项：文件已损坏，请重新下载或转换"
        case .unknownPreTokenizer(let name, let known):
            "不认识切分规则“\(name.prefix(80))”（tokenizer.ggml.pre）；已支持：\(known.joined(separator: "、"))"
        case .idOutsideVocabulary(let id, let count): "词元编号 \(id) 不在词表内（0 到 \(count - 1)）"
        case .missingFile(let expected, let found):
            "没有分词器：应有 \(expected.joined(separator: " 或 "))，"
                + (found.isEmpty ? "目录中没有文件" : "只有 \(found.joined(separator: "、"))")
        case .malformedJSON(let file, let offset, _): "\(file) 第 \(offset) 字节处不是有效的 JSON"
        case .malformedSentencePiece(let offset, _): "tokenizer.model 第 \(offset) 字节处不是 SentencePiece 格式"
        case .invalidField(let file, let field, let expected, let actual):
            "\(file) 的 \(field) 应为 \(expected)，实际是“\(actual.prefix(80))”"
        case .unsupported(let file, let feature, let value, let known):
            "\(file)：尚不支持 \(feature)“\(value.prefix(80))”；已支持：\(known.joined(separator: "、"))"
        default: nil
        }
    }
}

extension ModelHubError: ChineseMessage {
    var chinese: String? { nameProblem ?? sourceProblem }

    private var nameProblem: String? {
        switch self {
        case .catalogue(let reason): "模型目录有误：\(reason)"
        case .unknownModel(let name, let known):
            "没有叫“\(name)”的模型、文件或目录；目录中有：\(known.joined(separator: "、"))"
        case .notPulled(let name):
            "本机还没有模型 \(name)：用 pallet model pull \(name) 下载，或把文件拷来后用 pallet model add 文件 加入"
        case .inUse(let name): "另一个进程正在下载或加入模型 \(name)：请等它完成，或先停掉它"
        case .notAModel(let path, _): "\(path) 不是模型：应为 GGUF 文件，或含 config.json 和 *.safetensors 的目录"
        case .nameTaken(let name): "已有名为 \(name) 的模型：请用 --name 另取名称"
        case .cancelled(let name): "\(name) 的下载已取消；下次下载从中断处继续"
        case .wrongHash(let file, let expected, let actual):
            "\(file) 不是发布的文件：SHA-256 应为 \(expected)，实际为 \(actual)；未保留，请重新下载或用 --hub 换一个来源"
        case .diskFull(let path, let needed, let free):
            "\(path) 空间不足：需要 \(needed) 字节" + (free.map { "，剩余 \($0)" } ?? "") + "；请清理磁盘，或用 --home 换目录"
        case .file(let path, _, let reason): "无法读写 \(path)：\(reason)"
        default: nil
        }
    }

    private var sourceProblem: String? {
        switch self {
        case .noSource(let name, let attempts):
            "找不到可用的 \(name) 来源：\n  " + attempts.joined(separator: "\n  ")
        case .wrongSize(let source, let expected, let actual):
            "\(source) 的文件有 \(actual) 字节，应为 \(expected)：是同名的另一个文件，请换来源"
        case .http(let url, let status): "\(url) 返回 \(status)" + (status == 404 ? "：没有这个文件，请检查地址" : "")
        case .redirect(let url, _): "\(url)：重定向不被接受"
        case .network(let url, let reason): "\(url)：\(reason)"
        case .stalled(let url, let rate, let minimum): "\(url)：每秒只有 \(rate) 字节，至少要 \(minimum)"
        case .badAddress(let text): "“\(text)”不是有效地址；应为 https://主机 或 http://主机:端口"
        case .noPip(let tried):
            "没有带 pip 的 Python（试过 \(tried.joined(separator: "、"))）：请安装 python3-pip，或设置 PALLET_PYTHON"
        case .wheel(let requirement, let reason): "\(requirement)：\(reason)"
        default: nil
        }
    }
}
