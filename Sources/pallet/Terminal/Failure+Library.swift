import ChatTemplates
import Corpus
import Foundation
import Inference
import ModelFormats
import ModelHub
import Retrieval
import Service
import Site
import Storage
import Tensors
import Tokenizers
import Training
import Transformers

/// What errors of the libraries mean to a person at the command line: the words come from `ChineseMessage` or the error
/// itself, here the kind of trouble is named and the exit code follows.
extension Failure {
    init(_ error: any Error) {
        switch error {
        case let error as Failure: self = error
        case let error as ModelHubError: self = Self.hub(error)
        case let error as StorageError: self = Self.storage(error)
        case let error as CorpusError: self = Self.corpus(error)
        case let error as FileError: self = Self.file(error)
        case GGUFError.file(let error), AdapterError.file(let error), AdapterError.gguf(.file(let error)),
            AdapterError.safetensors(.file(let error)):
            self = Self.file(error)
        case AdapterError.notAnAdapter: self.init(.noInput, error)
        case is AdapterError: self.init(.data, error)
        case SafetensorsError.file(let error): self = Self.file(error)
        case is GGUFError, is SafetensorsError, is ModelFileError, is ModelConfigurationError:
            self.init(.data, error, "模型文件有问题：", "the model file: ")
        case is TokenizerError: self.init(.data, error, "分词器有问题：", "the tokenizer: ")
        case is TemplateError, is ChatPromptError: self.init(.data, error, "对话模板：", "the chat template: ")
        case is TransformerError: self.init(.data, error)
        case TrainingDataError.file(let error), TokenShardError.file(let error): self = Self.file(error)
        case is TrainingDataError, is TokenShardError: self.init(.data, error, "训练数据：", "training data: ")
        case is TrainerError, is TrainingModelError, is CheckpointError, is RowSourceError: self.init(.data, error)
        case let error as MetricsFile.WriteError: self = Self.metrics(error)
        case let error as CommunicationError: self = Self.communication(error)
        case is TensorError: self.init(.data, error, "计算：", "compute: ")
        case GenerationError.promptTooLong: self.init(.data, error)
        case is GenerationError: self.init(.usage, error)
        case is EmbeddingError, is RerankingError: self.init(.data, error)
        case is SamplingError: self.init(.usage, error, "采样参数：", "sampling: ")
        case is QuestionListError: self.init(.data, error)
        case is TuningRowError: self.init(.data, error)
        case is ExportError: self.init(.cannotCreate, error, "写出模型：", "writing the model: ")
        case is SitePageError: self.init(.data, error, "网页文本：", "the page: ")
        case let error as ListenError: self = Self.listen(error)
        case is CancellationError: self.init(.temporary, "已取消", "cancelled")
        default: self = Self.system(error)
        }
    }

    /// An input that should be JSON and is not.
    init(notJSON name: String, _ error: TemplateError) {
        self.init(.data, "\(name) 不是有效的 JSON：\(Self.chinese(error))", "\(name) is not valid JSON: \(error)")
    }

    /// An error in its own words, behind what it is about.
    private init(_ code: Code, _ error: any Error, _ chinese: String = "", _ english: String = "") {
        self.init(code, chinese + Self.chinese(error), english + "\(error)")
    }

    private static func file(_ error: FileError) -> Failure {
        switch error {
        case .failed(_, let path, let code):
            switch code {
            case ENOENT where FileManager.default.fileExists(atPath: (path as NSString).deletingLastPathComponent):
                Failure(.noInput, error)
            case ENOENT, ENOTDIR: Failure(.cannotCreate, error)
            case EACCES, EPERM: Failure(.noPermission, error)
            default: Failure(.io, error)
            }
        case .isFolder, .notAFile: Failure(.noInput, error)
        case .exists, .notReplaceable: Failure(.cannotCreate, error)
        case .noSpace: Failure(.io, error)
        case .shortRead, .badRange, .tooLarge: Failure(.data, error, "模型文件有问题：", "the model file: ")
        }
    }

    private static func metrics(_ error: MetricsFile.WriteError) -> Failure {
        switch error.code {
        case ENOENT, ENOTDIR, EISDIR: Failure(.cannotCreate, error)
        case EACCES, EPERM, EROFS: Failure(.noPermission, error)
        default: Failure(.io, error)
        }
    }

    private static func hub(_ error: ModelHubError) -> Failure {
        switch error {
        case .unknownModel, .notPulled, .notAModel: Failure(.noInput, error)
        case .noSource, .network, .http, .stalled, .redirect, .noPip, .wheel, .badAddress:
            Failure(
                .unavailable,
                "无法取得模型：\(chinese(error))\n可在别处下载后用 pallet model add 文件 加入，或用 --hub 指定内网镜像。", "\(error)")
        case .wrongHash, .wrongSize: Failure(.data, error)
        case .diskFull: Failure(.io, error)
        case .inUse, .cancelled: Failure(.temporary, error)
        case .nameTaken: Failure(.cannotCreate, error)
        case .catalogue: Failure(.configuration, error)
        case .file: Failure(.io, error)
        }
    }

    private static func storage(_ error: StorageError) -> Failure {
        switch error {
        case .homeInUse: Failure(.temporary, error)
        case .noDatabase, .unfinished, .notFound: Failure(.noInput, error)
        case .cannotOpen, .needsRecovery: Failure(.io, error)
        case .badName: Failure(.usage, error)
        case .newerSchema, .olderSchema, .invalidValue, .database: Failure(.data, error)
        }
    }

    private static func corpus(_ error: CorpusError) -> Failure {
        switch error {
        case .noFolder, .noCorpus: Failure(.noInput, error)
        case .unreadableFolder, .readFailed: Failure(.noPermission, error)
        case .writeFailed: Failure(.cannotCreate, error)
        case .badName: Failure(.usage, error)
        case .buildRunning, .cancelled: Failure(.temporary, error)
        case .alteredRecords, .damagedLine: Failure(.data, error)
        }
    }

    private static func communication(_ error: CommunicationError) -> Failure {
        switch error {
        case .noLibrary, .unusableLibrary, .worldSize: Failure(.unavailable, error)
        case .failed: Failure(.temporary, error)
        case .disagreement: Failure(.configuration, error)
        case .parts: Failure(.software, error)
        }
    }

    private static func listen(_ error: ListenError) -> Failure {
        switch error {
        case .unknownHost, .notThisMachine: Failure(.noHost, error)
        case .portInUse: Failure(.unavailable, error)
        case .notPermitted: Failure(.noPermission, error)
        }
    }

    /// Errors of the operating system: a file that is not there, a full disk.
    private static func system(_ error: any Error) -> Failure {
        let cocoa = error as NSError
        guard [NSCocoaErrorDomain, NSPOSIXErrorDomain].contains(cocoa.domain) else {
            return Failure(.software, "出错：\(error)", "\(error)")
        }
        let reason = SystemReason(error)
        let path = (cocoa.userInfo[NSFilePathErrorKey] as? String).map { $0 + ": " } ?? ""
        let code: Code =
            switch reason.code {
            case ENOENT?, ENOTDIR?, EISDIR?: .noInput
            case EACCES?, EPERM?: .noPermission
            case ENOSPC?, EDQUOT?, EIO?: .io
            default: .software
            }
        return Failure(code, path + reason.chinese, path + reason.english)
    }
}
