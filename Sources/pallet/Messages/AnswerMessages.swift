import ChatTemplates
import Inference
import Service
import Tensors
import Transformers

extension TransformerError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .unsupportedArchitecture(let found, let known):
            "不支持架构 \(found)；已支持：\(known.joined(separator: "、"))。请换一个模型"
        case .unsupportedWeightType(let tensor, let type, let known):
            "权重 \(tensor) 的类型 \(type) 不能计算；可用：\(known.joined(separator: "、"))"
        case .missingTensor(let name): "模型没有权重 \(name)"
        case .unknownToken(let id, let vocabulary): "词元编号 \(id) 超出词表（共 \(vocabulary) 个）"
        case .contextExceeded(let positions, let limit): "需要 \(positions) 个位置，模型上下文只有 \(limit)"
        case .batchSize(let tokens, let limit): "一步可算 1 到 \(limit) 个词元，不能是 \(tokens) 个"
        case .notANumber: "算出的结果不是数：模型权重已损坏，请重新下载"
        case .tokenizer(let reason): "模型的词表不能用：\(reason)"
        }
    }
}

extension GenerationError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .emptyPrompt: "提示为空：请给出要续写的文字"
        case .promptTooLong(let tokens, let limit):
            "提示有 \(tokens) 个词元，上下文只有 \(limit)，且回答至少占一个；请缩短提示（不会自动截断）"
        case .busy(let waiting): "已有 \(waiting) 个请求在排队，请稍候再试"
        case .maxTokens(let value): "词元数上限为 \(value)，至少应为 1"
        case .scoredPrompt(let range, let tokens):
            "提示只有 \(tokens) 个词元，无法给 \(range.lowerBound) 到 \(range.upperBound) 处打分（第一个词元之前没有内容）"
        case .shuttingDown: "服务正在停止"
        }
    }
}

extension ChatPromptError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .noTemplate(let model): "模型 \(model) 没有对话模板：只能续写（pallet generate --prompt），不能对话；请换一个对话模型"
        case .template(let reason): "模型自带的对话模板拒绝了这段对话或出错：\(reason)"
        }
    }
}

extension TemplateError: ChineseMessage {
    var chinese: String? {
        let place = line > 0 ? "模板第 \(line) 行" : "模板"
        return switch rule {
        case .syntax: "\(place)语法有误：\(message)"
        case .unknownName: "\(place)用了不存在的过滤器或测试：\(message)"
        case .undefined: "\(place)用了没有给出的变量：\(message)"
        case .type: "\(place)的值类型不对：\(message)"
        case .value: "\(place)的值超出范围或不存在：\(message)"
        case .security: "\(place)要做不允许的事：\(message)"
        case .raised: "\(place)拒绝了输入：\(message)"
        case .unsupported: "\(place)用了尚不支持的写法：\(message)"
        case .limit: "\(place)超出限度：\(message)"
        case .json: "第 \(line) 行第 \(column) 列：\(message)"
        }
    }
}

extension SamplingError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .logitNotANumber, .logitPositiveInfinity: "算出的结果不是有限的数：模型权重已损坏，请重新下载"
        case .outOfRange(let parameter, let value, let expected): "参数 \(parameter) 为 \(value)，应为 \(expected)"
        case .unknownToken(let source, let id, let vocabulary):
            "\(source) 中的词元编号 \(id) 超出词表（共 \(vocabulary) 个）"
        case .noCandidate: "没有可选的词元：logit_bias 排除了全部"
        }
    }
}

extension TensorError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .outOfMemory(let bytes): "内存不足：需要 \(bytes) 字节。请用更小的模型或更短的上下文（--context）"
        case .threadsUnavailable(let count): "系统不给 \(count) 个计算线程：请减小 --threads"
        case .typeNotComputable(let type): "不能用 \(type) 类型的权重计算：请转换为 F16、Q8_0、Q4_0、Q4_K 或 Q6_K"
        case .notRepresentable(let index, let value, let type):
            "第 \(index) 个权重为 \(value)，\(type) 存不下（最大 \(type.largestEncodable)）"
        case .byteCount(let expected, let actual): "权重应有 \(expected) 字节，只有 \(actual)：文件已损坏，请重新下载"
        default: nil
        }
    }
}

extension ListenError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .unknownHost(let host): "没有主机“\(host)”：--host 应为本机的名称或地址，例如 127.0.0.1 或 0.0.0.0"
        case .notThisMachine(let host): "“\(host)”不是本机的地址：请用本机地址，或用 0.0.0.0 监听全部"
        case .portInUse(let host, let port): "\(host) 的端口 \(port) 已被占用：换一个 --port，或停掉占用它的程序"
        case .notPermitted(let host, let port): "没有权限监听 \(host) 的端口 \(port)：请用 1023 以上的 --port"
        }
    }
}
