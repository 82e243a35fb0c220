import Corpus
import Retrieval
import Site
import Storage
import Text

/// `ObjectName.rule` in Chinese.
private let nameRule = "1 到 \(ObjectName.longest) 字节的字母、汉字、数字、“-”“_”或“.”，不以“.”或“-”开头"

extension CorpusError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .noFolder(let path): "没有目录 \(path)：请给出存放资料的目录"
        case .unreadableFolder(let path, let reason): "目录 \(path) 无法读取（\(reason)）：请检查权限"
        case .badName(let name): "“\(name)”不能作语料名称：应为 \(nameRule)"
        case .noCorpus(let path): "没有语料 \(path)：请先运行 pallet corpus build"
        case .buildRunning(let name): "另一个进程正在建立语料“\(name)”：请等它完成"
        case .writeFailed(let path, let reason): "无法写入 \(path)（\(reason)）：请检查磁盘空间和权限；原有语料未变"
        case .readFailed(let path, let reason): "无法读取 \(path)（\(reason)）：请检查权限，或重新运行 pallet corpus build"
        case .alteredRecords(let file, let expected, let actual, let expectedHash, let actualHash):
            "\(file) 与建立时不同：现有 \(actual) 条记录，SHA-256 \(actualHash)；报告中是 \(expected) 条，"
                + "SHA-256 \(expectedHash)。请重新运行 pallet corpus build"
        case .damagedLine(let file, let line, _): "\(file) 第 \(line) 行不是记录：请重新运行 pallet corpus build"
        case .cancelled: "建立已取消；原有语料未变"
        }
    }
}

extension StorageError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .homeInUse(let path, let holder):
            "主目录 \(path) 正由另一个服务使用（\(holder)）：请先停掉它，或用 --home 换一个主目录"
        case .cannotOpen(let path, let reason): "无法打开 \(path)：\(reason)。请检查目录是否存在、是否有写权限"
        case .noDatabase(let path):
            "\(path) 不存在：此主目录还没有数据。请先导入或建立（pallet site import、pallet index build），或检查 --home"
        case .unfinished(let path):
            "数据库 \(path) 是空的：建立它的命令中途停止。请重新运行那个命令（如 pallet site import 或 pallet index build），"
                + "或检查 --home"
        case .needsRecovery(let path, let reason):
            "数据库 \(path) 有一次中断的写入要先撤销，但没有成功：\(reason)。请以有写权限的用户运行一次该命令"
        case .newerSchema(let path): "数据库 \(path) 由更新的 Pallet 写成：请用那个版本，或恢复旧备份"
        case .olderSchema(let path):
            "数据库 \(path) 由旧版 Pallet 写成：请运行一次会写入的命令（如 pallet index build），它会升级数据库"
        case .badName(let kind, let name):
            "“\(name)”不能作\(kind == "assistant" ? "助手" : "索引")名称：应为 \(nameRule)"
        case .invalidValue(let field, let expected, let actual): "\(field) 应为 \(expected)，实际是 \(actual)"
        case .notFound(let kind, let name): "没有名为 \(name) 的 \(kind)"
        case .database(let reason): "数据库报错：\(reason)"
        }
    }
}

extension QuestionListError: ChineseMessage {
    var chinese: String? {
        switch self {
        case .unreadable(let path, let reason): "无法读取问题清单 \(path)：\(reason)"
        case .line(let number, let expected, let found):
            "问题清单第 \(number) 行不是问题：应有\(Self.chinese(expected))，实际是\(Self.chinese(found))。"
                + "一行的样子：{\"id\": \"1\", \"question\": \"……\"}"
        case .tooFew(let kind, let expected, let actual):
            "问题清单中\(kind == "answerable" ? "可答" : "不可答")的问题只有 \(actual) 个，至少要 \(expected) 个"
        }
    }

    private static func chinese(_ expected: Expected) -> String {
        switch expected {
        case .utf8: " UTF-8 文字"
        case .object: " JSON 对象"
        case .field(let name): "字段“\(name)”"
        case .text(let name): "文字类型的“\(name)”"
        case .flag(let name): "“\(name)”为 true 或 false"
        case .list(let name): "列表类型的“\(name)”"
        }
    }

    private static func chinese(_ found: Found) -> String {
        switch found {
        case .bytes: "其他编码的字节"
        case .words(let head): "“\(head)”"
        case .fields(let names): names.isEmpty ? "没有任何字段" : "只有" + names.map { "“\($0)”" }.joined(separator: "、")
        case .text: "一段文字"
        case .list: "一个列表"
        case .object: "一个对象"
        case .value(let text): " \(text)"
        }
    }
}

extension SitePageError: ChineseMessage {
    var chinese: String? { chineseDescription }
}
