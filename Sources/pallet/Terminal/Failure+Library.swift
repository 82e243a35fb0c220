import ChatTemplates
import Corpus
import Foundation
import Inference
import ModelFormats
import ModelHub
import Retrieval
import Site
import Storage
import Tensors
import Tokenizers
import Transformers

/// What errors of the libraries mean to a person at the command line. The libraries say in English what is wrong and
/// where; here the kind of trouble is named in the user's language, and the exit code follows.
extension Failure {
    init(_ error: any Error) {
        switch error {
        case let error as Failure: self = error
        case let error as ModelHubError: self = Self.hub(error)
        case let error as StorageError: self = Self.storage(error)
        case let error as CorpusError: self = Self.corpus(error)
        case let error as FileError: self = Self.file(error)
        case GGUFError.file(let error): self = Self.file(error)
        case SafetensorsError.file(let error): self = Self.file(error)
        case is GGUFError, is SafetensorsError, is ModelFileError, is ModelConfigurationError:
            self.init(.data, "模型文件有问题：\(error)", "the model file: \(error)")
        case is TokenizerError: self.init(.data, "分词器有问题：\(error)", "the tokenizer: \(error)")
        case is TemplateError, is ChatPromptError: self.init(.data, "对话模板：\(error)", "the chat template: \(error)")
        case let error as TransformerError: self = Self.transformer(error)
        case is TensorError: self.init(.data, "计算：\(error)", "compute: \(error)")
        case let error as GenerationError:
            switch error {
            case .promptTooLong(let tokens, let limit):
                self.init(
                    .data, "提示有 \(tokens) 个词元，上下文只有 \(limit)；请缩短提示（不会自动截断）", "\(error)")
            default: self.init(.usage, "\(error)", "\(error)")
            }
        case is SamplingError: self.init(.usage, "采样参数：\(error)", "sampling: \(error)")
        case is QuestionListError: self.init(.data, "问题清单：\(error)", "the question list: \(error)")
        case is ExportError: self.init(.cannotCreate, "写出模型：\(error)", "writing the model: \(error)")
        case is SitePageError: self.init(.data, "网页文本：\(error)", "the page: \(error)")
        case is CancellationError: self.init(.temporary, "已取消", "cancelled")
        default: self = Self.system(error)
        }
    }

    private static func file(_ error: FileError) -> Failure {
        switch error {
        case .failed(_, let path, let code):
            switch code {
            case ENOENT where FileManager.default.fileExists(atPath: (path as NSString).deletingLastPathComponent):
                Failure(.noInput, "文件不存在：\(error)", "\(error)")
            case ENOENT, ENOTDIR: Failure(.cannotCreate, "目录不存在：\(error)", "\(error)")
            case EACCES, EPERM: Failure(.noPermission, "没有权限：\(error)", "\(error)")
            default: Failure(.io, "读写出错：\(error)", "\(error)")
            }
        case .exists, .notAFile: Failure(.cannotCreate, "\(error)", "\(error)")
        case .shortRead, .badRange, .tooLarge: Failure(.data, "模型文件有问题：\(error)", "the model file: \(error)")
        }
    }

    private static func hub(_ error: ModelHubError) -> Failure {
        switch error {
        case .unknownModel, .notPulled, .notAModel: Failure(.noInput, "模型：\(error)", "\(error)")
        case .noSource, .network, .http, .stalled, .redirect, .noPip, .wheel, .badAddress:
            Failure(
                .unavailable,
                "无法取得模型：\(error)\n可在别处下载后用 pallet model add 文件 加入，或用 --hub 指定内网镜像。", "\(error)")
        case .wrongHash, .wrongSize: Failure(.data, "文件与目录中的哈希不符：\(error)", "\(error)")
        case .diskFull: Failure(.io, "磁盘空间不足：\(error)", "\(error)")
        case .inUse, .cancelled: Failure(.temporary, "\(error)", "\(error)")
        case .nameTaken: Failure(.cannotCreate, "名称已被占用：\(error)", "\(error)")
        case .catalogue: Failure(.configuration, "\(error)", "\(error)")
        case .file: Failure(.io, "文件：\(error)", "\(error)")
        }
    }

    private static func storage(_ error: StorageError) -> Failure {
        switch error {
        case .homeInUse(let path, let holder):
            Failure(.temporary, "主目录 \(path) 正由另一个服务使用（\(holder)）", "\(error)")
        case .noDatabase(let path):
            Failure(.noInput, "\(path) 不存在：此主目录还没有数据", "\(error)")
        case .notFound: Failure(.noInput, "未找到：\(error)", "\(error)")
        case .cannotOpen: Failure(.io, "无法打开数据库：\(error)", "\(error)")
        default: Failure(.data, "数据库：\(error)", "\(error)")
        }
    }

    private static func corpus(_ error: CorpusError) -> Failure {
        switch error {
        case .noFolder(let path): Failure(.noInput, "没有目录 \(path)", "\(error)")
        case .noCorpus: Failure(.noInput, "没有这个语料：先运行 pallet corpus build。\(error)", "\(error)")
        case .unreadableFolder, .readFailed: Failure(.noPermission, "无法读取：\(error)", "\(error)")
        case .writeFailed: Failure(.cannotCreate, "无法写入：\(error)", "\(error)")
        case .badName: Failure(.usage, "语料名称不合规：\(error)", "\(error)")
        default: Failure(.data, "语料：\(error)", "\(error)")
        }
    }

    private static func transformer(_ error: TransformerError) -> Failure {
        switch error {
        case .unsupportedArchitecture(let found, let known):
            Failure(.data, "不支持架构 \(found)；已支持：\(known.joined(separator: "、"))", "\(error)")
        case .contextExceeded(let positions, let limit):
            Failure(.data, "需要 \(positions) 个位置，模型上下文只有 \(limit)", "\(error)")
        case .unknownToken(let id, let vocabulary):
            Failure(.data, "词元编号 \(id) 超出词表（\(vocabulary)）", "\(error)")
        default: Failure(.data, "\(error)", "\(error)")
        }
    }

    /// Errors of the operating system: a port in use, a file that is not there, a full disk.
    private static func system(_ error: any Error) -> Failure {
        let description = "\(error)"
        if description.contains("EADDRINUSE") || description.contains("errno: 98") {
            return Failure(
                .unavailable, "端口已被占用：换一个 --port，或停掉占用它的程序",
                "the port is in use: take another --port, or stop the program that has it")
        }
        let cocoa = error as NSError
        if cocoa.domain == NSCocoaErrorDomain, [4, 260].contains(cocoa.code) {
            return Failure(.noInput, "文件不存在：\(cocoa.localizedDescription)", "\(cocoa.localizedDescription)")
        }
        if cocoa.domain == NSCocoaErrorDomain, [257, 513].contains(cocoa.code) {
            return Failure(.noPermission, "没有权限：\(cocoa.localizedDescription)", "\(cocoa.localizedDescription)")
        }
        if cocoa.domain == NSCocoaErrorDomain, cocoa.code == 640 {
            return Failure(.io, "磁盘已满：\(cocoa.localizedDescription)", "\(cocoa.localizedDescription)")
        }
        return Failure(.software, "出错：\(description)", description)
    }
}
